/* step.c - the end of a step while nothing else runs, with as few system calls as it takes: one
 * that waits, one that reads the registers.
 *
 * The wait is for SIGCHLD, which the caller keeps blocked, and has a limit, since a step over a
 * system call may take for ever. Where the registers tell that the thread did one instruction and
 * nothing else, its wait status is not asked for: it says nothing more, and is gone when the
 * thread is started again. All other stops go the long way, live_poll. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <time.h>

enum {
    WAIT_MS = 20,      /* for one step, before other things are looked after too */
    ROUNDS = 512,      /* steps of a range before that */
    LONG_WAY_EACH = 64 /* stops: SIGCHLDs are not counted by the kernel, so that of a process that
                          was killed meanwhile may have come with that of a step */
};

bool
live_may_be_brief(struct live *live)
{
    return ++live->short_ways % LONG_WAY_EACH != 0;
}

bool
live_is_long_way_due(const struct live *live)
{
    return (live->short_ways + 1) % LONG_WAY_EACH == 0;
}

/* The one thread that runs, if only one does. */
static struct thread *
only_running(struct live *live)
{
    struct thread *t, *only = NULL;

    TAILQ_FOREACH (t, &live->awake, awake) {
        if (!t->running)
            continue;
        if (only != NULL)
            return NULL;
        only = t;
    }
    return only;
}

bool
live_is_stepping(struct live *live)
{
    const struct thread *t;

    if (live->standing || live->slow_step || live->unsure || live->mode != STUB_ALL_STOP)
        return false;
    t = only_running(live);
    return t != NULL && t->stepping && !t->newborn && !t->stuck;
}

/* The thread stopped by SIGTRAP: was that the end of a step like most? Then it is told, or
 * remembered, and true. */
static bool
take_plain_step(struct thread *t)
{
    struct process *p = t->process;
    uint64_t pc;

    if (!t->plain || t->interrupting || p->leaving || p->halting || !live_may_be_brief(p->live))
        return false;
    t->running = false;
    if (!live_get_pc(t, &pc) || !live_step_was_plain(t, t->start_pc)) {
        live_forget_registers(t);
        t->running = true;
        return false;
    }
    t->unread = t->steps_on = true;
    t->at_signal = SIGTRAP;
    live_step_ended(t);
    return true;
}

/* One step of a range, or one that the client asked for. */
static bool
await_one(struct live *live, struct thread *t)
{
    const struct timespec limit = { .tv_nsec = WAIT_MS * 1000000L };
    siginfo_t info;
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    if (sigtimedwait(&child, &info, &limit) != SIGCHLD) {
        live->slow_step = true;
        return false;
    }
    if (info.si_pid == t->tid && info.si_code == CLD_TRAPPED && info.si_status == SIGTRAP &&
        take_plain_step(t)) {
        live_go_on(live);
        return true;
    }
    (void)live_poll(live);
    return true;
}

bool
live_await_step(struct live *live)
{
    for (unsigned i = 0; i < ROUNDS && live_is_stepping(live); i++) {
        if (!await_one(live, only_running(live)))
            break;
    }
    return live_has_news(live) || live->output.state == REPORT_QUEUED;
}
