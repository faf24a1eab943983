/* resume.c - threads are started as the client's actions say (GDB manual, vCont). */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

bool
live_in_list(const uint8_t *list, int signal)
{
    return signal > 0 && signal < 256 && (list[signal / 8] & (1u << (signal % 8))) != 0;
}

/* ---- one thread ---- */

/* A signal can be given with ptrace only where one is being delivered; elsewhere it is sent and
 * passed when it arrives. */
static int
signal_to_give(struct thread *t)
{
    int signal = t->owed;

    t->owed = 0;
    if (signal == 0 || t->at_signal != 0)
        return signal;
    if (syscall(SYS_tgkill, t->group, t->tid, signal) == 0)
        t->injected = signal;
    return 0;
}

static bool
must_step(const struct thread *t)
{
    return (live_is_to_step(t) && !t->in_handler) || t->process->soft_watches > 0;
}

static int
way_to_run(const struct thread *t)
{
    if (must_step(t))
        return PTRACE_SINGLESTEP;
    return t->process->caught != NULL ? PTRACE_SYSCALL : PTRACE_CONT;
}

/* A step of which step.c may tell by the registers alone how it ended. */
static bool
is_plain(const struct thread *t)
{
    const struct process *p = t->process;

    return t->stepping && t->in_pad == NULL && t->registers.has_general && !t->at_event &&
           !t->group_stop && t->owed == 0 && t->injected == 0 && t->deferred == 0 &&
           t->disturbed == NULL && p->over != t && TAILQ_EMPTY(&p->points);
}

void
live_start(struct thread *t, int how)
{
    struct live *live = t->process->live;

    live_flush_registers(t);
    live_debug_flush(t);
    if (how == 0)
        how = way_to_run(t);
    t->stepping = how == PTRACE_SINGLESTEP;
    t->start_event = t->at_event && t->sent && !t->birth_in_step;
    t->birth_in_step = t->birth_in_step && (!t->sent || t->vforking);
    t->sent = false;
    if (t->stepping && (t->at_event || t->registers.has_general))
        live_get_pc(t, &t->start_pc);
    t->plain = is_plain(t);
    int signal = signal_to_give(t);
    if (t->group_stop && how != PTRACE_SINGLESTEP && t->injected == 0)
        how = PTRACE_LISTEN; /* there signal is 0 */
    /* A failure means that it was killed meanwhile: its end is collected, and the signal that
     * tells of it may have been taken for another's. */
    if (live_ptrace(how, t->tid, 0, (uintptr_t)signal) != 0)
        live->unsure = true;
    t->running = true;
    t->unread = false;
    live_wake(t);
    t->has_info = t->has_info && t->plain;
    t->has_core = false;
    t->told = t->told && (t->process->over == t || t->in_pad != NULL);
    if (!t->vforking)
        live_forget_registers(t);
}

static bool
may_start(const struct thread *t)
{
    const struct process *p = t->process;

    return !t->running && t->wanted && t->report.state != REPORT_QUEUED && !p->halting &&
           !p->leaving && (p->hidden || !p->live->standing);
}

/* ---- all that may run ---- */

static struct thread *
first_that_steps_over(struct process *p)
{
    struct thread *t;

    TAILQ_FOREACH (t, &p->live->awake, awake) {
        if (t->process == p && may_start(t) && live_over_needed(t) && !live_emulate(t) &&
            !live_pad_enter(t))
            return t;
    }
    return NULL;
}

/* Someone else steps over a breakpoint in the memory that p uses. */
static bool
is_held(struct process *p)
{
    struct process *q;

    TAILQ_FOREACH (q, &p->live->processes, next) {
        if (q->over != NULL && live_owner(q) == live_owner(p))
            return true;
    }
    return false;
}

/* The first of all ways to step, also from a breakpoint. */
static void
emulate_steps(struct process *p)
{
    struct thread *t;

    if (p->live->mode != STUB_ALL_STOP || p->over != NULL || is_held(p))
        return;
    TAILQ_FOREACH (t, &p->live->awake, awake) {
        if (t->process == p && live_is_to_step(t) && !t->own_memory && may_start(t))
            live_emulate_step(t);
    }
}

static void
go(struct process *p)
{
    struct thread *t = p->over != NULL ? p->over : first_that_steps_over(p);
    if (t != NULL && p->over == NULL && live_pad_open(t))
        t = first_that_steps_over(p);

    if (p->over == NULL && is_held(p))
        return;
    if (t != NULL) {
        if (may_start(t))
            live_over_begin(t);
        return;
    }
    TAILQ_FOREACH (t, &p->live->awake, awake) {
        if (t->process == p && may_start(t))
            live_start(t, 0);
    }
}

static bool
any_may_start(struct live *live)
{
    const struct thread *t;

    TAILQ_FOREACH (t, &live->awake, awake) {
        if (may_start(t))
            return true;
    }
    return false;
}

/* What is done here needs nothing planted: a client that clears and sets all its breakpoints
 * around such a step costs nothing. */
void
live_go(struct live *live)
{
    struct process *p;

    TAILQ_FOREACH (p, &live->processes, next)
        emulate_steps(p);
    if (!any_may_start(live))
        return;
    TAILQ_FOREACH (p, &live->processes, next) {
        if (p->plants_changed && !p->ended && !p->leaving && !live->standing)
            live_plant_sync(p);
    }
    TAILQ_FOREACH (p, &live->processes, next)
        go(p);
}

/* ---- the client's request ---- */

bool
live_is_to_step(const struct thread *t)
{
    return t->action.kind == STUB_STEP || t->action.kind == STUB_RANGE;
}

/* A step over a system call was told of as a birth. The step that goes on from there ends at once,
 * as ptrace has it and gdb wants it: the PC is behind the instruction. A parent
 * in a vfork has to run for that. */
static void
end_step_at_birth(struct thread *t)
{
    if (!t->birth_in_step || t->action.kind != STUB_STEP || t->at_event)
        return;
    t->birth_in_step = false;
    live_stop_event(t, STUB_TRACE, SIGTRAP);
    live_tell(t);
}

/* A range that begins at a breakpoint goes on from it, hit or not: it is a line that the client
 * goes through, and it looks at the PC itself. */
static void
begin_range(struct thread *t)
{
    uint64_t pc;

    if (live_get_pc(t, &pc) && live_is_wished(t->process, pc)) {
        t->told = true;
        t->told_pc = pc;
    }
}

/* Takes the client's wish for t. */
static void
take_action(struct thread *t, struct stub *s)
{
    struct rsp_id id = { t->process->pid, t->tid };
    int owed = t->owed;

    live_plant_return_end(t);
    t->steps_on = false;
    t->dull_steps = 0;
    t->action = stub_action(s, id);
    if (t->action.kind == STUB_STOP)
        t->action.kind = STUB_STAY;
    t->sent = t->wanted = t->action.kind != STUB_STAY;
    if (t->wanted)
        live_wake(t);
    if (t->action.kind == STUB_RANGE)
        begin_range(t);
    if (t->action.signal != 0 && t->wanted) {
        if (owed != 0) /* one that a queued event kept from being delivered */
            syscall(SYS_tgkill, t->group, t->tid, owed);
        t->owed = t->action.signal;
    }
    t->action.signal = 0;
    t->report.held = !t->wanted;
    /* A step that ended while another thread's stop was told is no news to a client that now lets
     * the thread run: gdb would take it for a SIGTRAP of the program's. */
    if (t->action.kind == STUB_CONTINUE && t->report.state == REPORT_QUEUED &&
        t->report.event.reason == STUB_TRACE)
        live_unqueue(t->process->live, &t->report);
    end_step_at_birth(t);
}

/* Forgets what was reported of a thread that runs on. */
static void
forget_report(struct thread *t)
{
    struct live *live = t->process->live;

    if (t->report.state == REPORT_DONE)
        t->report.state = REPORT_NONE;
    if (live->last == &t->report)
        live->last = NULL;
}

static void
prepare(struct process *p)
{
    p->fresh = false;
    live_maps_drop(p);
    if (p->soft_watches > 0)
        live_watch_refresh(p);
}

/* Deferred signals and returns of system calls come now, and may be events of their own. */
static void
take_deferred(struct live *live)
{
    struct thread *t;

    TAILQ_FOREACH (t, &live->awake, awake) {
        if (t->wanted && !t->running && !live_catch_pay(t) && t->deferred != 0)
            live_take_deferred(t);
    }
}

/* Outside all-stop mode some threads start beside those that run; one with something to tell
 * stands until that is told. */
static void
take_action_of_one(struct thread *t, struct stub *s)
{
    struct rsp_id id = { t->process->pid, t->tid };
    unsigned kind = stub_action(s, id).kind;

    if (kind == STUB_STOP)
        live_ask_stop(t, 0);
    if (kind == STUB_STOP || kind == STUB_STAY || t->running || t->wanted)
        return;
    /* lldb-server's kind resumes a process whatever of its stop was not asked for. */
    if (t->report.arrival || t->process->live->mode == STUB_PROCESS_STOP)
        live_unqueue(t->process->live, &t->report);
    if (t->report.state != REPORT_QUEUED)
        take_action(t, s);
}

static int
resume_some(struct live *live, struct stub *s)
{
    struct thread *t;
    struct process *p;

    RB_FOREACH (t, thread_tree, &live->threads) {
        if (live_is_met(t))
            take_action_of_one(t, s);
    }
    take_deferred(live);
    TAILQ_FOREACH (p, &live->processes, next) {
        if (live_is_known(p) && live_stands(p))
            prepare(p);
    }
    TAILQ_FOREACH (t, &live->awake, awake) {
        if (t->wanted && !t->running)
            forget_report(t);
    }
    live->why[0] = '\0';
    (void)live_poll(live);
    return 0;
}

/* As take_action of a thread that no action names. */
static void
let_stay(struct thread *t)
{
    if (!live_is_known(t->process))
        return;
    live_plant_return_end(t);
    t->action.kind = STUB_STAY;
    t->wanted = false;
    t->report.held = true;
}

/* The request is for one thread, and nothing is to be done for the thousand others but for those
 * of which something is known. */
static bool
take_action_of_only(struct live *live, struct stub *s, struct rsp_id id)
{
    struct thread *t, *only = live_thread_of(live, id);
    struct report *r;

    TAILQ_FOREACH (t, &live->awake, awake) {
        if (t != only)
            let_stay(t);
    }
    TAILQ_FOREACH (r, &live->queue, next) {
        t = live_thread_find(live, (pid_t)r->event.id.tid);
        if (t != NULL && t != only && r == &t->report)
            let_stay(t);
    }
    if (only != NULL)
        take_action(only, s);
    return only != NULL && only->wanted;
}

static bool
take_actions(struct live *live, struct stub *s)
{
    struct rsp_id only;
    struct thread *t;
    bool any = false;

    if (stub_action_only(s, &only))
        return take_action_of_only(live, s, only);
    RB_FOREACH (t, thread_tree, &live->threads) {
        if (!live_is_met(t))
            continue;
        take_action(t, s);
        any |= t->wanted;
    }
    return any;
}

/* The end of a process that the client leaves stopped is kept too, as long as others run: gdb (13)
 * that steps one thread over a breakpoint loses that step when another process ends meanwhile. */
static void
hold_end(struct process *p, struct stub *s, bool others_run)
{
    p->end.held = others_run && p->newborn.kind == STUB_STAY &&
                  stub_action(s, (struct rsp_id){ p->pid, p->pid }).kind == STUB_STAY;
}

int
live_resume(void *target, struct stub *s)
{
    struct live *live = target;
    struct thread *t;
    struct process *p;
    bool any;

    live_foresee_nothing(live);
    if (live->mode != STUB_ALL_STOP)
        return resume_some(live, s);
    if (!live->standing)
        return live_fail(live, STUB_EBUSY, "the program is running already");
    any = take_actions(live, s);
    TAILQ_FOREACH (p, &live->processes, next) {
        p->newborn = stub_action(s, (struct rsp_id){ p->pid, 0 });
        hold_end(p, s, any);
    }
    live_drop_stale(live, NULL);
    take_deferred(live);
    if (live_has_news(live))
        return 0; /* told at once, and nothing runs */
    if (!any)
        return live_fail(live, STUB_ESRCH, "no thread to resume");
    TAILQ_FOREACH (p, &live->processes, next) {
        if (live_is_known(p))
            prepare(p);
    }
    TAILQ_FOREACH (t, &live->awake, awake) {
        if (t->wanted)
            forget_report(t);
    }
    live->standing = false;
    live->why[0] = '\0';
    (void)live_go_on(live);
    return 0;
}
