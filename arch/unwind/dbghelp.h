/* dbghelp.h - StackWalk64, StackWalkEx and StackWalk2 with DbgHelp's names, structures and
 * callbacks, over the walker of unwind.h: code written for DbgHelp compiles and walks stacks of
 * Linux processes, and of anything whose memory a callback can read.
 *
 * Microsoft's documentation is the manual of what has a Microsoft name; here stands what it leaves
 * open, and what differs. Link with -lstubborn-dbghelp -lstubborn. DbgHelp's functions may be
 * called from any number of threads at once here, and a walk may be given up at any frame.
 *
 * hProcess is a PID cast to HANDLE, or any token when the caller brings a read routine. hThread is
 * a token. The STACKFRAME64 is zeroed before a walk's first call and kept, as it is, between
 * calls: its Reserved words hold the state of the walk, and nothing else does. The first call
 * hands out the frame of the context, each later call its caller's, and the context follows:
 * registers that are not known in a frame are 0 in it. */
#ifndef STUBBORN_DBGHELP_H
#define STUBBORN_DBGHELP_H

#include "arch/unwind/unwind.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Windows' words ---- */

#define WINAPI
#define CALLBACK
#define IMAGEAPI
#define TRUE  1
#define FALSE 0

typedef void VOID, *PVOID, *HANDLE;
typedef char CHAR;
typedef const char *PCSTR;
typedef uint8_t BYTE;
typedef uint16_t WORD;
typedef int BOOL;
typedef uint32_t DWORD, *PDWORD, *LPDWORD;
typedef unsigned long long DWORD64, *PDWORD64; /* %llx prints it, here as there */
typedef long long LONG64;

/* ---- contexts ---- */

#define IMAGE_FILE_MACHINE_I386  0x014c /* not known here: ERROR_NOT_SUPPORTED */
#define IMAGE_FILE_MACHINE_IA64  0x0200 /* nor this */
#define IMAGE_FILE_MACHINE_AMD64 0x8664
#define IMAGE_FILE_MACHINE_ARM64 0xaa64

/* Parts of a context that are there. Of a context whose flags name no machine every register
 * counts. */
#define CONTEXT_AMD64         0x00100000
#define CONTEXT_ARM64         0x00400000
#define CONTEXT_PART_CONTROL  0x00000001 /* pc, sp; ARM64: fp and lr too */
#define CONTEXT_PART_INTEGER  0x00000002
#define CONTEXT_PART_SEGMENTS 0x00000004 /* AMD64 */

typedef struct {
    uint64_t Low;
    int64_t High;
} M128A;

typedef struct {
    WORD ControlWord, StatusWord;
    BYTE TagWord, Reserved1;
    WORD ErrorOpcode;
    DWORD ErrorOffset;
    WORD ErrorSelector, Reserved2;
    DWORD DataOffset;
    WORD DataSelector, Reserved3;
    DWORD MxCsr, MxCsr_Mask;
    M128A FloatRegisters[8], XmmRegisters[16];
    BYTE Reserved4[96];
} XMM_SAVE_AREA32;

/* AMD64's CONTEXT, 1232 bytes. */
typedef struct {
    DWORD64 P1Home, P2Home, P3Home, P4Home, P5Home, P6Home;
    DWORD ContextFlags, MxCsr;
    WORD SegCs, SegDs, SegEs, SegFs, SegGs, SegSs;
    DWORD EFlags;
    DWORD64 Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;
    DWORD64 Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi;
    DWORD64 R8, R9, R10, R11, R12, R13, R14, R15;
    DWORD64 Rip;
    XMM_SAVE_AREA32 FltSave;
    M128A VectorRegister[26];
    DWORD64 VectorControl, DebugControl;
    DWORD64 LastBranchToRip, LastBranchFromRip, LastExceptionToRip, LastExceptionFromRip;
} AMD64_CONTEXT;

/* ARM64's, 912 bytes. X[29] is Fp, X[30] Lr. */
typedef struct {
    DWORD ContextFlags, Cpsr;
    DWORD64 X[29], Fp, Lr;
    DWORD64 Sp, Pc;
    M128A V[32];
    DWORD Fpcr, Fpsr;
    DWORD Bcr[8];
    DWORD64 Bvr[8];
    DWORD Wcr[2];
    DWORD64 Wvr[2];
} ARM64_NT_CONTEXT;

/* The host's own. */
#if defined(__aarch64__)
typedef ARM64_NT_CONTEXT CONTEXT;
#define CONTEXT_MACHINE CONTEXT_ARM64
#else
typedef AMD64_CONTEXT CONTEXT;
#define CONTEXT_MACHINE CONTEXT_AMD64
#endif
typedef CONTEXT *PCONTEXT, *LPCONTEXT;
#define CONTEXT_CONTROL (CONTEXT_MACHINE | CONTEXT_PART_CONTROL)
#define CONTEXT_INTEGER (CONTEXT_MACHINE | CONTEXT_PART_INTEGER)
#define CONTEXT_FULL    (CONTEXT_MACHINE | 0x0000000b)
#define CONTEXT_ALL     (CONTEXT_MACHINE | 0x0000001f)

/* ---- frames ---- */

typedef enum { AddrMode1616, AddrMode1632, AddrModeReal, AddrModeFlat } ADDRESS_MODE;

typedef struct {
    DWORD64 Offset;
    WORD Segment;
    ADDRESS_MODE Mode;
} ADDRESS64, *LPADDRESS64;

typedef struct {
    DWORD64 Thread;
    DWORD ThCallbackStack, ThCallbackBStore, NextCallback, FramePointer;
    DWORD64 KiCallUserMode, KeUserCallbackDispatcher, SystemRangeStart;
    DWORD64 KiUserExceptionDispatcher, StackBase, StackLimit;
    DWORD BuildVersion, RetpolineStubFunctionTableSize;
    DWORD64 RetpolineStubFunctionTable;
    DWORD RetpolineStubOffset, RetpolineStubSize;
    DWORD64 Reserved0[2];
} KDHELP64, *PKDHELP64;

typedef struct {
    ADDRESS64 AddrPC;     /* of a caller: where the call returns to */
    ADDRESS64 AddrReturn; /* 0 in the last frame */
    ADDRESS64 AddrFrame;  /* AMD64: where rbp is saved by who saves it first; ARM64: fp */
    ADDRESS64 AddrStack;
    ADDRESS64 AddrBStore; /* IA64's */
    PVOID FuncTableEntry; /* what FunctionTableAccessRoutine said, if it was given */
    DWORD64 Params[4];    /* 0: Linux passes them in registers */
    BOOL Far, Virtual;
    DWORD64 Reserved[3];
    KDHELP64 KdHelp;
} STACKFRAME64, *LPSTACKFRAME64;

#define INLINE_FRAME_CONTEXT_INIT   0
#define INLINE_FRAME_CONTEXT_IGNORE 0xffffffff

/* A STACKFRAME64 and two words more; as STACKFRAME_EX * it may be cast to STACKFRAME64 *. */
typedef struct {
    ADDRESS64 AddrPC, AddrReturn, AddrFrame, AddrStack, AddrBStore;
    PVOID FuncTableEntry;
    DWORD64 Params[4];
    BOOL Far, Virtual;
    DWORD64 Reserved[3];
    KDHELP64 KdHelp;
    DWORD StackFrameSize;     /* 0, or sizeof(STACKFRAME_EX) */
    DWORD InlineFrameContext; /* left alone: inlined functions are no frames here */
} STACKFRAME_EX, *LPSTACKFRAME_EX;

/* ---- the caller's routines ---- */

/* Reads as much as can be read from the start of the range and says how much: all three kinds of
 * partial answer are understood (arch.h, "the read-memory contract"). NULL: the process. */
typedef BOOL(CALLBACK *PREAD_PROCESS_MEMORY_ROUTINE64)(HANDLE hProcess, DWORD64 qwBaseAddress,
                                                       PVOID lpBuffer, DWORD nSize,
                                                       LPDWORD lpNumberOfBytesRead);
/* A function's entry, or NULL. NULL in its place: FuncTableEntry stays NULL. An entry given for
 * code whose module has no tables says in its last word where an FDE lies. */
typedef PVOID(CALLBACK *PFUNCTION_TABLE_ACCESS_ROUTINE64)(HANDLE hProcess, DWORD64 AddrBase);
/* Where the module with this address begins, or 0: ELF headers are then read there. NULL:
 * SymGetModuleBase64. */
typedef DWORD64(CALLBACK *PGET_MODULE_BASE_ROUTINE64)(HANDLE hProcess, DWORD64 Address);
/* Asked for an AddrPC that is not AddrModeFlat, at a walk's first call. NULL: segment * 16 +
 * offset for real mode, else the offset when there is no segment, else 0. 0 fails. */
typedef DWORD64(CALLBACK *PTRANSLATE_ADDRESS_ROUTINE64)(HANDLE hProcess, HANDLE hThread,
                                                        LPADDRESS64 lpaddr);
/* ARM64: the bits of the return address AttributeData that are a signature. NULL or FALSE: they
 * are inferred, and believed where the address then lies in a module. */
typedef BOOL(CALLBACK *PGET_TARGET_ATTRIBUTE_VALUE64)(HANDLE hProcess, DWORD Attribute,
                                                      DWORD64 AttributeData,
                                                      PDWORD64 AttributeValue);
#define TARGET_ATTRIBUTE_PACMASK            0x00000001
#define TARGET_ATTRIBUTE_PACMASK_LIVETARGET ((DWORD64)-1) /* taken for not known */

/* ---- walking (libstubborn-dbghelp) ---- */

BOOL IMAGEAPI StackWalk64(DWORD MachineType, HANDLE hProcess, HANDLE hThread,
                          LPSTACKFRAME64 StackFrame, PVOID ContextRecord,
                          PREAD_PROCESS_MEMORY_ROUTINE64 ReadMemoryRoutine,
                          PFUNCTION_TABLE_ACCESS_ROUTINE64 FunctionTableAccessRoutine,
                          PGET_MODULE_BASE_ROUTINE64 GetModuleBaseRoutine,
                          PTRANSLATE_ADDRESS_ROUTINE64 TranslateAddress);

#define SYM_STKWALK_DEFAULT        0x00000000
#define SYM_STKWALK_FORCE_FRAMEPTR 0x00000001 /* by frame pointers, whatever tables say */

BOOL IMAGEAPI StackWalkEx(DWORD MachineType, HANDLE hProcess, HANDLE hThread,
                          LPSTACKFRAME_EX StackFrame, PVOID ContextRecord,
                          PREAD_PROCESS_MEMORY_ROUTINE64 ReadMemoryRoutine,
                          PFUNCTION_TABLE_ACCESS_ROUTINE64 FunctionTableAccessRoutine,
                          PGET_MODULE_BASE_ROUTINE64 GetModuleBaseRoutine,
                          PTRANSLATE_ADDRESS_ROUTINE64 TranslateAddress, DWORD Flags);
BOOL IMAGEAPI StackWalk2(DWORD MachineType, HANDLE hProcess, HANDLE hThread,
                         LPSTACKFRAME_EX StackFrame, PVOID ContextRecord,
                         PREAD_PROCESS_MEMORY_ROUTINE64 ReadMemoryRoutine,
                         PFUNCTION_TABLE_ACCESS_ROUTINE64 FunctionTableAccessRoutine,
                         PGET_MODULE_BASE_ROUTINE64 GetModuleBaseRoutine,
                         PTRANSLATE_ADDRESS_ROUTINE64 TranslateAddress,
                         PGET_TARGET_ATTRIBUTE_VALUE64 GetTargetAttributeValue, DWORD Flags);

/* What DbgHelp does not tell: why the last call on this frame said FALSE. UNWIND_RUNNING: it did
 * not, or its arguments were refused (GetLastError). */
void unwind_stackwalk_end(const STACKFRAME64 *frame, struct unwind_end *end);

/* ---- modules (libstubborn-dbghelp) ---- */

/* TRUE for fInvadeProcess: hProcess is a PID, and the files that it has mapped are its modules.
 * The search path is not used. */
BOOL IMAGEAPI SymInitialize(HANDLE hProcess, PCSTR UserSearchPath, BOOL fInvadeProcess);
BOOL IMAGEAPI SymCleanup(HANDLE hProcess);
/* Looks again at what a process has mapped that SymInitialize invaded. */
BOOL IMAGEAPI SymRefreshModuleList(HANDLE hProcess);

typedef struct {
    DWORD ssize, ssig;
    PVOID data;
    DWORD size, flags;
} MODLOAD_DATA, *PMODLOAD_DATA;

/* Adds an ELF file, or what memory has at BaseOfDll when it cannot be read or is NULL (then
 * DllSize is needed). hFile, Data and Flags are not used. BaseOfDll, or 0: also when it was there
 * already, with ERROR_SUCCESS. */
DWORD64 IMAGEAPI SymLoadModuleEx(HANDLE hProcess, HANDLE hFile, PCSTR ImageName, PCSTR ModuleName,
                                 DWORD64 BaseOfDll, DWORD DllSize, PMODLOAD_DATA Data,
                                 DWORD Flags);
DWORD64 IMAGEAPI SymLoadModule64(HANDLE hProcess, HANDLE hFile, PCSTR ImageName, PCSTR ModuleName,
                                 DWORD64 BaseOfDll, DWORD SizeOfDll);

/* The two routines that most callers of StackWalk64 hand on. */
DWORD64 IMAGEAPI SymGetModuleBase64(HANDLE hProcess, DWORD64 qwAddr);
/* An IMAGE_RUNTIME_FUNCTION_ENTRY, good until this thread asks again. Its last word is where the
 * FDE of .eh_frame lies; offsets count from the module's base. */
PVOID IMAGEAPI SymFunctionTableAccess64(HANDLE hProcess, DWORD64 AddrBase);

typedef struct {
    DWORD BeginAddress, EndAddress, UnwindInfoAddress;
} IMAGE_AMD64_RUNTIME_FUNCTION_ENTRY;
typedef struct {
    DWORD BeginAddress, UnwindData;
} IMAGE_ARM64_RUNTIME_FUNCTION_ENTRY;

/* Kept and given back; none of them concerns a walk. */
#define SYMOPT_UNDNAME        0x00000002
#define SYMOPT_DEFERRED_LOADS 0x00000004
#define SYMOPT_LOAD_LINES     0x00000010
DWORD IMAGEAPI SymSetOptions(DWORD SymOptions);
DWORD IMAGEAPI SymGetOptions(VOID);

/* ---- the superseded names ---- */

/* On a host of 64 bits they mean the ones above, as in DbgHelp. The forms of 32-bit Windows are
 * there on other hosts, and for who defines STUBBORN_IMAGEHLP32 before including this: everything
 * lies below 4 GiB, and what does not fails. The machine is still the one of MachineType. */
#if UINTPTR_MAX > 0xffffffff && !defined(STUBBORN_IMAGEHLP32)
#define ADDRESS                        ADDRESS64
#define LPADDRESS                      LPADDRESS64
#define STACKFRAME                     STACKFRAME64
#define LPSTACKFRAME                   LPSTACKFRAME64
#define PREAD_PROCESS_MEMORY_ROUTINE   PREAD_PROCESS_MEMORY_ROUTINE64
#define PFUNCTION_TABLE_ACCESS_ROUTINE PFUNCTION_TABLE_ACCESS_ROUTINE64
#define PGET_MODULE_BASE_ROUTINE       PGET_MODULE_BASE_ROUTINE64
#define PTRANSLATE_ADDRESS_ROUTINE     PTRANSLATE_ADDRESS_ROUTINE64
#define StackWalk                      StackWalk64
#define SymLoadModule                  SymLoadModule64
#define SymGetModuleBase               SymGetModuleBase64
#define SymFunctionTableAccess         SymFunctionTableAccess64
#else
typedef struct {
    DWORD Offset;
    WORD Segment;
    ADDRESS_MODE Mode;
} ADDRESS, *LPADDRESS;

typedef struct {
    DWORD Thread, ThCallbackStack, NextCallback, FramePointer, KiCallUserMode;
    DWORD KeUserCallbackDispatcher, SystemRangeStart, ThCallbackBStore;
    DWORD KiUserExceptionDispatcher, StackBase, StackLimit, Reserved[5];
} KDHELP, *PKDHELP;

typedef struct {
    ADDRESS AddrPC, AddrReturn, AddrFrame, AddrStack;
    PVOID FuncTableEntry;
    DWORD Params[4];
    BOOL Far, Virtual;
    DWORD Reserved[3]; /* the walk's state takes these and KdHelp.Reserved */
    KDHELP KdHelp;
    ADDRESS AddrBStore;
} STACKFRAME, *LPSTACKFRAME;

typedef BOOL(CALLBACK *PREAD_PROCESS_MEMORY_ROUTINE)(HANDLE hProcess, DWORD lpBaseAddress,
                                                     PVOID lpBuffer, DWORD nSize,
                                                     PDWORD lpNumberOfBytesRead);
typedef PVOID(CALLBACK *PFUNCTION_TABLE_ACCESS_ROUTINE)(HANDLE hProcess, DWORD AddrBase);
typedef DWORD(CALLBACK *PGET_MODULE_BASE_ROUTINE)(HANDLE hProcess, DWORD Address);
typedef DWORD(CALLBACK *PTRANSLATE_ADDRESS_ROUTINE)(HANDLE hProcess, HANDLE hThread,
                                                    LPADDRESS lpaddr);

BOOL IMAGEAPI StackWalk(DWORD MachineType, HANDLE hProcess, HANDLE hThread,
                        LPSTACKFRAME StackFrame, PVOID ContextRecord,
                        PREAD_PROCESS_MEMORY_ROUTINE ReadMemoryRoutine,
                        PFUNCTION_TABLE_ACCESS_ROUTINE FunctionTableAccessRoutine,
                        PGET_MODULE_BASE_ROUTINE GetModuleBaseRoutine,
                        PTRANSLATE_ADDRESS_ROUTINE TranslateAddress);
#endif

/* ---- underneath (libstubborn, freestanding) ---- */

/* The machine of an IMAGE_FILE_MACHINE_..., or NULL. */
const struct unwind_machine *unwind_machine_of(DWORD machine);

/* The registers of a context of that machine, as its flags allow. False: the machine is not known,
 * or the flags are another's. */
bool unwind_get_context(DWORD machine, const void *context, struct unwind_registers *registers);
/* Puts all general registers into it, those that are not known as 0, and says so in its flags;
 * other words stay. */
void unwind_put_context(DWORD machine, void *context, const struct unwind_registers *registers);

/* One step of StackWalk64 with a walker of the caller's, made ready by unwind_init for that
 * machine. Memory that *u has read before is not read anew (unwind_begin does that). False: no
 * more frames, or (unwind_end: UNWIND_NEED) memory is to be fed and the same call made again; the
 * frame and the context are then as they were. */
bool unwind_stackwalk(struct unwind *u, DWORD machine, STACKFRAME64 *frame, void *context);

/* 31 bits that stay with a walk, for who keeps something for it. */
uint32_t unwind_stackwalk_tag(const STACKFRAME64 *frame);
void unwind_stackwalk_set_tag(STACKFRAME64 *frame, uint32_t tag);
/* False: the next call is the first of its walk. */
bool unwind_stackwalk_begun(const STACKFRAME64 *frame);

#ifdef __cplusplus
}
#endif
#endif
