/* events.c - stop replies: what the target has to tell, filled by rank while it fits (GDB manual,
 * "Stop Reply Packets"). Why a thread stands is reasons.c's, what only an lldb reads
 * lldb_stop.c's. */
#include "stub/engine.h"

/* ---- registers of a T packet; each is written whole or taken back ---- */

/* Register keys are at least two hex digits; lldb reads exactly two. What is not to be had is
 * left out: gdb takes x's in g and p, but here they end its session ("Invalid hex digit 120"). */
static int
put_expedited(struct engine *s, struct rsp_out *out, struct rsp_id id,
              const struct arch_register *r)
{
    size_t before = out->len, value;
    int result;

    rsp_put_hex_wide(out, r->number, 2);
    rsp_put(out, ':');
    value = out->len;
    result = stub_put_register(s, out, id, r);
    rsp_put(out, ';');
    if (result == 0 && (out->cut || out->buf[value] == 'x'))
        rsp_out_back(out, before);
    return result;
}

/* pc, sp and fp go first. */
static bool
is_first_rank(const struct arch_register *r)
{
    enum arch_role role = arch_role_of(r);

    return role == ARCH_PC || role == ARCH_SP || role == ARCH_FP;
}

static int
put_registers(struct engine *s, struct rsp_out *out, struct rsp_id id)
{
    const struct arch_layout *layout = stub_layout(s, id.pid);
    int result = 0;

    for (unsigned rank = 0; rank < 2; rank++) {
        struct arch_register r = { 0 };

        while (result == 0 && arch_next(layout, &r))
            if (r.row->group == ARCH_GENERAL && r.number <= 0xff && is_first_rank(&r) != rank)
                result = put_expedited(s, out, id, &r);
    }
    return result;
}

/* ---- whole stop replies ---- */

/* gdb (13) may hear of a process it has just attached to before it has read what registers that
 * has, and then gives up at the first one ("Remote register badly formatted"). */
static bool
is_unread(const struct engine *s, const struct stub_event *event)
{
    return s->non_stop && (s->client & CLIENT_GDB) != 0 && event->reason == STUB_NO_REASON;
}

/* A stop or an end. For a client that is told no more: why is left open. */
static int
put_state(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    /* More registers would cost more at each step than they save where one is asked for. */
    enum { LONGEST = 128 };
    bool short_form = (s->flags & STUB_ONLY_S) != 0, stopped = event->kind == STUB_STOPPED;
    int number = event->kind == STUB_EXITED ? event->status : stub_signal_out(s, event->signal);
    const struct stub_hook *hook;
    int r = 0;

    rsp_put(out, stopped && short_form ? 'S' : "TWX"[event->kind]);
    rsp_put_hex_wide(out, (uint64_t)number, 2);
    if (stopped) {
        s->over = false; /* there is something to serve, again */
        if (short_form)
            return 0;
        stub_keep_short(s, out, LONGEST);
        if ((hook = HOOK(s, put_thread)) != NULL)
            hook->put_thread(s, out, event);
    }
    if ((hook = HOOK(s, put_reason)) != NULL)
        hook->put_reason(s, out, event);
    if (stopped && HAS(s, get_register) && !is_unread(s, event))
        r = put_registers(s, out, event->id);
    if (stopped && r == 0 && (hook = HOOK(s, put_rest)) != NULL)
        r = hook->put_rest(s, out, event);
    return r;
}

int
stub_put_stop(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    const struct stub_hook *hook;

    if (event->kind <= STUB_SIGNALLED)
        return put_state(s, out, event);
    if (event->kind == STUB_FILE_REQUEST)
        return (hook = HOOK(s, put_request)) != NULL ? hook->put_request(s, out, event) : PKT_DONE;
    return (hook = HOOK(s, put_other)) != NULL ? hook->put_other(s, out, event) : PKT_DONE;
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
    const struct stub_hook *hook = stopped && HAS(s, done) ? HOOK(s, done_too) : NULL;

    stub_done(s, CHANNEL_STOP);
    if (hook != NULL)
        hook->done_too(s);
}

/* The kinds that can be told. */
static unsigned
kinds(const struct engine *s)
{
    const unsigned plain =
        1u << STUB_STOPPED | 1u << STUB_EXITED | 1u << STUB_SIGNALLED | 1u << STUB_FILE_REQUEST;

    return HOOK(s, put_other) != NULL ? STUB_ANY_EVENT : plain;
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
        s->waiting = s->resumed = s->interrupt = false;
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
    const struct stub_hook *hook;

    if (!s->waiting || !HAS(s, peek))
        return;
    if (s->interrupt)
        stub_interrupt_now(s);
    if (!s->non_stop)
        answer(s);
    else if ((hook = HOOK(s, notify)) != NULL)
        hook->notify(s);
}
