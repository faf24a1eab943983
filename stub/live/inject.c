/* inject.c - the program does a system call for us: memory for a client's expressions. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum { VDSO_MAX = 16384, TRIES = 16, LOOKS = 2000 };

/* What a call disturbs in a stopped thread. */
struct disturbed {
    struct registers registers;
    siginfo_t info;
    uint64_t mask;
    int at_signal;
};

/* ---- where ---- */

/* The vdso always holds system call instructions; nothing needs to be written to use one. */
static uint64_t
find_syscall(struct process *p)
{
    uint64_t vdso;
    uint8_t *bytes;
    size_t n, i;

    if (p->syscall_address != 0 || !live_auxv_get(p, AT_SYSINFO_EHDR, &vdso))
        return p->syscall_address;
    bytes = malloc(VDSO_MAX);
    if (bytes == NULL)
        return 0;
    n = live_read_raw(p, vdso, bytes, VDSO_MAX);
    live_unshadow(p, vdso, bytes, n);
    for (i = 0; i + live_syscall_size <= n; i++) {
        if (memcmp(bytes + i, live_syscall_bytes, live_syscall_size) == 0) {
            p->syscall_address = vdso + i;
            break;
        }
    }
    free(bytes);
    return p->syscall_address;
}

/* One in the middle of a call would end that first, and a vfork only with its child. */
static struct thread *
stopped_thread(struct process *p)
{
    struct thread *t;

    TAILQ_FOREACH (t, &p->threads, next) {
        if (!t->running && !t->vforking && !t->at_event && !t->own_memory)
            return t;
    }
    return NULL;
}

/* ---- how ---- */

/* Waits for t's stop after a step, for about two seconds. False: it is gone or does not stop. */
static bool
await(struct thread *t, int *status)
{
    struct live *live = t->process->live;
    pid_t tid = t->tid;

    for (int i = 0; i < LOOKS; i++) {
        pid_t r = waitpid(tid, status, __WALL | WNOHANG);
        if (r == tid && WIFSTOPPED(*status))
            return true;
        if (r == tid)
            live_dispatch(live, tid, *status);
        if (r != 0)
            return false;
        if (i < 200)
            sched_yield();
        else
            nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    t->running = t->stepping = true; /* it is taken for running until it stops after all */
    live_wake(t);
    return false;
}

/* Steps t until its PC is past the instruction. Signals are blocked, but a stop signal or the end
 * of an interrupted call may come first. */
static bool
step_past(struct thread *t, uint64_t pc)
{
    uint64_t now;
    int status;

    for (int i = 0; i < TRIES; i++) {
        live_flush_registers(t);
        live_forget_registers(t);
        t->unread = false;
        if (live_ptrace(PTRACE_SINGLESTEP, t->tid, 0, 0) != 0 || !await(t, &status))
            return false;
        if (!live_get_pc(t, &now))
            return false;
        if (now == pc + live_syscall_size)
            return true;
        if (now != pc)
            return false;
    }
    return false;
}

static bool
save(struct thread *t, struct disturbed *d)
{
    if (!live_load_general(t) ||
        live_ptrace(PTRACE_GETSIGMASK, t->tid, sizeof(d->mask), (uintptr_t)&d->mask) != 0)
        return false;
    d->registers = t->registers;
    d->at_signal = t->at_signal;
    if (t->at_signal != 0)
        live_ptrace(PTRACE_GETSIGINFO, t->tid, 0, (uintptr_t)&d->info);
    uint64_t all = UINT64_MAX;
    return live_ptrace(PTRACE_SETSIGMASK, t->tid, sizeof(all), (uintptr_t)&all) == 0;
}

static void
restore_registers(struct thread *t, const struct disturbed *d)
{
    live_ptrace(PTRACE_SETSIGMASK, t->tid, sizeof(d->mask), (uintptr_t)&d->mask);
    memcpy(t->registers.general, d->registers.general, sizeof(t->registers.general));
    t->registers.general_size = d->registers.general_size;
    t->registers.has_general = t->registers.general_dirty = true;
}

/* The thread now stands in the delivery stop of our step's SIGTRAP: the signal that it stopped
 * for before is put in that one's place. */
static void
restore(struct thread *t, struct disturbed *d)
{
    restore_registers(t, d);
    t->at_event = t->group_stop = false;
    t->at_signal = d->at_signal != 0 ? d->at_signal : SIGTRAP;
    if (d->at_signal != 0)
        live_ptrace(PTRACE_SETSIGINFO, t->tid, 0, (uintptr_t)&d->info);
}

/* The call did not end in time: what it disturbed is kept until the thread stops after all. */
static void
restore_later(struct thread *t, const struct disturbed *d)
{
    t->disturbed = malloc(sizeof(*d));
    if (t->disturbed != NULL)
        *t->disturbed = *d;
}

void
live_undisturb(struct thread *t)
{
    struct disturbed *d = t->disturbed;

    t->disturbed = NULL;
    if (t->at_signal == SIGTRAP)
        restore(t, d);
    else
        restore_registers(t, d);
    free(d);
}

int
live_syscall(struct process *p, long number, const uint64_t args[6], uint64_t *result)
{
    struct thread *t = stopped_thread(p);
    uint64_t pc = find_syscall(p);
    struct disturbed d;
    pid_t tid = t != NULL ? t->tid : 0;

    if (t == NULL || pc == 0 || !save(t, &d))
        return live_fail(p->live, STUB_EBUSY, "no thread stands still in a way to do the call");
    bool done = live_set_syscall(t, pc, number, args) && step_past(t, pc) &&
                live_syscall_result(t, result);
    if (live_thread_find(p->live, tid) != t)
        return live_fail(p->live, STUB_ESRCH, "the process has ended");
    if (t->running)
        restore_later(t, &d);
    else
        restore(t, &d);
    live_maps_drop(p);
    if (!done)
        return live_fail(p->live, STUB_EIO, "the program could not be made to do the call");
    return 0;
}

/* ---- memory for expressions ---- */

int
live_allocate(void *process, uint64_t size, unsigned permissions, uint64_t *address)
{
    struct process *p = process;

    if (p == NULL)
        return -STUB_ESRCH;
    uint64_t protection = ((permissions & STUB_READ) != 0 ? PROT_READ : 0u) |
                          ((permissions & STUB_WRITE) != 0 ? PROT_WRITE : 0u) |
                          ((permissions & STUB_EXECUTE) != 0 ? PROT_EXEC : 0u);
    uint64_t args[6] = { 0, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0 };
    struct allocation *a = malloc(sizeof(*a));
    if (a == NULL)
        return -STUB_ENOMEM;
    int r = size == 0 ? -STUB_EINVAL : live_syscall(p, SYS_mmap, args, address);
    if (r == 0 && *address > UINT64_MAX - 4095)
        r = live_fail(p->live, STUB_ENOMEM, "the program cannot map %llu bytes: %s",
                      (unsigned long long)size, strerror((int)(UINT64_MAX - *address + 1)));
    if (r != 0) {
        free(a);
        return r;
    }
    a->address = *address;
    a->size = size;
    TAILQ_INSERT_TAIL(&p->allocations, a, next);
    return 0;
}

int
live_deallocate(void *process, uint64_t address)
{
    struct process *p = process;
    struct allocation *a;
    uint64_t result;

    if (p == NULL)
        return -STUB_ESRCH;
    TAILQ_FOREACH (a, &p->allocations, next) {
        if (a->address == address)
            break;
    }
    if (a == NULL)
        return live_fail(p->live, STUB_ENOENT, "nothing was allocated at 0x%llx",
                         (unsigned long long)address);
    uint64_t args[6] = { a->address, a->size, 0, 0, 0, 0 };
    int r = live_syscall(p, SYS_munmap, args, &result);
    if (r == 0) {
        TAILQ_REMOVE(&p->allocations, a, next);
        free(a);
    }
    return r;
}
