/* sigframe.c - the frame that Linux builds to run a signal handler, known by the code through
 * which the handler returns (arch/x86/kernel/signal.c and arch/arm64/kernel/signal.c say how it
 * lies; both are kernel ABI). */
#include "arch/unwind/internal.h"

/* Whether these bytes stand at pc; what cannot be read is no match, and no fault. */
static bool
stands_at(struct walk *w, uint64_t pc)
{
    uint8_t bytes[sizeof(w->machine->trampoline)];

    if (unwind_bytes(w, pc, bytes, w->machine->trampoline_size))
        return memcmp(bytes, w->machine->trampoline, w->machine->trampoline_size) == 0;
    forgive(w);
    return false;
}

bool
unwind_is_trampoline(struct walk *w, uint64_t pc)
{
    return stands_at(w, pc);
}

enum verdict
unwind_by_signal(struct walk *w, struct row *row)
{
    const struct unwind_machine *m = w->machine;
    uint64_t pc = w->frame.pc;
    bool begun = !w->frame.called && m->trampoline_more <= pc;

    if (!stands_at(w, pc) && !(begun && stands_at(w, pc - m->trampoline_more)))
        return w->fault.reason == UNWIND_NEED ? FAILED : NOTHING;
    unwind_row(row, m->sp, 0, UNWIND_SIGNAL, UNWIND_FULL);
    row->cfa_how = AT_SP;
    row->cfa_offset = m->context + m->saved[m->sp];
    row->signal = true;
    row->ra = m->pc;
    for (unsigned n = 0; n < UNWIND_REGISTERS; n++) {
        if (m->saved[n] < 0)
            continue;
        row->how[n] = AT_SP;
        row->value[n] = m->context + m->saved[n];
    }
    return FOUND;
}
