/* internal.h - what the files of the walker share: the walk, its memory, rows and rules. */
#ifndef STUBBORN_UNWIND_INTERNAL_H
#define STUBBORN_UNWIND_INTERNAL_H

#include <string.h>

#include "arch/unwind/unwind.h"

/* ---- rows: how to leave one frame ---- */

enum how {
    UNSAID,    /* a preserved register keeps its value, any other is lost */
    SAME,      /* keeps its value */
    UNDEFINED, /* lost; of the return address: there is no caller */
    AT_CFA,    /* lies at CFA + value */
    AT_SP,     /* lies at this frame's stack pointer + value */
    IS_CFA,    /* is CFA + value */
    IN_REG,    /* is in register `value` */
    AT_EXPR,   /* lies where the expression at base + value says */
    IS_EXPR    /* is what that expression says */
};

/* Offsets are 32 bits wide: a table that wants more is refused. */
struct row {
    uint64_t base;      /* what places of expressions count from */
    int32_t cfa_offset; /* added to cfa_reg; or a place as in `value` */
    uint8_t cfa_how;    /* IN_REG, AT_SP or IS_EXPR */
    uint8_t cfa_reg;
    uint8_t ra;     /* column of the return address */
    uint8_t source; /* enum unwind_source */
    uint8_t trust;  /* enum unwind_trust */
    bool signal;    /* leaves a signal frame: every register is what it was */
    uint8_t how[UNWIND_REGISTERS];
    int32_t value[UNWIND_REGISTERS];
};
enum { NO_REG = 0xff };

/* A row as most are, in one cache line: every saved register lies at CFA + 8 * word. */
enum { RULE_SAVED = 12 };
struct rule {
    uint64_t key;   /* pc * 2 + called */
    uint64_t saved; /* bit N: register N is one of them */
    uint32_t generation;
    int32_t cfa_offset;
    uint8_t cfa_reg, count;
    uint8_t reg[RULE_SAVED]; /* the return address first, if it is saved */
    int16_t word[RULE_SAVED];
};

/* ---- the machine ---- */

struct walk;
enum verdict { FOUND, NOTHING, FAILED /* walk.fault says why; UNWIND_NEED suspends */ };
/* Asked only by find_row, which sees a fault whatever the verdict. */
typedef enum verdict find_fn(struct walk *w, struct row *row);

/* paths.h: what the instruction at path->pc does. */
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
struct path;
typedef enum flow step_fn(struct walk *w, struct path *path, uint64_t *to);

struct unwind_machine {
    uint8_t pc, sp, fp;
    uint8_t link;       /* register that holds a leaf's return address, or NO_REG */
    uint8_t ra;         /* column in which rows that no table made say where it is */
    uint64_t preserved; /* registers that a call keeps */
    step_fn *step;
    bool (*follows_call)(struct walk *w, uint64_t pc); /* is there a call just before pc? */
};

/* What the caller's registers are, before they are believed. */
struct caller {
    uint64_t valid, saved;
    uint64_t kept; /* where they are */
    uint64_t value[UNWIND_REGISTERS], at[UNWIND_REGISTERS];
};

/* What only tables and Linux need of the walk, so that a board does not link it. */
struct extras {
    bool (*recall)(struct walk *w, uint64_t key);
    bool (*leave_by_rule)(struct walk *w);
    const struct rule *(*remember)(struct walk *w, uint64_t key, const struct row *row);
    /* What row.how says of register n where it names an expression. */
    bool (*express)(struct walk *w, struct caller *c, unsigned n);
    /* The CFA that is an expression, or counts from a register that nobody knows yet. */
    bool (*find_cfa)(struct walk *w);
    bool (*is_trampoline)(struct walk *w, uint64_t pc);
};

/* How target memory is read: through lines that are kept, or plainly. */
struct reader {
    const char *(*init)(struct walk *w, const struct unwind_config *config);
    size_t (*some)(struct walk *w, uint64_t address, uint8_t *buffer, size_t n);
};
extern const struct reader unwind_lines_reader, unwind_plain_reader;

struct unwind_sources {
    find_fn *const *find;
    size_t count;
    const struct reader *reader;
    const struct extras *extras; /* or NULL */
};

/* ---- the walk: what struct unwind holds ---- */

struct line {
    uint64_t address;
    uint64_t generation; /* of the walk that read it; 0 never */
    uint32_t prefix;     /* bytes that could be read, 0 a hole */
    uint32_t used;       /* w->clock then; that it comes round may cost a read, no more */
};

enum phase { DESCRIBE, LEAVE, DOOMED /* after this frame */, OVER };

struct walk {
    const struct unwind_machine *machine;
    const struct unwind_sources *sources;
    const struct arch_memory *memory;
    const struct unwind_module *modules;
    size_t module_count;
    uint64_t pac_mask;
    unwind_find_module_fn *find_module;
    void *finder;
    const struct unwind_exception *exceptions;
    size_t exception_count;

    /* The words of a stack stand mostly in the line that the last one was in: they may begin at
     * near_at and at the near_room bytes from there on. */
    uint64_t near_at;
    const uint8_t *near_bytes;
    uint32_t near_room; /* 0: there is no such line */

    uint32_t line_count;
    struct line *lines;
    uint64_t generation;
    uint32_t clock;
    uint8_t line_shift;
    bool complete, scan;
    uint8_t phase;

    struct rule *rules;
    uint32_t rule_count; /* a power of two, or 0 */
    uint32_t rule_generation;

    uint32_t work;     /* steps left for this frame, */
    uint32_t all_work; /* and for the walk */
    uint32_t retries;  /* left after memory was needed, for this frame */
    uint32_t switches; /* steps to a lower stack pointer left */
    uint32_t max_frames;
    uint32_t mark_at; /* from this index on another is taken for */
    uint64_t mark;    /* an earlier frame, PC and stack pointer mixed, that none may equal */

    const struct unwind_module *module; /* of this frame, or NULL */
    uint64_t gap, gap_end;              /* no table speaks of [gap, gap_end), where the PC lies */
    const struct rule *rule;            /* how to leave the frame, or NULL: row */
    struct unwind_end end, fault;
    uint64_t sp; /* of this frame, as in its registers */
    struct unwind_frame frame;
    struct row row;
};

static inline uint64_t
reg(const struct walk *w, unsigned n)
{
    return w->frame.registers.value[n];
}

/* Is register n, of which there is one, known? */
static inline bool
has(const struct walk *w, unsigned n)
{
    return (w->frame.registers.valid >> n & 1) != 0;
}

static inline bool
known(const struct walk *w, unsigned n)
{
    return n < UNWIND_REGISTERS && has(w, n);
}

/* walk.c: register n of the caller, which lies at `at`. */
bool unwind_load_saved(struct walk *w, struct caller *c, unsigned n, uint64_t at);
/* Whether the walk goes on without register n, which could not be read. */
bool unwind_can_do_without(struct walk *w, unsigned n, unsigned ra);
/* The frame's registers have become the caller's, but for pc and, unless has_sp, the stack
 * pointer: its return address lies in register `ra`; w->sp is still the callee's. True when they
 * can be those of a frame, which is then the walk's. */
bool unwind_arrive(struct walk *w, unsigned ra, bool signal, bool has_sp);

/* The first thing that went wrong while this frame was worked on is what its end tells. */
bool unwind_fault(struct walk *w, enum unwind_reason reason, uint64_t address);
/* After a try: that memory cannot be read is then no fault. False when there is another. */
static inline bool
forgive(struct walk *w)
{
    if (w->fault.reason == UNWIND_UNREADABLE)
        w->fault.reason = UNWIND_RUNNING;
    return w->fault.reason == UNWIND_RUNNING;
}
/* One step of work; false, with a fault, when there has been too much. */
bool unwind_work(struct walk *w);

/* memory.c: target memory. False with a fault: unreadable, or UNWIND_NEED. */
bool unwind_load_anywhere(struct walk *w, uint64_t address, uint64_t *v);
bool unwind_bytes(struct walk *w, uint64_t address, void *buffer, size_t n);
/* As many bytes as can be had from address on, 1..n; 0 with a fault. */
static inline size_t
unwind_some(struct walk *w, uint64_t address, uint8_t *buffer, size_t n)
{
    return w->sources->reader->some(w, address, buffer, n);
}

/* Written out, compilers make one load of it. */
static inline uint64_t
little_endian(const uint8_t *b)
{
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
           (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
           (uint64_t)b[7] << 56;
}

static inline bool
unwind_load(struct walk *w, uint64_t address, uint64_t *v)
{
    uint64_t offset = address - w->near_at;

    if (offset >= w->near_room)
        return unwind_load_anywhere(w, address, v);
    *v = little_endian(w->near_bytes + offset);
    return true;
}

/* modules.c */
const struct unwind_module *unwind_module_at(const struct walk *w, uint64_t pc);
/* Is code at pc, which lies in m? */
static inline bool
unwind_is_code(const struct walk *w, const struct unwind_module *m, uint64_t pc)
{
    if (m == NULL)
        return !w->complete;
    return m->text_end == 0 || pc - m->text < m->text_end - m->text;
}
/* The caller's copy of [address, address + n), n >= 1, or NULL; *have says how much of it. */
const uint8_t *unwind_copy(const struct unwind_module *m, uint64_t address, size_t *have);

/* rules.c */
void unwind_init_rules(struct walk *w, const struct unwind_config *config);
/* Describes the frame by the rule that is kept for it. False: there is none. */
bool unwind_recall(struct walk *w, uint64_t key);
bool unwind_leave_by_rule(struct walk *w);
/* The row as a rule, when it can be one. */
const struct rule *unwind_remember(struct walk *w, uint64_t key, const struct row *row);

/* cursor.c: bytes of a table, in order, with an error that sticks. */
struct cursor {
    struct walk *w;
    uint64_t at, end;
    const uint8_t *in; /* bytes[at], or NULL: ask */
    size_t left;       /* bytes at in */
    bool bad;          /* read past the end, or what cannot be; the fault is set */
    uint8_t buffer[32];
};
struct cursor unwind_cursor(struct walk *w, uint64_t at, uint64_t end);
void unwind_seek(struct cursor *c, uint64_t at);
uint64_t unwind_uint(struct cursor *c, unsigned size);
int64_t unwind_sint(struct cursor *c, unsigned size);
uint64_t unwind_uleb(struct cursor *c);
int64_t unwind_sleb(struct cursor *c);
/* An encoded pointer (LSB, "DWARF Extensions"), of a table whose data base is `data`. */
uint64_t unwind_pointer(struct cursor *c, uint8_t encoding, uint64_t data);

/* eh_frame.c: the description of the code at pc, and the machine that runs it (cfi.c). */
struct fde {
    uint64_t at;               /* where it lies */
    uint64_t begin, range;     /* the code */
    uint64_t ops, end;         /* its instructions */
    uint64_t cie_ops, cie_end; /* those of its CIE */
    uint64_t code_align;
    int64_t data_align;
    uint8_t ra, encoding;
    bool has_augmentation, signal, b_key;
    uint64_t bias; /* what its addresses lack: .debug_frame's are those of the file */
    bool debug;
};
find_fn unwind_by_tables;
enum verdict unwind_find_fde(struct walk *w, uint64_t pc, struct fde *fde);
enum verdict unwind_run_cfi(struct walk *w, const struct fde *fde, uint64_t pc, struct row *row);
/* expr.c */
bool unwind_express(struct walk *w, struct caller *c, unsigned n);
bool unwind_express_cfa(struct walk *w);

/* The other sources. */
find_fn unwind_by_signal, unwind_by_exception, unwind_by_resolver, unwind_by_instructions,
    unwind_by_pushed_resolver, unwind_by_entry, unwind_by_frame_pointer, unwind_by_leaf,
    unwind_by_scan;
/* All registers lie where *e says from the stack pointer on. */
void unwind_saved_row(const struct walk *w, struct row *row, const struct unwind_exception *e);
bool unwind_is_trampoline(struct walk *w, uint64_t pc);
/* prologue.c: the frame pointer n, which is not known, becomes so by the stack pointer and what
 * the function did to both. */
bool unwind_infer(struct walk *w, unsigned n);
bool unwind_find_cfa(struct walk *w);
bool unwind_follows_call_x86_64(struct walk *w, uint64_t pc);
bool unwind_follows_call_aarch64(struct walk *w, uint64_t pc);

/* pac.c: the address in a return address. */
uint64_t unwind_strip(const struct walk *w, uint64_t pc);

/* Empties a row for one that leaves by CFA = reg + offset. */
void unwind_row(const struct walk *w, struct row *row, unsigned cfa_reg, int64_t cfa_offset,
                enum unwind_source source, enum unwind_trust trust);
/* Is a return address at `at`: code, and a call before it? What cannot be read is no fault. */
bool unwind_returns(struct walk *w, uint64_t at);
bool unwind_comes_from_call(struct walk *w, uint64_t pc); /* the same of the address itself */

#endif
