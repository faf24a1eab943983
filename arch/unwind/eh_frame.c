/* eh_frame.c - finds the frame description of a PC: .eh_frame_hdr's sorted table, else .eh_frame
 * from its start, else .debug_frame (DWARF 5, 6.4; Linux Standard Base, "Exception Frames"). */
#include "arch/unwind/internal.h"

/* ---- entries ---- */

struct entry {
    uint64_t at, id_at, id; /* id: 0 (or all ones) a CIE, else where its CIE lies */
    uint64_t end;
    unsigned width; /* of the id: 4, or 8 in the 64-bit format */
};

static bool
refuse(struct walk *w, uint64_t at)
{
    return unwind_fault(w, UNWIND_BAD_TABLE, at);
}

/* The head of the entry at `at`, which ends at or before limit. e->end == e->id_at: the section's
 * terminator. */
static bool
read_entry(struct walk *w, uint64_t at, uint64_t limit, struct entry *e)
{
    struct cursor c = unwind_cursor(w, at, limit);
    uint64_t length = unwind_uint(&c, 4);

    e->at = at;
    e->width = 4;
    if (length == 0xffffffff) {
        e->width = 8;
        length = unwind_uint(&c, 8);
    }
    e->id_at = c.at;
    if (c.bad)
        return false;
    if (length > limit - c.at)
        return refuse(w, at);
    e->end = c.at + length;
    if (length == 0)
        return true;
    e->id = unwind_uint(&c, e->width);
    return !c.bad;
}

static bool
is_cie(const struct entry *e, bool debug)
{
    if (!debug)
        return e->id == 0;
    return e->width == 8 ? e->id == UINT64_MAX : e->id == UINT32_MAX;
}

/* ---- CIEs ---- */

/* The letters after 'z': what an FDE's addresses look like, and what else is said. */
static void
read_augmentation(struct cursor *c, const char *letters, unsigned count, struct fde *fde)
{
    uint64_t length = unwind_uleb(c);
    uint64_t begin = c->at;

    for (unsigned i = 1; i < count; i++) {
        if (letters[i] == 'R')
            fde->encoding = (uint8_t)unwind_uint(c, 1);
        else if (letters[i] == 'L')
            unwind_uint(c, 1);
        else if (letters[i] == 'P')
            unwind_pointer(c, (uint8_t)unwind_uint(c, 1) & 0x7f, 0);
        else if (letters[i] == 'S')
            fde->signal = true;
        else if (letters[i] == 'B')
            fde->b_key = true;
        else if (letters[i] != 'G')
            break; /* unknown: its length is known all the same */
    }
    if (!c->bad && length <= c->end - begin)
        unwind_seek(c, begin + length);
    else if (!c->bad)
        c->bad = !refuse(c->w, begin);
    fde->has_augmentation = true;
}

static unsigned
read_letters(struct cursor *c, char *letters, unsigned most)
{
    unsigned n = 0;

    while (n < most && (letters[n] = (char)unwind_uint(c, 1)) != '\0')
        n++;
    return n;
}

static bool
read_cie(struct walk *w, uint64_t at, uint64_t limit, struct fde *fde)
{
    struct entry e;
    struct cursor c;
    char letters[8];
    unsigned count, version;

    if (!read_entry(w, at, limit, &e))
        return false;
    if (!is_cie(&e, fde->debug) || e.end == e.id_at)
        return refuse(w, at);
    c = unwind_cursor(w, e.id_at + e.width, e.end);
    version = (unsigned)unwind_uint(&c, 1);
    count = read_letters(&c, letters, sizeof(letters));
    if (!c.bad && ((version != 1 && version != 3 && version != 4) || count == sizeof(letters)))
        return refuse(w, at);
    if (version == 4)
        unwind_uint(&c, 2); /* sizes of an address and of a segment */
    fde->code_align = unwind_uleb(&c);
    fde->data_align = unwind_sleb(&c);
    fde->ra = (uint8_t)(version == 1 ? unwind_uint(&c, 1) : unwind_uleb(&c));
    if (letters[0] == 'z')
        read_augmentation(&c, letters, count, fde);
    else if (count != 0 && !c.bad)
        return refuse(w, at);
    fde->cie_ops = c.at;
    fde->cie_end = e.end;
    return !c.bad;
}

/* ---- FDEs ---- */

static uint64_t
cie_of(const struct entry *e, const struct unwind_module *m, bool debug)
{
    return debug ? m->debug.address + e->id : e->id_at - e->id;
}

/* The FDE of this entry, with its CIE. The CIE lies before limit as the FDE does. */
static bool
read_fde(struct walk *w, const struct entry *e, uint64_t limit, struct fde *fde)
{
    struct cursor c = unwind_cursor(w, e->id_at + e->width, e->end);

    if (!read_cie(w, cie_of(e, w->module, fde->debug), limit, fde))
        return false;
    fde->at = e->at;
    fde->begin = unwind_pointer(&c, fde->encoding, 0) + fde->bias;
    fde->range = unwind_pointer(&c, fde->encoding & 0x0f, 0);
    if (fde->has_augmentation) {
        uint64_t length = unwind_uleb(&c);

        if (!c.bad && length > c.end - c.at)
            return refuse(w, e->at);
        unwind_seek(&c, c.at + length);
    }
    fde->ops = c.at;
    fde->end = e->end;
    return !c.bad;
}

static bool
covers(const struct fde *fde, uint64_t pc)
{
    return pc - fde->begin < fde->range;
}

/* Narrows the range around pc of which no table speaks. */
static void
shrink_gap(struct walk *w, uint64_t pc, uint64_t begin, uint64_t end)
{
    if (end <= pc && end > w->gap)
        w->gap = end;
    if (begin > pc && begin < w->gap_end)
        w->gap_end = begin;
}

/* ---- .eh_frame_hdr ---- */

struct header {
    uint64_t at, table, count;
    unsigned size; /* bytes of one half of a row */
    uint8_t encoding;
};

static unsigned
encoded_size(uint8_t encoding)
{
    static const uint8_t sizes[16] = {
        [0] = 8, [2] = 2, [3] = 4, [4] = 8, [10] = 2, [11] = 4, [12] = 8
    };
    return encoding == 0xff ? 0 : sizes[encoding & 0x0f];
}

/* False without a fault when there is a header but no table in it. */
static bool
read_header(struct walk *w, struct header *h)
{
    const struct unwind_module *m = w->module;
    struct cursor c = unwind_cursor(w, m->hdr, m->hdr + m->hdr_size);
    unsigned version = (unsigned)unwind_uint(&c, 1);
    uint8_t eh_encoding = (uint8_t)unwind_uint(&c, 1);
    uint8_t count_encoding = (uint8_t)unwind_uint(&c, 1);

    h->at = m->hdr;
    h->encoding = (uint8_t)unwind_uint(&c, 1);
    h->size = encoded_size(h->encoding);
    unwind_pointer(&c, eh_encoding, h->at);
    h->count = unwind_pointer(&c, count_encoding, h->at);
    h->table = c.at;
    if (c.bad)
        return false;
    if (version != 1 || (h->size != 0 && h->count > (c.end - c.at) / (2 * h->size)))
        return refuse(w, m->hdr);
    return h->size != 0 && h->count != 0;
}

/* Row i: where code begins and where its FDE lies. */
static bool
read_row(struct walk *w, const struct header *h, uint64_t i, uint64_t *begin, uint64_t *fde)
{
    uint64_t at = h->table + i * 2 * h->size;
    struct cursor c = unwind_cursor(w, at, at + 2 * (uint64_t)h->size);

    *begin = unwind_pointer(&c, h->encoding, h->at);
    *fde = unwind_pointer(&c, h->encoding, h->at);
    return !c.bad;
}

/* The last row that begins at or before pc. *at is 0 when there is none. */
static bool
search(struct walk *w, const struct header *h, uint64_t pc, uint64_t *begin, uint64_t *at)
{
    uint64_t low = 0;
    uint64_t high = h->count;
    uint64_t row_begin, row_fde;

    *at = *begin = 0;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (!unwind_work(w) || !read_row(w, h, middle, &row_begin, &row_fde))
            return false;
        if (row_begin <= pc) {
            *begin = row_begin;
            *at = row_fde;
            low = middle + 1;
        } else {
            shrink_gap(w, pc, row_begin, row_begin);
            high = middle;
        }
    }
    return true;
}

static enum verdict
by_header(struct walk *w, uint64_t pc, struct fde *fde)
{
    struct header h;
    struct entry e;
    uint64_t begin, at;

    if (!read_header(w, &h) || !search(w, &h, pc, &begin, &at))
        return w->fault.reason != UNWIND_RUNNING ? FAILED : NOTHING;
    if (at == 0)
        return NOTHING;
    if (!read_entry(w, at, w->module->end, &e))
        return FAILED;
    if (e.end == e.id_at || is_cie(&e, false)) {
        refuse(w, w->module->hdr);
        return FAILED;
    }
    if (!read_fde(w, &e, w->module->end, fde))
        return FAILED;
    if (fde->begin != begin) {
        refuse(w, w->module->hdr);
        return FAILED;
    }
    shrink_gap(w, pc, begin, begin + fde->range);
    return covers(fde, pc) ? FOUND : NOTHING;
}

/* ---- a section from its start to its end ---- */

static enum verdict
by_section(struct walk *w, uint64_t pc, uint64_t at, uint64_t end, struct fde *fde)
{
    const struct fde empty = *fde;
    struct entry e;

    for (; at < end; at = e.end) {
        if (!unwind_work(w) || !read_entry(w, at, end, &e))
            return FAILED;
        if (e.end == e.id_at)
            break; /* the terminator */
        if (is_cie(&e, fde->debug))
            continue;
        *fde = empty;
        if (!read_fde(w, &e, end, fde))
            return FAILED;
        if (covers(fde, pc))
            return FOUND;
        shrink_gap(w, pc, fde->begin, fde->begin + fde->range);
    }
    return NOTHING;
}

/* ---- the source ---- */

enum verdict
unwind_find_fde(struct walk *w, uint64_t pc, struct fde *fde)
{
    const struct unwind_module *m = w->module;
    enum verdict verdict = NOTHING;

    *fde = (struct fde){ 0 };
    if (m->hdr_size != 0)
        verdict = by_header(w, pc, fde);
    else if (m->eh_size != 0)
        verdict = by_section(w, pc, m->eh_frame, m->eh_frame + m->eh_size, fde);
    if (verdict != NOTHING || m->debug.size == 0)
        return verdict;
    *fde = (struct fde){ .debug = true, .bias = m->bias };
    return by_section(w, pc, m->debug.address, m->debug.address + m->debug.size, fde);
}

enum verdict
unwind_by_tables(struct walk *w, struct row *row)
{
    uint64_t pc = w->frame.pc - w->frame.called;
    struct fde fde;
    enum verdict verdict;

    if (w->module == NULL)
        return NOTHING;
    w->gap = w->module->text;
    w->gap_end = w->module->text_end != 0 ? w->module->text_end : w->module->end;
    verdict = unwind_find_fde(w, pc, &fde);
    return verdict == FOUND ? unwind_run_cfi(w, &fde, pc, row) : verdict;
}

enum { FUNCTION_WORK = 200000 };

bool
unwind_find_function(struct unwind *u, uint64_t pc, struct unwind_function *function)
{
    struct walk *w = (struct walk *)u;
    const struct unwind_registers none = { .valid = 0 };
    struct fde fde;

    unwind_begin(u, &none);
    w->work = FUNCTION_WORK;
    w->module = unwind_module_at(w, pc);
    if (w->module == NULL || unwind_find_fde(w, pc, &fde) != FOUND)
        return false;
    *function = (struct unwind_function){ fde.begin, fde.begin + fde.range, fde.at };
    return true;
}
