/* reasons.c - why a thread stands, and what is told beside stops and ends (GDB manual, "Stop Reply
 * Packets"; LLDB's docs, "stop reply packet extensions"). What only an operating system's
 * processes stop for is reasons_system.c's. */
#include "stub/engine.h"

static const struct stub_reason_row reasons[] = {
    [STUB_NO_REASON] = { NULL, NULL, 0 },
    [STUB_SIGNAL] = { "signal", NULL, 0 },
    [STUB_TRACE] = { "trace", NULL, 0 },
    [STUB_SWBREAK] = { "breakpoint", "swbreak", CLIENT_SWBREAK },
    [STUB_HWBREAK] = { "breakpoint", "hwbreak", CLIENT_HWBREAK },
    [STUB_WATCH] = { "watchpoint", "watch", 0 },
    [STUB_RWATCH] = { "watchpoint", "rwatch", 0 },
    [STUB_AWATCH] = { "watchpoint", "awatch", 0 },
};

static const struct stub_reason_row *
reason_of(const struct engine *s, uint8_t number)
{
    const struct stub_hook *hook;

    if (number < sizeof(reasons) / sizeof(reasons[0]))
        return &reasons[number];
    hook = HOOK(s, system_reason);
    return hook != NULL ? hook->system_reason(number) : &reasons[STUB_NO_REASON];
}

const char *
stub_reason_name(const struct engine *s, uint8_t reason)
{
    return reason_of(s, reason)->lldb;
}

static bool
is_watch(const struct stub_event *event)
{
    return event->reason >= STUB_WATCH && event->reason <= STUB_AWATCH;
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
    } else if (event->reason > STUB_AWATCH) {
        if ((hook = HOOK(s, describe)) != NULL)
            hook->describe(&out, event);
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
put_whole_reason(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    const struct stub_reason_row *reason = reason_of(s, event->reason);
    const struct stub_hook *hook;
    bool lldb = (s->client & CLIENT_GDB) == 0;
    char words[WORDS_MAX];

    if (reason->gdb != NULL && (s->client & reason->needs) == reason->needs &&
        !(lldb && is_watch(event))) {
        put_key(out, reason->gdb);
        if (is_watch(event))
            rsp_put_hex(out, event->address);
        else if (event->reason > STUB_AWATCH && (hook = HOOK(s, put_value)) != NULL)
            hook->put_value(s, out, event);
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
    const struct stub_hook *hook;
    size_t before;

    if (event->kind != STUB_STOPPED) {
        put_process(s, out, event->id.pid);
        return;
    }
    if ((s->flags & STUB_NO_STOP_THREAD) == 0)
        put_name(s, out, event->id);
    if ((hook = HOOK(s, put_library)) != NULL)
        hook->put_library(s, out);
    before = out->len;
    put_whole_reason(s, out, event);
    if (out->cut)
        rsp_out_back(out, before);
}

/* ---- in JSON ---- */

void
stub_json_reason(const struct engine *s, struct rsp_json *json, const struct stub_event *event)
{
    const char *reason = stub_reason_name(s, event->reason);
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

int
stub_put_other(struct engine *s, struct rsp_out *out, struct stub_event *event)
{
    const struct stub_hook *hook;

    if (event->kind != STUB_OUTPUT)
        return (hook = HOOK(s, put_gone)) != NULL ? hook->put_gone(s, out, event) : PKT_DONE;
    put_output(out, event);
    return PKT_DONE;
}
