/* unwind.h - walks the stack of anything whose memory can be read: a process, a dump, a board
 * behind a wire. x86-64 and AArch64.
 *
 * Freestanding: no allocation, no globals; any number of walks at once, each in storage of the
 * caller's. Target memory is read through arch.h's read-memory contract and through nothing else.
 *
 *     struct unwind u;
 *     unwind_init(&u, &config);                  0, or what is wrong with the config
 *     unwind_begin(&u, &registers);              the innermost frame
 *     while ((frame = unwind_next(&u)) != NULL)
 *         use(frame);                            good until the next call
 *     unwind_end(&u)->reason                     why there are no more
 */
#ifndef STUBBORN_UNWIND_H
#define STUBBORN_UNWIND_H

#include "arch/arch.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- registers ---- */

/* By DWARF number. x86-64: 0..15 general, 16 rip. AArch64: 0..30 x0..x30, 31 sp, 32 pc. */
enum { UNWIND_REGISTERS = 33 };
enum { UNWIND_X86_64_RBP = 6, UNWIND_X86_64_RSP = 7, UNWIND_X86_64_RIP = 16 };
enum { UNWIND_AARCH64_FP = 29, UNWIND_AARCH64_LR, UNWIND_AARCH64_SP, UNWIND_AARCH64_PC };

struct unwind_registers {
    uint64_t valid; /* bit N: value[N] is known */
    uint64_t value[UNWIND_REGISTERS];
};

/* A machine; firmware that names one does not link the other. */
struct unwind_machine;
extern const struct unwind_machine unwind_x86_64, unwind_aarch64;

/* ---- modules: what is known about the code ---- */

/* Bytes of the target's that the caller holds a copy of. bytes NULL: read them from the target. */
struct unwind_span {
    uint64_t address, size;
    const uint8_t *bytes;
};

/* One loaded file, or a range of generated code (all tables of size 0). The caller keeps it, and
 * what it points to, until unwind_set_modules or the last walk. Addresses are run-time ones. */
struct unwind_module {
    uint64_t start, end;           /* what it covers, [start, end) */
    uint64_t text, text_end;       /* code lies nowhere else; both 0 when that is not known */
    uint64_t bias;                 /* run-time address minus the address in the file */
    uint64_t entry;                /* where its program begins, 0 none */
    uint64_t hdr, hdr_size;        /* .eh_frame_hdr */
    uint64_t eh_frame, eh_size;    /* .eh_frame; needed only where there is no header */
    struct unwind_span debug;      /* .debug_frame, with its bytes */
    const struct unwind_span *map; /* read-only parts of which the caller has a copy, or NULL */
    size_t map_count;
};

/* Fills in *m from the ELF headers that the target has at `base`, whatever they claim. False when
 * there are none or they cannot be read. m->debug, m->map are set to nothing. */
bool unwind_read_module(const struct arch_memory *memory, uint64_t base, struct unwind_module *m);

/* ---- a walk ---- */

/* Where the rule came from by which a frame was reached. */
enum unwind_source {
    UNWIND_GIVEN,        /* the registers of unwind_begin */
    UNWIND_EH_FRAME,     /* .eh_frame or .debug_frame */
    UNWIND_SIGNAL,       /* the kernel's signal frame, known by its return code; an exception's */
    UNWIND_INSTRUCTIONS, /* what the code does from here to its return */
    UNWIND_FRAME_POINTER,
    UNWIND_LEAF, /* nothing but a return address where a call leaves it */
    UNWIND_SCAN  /* a word of the stack that looks like a return address */
};

/* How far to believe a frame; never more than the frame below it. */
enum unwind_trust { UNWIND_GUESS, UNWIND_FAIR, UNWIND_CHECKED, UNWIND_FULL };

struct unwind_frame {
    uint64_t pc;  /* without PAC bits */
    uint64_t cfa; /* the caller's stack pointer; 0 when that is not known (then it is last) */
    uint64_t return_at; /* where its return address lies; 0 in a register, or not known */
    uint32_t index;     /* 0 the innermost */
    uint8_t source;     /* enum unwind_source: how this frame was found */
    uint8_t trust;      /* enum unwind_trust */
    bool called;        /* pc is a return address: look up names at pc - 1 */
    bool signal;        /* the kernel's signal frame: what it returns to was interrupted */
    struct unwind_registers registers; /* as they were in this frame */
    uint64_t saved;                    /* bit N: register N lies at saved_at[N] */
    uint64_t saved_at[UNWIND_REGISTERS];
};

enum unwind_reason {
    UNWIND_RUNNING,        /* it has not ended */
    UNWIND_NEED,           /* memory is needed: unwind_feed, then go on */
    UNWIND_OUTERMOST,      /* the end is proven: no return address by the tables */
    UNWIND_MARKED,         /* the end is marked: return address 0, or the program's entry */
    UNWIND_UNREADABLE,     /* `address` cannot be read */
    UNWIND_NO_INFORMATION, /* no source knows how to leave `address`, a PC */
    UNWIND_BAD_TABLE,      /* the table at `address` is refused, and no other source helped */
    UNWIND_CYCLE,          /* a frame came a second time, its CFA is `address` */
    UNWIND_NOT_RISING,     /* the stack pointer `address` does not lie above the frame below */
    UNWIND_NOT_CODE,       /* the return address `address` does not lie in code */
    UNWIND_LIMIT           /* too many frames, or too much work for one */
};

struct unwind_end {
    enum unwind_reason reason;
    uint64_t address;
    size_t length; /* with UNWIND_NEED: bytes wanted from address on */
};

/* Which sources are tried, in which order; what no table names is not linked. A board's: what the
 * code does, frame pointers and exception frames; memory is read when it is needed, none is kept,
 * and a walk without a reader is refused. */
struct unwind_sources;
extern const struct unwind_sources unwind_all_sources, unwind_board_sources,
    unwind_frame_sources; /* frame pointers alone */

/* The module that pc lies in, or NULL. It stays as it is until the same finder is asked again. */
typedef const struct unwind_module *unwind_find_module_fn(void *finder, uint64_t pc);

/* A firmware's exception frame: while the PC, or the call that it returns to, is in [begin, end),
 * the registers of the interrupted code lie on the stack. */
struct unwind_exception {
    uint64_t begin, end;  /* of the vector's code that runs with the frame in place */
    int32_t at;           /* bytes from the stack pointer to where `saved` counts from */
    const int16_t *saved; /* UNWIND_REGISTERS offsets, by DWARF number; -1 not saved. pc and sp
                             must be */
};

struct unwind_config {
    size_t size; /* sizeof(struct unwind_config): a later field breaks nobody */
    const struct unwind_machine *machine;
    const struct unwind_sources *sources;
    const struct arch_memory *memory; /* NULL: the walk suspends and is fed */
    void *lines; /* cache of target memory, aligned for uint64_t; unwind_board_sources has none */
    size_t lines_size;                   /* at least unwind_lines_size(4, line_bytes) */
    uint32_t line_bytes;                 /* power of two, 64..65536: what one read should fetch */
    void *rules;                         /* cache of what tables said, aligned; or NULL */
    size_t rules_size;                   /* 64 bytes a rule */
    const struct unwind_module *modules; /* sorted by start, disjoint; or NULL */
    size_t module_count;
    bool complete;       /* what lies in no module is not code */
    bool scan;           /* search the stack when nothing else helps */
    uint32_t max_frames; /* 0: a million */
    uint64_t pac_mask;   /* AArch64: bits of a return address that are not address; 0 unknown */
    unwind_find_module_fn *find_module;        /* asked where no module of the table is, or NULL */
    void *finder;                              /* handed to it */
    const struct unwind_exception *exceptions; /* or NULL */
    size_t exception_count;
};

struct unwind {
    uint64_t opaque[128];
};

size_t unwind_lines_size(unsigned lines, uint32_t line_bytes);

/* Makes *u ready; the config is copied, what it points to is kept by the caller. NULL, or what is
 * wrong with the config. */
const char *unwind_init(struct unwind *u, const struct unwind_config *config);

/* Another table of modules; what was learned from the old one is forgotten. */
void unwind_set_modules(struct unwind *u, const struct unwind_module *modules, size_t count);
/* Another process's pac_mask, 0 not known; between walks. */
void unwind_set_pac_mask(struct unwind *u, uint64_t mask);

/* Starts a walk at these registers (pc and sp are needed). Memory read before is read anew;
 * unwind_begin_again keeps it, for the next thread of a process that stands still. */
void unwind_begin(struct unwind *u, const struct unwind_registers *registers);
void unwind_begin_again(struct unwind *u, const struct unwind_registers *registers);

/* The next frame, innermost first; good until the next call. NULL at the end, or when memory is
 * needed: unwind_end says which. A frame that cannot be left is still returned, and the call after
 * it tells why. Work for one frame is bounded, whatever memory and tables say. */
const struct unwind_frame *unwind_next(struct unwind *u);
const struct unwind_end *unwind_end(const struct unwind *u);

/* Memory for a suspended walk: n bytes at address, wanted or not, are kept as far as they fill
 * cache lines from their starts; n 0 says that address cannot be read. What is wanted is a whole
 * line: fewer bytes say that what follows cannot be read. */
void unwind_feed(struct unwind *u, uint64_t address, const void *bytes, size_t n);

/* Memory as the walk sees it, from the lines that it holds where it does: copies what can be read
 * of the n bytes at address, from their start, and returns how much; ARCH_LATER. */
size_t unwind_read(struct unwind *u, uint64_t address, void *buffer, size_t n);

/* ---- a walk that is taken up again ---- */

/* Where a walk stands, beside its registers: enough to go on in another struct unwind. Any words
 * are safe; what they say is bounded as a walk's own state is. */
struct unwind_place {
    uint64_t mark;  /* an earlier frame, for cycles */
    uint64_t state; /* its index, trust and budgets; bits 48..63 are the caller's and stay */
    uint64_t valid; /* registers that are known; bits 33..63 are the caller's and stay */
};
/* Of the frame that unwind_next handed out last. */
void unwind_save(const struct unwind *u, struct unwind_place *place);
/* In place of unwind_begin_again: the next unwind_next hands out that frame once more, but for
 * where its registers were saved. */
void unwind_resume(struct unwind *u, const struct unwind_registers *registers,
                   const struct unwind_place *place);

/* What the tables say of the function that pc lies in. False: nothing. After unwind_init; no walk
 * may be under way. */
struct unwind_function {
    uint64_t begin, end;
    uint64_t table; /* where its description (FDE) lies */
};
bool unwind_find_function(struct unwind *u, uint64_t pc, struct unwind_function *function);

/* Words for people: "eh_frame", "no information". */
const char *unwind_source_name(enum unwind_source source);
const char *unwind_reason_name(enum unwind_reason reason);

#ifdef __cplusplus
}
#endif
#endif
