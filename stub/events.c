/* events.c - the target runs, what it then has to tell, and the plain stop reply: the signal, pc
 * sp fp (GDB manual, "Stop Reply Packets"). One that says more is stops.c's. */
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

int
stub_put_registers(struct engine *s, struct rsp_out *out, struct rsp_id id, unsigned ranks)
{
    const struct arch_layout *layout = stub_layout(s, id.pid);
    int result = 0;

    for (unsigned rank = 0; rank < ranks; rank++) {
        struct arch_register r = { 0 };

        while (result == 0 && arch_next(layout, &r))
            if (r.row->group == ARCH_GENERAL && r.number <= 0xff && is_first_rank(&r) != rank)
                result = put_expedited(s, out, id, &r);
    }
    return result;
}

/* ---- whole stop replies ---- */

int
stub_put_stop(struct engine *s, struct rsp_out *out, struct stub_event *event)
{
    const struct stub_hook *hook = HOOK(s, put_stop);

    if (hook != NULL)
        return hook->put_stop(s, out, event);
    rsp_put(out, "TWX"[event->kind]);
    rsp_put_hex_wide(out, (uint64_t)(event->kind == STUB_EXITED ? event->status : event->signal),
                     2);
    return event->kind == STUB_STOPPED ? stub_put_registers(s, out, event->id, 1) : 0;
}

bool
stub_does_files(const struct stub *stub)
{
    const struct engine *s = (const struct engine *)(const void *)stub->opaque;

    return s->waiting && !s->non_stop && stub_is_gdb(s) && HOOK(s, put_request) != NULL;
}

/* ---- resuming ---- */

struct stub_action
stub_action(struct stub *stub, struct rsp_id thread)
{
    struct engine *s = ENGINE_OF(stub);
    const struct stub_hook *hook = HOOK(s, action);
    struct stub_action a = { .kind = STUB_CONTINUE };

    if (hook != NULL)
        return hook->action(s, thread);
    if ((s->rx.buf[0] | 0x20) == 's') /* or S */
        a.kind = thread.tid == s->general.tid ? STUB_STEP : STUB_STAY;
    return a;
}

int
stub_resume(struct engine *s)
{
    const struct stub_hook *hook = HOOK(s, start);
    int r = hook != NULL ? hook->start(s) : s->target->resume(s->object, (struct stub *)(void *)s);

    return r == 0 ? PKT_QUIET : r;
}

/* ---- telling ---- */

int
stub_tell(struct engine *s, struct rsp_out *out, struct stub_event *event, struct told *told)
{
    int r = stub_put_stop(s, out, event);

    if (r != STUB_LATER)
        *told = (struct told){ .kind = event->kind,
                               .id = event->id,
                               .text = (uint32_t)event->text_size };
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
    const struct stub_hook *hook = HOOK(s, done_too);

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
        bool hit = event.kind == STUB_STOPPED && event.reason >= STUB_SWBREAK &&
                   event.reason <= STUB_AWATCH && stub_is_gdb(s);

        s->waiting = s->resumed = false;
        s->stepped = hit || (event.kind == STUB_STOPPED && event.reason == STUB_TRACE);
        s->interrupt = hit && s->asked;
        s->asked = false;
        if (event.kind == STUB_STOPPED)
            s->general = event.id;
    }
    stub_send(s, &out);
    stub_settle(s);
}

void
stub_report(struct engine *s)
{
    if (!s->waiting || !HAS(s, peek))
        return;
    if (s->interrupt)
        stub_interrupt_now(s);
    if (s->non_stop)
        HOOK(s, notify)->notify(s);
    else
        answer(s);
}
