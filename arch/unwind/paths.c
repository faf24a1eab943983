/* paths.c - follows code from a PC to its return. Whatever way it takes there, it must by then
 * have brought the stack pointer back to the return address and the caller's registers back to
 * what they were: so the shape of the frame is read off the code that takes it down. */
#include "arch/unwind/paths.h"

enum { PENDING = 8, STEPS = 3000, SEEN = 64 };

struct hunt {
    struct walk *w;
    struct path pending[PENDING];
    unsigned count;
    uint64_t seen[SEEN]; /* targets of jumps */
    unsigned seen_count;
};

struct value
unwind_plus(struct value v, int64_t offset)
{
    int64_t sum = v.offset + offset;

    if (v.kind != IS || offset < INT32_MIN || offset > INT32_MAX || sum < INT32_MIN / 2 ||
        sum > INT32_MAX / 2)
        return (struct value){ LOST, 0, 0 };
    return (struct value){ IS, v.reg, (int32_t)sum };
}

static bool
address_of(const struct walk *w, struct value v, uint64_t *address)
{
    *address = reg(w, v.reg) + (uint64_t)(int64_t)v.offset;
    return v.kind != LOST && known(w, v.reg);
}

struct value
unwind_fetch(const struct walk *w, const struct path *path, struct value at)
{
    unsigned n = path->stored < STORES ? path->stored : STORES;
    uint64_t address;

    if (at.kind != IS || !address_of(w, at, &address))
        return (struct value){ LOST, 0, 0 };
    for (unsigned i = 1; i <= n; i++) {
        const struct store *s = &path->stores[(path->stored - i) % STORES];

        if (s->at == address)
            return s->v;
    }
    return (struct value){ LIES_AT, at.reg, at.offset };
}

/* Only what a caller wants back is worth a place. */
static bool
is_wanted(const struct walk *w, struct value v)
{
    return v.kind == IS && v.offset == 0 &&
           ((w->machine->preserved >> v.reg & 1) != 0 || v.reg == w->machine->link);
}

void
unwind_store(const struct walk *w, struct path *path, struct value at, struct value v)
{
    unsigned n = path->stored < STORES ? path->stored : STORES;
    uint64_t address;

    if (at.kind != IS || !address_of(w, at, &address))
        return;
    for (unsigned i = 0; i < n; i++) {
        if (path->stores[i].at != address)
            continue;
        path->stores[i].v = v;
        return;
    }
    if (is_wanted(w, v))
        path->stores[path->stored++ % STORES] = (struct store){ address, v };
}

void
unwind_clobber(const struct walk *w, struct path *path)
{
    for (unsigned n = 0; n < PATH_REGISTERS; n++)
        if ((w->machine->preserved >> n & 1) == 0 && n != w->machine->sp)
            path->r[n].kind = LOST;
}

static void
begin(const struct walk *w, struct path *path)
{
    memset(path, 0, sizeof(*path));
    path->pc = w->frame.pc;
    for (unsigned n = 0; n < PATH_REGISTERS; n++)
        path->r[n] = (struct value){ known(w, n) ? IS : LOST, (uint8_t)n, 0 };
}

/* ---- a path's end as a row ---- */

/* Where the caller's register n is, counted from the CFA. */
static void
say(const struct walk *w, struct row *row, uint64_t cfa, unsigned n, struct value v)
{
    uint64_t address;
    int64_t offset;

    row->how[n] = UNDEFINED;
    if (!address_of(w, v, &address))
        return;
    offset = (int64_t)(address - cfa);
    if (v.kind == IS && v.offset == 0) {
        row->how[n] = v.reg == n ? SAME : IN_REG;
        row->value[n] = v.reg;
    } else if (offset >= INT32_MIN && offset <= INT32_MAX) {
        row->how[n] = v.kind == IS ? IS_CFA : AT_CFA;
        row->value[n] = (int32_t)offset;
    }
}

static bool
is_way_back(struct walk *w, struct value v, uint64_t address)
{
    if (v.kind == LIES_AT)
        return unwind_returns(w, address);
    return v.offset == 0 && v.reg == w->machine->link && unwind_comes_from_call(w, address);
}

/* True when the path's return address follows a call: a wrong one hardly ever does. */
static bool
make_row(struct walk *w, const struct path *path, enum unwind_trust trust, struct row *row)
{
    const struct unwind_machine *m = w->machine;
    uint64_t back, cfa;
    unsigned ra = ra_column(w);

    if (path->cfa.kind != IS || !address_of(w, path->cfa, &cfa) ||
        !address_of(w, path->way_back, &back) || !is_way_back(w, path->way_back, back))
        return false;
    unwind_row(row, path->cfa.reg, path->cfa.offset, UNWIND_INSTRUCTIONS, trust);
    row->ra = (uint8_t)ra;
    for (unsigned n = 0; n < PATH_REGISTERS; n++)
        if (n != m->sp && (m->preserved >> n & 1) != 0)
            say(w, row, cfa, n, path->r[n]);
    say(w, row, cfa, ra, path->way_back);
    return true;
}

/* ---- the hunt ---- */

static bool
seen_before(struct hunt *h, uint64_t pc)
{
    unsigned n = h->seen_count < SEEN ? h->seen_count : SEEN;

    for (unsigned i = 0; i < n; i++)
        if (h->seen[i] == pc)
            return true;
    h->seen[h->seen_count++ % SEEN] = pc;
    return false;
}

static void
fork_to(struct hunt *h, const struct path *path, uint64_t to)
{
    if (h->count == PENDING || seen_before(h, to))
        return;
    h->pending[h->count] = *path;
    h->pending[h->count++].pc = to;
}

/* A jump through a register that does not leave the function is a switch's: its cases follow. */
static void
go_behind(struct hunt *h, struct path *path)
{
    path->guessed = true;
    if (path->pc < h->w->gap_end)
        fork_to(h, path, path->pc);
}

/* One path to its end. *steps is what is left for all of them. */
static enum flow
follow(struct hunt *h, step_fn *step, struct path *path, unsigned *steps)
{
    struct walk *w = h->w;

    while (*steps > 0 && unwind_work(w)) {
        uint64_t from = path->pc;
        uint64_t to = 0;
        enum flow flow = step(w, path, &to);

        --*steps;
        if (w->fault.reason != UNWIND_RUNNING)
            return DEAD;
        if (flow == RETURN || flow == INDIRECT || flow == DEAD)
            return flow;
        if (flow == BRANCH)
            fork_to(h, path, to);
        if (flow != IDLE)
            path->called = flow == CALLED;
        if (flow == JUMP) {
            if (seen_before(h, to))
                return DEAD;
            path->pc = to;
        } else if (path->called && from < w->gap_end && path->pc >= w->gap_end)
            return DEAD; /* what follows is another function: the call did not come back */
    }
    return DEAD;
}

enum verdict
unwind_follow(struct walk *w, step_fn *step, struct row *row)
{
    struct hunt h = { .w = w, .count = 1 };
    unsigned steps = STEPS;
    bool have_jump = false;

    begin(w, &h.pending[0]);
    while (h.count > 0) {
        struct path path = h.pending[--h.count];
        enum flow flow = follow(&h, step, &path, &steps);

        if (w->fault.reason == UNWIND_NEED || w->fault.reason == UNWIND_LIMIT)
            return FAILED;
        w->fault.reason = UNWIND_RUNNING;
        if (flow == RETURN && make_row(w, &path, path.guessed ? UNWIND_FAIR : UNWIND_CHECKED, row))
            return FOUND;
        if (flow == INDIRECT && !have_jump)
            have_jump = make_row(w, &path, UNWIND_FAIR, row);
        if (flow == INDIRECT && !have_jump)
            go_behind(&h, &path);
        if (w->fault.reason == UNWIND_NEED)
            return FAILED;
    }
    return have_jump ? FOUND : NOTHING;
}
