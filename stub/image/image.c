/* image.c - see image.h. A file that is gone is read through /proc/PID/map_files or exe, and what
 * no file gives is read from the process. */
#define _GNU_SOURCE 1
#include "stub/image/image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COPIED_MAX = 1 << 20, FIRST_PAGE = 4096 };

bool
image_read_process(void *process, uint64_t address, void *buffer, size_t size, size_t *got)
{
    struct iovec local = { buffer, size };
    struct iovec remote = { (void *)(uintptr_t)address, size };
    ssize_t n = process_vm_readv(*(pid_t *)process, &local, 1, &remote, 1, 0);

    *got = n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* ---- lines of maps ---- */

/* A number that `after` follows; *at is behind that then. */
static bool
take_number(char **at, int base, char after, unsigned long long *v)
{
    char *end;

    *v = strtoull(*at, &end, base);
    if (end == *at || *end != after)
        return false;
    *at = end + 1;
    return true;
}

static bool
parse_mapping(char *line, struct image_mapping *m)
{
    unsigned long long start, end, offset, major, minor, inode;
    char *mode;

    if (!take_number(&line, 16, '-', &start) || !take_number(&line, 16, ' ', &end))
        return false;
    mode = line;
    if (strcspn(mode, " ") != 4)
        return false;
    line += 5;
    if (!take_number(&line, 16, ' ', &offset) || !take_number(&line, 16, ':', &major) ||
        !take_number(&line, 16, ' ', &minor))
        return false;
    inode = strtoull(line, &line, 10);
    line += strspn(line, " ");
    line[strcspn(line, "\n")] = '\0';
    *m = (struct image_mapping){ .start = start,
                                 .end = end,
                                 .offset = offset,
                                 .device = makedev((unsigned)major, (unsigned)minor),
                                 .inode = inode,
                                 .executable = mode[2] == 'x',
                                 .path = line };
    return true;
}

/* ---- files ---- */

static bool
is_file_of(int fd, const struct image *image, struct stat *st)
{
    return fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_ino == image->inode &&
           st->st_dev == image->device;
}

static int
try_open(const char *path, const struct image *image, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd >= 0 && !is_file_of(fd, image, st)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The file that is mapped, even when its name is gone or means another file by now. Overlays show
 * another device in maps than stat does, so the last try asks only for the kernel's own link. */
static int
open_image(const struct images *all, const struct image *image, struct stat *st)
{
    char link[96];
    int fd;

    if (all->pid == 0) {
        fd = open(image->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        return fd >= 0 && fstat(fd, st) == 0 ? fd : -1;
    }
    fd = image->deleted ? -1 : try_open(image->path, image, st);
    if (fd >= 0)
        return fd;
    snprintf(link, sizeof(link), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)all->pid,
             image->start, image->first_end);
    fd = open(link, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode))
        return fd;
    if (fd >= 0)
        close(fd);
    snprintf(link, sizeof(link), "/proc/%d/exe", (int)all->pid);
    return try_open(link, image, st);
}

/* Of a dump: the file of that name, if it begins as what was mapped did. */
static bool
begins_alike(const struct images *all, const struct image *image)
{
    uint8_t first[256];
    size_t n = arch_read(all->memory, image->start, first, sizeof(first));

    return n <= image->size && memcmp(first, image->bytes, n) == 0;
}

static void
forget_file(struct image *image)
{
    if (image->mapped)
        munmap((void *)(uintptr_t)image->bytes, image->size);
    else
        free((void *)(uintptr_t)image->bytes);
    image->bytes = NULL;
    image->size = 0;
}

static void
map_file(const struct images *all, struct image *image)
{
    struct stat st;
    int fd = open_image(all, image, &st);
    void *bytes = MAP_FAILED;

    if (fd < 0)
        return;
    if (st.st_size > 0)
        bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED)
        return;
    image->bytes = bytes;
    image->size = (size_t)st.st_size;
    image->mapped = true;
    if (all->memory != NULL && !begins_alike(all, image))
        forget_file(image);
}

/* The vDSO has no file: a copy of its memory serves. */
static void
copy_memory(const struct images *all, struct image *image)
{
    pid_t pid = all->pid;
    struct arch_memory process = { image_read_process, &pid, 4096, 0 };
    size_t size = (size_t)(image->end - image->start);
    uint8_t *copy = size <= COPIED_MAX ? malloc(size) : NULL;

    if (copy != NULL && arch_read(all->memory != NULL ? all->memory : &process, image->start, copy,
                                  size) == size) {
        image->bytes = copy;
        image->size = size;
        return;
    }
    free(copy);
}

/* ---- what a file's headers say ---- */

/* The contract's callback over the bytes of an image, for addresses from its start on. */
static bool
read_image(void *process, uint64_t address, void *buffer, size_t size, size_t *got)
{
    const struct image *image = process;
    uint64_t offset = address - image->start;

    *got = 0;
    if (offset >= image->size)
        return false;
    *got = size < image->size - offset ? size : (size_t)(image->size - offset);
    memcpy(buffer, image->bytes + offset, *got);
    return true;
}

static void
add_span(struct image *image, uint64_t address, uint64_t offset, uint64_t size)
{
    if (image->span_count == IMAGE_SPANS || offset >= image->size)
        return;
    if (size > image->size - offset)
        size = image->size - offset;
    image->spans[image->span_count++] =
        (struct unwind_span){ address, size, image->bytes + offset };
}

/* The nth of a file's headers of one kind, whatever the file claims. */
static bool
read_header(const struct image *image, uint64_t at, size_t n, void *header, size_t size)
{
    if (at > image->size || (image->size - at) / size <= n)
        return false;
    memcpy(header, image->bytes + at + n * size, size);
    return true;
}

static void
read_segments(struct image *image, const Elf64_Ehdr *ehdr, uint64_t bias)
{
    Elf64_Phdr p;

    for (size_t i = 0; i < ehdr->e_phnum; i++) {
        if (!read_header(image, ehdr->e_phoff, i, &p, sizeof(p)))
            return;
        if (p.p_type == PT_LOAD && (p.p_flags & PF_W) == 0)
            add_span(image, p.p_vaddr + bias, p.p_offset, p.p_filesz);
    }
}

static bool
is_named(const struct image *image, const Elf64_Shdr *names, const Elf64_Shdr *section,
         const char *name)
{
    uint64_t offset = names->sh_offset + section->sh_name;
    size_t n = strlen(name) + 1;

    return offset < image->size && image->size - offset >= n &&
           memcmp(image->bytes + offset, name, n) == 0;
}

/* .debug_frame is in no segment; .eh_frame is looked for only without its header. */
static void
read_sections(struct image *image, const Elf64_Ehdr *ehdr, struct unwind_module *m)
{
    Elf64_Shdr names, s;

    if (!read_header(image, ehdr->e_shoff, ehdr->e_shstrndx, &names, sizeof(names)))
        return;
    for (size_t i = 0; i < ehdr->e_shnum; i++) {
        if (!read_header(image, ehdr->e_shoff, i, &s, sizeof(s)) || s.sh_type == SHT_NOBITS)
            continue;
        if (s.sh_offset > image->size || s.sh_size > image->size - s.sh_offset)
            continue;
        if (m->hdr_size == 0 && is_named(image, &names, &s, ".eh_frame")) {
            m->eh_frame = s.sh_addr + m->bias;
            m->eh_size = s.sh_size;
        }
        /* Its bytes get addresses that no process has. */
        if ((s.sh_flags & SHF_COMPRESSED) == 0 && is_named(image, &names, &s, ".debug_frame"))
            m->debug =
                (struct unwind_span){ (uint64_t)1 << 63, s.sh_size, image->bytes + s.sh_offset };
    }
}

/* bytes: the file, or how it begins in memory: notes lie in the first page, as headers do. */
static void
keep_id(struct image *image, const uint8_t *bytes, size_t n)
{
    const uint8_t *id = arch_build_id(bytes, n, &image->id_size);

    if (id != NULL)
        memcpy(image->id, id, image->id_size);
}

/* Without its file a module is read from memory, where its tables may be too. */
static void
read_in_memory(const struct images *all, struct image *image, struct unwind_module *m)
{
    pid_t pid = all->pid;
    struct arch_memory process = { image_read_process, &pid, 4096, 0 };
    const struct arch_memory *memory = all->memory != NULL ? all->memory : &process;
    uint8_t page[FIRST_PAGE];

    if (pid == 0 && all->memory == NULL)
        return;
    if (unwind_read_module(memory, image->start, m))
        keep_id(image, page, arch_read(memory, image->start, page, sizeof(page)));
    else
        memset(m, 0, sizeof(*m));
}

static void
read_file(struct image *image, struct unwind_module *m)
{
    struct arch_memory memory = { read_image, image, 1, 0 };
    Elf64_Ehdr ehdr;

    if (!unwind_read_module(&memory, image->start, m))
        return;
    if (!read_header(image, 0, 0, &ehdr, sizeof(ehdr)))
        return;
    keep_id(image, image->bytes, image->size);
    read_segments(image, &ehdr, m->bias);
    read_sections(image, &ehdr, m);
}

/* ---- the table ---- */

static bool
grow(struct images *all)
{
    size_t n = all->count + 1;
    struct image *image = reallocarray(all->image, n, sizeof(*image));
    struct unwind_module *module;

    if (image == NULL)
        return false;
    all->image = image;
    module = reallocarray(all->module, n, sizeof(*module));
    if (module == NULL)
        return false;
    all->module = module;
    memset(&image[all->count], 0, sizeof(*image));
    memset(&module[all->count], 0, sizeof(*module));
    all->count = n;
    return true;
}

static bool
add_image(struct images *all, const struct image_mapping *m)
{
    static const char gone[] = " (deleted)";
    struct image *image;
    size_t len = strlen(m->path);

    if (!grow(all))
        return false;
    image = &all->image[all->count - 1];
    image->path = strdup(m->path);
    if (image->path == NULL)
        return false;
    if (len >= sizeof(gone) && strcmp(image->path + len - (sizeof(gone) - 1), gone) == 0) {
        image->path[len - (sizeof(gone) - 1)] = '\0';
        image->deleted = true;
    }
    image->device = m->device;
    image->inode = m->inode;
    image->start = m->start;
    image->end = image->first_end = m->end;
    image->begins = m->inode != 0 && m->offset == 0;
    return true;
}

/* A mapping of the file that the last one was of: one module has several. */
static bool
continues(const struct images *all, const struct image_mapping *m)
{
    const struct image *last = all->count > 0 ? &all->image[all->count - 1] : NULL;

    return last != NULL && m->inode != 0 && m->offset != 0 && last->inode == m->inode &&
           last->device == m->device;
}

static void
note_code(struct image *image, const struct image_mapping *m)
{
    if (!m->executable)
        return;
    if (image->text_end == 0)
        image->text = m->start;
    image->text_end = m->end;
}

/* ---- opening them ---- */

/* Code without a file, or with one that nobody has opened: a module that has nothing but its
 * bounds. Modules of a file must not overlap the next. */
static void
settle_bounds(const struct image *image, uint64_t next, struct unwind_module *m)
{
    if (m->end == 0 && image->text_end != 0) {
        m->start = image->start;
        m->text = image->text;
    }
    if (m->end < image->text_end && m->hdr_size == 0)
        m->end = m->text_end = image->text_end;
    if (m->end > next)
        m->end = next;
    m->map = image->spans;
    m->map_count = image->span_count;
}

void
image_open(struct images *all, size_t i)
{
    struct image *image = &all->image[i];
    struct unwind_module *m = &all->module[i];

    if (image->opened)
        return;
    image->opened = true;
    if (image->begins)
        map_file(all, image);
    else if (strcmp(image->path, "[vdso]") == 0)
        copy_memory(all, image);
    memset(m, 0, sizeof(*m));
    if (image->bytes != NULL)
        read_file(image, m);
    else if (image->begins)
        read_in_memory(all, image, m);
    settle_bounds(image, i + 1 < all->count ? all->image[i + 1].start : UINT64_MAX, m);
}

/* Modules without code are of no use to a walk. */
void
image_tidy(struct images *all)
{
    size_t kept = 0;

    for (size_t i = 0; i < all->count; i++) {
        uint64_t next = i + 1 < all->count ? all->image[i + 1].start : UINT64_MAX;

        if (!all->lazy)
            image_open(all, i);
        settle_bounds(&all->image[i], next, &all->module[i]);
        if (all->module[i].end == 0 || all->module[i].start >= all->module[i].end) {
            free(all->image[i].path);
            forget_file(&all->image[i]);
            continue;
        }
        all->image[kept] = all->image[i];
        all->module[kept++] = all->module[i];
    }
    all->count = kept;
    for (size_t i = 0; i < kept; i++)
        all->module[i].map = all->image[i].spans;
}

static bool
add_range(struct images *all, const struct image_mapping *m)
{
    struct image_range *range =
        reallocarray(all->range, all->range_count + 1, sizeof(*all->range));

    if (range == NULL)
        return false;
    all->range = range;
    range[all->range_count++] = (struct image_range){ m->start, m->end };
    return true;
}

bool
image_add_mapping(struct images *all, const struct image_mapping *m)
{
    if (!add_range(all, m))
        return false;
    if (continues(all, m))
        all->image[all->count - 1].end = m->end;
    else if (!add_image(all, m))
        return false;
    note_code(&all->image[all->count - 1], m);
    return true;
}

bool
image_add_file(struct images *all, const char *path, uint64_t base, uint64_t size)
{
    struct image_mapping m = {
        .start = base, .end = base + (size != 0 ? size : 1), .inode = 1, .path = path
    };
    bool ok = m.end < base || image_add_mapping(all, &m);

    image_tidy(all);
    return ok;
}

/* Of a module with copies: does memory have its code? */
static bool
has_code_of(const struct arch_memory *memory, const struct unwind_module *m,
            const struct image *image)
{
    uint8_t there[256];
    uint64_t at = m->entry != 0 ? m->entry : m->text;

    for (unsigned i = 0; i < image->span_count; i++) {
        const struct unwind_span *s = &image->spans[i];
        uint64_t offset = at - s->address;
        size_t n = offset < s->size && s->size - offset < sizeof(there)
                       ? (size_t)(s->size - offset)
                       : sizeof(there);

        if (offset < s->size)
            return arch_read(memory, at, there, n) == n &&
                   memcmp(there, s->bytes + offset, n) == 0;
    }
    return true; /* it is in no segment that stays as it is in the file */
}

bool
image_add_linked(struct images *all, const char *path)
{
    const struct arch_memory *memory = all->memory;
    bool ok;

    all->memory = NULL; /* which has no headers to be compared */
    ok = image_add_file(all, path, 0, 0);
    if (ok && all->count == 1) { /* moved down to 0 by the address that it is for */
        uint64_t base = 0 - all->module[0].bias;
        uint64_t size = all->module[0].end;

        image_free(all);
        ok = image_add_file(all, path, base, size);
    }
    all->memory = memory;
    if (ok && all->count == 1 && memory != NULL &&
        !has_code_of(memory, &all->module[0], &all->image[0])) {
        image_free(all);
        all->memory = memory;
    }
    return ok;
}

static bool
find(struct images *all, pid_t pid, bool lazy)
{
    char path[64];
    char buffer[16384]; /* the kernel gives a page at a time, stdio would ask for less */
    char *line = NULL;
    size_t room = 0;
    bool ok = true;
    FILE *maps;

    *all = (struct images){ .pid = pid, .lazy = lazy };
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    maps = fopen(path, "re");
    if (maps == NULL)
        return false;
    setvbuf(maps, buffer, _IOFBF, sizeof(buffer));
    while (ok && getline(&line, &room, maps) > 0) {
        struct image_mapping m;

        if (parse_mapping(line, &m))
            ok = image_add_mapping(all, &m);
    }
    free(line);
    fclose(maps);
    image_tidy(all);
    return ok;
}

bool
image_find(struct images *all, pid_t pid)
{
    return find(all, pid, false);
}

bool
image_find_lazily(struct images *all, pid_t pid)
{
    return find(all, pid, true);
}

void
image_free(struct images *all)
{
    for (size_t i = 0; i < all->count; i++) {
        free(all->image[i].path);
        forget_file(&all->image[i]);
    }
    free(all->image);
    free(all->module);
    free(all->range);
    *all = (struct images){ .pid = all->pid };
}

ssize_t
image_at(const struct images *all, uint64_t address)
{
    size_t low = 0, high = all->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (all->module[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && address < all->module[low - 1].end ? (ssize_t)low - 1 : -1;
}

/* Its headers may say that it ends before the address, or goes on where its mappings do not. */
const struct unwind_module *
image_find_module(void *images, uint64_t pc)
{
    struct images *all = images;
    ssize_t i = image_at(all, pc);

    if (i < 0)
        return NULL;
    image_open(all, (size_t)i);
    return image_at(all, pc) == i ? &all->module[i] : NULL;
}

uint64_t
image_mapping_end(const struct images *all, uint64_t address)
{
    for (size_t i = 0; i < all->range_count; i++)
        if (all->range[i].end > address)
            return all->range[i].end;
    return address;
}
