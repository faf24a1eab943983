/* engine.h - inside the engine: its state, the rows of the packet tables, what handlers call.
 * Private to stub/. The public face is stub.h; how it fits together stands in DESIGN.md.
 *
 * A handler is a function of (request, target). It reads its arguments from `in`, which stands
 * right behind the row's name (at its separator, or at the argument of a ROW_GLUED row), asks in
 * one place whether all was read (rsp_take_end), does the deed through s->target and writes the
 * body of the reply to `out`. It never changes the request and keeps no state of its own, because
 * it is called again from the start when an operation said STUB_LATER; scratch space is the room
 * of `out` that it has not written yet. It returns
 *     PKT_DONE     the body is in out (empty when nothing was written)
 *     PKT_OK       reply OK
 *     PKT_QUIET    no reply now: a stop reply will answer
 *     PKT_EMPTY    not supported after all: the empty reply
 *     PKT_MORE     what is in out, if anything, is one reply; call me again for the next
 *     PKT_SILENT   no reply at all: R
 *     PKT_BAD      the packet is malformed
 *     -E           an error number; the target's why() may add words
 *     STUB_LATER   call me again after the doorbell
 * Only the dispatcher turns these into frames. */
#ifndef STUB_ENGINE_H
#define STUB_ENGINE_H

#include "stub/stub.h"

enum {
    PKT_DONE = 0,
    PKT_OK = 1,
    PKT_QUIET = 2,
    PKT_EMPTY = 3,
    PKT_MORE = 4,
    PKT_SILENT = 5,
    PKT_BAD = -1000
};

struct engine;
typedef int stub_handler(struct engine *s, struct rsp_in *in, struct rsp_out *out);

/* Row flags. */
enum {
    ROW_GLUED = 1u,       /* the argument follows the name at once: m, Z, _M, qRegisterInfo */
    ROW_CUT = 2u,         /* a body longer than the buffer is read for what fits: qSupported */
    ROW_TEXT = 4u,        /* E.text may answer any client: vRun, vAttach */
    ROW_TOLD = 8u,        /* qSupported says NAME+ of it */
    ROW_GDB_KEY = 16u,    /* but only to a client that looks like gdb */
    ROW_RESUMES = 32u,    /* starts the target: repeated while waiting it is not done again */
    ROW_IDLE = 64u,       /* works without a process */
    ROW_MUTE = 128u,      /* never an error text: m and x, whose E.text gdb takes for data */
    ROW_NOT_LOSSY = 256u, /* not offered on a line that loses bytes */
    ROW_WORD = 512u,      /* no packet: only something that qSupported says */
    ROW_BARE = 1024u      /* takes no argument: malformed with one */
};

/* One row per packet, beside its handler. */
struct stub_row {
    const char *name; /* up to the arguments: "qXfer:auxv:read" */
    stub_handler *handle;
    uint16_t needs; /* NEEDS(op): offset of the operation it cannot do without; 0 none */
    uint16_t flags;
};
#define NEEDS(op) ((uint16_t)offsetof(struct stub_target, op))

/* What a family brings beside its packets: deeds that the engine does without where no family of
 * the configuration has them, so that they are linked with that family and not with the engine. Of
 * several the first in the order of the table counts. Where a family is left out the plain way
 * stands in the comment. */
enum stub_hook_name {
    HOOK_meet,
    HOOK_take_words,
    HOOK_say_words,
    HOOK_system_words,
    HOOK_want_events,
    HOOK_say_more,
    HOOK_forbids,
    HOOK_admit,
    HOOK_put_error,
    HOOK_take_thread,
    HOOK_signal,
    HOOK_put_signal,
    HOOK_put_stop,
    HOOK_put_reason,
    HOOK_put_rest,
    HOOK_put_library,
    HOOK_system_reason,
    HOOK_put_value,
    HOOK_describe,
    HOOK_put_other,
    HOOK_put_gone,
    HOOK_put_request,
    HOOK_done_too,
    HOOK_action,
    HOOK_vcont_action,
    HOOK_start,
    HOOK_may_resume,
    HOOK_jump,
    HOOK_take_lists,
    HOOK_say_standing,
    HOOK_notify,
    HOOK_put_xml,
    HOOK_shorten,
    HOOK_is_new,
    HOOK_take_ack,
    HOOK_may_resend,
    HOOK_tick,
    HOOK_give_up
};

/* A word of qSupported: what a client says, what is said back when it holds, what that makes of
 * the client, and the operation without which the target could not keep up with it (0 none). */
struct stub_client_word {
    const char *text, *echo;
    uint32_t client;
    uint16_t needs;
    bool only_gdb; /* says it */
};

struct stub_hook {
    uint8_t name; /* enum stub_hook_name: which of these it is */
    union {
        /* A client comes: what it is taken for (else: a gdb that says nothing of itself). */
        void (*meet)(struct engine *s);
        /* qSupported's words, and what is said back of them. 0, -E or STUB_LATER. */
        int (*take_words)(struct engine *s, struct rsp_in *in);
        void (*say_words)(struct engine *s, struct rsp_out *out);
        /* Words that only clients of processes say, text NULL at the end; what the target is then
         * told to tell (0, -E or STUB_LATER); what is said of conditions. */
        const struct stub_client_word *system_words;
        int (*want_events)(struct engine *s);
        void (*say_more)(struct engine *s, struct rsp_out *out);
        /* The user has switched that packet off (`without`). */
        bool (*forbids)(const struct engine *s, const struct stub_row *row);
        /* Whether a request is for its handler, where processes end (else: always). 0; PKT_... or
         * -E, which is then the answer; or STUB_LATER. */
        int (*admit)(struct engine *s, const struct stub_row *row, struct rsp_out *out);
        /* Writes an error as this client reads it (else: its number). False: nothing was
         * written. */
        bool (*put_error)(struct engine *s, struct rsp_out *out, const struct stub_row *row,
                          int number);
        /* As stub_take_thread (else: the thread that stopped last). */
        int (*take_thread)(struct engine *s, struct rsp_in *in, struct rsp_id *id);
        /* A signal number between the client and a target whose numbers are Linux's (else: as it
         * is). */
        int (*signal)(const struct engine *s, int number, bool to_client);
        /* "signal SIGSEGV" and what is known of its cause (else: no words). */
        void (*put_signal)(struct rsp_out *out, const struct stub_event *event);
        /* A stop reply (else: the signal, and pc sp fp). As stub_put_stop. */
        int (*put_stop)(struct engine *s, struct rsp_out *out, struct stub_event *event);
        /* In that: why, and of an end of which process (else: nothing) ... */
        void (*put_reason)(struct engine *s, struct rsp_out *out, const struct stub_event *event);
        /* ... of processes also that an lldb is to read the list of libraries, and for reasons
         * past STUB_AWATCH (else: none) their names, what stands behind gdb's, and numbers for an
         * lldb ... */
        void (*put_library)(const struct engine *s, struct rsp_out *out);
        const struct stub_reason_row *(*system_reason)(uint8_t number);
        void (*put_value)(struct engine *s, struct rsp_out *out, const struct stub_event *event);
        void (*describe)(struct rsp_out *out, const struct stub_event *event);
        /* ... and behind the registers: threads, memory. 0 or STUB_LATER. */
        int (*put_rest)(struct engine *s, struct rsp_out *out, const struct stub_event *event);
        /* The reply for an event that is neither a stop nor an end; PKT_DONE or STUB_LATER. */
        int (*put_other)(struct engine *s, struct rsp_out *out, struct stub_event *event);
        /* In that: that threads have gone. */
        int (*put_gone)(struct engine *s, struct rsp_out *out, const struct stub_event *event);
        /* The program's wish for a file. */
        int (*put_request)(struct engine *s, struct rsp_out *out, const struct stub_event *event);
        /* A reply was heard that told an event: what it told beside is done. */
        void (*done_too)(struct engine *s);
        /* As stub_action (else: the thread that stopped last steps, or all go on), and what
         * requests other than c and s say of a thread. */
        struct stub_action (*action)(struct engine *s, struct rsp_id thread);
        struct stub_action (*vcont_action)(struct engine *s, struct rsp_in *in,
                                           struct rsp_id thread);
        /* Starts the target, where there are processes or non-stop mode (else: it is told to
         * resume). 0; PKT_OK in non-stop mode; -E or STUB_LATER. */
        int (*start)(struct engine *s);
        /* Whether this client's resume is refused: 0, -E or STUB_LATER. */
        int (*may_resume)(struct engine *s);
        /* `c ADDRESS`: the thread that goes on does so from there. 0, -E or STUB_LATER. */
        int (*jump)(struct engine *s, uint64_t address);
        /* Z's lists of conditions and commands, unpacked into the free room of scratch. */
        void (*take_lists)(struct rsp_in *in, const struct rsp_out *scratch,
                           struct stub_point *point);
        /* Non-stop mode: the answer to `?`, and news. */
        int (*say_standing)(struct engine *s, struct rsp_out *out);
        void (*notify)(struct engine *s);
        /* target.xml as lldb wants it, or short for a line where bytes are dear. False: nothing
         * was written, this client gets gdb's; so does any without. */
        bool (*put_xml)(const struct engine *s, const struct arch_layout *layout,
                        struct rsp_window *w);
        /* Makes a reply shorter in place, where that pays. False: it is as it was. */
        bool (*shorten)(const struct engine *s, struct rsp_out *body);
        /* Whether what came is a request to be carried out (else: always): not what came before
         * and is dealt with here. */
        bool (*is_new)(struct engine *s);
        /* An ack or a NAK came, for the frame that is out or for none. */
        void (*take_ack)(struct engine *s);
        /* Whether the frame that is out goes out again, for a NAK (else: always). */
        bool (*may_resend)(struct engine *s);
        /* As stub_tick, now_ms being the time (else: nothing is waited for). */
        int (*tick)(struct engine *s);
        /* The next request would begin while one is under way: ends that if all that it waits for
         * is an ack that will not come (else: the next one waits). */
        bool (*give_up)(struct engine *s);
    };
};
/* One of a family's: HOOKED(meet, greet). */
#define HOOKED(member, deed)                                                                      \
    {                                                                                             \
        .name = HOOK_##member, .member = (deed)                                                   \
    }

struct stub_family {
    const struct stub_row *rows;
    const struct stub_hook *hooks; /* or NULL */
    uint8_t count, hook_count;
};
#define COUNT_OF(table) ((uint8_t)(sizeof(table) / sizeof((table)[0])))
#define FAMILY_WITH(table, hooks)                                                                 \
    {                                                                                             \
        (table), (hooks), COUNT_OF(table), COUNT_OF(hooks)                                        \
    }
#define FAMILY(table)                                                                             \
    {                                                                                             \
        (table), NULL, COUNT_OF(table), 0                                                         \
    }
/* No packets: only what it brings beside. */
#define FAMILY_OF_HOOKS(hooks)                                                                    \
    {                                                                                             \
        NULL, (hooks), 0, COUNT_OF(hooks)                                                         \
    }

/* What this client said of itself. Forgotten when the link is lost. */
enum {
    CLIENT_GDB = 1u << 0,  /* said something in qSupported that only gdb says */
    CLIENT_LLDB = 1u << 1, /* said something that only lldb says */
    CLIENT_MULTIPROCESS = 1u << 2,
    CLIENT_SWBREAK = 1u << 3,
    CLIENT_HWBREAK = 1u << 4,
    CLIENT_ERROR_MESSAGE = 1u << 5, /* error-message+: E.text everywhere */
    CLIENT_ERROR_STRINGS = 1u << 6, /* QEnableErrorStrings: Exx;hex */
    CLIENT_THREAD_SUFFIX = 1u << 7,
    CLIENT_LIST_THREADS = 1u << 8,
    CLIENT_BINARY_UPLOAD = 1u << 9,
    CLIENT_NATIVE_SIGNALS = 1u << 10,
    CLIENT_FORK_EVENTS = 1u << 11,
    CLIENT_VFORK_EVENTS = 1u << 12,
    CLIENT_EXEC_EVENTS = 1u << 13,
    CLIENT_NO_RESUMED = 1u << 14,
    CLIENT_THREAD_OPTIONS = 1u << 15,
    CLIENT_THREAD_EVENTS = 1u << 16, /* QThreadEvents:1 */
    CLIENT_XML = 1u << 17,           /* xmlRegisters=: reads target.xml; an lldb always does */
    CLIENT_OWN_REGISTERS = 1u << 18  /* was told the machine's name alone */
};
enum { CLIENT_ONE_ARGUMENT = 1u << 24 }; /* single-inf-arg+: vRun's arguments are one text */

/* What of an event must be known when it is done. */
struct told {
    struct rsp_id id;
    uint32_t text; /* bytes of its text that were told */
    uint8_t kind;
    bool notified; /* and is done with the vStopped or vStdio to come */
};

/* In non-stop mode stops and output are told apart, each one event at a time. */
enum channel { CHANNEL_STOP, CHANNEL_OUTPUT, CHANNELS };

struct engine {
    const struct stub_target *target;
    void *object; /* the target's own, first argument of its operations */
    const struct stub_family *const *packets;
    const struct stub_command *commands;
    void *commands_context;
    const char *const *without; /* names of rows that are taken for absent; or NULL */
    struct stub_ahead *ahead;   /* knows what an lldb will ask of stacks; or NULL */

    struct rsp_receiver rx; /* the request stands in rx.buf until it is answered */
    uint8_t *output;        /* acks, then the frame, see OUT_FRAME */
    uint32_t output_size;
    uint32_t now_ms, sent_ms; /* of a clock that may go round */
    uint32_t frame_max;       /* of what a client may choose the length of; 0: the buffers' */
    uint16_t resend_ms;
    uint8_t resend_max; /* 0: as line.c has it */
    uint8_t flags;      /* STUB_UNRELIABLE, STUB_SERIAL */

    /* From here on all is forgotten, that is 0, when the link is lost. */
    uint32_t frame_size; /* bytes of the finished frame at output + OUT_FRAME; 0: none */
    uint32_t sent;       /* bytes of the frame that went out */

    union {
        /* Of the vCont under way: where the actions end that are all for single threads, up to the
         * highest of these ids; threads above it need not look at them (stub_action). */
        struct {
            uint32_t passed; /* 0: none yet */
            uint32_t passed_tid;
        };
        /* Between resumes, where memory began that came spoiled, its low half, and how much of it
         * was asked for; 0: the reply was none of memory. */
        struct {
            uint32_t wrong_at, wrong_size;
        };
    };
    uint32_t client; /* CLIENT_... */

    struct rsp_id general, cont; /* Hg and Hc */
    struct rsp_id cursor;        /* where qsThreadInfo goes on */

    struct told told[CHANNELS];

    uint32_t last_key; /* of the request answered last, to know a repeat by */
    uint32_t doubt_ms; /* since when it is in doubt */
    int16_t said;      /* words went out ahead of an answer: what a monitor command returned */
    uint8_t resends;   /* of the frame that is out */
    uint8_t acks;      /* acks owed */
    uint8_t doubt;     /* DOUBT_...: whether the request that came last is a repeat */
    char memory;       /* 'm' or 'x' when that asked for memory, of which a part is a reply too */
    char ack;          /* '+' or '-' */
    bool no_ack;       /* in force */
    bool busy;         /* a request is under way */
    bool waiting;      /* the client waits for a stop reply, in non-stop mode for notifications */
    bool interrupt;    /* and wants one soon; or will, when it waits */
    bool reporting;    /* the frame carries told[CHANNEL_STOP], done when it is acknowledged */
    bool resumed;      /* the request answered last is what the client waits for */
    bool over;         /* nothing left to serve */
    bool non_stop;     /* QNonStop:1 */
    bool cut : 1;      /* the request's body was longer than the buffer */
    bool extended : 1; /* the client may yet start a program, and says when it goes */
    bool no_ack_next : 1; /* no-ack mode from when the reply was acknowledged */
    bool notice : 1;      /* the frame is a notification: never acknowledged */
    bool stepped : 1;     /* the stop told last does not do for an interrupt that crossed it */
    bool asked : 1;       /* the target was to interrupt, and no stop was told since */
    bool spoiled : 1;     /* the client has taken a reply that it knows to be spoiled */
    bool untold : 1;      /* and its user has not been told so in words */
};

/* The same request again while its reply is not acknowledged: 0 no. */
enum {
    DOUBT_YOUNG = 1, /* soon after the reply */
    DOUBT_OLD        /* long after it */
};

/* The output buffer: room for two acks, then '$', the body, '#' and two digits. */
enum { OUT_FRAME = 2, OUT_BODY = OUT_FRAME + 1, OUT_EXTRA = OUT_FRAME + RSP_FRAME_EXTRA };

#define ENGINE_OF(stub) ((struct engine *)(void *)(stub)->opaque)

/* Behind struct engine, whose members it reads. */
#include "stub/plain.h"

/* True when the target has the operation at that offset: not past its size and not NULL. */
bool stub_has(const struct engine *s, size_t operation);
/* The same of an operation by its name. Those of the small table are never past the size. */
#define HAS(s, op)                                                                                \
    (stub_may_have(offsetof(struct stub_target, op)) &&                                           \
     (offsetof(struct stub_target, op) < sizeof(struct stub_small_target)                         \
          ? (s)->target->op != NULL                                                               \
          : stub_has((s), offsetof(struct stub_target, op))))

/* The first argument of struct stub_host's operations. */
static inline void *
stub_host_object(const struct engine *s)
{
    return HAS(s, host_object) ? s->target->host_object : s->object;
}

/* The hook of that name, of the first family that has one; or NULL. */
const struct stub_hook *stub_hook(const struct engine *s, enum stub_hook_name name);
#define HOOK(s, member) (STUB_PLAIN ? NULL : stub_hook((s), HOOK_##member))

/* ---- words that handlers share (dispatch.c) ---- */

/* The row that a body belongs to (the longest name wins), whether or not the target can do it; the
 * cursor is then behind the name. */
const struct stub_row *stub_find_row(const struct engine *s, struct rsp_in *body);
/* Steps through all rows: *family and *row start at 0; NULL at the end. */
const struct stub_row *stub_next_row(const struct engine *s, unsigned *family, unsigned *row);
/* qSupported's NAME+ of each row that has it, as far as they fit: what is not said is not used. */
void stub_put_told_rows(const struct engine *s, struct rsp_out *out);
/* True when the target has what the row needs, and the user has not switched it off. */
bool stub_can(const struct engine *s, const struct stub_row *row);
/* The longest body that a client is told of. */
size_t stub_packet_size(const struct engine *s);
/* Where frames are kept short: keeps what is written to out from growing longer than that. */
void stub_keep_short(const struct engine *s, struct rsp_out *out, size_t most);

/* The thread a request is about: `;thread:ID;` at the cursor when it stands there, else Hg's,
 * settled. 0, -STUB_ESRCH or STUB_LATER. */
int stub_take_thread(struct engine *s, struct rsp_in *in, struct rsp_id *id);
/* The same where there are several; a hook. */
int stub_take_any_thread(struct engine *s, struct rsp_in *in, struct rsp_id *id);
/* Settles 0 and -1 in id to the first thread that fits, and makes sure that a thread named
 * outright is there. 0, -STUB_ESRCH or STUB_LATER. */
int stub_settle_id(struct engine *s, struct rsp_id *id);
/* Takes an id; a number without p means a thread of the process that Hg names. */
struct rsp_id stub_take_id(struct engine *s, struct rsp_in *in);
void stub_put_thread(const struct engine *s, struct rsp_out *out, struct rsp_id id);
/* Steps *id (zero before the first) to the next thread: 1, 0 or STUB_LATER. */
int stub_next_thread(struct engine *s, struct rsp_id *id);
/* The process handle for memory operations, of the process Hg names (or of pid). */
void *stub_process(struct engine *s);
void *stub_process_of(struct engine *s, int64_t pid);
/* The read contract's view of that process; for arch_read. */
struct arch_memory stub_memory(struct engine *s);
/* What that process has of its machine; of any process below 1. NULL: there is none. */
const struct arch_layout *stub_layout(struct engine *s, int64_t pid);
/* Signal numbers between this client and the target. -1: no such number. */
int stub_signal_out(const struct engine *s, int target_signal);
int stub_signal_in(const struct engine *s, int client_signal);
/* Takes a signal number of the client's, as the target counts; -1: no such signal. */
int stub_take_signal(struct engine *s, struct rsp_in *in);

/* Takes hex digits that mean text, and puts it with a NUL at the end of the reply's room, which
 * is then shorter by it. NULL (and the cursor bad): malformed, a NUL in it, or too long. */
char *stub_take_text(struct rsp_in *in, struct rsp_out *out);

/* Steps through the threads of one process; as stub_next_thread. */
int stub_next_thread_of(struct engine *s, int64_t pid, struct rsp_id *id);

/* ---- who the client is (pkt_dialect.c) ---- */

/* This client sent what only lldb sends. */
void stub_know_lldb(struct engine *s);

/* ---- registers (pkt_reg.c), used by stop replies too ---- */

/* Writes a register's value as hex digits, or x's where it is not available. 0 or STUB_LATER. */
int stub_put_register(struct engine *s, struct rsp_out *out, struct rsp_id id,
                      const struct arch_register *r);
/* Writes a register whose bytes stand there. 0, -E or STUB_LATER. */
int stub_write_register(struct engine *s, struct rsp_id id, const struct arch_register *r,
                        const uint8_t *bytes);
/* pc, sp and fp: true with the value, false when not to be had; *late set on STUB_LATER. */
bool stub_get_role(struct engine *s, struct rsp_id id, enum arch_role role, uint64_t *value,
                   bool *late);

/* ---- memory (pkt_mem.c), used by its binary forms too ---- */

/* A stretch of memory as requests name it. */
struct stub_range {
    uint64_t address, length;
};
/* ADDRESS, the separator, LENGTH. */
struct stub_range stub_take_range(struct rsp_in *in, char separator);
/* How many of the n bytes from address on lie below the top of memory. */
uint64_t stub_below_top(const struct engine *s, uint64_t address, uint64_t n);
/* Reads what is readable of the range into the last bytes of out's room, at most `most` of them;
 * *bytes points at it. Returns how many, -STUB_EFAULT when not even the first can be read, or
 * STUB_LATER. */
ptrdiff_t stub_read_tail(struct engine *s, struct rsp_out *out, struct stub_range range,
                         size_t most, uint8_t **bytes);
/* All or an error: PKT_OK, -E or STUB_LATER. */
int stub_write_bytes(struct engine *s, uint64_t address, const uint8_t *bytes, size_t n);

/* ---- running (events.c, pkt_run.c), used by vCont too ---- */

/* All-stop: PKT_QUIET, a stop reply will answer. Non-stop: PKT_OK, stops are notified from now on.
 * -E or STUB_LATER: nothing runs. */
int stub_resume(struct engine *s);
/* What c and s mean for that thread; whether it is the one that they mean above all. */
struct stub_action stub_plain_action(const struct engine *s, bool step, struct rsp_id thread,
                                     bool *is_current);
/* What any request says of that thread; a hook. */
struct stub_action stub_action_of(struct engine *s, struct rsp_id thread);
/* stub_resume behind an address that may stand there. */
int stub_go_on(struct engine *s, struct rsp_in *in);

/* ---- breakpoints (pkt_break.c), used by jMultiBreakpoint too ---- */

/* Takes `type,address,kind` and all behind it, and inserts or removes that, which the target can.
 * 0, PKT_BAD, -E or STUB_LATER; -STUB_ENOTSUP is the empty reply. The lists of conditions and
 * commands are unpacked into the free room of scratch. */
int stub_change_point(struct engine *s, struct rsp_in *in, const struct rsp_out *scratch,
                      bool insert);

/* ---- events (events.c) ---- */

/* Writes a stop reply for the event; of a text that does not fit text_size is then what did.
 * PKT_DONE or STUB_LATER. */
int stub_put_stop(struct engine *s, struct rsp_out *out, struct stub_event *event);
/* The same filled by rank while it fits (stops.c); a hook. */
int stub_put_full_stop(struct engine *s, struct rsp_out *out, struct stub_event *event);

/* ---- a line that loses bytes (line.c): a hook of families that serve lldb ---- */

/* What an lldb's user is told when a reply before this request came spoiled: -E when it is to
 * fail, PKT_MORE when words go ahead of its answer; else 0. */
int stub_tell_spoiled(struct engine *s, const struct stub_row *row, struct rsp_out *out);
/* In a stop reply: pc sp fp, and when ranks is 2 other general registers. 0 or STUB_LATER. */
int stub_put_registers(struct engine *s, struct rsp_out *out, struct rsp_id id, unsigned ranks);
/* Writes what is to be said of an event and keeps in *told what its done() needs. */
int stub_tell(struct engine *s, struct rsp_out *out, struct stub_event *event, struct told *told);
/* The event that was told there is done. */
void stub_done(struct engine *s, enum channel channel);
/* All-stop: so is the stop reply, and what it said of other threads. */
void stub_done_with_stops(struct engine *s);
/* Reports the oldest event when one may be reported now. */
void stub_report(struct engine *s);

/* ---- non-stop mode (pkt_nonstop.c) ---- */

/* stub_resume in either mode, unless the client is refused it; a hook. */
int stub_start_any(struct engine *s);

/* The next event of that channel as the reply to a request; OK when there is none. PKT_DONE,
 * PKT_OK or STUB_LATER. */
int stub_tell_next(struct engine *s, struct rsp_out *out, enum channel channel);

/* ---- why a thread stands (reasons.c) ---- */

/* The key and words of a stop reply that say why; a hook. */
void stub_put_reason(struct engine *s, struct rsp_out *out, const struct stub_event *event);
/* What is told beside stops and ends; a hook. */
int stub_put_other(struct engine *s, struct rsp_out *out, struct stub_event *event);
/* One row per reason: lldb's word ("trace", "breakpoint"), gdb's key of the T packet (NULL: none),
 * and what a client must have said to be sent that (CLIENT_...). */
struct stub_reason_row {
    const char *lldb, *gdb;
    uint32_t needs;
};
/* lldb's word for a reason, NULL where there is none. */
const char *stub_reason_name(const struct engine *s, uint8_t reason);
/* The same for processes of an operating system (reasons_system.c): five hooks. */
const struct stub_reason_row *stub_system_reason(uint8_t number);
void stub_put_system_value(struct engine *s, struct rsp_out *out, const struct stub_event *event);
void stub_describe_system(struct rsp_out *out, const struct stub_event *event);
void stub_put_library(const struct engine *s, struct rsp_out *out);
int stub_put_gone(struct engine *s, struct rsp_out *out, const struct stub_event *event);
/* Reason, signal and description of a stop, the keys of jstopinfo and jThreadsInfo. */
void stub_json_reason(const struct engine *s, struct rsp_json *json,
                      const struct stub_event *event);

/* ---- what an lldb is told beside a stop (lldb_stop.c): two hooks ---- */

int stub_put_lldb_rest(struct engine *s, struct rsp_out *out, const struct stub_event *event);
void stub_done_lldb_rest(struct engine *s);
/* Threads of that process and their PCs: both or, where they do not fit, none. 0 or STUB_LATER. */
int stub_put_thread_list(struct engine *s, struct rsp_out *out, int64_t pid);

/* ---- objects (pkt_features.c) ---- */

/* Writes the object that annex names from its start. 0, -E or STUB_LATER. */
typedef int stub_generator(struct engine *s, const struct rsp_in *annex, struct rsp_window *w);
/* Takes :ANNEX:OFFSET,LENGTH and answers with that piece of the object. */
int stub_read_object(struct engine *s, struct rsp_in *in, struct rsp_out *out,
                     stub_generator *write);

/* On a serial line: writes what a client is told of the machine; makes a reply shorter. False on
 * any other line, and nothing is done. Hooks (pkt_serial.c). */
bool stub_shorten_serial(const struct engine *s, struct rsp_out *body);
bool stub_put_serial_xml(const struct engine *s, const struct arch_layout *layout,
                         struct rsp_window *w);

/* qWatchpointSupportInfo: with nothing behind the colon. A handler (pkt_lldb_machine.c). */
stub_handler stub_say_watchpoints;
/* _M and _m. Handlers (pkt_lldb_mem.c). */
stub_handler stub_allocate, stub_deallocate;

/* ---- memory sent ahead (ahead.c) ---- */

struct stub_piece {
    uint64_t address;
    size_t size;
};

/* How much of a stack: its innermost frames, in so many bytes. */
struct stub_depth {
    unsigned frames;
    size_t bytes;
};

/* What knows more of stacks than ahead.c (stacks.c), behind pointers: firmware that does not hang
 * it in does not link it. Lists are good until the next call. int: how many, or STUB_LATER. */
struct stub_ahead {
    /* A reply about that process begins: what was read of memory before is old. */
    void (*begin)(struct stub_ahead *ahead, int64_t pid);
    /* The ranges of that thread's stack, none within another, the stack pointer's first; those of
     * a smaller depth are the first of a larger one's, and begin where they do. */
    int (*stack)(struct stub_ahead *ahead, struct engine *s, struct rsp_id id,
                 struct stub_depth depth, const struct stub_piece **ranges);
    /* Those that this client read at the last stops, without what went out since begin: what
     * stack() gave, and what was claimed. */
    int (*recent)(struct stub_ahead *ahead, const struct stub_piece **ranges);
    void (*claim)(struct stub_ahead *ahead, uint64_t address, size_t size);
    /* As arch_read, of that process, but as memory was when the reply began. */
    size_t (*read)(struct stub_ahead *ahead, struct engine *s, int64_t pid, uint64_t address,
                   void *buffer, size_t size);
    /* The client asked for these bytes, and got them. */
    void (*note)(struct stub_ahead *ahead, int64_t pid, uint64_t address, size_t size);
    void (*settle)(struct stub_ahead *ahead); /* the reply is made */
    /* The next client asked for nothing. */
    void (*forget)(struct stub_ahead *ahead);
};

/* Writes an lldb's memory: fields of a stop reply, as many as fit. 0 or STUB_LATER. */
int stub_put_ahead(struct engine *s, struct rsp_out *out, struct rsp_id id);
/* A reply of JSON begins that holds memory of so many threads: how much of each fits. */
struct stub_depth stub_json_ahead_begin(struct engine *s, const struct rsp_out *out,
                                        size_t threads);
/* Writes {"address":...,"bytes":...} for each range of that thread's stack, and behind the last
 * thread's for what was read lately; cut when it does not fit. 0 or STUB_LATER. */
int stub_json_ahead(struct engine *s, struct rsp_json *json, struct rsp_id id,
                    struct stub_depth depth, bool last);
/* The client has read that; it may want it again at the next stop. */
static inline void
stub_note_read(struct engine *s, uint64_t address, size_t size)
{
    if (stub_ahead(s) != NULL && stub_is_lldb(s) && size > 0)
        s->ahead->note(s->ahead, s->general.pid, address, size);
}
/* True when a stop reply says all there is to say of that process, as it has one thread for ever:
 * jThreadsInfo would cost an lldb a round trip at each stop. */
bool stub_stays_single(struct engine *s, int64_t pid);

/* ---- frames (engine.c) ---- */

bool stub_output_free(const struct engine *s);
struct rsp_out stub_body(struct engine *s);
/* True while the frame waits for its acknowledgement. */
bool stub_frame_is_out(const struct engine *s);
/* And the client has it. */
void stub_frame_heard(struct engine *s);
/* A give_up of families whose answers may begin with words. They are out and nobody acknowledges
 * them: the '+' was lost, or the client is no more. Who asks on would wait for ever, so what is
 * left of that answer, an error or a resume, is not done. Where frames go out again by time these
 * do so once first, in case that they were lost. */
static inline bool
stub_give_up(struct engine *s)
{
    bool waits = s->resend_ms != 0 && s->now_ms != 0 && s->resends == 0 && HOOK(s, tick) != NULL;

    if (s->said == 0 || !stub_frame_is_out(s) || waits)
        return false;
    s->busy = false;
    s->said = 0;
    s->resends = 0;
    s->last_key = 0;
    stub_frame_heard(s);
    return true;
}
/* What stub_body gave becomes the frame, to be sent. */
void stub_close_frame(struct engine *s, const struct rsp_out *body, char lead);
/* Lets out begin a body anew. */
void stub_begin(struct engine *s, struct rsp_out *out);
void stub_send(struct engine *s, struct rsp_out *body);
/* The same as a notification. */
void stub_send_notice(struct engine *s, const struct rsp_out *body);
/* What stands in s->rx.buf is a request, to be run as soon as the line is free. */
void stub_take_request(struct engine *s);
/* Runs the request in s->rx.buf. Sends its reply unless it is late or quiet. */
void stub_dispatch(struct engine *s);
/* Asks the target for a stop because the client wants one. */
void stub_interrupt_now(struct engine *s);
/* The request or report under way ended. */
void stub_settle(struct engine *s);

#endif
