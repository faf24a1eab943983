/* exception.c - frames in which every register of interrupted code was saved: a firmware's own
 * exception frames, as its author describes them. */
#include "arch/unwind/internal.h"

void
unwind_saved_row(const struct walk *w, struct row *row, const struct unwind_exception *e)
{
    const struct unwind_machine *m = w->machine;

    unwind_row(w, row, m->sp, 0, UNWIND_SIGNAL, UNWIND_FULL);
    row->cfa_how = AT_SP;
    row->cfa_offset = e->at + e->saved[m->sp];
    row->signal = true;
    row->ra = m->pc;
    for (unsigned n = 0; n < UNWIND_REGISTERS; n++) {
        if (e->saved[n] < 0)
            continue;
        row->how[n] = AT_SP;
        row->value[n] = e->at + e->saved[n];
    }
}

enum verdict
unwind_by_exception(struct walk *w, struct row *row)
{
    uint64_t pc = w->frame.pc - w->frame.called;

    for (size_t i = 0; i < w->exception_count; i++) {
        if (pc - w->exceptions[i].begin >= w->exceptions[i].end - w->exceptions[i].begin)
            continue;
        unwind_saved_row(w, row, &w->exceptions[i]);
        return FOUND;
    }
    return NOTHING;
}
