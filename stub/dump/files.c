/* files.c - the files that were mapped, and where they are now: where the core says, else where
 * build-ids lead (/usr/lib/debug/.build-id), else beside the core. What lies there is taken only
 * when it is the same file: that of the same build-id, or without one that of the same first page.
 */
#define _GNU_SOURCE 1
#include "stub/dump/internal.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, HEADERS_MAX = 128, SECTIONS_MAX = 1024 };
enum { ID_PATH_MAX = 48 + 2 * ARCH_BUILD_ID_MAX };

/* ---- bytes ---- */

bool
dump_map(const char *path, struct bytes *bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    void *at = MAP_FAILED;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (fd >= 0)
        close(fd);
    if (at == MAP_FAILED)
        return false;
    *bytes = (struct bytes){ at, (size_t)st.st_size };
    return true;
}

void
dump_unmap(struct bytes bytes)
{
    if (bytes.at != NULL)
        munmap((void *)(uintptr_t)bytes.at, bytes.size);
}

struct bytes
dump_part(struct bytes b, uint64_t offset, uint64_t size)
{
    if (offset >= b.size)
        return (struct bytes){ b.at, 0 };
    if (size > b.size - offset)
        size = b.size - offset;
    return (struct bytes){ b.at + offset, (size_t)size };
}

uint64_t
dump_number(struct bytes b, uint64_t offset, unsigned size)
{
    struct bytes n = dump_part(b, offset, size);
    uint64_t v = 0;

    while (n.size > 0)
        v = v << 8 | n.at[--n.size];
    return v;
}

uint8_t
dump_permissions(uint64_t flags)
{
    return (uint8_t)(((flags & PF_R) != 0 ? STUB_READ : 0) |
                     ((flags & PF_W) != 0 ? STUB_WRITE : 0) |
                     ((flags & PF_X) != 0 ? STUB_EXECUTE : 0));
}

/* ---- is it the same file? ---- */

/* The build-id of an ELF file, of which the beginning is enough; size 0: none. */
static struct bytes
id_of(struct bytes file)
{
    struct bytes id;

    id.at = arch_build_id(file.at, file.size, &id.size);
    return id;
}

/* What the core holds of the file's beginning. */
static struct bytes
beginning_of(const struct dump *d, const char *path)
{
    for (size_t i = 0; i < d->backing_count; i++) {
        const struct dump_file *file = &d->backing[i].file;
        const struct segment *s = dump_segment_at(d, file->start);

        if (file->offset == 0 && s != NULL && strcmp(file->path, path) == 0)
            return dump_part(s->bytes, file->start - s->address, file->end - file->start);
    }
    return (struct bytes){ NULL, 0 };
}

enum likeness { OTHER, PERHAPS, SAME };

static enum likeness
compare(struct bytes was, struct bytes is)
{
    struct bytes old = id_of(was);
    struct bytes new = id_of(is);
    size_t n = was.size < PAGE ? was.size : PAGE;

    if (old.size > 0)
        return old.size == new.size &&memcmp(old.at, new.at, old.size) == 0 ? SAME : OTHER;
    if (n == 0)
        return PERHAPS;
    return n <= is.size && memcmp(was.at, is.at, n) == 0 ? SAME : OTHER;
}

/* ---- where it is ---- */

static bool
is_program(const struct dump *d, const char *path)
{
    return d->program < d->backing_count && strcmp(d->backing[d->program].file.path, path) == 0;
}

/* /usr/lib/debug/.build-id/01/23456789... */
static bool
name_by_id(struct bytes id, const char *ending, char name[ID_PATH_MAX])
{
    int n;

    if (id.size < 2)
        return false;
    n = snprintf(name, ID_PATH_MAX, "/usr/lib/debug/.build-id/%02x/", id.at[0]);
    for (size_t i = 1; i < id.size; i++)
        n += snprintf(name + n, ID_PATH_MAX - (size_t)n, "%02x", id.at[i]);
    snprintf(name + n, ID_PATH_MAX - (size_t)n, "%s", ending);
    return true;
}

/* Maps the file of that name, if it is the one that was mapped. */
static bool
take(struct backing *b, const char *name, struct bytes was, enum likeness least)
{
    struct bytes is;

    if (!dump_map(name, &is))
        return false;
    b->changed = compare(was, is) < least;
    if (!b->changed && (b->place = strdup(name)) != NULL) {
        b->bytes = is;
        return true;
    }
    dump_unmap(is);
    return false;
}

static bool
take_by_id(struct backing *b, struct bytes was)
{
    char name[ID_PATH_MAX];

    return name_by_id(id_of(was), "", name) && take(b, name, was, SAME);
}

static bool
take_beside_core(const struct dump *d, struct backing *b, const char *path, struct bytes was)
{
    const char *slash = strrchr(d->path, '/');
    const char *base = strrchr(path, '/');
    int directory = slash != NULL ? (int)(slash + 1 - d->path) : 0;
    char name[PATH_MAX];
    int n =
        snprintf(name, sizeof(name), "%.*s%s", directory, d->path, base != NULL ? base + 1 : path);

    return n > 0 && n < PATH_MAX && take(b, name, was, SAME);
}

/* Linux adds " (deleted)" to the name of a file that had none any more. */
static void
plain_name(const char *path, char name[PATH_MAX])
{
    static const char gone[] = " (deleted)";
    size_t n = strlen(path);

    if (n >= sizeof(gone) && strcmp(path + n - (sizeof(gone) - 1), gone) == 0)
        n -= sizeof(gone) - 1;
    snprintf(name, PATH_MAX, "%.*s", (int)n, path);
}

void
dump_find_file(const struct dump *d, struct backing *b)
{
    struct bytes was = beginning_of(d, b->file.path);
    char name[PATH_MAX];
    bool changed;

    if (b->tried)
        return;
    b->tried = true;
    plain_name(b->file.path, name);
    if (d->given && is_program(d, b->file.path)) {
        (void)take(b, d->exe, was, PERHAPS);
        return;
    }
    if (take(b, b->file.path, was, PERHAPS) || take(b, name, was, SAME))
        return;
    changed = b->changed;
    if (!take_by_id(b, was) && !take_beside_core(d, b, name, was))
        b->changed = changed; /* of what stands beside the core nobody said that it is the file */
}

uint8_t
dump_file_permissions(const struct dump *d, struct backing *b)
{
    uint64_t headers, count;

    dump_find_file(d, b);
    headers = dump_number(b->bytes, offsetof(Elf64_Ehdr, e_phoff), 8);
    count = dump_number(b->bytes, offsetof(Elf64_Ehdr, e_phnum), 2);
    for (uint64_t i = 0; i < count && i < HEADERS_MAX; i++) {
        struct bytes h = dump_part(b->bytes, headers + i * sizeof(Elf64_Phdr), sizeof(Elf64_Phdr));
        uint64_t start = dump_number(h, offsetof(Elf64_Phdr, p_offset), 8) & ~(uint64_t)(PAGE - 1);

        if (dump_number(h, offsetof(Elf64_Phdr, p_type), 4) == PT_LOAD &&
            b->file.offset - start < dump_number(h, offsetof(Elf64_Phdr, p_filesz), 8))
            return dump_permissions(dump_number(h, offsetof(Elf64_Phdr, p_flags), 4));
    }
    return STUB_READ;
}

/* ---- the program ---- */

/* The mapped file in which it begins. */
static void
find_program(struct dump *d)
{
    uint64_t entry;

    d->program = d->backing_count;
    if (!dump_auxv(d, AT_ENTRY, &entry))
        return;
    for (size_t i = 0; i < d->backing_count && d->program == d->backing_count; i++)
        if (entry >= d->backing[i].file.start && entry < d->backing[i].file.end)
            d->program = i;
}

bool
dump_has_symbols(const struct dump *d)
{
    const struct backing *b = d->program < d->backing_count ? &d->backing[d->program] : NULL;
    struct bytes file = b != NULL ? b->bytes : (struct bytes){ NULL, 0 };
    uint64_t sections = dump_number(file, offsetof(Elf64_Ehdr, e_shoff), 8);
    uint64_t count = dump_number(file, offsetof(Elf64_Ehdr, e_shnum), 2);
    char name[ID_PATH_MAX];

    for (uint64_t i = 0; i < count && i < SECTIONS_MAX; i++) {
        struct bytes h = dump_part(file, sections + i * sizeof(Elf64_Shdr), sizeof(Elf64_Shdr));

        if (dump_number(h, offsetof(Elf64_Shdr, sh_type), 4) == SHT_SYMTAB)
            return true;
    }
    return name_by_id(id_of(file), ".debug", name) && access(name, R_OK) == 0;
}

/* A program that the user names must be the one. One that is not found is said beside the work. */
const char *
dump_find_exe(struct dump *d)
{
    char name[PATH_MAX];
    struct backing *b;

    find_program(d);
    b = d->program < d->backing_count ? &d->backing[d->program] : NULL;
    if (d->given && access(d->exe, R_OK) != 0)
        return "the program that was given cannot be read";
    if (b == NULL) {
        d->trouble = d->given ? NULL : "the core does not say which program made it";
        return NULL;
    }
    dump_find_file(d, b);
    if (d->given)
        return b->changed ? "the program that was given did not make it" : NULL;
    if (b->place == NULL)
        d->trouble = b->changed ? "its program has changed since" : "its program is not found";
    plain_name(b->file.path, name);
    d->exe = strdup(b->place != NULL ? b->place : name);
    return d->exe != NULL ? NULL : "out of memory";
}
