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

/* A mapped file may have been replaced since: its first bytes, which the core has, must agree. */
static bool
is_same_file(struct dump *d, const struct backing *b)
{
    for (size_t i = 0; i < d->backing_count; i++) {
        const struct dump_file *first = &d->backing[i].file;
        const struct segment *s;
        size_t n;

        if (first->offset != 0 || strcmp(first->path, b->file.path) != 0)
            continue;
        s = dump_segment_at(d, first->start);
        if (s == NULL || s->address != first->start)
            return true; /* nothing to compare */
        n = s->bytes.size < b->bytes.size ? s->bytes.size : b->bytes.size;
        return memcmp(s->bytes.at, b->bytes.at, n < 4096 ? n : 4096) == 0;
    }
    return true;
}

static const char *
path_of(const struct dump *d, const struct backing *b)
{
    uint64_t entry;

    /* The program may lie elsewhere now, where the user said. */
    if (d->exe != NULL && dump_auxv(d, 9 /* AT_ENTRY */, &entry)) {
        for (size_t i = 0; i < d->backing_count; i++)
            if (entry >= d->backing[i].file.start && entry < d->backing[i].file.end &&
                strcmp(d->backing[i].file.path, b->file.path) == 0)
                return d->exe;
    }
    return b->file.path;
}

static void
open_backing(struct dump *d, struct backing *b)
{
    if (b->tried)
        return;
    b->tried = true;
    if (!dump_map(path_of(d, b), &b->bytes) || is_same_file(d, b))
        return;
    dump_unmap(b->bytes);
    b->bytes = (struct bytes){ NULL, 0 };
}

static size_t
read_backing(struct dump *d, uint64_t address, uint8_t *buffer, size_t size)
{
    for (size_t i = 0; i < d->backing_count; i++) {
        struct backing *b = &d->backing[i];
        uint64_t from = address - b->file.start + b->file.offset;

        if (address < b->file.start || address >= b->file.end)
            continue;
        open_backing(d, b);
        if (b->bytes.at == NULL || from >= b->bytes.size)
            return 0;
        if (size > b->bytes.size - from)
            size = (size_t)(b->bytes.size - from);
        if (size > b->file.end - address)
            size = (size_t)(b->file.end - address);
        memcpy(buffer, b->bytes.at + from, size);
        return size;
    }
    return 0;
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
