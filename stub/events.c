/* events.c - stop replies: what the target has to tell, filled by rank while it fits
 * (GDB manual, "Stop Reply Packets"; LLDB's docs, "stop reply packet extensions"). */
#include "stub/engine.h"

#include <string.h>

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

/* What is known of a fault beyond its signal. */
static void
put_cause(struct rsp_out *out, const struct stub_event *event)
{
    const char *cause = rsp_signal_cause(event->signal, event->status);

    if (cause == NULL)
        return;
    rsp_put_text(out, ": ");
    rsp_put_text(out, cause);
    if (rsp_signal_has_address(event->signal)) {
        rsp_put_text(out, " (fault address=0x");
        rsp_put_hex(out, event->address);
        rsp_put(out, ')');
    }
}

/* Words for the user about a stop ("signal SIGSEGV"), or the numbers of a watchpoint or a child as
 * lldb wants them; into buf, NUL-terminated. */
enum { WORDS_MAX = 128 };

static void
describe_stop(const struct engine *s, const struct stub_event *event, char *buf, size_t size)
{
    struct rsp_out out = rsp_out_to((uint8_t *)buf, size - 1);

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
    } else if (event->reason == STUB_SIGNAL && s->target->linux_signals) {
        rsp_put_text(&out, "signal ");
        rsp_put_text(&out, rsp_signal_name(event->signal));
        put_cause(&out, event);
    }
    buf[out.len] = '\0';
}

/* ---- pieces of a T packet; each is written whole or taken back ---- */

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
put_reason(struct engine *s, struct rsp_out *out, const struct stub_event *event)
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

static void
put_thread_and_name(struct engine *s, struct rsp_out *out, struct rsp_id id)
{
    struct stub_thread_info info = { .core = -1 };
    size_t length = 0;

    put_key(out, "thread");
    stub_put_thread(s, out, id);
    rsp_put(out, ';');
    if ((s->client & CLIENT_GDB) != 0 || !HAS(s, thread_info) ||
        s->target->thread_info(s->object, id, &info) != 0 || info.name[0] == '\0')
        return;
    /* A name that would end its own field is let go: LLDB has no escape for it here. */
    while (length < sizeof(info.name) && info.name[length] != '\0') {
        if (info.name[length] == ';' || info.name[length] == ':')
            return;
        length++;
    }
    put_key(out, "name");
    rsp_put_escaped(out, info.name, length);
    rsp_put(out, ';');
}

/* Register keys are at least two hex digits; lldb reads exactly two. What is not to be had is
 * left out: gdb takes x's in g and p, but here they end its session ("Invalid hex digit 120"). */
static int
put_expedited(struct engine *s, struct rsp_out *out, struct rsp_id id,
              const struct arch_register *r)
{
    struct rsp_out before = *out;
    size_t value;
    int result;

    rsp_put_hex_wide(out, r->number, 2);
    rsp_put(out, ':');
    value = out->len;
    result = stub_put_register(s, out, id, r);
    rsp_put(out, ';');
    if (result == 0 && (out->cut || out->buf[value] == 'x'))
        *out = before;
    return result;
}

static bool
is_first_rank(const struct arch_register *r)
{
    enum arch_role role = arch_role_of(r);

    return role == ARCH_PC || role == ARCH_SP || role == ARCH_FP;
}

static int
put_registers(struct engine *s, struct rsp_out *out, struct rsp_id id, bool first_rank)
{
    const struct arch_layout *layout = stub_layout(s, id.pid);
    struct arch_register r = { 0 };

    if (!HAS(s, get_register))
        return 0;
    while (arch_next(layout, &r)) {
        int result;

        if (r.row->group != ARCH_GENERAL || r.number > 0xff || is_first_rank(&r) != first_rank)
            continue;
        result = put_expedited(s, out, id, &r);
        if (result != 0)
            return result;
    }
    return 0;
}

/* Steps through the threads of one process. */
static int
next_thread_of(struct engine *s, int64_t pid, struct rsp_id *at)
{
    int r;

    do
        r = stub_next_thread(s, at);
    while (r == 1 && at->pid != pid);
    return r;
}

static int
put_thread_ids(struct engine *s, struct rsp_out *out, int64_t pid)
{
    struct rsp_id at = { 0, 0 };
    int r;

    put_key(out, "threads");
    for (bool more = false; (r = next_thread_of(s, pid, &at)) == 1; more = true) {
        if (more)
            rsp_put(out, ',');
        stub_put_thread(s, out, at);
        if (out->cut)
            return 0;
    }
    rsp_put(out, ';');
    return r;
}

static int
put_thread_pcs(struct engine *s, struct rsp_out *out, int64_t pid)
{
    struct rsp_id at = { 0, 0 };
    int r;

    put_key(out, "thread-pcs");
    for (bool more = false; (r = next_thread_of(s, pid, &at)) == 1; more = true) {
        bool late = false;
        uint64_t pc;

        if (!stub_get_role(s, at, ARCH_PC, &pc, &late))
            pc = 0;
        if (late)
            return STUB_LATER;
        if (more)
            rsp_put(out, ',');
        rsp_put_hex(out, pc);
        if (out->cut)
            return 0;
    }
    rsp_put(out, ';');
    return r;
}

/* Threads and their PCs: both or none. */
static int
put_thread_list(struct engine *s, struct rsp_out *out, int64_t pid)
{
    struct rsp_out before = *out;
    int r = put_thread_ids(s, out, pid);

    if (r == 0 && !out->cut)
        r = put_thread_pcs(s, out, pid);
    if (r == 0 && out->cut)
        *out = before;
    return r;
}

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

/* One thread's entry in jstopinfo; threads without a reason have none. */
static int
put_stop_info(struct engine *s, struct rsp_json *json, struct rsp_id id)
{
    struct stub_event event;
    int r = s->target->stop_of(s->object, id, &event);

    if (r != 0 || stub_reason_name(event.reason) == NULL)
        return r == STUB_LATER ? r : 0;
    rsp_json_open(json, '{');
    rsp_json_key(json, "tid");
    rsp_json_dec(json, (uint64_t)id.tid);
    stub_json_reason(s, json, &event);
    rsp_json_close(json, '}');
    return 0;
}

/* The JSON is written where its digits will end and spread over the room before it. */
static int
put_stop_infos(struct engine *s, struct rsp_out *out, int64_t pid)
{
    struct rsp_out before = *out, text;
    struct rsp_json json;
    struct rsp_id at = { 0, 0 };
    size_t half;
    int r;

    put_key(out, "jstopinfo");
    half = rsp_out_room(out) / 2;
    text = rsp_out_to(out->buf + out->len + half, half);
    json = rsp_json_to(&text);
    json.plain = true;
    rsp_json_open(&json, '[');
    while ((r = next_thread_of(s, pid, &at)) == 1 && !text.cut)
        if ((r = put_stop_info(s, &json, at)) != 0)
            break;
    rsp_json_close(&json, ']');
    if (r == STUB_LATER)
        return r;
    memmove(out->buf + out->len + text.len, text.buf, text.len);
    rsp_put_hex_bytes(out, out->buf + out->len + text.len, text.len);
    rsp_put(out, ';');
    if (out->cut || text.cut || text.len <= 2)
        *out = before;
    return 0;
}

/* ---- whole stop replies ---- */

/* gdb (13) may hear of a process it has just attached to before it has read what registers that
 * has, and then gives up at the first one ("Remote register badly formatted"). */
static bool
is_unread(const struct engine *s, const struct stub_event *event)
{
    return s->non_stop && (s->client & CLIENT_GDB) != 0 && event->reason == STUB_NO_REASON;
}

static int
put_stopped(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    struct rsp_out before;
    int r;

    s->over = false; /* there is something to serve, again */
    rsp_put(out, (s->flags & STUB_ONLY_S) != 0 ? 'S' : 'T');
    rsp_put_hex_wide(out, (uint64_t)stub_signal_out(s, event->signal), 2);
    if ((s->flags & STUB_ONLY_S) != 0)
        return 0;
    if ((s->flags & STUB_NO_STOP_THREAD) == 0)
        put_thread_and_name(s, out, event->id);
    before = *out;
    put_reason(s, out, event);
    if (out->cut)
        *out = before;
    r = is_unread(s, event) ? 0 : put_registers(s, out, event->id, true);
    if (r == 0 && !is_unread(s, event))
        r = put_registers(s, out, event->id, false);
    if (r == 0 && (s->client & CLIENT_LIST_THREADS) != 0)
        r = put_thread_list(s, out, event->id.pid);
    if (r == 0 && (s->client & CLIENT_LIST_THREADS) != 0 && HAS(s, stop_of))
        r = put_stop_infos(s, out, event->id.pid);
    return r == 0 ? stub_put_ahead(s, out, event->id) : r;
}

static void
put_ended(struct engine *s, struct rsp_out *out, char letter, int number, struct rsp_id id)
{
    rsp_put(out, letter);
    rsp_put_hex_wide(out, (uint64_t)number & 0xff, 2);
    if ((s->client & CLIENT_MULTIPROCESS) != 0) {
        rsp_put_text(out, ";process:");
        rsp_put_hex(out, (uint64_t)id.pid);
    }
}

/* As much of the text as fits: two digits for each byte of it. */
static void
put_output(struct rsp_out *out, const struct stub_event *event)
{
    size_t n;

    rsp_put(out, 'O');
    n = rsp_out_room(out) / 2;
    if (n > event->text_size)
        n = event->text_size;
    rsp_put_hex_bytes(out, event->text, n);
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
        return put_stopped(s, out, &event);
    rsp_put(out, 'N');
    return PKT_DONE;
}

int
stub_put_stop(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    switch (event->kind) {
    case STUB_EXITED:
        put_ended(s, out, 'W', event->status, event->id);
        break;
    case STUB_SIGNALLED:
        put_ended(s, out, 'X', stub_signal_out(s, event->signal), event->id);
        break;
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
        return put_stopped(s, out, event);
    }
    return PKT_DONE;
}

/* ---- telling ---- */

/* What each channel is called, and the kinds of events that it carries. */
static const struct {
    const char *name;
    unsigned kinds;
} channels[CHANNELS] = {
    [CHANNEL_STOP] = { "Stop:", STUB_ANY_EVENT & ~(1u << STUB_OUTPUT) },
    [CHANNEL_OUTPUT] = { "Stdio:", 1u << STUB_OUTPUT }, /* lldb-server's own */
};

/* Writes what is to be said of an event and keeps in *told what its done() needs. */
static int
tell(struct engine *s, struct rsp_out *out, const struct stub_event *event, struct told *told)
{
    size_t start = out->len;
    int r = stub_put_stop(s, out, event);

    if (r == STUB_LATER)
        return r;
    *told = (struct told){ .kind = event->kind, .id = event->id };
    if (event->kind == STUB_OUTPUT)
        told->text = (out->len - start) / 2; /* an O and two digits a byte */
    return r;
}

void
stub_done(struct engine *s, enum channel channel)
{
    const struct told *told = &s->told[channel];
    struct stub_event event = { .kind = told->kind, .id = told->id, .text_size = told->text };

    if (HAS(s, done))
        s->target->done(s->object, &event);
}

/* A stop reply to an lldb that lists threads, and jThreadsInfo after it, say why every thread
 * stands; it deals with all of them at once, and to hear of one again would be a second event. */
void
stub_done_with_stops(struct engine *s)
{
    struct stub_event event = { 0 };
    bool stopped = s->told[CHANNEL_STOP].kind == STUB_STOPPED;

    stub_done(s, CHANNEL_STOP);
    if (!stopped || (s->client & CLIENT_LIST_THREADS) == 0 || !HAS(s, done))
        return;
    while (s->target->peek(s->object, 1u << STUB_STOPPED, &event) == 1)
        s->target->done(s->object, &event);
}

void
stub_unnotify(struct engine *s)
{
    for (unsigned i = 0; i < CHANNELS; i++)
        s->told[i].notified = false;
}

/* All-stop: the client waits for this. */
static void
answer(struct engine *s)
{
    struct stub_event event = { 0 };
    struct rsp_out out = stub_body(s);

    if (s->target->peek(s->object, STUB_ANY_EVENT, &event) != 1 ||
        tell(s, &out, &event, &s->told[CHANNEL_STOP]) == STUB_LATER)
        return;
    s->reporting = true;
    if (event.kind != STUB_OUTPUT) {
        s->waiting = s->resumed = s->interrupt = false;
        if (event.kind == STUB_STOPPED)
            s->general = event.id;
    }
    stub_send(s, &out);
    stub_settle(s);
}

/* No notification of gdb's carries output: it is let go, so that the program does not block. */
static void
swallow_output(struct engine *s)
{
    struct stub_event event = { 0 };

    if (s->target->peek(s->object, channels[CHANNEL_OUTPUT].kinds, &event) == 1 && HAS(s, done))
        s->target->done(s->object, &event);
}

/* Non-stop: what happened is notified, once; the client then asks on with vStopped or vStdio. */
static void
notify(struct engine *s, enum channel channel)
{
    struct stub_event event = { 0 };
    struct rsp_out out = stub_body(s);

    if (s->told[channel].notified ||
        s->target->peek(s->object, channels[channel].kinds, &event) != 1)
        return;
    rsp_put_text(&out, channels[channel].name);
    if (tell(s, &out, &event, &s->told[channel]) == STUB_LATER)
        return;
    s->told[channel].notified = true;
    stub_send_notice(s, &out);
    stub_settle(s);
}

int
stub_tell_next(struct engine *s, struct rsp_out *out, enum channel channel)
{
    struct stub_event event = { 0 };
    struct told told;
    int r = HAS(s, peek) ? s->target->peek(s->object, channels[channel].kinds, &event) : 0;

    if (r == 1)
        r = tell(s, out, &event, &told);
    else if (r == 0)
        r = PKT_OK;
    if (r == PKT_DONE)
        s->told[channel] = told;
    if (r != STUB_LATER)
        s->told[channel].notified = r == PKT_DONE;
    return r;
}

void
stub_report(struct engine *s)
{
    if (!s->waiting || !HAS(s, peek))
        return;
    if (s->interrupt)
        stub_interrupt_now(s);
    if (!s->non_stop) {
        answer(s);
        return;
    }
    notify(s, CHANNEL_STOP);
    if (!stub_output_free(s))
        return;
    if ((s->client & CLIENT_LLDB) != 0)
        notify(s, CHANNEL_OUTPUT);
    else
        swallow_output(s);
}
