/* stops.c - wait statuses are collected here, and running threads are stopped. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    /* Of collecting and starting in one live_poll, so that others get a turn. Outside all-stop
     * mode ten threads may be stepping for ever, each round is ten steps, and the client has more
     * to say than to interrupt them. */
    ROUNDS = 512,
    ROUNDS_NON_STOP = 8,
    SPINS = 64,        /* looks before sleeping while threads are about to stop */
    PATIENCE_MS = 500, /* for a thread to stop, before it counts as stuck */
    /* The same for one that waits for a processor only, and stops as soon as it has one. */
    RUNNABLE_PATIENCE_MS = 20000
};

/* A child of this server's own lives that could be the creator of one with the same parent. */
static bool
has_sibling(struct live *live, const struct process *dead)
{
    const struct process *p;

    TAILQ_FOREACH (p, &live->processes, next) {
        if (p != dead && !p->ended && !p->buried && !p->forked &&
            live_status_number(p->pid, "PPid:") == getpid())
            return true;
    }
    return false;
}

/* Nobody is left who could tell of that task's birth: its parent was killed before it could. */
static bool
is_orphan(struct live *live, pid_t tid, const struct process *dead)
{
    pid_t group = live_status_number(tid, "Tgid:"), parent = live_status_number(tid, "PPid:");
    const struct process *of_group = live_process_of_group(live, group);
    const struct process *of_parent = live_process_of_group(live, parent);

    /* A clone that has its creator's parent, or one that came to us when its own had ended, as to
     * the first process of a container. */
    if (parent == getpid() && has_sibling(live, dead))
        return false;
    return (of_group == NULL || of_group == dead) && (of_parent == NULL || of_parent == dead);
}

/* A process has died whose end is still to come; it may have been that task's parent, and what it
 * had planted is still in the memory that they share. */
static bool
has_dying(struct live *live)
{
    const struct process *p;

    TAILQ_FOREACH (p, &live->processes, next) {
        char state = p->ended || p->buried ? 'S' : live_task_state(p->pid, p->pid);
        if (state == 'Z' || state == 'X' || state == '\0')
            return true;
    }
    return false;
}

void
live_free_orphans(struct process *dead)
{
    struct live *live = dead->live;
    struct early *e, *next;

    TAILQ_FOREACH_SAFE (e, &live->early, next, next) {
        if (!is_orphan(live, e->tid, dead))
            continue;
        live_orphan(dead, e->tid);
        TAILQ_REMOVE(&live->early, e, next);
        free(e);
    }
}

/* A stop of a task we do not know yet: its birth is still to be told by its parent. */
static void
keep_early(struct live *live, pid_t tid, int status)
{
    if (is_orphan(live, tid, NULL) && !has_dying(live)) {
        live_ptrace(PTRACE_DETACH, tid, 0, 0);
        return;
    }
    struct early *e = malloc(sizeof(*e));
    if (e == NULL)
        return;
    e->tid = tid;
    e->status = status;
    TAILQ_INSERT_TAIL(&live->early, e, next);
}

static void
drop_early(struct live *live, pid_t tid)
{
    struct early *e, *next;

    TAILQ_FOREACH_SAFE (e, &live->early, next, next) {
        if (e->tid == tid) {
            TAILQ_REMOVE(&live->early, e, next);
            free(e);
        }
    }
}

/* False for a process whose first thread had ended before it could be seized: that one's wait
 * status goes to the parent, and what the last of the others says is the process's. */
static bool
has_own_status(pid_t pid)
{
    siginfo_t info;
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

static void
on_exit_of(struct live *live, pid_t tid, int status)
{
    struct process *p = live_process_with(live, tid);
    struct thread *t = live_thread_find(live, tid);

    drop_early(live, tid);
    if (p != NULL) {
        live_process_ended(p, status);
    } else if (t != NULL) {
        p = t->process;
        bool last = !live_has_other(p, t, p->pid) && t->group == p->pid;
        live_thread_gone(t, WIFEXITED(status) ? WEXITSTATUS(status) : 0);
        if (last && (p->leaving || !has_own_status(p->pid)))
            live_process_ended(p, status);
    } else if (live->unreaped > 0) {
        live->unreaped--;
    }
}

void
live_dispatch(struct live *live, pid_t tid, int status)
{
    if (!WIFSTOPPED(status)) {
        on_exit_of(live, tid, status);
        return;
    }
    struct thread *t = live_thread_find(live, tid);
    if (status >> 16 == PTRACE_EVENT_EXEC) {
        if (t != NULL && t->group != t->process->pid)
            live_apart_part(t->process, t->group);
        struct process *p = live_process_with(live, tid);
        t = p == NULL ? NULL : live_execed(p, t);
        if (p != NULL && t == NULL)
            return; /* let go: not a program for us */
    }
    bool known = t != NULL && t->unread && status >> 16 == 0 && WSTOPSIG(status) == SIGTRAP;
    if (known)
        t->unread = false; /* the step that step.c has dealt with */
    else if (t != NULL)
        live_classify(t, status);
    else
        keep_early(live, tid, status);
}

static bool
any_runs(struct live *live)
{
    const struct thread *t;

    TAILQ_FOREACH (t, &live->awake, awake) {
        if (t->running)
            return true;
    }
    return false;
}

bool
live_collect(struct live *live)
{
    bool any = false;
    int status;

    for (;;) {
        pid_t tid = waitpid(-1, &status, __WALL | WNOHANG);
        if (tid <= 0)
            return any;
        any = true;
        live_dispatch(live, tid, status);
        if (WIFSTOPPED(status) && !any_runs(live) && live_may_be_brief(live))
            return true; /* there can be nothing more, but of what is killed where it stands */
    }
}

/* ---- stopping ---- */

static bool
is_in(const struct process *p, const struct process *only)
{
    return only == NULL ? !p->hidden && !p->leaving : p == only;
}

/* A thread at the event of a clone, fork or exec stands in the middle of that call, and the
 * kernel will still write the call's result into its registers: whatever is done with them
 * meanwhile (a call for an expression) is undone, or taken for the result. */
void
live_leave_call(struct thread *t)
{
    live_catch_owe(t);
    t->at_event = false;
    t->running = t->interrupting = true;
    live_flush_registers(t);
    live_forget_registers(t);
    live_ptrace(PTRACE_INTERRUPT, t->tid, 0, 0);
    live_ptrace(PTRACE_CONT, t->tid, 0, 0);
}

/* Asks every running thread to stop; returns how many are still to come. */
static unsigned
ask(struct live *live, struct process *only)
{
    struct thread *t;
    unsigned n = 0;

    TAILQ_FOREACH (t, &live->awake, awake) {
        if (!is_in(t->process, only))
            continue;
        if (!t->running && t->at_event && !t->vforking)
            live_leave_call(t);
        if (!t->running || t->stuck)
            continue;
        n++;
        if (!t->interrupting && !t->newborn) {
            t->interrupting = true;
            live_ptrace(PTRACE_INTERRUPT, t->tid, 0, 0);
        }
    }
    return n;
}

static bool
is_stuck(const struct thread *t, unsigned waited_ms)
{
    if (t->vforking || waited_ms > RUNNABLE_PATIENCE_MS)
        return true;
    return waited_ms > PATIENCE_MS && live_task_state(t->group, t->tid) != 'R';
}

/* Looks after those that do not stop: a leader that has ended while others live, a thread waiting
 * for its vfork's child, a thread deep in the kernel. */
static void
look_after(struct live *live, struct process *only, unsigned waited_ms)
{
    struct thread *t, *next;

    TAILQ_FOREACH_SAFE (t, &live->awake, awake, next) {
        if (!t->running || t->stuck || !is_in(t->process, only))
            continue;
        if (live_thread_is_zombie(t))
            continue;
        if (is_stuck(t, waited_ms))
            t->stuck = true;
    }
}

/* Takes the stops of those that were asked, each by its number: to look for any child's the kernel
 * goes over all of them each time, and a thousand stops would cost a million looks. */
static bool
collect_asked(struct live *live, struct process *only)
{
    struct thread *t;
    unsigned freed = live->freed;
    bool any = false;
    int status;

    TAILQ_FOREACH (t, &live->awake, awake) {
        if (!t->running || !t->interrupting || !is_in(t->process, only) ||
            waitpid(t->tid, &status, __WALL | WNOHANG) != t->tid)
            continue;
        any = true;
        live_dispatch(live, t->tid, status);
        if (live->freed != freed)
            break; /* t may be gone, and the next one too */
    }
    return any;
}

static void
pause_us(unsigned us)
{
    nanosleep(&(struct timespec){ .tv_nsec = (long)us * 1000 }, NULL);
}

void
live_halt(struct live *live, struct process *only)
{
    struct process *p;
    unsigned idle = 0, waited_us = 0;

    TAILQ_FOREACH (p, &live->processes, next)
        p->halting = is_in(p, only);
    while (ask(live, only) > 0) {
        if (collect_asked(live, only) || live_collect(live)) {
            idle = waited_us = 0;
            continue;
        }
        if (idle++ < SPINS) {
            sched_yield();
            continue;
        }
        unsigned us = idle < SPINS + 20 ? 50 : 1000;
        pause_us(us);
        waited_us += us;
        if (idle >= SPINS + 20)
            look_after(live, only, waited_us / 1000);
    }
    TAILQ_FOREACH (p, &live->processes, next)
        p->halting = false;
}

void
live_stand(struct live *live)
{
    struct thread *t;

    live->standing = true;
    live_halt(live, NULL);
    TAILQ_FOREACH (t, &live->awake, awake) {
        if (!t->process->hidden && !t->process->leaving)
            t->wanted = t->asked = false;
    }
    live_let_sleep(live);
}

/* ---- other modes than all-stop ---- */

/* STUB_PROCESS_STOP: a thread has something to tell, so all of its process stand and are told. */
static void
stand_process(struct live *live, struct process *p)
{
    struct thread *t;

    live_halt(live, p);
    p->stand_due = false;
    TAILQ_FOREACH (t, &p->threads, next) {
        if (t->report.state == REPORT_NONE) {
            live_stop_event(t, STUB_NO_REASON, 0);
            live_queue(live, &t->report, false);
        }
        t->wanted = t->asked = false;
    }
}

static void
stand_due(struct live *live)
{
    struct process *p;

    TAILQ_FOREACH (p, &live->processes, next) {
        if (p->stand_due && live_is_known(p))
            stand_process(live, p);
        p->stand_due = false;
    }
}

void
live_ask_stop(struct thread *t, int signal)
{
    bool stands = !t->running && !t->wanted;

    if (t->asked || t->report.state == REPORT_QUEUED || (stands && t->report.state == REPORT_DONE))
        return;
    t->asked = true;
    t->asked_signal = signal;
    if (!t->running)
        live_answer_asked(t);
    else if (!t->interrupting && live_ptrace(PTRACE_INTERRUPT, t->tid, 0, 0) == 0)
        t->interrupting = true;
}

void
live_run_others(struct process *p)
{
    struct thread *t;

    TAILQ_FOREACH (t, &p->threads, next) {
        if (t->report.state != REPORT_NONE)
            continue;
        t->action.kind = STUB_CONTINUE;
        t->wanted = true;
        live_wake(t);
    }
    p->fresh = false;
    live_go(p->live);
}

int
live_stop_mode(void *target, enum stub_stop_mode mode)
{
    struct live *live = target;
    struct process *p;

    if (mode == live->mode)
        return 0;
    if (mode == STUB_ALL_STOP) {
        live_stand(live);
        live_queue_drop_stops(live);
    } else {
        live->standing = false;
        TAILQ_FOREACH (p, &live->processes, next)
            p->newborn = (struct stub_action){ .kind = STUB_CONTINUE };
    }
    live->mode = mode;
    TAILQ_FOREACH (p, &live->processes, next) {
        if (p->fresh && live_is_known(p) && mode == STUB_NON_STOP)
            live_run_others(p);
    }
    return 0;
}

/* ---- the program's loop ---- */

/* A leader that ended by itself while others live sends SIGCHLD but no wait status. */
static void
look_for_zombies(struct live *live)
{
    struct process *p, *next;

    TAILQ_FOREACH_SAFE (p, &live->processes, next, next) {
        struct thread *t = live_thread_find(live, p->pid);
        if (t != NULL && t->running && t->wanted)
            live_thread_is_zombie(t);
    }
}

static bool
has_wanted(struct live *live)
{
    struct thread *t;

    TAILQ_FOREACH (t, &live->awake, awake) {
        if (t->wanted && is_in(t->process, NULL))
            return true;
    }
    /* A thread that is dying takes its process along: wait for that end. */
    RB_FOREACH (t, thread_tree, &live->threads) {
        if (is_in(t->process, NULL) && live_task_state(t->group, t->tid) != 't')
            return true;
    }
    return false;
}

/* The client waits, but nothing that it resumed is left. */
static void
look_for_none_left(struct live *live)
{
    struct process *p = live_process_find(live, 0);

    live->lost_one = false;
    if ((live->events & STUB_WANT_NONE_LEFT) == 0)
        return;
    if (live->standing || p == NULL || has_wanted(live))
        return;
    /* Outside all-stop mode it comes behind what else there is to tell, as the last end. */
    if (live->mode == STUB_ALL_STOP && live_has_news(live))
        return;
    live->none.event = (struct stub_event){ .kind = STUB_NONE_LEFT };
    live_queue(live, &live->none, false);
}

/* True when what there is to tell ends the turn: in all-stop mode everything stands for it. */
static bool
stand_for_news(struct live *live)
{
    if (live->mode != STUB_ALL_STOP) {
        stand_due(live);
        return false;
    }
    if (!live_has_news(live))
        return false;
    if (!live->standing)
        live_stand(live);
    return true;
}

bool
live_go_on(struct live *live)
{
    if (stand_for_news(live))
        return true;
    live_go(live);
    return stand_for_news(live); /* of what went no further */
}

bool
live_is_unsure(const struct live *live)
{
    return live->unsure;
}

bool
live_poll(struct live *live)
{
    unsigned rounds = live->mode == STUB_ALL_STOP ? ROUNDS : ROUNDS_NON_STOP;

    live->slow_step = live->unsure = false;
    for (unsigned i = 0; i < rounds; i++) {
        bool any = live_collect(live);
        if (!any && (i == 0 || live->mode != STUB_ALL_STOP)) /* all that stand are looked at */
            look_for_zombies(live);
        if (live->lost_one)
            look_for_none_left(live);
        if (live_go_on(live) || !any || live_is_stepping(live))
            break;
    }
    live_sweep(live);
    live_output_collect(live);
    return live_has_news(live) || live->output.state == REPORT_QUEUED;
}

/* Outside all-stop mode threads run one by one. */
static bool
runs(const struct thread *t, struct rsp_id id)
{
    return live_is_known(t->process) && (t->running || t->wanted) &&
           (id.pid <= 0 || id.pid == t->process->pid) && (id.tid <= 0 || id.tid == t->tid);
}

int
live_target_running(void *target, struct rsp_id id)
{
    struct live *live = target;
    struct thread *t;

    if (live->standing)
        return 0;
    if (live->mode == STUB_ALL_STOP)
        return live_process_find(live, id.pid) != NULL;
    RB_FOREACH (t, thread_tree, &live->threads) {
        if (runs(t, id))
            return 1;
    }
    return 0;
}

static struct thread *
first_that_runs(struct live *live, struct rsp_id id)
{
    struct thread *t;

    RB_FOREACH (t, thread_tree, &live->threads) {
        if (runs(t, id) && t->report.state != REPORT_QUEUED)
            return t;
    }
    return NULL;
}

/* Everything stands; one of those that ran tells of it when none had anything. */
static void
interrupt_all(struct live *live, struct rsp_id id)
{
    struct thread *first = first_that_runs(live, id);
    pid_t tid = first == NULL ? 0 : first->tid;

    live_stand(live);
    live_interrupt_step(live);
    if (live_has_news(live))
        return;
    struct thread *t = live_thread_find(live, tid);
    if (t == NULL)
        t = live_thread_of(live, (struct rsp_id){ 0, 0 });
    if (t == NULL)
        return; /* its end is on the way */
    live_stop_event(t, STUB_SIGNAL, SIGINT);
    live_queue(live, &t->report, false);
    live->unsure = true; /* where nothing was left that ran, no stop brings the loop here */
}

static void
interrupt_one(struct live *live, struct rsp_id id)
{
    struct thread *t = first_that_runs(live, id);

    if (t != NULL)
        live_ask_stop(t, SIGINT);
    stand_due(live);
}

int
live_interrupt(void *target, struct rsp_id id)
{
    struct live *live = target;
    struct thread *asked = live_thread_of(live, id);

    if (live->mode != STUB_ALL_STOP) {
        interrupt_one(live, id);
        return 0;
    }
    live_interrupt_step(live);
    if (live_has_news(live) || live->standing)
        return 0;
    if (asked == NULL && id.tid > 0)
        return -STUB_ESRCH;
    interrupt_all(live, id);
    return 0;
}
