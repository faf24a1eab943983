/* plt.c - the first entry of a PLT, which goes to ld.so's resolver with words pushed for it: no
 * path through it returns, and mostly no table speaks of it. */
#include "arch/unwind/internal.h"

/* pushq GOT+8; jmp *GOT+16: behind what the stub pushed stands the return address. */
static bool
is_resolver_stub(struct walk *w, uint64_t pc)
{
    uint8_t b[8];

    if (!unwind_bytes(w, pc, b, sizeof(b))) {
        forgive(w);
        return false;
    }
    return b[0] == 0xff && (b[1] == 0x25 || (b[1] == 0x35 && b[6] == 0xff && b[7] == 0x25) ||
                            (b[1] == 0x35 && b[6] == 0xf2 && b[7] == 0xff));
}

/* Of the PLT's first entry every path is an indirect jump, and the return address lies one or two
 * words up, behind what was pushed for the resolver. */
static enum verdict
by_resolver_x86_64(struct walk *w, struct row *row)
{
    uint64_t sp = w->sp;

    if (w->frame.called || !is_resolver_stub(w, w->frame.pc))
        return NOTHING;
    for (unsigned words = 1; words <= 2; words++) {
        if (!unwind_returns(w, sp + 8 * (uint64_t)words))
            continue;
        unwind_row(w, row, UNWIND_X86_64_RSP, 8 * (int64_t)words + 8, UNWIND_INSTRUCTIONS,
                   UNWIND_FAIR);
        row->how[row->ra] = AT_CFA;
        row->value[row->ra] = -8;
        return FOUND;
    }
    return NOTHING;
}

/* stp x16, x30, [sp, #-16]!, then up to six instructions to the jump. */
static enum verdict
by_resolver_aarch64(struct walk *w, struct row *row)
{
    static const uint8_t stp[4] = { 0xf0, 0x7b, 0xbf, 0xa9 };
    uint8_t b[4];

    if (w->frame.called)
        return NOTHING;
    for (unsigned back = 1; back <= 5; back++) {
        if (!unwind_bytes(w, w->frame.pc - 4 * (uint64_t)back, b, sizeof(b))) {
            forgive(w);
            return NOTHING;
        }
        if (memcmp(b, stp, sizeof(b)) != 0)
            continue;
        if (!unwind_returns(w, w->sp + 8))
            return NOTHING;
        unwind_row(w, row, UNWIND_AARCH64_SP, 16, UNWIND_INSTRUCTIONS, UNWIND_FAIR);
        row->how[UNWIND_AARCH64_LR] = AT_CFA;
        row->value[UNWIND_AARCH64_LR] = -8;
        return FOUND;
    }
    return NOTHING;
}

/* On AArch64 it looks like an ordinary jump out of a function, so it comes before those. */
enum verdict
unwind_by_resolver(struct walk *w, struct row *row)
{
    return w->machine->link != NO_REG ? by_resolver_aarch64(w, row) : NOTHING;
}

enum verdict
unwind_by_pushed_resolver(struct walk *w, struct row *row)
{
    return w->machine->link == NO_REG ? by_resolver_x86_64(w, row) : NOTHING;
}
