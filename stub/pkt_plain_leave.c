/* pkt_plain_leave.c - k D vKill where one process is all that there is, such as a board's (GDB
 * manual, "Packets"). Of several, and in non-stop mode, they are pkt_leave.c's. */
#include "stub/engine.h"

/* D and D;PID, vKill;PID, k: which process, and all that the target does about it. */
static int
let_go(struct engine *s, struct rsp_in *in)
{
    const struct rsp_id none = { 0, 0 };
    struct rsp_id id = none;
    bool named = rsp_take_if(in, ';');
    uint64_t pid = named ? rsp_take_hex(in) : 0;
    int r = stub_next_thread(s, &id);

    if (!rsp_take_end(in))
        return PKT_BAD;
    if (r == 0 || (r == 1 && named && pid != (uint64_t)id.pid))
        return -STUB_ESRCH;
    if (r == 1 && s->rx.buf[0] == 'D')
        r = s->target->detach(s->object, id.pid);
    else if (r == 1)
        r = s->target->kill(s->object, id.pid, false);
    if (r != 0)
        return r;
    s->general = s->cont = none;
    s->over = true;
    s->waiting = s->resumed = s->interrupt = false;
    return PKT_OK;
}

static int
detach(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    return let_go(s, in);
}

/* The client may go on to start another program. */
static int
kill_named(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    int r = rsp_peek(in) == ';' ? let_go(s, in) : PKT_BAD;

    (void)out;
    if (r == PKT_OK)
        s->over = false;
    return r;
}

/* gdb expects no reply, lldb an X packet; a gdb has hung up before it could mind. */
static int
kill_all(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    int r = let_go(s, in);

    if (r != PKT_OK)
        return r;
    rsp_put_text(out, "X09");
    return PKT_DONE;
}

static const struct stub_row rows[] = {
    { "k", kill_all, NEEDS(kill), ROW_BARE },
    { "vKill", kill_named, NEEDS(kill), ROW_IDLE },
    { "D", detach, NEEDS(detach), 0 },
};
const struct stub_family stub_plain_leave_packets = FAMILY(rows);
