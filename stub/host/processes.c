/* processes.c - which processes run on this machine, as /proc tells (proc(5)). */
#define _GNU_SOURCE 1
#include "stub/host/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

/* ---- one process ---- */

/* Reads a file of /proc/PID into buf; its length, NUL-terminated, or -1. */
static ssize_t
read_file(pid_t pid, const char *name, char *buf, size_t size)
{
    char path[64];
    size_t n = 0;
    ssize_t r = 0;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    while (n < size - 1 && (r = read(fd, buf + n, size - 1 - n)) > 0)
        n += (size_t)r;
    close(fd);
    buf[n] = '\0';
    return r < 0 && n == 0 ? -1 : (ssize_t)n;
}

/* The numbers behind "\nWORD:" in a status file. */
static bool
read_numbers(const char *status, const char *word, uint32_t *first, uint32_t *second)
{
    const char *at = strstr(status, word);

    return at != NULL && sscanf(at + strlen(word), "%u %u", first, second) == 2;
}

/* Zombies are left out: nobody can debug them. */
static bool
read_ids(pid_t pid, struct stub_process_info *ids)
{
    char status[4096];
    const char *state, *parent;

    if (read_file(pid, "status", status, sizeof(status)) <= 0)
        return false;
    state = strstr(status, "\nState:\t");
    parent = strstr(status, "\nPPid:\t");
    if (state == NULL || state[8] == 'Z' || state[8] == 'X' || parent == NULL)
        return false;
    ids->pid = pid;
    ids->parent = strtol(parent + 7, NULL, 10);
    return read_numbers(status, "\nUid:", &ids->uid, &ids->euid) &&
           read_numbers(status, "\nGid:", &ids->gid, &ids->egid);
}

/* The program's path, or the command's name where the kernel does not tell (kernel threads, other
 * users' processes). */
static void
read_path(struct host *host, pid_t pid)
{
    static const char deleted[] = " (deleted)";
    char link[64];
    ssize_t n;
    char *tail;

    snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
    n = readlink(link, host->path, sizeof(host->path) - 1);
    if (n > 0) {
        host->path[n] = '\0';
        tail = strlen(host->path) > strlen(deleted)
                   ? host->path + strlen(host->path) - strlen(deleted)
                   : host->path;
        if (strcmp(tail, deleted) == 0)
            *tail = '\0';
        return;
    }
    if (read_file(pid, "comm", host->path, sizeof(host->path)) < 0)
        host->path[0] = '\0';
    host->path[strcspn(host->path, "\n")] = '\0';
}

static bool
read_process(struct host *host, pid_t pid, struct stub_host_process *process)
{
    char exe[64];
    ssize_t n;

    *process = (struct stub_host_process){ 0 };
    if (!read_ids(pid, &process->ids))
        return false;
    read_path(host, pid);
    n = read_file(pid, "cmdline", host->args, sizeof(host->args));
    process->path = host->path;
    process->args = host->args;
    process->args_size = n > 0 ? (size_t)n : 0;
    if (n > 0 && host->args[n - 1] != '\0')
        process->args_size++; /* cut, or written over by the program: our NUL ends it */
    snprintf(exe, sizeof(exe), "/proc/%d/exe", (int)pid);
    process->machine = host_machine_of(exe);
    return true;
}

int
host_process(void *object, int64_t pid, struct stub_host_process *process)
{
    struct host *host = object;

    if (pid <= 0 || pid > INT32_MAX || !read_process(host, (pid_t)pid, process))
        return -STUB_EPERM; /* lldb-server's number */
    return 0;
}

/* ---- which are wanted ---- */

static bool
begins_with(const char *text, const char *begin)
{
    return strncmp(text, begin, strlen(begin)) == 0;
}

static bool
ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool
has_name(const struct host *host, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;

    switch (host->match.how) {
    case STUB_NAME_EQUALS:
        return strcmp(name, host->match_name) == 0;
    case STUB_NAME_BEGINS:
        return begins_with(name, host->match_name);
    case STUB_NAME_ENDS:
        return ends_with(name, host->match_name);
    case STUB_NAME_CONTAINS:
        return strstr(name, host->match_name) != NULL;
    case STUB_NAME_REGEX:
        return host->has_regex && regexec(&host->regex, name, 0, NULL, 0) == 0;
    default:
        return true;
    }
}

static bool
is_id(int64_t wanted, int64_t id)
{
    return wanted == STUB_ANY_ID || wanted == id;
}

/* As lldb-server has it, root is shown everybody's. */
static bool
is_wanted(const struct host *host, const struct stub_host_process *process)
{
    const struct stub_process_match *match = &host->match;
    const struct stub_process_info *ids = &process->ids;

    if (!match->all_users && geteuid() != 0 && geteuid() != ids->euid)
        return false;
    if (host->match_machine[0] != '\0' && strcmp(host->match_machine, process->machine) != 0)
        return false;
    return is_id(match->pid, ids->pid) && is_id(match->parent, ids->parent) &&
           is_id(match->uid, ids->uid) && is_id(match->gid, ids->gid) &&
           is_id(match->euid, ids->euid) && is_id(match->egid, ids->egid) &&
           has_name(host, process->path);
}

/* ---- the list ---- */

void
host_forget_processes(struct host *host)
{
    free(host->pids);
    host->pids = NULL;
    host->pid_count = host->pid_at = 0;
    if (host->has_regex)
        regfree(&host->regex);
    host->has_regex = false;
}

static bool
add_pid(struct host *host, pid_t pid)
{
    enum { STEP = 1024 };
    pid_t *more = host->pids;

    if (host->pid_count % STEP == 0)
        more = reallocarray(host->pids, host->pid_count + STEP, sizeof(*more));
    if (more == NULL)
        return false;
    host->pids = more;
    host->pids[host->pid_count++] = pid;
    return true;
}

static void
collect_pids(struct host *host)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        long pid = strtol(entry->d_name, NULL, 10);

        if (pid > 0 && pid != getpid() && !add_pid(host, (pid_t)pid))
            break;
    }
    if (dir != NULL)
        closedir(dir);
}

int
host_find_processes(void *object, const struct stub_process_match *match)
{
    struct host *host = object;

    host_forget_processes(host);
    host->match = *match;
    strlcpy(host->match_name, match->name != NULL ? match->name : "", sizeof(host->match_name));
    strlcpy(host->match_machine, match->machine != NULL ? match->machine : "",
            sizeof(host->match_machine));
    if (match->how == STUB_NAME_REGEX)
        host->has_regex = regcomp(&host->regex, host->match_name, REG_EXTENDED | REG_NOSUB) == 0;
    collect_pids(host);
    return 0;
}

int
host_next_process(void *object, struct stub_host_process *process)
{
    struct host *host = object;

    while (host->pid_at < host->pid_count)
        if (read_process(host, host->pids[host->pid_at++], process) && is_wanted(host, process))
            return 1;
    return 0;
}
