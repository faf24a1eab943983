/* locals.c - two threads with thread-local variables of the executable and of libc (errno); where
 * those are they write down themselves, then call ready(). */
#define _GNU_SOURCE 1
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

_Thread_local char other[100] = "x";
_Thread_local long mine = 7;

/* Of the two threads: their id, and what is where. */
long tids[2];
void *mine_at[2], *errno_at[2];
struct link_map *libc_map;

static pthread_barrier_t written;

__attribute__((noinline)) void
ready(void)
{
    __asm__ volatile("");
}

static void
write_down(long i)
{
    tids[i] = syscall(SYS_gettid);
    mine = i;
    mine_at[i] = &mine;
    errno_at[i] = &errno;
    pthread_barrier_wait(&written);
}

static void *
run(void *nothing)
{
    write_down(1);
    pthread_barrier_wait(&written);
    return nothing;
}

int
main(void)
{
    pthread_t thread;

    for (libc_map = _r_debug.r_map; libc_map->l_next != NULL; libc_map = libc_map->l_next)
        if (strstr(libc_map->l_name, "libc.so") != NULL)
            break;
    pthread_barrier_init(&written, NULL, 2);
    pthread_create(&thread, NULL, run, NULL);
    write_down(0);
    ready();
    return 0;
}
