/* board.h - a board that debugs itself: the stub inside the firmware, behind its exceptions.
 *
 * What a firmware brings is a pair of functions that get and put one byte, some memory, and one
 * line in its start-up code:
 *
 *     static struct stub_board board;
 *     static _Alignas(16) uint8_t room[STUB_BOARD_ROOM];
 *     static const struct stub_board_config config = {
 *         .size = sizeof(config), .packets = stub_embedded_packets, .get = get, .put = put,
 *         .room = room, .room_size = sizeof(room),
 *     };
 *     ...
 *     stub_board_start(&board, &config);
 *
 * From then on a breakpoint, a fault or stub_board_break() enters the stub, which serves the
 * debugger by polling `get` with interrupts masked until it lets the firmware go on. Nothing here
 * allocates, uses floating point or waits for an interrupt. stub/board/PORTING.md leads through a
 * whole board.
 *
 * One core debugs itself. Everything a callback gets is good for the call only. Callbacks run on
 * the stub's own stack (inside `room`) with interrupts masked; where one of them faults, the
 * request that called it is answered with an error and the session goes on. */
#ifndef STUBBORN_BOARD_H
#define STUBBORN_BOARD_H

#include "stub/stub.h"

struct unwind_exception;

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of `room` at least, and what serves well: two packet buffers of 1 KB behind a stack. */
enum { STUB_BOARD_STACK = 4096, STUB_BOARD_SMALLEST = STUB_BOARD_STACK + 2 * 256 };
enum { STUB_BOARD_ROOM = STUB_BOARD_STACK + 2 * 1088 };
/* What stub_board_backtrace needs of a stack. */
enum { STUB_BOARD_STACK_FOR_WALKS = 6144 };

enum { STUB_BOARD_OPAQUE = 640 };
struct stub_board {
    uint64_t opaque[STUB_BOARD_OPAQUE] __attribute__((aligned(16))); /* C++ reads it too */
};

/* ---- tasks: what a scheduler shows as threads ---- */

/* The general registers of a machine as words in the order of Linux's ptrace: AArch64 x0 to x30,
 * sp, pc, pstate; x86-64 r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi, one unused,
 * rip cs eflags rsp ss fs_base gs_base ds es fs gs. */
enum { STUB_BOARD_WORDS = 34 };
enum {
    STUB_AARCH64_X0 = 0, /* x1 and so on behind it */
    STUB_AARCH64_SP = 31,
    STUB_AARCH64_PC,
    STUB_AARCH64_PSTATE
};
enum {
    STUB_X86_64_R15,
    STUB_X86_64_R14,
    STUB_X86_64_R13,
    STUB_X86_64_R12,
    STUB_X86_64_RBP,
    STUB_X86_64_RBX,
    STUB_X86_64_R11,
    STUB_X86_64_R10,
    STUB_X86_64_R9,
    STUB_X86_64_R8,
    STUB_X86_64_RAX,
    STUB_X86_64_RCX,
    STUB_X86_64_RDX,
    STUB_X86_64_RSI,
    STUB_X86_64_RDI,
    STUB_X86_64_RIP = 16,
    STUB_X86_64_CS,
    STUB_X86_64_EFLAGS,
    STUB_X86_64_RSP,
    STUB_X86_64_SS,
    STUB_X86_64_FS_BASE,
    STUB_X86_64_GS_BASE
};

struct stub_board_task {
    int64_t id; /* above 0, and the same for as long as the task lives */
    char name[32];
    bool running;                     /* the one whose registers are in the CPU */
    uint64_t known;                   /* bit i: words[i] holds a register that was saved */
    uint64_t words[STUB_BOARD_WORDS]; /* asked for with `registers`, else let alone */
};

/* The pair of callbacks by which a debugger sees tasks. Both are called while the board stands, so
 * lists may be half changed: a fault in them is survived. Exactly one task runs; where none says
 * so (in an interrupt before the first switch) the CPU's registers are the first one's. */
struct stub_board_tasks {
    /* The index-th task's id, name and running: true, false past the last. */
    bool (*list)(void *context, unsigned index, struct stub_board_task *task);
    /* The saved registers of the task of that id, which does not run: words and known. */
    bool (*saved)(void *context, int64_t id, struct stub_board_task *task);
};

/* ---- flash ----
 *
 * How the STUB_FLASH rows of the memory map are programmed, by gdb's load and lldb's. Each returns
 * 0, an error (-STUB_EIO, say), or STUB_LATER: it is then called again with the same arguments
 * after the line was looked at, until it says otherwise, so a chip that takes seconds is started
 * once and asked from then on. `done` may be NULL. What they need to run, and the stub, must not
 * lie in the flash that is erased. */
struct stub_board_flash {
    /* One block of the row's block_size, at a multiple of it from the row's start. */
    int (*erase)(void *context, uint64_t address, uint64_t size);
    /* Into erased flash; any address, any length within rows that are flash. */
    int (*write)(void *context, uint64_t address, const void *bytes, size_t size);
    /* All is written: what was written must be there from now on. */
    int (*done)(void *context);
};

/* ---- scratch memory: where an lldb puts code of its own, so that it calls functions ----
 *
 *     static _Alignas(16) uint8_t memory[2 << 20];
 *     static struct stub_board_scratch scratch = { stub_board_lend, memory, sizeof(memory) };
 *     ... .packets = stub_lending_packets, .scratch = &scratch,
 *
 * gdb needs none of it: it calls with what there is. An lldb borrows 4 KB at a time for code, data
 * and results apart, and 516 KB in which it evaluates what takes no code, once and again for each
 * breakpoint's condition; where it was lent anything but cannot have these it evaluates nothing.
 * STUB_BOARD_SCRATCH is the least, 2 MB serve well. There is one memory for all, whatever lldb is
 * going to do with it: with an MMU it must be writable and executable, and `regions` must have it
 * as RAM. What was not given back is free again when the debugger leaves or another comes. */
enum { STUB_BOARD_SCRATCH = 0x90000, STUB_BOARD_LOANS = 32 };

struct stub_board_loan {
    uint64_t start, size;
};
struct stub_board_scratch {
    int (*lend)(struct stub_board_scratch *scratch, uint64_t size, uint64_t *address);
    void *memory;
    size_t size; /* bytes of it: STUB_BOARD_SCRATCH or more */

    unsigned loan_count; /* the stub's own, 0 at the start */
    struct stub_board_loan loans[STUB_BOARD_LOANS];
};

/* What `lend` is, called by the stub. size above 0: borrows so many bytes and says where, at a
 * multiple of 16; 0, or -STUB_ENOMEM. size 0: gives back what was borrowed at *address; 0, or
 * -STUB_ENOENT when nothing was. Who names it links it. */
int stub_board_lend(struct stub_board_scratch *scratch, uint64_t size, uint64_t *address);

/* ---- starting ---- */

enum {
    /* Stop in stub_board_start until a debugger lets the firmware go on. */
    STUB_BOARD_WAIT = 1u,
    /* The line loses nothing (a pipe, USB): no-ack mode is offered, acks are sent once. */
    STUB_BOARD_RELIABLE = 2u
};

struct stub_board_config {
    size_t size; /* sizeof(struct stub_board_config): a later field breaks nobody */
    const struct stub_family *const *packets; /* stub_embedded_packets or fewer (stub.h) */

    /* The line. get returns the next byte, 0..255, or -1 when none is there: it never waits. put
     * waits until there is room. Neither uses interrupts or floating-point registers. */
    int (*get)(void *context);
    void (*put)(void *context, uint8_t byte);
    void *context; /* the first argument of every callback here */

    /* The stub's stack and packet buffers, aligned to 16. What is over STUB_BOARD_STACK (or
     * stack_size) is shared by the two buffers; 256 bytes each at least. */
    void *room;
    size_t room_size;

    unsigned flags; /* STUB_BOARD_... */

    /* What the firmware's interrupts are looked at for: the byte that a debugger sends to stop it
     * (Ctrl-C). AArch64: not 0, every IRQ is looked at before the firmware's own handler has it.
     * x86-64: the IDT vector of the UART's interrupt, which the firmware has set up. 0: none; the
     * firmware then calls stub_board_poll() now and then, from a timer's handler say. */
    unsigned interrupt;

    /* Exceptions that stay the firmware's although the stub would take them: bit N is AArch64's
     * exception class N or x86-64's vector N. */
    uint64_t leave;

    /* The whole memory map, sorted, or NULL. With one, nothing outside it is ever touched, gdb is
     * told of it, and STUB_DEVICE regions are read and written by single loads and stores of the
     * widest aligned unit up to 4 bytes. Without, all memory may be tried. */
    const struct stub_region *regions;
    unsigned region_count;

    const struct stub_board_tasks *tasks; /* or NULL: one thread */
    const struct stub_command *commands;  /* of `monitor`, as in struct stub_config; or NULL */

    /* Restarts the board, and does not return. NULL: `kill` lets the firmware run on. */
    void (*reset)(void *context);
    /* Milliseconds of a clock that goes on while interrupts are masked; NULL: none. With one a
     * frame that was not acknowledged goes out again after resend_ms (0: 1000), resend_max times
     * (0: 10); to an lldb after 3 s or more, and once. A gdb that is plugged in just then passes
     * over it, an lldb may not connect. */
    uint64_t (*now_ms)(void *context);
    unsigned resend_ms, resend_max;
    /* Called when the firmware stops and when it goes on: for a watchdog, or another core, which
     * must stand still meanwhile. Or NULL. */
    void (*stopped)(void *context);
    void (*resumed)(void *context);

    const struct stub_board_flash *flash; /* or NULL: it is only read */

    /* For stub_board_backtrace: how the firmware's own handlers of exceptions have laid down the
     * registers of what they interrupted (arch/unwind/unwind.h). Or NULL. */
    const struct unwind_exception *exceptions;
    size_t exception_count;
    /* A multiple of 16, STUB_BOARD_STACK or more; 0: that. Commands of the firmware's own may need
     * more: one that went beyond it is told of in the debugger's console, at the next stop. */
    size_t stack_size;

    struct stub_board_scratch *scratch; /* or NULL: nothing is lent */
};

/* Takes the exceptions over that the stub needs and hands all others on to the handlers that were
 * there before: call it once those are set up (AArch64: VBAR_EL1; x86-64: the IDT, where there is
 * one). board, config and what it points to must stay. False when the configuration lacks
 * something, the CPU is not where the stub can work (AArch64: EL1), or a board is started already.
 *
 * x86-64: exceptions come on a stack of the stub's, the seventh of the task state segment's, whose
 * slot it fills in; a firmware without such a segment gets one, behind a copy of its GDT. AArch64:
 * TPIDRRO_EL0 is the entries' scratch register. */
bool stub_board_start(struct stub_board *board, const struct stub_board_config *config);

/* Stops here, as at a breakpoint. Harmless before stub_board_start. */
void stub_board_break(void);

/* Stops here when the debugger asked for it; for a firmware that has no interrupt looked at. Reads
 * the line when a byte is there: call it from where nobody else does. */
void stub_board_poll(void);

/* Sends text to the debugger's console, when one waits for the firmware to stop. */
void stub_board_print(const char *text);

/* ---- files of the debugger's machine (GDB manual, "File-I/O Remote Protocol Extension") ----
 *
 * What gdb does for a firmware that it has let run: the firmware stands while it does, and gdb
 * reads and writes the memory that is named here, which `regions` must have. Files are those of
 * the machine and the directory that gdb runs in; descriptors 0, 1 and 2 are its console. All
 * return 0 or a count, or an error below 0: -STUB_BOARD_ENOSYS at once when no gdb waits for the
 * firmware (nobody is there, or an lldb, or `packets` has no stub_fileio_packets),
 * -STUB_BOARD_EINTR when its user pressed Ctrl-C, whereupon the firmware stops, or when the client
 * was replaced by another. From an interrupt's handler they work as from anywhere. */

/* The protocol's error numbers, whatever machines are at the two ends. */
enum {
    STUB_BOARD_EPERM = 1,
    STUB_BOARD_ENOENT = 2,
    STUB_BOARD_EINTR = 4,
    STUB_BOARD_EBADF = 9,
    STUB_BOARD_EACCES = 13,
    STUB_BOARD_EFAULT = 14,
    STUB_BOARD_EBUSY = 16,
    STUB_BOARD_EEXIST = 17,
    STUB_BOARD_ENODEV = 19,
    STUB_BOARD_ENOTDIR = 20,
    STUB_BOARD_EISDIR = 21,
    STUB_BOARD_EINVAL = 22,
    STUB_BOARD_ENFILE = 23,
    STUB_BOARD_EMFILE = 24,
    STUB_BOARD_EFBIG = 27,
    STUB_BOARD_ENOSPC = 28,
    STUB_BOARD_ESPIPE = 29,
    STUB_BOARD_EROFS = 30,
    STUB_BOARD_ENOSYS = 88,
    STUB_BOARD_ENAMETOOLONG = 91,
    STUB_BOARD_EUNKNOWN = 9999
};
enum stub_board_whence { STUB_BOARD_FROM_START, STUB_BOARD_FROM_HERE, STUB_BOARD_FROM_END };

/* A descriptor. flags: STUB_OPEN_... of target.h, 0 to read; mode: permissions of a file that is
 * made, as 0644. */
int stub_board_file_open(const char *path, unsigned flags, unsigned mode);
int stub_board_file_close(int fd);
/* How many bytes were moved, 0 at the end of the file. Write to 1 is what printf wants. */
int64_t stub_board_file_read(int fd, void *buffer, size_t size);
int64_t stub_board_file_write(int fd, const void *bytes, size_t size);
/* The new offset from the start. */
int64_t stub_board_file_seek(int fd, int64_t offset, enum stub_board_whence whence);
int stub_board_file_rename(const char *from, const char *to);
int stub_board_file_unlink(const char *path);
int stub_board_file_stat(const char *path, struct stub_file_stat *stat);
int stub_board_file_stat_of(int fd, struct stub_file_stat *stat);
/* 1 when it is gdb's console, else 0. */
int stub_board_file_is_console(int fd);
/* Microseconds since 1970 by that machine's clock. */
int64_t stub_board_file_time(void);
/* Runs a command there: what it returned. NULL: 1 when commands may be run, else 0. gdb's user
 * allows that by `set remote system-call-allowed 1`; else -STUB_BOARD_EPERM. */
int stub_board_file_system(const char *command);

/* The client's end of the line is closed (USB, a socket): what comes next is another client. A
 * line that cannot tell needs no such call; there a client is known to be new by its first
 * request. The breakpoints of the one before are gone then. */
void stub_board_link_lost(void);

/* A row of `commands`: { "bt", "[TASK [FRAME]] a stack", stub_board_backtrace }. The stack of the
 * task that runs, or of another by its number, from that frame on. Who names it links the stack
 * walker's part for boards, and sets stack_size to STUB_BOARD_STACK_FOR_WALKS. */
int stub_board_backtrace(void *context, const char *args, struct rsp_out *out);

/* A row of `commands`: { "reset", "restarts the board", stub_board_reset }. */
int stub_board_reset(void *context, const char *args, struct rsp_out *out);

#ifdef __cplusplus
}
#endif
#endif
