/* osdata_tasks.c - processes, process groups, threads and open files for osdata.c (proc(5)). */
#define _GNU_SOURCE 1
#include "stub/live/osdata.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stub/live/internal.h"

enum { COMMAND_MAX = 4096, CORES_MAX = 1024 };

/* ---- going through /proc ---- */

/* The next entry of a directory whose name is a number; -1 at the end. */
static long
next_number(DIR *dir)
{
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (isdigit((unsigned char)entry->d_name[0]))
            return strtol(entry->d_name, NULL, 10);
    }
    if (dir != NULL)
        closedir(dir);
    return -1;
}

static DIR *
open_of(pid_t pid, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return opendir(path);
}

/* Its arguments with blanks between; [name] for what has none, such as the kernel's own. */
static const char *
command_line(pid_t pid)
{
    static char text[COMMAND_MAX];
    ssize_t n = live_proc_read(pid, "cmdline", text, sizeof(text));

    while (n > 0 && text[n - 1] == '\0')
        n--;
    for (ssize_t i = 0; i < n; i++) {
        if (text[i] == '\0')
            text[i] = ' ';
    }
    if (n <= 0)
        snprintf(text, sizeof(text), "[%s]", live_osdata_command(pid));
    return text;
}

static int
core_of(pid_t pid, long tid)
{
    char name[64], text[1024];

    snprintf(name, sizeof(name), "task/%ld/stat", tid);
    if (live_proc_read(pid, name, text, sizeof(text)) <= 0)
        return -1;
    return live_stat_field(text, 39); /* "processor" */
}

/* ---- processes ---- */

/* The cores that its threads ran on last: "0,3". */
static void
write_cores(pid_t pid, char *text, size_t size)
{
    bool seen[CORES_MAX] = { false };
    DIR *tasks = open_of(pid, "task");
    size_t n = 0;
    long tid;

    while ((tid = next_number(tasks)) >= 0) {
        int core = core_of(pid, tid);
        if (core >= 0 && core < CORES_MAX)
            seen[core] = true;
    }
    text[0] = '\0';
    for (int core = 0; core < CORES_MAX && n < size; core++) {
        if (seen[core])
            n += (size_t)snprintf(text + n, size - n, "%s%d", n > 0 ? "," : "", core);
    }
}

static const char *
owner_of(pid_t pid)
{
    char path[64];
    struct stat st;

    snprintf(path, sizeof(path), "/proc/%d", (int)pid);
    return stat(path, &st) == 0 ? live_osdata_user(st.st_uid) : "?";
}

void
live_osdata_processes(FILE *list)
{
    DIR *proc = opendir("/proc");
    char cores[256];
    long pid;

    while ((pid = next_number(proc)) >= 0) {
        write_cores((pid_t)pid, cores, sizeof(cores));
        live_osdata_put(list, "pid", "%ld", pid);
        live_osdata_put(list, "user", "%s", owner_of((pid_t)pid));
        live_osdata_put(list, "command", "%s", command_line((pid_t)pid));
        live_osdata_put(list, "cores", "%s", cores);
        live_osdata_end(list);
    }
}

/* ---- process groups ---- */

struct member {
    pid_t group, pid;
};

/* By group, the leader first. */
static int
compare(const void *left, const void *right)
{
    const struct member *a = left, *b = right;

    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if ((a->pid == a->group) != (b->pid == b->group))
        return a->pid == a->group ? -1 : 1;
    return (a->pid > b->pid) - (a->pid < b->pid);
}

static struct member *
list_members(size_t *count)
{
    DIR *proc = opendir("/proc");
    struct member *members = NULL;
    size_t room = 0;
    long pid;

    *count = 0;
    while ((pid = next_number(proc)) >= 0) {
        pid_t group = getpgid((pid_t)pid);

        if (*count == room) {
            struct member *more = reallocarray(members, room + 256, sizeof(*members));
            if (more == NULL)
                continue;
            members = more;
            room += 256;
        }
        if (group > 0)
            members[(*count)++] = (struct member){ group, (pid_t)pid };
    }
    return members;
}

void
live_osdata_groups(FILE *list)
{
    size_t count;
    struct member *members = list_members(&count);

    if (count > 0)
        qsort(members, count, sizeof(*members), compare);
    for (size_t i = 0; i < count; i++) {
        live_osdata_put(list, "pgid", "%d", (int)members[i].group);
        live_osdata_put(list, "leader command", "%s", live_osdata_command(members[i].group));
        live_osdata_put(list, "pid", "%d", (int)members[i].pid);
        live_osdata_put(list, "command line", "%s", command_line(members[i].pid));
        live_osdata_end(list);
    }
    free(members);
}

/* ---- threads and files: what each process has ---- */

static void
put_threads(FILE *list, pid_t pid)
{
    DIR *tasks = open_of(pid, "task");
    long tid;

    while ((tid = next_number(tasks)) >= 0) {
        live_osdata_put(list, "pid", "%d", (int)pid);
        live_osdata_put(list, "command", "%s", live_osdata_command(pid));
        live_osdata_put(list, "tid", "%ld", tid);
        live_osdata_put(list, "core", "%d", core_of(pid, tid));
        live_osdata_end(list);
    }
}

static void
put_files(FILE *list, pid_t pid)
{
    DIR *files = open_of(pid, "fd");
    char name[32], to[PATH_MAX];
    long fd;

    while ((fd = next_number(files)) >= 0) {
        snprintf(name, sizeof(name), "fd/%ld", fd);
        if (!live_proc_link(pid, name, to, sizeof(to)))
            continue;
        live_osdata_put(list, "pid", "%d", (int)pid);
        live_osdata_put(list, "command", "%s", live_osdata_command(pid));
        live_osdata_put(list, "file descriptor", "%ld", fd);
        live_osdata_put(list, "name", "%s", to);
        live_osdata_end(list);
    }
}

static void
each_process(FILE *list, void (*put)(FILE *list, pid_t pid))
{
    DIR *proc = opendir("/proc");
    long pid;

    while ((pid = next_number(proc)) >= 0)
        put(list, (pid_t)pid);
}

void
live_osdata_threads(FILE *list)
{
    each_process(list, put_threads);
}

void
live_osdata_files(FILE *list)
{
    each_process(list, put_files);
}
