/* walkers.c - a shelf of walkers. One that served the last step of a walk still has the memory
 * that it read, one that served the same process the rules that it learned. Any other will do. */
#define _GNU_SOURCE 1
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "stub/dbghelp/internal.h"

enum { SHELF = 8 };

static struct walker *shelf;
static unsigned on_shelf;
static uint32_t last_tag;
static uint64_t uses;

/* ---- what a walker asks ---- */

/* DbgHelp's word for an address is another integer type than ours, of the same size. */
static int
read_by_routine(void *process, uint64_t address, void *buffer, uint32_t size, uint32_t *got)
{
    const struct walker *w = process;

    return w->r.read(w->r.process, address, buffer, size, got);
}

/* The caller has modules of its own. */
static bool
asks_for_modules(const struct routines *r)
{
    return r->base32 != NULL || (r->base != NULL && r->base != SymGetModuleBase64);
}

static uint64_t
base_of(const struct walker *w, uint64_t pc)
{
    const struct routines *r = &w->r;

    if (r->base32 != NULL)
        return pc <= UINT32_MAX ? r->base32(r->process, (DWORD)pc) : 0;
    if (asks_for_modules(r))
        return r->base(r->process, pc);
    return w->table != NULL ? dbghelp_base(w->table, pc) : 0;
}

static const void *
entry_of(const struct walker *w, uint64_t pc)
{
    const struct routines *r = &w->r;

    if (r->entry32 != NULL)
        return pc <= UINT32_MAX ? r->entry32(r->process, (DWORD)pc) : NULL;
    if (r->entry == NULL || r->entry == SymFunctionTableAccess64)
        return NULL; /* ours knows no more than the modules */
    return r->entry(r->process, pc);
}

/* In place of the oldest: the finder's promise for that one ends when it is asked again. */
static struct unwind_module *
remember(struct walker *w, const struct unwind_module *m)
{
    struct unwind_module *kept = &w->near[w->near_count % NEAR_MODULES];

    *kept = *m;
    if (++w->near_count == 2 * NEAR_MODULES)
        w->near_count = NEAR_MODULES; /* full, and the first is the oldest again */
    return kept;
}

static const struct unwind_module *
is_near(const struct walker *w, uint64_t pc)
{
    for (unsigned i = 0; i < NEAR_MODULES && i < w->near_count; i++)
        if (pc - w->near[i].start < w->near[i].end - w->near[i].start)
            return &w->near[i];
    return NULL;
}

/* An entry's last word tells where an FDE lies; nothing is believed of the code beyond pc. */
static bool
read_entry(const struct walker *w, uint64_t base, uint64_t pc, struct unwind_module *m)
{
    const void *entry = entry_of(w, pc);
    DWORD begin, fde;
    size_t last = w->r.machine == IMAGE_FILE_MACHINE_AMD64
                      ? offsetof(IMAGE_AMD64_RUNTIME_FUNCTION_ENTRY, UnwindInfoAddress)
                      : offsetof(IMAGE_ARM64_RUNTIME_FUNCTION_ENTRY, UnwindData);
    uint64_t length;

    if (entry == NULL)
        return false;
    memcpy(&begin, entry, sizeof(begin));
    memcpy(&fde, (const uint8_t *)entry + last, sizeof(fde));
    if (pc - base < begin || !arch_read_uint(&w->memory, base + fde, 4, false, &length))
        return false;
    *m = (struct unwind_module){
        .start = base + begin, .end = pc + 1, .eh_frame = base + fde, .eh_size = 4 + length
    };
    return m->end != 0;
}

/* Code that the table of modules does not have. */
static const struct unwind_module *
find_module(void *finder, uint64_t pc)
{
    struct walker *w = finder;
    const struct unwind_module *known = is_near(w, pc);
    struct unwind_module m;
    uint64_t base;
    bool there;

    if (known != NULL)
        return known;
    base = base_of(w, pc);
    there =
        base != 0 && unwind_read_module(&w->memory, base, &m) && pc - m.start < m.end - m.start;
    if (there && m.hdr_size != 0)
        return remember(w, &m);
    if (read_entry(w, base, pc, &m))
        return remember(w, &m);
    return there ? remember(w, &m) : NULL;
}

/* The bits of a signature, or 0: not known. */
static uint64_t
pac_mask(const struct routines *r, uint64_t pc)
{
    DWORD64 mask = 0;

    if (r->machine != IMAGE_FILE_MACHINE_ARM64 || r->attribute == NULL ||
        !r->attribute(r->process, TARGET_ATTRIBUTE_PACMASK, pc, &mask) ||
        mask == TARGET_ATTRIBUTE_PACMASK_LIVETARGET)
        return 0;
    return mask;
}

/* ---- making one ready ---- */

static void
open_memory(struct walker *w)
{
    bool is_pid = (uintptr_t)w->r.process <= INT_MAX;

    w->pid = is_pid ? (pid_t)(intptr_t)w->r.process : 0;
    w->reader = (struct arch_dbghelp64){ read_by_routine, w };
    w->reader32 = (struct arch_dbghelp32){ w->r.read32, w->r.process };
    if (w->r.read32 != NULL)
        w->memory = (struct arch_memory){ arch_read_dbghelp32, &w->reader32, 1, 0 };
    else if (w->r.read != NULL)
        w->memory = (struct arch_memory){ arch_read_dbghelp64, &w->reader, 1, 0 };
    else
        w->memory = (struct arch_memory){ image_read_process, &w->pid, 4096, 0 };
}

static void
make_ready(struct walker *w, const struct routines *r, uint64_t pc)
{
    bool by_pointers = (r->flags & SYM_STKWALK_FORCE_FRAMEPTR) != 0;
    struct unwind_config config = {
        .size = sizeof(config),
        .machine = unwind_machine_of(r->machine),
        .sources = by_pointers ? &unwind_frame_sources : &unwind_all_sources,
        .memory = &w->memory,
        .lines = w->lines,
        .lines_size = sizeof(w->lines),
        .line_bytes = LINE,
        .rules = w->rules,
        .rules_size = sizeof(w->rules),
        .modules = w->table != NULL ? w->table->module : NULL,
        .module_count = w->table != NULL ? w->table->module_count : 0,
        .complete = w->table != NULL && w->table->complete && !asks_for_modules(r),
        .pac_mask = pac_mask(r, pc),
        .find_module = find_module,
        .finder = w,
    };

    w->r = *r;
    w->near_count = 0;
    open_memory(w);
    unwind_init(&w->unwind, &config); /* nothing in it can be wrong */
}

static bool
is_ready_for(const struct walker *w, const struct routines *r, const struct table *table)
{
    const struct routines *was = &w->r;

    return w->table == table && was->machine == r->machine && was->process == r->process &&
           was->read == r->read && was->entry == r->entry && was->base == r->base &&
           was->read32 == r->read32 && was->entry32 == r->entry32 && was->base32 == r->base32 &&
           was->attribute == r->attribute && was->flags == r->flags;
}

/* ---- the shelf ---- */

enum merit { LENT, BUSY, IDLE, READY, OF_THIS_WALK };

static enum merit
merit_of(const struct walker *w, const struct routines *r, const struct table *table,
         const STACKFRAME64 *frame)
{
    bool ready;

    if (w->lent)
        return LENT; /* and its user's */
    ready = is_ready_for(w, r, table);
    if (ready && unwind_stackwalk_begun(frame) && w->tag == unwind_stackwalk_tag(frame))
        return OF_THIS_WALK;
    if (w->tag != 0)
        return BUSY; /* with another walk, which may go on or have been given up */
    return ready && w->near_count == 0 ? READY : IDLE;
}

/* The lock is held. The best there is, the one used longest ago among equals; NULL: there is room
 * for one more that would do as well. */
static struct walker *
take(const struct routines *r, const struct table *table, const STACKFRAME64 *frame,
     enum merit *merit)
{
    struct walker *best = NULL;

    *merit = LENT;
    for (struct walker *w = shelf; w != NULL; w = w->next) {
        enum merit m = merit_of(w, r, table, frame);

        if (m < *merit || m == LENT || (m == *merit && w->used > best->used))
            continue;
        *merit = m;
        best = w;
    }
    return *merit < READY && on_shelf < SHELF ? NULL : best;
}

static struct walker *
new_walker(void)
{
    struct walker *w = malloc(sizeof(*w));

    if (w == NULL)
        return NULL;
    memset(w, 0, offsetof(struct walker, unwind));
    w->next = shelf;
    shelf = w;
    on_shelf++;
    return w;
}

static void
drop_walker(struct walker *w)
{
    struct walker **at = &shelf;

    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    on_shelf--;
    dbghelp_drop_table(w->table);
    free(w);
}

void
dbghelp_clear_shelf(void)
{
    struct walker *next;

    for (struct walker *w = shelf; w != NULL; w = next) {
        next = w->next;
        if (!w->lent)
            drop_walker(w);
    }
}

/* The lock is held. */
static struct walker *
lend(const struct routines *r, struct table *table, const STACKFRAME64 *frame, enum merit *merit)
{
    struct walker *w = take(r, table, frame, merit);

    if (w == NULL) {
        *merit = IDLE;
        w = new_walker();
    }
    if (w == NULL)
        return NULL;
    w->lent = true;
    w->used = ++uses;
    dbghelp_drop_table(w->table);
    w->table = table;
    return w;
}

struct walker *
dbghelp_borrow(const struct routines *r, const STACKFRAME64 *frame, uint64_t pc)
{
    const struct unwind_registers none = { .valid = 0 };
    struct table *table = dbghelp_table(r->process);
    struct walker *w;
    enum merit merit;

    dbghelp_lock();
    w = lend(r, table, frame, &merit);
    if (w == NULL)
        dbghelp_drop_table(table);
    dbghelp_unlock();
    if (w == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    if (merit < READY)
        make_ready(w, r, pc);
    if (merit != OF_THIS_WALK)
        unwind_begin(&w->unwind, &none); /* memory is read anew */
    return w;
}

void
dbghelp_give_back(struct walker *w, uint32_t tag)
{
    dbghelp_lock();
    w->lent = false;
    w->tag = tag;
    if (on_shelf > SHELF || (w->table != NULL && w->table->references == 1))
        drop_walker(w); /* too many, or its process was cleaned up meanwhile */
    dbghelp_unlock();
}

uint32_t
dbghelp_new_tag(void)
{
    uint32_t tag;

    dbghelp_lock();
    last_tag = (last_tag + 1) & 0x7fffffff;
    last_tag += last_tag == 0; /* 0 is no walk */
    tag = last_tag;
    dbghelp_unlock();
    return tag;
}
