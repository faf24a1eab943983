/* emulate_x86_64.c - instructions done here, with the thread's registers and memory
 * (arch/x86_64_step.c). The first rung of stepping over a breakpoint: the one under it is done;
 * nothing is lifted, and no other thread is stopped. And steps that the client asks for, one or
 * through a range, of which nobody sees but the last: what costs most of a step by the processor
 * is to wake the thread and to be woken. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

enum { INSTRUCTION_MAX = 15 };

/* ---- memory, with the program's own rights: what would fault is left to the processor ---- */

/* The kernel copies in pieces of a size it does not promise, so what other threads may look at or
 * write meanwhile is left to the processor too. */
static bool
is_alone(const struct thread *t)
{
    const struct process *p = t->process;

    return TAILQ_FIRST(&p->threads) == t && TAILQ_NEXT(t, next) == NULL && p->shares == NULL;
}

static bool
fetch(struct thread *t, uint64_t address, void *bytes, size_t size)
{
    struct iovec here = { .iov_base = bytes, .iov_len = size };
    struct iovec there = { .iov_base = (void *)(uintptr_t)address, .iov_len = size };

    if (process_vm_readv(t->tid, &here, 1, &there, 1, 0) != (ssize_t)size)
        return false;
    live_unshadow(t->process, address, bytes, size);
    return true;
}

/* A planted breakpoint is not written over. */
static bool
keep(struct thread *t, uint64_t address, const void *bytes, size_t size)
{
    uint8_t planted[8];
    struct iovec here = { .iov_base = planted, .iov_len = size };
    struct iovec there = { .iov_base = (void *)(uintptr_t)address, .iov_len = size };

    if (size > sizeof(planted))
        return false;
    live_foresee_nothing(t->process->live);
    memcpy(planted, bytes, size);
    live_shadow(t->process, address, planted, size);
    return memcmp(planted, bytes, size) == 0 &&
           process_vm_writev(t->tid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* Where a breakpoint is to be, the program reads that, whoever does the load: a memcpy of code
 * that is stepped through, as bp-permanent.exp of GDB's own testsuite does it. */
static bool
read_memory(void *context, uint64_t address, void *bytes, size_t size, bool stack)
{
    struct thread *t = context;

    if ((!stack && !is_alone(t)) || live_will_hide(t->process, address, size))
        return false;
    if (live_foreseen(t, address, bytes, size))
        return true;
    if (!fetch(t, address, bytes, size))
        return false;
    live_foresee_next(t, address, size);
    return true;
}

static bool
write_memory(void *context, uint64_t address, const void *bytes, size_t size, bool stack)
{
    struct thread *t = context;

    return (stack || is_alone(t)) && keep(t, address, bytes, size);
}

/* ---- shadow stacks: a call leaves its return address there too ---- */

enum shadow { SHADOW_UNKNOWN, SHADOW_ABSENT, SHADOW_POSSIBLE };

bool
live_has_shadow_stack(struct thread *t)
{
    enum { STATUS_OF_SHADOW_STACK = 0x5005, REGSET_OF_SHADOW_STACK = 0x204 };
    struct live *live = t->process->live;
    uint64_t value;
    struct iovec io = { .iov_base = &value, .iov_len = sizeof(value) };

    if (live->shadow_stacks == SHADOW_UNKNOWN)
        live->shadow_stacks = syscall(SYS_arch_prctl, STATUS_OF_SHADOW_STACK, &value) == 0
                                  ? SHADOW_POSSIBLE
                                  : SHADOW_ABSENT;
    return live->shadow_stacks == SHADOW_POSSIBLE &&
           live_ptrace(PTRACE_GETREGSET, t->tid, REGSET_OF_SHADOW_STACK, (uintptr_t)&io) == 0;
}

/* ---- the thread ---- */

/* A step, a signal or a watched place needs the processor. */
static bool
may_emulate(const struct thread *t)
{
    const struct process *p = t->process;

    return t->action.kind == STUB_CONTINUE && t->owed == 0 && t->deferred == 0 &&
           p->over == NULL && TAILQ_EMPTY(&p->points);
}

/* user_regs_struct's places in the machine's order. */
#define PLACE(field) offsetof(struct user_regs_struct, field)
static const size_t places[16] = {
    PLACE(rax), PLACE(rcx), PLACE(rdx), PLACE(rbx), PLACE(rsp), PLACE(rbp), PLACE(rsi), PLACE(rdi),
    PLACE(r8),  PLACE(r9),  PLACE(r10), PLACE(r11), PLACE(r12), PLACE(r13), PLACE(r14), PLACE(r15),
};

static void
get_state(const struct registers *r, struct arch_x86_64_state *state)
{
    for (size_t i = 0; i < 16; i++)
        memcpy(&state->registers[i], r->general + places[i], 8);
    memcpy(&state->pc, r->general + PLACE(rip), 8);
    memcpy(&state->flags, r->general + PLACE(eflags), 8);
}

static void
put_state(struct registers *r, const struct arch_x86_64_state *state)
{
    for (size_t i = 0; i < 16; i++)
        memcpy(r->general + places[i], &state->registers[i], 8);
    memcpy(r->general + PLACE(rip), &state->pc, 8);
    memcpy(r->general + PLACE(eflags), &state->flags, 8);
    r->general_dirty = true;
}

const uint8_t *
live_code_under(struct thread *t, size_t *n)
{
    if (t->under_size == 0 && live_foreseen(t, t->told_pc, t->under, sizeof(t->under)))
        t->under_size = sizeof(t->under);
    if (t->under_size == 0)
        live_read_memory(t->process, t->told_pc, t->under, sizeof(t->under), &t->under_size);
    *n = t->under_size;
    return t->under;
}

bool
live_emulate(struct thread *t)
{
    const struct arch_access access = { read_memory, write_memory, t };
    struct arch_x86_64_state state;
    const uint8_t *code;
    size_t n;

    t->under_size = 0; /* a client may have written there */
    if (!may_emulate(t) || !live_load_general(t) || live_has_shadow_stack(t))
        return false;
    code = live_code_under(t, &n);
    get_state(&t->registers, &state);
    if (!arch_x86_64_emulate(&state, code, n, &access))
        return false;
    put_state(&t->registers, &state);
    t->told = false;
    return true;
}

/* ---- steps ---- */

/* So many instructions of a range at a time: then the processor does one, and with it comes what
 * signals are pending by now. */
enum { RANGE_AT_A_TIME = 64, CODE_MAX = 512, CODE_BEFORE = 128, DULL_STEPS = 4 };

/* Code read ahead, good until the program writes into it, and whether it wrote anything. */
struct ahead {
    struct thread *t;
    uint64_t at;
    size_t size;
    bool wrote;
    uint8_t bytes[CODE_MAX];
};

/* Nobody else runs meanwhile, see runs_alone. */
static bool
read_for_step(void *context, uint64_t address, void *bytes, size_t size, bool stack)
{
    struct ahead *ahead = context;

    (void)stack;
    return !live_will_hide(ahead->t->process, address, size) &&
           fetch(ahead->t, address, bytes, size);
}

static bool
write_for_step(void *context, uint64_t address, const void *bytes, size_t size, bool stack)
{
    struct ahead *ahead = context;

    (void)stack;
    if (address - ahead->at < ahead->size || ahead->at - address < size)
        ahead->size = 0;
    ahead->wrote = true;
    return keep(ahead->t, address, bytes, size);
}

/* The code at pc and how many bytes of it are known: all that an instruction can have, or all
 * there are. A loop that goes back a little finds itself in the same piece; for one step no more
 * is read than that. */
static const uint8_t *
code_at(struct ahead *ahead, uint64_t pc, size_t *n)
{
    bool many = ahead->t->action.kind == STUB_RANGE;
    size_t size = many ? CODE_MAX : INSTRUCTION_MAX, before = many ? CODE_BEFORE : 0;
    uint64_t offset = pc - ahead->at;

    if (offset >= ahead->size || ahead->size - offset < INSTRUCTION_MAX) {
        ahead->at = pc > before ? pc - before : pc;
        live_read_memory(ahead->t->process, ahead->at, ahead->bytes, size, &ahead->size);
        if (ahead->size <= pc - ahead->at) { /* its mapping begins between the two */
            ahead->at = pc;
            live_read_memory(ahead->t->process, pc, ahead->bytes, size, &ahead->size);
        }
        offset = pc - ahead->at;
    }
    *n = ahead->size - offset;
    return ahead->bytes + offset;
}

static bool
is_signal_pending(const struct thread *t)
{
    siginfo_t first;
    struct __ptrace_peeksiginfo_args own = { .nr = 1 };
    struct __ptrace_peeksiginfo_args shared = { .flags = PTRACE_PEEKSIGINFO_SHARED, .nr = 1 };

    return live_ptrace(PTRACE_PEEKSIGINFO, t->tid, (uintptr_t)&own, (uintptr_t)&first) != 0 ||
           live_ptrace(PTRACE_PEEKSIGINFO, t->tid, (uintptr_t)&shared, (uintptr_t)&first) != 0;
}

static bool
runs_alone(const struct thread *t)
{
    const struct thread *other;

    TAILQ_FOREACH (other, &t->process->live->awake, awake) {
        if (other != t && (other->running || other->wanted))
            return false;
    }
    return true;
}

/* A breakpoint that the thread stands at and has not hit: a step hits it, a range goes on. */
static bool
is_to_hit(struct thread *t)
{
    uint64_t pc;

    return t->action.kind == STUB_STEP && live_get_pc(t, &pc) && live_is_wished(t->process, pc) &&
           !(t->told && t->told_pc == pc);
}

/* The thread is to step and nothing else is to happen: no other thread runs, which might wait for
 * this one or the other way round, no signal is due, no call goes on. Now and then a step goes the
 * long way, where the ends of other processes are seen. */
static bool
may_emulate_step(struct thread *t)
{
    const struct process *p = t->process;
    int64_t call;

    if (!live_is_to_step(t) || t->in_handler || t->owed != 0 || t->injected != 0 ||
        t->deferred != 0 || t->at_event || t->group_stop || t->vforking || t->disturbed != NULL ||
        p->over != NULL || p->shares != NULL || p->lent || !TAILQ_EMPTY(&p->points))
        return false;
    if (live_is_long_way_due(p->live) || !runs_alone(t) || !live_load_general(t) || is_to_hit(t) ||
        live_has_shadow_stack(t))
        return false;
    memcpy(&call, t->registers.general + PLACE(orig_rax), sizeof(call));
    return call < 0 && (t->steps_on || !is_signal_pending(t));
}

/* How many were done; *over when the last of them ended the step. */
static unsigned
emulate_some(struct ahead *ahead, struct arch_x86_64_state *state, bool *over)
{
    const struct arch_access access = { read_for_step, write_for_step, ahead };
    unsigned done = 0;

    while (done < RANGE_AT_A_TIME && !*over) {
        size_t n;
        const uint8_t *code = code_at(ahead, state->pc, &n);

        if (!arch_x86_64_emulate(state, code, n, &access))
            break;
        done++;
        *over = live_is_step_over(ahead->t, state->pc);
    }
    return done;
}

void
live_emulate_step(struct thread *t)
{
    struct ahead ahead = { .t = t };
    struct arch_x86_64_state state;
    bool over = false;

    if (t->dull_steps > 0) {
        t->dull_steps--;
        return;
    }
    if (!may_emulate_step(t))
        return;
    get_state(&t->registers, &state);
    if (emulate_some(&ahead, &state, &over) == 0) {
        t->dull_steps = t->action.kind == STUB_RANGE ? DULL_STEPS : 0;
        return;
    }
    put_state(&t->registers, &state);
    if (ahead.wrote || t->action.kind == STUB_RANGE)
        live_flush_registers(t); /* come what may, it must not be done twice */
    (void)live_may_be_brief(t->process->live);
    t->told = t->has_restart = false;
    if (over)
        live_step_ended(t);
}
