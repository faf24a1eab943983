/* x86_64_step.c - what one x86-64 instruction does, for going past a breakpoint without lifting
 * it (Intel's and AMD's manuals, "Instruction Set Reference").
 *
 * The plain integer forms that compilers begin a line or a function with. Whatever is not known
 * here, or would fault, changes nothing: the processor does it then. */
#include "arch/arch.h"

#include <string.h>

enum { RAX = 0, RSP = 4, RBP = 5, RCX = 1, RDX = 2 };
enum { CF = 1 << 0, PF = 1 << 2, AF = 1 << 4, ZF = 1 << 6, SF = 1 << 7, OF = 1 << 11 };
#define ARITHMETIC ((uint64_t)(CF | PF | AF | ZF | SF | OF))

enum alu { ADD, OR, ADC, SBB, AND, SUB, XOR, CMP };

/* One instruction, taken apart as far as it has been read. */
struct insn {
    struct arch_x86_64_state *r; /* a copy, so that giving up changes nothing */
    const struct arch_access *memory;
    const uint8_t *bytes;
    size_t n, at;
    bool bad;      /* cut, not known, or memory that is not there */
    unsigned rex;  /* the prefix, 0: none */
    unsigned size; /* of the operands, in bytes */
    /* ModRM: a register, or memory. */
    unsigned mod, reg, rm;
    uint64_t address;
    bool relative; /* address counts from the next instruction */
    bool stack;    /* address comes from rsp or rbp */
};

/* ---- bytes ---- */

static uint64_t
take(struct insn *i, unsigned size)
{
    uint64_t v = 0;

    if (size > i->n - i->at) {
        i->bad = true;
        return 0;
    }
    for (unsigned k = 0; k < size; k++)
        v |= (uint64_t)i->bytes[i->at++] << (8 * k);
    return v;
}

static uint64_t
extend(uint64_t v, unsigned size)
{
    unsigned shift = 64 - 8 * size;

    return (uint64_t)((int64_t)(v << shift) >> shift);
}

static uint64_t
cut(uint64_t v, unsigned size)
{
    return size >= 8 ? v : v & ((UINT64_C(1) << (8 * size)) - 1);
}

/* An immediate: as wide as the operands, but at most four bytes, sign-extended. */
static uint64_t
immediate(struct insn *i, unsigned size)
{
    unsigned bytes = size > 4 ? 4 : size;

    return extend(take(i, bytes), bytes);
}

/* ---- operands ---- */

/* Without REX, byte registers 4..7 are ah, ch, dh, bh: left to the processor. */
static bool
is_high_byte(const struct insn *i, unsigned reg)
{
    return i->size == 1 && i->rex == 0 && reg >= 4;
}

static uint64_t
get_reg(struct insn *i, unsigned reg)
{
    i->bad |= is_high_byte(i, reg);
    return cut(i->r->registers[reg], i->size);
}

/* Four bytes clear those above them, one and two leave them. */
static void
put_reg(struct insn *i, unsigned reg, uint64_t v)
{
    uint64_t old = i->r->registers[reg], low = cut(UINT64_MAX, i->size);

    i->bad |= is_high_byte(i, reg);
    i->r->registers[reg] = i->size >= 4 ? cut(v, i->size) : (old & ~low) | (v & low);
}

/* The register that the last three bits of an opcode name. */
static unsigned
low_register(const struct insn *i, unsigned op)
{
    return (op & 7) | (i->rex & 1) << 3;
}

static void
take_sib(struct insn *i)
{
    unsigned sib = (unsigned)take(i, 1);
    unsigned base = (sib & 7) | (i->rex & 1) << 3, index = (sib >> 3 & 7) | (i->rex & 2) << 2;

    if ((sib & 7) == 5 && i->mod == 0) {
        i->address = extend(take(i, 4), 4);
    } else {
        i->address = i->r->registers[base];
        i->stack = base == RSP || base == RBP;
    }
    if (index != RSP)
        i->address += i->r->registers[index] << (sib >> 6);
}

static void
take_modrm(struct insn *i)
{
    unsigned modrm = (unsigned)take(i, 1);

    i->mod = modrm >> 6;
    i->reg = (modrm >> 3 & 7) | (i->rex & 4) << 1;
    i->rm = (modrm & 7) | (i->rex & 1) << 3;
    if (i->mod == 3)
        return;
    if ((modrm & 7) == RSP) {
        take_sib(i);
    } else if ((modrm & 7) == RBP && i->mod == 0) {
        i->address = extend(take(i, 4), 4);
        i->relative = true;
    } else {
        i->address = i->r->registers[i->rm];
        i->stack = i->rm == RBP;
    }
    if (i->mod == 1)
        i->address += extend(take(i, 1), 1);
    else if (i->mod == 2)
        i->address += extend(take(i, 4), 4);
}

static uint64_t
load(struct insn *i, uint64_t address, unsigned size, bool stack)
{
    uint8_t bytes[8];
    uint64_t v = 0;

    if (i->bad || !i->memory->read(i->memory->context, address, bytes, size, stack)) {
        i->bad = true;
        return 0;
    }
    for (unsigned k = 0; k < size; k++)
        v |= (uint64_t)bytes[k] << (8 * k);
    return v;
}

/* The last thing an instruction does, so that nothing is written by one that is given up. */
static void
store(struct insn *i, uint64_t address, unsigned size, bool stack, uint64_t v)
{
    uint8_t bytes[8];

    for (unsigned k = 0; k < size; k++)
        bytes[k] = (uint8_t)(v >> (8 * k));
    if (i->bad || !i->memory->write(i->memory->context, address, bytes, size, stack))
        i->bad = true;
}

/* The whole instruction is read when these are called: the next one's address is known. */
static uint64_t
place(const struct insn *i)
{
    return i->address + (i->relative ? i->r->pc + i->at : 0);
}

static uint64_t
get_rm(struct insn *i)
{
    return i->mod == 3 ? get_reg(i, i->rm) : load(i, place(i), i->size, i->stack);
}

static void
put_rm(struct insn *i, uint64_t v)
{
    if (i->mod == 3)
        put_reg(i, i->rm, v);
    else
        store(i, place(i), i->size, i->stack, v);
}

/* ---- flags ---- */

static uint64_t
parity(uint64_t v)
{
    v ^= v >> 4;
    v ^= v >> 2;
    v ^= v >> 1;
    return (v & 1) != 0 ? 0 : PF;
}

static void
set_flags(struct insn *i, uint64_t mask, uint64_t flags)
{
    i->r->flags = (i->r->flags & ~mask) | (flags & mask);
}

static uint64_t
result_flags(uint64_t v, unsigned size)
{
    return (v == 0 ? ZF : 0) | ((v >> (8 * size - 1) & 1) != 0 ? SF : 0) | parity(v);
}

/* Sum with its flags; a subtraction is the sum with the complement, and its carries turned. */
static uint64_t
add(struct insn *i, uint64_t a, uint64_t b, unsigned carry, uint64_t mask)
{
    uint64_t v = cut(a + b + carry, i->size), carries = (a & b) | ((a | b) & ~v);
    unsigned top = 8 * i->size - 1;
    uint64_t flags = result_flags(v, i->size);

    flags |= (carries >> top & 1) != 0 ? CF : 0;
    flags |= (carries >> 3 & 1) != 0 ? AF : 0;
    flags |= (((a ^ v) & (b ^ v)) >> top & 1) != 0 ? OF : 0;
    set_flags(i, mask, flags);
    return v;
}

static uint64_t
subtract(struct insn *i, uint64_t a, uint64_t b, unsigned borrow, uint64_t mask)
{
    uint64_t v = add(i, a, cut(~b, i->size), 1 - borrow, mask);

    i->r->flags ^= (CF | AF) & mask;
    return v;
}

static uint64_t
logic(struct insn *i, uint64_t v)
{
    set_flags(i, ARITHMETIC, result_flags(v, i->size));
    return v;
}

static uint64_t
compute(struct insn *i, enum alu op, uint64_t a, uint64_t b)
{
    unsigned carry = (i->r->flags & CF) != 0;

    b = cut(b, i->size);
    switch (op) {
    case ADD:
        return add(i, a, b, 0, ARITHMETIC);
    case ADC:
        return add(i, a, b, carry, ARITHMETIC);
    case SUB:
    case CMP:
        return subtract(i, a, b, 0, ARITHMETIC);
    case SBB:
        return subtract(i, a, b, carry, ARITHMETIC);
    case AND:
        return logic(i, a & b);
    case OR:
        return logic(i, a | b);
    case XOR:
        return logic(i, a ^ b);
    }
    return 0;
}

/* The sixteen conditions, odd ones being the even ones' opposite. */
static bool
holds(const struct insn *i, unsigned condition)
{
    uint64_t f = i->r->flags;
    bool less = ((f & SF) != 0) != ((f & OF) != 0), is = false;

    switch (condition >> 1) {
    case 0:
        is = (f & OF) != 0;
        break;
    case 1:
        is = (f & CF) != 0;
        break;
    case 2:
        is = (f & ZF) != 0;
        break;
    case 3:
        is = (f & (CF | ZF)) != 0;
        break;
    case 4:
        is = (f & SF) != 0;
        break;
    case 5:
        is = (f & PF) != 0;
        break;
    case 6:
        is = less;
        break;
    case 7:
        is = less || (f & ZF) != 0;
        break;
    }
    return is != ((condition & 1) != 0);
}

/* ---- instructions ---- */

static void
push(struct insn *i, uint64_t v)
{
    i->r->registers[RSP] -= 8;
    store(i, i->r->registers[RSP], 8, true, v);
}

static uint64_t
pop(struct insn *i)
{
    uint64_t v = load(i, i->r->registers[RSP], 8, true);

    i->r->registers[RSP] += 8;
    return v;
}

/* A jump elsewhere faults. */
static bool
is_user(uint64_t address)
{
    return address >> 47 == 0;
}

/* pc is set to the next instruction, or elsewhere from there, when one is done. */
static void
jump_if(struct insn *i, bool taken, uint64_t distance)
{
    if (taken)
        i->r->pc += distance;
}

static void
call(struct insn *i, uint64_t to)
{
    i->bad |= !is_user(to); /* before anything is written */
    push(i, i->r->pc + i->at);
    i->r->pc = to - i->at;
}

/* 00..3f: an operation and where its operands are. */
static void
run_alu(struct insn *i, uint8_t op)
{
    enum alu what = (enum alu)(op >> 3 & 7);
    bool to_register = (op & 2) != 0;
    uint64_t v;

    if ((op & 1) == 0)
        i->size = 1;
    if ((op & 4) != 0) {
        v = compute(i, what, get_reg(i, RAX), immediate(i, i->size));
        if (what != CMP)
            put_reg(i, RAX, v);
        return;
    }
    take_modrm(i);
    v = to_register ? compute(i, what, get_reg(i, i->reg), get_rm(i))
                    : compute(i, what, get_rm(i), get_reg(i, i->reg));
    if (what != CMP && to_register)
        put_reg(i, i->reg, v);
    else if (what != CMP)
        put_rm(i, v);
}

/* 80, 81, 83: the same with an immediate. */
static void
run_alu_immediate(struct insn *i, uint8_t op)
{
    uint64_t b, v;

    if (op == 0x80)
        i->size = 1;
    take_modrm(i);
    b = immediate(i, op == 0x83 ? 1 : i->size);
    v = compute(i, (enum alu)(i->reg & 7), get_rm(i), b);
    if ((i->reg & 7) != CMP)
        put_rm(i, v);
}

/* 84, 85, a8, a9 */
static void
run_test(struct insn *i, uint8_t op)
{
    if ((op & 1) == 0)
        i->size = 1;
    if (op >= 0xa8) {
        logic(i, get_reg(i, RAX) & cut(immediate(i, i->size), i->size));
        return;
    }
    take_modrm(i);
    logic(i, get_rm(i) & get_reg(i, i->reg));
}

/* 88..8b */
static void
run_mov(struct insn *i, uint8_t op)
{
    if ((op & 1) == 0)
        i->size = 1;
    take_modrm(i);
    if ((op & 2) != 0)
        put_reg(i, i->reg, get_rm(i));
    else
        put_rm(i, get_reg(i, i->reg));
}

/* c6, c7 */
static void
run_mov_immediate(struct insn *i, uint8_t op)
{
    uint64_t v;

    if (op == 0xc6)
        i->size = 1;
    take_modrm(i);
    i->bad |= (i->reg & 7) != 0;
    v = immediate(i, i->size);
    put_rm(i, v);
}

static void
run_lea(struct insn *i, uint8_t op)
{
    (void)op;
    take_modrm(i);
    i->bad |= i->mod == 3;
    put_reg(i, i->reg, place(i));
}

/* From a narrower operand. */
static void
run_widen(struct insn *i, unsigned from, bool is_signed)
{
    unsigned size = i->size;
    uint64_t v;

    i->size = from;
    take_modrm(i);
    v = get_rm(i);
    i->size = size;
    put_reg(i, i->reg, is_signed ? extend(v, from) : v);
}

/* 63: movsxd */
static void
run_move_signed(struct insn *i, uint8_t op)
{
    (void)op;
    i->bad |= i->size == 2;
    run_widen(i, 4, true);
}

/* f6, f7: test, not, neg */
static void
run_unary(struct insn *i, uint8_t op)
{
    uint64_t v;

    if (op == 0xf6)
        i->size = 1;
    take_modrm(i);
    switch (i->reg & 7) {
    case 0:
        v = immediate(i, i->size);
        logic(i, get_rm(i) & cut(v, i->size));
        break;
    case 2:
        put_rm(i, ~get_rm(i));
        break;
    case 3:
        put_rm(i, subtract(i, 0, get_rm(i), 0, ARITHMETIC));
        break;
    default:
        i->bad = true;
    }
}

/* fe, ff: inc, dec (which leave the carry), call, jmp, push */
static void
run_group(struct insn *i, uint8_t op)
{
    unsigned what;

    if (op == 0xfe)
        i->size = 1;
    take_modrm(i);
    what = i->reg & 7;
    if (what >= 2) {
        i->bad |= i->size == 2;
        i->size = 8;
    }
    if (what == 0)
        put_rm(i, add(i, get_rm(i), 1, 0, ARITHMETIC & ~(uint64_t)CF));
    else if (what == 1)
        put_rm(i, subtract(i, get_rm(i), 1, 0, ARITHMETIC & ~(uint64_t)CF));
    else if (op == 0xff && what == 2)
        call(i, get_rm(i));
    else if (op == 0xff && what == 4)
        i->r->pc = get_rm(i) - i->at;
    else if (op == 0xff && what == 6)
        push(i, get_rm(i));
    else
        i->bad = true;
}

/* 98 and 99: the sign of rax, into its own upper half or into rdx. */
static void
run_sign(struct insn *i, uint8_t op)
{
    uint64_t v = get_reg(i, RAX);

    if (op == 0x98)
        put_reg(i, RAX, extend(v, i->size / 2));
    else
        put_reg(i, RDX, (v >> (8 * i->size - 1)) != 0 ? UINT64_MAX : 0);
}

/* 0f 40..4f: cmovcc, which reads its operand in any case. */
static void
run_move_if(struct insn *i, uint8_t op)
{
    uint64_t v;

    take_modrm(i);
    v = get_rm(i);
    put_reg(i, i->reg, holds(i, op & 15) ? v : get_reg(i, i->reg));
}

/* 0f 80..8f: jcc with a long distance. */
static void
run_far_branch(struct insn *i, uint8_t op)
{
    uint64_t distance = extend(take(i, 4), 4);

    i->bad |= i->size == 2;
    jump_if(i, holds(i, op & 15), distance);
}

/* 0f 90..9f: setcc */
static void
run_set_if(struct insn *i, uint8_t op)
{
    i->size = 1;
    take_modrm(i);
    put_rm(i, holds(i, op & 15));
}

/* 0f b6, b7, be, bf: movzx, movsx */
static void
run_move_wide(struct insn *i, uint8_t op)
{
    run_widen(i, (op & 1) == 0 ? 1 : 2, op >= 0xbe);
}

/* 0f 1f: a nop as long as its operand. */
static void
run_long_nop(struct insn *i, uint8_t op)
{
    (void)op;
    take_modrm(i);
}

/* 50..5f, 68, 6a, c9 and what else moves rsp; 66 before them is left to the processor. */
static void
run_stack(struct insn *i, uint8_t op)
{
    unsigned reg = low_register(i, op);

    i->bad |= i->size == 2;
    i->size = 8;
    if (op == 0x68 || op == 0x6a) {
        push(i, immediate(i, op == 0x68 ? 4 : 1));
    } else if (op == 0xc9) {
        i->r->registers[RSP] = i->r->registers[RBP];
        i->r->registers[RBP] = pop(i);
    } else if (op < 0x58) {
        push(i, get_reg(i, reg));
    } else {
        put_reg(i, reg, pop(i));
    }
}

/* b0..bf: the one form with an immediate of eight bytes. */
static void
run_mov_to_register(struct insn *i, uint8_t op)
{
    unsigned reg = low_register(i, op);

    if (op < 0xb8)
        i->size = 1;
    put_reg(i, reg, take(i, i->size));
}

static void
run_jump(struct insn *i, uint8_t op)
{
    uint64_t distance;

    i->bad |= i->size == 2; /* 66 before a branch: Intel and AMD differ */
    if (op == 0xc3) {
        i->r->pc = pop(i) - i->at;
    } else if (op == 0xe8) {
        distance = extend(take(i, 4), 4);
        call(i, i->r->pc + i->at + distance);
    } else {
        distance = op == 0xe9 ? extend(take(i, 4), 4) : extend(take(i, 1), 1);
        jump_if(i, op >= 0xe9 || holds(i, op & 15), distance);
    }
}

static void
run_nop(struct insn *i, uint8_t op)
{
    (void)op;
    i->bad |= i->rex != 0; /* 41 90 is an exchange */
}

/* ---- which are known ---- */

struct form {
    uint8_t first, last; /* bytes of the opcode */
    void (*run)(struct insn *i, uint8_t op);
};

static const struct form one_byte[] = {
    { 0x00, 0x05, run_alu },           { 0x08, 0x0d, run_alu },
    { 0x10, 0x15, run_alu },           { 0x18, 0x1d, run_alu },
    { 0x20, 0x25, run_alu },           { 0x28, 0x2d, run_alu },
    { 0x30, 0x35, run_alu },           { 0x38, 0x3d, run_alu },
    { 0x50, 0x5f, run_stack },         { 0x63, 0x63, run_move_signed },
    { 0x68, 0x68, run_stack },         { 0x6a, 0x6a, run_stack },
    { 0x70, 0x7f, run_jump },          { 0x80, 0x81, run_alu_immediate },
    { 0x83, 0x83, run_alu_immediate }, { 0x84, 0x85, run_test },
    { 0x88, 0x8b, run_mov },           { 0x8d, 0x8d, run_lea },
    { 0x90, 0x90, run_nop },           { 0x98, 0x99, run_sign },
    { 0xa8, 0xa9, run_test },          { 0xb0, 0xbf, run_mov_to_register },
    { 0xc3, 0xc3, run_jump },          { 0xc6, 0xc7, run_mov_immediate },
    { 0xc9, 0xc9, run_stack },         { 0xe8, 0xe9, run_jump },
    { 0xeb, 0xeb, run_jump },          { 0xf6, 0xf7, run_unary },
    { 0xfe, 0xff, run_group },         { 0, 0, NULL },
};

static const struct form two_bytes[] = {
    { 0x1f, 0x1f, run_long_nop },
    { 0x40, 0x4f, run_move_if },
    { 0x80, 0x8f, run_far_branch },
    { 0x90, 0x9f, run_set_if },
    { 0xb6, 0xb7, run_move_wide },
    { 0xbe, 0xbf, run_move_wide },
    { 0, 0, NULL },
};

static void
run_form(struct insn *i, const struct form *form, uint8_t op)
{
    while (form->run != NULL && (op < form->first || op > form->last))
        form++;
    if (form->run != NULL && !i->bad)
        form->run(i, op);
    else
        i->bad = true;
}

static void
run(struct insn *i)
{
    static const uint8_t endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
    uint8_t op;

    if (i->n >= sizeof(endbr) && memcmp(i->bytes, endbr, sizeof(endbr)) == 0) {
        i->at = sizeof(endbr);
        return;
    }
    op = (uint8_t)take(i, 1);
    if (op == 0x66) {
        i->size = 2;
        op = (uint8_t)take(i, 1);
    }
    if (op >= 0x40 && op <= 0x4f) {
        i->rex = op;
        op = (uint8_t)take(i, 1);
    }
    if ((i->rex & 8) != 0)
        i->size = 8;
    if (op == 0x0f)
        run_form(i, two_bytes, (uint8_t)take(i, 1));
    else
        run_form(i, one_byte, op);
}

bool
arch_x86_64_emulate(struct arch_x86_64_state *state, const uint8_t *code, size_t n,
                    const struct arch_access *memory)
{
    enum { TF = 1 << 8, AC = 1 << 18 };
    struct arch_x86_64_state copy = *state;
    struct insn i = { .r = &copy, .memory = memory, .bytes = code, .n = n, .size = 4 };

    if ((state->flags & (TF | AC)) != 0)
        return false;
    run(&i);
    copy.pc += i.at;
    if (i.bad || !is_user(copy.pc))
        return false;
    *state = copy;
    return true;
}
