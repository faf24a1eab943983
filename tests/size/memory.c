/* memory.c - the four functions that a firmware brings; not counted. */
#include <string.h>

void *
memcpy(void *to, const void *from, size_t n)
{
    (void)from, (void)n;
    return to;
}

void *
memmove(void *to, const void *from, size_t n)
{
    (void)from, (void)n;
    return to;
}

void *
memset(void *to, int c, size_t n)
{
    (void)c, (void)n;
    return to;
}

int
memcmp(const void *a, const void *b, size_t n)
{
    (void)n;
    return a != b;
}
