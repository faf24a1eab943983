/* bt_names.c - names of PCs: one pass over a module's symbols finds all of them (libelf); lines
 * and inlined functions only for who asks (libdw). */
#define _GNU_SOURCE 1
#include "stub/program/bt.h"

#include <dwarf.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stub/program/elfutils.h"

static const struct elf_library *lib;  /* set before any of this runs */
static const struct dwarf_library *dw; /* with the first dwarf_of */

struct bt_debug {
    struct one {
        Elf *elf, *extra; /* the file itself, and its debug file */
        int fd;           /* of extra */
        Dwarf *dwarf;
        bool tried;
    } * one; /* parallel to the images */
};

/* ---- where symbols are ---- */

bool
bt_debug_file(const struct bt_options *o, const struct image *image, char path[BT_PATH_MAX])
{
    const char *directory = o->debug_path != NULL ? o->debug_path : "/usr/lib/debug";
    int n;

    if (image->id_size < 2)
        return false;
    n = snprintf(path, BT_PATH_MAX, "%s/.build-id/%02x/", directory, image->id[0]);
    for (size_t i = 1; i < image->id_size && n > 0 && (size_t)n + 16 < BT_PATH_MAX; i++)
        n += snprintf(path + n, BT_PATH_MAX - (size_t)n, "%02x", image->id[i]);
    if (n > 0 && (size_t)n + 16 < BT_PATH_MAX)
        snprintf(path + n, BT_PATH_MAX - (size_t)n, ".debug");
    return access(path, R_OK) == 0;
}

static Elf *
open_debug_file(const struct bt_options *o, const struct image *image, int *fd)
{
    char path[BT_PATH_MAX];

    if (!bt_debug_file(o, image, path))
        return NULL;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    return *fd >= 0 ? lib->elf_begin(*fd, ELF_C_READ_MMAP, NULL) : NULL;
}

static void
open_files(const struct bt_options *o, const struct image *image, struct one *one)
{
    if (image->bytes != NULL)
        one->elf = lib->elf_memory((char *)(uintptr_t)image->bytes, image->size);
    one->extra = open_debug_file(o, image, &one->fd);
}

static Elf_Scn *
find_section(Elf *elf, GElf_Word type, GElf_Shdr *header)
{
    Elf_Scn *scn = NULL;

    while (elf != NULL && (scn = lib->elf_nextscn(elf, scn)) != NULL)
        if (lib->gelf_getshdr(scn, header) != NULL && header->sh_type == type)
            return scn;
    return NULL;
}

/* The fullest table: the debug file's, the file's, what the loader needs. */
static Elf *
best_table(const struct one *one, Elf_Scn **scn, GElf_Shdr *header)
{
    if ((*scn = find_section(one->extra, SHT_SYMTAB, header)) != NULL)
        return one->extra;
    if ((*scn = find_section(one->elf, SHT_SYMTAB, header)) != NULL)
        return one->elf;
    *scn = find_section(one->elf, SHT_DYNSYM, header);
    return one->elf;
}

/* ---- one pass ---- */

struct query {
    uint64_t at; /* the file's address to look up */
    struct bt_frame *frame;
    const char *name, *before; /* the symbol that has it; a sizeless one that stands before it */
    uint64_t start, before_start;
    unsigned rank;
};

struct pass {
    struct query *q;
    size_t count;
    Elf *elf;
    size_t strings;
};

static int
by_address(const void *a, const void *b)
{
    uint64_t x = ((const struct query *)a)->at;
    uint64_t y = ((const struct query *)b)->at;

    return (x > y) - (x < y);
}

/* The first query at or after the address. */
static size_t
first_from(const struct pass *p, uint64_t at)
{
    size_t low = 0;
    size_t high = p->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (p->q[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Of several symbols the innermost counts; at one place global before weak before local. */
static unsigned
rank_of(const GElf_Sym *s)
{
    unsigned bind = GELF_ST_BIND(s->st_info);

    return bind == STB_GLOBAL ? 3 : bind == STB_WEAK ? 2 : 1;
}

static void
offer(const struct pass *p, struct query *q, const GElf_Sym *s)
{
    unsigned rank = rank_of(s);

    if (q->name != NULL &&
        (s->st_value < q->start || (s->st_value == q->start && rank <= q->rank)))
        return;
    q->name = lib->elf_strptr(p->elf, p->strings, s->st_name);
    q->start = s->st_value;
    q->rank = rank;
}

static void
use_symbol(const struct pass *p, const GElf_Sym *s)
{
    unsigned type = GELF_ST_TYPE(s->st_info);
    size_t i;

    if (s->st_shndx == SHN_UNDEF || s->st_shndx == SHN_ABS || s->st_name == 0 ||
        (type != STT_FUNC && type != STT_NOTYPE && type != STT_GNU_IFUNC))
        return;
    i = first_from(p, s->st_value);
    if (s->st_size == 0 && i < p->count && s->st_value >= p->q[i].before_start) {
        p->q[i].before = lib->elf_strptr(p->elf, p->strings, s->st_name);
        p->q[i].before_start = s->st_value;
    }
    for (; i < p->count && p->q[i].at - s->st_value < s->st_size; i++)
        offer(p, &p->q[i], s);
}

/* Assembly's symbols may have no size: the last one before the address, unless another symbol
 * that has one begins in between. */
static void
settle(const struct pass *p)
{
    const char *before = NULL;
    uint64_t start = 0;

    for (size_t i = 0; i < p->count; i++) {
        struct query *q = &p->q[i];

        if (q->before != NULL) {
            before = q->before;
            start = q->before_start;
        }
        if (q->name == NULL && before != NULL && q->at - start < 4096) {
            q->name = before;
            q->start = start;
        }
        q->frame->name = q->name;
        q->frame->offset = q->at + q->frame->called - q->start;
    }
}

static void
name_module(const struct one *one, struct query *queries, size_t count)
{
    struct pass p = { queries, count, NULL, 0 };
    GElf_Shdr header;
    Elf_Scn *scn;
    Elf_Data *data;
    GElf_Sym s;

    p.elf = best_table(one, &scn, &header);
    data = scn != NULL ? lib->elf_getdata(scn, NULL) : NULL;
    if (data == NULL || header.sh_entsize == 0)
        return;
    p.strings = header.sh_link;
    qsort(queries, count, sizeof(*queries), by_address);
    for (size_t i = 0; i < header.sh_size / header.sh_entsize && i <= INT32_MAX; i++)
        if (lib->gelf_getsym(data, (int)i, &s) != NULL)
            use_symbol(&p, &s);
    settle(&p);
}

static size_t
gather(const struct bt_stacks *s, ssize_t image, struct query *out)
{
    uint64_t bias = s->images.module[image].bias;
    size_t n = 0;

    for (size_t i = 0; i < s->count; i++)
        for (size_t j = 0; j < s->thread[i].count; j++) {
            struct bt_frame *f = &s->thread[i].frame[j];

            if (f->image == image)
                out[n++] = (struct query){ .at = f->pc - f->called - bias, .frame = f };
        }
    return n;
}

static size_t
all_frames(const struct bt_stacks *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->count; i++)
        n += s->thread[i].count;
    return n;
}

struct bt_debug *
bt_name_frames(const struct bt_options *o, struct bt_stacks *s)
{
    struct bt_debug *debug;
    struct query *queries;

    lib = elf_library();
    if (lib == NULL || lib->elf_version(EV_CURRENT) == EV_NONE) {
        warnx("there are no names without libelf.so.1");
        return NULL;
    }
    debug = calloc(1, sizeof(*debug));
    queries = calloc(all_frames(s) + 1, sizeof(*queries));
    if (debug != NULL)
        debug->one = calloc(s->images.count + 1, sizeof(*debug->one));
    for (size_t i = 0;
         queries != NULL && debug != NULL && debug->one != NULL && i < s->images.count; i++) {
        size_t n = gather(s, (ssize_t)i, queries);

        debug->one[i].fd = -1;
        if (n == 0)
            continue;
        open_files(o, &s->images.image[i], &debug->one[i]);
        name_module(&debug->one[i], queries, n);
    }
    free(queries);
    return debug;
}

/* ---- lines and inlined functions ---- */

static Dwarf *
dwarf_of(struct one *one)
{
    dw = dwarf_library();
    if (dw == NULL)
        return NULL;
    if (!one->tried && one->extra != NULL)
        one->dwarf = dw->dwarf_begin_elf(one->extra, DWARF_C_READ, NULL);
    if (!one->tried && one->dwarf == NULL && one->elf != NULL)
        one->dwarf = dw->dwarf_begin_elf(one->elf, DWARF_C_READ, NULL);
    one->tried = true;
    return one->dwarf;
}

struct position {
    const char *file;
    int line, column;
};

static struct position
line_of(Dwarf_Die *unit, Dwarf_Addr at)
{
    Dwarf_Line *line = dw->dwarf_getsrc_die(unit, at);
    struct position p = { NULL, 0, 0 };

    if (line == NULL)
        return p;
    p.file = dw->dwarf_linesrc(line, NULL, NULL);
    dw->dwarf_lineno(line, &p.line);
    dw->dwarf_linecol(line, &p.column);
    return p;
}

/* Where the inlined function was called. */
static struct position
call_of(Dwarf_Die *unit, Dwarf_Die *die)
{
    struct position p = { NULL, 0, 0 };
    Dwarf_Attribute a;
    Dwarf_Word v;
    Dwarf_Files *files;
    size_t n;

    if (dw->dwarf_getsrcfiles(unit, &files, &n) == 0 &&
        dw->dwarf_formudata(dw->dwarf_attr(die, DW_AT_call_file, &a), &v) == 0 && v < n)
        p.file = dw->dwarf_filesrc(files, v, NULL, NULL);
    if (dw->dwarf_formudata(dw->dwarf_attr(die, DW_AT_call_line, &a), &v) == 0)
        p.line = (int)v;
    if (dw->dwarf_formudata(dw->dwarf_attr(die, DW_AT_call_column, &a), &v) == 0)
        p.column = (int)v;
    return p;
}

static const char *
die_name(Dwarf_Die *die)
{
    Dwarf_Attribute a;
    const char *name = dw->dwarf_formstring(dw->dwarf_attr_integrate(die, DW_AT_linkage_name, &a));

    return name != NULL ? name : dw->dwarf_diename(die);
}

/* From the innermost scope out, up to the function itself. Without inlined functions the frame
 * has the name of the innermost one, as eu-stack has it. */
static void
say_scopes(Dwarf_Die *unit, Dwarf_Addr at, struct position p, bool inlines, bt_say_fn *say,
           void *context)
{
    Dwarf_Die *scopes = NULL;
    const char *function = NULL;
    int n = dw->dwarf_getscopes(unit, at, &scopes);

    for (int i = 0; i < n && function == NULL; i++) {
        int tag = dw->dwarf_tag(&scopes[i]);

        if (tag == DW_TAG_inlined_subroutine && inlines) {
            say(context, die_name(&scopes[i]), p.file, p.line, p.column);
            p = call_of(unit, &scopes[i]);
        } else if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine)
            function = die_name(&scopes[i]);
    }
    say(context, function, p.file, p.line, p.column);
    free(scopes);
}

void
bt_describe(struct bt_debug *debug, const struct bt_stacks *s, const struct bt_frame *f,
            bool inlines, bt_say_fn *say, void *context)
{
    Dwarf *dwarf = f->image >= 0 && debug != NULL ? dwarf_of(&debug->one[f->image]) : NULL;
    Dwarf_Addr at = f->image >= 0 ? f->pc - f->called - s->images.module[f->image].bias : 0;
    Dwarf_Die unit;

    if (dwarf == NULL || dw->dwarf_addrdie(dwarf, at, &unit) == NULL)
        say(context, NULL, NULL, 0, 0);
    else
        say_scopes(&unit, at, line_of(&unit, at), inlines, say, context);
}

void
bt_free_names(struct bt_debug *debug, const struct bt_stacks *s)
{
    for (size_t i = 0; debug != NULL && debug->one != NULL && i < s->images.count; i++) {
        struct one *one = &debug->one[i];

        if (one->dwarf != NULL)
            dw->dwarf_end(one->dwarf);
        lib->elf_end(one->extra);
        lib->elf_end(one->elf);
        if (one->extra != NULL || one->fd > 0)
            close(one->fd);
    }
    if (debug != NULL)
        free(debug->one);
    free(debug);
}
