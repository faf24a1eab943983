/* bt_walk.c - walks threads whose registers and memory somebody has, and keeps their frames. */
#define _GNU_SOURCE 1
#include "stub/program/bt.h"

#include <stdlib.h>

enum { LINES = 64, LINE = 4096, RULES = 1024 };

static const struct bt_machine machines[] = {
    { &arch_x86_64, &unwind_x86_64, UNWIND_X86_64_RIP, UNWIND_X86_64_RSP },
    { &arch_aarch64, &unwind_aarch64, UNWIND_AARCH64_PC, UNWIND_AARCH64_SP },
};

const struct bt_machine *
bt_machine_of(const struct arch *arch)
{
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
        if (machines[i].arch == arch)
            return &machines[i];
    return NULL;
}

void
bt_get_registers(const struct bt_machine *m, const struct arch_sets *sets,
                 struct unwind_registers *out)
{
    struct arch_layout layout = { m->arch, 0 };
    struct arch_register r = { 0 };
    uint8_t value[ARCH_SIZE_MAX];

    out->valid = 0;
    while (arch_next(&layout, &r)) {
        int n = arch_role_of(&r) == ARCH_PC ? (int)m->pc : arch_dwarf_of(&r);

        if (n < 0 || n >= UNWIND_REGISTERS || r.size != 8 || !arch_get(sets, &r, value))
            continue;
        out->value[n] = arch_get_uint(m->arch, value, 8);
        out->valid |= (uint64_t)1 << n;
    }
}

struct bt_walker {
    struct unwind unwind;
    unsigned most;
    const struct images *images;
    uint64_t lines[LINES * (LINE + 64) / 8];
    uint64_t rules[RULES * 64 / 8];
};

struct bt_walker *
bt_open_walker(const struct bt_options *o, struct bt_stacks *s, const struct bt_machine *m,
               const struct arch_memory *memory, uint64_t pac_mask)
{
    struct bt_walker *w = malloc(sizeof(*w));
    struct unwind_config config = { .size = sizeof(config),
                                    .machine = m->unwind,
                                    .sources = &unwind_all_sources,
                                    .memory = memory,
                                    .line_bytes = s->line_bytes != 0 ? s->line_bytes : LINE,
                                    .modules = s->images.module,
                                    .module_count = s->images.count,
                                    .complete = !s->remote,
                                    .scan = o->scan,
                                    .pac_mask = pac_mask };

    if (w == NULL)
        return NULL;
    if (s->images.lazy) {
        config.modules = NULL;
        config.module_count = 0;
        config.find_module = image_find_module;
        config.finder = &s->images;
    }
    config.lines = w->lines;
    config.lines_size = sizeof(w->lines);
    config.rules = w->rules;
    config.rules_size = sizeof(w->rules);
    w->most = o->most;
    w->images = &s->images;
    if (unwind_init(&w->unwind, &config) == NULL)
        return w;
    free(w);
    return NULL;
}

void
bt_close_walker(struct bt_walker *w)
{
    free(w);
}

struct bt_thread *
bt_add_thread(struct bt_stacks *s, pid_t tid)
{
    struct bt_thread *more = reallocarray(s->thread, s->count + 1, sizeof(*more));

    if (more == NULL)
        return NULL;
    s->thread = more;
    more[s->count] = (struct bt_thread){ .tid = tid };
    return &more[s->count++];
}

/* The handler returns to the first instruction of the signal's trampoline: nothing called it. */
static bool
add_frame(struct bt_thread *t, const struct unwind_frame *f, const struct images *images)
{
    struct bt_frame *to;

    if ((t->count & (t->count - 1)) == 0) { /* full at every power of two */
        size_t room = t->count == 0 ? 1 : 2 * t->count;
        struct bt_frame *more = reallocarray(t->frame, room, sizeof(*more));

        if (more == NULL)
            return false;
        t->frame = more;
    }
    to = &t->frame[t->count++];
    *to = (struct bt_frame){ .pc = f->pc,
                             .called = f->called && !f->signal,
                             .signal = f->signal,
                             .source = f->source,
                             .trust = f->trust };
    to->image = image_at(images, to->pc - to->called);
    return true;
}

void
bt_walk_thread(struct bt_walker *w, const struct unwind_registers *registers, struct bt_thread *t)
{
    const struct unwind_frame *f;

    unwind_begin(&w->unwind, registers);
    while ((w->most == 0 || t->count < w->most) && (f = unwind_next(&w->unwind)) != NULL)
        if (!add_frame(t, f, w->images))
            break;
    t->end = *unwind_end(&w->unwind);
}
