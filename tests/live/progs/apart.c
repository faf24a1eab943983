/* apart.c HOW - clones outside the thread group, which the kernel tells of as it does of threads.
 * shared, copy: it calls touch() three times, with or without main's memory; of a copy it sends
 * itself SIGUSR1 before. both: main calls touch() meanwhile. outlives: main ends first, and the
 * clone stays. exec: main executes another program, which waits for the clone. execs: the clone
 * executes one. Clones end with 7, main with 0 when that was so. */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[65536] __attribute__((aligned(16)));
static int pipes[2];
static const char *how = "shared";
volatile int touched, lasting = 1, begun;

__attribute__((noinline)) void
touch(void)
{
    touched++;
}

static int
three_touches(void *signal)
{
    if (signal != NULL)
        raise(SIGUSR1);
    for (int i = 0; i < 3; i++)
        touch();
    return 7;
}

static int
touch_until_told(void *nothing)
{
    (void)nothing;
    while (lasting)
        touch();
    return 7;
}

/* The other end of the pipe is closed when main ends or executes something else. */
static int
touch_after_main(void *nothing)
{
    char byte;

    (void)nothing;
    close(pipes[1]);
    begun = 1;
    if (read(pipes[0], &byte, 1) != 0)
        return 1;
    three_touches(NULL);
    if (how[0] == 'o')
        pause();
    return 7;
}

static int
execute(void *name)
{
    execl("/proc/self/exe", "apart", name, (char *)NULL);
    return 1;
}

static pid_t
have_clone(int (*f)(void *), int flags, void *p)
{
    return clone(f, stack + sizeof(stack), flags, p);
}

/* 0 when it ends as clones do. */
static int
end_of(pid_t pid)
{
    int status;

    if (waitpid(pid, &status, __WALL) < 0)
        return 1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 7 ? 0 : 2;
}

int
main(int argc, char **argv)
{
    int status = 0;
    pid_t pid;

    if (argc > 1)
        how = argv[1];
    if (strcmp(how, "seven") == 0)
        return 7;
    signal(SIGUSR1, SIG_IGN);
    if (strcmp(how, "outlives") == 0 || strcmp(how, "exec") == 0) {
        if (pipe2(pipes, O_CLOEXEC) != 0 || have_clone(touch_after_main, CLONE_VM, NULL) < 0)
            return 1;
        while (!begun)
            sched_yield();
        return how[0] == 'e' ? execute("heir") : 0;
    }
    if (strcmp(how, "heir") == 0)
        return end_of(-1);
    if (strcmp(how, "copy") == 0)
        pid = have_clone(three_touches, CLONE_FILES, &status);
    else if (strcmp(how, "both") == 0)
        pid = have_clone(touch_until_told, CLONE_VM, NULL);
    else if (strcmp(how, "execs") == 0)
        pid = have_clone(execute, CLONE_VM, "seven");
    else
        pid = have_clone(three_touches, CLONE_VM | CLONE_FILES, NULL);
    while (strcmp(how, "both") == 0 && lasting)
        touch();
    return end_of(pid);
}
