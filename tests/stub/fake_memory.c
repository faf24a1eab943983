/* fake_memory.c - the fake target's memory: what can be read and written, regions, allocation, and
 * a board's flash. */
#include <string.h>

#include "tests/stub/fake_late.h"

static uint8_t *
page_of(struct fake *f, uint64_t address)
{
    switch (address / FAKE_PAGE) {
    case 2:
        return f->heap;
    case 4:
        return f->stack;
    case UINT64_MAX / FAKE_PAGE:
        return f->last;
    default:
        return NULL;
    }
}

bool
fake_is_readable(struct fake *f, uint64_t address)
{
    return address / FAKE_PAGE == 1 || page_of(f, address) != NULL;
}

static uint8_t
byte_at(struct fake *f, uint64_t address)
{
    uint8_t *page = page_of(f, address);

    return page != NULL ? page[address % FAKE_PAGE] : f->flash[address % FAKE_PAGE];
}

bool
fake_read_memory(void *process, uint64_t address, void *buffer, size_t size, size_t *bytes_read)
{
    struct fake *f = process;
    struct fake_memo *m;
    uint8_t *to = buffer;
    size_t n = 0;

    if (fake_is_late(f, &m, READ_MEMORY, address, size, 0)) {
        *bytes_read = ARCH_LATER;
        return false;
    }
    while (n < size && fake_is_readable(f, address + n))
        n++;
    if (f->all_or_nothing && n < size)
        n = 0;
    for (size_t i = 0; i < n; i++)
        to[i] = byte_at(f, address + i);
    *bytes_read = n;
    return n == size;
}

static int
write_now(struct fake *f, uint64_t address, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (page_of(f, address + i) == NULL)
            return fake_fail(f, STUB_EFAULT, "no memory that may be written");
    for (size_t i = 0; i < size; i++)
        page_of(f, address + i)[(address + i) % FAKE_PAGE] = bytes[i];
    return 0;
}

int
fake_write_memory(void *process, uint64_t address, const void *bytes, size_t size)
{
    struct fake *f = process;

    DO(f, WRITE_MEMORY, address, size, fake_sum(bytes, size), write_now(f, address, bytes, size));
}

static const struct stub_region regions[] = {
    { 0, 0x1000, false, 0, STUB_RAM, 0, NULL },
    { 0x1000, 0x1000, true, STUB_READ | STUB_EXECUTE, STUB_FLASH, 0x100, "/bin/fake" },
    { 0x2000, 0x1000, true, STUB_READ | STUB_WRITE, STUB_RAM, 0, "[heap]" },
    { 0x3000, 0x1000, false, 0, STUB_RAM, 0, NULL },
    { 0x4000, 0x1000, true, STUB_READ | STUB_WRITE, STUB_RAM, 0, "[stack]" },
    { 0x5000, UINT64_MAX - 0x5fff, false, 0, STUB_RAM, 0, NULL },
    { UINT64_MAX - 0xfff, 0, true, STUB_READ | STUB_WRITE, STUB_RAM, 0, NULL },
};
enum { REGIONS = sizeof(regions) / sizeof(regions[0]) };

static int
erase_now(struct fake *f, uint64_t address, uint64_t size)
{
    memset(f->written + address % FAKE_PAGE, 0xff, (size_t)size);
    memset(f->erased + address % FAKE_PAGE, true, (size_t)size);
    return 0;
}

static int
flash_now(struct fake *f, uint64_t address, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!f->erased[(address + i) % FAKE_PAGE])
            return fake_fail(f, STUB_EIO, "not erased");
        f->erased[(address + i) % FAKE_PAGE] = false;
        f->written[(address + i) % FAKE_PAGE] = bytes[i];
    }
    return 0;
}

static int
done_now(struct fake *f)
{
    memcpy(f->flash, f->written, sizeof(f->flash));
    memset(f->erased, false, sizeof(f->erased));
    return 0;
}

int
fake_flash_erase(void *process, uint64_t address, uint64_t size)
{
    struct fake *f = process;

    DO(f, FLASH_ERASE, address, size, 0, erase_now(f, address, size));
}

int
fake_flash_write(void *process, uint64_t address, const void *bytes, size_t size)
{
    struct fake *f = process;

    DO(f, FLASH_WRITE, address, size, fake_sum(bytes, size), flash_now(f, address, bytes, size));
}

int
fake_flash_done(void *process)
{
    struct fake *f = process;

    DO(f, FLASH_DONE, 0, 0, 0, done_now(f));
}

/* Its rows are the regions above that are there. */
int
fake_memory_map(void *process, unsigned index, struct stub_region *r)
{
    static const unsigned rows[] = { 1, 2, 4 };
    struct fake *f = process;

    ASK(f, MEMORY_MAP, index, 0, 0);
    if (index >= sizeof(rows) / sizeof(rows[0]))
        return 0;
    *r = regions[rows[index]];
    return 1;
}

int
fake_region(void *process, uint64_t address, struct stub_region *r)
{
    struct fake *f = process;
    size_t i = REGIONS - 1;

    ASK(f, REGION, address, 0, 0);
    while (address < regions[i].start)
        i--;
    *r = regions[i];
    return 0;
}

static int
allocate_now(struct fake *f, uint64_t size, uint64_t *address)
{
    if (size > FAKE_PAGE)
        return fake_fail(f, STUB_ENOMEM, "so much memory is not to be had");
    f->allocated = 0x2800;
    *address = f->allocated;
    return 0;
}

int
fake_allocate(void *process, uint64_t size, unsigned permissions, uint64_t *address)
{
    struct fake *f = process;

    *address = f->allocated;
    DO(f, ALLOCATE, size, permissions, 0, allocate_now(f, size, address));
}

static int
deallocate_now(struct fake *f, uint64_t address)
{
    if (address != f->allocated)
        return -STUB_EINVAL;
    f->allocated = 0;
    return 0;
}

int
fake_deallocate(void *process, uint64_t address)
{
    struct fake *f = process;

    DO(f, DEALLOCATE, address, 0, 0, deallocate_now(f, address));
}
