/* pkt_start.c - qSupported, no-ack mode and `?` (GDB manual, "General Query Packets"). */
#include "stub/engine.h"

/* ---- qSupported ---- */

static int
read_supported(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    const struct stub_hook *hook = HOOK(s, take_words);
    int r = hook != NULL ? hook->take_words(s, in) : 0;

    if (r != 0)
        return r;
    rsp_put_text(out, "PacketSize=");
    rsp_put_hex(out, stub_packet_size(s));
    if ((hook = HOOK(s, say_words)) != NULL)
        hook->say_words(s, out);
    stub_put_told_rows(s, out);
    return PKT_DONE;
}

static int
start_no_ack(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)in;
    (void)out;
    if ((s->flags & STUB_UNRELIABLE) != 0)
        return PKT_EMPTY;
    s->no_ack_next = !s->no_ack;
    return PKT_OK;
}

/* ---- ? ---- */

/* Nothing to debug: gdb wants an exit, lldb an OK. */
static int
say_nothing_there(struct engine *s, struct rsp_out *out)
{
    if ((s->client & CLIENT_LLDB) != 0)
        return PKT_OK;
    rsp_put_text(out, "W00");
    return PKT_DONE;
}

/* Everything stands and no event is left to tell: say why one thread stands. */
static int
say_standing(struct engine *s, struct rsp_out *out, struct rsp_id id)
{
    struct stub_event event = { .kind = STUB_STOPPED, .id = id };
    int r = 0;

    if (HAS(s, stop_of))
        r = s->target->stop_of(s->object, id, &event);
    if (r == STUB_LATER)
        return r;
    s->general = id;
    return stub_put_stop(s, out, &event);
}

/* The last stop is told again; a program that runs is stopped first, as its client expects. */
static int
say_why(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    const struct stub_hook *hook;
    struct stub_event event;
    struct rsp_id id = { 0, 0 };
    int r;

    (void)in;
    if (HAS(s, again))
        s->target->again(s->object);
    if (s->non_stop && (hook = HOOK(s, say_standing)) != NULL)
        return hook->say_standing(s, out);
    r = HAS(s, peek) ? s->target->peek(s->object, STUB_ANY_EVENT, &event) : 0;
    if (r == 1)
        return PKT_QUIET;
    if (r == 0)
        r = stub_next_thread(s, &id);
    if (r == 0)
        return say_nothing_there(s, out);
    if (r == STUB_LATER)
        return r;
    r = HAS(s, running) ? s->target->running(s->object, (struct rsp_id){ 0, 0 }) : 0;
    if (r == 0)
        return say_standing(s, out, id);
    if (r == STUB_LATER)
        return r;
    s->interrupt = true;
    return PKT_QUIET;
}

static const struct stub_row rows[] = {
    { "qSupported", read_supported, 0, ROW_CUT | ROW_IDLE },
    { "QStartNoAckMode", start_no_ack, 0, ROW_BARE | ROW_IDLE | ROW_NOT_LOSSY | ROW_TOLD },
    { "?", say_why, 0, ROW_BARE | ROW_IDLE },
};
const struct stub_family stub_start_packets = FAMILY(rows);
