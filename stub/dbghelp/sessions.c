/* sessions.c - SymInitialize and what goes with it: which process handle has which modules. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "stub/dbghelp/internal.h"

struct session {
    LIST_ENTRY(session) link;
    HANDLE process;
    bool invaded;
    struct table *table;
};

static LIST_HEAD(, session) sessions = LIST_HEAD_INITIALIZER(sessions);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static DWORD options;

void
dbghelp_lock(void)
{
    pthread_mutex_lock(&lock);
}

void
dbghelp_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

/* The lock is held. */
static struct session *
find_session(HANDLE process)
{
    struct session *s;

    LIST_FOREACH(s, &sessions, link)
    if (s->process == process)
        return s;
    SetLastError(ERROR_INVALID_HANDLE);
    return NULL;
}

struct table *
dbghelp_table(HANDLE process)
{
    struct session *s;
    struct table *t = NULL;

    dbghelp_lock();
    s = find_session(process);
    if (s != NULL) {
        t = s->table;
        t->references++;
    }
    dbghelp_unlock();
    return t;
}

/* ---- sources ---- */

static bool
is_pid(HANDLE process)
{
    return (uintptr_t)process > 0 && (uintptr_t)process <= INT_MAX;
}

static struct source *
new_source(HANDLE process)
{
    struct source *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    s->references = 1;
    s->pid = is_pid(process) ? (pid_t)(intptr_t)process : 0;
    s->memory = (struct arch_memory){ image_read_process, &s->pid, 4096, 0 };
    return s;
}

static DWORD
error_of(int error)
{
    if (error == ENOENT || error == ESRCH)
        return ERROR_INVALID_HANDLE;
    return error == ENOMEM ? ERROR_NOT_ENOUGH_MEMORY : ERROR_ACCESS_DENIED;
}

/* The modules of a process as it is now. */
static struct source *
look_at(HANDLE process)
{
    struct source *s = new_source(process);

    if (s == NULL)
        return NULL;
    s->found = true;
    if (s->pid != 0 && image_find(&s->images, s->pid) && s->images.count > 0)
        return s;
    SetLastError(s->pid == 0 ? ERROR_INVALID_HANDLE
                             : error_of(s->images.count == 0 ? ESRCH : errno));
    dbghelp_drop_source(s);
    return NULL;
}

/* The module at base that the caller names. */
static struct source *
load(HANDLE process, PCSTR path, uint64_t base, uint64_t size)
{
    struct source *s = new_source(process);

    if (s == NULL)
        return NULL;
    s->images.memory = s->pid != 0 ? &s->memory : NULL;
    if (!image_add_file(&s->images, path != NULL ? path : "", base, size)) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        dbghelp_drop_source(s);
        return NULL;
    }
    if (s->images.count > 0)
        return s;
    s->bare = base;
    s->bare_size = size;
    if (size > 0 && size <= UINT64_MAX - base)
        return s;
    SetLastError(path != NULL ? ERROR_MOD_NOT_FOUND : ERROR_INVALID_PARAMETER);
    dbghelp_drop_source(s);
    return NULL;
}

/* Makes the session's table another one. */
static bool
extend(struct session *s, struct source *more, bool without_found)
{
    struct table *t = dbghelp_extend_table(s->table, more, without_found);

    if (t == NULL) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return false;
    }
    dbghelp_drop_table(s->table);
    s->table = t;
    dbghelp_clear_shelf(); /* walkers hold on to tables */
    return true;
}

/* ---- the functions of DbgHelp ---- */

static bool
add_session(HANDLE process, struct source *first)
{
    struct session *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return false;
    }
    s->process = process;
    s->invaded = first != NULL;
    if (!extend(s, first, false)) {
        free(s);
        return false;
    }
    LIST_INSERT_HEAD(&sessions, s, link);
    return true;
}

BOOL
SymInitialize(HANDLE process, PCSTR search_path, BOOL invade)
{
    struct source *first = NULL;
    bool ok = false;

    (void)search_path;
    if (process == NULL) {
        SetLastError(ERROR_INVALID_HANDLE);
        return FALSE;
    }
    if (invade && (first = look_at(process)) == NULL)
        return FALSE;
    dbghelp_lock();
    if (find_session(process) != NULL)
        SetLastError(ERROR_INVALID_PARAMETER);
    else
        ok = add_session(process, first);
    dbghelp_drop_source(first);
    dbghelp_unlock();
    return ok;
}

BOOL
SymCleanup(HANDLE process)
{
    struct session *s;

    dbghelp_lock();
    s = find_session(process);
    if (s != NULL) {
        LIST_REMOVE(s, link);
        dbghelp_clear_shelf();
        dbghelp_drop_table(s->table);
        free(s);
    }
    dbghelp_unlock();
    return s != NULL;
}

BOOL
SymRefreshModuleList(HANDLE process)
{
    struct source *now = look_at(process);
    struct session *s;
    bool ok = false;

    if (now == NULL)
        return FALSE;
    dbghelp_lock();
    s = find_session(process);
    if (s != NULL && s->invaded)
        ok = extend(s, now, true);
    else if (s != NULL)
        SetLastError(ERROR_INVALID_PARAMETER);
    dbghelp_drop_source(now);
    dbghelp_unlock();
    return ok;
}

/* What stands at base becomes part of the session, unless it was there. */
static DWORD64
add_module(HANDLE process, struct source *more, uint64_t base)
{
    struct session *s;
    DWORD64 result = 0;

    dbghelp_lock();
    s = find_session(process);
    if (s != NULL && dbghelp_base(s->table, base) == base)
        SetLastError(ERROR_SUCCESS);
    else if (s != NULL && extend(s, more, false))
        result = base;
    dbghelp_drop_source(more);
    dbghelp_unlock();
    return result;
}

DWORD64
SymLoadModuleEx(HANDLE process, HANDLE file, PCSTR path, PCSTR name, DWORD64 base, DWORD size,
                PMODLOAD_DATA data, DWORD flags)
{
    struct source *more;

    (void)file;
    (void)name;
    (void)data;
    (void)flags;
    if (base == 0) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return 0;
    }
    more = load(process, path, base, size);
    return more != NULL ? add_module(process, more, base) : 0;
}

DWORD64
SymLoadModule64(HANDLE process, HANDLE file, PCSTR path, PCSTR name, DWORD64 base, DWORD size)
{
    return SymLoadModuleEx(process, file, path, name, base, size, NULL, 0);
}

DWORD64
SymGetModuleBase64(HANDLE process, DWORD64 address)
{
    struct table *t = dbghelp_table(process);
    uint64_t base;

    if (t == NULL)
        return 0;
    base = dbghelp_base(t, address);
    dbghelp_lock();
    dbghelp_drop_table(t);
    dbghelp_unlock();
    if (base == 0)
        SetLastError(ERROR_MOD_NOT_FOUND);
    return base;
}

DWORD
SymSetOptions(DWORD o)
{
    dbghelp_lock();
    options = o;
    dbghelp_unlock();
    return o;
}

DWORD
SymGetOptions(VOID)
{
    DWORD o;

    dbghelp_lock();
    o = options;
    dbghelp_unlock();
    return o;
}
