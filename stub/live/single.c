/* single.c - can this program ever have a second thread? By what it imports: a program that needs
 * nothing but the C library and calls nothing there that makes threads has one for ever. Who
 * calls the kernel by hand, or is handed a library from outside, may prove this wrong; lldb then
 * asks more often, and no answer is wrong. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 1024, SYMBOLS_MAX = 65536, NAMES_MOST = 4 << 20 };

/* Beginnings of names. */
static const char *const harmless_libraries[] = { "libc.",   "libm.",     "ld-linux",
                                                  "ld-musl", "libgcc_s.", "libstdc++." };
static const char *const makers[] = {
    "pthread_create", "thrd_create",  "clone",        "__clone",       "dlopen",
    "dlmopen",        "timer_create", "aio_",         "lio_list",      "mq_notify",
    "getaddrinfo_a",  "syscall",      "_ZNSt6thread", "__libc_dlopen", "pthread_setname_np",
};

static bool
begins_with_one_of(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(name, list[i], strlen(list[i])) == 0)
            return true;
    return false;
}

/* The executable's dynamic section and what it leads to. */
struct imports {
    Elf64_Dyn *entry; /* DT_NULL at the end */
    size_t count;
    char *names; /* NUL-terminated as a whole */
    uint64_t names_size;
    uint64_t bias;
};

/* An address in it; the linker may have added the load bias already. */
static uint64_t
value_of(const struct imports *in, int64_t tag)
{
    for (size_t i = 0; i < in->count; i++)
        if (in->entry[i].d_tag == tag)
            return in->entry[i].d_un.d_val;
    return 0;
}

static uint64_t
address_of(const struct imports *in, int64_t tag)
{
    uint64_t value = value_of(in, tag);

    return value != 0 && value < in->bias ? value + in->bias : value;
}

static bool
read_entries(struct process *p, struct imports *in)
{
    struct elf_header header;
    uint64_t at;

    if (!live_exe_dynamic(p, &at) || !live_exe_header(p, PT_DYNAMIC, &header))
        return false;
    in->bias = at - header.address;
    in->entry = calloc(ENTRIES_MAX, sizeof(*in->entry));
    if (in->entry == NULL)
        return false;
    in->count =
        live_read_raw(p, at, in->entry, ENTRIES_MAX * sizeof(*in->entry)) / sizeof(*in->entry);
    for (size_t i = 0; i < in->count; i++)
        if (in->entry[i].d_tag == DT_NULL)
            in->count = i;
    return true;
}

static bool
read_names(struct process *p, struct imports *in)
{
    uint64_t at = address_of(in, DT_STRTAB);

    in->names_size = value_of(in, DT_STRSZ);
    if (at == 0 || in->names_size == 0 || in->names_size > NAMES_MOST)
        return false;
    in->names = calloc(1, (size_t)in->names_size + 1);
    return in->names != NULL && live_read_all(p, at, in->names, (size_t)in->names_size);
}

static bool
needs_only_harmless(const struct imports *in)
{
    size_t needed = 0;

    for (size_t i = 0; i < in->count; i++) {
        uint64_t name = in->entry[i].d_un.d_val;

        if (in->entry[i].d_tag != DT_NEEDED)
            continue;
        if (name >= in->names_size ||
            !begins_with_one_of(in->names + name, harmless_libraries,
                                sizeof(harmless_libraries) / sizeof(harmless_libraries[0])))
            return false;
        needed++;
    }
    return needed > 0; /* a static program says nothing of what is in it */
}

/* How many symbols there are is said nowhere: linkers put the names somewhere behind them. What is
 * taken for one beyond the last can only make us more careful. */
static bool
imports_no_maker(struct process *p, const struct imports *in)
{
    uint64_t at = address_of(in, DT_SYMTAB), end = address_of(in, DT_STRTAB);
    uint64_t count = end > at ? (end - at) / sizeof(Elf64_Sym) : 0;
    Elf64_Sym *symbol;
    bool none = true;

    if (at == 0 || count == 0 || count > SYMBOLS_MAX)
        return false;
    symbol = calloc((size_t)count, sizeof(*symbol));
    none = symbol != NULL && live_read_all(p, at, symbol, (size_t)count * sizeof(*symbol));
    for (uint64_t i = 0; none && i < count; i++)
        none = symbol[i].st_name >= in->names_size ||
               !begins_with_one_of(in->names + symbol[i].st_name, makers,
                                   sizeof(makers) / sizeof(makers[0]));
    free(symbol);
    return none;
}

static bool
stays_single(struct process *p)
{
    struct imports in = { 0 };
    bool yes = read_entries(p, &in) && read_names(p, &in) && needs_only_harmless(&in) &&
               imports_no_maker(p, &in);

    free(in.entry);
    free(in.names);
    return yes;
}

int
live_stays_single(void *process)
{
    struct process *p = process;
    struct thread *first = p != NULL ? TAILQ_FIRST(&p->threads) : NULL;

    if (first == NULL)
        return -STUB_ESRCH;
    if (p->single == SINGLE_UNKNOWN)
        p->single = stays_single(p) ? SINGLE_EVER : SINGLE_NOT;
    if (TAILQ_NEXT(first, next) != NULL)
        p->single = SINGLE_NOT;
    return p->single == SINGLE_EVER;
}
