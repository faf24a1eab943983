/* stacks.c - which memory of a stopped thread an lldb will ask for: the frames that it unwinds,
 * found by the walker, and what it read at the last stops. Hung into an engine by its config. */
#include "arch/unwind/unwind.h"
#include "stub/engine.h"

#include <string.h>

enum {
    BELOW = 512,       /* under the stack pointer, as in ahead.c */
    ABOVE = 1024,      /* of the innermost frame at least, */
    FIRST_MOST = 4096, /* and at most, from one end to the other */
    WHOLE = 512,       /* a larger frame further out goes by its ends: */
    LOW_END = 128,     /* arguments of a function that was compiled without optimization, */
    HIGH_END = 192,    /* the return address, saved registers and the variables next to them */
    GAP = 64,          /* what lies between two pieces costs less than another piece */
    RANGES_MAX = 160,
    RECENT = 16,
    RECENT_SIZE = 512, /* what lldb reads for anything small */
    RECENT_STOPS = 16, /* what was not asked for at so many stops is asked for again, or not */
    PIECES_MAX = 2 * RECENT
};

/* What the client asked for. */
struct recent {
    uint64_t address;
    int64_t pid;
    uint32_t used; /* when, 0 never */
    uint16_t size;
    uint16_t sent; /* at so many stops since */
};

struct stacks {
    struct stub_ahead face; /* first: what the engine calls */
    struct stub_stacks_config config;
    const struct unwind_machine *machine; /* that the walk is for; NULL: for none yet */
    struct arch_memory memory;
    struct stub_modules modules;
    unsigned sp;      /* the DWARF number of its stack pointer */
    bool has_mask;    /* the walk knows how this process signs return addresses */
    int64_t pid;      /* whose memory and modules these are */
    bool is_fresh;    /* what the walk has read is of this reply */
    bool told_recent; /* and the recent reads went out with it */
    uint32_t clock;
    struct recent recent[RECENT];
    size_t range_count, piece_count;
    struct stub_piece range[RANGES_MAX];
    struct stub_piece piece[PIECES_MAX]; /* of recent reads, for the reply under way */
    struct unwind unwind;
};

_Static_assert(sizeof(struct stacks) <= sizeof(struct stub_stacks), "STUB_STACKS_OPAQUE");

static struct stacks *
stacks_of(struct stub_ahead *ahead)
{
    return (struct stacks *)(void *)ahead;
}

/* ---- a walker for that process ---- */

static bool
can_tell_modules(const struct engine *s)
{
    return HAS(s, modules);
}

static bool
open_walk(struct stacks *k, struct engine *s, const struct unwind_machine *machine)
{
    struct unwind_config config = { .size = sizeof(config),
                                    .machine = machine,
                                    .sources = k->config.sources,
                                    .memory = &k->memory,
                                    .lines = k->config.lines,
                                    .lines_size = k->config.lines_size,
                                    .line_bytes = k->config.line_bytes,
                                    .rules = k->config.rules,
                                    .rules_size = k->config.rules_size,
                                    .complete = can_tell_modules(s) };

    memset(&k->modules, 0, sizeof(k->modules));
    k->pid = 0;
    k->has_mask = false;
    k->machine = unwind_init(&k->unwind, &config) == NULL ? machine : NULL;
    return k->machine != NULL;
}

static const struct unwind_machine *
machine_of(const struct stacks *k, const struct arch *arch)
{
    const struct stub_stack_machine *m = k->config.machines;

    while (m->arch != NULL && m->arch != arch)
        m++;
    return m->unwind;
}

/* Makes the walk one of that process. False when it is of a machine that nobody can walk. */
static bool
choose(struct stacks *k, struct engine *s, int64_t pid)
{
    const struct unwind_machine *machine = machine_of(k, stub_layout(s, pid)->arch);

    if (machine == NULL || (machine != k->machine && !open_walk(k, s, machine)))
        return false;
    if (k->pid != pid) {
        memset(&k->modules, 0, sizeof(k->modules));
        unwind_set_modules(&k->unwind, NULL, 0);
        k->has_mask = false;
        k->is_fresh = false;
    }
    k->memory = stub_memory(s);
    k->memory.process = stub_process_of(s, pid);
    k->pid = pid;
    return true;
}

/* 1 when there is another list now, 0 or STUB_LATER. */
static int
take_modules(struct stacks *k, struct engine *s, uint64_t unknown)
{
    struct stub_modules now = { 0 };
    int r = can_tell_modules(s) ? s->target->modules(k->memory.process, unknown, &now) : 0;

    if (r == STUB_LATER)
        return r;
    if (now.list == k->modules.list && now.count == k->modules.count &&
        now.generation == k->modules.generation)
        return 0;
    k->modules = now;
    unwind_set_modules(&k->unwind, now.list, now.count);
    return 1;
}

static int
take_registers(struct stacks *k, struct engine *s, struct rsp_id id,
               struct unwind_registers *registers)
{
    const struct arch_layout *layout = stub_layout(s, id.pid);
    struct arch_register r = { 0 };
    uint8_t value[ARCH_SIZE_MAX];

    registers->valid = 0;
    while (HAS(s, get_register) && arch_next(layout, &r)) {
        int n = r.row->group == ARCH_GENERAL && r.size == 8 ? arch_dwarf_of(&r) : -1;
        int result;

        if (n < 0 || n >= UNWIND_REGISTERS)
            continue;
        result = s->target->get_register(s->object, id, &r, value);
        if (result == STUB_LATER)
            return result;
        if (result != 0)
            continue;
        if (arch_role_of(&r) == ARCH_SP)
            k->sp = (unsigned)n;
        registers->value[n] = arch_get_uint(layout->arch, value, 8);
        registers->valid |= (uint64_t)1 << n;
    }
    return 0;
}

/* Which bits of a signed return address are no address: a register, the same for all threads (GDB
 * manual, "AArch64 Features", org.gnu.gdb.aarch64.pauth). Without it the walker infers them where
 * the code lies in a module. */
static int
take_pac_mask(struct stacks *k, struct engine *s, struct rsp_id id)
{
    static const char name[] = "pauth_cmask";
    const struct arch_layout *layout = stub_layout(s, id.pid);
    uint8_t value[ARCH_SIZE_MAX];
    struct arch_register r;
    uint64_t mask = 0;
    int result;

    if (k->has_mask)
        return 0;
    if (HAS(s, get_register) && arch_register_named(layout, name, sizeof(name) - 1, &r) &&
        r.size == 8) {
        result = s->target->get_register(s->object, id, &r, value);
        if (result == STUB_LATER)
            return result;
        mask = result == 0 ? arch_get_uint(layout->arch, value, 8) : 0;
    }
    unwind_set_pac_mask(&k->unwind, mask);
    k->has_mask = true;
    return 0;
}

/* Memory that was read for this reply is good for all threads of it. */
static void
begin_walk(struct stacks *k, const struct unwind_registers *registers)
{
    if (k->is_fresh)
        unwind_begin_again(&k->unwind, registers);
    else
        unwind_begin(&k->unwind, registers);
    k->is_fresh = true;
}

/* ---- ranges ---- */

/* Takes [address, end) out of what is to be sent of the recent reads. */
static void
claim_range(struct stacks *k, uint64_t address, uint64_t end)
{
    for (size_t i = k->piece_count; i-- > 0;) {
        struct stub_piece *piece = &k->piece[i];
        uint64_t last = piece->address + piece->size;

        if (piece->address >= end || last <= address)
            continue;
        if (last > end && k->piece_count < PIECES_MAX)
            k->piece[k->piece_count++] = (struct stub_piece){ end, (size_t)(last - end) };
        piece->size = piece->address < address ? (size_t)(address - piece->address) : 0;
    }
}

/* Adds [address, end) when the budget allows; what lies close behind the last range is added to
 * that, and what overlaps another is let go. False when nothing more fits. */
static bool
add_range(struct stacks *k, uint64_t address, uint64_t end, size_t *left)
{
    struct stub_piece *last = &k->range[k->range_count > 0 ? k->range_count - 1 : 0];
    bool joins;

    address &= ~(uint64_t)15;
    end = (end + 15) & ~(uint64_t)15;
    if (end <= address)
        return true;
    joins = k->range_count > 0 && address >= last->address &&
            address - last->address <= last->size + GAP;
    if (joins && end <= last->address + last->size)
        return true;
    for (size_t i = 0; i + joins < k->range_count; i++)
        if (address < k->range[i].address + k->range[i].size && k->range[i].address < end)
            return true;
    if (joins)
        address = last->address + last->size;
    if (end - address > *left || (!joins && k->range_count == RANGES_MAX))
        return false;
    *left -= (size_t)(end - address);
    if (joins)
        last->size += (size_t)(end - address);
    else
        k->range[k->range_count++] = (struct stub_piece){ address, (size_t)(end - address) };
    return true;
}

/* Where what can be read below the stack pointer begins: BELOW under it, or there. */
static int
find_floor(struct stacks *k, uint64_t sp, uint64_t *floor)
{
    uint8_t byte;
    size_t n = sp > BELOW ? unwind_read(&k->unwind, sp - BELOW, &byte, 1) : 0;

    *floor = n == 1 ? sp - BELOW : sp;
    return n == ARCH_LATER ? STUB_LATER : 0;
}

/* The innermost frame is what the user looks at, so all of it goes, or the most at both ends. */
static bool
add_first(struct stacks *k, uint64_t floor, uint64_t sp, uint64_t cfa, size_t *left)
{
    uint64_t end = sp + ABOVE;

    if (cfa > sp && cfa - sp <= FIRST_MOST && cfa > end)
        end = cfa;
    return add_range(k, floor, end, left) && (cfa <= end || add_range(k, cfa - ABOVE, cfa, left));
}

static bool
add_frame(struct stacks *k, uint64_t sp, uint64_t cfa, size_t *left)
{
    if (cfa <= sp)
        return add_range(k, sp, sp + LOW_END, left);
    if (cfa - sp <= WHOLE)
        return add_range(k, sp, cfa, left);
    return add_range(k, sp, sp + LOW_END, left) && add_range(k, cfa - HIGH_END, cfa, left);
}

/* What a frame's registers were saved at, wherever that is. */
static bool
add_saved(struct stacks *k, const struct unwind_frame *f, size_t *left)
{
    for (uint64_t saved = f->saved; saved != 0; saved &= saved - 1) {
        uint64_t at = f->saved_at[__builtin_ctzll(saved)];

        if (!add_range(k, at, at + 8, left))
            return false;
    }
    return true;
}

/* 0 or STUB_LATER: memory is needed that comes later. */
static int
add_frames(struct stacks *k, const struct unwind_registers *registers, struct stub_depth depth)
{
    uint64_t floor, sp = registers->value[k->sp];
    const struct unwind_frame *f;
    size_t left = depth.bytes;
    bool fits = true;

    k->range_count = 0;
    begin_walk(k, registers);
    if (find_floor(k, sp, &floor) == STUB_LATER)
        return STUB_LATER;
    for (unsigned i = 0; fits && i < depth.frames && (f = unwind_next(&k->unwind)) != NULL; i++) {
        sp = f->registers.value[k->sp];
        fits = i == 0 ? add_first(k, floor, sp, f->cfa, &left)
                      : add_frame(k, sp, f->cfa, &left) && add_saved(k, f, &left);
    }
    return unwind_end(&k->unwind)->reason == UNWIND_NEED ? STUB_LATER : 0;
}

/* Code that lies in no module may be in one that was loaded since: then there is another try. */
static int
walk(struct stacks *k, struct engine *s, const struct unwind_registers *registers,
     struct stub_depth depth)
{
    int r = take_modules(k, s, 0);

    for (bool again = false; r != STUB_LATER; again = true) {
        const struct unwind_end *end = unwind_end(&k->unwind);

        r = add_frames(k, registers, depth);
        if (r != 0 || again ||
            (end->reason != UNWIND_NOT_CODE && end->reason != UNWIND_NO_INFORMATION))
            break;
        r = take_modules(k, s, end->address);
        if (r != 1)
            break;
    }
    return r;
}

/* ---- what the engine calls ---- */

/* No two pieces overlap, as no two ranges do. */
static void
begin(struct stub_ahead *ahead, int64_t pid)
{
    struct stacks *k = stacks_of(ahead);

    k->is_fresh = false;
    k->piece_count = 0;
    for (unsigned i = 0; i < RECENT; i++) {
        struct recent *r = &k->recent[i];

        if (r->used == 0 || r->pid != pid || r->sent >= RECENT_STOPS)
            continue;
        claim_range(k, r->address, r->address + r->size);
        if (k->piece_count < PIECES_MAX)
            k->piece[k->piece_count++] = (struct stub_piece){ r->address, r->size };
    }
}

static int
find_stack(struct stub_ahead *ahead, struct engine *s, struct rsp_id id, struct stub_depth depth,
           const struct stub_piece **ranges)
{
    struct stacks *k = stacks_of(ahead);
    struct unwind_registers registers;

    *ranges = k->range;
    if (!choose(k, s, id.pid))
        return 0;
    if (take_registers(k, s, id, &registers) == STUB_LATER ||
        take_pac_mask(k, s, id) == STUB_LATER || walk(k, s, &registers, depth) == STUB_LATER)
        return STUB_LATER;
    for (size_t i = 0; i < k->range_count; i++)
        claim_range(k, k->range[i].address, k->range[i].address + k->range[i].size);
    return (int)k->range_count;
}

static void
claim(struct stub_ahead *ahead, uint64_t address, size_t size)
{
    claim_range(stacks_of(ahead), address, address + size);
}

static int
find_recent(struct stub_ahead *ahead, const struct stub_piece **ranges)
{
    struct stacks *k = stacks_of(ahead);
    size_t kept = 0;

    k->told_recent = true;
    for (size_t i = 0; i < k->piece_count; i++)
        if (k->piece[i].size > 0)
            k->piece[kept++] = k->piece[i];
    k->piece_count = kept;
    *ranges = k->piece;
    return (int)kept;
}

/* A reply that is late is begun again and again, and counts once. */
static void
settle(struct stub_ahead *ahead)
{
    struct stacks *k = stacks_of(ahead);

    for (unsigned i = 0; k->told_recent && i < RECENT; i++)
        if (k->recent[i].sent < RECENT_STOPS)
            k->recent[i].sent++;
    k->told_recent = false;
}

static size_t
read_memory(struct stub_ahead *ahead, struct engine *s, int64_t pid, uint64_t address,
            void *buffer, size_t size)
{
    struct stacks *k = stacks_of(ahead);
    struct arch_memory memory;

    if (choose(k, s, pid) && k->is_fresh)
        return unwind_read(&k->unwind, address, buffer, size);
    memory = stub_memory(s);
    memory.process = stub_process_of(s, pid);
    return arch_read(&memory, address, buffer, size);
}

/* A long read is not for every stop. One that lies within another is that one. */
static void
note(struct stub_ahead *ahead, int64_t pid, uint64_t address, size_t size)
{
    struct stacks *k = stacks_of(ahead);
    struct recent *place = &k->recent[0];

    if (size > RECENT_SIZE)
        return;
    for (unsigned i = 0; i < RECENT; i++) {
        struct recent *r = &k->recent[i];

        if (r->used != 0 && r->pid == pid && address - r->address < r->size &&
            r->size - (address - r->address) >= size) {
            r->used = ++k->clock;
            r->sent = 0;
            return;
        }
        if (r->used < place->used)
            place = r;
    }
    *place = (struct recent){ address, pid, ++k->clock, (uint16_t)size, 0 };
}

static void
forget(struct stub_ahead *ahead)
{
    struct stacks *k = stacks_of(ahead);

    memset(k->recent, 0, sizeof(k->recent));
}

void
stub_stacks_init(struct stub_stacks *stacks, const struct stub_stacks_config *config)
{
    struct stacks *k = (struct stacks *)(void *)stacks;
    size_t given = config->size < sizeof(k->config) ? config->size : sizeof(k->config);

    memset(stacks, 0, sizeof(*stacks));
    memcpy(&k->config, config, given);
    k->face = (struct stub_ahead){ begin,       find_stack, find_recent, claim,
                                   read_memory, note,       settle,      forget };
}
