/* pkt_run.c - c s C S vCont: the target runs, in all-stop and non-stop mode; vCtrlC, vStopped
 * (GDB manual, "Packets" and "Remote Non-Stop"). */
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

    if (at != (s->passed > 0 ? s->passed : first) || a->id.tid <= 0 || a->id.tid >= thread.tid)
        return;
    if (s->passed == 0 || a->id.tid > s->passed_tid)
        s->passed_tid = a->id.tid;
    s->passed = (size_t)(in->p - s->rx.buf);
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

/* c and s without vCont: s is for the thread of Hc or the current one, and so is a signal. */
static struct stub_action
action_of_letter(struct engine *s, struct rsp_in *in, struct rsp_id thread)
{
    int letter = rsp_peek(in);
    bool step = letter == 's' || letter == 'S';
    struct rsp_id current = s->cont.tid > 0 ? s->cont : s->general;
    bool is_current = thread.tid != 0 && (current.tid <= 0 || current.tid == thread.tid);
    struct stub_action a = { .kind = STUB_STAY };

    if (is_current || (!step && is_meant(s, current, thread)))
        a.kind = step ? STUB_STEP : STUB_CONTINUE;
    rsp_take(in, (char)letter);
    if (is_current && (letter == 'C' || letter == 'S') && !is_for_process(s, letter))
        a.signal = stub_take_signal(s, in);
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

bool
stub_action_only(struct stub *stub, struct rsp_id *thread)
{
    struct engine *s = ENGINE_OF(stub);
    struct rsp_in in = rsp_in_from(s->rx.buf, s->rx.len);
    struct action a;

    thread->tid = 0;
    if (!rsp_take_text_if(&in, "vCont"))
        return false;
    while (rsp_take_if(&in, ';') && take_action(s, &in, &a)) {
        if (a.id.tid <= 0 || (thread->tid > 0 && thread->tid != a.id.tid))
            return false;
        *thread = a.id;
    }
    return thread->tid > 0;
}

/* ---- resuming ---- */

static struct stub *
stub_of(struct engine *s)
{
    return (struct stub *)(void *)s;
}

/* What lldb-server refuses (its numbers, which LLDB's testsuite asks for) of the actions for one
 * process: in all-stop mode to resume two processes at once, in non-stop mode to resume one that
 * runs, or to stop some of its threads. */
struct asked {
    int64_t pid, resumed; /* the process looked at, and the first that is resumed; 0 none */
    bool stops, others;
};

static int
refuse(struct engine *s, struct asked *asked, struct rsp_id id)
{
    enum { NOT_TWO = 3, RUNS = 0x37 };
    unsigned kind = stub_action(stub_of(s), id).kind;
    struct rsp_id process = { id.pid, 0 };
    int running;

    if (id.pid != asked->pid)
        asked->stops = asked->others = false;
    asked->pid = id.pid;
    asked->stops |= kind == STUB_STOP;
    asked->others |= kind != STUB_STOP;
    if (kind == STUB_STAY || (kind == STUB_STOP && !s->non_stop))
        return 0;
    if (!s->non_stop && asked->resumed != 0 && asked->resumed != id.pid)
        return -NOT_TWO;
    asked->resumed = id.pid;
    running = s->non_stop && HAS(s, running) ? s->target->running(s->object, process) : 0;
    if (running != 1)
        return running;
    return kind == STUB_STOP ? 0 : -RUNS;
}

static int
check_of_lldb(struct engine *s)
{
    enum { NOT_PARTLY = 3 };
    struct asked asked = { 0, 0, false, false };
    struct rsp_id id = { 0, 0 };
    int r;

    if (!s->non_stop && stub_action_only(stub_of(s), &id)) {
        r = stub_settle_id(s, &id);
        return r == -STUB_ESRCH ? 0 : r != 0 ? r : refuse(s, &asked, id);
    }
    while ((r = stub_next_thread(s, &id)) == 1) {
        r = refuse(s, &asked, id);
        if (r != 0)
            return r;
        if (s->non_stop && asked.stops && asked.others)
            return -NOT_PARTLY;
    }
    return r;
}

/* All-stop: a stop reply will answer. Non-stop: OK, and stops are notified from now on. */
static int
resume(struct engine *s)
{
    int r;

    s->passed = 0;
    r = (s->client & CLIENT_LLDB) != 0 ? check_of_lldb(s) : 0;
    if (r == 0)
        r = s->target->resume(s->object, stub_of(s));
    if (r != 0)
        return r;
    if (!s->non_stop)
        return PKT_QUIET;
    if ((s->client & CLIENT_LLDB) != 0)
        s->told[CHANNEL_STOP].notified = false; /* it need not ask on after the last one */
    s->waiting = true;
    return PKT_OK;
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

/* ---- non-stop ---- */

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
    stub_unnotify(s);
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
    { "vCont?", "vContSupported+", say_actions, NEEDS(resume), ROW_IDLE | ROW_GDB_KEY },
    { "vCont", NULL, run_actions, NEEDS(resume), ROW_RESUMES },
    { "c", NULL, run, NEEDS(resume), ROW_GLUED | ROW_RESUMES },
    { "s", NULL, run, NEEDS(resume), ROW_GLUED | ROW_RESUMES },
    { "C", NULL, run_with_signal, NEEDS(resume), ROW_GLUED | ROW_RESUMES },
    { "S", NULL, run_with_signal, NEEDS(resume), ROW_GLUED | ROW_RESUMES },
    { "vCtrlC", NULL, interrupt, NEEDS(interrupt), 0 },
    { "QNonStop", "QNonStop+", set_non_stop, NEEDS(stop_mode), ROW_IDLE },
    { "vStopped", NULL, tell_next_stop, NEEDS(stop_mode), ROW_IDLE },
    { "vStdio", NULL, tell_next_output, NEEDS(stop_mode), ROW_IDLE },
};
const struct stub_family stub_run_packets = FAMILY(rows);
