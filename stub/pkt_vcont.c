/* pkt_vcont.c - vCont, C, S, vCtrlC: an action for each thread, signals (GDB manual,
 * "Packets"). */
#include "stub/engine.h"

/* ---- what a thread is to do: read from the running request, never copied ---- */

struct action {
    uint8_t kind; /* enum stub_action_kind */
    int signal;
    uint64_t start, end;
    struct rsp_id id; /* {-1, -1}: all */
};

/* "c", "C sig", "s", "S sig", "t", "r start,end", then an id. In stub_action's order of need. */
static bool
take_action(struct engine *s, struct rsp_in *in, struct action *a)
{
    int letter = rsp_peek(in);

    *a = (struct action){ .id = { -1, -1 } };
    if (letter < 0)
        return false;
    rsp_take(in, (char)letter);
    if (letter == 't')
        a->kind = STUB_STOP;
    else if (letter == 'c' || letter == 'C')
        a->kind = STUB_CONTINUE;
    else if (letter == 's' || letter == 'S')
        a->kind = STUB_STEP;
    else if (letter == 'r')
        a->kind = STUB_RANGE;
    else
        in->bad = true;
    if (letter == 'C' || letter == 'S')
        a->signal = stub_take_signal(s, in);
    if (letter == 'r') {
        a->start = rsp_take_hex(in);
        rsp_take(in, ',');
        a->end = rsp_take_hex(in);
    }
    if (rsp_take_if(in, ':'))
        a->id = stub_take_id(s, in);
    return !in->bad && a->signal >= 0;
}

static bool
covers(const struct action *a, struct rsp_id thread)
{
    bool process = a->id.pid <= 0 || a->id.pid == thread.pid;

    if (thread.tid == 0) /* threads yet to be born: wildcards only */
        return process && a->id.tid == -1;
    return process && (a->id.tid <= 0 || a->id.tid == thread.tid);
}

/* An lldb may name a thousand threads in one request, and a target asks for each of them, mostly
 * in order: what is only for lower ids is passed over once, not for every thread. */
static void
skip_passed(const struct engine *s, struct rsp_in *in, struct rsp_id thread)
{
    if (s->passed > 0 && (thread.tid == 0 || thread.tid > s->passed_tid))
        in->p = s->rx.buf + s->passed;
}

static void
pass(struct engine *s, const uint8_t *from, const struct rsp_in *in, const struct action *a,
     struct rsp_id thread)
{
    static const size_t first = sizeof("vCont") - 1;
    size_t at = (size_t)(from - s->rx.buf);

    if (at != (s->passed > 0 ? s->passed : first) || a->id.tid <= 0 || a->id.tid >= thread.tid ||
        a->id.tid > UINT32_MAX)
        return;
    if (s->passed == 0 || a->id.tid > s->passed_tid)
        s->passed_tid = (uint32_t)a->id.tid;
    s->passed = (uint32_t)(in->p - s->rx.buf);
}

static struct stub_action
action_of_vcont(struct engine *s, struct rsp_in *in, struct rsp_id thread)
{
    const uint8_t *from;
    struct action a;

    skip_passed(s, in, thread);
    for (from = in->p; rsp_take_if(in, ';') && take_action(s, in, &a); from = in->p) {
        if (!covers(&a, thread)) {
            pass(s, from, in, &a, thread);
            continue;
        }
        return (struct stub_action){ .kind = a.kind,
                                     .signal = thread.tid == 0 ? 0 : a.signal,
                                     .start = a.start,
                                     .end = a.end };
    }
    /* lldb names each thread when one gets a signal, and means those yet to be born as well. */
    if (thread.tid == 0 && (s->client & CLIENT_LLDB) != 0)
        return (struct stub_action){ .kind = STUB_CONTINUE };
    return (struct stub_action){ .kind = STUB_STAY };
}

/* lldb's C with no thread chosen means a signal sent to the process, which is then told as any
 * other that comes: its user asked to see it. */
static bool
is_for_process(const struct engine *s, int letter)
{
    return letter == 'C' && (s->client & CLIENT_LLDB) != 0 && s->cont.tid <= 0 &&
           HAS(s, send_signal);
}

/* C and S without vCont: the signal is for the thread of Hc or the current one. */
static struct stub_action
action(struct engine *s, struct rsp_in *in, struct rsp_id thread)
{
    int letter = rsp_peek(in);
    struct stub_action a;
    bool is_current;

    if (rsp_take_text_if(in, "vCont"))
        return action_of_vcont(s, in, thread);
    a = stub_plain_action(s, letter == 'S', thread, &is_current);
    rsp_take(in, (char)letter);
    if (is_current && !is_for_process(s, letter))
        a.signal = stub_take_signal(s, in);
    return a;
}

bool
stub_action_only(struct stub *stub, struct rsp_id *thread)
{
    struct engine *s = ENGINE_OF(stub);
    struct rsp_in in = rsp_in_from(s->rx.buf, s->rx.len);
    struct rsp_id only = { 0, 0 };
    struct action a;

    if (!rsp_take_text_if(&in, "vCont"))
        return false;
    while (rsp_take_if(&in, ';') && take_action(s, &in, &a)) {
        if (a.id.tid <= 0 || (only.tid > 0 && only.tid != a.id.tid))
            return false;
        only = a.id;
    }
    if (only.tid > 0)
        *thread = only;
    return only.tid > 0;
}

/* ---- resuming ---- */

static int
run_actions(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct action a;

    (void)out;
    if (rsp_left(in) == 0)
        return PKT_BAD;
    while (rsp_take_if(in, ';'))
        if (!take_action(s, in, &a))
            return in->bad ? PKT_BAD : -STUB_EINVAL;
    s->passed = 0;
    return rsp_take_end(in) ? stub_resume(s) : PKT_BAD;
}

static int
say_actions(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)s, (void)in;
    rsp_put_text(out, "vCont;c;C;s;S;t;r");
    return PKT_DONE;
}

/* C sig[;addr] and S sig[;addr] */
static int
run_with_signal(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    int number = stub_take_signal(s, in);

    (void)out;
    if (in->bad || (rsp_left(in) > 0 && !rsp_take_if(in, ';')))
        return PKT_BAD;
    if (number < 0)
        return -STUB_EINVAL;
    if (is_for_process(s, s->rx.buf[0]) && number > 0) {
        int r = s->target->send_signal(s->object, s->general.pid, number);

        if (r != 0)
            return r;
    }
    return stub_go_on(s, in);
}

static int
interrupt(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_id any = { 0, 0 };
    int r;

    (void)in, (void)out;
    r = s->target->interrupt(s->object, any);
    return r == 0 ? PKT_OK : r;
}

static const struct stub_row rows[] = {
    { "vCont?", say_actions, NEEDS(resume), ROW_BARE | ROW_IDLE },
    { "vContSupported", NULL, NEEDS(resume), ROW_WORD | ROW_TOLD | ROW_GDB_KEY },
    { "vCont", run_actions, NEEDS(resume), ROW_RESUMES },
    { "C", run_with_signal, NEEDS(resume), ROW_GLUED | ROW_RESUMES },
    { "S", run_with_signal, NEEDS(resume), ROW_GLUED | ROW_RESUMES },
    { "vCtrlC", interrupt, NEEDS(interrupt), ROW_BARE },
};
static const struct stub_hook hooks[] = {
    HOOKED(action, stub_action_of),
    HOOKED(vcont_action, action),
};
const struct stub_family stub_vcont_packets = FAMILY_WITH(rows, hooks);
