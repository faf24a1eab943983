/* calls.c - makes system calls: getppid, one with a number that none has, getppid again, for
 * ever. */
#include <sys/syscall.h>
#include <unistd.h>

int
main(void)
{
    for (;;) {
        syscall(SYS_getppid);
        syscall(99999);
    }
}
