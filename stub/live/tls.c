/* tls.c - where a thread's copy of a thread-local variable is (GDB manual, "General Query
 * Packets", qGetTLSAddr), without libthread_db.
 *
 * Each thread has a vector (dtv) with a block for each module. glibc says in symbols of its own,
 * made for debuggers, where in its structs that vector, its parts and a module's number are, so
 * nothing is assumed about its version; musl's layout is fixed, and its numbers count the modules
 * that have such variables in the order of the link map. The block of the executable lies where
 * the ABI puts it, right below the thread pointer, whatever library there is or is not. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* A field as _thread_db_... describe it, three words of 32 bits: its size in bits, how many
 * there are, where it is in its struct. */
struct field {
    uint32_t bits, count, offset;
};

static const struct library *
find_library(const struct process *p, uint64_t lm)
{
    for (size_t i = 0; i < p->library_count; i++) {
        if (p->libraries[i].lm == lm)
            return &p->libraries[i];
    }
    return NULL;
}

/* In the first module that has it. */
static bool
find_symbol(struct process *p, const char *name, uint64_t *address)
{
    for (size_t i = 0; i < p->library_count; i++) {
        if (live_library_symbol(p, &p->libraries[i], name, address))
            return true;
    }
    return false;
}

static bool
read_field(struct process *p, uint64_t base, const struct field *f, uint64_t *value)
{
    *value = 0;
    return f->bits / 8 <= sizeof(*value) && live_read_all(p, base + f->offset, value, f->bits / 8);
}

/* ---- glibc ---- */

/* What is needed of its structs. */
struct glibc {
    struct field module_id, module_offset; /* of struct link_map */
    struct field vector;                   /* of struct pthread */
    struct field entry;                    /* dtv_t's in a vector */
    struct field pointer, counter;         /* of dtv_t */
    struct field slots, slot_next, slot_length, slot_list, slot_generation;
    uint64_t linker; /* address of _rtld_global, 0: not found */
    uint32_t slot_size;
};

static bool
read_glibc(struct process *p, struct glibc *g)
{
    const struct {
        const char *name;
        struct field *field;
    } rows[] = {
        { "_thread_db_link_map_l_tls_modid", &g->module_id },
        { "_thread_db_link_map_l_tls_offset", &g->module_offset },
        { "_thread_db_pthread_dtvp", &g->vector },
        { "_thread_db_dtv_dtv", &g->entry },
        { "_thread_db_dtv_t_pointer_val", &g->pointer },
        { "_thread_db_dtv_t_counter", &g->counter },
        { "_thread_db_rtld_global__dl_tls_dtv_slotinfo_list", &g->slots },
        { "_thread_db_dtv_slotinfo_list_next", &g->slot_next },
        { "_thread_db_dtv_slotinfo_list_len", &g->slot_length },
        { "_thread_db_dtv_slotinfo_list_slotinfo", &g->slot_list },
        { "_thread_db_dtv_slotinfo_gen", &g->slot_generation },
    };
    uint64_t at;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!find_symbol(p, rows[i].name, &at) ||
            !live_read_all(p, at, rows[i].field, sizeof(*rows[i].field)))
            return false;
    }
    return find_symbol(p, "_rtld_global", &g->linker) &&
           find_symbol(p, "_thread_db_sizeof_dtv_slotinfo", &at) &&
           live_read_all(p, at, &g->slot_size, sizeof(g->slot_size));
}

/* The layout is looked up once; a libc is never unloaded. */
static const struct glibc *
glibc_of(struct process *p)
{
    struct glibc g = { 0 };

    if (p->glibc != NULL || !read_glibc(p, &g))
        return p->glibc;
    p->glibc = malloc(sizeof(g));
    if (p->glibc != NULL)
        *p->glibc = g;
    return p->glibc;
}

void
live_tls_forget(struct process *p)
{
    free(p->glibc);
    p->glibc = NULL;
}

/* When the module got its number; a thread whose vector is older does not know the module yet,
 * and what it has under the number is of one that was closed. */
static bool
generation_of(struct process *p, const struct glibc *g, uint64_t id, uint64_t *generation)
{
    enum { LISTS_MAX = 4096 };
    uint64_t list, length, first = 0;

    if (!read_field(p, g->linker, &g->slots, &list))
        return false;
    for (unsigned i = 0; i < LISTS_MAX && list != 0; i++) {
        if (!read_field(p, list, &g->slot_length, &length))
            return false;
        if (id - first < length)
            return read_field(p, list + g->slot_list.offset + (id - first) * g->slot_size,
                              &g->slot_generation, generation);
        first += length;
        if (!read_field(p, list, &g->slot_next, &list))
            return false;
    }
    return false;
}

/* The thread's block of a module from its vector; false when it has none yet. */
static bool
block_in_vector(struct process *p, const struct glibc *g, uint64_t tp, uint64_t id,
                uint64_t *block)
{
    uint64_t vector, size = g->entry.bits / 8, capacity, known, generation;

    if (!read_field(p, tp, &g->vector, &vector) ||
        !read_field(p, vector - size, &g->counter, &capacity) || id > capacity ||
        !read_field(p, vector, &g->counter, &known) || !generation_of(p, g, id, &generation) ||
        generation > known)
        return false;
    return read_field(p, vector + id * size, &g->pointer, block) && *block != UINT64_MAX &&
           *block != 0;
}

/* A module that was there from the start has its place below the thread pointer, also in a thread
 * that has not looked yet; 0 and -1 stand for "none". */
static bool
block_at_offset(struct process *p, const struct glibc *g, uint64_t tp, uint64_t lm,
                uint64_t *block)
{
    uint64_t offset;

    if (!read_field(p, lm, &g->module_offset, &offset) || offset == 0 || offset >= UINT64_MAX - 1)
        return false;
    *block = tp - offset;
    return true;
}

static bool
glibc_block(struct process *p, const struct glibc *g, uint64_t tp, uint64_t lm, uint64_t *block)
{
    uint64_t id;

    if (!read_field(p, lm, &g->module_id, &id) || id == 0)
        return false;
    return block_in_vector(p, g, tp, id, block) || block_at_offset(p, g, tp, lm, block);
}

/* ---- musl ---- */

static bool
is_musl(const struct process *p)
{
    for (size_t i = 0; i < p->library_count; i++) {
        if (strstr(p->libraries[i].name, "ld-musl") != NULL)
            return true;
    }
    return false;
}

static bool
has_locals(struct process *p, size_t index)
{
    struct elf_header h;

    return index == 0 ? live_exe_header(p, PT_TLS, &h)
                      : live_library_header(p, p->libraries[index].l_addr, PT_TLS, &h);
}

/* struct pthread begins with its own address and that of the vector, whose first word is its
 * length. */
static bool
musl_block(struct process *p, uint64_t tp, const struct library *l, uint64_t *block)
{
    uint64_t vector, length, id = 0;

    for (const struct library *m = p->libraries; m <= l; m++)
        id += has_locals(p, (size_t)(m - p->libraries));
    return live_read_word(p, tp + 8, &vector) && live_read_word(p, vector, &length) &&
           id <= length && id > 0 && live_read_word(p, vector + 8 * id, block) && *block != 0;
}

/* ---- any ---- */

/* The ABI's place for the executable's variables: what is linked into it counts on it. */
static bool
exe_block(struct process *p, uint64_t tp, uint64_t *block)
{
    struct elf_header h;
    uint64_t align;

    if (!live_exe_header(p, PT_TLS, &h))
        return false;
    align = h.align > 1 ? h.align : 1;
    if ((align & (align - 1)) != 0)
        return false;
    *block = tp - ((h.size + align - 1) & ~(align - 1));
    return true;
}

static bool
find_block(struct process *p, uint64_t tp, uint64_t lm, uint64_t *block)
{
    const struct library *l;
    const struct glibc *g;

    live_libraries_load(p);
    l = find_library(p, lm);
    if (lm == 0 || (l != NULL && l == p->libraries))
        return exe_block(p, tp, block);
    if (is_musl(p))
        return l != NULL && musl_block(p, tp, l, block);
    g = glibc_of(p);
    return g != NULL && glibc_block(p, g, tp, lm, block);
}

int
live_tls_address(void *target, struct rsp_id id, uint64_t offset, uint64_t lm, uint64_t *address)
{
    struct live *live = target;
    struct thread *t = live_thread_of(live, id);
    uint64_t tp, block;

    if (t == NULL)
        return live_fail(live, STUB_ESRCH, "that thread has ended");
    if (live->no_tls)
        return live_fail(live, STUB_ENOENT, "there is no libthread_db along the search path");
    if (!live_get_thread_pointer(t, &tp) || tp == 0)
        return live_fail(live, STUB_ENOENT, "thread %d has no thread pointer yet: go on to main",
                         (int)t->tid);
    if (!find_block(t->process, tp, lm, &block))
        return live_fail(live, STUB_ENOENT,
                         "thread %d has not touched that module's thread-local variables yet: "
                         "they have no place before it does",
                         (int)t->tid);
    *address = block + offset;
    return 0;
}
