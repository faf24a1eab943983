/* paths.h - what code does from a PC to its return, followed without running it. */
#ifndef STUBBORN_UNWIND_PATHS_H
#define STUBBORN_UNWIND_PATHS_H

#include "arch/unwind/internal.h"

/* A value, told by the registers as they are now: register + offset, or what lies there. Small,
 * for a path holds many and a board's stack few: two bits of kind, six of register, 24 of offset.
 * Nobody's frame has more than 4 MiB. */
enum value_kind { LOST, IS, LIES_AT };
struct value {
    uint32_t word;
};

static inline enum value_kind
kind_of(struct value v)
{
    return (enum value_kind)(v.word & 3);
}

static inline unsigned
reg_of(struct value v)
{
    return v.word >> 2 & 63;
}

static inline int32_t
offset_of(struct value v)
{
    return (int32_t)v.word >> 8;
}

static inline struct value
value_of(enum value_kind kind, unsigned reg_number, int32_t offset)
{
    return (struct value){ (uint32_t)kind | reg_number << 2 | (uint32_t)offset << 8 };
}

static inline struct value
lost(void)
{
    return (struct value){ LOST };
}

enum { PATH_REGISTERS = 32, STORES = 16 };

/* How a path went: at the first `count` places where it could go on or elsewhere, bit N says
 * whether it went elsewhere at the Nth. */
struct way {
    uint64_t taken;
    unsigned count;
};

/* One way through the code so far. */
struct path {
    uint64_t pc;
    struct way way;
    unsigned made; /* choices; the others of `way` are still to come */
    struct value r[PATH_REGISTERS];
    struct store {
        int32_t not_at; /* its place, counted from the stack pointer as it is now, complemented */
        struct value v;
    } stores[STORES]; /* by the place; a newer one STORES words away drives an older one out */
    bool called;      /* nothing was done since a call */
    bool guessed;     /* it goes on behind a jump that may have led elsewhere */
    struct value way_back; /* at a return or an indirect jump: the return address */
    struct value cfa;
};

struct value unwind_plus(struct value v, int64_t offset);
/* Memory: what the path stored there, else what lies there now. Places are compared by their
 * addresses, since one may be told by two registers. */
struct value unwind_fetch(const struct walk *w, struct path *path, struct value at);
void unwind_store(const struct walk *w, struct path *path, struct value at, struct value v);
/* A call: what it does not keep is lost. */
void unwind_clobber(const struct walk *w, struct path *path);

#endif
