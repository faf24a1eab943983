/* rules.c - what tables said once, kept in one cache line a PC. */
#include "arch/unwind/internal.h"

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

const struct rule *
unwind_recall(const struct walk *w, uint64_t key)
{
    const struct rule *r;

    if (w->rule_count == 0)
        return NULL;
    r = place(w, key);
    if (is_it(w, r, key))
        return r;
    return is_it(w, r + 1, key) ? r + 1 : NULL;
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
