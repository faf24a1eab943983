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
unwind_row(const struct walk *w, struct row *row, unsigned cfa_reg, int64_t cfa_offset,
           enum unwind_source source, enum unwind_trust trust)
{
    memset(row, 0, sizeof(*row));
    row->cfa_how = IN_REG;
    row->ra = w->machine->ra;
    row->cfa_reg = (uint8_t)cfa_reg;
    row->cfa_offset = (int32_t)cfa_offset;
    row->source = (uint8_t)source;
    row->trust = (uint8_t)trust;
}

/* ---- describing a frame ---- */

static bool
find_row(struct walk *w)
{
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
        if (w->end.reason == UNWIND_RUNNING) /* what went wrong first tells most */
            w->end = w->fault;
        w->fault.reason = UNWIND_RUNNING;
    }
    w->fault = w->end;
    if (w->end.reason == UNWIND_RUNNING && !unwind_load(w, w->sp, &word))
        return false; /* a stack pointer in a hole says more than that nobody knows the code */
    return unwind_fault(w, UNWIND_NO_INFORMATION, w->frame.pc);
}

static bool
find_cfa(struct walk *w)
{
    const struct row *row = &w->row;
    uint64_t offset = (uint64_t)(int64_t)row->cfa_offset;

    if (row->cfa_how == AT_SP)
        return unwind_load(w, w->sp + offset, &w->frame.cfa);
    if (row->cfa_how == IS_EXPR || !known(w, row->cfa_reg)) /* tables alone may say so */
        return w->sources->extras->find_cfa(w);
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
        w->frame.return_at = w->sp + offset;
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
    unsigned how = row->how[n];
    uint64_t value = (uint64_t)(int64_t)row->value[n];
    uint64_t bit = (uint64_t)1 << n;

    switch (how) {
    case AT_CFA:
    case IS_CFA:
        value += w->frame.cfa;
        break;
    case AT_SP:
        value += w->sp;
        break;
    case AT_EXPR:
    case IS_EXPR:
        return w->sources->extras->express(w, c, n);
    case IN_REG:
        if (row->value[n] < 0 || !known(w, (unsigned)row->value[n]))
            return true;
        value = reg(w, (unsigned)row->value[n]);
        break;
    case UNSAID:
        if (!row->signal && (w->machine->preserved & bit) == 0 && n != row->ra)
            return true;
        /* fall through */
    case SAME:
        c->kept |= bit;
        return true;
    default: /* lost */
        return true;
    }
    if (how == AT_CFA || how == AT_SP)
        return unwind_load_saved(w, c, n, value);
    c->value[n] = value;
    c->valid |= bit;
    return true;
}

/* A register that cannot be read is lost, and the walk goes on; without a return address it ends.
 */
bool
unwind_can_do_without(struct walk *w, unsigned n, unsigned ra)
{
    if (w->fault.reason == UNWIND_NEED || w->fault.reason == UNWIND_LIMIT || n == ra)
        return false;
    w->fault.reason = UNWIND_RUNNING;
    return true;
}

static bool
read_row(struct walk *w, struct caller *c)
{
    w->fault.reason = UNWIND_RUNNING;
    for (unsigned n = 0; n < UNWIND_REGISTERS; n++)
        if (!find_register(w, c, n) && !unwind_can_do_without(w, n, w->row.ra))
            return false;
    return true;
}

/* The frame becomes its caller's: what is kept stays, and what *c says is laid over it. */
static void
take_over(struct walk *w, const struct caller *c)
{
    struct unwind_frame *f = &w->frame;

    f->registers.valid = (f->registers.valid & c->kept) | c->valid;
    f->saved = (f->saved & c->kept & ~c->valid) | c->saved;
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
rises(struct walk *w, uint64_t sp, bool signal)
{
    bool leaf = w->machine->link != NO_REG && !w->frame.called;

    if (signal || sp > w->sp || (sp == w->sp && leaf))
        return true;
    if (w->frame.source == UNWIND_EH_FRAME && w->switches > 0) {
        w->switches--;
        return true;
    }
    return unwind_fault(w, UNWIND_NOT_RISING, sp);
}

/* One word for both. The low half tells PCs apart, the high half stack pointers, where they lie
 * within 4 GB of each other. Two frames that give the same by chance end a walk too early, and do
 * no other harm. */
static uint64_t
mix(uint64_t pc, uint64_t sp)
{
    return pc * 0x9e3779b1u ^ (sp << 32 | sp >> 32);
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
        w->mark_at = 2 * w->mark_at + 1;
        w->mark = mixed;
    }
    return true;
}

bool
unwind_arrive(struct walk *w, unsigned ra, bool signal, bool has_sp)
{
    struct unwind_frame *f = &w->frame;
    unsigned link = w->machine->link;
    uint64_t pc, sp, within;

    if (!known(w, ra))
        return unwind_fault(w, UNWIND_NO_INFORMATION, f->pc);
    pc = reg(w, ra);
    if (link != NO_REG)
        pc = unwind_strip(w, pc);
    if (!has_sp)
        put(w, w->machine->sp, f->cfa);
    put(w, w->machine->pc, pc);
    if (!signal && link != NO_REG) /* it held the way back into this frame */
        f->registers.valid &= ~((uint64_t)1 << link);
    if (pc == 0)
        return unwind_fault(w, UNWIND_MARKED, f->pc);
    within = pc - !signal;
    w->module = unwind_module_at(w, within);
    if (!unwind_is_code(w, w->module, within))
        return unwind_fault(w, UNWIND_NOT_CODE, pc);
    if (f->index + 1 >= w->max_frames)
        return unwind_fault(w, UNWIND_LIMIT, pc);
    sp = reg(w, w->machine->sp);
    if (!rises(w, sp, signal) || !is_new(w, pc, sp))
        return false;
    w->sp = sp;
    f->index++;
    f->pc = pc;
    f->called = !signal;
    f->cfa = f->return_at = 0;
    f->signal = false;
    return true;
}

static bool
leave(struct walk *w)
{
    const struct unwind_machine *m = w->machine;
    unsigned ra = w->row.ra;
    struct caller c;

    c.kept = c.valid = c.saved = 0;
    if (!read_row(w, &c))
        return false;
    c.kept &= ~((uint64_t)1 << m->pc); /* of which it is one when no row speaks of it */
    take_over(w, &c);
    w->frame.source = w->row.source;
    if (w->row.trust < w->frame.trust)
        w->frame.trust = w->row.trust;
    /* longjmp's tables say another stack pointer than the CFA, as signals do */
    return unwind_arrive(w, ra, w->row.signal, (c.valid >> m->sp & 1) != 0);
}

/* ---- the public face ---- */

const char *
unwind_init(struct unwind *u, const struct unwind_config *config)
{
    struct walk *w = walk_of(u);

    if (config->size < sizeof(*config))
        return "config.size is another";
    if (config->machine == NULL || config->sources == NULL)
        return "no machine or no sources";
    memset(u, 0, sizeof(*u));
    w->machine = config->machine;
    w->sources = config->sources;
    w->memory = config->memory;
    w->modules = config->modules;
    w->module_count = config->module_count;
    w->pac_mask = config->pac_mask;
    w->find_module = config->find_module;
    w->finder = config->finder;
    w->exceptions = config->exceptions;
    w->exception_count = config->exceptions != NULL ? config->exception_count : 0;
    w->complete = config->complete;
    w->scan = config->scan;
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

    memset(&w->frame, 0, sizeof(w->frame));
    w->frame.registers = *registers;
    w->frame.pc = registers->value[w->machine->pc];
    w->frame.trust = UNWIND_FULL;
    w->module = NULL;
    w->all_work = WALK_WORK;
    w->retries = RETRIES;
    w->switches = SWITCHES;
    w->mark_at = 0;
    w->sp = registers->value[w->machine->sp];
    w->mark = mix(w->frame.pc, w->sp);
    w->end = w->fault = (struct unwind_end){ UNWIND_RUNNING, 0, 0 };
    w->phase = DESCRIBE;
    if (has(w, w->machine->pc) && has(w, w->machine->sp))
        return;
    w->phase = OVER;
    w->end.reason = UNWIND_NO_INFORMATION;
}

void
unwind_begin(struct unwind *u, const struct unwind_registers *registers)
{
    struct walk *w = walk_of(u);

    w->generation++;
    w->near_room = 0;
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
    while (w->mark_at < f->index) /* as is_new leaves it */
        w->mark_at = 2 * w->mark_at + 1;
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
    if (w->phase == DOOMED)
        return stop(w);
    if (w->phase == LEAVE && !(w->rule != NULL ? w->sources->extras->leave_by_rule(w) : leave(w)))
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
