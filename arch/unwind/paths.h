/* paths.h - what code does from a PC to its return, followed without running it. */
#ifndef STUBBORN_UNWIND_PATHS_H
#define STUBBORN_UNWIND_PATHS_H

#include "arch/unwind/internal.h"

/* A value, told by the registers as they are now: register `reg` + offset, or what lies there. */
enum value_kind { LOST, IS, LIES_AT };
struct value {
    uint8_t kind, reg;
    int32_t offset;
};

enum { PATH_REGISTERS = 32, STORES = 16 };

/* One way through the code so far. */
struct path {
    uint64_t pc;
    struct value r[PATH_REGISTERS];
    struct store {
        uint64_t at;
        struct value v;
    } stores[STORES]; /* the newest of them; older ones are forgotten */
    unsigned stored;
    bool called;           /* nothing was done since a call */
    bool guessed;          /* it goes on behind a jump that may have led elsewhere */
    struct value way_back; /* at a return or an indirect jump: the return address */
    struct value cfa;
};

enum flow {
    ON,       /* to path.pc, which step has moved */
    CALLED,   /* the same, if the call comes back */
    IDLE,     /* the same, having done nothing: padding, perhaps */
    JUMP,     /* to *to */
    BRANCH,   /* on, or to *to */
    RETURN,   /* way_back and cfa are set */
    INDIRECT, /* somewhere; way_back and cfa are set for a jump out of the function */
    DEAD      /* no code, or none that comes back */
};

/* Does what the instruction at path->pc does. */
typedef enum flow step_fn(struct walk *w, struct path *path, uint64_t *to);

/* Follows every path until one returns to what a call came from, as its row. */
enum verdict unwind_follow(struct walk *w, step_fn *step, struct row *row);

struct value unwind_plus(struct value v, int64_t offset);
/* Memory: what the path stored there, else what lies there now. Places are compared by their
 * addresses, since one may be told by two registers. */
struct value unwind_fetch(const struct walk *w, const struct path *path, struct value at);
void unwind_store(const struct walk *w, struct path *path, struct value at, struct value v);
/* A call: what it does not keep is lost. */
void unwind_clobber(const struct walk *w, struct path *path);

#endif
