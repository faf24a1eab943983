/* entries.c - SymFunctionTableAccess64: what .eh_frame says of a function, in the shape of the
 * entry that Windows has for its machine. */
#include <string.h>

#include "stub/dbghelp/internal.h"

enum { E_MACHINE = 18, EM_AARCH64 = 183 };

/* The machine of the file with this address; the host's when there is no file. */
static DWORD
machine_at(const struct table *t, uint64_t address)
{
    for (size_t i = 0; i < t->source_count; i++) {
        const struct images *all = &t->source[i]->images;
        ssize_t n = image_at(all, address);

        if (n < 0 || all->image[n].size <= E_MACHINE + 1)
            continue;
        return all->image[n].bytes[E_MACHINE] == EM_AARCH64 ? IMAGE_FILE_MACHINE_ARM64
                                                            : IMAGE_FILE_MACHINE_AMD64;
    }
    return CONTEXT_MACHINE == CONTEXT_ARM64 ? IMAGE_FILE_MACHINE_ARM64 : IMAGE_FILE_MACHINE_AMD64;
}

PVOID
SymFunctionTableAccess64(HANDLE process, DWORD64 address)
{
    static _Thread_local IMAGE_AMD64_RUNTIME_FUNCTION_ENTRY entry;
    static _Thread_local IMAGE_ARM64_RUNTIME_FUNCTION_ENTRY entry_arm;
    struct routines r = { .process = process };
    STACKFRAME64 none = { .Far = FALSE };
    struct table *t = dbghelp_table(process);
    struct unwind_function f;
    struct walker *w;
    uint64_t base;
    bool ok;

    if (t == NULL)
        return NULL;
    base = dbghelp_base(t, address);
    r.machine = machine_at(t, address);
    dbghelp_lock();
    dbghelp_drop_table(t);
    dbghelp_unlock();
    w = base != 0 ? dbghelp_borrow(&r, &none, address) : NULL;
    if (w == NULL)
        return NULL;
    ok = unwind_find_function(&w->unwind, address, &f);
    dbghelp_give_back(w, 0);
    if (!ok)
        return NULL;
    entry.BeginAddress = entry_arm.BeginAddress = (DWORD)(f.begin - base);
    entry.EndAddress = (DWORD)(f.end - base);
    entry.UnwindInfoAddress = entry_arm.UnwindData = (DWORD)(f.table - base);
    return r.machine == IMAGE_FILE_MACHINE_ARM64 ? (PVOID)&entry_arm : (PVOID)&entry;
}
