/* memory.c - a readable page before a hole, one before a page of a shared file that nobody may
 * write, a page that may only be read, one that may not. */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

uint8_t *edge, *fixed, *closed, *shared;
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
    shared = (uint8_t *)mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, flags, -1, 0) + 4096;
    mmap(shared, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, open("/proc/self/exe", O_RDONLY), 0);
    edge = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
    memset(edge, 7, 4096);
    munmap(edge + 4096, 4096);
    return answer();
}
