/* syscall.c - one thread reads a pipe by an instruction that has a label; another one writes to
 * it only after it has made a step of its own. */
#include <pthread.h>
#include <unistd.h>

int ends[2];
volatile int result = -1, rounds;

extern char reading[];

static long
read_byte(int fd, char *byte)
{
    long r;

    __asm__ volatile(".globl reading\nreading: syscall"
                     : "=a"(r)
                     : "a"(0), "D"(fd), "S"(byte), "d"(1L)
                     : "rcx", "r11", "memory");
    return r;
}

static void *
write_later(void *nothing)
{
    usleep(50000);
    rounds++;
    return write(ends[1], "x", 1) == 1 ? nothing : NULL;
}

__attribute__((noinline)) void
got_it(void)
{
    rounds++;
}

int
main(void)
{
    pthread_t thread;
    char byte = 0;

    if (pipe(ends) != 0)
        return 1;
    pthread_create(&thread, NULL, write_later, NULL);
    result = (int)read_byte(ends[0], &byte);
    got_it();
    pthread_join(thread, NULL);
    return byte == 'x' && result == 1 ? 6 : 1;
}
