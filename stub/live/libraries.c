/* libraries.c - the dynamic linker's list of loaded libraries (GDB manual, "Library List Format
 * for SVR4 Targets"; r_debug and link_map are of the System V ABI, <link.h>). */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <elf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

enum { SPACES_MAX = 64 };

/* The address of DT_DEBUG's d_ptr, where the dynamic linker writes that of r_debug. It goes out
 * with every stop to an lldb, so it is looked for once in a program. */
static bool
find_debug_pointer(struct process *p, uint64_t *address)
{
    uint64_t dynamic;

    *address = p->debug_pointer;
    if (*address != 0)
        return true;
    if (p->has_no_linker || !live_exe_dynamic(p, &dynamic) ||
        !live_dynamic_entry(p, dynamic, DT_DEBUG, address)) {
        p->has_no_linker = true;
        return false;
    }
    p->debug_pointer = *address;
    return true;
}

int
live_shlib_info(void *process, uint64_t *address)
{
    struct process *p = process;

    if (p == NULL)
        return -STUB_ESRCH;
    return find_debug_pointer(p, address) ? 0 : -STUB_ENOENT;
}

void
live_libraries_free(struct process *p)
{
    for (size_t i = 0; i < p->library_count; i++)
        free(p->libraries[i].name);
    free(p->libraries);
    p->libraries = NULL;
    p->library_count = 0;
}

static char *
read_string(struct process *p, uint64_t address)
{
    char text[PATH_MAX];
    size_t n = live_read_raw(p, address, text, sizeof(text) - 1);

    text[n] = '\0';
    return strdup(text);
}

/* struct link_map: l_addr, l_name, l_ld, l_next, l_prev. */
static bool
read_link(struct process *p, uint64_t lm, struct library *l, uint64_t *next)
{
    uint64_t words[4];

    if (!live_read_all(p, lm, words, sizeof(words)))
        return false;
    l->lm = lm;
    l->l_addr = words[0];
    l->l_ld = words[2];
    l->name = read_string(p, words[1]);
    *next = words[3];
    return l->name != NULL;
}

/* The list of one namespace. A list without end is cut. */
static void
load_space(struct process *p, uint64_t space)
{
    uint64_t lm;

    if (!live_read_word(p, space + offsetof(struct r_debug, r_map), &lm))
        return;
    while (lm != 0 && p->library_count < LIVE_LINK_MAP_MAX) {
        struct library *l = &p->libraries[p->library_count];

        if (!read_link(p, lm, l, &lm))
            return;
        l->space = space;
        p->library_count++;
    }
}

/* Namespaces besides the first are chained behind it (struct r_debug_extended) by a dynamic linker
 * that has them, which says version 2 when there are any. */
static uint64_t
next_space(struct process *p, uint64_t space)
{
    uint32_t version;
    uint64_t next;

    if (!live_read_all(p, space, &version, sizeof(version)) || version < 2 ||
        !live_read_word(p, space + sizeof(struct r_debug), &next))
        return 0;
    return next;
}

void
live_libraries_load(struct process *p)
{
    uint64_t pointer, space;

    live_libraries_free(p);
    if (!find_debug_pointer(p, &pointer) || !live_read_word(p, pointer, &space))
        return;
    p->libraries = calloc(LIVE_LINK_MAP_MAX, sizeof(*p->libraries));
    for (unsigned i = 0; i < SPACES_MAX && p->libraries != NULL && space != 0; i++) {
        load_space(p, space);
        space = next_space(p, space);
    }
}

static void
put_number(struct rsp_window *w, const char *name, uint64_t v)
{
    rsp_window_text(w, name);
    rsp_window_text(w, "=\"0x");
    rsp_window_hex(w, v);
    rsp_window_text(w, "\"");
}

/* gdb 13 wants the namespace; LLDB's testsuite knows no such attribute. */
static void
put_library(struct rsp_window *w, const struct library *l, bool with_space)
{
    rsp_window_text(w, "<library name=\"");
    rsp_window_xml(w, l->name);
    rsp_window_text(w, "\"");
    put_number(w, " lm", l->lm);
    put_number(w, " l_addr", l->l_addr);
    put_number(w, " l_ld", l->l_ld);
    if (with_space)
        put_number(w, " lmid", l->space);
    rsp_window_text(w, "/>");
}

/* The first entry is the executable; one without a name (the vdso on some systems) is of no use.
 */
int
live_libraries(void *process, struct rsp_window *w, bool for_gdb)
{
    struct process *p = process;
    uint64_t pointer;

    if (p == NULL)
        return -STUB_ESRCH;
    if (w->offset == 0)
        live_libraries_load(p);
    /* A program without the pointer will never have a list, and gdb then looks for itself: it
     * finds that of a program started as an argument of the dynamic linker. */
    if (p->library_count == 0 && !find_debug_pointer(p, &pointer))
        return -STUB_ENOENT;
    rsp_window_text(w, "<library-list-svr4 version=\"1.0\"");
    if (for_gdb && p->library_count > 0)
        put_number(w, " main-lm", p->libraries[0].lm);
    rsp_window_text(w, ">");
    for (size_t i = 1; i < p->library_count && !rsp_window_done(w); i++) {
        if (p->libraries[i].name[0] != '\0')
            put_library(w, &p->libraries[i], for_gdb);
    }
    rsp_window_text(w, "</library-list-svr4>");
    return 0;
}

/* Where that link map is in the frozen list; library_count when it is not there, or not behind
 * the one that the client takes for its predecessor. */
static size_t
find_start(const struct process *p, uint64_t space, uint64_t start, uint64_t previous)
{
    for (size_t i = 0; i < p->library_count; i++) {
        const struct library *l = &p->libraries[i];
        uint64_t before = i > 0 && l[-1].space == l->space ? l[-1].lm : 0;

        if (l->lm == start && (space == 0 || l->space == space))
            return before == previous ? i : p->library_count;
    }
    return p->library_count;
}

int
live_libraries_from(void *process, struct rsp_window *w, uint64_t space, uint64_t start,
                    uint64_t previous)
{
    struct process *p = process;
    size_t first;

    if (p == NULL)
        return -STUB_ESRCH;
    if (w->offset == 0)
        live_libraries_load(p);
    first = find_start(p, space, start, previous);
    if (first == p->library_count)
        return -STUB_ENOENT;
    rsp_window_text(w, "<library-list-svr4 version=\"1.0\">");
    for (size_t i = first;
         i < p->library_count && p->libraries[i].space == p->libraries[first].space; i++) {
        if (p->libraries[i].name[0] != '\0')
            put_library(w, &p->libraries[i], true);
    }
    rsp_window_text(w, "</library-list-svr4>");
    return 0;
}
