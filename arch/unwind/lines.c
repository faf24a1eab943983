/* lines.c - the target's memory as lines of one size, read through arch_read or fed by the caller,
 * holes remembered. */
#include "arch/unwind/internal.h"

enum { WAYS = 4 };

static uint64_t
line_size(const struct walk *w)
{
    return (uint64_t)1 << w->line_shift;
}

size_t
unwind_lines_size(unsigned lines, uint32_t line_bytes)
{
    return lines * (sizeof(struct line) + line_bytes);
}

static const char *
init(struct walk *w, const struct unwind_config *config)
{
    uint32_t bytes = config->line_bytes;
    size_t count;

    unwind_init_rules(w, config);
    if (bytes < 64 || bytes > 65536 || (bytes & (bytes - 1)) != 0)
        return "line_bytes is no power of two from 64 to 65536";
    count = config->lines_size / unwind_lines_size(1, bytes) & ~(size_t)(WAYS - 1);
    if (count == 0 || config->lines == NULL)
        return "lines has no room for four lines";
    while ((count & (count - 1)) != 0) /* sets are found by masking */
        count &= count - 1;
    if (count > UINT32_MAX)
        count = (size_t)1 << 31;
    w->line_count = (uint32_t)count;
    w->lines = config->lines;
    while (line_size(w) < bytes)
        w->line_shift++;
    memset(w->lines, 0, count * sizeof(struct line));
    return NULL;
}

static bool
is_fresh(const struct walk *w, const struct line *line, uint64_t address)
{
    return line->address == address && line->generation == w->generation;
}

/* The line at this address, or the one of its set that was used longest ago. */
static struct line *
line_for(struct walk *w, uint64_t address)
{
    uint32_t sets = w->line_count / WAYS;
    struct line *set = w->lines + (size_t)((address >> w->line_shift) & (sets - 1)) * WAYS;
    struct line *oldest = set;

    for (unsigned i = 0; i < WAYS; i++) {
        if (is_fresh(w, &set[i], address))
            return &set[i];
        if (set[i].generation != w->generation)
            set[i].used = 0;
        if (set[i].used < oldest->used)
            oldest = &set[i];
    }
    return oldest;
}

static uint8_t *
bytes_of(const struct walk *w, const struct line *line)
{
    return (uint8_t *)(w->lines + w->line_count) + ((size_t)(line - w->lines) << w->line_shift);
}

static void
fill(struct walk *w, struct line *line, uint64_t address, size_t prefix)
{
    line->address = address;
    line->generation = w->generation;
    line->prefix = (uint32_t)prefix;
}

static bool
need(struct walk *w, uint64_t address)
{
    unwind_fault(w, UNWIND_NEED, address);
    w->fault.length = (size_t)line_size(w);
    return false;
}

/* The line that holds address, read when it is not here. NULL with the fault UNWIND_NEED. */
static struct line *
line_at(struct walk *w, uint64_t address)
{
    uint64_t start = address & ~(line_size(w) - 1);
    struct line *line = line_for(w, start);
    size_t got;

    if (!is_fresh(w, line, start)) {
        if (w->memory == NULL)
            return need(w, start) ? line : NULL;
        line->generation = 0; /* what arch_read leaves there may be anything */
        w->near_room = 0;
        got = arch_read(w->memory, start, bytes_of(w, line), (size_t)line_size(w));
        if (got == ARCH_LATER)
            return need(w, start) ? line : NULL;
        fill(w, line, start, got);
    }
    line->used = ++w->clock;
    w->near_at = start;
    w->near_bytes = bytes_of(w, line);
    w->near_room = line->prefix < 8 ? 0 : line->prefix - 7;
    return line;
}

/* A line begins in a hole and goes on behind it: what a fine-grained reader can still give. */
static size_t
read_behind_hole(struct walk *w, uint64_t address, uint8_t *buffer, size_t n)
{
    uint64_t left = line_size(w) - (address & (line_size(w) - 1));
    size_t got;

    if (w->memory == NULL || w->memory->granule >= line_size(w))
        return 0;
    got = arch_read(w->memory, address, buffer, n < left ? n : (size_t)left);
    return got == ARCH_LATER ? 0 : got;
}

/* Bytes of one line from address on, 1..n; 0 with a fault. */
static size_t
some_of_line(struct walk *w, uint64_t address, uint8_t *buffer, size_t n)
{
    struct line *line = line_at(w, address);
    size_t offset = (size_t)(address & (line_size(w) - 1));
    size_t got;

    if (line == NULL)
        return 0;
    if (offset < line->prefix) {
        got = line->prefix - offset < n ? line->prefix - offset : n;
        memcpy(buffer, bytes_of(w, line) + offset, got);
        return got;
    }
    got = read_behind_hole(w, address, buffer, n);
    if (got == 0)
        unwind_fault(w, UNWIND_UNREADABLE, address);
    return got;
}

static size_t
some(struct walk *w, uint64_t address, uint8_t *buffer, size_t n)
{
    size_t have = n;
    const uint8_t *copy = unwind_copy(w->module, address, &have);

    if (copy == NULL)
        return some_of_line(w, address, buffer, n);
    memcpy(buffer, copy, have < n ? have : n);
    return have < n ? have : n;
}

const struct reader unwind_lines_reader = { init, some };

size_t
unwind_read(struct unwind *u, uint64_t address, void *buffer, size_t n)
{
    struct walk *w = (struct walk *)u;
    struct unwind_end fault = w->fault;
    size_t done = 0, got = 1;

    if (w->line_count == 0) /* these sources keep nothing */
        return arch_read(w->memory, address, buffer, n);
    w->fault.reason = UNWIND_RUNNING;
    while (done < n && got > 0 && done <= UINT64_MAX - address) {
        got = some_of_line(w, address + done, (uint8_t *)buffer + done, n - done);
        done += got;
    }
    if (got == 0 && w->fault.reason == UNWIND_NEED)
        done = ARCH_LATER;
    w->fault = fault;
    return done;
}

void
unwind_feed(struct unwind *u, uint64_t address, const void *bytes, size_t n)
{
    struct walk *w = (struct walk *)u;
    const uint8_t *in = bytes;
    uint64_t skip = -address & (line_size(w) - 1); /* up to the first start of a line */

    if (w->line_count == 0)
        return;       /* these sources keep nothing */
    w->near_room = 0; /* its line may go */
    do {
        size_t piece;
        struct line *line;

        if (n != 0 && n <= skip)
            return;
        in += n != 0 ? skip : 0;
        n -= n != 0 ? (size_t)skip : 0;
        address = n != 0 ? address + skip : address & ~(line_size(w) - 1);
        skip = 0;
        piece = n < line_size(w) ? n : (size_t)line_size(w);
        line = line_for(w, address);
        if (piece != 0)
            memcpy(bytes_of(w, line), in, piece);
        fill(w, line, address, piece);
        line->used = ++w->clock;
        in += piece;
        n -= piece;
        address += piece;
    } while (n > 0);
}
