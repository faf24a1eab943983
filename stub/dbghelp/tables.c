/* tables.c - tables of modules that are made, shared by reference and let go; never changed, so a
 * walk needs no lock while it uses one. References are counted under the lock of sessions.c. */
#include <stdlib.h>

#include "stub/dbghelp/internal.h"

void
dbghelp_drop_source(struct source *s)
{
    if (s == NULL || --s->references > 0)
        return;
    image_free(&s->images);
    free(s);
}

void
dbghelp_drop_table(struct table *t)
{
    if (t == NULL || --t->references > 0)
        return;
    for (size_t i = 0; i < t->source_count; i++)
        dbghelp_drop_source(t->source[i]);
    free(t->source);
    free(t->module);
    free(t);
}

static int
by_start(const void *a, const void *b)
{
    uint64_t x = ((const struct unwind_module *)a)->start;
    uint64_t y = ((const struct unwind_module *)b)->start;

    return (x > y) - (x < y);
}

static void
add_source(struct table *t, struct source *s)
{
    t->source[t->source_count++] = s;
    s->references++;
    for (size_t i = 0; i < s->images.count; i++)
        t->module[t->module_count++] = s->images.module[i];
    t->complete = s->bare_size == 0 && (s->found || t->complete);
}

static bool
are_disjoint(const struct table *t)
{
    for (size_t i = 1; i < t->module_count; i++)
        if (t->module[i].start < t->module[i - 1].end)
            return false;
    return true;
}

static struct table *
new_table(size_t sources, size_t modules)
{
    struct table *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return NULL;
    t->references = 1;
    t->source = calloc(sources + 1, sizeof(struct source *));
    t->module = calloc(modules + 1, sizeof(*t->module));
    if (t->source != NULL && t->module != NULL)
        return t;
    dbghelp_drop_table(t);
    return NULL;
}

struct table *
dbghelp_extend_table(const struct table *old, struct source *more, bool without_found)
{
    size_t sources = old != NULL ? old->source_count : 0;
    size_t modules = old != NULL ? old->module_count : 0;
    struct table *t = new_table(sources + 1, modules + (more != NULL ? more->images.count : 0));

    for (size_t i = 0; t != NULL && i < sources; i++)
        if (!without_found || !old->source[i]->found)
            add_source(t, old->source[i]);
    if (t != NULL && more != NULL)
        add_source(t, more);
    if (t == NULL)
        return NULL;
    qsort(t->module, t->module_count, sizeof(*t->module), by_start);
    if (are_disjoint(t))
        return t;
    dbghelp_drop_table(t);
    return NULL;
}

uint64_t
dbghelp_base(const struct table *t, uint64_t address)
{
    size_t low = 0;
    size_t high = t->module_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (t->module[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0 && address < t->module[low - 1].end)
        return t->module[low - 1].start;
    for (size_t i = 0; i < t->source_count; i++)
        if (address - t->source[i]->bare < t->source[i]->bare_size)
            return t->source[i]->bare;
    return 0;
}
