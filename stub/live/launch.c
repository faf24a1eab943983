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
    END_MS = 2000, /* for a killed child to be gone */
    BRISK_MS = 20, /* how long it is looked for often: most are there by then */
    LOOK_MS = 20,  /* that a look counts for at most: it may be us who got no processor */
    MOST = 12      /* times the patience, with a child that computes */
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

/* The next wait status of the child, as waitpid says; 0 when it has waited for something so long.
 * While it runs, or waits for a processor, it does not hang: on a busy machine that may take
 * seconds, above all in a session of its own, which the scheduler counts as a group of its own. */
static pid_t
await_child(pid_t child, int *status, unsigned ms)
{
    unsigned begin = now_ms(), last = begin, hung = 0;
    pid_t r;

    while ((r = waitpid(child, status, __WALL | WNOHANG)) == 0 && hung < ms &&
           last - begin < MOST * ms) {
        bool brisk = last - begin < BRISK_MS;
        nanosleep(&(struct timespec){ .tv_nsec = brisk ? 50000 : 1000000 }, NULL);
        unsigned now = now_ms();
        if (brisk || live_task_state(child, child) != 'R')
            hung += now - last < LOOK_MS ? now - last : LOOK_MS;
        last = now;
    }
    return r;
}

/* Waits until the child has exec'd as often as it takes: a shell, a wrapper, the program. */
static enum start_outcome
await_exec(const struct start *s, pid_t child)
{
    unsigned left = s->execs;
    int status = 0;
    pid_t r;

    while ((r = await_child(child, &status, s->live->launch.patience_ms)) == child &&
           WIFSTOPPED(status)) {
        bool exec = status >> 16 == PTRACE_EVENT_EXEC;
        if (exec && --left == 0)
            return STARTED;
        live_ptrace(PTRACE_CONT, child, 0, status >> 16 == 0 ? (uintptr_t)WSTOPSIG(status) : 0);
    }
    s->live->launch.ended = status;
    return r == 0 ? HANGS : ENDED;
}

static void
kill_child(pid_t child)
{
    int status;

    kill(child, SIGKILL);
    while (await_child(child, &status, END_MS) == child && WIFSTOPPED(status))
        continue;
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
        return live_explain_seize(live, error);
    }
    if (!s->capture)
        live_terminal_give(live, child);
    enum start_outcome outcome = write(s->go[1], "g", 1) == 1 ? await_exec(s, child) : HANGS;
    if (outcome == STARTED)
        return 0;
    if (outcome == HANGS)
        kill_child(child);
    live_terminal_take(live);
    return live_explain_no_start(s, outcome);
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
    t->at_event = true; /* awake, as any new thread */
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
    live_remark_random(s);
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
        live->launch.ended = (r == -STUB_ENOENT ? 127 : 126) << 8; /* as a shell would end */
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
