/* tableless.c - functions without unwind tables: with and without a frame pointer, with loops,
 * jumps between functions, aligned stacks, early returns, calls through pointers. Built without
 * tables, by several compilers' options. */
#include <stdlib.h>
#include <string.h>

#define APART __attribute__((noinline, noclone))

struct node {
    struct node *left, *right;
    int value;
};

static volatile int zero;

APART static int
leaf(int a, int b)
{
    return a / (b + 1) + zero;
}

APART static int
loops(int n)
{
    int sum = 0;

    for (int i = 0; i < n; i++) {
        if (i % 3 == 0)
            continue;
        if (i == 17)
            break;
        sum += leaf(i, n);
    }
    return sum;
}

APART static int
early(int n, const char *text)
{
    char copy[64];

    if (n < 0)
        return -1;
    strcpy(copy, text);
    if (copy[0] == 'x')
        return loops(n) + copy[1];
    return loops(n + 1) * copy[2] + loops(n);
}

APART static int
tail(int n)
{
    zero = n & 0;
    return early(n, "xyz");
}

APART static struct node *
insert(struct node *at, int value)
{
    if (at == NULL) {
        at = calloc(1, sizeof(*at));
        at->value = value;
    } else if (value < at->value)
        at->left = insert(at->left, value);
    else
        at->right = insert(at->right, value);
    return at;
}

APART static int
total(const struct node *at, int (*map)(int))
{
    if (at == NULL)
        return 0;
    return total(at->left, map) + map(at->value) + total(at->right, map);
}

APART static int
aligned(int n)
{
    _Alignas(64) char room[128];

    memset(room, n, sizeof(room));
    return loops(room[n & 63]);
}

APART static int
many(int a, int b, int c, int d, int e, int f, int g, int h)
{
    int i = leaf(a, b);
    int j = leaf(c, d);
    int k = leaf(e, f);
    int l = leaf(g, h);

    return i * j + k * l + leaf(i, j) * leaf(k, l);
}

APART static int
chosen(int n)
{
    switch (n) {
    case 0:
        return leaf(1, 2);
    case 1:
        return loops(3);
    case 2:
        return tail(4);
    case 3:
        return aligned(5);
    case 4:
        return early(6, "abc");
    case 5:
        return many(1, 2, 3, 4, 5, 6, 7, n);
    default:
        return -n;
    }
}

APART static int
variable(int n)
{
    char *room = __builtin_alloca((size_t)n * 16);

    memset(room, n, (size_t)n * 16);
    return loops(room[n]) + room[0];
}

int
main(int argc, char **argv)
{
    struct node *root = NULL;
    int sum = 0;

    (void)argv;
    for (int i = 0; i < 20; i++)
        root = insert(root, i * 7 % 20);
    for (int i = 0; i < 7; i++)
        sum += chosen(i) + variable(argc + i);
    sum += total(root, loops) + total(root, chosen);
    return sum == 42;
}
