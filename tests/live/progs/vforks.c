/* vforks.c - threads in vfork, whose children take their time, then call touch() and exit with 7.
 * "two": two threads have one each, which wait until their parent is gone and they are not traced,
 * and then for SIGCONT; "late": one of them some time after the other. "exec": meanwhile the first
 * thread becomes this program again, "wait", which exits with 0 when that child ended well.
 * "often": one vfork after the other while another thread calls touch(). "hot": one child that
 * calls it very often and then waits ten seconds. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

volatile int touched;
volatile int born;
static int outlive;

__attribute__((noinline)) void
touch(void)
{
    touched++;
}

static int
is_traced(void)
{
    char status[1024];
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t n = read(fd, status, sizeof(status) - 1);

    close(fd);
    status[n > 0 ? n : 0] = '\0';
    return strstr(status, "TracerPid:\t0\n") == NULL;
}

static void *
have_child(void *us)
{
    pid_t parent = getpid(), pid = vfork();

    if (pid == 0) {
        born = 1;
        do
            usleep(*(useconds_t *)us);
        while (outlive && (getppid() == parent || is_traced()));
        if (outlive)
            kill(getpid(), SIGSTOP);
        touch();
        _exit(7);
    }
    waitpid(pid, NULL, 0);
    return NULL;
}

static void *
touch_on(void *nothing)
{
    for (;;)
        touch();
    return nothing;
}

static void
have_hot_child(void)
{
    if (vfork() != 0)
        return;
    while (touched < 1000000)
        touch();
    sleep(10);
    _exit(7);
}

int
main(int argc, char **argv)
{
    static useconds_t second = 1000000, moment = 1, soon = 1000;
    const char *how = argc > 1 ? argv[1] : "";
    pthread_t thread;
    int status;

    if (strcmp(how, "wait") == 0)
        return waitpid(-1, &status, 0) < 0 || status != 7 << 8;
    if (strcmp(how, "often") == 0) {
        pthread_create(&thread, NULL, touch_on, NULL);
        for (;;)
            have_child(&moment);
    }
    if (strcmp(how, "hot") == 0)
        have_hot_child();
    outlive = strcmp(how, "two") == 0 || strcmp(how, "late") == 0;
    pthread_create(&thread, NULL, have_child, outlive ? &soon : &second);
    if (strcmp(how, "exec") == 0) {
        while (!born)
            usleep(1000);
        execl(argv[0], argv[0], "wait", (char *)NULL);
    }
    while (strcmp(how, "late") == 0 && !born)
        usleep(1000);
    if (strcmp(how, "late") == 0)
        usleep(50000);
    have_child(outlive ? &soon : &second);
    return 0;
}
