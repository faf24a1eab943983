/* cfi.c - runs call frame instructions up to a PC (DWARF 5, 6.4.2 and 6.4.3). */
#include "arch/unwind/internal.h"

enum { /* DW_CFA_ */
       NOP,
       SET_LOC,
       ADVANCE_LOC1,
       ADVANCE_LOC2,
       ADVANCE_LOC4,
       OFFSET_EXTENDED,
       RESTORE_EXTENDED,
       UNDEFINED_OP,
       SAME_VALUE,
       REGISTER,
       REMEMBER_STATE,
       RESTORE_STATE,
       DEF_CFA,
       DEF_CFA_REGISTER,
       DEF_CFA_OFFSET,
       DEF_CFA_EXPRESSION,
       EXPRESSION,
       OFFSET_EXTENDED_SF,
       DEF_CFA_SF,
       DEF_CFA_OFFSET_SF,
       VAL_OFFSET,
       VAL_OFFSET_SF,
       VAL_EXPRESSION,
       NEGATE_RA_STATE_WITH_PC = 0x2c,
       NEGATE_RA_STATE = 0x2d, /* on SPARC: GNU_window_save */
       GNU_ARGS_SIZE = 0x2e,
       GNU_NEGATIVE_OFFSET_EXTENDED = 0x2f,
       ADVANCE_LOC = 0x40, /* with six bits of operand: */
       OFFSET = 0x80,
       RESTORE = 0xc0
};

enum { REMEMBERED = 4 };

struct run {
    struct walk *w;
    const struct fde *fde;
    struct cursor c;
    uint64_t loc, pc;
    struct row *row;
    struct row initial; /* after the CIE */
    struct row stack[REMEMBERED];
    unsigned depth;
    bool in_cie;
};

static void
refuse(struct run *run)
{
    if (!run->c.bad)
        unwind_fault(run->w, UNWIND_BAD_TABLE, run->fde->at);
    run->c.bad = true;
}

static int32_t
narrow(struct run *run, int64_t v)
{
    if (v < INT32_MIN || v > INT32_MAX)
        refuse(run);
    return (int32_t)v;
}

/* The product wraps as unsigned numbers do; what is out of range is refused by narrow. */
static int64_t
factored(const struct run *run, int64_t v)
{
    return (int64_t)((uint64_t)v * (uint64_t)run->fde->data_align);
}

/* Registers that are not walked (vectors and the like) are let fall. */
static void
say(struct run *run, uint64_t n, enum how how, int64_t value)
{
    if (n >= UNWIND_REGISTERS)
        return;
    run->row->how[n] = (uint8_t)how;
    run->row->value[n] = narrow(run, value);
}

static void
restore(struct run *run, uint64_t n)
{
    if (run->in_cie)
        refuse(run);
    else if (n < UNWIND_REGISTERS) {
        run->row->how[n] = run->initial.how[n];
        run->row->value[n] = run->initial.value[n];
    }
}

/* Skips a block and returns its place relative to the row's base. */
static int64_t
block(struct run *run)
{
    uint64_t at = run->c.at;
    uint64_t length = unwind_uleb(&run->c);

    if (!run->c.bad && length > run->c.end - run->c.at)
        refuse(run);
    else
        unwind_seek(&run->c, run->c.at + length);
    return (int64_t)(at - run->row->base);
}

static void
def_cfa(struct run *run, uint64_t n, int64_t offset)
{
    if (n >= UNWIND_REGISTERS)
        refuse(run);
    run->row->cfa_how = IN_REG;
    run->row->cfa_reg = (uint8_t)n;
    run->row->cfa_offset = narrow(run, offset);
}

/* Changes half of a CFA that must be a register and an offset already. */
static void
redef_cfa(struct run *run, uint64_t n, int64_t offset)
{
    if (run->row->cfa_how != IN_REG)
        refuse(run);
    def_cfa(run, n, offset);
}

static void
remember(struct run *run)
{
    if (run->depth == REMEMBERED)
        refuse(run);
    else
        run->stack[run->depth++] = *run->row;
}

static void
recall(struct run *run)
{
    if (run->depth == 0)
        refuse(run);
    else
        *run->row = run->stack[--run->depth];
}

static void
advance(struct run *run, uint64_t delta)
{
    run->loc += delta * run->fde->code_align;
}

/* Instructions about the CFA and the place in the code. False: it is another. */
static bool
run_general(struct run *run, unsigned op)
{
    struct cursor *c = &run->c;
    uint64_t n;

    switch (op) {
    case NOP:
        return true;
    case SET_LOC:
        run->loc = unwind_pointer(c, run->fde->encoding, 0) + run->fde->bias;
        return true;
    case ADVANCE_LOC1:
    case ADVANCE_LOC2:
    case ADVANCE_LOC4:
        advance(run, unwind_uint(c, 1u << (op - ADVANCE_LOC1)));
        return true;
    case REMEMBER_STATE:
        remember(run);
        return true;
    case RESTORE_STATE:
        recall(run);
        return true;
    case DEF_CFA:
        n = unwind_uleb(c);
        def_cfa(run, n, (int64_t)unwind_uleb(c));
        return true;
    case DEF_CFA_SF:
        n = unwind_uleb(c);
        def_cfa(run, n, factored(run, unwind_sleb(c)));
        return true;
    case DEF_CFA_REGISTER:
        redef_cfa(run, unwind_uleb(c), run->row->cfa_offset);
        return true;
    case DEF_CFA_OFFSET:
        redef_cfa(run, run->row->cfa_reg, (int64_t)unwind_uleb(c));
        return true;
    case DEF_CFA_OFFSET_SF:
        redef_cfa(run, run->row->cfa_reg, factored(run, unwind_sleb(c)));
        return true;
    case DEF_CFA_EXPRESSION:
        run->row->cfa_offset = narrow(run, block(run));
        run->row->cfa_how = IS_EXPR;
        return true;
    case GNU_ARGS_SIZE:
        unwind_uleb(c);
        return true;
    case NEGATE_RA_STATE:
    case NEGATE_RA_STATE_WITH_PC: /* what is signed shows in the address: pac.c */
        return true;
    default:
        return false;
    }
}

/* Instructions about one register, whose number comes first. */
static void
run_register(struct run *run, unsigned op)
{
    struct cursor *c = &run->c;
    uint64_t n = unwind_uleb(c);

    switch (op) {
    case OFFSET_EXTENDED:
        say(run, n, AT_CFA, factored(run, (int64_t)unwind_uleb(c)));
        break;
    case OFFSET_EXTENDED_SF:
        say(run, n, AT_CFA, factored(run, unwind_sleb(c)));
        break;
    case GNU_NEGATIVE_OFFSET_EXTENDED:
        say(run, n, AT_CFA, factored(run, (int64_t)-unwind_uleb(c)));
        break;
    case VAL_OFFSET:
        say(run, n, IS_CFA, factored(run, (int64_t)unwind_uleb(c)));
        break;
    case VAL_OFFSET_SF:
        say(run, n, IS_CFA, factored(run, unwind_sleb(c)));
        break;
    case RESTORE_EXTENDED:
        restore(run, n);
        break;
    case UNDEFINED_OP:
        say(run, n, UNDEFINED, 0);
        break;
    case SAME_VALUE:
        say(run, n, SAME, 0);
        break;
    case REGISTER:
        say(run, n, IN_REG, (int64_t)unwind_uleb(c));
        break;
    case EXPRESSION:
        say(run, n, AT_EXPR, block(run));
        break;
    case VAL_EXPRESSION:
        say(run, n, IS_EXPR, block(run));
        break;
    default:
        refuse(run);
    }
}

/* Up to the end, or to the first instruction that is about code past the PC. */
static bool
run_ops(struct run *run, uint64_t at, uint64_t end)
{
    run->c = unwind_cursor(run->w, at, end);
    while (run->c.at < end && run->loc <= run->pc && !run->c.bad && unwind_work(run->w)) {
        unsigned op = (unsigned)unwind_uint(&run->c, 1);
        unsigned low = op & 0x3f;

        if ((op & 0xc0) == ADVANCE_LOC)
            advance(run, low);
        else if ((op & 0xc0) == OFFSET)
            say(run, low, AT_CFA, factored(run, (int64_t)unwind_uleb(&run->c)));
        else if ((op & 0xc0) == RESTORE)
            restore(run, low);
        else if (!run_general(run, low))
            run_register(run, low);
    }
    return !run->c.bad && run->w->fault.reason == UNWIND_RUNNING;
}

enum verdict
unwind_run_cfi(struct walk *w, const struct fde *fde, uint64_t pc, struct row *row)
{
    struct run run = {
        .w = w, .fde = fde, .loc = fde->begin, .pc = pc, .row = row, .in_cie = true
    };

    unwind_row(w, row, NO_REG, 0, UNWIND_EH_FRAME, UNWIND_FULL);
    row->base = fde->at;
    row->ra = fde->ra;
    row->signal = fde->signal;
    if (fde->ra >= UNWIND_REGISTERS) {
        unwind_fault(w, UNWIND_BAD_TABLE, fde->at);
        return FAILED;
    }
    if (!run_ops(&run, fde->cie_ops, fde->cie_end))
        return FAILED;
    run.initial = *row;
    run.in_cie = false;
    if (!run_ops(&run, fde->ops, fde->end))
        return FAILED;
    if (row->cfa_how == IN_REG && row->cfa_reg == NO_REG && row->how[row->ra] != UNDEFINED) {
        unwind_fault(w, UNWIND_BAD_TABLE, fde->at);
        return FAILED;
    }
    return FOUND;
}
