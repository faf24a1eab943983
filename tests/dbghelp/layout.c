/* layout.c - sizes and offsets of DbgHelp's structures, compiled against Windows' own headers (by
 * mingw) and against ours. */
#include <windows.h>

#include <dbghelp.h>
#include <stddef.h>

#define AT(type, member, offset)                                                                  \
    _Static_assert(offsetof(type, member) == (offset), #type "." #member)

_Static_assert(sizeof(BOOL) == 4 && sizeof(DWORD) == 4 && sizeof(DWORD64) == 8, "words");
_Static_assert(sizeof(CONTEXT) == 1232, "CONTEXT");
AT(CONTEXT, P6Home, 0x28);
AT(CONTEXT, ContextFlags, 0x30);
AT(CONTEXT, MxCsr, 0x34);
AT(CONTEXT, SegCs, 0x38);
AT(CONTEXT, SegSs, 0x42);
AT(CONTEXT, EFlags, 0x44);
AT(CONTEXT, Dr0, 0x48);
AT(CONTEXT, Dr7, 0x70);
AT(CONTEXT, Rax, 0x78);
AT(CONTEXT, Rcx, 0x80);
AT(CONTEXT, Rdx, 0x88);
AT(CONTEXT, Rbx, 0x90);
AT(CONTEXT, Rsp, 0x98);
AT(CONTEXT, Rbp, 0xa0);
AT(CONTEXT, Rsi, 0xa8);
AT(CONTEXT, Rdi, 0xb0);
AT(CONTEXT, R8, 0xb8);
AT(CONTEXT, R15, 0xf0);
AT(CONTEXT, Rip, 0xf8);
AT(CONTEXT, FltSave, 0x100);
AT(CONTEXT, FltSave.MxCsr, 0x118);
AT(CONTEXT, FltSave.FloatRegisters, 0x120);
AT(CONTEXT, FltSave.XmmRegisters, 0x1a0);
AT(CONTEXT, VectorRegister, 0x300);
AT(CONTEXT, VectorControl, 0x4a0);
AT(CONTEXT, DebugControl, 0x4a8);
AT(CONTEXT, LastExceptionFromRip, 0x4c8);
_Static_assert(sizeof(ADDRESS64) == 16, "ADDRESS64");
AT(ADDRESS64, Segment, 8);
AT(ADDRESS64, Mode, 12);
_Static_assert(sizeof(KDHELP64) == 112, "KDHELP64");
AT(KDHELP64, KiCallUserMode, 24);
AT(KDHELP64, StackLimit, 64);
_Static_assert(sizeof(STACKFRAME64) == 264, "STACKFRAME64");
AT(STACKFRAME64, AddrReturn, 16);
AT(STACKFRAME64, AddrFrame, 32);
AT(STACKFRAME64, AddrStack, 48);
AT(STACKFRAME64, AddrBStore, 64);
AT(STACKFRAME64, FuncTableEntry, 80);
AT(STACKFRAME64, Params, 88);
AT(STACKFRAME64, Far, 120);
AT(STACKFRAME64, Virtual, 124);
AT(STACKFRAME64, Reserved, 128);
AT(STACKFRAME64, KdHelp, 152);
_Static_assert(sizeof(STACKFRAME_EX) == 272, "STACKFRAME_EX");
AT(STACKFRAME_EX, StackFrameSize, 264);
AT(STACKFRAME_EX, InlineFrameContext, 268);
_Static_assert(AddrModeFlat == 3 && IMAGE_FILE_MACHINE_AMD64 == 0x8664, "numbers");
_Static_assert(IMAGE_FILE_MACHINE_ARM64 == 0xaa64 && CONTEXT_FULL == 0x10000b, "numbers");
_Static_assert(CONTEXT_CONTROL == 0x100001 && CONTEXT_INTEGER == 0x100002, "numbers");
_Static_assert(ERROR_PARTIAL_COPY == 299 && ERROR_NO_MORE_ITEMS == 259, "numbers");
_Static_assert(ERROR_INVALID_PARAMETER == 87 && ERROR_MOD_NOT_FOUND == 126, "numbers");

int layouts_agree(void);
int
layouts_agree(void)
{
    return 1;
}
