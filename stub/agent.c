/* agent.c - the interpreter of agent expressions (GDB manual, "Bytecode Descriptions"). One row
 * per bytecode says what it takes and leaves, so that the stack is checked in one place. */
#include "stub/agent.h"

#include "stub/agent_print.h"

struct machine {
    struct stub_agent *agent;
    struct rsp_in code; /* all of it */
    size_t at;          /* of the next byte to be taken */
    unsigned depth;
    uint64_t stack[1 + STUB_AGENT_STACK]; /* [depth] is the top, [0] is never a value */
};

enum { OP_END = 0x27 };

/* Does what a row's bytecode is for. The row's pops are on the stack and there is room for its
 * pushes; `top` is the highest of the pops, values below it come before it. */
typedef bool deed(struct machine *m, uint8_t op, uint64_t *top, uint64_t operand);

struct row {
    deed *run;       /* NULL: no such bytecode, or one that is refused */
    uint8_t operand; /* bytes behind the bytecode, high one first */
    uint8_t pops, pushes;
};

/* ---- arithmetic ---- */

static bool
divide(uint8_t op, uint64_t a, uint64_t b, uint64_t *r)
{
    enum { DIV_SIGNED = 0x05, DIV_UNSIGNED, REM_SIGNED, REM_UNSIGNED };

    if (b == 0)
        return false;
    if (op == DIV_UNSIGNED)
        *r = a / b;
    else if (op == REM_UNSIGNED)
        *r = a % b;
    else if (b == UINT64_MAX) /* by -1: the one quotient that overflows wraps */
        *r = op == DIV_SIGNED ? 0 - a : 0;
    else if (op == DIV_SIGNED)
        *r = (uint64_t)((int64_t)a / (int64_t)b);
    else
        *r = (uint64_t)((int64_t)a % (int64_t)b);
    return true;
}

static bool
run_divide(struct machine *m, uint8_t op, uint64_t *top, uint64_t operand)
{
    (void)m;
    (void)operand;
    return divide(op, top[-1], top[0], &top[-1]);
}

/* A shift by the width or more leaves nothing but the sign. */
static uint64_t
shift(uint8_t op, uint64_t a, uint64_t n)
{
    enum { LSH = 0x09, RSH_SIGNED };
    uint64_t sign = op == RSH_SIGNED && (a >> 63) != 0 ? UINT64_MAX : 0;

    if (n == 0)
        return a;
    if (n >= 64)
        return sign;
    return op == LSH ? a << n : a >> n | sign << (64 - n);
}

static bool
run_binary(struct machine *m, uint8_t op, uint64_t *top, uint64_t operand)
{
    uint64_t a = top[-1], b = top[0], r = 0;

    (void)m;
    (void)operand;
    switch (op) {
    case 0x02:
        r = a + b;
        break;
    case 0x03:
        r = a - b;
        break;
    case 0x04:
        r = a * b;
        break;
    case 0x09:
    case 0x0a:
    case 0x0b:
        r = shift(op, a, b);
        break;
    case 0x0f:
        r = a & b;
        break;
    case 0x10:
        r = a | b;
        break;
    case 0x11:
        r = a ^ b;
        break;
    case 0x13:
        r = a == b;
        break;
    case 0x14:
        r = (int64_t)a < (int64_t)b;
        break;
    case 0x15:
        r = a < b;
        break;
    }
    top[-1] = r;
    return true;
}

static bool
run_not(struct machine *m, uint8_t op, uint64_t *top, uint64_t operand)
{
    enum { LOG_NOT = 0x0e };

    (void)m;
    (void)operand;
    *top = op == LOG_NOT ? *top == 0 : ~*top;
    return true;
}

/* ext and zero_ext: the low `bits` bits count. */
static bool
run_extend(struct machine *m, uint8_t op, uint64_t *top, uint64_t bits)
{
    enum { EXT = 0x16 };
    uint64_t sign;

    (void)m;
    if (bits == 0)
        return false;
    if (bits >= 64)
        return true;
    *top &= (UINT64_C(1) << bits) - 1;
    sign = UINT64_C(1) << (bits - 1);
    if (op == EXT)
        *top = (*top ^ sign) - sign;
    return true;
}

/* ---- the stack ---- */

static bool
run_const(struct machine *m, uint8_t op, uint64_t *top, uint64_t operand)
{
    (void)m;
    (void)op;
    top[1] = operand;
    return true;
}

static bool
run_dup(struct machine *m, uint8_t op, uint64_t *top, uint64_t operand)
{
    (void)m;
    (void)op;
    (void)operand;
    top[1] = top[0];
    return true;
}

static bool
run_pop(struct machine *m, uint8_t op, uint64_t *top, uint64_t operand)
{
    (void)m;
    (void)op;
    (void)top;
    (void)operand;
    return true;
}

static bool
run_swap(struct machine *m, uint8_t op, uint64_t *top, uint64_t operand)
{
    uint64_t a = top[-1];

    (void)m;
    (void)op;
    (void)operand;
    top[-1] = top[0];
    top[0] = a;
    return true;
}

static bool
run_pick(struct machine *m, uint8_t op, uint64_t *top, uint64_t n)
{
    (void)op;
    if (n >= m->depth)
        return false;
    top[1] = *(top - n);
    return true;
}

/* a b c become c a b. */
static bool
run_rot(struct machine *m, uint8_t op, uint64_t *top, uint64_t operand)
{
    uint64_t c = top[0];

    (void)m;
    (void)op;
    (void)operand;
    top[0] = top[-1];
    top[-1] = top[-2];
    top[-2] = c;
    return true;
}

/* ---- where to go on ---- */

static bool
jump(struct machine *m, uint64_t to)
{
    m->at = (size_t)to;
    return to < rsp_left(&m->code);
}

static bool
run_if_goto(struct machine *m, uint8_t op, uint64_t *top, uint64_t to)
{
    (void)op;
    return *top == 0 || jump(m, to);
}

static bool
run_goto(struct machine *m, uint8_t op, uint64_t *top, uint64_t to)
{
    (void)op;
    (void)top;
    return jump(m, to);
}

/* ---- the target ---- */

static bool
run_ref(struct machine *m, uint8_t op, uint64_t *top, uint64_t operand)
{
    enum { REF8 = 0x17 };
    struct stub_agent *a = m->agent;
    size_t size = (size_t)1 << (op - REF8);
    uint8_t bytes[8];

    (void)operand;
    if (arch_read(&a->memory, *top, bytes, size) != size)
        return false;
    *top = arch_get_uint(a->arch, bytes, size);
    return true;
}

static bool
run_reg(struct machine *m, uint8_t op, uint64_t *top, uint64_t number)
{
    (void)op;
    return m->agent->get_register(m->agent->context, (unsigned)number, &top[1]);
}

/* The operand is the count of arguments; the format stands behind it, its length (with a NUL) in
 * two bytes before it. On the stack are the arguments, the first one highest, and above them a
 * channel and a function, for targets with several printfs. */
static bool
run_printf(struct machine *m, uint8_t op, uint64_t *top, uint64_t count)
{
    size_t left = rsp_left(&m->code) - m->at, size;
    const uint8_t *text = m->code.p + m->at;

    (void)op;
    if (left < 2)
        return false;
    size = (size_t)text[0] << 8 | text[1];
    if (size == 0 || size > left - 2 || count + 2 > m->depth || text[2 + size - 1] != '\0')
        return false;
    m->at += 2 + size;
    m->depth -= (unsigned)count;
    return stub_agent_print(m->agent, rsp_in_from(text + 2, size - 1), top - 2, (unsigned)count);
}

/* ---- rows ---- */

static const struct row rows[] = {
    [0x02] = { run_binary, 0, 2, 1 },  /* add */
    [0x03] = { run_binary, 0, 2, 1 },  /* sub */
    [0x04] = { run_binary, 0, 2, 1 },  /* mul */
    [0x05] = { run_divide, 0, 2, 1 },  /* div_signed */
    [0x06] = { run_divide, 0, 2, 1 },  /* div_unsigned */
    [0x07] = { run_divide, 0, 2, 1 },  /* rem_signed */
    [0x08] = { run_divide, 0, 2, 1 },  /* rem_unsigned */
    [0x09] = { run_binary, 0, 2, 1 },  /* lsh */
    [0x0a] = { run_binary, 0, 2, 1 },  /* rsh_signed */
    [0x0b] = { run_binary, 0, 2, 1 },  /* rsh_unsigned */
    [0x0e] = { run_not, 0, 1, 1 },     /* log_not */
    [0x0f] = { run_binary, 0, 2, 1 },  /* bit_and */
    [0x10] = { run_binary, 0, 2, 1 },  /* bit_or */
    [0x11] = { run_binary, 0, 2, 1 },  /* bit_xor */
    [0x12] = { run_not, 0, 1, 1 },     /* bit_not */
    [0x13] = { run_binary, 0, 2, 1 },  /* equal */
    [0x14] = { run_binary, 0, 2, 1 },  /* less_signed */
    [0x15] = { run_binary, 0, 2, 1 },  /* less_unsigned */
    [0x16] = { run_extend, 1, 1, 1 },  /* ext */
    [0x17] = { run_ref, 0, 1, 1 },     /* ref8 */
    [0x18] = { run_ref, 0, 1, 1 },     /* ref16 */
    [0x19] = { run_ref, 0, 1, 1 },     /* ref32 */
    [0x1a] = { run_ref, 0, 1, 1 },     /* ref64 */
    [0x20] = { run_if_goto, 2, 1, 0 }, /* if_goto */
    [0x21] = { run_goto, 2, 0, 0 },    /* goto */
    [0x22] = { run_const, 1, 0, 1 },   /* const8 */
    [0x23] = { run_const, 2, 0, 1 },   /* const16 */
    [0x24] = { run_const, 4, 0, 1 },   /* const32 */
    [0x25] = { run_const, 8, 0, 1 },   /* const64 */
    [0x26] = { run_reg, 2, 0, 1 },     /* reg */
    [0x28] = { run_dup, 0, 1, 2 },     /* dup */
    [0x29] = { run_pop, 0, 1, 0 },     /* pop */
    [0x2a] = { run_extend, 1, 1, 1 },  /* zero_ext */
    [0x2b] = { run_swap, 0, 2, 2 },    /* swap */
    [0x32] = { run_pick, 1, 0, 1 },    /* pick */
    [0x33] = { run_rot, 0, 3, 3 },     /* rot */
    [0x34] = { run_printf, 1, 2, 0 },  /* printf; pops its arguments itself */
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static bool
take_operand(struct machine *m, unsigned size, uint64_t *operand)
{
    *operand = 0;
    if (size > rsp_left(&m->code) - m->at)
        return false;
    while (size-- > 0)
        *operand = *operand << 8 | m->code.p[m->at++];
    return true;
}

static bool
step(struct machine *m, uint8_t op)
{
    const struct row *row = &rows[op];
    uint64_t operand;
    uint64_t *top;

    if (row->run == NULL || !take_operand(m, row->operand, &operand))
        return false;
    if (m->depth < row->pops || m->depth - row->pops + row->pushes > STUB_AGENT_STACK)
        return false;
    top = &m->stack[m->depth];
    if (!row->run(m, op, top, operand))
        return false;
    m->depth = m->depth - row->pops + row->pushes;
    return true;
}

bool
stub_agent_run(struct stub_agent *a, struct rsp_in code, uint64_t *value)
{
    struct machine m;
    size_t size = rsp_left(&code);

    m.agent = a;
    m.code = code;
    m.at = 0;
    m.depth = 0;
    while (m.at < size && a->steps > 0) {
        uint8_t op = code.p[m.at++];

        a->steps--;
        if (op == OP_END) {
            if (value != NULL && m.depth > 0)
                *value = m.stack[m.depth];
            return value == NULL || m.depth > 0;
        }
        if (op >= ROWS || !step(&m, op))
            return false;
    }
    return false;
}

/* ---- lists ---- */

bool
stub_agent_next(struct rsp_in *list, struct rsp_in *code)
{
    size_t left = rsp_left(list), size;

    if (left < 2)
        return false;
    size = (size_t)list->p[0] << 8 | list->p[1];
    if (size > left - 2)
        return false;
    *code = rsp_in_from(list->p + 2, size);
    list->p += 2 + size;
    return true;
}

bool
stub_agent_holds(struct stub_agent *a, struct rsp_in list)
{
    struct rsp_in code;
    uint64_t value;

    if (rsp_left(&list) == 0)
        return true;
    while (stub_agent_next(&list, &code))
        if (!stub_agent_run(a, code, &value) || value != 0)
            return true;
    return rsp_left(&list) > 0;
}

bool
stub_agent_do(struct stub_agent *a, struct rsp_in list)
{
    struct rsp_in code;

    while (stub_agent_next(&list, &code))
        if (!stub_agent_run(a, code, NULL))
            return false;
    return rsp_left(&list) == 0;
}
