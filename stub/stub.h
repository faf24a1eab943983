/* stub.h - the engine: a remote debugging stub without I/O, allocation or globals.
 *
 * Conventions: the caller owns everything. Bytes from the line go in through stub_feed, bytes for
 * the line come out of stub_output and are given up with stub_sent; no call blocks. One engine
 * serves one client at a time; any number of engines may live side by side, each used by one
 * thread at a time. Times are milliseconds of any clock that does not go backwards.
 *
 *     struct stub s;
 *     stub_init(&s, &config);
 *     for (;;) {
 *         n = read(line, bytes, sizeof(bytes));      feed all of it: stub_feed takes what it can,
 *         ... stub_feed(&s, bytes + fed, n - fed)    and the rest again after output was sent
 *         while ((p = stub_output(&s, &n)), n > 0)
 *             stub_sent(&s, write(line, p, n));
 *     }
 *
 * stub_serve() is that loop for who has two blocking callbacks. */
#ifndef STUBBORN_STUB_H
#define STUBBORN_STUB_H

#include "stub/target.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { STUB_OPAQUE = 64 };
struct stub {
    uint64_t opaque[STUB_OPAQUE];
};

/* Families of packets. A configuration names those it wants; the others are not linked. Ready
 * lists follow; who makes one of his own begins with those of stub_minimal_packets. Families that
 * only have a target without the operations they need serve nothing and cost their bytes. */
struct stub_family;
/* qSupported ? c s, and C S without their signals, in few bytes */
extern const struct stub_family stub_plain_packets;
extern const struct stub_family stub_start_packets;    /* qSupported, no-ack, ? */
extern const struct stub_family stub_memory_packets;   /* m M */
extern const struct stub_family stub_register_packets; /* g p P */
extern const struct stub_family stub_run_packets;      /* c s */
extern const struct stub_family stub_break_packets;    /* Z z */
extern const struct stub_family stub_thread_packets;   /* H T qC qfThreadInfo */
extern const struct stub_family stub_features_packets; /* qXfer:features:read */
extern const struct stub_family stub_machine_packets;  /* or this, the machine's name for a gdb */
/* Which debugger is there: lldb, reasons of stops (without it only that there is one),
 * watchpoints, errors in words, several processes, output of the program. */
extern const struct stub_family stub_dialect_packets;
extern const struct stub_family stub_vcont_packets;        /* vCont C S vCtrlC */
extern const struct stub_family stub_binary_packets;       /* x X */
extern const struct stub_family stub_register_set_packets; /* G; the address of c and s */
extern const struct stub_family stub_leave_packets;        /* k D vKill */
extern const struct stub_family stub_plain_leave_packets;  /* the same of one process */
extern const struct stub_family stub_monitor_packets;      /* qRcmd */
extern const struct stub_family stub_flash_packets;        /* qXfer:memory-map:read vFlash... */
extern const struct stub_family stub_fileio_packets;       /* F */
extern const struct stub_family stub_thread_name_packets;  /* qXfer:threads:read */
extern const struct stub_family stub_scan_packets;         /* qCRC qSearch */
extern const struct stub_family stub_serial_packets;       /* none: run lengths, see STUB_SERIAL */
/* None: run lengths on a quick line too, for a gdb and where they are worth it; with
 * stub_serial_packets, and before it. */
extern const struct stub_family stub_quick_packets;
/* None: what is done about lost bytes. Without it STUB_UNRELIABLE, resend_ms and resend_max count
 * for nothing: a reply goes out again only for a NAK, a request that comes again is done again. */
extern const struct stub_family stub_line_packets;
/* What lldb asks: of the machine, of one thread, of memory; and what saves it round trips. */
extern const struct stub_family stub_lldb_packets;         /* qHostInfo qProcessInfo ... */
extern const struct stub_family stub_lldb_machine_packets; /* or these, of a board in few words */
/* For a target that is its own machine and has `allocate`, and before those: an lldb may run code
 * of its own there, so it can call functions. */
extern const struct stub_family stub_lldb_lending_packets;
extern const struct stub_family stub_lldb_stop_packets;   /* qThreadStopInfo */
extern const struct stub_family stub_lldb_brief_packets;  /* none: little ahead, lldb_brief.c */
extern const struct stub_family stub_lldb_region_packets; /* qMemoryRegionInfo */
/* Its target.xml, before the short one of stub_serial_packets; qRegisterInfo. */
extern const struct stub_family stub_lldb_register_packets;
extern const struct stub_family stub_lldb_thread_packets; /* jThreadsInfo, memory ahead */
extern const struct stub_family stub_lldb_memory_packets; /* _M, saved registers, ... */
/* For processes of an operating system. */
extern const struct stub_family stub_linux_packets; /* none: Linux's signals, reasons */
/* qAttached qOffsets qGetTLSAddr; without it a process is taken to be there for ever. */
extern const struct stub_family stub_process_packets;
extern const struct stub_family stub_nonstop_packets;   /* QNonStop */
extern const struct stub_family stub_condition_packets; /* conditions of Z, QCatchSyscalls */
extern const struct stub_family stub_event_packets;     /* QPassSignals QThreadEvents ... */
extern const struct stub_family stub_xfer_packets;      /* qXfer:auxv:read ... */
extern const struct stub_family stub_file_packets;      /* vFile: files of the server's machine */
extern const struct stub_family stub_launch_packets;    /* vRun vAttach A QEnvironment... */
extern const struct stub_family stub_lldb_host_packets; /* processes, users, modules, ... */
extern const struct stub_family stub_lldb_file_packets; /* directories, links, a shell, ... */
extern const struct stub_family stub_lldb_platform_packets; /* qLaunchGDBServer ... */

/* Lists, NULL at the end: all; what a debugger needs to read, write, step, break and run; what a
 * board can use, for either debugger; the same and stub_lldb_lending_packets; and what a gdb needs
 * whose own registers for that machine begin with the target's, which is all that
 * libstubborn-plain.a has. */
extern const struct stub_family *const stub_all_packets[];
extern const struct stub_family *const stub_minimal_packets[];
extern const struct stub_family *const stub_embedded_packets[];
extern const struct stub_family *const stub_lending_packets[];
extern const struct stub_family *const stub_gdb_packets[];

/* A command of `monitor NAME ARGS`. run writes text for the user into out (plain, not hex). */
struct stub_command {
    const char *name;
    const char *help;
    int (*run)(void *context, const char *args, struct rsp_out *out);
};

enum {
    /* The line loses bytes: no no-ack mode, acks are sent twice, a request that comes twice is
     * thought over (which needs stub_tick). */
    STUB_UNRELIABLE = 1u,
    STUB_SERIAL = 2u, /* bytes are dear: run lengths; on both, memory goes out again in parts */
    STUB_LLDB = 4u,   /* a client that says nothing of itself is taken for an lldb */
    /* For tests of clients, which then meet an older server. */
    STUB_NO_STOP_THREAD = 8u, /* stop replies name no thread */
    STUB_ONLY_S = 16u         /* stop replies are S, never T */
};

struct stub_config {
    size_t size; /* sizeof(struct stub_config): a later field breaks nobody */
    const struct stub_target *target;
    void *target_object;
    const struct stub_family *const *packets; /* NULL at the end; stub_all_packets has them all */
    uint8_t *input, *output;                  /* buffers; PacketSize is what both can hold */
    size_t input_size, output_size;           /* at least 256 each */
    unsigned flags;
    unsigned resend_ms;  /* an unacknowledged frame goes out again after this, at most 65535, to
                            an lldb not before 3000; 0: never */
    unsigned resend_max; /* at most so often, and at most 255 times; 0 means 10 */
    const struct stub_command *commands; /* name NULL at the end; or NULL */
    void *commands_context;
    const char *const *without; /* packets not to offer and not to know ("vCont", "qC"), NULL at
                                   the end: for tests of clients. With stub_process_packets. Or
                                   NULL */
    struct stub_stacks *stacks; /* walks stacks for this engine and no other; or NULL */
    /* PacketSize as the client is told it, at least 96; with it stop replies and g are kept short
     * too: on a line that loses bytes a short frame comes through where a long one never does. 0:
     * what the buffers hold. */
    size_t frame_size;
};

/* ---- stacks (stacks.c): what is on them goes to an lldb before it asks ----
 *
 * With these an lldb is sent, with each stop, the frames that it will unwind and what it read at
 * the last stops; a gdb has no place for it. Without them it gets a piece of each stack. Who does
 * not call stub_stacks_init does not link the walker. */

/* A machine as registers and as stacks. */
struct unwind_machine;
struct unwind_sources;
struct stub_stack_machine {
    const struct arch *arch;
    const struct unwind_machine *unwind;
};

/* As in struct unwind_config, where it has the same name; kept by the caller. */
struct stub_stacks_config {
    size_t size;                               /* sizeof(struct stub_stacks_config) */
    const struct stub_stack_machine *machines; /* arch NULL at the end */
    const struct unwind_sources *sources;
    void *lines;
    size_t lines_size;
    uint32_t line_bytes;
    void *rules;
    size_t rules_size;
};

enum { STUB_STACKS_OPAQUE = 640 };
struct stub_stacks {
    uint64_t opaque[STUB_STACKS_OPAQUE];
};
void stub_stacks_init(struct stub_stacks *stacks, const struct stub_stacks_config *config);

/* Prepares s. False when a buffer is too small or the target lacks a size. The target, its
 * object, the buffers and the tables must outlive s. */
bool stub_init(struct stub *s, const struct stub_config *config);

/* Takes bytes of the line and returns how many were taken: fewer than n when a request still runs
 * or output waits. Then give the rest again after stub_sent or stub_doorbell. */
size_t stub_feed(struct stub *s, const uint8_t *bytes, size_t n);

/* The bytes to send next, *n of them; good until the next call of any function here. */
const uint8_t *stub_output(struct stub *s, size_t *n);
void stub_sent(struct stub *s, size_t n);

/* The target has news: an event to report, or an answer that was late. Harmless without. */
void stub_doorbell(struct stub *s);

/* It is now_ms o'clock: ack timeouts. Returns the milliseconds until it wants to be called next,
 * or -1 when it waits for nothing. */
int stub_tick(struct stub *s, uint64_t now_ms);

/* The client is gone: forgets no-ack mode and what was negotiated, keeps unreported events, and
 * tells the target (client_gone) unless the client had detached or killed everything. */
void stub_link_lost(struct stub *s);

/* The request under way cannot be finished, because what was called for it did not return (a fault
 * that firmware survives): it is answered with that error number. */
void stub_abandon(struct stub *s, int error);

/* True when a client's first byte cannot be the protocol's: close that connection. (A web page
 * can make a browser POST to a port of loopback; its body must never be taken for packets.) */
bool stub_is_stranger(uint8_t first);

/* True when nothing that stands in the two buffers is needed any more: no request is coming in or
 * under way, no frame is to be sent or acknowledged. Their bytes may be changed then. */
bool stub_is_idle(const struct stub *s);
/* True when a part of the next request has come, and nothing can happen before the rest has. */
bool stub_is_receiving(const struct stub *s);
/* The thread that the client looks at, as far as it said which. */
struct rsp_id stub_thread(const struct stub *s);
/* True while the client waits for a stop reply. */
bool stub_is_waiting(const struct stub *s);
/* True when the client shows the words of an error to its user (error-message+ in qSupported: gdb
 * from 16 on). */
bool stub_client_reads_words(const struct stub *s);
/* True when k or D left nothing to serve: end after the output is sent. An exit of the program
 * (W, X) does not end it: the client may start another. */
bool stub_is_over(const struct stub *s);

/* The blocking loop over two callbacks, for a line that is read byte by byte (serve.c). get gives
 * the next byte 0..255, -1 when none came within some milliseconds, -2 when the line is lost; put
 * sends all n bytes. poll (may be NULL) runs the target for a while and says whether it has news;
 * it is called whenever no byte waits. Returns when the line is lost or stub_is_over. */
struct stub_line {
    int (*get)(void *context);
    void (*put)(void *context, const uint8_t *bytes, size_t n);
    bool (*poll)(void *context);
    uint64_t (*now_ms)(void *context); /* or NULL */
    void *context;
};
void stub_serve(struct stub *s, const struct stub_line *line);

#ifdef __cplusplus
}
#endif
#endif
