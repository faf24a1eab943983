/* stops.c - stop replies with all that a client reads, filled by rank while it fits (GDB manual,
 * "Stop Reply Packets"). Why a thread stands is reasons.c's, what only an lldb reads
 * lldb_stop.c's. */
#include "stub/engine.h"

/* gdb (13) may hear of a process it has just attached to before it has read what registers that
 * has, and then gives up at the first one ("Remote register badly formatted"). */
static bool
is_unread(const struct engine *s, const struct stub_event *event)
{
    return s->non_stop && (s->client & CLIENT_GDB) != 0 && event->reason == STUB_NO_REASON;
}

static void
put_thread(const struct engine *s, struct rsp_out *out, struct rsp_id id)
{
    if ((s->flags & STUB_NO_STOP_THREAD) != 0)
        return;
    rsp_put_text(out, "thread:");
    stub_put_thread(s, out, id);
    rsp_put(out, ';');
}

/* A program that was launched stands with SIGTRAP for gdb, and as with lldb-server with SIGSTOP
 * for lldb, which in batch mode (-b) takes any other signal for a crash and does no further
 * command. */
static int
signal_of(const struct engine *s, const struct stub_event *event)
{
    enum { LINUX_SIGTRAP = 5, LINUX_SIGSTOP = 19 };
    bool launched = event->kind == STUB_STOPPED && event->reason == STUB_NO_REASON &&
                    event->signal == LINUX_SIGTRAP && s->target->linux_signals;

    return stub_signal_out(s, launched && stub_is_lldb(s) ? LINUX_SIGSTOP : event->signal);
}

/* A stop or an end. */
static int
put_state(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    /* More registers would cost more at each step than they save where one is asked for. */
    enum { LONGEST = 128 };
    bool short_form = (s->flags & STUB_ONLY_S) != 0, stopped = event->kind == STUB_STOPPED;
    int number = event->kind == STUB_EXITED ? event->status : signal_of(s, event);
    const struct stub_hook *hook;
    bool few;
    int r = 0;

    rsp_put(out, stopped && short_form ? 'S' : "TWX"[event->kind]);
    rsp_put_hex_wide(out, (uint64_t)number, 2);
    if (stopped) {
        s->over = false; /* there is something to serve, again */
        if (short_form)
            return 0;
        stub_keep_short(s, out, LONGEST);
        put_thread(s, out, event->id);
    }
    if ((hook = HOOK(s, put_reason)) != NULL)
        hook->put_reason(s, out, event);
    few = s->frame_max != 0 && stub_is_lldb(s);
    if (stopped && HAS(s, get_register) && !is_unread(s, event))
        r = stub_put_registers(s, out, event->id, few ? 1 : 2);
    if (stopped && r == 0 && (hook = HOOK(s, put_rest)) != NULL)
        r = hook->put_rest(s, out, event);
    return r;
}

int
stub_put_full_stop(struct engine *s, struct rsp_out *out, struct stub_event *event)
{
    const struct stub_hook *hook;

    if (event->kind <= STUB_SIGNALLED)
        return put_state(s, out, event);
    if (event->kind == STUB_FILE_REQUEST)
        return (hook = HOOK(s, put_request)) != NULL ? hook->put_request(s, out, event) : PKT_DONE;
    return (hook = HOOK(s, put_other)) != NULL ? hook->put_other(s, out, event) : PKT_DONE;
}
