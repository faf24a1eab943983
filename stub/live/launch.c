/* launch.c - a program is started: forked, traced, waited for until it stands in its first
 * instruction. What it is started as stands in command.c, what the child does in child.c. */
#define _GNU_SOURCE 1
#include "stub/live/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    START_MS = 5000, /* for a child to become the program */
    END_MS = 2000    /* for a killed one to be gone */
};

unsigned
live_trace_options(enum origin origin)
{
    unsigned options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                       PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE | PTRACE_O_TRACEEXEC;
    return origin == ORIGIN_LAUNCHED ? options | PTRACE_O_EXITKILL : options;
}

static unsigned
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned)now.tv_sec * 1000 + (unsigned)(now.tv_nsec / 1000000);
}

/* The next wait status of the child, as waitpid says; 0 when none came in that time. */
static pid_t
await_child(pid_t child, int *status, unsigned ms)
{
    unsigned begin = now_ms(), waited;
    pid_t r;

    while ((r = waitpid(child, status, __WALL | WNOHANG)) == 0 &&
           (waited = now_ms() - begin) < ms) {
        long us = waited < 20 ? 50 : 1000;
        nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
    }
    return r;
}

enum outcome { STARTED, ENDED, HANGS };

/* Waits until the child has exec'd as often as it takes: a shell, a wrapper, the program. */
static enum outcome
await_exec(const struct start *s, pid_t child)
{
    unsigned left = s->execs;
    int status = 0;
    pid_t r;

    while ((r = await_child(child, &status, START_MS)) == child && WIFSTOPPED(status)) {
        bool exec = status >> 16 == PTRACE_EVENT_EXEC;
        if (exec && --left == 0)
            return STARTED;
        live_ptrace(PTRACE_CONT, child, 0, status >> 16 == 0 ? (uintptr_t)WSTOPSIG(status) : 0);
    }
    s->live->launch.ended = status;
    return r == 0 ? HANGS : ENDED;
}

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
    return live_fail(live, error, "cannot launch %s: %s; check its file system and rights",
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

static void
kill_child(pid_t child)
{
    int status;

    kill(child, SIGKILL);
    while (await_child(child, &status, END_MS) == child && WIFSTOPPED(status))
        continue;
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

static int
explain_no_start(const struct start *s, enum outcome outcome)
{
    struct start_failure f;

    while (read(s->failed[0], &f, sizeof(f)) == (ssize_t)sizeof(f)) {
        if (strcmp(f.deed, "personality") != 0)
            return explain_failure(s, &f);
    }
    if (outcome == HANGS)
        return live_fail(s->live, STUB_EIO,
                         "%s did not start within %d seconds and was killed; is its file system "
                         "there, does its shell or wrapper wait for something?",
                         s->path, START_MS / 1000);
    return explain_ended(s);
}

/* Said once: each launch has the same cause. */
static void
remark_randomized(const struct start *s)
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

static int
explain_seize(struct live *live, int error)
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

/* The forked child becomes the program, traced from its first instruction. */
static int
trace_child(struct start *s, pid_t child)
{
    struct live *live = s->live;

    if (!s->capture)
        setpgid(child, child);
    /* Only the exec of this one matters now: what a shell forks on its way is not ours. */
    if (live_ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) != 0) {
        int error = errno;
        kill_child(child);
        return explain_seize(live, error);
    }
    if (!s->capture)
        live_terminal_give(live, child);
    enum outcome outcome = write(s->go[1], "g", 1) == 1 ? await_exec(s, child) : HANGS;
    if (outcome == STARTED)
        return 0;
    if (outcome == HANGS)
        kill_child(child);
    live_terminal_take(live);
    return explain_no_start(s, outcome);
}

static int
adopt(struct live *live, pid_t child, const char *path)
{
    const char *machine = live_foreign_program(child);
    struct process *p = machine != NULL ? NULL : live_process_new(live, child, ORIGIN_LAUNCHED);
    struct thread *t = p != NULL ? live_thread_new(p, child) : NULL;

    if (t == NULL) {
        live_terminal_take(live);
        kill_child(child);
        if (p != NULL)
            live_process_free(p);
        live_sweep(live);
        return machine == NULL ? -STUB_ENOMEM
                               : live_fail(live, STUB_ENOTSUP,
                                           "cannot launch %s: it runs %s and only x86-64 is "
                                           "served here",
                                           path, machine);
    }
    live_ptrace(PTRACE_SETOPTIONS, child, 0, live_trace_options(ORIGIN_LAUNCHED));
    t->running = false;
    t->at_event = true;
    live_process_open(p);
    live->standing = live->mode == STUB_ALL_STOP;
    live->last = NULL;
    live->has_ended = false;
    live_halt(live, p); /* out of exec */
    live_queue_arrival(t, SIGTRAP);
    return 0;
}

static void
close_pipe(int ends[2])
{
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0)
            close(ends[i]);
    }
}

static int
fork_and_trace(struct start *s)
{
    pid_t child;

    if (pipe2(s->go, O_CLOEXEC) != 0 || pipe2(s->failed, O_CLOEXEC | O_NONBLOCK) != 0 ||
        (child = fork()) < 0)
        return live_fail(s->live, errno, "cannot fork: %s; end some programs", strerror(errno));
    if (child == 0)
        live_be_program(s);
    int r = trace_child(s, child);
    if (r != 0)
        return r;
    remark_randomized(s);
    return adopt(s->live, child, s->path);
}

static bool
wants_capture(const struct live *live)
{
    char *const *files = live->launch.files;
    return live->config.capture_output &&
           (files[0] == NULL || files[1] == NULL || files[2] == NULL);
}

/* ---- what is to be started ---- */

static char **
copy_strings(char *const argv[])
{
    size_t n = 0;

    while (argv[n] != NULL)
        n++;
    char **copy = calloc(n + 1, sizeof(*copy));
    for (size_t i = 0; copy != NULL && i < n; i++) {
        copy[i] = strdup(argv[i]);
        if (copy[i] == NULL) {
            live_free_strings(copy);
            return NULL;
        }
    }
    return copy;
}

/* Keeps what is launched, for a client that launches again without naming it. */
static bool
keep(struct launch *l, char *const argv[], const char *text)
{
    if (argv == l->argv && text == l->text)
        return true;
    char **argv_copy = copy_strings(argv);
    char *text_copy = text != NULL ? strdup(text) : NULL;
    if (argv_copy == NULL || (text != NULL && text_copy == NULL)) {
        live_free_strings(argv_copy);
        free(text_copy);
        return false;
    }
    live_free_strings(l->argv);
    free(l->text);
    l->argv = argv_copy;
    l->text = text_copy;
    return true;
}

static int
prepare(struct start *s)
{
    struct live *live = s->live;
    int r = live_find_program(s, live->launch.argv[0]);

    if (r != 0) {
        live->launch.ended = 127 << 8; /* as a shell that does not find it */
        return r;
    }
    if (live->launch.directory != NULL && strchr(s->word, '/') != NULL)
        memcpy(s->word, s->path, sizeof(s->word));
    s->environment = live_environment(&live->launch);
    if (s->environment == NULL || !live_make_command(s))
        return -STUB_ENOMEM;
    s->capture = wants_capture(live);
    if (s->capture && !live_output_open(live))
        return live_fail(live, STUB_EIO, "no pty is to be had: is /dev/pts mounted?");
    return 0;
}

static int
start(struct live *live)
{
    struct start s = { .live = live, .go = { -1, -1 }, .failed = { -1, -1 } };
    int r = prepare(&s);

    if (r == 0)
        r = fork_and_trace(&s);
    free(s.environment);
    free(s.argv);
    free(s.command);
    close_pipe(s.go);
    close_pipe(s.failed);
    return r;
}

static int
launch(struct live *live, char *const argv[], const char *text)
{
    live->why[0] = '\0';
    live->launch.ended = 0;
    if (argv == NULL || argv[0] == NULL)
        return live_fail(live, STUB_EINVAL, "no program was named, now or before");
    if (live->mode == STUB_ALL_STOP && live_running(live))
        return live_fail(live, STUB_EBUSY,
                         "cannot launch %s: process %d runs here; interrupt it first", argv[0],
                         (int)live_pid(live));
    return keep(&live->launch, argv, text) ? start(live) : -STUB_ENOMEM;
}

int
live_launch(struct live *live, char *const argv[])
{
    return launch(live, argv, NULL);
}

/* The strings of args, and the last program's name where they leave it out. NULL: no memory. */
static const char **
list_of(const struct live *live, const char *args, size_t size)
{
    size_t n = 0, i = 0;

    for (size_t k = 0; k < size; k++)
        n += args[k] == '\0';
    const char **argv = calloc(n + 1, sizeof(*argv));
    if (argv == NULL)
        return NULL;
    for (const char *at = args; i < n; at += strlen(at) + 1)
        argv[i++] = at;
    if (argv[0][0] == '\0')
        argv[0] = live->launch.argv[0];
    return argv;
}

int
live_target_launch(void *target, const char *args, size_t size)
{
    struct live *live = target;
    bool unnamed = size == 0 || args[0] == '\0';

    if (unnamed && (size <= 1 || live->launch.argv == NULL))
        return launch(live, live->launch.argv, live->launch.text);
    const char **argv = list_of(live, args, size);
    if (argv == NULL)
        return -STUB_ENOMEM;
    int r = launch(live, (char *const *)(uintptr_t)argv, NULL);
    free(argv);
    return r;
}

int
live_target_launch_text(void *target, const char *program, const char *text)
{
    struct live *live = target;
    char *const *last = live->launch.argv;
    const char *name = *program != '\0' ? program : last != NULL ? last[0] : NULL;
    char *argv[] = { (char *)(uintptr_t)name, NULL };

    return launch(live, argv, text);
}

int
live_start_status(struct live *live)
{
    return live->launch.ended;
}
