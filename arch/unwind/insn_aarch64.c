/* insn_aarch64.c - A64 instructions as far as frames need them: what they do to sp, x29, x30 and
 * the registers that calls keep (Arm ARM, C4). */
#include "arch/unwind/paths.h"

enum { FP = 29, LR = 30, SP = 31, ZERO = 31 };

/* What an instruction does, as far as it matters here. */
enum deed {
    NO_CODE,  /* none, or none that goes on */
    IDLES,    /* changes no register; a NOP is padding */
    LOSES,    /* its result, in Rd, is not known */
    LOSES_SP, /* the same, where Rd 31 is sp */
    ADDS,     /* ADD, SUB of an immediate, the only ones that move sp by a known distance */
    MOVES,    /* ORR of registers: perhaps MOV Xd, Xm */
    PAIR,     /* LDP, STP and the like */
    SCALED,   /* LDR, STR with an unsigned offset */
    UNSCALED, /* with a signed one, which may be written back */
    JUMPS,    /* B */
    CALLS,    /* BL, BLR */
    FORKS19,  /* B.cond, CBZ: by 19 bits */
    FORKS14,  /* TBZ */
    LEAVES,   /* BR */
    RETURNS,  /* RET; it and BR have authenticating kin */
};

/* The first row whose bits 31 to 16 an instruction has tells its deed. */
static const struct {
    uint16_t mask, value;
    uint16_t deed;
} rows[] = {
    { 0x1f80, 0x1100, ADDS },
    { 0xffe0, 0xaa00, MOVES },
    { 0x7f80, 0x7200, LOSES },    /* ANDS of an immediate: Rd 31 is no register */
    { 0x1f80, 0x1200, LOSES_SP }, /* AND, ORR, EOR of one */
    { 0x3fe0, 0x0b20, LOSES_SP }, /* ADD, SUB of an extended register */
    { 0x1c00, 0x1000, LOSES },    /* the other immediates, */
    { 0x0e00, 0x0a00, LOSES },    /* and registers */
    { 0x3a00, 0x2800, PAIR },
    { 0x3b00, 0x3900, SCALED },
    { 0x3b20, 0x3800, UNSCALED },
    { 0x3f00, 0x1800, LOSES }, /* LDR of a literal */
    { 0x0e40, 0x0840, LOSES }, /* exclusives, register offsets: loads, */
    { 0x0a00, 0x0800, IDLES }, /* stores, vectors */
    { 0xfc00, 0x1400, JUMPS },
    { 0xfc00, 0x9400, CALLS },
    { 0xff00, 0x5400, FORKS19 },
    { 0x7e00, 0x3400, FORKS19 },
    { 0x7e00, 0x3600, FORKS14 },
    { 0xfeff, 0xd61f, LEAVES },
    { 0xfeff, 0xd63f, CALLS },
    { 0xffff, 0xd65f, RETURNS },
    { 0xfe00, 0xd600, NO_CODE }, /* ERET and the like */
    { 0xffe0, 0xd400, IDLES },   /* SVC, HVC, SMC go on; */
    { 0xff00, 0xd400, NO_CODE }, /* BRK, HLT do not */
    { 0xfff0, 0xd530, LOSES },   /* MRS */
    { 0x1c00, 0x1400, IDLES },   /* hints, barriers */
    { 0x0e00, 0x0e00, IDLES },   /* vectors */
    { 0, 0, NO_CODE },
};

static unsigned
rd(uint32_t insn)
{
    return insn & 31;
}

static unsigned
rn(uint32_t insn)
{
    return insn >> 5 & 31;
}

/* `bits` bits from bit `at`, signed. */
static int64_t
field(uint32_t insn, unsigned at, unsigned bits)
{
    return (int64_t)((uint64_t)insn << (64 - at - bits)) >> (64 - bits);
}

/* Register 31 is zero as data, sp as a base. */
static void
set(struct path *p, unsigned n, struct value v)
{
    if (n != ZERO)
        p->r[n] = v;
}

static struct value
get(const struct path *p, unsigned n)
{
    return n != ZERO ? p->r[n] : lost();
}

/* ---- loads and stores ---- */

enum { POST = 1, PRE = 3 }; /* of the forms those that write the base back */
struct access {
    unsigned count, size; /* registers, bytes of one */
    unsigned form;
    int64_t offset;
    bool load;
};

static void
transfer(const struct walk *w, struct path *p, uint32_t insn, const struct access *a)
{
    bool general = (insn >> 26 & 1) == 0;
    struct value moved = unwind_plus(p->r[rn(insn)], a->offset);
    struct value at = a->form == POST ? p->r[rn(insn)] : moved;
    unsigned n = rd(insn);

    if ((a->form & 1) != 0) /* who loads its own base does not write it back */
        p->r[rn(insn)] = moved;
    for (unsigned i = 0; i < a->count; i++) {
        if (!a->load)
            unwind_store(w, p, at, general && a->size == 8 ? get(p, n) : lost());
        else if (general)
            set(p, n, a->size == 8 ? unwind_fetch(w, p, at) : lost());
        n = insn >> 10 & 31;
        at = unwind_plus(at, (int64_t)a->size);
    }
}

static void
step_memory(const struct walk *w, struct path *p, uint32_t insn, enum deed deed)
{
    struct access a = { .count = 1, .size = 1u << (insn >> 30), .load = (insn >> 22 & 3) != 0 };

    if (deed == PAIR) {
        a.count = 2;
        a.size = (insn >> 26 & 1) != 0 ? 4u << (insn >> 30) : insn >> 30 == 2 ? 8 : 4;
        a.load = (insn >> 22 & 1) != 0;
        a.form = insn >> 23 & 3;
        a.offset = field(insn, 15, 7) * (int64_t)a.size;
    } else if (deed == SCALED) {
        a.offset = (int64_t)((insn >> 10 & 0xfff) * a.size);
    } else {
        a.form = insn >> 10 & 3;
        a.offset = field(insn, 12, 9);
    }
    transfer(w, p, insn, &a);
}

static struct value
sum(const struct path *p, uint32_t insn)
{
    int64_t n = (int64_t)(insn >> 10 & 0xfff) << ((insn >> 22 & 1) * 12);

    return insn >> 31 != 0 ? unwind_plus(p->r[rn(insn)], (insn >> 30 & 1) != 0 ? -n : n) : lost();
}

/* ---- branches ---- */

static bool
read_insn(struct walk *w, uint64_t pc, uint32_t *insn)
{
    uint8_t b[4];

    if (pc % 4 != 0 || !unwind_bytes(w, pc, b, sizeof(b)))
        return false;
    *insn = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    return true;
}

static enum deed
deed_of(uint32_t insn)
{
    unsigned i = 0;

    while ((insn >> 16 & rows[i].mask) != rows[i].value)
        i++;
    return (enum deed)rows[i].deed;
}

static const uint32_t nop = 0xd503201f;

static enum flow
step(struct walk *w, struct path *p, uint64_t *to)
{
    uint64_t from = p->pc;
    struct value result = lost();
    bool to_sp = false;
    uint32_t insn;
    enum deed deed;

    if (!read_insn(w, from, &insn))
        return DEAD;
    p->pc += 4;
    deed = deed_of(insn);
    switch (deed) {
    case LOSES:
        break;
    case LOSES_SP:
        to_sp = true;
        break;
    case ADDS:
        result = sum(p, insn);
        to_sp = (insn >> 29 & 1) == 0; /* no flags */
        break;
    case MOVES:
        if ((insn & 0xffe0) == 0x03e0)
            result = get(p, insn >> 16 & 31);
        break;
    case PAIR:
    case SCALED:
    case UNSCALED:
        step_memory(w, p, insn, deed);
        return ON;
    case JUMPS:
        *to = from + (uint64_t)(field(insn, 0, 26) * 4);
        return JUMP;
    case FORKS19:
    case FORKS14:
        *to = from + (uint64_t)(field(insn, 5, deed == FORKS19 ? 19 : 14) * 4);
        return BRANCH;
    case CALLS:
        unwind_clobber(w, p);
        return CALLED;
    case LEAVES:
    case RETURNS:
        p->way_back = get(p, deed == RETURNS && (insn & 0x800) == 0 ? rn(insn) : LR);
        p->cfa = p->r[SP];
        return deed == RETURNS ? RETURN : INDIRECT;
    case IDLES:
        return insn == nop ? IDLE : ON;
    default:
        return DEAD;
    }
    if (to_sp || rd(insn) != ZERO)
        p->r[rd(insn)] = result;
    return ON;
}

bool
unwind_follows_call_aarch64(struct walk *w, uint64_t pc)
{
    uint32_t insn;

    return read_insn(w, pc - 4, &insn) && deed_of(insn) == CALLS;
}

const struct unwind_machine unwind_aarch64 = {
    .pc = UNWIND_AARCH64_PC,
    .sp = SP,
    .fp = FP,
    .link = LR,
    .ra = LR,
    .preserved = 0x3ff80000u, /* x19..x29 */
    .step = step,
    .follows_call = unwind_follows_call_aarch64,
};
