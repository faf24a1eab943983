/* shell.c - a command line run for a client: in a process group of its own, without our files,
 * for as long as it may take and no longer. */
#define _GNU_SOURCE 1
#include "stub/host/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bsd/unistd.h>

static int64_t
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The user's shell, as lldb-server takes it. */
static const char *
shell_path(void)
{
    const char *path = getenv("SHELL");

    return path != NULL && path[0] == '/' && access(path, X_OK) == 0 ? path : "/bin/sh";
}

_Noreturn static void
become_shell(const char *command, const char *directory, int output)
{
    int null = open("/dev/null", O_RDONLY);
    sigset_t none;

    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setpgid(0, 0);
    if (directory[0] != '\0' && chdir(directory) != 0)
        _exit(126);
    if (dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0)
        _exit(126);
    closefrom(STDERR_FILENO + 1);
    (void)execl(shell_path(), shell_path(), "-c", command, (char *)NULL);
    _exit(127);
}

static bool
has_ended(pid_t pid)
{
    siginfo_t info = { .si_pid = 0 };

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

/* What does not fit is dropped. False at the end. */
static bool
take_some(struct host *host, int fd, size_t *size)
{
    uint8_t dropped[4096];
    size_t room = sizeof(host->output) - *size;
    ssize_t n =
        room > 0 ? read(fd, host->output + *size, room) : read(fd, dropped, sizeof(dropped));

    if (n > 0 && room > 0)
        *size += (size_t)n;
    return n > 0 || (n < 0 && errno == EINTR);
}

/* Reads what is printed until the shell has ended, whoever it left behind with its files. False
 * when its time is over. */
static bool
take_output(struct host *host, pid_t pid, int fd, int64_t end, size_t *size)
{
    enum { LOOK_MS = 20 };
    struct pollfd waits = { .fd = fd, .events = POLLIN };

    while (now_ms() < end) {
        bool ended = has_ended(pid);
        int ready = poll(&waits, 1, ended ? 0 : LOOK_MS);

        if (ready == 1 && !take_some(host, fd, size))
            waits.fd = -1;
        if (ready != 1 && ended)
            return true;
    }
    return false;
}

static void
read_status(int status, struct stub_shell_result *result)
{
    result->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int
host_shell(void *object, const char *command, const char *directory, unsigned seconds,
           struct stub_shell_result *result)
{
    struct host *host = object;
    int64_t end = now_ms() + (int64_t)seconds * 1000;
    int ends[2], status = 0;
    size_t size = 0;
    bool finished;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    pid = fork();
    if (pid == 0)
        become_shell(command, directory, ends[1]);
    close(ends[1]);
    finished = pid > 0 && take_output(host, pid, ends[0], end, &size);
    close(ends[0]);
    if (pid < 0)
        return -errno;
    if (!finished)
        (void)kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    read_status(status, result);
    result->text = host->output;
    result->size = size;
    return finished ? 0 : -ETIMEDOUT;
}
