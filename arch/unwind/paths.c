/* paths.c - follows code from a PC to its return. Whatever way it takes there, it must by then
 * have brought the stack pointer back to the return address and the caller's registers back to
 * what they were: so the shape of the frame is read off the code that takes it down. */
#include "arch/unwind/paths.h"

enum { PENDING = 8, STEPS = 3000, REPLAYED = 30000, SEEN = 64, CHOICES = 64 };

/* A path not yet followed is kept as the choices that lead to it, and is followed from the start
 * again: its state would be 300 bytes, and boards have small stacks. */
struct hunt {
    struct walk *w;
    struct way pending[PENDING];
    unsigned count;
    unsigned left[2];                /* steps, and those that were made before */
    uint32_t seen[SEEN], seen_count; /* targets of jumps, their low halves: enough in a function */
};

enum { FARTHEST = 1 << 22 };

struct value
unwind_plus(struct value v, int64_t offset)
{
    if (kind_of(v) != IS || offset < -FARTHEST || offset > FARTHEST)
        return lost();
    offset += offset_of(v);
    if (offset < -FARTHEST || offset > FARTHEST)
        return lost();
    return value_of(IS, reg_of(v), (int32_t)offset);
}

static bool
address_of(const struct walk *w, struct value v, uint64_t *address)
{
    *address = reg(w, reg_of(v)) + (uint64_t)(int64_t)offset_of(v);
    return kind_of(v) != LOST && has(w, reg_of(v));
}

/* Where `at` is, counted from the stack pointer. False: nowhere that a frame could be. */
static bool
place_of(const struct walk *w, struct value at, int32_t *place)
{
    uint64_t address, distance;

    if (kind_of(at) != IS || !address_of(w, at, &address))
        return false;
    distance = address - w->sp;
    *place = (int32_t)(uint32_t)distance;
    return distance == (uint64_t)(int64_t)*place;
}

/* Where a store at this place is, if it is kept. */
static struct store *
slot_of(struct path *path, int32_t place)
{
    return &path->stores[(uint32_t)place / 8 % STORES];
}

struct value
unwind_fetch(const struct walk *w, struct path *path, struct value at)
{
    const struct store *s;
    int32_t place;

    if (place_of(w, at, &place)) {
        s = slot_of(path, place);
        if (s->not_at == ~place)
            return s->v;
        if (place < 0) /* what older frames left, or a value that was lost */
            return lost();
    }
    return kind_of(at) == IS ? value_of(LIES_AT, reg_of(at), offset_of(at)) : lost();
}

/* Only what a caller wants back is worth a place, and what was taken from the stack: it may be a
 * return address that makes room for arguments. */
static bool
is_wanted(const struct walk *w, struct value v)
{
    unsigned n = reg_of(v);

    return kind_of(v) == LIES_AT ||
           (kind_of(v) == IS && offset_of(v) == 0 &&
            ((w->machine->preserved >> n & 1) != 0 || n == w->machine->link));
}

void
unwind_store(const struct walk *w, struct path *path, struct value at, struct value v)
{
    struct store *s;
    int32_t place;

    if (!place_of(w, at, &place))
        return;
    s = slot_of(path, place);
    if (s->not_at == ~place || is_wanted(w, v))
        *s = (struct store){ ~place, v };
}

void
unwind_clobber(const struct walk *w, struct path *path)
{
    for (unsigned n = 0; n < PATH_REGISTERS; n++)
        if ((w->machine->preserved >> n & 1) == 0 && n != w->machine->sp)
            path->r[n] = lost();
}

static void
begin(const struct walk *w, struct path *path)
{
    memset(path, 0, sizeof(*path));
    path->pc = w->frame.pc;
    for (unsigned n = 0; n < PATH_REGISTERS; n++)
        path->r[n] = has(w, n) ? value_of(IS, n, 0) : lost();
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
    if (kind_of(v) == IS && offset_of(v) == 0) {
        row->how[n] = reg_of(v) == n ? SAME : IN_REG;
        row->value[n] = (int32_t)reg_of(v);
    } else if (offset >= INT32_MIN && offset <= INT32_MAX) {
        row->how[n] = kind_of(v) == IS ? IS_CFA : AT_CFA;
        row->value[n] = (int32_t)offset;
    }
}

static bool
is_way_back(struct walk *w, struct value v, uint64_t address)
{
    if (kind_of(v) == LIES_AT) /* below the stack pointer is what was left of older frames */
        return address >= w->sp && unwind_returns(w, address);
    return offset_of(v) == 0 && reg_of(v) == w->machine->link &&
           unwind_comes_from_call(w, unwind_strip(w, address));
}

/* True when the path's return address follows a call: a wrong one hardly ever does. */
static bool
make_row(struct walk *w, const struct path *path, enum unwind_trust trust, struct row *row)
{
    const struct unwind_machine *m = w->machine;
    uint64_t back, cfa;
    unsigned ra = m->ra;

    if (kind_of(path->cfa) != IS || !address_of(w, path->cfa, &cfa) ||
        !address_of(w, path->way_back, &back) || !is_way_back(w, path->way_back, back))
        return false;
    unwind_row(w, row, reg_of(path->cfa), offset_of(path->cfa), UNWIND_INSTRUCTIONS, trust);
    for (unsigned n = 0; n < PATH_REGISTERS; n++)
        if ((m->preserved >> n & 1) != 0)
            say(w, row, cfa, n, path->r[n]);
    say(w, row, cfa, ra, path->way_back);
    return true;
}

/* ---- the hunt ---- */

/* Was `to` come to before? By who has lost the stack pointer, and hardly returns, does not count
 * for who has it. */
static bool
seen_before(struct hunt *h, const struct path *path, uint64_t to)
{
    unsigned n = h->seen_count < SEEN ? h->seen_count : SEEN;
    uint32_t key = (uint32_t)to * 2 + (kind_of(path->r[h->w->machine->sp]) == IS);

    for (unsigned i = 0; i < n; i++)
        if (h->seen[i] == key)
            return true;
    h->seen[h->seen_count++ % SEEN] = key;
    return false;
}

static bool
is_replayed(const struct path *path)
{
    return path->made < path->way.count;
}

/* At a place where the path may go on to `to` as well: does it? When it is free to choose it does
 * not, and that way is followed later. */
static bool
choose(struct hunt *h, struct path *path, uint64_t to)
{
    unsigned n = path->made;

    if (n == CHOICES)
        return false;
    if (is_replayed(path))
        return (path->way.taken >> path->made++ & 1) != 0;
    path->made = path->way.count = n + 1;
    if (h->count == PENDING || seen_before(h, path, to))
        return false;
    h->pending[h->count] = path->way;
    h->pending[h->count++].taken |= (uint64_t)1 << n;
    return false;
}

/* A jump through a register that does not leave the function is a switch's: its cases follow. */
static bool
goes_behind(struct hunt *h, struct path *path)
{
    if (path->pc >= h->w->gap_end || !is_replayed(path))
        return false;
    path->guessed = true;
    return choose(h, path, path->pc);
}

/* One path to its end. What was followed before counts apart: it shall not shorten how far a hunt
 * gets. */
static enum flow
follow(struct hunt *h, struct path *path)
{
    struct walk *w = h->w;

    for (;;) {
        bool replayed = is_replayed(path);
        uint64_t from = path->pc;
        uint64_t to = 0;
        enum flow flow;

        if (h->left[replayed] == 0 || !unwind_work(w))
            return DEAD;
        h->left[replayed]--;
        flow = w->machine->step(w, path, &to);
        if (w->fault.reason != UNWIND_RUNNING || flow == DEAD)
            return DEAD;
        if (flow == RETURN || (flow == INDIRECT && !goes_behind(h, path)))
            return flow;
        if (flow != IDLE)
            path->called = flow == CALLED;
        if (flow == JUMP && !replayed && seen_before(h, path, to))
            return DEAD;
        if (flow == JUMP || (flow == BRANCH && choose(h, path, to)))
            path->pc = to;
        else if (path->called && from < w->gap_end && path->pc >= w->gap_end)
            return DEAD; /* what follows is another function: the call did not come back */
    }
}

/* Follows every path until one returns to what a call came from. */
enum verdict
unwind_by_instructions(struct walk *w, struct row *row)
{
    struct hunt h = { .w = w, .count = 1, .left = { STEPS, REPLAYED } };
    bool have_jump = false;

    while (h.count > 0) {
        struct path path;
        enum flow flow;

        begin(w, &path);
        path.way = h.pending[--h.count];
        flow = follow(&h, &path);
        if (!forgive(w))
            return FAILED;
        if (flow == RETURN && make_row(w, &path, path.guessed ? UNWIND_FAIR : UNWIND_CHECKED, row))
            return FOUND;
        if (flow != INDIRECT || have_jump)
            continue;
        have_jump = make_row(w, &path, UNWIND_FAIR, row);
        if (have_jump || path.pc >= w->gap_end)
            continue;
        path.guessed = true;
        choose(&h, &path, path.pc);
    }
    return have_jump ? FOUND : NOTHING;
}
