/* name.c - attaching by a program's name, to a process that is there or to the next one. Waiting
 * is a look at /proc whenever the engine asks again; nothing blocks. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <bsd/string.h>
#include <string.h>
#include <unistd.h>

enum {
    COMM_MAX = 15, /* what the kernel keeps of a name */
    LOOK_MS = 5    /* between looks: a program has done little by then */
};

/* ---- processes of this machine ---- */

static const char *
base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* By the program's path, its file's name, or what the process calls itself. */
static bool
is_called(pid_t pid, const char *name)
{
    char path[PATH_MAX], comm[64];

    if (live_proc_link(pid, "exe", path, sizeof(path)) &&
        strcmp(strchr(name, '/') != NULL ? path : base_of(path), name) == 0)
        return true;
    ssize_t n = live_proc_read(pid, "comm", comm, sizeof(comm));
    if (n <= 0 || strchr(name, '/') != NULL)
        return false;
    comm[strcspn(comm, "\n")] = '\0';
    return strncmp(comm, name, COMM_MAX) == 0;
}

/* A pid of the list that /proc is, 0 at its end. Ours are in no question. */
static pid_t
next_pid(DIR *dir)
{
    const struct dirent *entry;

    while ((entry = readdir(dir)) != NULL) {
        long pid = strtol(entry->d_name, NULL, 10);
        if (pid > 0 && pid != getpid())
            return (pid_t)pid;
    }
    return 0;
}

/* ---- the one that is there ---- */

static int
refuse_many(struct live *live, const char *name, pid_t a, pid_t b)
{
    return live_fail(live, STUB_EINVAL,
                     "more than one process is called %s, %d and %d among them; name one by its "
                     "id",
                     name, (int)a, (int)b);
}

/* 1 with the process of that name, 0 when there is none. */
static int
find_one(struct live *live, const char *name, pid_t *pid)
{
    DIR *dir = opendir("/proc");
    pid_t at, found = 0;
    int r = 0;

    if (dir == NULL)
        return live_fail(live, STUB_ENOENT, "/proc is not there; mount it");
    while (r == 0 && (at = next_pid(dir)) != 0) {
        if (live_process_find(live, at) != NULL || !is_called(at, name))
            continue;
        if (found != 0)
            r = refuse_many(live, name, found, at);
        found = at;
    }
    closedir(dir);
    *pid = found;
    return r != 0 ? r : found != 0;
}

/* ---- the next one ---- */

void
live_stop_waiting(struct live *live)
{
    if (live->waiting.known == NULL && !live->waiting.on)
        return;
    free(live->waiting.known);
    memset(&live->waiting, 0, sizeof(live->waiting));
}

int
live_timeout(struct live *live)
{
    return live->waiting.on ? LOOK_MS : -1;
}

static bool
add_known(struct waiting *w, pid_t pid)
{
    if (w->count == w->room) {
        size_t room = w->room != 0 ? 2 * w->room : 256;
        pid_t *known = reallocarray(w->known, room, sizeof(*known));
        if (known == NULL)
            return false;
        w->known = known;
        w->room = room;
    }
    w->known[w->count++] = pid;
    return true;
}

static int
begin_waiting(struct live *live, const char *name)
{
    struct waiting *w = &live->waiting;
    DIR *dir = opendir("/proc");
    pid_t pid;

    if (dir == NULL)
        return live_fail(live, STUB_ENOENT, "/proc is not there; mount it");
    strlcpy(w->name, name, sizeof(w->name));
    while ((pid = next_pid(dir)) != 0) {
        if (!add_known(w, pid))
            break;
    }
    closedir(dir);
    w->on = pid == 0;
    return w->on ? STUB_LATER : -STUB_ENOMEM;
}

/* /proc lists by number, and so is the list of those that were there before: both are walked
 * together. Who is gone from it is not known any more, so that its number may come again. */
static pid_t
look(struct waiting *w)
{
    DIR *dir = opendir("/proc");
    size_t at = 0, kept = 0;
    pid_t pid = 0, found = 0;

    while (dir != NULL && found == 0 && (pid = next_pid(dir)) != 0) {
        while (at < w->count && w->known[at] < pid)
            at++;
        if (at < w->count && w->known[at] == pid)
            w->known[kept++] = w->known[at++];
        else if (is_called(pid, w->name))
            found = pid;
    }
    if (dir != NULL && found == 0)
        w->count = kept;
    if (dir != NULL)
        closedir(dir);
    return found;
}

static int
wait_for(struct live *live, const char *name)
{
    pid_t pid;

    if (live->waiting.on && strcmp(live->waiting.name, name) != 0)
        live_stop_waiting(live);
    if (!live->waiting.on)
        return begin_waiting(live, name);
    pid = look(&live->waiting);
    if (pid == 0)
        return STUB_LATER;
    live_stop_waiting(live);
    return live_attach(live, pid);
}

int
live_attach_name(struct live *live, const char *name, enum stub_attach_how how)
{
    pid_t pid = 0;
    int r;

    if (name[0] == '\0' || strlen(name) >= sizeof(live->waiting.name))
        return live_fail(live, STUB_EINVAL, "a program's name is needed; see ps");
    if (live->waiting.on || how == STUB_ATTACH_NEW)
        return wait_for(live, name);
    r = find_one(live, name, &pid);
    if (r < 0)
        return r;
    if (r == 1)
        return live_attach(live, pid);
    if (how == STUB_ATTACH_NEW_OR_OLD)
        return wait_for(live, name);
    return live_fail(live, STUB_ESRCH, "no process is called %s; see ps, or wait for it", name);
}

int
live_target_attach_name(void *target, const char *name, enum stub_attach_how how)
{
    return live_attach_name(target, name, how);
}
