/* memory.c - the read-memory contract (arch.h) and its adapters for DbgHelp's callbacks. */
#include "arch/arch.h"

/* What a count is set to before each call: no callback writes it. */
#define UNTOUCHED ((size_t)-1)

/* One call. The bytes read, 0..size, or ARCH_LATER. */
static size_t
ask(const struct arch_memory *memory, uint64_t address, void *buffer, size_t size)
{
    size_t count = UNTOUCHED;
    bool all = memory->read(memory->process, address, buffer, size, &count);

    if (count == UNTOUCHED)
        return all ? size : 0;
    if (count == ARCH_LATER)
        return ARCH_LATER;
    return count < size ? count : size;
}

/* Searches for the end of the readable prefix: asks for all of it, and for about half as much as
 * failed, so that an end is found in twice as many calls as a binary search. Who has just counted
 * honestly is asked for what is left of a granule instead. Each call reads something, ends the
 * search or shortens the piece, so the loop is bounded whatever the callback does. */
static size_t
read_prefix(const struct arch_memory *memory, uint64_t address, uint8_t *buffer, size_t size)
{
    uint64_t granule = memory->granule != 0 ? memory->granule : 1;
    size_t done = 0, piece = size;
    bool was_short = false; /* the last answer */

    while (done < size) {
        uint64_t boundary = granule - ((address + done) & (granule - 1)), more;
        size_t got;

        piece = piece < size - done ? piece : size - done;
        got = ask(memory, address + done, buffer + done, piece);
        if (got == ARCH_LATER)
            return ARCH_LATER;
        if (got == 0) {
            if (piece <= boundary)
                break;
            more = was_short ? 0 : (piece - boundary) / 2 & ~(granule - 1);
            piece = (size_t)(boundary + more);
        }
        was_short = got > 0 && got < piece;
        done += got;
    }
    return done;
}

size_t
arch_read(const struct arch_memory *memory, uint64_t address, void *buffer, size_t size)
{
    uint64_t top = memory->top != 0 ? memory->top : UINT64_MAX, above = top - address;

    if (size == 0 || address > top)
        return 0;
    return read_prefix(memory, address, buffer, size - 1 > above ? (size_t)above + 1 : size);
}

bool
arch_read_uint(const struct arch_memory *memory, uint64_t address, unsigned size, bool big,
               uint64_t *v)
{
    uint8_t bytes[8];
    uint64_t value = 0;

    if (size != 1 && size != 2 && size != 4 && size != 8)
        return false;
    if (arch_read(memory, address, bytes, size) != size)
        return false;
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | bytes[big ? i : size - 1 - i];
    *v = value;
    return true;
}

/* The most that one call of DbgHelp's callbacks is asked for: below every preset count. */
#define DWORD_PIECE     ((uint32_t)1 << 31)
#define DWORD_UNTOUCHED UINT32_MAX

static size_t
dword_count(uint32_t count, bool all, uint32_t size)
{
    if (count == DWORD_UNTOUCHED)
        return all ? size : 0;
    return count < size ? count : size;
}

bool
arch_read_dbghelp64(void *process, uint64_t base_address, void *buffer, size_t size,
                    size_t *bytes_read)
{
    const struct arch_dbghelp64 *d = process;
    uint32_t piece = size < DWORD_PIECE ? (uint32_t)size : DWORD_PIECE;
    uint32_t count = DWORD_UNTOUCHED;
    bool all = d->read(d->process, base_address, buffer, piece, &count) != 0;

    *bytes_read = dword_count(count, all, piece);
    return all;
}

bool
arch_read_dbghelp32(void *process, uint64_t base_address, void *buffer, size_t size,
                    size_t *bytes_read)
{
    const struct arch_dbghelp32 *d = process;
    uint32_t piece = size < DWORD_PIECE ? (uint32_t)size : DWORD_PIECE;
    uint32_t count = DWORD_UNTOUCHED;
    bool all;

    if (base_address > UINT32_MAX) {
        *bytes_read = 0;
        return false;
    }
    if (piece - 1 > UINT32_MAX - base_address)
        piece = (uint32_t)(UINT32_MAX - base_address) + 1;
    all = d->read(d->process, (uint32_t)base_address, buffer, piece, &count) != 0;
    *bytes_read = dword_count(count, all, piece);
    return all;
}
