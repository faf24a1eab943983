/* signal.c - gdb's signal numbers against those of Linux on x86 and arm (GDB manual, "Packets";
 * gdb's `info signals` lists its own in order from 0). */
#include "rsp/rsp.h"

enum {
    GDB_IO = 23,
    GDB_POLL = 33, /* gdb tells this from GDB_IO; on Linux the two are one signal */
    GDB_UNKNOWN = 143
};

struct row {
    char name[10];
    uint8_t gdb;
};

/* Row i is the kernel's signal i + 1. */
static const struct row rows[] = {
    { "SIGHUP", 1 },     { "SIGINT", 2 },     { "SIGQUIT", 3 },  { "SIGILL", 4 },
    { "SIGTRAP", 5 },    { "SIGABRT", 6 },    { "SIGBUS", 10 },  { "SIGFPE", 8 },
    { "SIGKILL", 9 },    { "SIGUSR1", 30 },   { "SIGSEGV", 11 }, { "SIGUSR2", 31 },
    { "SIGPIPE", 13 },   { "SIGALRM", 14 },   { "SIGTERM", 15 }, { "SIGSTKFLT", GDB_UNKNOWN },
    { "SIGCHLD", 20 },   { "SIGCONT", 19 },   { "SIGSTOP", 17 }, { "SIGTSTP", 18 },
    { "SIGTTIN", 21 },   { "SIGTTOU", 22 },   { "SIGURG", 16 },  { "SIGXCPU", 24 },
    { "SIGXFSZ", 25 },   { "SIGVTALRM", 26 }, { "SIGPROF", 27 }, { "SIGWINCH", 28 },
    { "SIGIO", GDB_IO }, { "SIGPWR", 32 },    { "SIGSYS", 12 },  { "SIG32", 77 },
    { "SIG33", 45 },     { "SIG34", 46 },     { "SIG35", 47 },   { "SIG36", 48 },
    { "SIG37", 49 },     { "SIG38", 50 },     { "SIG39", 51 },   { "SIG40", 52 },
    { "SIG41", 53 },     { "SIG42", 54 },     { "SIG43", 55 },   { "SIG44", 56 },
    { "SIG45", 57 },     { "SIG46", 58 },     { "SIG47", 59 },   { "SIG48", 60 },
    { "SIG49", 61 },     { "SIG50", 62 },     { "SIG51", 63 },   { "SIG52", 64 },
    { "SIG53", 65 },     { "SIG54", 66 },     { "SIG55", 67 },   { "SIG56", 68 },
    { "SIG57", 69 },     { "SIG58", 70 },     { "SIG59", 71 },   { "SIG60", 72 },
    { "SIG61", 73 },     { "SIG62", 74 },     { "SIG63", 75 },   { "SIG64", 78 },
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static const struct row *
row_of(int native)
{
    return native > 0 && native <= ROWS ? &rows[native - 1] : NULL;
}

int
rsp_signal_from_linux(int native)
{
    const struct row *row = row_of(native);
    return native == 0 ? 0 : row != NULL ? row->gdb : GDB_UNKNOWN;
}

int
rsp_signal_to_linux(int gdb)
{
    if (gdb == 0) {
        return 0;
    }
    if (gdb == GDB_POLL) {
        gdb = GDB_IO;
    }
    for (int i = 0; i < ROWS && gdb != GDB_UNKNOWN; i++) {
        if (rows[i].gdb == gdb) {
            return i + 1;
        }
    }
    return -1;
}

const char *
rsp_signal_name(int native)
{
    const struct row *row = row_of(native);
    return row != NULL ? row->name : "SIG?";
}

/* ---- faults ---- */

enum { LINUX_SIGILL = 4, LINUX_SIGBUS = 7, LINUX_SIGFPE = 8, LINUX_SIGSEGV = 11 };

/* Each list begins with code 1. */
static const char *const illegal[] = {
    "illegal opcode",    "illegal operand",     "illegal addressing mode", "illegal trap",
    "privileged opcode", "privileged register", "coprocessor error",       "internal stack error",
};
static const char *const bus[] = { "illegal alignment", "illegal address", "hardware error" };
static const char *const arithmetic[] = {
    "integer divide by zero",           "integer overflow",
    "floating point divide by zero",    "floating point overflow",
    "floating point underflow",         "inexact floating point result",
    "invalid floating point operation", "subscript out of range",
};
static const char *const segment[] = {
    "address not mapped to object",
    "invalid permissions for mapped object",
    "failed address bounds checks",
};

#define LIST(signal, list)                                                                        \
    {                                                                                             \
        signal, sizeof(list) / sizeof((list)[0]), list                                            \
    }
static const struct {
    int signal;
    int count;
    const char *const *causes;
} faults[] = {
    LIST(LINUX_SIGILL, illegal),
    LIST(LINUX_SIGBUS, bus),
    LIST(LINUX_SIGFPE, arithmetic),
    LIST(LINUX_SIGSEGV, segment),
};

const char *
rsp_signal_cause(int native, int code)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (faults[i].signal == native && code >= 1 && code <= faults[i].count)
            return faults[i].causes[code - 1];
    return NULL;
}

bool
rsp_signal_has_address(int native)
{
    return native == LINUX_SIGBUS || native == LINUX_SIGSEGV;
}
