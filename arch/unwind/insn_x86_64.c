/* insn_x86_64.c - x86-64 instructions as far as frames need them: how long each is, and what it
 * does to the stack pointer and the registers that calls keep (Intel SDM, volume 2). */
#include "arch/unwind/paths.h"

enum { RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP }; /* DWARF's order; r8.. as they are */

/* ---- decoding ---- */

enum { MOST = 15 };

struct insn {
    uint8_t bytes[16];
    unsigned size; /* bytes that could be read */
    unsigned len;
    unsigned map; /* 0 one-byte opcodes, 1 0F, 2 0F38, 3 0F3A */
    uint8_t op, rex, modrm;
    bool vex, wide_prefix /* 66 */, short_address /* 67 */, has_modrm, segment;
    unsigned reg, rm;       /* DWARF numbers; rm only with mod 3 */
    bool is_memory, simple; /* simple: memory at base + disp */
    unsigned base;
    int64_t disp, imm;
};

/* A bit for each opcode that has a ModRM byte. */
static const uint16_t has_modrm[2][16] = {
    /* rows of 16 opcodes, the lowest bit for x0 */
    { 0x0f0f, 0x0f0f, 0x0f0f, 0x0f0f, 0, 0, 0x0a08, 0, 0xffff, 0, 0, 0, 0x00c3, 0xff0f, 0,
      0xc0c0 },
    { 0x200f, 0xffff, 0xff0f, 0, 0xffff, 0xffff, 0xffff, 0xff7f, 0, 0xffff, 0xf838, 0xffff, 0x00ff,
      0xffff, 0xffff, 0xffff },
};

static unsigned
dwarf_of(unsigned n)
{
    static const uint8_t low[8] = { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };
    return n < 8 ? low[n] : n;
}

static uint8_t
next(struct insn *i)
{
    uint8_t b = i->len < i->size ? i->bytes[i->len] : 0;

    i->len++; /* past the size: the caller sees it */
    return b;
}

static int64_t
next_number(struct insn *i, unsigned size)
{
    uint64_t v = 0;

    if (size == 0)
        return 0;
    for (unsigned n = 0; n < size; n++)
        v |= (uint64_t)next(i) << 8 * n;
    return (int64_t)(v << (64 - 8 * size)) >> (64 - 8 * size);
}

static bool
is_prefix(struct insn *i, uint8_t b)
{
    switch (b) {
    case 0x66:
        i->wide_prefix = true;
        return true;
    case 0x67:
        i->short_address = true;
        return true;
    case 0x64:
    case 0x65:
        i->segment = true;
        return true;
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0xf0:
    case 0xf2:
    case 0xf3:
        return true;
    default:
        return false;
    }
}

/* VEX (C4, C5) and EVEX (62) carry REX bits, inverted, and the opcode map. */
static void
read_vex(struct insn *i, uint8_t first)
{
    uint8_t p = next(i);

    i->vex = true;
    i->rex = (uint8_t)((p ^ 0xe0) >> 5);
    if (first == 0xc5) {
        i->map = 1;
        i->rex &= 4;
    } else {
        i->map = p & (first == 0x62 ? 7 : 31);
        i->rex |= (uint8_t)((next(i) & 0x80) >> 4);
        if (first == 0x62)
            next(i);
    }
    i->op = next(i);
}

static void
read_opcode(struct insn *i)
{
    uint8_t b = next(i);

    while (is_prefix(i, b) && i->len < MOST)
        b = next(i);
    if ((b & 0xf0) == 0x40) {
        i->rex = b;
        b = next(i);
    }
    if (b == 0xc4 || b == 0xc5 || b == 0x62) {
        read_vex(i, b);
        return;
    }
    if (b == 0x0f) {
        b = next(i);
        i->map = b == 0x38 ? 2 : b == 0x3a ? 3 : 1;
        if (i->map > 1)
            b = next(i);
    }
    i->op = b;
}

static void
read_modrm(struct insn *i)
{
    unsigned mod, rm, sib;

    i->modrm = next(i);
    mod = i->modrm >> 6;
    rm = i->modrm & 7;
    i->reg = dwarf_of((i->modrm >> 3 & 7) + (i->rex & 4u) * 2);
    i->is_memory = mod != 3;
    i->rm = dwarf_of(rm + (i->rex & 1u) * 8);
    if (mod == 3)
        return;
    i->simple = rm != 4 && !(mod == 0 && rm == 5) && !i->segment;
    i->base = i->rm;
    if (rm == 4) {
        sib = next(i);
        i->base = dwarf_of((sib & 7) + (i->rex & 1u) * 8);
        i->simple = (sib >> 3 & 7) == 4 && (i->rex & 2) == 0 && !(mod == 0 && (sib & 7) == 5) &&
                    !i->segment;
        rm = mod == 0 && (sib & 7) == 5 ? 5 : 4;
    }
    if (mod == 1)
        i->disp = next_number(i, 1);
    else if (mod == 2 || rm == 5)
        i->disp = next_number(i, 4);
}

/* Bytes of immediate of a one-byte opcode. */
static unsigned
immediate(const struct insn *i)
{
    unsigned full = i->wide_prefix && (i->rex & 8) == 0 ? 2 : 4;
    uint8_t op = i->op;
    bool test = (i->modrm & 0x30) == 0; /* of F6 and F7 */

    if (op < 0x40)
        return (op & 7) == 4 ? 1 : (op & 7) == 5 ? full : 0;
    if (op >= 0xb8 && op <= 0xbf)
        return (i->rex & 8) != 0 ? 8 : full;
    if (op >= 0xa0 && op <= 0xa3)
        return i->short_address ? 4 : 8;
    if ((op >= 0x70 && op <= 0x7f) || (op >= 0xb0 && op <= 0xb7) || (op >= 0xe0 && op <= 0xe7))
        return 1;
    switch (op) {
    case 0x68:
    case 0x69:
    case 0x81:
    case 0xa9:
    case 0xc7:
        return full;
    case 0xe8:
    case 0xe9:
        return 4;
    case 0x6a:
    case 0x6b:
    case 0x80:
    case 0x82:
    case 0x83:
    case 0xa8:
    case 0xc0:
    case 0xc1:
    case 0xc6:
    case 0xcd:
    case 0xeb:
        return 1;
    case 0xc2:
        return 2;
    case 0xc8:
        return 3;
    case 0xf6:
        return test ? 1 : 0;
    case 0xf7:
        return test ? full : 0;
    default:
        return 0;
    }
}

static unsigned
immediate_0f(const struct insn *i)
{
    uint8_t op = i->op;

    if (op >= 0x80 && op <= 0x8f && !i->vex)
        return 4;
    if ((op >= 0x70 && op <= 0x73) || op == 0xa4 || op == 0xac || op == 0xba || op == 0xc2 ||
        (op >= 0xc4 && op <= 0xc6))
        return 1;
    return 0;
}

/* What stands at pc, up to the longest instruction; less before a hole. */
static unsigned
read_code(struct walk *w, uint64_t pc, uint8_t *bytes)
{
    size_t size = unwind_some(w, pc, bytes, MOST);

    if (size != 0 && size < MOST) {
        size += unwind_some(w, pc + size, bytes + size, MOST - size);
        forgive(w);
    }
    return (unsigned)size;
}

/* False when it cannot be read whole. */
static bool
decode(struct walk *w, uint64_t pc, struct insn *i)
{
    unsigned bytes;

    memset(i, 0, sizeof(*i));
    i->size = read_code(w, pc, i->bytes);
    read_opcode(i);
    i->has_modrm = i->map > 1 || (i->vex && i->op != 0x77) ||
                   (i->map < 2 && (has_modrm[i->map][i->op >> 4] >> (i->op & 15) & 1) != 0);
    if (i->has_modrm)
        read_modrm(i);
    bytes = i->map == 0 ? immediate(i) : i->map == 1 ? immediate_0f(i) : i->map == 3;
    i->imm = next_number(i, bytes);
    return i->len <= i->size && w->fault.reason == UNWIND_RUNNING;
}

/* ---- what it does ---- */

/* Told by the stack or the frame pointer; what other registers hold need not outlast a call where
 * code keeps to no ABI. */
static bool
is_sure(struct value v)
{
    return kind_of(v) == IS && (reg_of(v) == RSP || reg_of(v) == RBP);
}

/* Who throws away as many arguments as a register says takes the return address first and pushes
 * it last: nothing is known of the stack pointer then but what was pushed. */
static void
push(const struct walk *w, struct path *p, struct value v)
{
    p->r[RSP] = unwind_plus(p->r[RSP], -8);
    if (!is_sure(p->r[RSP]))
        p->way_back = v;
    unwind_store(w, p, p->r[RSP], v);
}

static struct value
pop(const struct walk *w, struct path *p)
{
    struct value v = unwind_fetch(w, p, p->r[RSP]);

    p->r[RSP] = unwind_plus(p->r[RSP], 8);
    return v;
}

static struct value
operand_address(const struct path *p, const struct insn *i)
{
    return i->simple ? unwind_plus(p->r[i->base], i->disp) : lost();
}

static bool
is_wide(const struct insn *i)
{
    return (i->rex & 8) != 0;
}

/* MOV between a register and a register or memory; direction by the opcode. */
static void
move(const struct walk *w, struct path *p, const struct insn *i)
{
    bool to_reg = i->op == 0x8b;
    struct value from = p->r[to_reg ? i->rm : i->reg];

    if (to_reg)
        p->r[i->reg] = !is_wide(i)     ? lost()
                       : !i->is_memory ? from
                                       : unwind_fetch(w, p, operand_address(p, i));
    else if (!i->is_memory)
        p->r[i->rm] = is_wide(i) ? from : lost();
    else
        unwind_store(w, p, operand_address(p, i), is_wide(i) ? from : lost());
}

/* ADD, SUB, AND and so on with an immediate: 80, 81, 83. */
static void
calculate(struct path *p, const struct insn *i)
{
    unsigned which = i->modrm >> 3 & 7;

    if (which == 7 || i->is_memory) /* CMP; memory that is not followed */
        return;
    if (which == 0 && is_wide(i))
        p->r[i->rm] = unwind_plus(p->r[i->rm], i->imm);
    else if (which == 5 && is_wide(i))
        p->r[i->rm] = unwind_plus(p->r[i->rm], -i->imm);
    else
        p->r[i->rm] = lost();
}

static void
leave(const struct walk *w, struct path *p)
{
    p->r[RSP] = p->r[RBP];
    p->r[RBP] = pop(w, p);
}

static void
enter(const struct walk *w, struct path *p)
{
    push(w, p, p->r[RBP]);
    p->r[RBP] = p->r[RSP];
    p->r[RSP] = lost();
}

/* At a return, or where a jump goes to another function: [rsp] is the return address. */
static void
come_back(const struct walk *w, struct path *p, bool jumps, int64_t arguments)
{
    bool have =
        is_sure(p->r[RSP]) || (kind_of(p->r[RSP]) == IS && kind_of(p->way_back) != LIES_AT);

    if (have)
        p->way_back = unwind_fetch(w, p, p->r[RSP]);
    if (have && !jumps)
        p->cfa = unwind_plus(p->r[RSP], 8 + arguments);
    else if (kind_of(p->way_back) == LIES_AT) /* a jump may put it lower, to be raised again */
        p->cfa = value_of(IS, reg_of(p->way_back), offset_of(p->way_back) + 8);
}

/* FF: call, jump, push of a register or memory. */
static enum flow
group_ff(const struct walk *w, struct path *p, const struct insn *i)
{
    switch (i->modrm >> 3 & 7) {
    case 2:
        unwind_clobber(w, p);
        return CALLED;
    case 4:
        come_back(w, p, true, 0);
        return INDIRECT;
    case 6:
        push(w, p, i->is_memory ? unwind_fetch(w, p, operand_address(p, i)) : p->r[i->rm]);
        return ON;
    case 3:
    case 5:
    case 7:
        return DEAD;
    default:
        if (!i->is_memory)
            p->r[i->rm] = lost();
        return ON;
    }
}

/* One-byte opcodes that may write a register of their ModRM byte; all others keep both. */
static void
spoil(struct path *p, const struct insn *i)
{
    uint8_t op = i->op;
    bool to_reg;

    if (!i->has_modrm || op == 0x84 || op == 0x85 || (op >= 0x38 && op <= 0x3b) ||
        (op >= 0xd8 && op <= 0xdf) || op == 0x88 || op == 0x8c || op == 0x8e)
        return;
    if ((op == 0xf6 || op == 0xf7) && (i->modrm & 0x30) == 0) /* TEST */
        return;
    to_reg = (op < 0x40 && (op & 2) != 0) || op == 0x63 || op == 0x69 || op == 0x6b ||
             op == 0x8a || op == 0x86 || op == 0x87;
    if (to_reg)
        p->r[i->reg] = lost();
    if ((!to_reg || op == 0x86 || op == 0x87) && !i->is_memory)
        p->r[i->rm] = lost();
}

/* Of the 0F opcodes these write no general register: vector operations, NOPs, tests, jumps. */
static void
spoil_0f(struct path *p, const struct insn *i)
{
    uint8_t op = i->op;

    if (i->map == 1 &&
        ((op >= 0x10 && op <= 0x1f) || op == 0x28 || op == 0x29 || op == 0x2e || op == 0x2f ||
         (op >= 0x51 && op <= 0x7d) || op == 0x7f || op == 0xc2 || op == 0xc4 || op == 0xc6 ||
         op == 0xa3 || op == 0x0d || (op >= 0xd0 && op != 0xd7)))
        return;
    if (op >= 0xc8 && op <= 0xcf && i->map == 1)
        p->r[dwarf_of((op & 7u) + (i->rex & 1u) * 8)] = lost(); /* BSWAP */
    if (!i->has_modrm)
        return;
    p->r[i->reg] = lost();
    if (!i->is_memory)
        p->r[i->rm] = lost();
}

static enum flow
step_0f(const struct walk *w, struct path *p, const struct insn *i, uint64_t *to)
{
    if (i->map == 1 && !i->vex && i->op >= 0x80 && i->op <= 0x8f) {
        *to = p->pc + (uint64_t)i->imm;
        return BRANCH;
    }
    if (i->map == 1 && !i->vex) {
        if (i->op == 0x1f)
            return IDLE;
        if (i->op == 0x0b || i->op == 0xb9 || i->op == 0xff || i->op == 0x07)
            return DEAD; /* UD2, UD1, UD0, SYSRET */
        if (i->op == 0x05)
            p->r[RCX] = p->r[11] = lost();
        if (i->op == 0xa2) /* CPUID */
            p->r[RAX] = p->r[RBX] = p->r[RCX] = p->r[RDX] = lost();
    }
    (void)w;
    spoil_0f(p, i);
    return ON;
}

/* Opcodes that hold a register's number in their low three bits. */
static bool
step_numbered(const struct walk *w, struct path *p, const struct insn *i)
{
    unsigned n = dwarf_of((i->op & 7u) + (i->rex & 1u) * 8);

    if ((i->op & 0xf8) == 0x50)
        push(w, p, p->r[n]);
    else if ((i->op & 0xf8) == 0x58)
        p->r[n] = pop(w, p);
    else if ((i->op & 0xf8) == 0xb8 || (i->op & 0xf8) == 0xb0)
        p->r[n] = lost();
    else if ((i->op & 0xf8) == 0x90 && i->op != 0x90)
        p->r[n] = p->r[RAX] = lost();
    else
        return false;
    return true;
}

static enum flow
step_plain(struct walk *w, struct path *p, const struct insn *i, uint64_t *to)
{
    if (step_numbered(w, p, i))
        return ON;
    if ((i->op >= 0x70 && i->op <= 0x7f) || (i->op >= 0xe0 && i->op <= 0xe3)) {
        *to = p->pc + (uint64_t)i->imm;
        return BRANCH;
    }
    switch (i->op) {
    case 0x68:
    case 0x6a:
        push(w, p, lost());
        return ON;
    case 0x80:
    case 0x81:
    case 0x83:
        calculate(p, i);
        return ON;
    case 0x89:
    case 0x8b:
        move(w, p, i);
        return ON;
    case 0x8d: /* LEA */
        p->r[i->reg] = is_wide(i) ? operand_address(p, i) : lost();
        return ON;
    case 0x8f:
        pop(w, p);
        if (!i->is_memory)
            p->r[i->rm] = lost();
        return ON;
    case 0x9c:
        push(w, p, lost());
        return ON;
    case 0x9d:
        pop(w, p);
        return ON;
    case 0xc2:
    case 0xc3:
        if (i->imm % 8 != 0)
            return DEAD; /* data */
        come_back(w, p, false, i->op == 0xc2 ? i->imm & 0xffff : 0);
        return RETURN;
    case 0xc8:
        enter(w, p);
        return ON;
    case 0xc9:
        leave(w, p);
        return ON;
    case 0xe8:
        unwind_clobber(w, p);
        return CALLED;
    case 0x90:
        return IDLE;
    case 0xe9:
    case 0xeb:
        *to = p->pc + (uint64_t)i->imm;
        return JUMP;
    case 0xca:
    case 0xcb:
    case 0xcc:
    case 0xcf:
    case 0xf4: /* far returns, INT3, HLT */
        return DEAD;
    case 0xff:
        return group_ff(w, p, i);
    default:
        spoil(p, i);
        return ON;
    }
}

static enum flow
step(struct walk *w, struct path *p, uint64_t *to)
{
    struct insn i;

    if (!decode(w, p->pc, &i))
        return DEAD;
    p->pc += i.len;
    if (i.vex || i.map != 0)
        return step_0f(w, p, &i, to);
    return step_plain(w, p, &i, to);
}

/* ---- calls ---- */

/* FF /2 of this length, ending at the end of the bytes: the ModRM byte says how long it is. */
static bool
is_indirect_call(const uint8_t *end, unsigned len)
{
    uint8_t modrm = end[1 - (int)len];
    unsigned mod = modrm >> 6;
    unsigned rm = modrm & 7;
    unsigned want = 2;

    if (end[-(int)len] != 0xff || (modrm & 0x38) != 0x10)
        return false;
    if (mod != 3 && rm == 4)
        want++;
    if (mod == 1)
        want++;
    else if (mod == 2 || (mod == 0 && (rm == 5 || (rm == 4 && (end[2 - (int)len] & 7) == 5))))
        want += 4;
    return want == len;
}

bool
unwind_follows_call_x86_64(struct walk *w, uint64_t pc)
{
    static const uint8_t lengths[] = { 7, 6, 5, 4, 3, 2 };
    uint8_t b[7] = { 0 };
    unsigned i = 0;

    if (pc < sizeof(b))
        return false;
    while (!unwind_bytes(w, pc - lengths[i], b + sizeof(b) - lengths[i], lengths[i]))
        if (!forgive(w) || ++i == sizeof(lengths))
            return false; /* code may begin just here, so fewer bytes are tried */
    if (b[2] == 0xe8)
        return true;
    for (; i < sizeof(lengths); i++)
        if (is_indirect_call(b + sizeof(b), lengths[i]))
            return true;
    return false;
}

/* ---- the machine ---- */

const struct unwind_machine unwind_x86_64 = {
    .pc = UNWIND_X86_64_RIP,
    .sp = RSP,
    .fp = RBP,
    .link = NO_REG,
    .ra = UNWIND_X86_64_RIP,
    .preserved = 1u << RBX | 1u << RBP | 0xf000u,
    .step = step,
    .follows_call = unwind_follows_call_x86_64,
};
