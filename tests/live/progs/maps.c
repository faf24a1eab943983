/* maps.c - maps a page at 0x600000000000 after a fifth of a second, and loops. */
#include <sys/mman.h>
#include <unistd.h>

int
main(void)
{
    usleep(200000);
    mmap((void *)0x600000000000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    for (;;)
        pause();
}
