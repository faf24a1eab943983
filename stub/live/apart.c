/* apart.c - clones that are threads to a client and have a thread group of their own.
 *
 * The kernel tells of a clone() without CLONE_THREAD that does not end by SIGCHLD as of a thread,
 * and gdb, like gdbserver, takes it for one. Such a clone is a thread of its creator's process as
 * long as both live. It is named to the kernel by its own group, outlives the process, and is let
 * go then; one that has a copy of the memory gets it without our breakpoints, and is stopped by
 * signals alone. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

bool
live_is_thread_of(pid_t group, pid_t tid)
{
    /* No such process, it says of a thread of another group; only then it looks at rights. */
    return tgkill(group, tid, 0) == 0 || errno == EPERM;
}

bool
live_shares_memory(pid_t a, pid_t b, bool otherwise)
{
    long r = syscall(SYS_kcmp, a, b, KCMP_VM, 0, 0);
    return r < 0 ? otherwise : r == 0;
}

static void
clean_copy(struct process *p, pid_t tid)
{
    struct process *copy = live_process_new(p->live, tid, ORIGIN_FORKED);

    if (copy == NULL)
        return;
    copy->hidden = true;
    live_process_open(copy);
    live_plant_clean(live_owner(p), copy);
    live_process_free(copy);
}

void
live_apart_born(const struct thread *creator, struct thread *t)
{
    t->group = t->tid;
    if (creator->own_memory || live_shares_memory(creator->tid, t->tid, false))
        return;
    t->own_memory = true;
    clean_copy(t->process, t->tid);
}

struct process *
live_process_of_group(struct live *live, pid_t group)
{
    struct process *p = live_process_with(live, group);
    struct thread *t = p == NULL ? live_thread_find(live, group) : NULL;

    return t != NULL && t->group == group ? t->process : p;
}

static struct thread *
first_apart(const struct process *p, pid_t group)
{
    struct thread *t;

    TAILQ_FOREACH (t, &p->threads, next) {
        if (group == 0 ? t->group != p->pid : t->group == group)
            return t;
    }
    return NULL;
}

static void
move(struct thread *t, struct process *to)
{
    struct process *from = t->process;
    struct live *live = from->live;

    if (from->over == t)
        live_over_end(from);
    live_foresee_nothing(live);
    live_plant_return_end(t);
    live_unqueue(live, &t->report);
    if (live->last == &t->report)
        live->last = NULL;
    TAILQ_REMOVE(&from->threads, t, next);
    TAILQ_INSERT_TAIL(&to->threads, t, next);
    t->process = to;
    t->told = t->untold = t->own_memory = false;
}

/* False: no memory for that. The clone is detached, then. */
static bool
part(struct process *p, struct thread *t)
{
    pid_t group = t->group;
    bool own_memory = t->own_memory;
    struct process *child = live_process_new(p->live, group, ORIGIN_FORKED);

    if (child == NULL)
        return false;
    child->hidden = true;
    if (!own_memory)
        child->shares = live_owner(p);
    for (; t != NULL; t = first_apart(p, group))
        move(t, child);
    live_process_open(child);
    if (!own_memory)
        return true;
    live_process_let_go(child);
    if (TAILQ_EMPTY(&child->threads))
        live_process_free(child);
    return true;
}

void
live_apart_part(struct process *p, pid_t group)
{
    struct thread *t;

    while ((t = first_apart(p, group)) != NULL && part(p, t))
        ;
}

void
live_apart_kill(const struct process *p)
{
    const struct thread *t;

    TAILQ_FOREACH (t, &p->threads, next) {
        if (t->group != p->pid)
            kill(t->group, SIGKILL);
    }
}
