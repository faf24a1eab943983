/* points.c - breakpoints and watchpoints: instructions planted in RAM, the CPU's own slots for the
 * rest. */
#include "stub/board/internal.h"

#include <string.h>

static const struct arch *
arch_of(void)
{
    return stub_board_layout.arch;
}

/* ---- software ---- */

struct soft_point *
stub_board_soft_at(struct board *b, uint64_t address)
{
    for (unsigned i = 0; i < SOFT_POINTS; i++)
        if (b->soft[i].size != 0 && b->soft[i].address == address)
            return &b->soft[i];
    return NULL;
}

static bool
plant(struct board *b, struct soft_point *point)
{
    size_t n;

    if (!stub_board_read(b, point->address, point->bytes, point->size, &n) || n != point->size)
        return false;
    point->planted = stub_board_write_code(b, point->address, arch_of()->breakpoint, point->size);
    return point->planted;
}

/* What the firmware has written over the breakpoint stays. */
static void
lift(struct board *b, struct soft_point *point)
{
    uint8_t now[BOARD_LONGEST_BREAK];
    size_t n;

    if (!point->planted)
        return;
    point->planted = false;
    if (!stub_board_read(b, point->address, now, point->size, &n) || n != point->size ||
        memcmp(now, arch_of()->breakpoint, point->size) != 0)
        return;
    (void)stub_board_write_code(b, point->address, point->bytes, point->size);
}

void
stub_board_plant(struct board *b)
{
    for (unsigned i = 0; i < SOFT_POINTS; i++)
        if (b->soft[i].size != 0)
            (void)plant(b, &b->soft[i]);
}

void
stub_board_lift(struct board *b)
{
    for (unsigned i = 0; i < SOFT_POINTS; i++)
        lift(b, &b->soft[i]);
}

/* ---- the CPU's slots ---- */

static struct hard_point *
find_slot(struct hard_point *slots, unsigned count, const struct hard_point *like)
{
    for (unsigned i = 0; i < count; i++)
        if (slots[i].used && slots[i].address == like->address && slots[i].type == like->type &&
            slots[i].length == like->length && slots[i].soft == like->soft)
            return &slots[i];
    return NULL;
}

static int
use_slot(struct board *b, struct hard_point *slots, unsigned count, const struct hard_point *point)
{
    if (find_slot(slots, count, point) != NULL)
        return 0;
    for (unsigned i = 0; i < count; i++) {
        if (slots[i].used)
            continue;
        slots[i] = *point;
        slots[i].used = true;
        if (stub_board_slots_suffice(b))
            return 0;
        slots[i].used = false;
        break;
    }
    b->why = "no hardware breakpoint or watchpoint is left on this CPU";
    return -STUB_ENOSPC;
}

static int
free_slot(struct hard_point *slots, unsigned count, const struct hard_point *point)
{
    struct hard_point *slot = find_slot(slots, count, point);

    if (slot == NULL)
        return -STUB_ENOENT;
    slot->used = false;
    return 0;
}

/* How far an access at address is from what the point watches. */
static uint64_t
distance(const struct hard_point *point, uint64_t address)
{
    if (address < point->address)
        return point->address - address;
    if (address - point->address < point->length)
        return 0;
    return address - point->address - point->length + 1;
}

struct hard_point *
stub_board_watch_at(struct board *b, uint64_t address)
{
    struct hard_point *best = NULL;

    for (unsigned i = 0; i < b->watch_count; i++)
        if (b->watches[i].used &&
            (best == NULL || distance(&b->watches[i], address) < distance(best, address)))
            best = &b->watches[i];
    return best;
}

bool
stub_board_point_at(struct board *b, uint64_t address)
{
    if (stub_board_soft_at(b, address) != NULL)
        return true;
    for (unsigned i = 0; i < b->break_count; i++)
        if (b->breaks[i].used && b->breaks[i].address == address)
            return true;
    return false;
}

/* ---- Z and z ---- */

static struct hard_point
slot_for(const struct stub_point *point, bool soft)
{
    return (struct hard_point){ .address = point->address,
                                .length = point->type < STUB_POINT_WRITE
                                              ? arch_of()->breakpoint_size
                                              : point->kind,
                                .type = soft ? STUB_POINT_HARDWARE : point->type,
                                .soft = soft };
}

/* Tries the breakpoint instruction out where it is to go: ROM, and what only claims to be RAM,
 * get a slot of the CPU's. */
static int
insert_soft(struct board *b, const struct stub_point *point)
{
    struct soft_point trial = { .address = point->address, .size = arch_of()->breakpoint_size };
    struct hard_point slot = slot_for(point, true);

    if (stub_board_soft_at(b, point->address) != NULL)
        return 0;
    if (!plant(b, &trial))
        return use_slot(b, b->breaks, b->break_count, &slot);
    lift(b, &trial);
    for (unsigned i = 0; i < SOFT_POINTS; i++) {
        if (b->soft[i].size != 0)
            continue;
        b->soft[i] = trial;
        return 0;
    }
    b->why = "too many breakpoints";
    return -STUB_ENOSPC;
}

static int
remove_soft(struct board *b, const struct stub_point *point)
{
    struct soft_point *soft = stub_board_soft_at(b, point->address);
    struct hard_point slot = slot_for(point, true);

    if (soft == NULL)
        return free_slot(b->breaks, b->break_count, &slot);
    soft->size = 0;
    return 0;
}

static int
insert_watch(struct board *b, const struct stub_point *point)
{
    struct hard_point slot = slot_for(point, false);

    if (point->type == STUB_POINT_READ && !stub_board_can_watch_reads())
        return -STUB_ENOTSUP;
    if (!stub_board_can_watch(slot.address, slot.length)) {
        b->why = "the CPU cannot watch a range of that length there";
        return -STUB_EINVAL;
    }
    return use_slot(b, b->watches, b->watch_count, &slot);
}

int
stub_board_insert(void *process, const struct stub_point *point)
{
    struct board *b = process;
    struct hard_point slot = slot_for(point, false);

    if (point->type <= STUB_POINT_HARDWARE && !stub_board_can_break(point->address)) {
        b->why = "no instruction begins at that address";
        return -STUB_EINVAL;
    }
    if (point->type == STUB_POINT_SOFTWARE)
        return insert_soft(b, point);
    if (point->type == STUB_POINT_HARDWARE)
        return use_slot(b, b->breaks, b->break_count, &slot);
    return insert_watch(b, point);
}

int
stub_board_remove(void *process, const struct stub_point *point)
{
    struct board *b = process;
    struct hard_point slot = slot_for(point, false);

    if (point->type == STUB_POINT_SOFTWARE)
        return remove_soft(b, point);
    if (point->type == STUB_POINT_HARDWARE)
        return free_slot(b->breaks, b->break_count, &slot);
    if (point->type == STUB_POINT_READ && !stub_board_can_watch_reads())
        return -STUB_ENOTSUP;
    return free_slot(b->watches, b->watch_count, &slot);
}

void
stub_board_forget_points(struct board *b)
{
    stub_board_lift(b);
    memset(b->soft, 0, sizeof(b->soft));
    memset(b->breaks, 0, sizeof(b->breaks));
    memset(b->watches, 0, sizeof(b->watches));
}
