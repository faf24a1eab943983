/* regs.c - registers of stopped threads: fetched when asked for, written back before they run. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

/* ---- the sets ---- */

static bool
fetch(struct thread *t, int type, void *bytes, uint32_t room, uint32_t *size)
{
    struct iovec io = { .iov_base = bytes, .iov_len = room };

    if (live_ptrace(PTRACE_GETREGSET, t->tid, (uintptr_t)type, (uintptr_t)&io) != 0)
        return false;
    *size = (uint32_t)io.iov_len;
    return true;
}

static void
store(struct thread *t, int type, void *bytes, uint32_t size)
{
    struct iovec io = { .iov_base = bytes, .iov_len = size };
    live_ptrace(PTRACE_SETREGSET, t->tid, (uintptr_t)type, (uintptr_t)&io);
}

bool
live_load_general(struct thread *t)
{
    struct registers *r = &t->registers;

    if (r->has_general)
        return true;
    if (t->running || !fetch(t, NT_PRSTATUS, r->general, sizeof(r->general), &r->general_size))
        return false;
    r->has_general = true;
    t->has_restart = false;
    return true;
}

void
live_drop_extended(struct thread *t)
{
    struct live *live = t->process->live;
    struct registers *r = &t->registers;

    if (r->extended == NULL)
        return;
    free(r->extended);
    r->extended = NULL;
    r->has_extended = r->extended_dirty = false;
    TAILQ_REMOVE(&live->extended, t, extended);
    live->extended_count--;
}

/* A client that looks at a thousand threads must not make us keep a dozen megabytes of their
 * vectors: of the copies that hold nothing but what the thread holds, the oldest goes. */
static void
make_room(struct live *live)
{
    struct thread *t;

    if (live->extended_count < LIVE_EXTENDED_KEPT)
        return;
    TAILQ_FOREACH (t, &live->extended, extended) {
        if (!t->registers.extended_dirty) {
            live_drop_extended(t);
            return;
        }
    }
}

/* Sees to it that t has a place for them. */
static bool
hold_extended(struct thread *t)
{
    struct live *live = t->process->live;

    if (t->registers.extended != NULL)
        return true;
    make_room(live);
    t->registers.extended = malloc(live_extended_size(live));
    if (t->registers.extended == NULL)
        return false;
    TAILQ_INSERT_TAIL(&live->extended, t, extended);
    live->extended_count++;
    return true;
}

static bool
load_extended(struct thread *t)
{
    struct live *live = t->process->live;
    struct registers *r = &t->registers;

    if (r->has_extended)
        return true;
    if (t->running || !hold_extended(t))
        return false;
    r->has_extended = fetch(t, live_extended_type(live), r->extended, live_extended_size(live),
                            &r->extended_size);
    return r->has_extended;
}

void
live_flush_registers(struct thread *t)
{
    struct registers *r = &t->registers;

    if (t->running)
        return;
    if (r->has_general && r->general_dirty)
        store(t, NT_PRSTATUS, r->general, r->general_size);
    if (r->has_extended && r->extended_dirty)
        store(t, live_extended_type(t->process->live), r->extended, r->extended_size);
    r->general_dirty = r->extended_dirty = false;
}

void
live_forget_registers(struct thread *t)
{
    t->registers.has_general = t->registers.general_dirty = false;
    live_drop_extended(t);
}

/* ---- one register ---- */

static bool
load_set(struct thread *t, unsigned set)
{
    return set == ARCH_SET_GENERAL ? live_load_general(t) : load_extended(t);
}

int
live_get_register(void *target, struct rsp_id id, const struct arch_register *r, void *v)
{
    struct live *live = target;
    struct thread *t = live_thread_of(live, id);
    struct arch_sets sets;

    if (t == NULL)
        return live_fail(live, STUB_ESRCH, "that thread has ended");
    if (!load_set(t, live_set_of(r)))
        return live_fail(live, STUB_EBUSY, "thread %d does not stand still", (int)t->tid);
    live_register_sets(t, &sets);
    return arch_get(&sets, r, v) ? 0 : -STUB_EIO;
}

int
live_put_register(void *target, struct rsp_id id, const struct arch_register *r, const void *v)
{
    struct live *live = target;
    struct thread *t = live_thread_of(live, id);
    struct arch_sets sets;
    unsigned set = ARCH_SETS;
    uint64_t pc;

    if (t == NULL)
        return live_fail(live, STUB_ESRCH, "that thread has ended");
    if (t->running || !load_set(t, live_set_of(r)))
        return live_fail(live, STUB_EBUSY, "thread %d does not stand still", (int)t->tid);
    live_get_pc(t, &pc);
    live_register_sets(t, &sets);
    if (!arch_put(&sets, r, v, &set))
        return -STUB_EIO;
    if (set == ARCH_SET_GENERAL) {
        t->registers.general_dirty = true;
        if (arch_role_of(r) == ARCH_PC)
            live_guard_restart(t, pc);
    } else if (set != ARCH_SETS) {
        t->registers.extended_dirty = true;
    }
    return 0;
}

/* ---- copies ---- */

static bool
copy_sets(struct live *live, struct registers *to, const struct registers *from)
{
    uint8_t *extended = to->extended;

    if (extended == NULL)
        extended = malloc(live_extended_size(live));
    if (extended == NULL)
        return false;
    if (from->has_extended)
        memcpy(extended, from->extended, from->extended_size);
    *to = *from;
    to->extended = extended;
    return true;
}

/* The oldest copy gives way when all places are taken. */
int
live_save_registers(void *target, struct rsp_id id, uint32_t *number)
{
    struct live *live = target;
    struct thread *t = live_thread_of(live, id);

    if (t == NULL)
        return live_fail(live, STUB_ESRCH, "that thread has ended");
    if (!live_load_general(t))
        return live_fail(live, STUB_EBUSY, "thread %d does not stand still", (int)t->tid);
    load_extended(t);
    struct saved_registers *s = &live->saved[0];
    for (size_t i = 0; i < LIVE_SAVED_MAX; i++) {
        if (live->saved[i].number < s->number)
            s = &live->saved[i];
    }
    if (!copy_sets(live, &s->registers, &t->registers))
        return -STUB_ENOMEM;
    s->tid = t->tid;
    s->number = ++live->saved_next;
    *number = s->number;
    return 0;
}

int
live_restore_registers(void *target, struct rsp_id id, uint32_t number)
{
    struct live *live = target;
    struct thread *t = live_thread_of(live, id);

    if (t == NULL)
        return live_fail(live, STUB_ESRCH, "that thread has ended");
    if (t->running)
        return live_fail(live, STUB_EBUSY, "thread %d does not stand still", (int)t->tid);
    for (size_t i = 0; i < LIVE_SAVED_MAX; i++) {
        struct saved_registers *s = &live->saved[i];
        if (number == 0 || s->number != number || s->tid != t->tid)
            continue;
        if (!hold_extended(t) || !copy_sets(live, &t->registers, &s->registers))
            return -STUB_ENOMEM;
        t->registers.general_dirty = true;
        t->registers.extended_dirty = t->registers.has_extended;
        s->number = 0;
        return 0;
    }
    return live_fail(live, STUB_ENOENT, "no registers of thread %d are kept under %u", (int)t->tid,
                     (unsigned)number);
}

const struct arch_layout *
live_layout(void *target, int64_t pid)
{
    struct live *live = target;
    struct process *p = live_process_find(live, pid);

    return p != NULL ? &p->layout : live_machine_layout(live);
}
