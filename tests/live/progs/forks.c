/* forks.c - a thread forks one child after the other while another thread calls touch(). */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

volatile int touched;

__attribute__((noinline)) void
touch(void)
{
    touched++;
}

static void *
have_children(void *nothing)
{
    for (;;) {
        pid_t pid = fork();

        if (pid == 0)
            _exit(7);
        waitpid(pid, NULL, 0);
    }
    return nothing;
}

int
main(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, have_children, NULL);
    for (;;)
        touch();
}
