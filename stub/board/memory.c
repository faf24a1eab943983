/* memory.c - the board's memory as its own CPU reads and writes it: one load or store at a time,
 * each of which may fault. The read contract is arch.h's. */
#include "stub/board/internal.h"

enum { WIDEST = 8, WIDEST_OF_DEVICE = 4, PAGE = 4096 };

/* ---- the map ---- */

static uint64_t
last_of(const struct stub_region *region)
{
    return region->size == 0 ? UINT64_MAX : region->start + (region->size - 1);
}

static const struct stub_region *
find_region(const struct board *b, uint64_t address)
{
    const struct stub_board_config *c = &b->settings;

    for (unsigned i = 0; i < c->region_count; i++)
        if (address >= c->regions[i].start && address <= last_of(&c->regions[i]))
            return &c->regions[i];
    return NULL;
}

/* A stretch that no row names: unmapped where there is a map, else all of memory. */
static void
describe_gap(const struct board *b, uint64_t address, struct stub_region *region)
{
    const struct stub_board_config *c = &b->settings;
    uint64_t next = 0;

    *region = (struct stub_region){ .mapped = c->regions == NULL };
    if (region->mapped)
        region->permissions = STUB_READ | STUB_WRITE | STUB_EXECUTE;
    for (unsigned i = 0; i < c->region_count; i++) {
        if (c->regions[i].start > address && (next == 0 || c->regions[i].start < next))
            next = c->regions[i].start;
        if (last_of(&c->regions[i]) < address && last_of(&c->regions[i]) >= region->start)
            region->start = last_of(&c->regions[i]) + 1;
    }
    if (next != 0)
        region->size = next - region->start;
}

int
stub_board_region(void *process, uint64_t address, struct stub_region *region)
{
    const struct board *b = process;
    const struct stub_region *row = find_region(b, address);

    if (row == NULL) {
        describe_gap(b, address, region);
        return 0;
    }
    *region = *row;
    region->mapped = true;
    return 0;
}

int
stub_board_memory_map(void *process, unsigned index, struct stub_region *region)
{
    const struct board *b = process;

    if (b->settings.regions == NULL && index == 0) {
        *region = (struct stub_region){ .size = UINT64_MAX, .kind = STUB_RAM };
        return 1;
    }
    if (index >= b->settings.region_count)
        return 0;
    *region = b->settings.regions[index];
    return 1;
}

/* ---- units ---- */

/* What may be read or written there in one go: how many bytes, and how wide at most. */
static size_t
stretch(const struct board *b, uint64_t address, size_t size, unsigned *widest)
{
    const struct stub_region *region = find_region(b, address);
    uint64_t left;

    *widest = WIDEST;
    if (b->settings.regions == NULL)
        return size;
    if (region == NULL)
        return 0;
    if (region->kind == STUB_DEVICE)
        *widest = WIDEST_OF_DEVICE;
    left = last_of(region) - address;
    return left < size - 1 ? (size_t)left + 1 : size;
}

/* The widest aligned unit at address that is no longer than that. */
static unsigned
unit(uint64_t address, size_t size, unsigned widest)
{
    unsigned width = widest;

    while (width > 1 && (width > size || (address & (width - 1)) != 0))
        width /= 2;
    return width;
}

bool
stub_board_read(void *process, uint64_t base_address, void *buffer, size_t size,
                size_t *bytes_read)
{
    struct board *b = process;
    uint8_t *to = buffer;
    size_t done = 0;

    while (done < size) {
        unsigned widest, width;
        uint64_t value;
        size_t room = stretch(b, base_address + done, size - done, &widest);

        if (room == 0)
            break;
        width = unit(base_address + done, room, widest);
        if (!stub_board_load(base_address + done, width, &value))
            break;
        arch_put_uint(stub_board_layout.arch, to + done, width, value);
        done += width;
    }
    *bytes_read = done;
    return done > 0;
}

/* Stores all of it, unit by unit. */
static bool
store(struct board *b, uint64_t address, const uint8_t *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        unsigned widest, width;
        size_t room = stretch(b, address + done, size - done, &widest);

        if (room == 0)
            return false;
        width = unit(address + done, room, widest);
        if (!stub_board_store(address + done, width,
                              arch_get_uint(stub_board_layout.arch, bytes + done, width)))
            return false;
        done += width;
    }
    return true;
}

/* ---- writing ---- */

static bool
is_writable_kind(const struct stub_region *region)
{
    return region == NULL || region->kind == STUB_RAM || region->kind == STUB_DEVICE;
}

/* Whether a write of several units would go through: a byte of each page is written as it is.
 * Devices are not tried: there a write is a deed. */
static bool
can_store(struct board *b, uint64_t address, size_t size)
{
    for (size_t done = 0; done < size;) {
        const struct stub_region *region = find_region(b, address + done);
        size_t step = PAGE - (size_t)((address + done) % PAGE);
        uint64_t value;

        if (b->settings.regions != NULL && (region == NULL || !is_writable_kind(region)))
            return false;
        if ((region == NULL || region->kind != STUB_DEVICE) &&
            (!stub_board_load(address + done, 1, &value) ||
             !stub_board_store(address + done, 1, value)))
            return false;
        if (region != NULL && last_of(region) - (address + done) < step - 1)
            step = (size_t)(last_of(region) - (address + done)) + 1;
        done += step;
    }
    return true;
}

int
stub_board_write(void *process, uint64_t address, const void *bytes, size_t size)
{
    struct board *b = process;
    const struct stub_region *region;
    unsigned widest;

    if (size == 0)
        return 0;
    region = find_region(b, address);
    if (b->settings.regions != NULL && region == NULL) {
        b->why = "the memory map has nothing there";
        return -STUB_EFAULT;
    }
    if (!is_writable_kind(region)) {
        b->why = "that memory is read-only";
        return -STUB_EACCES;
    }
    if (stretch(b, address, size, &widest) < size || unit(address, size, widest) != size) {
        if (!can_store(b, address, size))
            return -STUB_EFAULT;
    }
    if (!store(b, address, bytes, size))
        return -STUB_EFAULT;
    if (region == NULL || region->kind != STUB_DEVICE)
        stub_board_code_changed(address, size);
    return 0;
}

bool
stub_board_write_code(struct board *b, uint64_t address, const void *bytes, size_t size)
{
    const struct stub_region *region = find_region(b, address);
    const uint8_t *want = bytes;
    uint8_t got[BOARD_LONGEST_BREAK];
    size_t n;

    if (size > sizeof(got) || (region != NULL && region->kind != STUB_RAM) ||
        (region == NULL && b->settings.regions != NULL) || !store(b, address, want, size))
        return false;
    stub_board_code_changed(address, size);
    if (!stub_board_read(b, address, got, size, &n) || n != size)
        return false;
    for (size_t i = 0; i < size; i++)
        if (got[i] != want[i])
            return false;
    return true;
}

/* ---- lending ---- */

/* size 0: gives back. Permissions are not looked at: all of it may be done with all of it. */
static int
lend(struct board *b, uint64_t size, uint64_t *address)
{
    struct stub_board_scratch *scratch = b->settings.scratch;

    return scratch != NULL ? scratch->lend(scratch, size, address) : -STUB_ENOTSUP;
}

int
stub_board_allocate(void *process, uint64_t size, unsigned permissions, uint64_t *address)
{
    (void)permissions;
    return lend(process, size, address);
}

int
stub_board_deallocate(void *process, uint64_t address)
{
    return lend(process, 0, &address);
}

void
stub_board_forget_loans(struct board *b)
{
    if (b->settings.scratch != NULL)
        b->settings.scratch->loan_count = 0;
}
