/* proc.c - what /proc tells: memory map, auxiliary vector, executable, threads, host (proc(5)). */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <bsd/string.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { AUXV_MAX = 4096, MAPS_MAX = 64 * 1024 * 1024 };

static int
open_of(pid_t tid, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Reads up to size bytes; -1 when nothing can be opened. */
static ssize_t
read_whole(int fd, uint8_t *buf, size_t size)
{
    size_t done = 0;

    if (fd < 0)
        return -1;
    while (done < size) {
        ssize_t n = read(fd, buf + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    close(fd);
    return (ssize_t)done;
}

ssize_t
live_proc_read(pid_t tid, const char *name, void *buf, size_t size)
{
    ssize_t n = read_whole(open_of(tid, name), buf, size - 1);

    ((char *)buf)[n > 0 ? n : 0] = '\0';
    return n;
}

bool
live_proc_link(pid_t tid, const char *name, char *buf, size_t size)
{
    static const char deleted[] = " (deleted)";
    char path[128];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
    ssize_t n = readlink(path, buf, size - 1);
    if (n <= 0)
        return false;
    buf[n] = '\0';
    size_t tail = sizeof(deleted) - 1;
    if ((size_t)n > tail && strcmp(buf + n - tail, deleted) == 0)
        buf[(size_t)n - tail] = '\0';
    return true;
}

/* ---- the memory map; good while everything stands still ---- */

static char *
read_maps(pid_t tid)
{
    size_t room = 16384, n = 0;
    int fd = open_of(tid, "maps");
    char *text = fd >= 0 ? malloc(room) : NULL;

    while (text != NULL) {
        ssize_t r = read(fd, text + n, room - 1 - n);
        if (r <= 0)
            break;
        n += (size_t)r;
        if (n < room - 1)
            continue;
        char *more = room < MAPS_MAX ? realloc(text, room *= 2) : NULL;
        if (more == NULL)
            break;
        text = more;
    }
    if (fd >= 0)
        close(fd);
    if (text != NULL)
        text[n] = '\0';
    return text;
}

/* start-end perms offset dev inode path: one line; its end is overwritten with a NUL. */
static bool
parse_mapping(const struct maps *maps, char *line, struct mapping *m)
{
    char *at;
    int fields = 0;

    m->start = strtoull(line, &at, 16);
    if (*at != '-')
        return false;
    m->end = strtoull(at + 1, &at, 16);
    if (*at != ' ' || strlen(at) < 5)
        return false;
    m->permissions = (uint8_t)((at[1] == 'r' ? STUB_READ : 0) | (at[2] == 'w' ? STUB_WRITE : 0) |
                               (at[3] == 'x' ? STUB_EXECUTE : 0));
    for (; fields < 4 && *at != '\0'; fields++) {
        at += strspn(at, " ");
        at += strcspn(at, " ");
    }
    at += strspn(at, " ");
    m->name = *at != '\0' ? (uint32_t)(at - maps->text) : 0;
    return m->start < m->end;
}

void
live_maps_free(struct process *p)
{
    free(p->maps.list);
    free(p->maps.text);
    memset(&p->maps, 0, sizeof(p->maps));
}

void
live_maps_drop(struct process *p)
{
    p->maps.fresh = false;
}

bool
live_maps_load(struct process *p)
{
    struct maps *maps = &p->maps;
    size_t lines = 0;

    if (maps->fresh)
        return true;
    live_maps_free(p);
    maps->text = read_maps(live_tid(p));
    if (maps->text == NULL)
        return false;
    for (const char *c = maps->text; *c != '\0'; c++)
        lines += *c == '\n';
    maps->list = calloc(lines + 1, sizeof(*maps->list));
    if (maps->list == NULL)
        return false;
    char *rest = maps->text, *line;
    while (maps->count < lines && (line = strsep(&rest, "\n")) != NULL) {
        if (parse_mapping(maps, line, &maps->list[maps->count]))
            maps->count++;
    }
    maps->fresh = p->live->standing;
    return true;
}

int
live_region(void *process, uint64_t address, struct stub_region *region)
{
    struct process *p = process;
    uint64_t from = 0;

    if (p == NULL || !live_maps_load(p))
        return -STUB_ESRCH;
    memset(region, 0, sizeof(*region));
    for (size_t i = 0; i < p->maps.count; i++) {
        const struct mapping *m = &p->maps.list[i];
        if (address < m->start) {
            region->start = from;
            region->size = m->start - from;
            return 0;
        }
        if (address < m->end) {
            region->start = m->start;
            region->size = m->end - m->start;
            region->mapped = true;
            region->permissions = m->permissions;
            region->name = m->name != 0 ? p->maps.text + m->name : NULL;
            return 0;
        }
        from = m->end;
    }
    region->start = from; /* up to the top */
    return 0;
}

/* ---- objects ---- */

int
live_auxv(void *process, struct rsp_window *w)
{
    struct process *p = process;
    uint8_t bytes[AUXV_MAX];

    if (p == NULL)
        return -STUB_ESRCH;
    ssize_t n = read_whole(open_of(live_tid(p), "auxv"), bytes, sizeof(bytes));
    if (n < 0)
        return -STUB_ESRCH;
    rsp_window_bytes(w, bytes, (size_t)n);
    return 0;
}

bool
live_auxv_get(struct process *p, uint64_t type, uint64_t *value)
{
    uint64_t words[AUXV_MAX / sizeof(uint64_t)];
    ssize_t n = read_whole(open_of(live_tid(p), "auxv"), (uint8_t *)words, sizeof(words));

    for (size_t i = 0; n > 0 && (i + 2) * sizeof(words[0]) <= (size_t)n; i += 2) {
        if (words[i] == type) {
            *value = words[i + 1];
            return true;
        }
    }
    return false;
}

/* No name leads to it any more, in whatever directory tree. */
static bool
is_deleted(const char *link)
{
    struct stat st;

    return stat(link, &st) == 0 && st.st_nlink == 0;
}

int
live_exec_file(void *process, struct rsp_window *w)
{
    struct process *p = process;
    char path[PATH_MAX], link[64];

    if (p == NULL || !live_proc_link(live_tid(p), "exe", path, sizeof(path)))
        return -STUB_ESRCH;
    /* A file that was deleted can still be read by way of the process, as gdbserver 16 has it. */
    snprintf(link, sizeof(link), "/proc/%d/exe", (int)live_tid(p));
    rsp_window_text(w, is_deleted(link) ? link : path);
    return 0;
}

static int
get_siginfo(struct live *live, struct thread *t, siginfo_t *info)
{
    if (t == NULL || t->running)
        return -STUB_ESRCH;
    memset(info, 0, sizeof(*info));
    if (live_ptrace(PTRACE_GETSIGINFO, t->tid, 0, (uintptr_t)info) != 0)
        return live_fail(live, STUB_EINVAL, "thread %d did not stop for a signal", (int)t->tid);
    return 0;
}

int
live_siginfo(void *target, struct rsp_id id, struct rsp_window *w)
{
    siginfo_t info;
    int r = get_siginfo(target, live_thread_of(target, id), &info);

    if (r == 0)
        rsp_window_bytes(w, &info, sizeof(info));
    return r;
}

int
live_put_siginfo(void *target, struct rsp_id id, uint64_t offset, const void *bytes, size_t size)
{
    struct live *live = target;
    struct thread *t = live_thread_of(live, id);
    siginfo_t info;
    int r = get_siginfo(live, t, &info);

    if (r != 0)
        return r;
    if (offset > sizeof(info) || size > sizeof(info) - offset)
        return live_fail(live, STUB_EINVAL, "a siginfo has %zu bytes", sizeof(info));
    memcpy((uint8_t *)&info + offset, bytes, size);
    if (live_ptrace(PTRACE_SETSIGINFO, t->tid, 0, (uintptr_t)&info) != 0)
        return live_fail(live, STUB_EINVAL, "thread %d did not stop for a signal", (int)t->tid);
    return 0;
}

/* Where the file begins in memory: its mapping at the lowest address. */
int
live_load_address(void *process, const char *path, uint64_t *address)
{
    struct process *p = process;

    if (p == NULL || !live_maps_load(p))
        return -STUB_ESRCH;
    for (size_t i = 0; i < p->maps.count; i++) {
        const struct mapping *m = &p->maps.list[i];

        if (m->name == 0 || strcmp(p->maps.text + m->name, path) != 0)
            continue;
        *address = m->start;
        return 0;
    }
    return -STUB_ENOENT;
}

/* Where the next program starts. */
int
live_directory(void *target, const char **path)
{
    struct live *live = target;

    *path = live->launch.directory;
    if (*path != NULL && (*path)[0] != '\0')
        return 0;
    *path = live->directory;
    return getcwd(live->directory, sizeof(live->directory)) != NULL ? 0 : -errno;
}

/* ---- who ---- */

int
live_stat_field(const char *text, int number)
{
    const char *at = strrchr(text, ')');

    for (int i = 2; at != NULL && i < number; i++)
        at = strchr(at + 1, ' ');
    return at != NULL ? (int)strtol(at, NULL, 10) : -1;
}

/* glibc and musl both take the thread pointer for pthread_t. */
static void
read_handle(struct thread *t, struct stub_thread_info *info)
{
    uint64_t tp;

    if (!live_get_thread_pointer(t, &tp) || tp == 0)
        return;
    memcpy(info->handle, &tp, sizeof(tp));
    info->handle_size = sizeof(tp);
}

static void
read_thread_info(struct thread *t, struct stub_thread_info *info)
{
    char name[64];

    memset(info, 0, sizeof(*info));
    info->core = -1;
    snprintf(name, sizeof(name), "task/%d/comm", (int)t->tid);
    /* A clone outside the thread group has none, as with gdbserver: GDB's testsuite reads that. */
    ssize_t n = live_proc_read(t->process->pid, name, info->name, sizeof(info->name));
    if (n > 0)
        info->name[strcspn(info->name, "\n")] = '\0';
}

static void
read_core(struct thread *t, struct stub_thread_info *info)
{
    char name[64], text[1024];

    snprintf(name, sizeof(name), "task/%d/stat", (int)t->tid);
    if (live_proc_read(t->group, name, text, sizeof(text)) > 0)
        info->core = live_stat_field(text, 39); /* "processor" */
}

/* Neither name nor core changes while the thread stands still, and the name not even by a plain
 * step, see step.c. */
int
live_thread_info(void *target, struct rsp_id id, struct stub_thread_info *info)
{
    struct live *live = target;
    struct thread *t = live_thread_of(live, id);

    if (t == NULL)
        return -STUB_ESRCH;
    bool any_core = info->core == STUB_ANY_CORE;
    if (!t->has_info)
        read_thread_info(t, &t->info);
    t->has_info = !t->running;
    if (!any_core && !t->has_core) {
        read_core(t, &t->info);
        t->has_core = !t->running;
    }
    *info = t->info;
    read_handle(t, info);
    return 0;
}

/* ID=debian, with or without quotes (os-release(5)). */
static void
read_distribution(char *name, size_t size)
{
    char line[256];
    FILE *f = fopen("/etc/os-release", "re");

    name[0] = '\0';
    while (f != NULL && name[0] == '\0' && fgets(line, sizeof(line), f) != NULL) {
        char *value = line + 3 + (line[3] == '"');

        if (strncmp(line, "ID=", 3) != 0)
            continue;
        value[strcspn(value, "\"\n")] = '\0';
        strlcpy(name, value, size);
    }
    if (f != NULL)
        fclose(f);
}

int
live_host_info(void *target, struct stub_host_info *info)
{
    struct live *live = target;
    struct utsname u;

    memset(info, 0, sizeof(*info));
    if (uname(&u) != 0)
        return -STUB_EIO;
    strlcpy(live->hostname, u.nodename, sizeof(live->hostname));
    strlcpy(live->os_version, u.release, sizeof(live->os_version));
    strlcpy(live->os_build, u.release, sizeof(live->os_build));
    strlcpy(live->os_kernel, u.version, sizeof(live->os_kernel));
    read_distribution(live->distribution, sizeof(live->distribution));
    live->os_version[strspn(live->os_version, "0123456789.")] = '\0';
    info->ostype = "linux";
    info->vendor = "pc";
    info->abi = "gnu";
    info->os_version = live->os_version;
    info->hostname = live->hostname;
    info->os_build = live->os_build;
    info->os_kernel = live->os_kernel;
    info->distribution = live->distribution[0] != '\0' ? live->distribution : NULL;
    info->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
    info->watchpoints = LIVE_SLOTS;
    return 0;
}

int
live_process_info(void *target, int64_t pid, struct stub_process_info *info)
{
    struct live *live = target;
    struct process *p = live_process_find(live, pid);
    char text[4096];
    unsigned uid[2], gid[2];

    memset(info, 0, sizeof(*info));
    if (p == NULL || live_proc_read(live_tid(p), "status", text, sizeof(text)) <= 0)
        return -STUB_ESRCH;
    info->pid = p->pid;
    const char *at = strstr(text, "\nPPid:");
    if (at != NULL)
        info->parent = strtoll(at + 6, NULL, 10);
    at = strstr(text, "\nUid:");
    if (at != NULL && sscanf(at + 5, "%u %u", &uid[0], &uid[1]) == 2) {
        info->uid = uid[0];
        info->euid = uid[1];
    }
    at = strstr(text, "\nGid:");
    if (at != NULL && sscanf(at + 5, "%u %u", &gid[0], &gid[1]) == 2) {
        info->gid = gid[0];
        info->egid = gid[1];
    }
    return 0;
}
