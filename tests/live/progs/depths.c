/* depths.c - stacks that a debugger has to walk: threads that wait deep below functions with small
 * and with large frames, and a place with locals to stop at.
 *     depths THREADS [WAIT]        the first one waits too */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEPTH = 12, LARGE = 3000 };
struct node {
    struct node *next;
    char name[24];
};
static pthread_barrier_t ready;
static int total;

static int wide(int depth, struct node *list);

static int __attribute__((noinline)) narrow(int depth, struct node *list)
{
    struct node mine = { list, "narrow" };

    total += depth;
    return wide(depth - 1, &mine) + (int)strlen(mine.name);
}

static int __attribute__((noinline)) stop_here(int depth, struct node *list)
{
    char large[LARGE];
    int length = 0;

    memset(large, depth, sizeof(large));
    large[depth] = 1; /* break here */
    length += 1;      /* one instruction each */
    length += 2;
    length += 3;
    total += length;
    return length + large[0] + list->name[0];
}

static void __attribute__((noinline)) wait_for_ever(void)
{
    pthread_barrier_wait(&ready);
    for (;;)
        pause();
}

static int __attribute__((noinline)) wide(int depth, struct node *list)
{
    char large[LARGE];

    memset(large, depth, sizeof(large));
    if (depth < 0)
        return large[1];
    if (depth == 0 && list == NULL)
        wait_for_ever();
    if (depth == 0)
        return stop_here(depth, list) + large[3];
    return narrow(depth, list) + large[7];
}

static int __attribute__((noinline)) bare(int depth)
{
    char large[LARGE];

    memset(large, depth, sizeof(large));
    if (depth > 0)
        return bare(depth - 1) + large[5];
    wait_for_ever();
    return large[5];
}

static void *
work(void *p)
{
    bare(DEPTH);
    return p;
}

int
main(int argc, char **argv)
{
    int workers = argc > 1 ? atoi(argv[1]) - 1 : 4;

    pthread_barrier_init(&ready, NULL, (unsigned)workers + 1);
    for (int i = 0; i < workers; i++) {
        pthread_t worker;

        pthread_create(&worker, NULL, work, NULL);
    }
    if (argc > 2)
        bare(DEPTH);
    pthread_barrier_wait(&ready);
    usleep(100000); /* all of them are in their loops */
    for (int i = 0; i < 20; i++) {
        struct node last = { NULL, "last" };

        printf("%d\n", narrow(DEPTH / 2, &last));
    }
    return 0;
}
