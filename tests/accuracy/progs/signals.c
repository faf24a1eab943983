/* signals.c - handlers inside handlers, on the stack and on another one, while leaves and
 * prologues are interrupted. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t depth, sum;
static char other_stack[65536];

static void
handler(int sig)
{
    char room[100];

    memset(room, sig, sizeof(room));
    sum += room[sig];
    if (++depth < 4)
        raise(sig == SIGUSR1 ? SIGUSR2 : SIGUSR1);
    depth--;
}

static int
leaf(int a)
{
    return a * 3 + 1;
}

static void
fault(int sig, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    sum += leaf(sig);
    raise(SIGUSR1);
    _exit(sum == 0);
}

int
main(void)
{
    struct sigaction a = { .sa_handler = handler, .sa_flags = SA_NODEFER };
    stack_t stack = { .ss_sp = other_stack, .ss_size = sizeof(other_stack) };

    sigaction(SIGUSR1, &a, NULL);
    a.sa_flags |= SA_ONSTACK;
    sigaction(SIGUSR2, &a, NULL);
    a.sa_flags = SA_SIGINFO | SA_ONSTACK;
    a.sa_sigaction = fault;
    sigaction(SIGSEGV, &a, NULL);
    sigaltstack(&stack, NULL);
    for (int i = 0; i < 3; i++) {
        sum += leaf(i);
        raise(i % 2 == 0 ? SIGUSR1 : SIGUSR2);
    }
    *(volatile int *)16 = leaf(1); /* a fault in the middle of a function */
    return 0;
}
