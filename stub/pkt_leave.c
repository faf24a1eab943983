/* pkt_leave.c - k D vKill: processes are let go (GDB manual, "Packets"). */
#include "stub/engine.h"

/* Says in *others whether a process beside pid is served. Asked before the deed, which comes last
 * in its handler, so that a late answer never does it twice. */
static int
any_others(struct engine *s, int64_t pid, bool *others)
{
    struct rsp_id id = { 0, 0 };
    int r;

    *others = false;
    while ((r = stub_next_thread(s, &id)) == 1)
        *others = *others || id.pid != pid;
    return r;
}

/* The process that Hg names: 0, -STUB_ESRCH or STUB_LATER. */
static int
current_pid(struct engine *s, int64_t *pid)
{
    struct rsp_id id = s->general;
    int r = stub_settle_id(s, &id);

    *pid = id.pid;
    return r;
}

static int
first_pid(struct engine *s, int64_t *pid)
{
    struct rsp_id id = { 0, 0 };
    int r = stub_settle_id(s, &id);

    *pid = id.pid;
    return r;
}

/* A process of its own number: 0 ("any") and what no process can have are none. 0, PKT_BAD or
 * -STUB_ESRCH. */
static int
take_pid(struct rsp_in *in, int64_t *pid)
{
    uint64_t number = rsp_take_hex(in);

    if (!rsp_take_end(in))
        return PKT_BAD;
    *pid = number > INT64_MAX ? 0 : (int64_t)number;
    return *pid == 0 ? -STUB_ESRCH : 0;
}

/* A process is gone. Without others nothing is left that could stop: the client waits no more. */
static void
let_go(struct engine *s, int64_t pid, bool others)
{
    const struct rsp_id none = { 0, 0 };

    if (s->general.pid == pid)
        s->general = none;
    if (s->cont.pid == pid)
        s->cont = none;
    s->over = !others;
    if (!others)
        s->waiting = s->resumed = s->interrupt = false;
}

/* Non-stop: OK, and the ends are notified. */
static int
kill_and_tell(struct engine *s, int64_t pid, bool others)
{
    int r = s->target->kill(s->object, pid, true);

    if (r != 0)
        return r;
    s->waiting = true;
    return others ? PKT_MORE : PKT_OK;
}

/* k ends everything: gdb expects no reply and lldb an X packet a process; a gdb has hung up
 * before it could mind. */
static int
kill_all(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)in;
    enum { SIGKILL_EVERYWHERE = 9 };
    struct stub_event end = { .kind = STUB_SIGNALLED, .signal = SIGKILL_EVERYWHERE };
    bool others;
    int r;

    r = first_pid(s, &end.id.pid);
    if (r == 0)
        r = any_others(s, end.id.pid, &others);
    if (r == 0 && s->non_stop)
        return kill_and_tell(s, end.id.pid, others);
    if (r == 0)
        r = s->target->kill(s->object, end.id.pid, false);
    if (r != 0)
        return r;
    let_go(s, end.id.pid, others);
    r = stub_put_stop(s, out, &end);
    return r == PKT_DONE && others ? PKT_MORE : r;
}

/* vKill;pid: the client may go on to start another program. */
static int
kill_pid(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    int64_t pid;
    bool others;
    int r;

    (void)out;
    rsp_take(in, ';');
    r = take_pid(in, &pid);
    if (r == 0)
        r = any_others(s, pid, &others);
    if (r == 0)
        r = s->target->kill(s->object, pid, false);
    if (r != 0)
        return r;
    let_go(s, pid, others);
    s->over = false;
    return PKT_OK;
}

/* D;pid, and D: gdb means its current process, lldb all of them. */
static int
detach(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    bool named = rsp_take_if(in, ';'), lldb = (s->client & CLIENT_LLDB) != 0;
    int64_t pid;
    bool others;
    int r;

    (void)out;
    if (named)
        r = take_pid(in, &pid);
    else if (!rsp_take_end(in))
        r = PKT_BAD;
    else
        r = lldb ? first_pid(s, &pid) : current_pid(s, &pid);
    if (r == 0)
        r = any_others(s, pid, &others);
    if (r == 0)
        r = s->target->detach(s->object, pid);
    if (r != 0)
        return r;
    let_go(s, pid, others);
    return !named && lldb && others ? PKT_MORE : PKT_OK;
}

static const struct stub_row rows[] = {
    { "k", kill_all, NEEDS(kill), ROW_BARE },
    { "vKill", kill_pid, NEEDS(kill), ROW_IDLE },
    { "D", detach, NEEDS(detach), 0 },
};
const struct stub_family stub_leave_packets = FAMILY(rows);
