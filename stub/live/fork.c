/* fork.c - births and exec: new threads, forked children that nobody asked about, new programs. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The stop of a newborn that came before its parent told of it, if it did. */
static void
take_early(struct live *live, struct thread *t)
{
    struct early *e;

    TAILQ_FOREACH (e, &live->early, next) {
        if (e->tid == t->tid) {
            int status = e->status;
            TAILQ_REMOVE(&live->early, e, next);
            free(e);
            live_classify(t, status);
            return;
        }
    }
}

static bool
is_thread_of(pid_t pid, pid_t tid)
{
    char name[64];

    /* /proc/PID/task/TID is there exactly for the threads of PID's group (proc(5)). */
    snprintf(name, sizeof(name), "/proc/%d/task/%d", (int)pid, (int)tid);
    return access(name, F_OK) == 0;
}

static bool
shares_memory(pid_t a, pid_t b, bool otherwise)
{
    long r = syscall(SYS_kcmp, a, b, KCMP_VM, 0, 0);
    return r < 0 ? otherwise : r == 0;
}

static void
child_born(struct thread *parent, pid_t pid, bool shares)
{
    struct process *p = parent->process;
    struct process *child = live_process_new(p->live, pid, ORIGIN_FORKED);
    if (child == NULL)
        return;
    child->hidden = true;
    child->layout = p->layout;
    if (shares)
        child->shares = live_owner(p);
    struct thread *t = live_thread_new(child, pid);
    if (t == NULL) {
        live_process_free(child);
        return;
    }
    t->newborn = true;
    live_process_open(child);
    if (!shares)
        live_plant_clean(live_owner(p), child);
    take_early(p->live, t);
}

void
live_forked(struct thread *parent, pid_t child, int event)
{
    bool vfork = event == PTRACE_EVENT_VFORK;
    bool shares = shares_memory(parent->tid, child, vfork);

    if (vfork) {
        /* It cannot be stopped until the child lets it: its registers stay what they are. */
        live_load_general(parent);
        parent->vforking = true;
    }
    child_born(parent, child, shares);
}

void
live_cloned(struct thread *parent, pid_t child)
{
    struct process *p = parent->process;

    if (!is_thread_of(p->pid, child)) {
        child_born(parent, child, shares_memory(parent->tid, child, false));
        return;
    }
    struct thread *t = live_thread_new(p, child);
    if (t == NULL)
        return;
    t->newborn = true;
    take_early(p->live, t);
}

void
live_born(struct thread *t)
{
    struct process *p = t->process;

    t->newborn = false;
    if (p->hidden && p->shares == NULL) {
        p->leaving = true;
    } else if (p->hidden) {
        t->action.kind = STUB_CONTINUE;
        t->wanted = true;
    } else {
        t->action = p->newborn;
        t->wanted = !p->live->standing && p->newborn.kind != STUB_STAY;
    }
}

/* After exec only the leader is left, and it is the thread that called exec under a new name. */
static struct thread *
only_leader(struct process *p, struct thread *leader, struct thread *caller)
{
    struct thread *t, *next;

    if (leader == NULL)
        leader = live_thread_new(p, p->pid);
    if (leader == NULL)
        return NULL;
    if (caller != NULL && caller != leader) {
        leader->action = caller->action;
        leader->wanted = caller->wanted;
        live_unqueue(p->live, &leader->report);
    }
    TAILQ_FOREACH_SAFE (t, &p->threads, next, next) {
        if (t != leader)
            live_thread_free(t);
    }
    leader->debug_version = 0;
    leader->told = leader->vforking = leader->newborn = leader->in_handler = false;
    return leader;
}

/* A new program runs in p. NULL when it is none for us: it was let go. */
struct thread *
live_execed(struct process *p, struct thread *leader)
{
    struct live *live = p->live;
    unsigned long former = 0;

    live_ptrace(PTRACE_GETEVENTMSG, p->pid, 0, (uintptr_t)&former);
    struct thread *caller = live_thread_find(live, (pid_t)former);
    if (caller != NULL && caller->process != p)
        caller = NULL;
    live_hand_over_memory(p);
    live_plant_forget(p);
    p->over = NULL;
    leader = only_leader(p, leader, caller);
    if (leader == NULL)
        return NULL;
    p->shares = NULL;
    if (p->hidden) {
        p->leaving = true;
        return leader;
    }
    live_process_open(p);
    if (!live_proc_link(p->pid, "exe", p->exec_path, sizeof(p->exec_path)))
        p->exec_path[0] = '\0';
    const char *machine = live_foreign_program(p->pid);
    if (machine == NULL)
        return leader;
    live_say(live, "process %d now runs %s, %s: it is let go, since only x86-64 is served here",
             (int)p->pid, p->exec_path, machine);
    live_ptrace(PTRACE_DETACH, p->pid, 0, 0);
    live_process_ended(p, 0);
    return NULL;
}
