/* exec.c - becomes itself again, from its only thread or ("thread") from another one than the
 * first; the argument "again" ends that. An argument with a slash is the program to become. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

volatile int again;
static char *self;

__attribute__((noinline)) void
after_exec(void)
{
    again = 1;
}

static void *
become(void *path)
{
    execl(path, path, "again", (char *)NULL);
    return NULL;
}

int
main(int argc, char **argv)
{
    pthread_t thread;

    self = argv[0];
    if (argc > 1 && strcmp(argv[1], "again") == 0) {
        after_exec();
        return 5;
    }
    if (argc > 1 && strcmp(argv[1], "thread") == 0) {
        pthread_create(&thread, NULL, become, self);
        pthread_join(thread, NULL);
    }
    become(argc > 1 && strchr(argv[1], '/') != NULL ? argv[1] : self);
    return 1;
}
