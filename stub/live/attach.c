/* attach.c - every thread of a running process is seized; a refusal says why and what to do. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- why not ---- */

/* The number behind "Name:" in /proc/PID/status, or -1. */
static long
status_number(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at == NULL ? -1 : strtol(at + strlen(name), NULL, 10);
}

static int
yama_scope(void)
{
    char text[8] = "";
    int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    return n > 0 ? atoi(text) : 0;
}

bool
live_is_filtered(void)
{
    char text[4096];

    return live_proc_read(getpid(), "status", text, sizeof(text)) > 0 &&
           status_number(text, "Seccomp:") == 2;
}

static int
refuse_traced(struct live *live, pid_t pid, long tracer)
{
    char name[64] = "";
    ssize_t n = live_proc_read((pid_t)tracer, "comm", name, sizeof(name));

    if (n > 0)
        name[strcspn(name, "\n")] = '\0';
    return live_fail(live, STUB_EPERM,
                     "cannot attach to %d: process %ld (%s) traces it already; end that first",
                     (int)pid, tracer, name);
}

static int
refuse_owner(struct live *live, pid_t pid, long uid)
{
    const struct passwd *owner = getpwuid((uid_t)uid);
    return live_fail(live, STUB_EPERM,
                     "cannot attach to %d: it belongs to user %s; run the server as that user or "
                     "as root",
                     (int)pid, owner != NULL ? owner->pw_name : "unknown");
}

/* The process is there and is of a kind that could be attached to: what forbids it? */
static int
explain_rights(struct live *live, pid_t pid, long uid, int error)
{
    int scope = yama_scope();

    if (geteuid() != 0 && (uid_t)uid != geteuid())
        return refuse_owner(live, pid, uid);
    if (scope == 3)
        return live_fail(live, STUB_EPERM,
                         "cannot attach to %d: /proc/sys/kernel/yama/ptrace_scope is 3, which "
                         "forbids it until the next boot; launch the program under the server",
                         (int)pid);
    if (scope > 0)
        return live_fail(live, STUB_EPERM,
                         "cannot attach to %d: /proc/sys/kernel/yama/ptrace_scope is %d; run the "
                         "server as root, or write 0 there",
                         (int)pid, scope);
    if (live_is_filtered())
        return live_fail(live, error,
                         "cannot attach to %d: %s, by a seccomp filter; start the container with "
                         "--security-opt seccomp=unconfined or --cap-add SYS_PTRACE",
                         (int)pid, strerror(error));
    return live_fail(live, error,
                     "cannot attach to %d: %s; it needs CAP_SYS_PTRACE (in a container --cap-add "
                     "SYS_PTRACE)",
                     (int)pid, strerror(error));
}

/* The cause of a failed attach, as far as /proc tells it. */
static int
explain(struct live *live, pid_t pid, int error)
{
    char text[4096];

    if (live_proc_read(pid, "status", text, sizeof(text)) <= 0 && access("/proc/self", F_OK) != 0)
        return live_fail(live, STUB_ENOENT,
                         "cannot attach to %d: /proc, where its threads are listed, is not there; "
                         "mount it",
                         (int)pid);
    if (text[0] == '\0')
        return live_fail(live, STUB_ESRCH, "cannot attach to %d: there is no such process; see ps",
                         (int)pid);
    long group = status_number(text, "Tgid:"), tracer = status_number(text, "TracerPid:");
    if (group != pid)
        return live_fail(live, STUB_EINVAL,
                         "cannot attach to %d: it is a thread of process %ld; attach to that",
                         (int)pid, group);
    if (strstr(text, "\nState:\tZ") != NULL)
        return live_fail(live, STUB_EPERM,
                         "cannot attach to %d: it is a zombie; its parent has to collect it",
                         (int)pid);
    if (tracer > 0)
        return refuse_traced(live, pid, tracer);
    if (strstr(text, "VmSize:") == NULL)
        return live_fail(live, STUB_EPERM,
                         "cannot attach to %d: it is a thread of the kernel; name a program's",
                         (int)pid);
    return explain_rights(live, pid, status_number(text, "Uid:"), error);
}

/* ---- seizing ---- */

static bool
seize(struct process *p, pid_t tid)
{
    if (live_ptrace(PTRACE_SEIZE, tid, 0, live_trace_options(ORIGIN_ATTACHED)) != 0)
        return false;
    return live_thread_new(p, tid) != NULL;
}

/* Seizes the threads in /proc/PID/task that are not ours yet; returns how many. Those born of one
 * that is ours are traced already and come by their parent's event. */
static unsigned
seize_new(struct process *p)
{
    char path[64];
    const struct dirent *entry;
    unsigned n = 0;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)p->pid);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return 0;
    while ((entry = readdir(dir)) != NULL) {
        pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (tid > 0 && live_thread_find(p->live, tid) == NULL && seize(p, tid))
            n++;
    }
    closedir(dir);
    return n;
}

static void
seize_all(struct process *p)
{
    /* Twice nothing new: a thread may be born while its creator was not seized yet. */
    for (unsigned quiet = 0, rounds = 0; quiet < 2 && rounds < 1000; rounds++)
        quiet = seize_new(p) == 0 ? quiet + 1 : 0;
}

static int
refuse_foreign(struct live *live, pid_t pid)
{
    const char *machine = live_foreign_program(pid);
    if (machine == NULL)
        return 0;
    return live_fail(
        live, STUB_ENOTSUP,
        "cannot attach to %d: it is %s and only x86-64 is served here; use a stub for "
        "that machine",
        (int)pid, machine);
}

static int
check(struct live *live, pid_t pid)
{
    char text[4096];

    if (pid <= 0)
        return live_fail(live, STUB_EINVAL, "%d is no process id; see ps", (int)pid);
    if (pid == getpid())
        return live_fail(live, STUB_EINVAL, "%d is this server itself; see ps", (int)pid);
    if (live_process_find(live, pid) != NULL)
        return live_fail(live, STUB_EBUSY, "%d is being debugged here already", (int)pid);
    if (live->mode == STUB_ALL_STOP && live_running(live))
        return live_fail(live, STUB_EBUSY,
                         "cannot attach to %d: process %d runs here; interrupt it first", (int)pid,
                         (int)live_pid(live));
    if (live_proc_read(pid, "status", text, sizeof(text)) <= 0)
        return explain(live, pid, ESRCH);
    if (status_number(text, "Tgid:") != pid)
        return explain(live, pid, EINVAL);
    return refuse_foreign(live, pid);
}

/* What a thread came to before it could be stopped waits its turn no longer: it is the answer.
 * That it became another program just then is nothing that the client has to know. */
static void
answer_with(struct thread *t)
{
    struct live *live = t->process->live;

    if (t->report.state == REPORT_QUEUED && t->report.event.reason != STUB_EXEC) {
        live_queue_first(live, &t->report);
        t->report.arrival = true;
    } else {
        live_unqueue(live, &t->report);
        live_queue_arrival(t, 0);
    }
}

/* One thread answers. In non-stop mode the others go on as gdb takes them to, or (lldb-server's
 * kind) each of them tells that it stands. */
static void
tell_arrival(struct process *p)
{
    struct live *live = p->live;
    struct thread *t, *leader = live_thread_find(live, p->pid);

    p->fresh = true;
    if (leader == NULL)
        leader = TAILQ_FIRST(&p->threads);
    if (leader != NULL)
        answer_with(leader);
    if (live->mode == STUB_NON_STOP)
        live_run_others(p);
    TAILQ_FOREACH (t, &p->threads, next) {
        if (live->mode != STUB_PROCESS_STOP || t->report.state != REPORT_NONE)
            continue;
        live_stop_event(t, STUB_NO_REASON, 0);
        live_queue(live, &t->report, false);
    }
}

int
live_attach(struct live *live, pid_t pid)
{
    live->why[0] = '\0';
    int r = check(live, pid);
    if (r != 0)
        return r;
    struct process *p = live_process_new(live, pid, ORIGIN_ATTACHED);
    if (p == NULL)
        return -STUB_ENOMEM;
    errno = 0;
    bool leader = seize(p, pid);
    int error = errno;
    seize_all(p);
    if (TAILQ_EMPTY(&p->threads)) {
        live_process_free(p);
        live_sweep(live);
        return explain(live, pid, leader || error == 0 ? ESRCH : error);
    }
    live->standing = live->mode == STUB_ALL_STOP;
    live->last = NULL;
    live->has_ended = false;
    live_process_open(p);
    live_halt(live, p);
    tell_arrival(p);
    return 0;
}

int
live_target_attach(void *target, int64_t pid)
{
    if (pid <= 0 || pid > INT_MAX)
        return live_fail(target, STUB_EINVAL, "%lld is no process id; see ps", (long long)pid);
    return live_attach(target, (pid_t)pid);
}
