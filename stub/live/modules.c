/* modules.c - the loaded files of a process as the stack walker wants them, from its memory: no
 * file need be seen, and none that is truncated under us can hurt. Found anew when the dynamic
 * linker says so, or when code is met that nobody knew of. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "arch/unwind/unwind.h"

/* Tables are copied as far as that is cheap; of a huge program they are read where needed. */
enum { PAGE = 4096, TABLES_MOST = 1 << 20, ALL_TABLES_MOST = 8 << 20 };

struct loaded {
    struct unwind_module *list;
    struct unwind_span *tables; /* the copy for each */
    size_t count, copied;
    uint32_t generation;
    uint64_t linker_break; /* where the dynamic linker stops for debuggers, 0 not known yet */
    uint64_t unknown;      /* the page of code that lay in nothing when we looked last */
    bool stale;
};

/* ---- headers ---- */

/* All that is asked of a module's headers stands in its first page. */
struct first_page {
    struct process *process;
    uint64_t base;
    size_t size;
    uint8_t bytes[PAGE];
};

static bool
read_first(void *context, uint64_t address, void *buffer, size_t size, size_t *got)
{
    const struct first_page *page = context;
    uint64_t offset = address - page->base;

    if (offset >= page->size || size > page->size - offset)
        return live_read_memory(page->process, address, buffer, size, got);
    memcpy(buffer, page->bytes + offset, size);
    *got = size;
    return true;
}

static bool
read_headers(struct process *p, uint64_t base, struct unwind_module *m)
{
    struct first_page page = { .process = p, .base = base };
    struct arch_memory memory = { read_first, &page, PAGE, 0 };

    page.size = live_read_raw(p, base, page.bytes, PAGE);
    return unwind_read_module(&memory, base, m) && m->start < m->end;
}

/* ---- the list ---- */

static const char *
name_of(const struct process *p, size_t i)
{
    const struct mapping *m = &p->maps.list[i];

    return m->name != 0 ? p->maps.text + m->name : "";
}

/* Code that no file explains: a JIT's, or what is in a file of another kind. */
static bool
describe_code(const struct mapping *m, struct unwind_module *module)
{
    memset(module, 0, sizeof(*module));
    module->start = module->text = m->start;
    module->end = module->text_end = m->end;
    return (m->permissions & STUB_EXECUTE) != 0;
}

/* The mapping begins a module, or is code by itself. One file has several in a row. */
static bool
describe_mapping(struct process *p, size_t i, struct unwind_module *module)
{
    const char *name = name_of(p, i);
    bool file = name[0] == '/' || strcmp(name, "[vdso]") == 0;
    bool begins = i == 0 || strcmp(name_of(p, i - 1), name) != 0;

    if (file && begins && read_headers(p, p->maps.list[i].start, module))
        return true;
    return describe_code(&p->maps.list[i], module);
}

static void
copy_tables(struct process *p, struct loaded *l, size_t i)
{
    struct unwind_module *m = &l->list[i];
    uint64_t size = 0;
    uint8_t *bytes;

    for (size_t n = 0; m->hdr_size > 0 && n < p->maps.count; n++)
        if (m->hdr >= p->maps.list[n].start && m->hdr < p->maps.list[n].end)
            size = p->maps.list[n].end - m->hdr;
    if (size == 0 || size > TABLES_MOST || size > ALL_TABLES_MOST - l->copied)
        return;
    bytes = malloc((size_t)size);
    if (bytes == NULL)
        return;
    size = live_read_raw(p, m->hdr, bytes, (size_t)size);
    l->copied += (size_t)size;
    l->tables[i] = (struct unwind_span){ m->hdr, size, bytes };
    m->map = &l->tables[i];
    m->map_count = 1;
}

static bool
find_modules(struct process *p, struct loaded *l)
{
    if (!live_maps_load(p))
        return false;
    l->list = calloc(p->maps.count + 1, sizeof(*l->list));
    l->tables = calloc(p->maps.count + 1, sizeof(*l->tables));
    if (l->list == NULL || l->tables == NULL)
        return false;
    for (size_t i = 0; i < p->maps.count; i++) {
        struct unwind_module *m = &l->list[l->count];

        if (l->count > 0 && p->maps.list[i].start < m[-1].end)
            continue; /* of the same file, or inside it */
        l->count += describe_mapping(p, i, m);
    }
    for (size_t i = 0; i < l->count; i++) {
        if (i + 1 < l->count && l->list[i].end > l->list[i + 1].start)
            l->list[i].end = l->list[i + 1].start;
        copy_tables(p, l, i);
    }
    return true;
}

/* ---- when ---- */

/* The dynamic linker says where debuggers are to wait for its news (r_debug's r_brk). */
static uint64_t
find_linker_break(struct process *p)
{
    uint64_t pointer, debug, address;

    if (live_shlib_info(p, &pointer) != 0 || !live_read_word(p, pointer, &debug) || debug == 0 ||
        !live_read_word(p, debug + offsetof(struct r_debug, r_brk), &address))
        return 0;
    return address;
}

static bool
is_stale(struct process *p, uint64_t unknown)
{
    const struct loaded *l = p->loaded;

    return l == NULL || l->stale || (unknown != 0 && unknown / PAGE != l->unknown) ||
           (l->linker_break == 0 && find_linker_break(p) != 0);
}

void
live_modules_stop_at(struct process *p, uint64_t pc)
{
    if (p->loaded != NULL && pc == p->loaded->linker_break)
        p->loaded->stale = true;
}

void
live_modules_free(struct process *p)
{
    struct loaded *l = p->loaded;

    if (l == NULL)
        return;
    for (size_t i = 0; i < l->count; i++)
        free((void *)(uintptr_t)l->tables[i].bytes);
    free(l->tables);
    free(l->list);
    free(l);
    p->loaded = NULL;
}

static int
look(struct process *p, uint64_t unknown)
{
    struct loaded *l = calloc(1, sizeof(*l));

    live_modules_free(p);
    p->loaded = l;
    if (l == NULL || !find_modules(p, l)) {
        live_modules_free(p);
        return -STUB_ENOMEM;
    }
    l->generation = ++p->live->generation;
    l->linker_break = find_linker_break(p);
    l->unknown = unknown / PAGE;
    return 0;
}

int
live_modules(void *process, uint64_t unknown, struct stub_modules *modules)
{
    struct process *p = process;
    int r = p == NULL ? -STUB_ESRCH : is_stale(p, unknown) ? look(p, unknown) : 0;

    if (r == 0)
        *modules =
            (struct stub_modules){ p->loaded->list, p->loaded->count, p->loaded->generation };
    return r;
}
