/* insn_aarch64.c - A64 instructions as far as frames need them: what they do to sp, x29, x30 and
 * the registers that calls keep (Arm ARM, C4). */
#include "arch/unwind/paths.h"

enum { FP = 29, LR = 30, SP = 31 };

static bool
matches(uint32_t insn, uint32_t mask, uint32_t value)
{
    return (insn & mask) == value;
}

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

static unsigned
rt2(uint32_t insn)
{
    return insn >> 10 & 31;
}

/* `bits` bits from bit `at`, signed. */
static int64_t
field(uint32_t insn, unsigned at, unsigned bits)
{
    return (int64_t)((uint64_t)insn << (64 - at - bits)) >> (64 - bits);
}

/* Register 31 is sp as a base and zero as data. */
static void
set(struct path *p, unsigned n, struct value v)
{
    if (n != 31)
        p->r[n] = v;
}

/* ---- loads and stores ---- */

struct access {
    struct value at;
    bool load, general, pair, write_back;
    int64_t before, after; /* added to the base before and after the access */
    unsigned size;         /* of one register */
};

static void
transfer(const struct walk *w, struct path *p, uint32_t insn, const struct access *a)
{
    bool whole = a->general && a->size == 8;
    unsigned regs[2] = { rd(insn), rt2(insn) };

    for (unsigned i = 0; i < (a->pair ? 2u : 1u); i++) {
        struct value at = unwind_plus(a->at, (int64_t)(i * a->size));

        if (!a->load)
            unwind_store(w, p, at, whole && regs[i] != 31 ? p->r[regs[i]] : lost());
        else if (a->general)
            set(p, regs[i], whole ? unwind_fetch(w, p, at) : lost());
    }
}

static void
access_memory(const struct walk *w, struct path *p, uint32_t insn, struct access *a)
{
    struct value base = p->r[rn(insn)];

    a->at = unwind_plus(base, a->before);
    transfer(w, p, insn, a);
    if (a->write_back)
        p->r[rn(insn)] = unwind_plus(base, a->before + a->after);
}

/* LDP, STP and the like: opc V imm7; bits 24 and 23 say which of the four forms. */
static void
step_pair(const struct walk *w, struct path *p, uint32_t insn)
{
    bool vector = (insn >> 26 & 1) != 0;
    unsigned opc = insn >> 30;
    unsigned form = insn >> 23 & 3;
    unsigned size = vector ? 4u << opc : opc == 2 ? 8 : 4;
    int64_t offset = field(insn, 15, 7) * (int64_t)size;
    struct access a = { .load = (insn >> 22 & 1) != 0,
                        .general = !vector,
                        .pair = true,
                        .write_back = form == 1 || form == 3,
                        .before = form == 1 ? 0 : offset,
                        .after = form == 1 ? offset : 0,
                        .size = size };

    access_memory(w, p, insn, &a);
}

/* LDR, STR with an immediate. */
static void
step_single(const struct walk *w, struct path *p, uint32_t insn)
{
    bool scaled = (insn >> 24 & 1) != 0;
    unsigned form = insn >> 10 & 3; /* 0 unscaled, 1 post, 3 pre */
    unsigned size = 1u << (insn >> 30);
    int64_t offset = scaled ? (int64_t)(insn >> 10 & 0xfff) * (int64_t)size : field(insn, 12, 9);
    bool post = !scaled && form == 1;
    struct access a = { .load = (insn >> 22 & 3) != 0,
                        .general = (insn >> 26 & 1) == 0,
                        .write_back = !scaled && (form & 1) != 0,
                        .before = post ? 0 : offset,
                        .after = post ? offset : 0,
                        .size = size };

    access_memory(w, p, insn, &a);
}

static void
step_memory(const struct walk *w, struct path *p, uint32_t insn)
{
    if (matches(insn, 0x3a000000, 0x28000000))
        step_pair(w, p, insn);
    else if (matches(insn, 0x3b000000, 0x39000000) || matches(insn, 0x3b200000, 0x38000000))
        step_single(w, p, insn);
    else if (matches(insn, 0x3b000000, 0x18000000) || (insn >> 22 & 1) != 0)
        set(p, rd(insn), lost()); /* literals, exclusives, register offsets */
}

/* ---- arithmetic ---- */

/* ADD and SUB of an immediate, the only ones that can move sp by a known distance. */
static void
step_add(struct path *p, uint32_t insn)
{
    int64_t offset = (int64_t)(insn >> 10 & 0xfff) << ((insn >> 22 & 1) * 12);
    bool flags = (insn >> 29 & 1) != 0;
    struct value v = unwind_plus(p->r[rn(insn)], (insn >> 30 & 1) != 0 ? -offset : offset);

    if ((insn >> 31) == 0)
        v = lost();
    if (flags)
        set(p, rd(insn), v);
    else
        p->r[rd(insn)] = v;
}

static void
step_data(struct path *p, uint32_t insn)
{
    if (matches(insn, 0x1f800000, 0x11000000))
        step_add(p, insn);
    else if (matches(insn, 0xffe0ffe0, 0xaa0003e0)) /* mov xd, xm */
        set(p, rd(insn), (insn >> 16 & 31) == 31 ? lost() : p->r[insn >> 16 & 31]);
    else if (rd(insn) == SP &&
             (matches(insn, 0x1f800000, 0x12000000) || matches(insn, 0x1fe00000, 0x0b200000)))
        p->r[SP] = lost(); /* AND to sp, ADD of a register to sp */
    else
        set(p, rd(insn), lost());
}

/* ---- branches ---- */

static void
come_back(struct path *p, unsigned n)
{
    p->way_back = n == 31 ? lost() : p->r[n];
    p->cfa = p->r[SP];
}

static enum flow
step_branch_register(struct walk *w, struct path *p, uint32_t insn)
{
    unsigned kind = insn >> 21 & 7; /* 0 BR, 1 BLR, 2 RET */
    bool plain = matches(insn, 0xfe1f0000, 0xd61f0000);

    if (!plain || kind > 2)
        return DEAD;
    if (kind == 1) {
        unwind_clobber(w, p);
        return CALLED;
    }
    come_back(p, kind == 2 && (insn & 0x800) == 0 ? rn(insn) : LR);
    return kind == 2 ? RETURN : INDIRECT;
}

static enum flow
step_branch(struct walk *w, struct path *p, uint32_t insn, uint64_t *to)
{
    uint64_t from = p->pc - 4;

    if (matches(insn, 0x7c000000, 0x14000000)) { /* B, BL */
        *to = from + (uint64_t)(field(insn, 0, 26) * 4);
        if (insn >> 31 == 0)
            return JUMP;
        unwind_clobber(w, p);
        return CALLED;
    }
    if (matches(insn, 0xff000000, 0x54000000) || matches(insn, 0x7e000000, 0x34000000)) {
        *to = from + (uint64_t)(field(insn, 5, 19) * 4);
        return BRANCH;
    }
    if (matches(insn, 0x7e000000, 0x36000000)) { /* TBZ, TBNZ */
        *to = from + (uint64_t)(field(insn, 5, 14) * 4);
        return BRANCH;
    }
    if (matches(insn, 0xfe000000, 0xd6000000))
        return step_branch_register(w, p, insn);
    if (matches(insn, 0xff000000, 0xd4000000)) /* SVC goes on; HLT, BRK do not */
        return matches(insn, 0xffe0001f, 0xd4000001) ? ON : DEAD;
    if (matches(insn, 0xfff00000, 0xd5300000)) /* MRS */
        set(p, rd(insn), lost());
    return insn == 0xd503201f ? IDLE : ON; /* NOP; other hints, barriers */
}

static enum flow
step(struct walk *w, struct path *p, uint64_t *to)
{
    uint8_t b[4];
    uint32_t insn;

    if (p->pc % 4 != 0 || !unwind_bytes(w, p->pc, b, sizeof(b)))
        return DEAD;
    insn = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    p->pc += 4;
    switch (insn >> 25 & 15) {
    case 10:
    case 11:
        return step_branch(w, p, insn, to);
    case 4:
    case 6:
    case 12:
    case 14:
        step_memory(w, p, insn);
        return ON;
    case 5:
    case 8:
    case 9:
    case 13:
        step_data(p, insn);
        return ON;
    case 7:
    case 15: /* vectors */
        return ON;
    default:
        return DEAD;
    }
}

bool
unwind_follows_call_aarch64(struct walk *w, uint64_t pc)
{
    uint8_t b[4];
    uint32_t insn;

    if (pc % 4 != 0 || !unwind_bytes(w, pc - 4, b, sizeof(b)))
        return false;
    insn = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    return matches(insn, 0xfc000000, 0x94000000) || matches(insn, 0xfefff000, 0xd63f0000);
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
