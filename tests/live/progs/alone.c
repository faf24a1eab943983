/* alone.c - a program of one thread, and of nothing that could make another: lldb is told all in
 * the stop reply. Its frames are large, its locals point to the heap. */
#include <stdio.h>
#include <stdlib.h>

struct node {
    int value;
    struct node *next;
};

static int __attribute__((noinline)) inner(int n, struct node *list)
{
    int twice = n * 2;

    list->value += twice; /* break here */
    twice += 1;           /* one instruction each */
    twice += 2;
    twice += 3;
    return twice;
}

static int __attribute__((noinline)) outer(int n, struct node *list)
{
    char large[2000];

    large[n] = 3;
    return inner(n + 1, list) + large[n];
}

int
main(void)
{
    struct node *list = calloc(1, sizeof(*list));

    for (int i = 0; i < 100; i++)
        printf("%d\n", outer(i, list));
    free(list);
    return 0;
}
