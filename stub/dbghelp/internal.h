/* internal.h - what the files of the DbgHelp facade share: tables of modules, walkers.
 * DbgHelp's functions have no object to hang state on but a process handle, so this room has a
 * list of processes and a shelf of walkers behind one lock. A walk's own state is in its
 * STACKFRAME64, so any walker can take it up. */
#ifndef STUBBORN_DBGHELP_INTERNAL_H
#define STUBBORN_DBGHELP_INTERNAL_H

#include "arch/unwind/dbghelp.h"
#include "stub/dbghelp/windows.h"
#include "stub/image/image.h"

/* ---- tables.c: what is known of a process's modules; never changed once made ---- */

/* Files that came together, and what is known of where others lie that no file is there for. */
struct source {
    unsigned references;
    struct arch_memory memory; /* of the process, while the files are looked at */
    pid_t pid;                 /* for memory */
    struct images images;
    bool found;    /* by looking at a process, not named by the caller */
    uint64_t bare; /* no file: memory has it from here */
    uint64_t bare_size;
};

struct table {
    unsigned references;
    bool complete; /* what lies in none of them is not code */
    struct source **source;
    size_t source_count;
    struct unwind_module *module; /* sorted; bare ones are not in it */
    size_t module_count;
};

/* Another table with these sources of `old` (NULL: none) and one more; without the found ones, if
 * so asked. NULL when memory is short, or two modules overlap. The new source then stays the
 * caller's. */
struct table *dbghelp_extend_table(const struct table *old, struct source *more,
                                   bool without_found);
void dbghelp_drop_table(struct table *t); /* and what only it used; NULL is nothing */
void dbghelp_drop_source(struct source *s);
/* Where the module with this address begins, or 0. */
uint64_t dbghelp_base(const struct table *t, uint64_t address);

/* ---- sessions.c ---- */

/* The table of a process, with a reference for the caller; NULL: it was not initialized. */
struct table *dbghelp_table(HANDLE process);
void dbghelp_lock(void);
void dbghelp_unlock(void);

/* ---- walkers.c: struct unwind with its caches, lent for one call ---- */

struct routines {
    DWORD machine;
    HANDLE process, thread;
    PREAD_PROCESS_MEMORY_ROUTINE64 read;
    PFUNCTION_TABLE_ACCESS_ROUTINE64 entry;
    PGET_MODULE_BASE_ROUTINE64 base;
    PTRANSLATE_ADDRESS_ROUTINE64 translate;
    PGET_TARGET_ATTRIBUTE_VALUE64 attribute;
    DWORD flags;
    arch_read_process_memory_fn *read32; /* StackWalk's, in place of those above */
    PVOID (*entry32)(HANDLE process, DWORD address);
    DWORD (*base32)(HANDLE process, DWORD address);
};

enum { LINES = 32, LINE = 1024, RULES = 256, NEAR_MODULES = 8 };

struct walker {
    struct walker *next;
    bool lent;
    uint64_t used;       /* when */
    uint32_t tag;        /* of the walk that it serves, 0 none */
    struct routines r;   /* as they were at unwind_init, */
    struct table *table; /* and the modules; a reference */
    struct arch_memory memory;
    struct arch_dbghelp64 reader;
    struct arch_dbghelp32 reader32;
    pid_t pid;
    struct unwind_module near[NEAR_MODULES]; /* that were found by asking */
    unsigned near_count;
    struct unwind unwind;
    uint64_t lines[LINES * (LINE + 64) / 8];
    uint64_t rules[RULES * 64 / 8];
};

/* For a step of this frame's walk, which is at pc. NULL: no memory; the error is set. */
struct walker *dbghelp_borrow(const struct routines *r, const STACKFRAME64 *frame, uint64_t pc);
/* tag: of the walk that goes on, 0 when it is over. */
void dbghelp_give_back(struct walker *w, uint32_t tag);
/* Frees walkers that nobody has. */
void dbghelp_clear_shelf(void);
uint32_t dbghelp_new_tag(void);

/* ---- stackwalk.c ---- */

BOOL dbghelp_walk(const struct routines *r, STACKFRAME64 *frame, void *context);

#endif
