/* libraries.c - the dynamic linker's list of loaded libraries (GDB manual, "Library List Format
 * for SVR4 Targets"; r_debug and link_map are of the System V ABI, <link.h>). */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { DYNAMIC_MAX = 1024, HEADERS_MAX = 128, WORD = 8 };

/* Every word comes through here: nothing of the program's is laid under a struct. */
static bool
read_word(struct process *p, uint64_t address, uint64_t *v)
{
    return live_read_all(p, address, v, WORD);
}

/* One program header: type and where its bytes are in memory without the load bias. */
static bool
read_header(struct process *p, uint64_t address, uint32_t *type, uint64_t *where)
{
    return live_read_all(p, address, type, sizeof(*type)) &&
           read_word(p, address + offsetof(Elf64_Phdr, p_vaddr), where);
}

/* Where the executable's _DYNAMIC is: its program headers stand where the kernel says, and what
 * they say of themselves gives the load bias. */
static bool
find_dynamic(struct process *p, uint64_t *dynamic)
{
    uint64_t headers, count, size, where, bias = 0;
    uint32_t type;
    bool found = false;

    if (!live_auxv_get(p, AT_PHDR, &headers) || !live_auxv_get(p, AT_PHNUM, &count) ||
        !live_auxv_get(p, AT_PHENT, &size) || count > HEADERS_MAX)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        if (!read_header(p, headers + i * size, &type, &where))
            return false;
        if (type == PT_PHDR)
            bias = headers - where;
        if (type == PT_DYNAMIC) {
            *dynamic = where;
            found = true;
        }
    }
    *dynamic += bias;
    return found;
}

/* The address of DT_DEBUG's d_ptr, where the dynamic linker writes that of r_debug. It goes out
 * with every stop to an lldb, so it is looked for once in a program. */
static bool
find_debug_pointer(struct process *p, uint64_t *address)
{
    uint64_t dynamic = 0, tag;

    *address = p->debug_pointer;
    if (*address != 0)
        return true;
    if (p->has_no_linker || !find_dynamic(p, &dynamic)) {
        p->has_no_linker = true;
        return false;
    }
    for (uint64_t i = 0; i < DYNAMIC_MAX; i++) {
        if (!read_word(p, dynamic + i * sizeof(Elf64_Dyn), &tag) || tag == DT_NULL)
            break;
        if (tag == DT_DEBUG) {
            *address = p->debug_pointer = dynamic + i * sizeof(Elf64_Dyn) + WORD;
            return true;
        }
    }
    p->has_no_linker = true;
    return false;
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

    return find_debug_pointer(p, &pointer) && read_word(p, pointer, &p->r_debug) &&
           p->r_debug != 0 && read_word(p, p->r_debug + WORD, lm);
}

/* Reads the list anew. A list without end is cut. */
static void
freeze(struct process *p)
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
        freeze(p);
    /* A program that names no list (static, or the dynamic linker started by hand) may have one
     * all the same, which the debugger then finds by the linker's symbols. */
    if (p->has_no_linker)
        return -STUB_ENOENT;
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
