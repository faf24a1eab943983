/* launch.c - a program is started: found, checked, forked, traced, given its surroundings. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <bsd/string.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    EDITS_MAX = 4096, /* of the environment, and their bytes */
    EDIT_BYTES_MAX = 1024 * 1024,
    START_MS = 5000, /* for a child to become the program */
    END_MS = 2000    /* for a killed one to be gone */
};

/* ---- finding and checking ---- */

static const char *
foreign_file(const char *path)
{
    uint8_t head[64];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    ssize_t n = read(fd, head, sizeof(head));
    close(fd);
    return n > 0 ? live_foreign_machine(head, (size_t)n) : NULL;
}

const char *
live_foreign_program(pid_t pid)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    return foreign_file(path);
}

static bool
is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* A name without a slash is looked for here and then along PATH, as gdbserver does. */
static void
find_program(const char *name, char *path, size_t size)
{
    const char *at = getenv("PATH");

    strlcpy(path, name, size);
    if (strchr(name, '/') != NULL)
        return;
    snprintf(path, size, "./%s", name);
    if (access(path, F_OK) == 0)
        return;
    while (at != NULL && *at != '\0') {
        size_t n = strcspn(at, ":");
        snprintf(path, size, "%.*s/%s", (int)n, at, name);
        if (is_program(path))
            return;
        at += n + (at[n] == ':');
    }
    strlcpy(path, name, size);
}

static bool
make_absolute(char *path, size_t size)
{
    char here[PATH_MAX], whole[2 * PATH_MAX];

    if (path[0] == '/')
        return true;
    if (getcwd(here, sizeof(here)) == NULL)
        return false;
    snprintf(whole, sizeof(whole), "%s/%s", here, path + (strncmp(path, "./", 2) == 0 ? 2 : 0));
    return strlcpy(path, whole, size) < size;
}

static int
check_program(struct live *live, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return live_fail(live, errno, "cannot launch %s: %s; give its path, or a name on PATH",
                         path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return live_fail(live, STUB_EACCES, "cannot launch %s: it is a directory; name a program",
                         path);
    if (!is_program(path))
        return live_fail(live, STUB_EACCES,
                         "cannot launch %s: it is not executable; try chmod +x %s", path, path);
    const char *machine = foreign_file(path);
    if (machine != NULL)
        return live_fail(live, STUB_ENOTSUP,
                         "cannot launch %s: it is %s and only x86-64 is served here; use a stub "
                         "on that machine, or an emulator's own",
                         path, machine);
    return 0;
}

/* ---- surroundings ---- */

static size_t
name_length(const char *edit)
{
    return strcspn(edit, "=");
}

static bool
same_name(const char *a, const char *b)
{
    size_t n = name_length(a);
    return n == name_length(b) && memcmp(a, b, n) == 0;
}

/* Our environment with the client's edits; the strings belong to others. NULL: no memory. */
static char **
make_environment(const struct launch *launch)
{
    size_t count = 0, n = 0;

    while (environ[count] != NULL)
        count++;
    char **list = calloc(count + launch->edit_count + 1, sizeof(*list));
    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        bool edited = false;
        for (size_t k = 0; k < launch->edit_count; k++)
            edited |= same_name(environ[i], launch->edits[k]);
        if (!edited)
            list[n++] = environ[i];
    }
    for (size_t k = 0; k < launch->edit_count; k++) {
        if (strchr(launch->edits[k], '=') != NULL)
            list[n++] = launch->edits[k];
    }
    return list;
}

/* The place of the edit with that name, or one behind the others; NULL: no memory. */
static char **
place_of_edit(struct launch *l, const char *edit)
{
    for (size_t i = 0; i < l->edit_count; i++) {
        if (same_name(l->edits[i], edit))
            return &l->edits[i];
    }
    char **edits = reallocarray(l->edits, l->edit_count + 1, sizeof(*edits));
    if (edits == NULL)
        return NULL;
    l->edits = edits;
    l->edits[l->edit_count] = NULL;
    return &l->edits[l->edit_count];
}

static int
edit_environment(struct live *live, const char *edit)
{
    struct launch *l = &live->launch;
    char **place = place_of_edit(l, edit);

    if (place == NULL)
        return -STUB_ENOMEM;
    size_t bytes = strlen(edit) + 1, old = *place != NULL ? strlen(*place) + 1 : 0;
    if ((old == 0 && l->edit_count == EDITS_MAX) || bytes > EDIT_BYTES_MAX - (l->edit_bytes - old))
        return live_fail(live, STUB_ENOSPC,
                         "the environment has %zu changes of %zu bytes already; take them back "
                         "(QEnvironmentReset)",
                         l->edit_count, l->edit_bytes);
    char *copy = strdup(edit);
    if (copy == NULL)
        return -STUB_ENOMEM;
    free(*place);
    *place = copy;
    l->edit_count += old == 0;
    l->edit_bytes += bytes - old;
    return 0;
}

static void
forget_edits(struct launch *l)
{
    for (size_t i = 0; i < l->edit_count; i++)
        free(l->edits[i]);
    free(l->edits);
    l->edits = NULL;
    l->edit_count = l->edit_bytes = 0;
}

static int
set_text(char **place, const char *text)
{
    char *copy = text[0] != '\0' ? strdup(text) : NULL;

    if (text[0] != '\0' && copy == NULL)
        return -STUB_ENOMEM;
    free(*place);
    *place = copy;
    return 0;
}

int
live_launch_option(void *target, enum stub_launch_option option, const char *text)
{
    struct live *live = target;
    struct launch *l = &live->launch;

    switch (option) {
    case STUB_ENV_SET:
        return strchr(text, '=') > text ? edit_environment(live, text) : -STUB_EINVAL;
    case STUB_ENV_UNSET:
        return text[0] != '\0' && strchr(text, '=') == NULL ? edit_environment(live, text)
                                                            : -STUB_EINVAL;
    case STUB_ENV_RESET:
        forget_edits(l);
        return 0;
    case STUB_DIRECTORY:
        return set_text(&l->directory, text);
    case STUB_RANDOMIZE:
        l->randomize = text[0] == '1';
        return 0;
    case STUB_STDIN:
        return set_text(&l->files[0], text);
    case STUB_STDOUT:
        return set_text(&l->files[1], text);
    case STUB_STDERR:
        return set_text(&l->files[2], text);
    case STUB_SHELL: /* programs are always started directly: gdb has split the arguments */
    case STUB_DETACH_ON_ERROR:
        return 0;
    }
    return -STUB_EINVAL;
}

/* A list with NULL at its end, or NULL. */
static void
free_strings(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        free(list[i]);
    free(list);
}

void
live_launch_free(struct live *live)
{
    struct launch *l = &live->launch;

    forget_edits(l);
    free(l->directory);
    for (size_t i = 0; i < 3; i++)
        free(l->files[i]);
    free_strings(l->argv);
    memset(l, 0, sizeof(*l));
}

/* ---- in the child ---- */

/* What the child could not do, sent through a pipe that exec closes. */
struct failure {
    char deed[16];
    int error;
    int file; /* of the standard ones, where the deed was about one */
};

struct start {
    struct live *live;
    const char *path;
    char *const *argv;
    char **environment;
    int go[2], failed[2];
    bool capture;
};

static void __attribute__((noreturn)) give_up_at(const struct start *s, const char *deed, int file)
{
    struct failure f = { .error = errno, .file = file };

    strlcpy(f.deed, deed, sizeof(f.deed));
    if (write(s->failed[1], &f, sizeof(f)) < 0)
        _exit(126);
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

static void __attribute__((noreturn)) be_program(const struct start *s)
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
    int now = personality(0xffffffff);
    if (!l->randomize && now != -1)
        personality((unsigned long)now | ADDR_NO_RANDOMIZE);
    set_signals();
    if (s->live->config.capture_output) /* what lldb left open in us is not the program's */
        (void)close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    execve(s->path, s->argv, s->environment);
    give_up(s, "exec");
}

/* ---- in the server ---- */

unsigned
live_trace_options(enum origin origin)
{
    unsigned options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                       PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE | PTRACE_O_TRACEEXEC;
    return origin == ORIGIN_LAUNCHED ? options | PTRACE_O_EXITKILL : options;
}

/* The next wait status of the child, as waitpid says; 0 when none came in that time. */
static pid_t
await_child(pid_t child, int *status, unsigned ms)
{
    unsigned waited_us = 0;
    pid_t r;

    while ((r = waitpid(child, status, __WALL | WNOHANG)) == 0 && waited_us < ms * 1000) {
        unsigned us = waited_us < 20000 ? 50 : 1000;
        nanosleep(&(struct timespec){ .tv_nsec = (long)us * 1000 }, NULL);
        waited_us += us;
    }
    return r;
}

enum outcome { STARTED, ENDED, HANGS };

/* Waits until the child stands in its new program. */
static enum outcome
await_exec(pid_t child)
{
    int status;
    pid_t r;

    while ((r = await_child(child, &status, START_MS)) == child && WIFSTOPPED(status)) {
        if (status >> 16 == PTRACE_EVENT_EXEC)
            return STARTED;
        live_ptrace(PTRACE_CONT, child, 0, status >> 16 == 0 ? (uintptr_t)WSTOPSIG(status) : 0);
    }
    return r == 0 ? HANGS : ENDED;
}

static int
explain_failure(const struct start *s, const struct failure *f)
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
    if (strcmp(f->deed, "exec") == 0 && f->error == ENOEXEC)
        return live_fail(live, f->error,
                         "cannot launch %s: neither a program nor a script that begins with #!; "
                         "name the program to run",
                         s->path);
    if (strcmp(f->deed, "exec") == 0 && f->error == ENOENT)
        return live_fail(live, f->error,
                         "cannot launch %s: its interpreter is missing; see file %s", s->path,
                         s->path);
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

static int
explain_no_start(const struct start *s, enum outcome outcome)
{
    struct failure f;

    if (read(s->failed[0], &f, sizeof(f)) == (ssize_t)sizeof(f))
        return explain_failure(s, &f);
    if (outcome == HANGS)
        return live_fail(s->live, STUB_EIO,
                         "%s did not start within %d seconds and was killed; is its file system "
                         "there?",
                         s->path, START_MS / 1000);
    return live_fail(s->live, STUB_EIO, "%s ended before it was started; try again", s->path);
}

/* The forked child becomes the program, traced from its first instruction. */
static int
trace_child(struct start *s, pid_t child)
{
    struct live *live = s->live;

    if (!s->capture)
        setpgid(child, child);
    if (live_ptrace(PTRACE_SEIZE, child, 0, live_trace_options(ORIGIN_LAUNCHED)) != 0) {
        int error = errno;
        kill_child(child);
        return live_fail(live, error,
                         "cannot trace a program of our own: %s; in a container allow ptrace "
                         "(--cap-add SYS_PTRACE)",
                         strerror(error));
    }
    if (!s->capture)
        live_terminal_give(live, child);
    enum outcome outcome = write(s->go[1], "g", 1) == 1 ? await_exec(child) : HANGS;
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
    t->running = false;
    t->at_event = true;
    live_process_open(p);
    live->standing = true;
    live->last = NULL;
    live->has_ended = false;
    live_halt(live, p); /* out of exec */
    live_stop_event(t, STUB_NO_REASON, SIGTRAP);
    live_queue_first(live, &t->report);
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
        be_program(s);
    int r = trace_child(s, child);
    return r != 0 ? r : adopt(s->live, child, s->path);
}

static bool
wants_capture(const struct live *live)
{
    char *const *files = live->launch.files;
    return live->config.capture_output &&
           (files[0] == NULL || files[1] == NULL || files[2] == NULL);
}

/* Keeps argv for a client that launches again without naming a program. */
static bool
keep_argv(struct launch *l, char *const argv[])
{
    size_t n = 0;

    if (argv == l->argv)
        return true;
    while (argv[n] != NULL)
        n++;
    char **copy = calloc(n + 1, sizeof(*copy));
    for (size_t i = 0; copy != NULL && i < n; i++) {
        copy[i] = strdup(argv[i]);
        if (copy[i] == NULL) {
            free_strings(copy);
            return false;
        }
    }
    if (copy == NULL)
        return false;
    free_strings(l->argv);
    l->argv = copy;
    return true;
}

int
live_launch(struct live *live, char *const argv[])
{
    char path[PATH_MAX];
    struct start s = { .live = live, .path = path, .go = { -1, -1 }, .failed = { -1, -1 } };

    live->why[0] = '\0';
    if (argv[0] == NULL)
        return live_fail(live, STUB_EINVAL, "no program was named");
    if (live_running(live))
        return live_fail(live, STUB_EBUSY,
                         "cannot launch %s: process %d runs here; interrupt it first", argv[0],
                         (int)live_pid(live));
    if (!keep_argv(&live->launch, argv))
        return -STUB_ENOMEM;
    find_program(live->launch.argv[0], path, sizeof(path));
    if (!make_absolute(path, sizeof(path)))
        return live_fail(live, STUB_ENOENT, "the current directory is gone; change to another");
    int r = check_program(live, path);
    if (r != 0)
        return r;
    s.argv = live->launch.argv;
    s.environment = make_environment(&live->launch);
    if (s.environment == NULL)
        return -STUB_ENOMEM;
    s.capture = wants_capture(live);
    if (s.capture && !live_output_open(live))
        r = live_fail(live, STUB_EIO, "no pty is to be had: is /dev/pts mounted?");
    else
        r = fork_and_trace(&s);
    free(s.environment);
    close_pipe(s.go);
    close_pipe(s.failed);
    return r;
}

int
live_target_launch(void *target, const char *args, size_t size)
{
    struct live *live = target;
    bool unnamed = size == 0 || args[0] == '\0';
    size_t n = 0, i = 0;

    if (unnamed && live->launch.argv == NULL)
        return live_fail(live, STUB_EINVAL, "no program was named, now or before");
    if (size <= 1 && unnamed)
        return live_launch(live, live->launch.argv);
    for (size_t k = 0; k < size; k++)
        n += args[k] == '\0';
    const char **argv = calloc(n + 1, sizeof(*argv));
    if (argv == NULL)
        return -STUB_ENOMEM;
    for (const char *at = args; i < n; at += strlen(at) + 1)
        argv[i++] = at;
    if (unnamed) /* the last one's name, and these arguments */
        argv[0] = live->launch.argv[0];
    int r = live_launch(live, (char *const *)(uintptr_t)argv);
    free(argv);
    return r;
}
