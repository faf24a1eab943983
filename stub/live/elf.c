/* elf.c - what the loaded image of a program or library says of itself: program headers, dynamic
 * section, symbols (elf(5)). Read from memory, so that it works where no file can be seen. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <elf.h>
#include <string.h>

enum { DYNAMIC_MAX = 1024, HEADERS_MAX = 128, CHAIN_MAX = 65536, WORD = 8 };

/* Every word comes through here: nothing of the program's is laid under a struct. */
bool
live_read_word(struct process *p, uint64_t address, uint64_t *v)
{
    return live_read_all(p, address, v, WORD);
}

static bool
read_half(struct process *p, uint64_t address, uint32_t *v)
{
    return live_read_all(p, address, v, sizeof(*v));
}

/* ---- program headers ---- */

/* The executable's stand where the kernel says. */
static bool
find_headers(struct process *p, uint64_t *headers, uint64_t *count, uint64_t *size)
{
    return live_auxv_get(p, AT_PHDR, headers) && live_auxv_get(p, AT_PHNUM, count) &&
           live_auxv_get(p, AT_PHENT, size) && *count <= HEADERS_MAX;
}

/* A library's stand where its own ELF header says, at the start of its image. */
static bool
find_library_headers(struct process *p, uint64_t base, uint64_t *headers, uint64_t *count,
                     uint64_t *size)
{
    uint8_t magic[SELFMAG];
    uint16_t words[2];

    if (!live_read_all(p, base, magic, SELFMAG) || memcmp(magic, ELFMAG, SELFMAG) != 0 ||
        !live_read_word(p, base + offsetof(Elf64_Ehdr, e_phoff), headers) ||
        !live_read_all(p, base + offsetof(Elf64_Ehdr, e_phentsize), words, sizeof(words)))
        return false;
    *headers += base;
    *size = words[0];
    *count = words[1];
    return *count <= HEADERS_MAX;
}

static bool
read_header(struct process *p, uint64_t address, struct elf_header *h)
{
    return read_half(p, address, &h->type) &&
           live_read_word(p, address + offsetof(Elf64_Phdr, p_vaddr), &h->address) &&
           live_read_word(p, address + offsetof(Elf64_Phdr, p_memsz), &h->size) &&
           live_read_word(p, address + offsetof(Elf64_Phdr, p_align), &h->align);
}

/* The first of that type. */
static bool
find_header(struct process *p, uint64_t headers, uint64_t count, uint64_t size, uint32_t type,
            struct elf_header *h)
{
    for (uint64_t i = 0; i < count; i++) {
        if (!read_header(p, headers + i * size, h))
            return false;
        if (h->type == type)
            return true;
    }
    return false;
}

bool
live_exe_header(struct process *p, uint32_t type, struct elf_header *h)
{
    uint64_t headers, count, size;

    return find_headers(p, &headers, &count, &size) &&
           find_header(p, headers, count, size, type, h);
}

bool
live_library_header(struct process *p, uint64_t base, uint32_t type, struct elf_header *h)
{
    uint64_t headers, count, size;

    return find_library_headers(p, base, &headers, &count, &size) &&
           find_header(p, headers, count, size, type, h);
}

/* What the headers say of themselves gives the load bias. */
bool
live_exe_dynamic(struct process *p, uint64_t *dynamic)
{
    struct elf_header self, h;
    uint64_t headers, count, size;

    if (!find_headers(p, &headers, &count, &size) ||
        !find_header(p, headers, count, size, PT_DYNAMIC, &h))
        return false;
    *dynamic = h.address;
    if (find_header(p, headers, count, size, PT_PHDR, &self))
        *dynamic += headers - self.address;
    return true;
}

/* ---- the dynamic section ---- */

bool
live_dynamic_entry(struct process *p, uint64_t dynamic, int64_t tag, uint64_t *value_at)
{
    uint64_t here;

    for (uint64_t i = 0; i < DYNAMIC_MAX; i++) {
        if (!live_read_word(p, dynamic + i * sizeof(Elf64_Dyn), &here) || here == DT_NULL)
            return false;
        if (here == (uint64_t)tag) {
            *value_at = dynamic + i * sizeof(Elf64_Dyn) + WORD;
            return true;
        }
    }
    return false;
}

/* An address in it; glibc has added the load bias already, others leave it as in the file. */
static bool
dynamic_address(struct process *p, const struct library *l, int64_t tag, uint64_t *address)
{
    uint64_t at;

    if (!live_dynamic_entry(p, l->l_ld, tag, &at) || !live_read_word(p, at, address))
        return false;
    if (*address < l->l_addr)
        *address += l->l_addr;
    return true;
}

/* ---- symbols, by the GNU hash table ---- */

struct symbols {
    uint64_t names, table, buckets, chains;
    uint32_t bucket_count, first; /* the first symbol that the table knows */
};

static bool
find_symbols(struct process *p, const struct library *l, struct symbols *s)
{
    uint64_t hash;
    uint32_t words[4]; /* buckets, first symbol, words of the filter, its shift */

    if (!dynamic_address(p, l, DT_STRTAB, &s->names) ||
        !dynamic_address(p, l, DT_SYMTAB, &s->table) ||
        !dynamic_address(p, l, DT_GNU_HASH, &hash) ||
        !live_read_all(p, hash, words, sizeof(words)) || words[0] == 0)
        return false;
    s->bucket_count = words[0];
    s->first = words[1];
    s->buckets = hash + sizeof(words) + (uint64_t)words[2] * WORD;
    s->chains = s->buckets + (uint64_t)words[0] * sizeof(uint32_t);
    return true;
}

static uint32_t
hash_of(const char *name)
{
    uint32_t h = 5381;

    while (*name != '\0')
        h = h * 33 + (uint8_t)*name++;
    return h;
}

static bool
is_named(struct process *p, const struct symbols *s, uint32_t index, const char *name)
{
    size_t size = strlen(name) + 1;
    char text[64];
    uint32_t at;

    return size <= sizeof(text) &&
           read_half(p, s->table + (uint64_t)index * sizeof(Elf64_Sym), &at) &&
           live_read_all(p, s->names + at, text, size) && memcmp(text, name, size) == 0;
}

bool
live_library_symbol(struct process *p, const struct library *l, const char *name,
                    uint64_t *address)
{
    uint32_t hash = hash_of(name), index, here = 0;
    struct symbols s;

    if (!find_symbols(p, l, &s) ||
        !read_half(p, s.buckets + hash % s.bucket_count * sizeof(uint32_t), &index) ||
        index < s.first)
        return false;
    for (unsigned i = 0; i < CHAIN_MAX && (here & 1) == 0; i++, index++) {
        if (!read_half(p, s.chains + (uint64_t)(index - s.first) * sizeof(uint32_t), &here))
            return false;
        if ((here | 1) != (hash | 1) || !is_named(p, &s, index, name))
            continue;
        if (!live_read_word(
                p, s.table + (uint64_t)index * sizeof(Elf64_Sym) + offsetof(Elf64_Sym, st_value),
                address))
            return false;
        *address += l->l_addr;
        return true;
    }
    return false;
}
