/* platform_target.c - what a client of `stubborn platform` is served: the machine's files and
 * processes, and servers started for it, each a `stubborn gdbserver` of its own. */
#define _GNU_SOURCE 1
#include "stub/program/program.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

enum {
    CHILDREN_MAX = 64, /* started for one client and alive */
    VARIABLES_MAX = 1024,
    START_MS = 10000,
    END_MS = 1000
};

/* A process that was started for the client, held by a descriptor so that its number can never
 * mean another one. */
struct child {
    pid_t pid;
    int pidfd; /* -1: no child here */
};

struct program_platform {
    struct program_session *x;
    struct child children[CHILDREN_MAX];
    struct stub_server waiting; /* for the program of the command line; pid 0: not started */
    pid_t launched;             /* the program that the client launched last */
    char *variables[VARIABLES_MAX + 1];
    size_t variable_count;
    char *files[3];
    char directory[PATH_MAX], socket_path[PATH_MAX], why[512];
    unsigned sockets;
};

static int
fail(struct program_platform *p, int error, const char *what, const char *remedy)
{
    snprintf(p->why, sizeof(p->why), "%s: %s; %s", what, strerror(error), remedy);
    return -error;
}

/* ---- children ---- */

static bool
is_alive(const struct child *c)
{
    struct pollfd fd = { .fd = c->pidfd, .events = POLLIN };

    return c->pidfd >= 0 && poll(&fd, 1, 0) == 0;
}

static void
forget_child(struct child *c)
{
    if (c->pidfd >= 0)
        close(c->pidfd);
    *c = (struct child){ 0, -1 };
}

/* A free place, from one whose child has ended if need be. */
static struct child *
find_place(struct program_platform *p)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        if (is_alive(&p->children[i]))
            continue;
        forget_child(&p->children[i]);
        return &p->children[i];
    }
    return NULL;
}

static struct child *
find_child(struct program_platform *p, int64_t pid)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (p->children[i].pidfd >= 0 && p->children[i].pid == pid)
            return &p->children[i];
    return NULL;
}

static void
send_signal(const struct child *c, int number)
{
    (void)syscall(SYS_pidfd_send_signal, c->pidfd, number, NULL, 0);
}

/* Asks it to end, and makes it. */
static int
kill_child(void *target, int64_t pid)
{
    struct program_platform *p = target;
    struct child *c = find_child(p, pid);
    struct pollfd fd = { .events = POLLIN };

    if (c == NULL)
        return -STUB_ESRCH;
    fd.fd = c->pidfd;
    send_signal(c, SIGTERM);
    if (poll(&fd, 1, END_MS) == 0)
        send_signal(c, SIGKILL);
    if (poll(&fd, 1, END_MS) == 0)
        return fail(p, EBUSY, "it does not end", "it waits in the kernel");
    (void)waitpid(c->pid, NULL, WNOHANG);
    forget_child(c);
    return 0;
}

/* What every child has to undo of ours before it becomes another program. */
static void
become_ordinary(void)
{
    sigset_t none;

    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setpgid(0, 0); /* Ctrl-C at our terminal is not for it */
}

static int
keep_child(struct program_platform *p, struct child *c, pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);

    if (fd < 0) {
        int error = errno;

        (void)kill(pid, SIGKILL);
        return fail(p, error, "cannot watch over a new process", "Linux 5.3 or newer is needed");
    }
    *c = (struct child){ pid, fd };
    return 0;
}

/* ---- servers ---- */

/* Where the client came in, there its servers listen: "127.0.0.1:PORT". */
static bool
write_address(const struct program_session *x, uint16_t port, char *text, size_t size)
{
    struct sockaddr_storage own = { 0 };
    socklen_t own_size = sizeof(own);
    char host[64], other[8];

    if (getsockname(x->line.in, (struct sockaddr *)&own, &own_size) != 0 ||
        (own.ss_family != AF_INET && own.ss_family != AF_INET6))
        return false;
    program_address_text((struct sockaddr *)&own, own_size, host, sizeof(host), other,
                         sizeof(other));
    snprintf(text, size, own.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, port);
    return true;
}

_Noreturn static void
become_server(const struct program_session *x, const char *address, int port_fd, bool with_program)
{
    char number[16], *argv[16 + 1] = { NULL }, **all = argv;
    int count = with_program ? x->settings->program_count : 0, n = 0;

    become_ordinary();
    (void)setsid();
    snprintf(number, sizeof(number), "%d", port_fd);
    (void)fcntl(port_fd, F_SETFD, 0);
    if (count > 0)
        all = calloc((size_t)count + 16, sizeof(*all));
    if (all == NULL)
        _exit(126);
    all[n++] = strdup(getprogname());
    all[n++] = strdup("gdbserver");
    all[n++] = strdup(address);
    all[n++] = strdup("--pipe");
    all[n++] = number;
    if (x->settings->any_user)
        all[n++] = strdup("--any-user");
    all[n++] = strdup("--");
    for (int i = 0; i < count; i++)
        all[n++] = x->settings->program[i];
    (void)execv("/proc/self/exe", all);
    _exit(126);
}

/* Digits and a NUL from a server that listens now; false when it ended instead. */
static bool
read_port(int fd, uint16_t *port)
{
    struct pollfd waits = { .fd = fd, .events = POLLIN };
    char text[16] = { 0 };
    const char *wrong;
    size_t n = 0;

    while (n < sizeof(text) - 1 && poll(&waits, 1, START_MS) == 1) {
        ssize_t r = read(fd, text + n, 1);

        if (r <= 0)
            return false;
        if (text[n++] != '\0')
            continue;
        *port = (uint16_t)strtonum(text, 0, UINT16_MAX, &wrong);
        return wrong == NULL;
    }
    return false;
}

/* Starts a server at that address and waits until it listens. */
static int
start_at(struct program_platform *p, const char *address, bool with_program,
         struct stub_server *server)
{
    struct child *c = find_place(p);
    int ends[2], r;
    bool listens;
    pid_t pid;

    if (c == NULL)
        return fail(p, EAGAIN, "64 servers of this client are alive", "end some");
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail(p, errno, "cannot start a server", "close some files");
    pid = fork();
    if (pid == 0)
        become_server(p->x, address, ends[1], with_program);
    close(ends[1]);
    r = pid > 0 ? keep_child(p, c, pid) : fail(p, errno, "cannot fork", "end some programs");
    listens = r == 0 && read_port(ends[0], &server->port);
    close(ends[0]);
    server->pid = pid;
    if (r != 0 || listens)
        return r;
    (void)kill_child(p, pid);
    return fail(p, EADDRINUSE, address, "the server could not start there; see its messages");
}

/* A client of a socket file is given another one beside it. */
static int
start_at_path(struct program_platform *p, bool with_program, struct stub_server *server)
{
    char address[PATH_MAX + 16];

    if (snprintf(p->socket_path, sizeof(p->socket_path), "%s.%d.%u", p->x->comm.path,
                 (int)getpid(), ++p->sockets) >= (int)sizeof(p->socket_path))
        return fail(p, ENAMETOOLONG, "cannot name a socket", "choose a shorter path");
    snprintf(address, sizeof(address), "unix:%s", p->socket_path);
    server->path = p->socket_path;
    return start_at(p, address, with_program, server);
}

static int
start_somewhere(struct program_platform *p, uint16_t wish, bool with_program,
                struct stub_server *server)
{
    const struct program_settings *s = p->x->settings;
    unsigned first = wish != 0 ? wish : s->first_port;
    unsigned end = wish != 0 ? wish + 1u : s->first_port != 0 ? s->end_port : 1;
    char address[128];
    int r = -EADDRNOTAVAIL;

    for (unsigned port = first; port < end; port++) {
        if (!write_address(p->x, (uint16_t)port, address, sizeof(address)))
            return start_at_path(p, with_program, server);
        r = start_at(p, address, with_program, server);
        if (r != -EADDRINUSE)
            return r;
    }
    return r;
}

static int
start_server(void *target, uint16_t port, struct stub_server *server)
{
    return start_somewhere(target, port, false, server);
}

/* The server for the command line's program is started when it is first asked for. */
static int
waiting_server(void *target, unsigned index, struct stub_server *server)
{
    struct program_platform *p = target;
    int r = 0;

    if (index > 0 || p->x->settings->program_count == 0)
        return 0;
    if (p->waiting.pid == 0)
        r = start_somewhere(p, 0, true, &p->waiting);
    if (r != 0)
        p->waiting.pid = 0;
    *server = p->waiting;
    return r == 0 ? 1 : r;
}

static const struct stub_servers servers = {
    .start = start_server,
    .waiting = waiting_server,
    .kill = kill_child,
};

/* ---- programs that are not debugged ---- */

static void
forget_options(struct program_platform *p)
{
    for (size_t i = 0; i < p->variable_count; i++)
        free(p->variables[i]);
    for (size_t i = 0; i < 3; i++)
        free(p->files[i]);
    memset(p->variables, 0, sizeof(p->variables));
    memset(p->files, 0, sizeof(p->files));
    p->variable_count = 0;
}

/* Keeps NAME=VALUE to set or NAME to unset, in the order of the client's wishes. */
static int
keep_variable(struct program_platform *p, const char *text)
{
    if (p->variable_count == VARIABLES_MAX)
        return -STUB_E2BIG;
    p->variables[p->variable_count] = strdup(text);
    if (p->variables[p->variable_count] == NULL)
        return -STUB_ENOMEM;
    p->variable_count++;
    return 0;
}

static int
keep_file(struct program_platform *p, enum stub_launch_option option, const char *path)
{
    char **file = &p->files[option - STUB_STDIN];

    free(*file);
    *file = strdup(path);
    return *file != NULL ? 0 : -STUB_ENOMEM;
}

static int
launch_option(void *target, enum stub_launch_option option, const char *text)
{
    struct program_platform *p = target;

    switch (option) {
    case STUB_ENV_SET:
    case STUB_ENV_UNSET:
        return keep_variable(p, text);
    case STUB_ENV_RESET:
        forget_options(p);
        return 0;
    case STUB_DIRECTORY:
        return chdir(text) == 0 ? 0 : -errno;
    case STUB_STDIN:
    case STUB_STDOUT:
    case STUB_STDERR:
        return keep_file(p, option, text);
    default:
        return 0;
    }
}

static bool
open_files(const struct program_platform *p)
{
    for (int fd = 0; fd < 3; fd++) {
        const char *path = p->files[fd] != NULL ? p->files[fd] : "/dev/null";
        int file = open(path, fd == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC, 0666);

        if (file < 0 || (file != fd && dup2(file, fd) < 0))
            return false;
        if (file > 2)
            close(file);
    }
    return true;
}

_Noreturn static void
become_program(const struct program_platform *p, char **argv, int news)
{
    int error;

    become_ordinary();
    for (size_t i = 0; i < p->variable_count; i++) {
        char *text = p->variables[i];

        if ((strchr(text, '=') != NULL ? putenv(text) : unsetenv(text)) != 0)
            break;
    }
    if (open_files(p))
        (void)execvp(argv[0], argv);
    error = errno;
    (void)!write(news, &error, sizeof(error));
    _exit(127);
}

/* args as strings back to back; NULL when memory is short. */
static char **
split(const char *args, size_t size)
{
    size_t n = 0, count = 0;
    char **argv;

    for (size_t i = 0; i < size; i++)
        count += args[i] == '\0';
    argv = calloc(count + 1, sizeof(*argv));
    for (size_t i = 0; argv != NULL && i < size; i += strlen(args + i) + 1)
        argv[n++] = (char *)(uintptr_t)(args + i); /* exec changes none of them */
    return argv;
}

static int
start_program(struct program_platform *p, char **argv)
{
    struct child *c = find_place(p);
    int ends[2], error = 0, r;
    pid_t pid;

    if (c == NULL)
        return fail(p, EAGAIN, "64 processes of this client are alive", "end some");
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    pid = fork();
    if (pid == 0)
        become_program(p, argv, ends[1]);
    close(ends[1]);
    r = pid > 0 ? keep_child(p, c, pid) : -errno;
    if (r == 0 && read(ends[0], &error, sizeof(error)) > 0)
        r = fail(p, error, argv[0], "check the path and its rights");
    close(ends[0]);
    p->launched = r == 0 ? pid : 0;
    return r;
}

static int
launch(void *target, const char *args, size_t size)
{
    struct program_platform *p = target;
    char **argv = size > 1 ? split(args, size) : NULL;
    int r;

    if (argv == NULL)
        return fail(p, ENOENT, "nothing to launch", "name a program");
    r = start_program(p, argv);
    free(argv);
    return r;
}

/* The program launched last is all that there is, so that qC can name it. */
static int
next_thread(void *target, struct rsp_id *id)
{
    struct program_platform *p = target;

    if (id->pid != 0 || p->launched == 0)
        return 0;
    *id = (struct rsp_id){ p->launched, p->launched };
    return 1;
}

/* ---- the target ---- */

static const struct arch_layout *
layout(void *target, int64_t pid)
{
    struct program_platform *p = target;

    (void)pid;
    return live_target.layout(p->x->live, 0);
}

static int
host_info(void *target, struct stub_host_info *info)
{
    struct program_platform *p = target;

    return live_target.host_info(p->x->live, info);
}

static int
directory(void *target, const char **path)
{
    struct program_platform *p = target;

    *path = p->directory;
    return getcwd(p->directory, sizeof(p->directory)) != NULL ? 0 : -errno;
}

static const char *
why(void *target)
{
    struct program_platform *p = target;

    return p->why[0] != '\0' ? p->why : NULL;
}

static void
settled(void *target)
{
    struct program_platform *p = target;

    p->why[0] = '\0';
}

static void
client_gone(void *target)
{
    struct program_platform *p = target;

    forget_options(p);
    live_target.client_gone(p->x->live);
}

static const struct stub_target platform_target = {
    .size = sizeof(struct stub_target),
    .linux_signals = true,
    .layout = layout,
    .next_thread = next_thread,
    .launch = launch,
    .launch_option = launch_option,
    .host_info = host_info,
    .why = why,
    .settled = settled,
    .client_gone = client_gone,
    .servers = &servers,
    .directory = directory,
};

static const struct stub_family *const packets[] = {
    &stub_start_packets,         &stub_dialect_packets,
    &stub_thread_packets,        &stub_linux_packets,
    &stub_process_packets,       &stub_launch_packets,
    &stub_file_packets,          &stub_lldb_packets,
    &stub_lldb_register_packets, &stub_lldb_host_packets,
    &stub_lldb_file_packets,     &stub_lldb_platform_packets,
    &stub_line_packets,          NULL,
};

bool
program_open_platform(struct program_session *x)
{
    struct program_platform *p = calloc(1, sizeof(*p));

    if (p == NULL) {
        warnx("out of memory; end some programs");
        return false;
    }
    p->x = x;
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        p->children[i].pidfd = -1;
    x->platform = p;
    x->target = platform_target;
    x->target.files = live_target.files;
    x->target.files_object = x->live;
    x->target.host = x->settings->no_shell ? &host_without_shell : &host_operations;
    x->target.host_object = x->host;
    x->object = p;
    x->packets = packets;
    return true;
}

/* Servers that were started go on: their clients may still be there. */
void
program_close_platform(struct program_session *x)
{
    struct program_platform *p = x->platform;

    if (p == NULL)
        return;
    forget_options(p);
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        forget_child(&p->children[i]);
    free(p);
    x->platform = NULL;
}
