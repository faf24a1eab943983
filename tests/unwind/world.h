/* world.h - a target made by hand for the walker's tests: pieces of memory, a module, tables. */
#ifndef STUBBORN_TESTS_UNWIND_WORLD_H
#define STUBBORN_TESTS_UNWIND_WORLD_H

#include <string.h>

#include "arch/unwind/unwind.h"

enum { PARTS = 8, PART_MAX = 4096, TABLE_MAX = 1024 };
enum { RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R12 = 12, RIP = 16 };

/* Where things are in every world of these tests. */
#define CODE  ((uint64_t)0x400000)
#define TABLE ((uint64_t)0x402000)
#define HDR   ((uint64_t)0x404000)
#define STACK ((uint64_t)0x7fff0000)

/* How the callback says what it has read; the contract allows each. */
enum habit { HONEST, HONEST_FALSE, ALL_OR_NOTHING, NO_COUNT, HABITS };

struct world {
    struct part {
        uint64_t at;
        size_t size;
        uint8_t bytes[PART_MAX];
    } part[PARTS];
    unsigned parts;
    enum habit habit;
    unsigned calls;
    struct arch_memory memory;
    struct unwind_module module;
    struct unwind_config config;
    struct unwind unwind;
    struct unwind_registers registers;
    uint64_t lines[16 * (64 + 256) / 8];
    uint64_t rules[16 * 64 / 8];
};

/* An x86-64 world with a module from CODE to HDR + 0x1000 that has no tables yet. */
void world_init(struct world *w);
/* `size` zero bytes of memory at `at`; the bytes, for the test to fill in. */
uint8_t *world_add(struct world *w, uint64_t at, size_t size);
void world_put(struct world *w, uint64_t at, uint64_t v); /* a word of memory that is there */
void world_code(struct world *w, const char *hex);        /* at CODE: "55 4889e5" */
/* Starts a walk at pc and sp; other registers as in w->registers. */
void world_begin(struct world *w, uint64_t pc, uint64_t sp);
void world_reset(struct world *w); /* the config has changed */

/* ---- tables ---- */

struct table {
    uint8_t bytes[TABLE_MAX];
    size_t n;
    size_t cie;     /* where the last CIE begins */
    size_t fde[16]; /* and each FDE */
    uint64_t begin[16];
    unsigned count;
    bool debug;
};

/* A CIE "zR" (or ""), pcrel sdata4, code 1, data -8, return address in `ra`, with these ops. */
void table_cie(struct table *t, const char *augmentation, unsigned ra, const char *ops);
void table_fde(struct table *t, uint64_t begin, uint32_t range, const char *ops);
/* Puts it into the world as .eh_frame; with_header: and its header, else the section alone. */
void table_use(struct world *w, struct table *t, bool with_header);

/* Bytes of "0c 07 08"; returns how many. */
size_t from_hex(const char *hex, uint8_t *out);

#endif
