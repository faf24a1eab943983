/* world.c - see world.h. */
#include "tests/unwind/world.h"

#include <stdlib.h>

static size_t
readable(const struct world *w, uint64_t address, void *buffer, size_t size)
{
    uint8_t *out = buffer;
    size_t n = 0;

    for (unsigned i = 0; i < w->parts && n < size; i++) {
        const struct part *p = &w->part[i];

        while (n < size && address + n - p->at < p->size) {
            out[n] = p->bytes[address + n - p->at];
            n++;
            i = 0; /* another part may go on here */
        }
    }
    return n;
}

static bool
read_world(void *process, uint64_t address, void *buffer, size_t size, size_t *got)
{
    struct world *w = process;
    size_t n = readable(w, address, buffer, size);

    w->calls++;
    if ((w->habit == ALL_OR_NOTHING || w->habit == NO_COUNT) && n < size) {
        memset(buffer, 0xee, size); /* what is not counted may be anything */
        n = 0;
    }
    if (w->habit != NO_COUNT)
        *got = n;
    return w->habit == HONEST ? n > 0 : n == size;
}

void
world_reset(struct world *w)
{
    if (unwind_init(&w->unwind, &w->config) != NULL)
        abort();
}

void
world_init(struct world *w)
{
    memset(w, 0, sizeof(*w));
    w->memory = (struct arch_memory){ read_world, w, 1, 0 };
    w->module = (struct unwind_module){
        .start = CODE, .end = HDR + 0x1000, .text = CODE, .text_end = CODE + 0x1000
    };
    w->config = (struct unwind_config){ .size = sizeof(w->config),
                                        .machine = &unwind_x86_64,
                                        .sources = &unwind_all_sources,
                                        .memory = &w->memory,
                                        .lines = w->lines,
                                        .lines_size = sizeof(w->lines),
                                        .line_bytes = 256,
                                        .rules = w->rules,
                                        .rules_size = sizeof(w->rules),
                                        .modules = &w->module,
                                        .module_count = 1,
                                        .complete = true };
    world_reset(w);
}

uint8_t *
world_add(struct world *w, uint64_t at, size_t size)
{
    struct part *p = &w->part[w->parts];

    if (w->parts == PARTS || size > PART_MAX)
        abort();
    w->parts++;
    p->at = at;
    p->size = size;
    return p->bytes;
}

void
world_put(struct world *w, uint64_t at, uint64_t v)
{
    for (unsigned n = 0; n < 8; n++) {
        unsigned i = 0;

        while (i < w->parts && at + n - w->part[i].at >= w->part[i].size)
            i++;
        if (i == w->parts)
            abort();
        w->part[i].bytes[at + n - w->part[i].at] = (uint8_t)(v >> 8 * n);
    }
}

static unsigned
digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

size_t
from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;

    while (*hex != '\0') {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        out[n++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
        hex += 2;
    }
    return n;
}

void
world_code(struct world *w, const char *hex)
{
    uint8_t bytes[PART_MAX];
    size_t n = from_hex(hex, bytes);

    memcpy(world_add(w, CODE, n), bytes, n);
}

void
world_begin(struct world *w, uint64_t pc, uint64_t sp)
{
    bool arm = w->config.machine == &unwind_aarch64;
    unsigned pc_at = arm ? UNWIND_AARCH64_PC : RIP;
    unsigned sp_at = arm ? UNWIND_AARCH64_SP : RSP;

    w->registers.value[pc_at] = pc;
    w->registers.value[sp_at] = sp;
    w->registers.valid |= (uint64_t)1 << pc_at | (uint64_t)1 << sp_at;
    unwind_begin(&w->unwind, &w->registers);
}

/* ---- tables ---- */

static void
put(struct table *t, uint64_t v, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        t->bytes[t->n++] = (uint8_t)(v >> 8 * i);
}

/* Ends the entry that began at `at`: pads it and writes its length. */
static void
end_entry(struct table *t, size_t at)
{
    size_t n;

    while ((t->n - at) % 8 != 4)
        put(t, 0, 1);
    n = t->n;
    t->n = at;
    put(t, n - at - 4, 4);
    t->n = n;
}

void
table_cie(struct table *t, const char *augmentation, unsigned ra, const char *ops)
{
    size_t at = t->n;

    t->cie = at;
    put(t, 0, 4);
    put(t, t->debug ? UINT32_MAX : 0, 4);
    put(t, 1, 1);
    for (const char *c = augmentation; c == augmentation || c[-1] != '\0'; c++)
        put(t, (uint8_t)*c, 1);
    put(t, 1, 1);
    put(t, 0x78, 1); /* -8 */
    put(t, ra, 1);
    if (augmentation[0] == 'z') {
        put(t, 1, 1);
        put(t, 0x1b, 1);
    }
    t->n += from_hex(ops, t->bytes + t->n);
    end_entry(t, at);
}

void
table_fde(struct table *t, uint64_t begin, uint32_t range, const char *ops)
{
    size_t at = t->n;

    t->fde[t->count] = at;
    t->begin[t->count++] = begin;
    put(t, 0, 4);
    put(t, t->debug ? t->cie : at + 4 - t->cie, 4);
    if (t->debug) {
        put(t, begin, 8);
        put(t, range, 8);
    } else {
        put(t, begin - (TABLE + at + 8), 4);
        put(t, range, 4);
        put(t, 0, 1);
    }
    t->n += from_hex(ops, t->bytes + t->n);
    end_entry(t, at);
}

static void
make_header(struct world *w, const struct table *t)
{
    struct table h = { .n = 0 };

    put(&h, 0x3b031b01, 4); /* version 1; pcrel sdata4, udata4, datarel sdata4 */
    put(&h, TABLE - (HDR + 4), 4);
    put(&h, t->count, 4);
    for (unsigned i = 0; i < t->count; i++) {
        put(&h, t->begin[i] - HDR, 4);
        put(&h, TABLE + t->fde[i] - HDR, 4);
    }
    memcpy(world_add(w, HDR, h.n), h.bytes, h.n);
    w->module.hdr = HDR;
    w->module.hdr_size = h.n;
}

void
table_use(struct world *w, struct table *t, bool with_header)
{
    put(t, 0, 4); /* the terminator */
    memcpy(world_add(w, TABLE, t->n), t->bytes, t->n);
    w->module.eh_frame = TABLE;
    w->module.eh_size = t->n;
    if (with_header)
        make_header(w, t);
}
