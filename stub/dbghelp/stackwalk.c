/* stackwalk.c - StackWalk64, StackWalkEx and StackWalk2: a walker is borrowed for one step. */
#include <string.h>

#include "stub/dbghelp/internal.h"

/* ---- addresses that are not flat ---- */

/* What a segment of protected mode begins at, nobody can say here. */
static DWORD64
translate(HANDLE process, HANDLE thread, LPADDRESS64 a)
{
    (void)process;
    (void)thread;
    if (a->Mode == AddrModeReal)
        return (DWORD64)a->Segment * 16 + a->Offset;
    return a->Segment == 0 ? a->Offset : 0;
}

static bool
make_flat(const struct routines *r, ADDRESS64 *a)
{
    if (a->Mode == AddrModeFlat || a->Offset == 0)
        return true;
    a->Offset = (r->translate != NULL ? r->translate : translate)(r->process, r->thread, a);
    a->Segment = 0;
    a->Mode = AddrModeFlat;
    return a->Offset != 0;
}

/* ---- a step ---- */

static BOOL
refuse(DWORD error)
{
    SetLastError(error);
    return FALSE;
}

/* The error of a step that gave no frame. */
static BOOL
tell_end(const STACKFRAME64 *frame)
{
    struct unwind_end end;

    unwind_stackwalk_end(frame, &end);
    if (end.reason == UNWIND_RUNNING)
        return refuse(ERROR_INVALID_PARAMETER); /* a context of another machine */
    return refuse(end.reason == UNWIND_UNREADABLE ? ERROR_PARTIAL_COPY : ERROR_NO_MORE_ITEMS);
}

/* The function's entry; of a caller, of the call. */
static void
ask_for_entry(const struct routines *r, STACKFRAME64 *frame, bool called)
{
    DWORD64 pc = frame->AddrPC.Offset - called;

    if (r->entry32 != NULL && pc <= UINT32_MAX)
        frame->FuncTableEntry = r->entry32(r->process, (DWORD)pc);
    else if (r->entry != NULL)
        frame->FuncTableEntry = r->entry(r->process, pc);
}

/* A signature is asked for by an address of its kind. */
static uint64_t
pc_of(const struct routines *r, const STACKFRAME64 *frame, const void *context)
{
    uint64_t pc = frame->AddrPC.Offset;

    if (pc == 0 && r->machine == IMAGE_FILE_MACHINE_ARM64)
        memcpy(&pc, (const uint8_t *)context + offsetof(ARM64_NT_CONTEXT, Pc), sizeof(pc));
    return pc;
}

BOOL
dbghelp_walk(const struct routines *r, STACKFRAME64 *frame, void *context)
{
    struct walker *w;
    bool begun;
    bool ok;

    if (frame == NULL || context == NULL)
        return refuse(ERROR_INVALID_PARAMETER);
    if (unwind_machine_of(r->machine) == NULL)
        return refuse(ERROR_NOT_SUPPORTED);
    begun = unwind_stackwalk_begun(frame);
    if (!begun && !make_flat(r, &frame->AddrPC))
        return refuse(ERROR_INVALID_PARAMETER);
    w = dbghelp_borrow(r, frame, pc_of(r, frame, context));
    if (w == NULL)
        return FALSE;
    if (!begun)
        unwind_stackwalk_set_tag(frame, dbghelp_new_tag());
    ok = unwind_stackwalk(&w->unwind, r->machine, frame, context);
    dbghelp_give_back(w, ok ? unwind_stackwalk_tag(frame) : 0);
    if (!ok)
        return tell_end(frame);
    ask_for_entry(r, frame, begun);
    return TRUE;
}

/* ---- DbgHelp's three forms ---- */

BOOL
StackWalk64(DWORD machine, HANDLE process, HANDLE thread, LPSTACKFRAME64 frame, PVOID context,
            PREAD_PROCESS_MEMORY_ROUTINE64 read, PFUNCTION_TABLE_ACCESS_ROUTINE64 entry,
            PGET_MODULE_BASE_ROUTINE64 base, PTRANSLATE_ADDRESS_ROUTINE64 translate_address)
{
    struct routines r = { .machine = machine,
                          .process = process,
                          .thread = thread,
                          .read = read,
                          .entry = entry,
                          .base = base,
                          .translate = translate_address };

    return dbghelp_walk(&r, frame, context);
}

BOOL
StackWalk2(DWORD machine, HANDLE process, HANDLE thread, LPSTACKFRAME_EX frame, PVOID context,
           PREAD_PROCESS_MEMORY_ROUTINE64 read, PFUNCTION_TABLE_ACCESS_ROUTINE64 entry,
           PGET_MODULE_BASE_ROUTINE64 base, PTRANSLATE_ADDRESS_ROUTINE64 translate_address,
           PGET_TARGET_ATTRIBUTE_VALUE64 attribute, DWORD flags)
{
    struct routines r = { .machine = machine,
                          .process = process,
                          .thread = thread,
                          .read = read,
                          .entry = entry,
                          .base = base,
                          .translate = translate_address,
                          .attribute = attribute,
                          .flags = flags & SYM_STKWALK_FORCE_FRAMEPTR };
    STACKFRAME64 plain;
    BOOL ok;

    if (frame == NULL || (frame->StackFrameSize != 0 && frame->StackFrameSize != sizeof(*frame)))
        return refuse(ERROR_INVALID_PARAMETER);
    memcpy(&plain, frame, sizeof(plain));
    ok = dbghelp_walk(&r, &plain, context);
    memcpy(frame, &plain, sizeof(plain));
    return ok;
}

BOOL
StackWalkEx(DWORD machine, HANDLE process, HANDLE thread, LPSTACKFRAME_EX frame, PVOID context,
            PREAD_PROCESS_MEMORY_ROUTINE64 read, PFUNCTION_TABLE_ACCESS_ROUTINE64 entry,
            PGET_MODULE_BASE_ROUTINE64 base, PTRANSLATE_ADDRESS_ROUTINE64 translate_address,
            DWORD flags)
{
    return StackWalk2(machine, process, thread, frame, context, read, entry, base,
                      translate_address, NULL, flags);
}
