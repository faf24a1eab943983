/* roundtrips.c - what the round trips of a debugger are counted on: five threads, calls to step
 * into and out of, a function to call. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { WORKERS = 4 };
static pthread_barrier_t ready;

static void *
wait_for_ever(void *p)
{
    pthread_barrier_wait(&ready);
    for (;;)
        pause();
    return p;
}

int
f(void)
{
    return 42;
}

static int
inner(int n)
{
    int twice = n * 2;
    return twice + f();
}

static int
outer(int n)
{
    int sum = n; /* break here */
    sum += 1;
    sum += inner(sum);
    return sum;
}

int
main(void)
{
    pthread_t workers[WORKERS];

    pthread_barrier_init(&ready, NULL, WORKERS + 1);
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&workers[i], NULL, wait_for_ever, NULL);
    pthread_barrier_wait(&ready);
    usleep(100000); /* all of them are in their loops */
    printf("%d\n", outer(7));
    return 0;
}
