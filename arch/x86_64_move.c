/* x86_64_move.c - an x86-64 instruction made to run elsewhere (Intel's and AMD's manuals,
 * "Instruction Format"): its length, what in it depends on where it stands, and its copy. What
 * jumps relatively, enters the kernel or tells its own address is refused. */
#include "arch/arch.h"

#include <string.h>

enum { MOST = 15, MAP_1 = 0, MAP_0F = 1, MAP_38 = 2, MAP_3A = 3 };

/* The instruction as far as it has been read. */
struct insn {
    const uint8_t *bytes;
    size_t n, at;
    bool bad;
    bool word; /* 66 */
    bool wide; /* REX.W */
    unsigned map, op;
    bool vex, evex;
    unsigned rex_r, third; /* bit 3 of ModRM.reg; the register that VEX names besides */
    size_t modrm_at, b_at; /* of ModRM and of the byte with the bit B; 0: none */
    uint8_t b_bit;
    unsigned mod, reg, rm;
    size_t displacement_at;
};

static unsigned
take(struct insn *i)
{
    if (i->at >= i->n) {
        i->bad = true;
        return 0;
    }
    return i->bytes[i->at++];
}

static void
skip(struct insn *i, size_t n)
{
    if (n > i->n - i->at)
        i->bad = true;
    else
        i->at += n;
}

/* ---- what is known: a bit for each opcode of a row of 16 ---- */

/* With ModRM and without. Left out: relative jumps and loops, calls by number, pushf and popf
 * (they show the trap flag), far ones, ports, x87 (it keeps the address of what it did last). */
static const uint16_t plain_1[2][16] = {
    { 0x0f0f, 0x0f0f, 0x0f0f, 0x0f0f, 0, 0, 0x0a08, 0, 0xaffb, 0, 0, 0, 0x00c3, 0x000f, 0,
      0xc0c0 },
    { 0x3030, 0x3030, 0x3030, 0x3030, 0, 0xffff, 0x0500, 0, 0, 0x03ff, 0xfff0, 0xffff, 0x0208, 0,
      0, 0 },
};
static const uint16_t plain_0f[2][16] = {
    { 0, 0x81ff, 0xff00, 0, 0xffff, 0xffff, 0xffff, 0xf07f, 0, 0xffff, 0xb838, 0xfdcb, 0x00ff,
      0xffff, 0xffff, 0x7fff },
    { 0, 0, 0, 0, 0, 0, 0, 0x0080, 0, 0, 0, 0, 0xff00, 0, 0, 0 },
};

static bool
is_in(const uint16_t rows[16], unsigned op)
{
    return (rows[op >> 4] >> (op & 15) & 1) != 0;
}

static bool
has_modrm(const struct insn *i)
{
    if (i->map == MAP_1)
        return is_in(plain_1[0], i->op);
    return i->map != MAP_0F || is_in(plain_0f[0], i->op);
}

static bool
is_without_modrm(const struct insn *i)
{
    if (i->map == MAP_1)
        return is_in(plain_1[1], i->op);
    /* 0f 77 is emms, which is x87's; behind VEX it is vzeroupper. */
    return i->map == MAP_0F && is_in(plain_0f[1], i->op) && (i->op != 0x77 || i->vex);
}

/* ---- reading ---- */

static void
take_vex(struct insn *i, unsigned first)
{
    unsigned p0 = take(i), p1;

    i->vex = true;
    i->rex_r = (p0 & 0x80) != 0 ? 0 : 8;
    if (first == 0xc5) {
        i->map = MAP_0F;
        i->third = ~(p0 >> 3) & 15;
    } else {
        i->b_at = i->at - 1;
        i->b_bit = 0x20;
        i->map = p0 & 31;
        p1 = take(i);
        i->third = ~(p1 >> 3) & 15;
        i->bad |= i->map < MAP_0F || i->map > MAP_3A;
    }
    i->op = take(i);
}

static void
take_evex(struct insn *i)
{
    unsigned p0 = take(i), p1;

    i->vex = i->evex = true;
    i->rex_r = (p0 & 0x80) != 0 ? 0 : 8;
    i->b_at = i->at - 1;
    i->b_bit = 0x20;
    i->map = p0 & 7;
    i->bad |= i->map < MAP_0F || i->map > MAP_3A || (p0 & 8) != 0;
    p1 = take(i);
    i->third = ~(p1 >> 3) & 15;
    (void)take(i);
    i->op = take(i);
}

/* Prefixes and opcode. F0, F2, F3 and the segments only go along; 67 is refused. */
static void
take_opcode(struct insn *i)
{
    unsigned c = take(i);

    while (c == 0x66 || c == 0xf2 || c == 0xf3 || c == 0xf0 || c == 0x2e || c == 0x36 ||
           c == 0x3e || c == 0x26 || c == 0x64 || c == 0x65) {
        i->word |= c == 0x66;
        c = take(i);
    }
    if (c == 0xc4 || c == 0xc5) {
        take_vex(i, c);
        return;
    }
    if (c == 0x62) {
        take_evex(i);
        return;
    }
    if ((c & 0xf0) == 0x40) {
        i->wide = (c & 8) != 0;
        i->rex_r = (c & 4) << 1;
        i->b_at = i->at - 1;
        i->b_bit = 1;
        c = take(i);
    }
    i->op = c;
    if (c != 0x0f)
        return;
    i->map = MAP_0F;
    i->op = take(i);
    if (i->op == 0x38 || i->op == 0x3a) {
        i->map = i->op == 0x38 ? MAP_38 : MAP_3A;
        i->op = take(i);
    }
}

static void
take_modrm(struct insn *i)
{
    unsigned modrm = take(i), sib = 0;

    i->modrm_at = i->at - 1;
    i->mod = modrm >> 6;
    i->reg = modrm >> 3 & 7;
    i->rm = modrm & 7;
    if (i->mod == 3)
        return;
    if (i->rm == 4)
        sib = take(i);
    i->displacement_at = i->at;
    if (i->mod == 1)
        skip(i, 1);
    else if (i->mod == 2 || (i->mod == 0 && (i->rm == 5 || (i->rm == 4 && (sib & 7) == 5))))
        skip(i, 4);
}

/* Bytes of the immediate of a one-byte opcode. */
static size_t
immediate_1(const struct insn *i)
{
    size_t full = i->word && !i->wide ? 2 : 4;

    switch (i->op) {
    case 0x69:
    case 0x68:
    case 0x81:
    case 0xa9:
    case 0xc7:
        return full;
    case 0x6a:
    case 0x6b:
    case 0x80:
    case 0x83:
    case 0xa8:
    case 0xc0:
    case 0xc1:
    case 0xc6:
        return 1;
    case 0xf6:
        return i->reg < 2 ? 1 : 0;
    case 0xf7:
        return i->reg < 2 ? full : 0;
    default:
        break;
    }
    if (i->op < 0x40 && (i->op & 7) == 4)
        return 1;
    if (i->op < 0x40 && (i->op & 7) == 5)
        return full;
    if (i->op >= 0xb0 && i->op <= 0xb7)
        return 1;
    if (i->op >= 0xb8 && i->op <= 0xbf)
        return i->wide ? 8 : full;
    return 0;
}

static size_t
immediate_0f(const struct insn *i)
{
    bool has = (i->op >= 0x70 && i->op <= 0x73) || i->op == 0xa4 || i->op == 0xac ||
               i->op == 0xba || i->op == 0xc2 || (i->op >= 0xc4 && i->op <= 0xc6);

    return has ? 1 : 0;
}

/* ---- what is refused by more than its opcode ---- */

static bool
is_group_refused(const struct insn *i)
{
    if (i->map == MAP_0F)
        /* of 0f c7 only cmpxchg8b and 16b; of 0f ae nothing is in the table */
        return i->op == 0xc7 && !i->vex && (i->reg != 1 || i->mod == 3);
    if (i->map != MAP_1)
        return false;
    switch (i->op) {
    case 0x8f:
    case 0xc6:
    case 0xc7:
        return i->reg != 0; /* xop, xabort, xbegin */
    case 0xfe:
        return i->reg > 1;
    case 0xff:
        return i->reg == 3 || i->reg == 5 || i->reg == 7;
    default:
        return false;
    }
}

static void
take_all(struct insn *i)
{
    take_opcode(i);
    if (i->bad)
        return;
    if (has_modrm(i)) {
        take_modrm(i);
        i->bad |= is_group_refused(i);
    } else if (!is_without_modrm(i)) {
        i->bad = true;
    }
    if (i->map == MAP_1)
        skip(i, immediate_1(i));
    else if (i->map == MAP_0F)
        skip(i, immediate_0f(i));
    else if (i->map == MAP_3A)
        skip(i, 1);
}

/* ---- the copy ---- */

/* A register that the instruction does not use otherwise: not rax, rcx, rdx, which many use
 * without naming them, and rbx only where cmpxchg8b does not. */
static int
free_register(const struct insn *i)
{
    static const uint8_t candidates[] = { 6, 7, 3 };

    for (size_t k = 0; k < sizeof(candidates); k++) {
        unsigned r = candidates[k];
        bool implied = r == 3 && i->map == MAP_0F && i->op == 0xc7;

        if (!implied && r != (i->reg | i->rex_r) && !(i->vex && r == i->third))
            return (int)r;
    }
    return -1;
}

static int32_t
distance_of(const struct insn *i)
{
    uint32_t distance = 0;

    for (size_t k = 0; k < 4; k++)
        distance |= (uint32_t)i->bytes[i->displacement_at + k] << (8 * k);
    return (int32_t)distance;
}

/* The operand counts from the next instruction: so it does in the copy, which stands `shift` bytes
 * further down. False: too far. */
static bool
keep_relative(const struct insn *i, int64_t shift, struct arch_x86_64_moved *m)
{
    const int64_t reach = INT64_C(1) << 30;
    uint32_t distance;

    if (shift < -reach || shift > reach ||
        distance_of(i) + shift != (int32_t)(distance_of(i) + shift))
        return false;
    distance = (uint32_t)(int32_t)(distance_of(i) + shift);
    for (size_t k = 0; k < 4; k++)
        m->code[i->displacement_at + k] = (uint8_t)(distance >> (8 * k));
    return true;
}

/* The same out of reach: the copy finds it by a register. */
static bool
use_register(const struct insn *i, struct arch_x86_64_moved *m)
{
    int r = free_register(i);

    if (r < 0)
        return false;
    m->scratch = r;
    m->distance = distance_of(i);
    memmove(m->code + i->displacement_at, m->code + i->displacement_at + 4,
            m->length - i->displacement_at - 4);
    m->code_size = m->length - 4;
    m->code[i->modrm_at] = (uint8_t)(i->reg << 3 | (unsigned)r);
    if (i->b_at != 0 || i->b_bit != 0) /* the register is one of the first eight */
        m->code[i->b_at] = (uint8_t)(i->vex ? m->code[i->b_at] | i->b_bit
                                            : m->code[i->b_at] & ~(unsigned)i->b_bit);
    return true;
}

/* near: the copy's place is known, `shift` bytes further down. */
static bool
move(const uint8_t *code, size_t n, bool near, int64_t shift, struct arch_x86_64_moved *m)
{
    struct insn i = { .bytes = code, .n = n < MOST ? n : MOST };

    take_all(&i);
    if (i.bad)
        return false;
    memset(m, 0, sizeof(*m));
    memcpy(m->code, code, i.at);
    m->length = m->code_size = i.at;
    m->scratch = -1;
    m->call = i.map == MAP_1 && i.op == 0xff && i.reg == 2;
    m->jump = m->call || (i.map == MAP_1 && (i.op == 0xc3 || (i.op == 0xff && i.reg == 4)));
    if (m->jump && i.word)
        return false; /* 66 before a branch: Intel and AMD differ */
    if (i.modrm_at == 0 || i.mod != 0 || i.rm != 5)
        return true;
    return (near && keep_relative(&i, shift, m)) || use_register(&i, m);
}

bool
arch_x86_64_move(const uint8_t *code, size_t n, struct arch_x86_64_moved *m)
{
    return move(code, n, false, 0, m);
}

bool
arch_x86_64_move_to(const uint8_t *code, size_t n, uint64_t from, uint64_t to,
                    struct arch_x86_64_moved *m)
{
    return move(code, n, true, (int64_t)(from - to), m);
}
