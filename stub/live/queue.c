/* queue.c - what there is to tell, oldest first: peeked, then done (stub/target.h, "events"). */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

void
live_queue(struct live *live, struct report *r, bool held)
{
    if (r->state == REPORT_QUEUED)
        return;
    r->held = held;
    r->state = REPORT_QUEUED;
    TAILQ_INSERT_TAIL(&live->queue, r, next);
}

void
live_queue_first(struct live *live, struct report *r)
{
    live_unqueue(live, r);
    r->held = false;
    r->state = REPORT_QUEUED;
    TAILQ_INSERT_HEAD(&live->queue, r, next);
}

static void
birth_is_told(struct live *live, const struct stub_event *e)
{
    struct thread *t = e->kind == STUB_STOPPED && e->other.tid > 0
                           ? live_thread_find(live, (pid_t)e->other.tid)
                           : NULL;

    if (t != NULL)
        t->untold = false;
}

void
live_unqueue(struct live *live, struct report *r)
{
    if (r->state == REPORT_QUEUED) {
        TAILQ_REMOVE(&live->queue, r, next);
        birth_is_told(live, &r->event);
    }
    r->state = REPORT_NONE;
    r->arrival = false;
    if (r->owned)
        free(r);
}

/* Why a fault's signal came, and for which address. */
static void
note_fault(struct thread *t, struct stub_event *e)
{
    siginfo_t info;

    if (e->signal != SIGSEGV && e->signal != SIGBUS && e->signal != SIGFPE && e->signal != SIGILL)
        return;
    if (live_ptrace(PTRACE_GETSIGINFO, t->tid, 0, (uintptr_t)&info) != 0 || info.si_code <= 0)
        return;
    e->status = info.si_code;
    e->address = (uint64_t)(uintptr_t)info.si_addr;
}

/* Fills the report of t; the caller adds what the reason needs and queues it. */
struct stub_event *
live_stop_event(struct thread *t, enum stub_reason reason, int signal)
{
    struct stub_event *e = &t->report.event;

    memset(e, 0, sizeof(*e));
    e->kind = STUB_STOPPED;
    e->reason = (uint8_t)reason;
    e->signal = signal;
    e->id.pid = t->process->pid;
    e->id.tid = t->tid;
    live_get_pc(t, &t->stop_pc);
    if (reason == STUB_SIGNAL)
        note_fault(t, e);
    return e;
}

void
live_queue_arrival(struct thread *t, int signal)
{
    live_stop_event(t, STUB_NO_REASON, signal);
    live_queue_first(t->process->live, &t->report);
    t->report.arrival = true;
}

/* In all-stop mode a stop of the thread is told, or kept, until everything stands; else it stands
 * for itself (STUB_NON_STOP) or with its process (STUB_PROCESS_STOP, live_poll sees to that). */
void
live_tell(struct thread *t)
{
    struct live *live = t->process->live;
    bool all = live->mode == STUB_ALL_STOP;

    live_queue(live, &t->report, all && !t->wanted);
    t->asked = false;
    if (all)
        return;
    t->wanted = false;
    t->process->stand_due = live->mode == STUB_PROCESS_STOP;
    if (t->at_event && !t->vforking)
        live_leave_call(t);
}

static void
tell_gone(struct thread *t, int status)
{
    struct live *live = t->process->live;
    struct report *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return;
    r->owned = true;
    r->event.kind = STUB_THREAD_GONE;
    r->event.status = status;
    r->event.id.pid = t->process->pid;
    r->event.id.tid = t->tid;
    live_queue(live, r, false);
}

void
live_thread_gone(struct thread *t, int status)
{
    struct live *live = t->process->live;
    bool asked = (live->events & STUB_WANT_THREADS) != 0 || (t->wants & STUB_WANT_EXIT) != 0;

    live->lost_one |= t->wanted;
    if (live_is_known(t->process) && asked)
        tell_gone(t, status);
    live_thread_free(t);
}

/* In non-stop mode a thread may still be on its way to where it stands, and a child to its first
 * stop. */
static bool
is_ready(struct live *live, const struct report *r)
{
    const struct thread *t, *other;

    if (live->mode == STUB_ALL_STOP || r->event.kind != STUB_STOPPED)
        return true;
    t = live_thread_find(live, (pid_t)r->event.id.tid);
    other = r->event.other.tid > 0 ? live_thread_find(live, (pid_t)r->event.other.tid) : NULL;
    return (t == NULL || (!t->running && !t->process->stand_due)) &&
           (other == NULL || !other->running);
}

/* The oldest; but the end of a step before other threads' stops, because the client waits for it.
 * In all-stop mode all threads stand when something is told, so the answer stays the same until it
 * is done. */
static struct report *
first_to_tell(struct live *live)
{
    struct report *r, *first = NULL;

    TAILQ_FOREACH (r, &live->queue, next) {
        if (r->held || !is_ready(live, r))
            continue;
        if (live->mode != STUB_ALL_STOP)
            return r;
        if (first == NULL)
            first = r;
        if (r->event.kind == STUB_STOPPED && r->event.reason == STUB_TRACE)
            return r;
    }
    return first;
}

/* A debugger that makes many steps of one command would take it for one of many, and go on. */
void
live_interrupt_step(struct live *live)
{
    struct report *r = first_to_tell(live);

    if (r != NULL && r->event.kind == STUB_STOPPED && r->event.reason == STUB_TRACE) {
        r->event.reason = STUB_SIGNAL;
        r->event.signal = SIGINT;
    }
}

bool
live_has_news(struct live *live)
{
    return first_to_tell(live) != NULL;
}

static bool
is_stale(struct thread *t)
{
    const struct stub_event *e = &t->report.event;
    uint64_t pc;

    if (t->report.state != REPORT_QUEUED || e->reason == STUB_SIGNAL)
        return false;
    if (t->report.arrival)
        return true;
    bool breakpoint = e->reason == STUB_SWBREAK || e->reason == STUB_HWBREAK;
    if (!breakpoint && e->reason != STUB_TRACE)
        return false;
    if (!live_get_pc(t, &pc) || pc != t->stop_pc)
        return true;
    return breakpoint && !live_is_wished(t->process, pc) && !live_is_guarded(t->process, pc);
}

/* Those of threads that the client leaves stopped may become true again before they run. */
void
live_drop_stale(struct live *live, struct process *only)
{
    struct report *r, *next;

    TAILQ_FOREACH_SAFE (r, &live->queue, next, next) {
        struct thread *t = live_thread_find(live, (pid_t)r->event.id.tid);

        if (t != NULL && r == &t->report && (only != NULL ? t->process == only : t->wanted) &&
            is_stale(t))
            live_unqueue(live, r);
    }
}

int
live_peek(void *target, unsigned kinds, struct stub_event *event)
{
    struct live *live = target;
    bool output = (kinds & 1u << STUB_OUTPUT) != 0;
    struct report *r = NULL;

    live_output_collect(live);
    if ((kinds & ~(1u << STUB_OUTPUT)) != 0)
        r = first_to_tell(live);
    if (output && live->output.state == REPORT_QUEUED && (r == NULL || !r->arrival))
        r = &live->output; /* no client expects output before the answer to a launch */
    if (r == NULL)
        return 0;
    *event = r->event;
    return 1;
}

static struct report *
report_of(struct live *live, const struct stub_event *event)
{
    struct report *r;

    TAILQ_FOREACH (r, &live->queue, next) {
        if (r->event.kind == event->kind && r->event.id.pid == event->id.pid &&
            r->event.id.tid == event->id.tid)
            return r;
    }
    return NULL;
}

static void
thread_done(struct live *live, struct report *r)
{
    struct thread *t = live_thread_find(live, (pid_t)r->event.id.tid);

    if (t == NULL || &t->report != r)
        return;
    uint8_t reason = r->event.reason;
    if (reason == STUB_SWBREAK || reason == STUB_HWBREAK) {
        t->told = true;
        t->told_pc = t->stop_pc;
    }
}

void
live_done(void *target, const struct stub_event *event)
{
    struct live *live = target;

    if (event->kind == STUB_OUTPUT) {
        live_output_told(live, event->text_size);
        return;
    }
    struct report *r = report_of(live, event);
    if (r == NULL)
        return;
    if (r->owned) {
        live_unqueue(live, r);
        return;
    }
    live_unqueue(live, r);
    r->state = REPORT_DONE;
    live->last = r;
    if (event->kind == STUB_STOPPED) {
        thread_done(live, r);
        return;
    }
    if (event->kind != STUB_EXITED && event->kind != STUB_SIGNALLED)
        return;
    /* The process goes; its end is kept for a client that asks again. */
    struct process *p;
    TAILQ_FOREACH (p, &live->processes, next) {
        if (&p->end == r)
            break;
    }
    live->over_again.event = r->event;
    live->last = &live->over_again;
    if (p != NULL)
        live_process_free(p);
    live->last = &live->over_again;
    live_sweep(live);
}

/* All-stop: what was told last. */
static void
last_again(struct live *live)
{
    struct report *r = live->last;

    if (r == NULL) {
        struct thread *t = live_thread_of(live, (struct rsp_id){ 0, 0 });
        if (t == NULL || !live->standing || live_has_news(live))
            return;
        if (t->report.state == REPORT_NONE)
            live_stop_event(t, STUB_NO_REASON, 0);
        r = &t->report;
    }
    if (r->state == REPORT_QUEUED)
        return;
    live_queue_first(live, r);
    live->last = NULL;
}

/* Else every thread that stands; those that stopped for a reason before those that stopped because
 * others did. */
static void
all_again(struct live *live, bool with_reason)
{
    struct thread *t;

    RB_FOREACH (t, thread_tree, &live->threads) {
        if (!live_is_met(t) || t->running || t->wanted)
            continue;
        if (t->report.state == REPORT_NONE)
            live_stop_event(t, STUB_NO_REASON, 0);
        if ((t->report.event.reason != STUB_NO_REASON) == with_reason)
            live_queue(live, &t->report, false);
    }
}

void
live_again(void *target)
{
    struct live *live = target;

    if (live->mode == STUB_ALL_STOP) {
        last_again(live);
        return;
    }
    all_again(live, true);
    all_again(live, false);
    if (live->last == &live->over_again && live->last->state != REPORT_QUEUED &&
        live_process_find(live, 0) == NULL)
        live_queue_first(live, live->last);
}

void
live_queue_drop_stops(struct live *live)
{
    struct report *r, *next;

    TAILQ_FOREACH_SAFE (r, &live->queue, next, next) {
        if (r->event.kind == STUB_STOPPED) {
            live_unqueue(live, r);
            r->state = REPORT_DONE;
            thread_done(live, r);
        } else if (r->event.kind == STUB_THREAD_GONE) {
            live_unqueue(live, r);
        }
    }
}

int
live_stop_of(void *target, struct rsp_id id, struct stub_event *event)
{
    struct live *live = target;
    struct thread *t = live_thread_of(live, id);

    if (t == NULL)
        return -STUB_ESRCH;
    if (t->report.state != REPORT_NONE) {
        *event = t->report.event;
        return 0;
    }
    memset(event, 0, sizeof(*event));
    event->kind = STUB_STOPPED;
    event->id.pid = t->process->pid;
    event->id.tid = t->tid;
    return 0;
}
