/* events.c - stop replies: what the target has to tell, filled by rank while it fits (GDB manual,
 * "Stop Reply Packets"). Why a thread stands is reasons.c's, what only an lldb reads
 * lldb_stop.c's. */
#include "stub/engine.h"

/* ---- pieces of a T packet; each is written whole or taken back ---- */

static void
put_thread(struct engine *s, struct rsp_out *out, struct rsp_id id)
{
    rsp_put_text(out, "thread:");
    stub_put_thread(s, out, id);
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

/* ---- whole stop replies ---- */

/* gdb (13) may hear of a process it has just attached to before it has read what registers that
 * has, and then gives up at the first one ("Remote register badly formatted"). */
static bool
is_unread(const struct engine *s, const struct stub_event *event)
{
    return s->non_stop && (s->client & CLIENT_GDB) != 0 && event->reason == STUB_NO_REASON;
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

/* For a client that is told no more: why is left open. */
static int
put_stopped(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    const struct stub_hooks *reason = HOOKS(s, put_reason), *rest = HOOKS(s, put_rest);
    int r;

    s->over = false; /* there is something to serve, again */
    stub_keep_short(s, out);
    rsp_put(out, (s->flags & STUB_ONLY_S) != 0 ? 'S' : 'T');
    rsp_put_hex_wide(out, (uint64_t)stub_signal_out(s, event->signal), 2);
    if ((s->flags & STUB_ONLY_S) != 0)
        return 0;
    if ((s->flags & STUB_NO_STOP_THREAD) == 0)
        put_thread(s, out, event->id);
    if (reason != NULL)
        reason->put_reason(s, out, event);
    r = is_unread(s, event) ? 0 : put_registers(s, out, event->id, true);
    if (r == 0 && !is_unread(s, event))
        r = put_registers(s, out, event->id, false);
    return r == 0 && rest != NULL ? rest->put_rest(s, out, event) : r;
}

int
stub_put_stop(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    const struct stub_hooks *other;

    switch (event->kind) {
    case STUB_STOPPED:
        return put_stopped(s, out, event);
    case STUB_EXITED:
        put_ended(s, out, 'W', event->status, event->id);
        return PKT_DONE;
    case STUB_SIGNALLED:
        put_ended(s, out, 'X', stub_signal_out(s, event->signal), event->id);
        return PKT_DONE;
    case STUB_FILE_REQUEST:
        other = HOOKS(s, put_request);
        if (other != NULL)
            other->put_request(out, event);
        return PKT_DONE;
    default:
        other = HOOKS(s, put_other);
        return other != NULL ? other->put_other(s, out, event) : PKT_DONE;
    }
}

/* ---- telling ---- */

int
stub_tell(struct engine *s, struct rsp_out *out, const struct stub_event *event, struct told *told)
{
    size_t start = out->len;
    int r = stub_put_stop(s, out, event);

    if (r == STUB_LATER)
        return r;
    *told = (struct told){ .kind = event->kind, .id = event->id };
    if (event->kind == STUB_OUTPUT)
        told->text = (uint32_t)((out->len - start) / 2); /* an O and two digits a byte */
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

void
stub_done_with_stops(struct engine *s)
{
    bool stopped = s->told[CHANNEL_STOP].kind == STUB_STOPPED;
    const struct stub_hooks *hooks = stopped && HAS(s, done) ? HOOKS(s, done_too) : NULL;

    stub_done(s, CHANNEL_STOP);
    if (hooks != NULL)
        hooks->done_too(s);
}

/* The kinds that can be told. */
static unsigned
kinds(const struct engine *s)
{
    const unsigned plain =
        1u << STUB_STOPPED | 1u << STUB_EXITED | 1u << STUB_SIGNALLED | 1u << STUB_FILE_REQUEST;

    return HOOKS(s, put_other) != NULL ? STUB_ANY_EVENT : plain;
}

/* All-stop: the client waits for this. */
static void
answer(struct engine *s)
{
    struct stub_event event = { 0 };
    struct rsp_out out = stub_body(s);

    if (s->target->peek(s->object, kinds(s), &event) != 1 ||
        stub_tell(s, &out, &event, &s->told[CHANNEL_STOP]) == STUB_LATER)
        return;
    s->reporting = true;
    if (event.kind != STUB_OUTPUT) {
        s->waiting = s->resumed = s->interrupt = s->crossed = false;
        s->stepped = event.kind == STUB_STOPPED && event.reason == STUB_TRACE;
        if (event.kind == STUB_STOPPED)
            s->general = event.id;
    }
    stub_send(s, &out);
    stub_settle(s);
}

void
stub_report(struct engine *s)
{
    const struct stub_hooks *hooks;

    if (!s->waiting || !HAS(s, peek))
        return;
    if (s->interrupt)
        stub_interrupt_now(s);
    if (!s->non_stop)
        answer(s);
    else if ((hooks = HOOKS(s, notify)) != NULL)
        hooks->notify(s);
}
