/* child.c - the forked child: takes its surroundings and becomes the program. */
#define _GNU_SOURCE 1
#include "stub/live/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <bsd/string.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Tells the server what failed, and why. */
static void
tell(const struct start *s, const char *deed, int file)
{
    struct start_failure f = { .error = errno, .file = file };

    strlcpy(f.deed, deed, sizeof(f.deed));
    if (write(s->failed[1], &f, sizeof(f)) < 0)
        _exit(126);
}

static void __attribute__((noreturn)) give_up_at(const struct start *s, const char *deed, int file)
{
    tell(s, deed, file);
    _exit(127);
}

static void __attribute__((noreturn)) give_up(const struct start *s, const char *deed)
{
    give_up_at(s, deed, 0);
}

/* A file, a terminal, /dev/null: not what lets open() or the program wait for a peer. */
static bool
is_fit(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode));
}

static void
open_as(const struct start *s, const char *path, int number)
{
    int flags = number == STDIN_FILENO ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC;
    int fd = open(path, flags | O_NOCTTY | O_NONBLOCK, 0666);
    if (fd < 0 && errno != ENXIO) /* that is a FIFO nobody reads, or a socket */
        give_up_at(s, "open", number);
    if (fd < 0 || !is_fit(fd)) {
        errno = EINVAL;
        give_up_at(s, "use", number);
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    if (fd != number) {
        if (dup2(fd, number) < 0)
            give_up_at(s, "open", number);
        close(fd);
    }
}

static void
set_files(const struct start *s)
{
    const struct live *live = s->live;

    if (s->capture) {
        /* Not its controlling terminal: when the server goes, a program that was let go would get
         * a SIGHUP of the kernel's. */
        int fd = open(live->pty_name, O_RDWR | O_NOCTTY);
        if (fd < 0)
            give_up(s, "open pty");
        for (int i = 0; i < 3; i++)
            dup2(fd, i);
        if (fd > 2)
            close(fd);
    }
    for (int i = 0; i < 3; i++) {
        if (live->launch.files[i] != NULL)
            open_as(s, live->launch.files[i], i);
    }
}

static void
set_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGTTOU, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
}

/* A seccomp filter may forbid personality(): the program then runs all the same. */
static void
fix_addresses(const struct start *s)
{
    int now = personality(0xffffffff);

    if (now == -1 || personality((unsigned long)now | ADDR_NO_RANDOMIZE) == -1)
        tell(s, "personality", 0);
}

/* A file just written is busy for as long as any fork of a server beside us, between its fork and
 * its exec, holds the descriptor that it was written through. */
static void
become(const struct start *s)
{
    const struct timespec moment = { .tv_nsec = 10000000 };

    for (int i = 0; i < 20; i++) {
        execvpe(s->file, s->argv, s->environment);
        if (errno != ETXTBSY)
            return;
        nanosleep(&moment, NULL);
    }
}

void
live_be_program(const struct start *s)
{
    const struct launch *l = &s->live->launch;
    char go;

    if (read(s->go[0], &go, 1) != 1)
        _exit(126);
    if (s->capture)
        setsid();
    else
        setpgid(0, 0);
    set_files(s);
    if (l->directory != NULL && chdir(l->directory) != 0)
        give_up(s, "chdir");
    if (!l->randomize)
        fix_addresses(s);
    set_signals();
    if (s->live->config.capture_output) /* what lldb left open in us is not the program's */
        (void)close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    become(s);
    give_up(s, "exec");
}
