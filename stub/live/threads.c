/* threads.c - the threads of all processes: by tid, in order, and what /proc says of them. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
compare(const struct thread *a, const struct thread *b)
{
    return (a->tid > b->tid) - (a->tid < b->tid);
}

RB_GENERATE(thread_tree, thread, by_tid, compare)

struct thread *
live_thread_new(struct process *p, pid_t tid)
{
    struct thread *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return NULL;
    t->process = p;
    t->tid = tid;
    t->group = p->pid;
    t->running = true;
    t->debug_version = 0;
    TAILQ_INSERT_TAIL(&p->threads, t, next);
    RB_INSERT(thread_tree, &p->live->threads, t);
    live_wake(t);
    return t;
}

void
live_thread_free(struct thread *t)
{
    struct process *p = t->process;
    struct live *live = p->live;

    if (p->over == t)
        live_over_end(p);
    live_foresee_nothing(live);
    live_plant_return_end(t);
    live_unqueue(live, &t->report);
    if (live->last == &t->report)
        live->last = NULL;
    TAILQ_REMOVE(&p->threads, t, next);
    RB_REMOVE(thread_tree, &live->threads, t);
    if (t->is_awake)
        TAILQ_REMOVE(&live->awake, t, awake);
    live->found = NULL;
    live->freed++;
    free(t->disturbed);
    live_drop_extended(t);
    free(t);
}

/* Most questions are about the thread of the question before. */
struct thread *
live_thread_find(struct live *live, pid_t tid)
{
    if (live->found != NULL && live->found->tid == tid)
        return live->found;
    struct thread key = { .tid = tid };
    struct thread *t = RB_FIND(thread_tree, &live->threads, &key);
    if (t != NULL)
        live->found = t;
    return t;
}

void
live_wake(struct thread *t)
{
    if (t->is_awake)
        return;
    t->is_awake = true;
    TAILQ_INSERT_TAIL(&t->process->live->awake, t, awake);
}

void
live_let_sleep(struct live *live)
{
    struct thread *t, *next;

    TAILQ_FOREACH_SAFE (t, &live->awake, awake, next) {
        if (t->running || t->wanted || t->asked || t->at_event || t->in_handler)
            continue;
        t->is_awake = false;
        TAILQ_REMOVE(&live->awake, t, awake);
    }
}

bool
live_is_known(const struct process *p)
{
    return !p->hidden && !p->leaving && !p->ended;
}

bool
live_is_met(const struct thread *t)
{
    return live_is_known(t->process) && !t->untold;
}

bool
live_stands(const struct process *p)
{
    const struct thread *t;

    TAILQ_FOREACH (t, &p->live->awake, awake) {
        if (t->running && t->process == p)
            return false;
    }
    return true;
}

struct thread *
live_thread_of(struct live *live, struct rsp_id id)
{
    if (id.tid > 0) {
        if (id.tid > INT_MAX)
            return NULL;
        struct thread *t = live_thread_find(live, (pid_t)id.tid);
        if (t == NULL || !live_is_known(t->process))
            return NULL;
        return id.pid <= 0 || id.pid == t->process->pid ? t : NULL;
    }
    struct process *p = live_process_find(live, id.pid);
    return p == NULL ? NULL : TAILQ_FIRST(&p->threads);
}

/* t, or the first behind it in its process, that the client may meet. */
static struct thread *
first_met(struct thread *t)
{
    while (t != NULL && !live_is_met(t))
        t = TAILQ_NEXT(t, next);
    return t;
}

/* The first thread of p or of a process behind it. */
static struct thread *
first_from(struct process *p)
{
    struct thread *t = NULL;

    for (; p != NULL && t == NULL; p = TAILQ_NEXT(p, next))
        t = first_met(TAILQ_FIRST(&p->threads));
    return t;
}

int
live_next_thread(void *target, struct rsp_id *id)
{
    struct live *live = target;
    struct thread *t;

    if (id->tid == 0) {
        t = first_from(TAILQ_FIRST(&live->processes));
    } else {
        struct thread *now = live_thread_of(live, *id);
        if (now == NULL)
            return 0;
        t = first_met(TAILQ_NEXT(now, next));
        if (t == NULL)
            t = first_from(TAILQ_NEXT(now->process, next));
    }
    if (t == NULL)
        return 0;
    live->found = t;
    id->pid = t->process->pid;
    id->tid = t->tid;
    return 1;
}

int
live_find_thread(void *target, struct rsp_id *id)
{
    const struct thread *t = live_thread_of(target, *id);

    if (t == NULL)
        return 0;
    id->pid = t->process->pid;
    return 1;
}

pid_t
live_tid(const struct process *p)
{
    const struct thread *t;

    TAILQ_FOREACH (t, &p->threads, next) {
        if (!t->own_memory)
            return t->tid;
    }
    return p->pid;
}

pid_t
live_status_number(pid_t tid, const char *name)
{
    char text[4096];

    if (live_proc_read(tid, "status", text, sizeof(text)) <= 0)
        return -1;
    const char *at = strstr(text, name);
    return at == NULL ? -1 : (pid_t)strtol(at + strlen(name), NULL, 10);
}

char
live_task_state(pid_t group, pid_t tid)
{
    char name[64], text[512];

    snprintf(name, sizeof(name), "task/%d/stat", (int)tid);
    ssize_t n = live_proc_read(group, name, text, sizeof(text));
    if (n < 0)
        return 0;
    /* pid (comm) state: comm may hold anything, also parentheses (proc(5)). */
    const char *end = strrchr(text, ')');
    return end != NULL && end[1] == ' ' ? end[2] : '\0';
}

bool
live_has_other(const struct process *p, const struct thread *t, pid_t group)
{
    const struct thread *other;

    TAILQ_FOREACH (other, &p->threads, next) {
        if (other != t && other->group == group)
            return true;
    }
    return false;
}

bool
live_thread_is_zombie(struct thread *t)
{
    if (t->tid != t->group || !live_has_other(t->process, t, t->group))
        return false;
    if (live_task_state(t->group, t->tid) != 'Z')
        return false;
    live_thread_gone(t, 0);
    return true;
}
