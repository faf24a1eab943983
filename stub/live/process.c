/* process.c - life and death of processes: found, opened, killed, let go, left by a client. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct process *
live_process_new(struct live *live, pid_t pid, enum origin origin)
{
    struct process *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->live = live;
    p->pid = pid;
    p->origin = origin;
    p->forked = origin == ORIGIN_FORKED;
    p->mem = -1;
    p->newborn.kind = STUB_CONTINUE;
    TAILQ_INIT(&p->threads);
    TAILQ_INIT(&p->points);
    TAILQ_INIT(&p->allocations);
    RB_INIT(&p->plants);
    TAILQ_INSERT_TAIL(&live->processes, p, next);
    return p;
}

/* The first of the vfork children that use p's memory gets it, the others use it with that one. */
static struct process *
choose_heir(struct process *p)
{
    struct process *child, *heir = NULL;

    TAILQ_FOREACH (child, &p->live->processes, next) {
        if (child->shares != p || child->buried)
            continue;
        child->shares = heir;
        if (heir == NULL)
            heir = child;
    }
    return heir;
}

static void
let_go_for_good(struct process *p)
{
    live_process_let_go(p);
    if (TAILQ_EMPTY(&p->threads))
        live_process_free(p);
}

/* One that nobody asked about is let go clean, and one that the client knows keeps what is wished
 * in that memory. */
void
live_hand_over_memory(struct process *p)
{
    struct process *child, *heir = choose_heir(p);

    if (heir == NULL)
        return;
    RB_ROOT(&heir->plants) = RB_ROOT(&p->plants);
    RB_INIT(&p->plants);
    live_plant_lift_all(heir);
    /* The heir last: freeing it hands on to one that still runs, if any, and goes no deeper. */
    TAILQ_FOREACH (child, &p->live->processes, next) {
        if (child->shares == heir && child->hidden && !child->buried)
            let_go_for_good(child);
    }
    if (heir->hidden)
        let_go_for_good(heir);
}

void
live_process_free(struct process *p)
{
    struct live *live = p->live;
    struct thread *t;
    struct allocation *a;

    if (p->buried)
        return;
    p->buried = p->leaving = true;
    live_apart_part(p, 0);
    live_hand_over_memory(p);
    live_plant_forget(p);
    while ((t = TAILQ_FIRST(&p->threads)) != NULL)
        live_thread_free(t);
    while ((a = TAILQ_FIRST(&p->allocations)) != NULL) {
        TAILQ_REMOVE(&p->allocations, a, next);
        free(a);
    }
    live_unqueue(live, &p->end);
    if (live->last == &p->end)
        live->last = NULL;
    live_maps_free(p);
    live_libraries_free(p);
    live_modules_free(p);
    live_catch_free(p);
    live_tls_forget(p);
    live_pad_forget(p);
    if (p->mem >= 0)
        close(p->mem);
    p->mem = -1;
}

void
live_sweep(struct live *live)
{
    struct process *p, *next;

    TAILQ_FOREACH_SAFE (p, &live->processes, next, next) {
        if (p->buried) {
            TAILQ_REMOVE(&live->processes, p, next);
            free(p);
        }
    }
}

struct process *
live_process_find(struct live *live, int64_t pid)
{
    struct process *p;

    TAILQ_FOREACH (p, &live->processes, next) {
        if (live_is_known(p) && (pid <= 0 || p->pid == pid))
            return p;
    }
    return NULL;
}

struct process *
live_process_with(struct live *live, pid_t pid)
{
    struct process *p;

    TAILQ_FOREACH (p, &live->processes, next) {
        if (p->pid == pid && !p->ended && !p->buried)
            return p;
    }
    return NULL;
}

struct process *
live_owner(struct process *p)
{
    return p->shares != NULL ? p->shares : p;
}

int
live_process_open(struct process *p)
{
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/mem", (int)live_tid(p));
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (p->mem >= 0)
        close(p->mem);
    p->mem = fd;
    p->syscall_address = p->debug_pointer = 0;
    p->has_no_linker = false;
    p->single = SINGLE_UNKNOWN;
    live_modules_free(p);
    live_tls_forget(p);
    live_pad_forget(p);
    live_maps_drop(p);
    p->layout = *live_machine_layout(p->live);
    return fd >= 0 ? 0 : -errno;
}

void
live_process_ended(struct process *p, int status)
{
    struct live *live = p->live;
    struct thread *t;

    live_free_orphans(p);
    if (p->hidden || p->leaving) {
        live_process_free(p);
        return;
    }
    live_apart_part(p, 0);
    live_hand_over_memory(p);
    if (p->shares == NULL)
        live_plant_lift_all(p); /* a child that nobody heard of yet may use its memory */
    live_plant_forget(p);
    while ((t = TAILQ_FIRST(&p->threads)) != NULL)
        live_thread_free(t);
    p->ended = true;
    live->has_ended = true;
    live->ended_status = status;
    live_terminal_take(live);
    struct stub_event *e = &p->end.event;
    memset(e, 0, sizeof(*e));
    e->id.pid = e->id.tid = p->pid;
    if (WIFSIGNALED(status)) {
        e->kind = STUB_SIGNALLED;
        e->signal = WTERMSIG(status);
    } else {
        e->kind = STUB_EXITED;
        e->status = WEXITSTATUS(status);
    }
    live_queue(live, &p->end, false);
}

/* Reaps what is left of a killed process, for two seconds at most. */
static void
reap(struct live *live, pid_t pid)
{
    for (int i = 0; i < 2000; i++) {
        live_collect(live);
        if (live_process_with(live, pid) == NULL)
            return;
        nanosleep(&(struct timespec){ .tv_nsec = i < 20 ? 50000 : 1000000 }, NULL);
    }
}

/* The child that t's report would have told of, NULL when it tells of none. */
static struct process *
untold_child(const struct thread *t)
{
    const struct rsp_id id = t->report.event.other;
    struct thread *child = t->report.state == REPORT_QUEUED && id.pid != t->process->pid
                               ? live_thread_find(t->process->live, (pid_t)id.tid)
                               : NULL;

    return child != NULL && child->untold ? child->process : NULL;
}

/* Children that the client will not hear of any more go the way of their parent. One that uses its
 * memory is looked after as long as it does. */
static void
let_untold_go(struct process *p)
{
    struct thread *t;

    TAILQ_FOREACH (t, &p->threads, next) {
        struct process *child = untold_child(t);

        if (child == NULL)
            continue;
        live_unqueue(p->live, &t->report);
        child->hidden = child->shares != NULL;
        if (!child->hidden)
            live_detach(p->live, child->pid);
    }
}

static void
kill_untold(struct process *p)
{
    struct thread *t;

    TAILQ_FOREACH (t, &p->threads, next) {
        struct process *child = untold_child(t);

        if (child == NULL)
            continue;
        live_unqueue(p->live, &t->report);
        live_kill(p->live, child->pid, false);
    }
}

int
live_kill(void *target, int64_t pid, bool tell)
{
    struct live *live = target;
    struct process *p = live_process_find(live, pid);

    if (p == NULL)
        return live_fail(live, STUB_ESRCH, "no process %lld is being debugged", (long long)pid);
    kill_untold(p);
    live_plant_lift_all(p); /* a vfork's child may live on in its memory */
    live_apart_kill(p);
    kill(p->pid, SIGKILL);
    p->leaving = !tell; /* else its end is the answer, not an event */
    reap(live, p->pid);
    live->has_ended = true;
    live->ended_status = SIGKILL;
    live_terminal_take(live);
    live_sweep(live);
    return 0;
}

/* The signal that the program is still owed for the stop that t stands in. */
static int
owed_at_leave(struct thread *t)
{
    struct live *live = t->process->live;
    const struct stub_event *e = &t->report.event;

    if (t->owed != 0)
        return t->owed;
    if (t->at_signal == 0 || t->report.state == REPORT_NONE || e->reason != STUB_SIGNAL ||
        e->signal != t->at_signal)
        return 0;
    /* What a debugger sends a program is not the program's own, unless the client says so. */
    bool wanted = live->has_program ? live_in_list(live->program, e->signal)
                                    : e->signal != SIGTRAP && e->signal != SIGINT;
    return wanted ? e->signal : 0;
}

void
live_thread_let_go(struct thread *t)
{
    int signal = owed_at_leave(t);

    live_flush_registers(t);
    live_debug_clear(t);
    if (t->deferred != 0)
        syscall(SYS_tgkill, t->group, t->tid, t->deferred);
    live_resend_deferred(t);
    if (signal != 0 && t->at_signal == 0) {
        syscall(SYS_tgkill, t->group, t->tid, signal);
        signal = 0;
    }
    if (live_ptrace(PTRACE_DETACH, t->tid, 0, (uintptr_t)signal) != 0)
        t->process->live->unreaped++;
    live_thread_free(t);
}

void
live_process_let_go(struct process *p)
{
    struct thread *t, *next;

    p->leaving = true;
    TAILQ_FOREACH_SAFE (t, &p->threads, next, next) {
        if (!t->running)
            live_thread_let_go(t);
        else if (!t->interrupting && live_ptrace(PTRACE_INTERRUPT, t->tid, 0, 0) == 0)
            t->interrupting = true;
    }
}

/* The vfork children that use p's memory and that nobody asked about go with it; to one that the
 * client knows it is handed on with all that is planted in it. */
static void
let_sharers_go(struct process *p)
{
    struct process *child, *heir;

    TAILQ_FOREACH (child, &p->live->processes, next) {
        if (child->shares == p && !child->leaving && child->hidden)
            let_go_for_good(child);
    }
    heir = choose_heir(p);
    if (heir == NULL)
        return;
    RB_ROOT(&heir->plants) = RB_ROOT(&p->plants);
    RB_INIT(&p->plants);
    heir->plants_changed = true;
}

/* A vfork's child that is let go runs in memory that still is its parent's: nothing is planted
 * there until it is out of it. */
static void
lend_memory(struct process *p)
{
    if (p->shares == NULL)
        return;
    p->shares->lent = true;
    p->shares->plants_changed = true;
}

/* Who was killed where it stood cannot be detached, and its parent waits for it until we have seen
 * its end; nobody may come by to do that later. */
static void
reap_dead(struct live *live)
{
    for (int i = 0; i < 200 && live->unreaped > 0; i++) {
        if (!live_collect(live))
            nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    live->unreaped = 0;
}

int
live_detach(void *target, int64_t pid)
{
    struct live *live = target;
    struct process *p = live_process_find(live, pid);

    if (p == NULL)
        return live_fail(live, STUB_ESRCH, "no process %lld is being debugged", (long long)pid);
    live_halt(live, p);
    live_drop_stale(live, p);
    let_untold_go(p);
    live_pad_close(p);
    live_wishes_drop(p);
    live_plant_lift_all(p);
    lend_memory(p);
    let_sharers_go(p);
    let_go_for_good(p);
    reap_dead(live);
    live_terminal_take(live);
    live_sweep(live);
    return 0;
}

static bool
is_any_leaving(struct live *live)
{
    struct process *p;

    TAILQ_FOREACH (p, &live->processes, next) {
        if (p->leaving && !TAILQ_EMPTY(&p->threads))
            return true;
    }
    return false;
}

void
live_await_leaving(struct live *live)
{
    for (int i = 0; i < 200 && is_any_leaving(live); i++) {
        if (!live_collect(live))
            nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
}

static enum live_on_lost
policy_of(const struct process *p)
{
    const struct live_config *config = &p->live->config;
    return p->origin == ORIGIN_LAUNCHED ? config->lost_launched : config->lost_attached;
}

void
live_part_from(struct process *p, bool dies)
{
    const struct live_config *config = &p->live->config;

    if (config->parts != NULL)
        config->parts(config->context, p->pid, dies);
    if (dies)
        live_kill(p->live, p->pid, false);
    else
        live_detach(p->live, p->pid);
}

static struct process *
next_to_leave(struct live *live)
{
    struct process *p;

    TAILQ_FOREACH (p, &live->processes, next) {
        if (live_is_known(p) && policy_of(p) != LIVE_STOP)
            return p;
    }
    return NULL;
}

/* What this client wanted to hear of. */
static void
forget_wanted_events(struct live *live)
{
    struct thread *t;

    live->events = STUB_WANT_EXEC;
    RB_FOREACH (t, thread_tree, &live->threads)
        t->wants = 0;
}

void
live_client_gone(void *target)
{
    struct live *live = target;
    struct process *p;

    live_files_close(live);
    if (live_process_find(live, 0) == NULL)
        return;
    live_stand(live);
    live->mode = STUB_ALL_STOP;
    live->has_pass = live->has_program = false;
    forget_wanted_events(live);
    TAILQ_FOREACH (p, &live->processes, next) {
        if (!live_is_known(p))
            continue;
        live_wishes_drop(p);
        live_catch_free(p);
        live_plant_sync(p);
        live_drop_stale(live, p);
        if (policy_of(p) == LIVE_STOP)
            let_untold_go(p);
    }
    while ((p = next_to_leave(live)) != NULL)
        live_part_from(p, policy_of(p) == LIVE_KILL);
}

int
live_send_signal(void *target, int64_t pid, int signal)
{
    struct live *live = target;
    struct process *p = live_process_find(live, pid);

    if (p == NULL)
        return -STUB_ESRCH;
    return kill(p->pid, signal) == 0 ? 0 : -errno;
}
