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
place(const struct walk *w, uint64_t key)
{
    uint64_t hash = key * 0x9e3779b97f4a7c15u;
    uint32_t pair = (uint32_t)(hash >> 32) & (w->rule_count - 1) & ~1u;

    return w->rules + pair;
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
    r = place(w, key);
    if (is_it(w, r, key))
        return r;
    return is_it(w, r + 1, key) ? r + 1 : NULL;
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
    if (r->count > 0 && r->reg[0] == ra_column(w))
        w->frame.return_at = w->frame.cfa + 8 * (uint64_t)(int64_t)r->word[0];
    return true;
}

bool
unwind_read_rule(struct walk *w, struct caller *c)
{
    const struct rule *r = w->rule;

    w->fault.reason = UNWIND_RUNNING;
    for (unsigned i = 0; i < r->count; i++) {
        unsigned n = r->reg[i];
        uint64_t at = w->frame.cfa + 8 * (uint64_t)(int64_t)r->word[i];

        if (!unwind_load(w, at, &c->value[n])) {
            if (!unwind_can_do_without(w, c, n, ra_column(w)))
                return false;
            continue;
        }
        c->at[n] = at;
        c->valid |= (uint64_t)1 << n;
    }
    c->saved = c->valid;
    return true;
}

static bool
add_saved(struct rule *r, unsigned n, int32_t offset)
{
    if (r->count == RULE_SAVED || offset % 8 != 0 || offset / 8 < INT16_MIN ||
        offset / 8 > INT16_MAX)
        return false;
    r->reg[r->count] = (uint8_t)n;
    r->word[r->count++] = (int16_t)(offset / 8);
    return true;
}

/* Only rows that need no more than words at the CFA, and that hold whatever the stack says. */
static bool
compress(const struct walk *w, const struct row *row, struct rule *r)
{
    if (row->cfa_how != IN_REG || row->signal || row->trust != UNWIND_FULL ||
        row->ra != ra_column(w))
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
    to = place(w, key);
    if (to->generation == w->rule_generation)
        to[1] = to[0];
    *to = r;
    return to;
}
