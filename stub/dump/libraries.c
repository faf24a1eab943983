/* libraries.c - which libraries the dead program had loaded, by the dynamic linker's list in its
 * memory (System V ABI, <link.h>; GDB manual, "Library List Format for SVR4 Targets"). */
#define _GNU_SOURCE 1
#include "stub/dump/internal.h"

#include <elf.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

enum { HEADERS_MAX = 128, ENTRIES_MAX = 1024, LIBRARIES_MAX = 4096, SPACES_MAX = 64 };

static bool
read_all(struct dump *d, uint64_t address, void *buffer, size_t size)
{
    struct arch_memory memory = { dump_read_memory, d, 4096, 0 };

    return arch_read(&memory, address, buffer, size) == size;
}

static bool
read_word(struct dump *d, uint64_t address, uint64_t *v)
{
    uint8_t bytes[8];

    if (!read_all(d, address, bytes, sizeof(bytes)))
        return false;
    *v = arch_get_uint(d->layout.arch, bytes, sizeof(bytes));
    return true;
}

/* The executable's program header of that type: its p_vaddr. */
static bool
find_header(struct dump *d, uint32_t type, uint64_t *address)
{
    uint64_t headers, count, size;
    uint8_t bytes[4];

    if (!dump_auxv(d, AT_PHDR, &headers) || !dump_auxv(d, AT_PHNUM, &count) ||
        !dump_auxv(d, AT_PHENT, &size) || count > HEADERS_MAX)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = headers + i * size;

        if (!read_all(d, at, bytes, sizeof(bytes)))
            return false;
        if (arch_get_uint(d->layout.arch, bytes, sizeof(bytes)) == type)
            return read_word(d, at + offsetof(Elf64_Phdr, p_vaddr), address);
    }
    return false;
}

/* The address of DT_DEBUG's d_ptr, where the dynamic linker has written that of r_debug. */
static bool
find_debug_pointer(struct dump *d, uint64_t *address)
{
    uint64_t dynamic, self, headers, tag;

    if (!find_header(d, PT_DYNAMIC, &dynamic))
        return false;
    if (find_header(d, PT_PHDR, &self) && dump_auxv(d, AT_PHDR, &headers))
        dynamic += headers - self;
    for (unsigned i = 0; i < ENTRIES_MAX; i++, dynamic += sizeof(Elf64_Dyn)) {
        if (!read_word(d, dynamic, &tag) || tag == DT_NULL)
            return false;
        *address = dynamic + offsetof(Elf64_Dyn, d_un);
        if (tag == DT_DEBUG)
            return true;
    }
    return false;
}

int
dump_shlib_info(void *process, uint64_t *address)
{
    return find_debug_pointer(process, address) ? 0 : -STUB_ENOENT;
}

/* ---- the list ---- */

static void
put_number(struct rsp_window *w, const char *name, uint64_t v)
{
    rsp_window_text(w, name);
    rsp_window_text(w, "=\"0x");
    rsp_window_hex(w, v);
    rsp_window_text(w, "\"");
}

static void
put_library(struct rsp_window *w, const char *name, uint64_t lm, const uint64_t link[4],
            uint64_t space)
{
    rsp_window_text(w, "<library name=\"");
    rsp_window_xml(w, name);
    rsp_window_text(w, "\"");
    put_number(w, " lm", lm);
    put_number(w, " l_addr", link[0]);
    put_number(w, " l_ld", link[2]);
    if (space != 0)
        put_number(w, " lmid", space);
    rsp_window_text(w, "/>");
}

static bool
read_name(struct dump *d, uint64_t address, char name[PATH_MAX])
{
    struct arch_memory memory = { dump_read_memory, d, 4096, 0 };

    name[arch_read(&memory, address, name, PATH_MAX - 1)] = '\0';
    return name[0] != '\0';
}

/* struct link_map: l_addr, l_name, l_ld, l_next. The first of all is the executable, which gdb is
 * told elsewhere (exec-file). A list without end is cut. */
static void
put_space(struct dump *d, struct rsp_window *w, uint64_t space, bool first, bool for_gdb,
          unsigned *left)
{
    char name[PATH_MAX];
    uint64_t link[4], lm;

    if (!read_word(d, space + offsetof(struct r_debug, r_map), &lm))
        return;
    for (; lm != 0 && *left > 0; lm = link[3], first = false, --*left) {
        for (unsigned i = 0; i < 4; i++)
            if (!read_word(d, lm + 8 * (uint64_t)i, &link[i]))
                return;
        if (first && !for_gdb && dump_has_symbols(d))
            put_library(w, d->exe, lm, link, 0);
        else if (!first && read_name(d, link[1], name))
            put_library(w, name, lm, link, for_gdb ? space : 0);
    }
}

/* Other namespaces are chained behind the first, where its version says so. */
static uint64_t
next_space(struct dump *d, uint64_t space)
{
    uint64_t version, next;

    if (!read_word(d, space, &version) || (version & 0xffffffff) < 2 ||
        !read_word(d, space + sizeof(struct r_debug), &next))
        return 0;
    return next;
}

int
dump_libraries(void *process, struct rsp_window *w, bool for_gdb)
{
    uint64_t pointer, space, lm;
    struct dump *d = process;
    unsigned left = LIBRARIES_MAX;

    if (!find_debug_pointer(d, &pointer) || !read_word(d, pointer, &space) || space == 0)
        return -STUB_ENOENT;
    rsp_window_text(w, "<library-list-svr4 version=\"1.0\"");
    if (for_gdb && read_word(d, space + offsetof(struct r_debug, r_map), &lm))
        put_number(w, " main-lm", lm);
    rsp_window_text(w, ">");
    for (unsigned i = 0; i < SPACES_MAX && space != 0; i++, space = next_space(d, space))
        put_space(d, w, space, i == 0, for_gdb, &left);
    rsp_window_text(w, "</library-list-svr4>");
    return 0;
}
