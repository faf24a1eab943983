/* memory.c - a readable page before a hole, a page that may only be read, one that may not. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

uint8_t *edge, *fixed, *closed;
volatile uint8_t scratch[64] = { 1, 2, 3 };

__attribute__((noinline)) int
answer(void)
{
    return 42;
}

int
main(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;

    fixed = mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
    memset(fixed, 9, 4096);
    mprotect(fixed, 4096, PROT_READ);
    closed = mmap(NULL, 4096, PROT_NONE, flags, -1, 0);
    edge = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
    memset(edge, 7, 4096);
    munmap(edge + 4096, 4096);
    return answer();
}
