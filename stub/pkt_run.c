/* pkt_run.c - c and s: the target runs, from another address, or one thread of several (GDB
 * manual, "Packets"). Signals and actions for each thread are pkt_vcont.c's. */
#include "stub/engine.h"

/* c is for all threads unless Hc names one; to lldb Hc names a process. Threads yet to be born go
 * on with their creators. */
static bool
is_meant(const struct engine *s, struct rsp_id current, struct rsp_id thread)
{
    bool process = current.pid <= 0 || current.pid == thread.pid;

    if ((s->client & CLIENT_LLDB) != 0 || thread.tid == 0)
        return process;
    return s->cont.tid <= 0;
}

/* Steps are for the thread of Hc or the current one. */
struct stub_action
stub_plain_action(const struct engine *s, bool step, struct rsp_id thread, bool *is_current)
{
    struct rsp_id current = s->cont.tid > 0 ? s->cont : s->general;
    struct stub_action a = { .kind = STUB_STAY };

    *is_current = thread.tid != 0 && (current.tid <= 0 || current.tid == thread.tid);
    if (*is_current || (!step && is_meant(s, current, thread)))
        a.kind = step ? STUB_STEP : STUB_CONTINUE;
    return a;
}

struct stub_action
stub_action_of(struct engine *s, struct rsp_id thread)
{
    struct rsp_in in = rsp_in_from(s->rx.buf, s->rx.len);
    bool step = rsp_peek(&in) == 's', is_current;
    const struct stub_hook *hook;

    if (step || rsp_peek(&in) == 'c' || (hook = HOOK(s, vcont_action)) == NULL)
        return stub_plain_action(s, step, thread, &is_current);
    return hook->vcont_action(s, &in, thread);
}

/* ---- resuming ---- */

int
stub_go_on(struct engine *s, struct rsp_in *in)
{
    const struct stub_hook *hook = NULL;
    uint64_t address = 0;
    int r = 0;

    if (rsp_left(in) > 0) {
        hook = HOOK(s, jump);
        address = rsp_take_hex(in);
        r = -STUB_ENOTSUP;
    }
    if (!rsp_take_end(in))
        return PKT_BAD;
    if (hook != NULL)
        r = hook->jump(s, address);
    return r != 0 ? r : stub_resume(s);
}

/* c [addr] and s [addr] */
static int
run(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    return stub_go_on(s, in);
}

static const struct stub_row rows[] = {
    { "c", run, NEEDS(resume), ROW_GLUED | ROW_RESUMES },
    { "s", run, NEEDS(resume), ROW_GLUED | ROW_RESUMES },
};
static const struct stub_hook hooks[] = { HOOKED(action, stub_action_of) };
const struct stub_family stub_run_packets = FAMILY_WITH(rows, hooks);
