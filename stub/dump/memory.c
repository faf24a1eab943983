/* memory.c - the memory of a core: what it holds, and for pages that the kernel left out because
 * they were never written, the files that were mapped there. */
#define _GNU_SOURCE 1
#include "stub/dump/internal.h"

#include <string.h>

/* The last segment that begins at or before the address; NULL when there is none. */
static const struct segment *
segment_before(const struct dump *d, uint64_t address)
{
    size_t low = 0;
    size_t high = d->segment_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (d->segment[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &d->segment[low - 1] : NULL;
}

const struct segment *
dump_segment_at(const struct dump *d, uint64_t address)
{
    const struct segment *s = segment_before(d, address);

    return s != NULL && address - s->address < s->size ? s : NULL;
}

struct backing *
dump_backing_at(const struct dump *d, uint64_t address)
{
    for (size_t i = 0; i < d->backing_count; i++)
        if (address >= d->backing[i].file.start && address < d->backing[i].file.end)
            return &d->backing[i];
    return NULL;
}

static size_t
read_backing(struct dump *d, uint64_t address, uint8_t *buffer, size_t size)
{
    struct backing *b = dump_backing_at(d, address);
    struct bytes bytes;

    if (b == NULL)
        return 0;
    dump_find_file(d, b);
    bytes = dump_part(b->bytes, address - b->file.start + b->file.offset, size);
    if (bytes.size > b->file.end - address)
        bytes.size = (size_t)(b->file.end - address);
    if (bytes.size > 0)
        memcpy(buffer, bytes.at, bytes.size);
    return bytes.size;
}

/* Up to where one source ends. */
static size_t
read_piece(struct dump *d, uint64_t address, uint8_t *buffer, size_t size)
{
    const struct segment *s = dump_segment_at(d, address);
    uint64_t offset = s != NULL ? address - s->address : 0;

    if (s == NULL || offset >= s->bytes.size) /* gdb's cores have no headers for such memory */
        return read_backing(d, address, buffer, size);
    if (size > s->bytes.size - offset)
        size = (size_t)(s->bytes.size - offset);
    memcpy(buffer, s->bytes.at + offset, size);
    return size;
}

bool
dump_read_memory(void *process, uint64_t address, void *buffer, size_t size, size_t *got)
{
    size_t piece;

    *got = 0;
    do {
        piece = read_piece(process, address + *got, (uint8_t *)buffer + *got, size - *got);
        *got += piece;
    } while (piece > 0 && *got < size);
    return *got == size;
}
