/* frameptr.c - sources that need no tables: the frame pointer's chain, the program's entry, a
 * return address where a call leaves it, and a search of the stack. */
#include "arch/unwind/internal.h"

enum { SCAN_WORDS = 256, ENTRY_SIZE = 128 };

bool
unwind_comes_from_call(struct walk *w, uint64_t pc)
{
    const struct extras *extras = w->sources->extras;

    if (pc == 0 || !unwind_is_code(w, unwind_module_at(w, pc - 1), pc - 1))
        return false;
    if (w->machine->follows_call(w, pc) || (extras != NULL && extras->is_trampoline(w, pc)))
        return true;
    forgive(w);
    return false;
}

bool
unwind_returns(struct walk *w, uint64_t at)
{
    uint64_t pc;

    if (at % 8 != 0)
        return false;
    if (unwind_load(w, at, &pc))
        return unwind_comes_from_call(w, unwind_strip(w, pc));
    forgive(w);
    return false;
}

static void
say(struct row *row, unsigned n, int32_t offset)
{
    row->how[n] = AT_CFA;
    row->value[n] = offset;
}

/* Both machines keep {caller's frame pointer, return address} where the frame pointer points. On
 * AArch64 the record may lie anywhere in the frame: its end is the least the CFA can be. Frame
 * pointer 0 is what the outermost function is given; in one that calls nothing it may be any
 * number. */
enum verdict
unwind_by_frame_pointer(struct walk *w, struct row *row)
{
    const struct unwind_machine *m = w->machine;
    uint64_t fp = reg(w, m->fp);

    if (!has(w, m->fp))
        return NOTHING;
    unwind_row(w, row, m->fp, 16, UNWIND_FRAME_POINTER, UNWIND_FAIR);
    if (fp == 0 && w->frame.called) {
        row->how[row->ra] = UNDEFINED;
        return FOUND;
    }
    if (fp - w->sp > UINT64_MAX / 2 || !unwind_returns(w, fp + 8)) /* no stack ends at the top */
        return NOTHING;
    say(row, m->fp, -16);
    say(row, row->ra, -8);
    return FOUND;
}

/* A program's first function has no caller. It is short, and stands between tabled functions. */
enum verdict
unwind_by_entry(struct walk *w, struct row *row)
{
    uint64_t pc = w->frame.pc - w->frame.called;
    uint64_t entry = w->module != NULL ? w->module->entry : 0;

    if (entry == 0 || pc < entry || pc - entry >= ENTRY_SIZE || entry < w->gap ||
        entry >= w->gap_end)
        return NOTHING;
    unwind_row(w, row, w->machine->sp, 0, UNWIND_INSTRUCTIONS, UNWIND_FAIR);
    row->how[row->ra] = UNDEFINED;
    return FOUND;
}

static enum verdict
leaf_by_stack(struct walk *w, struct row *row)
{
    if (!unwind_returns(w, w->sp))
        return NOTHING;
    unwind_row(w, row, w->machine->sp, 8, UNWIND_LEAF, UNWIND_FAIR);
    say(row, row->ra, -8);
    return FOUND;
}

static enum verdict
leaf_by_link(struct walk *w, struct row *row)
{
    unsigned link = w->machine->link;

    if (!known(w, link) || !unwind_comes_from_call(w, unwind_strip(w, reg(w, link))))
        return NOTHING;
    unwind_row(w, row, w->machine->sp, 0, UNWIND_LEAF, UNWIND_FAIR);
    row->how[link] = SAME;
    return FOUND;
}

enum verdict
unwind_by_leaf(struct walk *w, struct row *row)
{
    if (w->frame.called)
        return NOTHING;
    return w->machine->link != NO_REG ? leaf_by_link(w, row) : leaf_by_stack(w, row);
}

enum verdict
unwind_by_scan(struct walk *w, struct row *row)
{
    uint64_t sp = w->sp;

    for (unsigned i = 0; w->scan && i < SCAN_WORDS && unwind_work(w); i++) {
        uint64_t at = (sp & ~(uint64_t)7) + 8 * (uint64_t)i;

        if (at >= sp && unwind_returns(w, at)) {
            unwind_row(w, row, w->machine->sp, (int64_t)(at + 8 - sp), UNWIND_SCAN, UNWIND_GUESS);
            say(row, row->ra, -8);
            return FOUND;
        }
        if (w->fault.reason == UNWIND_NEED)
            return FAILED;
    }
    return NOTHING;
}
