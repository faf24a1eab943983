/* fork.c - forks ("fork"), vforks ("vfork") or spawns ("spawn") children; the first two call
 * touch() before they exit with 7. Exits with the number of children that came to another end.
 * "slow": one vfork whose child waits for SIGUSR1 first. */
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
volatile int touched, bad;

__attribute__((noinline)) void
touch(void)
{
    touched++;
}

__attribute__((noinline)) void
finished(void)
{
    touched = -1;
}

static pid_t
spawn(void)
{
    char *argv[] = { "/bin/sh", "-c", "exit 7", NULL };
    pid_t pid;

    return posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) == 0 ? pid : -1;
}

static void
wait_for_a_signal(void)
{
    sigset_t set;
    int signal;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigwait(&set, &signal);
}

static pid_t
child_of(const char *how)
{
    pid_t pid;

    if (strcmp(how, "spawn") == 0)
        return spawn();
    pid = strcmp(how, "fork") == 0 ? fork() : vfork();
    if (pid == 0) {
        touch();
        if (strcmp(how, "slow") == 0)
            wait_for_a_signal();
        _exit(7);
    }
    return pid;
}

int
main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "fork";
    int status, n = strcmp(how, "slow") == 0 ? 1 : 3;

    touch();
    for (int i = 0; i < n; i++) {
        pid_t pid = child_of(how);
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 7 << 8)
            bad++;
    }
    finished();
    return bad;
}
