/* pad_x86_64.c - the second rung of stepping over a breakpoint: a copy of the instruction under it
 * is run in a page of its own (arch/x86_64_move.c), so that nothing is lifted and no other thread
 * is stopped.
 *
 * The page is mapped by the program, once, when a thread beside others first needs it; not where a
 * seccomp filter stands over the program, which might kill it for that. Each instruction keeps its
 * place there, so a second hit writes nothing, and any number of threads may be in the same one.
 * Behind each copy stands a jump back. A copy that needs nothing undone after it is simply run and
 * its thread goes on from there, which saves the second stop; else it is stepped. At whatever stop
 * comes next the thread's registers are made those it would have had the instruction run where it
 * stands: nobody else ever sees a PC in the page. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

enum { PAGE = 4096, ROOM = 32, PLACES = PAGE / ROOM, LOWEST = 0x10000 };

struct pad_place {
    uint64_t from;    /* where the instruction stands; 0: it has changed since */
    uint64_t address; /* of its copy */
    uint8_t original[LIVE_INSTRUCTION_MAX]; /* its bytes and those behind it */
    struct arch_x86_64_moved moved;
};

struct pad {
    uint64_t address;
    unsigned used;
    struct pad_place places[PLACES];
};

/* ---- the page ---- */

static bool
has_others(const struct process *p)
{
    const struct thread *first = TAILQ_FIRST(&p->threads);

    return first != NULL && TAILQ_NEXT(first, next) != NULL;
}

/* Where operands that count from the next instruction are within reach: the first free page below
 * the code, with a page to either side. 0: not known, any will do. */
static uint64_t
free_page_near(struct process *p, uint64_t code)
{
    const struct maps *maps = &p->maps;
    uint64_t found = 0;

    live_maps_drop(p);
    for (size_t i = live_maps_load(p) ? maps->count : 0; i-- > 0 && found == 0;) {
        uint64_t start = maps->list[i].start, below = i > 0 ? maps->list[i - 1].end : LOWEST;

        if (start <= code && start > below && start - below >= 3 * PAGE)
            found = start - 2 * PAGE;
    }
    live_maps_drop(p); /* it runs */
    return found;
}

bool
live_pad_open(struct thread *t)
{
    struct process *p = t->process;
    uint64_t args[6] = {
        0, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0
    };
    uint64_t address;

    if (p->pad != NULL || p->no_pad || p->hidden || p->shares != NULL || !has_others(p))
        return false;
    p->no_pad = true; /* asked for once */
    args[0] = free_page_near(p, t->told_pc);
    if (live_status_number(t->tid, "Seccomp:") != 0 ||
        live_syscall(p, SYS_mmap, args, &address) != 0 || address > UINT64_MAX - PAGE)
        return false;
    p->pad = calloc(1, sizeof(*p->pad));
    if (p->pad != NULL)
        p->pad->address = address;
    return p->pad != NULL;
}

void
live_pad_forget(struct process *p)
{
    struct thread *t;

    TAILQ_FOREACH (t, &p->threads, next)
        t->in_pad = NULL;
    free(p->pad);
    p->pad = NULL;
    p->no_pad = false;
}

void
live_pad_close(struct process *p)
{
    uint64_t result;

    if (p->pad == NULL)
        return;
    uint64_t args[6] = { p->pad->address, PAGE, 0, 0, 0, 0 };
    (void)live_syscall(p, SYS_munmap, args, &result);
    live_pad_forget(p);
}

/* ---- the places in it ---- */

/* The copy, and `jmp *0(%rip)` with where it goes on. */
static bool
write_place(struct process *p, const struct pad_place *place)
{
    static const uint8_t jump[] = { 0xff, 0x25, 0, 0, 0, 0 };
    const struct arch_x86_64_moved *m = &place->moved;
    uint64_t back = place->from + m->length;
    uint8_t bytes[ROOM];

    memcpy(bytes, m->code, m->code_size);
    memcpy(bytes + m->code_size, jump, sizeof(jump));
    memcpy(bytes + m->code_size + sizeof(jump), &back, sizeof(back));
    return live_write_raw(p, place->address, bytes, m->code_size + sizeof(jump) + sizeof(back));
}

/* The place that has this instruction, NULL when there is none. */
static struct pad_place *
find_place(struct pad *pad, uint64_t from, const uint8_t *code, size_t n)
{
    for (unsigned i = 0; i < pad->used; i++) {
        struct pad_place *place = &pad->places[i];
        size_t length = place->moved.length;

        if (place->from != from)
            continue;
        if (length <= n && memcmp(place->original, code, length) == 0)
            return place;
        place->from = 0; /* a thread may still be in it */
    }
    return NULL;
}

static struct pad_place *
make_place(struct process *p, uint64_t from, const uint8_t *code, size_t n)
{
    struct pad *pad = p->pad;
    struct pad_place *place = &pad->places[pad->used];

    place->address = pad->address + (uint64_t)pad->used * ROOM;
    if (pad->used == PLACES || !arch_x86_64_move_to(code, n, from, place->address, &place->moved))
        return NULL;
    place->from = from;
    memcpy(place->original, code, n);
    if (!write_place(p, place))
        return NULL;
    pad->used++;
    return place;
}

static struct pad_place *
place_for(struct thread *t)
{
    struct process *p = t->process;
    size_t n;
    const uint8_t *code = live_code_under(t, &n);
    struct pad_place *place = find_place(p->pad, t->told_pc, code, n);

    return place != NULL ? place : make_place(p, t->told_pc, code, n);
}

/* ---- in and out ---- */

/* The registers that copies use, by number. */
static uint8_t *
scratch_of(struct thread *t, int number)
{
    size_t at = number == 6   ? offsetof(struct user_regs_struct, rsi)
                : number == 7 ? offsetof(struct user_regs_struct, rdi)
                              : offsetof(struct user_regs_struct, rbx);

    return t->registers.general + at;
}

static uint8_t *
pc_of(struct thread *t)
{
    return t->registers.general + offsetof(struct user_regs_struct, rip);
}

static bool
may_enter(const struct thread *t)
{
    const struct process *p = t->process;

    return p->pad != NULL && t->group == p->pid && p->over == NULL && has_others(p) &&
           t->owed == 0 && !t->at_event && !t->group_stop && !t->in_handler &&
           t->disturbed == NULL && TAILQ_EMPTY(&p->points);
}

/* The copy leaves nothing to be undone, and no stop has to follow it: the thread is to run on and
 * owes nobody anything. */
static bool
may_run_on(const struct thread *t, const struct pad_place *place)
{
    return place->moved.scratch < 0 && !place->moved.jump && t->action.kind == STUB_CONTINUE &&
           t->process->caught == NULL && t->deferred == 0 && !t->asked;
}

bool
live_pad_enter(struct thread *t)
{
    struct pad_place *place;

    if (!may_enter(t) || !live_load_general(t))
        return false;
    place = place_for(t);
    if (place == NULL || (place->moved.call && live_has_shadow_stack(t)))
        return false;
    if (place->moved.scratch >= 0) {
        uint64_t operand =
            place->from + place->moved.length + (uint64_t)(int64_t)place->moved.distance;
        uint8_t *scratch = scratch_of(t, place->moved.scratch);

        memcpy(&t->pad_kept, scratch, sizeof(t->pad_kept));
        memcpy(scratch, &operand, sizeof(operand));
    }
    memcpy(pc_of(t), &place->address, sizeof(place->address));
    t->registers.general_dirty = true;
    t->in_pad = place;
    t->runs_on = may_run_on(t, place);
    live_start(t, t->runs_on ? PTRACE_CONT : PTRACE_SINGLESTEP);
    return true;
}

/* The instruction was done: on behind it, or where it jumped. The address that a call pushed is
 * that behind the copy. */
static void
go_on(struct thread *t, const struct pad_place *place, uint64_t pc)
{
    uint64_t behind = t->told_pc + place->moved.length, sp;

    t->told = false;
    if (!place->moved.jump && pc == place->address + place->moved.code_size)
        memcpy(pc_of(t), &behind, sizeof(behind));
    if (place->moved.call && live_get_sp(t, &sp))
        (void)live_write_raw(t->process, sp, &behind, sizeof(behind));
}

/* A signal of the instruction's own doing that tells where it stands. */
static void
mend_address(struct thread *t, const struct pad_place *place, int status)
{
    siginfo_t info;
    int signal = WSTOPSIG(status);

    if (status >> 16 != 0 || (signal != SIGILL && signal != SIGFPE) ||
        live_ptrace(PTRACE_GETSIGINFO, t->tid, 0, (uintptr_t)&info) != 0 || info.si_code <= 0 ||
        (uintptr_t)info.si_addr != place->address)
        return;
    info.si_addr = (void *)(uintptr_t)t->told_pc;
    live_ptrace(PTRACE_SETSIGINFO, t->tid, 0, (uintptr_t)&info);
}

/* Not done: it stands at its breakpoint as before. */
static bool
stay(struct thread *t, const struct pad_place *place, int status)
{
    (void)live_set_pc(t, t->told_pc);
    mend_address(t, place, status);
    return t->process->leaving || !live_defer(t, status);
}

/* A stop of a thread that runs on from its copy, and may have left it long ago. */
static bool
stopped_on_its_way(struct thread *t, const struct pad_place *place, uint64_t pc, int status)
{
    t->in_pad = NULL;
    if (pc == place->address)
        return stay(t, place, status);
    t->told = false;
    if (pc == place->address + place->moved.code_size)
        (void)live_set_pc(t, t->told_pc + place->moved.length);
    return true;
}

bool
live_pad_stopped(struct thread *t, int status)
{
    const struct pad_place *place = t->in_pad;
    uint64_t pc;

    if (!live_get_pc(t, &pc))
        return true;
    if (t->runs_on)
        return stopped_on_its_way(t, place, pc, status);
    if (status >> 16 == PTRACE_EVENT_STOP && pc != place->address)
        return true; /* the trap of the step comes next, see has_pending_trap */
    t->in_pad = NULL;
    if (place->moved.scratch >= 0)
        memcpy(scratch_of(t, place->moved.scratch), &t->pad_kept, sizeof(t->pad_kept));
    t->registers.general_dirty = true;
    if (pc != place->address) {
        t->did_step = status >> 16 == 0 && WSTOPSIG(status) == SIGTRAP;
        go_on(t, place, pc);
        return true;
    }
    return stay(t, place, status);
}
