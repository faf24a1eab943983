/* pkt_thread.c - H T qC qfThreadInfo qsThreadInfo: which threads there are (GDB manual,
 * "Packets" and "General Query Packets"). */
#include "stub/engine.h"

/* Error numbers that LLDB's testsuite asks for: lldb-server's. */
enum { H_NO_THREAD = 0x15, H_NO_PROCESS = 0xff, T_NO_PROCESS = 1, T_NO_THREAD = 2, C_NONE = 0x44 };

/* Settles id; when there is no such thread, says which half of it is wrong. */
static int
settle(struct engine *s, struct rsp_id *id, int no_thread, int no_process)
{
    struct rsp_id process = { id->pid, 0 };
    int r = stub_settle_id(s, id);

    if (r != -STUB_ESRCH)
        return r;
    r = stub_settle_id(s, &process);
    if (r == -STUB_ESRCH)
        return -no_process;
    return r == 0 ? -no_thread : r;
}

/* ---- H and T ---- */

/* "Any" leaves a thread chosen that is among those meant: the one that stopped last. */
static int
keep_general(struct engine *s, struct rsp_id *id)
{
    struct rsp_id now = s->general;
    bool fits = now.tid > 0 && (id->pid <= 0 || id->pid == now.pid);
    int r = fits ? stub_settle_id(s, &now) : -STUB_ESRCH;

    if (r == 0)
        *id = now;
    return r == -STUB_ESRCH ? 0 : r;
}

static int
choose_thread(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    bool general = rsp_take_if(in, 'g');
    struct rsp_id id, settled;
    int r;

    (void)out;
    if (!general)
        rsp_take(in, 'c');
    id = stub_take_id(s, in);
    if (!rsp_take_end(in))
        return PKT_BAD;
    settled = id;
    r = settle(s, &settled, H_NO_THREAD, H_NO_PROCESS);
    if (id.tid > 0)
        id = settled;
    else if (r == 0 && general)
        r = keep_general(s, &id);
    if (r != 0)
        return r;
    *(general ? &s->general : &s->cont) = id;
    return PKT_OK;
}

static int
is_alive(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_id id = stub_take_id(s, in);
    int r;

    (void)out;
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = settle(s, &id, T_NO_THREAD, T_NO_PROCESS);
    return r == 0 ? PKT_OK : r;
}

/* ---- which threads there are ---- */

static int
say_current(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_id id = s->general;
    int r;

    (void)in;
    r = stub_settle_id(s, &id);
    if (r != 0)
        return r == STUB_LATER ? r : -C_NONE;
    rsp_put_text(out, "QC");
    stub_put_thread(s, out, id);
    return PKT_DONE;
}

/* As many threads behind *at as fit; the cursor moves only when the answer is ready. */
static int
list_from(struct engine *s, struct rsp_id at, struct rsp_out *out)
{
    struct rsp_id last = at;
    int r;

    rsp_put(out, 'm');
    while ((r = stub_next_thread(s, &at)) == 1) {
        size_t before = out->len;

        if (before > 1)
            rsp_put(out, ',');
        stub_put_thread(s, out, at);
        if (out->cut) {
            rsp_out_back(out, before);
            break;
        }
        last = at;
    }
    if (r == STUB_LATER)
        return r;
    if (out->len == 1)
        out->buf[0] = 'l';
    s->cursor = last;
    return PKT_DONE;
}

/* An lldb takes an empty list for one thread that has no number, and would debug that; OK, which
 * is lldb-server's answer, it takes for no process. */
static int
list_first(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_id none = { 0, 0 }, first = none;
    int r = stub_next_thread(s, &first);

    (void)in;
    if (r == 0 && (s->client & CLIENT_LLDB) != 0)
        return PKT_OK;
    return r == STUB_LATER ? r : list_from(s, none, out);
}

static int
list_more(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return rsp_take_end(in) ? list_from(s, s->cursor, out) : PKT_BAD;
}

static const struct stub_row rows[] = {
    { "H", choose_thread, 0, ROW_GLUED | ROW_IDLE },
    { "T", is_alive, 0, ROW_GLUED | ROW_IDLE },
    { "qC", say_current, 0, ROW_BARE | ROW_IDLE },
    { "qfThreadInfo", list_first, 0, ROW_BARE | ROW_IDLE },
    { "qsThreadInfo", list_more, 0, ROW_IDLE },
};
static const struct stub_hook hooks[] = {
    HOOKED(take_thread, stub_take_any_thread),
    HOOKED(action, stub_action_of),
    HOOKED(put_stop, stub_put_full_stop),
};
const struct stub_family stub_thread_packets = FAMILY_WITH(rows, hooks);
