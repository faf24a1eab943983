/* windows.c - see windows.h. */
#define _GNU_SOURCE 1
#include "stub/dbghelp/windows.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/queue.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stub/image/image.h"

/* ---- errors ---- */

static _Thread_local DWORD last_error;

DWORD
GetLastError(VOID)
{
    return last_error;
}

VOID
SetLastError(DWORD error)
{
    last_error = error;
}

static void
set_errno(void)
{
    SetLastError(errno == ESRCH    ? ERROR_INVALID_PARAMETER
                 : errno == ENOMEM ? ERROR_NOT_ENOUGH_MEMORY
                                   : ERROR_ACCESS_DENIED);
}

/* ---- handles ---- */

static pid_t
id_of(HANDLE handle)
{
    return (uintptr_t)handle <= INT_MAX ? (pid_t)(intptr_t)handle : 0;
}

/* A thread's own ID passes kill as well. */
static HANDLE
open_id(DWORD id)
{
    if (id == 0 || id > INT_MAX || (kill((pid_t)id, 0) != 0 && errno != EPERM)) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    return (HANDLE)(uintptr_t)id;
}

HANDLE
OpenProcess(DWORD access, BOOL inherit, DWORD id)
{
    (void)access;
    (void)inherit;
    return open_id(id);
}

HANDLE
OpenThread(DWORD access, BOOL inherit, DWORD id)
{
    (void)access;
    (void)inherit;
    return open_id(id);
}

BOOL
CloseHandle(HANDLE handle)
{
    if (handle != NULL)
        return TRUE;
    SetLastError(ERROR_INVALID_HANDLE);
    return FALSE;
}

/* ---- threads that stand ---- */

struct standing {
    LIST_ENTRY(standing) link;
    pid_t tid;
    DWORD count;
    int signal; /* that it had met when it stopped, and is to have */
};

static LIST_HEAD(, standing) all = LIST_HEAD_INITIALIZER(all);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct standing *
find(pid_t tid)
{
    struct standing *s;

    LIST_FOREACH(s, &all, link)
    if (s->tid == tid)
        return s;
    return NULL;
}

static bool
stop(struct standing *s)
{
    int status;

    if (ptrace(PTRACE_SEIZE, s->tid, 0, 0) != 0)
        return false;
    if (ptrace(PTRACE_INTERRUPT, s->tid, 0, 0) != 0 || waitpid(s->tid, &status, __WALL) != s->tid)
        return false;
    if (!WIFSTOPPED(status)) {
        errno = ESRCH;
        return false;
    }
    if (status >> 16 == 0) /* a signal came first */
        s->signal = WSTOPSIG(status);
    return true;
}

static DWORD
suspend(pid_t tid)
{
    struct standing *s = find(tid);

    if (s != NULL)
        return s->count++;
    s = calloc(1, sizeof(*s));
    if (s == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return (DWORD)-1;
    }
    s->tid = tid;
    s->count = 1;
    if (!stop(s)) {
        set_errno();
        free(s);
        return (DWORD)-1;
    }
    LIST_INSERT_HEAD(&all, s, link);
    return 0;
}

DWORD
SuspendThread(HANDLE thread)
{
    pid_t tid = id_of(thread);
    DWORD before = (DWORD)-1;

    if (tid == 0) {
        SetLastError(ERROR_INVALID_HANDLE);
        return before;
    }
    pthread_mutex_lock(&lock);
    before = suspend(tid);
    pthread_mutex_unlock(&lock);
    return before;
}

DWORD
ResumeThread(HANDLE thread)
{
    struct standing *s;
    DWORD before = 0;

    pthread_mutex_lock(&lock);
    s = find(id_of(thread));
    if (s != NULL)
        before = s->count--;
    if (before == 1) {
        ptrace(PTRACE_DETACH, s->tid, 0, s->signal);
        LIST_REMOVE(s, link);
        free(s);
    }
    pthread_mutex_unlock(&lock);
    return before;
}

/* ---- registers ---- */

enum { GENERAL_MAX = 512 };

/* Machines, known by the size of their NT_PRSTATUS. */
static const struct machine {
    size_t size;
    DWORD type, flags;
    const struct arch *arch;
    const struct arch_places *places;
    unsigned pc;
} machines[] = {
    { 216, IMAGE_FILE_MACHINE_AMD64, CONTEXT_AMD64, &arch_x86_64, &arch_x86_64_linux,
      UNWIND_X86_64_RIP },
    { 272, IMAGE_FILE_MACHINE_ARM64, CONTEXT_ARM64, &arch_aarch64, &arch_aarch64_linux,
      UNWIND_AARCH64_PC },
};

static void
get_registers(const struct machine *m, uint8_t *bytes, struct unwind_registers *out)
{
    struct arch_sets sets = { .places = m->places };
    struct arch_layout layout = { m->arch, 0 };
    struct arch_register r = { 0 };
    uint8_t value[ARCH_SIZE_MAX];

    sets.bytes[ARCH_SET_GENERAL] = bytes;
    sets.size[ARCH_SET_GENERAL] = (uint32_t)m->size;
    out->valid = 0;
    while (arch_next(&layout, &r)) {
        int n = arch_role_of(&r) == ARCH_PC ? (int)m->pc : arch_dwarf_of(&r);

        if (n < 0 || n >= UNWIND_REGISTERS || r.size != 8 || !arch_get(&sets, &r, value))
            continue;
        out->value[n] = arch_get_uint(m->arch, value, 8);
        out->valid |= (uint64_t)1 << n;
    }
}

BOOL
GetThreadContext(HANDLE thread, LPCONTEXT context)
{
    uint8_t bytes[GENERAL_MAX];
    struct iovec general = { bytes, sizeof(bytes) };
    struct unwind_registers registers;

    if (context == NULL || id_of(thread) == 0) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    if (ptrace(PTRACE_GETREGSET, id_of(thread), NT_PRSTATUS, &general) != 0) {
        set_errno();
        return FALSE;
    }
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
        if (machines[i].size != general.iov_len || machines[i].flags != CONTEXT_MACHINE)
            continue;
        get_registers(&machines[i], bytes, &registers);
        unwind_put_context(machines[i].type, context, &registers);
        context->ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER;
        return TRUE;
    }
    SetLastError(ERROR_NOT_SUPPORTED); /* a program of 32 bits */
    return FALSE;
}

/* ---- memory ---- */

BOOL
ReadProcessMemory(HANDLE process, const void *base, PVOID buffer, size_t size, size_t *got)
{
    pid_t pid = id_of(process);
    struct arch_memory memory = { image_read_process, &pid, 4096, 0 };
    size_t n = 0;

    if (pid != 0)
        n = arch_read(&memory, (uintptr_t)base, buffer, size);
    if (got != NULL)
        *got = n;
    if (n == size)
        return TRUE;
    SetLastError(pid != 0 ? ERROR_PARTIAL_COPY : ERROR_INVALID_HANDLE);
    return FALSE;
}
