/* expr.c - DWARF expressions as call frame information uses them (DWARF 5, 2.5). Every step is
 * counted, so that one that jumps back for ever is refused. */
#include "arch/unwind/internal.h"

enum { /* DW_OP_ */
       ADDR = 0x03,
       DEREF = 0x06,
       CONST1U = 0x08,
       CONST1S,
       CONST2U,
       CONST2S,
       CONST4U,
       CONST4S,
       CONST8U,
       CONST8S,
       CONSTU,
       CONSTS,
       DUP,
       DROP,
       OVER_OP,
       PICK,
       SWAP,
       ROT,
       ABS = 0x19,
       AND,
       DIV,
       MINUS,
       MOD,
       MUL,
       NEG,
       NOT,
       OR,
       PLUS,
       PLUS_UCONST,
       SHL,
       SHR,
       SHRA,
       XOR,
       BRA,
       EQ,
       GE,
       GT,
       LE,
       LT,
       NE,
       SKIP,
       LIT0 = 0x30,
       LIT31 = 0x4f,
       BREG0 = 0x70,
       BREG31 = 0x8f,
       BREGX = 0x92,
       DEREF_SIZE = 0x94,
       NOP = 0x96
};

enum { DEPTH = 32, STEPS = 1000 };

struct stack {
    struct walk *w;
    struct cursor c;
    uint64_t begin;
    uint64_t v[DEPTH];
    unsigned depth;
};

static void
refuse(struct stack *s)
{
    if (!s->c.bad)
        unwind_fault(s->w, UNWIND_BAD_TABLE, s->begin);
    s->c.bad = true;
}

static void
push(struct stack *s, uint64_t v)
{
    if (s->depth == DEPTH)
        refuse(s);
    else
        s->v[s->depth++] = v;
}

static uint64_t
pop(struct stack *s)
{
    if (s->depth == 0) {
        refuse(s);
        return 0;
    }
    return s->v[--s->depth];
}

/* The value `down` places below the top. */
static uint64_t
pick(struct stack *s, unsigned down)
{
    if (down >= s->depth) {
        refuse(s);
        return 0;
    }
    return s->v[s->depth - 1 - down];
}

static void
jump(struct stack *s, int64_t by)
{
    uint64_t to = s->c.at + (uint64_t)by;

    if (to < s->begin || to > s->c.end)
        refuse(s);
    else
        unwind_seek(&s->c, to);
}

static void
push_register(struct stack *s, uint64_t n, int64_t offset)
{
    if (n >= UNWIND_REGISTERS || !known(s->w, (unsigned)n))
        refuse(s);
    else
        push(s, reg(s->w, (unsigned)n) + (uint64_t)offset);
}

static void
deref(struct stack *s, unsigned size)
{
    uint8_t bytes[8] = { 0 };
    uint64_t address = pop(s);
    uint64_t v = 0;

    if (size == 0 || size > sizeof(bytes))
        refuse(s);
    else if (!s->c.bad && !unwind_bytes(s->w, address, bytes, size))
        s->c.bad = true;
    for (unsigned i = 8; i-- > 0;)
        v = v << 8 | bytes[i];
    push(s, v);
}

static uint64_t
divide(struct stack *s, int64_t a, int64_t b)
{
    if (b == 0)
        refuse(s);
    if (b == 0 || b == -1)
        return b == 0 ? 0 : -(uint64_t)a; /* the smallest number by -1 would trap */
    return (uint64_t)(a / b);
}

static uint64_t
shift(unsigned op, uint64_t a, uint64_t by)
{
    if (op == SHRA)
        return (uint64_t)((int64_t)a >> (by < 63 ? by : 63));
    if (by > 63)
        return 0;
    return op == SHL ? a << by : a >> by;
}

/* Operators of two values; false: it is another. */
static bool
calculate(struct stack *s, unsigned op, uint64_t a, uint64_t b, uint64_t *v)
{
    int64_t x = (int64_t)a;
    int64_t y = (int64_t)b;

    switch (op) {
    case AND:
        *v = a & b;
        return true;
    case DIV:
        *v = divide(s, x, y);
        return true;
    case MINUS:
        *v = a - b;
        return true;
    case MOD:
        if (b == 0)
            refuse(s);
        *v = b == 0 ? 0 : a % b;
        return true;
    case MUL:
        *v = a * b;
        return true;
    case OR:
        *v = a | b;
        return true;
    case PLUS:
        *v = a + b;
        return true;
    case SHL:
    case SHR:
    case SHRA:
        *v = shift(op, a, b);
        return true;
    case XOR:
        *v = a ^ b;
        return true;
    case EQ:
        *v = x == y;
        return true;
    case GE:
        *v = x >= y;
        return true;
    case GT:
        *v = x > y;
        return true;
    case LE:
        *v = x <= y;
        return true;
    case LT:
        *v = x < y;
        return true;
    case NE:
        *v = x != y;
        return true;
    default:
        return false;
    }
}

static bool
is_constant(struct stack *s, unsigned op)
{
    struct cursor *c = &s->c;

    if (op >= CONST1U && op <= CONST8S) {
        unsigned size = 1u << (op - CONST1U) / 2;

        push(s, (op - CONST1U) % 2 == 0 ? unwind_uint(c, size) : (uint64_t)unwind_sint(c, size));
    } else if (op >= LIT0 && op <= LIT31)
        push(s, op - LIT0);
    else if (op == ADDR)
        push(s, unwind_uint(c, 8));
    else if (op == CONSTU)
        push(s, unwind_uleb(c));
    else if (op == CONSTS)
        push(s, (uint64_t)unwind_sleb(c));
    else
        return false;
    return true;
}

static bool
is_register(struct stack *s, unsigned op)
{
    uint64_t n = op - BREG0;

    if (op != BREGX && (op < BREG0 || op > BREG31))
        return false;
    if (op == BREGX)
        n = unwind_uleb(&s->c);
    push_register(s, n, unwind_sleb(&s->c));
    return true;
}

static bool
moves_stack(struct stack *s, unsigned op)
{
    uint64_t a, b, c;

    switch (op) {
    case DUP:
        push(s, pick(s, 0));
        return true;
    case DROP:
        pop(s);
        return true;
    case OVER_OP:
        push(s, pick(s, 1));
        return true;
    case PICK:
        push(s, pick(s, (unsigned)unwind_uint(&s->c, 1)));
        return true;
    case SWAP:
        a = pop(s);
        b = pop(s);
        push(s, a);
        push(s, b);
        return true;
    case ROT:
        a = pop(s);
        b = pop(s);
        c = pop(s);
        push(s, a);
        push(s, c);
        push(s, b);
        return true;
    default:
        return false;
    }
}

/* What is left: one value changed, memory, jumps. */
static bool
is_other(struct stack *s, unsigned op)
{
    int64_t by;
    uint64_t v;

    switch (op) {
    case NOP:
        return true;
    case DEREF:
        deref(s, 8);
        return true;
    case DEREF_SIZE:
        deref(s, (unsigned)unwind_uint(&s->c, 1));
        return true;
    case ABS:
        v = pop(s);
        push(s, (int64_t)v < 0 ? -v : v);
        return true;
    case NEG:
        push(s, -pop(s));
        return true;
    case NOT:
        push(s, ~pop(s));
        return true;
    case PLUS_UCONST:
        v = pop(s);
        push(s, v + unwind_uleb(&s->c));
        return true;
    case SKIP:
    case BRA:
        by = unwind_sint(&s->c, 2);
        if (op == SKIP || pop(s) != 0)
            jump(s, by);
        return true;
    default:
        return false;
    }
}

static void
step(struct stack *s)
{
    unsigned op = (unsigned)unwind_uint(&s->c, 1);
    uint64_t a, b, v;

    if (is_constant(s, op) || is_register(s, op) || moves_stack(s, op) || is_other(s, op))
        return;
    b = pop(s);
    a = pop(s);
    if (calculate(s, op, a, b, &v))
        push(s, v);
    else
        refuse(s);
}

static bool
evaluate(struct walk *w, int32_t place, const uint64_t *first, uint64_t *result)
{
    uint64_t at = w->row.base + (uint64_t)(int64_t)place;
    struct stack s = { .w = w, .begin = at };
    uint64_t length;

    s.c = unwind_cursor(w, at, at + 16 < at ? at : at + 16);
    length = unwind_uleb(&s.c);
    s.begin = s.c.at;
    if (s.c.bad || length > UINT64_MAX - s.begin)
        return s.c.bad ? false : unwind_fault(w, UNWIND_BAD_TABLE, at);
    s.c = unwind_cursor(w, s.begin, s.begin + length);
    if (first != NULL)
        push(&s, *first);
    for (unsigned steps = 0; s.c.at < s.c.end && !s.c.bad; steps++) {
        if (steps == STEPS)
            refuse(&s);
        else
            step(&s);
    }
    *result = pop(&s);
    return !s.c.bad;
}

bool
unwind_express(struct walk *w, struct caller *c, unsigned n)
{
    uint64_t v;

    if (!evaluate(w, w->row.value[n], &w->frame.cfa, &v))
        return false;
    if (w->row.how[n] == AT_EXPR)
        return unwind_load_saved(w, c, n, v);
    c->value[n] = v;
    c->valid |= (uint64_t)1 << n;
    return true;
}

bool
unwind_express_cfa(struct walk *w)
{
    return evaluate(w, w->row.cfa_offset, NULL, &w->frame.cfa);
}
