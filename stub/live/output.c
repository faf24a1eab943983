/* output.c - the terminal: the program's share of ours, and a pty that captures its output. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <bsd/string.h>
#include <string.h>
#include <unistd.h>

/* ---- captured output ---- */

bool
live_output_open(struct live *live)
{
    if (live->pty >= 0) {
        /* What the last program wrote is still to be told: the next one writes behind it. */
        tcsetattr(live->pty_keep, TCSANOW, &live->pty_modes);
        return true;
    }
    live->pty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (live->pty < 0)
        return false;
    const char *name = NULL;
    if (grantpt(live->pty) == 0 && unlockpt(live->pty) == 0)
        name = ptsname(live->pty);
    /* Held open on our side too: else poll() would say "hung up" for ever once it ends. */
    if (name != NULL)
        live->pty_keep = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (live->pty_keep < 0 || tcgetattr(live->pty_keep, &live->pty_modes) != 0) {
        live_output_close(live);
        return false;
    }
    strlcpy(live->pty_name, name, sizeof(live->pty_name));
    return true;
}

void
live_output_close(struct live *live)
{
    if (live->pty >= 0)
        close(live->pty);
    if (live->pty_keep >= 0)
        close(live->pty_keep);
    live->pty = live->pty_keep = -1;
    live->output.state = REPORT_NONE;
}

void
live_output_collect(struct live *live)
{
    struct stub_event *e = &live->output.event;

    if (live->pty < 0 || live->output.state == REPORT_QUEUED)
        return;
    ssize_t n = read(live->pty, live->output_bytes, sizeof(live->output_bytes));
    if (n <= 0)
        return;
    memset(e, 0, sizeof(*e));
    e->kind = STUB_OUTPUT;
    e->text = live->output_bytes;
    e->text_size = (size_t)n;
    live->output.state = REPORT_QUEUED; /* told before the queue, never in it */
}

void
live_output_told(struct live *live, size_t n)
{
    struct stub_event *e = &live->output.event;

    if (live->output.state != REPORT_QUEUED)
        return;
    if (n >= e->text_size) {
        live->output.state = REPORT_NONE;
        return;
    }
    e->text += n;
    e->text_size -= n;
}

/* The terminal's driver passes on what it holds by the line; more than fits is refused. */
int
live_input(void *target, const void *bytes, size_t size)
{
    struct live *live = target;
    ssize_t n;

    if (live->pty < 0)
        return live_fail(live, STUB_ENOTSUP,
                         "the program was not started by this server with a terminal of its own");
    n = write(live->pty, bytes, size);
    if (n == (ssize_t)size)
        return 0;
    return live_fail(live, STUB_EBUSY, "the program has not read what was typed before");
}

int
live_fds(struct live *live, struct pollfd *fds, int max)
{
    if (max < 1 || live->pty < 0 || live->output.state == REPORT_QUEUED)
        return 0;
    fds[0] = (struct pollfd){ .fd = live->pty, .events = POLLIN };
    return 1;
}

/* ---- the shared terminal ---- */

/* tcsetpgrp from the background raises SIGTTOU, which would stop the server. */
static void
set_foreground(pid_t group)
{
    sigset_t ttou, before;

    sigemptyset(&ttou);
    sigaddset(&ttou, SIGTTOU);
    sigprocmask(SIG_BLOCK, &ttou, &before);
    tcsetpgrp(STDIN_FILENO, group);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* As with gdbserver, a program that is started from a terminal has it while it lives. */
void
live_terminal_give(struct live *live, pid_t group)
{
    if (isatty(STDIN_FILENO) == 0 || tcgetpgrp(STDIN_FILENO) != getpgrp())
        return;
    live->terminal_owner = getpgrp();
    set_foreground(group);
}

void
live_terminal_take(struct live *live)
{
    if (live->terminal_owner != 0)
        set_foreground(live->terminal_owner);
    live->terminal_owner = 0;
}
