/* refusal.c - why a program was not started, in words with a remedy. */
#define _GNU_SOURCE 1
#include "stub/live/launch.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int
explain_exec(const struct start *s, int error)
{
    struct live *live = s->live;

    if (s->file != s->path)
        return live_fail(live, error,
                         "cannot launch %s: cannot execute %s to start it: %s; see SHELL, "
                         "--wrapper and --no-startup-with-shell",
                         s->path, s->file, strerror(error));
    if (error == ENOEXEC)
        return live_fail(live, error,
                         "cannot launch %s: neither a program nor a script that begins with #!; "
                         "name the program to run",
                         s->path);
    if (error == ENOENT)
        return live_fail(live, error, "cannot launch %s: its interpreter is missing; see file %s",
                         s->path, s->path);
    return live_fail(live, error,
                     "cannot launch %s: execve failed: %s; check its file system and rights",
                     s->path, strerror(error));
}

static int
explain_failure(const struct start *s, const struct start_failure *f)
{
    struct live *live = s->live;

    if (strcmp(f->deed, "use") == 0)
        return live_fail(live, f->error,
                         "cannot launch %s: %s is neither a file, a terminal nor a device like "
                         "/dev/null; name another",
                         s->path, live->launch.files[f->file]);
    if (strcmp(f->deed, "open") == 0)
        return live_fail(live, f->error, "cannot launch %s: cannot open %s: %s; name another",
                         s->path, live->launch.files[f->file], strerror(f->error));
    if (strcmp(f->deed, "chdir") == 0)
        return live_fail(live, f->error, "cannot launch in directory %s: %s; name another",
                         live->launch.directory, strerror(f->error));
    if (strcmp(f->deed, "exec") == 0)
        return explain_exec(s, f->error);
    return live_fail(live, f->error, "cannot launch %s: %s: %s; check its files and rights",
                     s->path, f->deed, strerror(f->error));
}

/* The shell or the wrapper has ended instead of becoming the program. */
static int
explain_ended(const struct start *s)
{
    int status = s->live->launch.ended;
    const char *who = s->live->config.wrapper != NULL ? "its wrapper" : "its shell";

    if (s->execs == 1)
        return live_fail(s->live, STUB_EIO, "%s ended before it was started; try again", s->path);
    if (WIFEXITED(status))
        return live_fail(s->live, STUB_EIO,
                         "cannot launch %s: %s ended with code %d before it; see what that "
                         "printed where the server runs",
                         s->path, who, WEXITSTATUS(status));
    return live_fail(s->live, STUB_EIO,
                     "cannot launch %s: %s ended by signal %d before it; try "
                     "--no-startup-with-shell",
                     s->path, who, WTERMSIG(status));
}

int
live_explain_no_start(const struct start *s, enum start_outcome outcome)
{
    struct start_failure f;

    while (read(s->failed[0], &f, sizeof(f)) == (ssize_t)sizeof(f)) {
        if (strcmp(f.deed, "personality") != 0)
            return explain_failure(s, &f);
    }
    if (outcome == HANGS)
        return live_fail(s->live, STUB_EIO,
                         "%s did not start within %u seconds and was killed; is its file system "
                         "there, does its shell or wrapper wait for something?",
                         s->path, s->live->launch.patience_ms / 1000);
    return explain_ended(s);
}

void
live_remark_random(const struct start *s)
{
    struct start_failure f;
    bool refused = false;

    while (read(s->failed[0], &f, sizeof(f)) == (ssize_t)sizeof(f))
        refused |= strcmp(f.deed, "personality") == 0;
    if (!refused || s->live->launch.said_random)
        return;
    s->live->launch.said_random = true;
    live_say(s->live,
             "addresses differ in each run: personality() is refused here, by a container's "
             "seccomp filter as a rule; allow it (--security-opt seccomp=unconfined), or say "
             "--no-disable-randomization");
}

int
live_explain_seize(struct live *live, int error)
{
    if (live_is_filtered())
        return live_fail(live, error,
                         "cannot trace a program of our own: %s, by a seccomp filter; start the "
                         "container with --security-opt seccomp=unconfined or --cap-add "
                         "SYS_PTRACE",
                         strerror(error));
    return live_fail(live, error,
                     "cannot trace a program of our own: %s; in a container allow ptrace "
                     "(--cap-add SYS_PTRACE)",
                     strerror(error));
}
