/* plant.c - breakpoints: what the client wishes, what is planted, and how memory looks without
 * it.
 *
 * Z and z only change wishes. Planting is lazy, at resume; bytes stay planted while the program
 * stands still, so that a client that clears and sets everything at each stop costs nothing. They
 * are lifted when a process is let go. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <stdlib.h>
#include <string.h>

static int
compare(const struct plant *a, const struct plant *b)
{
    return (a->address > b->address) - (a->address < b->address);
}

RB_GENERATE(plant_tree, plant, by_address, compare)

/* ---- planted bytes ---- */

static bool
is_wished(const struct plant *b)
{
    return b->soft_wish || b->hard_wish;
}

static void
free_plant(struct plant *b)
{
    live_lists_free(&b->soft_lists);
    live_lists_free(&b->hard_lists);
    free(b);
}

static void
free_point(struct point *w)
{
    live_lists_free(&w->lists);
    free(w->contents);
    free(w);
}

bool
live_plant_tells(struct thread *t, const struct plant *b)
{
    return (b->soft_wish && live_lists_tell(t, b->soft_lists)) ||
           (b->hard_wish && live_lists_tell(t, b->hard_lists));
}

bool
live_plant_is_needed(const struct plant *b)
{
    return is_wished(b) || b->returns > 0;
}

struct plant *
live_plant_at(struct process *p, uint64_t address)
{
    struct plant key = { .address = address };
    return RB_FIND(plant_tree, &live_owner(p)->plants, &key);
}

bool
live_is_planted(struct process *p, uint64_t address)
{
    const struct plant *b = live_plant_at(p, address);
    return b != NULL && b->planted;
}

bool
live_is_wished(struct process *p, uint64_t address)
{
    const struct plant *b = live_plant_at(p, address);
    return b != NULL && is_wished(b);
}

bool
live_plant_put(struct process *p, struct plant *b)
{
    const struct arch *arch = p->layout.arch;

    if (live_owner(p)->lent)
        return false;
    if (b->planted || !live_read_all(p, b->address, b->saved, arch->breakpoint_size))
        return b->planted;
    b->planted = live_write_raw(p, b->address, arch->breakpoint, arch->breakpoint_size);
    return b->planted;
}

/* Code that the program has overwritten meanwhile is its own again. */
static bool
still_there(struct process *p, const struct plant *b)
{
    const struct arch *arch = p->layout.arch;
    uint8_t now[LIVE_BREAKPOINT_MAX];

    return live_read_all(p, b->address, now, arch->breakpoint_size) &&
           memcmp(now, arch->breakpoint, arch->breakpoint_size) == 0;
}

void
live_plant_lift(struct process *p, struct plant *b)
{
    if (b->planted && still_there(p, b) &&
        !live_write_raw(p, b->address, b->saved, p->layout.arch->breakpoint_size))
        return; /* whoever can write there has still to lift it */
    b->planted = false;
}

void
live_plant_lift_all(struct process *p)
{
    struct plant *b;

    RB_FOREACH (b, plant_tree, &live_owner(p)->plants)
        live_plant_lift(p, b);
    live_owner(p)->plants_changed = true;
}

/* What is not needed any more is forgotten only while all threads stand: one that runs may have
 * hit it already, and its trap must be told from one of the program's own. */
void
live_plant_sync(struct process *p)
{
    struct plant *b, *next;
    bool stands = live_stands(p);

    if (!p->plants_changed || p->lent)
        return;
    p->plants_changed = false;
    live_foresee_nothing(p->live);
    RB_FOREACH_SAFE (b, plant_tree, &p->plants, next) {
        if (live_plant_is_needed(b)) {
            live_plant_put(p, b);
            continue;
        }
        live_plant_lift(p, b);
        p->plants_changed |= !stands;
        if (!stands)
            continue;
        RB_REMOVE(plant_tree, &p->plants, b);
        free_plant(b);
    }
}

/* Makes wishes true while threads of p run: while everything stands planting is lazy. */
static void
sync_running(struct process *p)
{
    struct live *live = p->live;

    if (live->standing || live_stands(p))
        return;
    live_plant_sync(live_owner(p));
}

static bool
copy_plant(const struct plant *b, struct process *child)
{
    struct plant *copy = malloc(sizeof(*copy));
    if (copy == NULL)
        return false;
    *copy = *b;
    copy->returns = 0;
    copy->soft_lists = live_lists_copy(b->soft_lists);
    copy->hard_lists = live_lists_copy(b->hard_lists);
    RB_INSERT(plant_tree, &child->plants, copy);
    return true;
}

static bool
copy_point(const struct point *w, struct process *child)
{
    struct point *copy = malloc(sizeof(*copy));
    if (copy == NULL)
        return false;
    *copy = *w;
    copy->lists = live_lists_copy(w->lists);
    if (w->contents != NULL) {
        copy->contents = malloc(w->wish.kind);
        if (copy->contents == NULL) {
            free_point(copy);
            return false;
        }
        memcpy(copy->contents, w->contents, w->wish.kind);
        child->soft_watches++;
    }
    TAILQ_INSERT_TAIL(&child->points, copy, next);
    return true;
}

bool
live_plant_copy(struct process *p, struct process *child)
{
    struct plant *b;
    struct point *w;
    bool all = true;

    if (child->shares == NULL) {
        RB_FOREACH (b, plant_tree, &live_owner(p)->plants)
            all = all && copy_plant(b, child);
        child->plants_changed = true;
    }
    TAILQ_FOREACH (w, &p->points, next)
        all = all && copy_point(w, child);
    memcpy(child->slots, p->slots, sizeof(child->slots));
    child->debug_version = p->debug_version;
    return all;
}

void
live_plant_clean(struct process *p, struct process *copy)
{
    struct plant *b;

    RB_FOREACH (b, plant_tree, &p->plants) {
        if (b->planted && still_there(copy, b))
            live_write_raw(copy, b->address, b->saved, p->layout.arch->breakpoint_size);
    }
}

static void
free_points(struct process *p)
{
    struct point *w;

    while ((w = TAILQ_FIRST(&p->points)) != NULL) {
        TAILQ_REMOVE(&p->points, w, next);
        free_point(w);
    }
    p->soft_watches = 0;
}

void
live_plant_forget(struct process *p)
{
    struct plant *b, *next;

    live_foresee_nothing(p->live);
    RB_FOREACH_SAFE (b, plant_tree, &p->plants, next) {
        RB_REMOVE(plant_tree, &p->plants, b);
        free_plant(b);
    }
    free_points(p);
    memset(p->slots, 0, sizeof(p->slots));
    p->debug_version = 0;
}

void
live_wishes_drop(struct process *p)
{
    struct plant *b;
    struct point *w;

    RB_FOREACH (b, plant_tree, &p->plants) {
        b->soft_wish = b->hard_wish = false;
        live_lists_free(&b->soft_lists);
        live_lists_free(&b->hard_lists);
    }
    TAILQ_FOREACH (w, &p->points, next)
        live_debug_remove(p, w->slots);
    free_points(p);
    p->plants_changed = true;
}

/* ---- memory without them ---- */

/* Where breakpoint b and [address, address + n) meet: *at in the range, *from in b. */
static size_t
overlap(const struct process *p, const struct plant *b, uint64_t address, size_t n, size_t *at,
        size_t *from)
{
    size_t size = p->layout.arch->breakpoint_size;

    if (b->address >= address) {
        uint64_t distance = b->address - address;
        *from = 0;
        *at = distance < n ? (size_t)distance : n;
    } else {
        uint64_t distance = address - b->address;
        *at = 0;
        *from = distance < size ? (size_t)distance : size;
    }
    size_t rest = size - *from, room = n - *at;
    return rest < room ? rest : room;
}

enum deed { UNSHADOW, SHADOW, KEEP, LOOK, FORESEE };

/* True when there is one. */
static bool
each_planted(struct process *p, uint64_t address, uint8_t *bytes, size_t n, enum deed deed)
{
    struct plant *b;
    size_t at, from, len;
    bool any = false;

    p = live_owner(p);
    if (RB_EMPTY(&p->plants))
        return false;
    struct plant key = { .address =
                             address > LIVE_BREAKPOINT_MAX ? address - LIVE_BREAKPOINT_MAX : 0 };
    for (b = RB_NFIND(plant_tree, &p->plants, &key); b != NULL;
         b = RB_NEXT(plant_tree, &p->plants, b)) {
        if (b->address > address && b->address - address >= n)
            return any;
        bool counts = deed == FORESEE ? live_plant_is_needed(b) : b->planted;
        len = counts ? overlap(p, b, address, n, &at, &from) : 0;
        if (len == 0)
            continue;
        any = true;
        if (deed == UNSHADOW && memcmp(bytes + at, p->layout.arch->breakpoint + from, len) == 0)
            memcpy(bytes + at, b->saved + from, len);
        else if (deed == SHADOW)
            memcpy(bytes + at, p->layout.arch->breakpoint + from, len);
        else if (deed == KEEP)
            memcpy(b->saved + from, bytes + at, len);
    }
    return any;
}

bool
live_hides(struct process *p, uint64_t address, size_t n)
{
    return each_planted(p, address, NULL, n, LOOK);
}

bool
live_will_hide(struct process *p, uint64_t address, size_t n)
{
    return each_planted(p, address, NULL, n, FORESEE);
}

void
live_unshadow(struct process *p, uint64_t address, uint8_t *bytes, size_t n)
{
    each_planted(p, address, bytes, n, UNSHADOW);
}

void
live_shadow(struct process *p, uint64_t address, uint8_t *bytes, size_t n)
{
    each_planted(p, address, bytes, n, SHADOW);
}

void
live_keep_hidden(struct process *p, uint64_t address, const uint8_t *bytes, size_t n)
{
    each_planted(p, address, (uint8_t *)(uintptr_t)bytes, n, KEEP);
}

/* ---- wishes ---- */

bool
live_debug_works(struct live *live)
{
    return !live->config.soft_watch && live_debug_registers_fire();
}

static void
say_soft(struct live *live)
{
    if (!live->said_soft)
        live_say(live, live->config.soft_watch
                           ? "watching by single steps and comparing, as asked"
                           : "debug registers do not fire on this machine: watching by single "
                             "steps and comparing (slow), hardware breakpoints are software ones");
    live->said_soft = true;
}

/* The plant at an address, a new one when there is none yet. NULL: no memory. */
static struct plant *
plant_for(struct process *p, uint64_t address)
{
    struct plant *b = live_plant_at(p, address);

    if (b != NULL)
        return b;
    b = calloc(1, sizeof(*b));
    if (b == NULL)
        return NULL;
    b->address = address;
    RB_INSERT(plant_tree, &live_owner(p)->plants, b);
    return b;
}

static int
wish_plant(struct process *p, const struct stub_point *point, bool hard)
{
    uint8_t byte[LIVE_BREAKPOINT_MAX];
    struct plant *b;
    int r;

    if (!live_read_all(p, point->address, byte, p->layout.arch->breakpoint_size))
        return live_fail(p->live, STUB_EFAULT, "no code can be read at 0x%llx",
                         (unsigned long long)point->address);
    b = plant_for(p, point->address);
    if (b == NULL)
        return -STUB_ENOMEM;
    if (b->planted && memcmp(byte, p->layout.arch->breakpoint, p->layout.arch->breakpoint_size))
        b->planted = false; /* that library is gone, and another one came in its place */
    r = live_lists_set(p->live, hard ? &b->hard_lists : &b->soft_lists, point);
    if (r != 0)
        return r;
    if (hard)
        b->hard_wish = true;
    else
        b->soft_wish = true;
    live_owner(p)->plants_changed |= !b->planted;
    sync_running(p);
    return 0;
}

static int
unwish_plant(struct process *p, const struct stub_point *point, bool hard)
{
    uint8_t byte[LIVE_BREAKPOINT_MAX];
    struct plant *b = live_plant_at(p, point->address);

    if (b == NULL || !(hard ? b->hard_wish : b->soft_wish))
        return -STUB_ENOENT;
    if (hard)
        b->hard_wish = false;
    else
        b->soft_wish = false;
    live_lists_free(hard ? &b->hard_lists : &b->soft_lists);
    live_owner(p)->plants_changed = true;
    sync_running(p);
    if (!live_read_all(p, point->address, byte, p->layout.arch->breakpoint_size))
        return live_fail(p->live, STUB_EFAULT,
                         "the code at 0x%llx is gone, and the breakpoint too",
                         (unsigned long long)point->address);
    return 0;
}

void
live_plant_return(struct thread *t)
{
    struct process *p = t->process;

    if (!live_get_pc(t, &t->handler_pc) || !live_get_sp(t, &t->handler_sp))
        return;
    struct plant *b = plant_for(p, t->handler_pc);
    if (b == NULL || !live_plant_put(p, b))
        return; /* then the step ends in the handler */
    b->returns++;
    t->in_handler = true;
    t->told = false;
    live_wake(t);
}

void
live_plant_return_end(struct thread *t)
{
    struct plant *b = live_plant_at(t->process, t->handler_pc);

    if (!t->in_handler)
        return;
    t->in_handler = false;
    if (b == NULL || b->returns == 0)
        return;
    b->returns--;
    live_owner(t->process)->plants_changed = true;
}

bool
live_plant_is_return(struct thread *t, uint64_t address)
{
    uint64_t sp;

    if (!t->in_handler || address != t->handler_pc || !live_get_sp(t, &sp) || sp != t->handler_sp)
        return false;
    live_plant_return_end(t);
    return true;
}

bool
live_is_guarded(struct process *p, uint64_t address)
{
    struct point *w;

    TAILQ_FOREACH (w, &p->points, next) {
        if (w->wish.type == STUB_POINT_HARDWARE && w->wish.address == address)
            return true;
    }
    return false;
}

static struct point *
find_point(struct process *p, const struct stub_point *wish)
{
    struct point *w;

    TAILQ_FOREACH (w, &p->points, next) {
        if (w->wish.type == wish->type && w->wish.address == wish->address &&
            w->wish.kind == wish->kind)
            return w;
    }
    return NULL;
}

/* Threads that run have their debug registers set while they stand for a moment. */
static void
refresh_running(struct process *p)
{
    struct live *live = p->live;

    if (live->standing || live_stands(p))
        return;
    live_halt(live, p);
    live_go(live);
}

static int
add_point(struct process *p, const struct stub_point *wish)
{
    struct point *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return -STUB_ENOMEM;
    w->wish = *wish;
    int result = live_lists_set(p->live, &w->lists, wish);
    if (result != 0) {
        free(w);
        return result;
    }
    if (live_debug_works(p->live)) {
        result = live_debug_insert(p, wish, &w->slots);
    } else {
        say_soft(p->live);
        result = live_watch_insert(p, w);
    }
    if (result != 0) {
        free_point(w);
        return result;
    }
    TAILQ_INSERT_TAIL(&p->points, w, next);
    refresh_running(p);
    return 0;
}

static bool
is_plant(struct process *p, const struct stub_point *point)
{
    if (point->type == STUB_POINT_SOFTWARE)
        return true;
    return point->type == STUB_POINT_HARDWARE && !live_debug_works(p->live);
}

static bool
is_to_be_had(const struct stub_point *point)
{
    return point->type <= STUB_POINT_ACCESS &&
           (point->type != STUB_POINT_READ || live_debug_reads);
}

int
live_insert(void *process, const struct stub_point *point)
{
    struct process *p = process;

    if (p == NULL)
        return -STUB_ESRCH;
    if (!is_to_be_had(point))
        return -STUB_ENOTSUP;
    if (is_plant(p, point)) {
        if (point->type == STUB_POINT_HARDWARE)
            say_soft(p->live);
        else if (point->kind != p->layout.arch->breakpoint_size)
            return live_fail(p->live, STUB_EINVAL, "a breakpoint of kind %u is not to be had",
                             (unsigned)point->kind);
        return wish_plant(p, point, point->type == STUB_POINT_HARDWARE);
    }
    struct point *w = find_point(p, point);
    return w != NULL ? live_lists_set(p->live, &w->lists, point) : add_point(p, point);
}

int
live_remove(void *process, const struct stub_point *point)
{
    struct process *p = process;

    if (p == NULL)
        return -STUB_ESRCH;
    if (!is_to_be_had(point))
        return -STUB_ENOTSUP;
    if (is_plant(p, point))
        return unwish_plant(p, point, point->type == STUB_POINT_HARDWARE);
    struct point *w = find_point(p, point);
    if (w == NULL)
        return -STUB_ENOENT;
    TAILQ_REMOVE(&p->points, w, next);
    live_debug_remove(p, w->slots);
    if (w->contents != NULL)
        p->soft_watches--;
    free_point(w);
    refresh_running(p);
    return 0;
}
