/* pkt_run.c - c s C S vCont: the target runs; k D vKill: it is let go; signals that pass
 * (GDB manual, "Packets" and "General Query Packets"). */
#include "stub/engine.h"

/* ---- what a thread is to do: read from the running request, never copied ---- */

struct action {
    uint8_t kind; /* enum stub_action_kind */
    int signal;
    uint64_t start, end;
    struct rsp_id id; /* {-1, -1}: all */
};

/* A signal number of the client's, as the target counts; -1 when there is no such signal. */
static int
take_signal(struct engine *s, struct rsp_in *in)
{
    uint64_t number = rsp_take_hex(in);

    return number > 0xff ? -1 : stub_signal_in(s, (int)number);
}

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
        a->kind = STUB_STAY;
    else if (letter == 'c' || letter == 'C')
        a->kind = STUB_CONTINUE;
    else if (letter == 's' || letter == 'S')
        a->kind = STUB_STEP;
    else if (letter == 'r')
        a->kind = STUB_RANGE;
    else
        in->bad = true;
    if (letter == 'C' || letter == 'S')
        a->signal = take_signal(s, in);
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

static struct stub_action
action_of_vcont(struct engine *s, struct rsp_in *in, struct rsp_id thread)
{
    struct action a;

    while (rsp_take_if(in, ';') && take_action(s, in, &a)) {
        if (!covers(&a, thread))
            continue;
        return (struct stub_action){ .kind = a.kind,
                                     .signal = thread.tid == 0 ? 0 : a.signal,
                                     .start = a.start,
                                     .end = a.end };
    }
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

/* c and s without vCont: c is for all threads unless Hc names one, s for that one or the current;
 * a signal goes to the current thread alone. */
static struct stub_action
action_of_letter(struct engine *s, struct rsp_in *in, struct rsp_id thread)
{
    int letter = rsp_peek(in);
    bool step = letter == 's' || letter == 'S';
    struct rsp_id current = s->cont.tid > 0 ? s->cont : s->general;
    bool is_current = thread.tid != 0 && (current.tid <= 0 || current.tid == thread.tid);
    struct stub_action a = { .kind = STUB_STAY };

    if (is_current || (!step && s->cont.tid <= 0))
        a.kind = step ? STUB_STEP : STUB_CONTINUE;
    rsp_take(in, (char)letter);
    if (is_current && (letter == 'C' || letter == 'S') && !is_for_process(s, letter))
        a.signal = take_signal(s, in);
    return a;
}

struct stub_action
stub_action(struct stub *stub, struct rsp_id thread)
{
    struct engine *s = ENGINE_OF(stub);
    struct rsp_in in = rsp_in_from(s->rx.buf, s->rx.len);

    if (rsp_take_text_if(&in, "vCont"))
        return action_of_vcont(s, &in, thread);
    return action_of_letter(s, &in, thread);
}

/* ---- resuming ---- */

static struct stub *
stub_of(struct engine *s)
{
    return (struct stub *)(void *)s;
}

/* The reasons that jstopinfo and jThreadsInfo tell in full; a fork's child, say, they do not. */
static bool
is_told_in_lists(const struct stub_event *event)
{
    return event->kind == STUB_STOPPED && event->reason >= STUB_SIGNAL &&
           event->reason <= STUB_AWATCH;
}

/* All-stop: with one stop an lldb is shown why every thread stands, counts each hit and passes
 * each its signal. Told again, one by one, they would be hits and signals more: with 100 threads
 * in signal handlers that never ended. */
static int
know_all_stops(struct engine *s)
{
    unsigned lists = CLIENT_LLDB | CLIENT_LIST_THREADS;
    struct stub_event event = { 0 };
    int r;

    if ((s->client & lists) != lists || !HAS(s, peek) || !HAS(s, done) || !HAS(s, stop_of))
        return 0;
    while ((r = s->target->peek(s->object, &event)) == 1 && is_told_in_lists(&event))
        s->target->done(s->object, &event);
    return r == STUB_LATER ? r : 0;
}

static int
resume(struct engine *s)
{
    int r = know_all_stops(s);

    if (r == 0)
        r = s->target->resume(s->object, stub_of(s));

    return r == 0 ? PKT_QUIET : r;
}

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
    return rsp_take_end(in) ? resume(s) : PKT_BAD;
}

static int
say_actions(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)s;
    if (!rsp_take_end(in))
        return PKT_BAD;
    rsp_put_text(out, "vCont;c;C;s;S;t;r");
    return PKT_DONE;
}

/* `c addr`: the thread goes on from there. */
static int
set_pc(struct engine *s, uint64_t address)
{
    struct rsp_id id = s->cont.tid > 0 ? s->cont : s->general;
    struct arch_register pc;
    uint8_t value[8];
    int r = stub_settle_id(s, &id);

    if (r != 0)
        return r;
    if (!HAS(s, put_register) || !arch_register_role(stub_layout(s, id.pid), ARCH_PC, &pc) ||
        pc.size > sizeof(value))
        return -STUB_ENOTSUP;
    arch_put_uint(stub_layout(s, id.pid)->arch, value, pc.size, address);
    return s->target->put_register(s->object, id, &pc, value);
}

static int
go_on(struct engine *s, struct rsp_in *in)
{
    int r = 0;

    if (rsp_left(in) > 0) {
        uint64_t address = rsp_take_hex(in);

        if (!rsp_take_end(in))
            return PKT_BAD;
        r = set_pc(s, address);
    }
    return r != 0 ? r : resume(s);
}

/* c [addr] and s [addr] */
static int
run(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    return go_on(s, in);
}

/* C sig[;addr] and S sig[;addr] */
static int
run_with_signal(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    int number = take_signal(s, in);

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
    return go_on(s, in);
}

static int
interrupt(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_id any = { 0, 0 };
    int r;

    (void)out;
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = s->target->interrupt(s->object, any);
    return r == 0 ? PKT_OK : r;
}

/* ---- letting go ---- */

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

/* Nothing is left that could stop: the client waits no more. */
static void
let_go(struct engine *s, bool others)
{
    s->over = !others;
    if (!others)
        s->waiting = s->resumed = s->interrupt = false;
}

/* k: gdb expects no reply and lldb an X packet; a gdb has hung up before it could mind. */
static int
kill_it(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    enum { SIGKILL_EVERYWHERE = 9 };
    struct stub_event end = { .kind = STUB_SIGNALLED, .signal = SIGKILL_EVERYWHERE };
    bool others;
    int r;

    if (!rsp_take_end(in))
        return PKT_BAD;
    r = current_pid(s, &end.id.pid);
    if (r == 0)
        r = any_others(s, end.id.pid, &others);
    if (r == 0)
        r = s->target->kill(s->object, end.id.pid);
    if (r != 0)
        return r;
    let_go(s, others);
    return stub_put_stop(s, out, &end);
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
        r = s->target->kill(s->object, pid);
    if (r != 0)
        return r;
    let_go(s, others);
    s->over = false;
    return PKT_OK;
}

/* D and D;pid */
static int
detach(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    int64_t pid;
    bool others;
    int r;

    (void)out;
    if (rsp_take_if(in, ';'))
        r = take_pid(in, &pid);
    else
        r = rsp_take_end(in) ? current_pid(s, &pid) : PKT_BAD;
    if (r == 0)
        r = any_others(s, pid, &others);
    if (r == 0)
        r = s->target->detach(s->object, pid);
    if (r != 0)
        return r;
    let_go(s, others);
    return PKT_OK;
}

/* ---- signals that do not stop, signals that may be delivered ---- */

static int
set_signals(struct engine *s, struct rsp_in *in, enum stub_signal_list which)
{
    uint8_t set[32] = { 0 };
    int r;

    rsp_take(in, ':');
    while (rsp_left(in) > 0 && !in->bad) {
        struct rsp_in number = rsp_take_until(in, ';');
        int native;

        rsp_take_if(&number, ' '); /* lldb's testsuite puts one there */
        native = take_signal(s, &number);
        if (number.bad)
            return PKT_BAD;
        if (native >= 0 && native < 256)
            set[native / 8] |= (uint8_t)(1u << (native % 8));
        rsp_take_if(in, ';');
    }
    if (in->bad)
        return PKT_BAD;
    r = s->target->signals(s->object, which, set);
    return r == 0 ? PKT_OK : r;
}

static int
pass_signals(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    return set_signals(s, in, STUB_PASS_SIGNALS);
}

static int
program_signals(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    return set_signals(s, in, STUB_PROGRAM_SIGNALS);
}

static const struct stub_row rows[] = {
    { "vCont?", "vContSupported+", say_actions, NEEDS(resume), ROW_IDLE | ROW_GDB_KEY },
    { "vCont", NULL, run_actions, NEEDS(resume), ROW_RESUMES },
    { "c", NULL, run, NEEDS(resume), ROW_GLUED | ROW_RESUMES },
    { "s", NULL, run, NEEDS(resume), ROW_GLUED | ROW_RESUMES },
    { "C", NULL, run_with_signal, NEEDS(resume), ROW_GLUED | ROW_RESUMES },
    { "S", NULL, run_with_signal, NEEDS(resume), ROW_GLUED | ROW_RESUMES },
    { "vCtrlC", NULL, interrupt, NEEDS(interrupt), 0 },
    { "k", NULL, kill_it, NEEDS(kill), 0 },
    { "vKill", NULL, kill_pid, NEEDS(kill), ROW_IDLE },
    { "D", NULL, detach, NEEDS(detach), 0 },
    { "QPassSignals", "QPassSignals+", pass_signals, NEEDS(signals), ROW_IDLE },
    { "QProgramSignals", "QProgramSignals+", program_signals, NEEDS(signals),
      ROW_IDLE | ROW_GDB_KEY },
};
const struct stub_family stub_run_packets = FAMILY(rows);
