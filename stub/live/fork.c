/* fork.c - births and exec: new threads, forked children, asked about or not, new programs. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

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

/* The parent's wishes are the child's too, as are the planted bytes in its copy of the memory. */
static void
be_known(struct process *parent, struct process *child, bool shares)
{
    child->origin = parent->origin;
    memcpy(child->exec_path, parent->exec_path, sizeof(child->exec_path));
    child->newborn = parent->newborn;
    if (!live_plant_copy(parent, child) && !shares)
        live_plant_clean(live_owner(parent), child);
}

/* A child of p; the client knows it, or it is only looked after until it can be let go. */
static void
child_born(struct process *p, pid_t pid, bool shares, bool known)
{
    struct process *child = live_process_new(p->live, pid, ORIGIN_FORKED);
    if (child == NULL)
        return;
    child->hidden = !known;
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
    if (known)
        be_known(p, child, shares);
    else if (!shares)
        live_plant_clean(live_owner(p), child);
    take_early(p->live, t);
}

void
live_orphan(struct process *dead, pid_t tid)
{
    struct process *child = live_process_new(dead->live, tid, ORIGIN_FORKED);
    if (child == NULL)
        return;
    child->hidden = true;
    child->layout = dead->layout;
    struct thread *t = live_thread_new(child, tid);
    if (t != NULL) {
        t->running = false;
        live_process_open(child);
        live_plant_clean(live_owner(dead), child);
        live_process_let_go(child);
    }
    live_process_free(child);
}

static void
tell_birth(struct thread *parent, enum stub_reason reason, struct rsp_id child)
{
    struct thread *t = live_thread_find(parent->process->live, (pid_t)child.tid);

    if (t != NULL)
        t->untold = true;
    parent->birth_in_step = live_is_to_step(parent);
    live_stop_event(parent, reason, SIGTRAP)->other = child;
    live_tell(parent);
}

void
live_forked(struct thread *parent, pid_t child, int event)
{
    struct process *p = parent->process;
    bool vfork = event == PTRACE_EVENT_VFORK;
    unsigned wanted = vfork ? STUB_WANT_VFORK : STUB_WANT_FORK;
    bool known = live_is_known(p) && !parent->own_memory && (p->live->events & wanted) != 0;

    if (vfork) {
        /* It cannot be stopped until the child lets it: its registers stay what they are. */
        live_load_general(parent);
        parent->vforking = true;
        parent->vfork_told = known;
    }
    bool shares = !parent->own_memory && live_shares_memory(parent->tid, child, vfork);
    child_born(p, child, shares, known);
    if (known)
        tell_birth(parent, vfork ? STUB_VFORK : STUB_FORK, (struct rsp_id){ child, child });
}

void
live_cloned(struct thread *parent, pid_t child)
{
    struct process *p = parent->process;
    bool tell = (parent->wants & STUB_WANT_CLONE) != 0 && live_is_known(p);

    bool apart = !live_is_thread_of(parent->group, child);

    if (apart && !live_is_known(p)) {
        child_born(p, child, live_shares_memory(parent->tid, child, false), false);
        return;
    }
    struct thread *t = live_thread_new(p, child);
    if (t == NULL)
        return;
    t->group = parent->group;
    t->own_memory = parent->own_memory;
    if (apart)
        live_apart_born(parent, t);
    t->newborn = true;
    t->stays = tell;
    take_early(p->live, t);
    if (tell)
        tell_birth(parent, STUB_CLONE, (struct rsp_id){ p->pid, child });
}

/* A child that nobody asked about is let go, or runs as long as it uses its parent's memory. */
static void
hidden_born(struct thread *t)
{
    if (t->process->shares == NULL) {
        t->process->leaving = true;
        return;
    }
    t->action.kind = STUB_CONTINUE;
    t->wanted = true;
    live_wake(t);
}

void
live_born(struct thread *t)
{
    struct process *p = t->process;
    struct live *live = p->live;

    t->newborn = false;
    if (p->hidden) {
        hidden_born(t);
        return;
    }
    if (t->stays || t->tid == p->pid) /* told of with its parent's event */
        return;
    t->action = p->newborn;
    t->wanted = !live->standing && p->newborn.kind != STUB_STAY && !p->stand_due;
    live_wake(t);
    if ((live->events & STUB_WANT_THREADS) != 0) {
        live_stop_event(t, STUB_CREATED, SIGTRAP);
        live_tell(t);
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
        live_wake(leader);
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
        caller = NULL; /* as it is where that one had a group of its own */
    live_apart_part(p, 0);
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
