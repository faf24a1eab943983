/* pkt_nonstop.c - QNonStop, vStopped, vStdio: what happens is notified (GDB manual, "Remote
 * Non-Stop"). */
#include "stub/engine.h"

/* ---- notifications ---- */

/* What each channel is called, and the kinds of events that it carries. */
static const struct {
    const char *name;
    unsigned kinds;
} channels[CHANNELS] = {
    [CHANNEL_STOP] = { "Stop:", STUB_ANY_EVENT & ~(1u << STUB_OUTPUT) },
    [CHANNEL_OUTPUT] = { "Stdio:", 1u << STUB_OUTPUT }, /* lldb-server's own */
};

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
notify_channel(struct engine *s, enum channel channel)
{
    struct stub_event event = { 0 };
    struct rsp_out out = stub_body(s);

    if (s->told[channel].notified ||
        s->target->peek(s->object, channels[channel].kinds, &event) != 1)
        return;
    rsp_put_text(&out, channels[channel].name);
    if (stub_tell(s, &out, &event, &s->told[channel]) == STUB_LATER)
        return;
    s->told[channel].notified = true;
    stub_send_notice(s, &out);
    stub_settle(s);
}

static void
notify(struct engine *s)
{
    notify_channel(s, CHANNEL_STOP);
    if (!stub_output_free(s))
        return;
    if ((s->client & CLIENT_LLDB) != 0)
        notify_channel(s, CHANNEL_OUTPUT);
    else
        swallow_output(s);
}

/* ---- resuming ---- */

int
stub_start_any(struct engine *s)
{
    const struct stub_hook *hook = HOOK(s, may_resume);
    int r = hook != NULL ? hook->may_resume(s) : 0;

    if (r == 0)
        r = s->target->resume(s->object, (struct stub *)(void *)s);
    if (r != 0 || !s->non_stop)
        return r;
    if ((s->client & CLIENT_LLDB) != 0)
        s->told[CHANNEL_STOP].notified = false; /* it need not ask on after the last one */
    s->waiting = true;
    return PKT_OK;
}

/* ---- asked for ---- */

int
stub_tell_next(struct engine *s, struct rsp_out *out, enum channel channel)
{
    struct stub_event event = { 0 };
    struct told told;
    int r = HAS(s, peek) ? s->target->peek(s->object, channels[channel].kinds, &event) : 0;

    if (r == 1)
        r = stub_tell(s, out, &event, &told);
    else if (r == 0)
        r = PKT_OK;
    if (r == PKT_DONE)
        s->told[channel] = told;
    if (r != STUB_LATER)
        s->told[channel].notified = r == PKT_DONE;
    return r;
}

/* `?`: every thread that stands is told, the first here, the others by vStopped. */
static int
say_standing(struct engine *s, struct rsp_out *out)
{
    int r = stub_tell_next(s, out, CHANNEL_STOP);

    if (r == PKT_DONE || r == PKT_OK)
        s->waiting = true;
    return r;
}

/* QNonStop:0 and QNonStop:1 */
static int
set_non_stop(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    bool lldb = (s->client & CLIENT_LLDB) != 0;
    enum stub_stop_mode mode = lldb ? STUB_PROCESS_STOP : STUB_NON_STOP;
    uint64_t on;
    int r;

    (void)out;
    rsp_take(in, ':');
    on = rsp_take_hex(in);
    if (!rsp_take_end(in) || on > 1)
        return PKT_BAD;
    if (on == 0)
        mode = STUB_ALL_STOP;
    r = s->target->stop_mode(s->object, mode);
    if (r != 0)
        return r;
    s->waiting = s->resumed = s->interrupt = false;
    s->told[CHANNEL_STOP].notified = s->told[CHANNEL_OUTPUT].notified = false;
    s->non_stop = on == 1;
    return PKT_OK;
}

/* What was notified has been heard; the reply is the next of its channel. */
static int
tell_next(struct engine *s, struct rsp_in *in, struct rsp_out *out, enum channel channel)
{
    enum { NOTHING_NOTIFIED = 0xff }; /* lldb-server's number */

    if (!rsp_take_end(in))
        return PKT_BAD;
    if (!s->told[channel].notified)
        return (s->client & CLIENT_LLDB) != 0 ? -NOTHING_NOTIFIED : PKT_OK;
    stub_done(s, channel);
    s->told[channel].text = 0; /* not twice, when the next answer is late */
    return stub_tell_next(s, out, channel);
}

static int
tell_next_stop(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return tell_next(s, in, out, CHANNEL_STOP);
}

static int
tell_next_output(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return tell_next(s, in, out, CHANNEL_OUTPUT);
}

static const struct stub_row rows[] = {
    { "QNonStop", set_non_stop, NEEDS(stop_mode), ROW_IDLE | ROW_TOLD },
    { "vStopped", tell_next_stop, NEEDS(stop_mode), ROW_IDLE },
    { "vStdio", tell_next_output, NEEDS(stop_mode), ROW_IDLE },
};
static const struct stub_hook hooks[] = {
    HOOKED(start, stub_start_any),
    HOOKED(say_standing, say_standing),
    HOOKED(notify, notify),
};
const struct stub_family stub_nonstop_packets = FAMILY_WITH(rows, hooks);
