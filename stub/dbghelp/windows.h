/* windows.h - the few functions of Windows' own that come with a use of DbgHelp, for Linux: a
 * thread is stopped, its registers are taken, it is let go. Installed so that `#include
 * <windows.h>` finds it (pkg-config --cflags stubborn-dbghelp).
 *
 * A process is its PID cast to HANDLE, a thread its TID. ptrace belongs to threads: what suspends
 * a thread must be the thread that takes its registers and resumes it. */
#ifndef STUBBORN_WINDOWS_H
#define STUBBORN_WINDOWS_H

#include "arch/unwind/dbghelp.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ERROR_SUCCESS           0
#define ERROR_ACCESS_DENIED     5
#define ERROR_INVALID_HANDLE    6
#define ERROR_NOT_ENOUGH_MEMORY 8
#define ERROR_NOT_SUPPORTED     50
#define ERROR_INVALID_PARAMETER 87
#define ERROR_MOD_NOT_FOUND     126
#define ERROR_NO_MORE_ITEMS     259 /* a walk is over: unwind_stackwalk_end tells why */
#define ERROR_PARTIAL_COPY      299

/* Of this thread; set by what fails. */
DWORD WINAPI GetLastError(VOID);
VOID WINAPI SetLastError(DWORD dwErrCode);

/* What is asked for in dwDesiredAccess is not looked at: ptrace decides. */
#define PROCESS_VM_READ           0x0010
#define PROCESS_QUERY_INFORMATION 0x0400
#define PROCESS_ALL_ACCESS        0x001fffff
#define THREAD_SUSPEND_RESUME     0x0002
#define THREAD_GET_CONTEXT        0x0008
#define THREAD_ALL_ACCESS         0x001fffff
HANDLE WINAPI OpenProcess(DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwProcessId);
HANDLE WINAPI OpenThread(DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwThreadId);
BOOL WINAPI CloseHandle(HANDLE hObject); /* nothing is held open */

/* The thread's suspend count before, (DWORD)-1 with an error. A suspended thread that this process
 * does not resume runs on when this process ends. */
DWORD WINAPI SuspendThread(HANDLE hThread);
DWORD WINAPI ResumeThread(HANDLE hThread);
/* General registers, of a suspended thread; ContextFlags says afterwards what is there. */
BOOL WINAPI GetThreadContext(HANDLE hThread, LPCONTEXT lpContext);

/* FALSE with ERROR_PARTIAL_COPY and the count when a part cannot be read. */
BOOL WINAPI ReadProcessMemory(HANDLE hProcess, const void *lpBaseAddress, PVOID lpBuffer,
                              size_t nSize, size_t *lpNumberOfBytesRead);

#ifdef __cplusplus
}
#endif
#endif
