/* maps.c - maps a page at 0x600000000000 when it is told to go, and loops. */
#include <sys/mman.h>
#include <unistd.h>

volatile char go;

int
main(void)
{
    while (!go)
        usleep(1000);
    mmap((void *)0x600000000000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    for (;;)
        pause();
}
