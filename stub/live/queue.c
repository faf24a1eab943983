/* queue.c - what there is to tell, oldest first: peeked, then done (stub/target.h, "events"). */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

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

void
live_unqueue(struct live *live, struct report *r)
{
    if (r->state == REPORT_QUEUED)
        TAILQ_REMOVE(&live->queue, r, next);
    r->state = REPORT_NONE;
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

/* The oldest; but the end of a step before other threads' stops, because the client waits for it.
 * All threads stand when something is told, so the answer stays the same until it is done. */
static struct report *
first_to_tell(struct live *live)
{
    struct report *r, *first = NULL;

    TAILQ_FOREACH (r, &live->queue, next) {
        if (r->held)
            continue;
        if (first == NULL)
            first = r;
        if (r->event.kind == STUB_STOPPED && r->event.reason == STUB_TRACE)
            return r;
    }
    return first;
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
    struct thread *t;

    RB_FOREACH (t, thread_tree, &live->threads) {
        if ((only != NULL ? t->process == only : t->wanted) && is_stale(t))
            live_unqueue(live, &t->report);
    }
}

/* The stop that answers a launch or an attach, where no client expects output before it. */
static bool
is_arrival(const struct report *r)
{
    return r != NULL && r->event.kind == STUB_STOPPED && r->event.reason == STUB_NO_REASON;
}

int
live_peek(void *target, struct stub_event *event)
{
    struct live *live = target;

    live_output_collect(live);
    struct report *r = first_to_tell(live);
    if (live->output.state == REPORT_QUEUED && !is_arrival(r))
        r = &live->output;
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
    if (reason == STUB_SWBREAK || reason == STUB_HWBREAK || reason == STUB_TRACE) {
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

void
live_again(void *target)
{
    struct live *live = target;
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
    r->state = REPORT_QUEUED;
    r->held = false;
    TAILQ_INSERT_HEAD(&live->queue, r, next);
    live->last = NULL;
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
