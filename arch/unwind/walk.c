/* walk.c - one walk: describes a frame by the first source that knows it, leaves it for its
 * caller, and checks that the stack goes somewhere. */
#include "arch/unwind/internal.h"

_Static_assert(sizeof(struct walk) <= sizeof(struct unwind), "struct unwind holds a walk");
_Static_assert(sizeof(struct rule) <= 64, "a rule is a cache line");

enum { FRAME_WORK = 200000, WALK_WORK = 1 << 26, RETRIES = 4096, SWITCHES = 16 };
enum { FRAMES_MAX = 1000000 };

static struct walk *
walk_of(struct unwind *u)
{
    return (struct walk *)u;
}

bool
unwind_fault(struct walk *w, enum unwind_reason reason, uint64_t address)
{
    if (w->fault.reason == UNWIND_RUNNING)
        w->fault = (struct unwind_end){ .reason = reason, .address = address };
    return false;
}

bool
unwind_work(struct walk *w)
{
    if (w->work == 0 || w->all_work == 0)
        return unwind_fault(w, UNWIND_LIMIT, w->frame.pc);
    w->work--;
    w->all_work--;
    return true;
}

void
unwind_row(struct row *row, unsigned cfa_reg, int64_t cfa_offset, enum unwind_source source,
           enum unwind_trust trust)
{
    memset(row, 0, sizeof(*row));
    row->cfa_how = IN_REG;
    row->cfa_reg = (uint8_t)cfa_reg;
    row->cfa_offset = (int32_t)cfa_offset;
    row->source = (uint8_t)source;
    row->trust = (uint8_t)trust;
}

/* ---- describing a frame ---- */

static bool
find_row(struct walk *w)
{
    struct unwind_end first = { UNWIND_RUNNING, 0, 0 };
    uint64_t word;

    w->module = unwind_module_at(w, w->frame.pc - w->frame.called);
    w->gap = 0;
    w->gap_end = UINT64_MAX;
    for (size_t i = 0; i < w->sources->count; i++) {
        enum verdict verdict = w->sources->find[i](w, &w->row);

        if (verdict == FOUND && w->fault.reason == UNWIND_RUNNING)
            return true;
        if (w->fault.reason == UNWIND_NEED || w->fault.reason == UNWIND_LIMIT)
            return false;
        if (first.reason == UNWIND_RUNNING)
            first = w->fault;
        w->fault.reason = UNWIND_RUNNING;
    }
    w->fault = first;
    if (first.reason == UNWIND_RUNNING && !unwind_load(w, reg(w, w->machine->sp), &word))
        return false; /* a stack pointer in a hole says more than that nobody knows the code */
    return unwind_fault(w, UNWIND_NO_INFORMATION, w->frame.pc);
}

static bool
find_cfa(struct walk *w)
{
    const struct row *row = &w->row;
    const struct extras *extras = w->sources->extras;
    uint64_t offset = (uint64_t)(int64_t)row->cfa_offset;

    if (row->cfa_how == IS_EXPR)
        return extras->express_cfa(w); /* who speaks of expressions has them */
    if (row->cfa_how == AT_SP)
        return unwind_load(w, reg(w, w->machine->sp) + offset, &w->frame.cfa);
    if (!known(w, row->cfa_reg) && !(extras != NULL && extras->infer(w, row->cfa_reg)))
        return unwind_fault(w, UNWIND_NO_INFORMATION, w->frame.pc);
    w->frame.cfa = reg(w, row->cfa_reg) + offset;
    return true;
}

static void
find_return(struct walk *w)
{
    const struct row *row = &w->row;
    uint64_t offset = (uint64_t)(int64_t)row->value[row->ra];

    if (row->how[row->ra] == AT_CFA)
        w->frame.return_at = w->frame.cfa + offset;
    else if (row->how[row->ra] == AT_SP)
        w->frame.return_at = reg(w, w->machine->sp) + offset;
}

/* Tables say it with an undefined return address; of the other sources it is a mark. */
static bool
is_outermost(struct walk *w)
{
    const struct row *row = &w->row;

    if (row->how[row->ra] != UNDEFINED)
        return false;
    unwind_fault(w, row->source == UNWIND_EH_FRAME ? UNWIND_OUTERMOST : UNWIND_MARKED,
                 w->frame.pc);
    return true;
}

static bool
describe(struct walk *w)
{
    uint64_t key = w->frame.pc * 2 + w->frame.called;
    const struct extras *extras = w->sources->extras;

    w->fault.reason = UNWIND_RUNNING;
    w->rule = NULL;
    if (extras != NULL && extras->recall(w, key))
        return w->fault.reason == UNWIND_RUNNING;
    w->work = FRAME_WORK;
    if (!find_row(w) || is_outermost(w) || !find_cfa(w))
        return false;
    w->frame.signal = w->row.signal;
    find_return(w);
    if (extras != NULL)
        w->rule = extras->remember(w, key, &w->row);
    return true;
}

/* ---- leaving it ---- */

bool
unwind_load_saved(struct walk *w, struct caller *c, unsigned n, uint64_t at)
{
    if (!unwind_load(w, at, &c->value[n]))
        return false;
    c->at[n] = at;
    c->valid |= (uint64_t)1 << n;
    c->saved |= (uint64_t)1 << n;
    return true;
}

static bool
find_register(struct walk *w, struct caller *c, unsigned n)
{
    const struct row *row = &w->row;
    uint64_t value = (uint64_t)(int64_t)row->value[n];
    uint64_t bit = (uint64_t)1 << n;

    switch (row->how[n]) {
    case AT_CFA:
        return unwind_load_saved(w, c, n, w->frame.cfa + value);
    case AT_SP:
        return unwind_load_saved(w, c, n, reg(w, w->machine->sp) + value);
    case AT_EXPR:
    case IS_EXPR:
        return w->sources->extras->express(w, c, n);
    case IS_CFA:
        c->value[n] = w->frame.cfa + value;
        break;
    case IN_REG:
        if (row->value[n] < 0 || !known(w, (unsigned)row->value[n]))
            return true;
        c->value[n] = reg(w, (unsigned)row->value[n]);
        break;
    case UNSAID:
        if (!row->signal && (w->machine->preserved & bit) == 0)
            return true;
        /* fall through */
    case SAME:
        c->kept |= bit;
        return true;
    default: /* lost */
        return true;
    }
    c->valid |= bit;
    return true;
}

/* A register that cannot be read is lost, and the walk goes on; without a return address it ends.
 */
bool
unwind_can_do_without(struct walk *w, struct caller *c, unsigned n, unsigned ra)
{
    if (w->fault.reason == UNWIND_NEED || w->fault.reason == UNWIND_LIMIT || n == ra)
        return false;
    w->fault.reason = UNWIND_RUNNING;
    c->lost |= (uint64_t)1 << n;
    return true;
}

static bool
read_row(struct walk *w, struct caller *c)
{
    w->fault.reason = UNWIND_RUNNING;
    for (unsigned n = 0; n < UNWIND_REGISTERS; n++)
        if (!find_register(w, c, n) && !unwind_can_do_without(w, c, n, w->row.ra))
            return false;
    return true;
}

/* The frame becomes its caller's: what is kept stays, and what *c says is laid over it. */
static void
take_over(struct walk *w, const struct caller *c)
{
    struct unwind_frame *f = &w->frame;
    uint64_t keep = c->kept & ~c->lost;

    f->registers.valid = (f->registers.valid & keep) | c->valid;
    f->saved = (f->saved & keep & ~c->valid) | c->saved;
    for (uint64_t left = c->valid; left != 0; left &= left - 1) {
        unsigned n = (unsigned)__builtin_ctzll(left);

        f->registers.value[n] = c->value[n];
        f->saved_at[n] = c->at[n];
    }
}

static void
put(struct walk *w, unsigned n, uint64_t v)
{
    w->frame.registers.value[n] = v;
    w->frame.registers.valid |= (uint64_t)1 << n;
}

/* ---- the caller's frame must be one ---- */

/* Stacks grow down, so callers stand higher. Who is called has at least a return address there,
 * but on AArch64 a leaf may have nothing. A signal frame may come from another stack, and so may
 * a few others by the tables' word. */
static bool
rises(struct walk *w, uint64_t sp, uint64_t below, bool signal, bool leaf)
{
    bool tables = w->frame.source == UNWIND_EH_FRAME;

    if (signal || sp > below || (sp == below && leaf))
        return true;
    if (tables && w->switches > 0) {
        w->switches--;
        return true;
    }
    return unwind_fault(w, UNWIND_NOT_RISING, sp);
}

/* One word for both. Two frames that give the same by chance end a walk too early, and do no other
 * harm. */
static uint64_t
mix(uint64_t pc, uint64_t sp)
{
    return pc * 0x9e3779b97f4a7c15 + (sp << 32 | sp >> 32) * 0xc2b2ae3d27d4eb4f;
}

static uint32_t
next_mark(uint32_t index)
{
    uint32_t mark = 1;

    while (mark <= index)
        mark = 2 * mark + 1;
    return index < FRAMES_MAX ? mark : UINT32_MAX;
}

/* An earlier frame is kept, and a new one at every power of two, so that a cycle of any length is
 * met (Brent). No two frames of a stack have the same PC and CFA. */
static bool
is_new(struct walk *w, uint64_t pc, uint64_t sp)
{
    uint64_t mixed = mix(pc, sp);

    if (mixed == w->mark)
        return unwind_fault(w, UNWIND_CYCLE, sp);
    if (w->frame.index >= w->mark_at) {
        w->mark_at = next_mark(w->frame.index);
        w->mark = mixed;
    }
    return true;
}

static bool
arrive(struct walk *w, uint64_t pc, uint64_t below, bool signal, bool leaf)
{
    struct unwind_frame *f = &w->frame;
    uint64_t sp = f->registers.value[w->machine->sp];

    if (pc == 0)
        return unwind_fault(w, UNWIND_MARKED, f->pc);
    w->module = unwind_module_at(w, signal ? pc : pc - 1);
    if (!unwind_is_code(w, signal ? pc : pc - 1))
        return unwind_fault(w, UNWIND_NOT_CODE, pc);
    if (f->index + 1 >= w->max_frames)
        return unwind_fault(w, UNWIND_LIMIT, pc);
    if (!rises(w, sp, below, signal, leaf) || !is_new(w, pc, sp))
        return false;
    f->index++;
    f->pc = pc;
    f->called = !signal;
    f->cfa = f->return_at = 0;
    f->signal = false;
    return true;
}

/* The caller's PC, from the return address's column. */
static bool
find_pc(struct walk *w, const struct caller *c, unsigned ra, uint64_t *pc)
{
    if ((c->valid >> ra & 1) != 0)
        *pc = unwind_strip(w, c->value[ra]);
    else if (known(w, ra) && ra != w->machine->pc &&
             ((c->kept >> ra & 1) != 0 || ra == w->machine->link))
        *pc = unwind_strip(w, reg(w, ra));
    else
        return unwind_fault(w, UNWIND_NO_INFORMATION, w->frame.pc);
    return true;
}

static bool
leave(struct walk *w)
{
    const struct rule *r = w->rule;
    unsigned ra = r != NULL ? ra_column(w) : w->row.ra;
    bool signal = r == NULL && w->row.signal;
    uint64_t below = reg(w, w->machine->sp);
    bool leaf = w->machine->link != NO_REG && !w->frame.called;
    struct caller c;
    uint64_t pc = 0;

    c.valid = c.saved = c.lost = 0;
    c.kept = r != NULL ? w->machine->preserved : 0;
    if (!(r != NULL ? w->sources->extras->read_rule(w, &c) : read_row(w, &c)) ||
        !find_pc(w, &c, ra, &pc))
        return false;
    take_over(w, &c);
    w->frame.source = r != NULL ? UNWIND_EH_FRAME : w->row.source;
    if (r == NULL && w->row.trust < w->frame.trust)
        w->frame.trust = w->row.trust;
    if ((c.valid >> w->machine->sp & 1) == 0) /* longjmp's tables say another, as signals do */
        put(w, w->machine->sp, w->frame.cfa);
    put(w, w->machine->pc, pc);
    if (!signal && w->machine->link != NO_REG) /* it held the way back into this frame */
        w->frame.registers.valid &= ~((uint64_t)1 << w->machine->link);
    return arrive(w, pc, below, signal, leaf);
}

/* ---- the public face ---- */

const char *
unwind_init(struct unwind *u, const struct unwind_config *config)
{
    struct walk *w = walk_of(u);

    if (config->size < sizeof(*config))
        return "config.size is not that of struct unwind_config";
    if (config->machine == NULL || config->sources == NULL)
        return "no machine, or no sources";
    memset(u, 0, sizeof(*u));
    w->machine = config->machine;
    w->sources = config->sources;
    w->memory = config->memory;
    w->modules = config->modules;
    w->module_count = config->module_count;
    w->complete = config->complete;
    w->scan = config->scan;
    w->pac_mask = config->pac_mask;
    w->find_module = config->find_module;
    w->finder = config->finder;
    w->exceptions = config->exceptions;
    w->exception_count = config->exceptions != NULL ? config->exception_count : 0;
    w->max_frames = config->max_frames != 0 ? config->max_frames : FRAMES_MAX;
    w->generation = w->rule_generation = 1;
    w->phase = OVER;
    return w->sources->reader->init(w, config);
}

void
unwind_set_pac_mask(struct unwind *u, uint64_t mask)
{
    walk_of(u)->pac_mask = mask;
}

void
unwind_set_modules(struct unwind *u, const struct unwind_module *modules, size_t count)
{
    struct walk *w = walk_of(u);

    w->modules = modules;
    w->module_count = count;
    w->module = NULL;
    if (++w->rule_generation == 0) { /* the counter came round: old rules must not look new */
        memset(w->rules, 0, w->rule_count * sizeof(struct rule));
        w->rule_generation = 1;
    }
}

void
unwind_begin_again(struct unwind *u, const struct unwind_registers *registers)
{
    struct walk *w = walk_of(u);
    uint64_t needed = (uint64_t)1 << w->machine->pc | (uint64_t)1 << w->machine->sp;

    memset(&w->frame, 0, sizeof(w->frame));
    w->frame.registers = *registers;
    w->frame.registers.valid &= ((uint64_t)1 << UNWIND_REGISTERS) - 1;
    w->frame.pc = registers->value[w->machine->pc];
    w->frame.trust = UNWIND_FULL;
    w->module = NULL;
    w->all_work = WALK_WORK;
    w->retries = RETRIES;
    w->switches = SWITCHES;
    w->mark_at = 0;
    w->mark = mix(w->frame.pc, registers->value[w->machine->sp]);
    w->end = w->fault = (struct unwind_end){ UNWIND_RUNNING, 0, 0 };
    w->phase = DESCRIBE;
    if ((registers->valid & needed) == needed)
        return;
    w->phase = OVER;
    w->end.reason = UNWIND_NO_INFORMATION;
}

void
unwind_begin(struct unwind *u, const struct unwind_registers *registers)
{
    struct walk *w = walk_of(u);

    if (++w->generation == 0) {
        memset(w->lines, 0, w->line_count * sizeof(struct line));
        w->generation = 1;
    }
    unwind_begin_again(u, registers);
}

/* ---- taken up again ---- */

/* The fields of unwind_place.state, from the lowest bit on. */
enum { INDEX_BITS = 20, CALLED_AT = 20, TRUST = 21, SOURCE = 23, SWITCHES_AT = 26, WORK = 31 };
enum { WORK_UNIT = 1 << 16, STATE_BITS = 48, VALID_BITS = UNWIND_REGISTERS };

static uint64_t
bits(uint64_t state, unsigned at, unsigned count)
{
    return state >> at & (((uint64_t)1 << count) - 1);
}

void
unwind_save(const struct unwind *u, struct unwind_place *place)
{
    const struct walk *w = (const struct walk *)u;
    const struct unwind_frame *f = &w->frame;
    uint64_t work = w->all_work / WORK_UNIT;

    place->mark = w->mark;
    place->state = place->state >> STATE_BITS << STATE_BITS;
    place->state |= (f->index & ((1u << INDEX_BITS) - 1)) | (uint64_t)f->called << CALLED_AT |
                    (uint64_t)f->trust << TRUST | (uint64_t)f->source << SOURCE |
                    (uint64_t)w->switches << SWITCHES_AT | work << WORK;
    place->valid = place->valid >> VALID_BITS << VALID_BITS | f->registers.valid;
}

void
unwind_resume(struct unwind *u, const struct unwind_registers *registers,
              const struct unwind_place *place)
{
    struct walk *w = walk_of(u);
    struct unwind_frame *f = &w->frame;

    unwind_begin_again(u, registers);
    f->registers.valid &= place->valid;
    f->index = (uint32_t)bits(place->state, 0, INDEX_BITS);
    f->called = bits(place->state, CALLED_AT, 1) != 0;
    f->trust = (uint8_t)bits(place->state, TRUST, 2);
    f->source = (uint8_t)bits(place->state, SOURCE, 3);
    w->switches = (uint32_t)bits(place->state, SWITCHES_AT, 5);
    w->all_work = (uint32_t)bits(place->state, WORK, 11) * WORK_UNIT;
    w->mark = place->mark;
    w->mark_at = f->index == 0 ? 0 : next_mark(f->index - 1);
}

/* No frame: the end, or memory is needed and the same is done again. */
static const struct unwind_frame *
stop(struct walk *w)
{
    if (w->fault.reason == UNWIND_NEED && w->retries-- == 0)
        w->fault.reason = UNWIND_LIMIT;
    w->end = w->fault;
    if (w->end.reason != UNWIND_NEED)
        w->phase = OVER;
    return NULL;
}

const struct unwind_frame *
unwind_next(struct unwind *u)
{
    struct walk *w = walk_of(u);

    if (w->phase == OVER)
        return NULL;
    w->end.reason = UNWIND_RUNNING;
    if (w->phase == DOOMED || (w->phase == LEAVE && !leave(w)))
        return stop(w);
    w->phase = DESCRIBE;
    if (describe(w))
        w->phase = LEAVE;
    else if (w->fault.reason == UNWIND_NEED)
        return stop(w);
    else
        w->phase = DOOMED;
    w->retries = RETRIES;
    return &w->frame;
}

const struct unwind_end *
unwind_end(const struct unwind *u)
{
    return &((const struct walk *)u)->end;
}

const char *
unwind_source_name(enum unwind_source source)
{
    static const char *const names[] = { "given",         "eh_frame", "signal", "instructions",
                                         "frame pointer", "leaf",     "scan" };
    return (unsigned)source < sizeof(names) / sizeof(names[0]) ? names[source] : "?";
}

const char *
unwind_reason_name(enum unwind_reason reason)
{
    static const char *const names[] = {
        "running",    "memory is needed", "outermost", "marked end",
        "unreadable", "no information",   "bad table", "cycle",
        "not rising", "not code",         "limit"
    };
    return (unsigned)reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "?";
}
