/* stackwalk_process.c - stackwalk PID [TID]: the stack of a thread of a running process, by the
 * functions that Windows' programs use for it. On Linux a process's first thread has its PID. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stackwalk.h"

static int
fail(const char *what)
{
    fprintf(stderr, "stackwalk: %s: error %lu\n", what, (unsigned long)GetLastError());
    return 1;
}

static int
print_thread(HANDLE process, HANDLE thread)
{
    CONTEXT context;
    int frames = 0;

    if (SuspendThread(thread) == (DWORD)-1)
        return fail("SuspendThread");
    memset(&context, 0, sizeof(context));
    context.ContextFlags = CONTEXT_FULL;
    if (GetThreadContext(thread, &context))
        frames = print_stack(process, thread, &context, NULL);
    ResumeThread(thread);
    return frames > 0 ? 0 : fail("no frames");
}

int
main(int argc, char **argv)
{
    DWORD pid = argc > 1 ? (DWORD)strtoul(argv[1], NULL, 10) : 0;
    DWORD tid = argc > 2 ? (DWORD)strtoul(argv[2], NULL, 10) : pid;
    HANDLE process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, pid);
    HANDLE thread = OpenThread(THREAD_ALL_ACCESS, FALSE, tid);
    int status;

    if (process == NULL || thread == NULL)
        return fail("OpenProcess");
    SymSetOptions(SYMOPT_UNDNAME | SYMOPT_DEFERRED_LOADS);
    if (!SymInitialize(process, NULL, TRUE))
        return fail("SymInitialize");
    status = print_thread(process, thread);
    SymCleanup(process);
    CloseHandle(thread);
    CloseHandle(process);
    return status;
}
