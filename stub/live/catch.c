/* catch.c - system calls that the client catches (GDB manual, QCatchSyscalls). A process that has
 * some runs with PTRACE_SYSCALL; whether a stop is an entry or a return the kernel says itself. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <stdlib.h>
#include <sys/ptrace.h>

struct caught {
    bool all;
    size_t count;
    uint64_t numbers[LIVE_CAUGHT_MAX];
};

void
live_catch_free(struct process *p)
{
    free(p->caught);
    p->caught = NULL;
}

static int
catch_too(struct live *live, struct caught *caught, uint64_t number)
{
    if (caught->count == LIVE_CAUGHT_MAX)
        return live_fail(live, STUB_E2BIG, "more than %d system calls by number", LIVE_CAUGHT_MAX);
    caught->numbers[caught->count++] = number;
    return 0;
}

int
live_catch_syscall(void *process, enum stub_catch what, uint64_t number)
{
    struct process *p = process;

    if (p == NULL)
        return -STUB_ESRCH;
    if (what == STUB_CATCH_NONE) {
        live_catch_free(p);
        return 0;
    }
    if (p->caught == NULL)
        p->caught = calloc(1, sizeof(*p->caught));
    if (p->caught == NULL)
        return -STUB_ENOMEM;
    if (what == STUB_CATCH_TOO)
        return catch_too(p->live, p->caught, number);
    p->caught->all = true;
    return 0;
}

static bool
is_caught(const struct caught *caught, uint64_t number)
{
    if (caught == NULL || caught->all)
        return caught != NULL;
    for (size_t i = 0; i < caught->count; i++) {
        if (caught->numbers[i] == number)
            return true;
    }
    return false;
}

void
live_catch_owe(struct thread *t)
{
    if (t->process->hidden)
        return;
    live_syscall_number(t, &t->call);
    t->owes_return = true;
}

bool
live_catch_pay(struct thread *t)
{
    bool owes = t->owes_return;

    t->owes_return = false;
    if (!owes || !is_caught(t->process->caught, t->call))
        return false;
    live_stop_event(t, STUB_SYSCALL_RETURN, SIGTRAP)->status = (int)t->call;
    live_tell(t);
    return true;
}

bool
live_catches(struct thread *t, enum stub_reason *reason, uint64_t *number)
{
    struct __ptrace_syscall_info info;

    if (live_ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, sizeof(info), (uintptr_t)&info) <= 0)
        return false;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        t->call = info.entry.nr;
        *reason = STUB_SYSCALL_ENTRY;
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
        live_syscall_number(t, &t->call);
        *reason = STUB_SYSCALL_RETURN;
    } else {
        return false;
    }
    *number = t->call;
    return is_caught(t->process->caught, t->call);
}
