/* arch.h - what a machine is: how its memory is read, which registers it has and how debuggers
 * name them, and where an operating system keeps them. No packets, no OS calls.
 *
 * Freestanding: no allocation, no globals; tables are const. Pointers handed out point into the
 * caller's structs or into const tables. */
#ifndef STUBBORN_ARCH_H
#define STUBBORN_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the read-memory contract (memory.c) ----
 *
 * The contract of DbgHelp's PREAD_PROCESS_MEMORY_ROUTINE64: read as much of [base_address,
 * base_address + size) as can be read, from its start; say how much in *bytes_read; true on
 * success. The reader handles a partial read:
 *   - the count is what is believed, clamped to size, whether true or false came with it;
 *   - a count left untouched means size with true and 0 with false (so a callback may pass a NULL
 *     count on to ReadProcessMemory);
 *   - nothing past the count is ever used;
 *   - a count above 0 but below size is not yet the end: the reader asks again from where it
 * ended
 *     (a callback may serve a page, or N bytes, a call), and 0 bytes there end the prefix;
 *   - ARCH_LATER in *bytes_read (with false) says: ask the same thing again later. The whole
 *     arch_read is then made again from its start, so a callback that answers late keeps what it
 *     has fetched until the read is through.
 * A callback never sees a range that wraps past the top of the address space, nor size 0. It may
 * write into all of buffer[0..size), and nothing beyond. */
typedef bool arch_read_memory_fn(void *process, uint64_t base_address, void *buffer, size_t size,
                                 size_t *bytes_read);

#define ARCH_LATER ((size_t)-2)

struct arch_memory {
    arch_read_memory_fn *read;
    void *process;    /* handed to read */
    uint64_t granule; /* power of two: readability changes only at its multiples; 1 when unknown */
    uint64_t top;     /* the highest address; 0 means 2^64 - 1 */
};

/* Reads the longest readable prefix of [address, address + size) into buffer and returns its
 * length, 0..size, or ARCH_LATER. What stands in buffer past that length is unspecified. A
 * callback that is all-or-nothing still yields partial reads: after 0 bytes the range is asked
 * for up to the next granule boundary, then in doubling and halving pieces, so that a megabyte
 * costs a few dozen calls. A readable range costs one call, the end of one at most three when the
 * callback counts honestly. Ranges that would pass `top` are clipped there. Every reader of
 * target memory goes through here. */
size_t arch_read(const struct arch_memory *memory, uint64_t address, void *buffer, size_t size);

/* True and *v when all `size` (1, 2, 4 or 8) bytes at address could be read; big says that the
 * target is big-endian. False, too, when the answer is late. */
bool arch_read_uint(const struct arch_memory *memory, uint64_t address, unsigned size, bool big,
                    uint64_t *v);

/* The build-id of an ELF file, of either word size and byte order, whose first n bytes these are:
 * a pointer into them, and its *size, 1..ARCH_BUILD_ID_MAX bytes. NULL (and *size 0) when there
 * is none, or when it lies behind them. */
enum { ARCH_BUILD_ID_MAX = 64 };
const uint8_t *arch_build_id(const void *file, size_t n, size_t *size);

/* DbgHelp's own shape (PREAD_PROCESS_MEMORY_ROUTINE64): BOOL, HANDLE, DWORD sizes. */
typedef int arch_read_process_memory64_fn(void *process, uint64_t base_address, void *buffer,
                                          uint32_t size, uint32_t *bytes_read);
/* The superseded 32-bit form (PREAD_PROCESS_MEMORY_ROUTINE): DWORD addresses. */
typedef int arch_read_process_memory_fn(void *process, uint32_t base_address, void *buffer,
                                        uint32_t size, uint32_t *bytes_read);

struct arch_dbghelp64 {
    arch_read_process_memory64_fn *read;
    void *process; /* the HANDLE */
};
struct arch_dbghelp32 {
    arch_read_process_memory_fn *read;
    void *process;
};

/* arch_read_memory_fn over DbgHelp's callbacks: `process` is a struct arch_dbghelp64 (or 32), the
 * caller's. A range beyond what a DWORD holds is read in part; with the 32-bit form an address
 * above 4 GiB fails cleanly. */
arch_read_memory_fn arch_read_dbghelp64;
arch_read_memory_fn arch_read_dbghelp32;

/* ---- registers: one row for a run of registers that are alike ---- */

/* What a value is: lldb's encoding and format. gdb goes by the row's `xml`. */
enum arch_type {
    ARCH_INT, /* a number */
    ARCH_UINT,
    ARCH_CODE_PTR,
    ARCH_DATA_PTR,
    ARCH_FLAGS,
    ARCH_X87,
    ARCH_FLOAT,
    ARCH_VECTOR
};

/* Which set a debugger lists it in. */
enum arch_group { ARCH_GENERAL, ARCH_FLOATING, ARCH_VECTORS, ARCH_SYSTEM };

/* Roles that every machine has; lldb's "generic" attribute. */
enum arch_role {
    ARCH_NONE,
    ARCH_PC,
    ARCH_SP,
    ARCH_FP,
    ARCH_RA,
    ARCH_STATUS,
    ARCH_TP,   /* of thread-local storage */
    ARCH_ARG1, /* argument N is ARCH_ARG1 + N - 1 */
    ARCH_ARG8 = ARCH_ARG1 + 7
};

struct arch_row {
    const char *name; /* gdb's name; '#' stands for the number: "x#" is x0, x1, ... */
    uint8_t first;    /* the first such number */
    uint8_t count;    /* registers in the run, at least 1 */
    uint16_t bits;    /* of each; a multiple of 8 */
    uint8_t type;     /* enum arch_type */
    uint8_t group;    /* enum arch_group */
    uint8_t role;     /* enum arch_role of the first; arguments count up, others do not */
    int16_t dwarf;    /* DWARF number of the first, counting up; -1 none */
    const char *alt;  /* lldb's alternate name ("rflags", "lr") of the first, or NULL */
    const char *xml;  /* gdb's type in target.xml: one that it knows ("int64", "code_ptr"), or that
                         the feature's `types` define; NULL: "int", a signed number of any bits */
};

/* A feature of the target description: rows that are there together. */
struct arch_feature {
    const char *name;  /* "org.gnu.gdb.i386.core" */
    const char *types; /* XML text defining the types that its rows name, or NULL */
    const struct arch_row *rows;
    uint8_t count;
    uint8_t bit; /* 0: always there; else bit N of the layout's `features` says that it is */
};

/* Names for parts of registers ("eax", "ah"), or for several together ("ymm0"), that debuggers
 * without a table of their own want: lldb. They take no place in g. A run of them as in
 * arch_row. */
struct arch_part {
    const char *name;
    uint8_t first, count;
    const char *whole[2]; /* rows' names: of what it is a part, or the lower and the upper half */
    uint8_t at, bytes;    /* bytes from the start of the first whole; its own */
};

/* A machine. A user may bring one of its own. */
struct arch {
    const char *name;   /* gdb's <architecture>: "i386:x86-64" */
    const char *triple; /* lldb's first word: "x86_64" */
    const struct arch_feature *features;
    uint8_t feature_count;
    uint8_t address_bytes; /* 4 or 8 */
    bool big_endian;
    uint8_t breakpoint_size; /* length of its software breakpoint, 0 when it has none */
    uint8_t breakpoint[4];
    uint8_t breakpoint_pc; /* how far past it the PC stands when it has hit: 1 on x86 */
    uint32_t plain;        /* optional features that gdb knows without a target.xml, 0: it must
                              read one */
    const struct arch_part *parts; /* or NULL */
    uint8_t part_count;
    const char *vectors; /* lldb's name for the set of vector registers; NULL: as floating ones */
};

extern const struct arch arch_x86_64;
extern const struct arch arch_aarch64;
/* AArch64 for the smallest firmware: general registers, in few rows and without named flags. */
extern const struct arch arch_aarch64_core;

/* Bits of struct arch_layout.features: one of all machines, then those of these two. */
enum {
    ARCH_LINUX = 1u << 30 /* a process of Linux: target.xml says <osabi>GNU/Linux</osabi> */
};
enum {
    ARCH_X86_64_LINUX = 1u << 1 | ARCH_LINUX, /* orig_rax */
    ARCH_X86_64_SEGMENTS = 1u << 2,           /* fs_base, gs_base */
    ARCH_X86_64_AVX = 1u << 3,
    ARCH_X86_64_AVX512 = 1u << 4,
    ARCH_X86_64_PKEYS = 1u << 5
};
enum { ARCH_AARCH64_FPU = 1u << 1, ARCH_AARCH64_TLS = 1u << 2, ARCH_AARCH64_PAUTH = 1u << 3 };

/* A machine as one process has it: which features are there. A choice over const rows. */
struct arch_layout {
    const struct arch *arch;
    uint32_t features; /* bit per optional feature */
};

/* One register of a layout. `number` is its place in target.xml and in p, P and T; `offset` its
 * place in g. */
struct arch_register {
    const struct arch_row *row; /* NULL before the first */
    uint16_t feature;           /* index into arch->features */
    uint16_t row_index;         /* index into that feature's rows */
    uint16_t index;             /* within the run */
    uint16_t number;
    uint32_t offset; /* bytes from the start of g */
    uint32_t size;   /* bytes */
};

enum { ARCH_NAME_MAX = 16, ARCH_SIZE_MAX = 256 }; /* longest name with its NUL; widest register */

/* Steps r (all zero before the first) to the next register of the layout; false past the last. */
bool arch_next(const struct arch_layout *layout, struct arch_register *r);
/* The register of that number; false when there is none. */
bool arch_register(const struct arch_layout *layout, unsigned number, struct arch_register *r);
/* By gdb's name, else by the alternate name. */
bool arch_register_named(const struct arch_layout *layout, const char *name, size_t len,
                         struct arch_register *r);
bool arch_register_dwarf(const struct arch_layout *layout, unsigned dwarf,
                         struct arch_register *r);
bool arch_register_role(const struct arch_layout *layout, enum arch_role role,
                        struct arch_register *r);
enum arch_role arch_role_of(const struct arch_register *r);
int arch_dwarf_of(const struct arch_register *r); /* -1 none */
/* Writes the register's name and a NUL into name[ARCH_NAME_MAX]; what is longer is cut. */
void arch_name_of(const struct arch_register *r, char *name);
/* The same for lldb's alternate name: the row's, or "arg1" and so on for an argument's register.
 * False when it has none. */
bool arch_alt_of(const struct arch_register *r, char *name);
unsigned arch_register_count(const struct arch_layout *layout);
size_t arch_g_size(const struct arch_layout *layout); /* bytes, half the hex digits of g */

/* The index-th part of a register that this layout has; false when there are no more. whole[1].row
 * is NULL for a part of one register. */
struct arch_parted {
    const struct arch_part *part;
    char name[ARCH_NAME_MAX];
    struct arch_register whole[2];
};
bool arch_part(const struct arch_layout *layout, unsigned index, struct arch_parted *parted);

/* Numbers in target byte order; size 1..8, v is cut off above. */
uint64_t arch_get_uint(const struct arch *arch, const void *bytes, size_t size);
void arch_put_uint(const struct arch *arch, void *bytes, size_t size, uint64_t v);

/* ---- where an operating system keeps them (sets.c; x86_64_linux.c, aarch64_linux.c) ----
 * A table parallel to the rows: places[feature][row]. Linked only where used. */

enum { ARCH_SET_GENERAL, ARCH_SET_FP, ARCH_SET_XSTATE, ARCH_SET_TLS, ARCH_SET_PAUTH, ARCH_SETS };

/* How the stored form becomes the register's. */
enum arch_form {
    ARCH_AS_IS,    /* `width` bytes, little-endian, zero-extended to the register's size */
    ARCH_X87_TAG,  /* FXSAVE's abridged tag byte against the full 16-bit tag word */
    ARCH_MXCSR,    /* as it is; in use with AVX's XSTATE_BV bit as well as with SSE's */
    ARCH_CONSTANT0 /* stored nowhere: reads as 0, writes are let fall */
};

struct arch_place {
    uint8_t set;       /* ARCH_SET_... */
    uint8_t component; /* XSAVE component (0 x87, 1 SSE, 2 AVX, ...) in ARCH_SET_XSTATE, else 0 */
    uint16_t offset;   /* of the first register, within set or component */
    int16_t stride;    /* from one register of the run to the next; may go down */
    uint8_t width;     /* bytes stored */
    uint8_t form;      /* enum arch_form */
    uint16_t initial;  /* the register's value in its component's initial state */
};

struct arch_places {
    const struct arch_place *const *features; /* parallel to arch->features, then to its rows */
    bool xsave; /* ARCH_SET_XSTATE is an XSAVE area: component bases and XSTATE_BV apply */
};

extern const struct arch_places arch_x86_64_linux;
extern const struct arch_places arch_aarch64_linux;

/* XSAVE's standard form on one CPU: bases and sizes of its components, from CPUID leaf 0xD (live)
 * or from a dump. A component of size 0 is not there; x87 and SSE (0 and 1) always are, in the
 * FXSAVE image at 0 whatever their entries say. */
enum { ARCH_XSAVE_COMPONENTS = 20 };
struct arch_xsave {
    uint32_t base[ARCH_XSAVE_COMPONENTS], size[ARCH_XSAVE_COMPONENTS];
    uint32_t total;
};

/* The register sets of one thread, as ptrace or a core note gives them. With an XSAVE machine
 * ARCH_SET_FP is the FXSAVE image: x87 and SSE are found there when ARCH_SET_XSTATE is not. */
struct arch_sets {
    const struct arch_places *places;
    const struct arch_xsave *xsave; /* for an XSAVE area, else NULL */
    uint8_t *bytes[ARCH_SETS];      /* NULL: not there */
    uint32_t size[ARCH_SETS];
};

/* Copies register r out of the sets into value (r->size bytes). False when its set is not there
 * or too short. A component whose XSTATE_BV bit is clear reads as its initial state. */
bool arch_get(const struct arch_sets *sets, const struct arch_register *r, void *value);
/* The other way; sets the component's XSTATE_BV bit (filling the rest of a component that was in
 * its initial state). *set says which set must be written back (ARCH_SETS: none). False as above,
 * with nothing written. */
bool arch_put(const struct arch_sets *sets, const struct arch_register *r, const void *value,
              unsigned *set);

/* ---- one instruction, done here (x86_64_step.c) ---- */

/* What an instruction uses. Numbers of registers as the machine has them: rax rcx rdx rbx rsp rbp
 * rsi rdi r8 .. r15. */
struct arch_x86_64_state {
    uint64_t registers[16];
    uint64_t pc, flags;
};

/* Memory as the program itself may use it: false for what would fault. `stack`: the address comes
 * from the stack or frame pointer. At most one read, and at most one write behind it, of 1 to 8
 * bytes in the machine's order. */
struct arch_access {
    bool (*read)(void *context, uint64_t address, void *bytes, size_t size, bool stack);
    bool (*write)(void *context, uint64_t address, const void *bytes, size_t size, bool stack);
    void *context;
};

/* Does the instruction at pc, whose n bytes (at most 15 matter) are given. False, and nothing
 * changed: it is not one of the plain integer forms that are known, or it would fault. */
bool arch_x86_64_emulate(struct arch_x86_64_state *state, const uint8_t *code, size_t n,
                         const struct arch_access *memory);

/* An instruction that can be run elsewhere: its copy. */
struct arch_x86_64_moved {
    uint8_t code[16];
    size_t code_size; /* bytes of the copy */
    size_t length;    /* of the instruction where it stands */
    /* The register that must hold the address of the operand while the copy runs (what follows
     * the instruction where it stands, and distance); -1: none. */
    int scratch;
    int32_t distance;
    bool call; /* pushes the address behind itself, which is then that behind the copy */
    bool jump; /* goes to where it would have gone; all else goes on behind itself */
};

/* How the instruction, whose n bytes (at most 15 matter) are given, is run elsewhere. False: it
 * cannot be, or is not known. */
bool arch_x86_64_move(const uint8_t *code, size_t n, struct arch_x86_64_moved *moved);

/* The same for an instruction that stands at `from` and a copy that will stand at `to`: an operand
 * that counts from the next instruction goes on doing so where that is within reach, and the copy
 * needs no register. */
bool arch_x86_64_move_to(const uint8_t *code, size_t n, uint64_t from, uint64_t to,
                         struct arch_x86_64_moved *moved);

/* The optional features that these XSAVE components stand for (AVX, AVX-512, PKEYS). */
uint32_t arch_x86_64_features(const struct arch_xsave *xsave);

#ifdef __cplusplus
}
#endif
#endif
