/* libraries.c - the dynamic linker's list of loaded libraries (GDB manual, "Library List Format
 * for SVR4 Targets"; r_debug and link_map are of the System V ABI, <link.h>). */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = 8 };

/* The address of DT_DEBUG's d_ptr, where the dynamic linker writes that of r_debug. */
static bool
find_debug_pointer(struct process *p, uint64_t *address)
{
    uint64_t dynamic;

    return live_exe_dynamic(p, &dynamic) && live_dynamic_entry(p, dynamic, DT_DEBUG, address);
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

/* The first entry of the list: struct r_debug has it behind its version. */
static bool
first_link(struct process *p, uint64_t *lm)
{
    uint64_t pointer;

    return find_debug_pointer(p, &pointer) && live_read_word(p, pointer, &p->r_debug) &&
           p->r_debug != 0 && live_read_word(p, p->r_debug + WORD, lm);
}

/* A list without end is cut. */
void
live_libraries_load(struct process *p)
{
    uint64_t lm = 0;

    live_libraries_free(p);
    if (!first_link(p, &lm))
        return;
    p->libraries = calloc(LIVE_LINK_MAP_MAX, sizeof(*p->libraries));
    while (p->libraries != NULL && lm != 0 && p->library_count < LIVE_LINK_MAP_MAX &&
           read_link(p, lm, &p->libraries[p->library_count], &lm))
        p->library_count++;
}

static void
put_number(struct rsp_window *w, const char *name, uint64_t v)
{
    rsp_window_text(w, name);
    rsp_window_text(w, "=\"0x");
    rsp_window_hex(w, v);
    rsp_window_text(w, "\"");
}

static void
put_library(const struct process *p, struct rsp_window *w, const struct library *l)
{
    rsp_window_text(w, "<library name=\"");
    rsp_window_xml(w, l->name);
    rsp_window_text(w, "\"");
    put_number(w, " lm", l->lm);
    put_number(w, " l_addr", l->l_addr);
    put_number(w, " l_ld", l->l_ld);
    put_number(w, " lmid", p->r_debug); /* the namespace; gdb 13 wants it */
    rsp_window_text(w, "/>");
}

/* The first entry is the executable; one without a name (the vdso on some systems) is of no use.
 */
int
live_libraries(void *process, struct rsp_window *w, bool main_lm)
{
    struct process *p = process;

    if (p == NULL)
        return -STUB_ESRCH;
    if (w->offset == 0)
        live_libraries_load(p);
    rsp_window_text(w, "<library-list-svr4 version=\"1.0\"");
    if (main_lm && p->library_count > 0)
        put_number(w, " main-lm", p->libraries[0].lm);
    rsp_window_text(w, ">");
    for (size_t i = 1; i < p->library_count && !rsp_window_done(w); i++) {
        if (p->libraries[i].name[0] != '\0')
            put_library(p, w, &p->libraries[i]);
    }
    rsp_window_text(w, "</library-list-svr4>");
    return 0;
}
