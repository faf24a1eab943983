/* pkt_plain.c - qSupported ? c s C S, no more of them than a debugger cannot do without (GDB
 * manual, "General Query Packets" and "Packets"): for a target of one thread on a line that is
 * sound. Who wants more names stub_start_packets and stub_run_packets instead. */
#include "stub/engine.h"

static int
read_supported(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)in;
    rsp_put_text(out, "PacketSize=");
    rsp_put_hex(out, stub_packet_size(s));
    stub_put_told_rows(s, out);
    return PKT_DONE;
}

/* The last stop is told again, or why nothing moves; a program that runs is stopped first. */
static int
say_why(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    const struct rsp_id any = { 0, 0 };
    struct stub_event event = { .kind = STUB_STOPPED };

    (void)in;
    if (HAS(s, again))
        s->target->again(s->object);
    s->interrupt = HAS(s, running) && s->target->running(s->object, any) == 1;
    if (s->interrupt || (HAS(s, peek) && s->target->peek(s->object, STUB_ANY_EVENT, &event) == 1))
        return PKT_QUIET;
    (void)stub_next_thread(s, &event.id);
    s->general = event.id;
    return stub_put_stop(s, out, &event);
}

/* c and s, and C and S, whose signal is let fall, for who has none. Where those are not known gdb
 * (13, 16) says so, and never sends the c that it then wants to. */
static int
run(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    if (rsp_left(in) > 0)
        (void)rsp_take_hex(in);
    return rsp_take_end(in) ? stub_resume(s) : PKT_BAD;
}

static const struct stub_row rows[] = {
    { "qSupported", read_supported, 0, ROW_CUT },
    { "?", say_why, 0, ROW_BARE },
    { "c", run, NEEDS(resume), ROW_BARE | ROW_RESUMES },
    { "s", run, NEEDS(resume), ROW_BARE | ROW_RESUMES },
    { "C", run, NEEDS(resume), ROW_GLUED | ROW_RESUMES },
    { "S", run, NEEDS(resume), ROW_GLUED | ROW_RESUMES },
};
const struct stub_family stub_plain_packets = FAMILY(rows);
