/* modules.c - which module an address is in, and what a module's ELF headers in memory say. */
#include "arch/unwind/internal.h"

const struct unwind_module *
unwind_module_at(const struct walk *w, uint64_t pc)
{
    size_t low = 0;
    size_t high = w->module_count;

    if (w->module != NULL && pc - w->module->start < w->module->end - w->module->start)
        return w->module;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (w->modules[middle].start <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    if (low != 0 && pc < w->modules[low - 1].end)
        return &w->modules[low - 1];
    return w->find_module != NULL ? w->find_module(w->finder, pc) : NULL;
}

const uint8_t *
unwind_copy(const struct unwind_module *m, uint64_t address, size_t *have)
{
    for (size_t i = 0; m != NULL && i <= m->map_count; i++) {
        const struct unwind_span *s = i < m->map_count ? &m->map[i] : &m->debug;
        uint64_t offset = address - s->address;

        if (s->bytes == NULL || address < s->address || offset >= s->size)
            continue;
        if (s->size - offset < *have)
            *have = (size_t)(s->size - offset);
        return s->bytes + offset;
    }
    return NULL;
}

/* ---- ELF headers (System V gABI), read with no trust in them ---- */

enum { HEADER = 64, SEGMENT = 56, SEGMENTS_MAX = 128 };
enum { PT_LOAD = 1, PT_GNU_EH_FRAME = 0x6474e550, EXECUTABLE = 1 };

static uint64_t
number(const uint8_t *bytes, unsigned size)
{
    uint64_t v = 0;

    while (size-- > 0)
        v = v << 8 | bytes[size];
    return v;
}

/* What the program headers say, in the file's addresses. */
struct picture {
    uint64_t low, high, text, text_end, hdr, hdr_size;
};

static void
add_segment(struct picture *p, const uint8_t *segment)
{
    uint64_t type = number(segment, 4);
    uint64_t flags = number(segment + 4, 4);
    uint64_t address = number(segment + 16, 8);
    uint64_t size = number(segment + 40, 8);

    if (size > UINT64_MAX - address)
        return;
    if (type == PT_GNU_EH_FRAME) {
        p->hdr = address;
        p->hdr_size = size;
    }
    if (type != PT_LOAD)
        return;
    if (p->high == 0 || address < p->low)
        p->low = address & ~(uint64_t)0xfff;
    if (address + size > p->high)
        p->high = address + size;
    if ((flags & EXECUTABLE) == 0)
        return;
    if (p->text_end == 0 || address < p->text)
        p->text = address;
    if (address + size > p->text_end)
        p->text_end = address + size;
}

static bool
read_picture(const struct arch_memory *memory, uint64_t base, const uint8_t *header,
             struct picture *p)
{
    uint64_t at = base + number(header + 32, 8);
    uint64_t count = number(header + 56, 2);
    uint8_t segment[SEGMENT];

    if (number(header + 54, 2) != SEGMENT || count == 0 || count > SEGMENTS_MAX)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        if (arch_read(memory, at + i * SEGMENT, segment, SEGMENT) != SEGMENT)
            return false;
        add_segment(p, segment);
    }
    return p->high > p->low;
}

bool
unwind_read_module(const struct arch_memory *memory, uint64_t base, struct unwind_module *m)
{
    static const uint8_t magic[6] = { 0x7f, 'E', 'L', 'F', 2, 1 }; /* 64 bits, little-endian */
    struct picture p = { 0 };
    uint8_t header[HEADER];
    uint64_t entry;

    memset(m, 0, sizeof(*m));
    if (arch_read(memory, base, header, HEADER) != HEADER ||
        memcmp(header, magic, sizeof(magic)) != 0 || !read_picture(memory, base, header, &p))
        return false;
    m->bias = base - p.low;
    if (p.high > UINT64_MAX - m->bias && base + (p.high - p.low) < base)
        return false;
    entry = number(header + 24, 8);
    m->start = base;
    m->end = base + (p.high - p.low);
    m->text = p.text_end != 0 ? p.text + m->bias : 0;
    m->text_end = p.text_end != 0 ? p.text_end + m->bias : 0;
    m->entry = entry != 0 ? entry + m->bias : 0;
    m->hdr = p.hdr_size != 0 ? p.hdr + m->bias : 0;
    m->hdr_size = p.hdr_size;
    return true;
}
