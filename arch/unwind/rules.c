/* rules.c - what tables said once, kept in one cache line a PC. */
#include "arch/unwind/internal.h"

void
unwind_init_rules(struct walk *w, const struct unwind_config *config)
{
    size_t rules = config->rules != NULL ? config->rules_size / sizeof(struct rule) : 0;

    w->rules = config->rules;
    for (w->rule_count = rules >= 2; w->rule_count != 0 && w->rule_count <= rules / 2;)
        w->rule_count *= 2;
    if (w->rule_count != 0)
        memset(w->rules, 0, w->rule_count * sizeof(struct rule));
}

static struct rule *
pair(const struct walk *w, uint64_t key)
{
    uint64_t hash = key * 0x9e3779b97f4a7c15u;

    return w->rules + ((uint32_t)(hash >> 32) & (w->rule_count - 1) & ~1u);
}

static bool
is_it(const struct walk *w, const struct rule *r, uint64_t key)
{
    return r->key == key && r->generation == w->rule_generation;
}

static const struct rule *
find(const struct walk *w, uint64_t key)
{
    const struct rule *r;

    if (w->rule_count == 0)
        return NULL;
    r = pair(w, key);
    if (is_it(w, r, key))
        return r;
    return is_it(w, r + 1, key) ? r + 1 : NULL;
}

/* Where the register lies that the rule speaks of at i. */
static uint64_t
place(const struct unwind_frame *f, const struct rule *r, unsigned i)
{
    return f->cfa + 8 * (uint64_t)(int64_t)r->word[i];
}

bool
unwind_recall(struct walk *w, uint64_t key)
{
    const struct rule *r = find(w, key);

    if (r == NULL)
        return false;
    if (!known(w, r->cfa_reg) && !unwind_infer(w, r->cfa_reg)) {
        unwind_fault(w, UNWIND_NO_INFORMATION, w->frame.pc);
        return true;
    }
    w->rule = r;
    w->frame.cfa = reg(w, r->cfa_reg) + (uint64_t)(int64_t)r->cfa_offset;
    if (r->count > 0 && r->reg[0] == w->machine->ra)
        w->frame.return_at = place(&w->frame, r, 0);
    return true;
}

/* What is read is read before anything is changed. */
bool
unwind_leave_by_rule(struct walk *w)
{
    const struct rule *r = w->rule;
    const struct unwind_machine *m = w->machine;
    struct unwind_frame *f = &w->frame;
    unsigned ra = m->ra;
    uint64_t saved = r->saved, kept = m->preserved & ~r->saved;
    uint64_t value[RULE_SAVED];

    w->fault.reason = UNWIND_RUNNING;
    for (unsigned i = 0; i < r->count; i++) {
        if (unwind_load(w, place(f, r, i), &value[i]))
            continue;
        if (!unwind_can_do_without(w, r->reg[i], ra))
            return false;
        saved &= ~((uint64_t)1 << r->reg[i]);
        value[i] = 0;
    }
    for (unsigned i = 0; i < r->count; i++) {
        f->registers.value[r->reg[i]] = value[i];
        f->saved_at[r->reg[i]] = place(f, r, i);
    }
    kept |= ra == m->link ? (uint64_t)1 << ra & ~r->saved : 0; /* where no rule speaks of it */
    f->registers.valid = (f->registers.valid & kept) | saved;
    f->saved = (f->saved & kept) | saved;
    f->source = UNWIND_EH_FRAME;
    return unwind_arrive(w, ra, false, (saved >> m->sp & 1) != 0);
}

static bool
add_saved(struct rule *r, unsigned n, int32_t offset)
{
    if (r->count == RULE_SAVED || offset % 8 != 0 || offset / 8 < INT16_MIN ||
        offset / 8 > INT16_MAX)
        return false;
    r->reg[r->count] = (uint8_t)n;
    r->saved |= (uint64_t)1 << n;
    r->word[r->count++] = (int16_t)(offset / 8);
    return true;
}

/* Only rows that need no more than words at the CFA, and that hold whatever the stack says. */
static bool
compress(const struct walk *w, const struct row *row, struct rule *r)
{
    if (row->cfa_how != IN_REG || row->signal || row->trust != UNWIND_FULL ||
        row->ra != w->machine->ra)
        return false;
    r->cfa_reg = row->cfa_reg;
    r->cfa_offset = row->cfa_offset;
    if (row->how[row->ra] == AT_CFA && !add_saved(r, row->ra, row->value[row->ra]))
        return false;
    for (unsigned n = 0; n < UNWIND_REGISTERS; n++) {
        bool preserved = (w->machine->preserved >> n & 1) != 0;

        if (n == row->ra && row->how[n] == AT_CFA)
            continue; /* it came first */
        if (row->how[n] == AT_CFA ? !add_saved(r, n, row->value[n])
                                  : row->how[n] != UNSAID && !(row->how[n] == SAME && preserved))
            return false;
    }
    return true;
}

const struct rule *
unwind_remember(struct walk *w, uint64_t key, const struct row *row)
{
    struct rule r = { .key = key, .generation = w->rule_generation };
    struct rule *to;

    if (w->rule_count == 0 || !compress(w, row, &r))
        return NULL;
    to = pair(w, key);
    if (to->generation == w->rule_generation)
        to[1] = to[0];
    *to = r;
    return to;
}
