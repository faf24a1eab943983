/* stackwalk32.c - StackWalk, DbgHelp's form for addresses of 32 bits, superseded by StackWalk64.
 * The state of the walk is kept in the frame's reserved words, as there. */
#define STUBBORN_IMAGEHLP32
#include <string.h>

#include "stub/dbghelp/internal.h"

_Static_assert(sizeof(ADDRESS) == 12, "ADDRESS");
_Static_assert(sizeof(KDHELP) == 64, "KDHELP");

static ADDRESS64
widen(ADDRESS a)
{
    return (ADDRESS64){ a.Offset, a.Segment, a.Mode };
}

static ADDRESS
narrow(ADDRESS64 a)
{
    return (ADDRESS){ (DWORD)a.Offset, a.Segment, a.Mode };
}

/* Three words of state in six of 32 bits. */
static void
get_state(const STACKFRAME *from, STACKFRAME64 *to)
{
    const DWORD *more = from->KdHelp.Reserved;

    for (unsigned i = 0; i < 3; i++)
        to->Reserved[i] = from->Reserved[i] | (DWORD64)more[i] << 32;
}

static void
put_state(const STACKFRAME64 *from, STACKFRAME *to)
{
    for (unsigned i = 0; i < 3; i++) {
        to->Reserved[i] = (DWORD)from->Reserved[i];
        to->KdHelp.Reserved[i] = (DWORD)(from->Reserved[i] >> 32);
    }
}

static bool
fits(const STACKFRAME64 *f)
{
    return f->AddrPC.Offset <= UINT32_MAX && f->AddrStack.Offset <= UINT32_MAX &&
           f->AddrFrame.Offset <= UINT32_MAX && f->AddrReturn.Offset <= UINT32_MAX;
}

BOOL
StackWalk(DWORD machine, HANDLE process, HANDLE thread, LPSTACKFRAME frame, PVOID context,
          PREAD_PROCESS_MEMORY_ROUTINE read, PFUNCTION_TABLE_ACCESS_ROUTINE entry,
          PGET_MODULE_BASE_ROUTINE base, PTRANSLATE_ADDRESS_ROUTINE translate)
{
    struct routines r = { .machine = machine,
                          .process = process,
                          .thread = thread,
                          .read32 = read,
                          .entry32 = entry,
                          .base32 = base };
    STACKFRAME64 wide = { .Far = FALSE };

    if (frame == NULL) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    if (translate != NULL && frame->AddrPC.Mode != AddrModeFlat) {
        frame->AddrPC.Offset = translate(process, thread, &frame->AddrPC);
        frame->AddrPC.Mode = AddrModeFlat;
    }
    wide.AddrPC = widen(frame->AddrPC);
    wide.AddrFrame = widen(frame->AddrFrame);
    wide.AddrStack = widen(frame->AddrStack);
    get_state(frame, &wide);
    if (!dbghelp_walk(&r, &wide, context)) {
        put_state(&wide, frame);
        return FALSE;
    }
    put_state(&wide, frame);
    if (!fits(&wide)) {
        SetLastError(ERROR_NO_MORE_ITEMS);
        return FALSE;
    }
    frame->AddrPC = narrow(wide.AddrPC);
    frame->AddrReturn = narrow(wide.AddrReturn);
    frame->AddrFrame = narrow(wide.AddrFrame);
    frame->AddrStack = narrow(wide.AddrStack);
    frame->FuncTableEntry = wide.FuncTableEntry;
    memset(frame->Params, 0, sizeof(frame->Params));
    frame->Far = frame->Virtual = FALSE;
    return TRUE;
}
