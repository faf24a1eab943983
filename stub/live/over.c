/* over.c - a thread steps over a breakpoint that it stands at.
 *
 * A ladder of three rungs. The instruction under the breakpoint is done by live_emulate where that
 * can be; beside other threads a copy of it is stepped elsewhere (live_pad_enter); else, here, all
 * threads that share the memory stand still, the breakpoint is lifted, the thread does one step,
 * the breakpoint is planted again. A system call instruction is not stepped but entered: it may
 * block for ever, and others may have to run for it to return.
 */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

bool
live_over_needed(struct thread *t)
{
    uint64_t pc;

    if (!t->told || t->own_memory || !live_is_planted(t->process, t->told_pc))
        return false;
    return live_get_pc(t, &pc) && pc == t->told_pc;
}

static void
halt_sharers(struct process *p)
{
    struct process *q;

    TAILQ_FOREACH (q, &p->live->processes, next) {
        if (live_owner(q) == live_owner(p) && !q->leaving && !q->ended)
            live_halt(p->live, q);
    }
}

/* Begins, or goes on after a signal that has to wait. */
void
live_over_begin(struct thread *t)
{
    struct process *p = t->process;
    struct live *live = p->live;
    pid_t tid = t->tid;

    if (p->over == NULL) {
        halt_sharers(p);
        t = live_thread_find(live, tid);
        if (t == NULL || t->running || t->report.state == REPORT_QUEUED)
            return; /* gone, or there is something to tell first */
        struct plant *b = live_plant_at(p, t->told_pc);
        if (b == NULL)
            return;
        live_plant_lift(p, b);
        p->over = t;
        p->over_syscall = live_is_syscall(p, t->told_pc);
    }
    live_start(t, p->over_syscall ? PTRACE_SYSCALL : PTRACE_SINGLESTEP);
}

void
live_over_end(struct process *p)
{
    struct thread *t = p->over;

    p->over = NULL;
    struct plant *b = live_plant_at(p, t->told_pc);
    if (b != NULL && live_plant_is_needed(b) && !p->leaving)
        live_plant_put(p, b);
}

bool
live_over_stopped(struct thread *t, int status)
{
    uint64_t pc;

    /* A signal that is not the instruction's own doing waits until the step is done. */
    if (live_defer(t, status))
        return false;
    live_over_end(t->process);
    if (live_get_pc(t, &pc) && pc != t->told_pc)
        t->told = false;
    return true;
}
