/* reasons.c - why a thread stands, and what is told beside stops and ends (GDB manual, "Stop Reply
 * Packets"; LLDB's docs, "stop reply packet extensions"). */
#include "stub/engine.h"

/* One row per reason: lldb's word, and gdb's key with what a client must have said to be sent
 * it. */
struct reason {
    const char *lldb;
    const char *gdb; /* key of the T packet, NULL none */
    unsigned needs;  /* CLIENT_... */
    enum { BARE, ADDRESS, CHILD, PATH, NUMBER } value;
};

static const struct reason reasons[] = {
    [STUB_NO_REASON] = { NULL, NULL, 0, BARE },
    [STUB_SIGNAL] = { "signal", NULL, 0, BARE },
    [STUB_TRACE] = { "trace", NULL, 0, BARE },
    [STUB_SWBREAK] = { "breakpoint", "swbreak", CLIENT_SWBREAK, BARE },
    [STUB_HWBREAK] = { "breakpoint", "hwbreak", CLIENT_HWBREAK, BARE },
    [STUB_WATCH] = { "watchpoint", "watch", 0, ADDRESS },
    [STUB_RWATCH] = { "watchpoint", "rwatch", 0, ADDRESS },
    [STUB_AWATCH] = { "watchpoint", "awatch", 0, ADDRESS },
    [STUB_EXEC] = { "exec", "exec", CLIENT_EXEC_EVENTS, PATH },
    [STUB_FORK] = { "fork", "fork", CLIENT_FORK_EVENTS, CHILD },
    [STUB_VFORK] = { "vfork", "vfork", CLIENT_VFORK_EVENTS, CHILD },
    [STUB_VFORK_DONE] = { "vforkdone", "vforkdone", CLIENT_VFORK_EVENTS, BARE },
    [STUB_CLONE] = { NULL, "clone", CLIENT_THREAD_OPTIONS, CHILD },
    [STUB_SYSCALL_ENTRY] = { NULL, "syscall_entry", CLIENT_GDB, NUMBER },
    [STUB_SYSCALL_RETURN] = { NULL, "syscall_return", CLIENT_GDB, NUMBER },
    [STUB_LIBRARY] = { NULL, "library", CLIENT_GDB, BARE },
    [STUB_CREATED] = { NULL, "create", CLIENT_THREAD_EVENTS, BARE },
};

static const struct reason *
reason_of(uint8_t number)
{
    return &reasons[number < sizeof(reasons) / sizeof(reasons[0]) ? number : STUB_NO_REASON];
}

const char *
stub_reason_name(uint8_t reason)
{
    return reason_of(reason)->lldb;
}

static bool
is_watch(const struct stub_event *event)
{
    return reason_of(event->reason)->value == ADDRESS;
}

/* Words for the user about a stop ("signal SIGSEGV"), or the numbers of a watchpoint or a child as
 * lldb wants them; into buf, NUL-terminated. */
enum { WORDS_MAX = 128 };

static void
describe_stop(const struct engine *s, const struct stub_event *event, char *buf, size_t size)
{
    struct rsp_out out = rsp_out_to((uint8_t *)buf, size - 1);
    const struct stub_hook *hook;

    if (is_watch(event)) { /* "address slot hit-address", decimal */
        rsp_put_dec(&out, event->address);
        rsp_put(&out, ' ');
        rsp_put_dec(&out, event->slot);
        rsp_put(&out, ' ');
        rsp_put_dec(&out, event->address);
    } else if (reason_of(event->reason)->value == CHILD) { /* "process thread", decimal */
        rsp_put_dec(&out, (uint64_t)event->other.pid);
        rsp_put(&out, ' ');
        rsp_put_dec(&out, (uint64_t)event->other.tid);
    } else if (event->reason == STUB_SIGNAL && s->target->linux_signals &&
               (hook = HOOK(s, put_signal)) != NULL) {
        hook->put_signal(&out, event);
    }
    buf[out.len] = '\0';
}

/* ---- in a stop reply ---- */

static void
put_key(struct rsp_out *out, const char *key)
{
    rsp_put_text(out, key);
    rsp_put(out, ':');
}

static void
put_reason_value(struct engine *s, struct rsp_out *out, const struct reason *reason,
                 const struct stub_event *event)
{
    switch (reason->value) {
    case BARE:
        break;
    case ADDRESS:
        rsp_put_hex(out, event->address);
        break;
    case CHILD:
        stub_put_thread(s, out, event->other);
        break;
    case PATH:
        rsp_put_hex_bytes(out, event->text, event->text_size);
        break;
    case NUMBER:
        rsp_put_hex(out, (uint64_t)event->status);
        break;
    }
}

static void
put_whole_reason(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    const struct reason *reason = reason_of(event->reason);
    bool lldb = (s->client & CLIENT_GDB) == 0;
    char words[WORDS_MAX];

    if (reason->gdb != NULL && (s->client & reason->needs) == reason->needs &&
        !(lldb && is_watch(event))) {
        put_key(out, reason->gdb);
        put_reason_value(s, out, reason, event);
        rsp_put(out, ';');
    }
    if (!lldb || reason->lldb == NULL)
        return;
    put_key(out, "reason");
    rsp_put_text(out, reason->lldb);
    rsp_put(out, ';');
    describe_stop(s, event, words, sizeof(words));
    if (words[0] != '\0') {
        put_key(out, "description");
        rsp_put_hex_text(out, words);
        rsp_put(out, ';');
    }
}

/* A name that would end its own field is let go: LLDB has no escape for it here. */
static void
put_name(struct engine *s, struct rsp_out *out, struct rsp_id id)
{
    struct stub_thread_info info = { .core = STUB_ANY_CORE };
    size_t length = 0;

    if ((s->client & CLIENT_GDB) != 0 || !HAS(s, thread_info) ||
        s->target->thread_info(s->object, id, &info) != 0 || info.name[0] == '\0')
        return;
    while (length < sizeof(info.name) && info.name[length] != '\0') {
        if (info.name[length] == ';' || info.name[length] == ':')
            return;
        length++;
    }
    put_key(out, "name");
    rsp_put_escaped(out, info.name, length);
    rsp_put(out, ';');
}

/* LLDB reads the list of libraries when a stop has this key (19, 22), and never else where no
 * breakpoint can be hit. */
static void
put_library(const struct engine *s, struct rsp_out *out)
{
    if ((s->client & CLIENT_GDB) != 0 || !HAS(s, libraries_svr4) ||
        s->target->size <= offsetof(struct stub_target, never_runs) || !s->target->never_runs)
        return;
    put_key(out, "library");
    rsp_put(out, ';');
}

/* Which process has ended. */
static void
put_process(const struct engine *s, struct rsp_out *out, int64_t pid)
{
    if ((s->client & CLIENT_MULTIPROCESS) == 0)
        return;
    rsp_put_text(out, ";process:");
    rsp_put_hex(out, (uint64_t)pid);
}

void
stub_put_reason(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    size_t before;

    if (event->kind != STUB_STOPPED) {
        put_process(s, out, event->id.pid);
        return;
    }
    if ((s->flags & STUB_NO_STOP_THREAD) == 0)
        put_name(s, out, event->id);
    put_library(s, out);
    before = out->len;
    put_whole_reason(s, out, event);
    if (out->cut)
        rsp_out_back(out, before);
}

/* ---- in JSON ---- */

void
stub_json_reason(const struct engine *s, struct rsp_json *json, const struct stub_event *event)
{
    const char *reason = stub_reason_name(event->reason);
    char words[WORDS_MAX];

    if (reason == NULL)
        return;
    rsp_json_key(json, "reason");
    rsp_json_text(json, reason);
    rsp_json_key(json, "signal");
    rsp_json_dec(json, (uint64_t)stub_signal_out(s, event->signal));
    describe_stop(s, event, words, sizeof(words));
    if (words[0] != '\0') {
        rsp_json_key(json, "description");
        rsp_json_text(json, words);
    }
}

/* ---- neither stop nor end ---- */

/* As much of the text as fits, two digits for each byte of it: that much is told. */
static void
put_output(struct rsp_out *out, struct stub_event *event)
{
    size_t n;

    rsp_put(out, 'O');
    n = rsp_out_room(out) / 2;
    if (event->text_size > n)
        event->text_size = n;
    rsp_put_hex_bytes(out, event->text, event->text_size);
}

/* The only thread that ran has ended and others stand. lldb has no word for that (19, 22 wait on
 * for a stop): it is shown one of those. */
static int
put_none_left(struct engine *s, struct rsp_out *out)
{
    struct stub_event event = { .kind = STUB_STOPPED };
    int r = (s->client & CLIENT_LLDB) != 0 ? stub_settle_id(s, &event.id) : -STUB_ESRCH;

    if (r == STUB_LATER)
        return r;
    if (r == 0)
        return stub_put_stop(s, out, &event);
    rsp_put(out, 'N');
    return PKT_DONE;
}

int
stub_put_other(struct engine *s, struct rsp_out *out, struct stub_event *event)
{
    switch (event->kind) {
    case STUB_OUTPUT:
        put_output(out, event);
        break;
    case STUB_THREAD_GONE:
        rsp_put(out, 'w');
        rsp_put_hex(out, (uint64_t)event->status & 0xff);
        rsp_put(out, ';');
        stub_put_thread(s, out, event->id);
        break;
    case STUB_NONE_LEFT:
        return put_none_left(s, out);
    default:
        break;
    }
    return PKT_DONE;
}
