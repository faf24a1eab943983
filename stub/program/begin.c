/* begin.c - what is debugged: launched, attached to, or waited for; and why it is not. */
#define _GNU_SOURCE 1
#include "stub/program/program.h"

#include <err.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

/* No client can have asked for anything yet, so this may wait here. */
static int
attach_by_name(struct program_session *x)
{
    const struct program_settings *s = x->settings;
    enum stub_attach_how how = s->wait_for ? STUB_ATTACH_NEW : STUB_ATTACH_OLD;
    int r = live_attach_name(x->live, s->attach_name, how);

    /* Whoever reads this may start it: those that are there already have been looked at. */
    if (r == STUB_LATER)
        fprintf(stderr, "Waiting for %s to be started\n", s->attach_name);
    while (r == STUB_LATER && !program_must_end()) {
        struct timespec pause = { .tv_nsec = live_timeout(x->live) * 1000000L };

        nanosleep(&pause, NULL);
        r = live_attach_name(x->live, s->attach_name, how);
    }
    return r;
}

/* gdbserver's lines, which scripts read. */
static void
say_not_attached(const struct program_session *x, int failed)
{
    if (!x->settings->attach_name)
        fprintf(stderr, "Cannot attach to process %d: %s (%d)\n", (int)x->settings->pid,
                strerror(-failed), -failed);
}

static void
say_not_started(const struct program_session *x, int failed)
{
    const struct program_settings *s = x->settings;
    int status = live_start_status(x->live);

    if (status == 0)
        return;
    if (!s->shell)
        fprintf(stderr, "gdbserver: Cannot exec %s\ngdbserver: Error: %s\n\n", s->program[0],
                strerror(-failed));
    else if (failed == -STUB_ENOENT)
        fprintf(stderr, "stubborn: exec: %s: not found\n", s->program[0]);
    if (WIFEXITED(status))
        fprintf(stderr, "During startup program exited with code %d.\n", WEXITSTATUS(status));
    else
        fprintf(stderr, "During startup program terminated with signal %d.\n", WTERMSIG(status));
}

bool
program_begin(struct program_session *x)
{
    const struct program_settings *s = x->settings;
    const char *why;
    int failed;

    if (s->platform || (!s->attach && s->program_count == 0))
        return true;
    if (s->attach_name)
        failed = attach_by_name(x);
    else
        failed = s->attach ? live_attach(x->live, s->pid) : live_launch(x->live, s->program);
    if (!failed && !s->capture)
        program_say_started(x);
    if (!failed || failed == STUB_LATER) /* told to end while it waited */
        return !failed;
    why = live_why(x->live);
    warnx("%s", why ? why : strerror(-failed));
    if (s->capture)
        return false;
    if (s->attach)
        say_not_attached(x, failed);
    else
        say_not_started(x, failed);
    fputs("Exiting\n", stderr);
    return false;
}
