/* debug_x86_64.c - hardware breakpoints and watchpoints in x86's debug registers (Intel SDM
 * volume 3, chapter 18.2), which every thread has of its own. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <errno.h>
#include <stddef.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* R/W field of DR7. There is no "read only": a read watch fires for writes too. */
enum { ON_EXECUTE = 0, ON_WRITE = 1, ON_ACCESS = 3 };
enum { WATCHED_MAX = 8 * LIVE_SLOTS, STATUS = 6, CONTROL = 7 };

#define USER_TOP UINT64_C(0x7fffffffffff)

static bool
poke(pid_t tid, unsigned number, uint64_t value)
{
    uintptr_t at = offsetof(struct user, u_debugreg) + number * sizeof(uint64_t);
    return live_ptrace(PTRACE_POKEUSER, tid, at, (uintptr_t)value) == 0;
}

static uint64_t
peek(pid_t tid, unsigned number)
{
    uintptr_t at = offsetof(struct user, u_debugreg) + number * sizeof(uint64_t);

    errno = 0;
    long value = live_ptrace(PTRACE_PEEKUSER, tid, at, 0);
    return errno == 0 ? (uint64_t)value : 0;
}

/* LEN field: 1, 2, 8, 4 bytes are coded 0, 1, 2, 3. */
static uint64_t
control_of(const struct slot *slots)
{
    static const uint8_t lengths[] = { [1] = 0, [2] = 1, [4] = 3, [8] = 2 };
    uint64_t control = 0;

    for (unsigned i = 0; i < LIVE_SLOTS; i++) {
        if (slots[i].users == 0)
            continue;
        uint64_t field = (uint64_t)slots[i].access | (uint64_t)lengths[slots[i].size] << 2;
        control |= UINT64_C(1) << (2 * i) | field << (16 + 4 * i);
    }
    return control;
}

/* ---- slots ---- */

static int
take_slot(struct slot *slots, uint64_t address, uint8_t size, uint8_t access)
{
    int empty = -1;

    for (int i = LIVE_SLOTS - 1; i >= 0; i--) {
        if (slots[i].users == 0)
            empty = i;
        else if (slots[i].address == address && slots[i].size == size && slots[i].access == access)
            return slots[i].users++, i;
    }
    if (empty >= 0)
        slots[empty] = (struct slot){ address, size, access, 1 };
    return empty;
}

static void
give_back(struct slot *slots, unsigned taken)
{
    for (unsigned i = 0; i < LIVE_SLOTS; i++) {
        if ((taken & (1u << i)) != 0)
            slots[i].users--;
    }
}

/* The longest piece that a register can watch from address on. */
static uint8_t
piece(uint64_t address, uint32_t left)
{
    uint8_t size = 8;

    while (size > left || address % size != 0)
        size /= 2;
    return size;
}

const bool live_debug_reads = false; /* R/W of DR7 is write, or read and write (SDM 17.2.4) */

int
live_debug_insert(struct process *p, const struct stub_point *wish, unsigned *slots)
{
    bool execute = wish->type == STUB_POINT_HARDWARE;
    uint8_t access = execute ? ON_EXECUTE : wish->type == STUB_POINT_WRITE ? ON_WRITE : ON_ACCESS;
    uint32_t left = execute ? 1 : wish->kind;
    uint64_t at = wish->address;
    unsigned taken = 0;

    if (left == 0 || at > USER_TOP || left > USER_TOP - at)
        return live_fail(p->live, STUB_EINVAL, "0x%llx cannot be watched", (unsigned long long)at);
    while (left > 0) {
        uint8_t size = piece(at, left);
        int slot = left > WATCHED_MAX ? -1 : take_slot(p->slots, at, size, access);
        if (slot < 0) {
            give_back(p->slots, taken);
            return live_fail(p->live, STUB_ENOSPC, "the %d debug registers are all in use",
                             (int)LIVE_SLOTS);
        }
        taken |= 1u << slot;
        at += size;
        left -= size;
    }
    *slots = taken;
    p->debug_version++;
    return 0;
}

void
live_debug_remove(struct process *p, unsigned slots)
{
    if (slots == 0)
        return;
    give_back(p->slots, slots);
    p->debug_version++;
}

/* ---- one thread ---- */

void
live_debug_flush(struct thread *t)
{
    const struct process *p = t->process;

    if (t->debug_version == p->debug_version)
        return;
    t->debug_version = p->debug_version;
    poke(t->tid, CONTROL, 0); /* an address may not be changed to one unfit for its length */
    for (unsigned i = 0; i < LIVE_SLOTS; i++) {
        if (p->slots[i].users > 0)
            poke(t->tid, i, p->slots[i].address);
    }
    poke(t->tid, CONTROL, control_of(p->slots));
}

void
live_debug_clear(struct thread *t)
{
    if (t->debug_version != 0)
        poke(t->tid, CONTROL, 0);
    t->debug_version = 0;
}

unsigned
live_debug_hits(struct thread *t)
{
    unsigned hits = (unsigned)(peek(t->tid, STATUS) & ((1u << LIVE_SLOTS) - 1));

    if (hits != 0)
        poke(t->tid, STATUS, 0);
    return hits;
}

/* ---- do they fire at all? ---- */

static volatile uint64_t probed;

/* Waits for the child's next stop; false when it ended. */
static bool
stops(pid_t child, int *status)
{
    return waitpid(child, status, __WALL) == child && WIFSTOPPED(*status);
}

static bool
fires(pid_t child)
{
    const struct slot slot = { (uintptr_t)&probed, 8, ON_WRITE, 1 };
    struct slot slots[LIVE_SLOTS] = { slot };
    int status;

    if (!stops(child, &status) || !poke(child, 0, slot.address) ||
        !poke(child, CONTROL, control_of(slots)))
        return false;
    if (live_ptrace(PTRACE_CONT, child, 0, 0) != 0 || !stops(child, &status))
        return false;
    return WSTOPSIG(status) == SIGTRAP && (peek(child, STATUS) & 1) != 0;
}

bool
live_debug_registers_fire(void)
{
    static int known = -1;
    int status;

    if (known >= 0)
        return known;
    pid_t child = fork();
    if (child == 0) {
        live_ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        probed = 1;
        _exit(0);
    }
    if (child < 0)
        return false;
    known = fires(child);
    kill(child, SIGKILL);
    while (waitpid(child, &status, __WALL) == child && WIFSTOPPED(status))
        continue;
    return known;
}
