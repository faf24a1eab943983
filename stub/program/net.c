/* net.c - lines to a client: sockets to listen on, to take connections from and to connect. */
#define _GNU_SOURCE 1
#include "stub/program/net.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <bsd/string.h>

static void
set_option(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof(value));
}

/* Without TCP_NODELAY a round trip takes 82 ms; without keep-alive a client whose machine is gone
 * keeps the next one out for ever. On a socket that is not TCP this does nothing. */
static void
tune_tcp(int fd)
{
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 6);
}

static bool
is_socket(int fd)
{
    int type;
    socklen_t size = sizeof(type);

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

/* ---- names ---- */

/* The addresses of a TCP comm, NULL after saying why there are none. */
static struct addrinfo *
resolve(const struct program_comm *comm)
{
    struct addrinfo hints = { .ai_family = comm->family, .ai_socktype = SOCK_STREAM };
    const char *host = comm->host;
    struct addrinfo *list = NULL;
    char port[8];
    int wrong;

    snprintf(port, sizeof(port), "%u", comm->port);
    /* localhost is loopback by definition (RFC 6761), also where no file says so. */
    if (!*host || strcasecmp(host, "localhost") == 0)
        host = comm->family == AF_INET6 ? "::1" : "127.0.0.1";
    if (strcmp(host, "*") == 0) {
        hints.ai_flags = AI_PASSIVE;
        host = NULL;
    }
    wrong = getaddrinfo(host, port, &hints, &list);
    if (!wrong)
        return list;
    fprintf(stderr, "%s: cannot resolve name: %s; give an address, such as 127.0.0.1:%u\n",
            comm->text, gai_strerror(wrong), comm->port);
    return NULL;
}

/* Tries one() on each address, IPv4 first: clients try "localhost" both ways, and older ones only
 * the first. Returns what one() returned when it was not -1; errno tells the last failure. */
static int
first_that_works(const struct addrinfo *list, int (*one)(const struct addrinfo *a))
{
    const struct addrinfo *a;
    int pass, fd;

    for (pass = 0; pass < 2; pass++) {
        for (a = list; a; a = a->ai_next) {
            if ((a->ai_family == AF_INET) != (pass == 0))
                continue;
            fd = one(a);
            if (fd >= 0)
                return fd;
        }
    }
    return -1;
}

/* ---- listening ---- */

static int
close_with_errno(int fd)
{
    int kept = errno;

    close(fd);
    errno = kept;
    return -1;
}

static int
listen_at(const struct addrinfo *a)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);

    if (fd < 0)
        return -1;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, 16) != 0)
        return close_with_errno(fd);
    return fd;
}

static void
say_port_taken(uint16_t port)
{
    char name[64];
    pid_t pid;

    if (program_port_holder(port, name, sizeof(name), &pid))
        warnx("port %u is held by %s (pid %d): end it or take another port (:0 takes a free one)",
              port, name, (int)pid);
    else
        warnx("port %u is held by another user's process: take another port (:0 takes a free one)",
              port);
}

/* The first line is gdbserver's, which scripts read. */
static void
say_cannot_bind(const struct program_comm *comm, int error)
{
    fprintf(stderr, "Can't bind address: %s.\n", strerror(error));
    if (error == EADDRINUSE)
        say_port_taken(comm->port);
    else if (error == EACCES)
        warnx("ports below 1024 are root's; choose one above, or :0 for a free one");
    else
        warnx("%s is no address of this machine; 127.0.0.1 or 0.0.0.0 are", comm->host);
}

static bool
listen_tcp(const struct program_comm *comm, struct program_listener *listener)
{
    struct sockaddr_storage address = { 0 };
    socklen_t size = sizeof(address);
    struct addrinfo *list = resolve(comm);
    char host[64], port[8];

    if (!list)
        return false;
    listener->fd = first_that_works(list, listen_at);
    if (listener->fd < 0)
        say_cannot_bind(comm, errno);
    freeaddrinfo(list);
    if (listener->fd < 0 || getsockname(listener->fd, (struct sockaddr *)&address, &size) != 0)
        return false;
    program_address_text((struct sockaddr *)&address, size, host, sizeof(host), port,
                         sizeof(port));
    listener->tcp = true;
    (void)sscanf(port, "%hu", &listener->port);
    listener->beyond_loopback = !program_is_loopback((struct sockaddr *)&address);
    return true;
}

static bool
unix_address(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (strlcpy(address->sun_path, path, sizeof(address->sun_path)) < sizeof(address->sun_path))
        return true;
    warnx("%s: a socket's path holds at most %zu bytes; choose a shorter one", path,
          sizeof(address->sun_path) - 1);
    return false;
}

/* True when a socket file is left over from a server that ended without removing it. */
static bool
is_stale(const struct sockaddr_un *address)
{
    struct stat st;
    int fd, failed;

    if (lstat(address->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    failed = connect(fd, (const struct sockaddr *)address, sizeof(*address));
    failed = failed != 0 && errno == ECONNREFUSED;
    close(fd);
    return failed;
}

static int
bind_unix(int fd, const struct sockaddr_un *address)
{
    mode_t kept = umask(0177);
    int failed = bind(fd, (const struct sockaddr *)address, sizeof(*address));

    if (failed && errno == EADDRINUSE && is_stale(address)) {
        (void)unlink(address->sun_path);
        failed = bind(fd, (const struct sockaddr *)address, sizeof(*address));
    }
    umask(kept);
    return failed;
}

static void
say_cannot_bind_path(const char *path, int error)
{
    struct stat st;

    if (error != EADDRINUSE)
        warnx("%s: cannot make a socket there: %s; choose a directory that you can write to", path,
              strerror(error));
    else if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        warnx("%s exists and is no socket; remove it or choose another path", path);
    else
        warnx("%s is in use by a running server; end that or choose another path", path);
}

static bool
listen_unix(const struct program_comm *comm, struct program_listener *listener)
{
    struct sockaddr_un address;
    struct stat st;

    if (!unix_address(comm->path, &address))
        return false;
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0 || bind_unix(listener->fd, &address) != 0 ||
        listen(listener->fd, 16) != 0 || stat(comm->path, &st) != 0) {
        say_cannot_bind_path(comm->path, errno);
        return false;
    }
    strlcpy(listener->path, comm->path, sizeof(listener->path));
    listener->device = st.st_dev;
    listener->inode = st.st_ino;
    return true;
}

bool
program_listen(const struct program_comm *comm, struct program_listener *listener)
{
    bool works;

    *listener = (struct program_listener){ .fd = -1 };
    if (comm->kind == COMM_UNIX)
        works = listen_unix(comm, listener);
    else
        works = listen_tcp(comm, listener);
    if (!works)
        program_unlisten(listener);
    return works;
}

void
program_unlisten(struct program_listener *listener)
{
    struct stat st;

    if (listener->path[0] && lstat(listener->path, &st) == 0 && st.st_dev == listener->device &&
        st.st_ino == listener->inode)
        (void)unlink(listener->path);
    if (listener->fd >= 0)
        close(listener->fd);
    listener->fd = -1;
    listener->path[0] = '\0';
}

/* ---- connections ---- */

/* Anybody on this machine can connect to a port of loopback, and whoever drives a debugger does
 * what its user may: so other users are kept out there. */
static bool
is_welcome(int fd, const struct sockaddr *peer, const char *port)
{
    uid_t uid;

    if (!program_is_loopback(peer))
        return true;
    if (!program_peer_user(fd, &uid)) {
        warnx("refused a connection from port %s, whose user cannot be told; "
              "--any-user lets everybody in",
              port);
        return false;
    }
    if (uid == 0 || uid == geteuid())
        return true;
    warnx("refused a connection from user %u on this machine; --any-user lets everybody in",
          (unsigned)uid);
    return false;
}

static bool
take_tcp(const struct program_listener *listener, int fd, const struct sockaddr *peer,
         socklen_t size, struct program_line *line)
{
    char host[64], port[8];

    program_address_text(peer, size, host, sizeof(host), port, sizeof(port));
    if (!listener->any_user && !is_welcome(fd, peer, port))
        return false;
    tune_tcp(fd);
    snprintf(line->peer, sizeof(line->peer), "from host %s, port %s", host, port);
    return true;
}

bool
program_accept(const struct program_listener *listener, struct program_line *line)
{
    for (;;) {
        struct sockaddr_storage peer = { 0 };
        socklen_t size = sizeof(peer);
        int fd = accept4(listener->fd, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC);

        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0)
            return false;
        *line = (struct program_line){ fd, fd, .socket = true, .open_to_strangers = true };
        if (!listener->tcp) {
            snprintf(line->peer, sizeof(line->peer), "using %s", listener->path);
            return true;
        }
        if (take_tcp(listener, fd, (struct sockaddr *)&peer, size, line))
            return true;
        close(fd);
    }
}

static int
connect_to(const struct addrinfo *a)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);

    if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0)
        return close_with_errno(fd);
    return fd;
}

static int
connect_unix(const struct program_comm *comm)
{
    struct sockaddr_un address;
    int fd;

    if (!unix_address(comm->path, &address))
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        return close_with_errno(fd);
    return fd;
}

static bool
open_connection(const struct program_comm *comm, struct program_line *line)
{
    struct addrinfo *list = NULL;

    if (comm->kind == COMM_TCP) {
        list = resolve(comm);
        if (!list)
            return false;
        line->in = first_that_works(list, connect_to);
    } else {
        line->in = connect_unix(comm);
    }
    if (line->in < 0)
        warnx("cannot connect to %s: %s; start what listens there first", comm->text,
              strerror(errno));
    if (list)
        freeaddrinfo(list);
    if (line->in < 0)
        return false;
    tune_tcp(line->in);
    line->out = line->in;
    line->socket = true;
    return true;
}

static bool
open_stdio(struct program_line *line)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    line->in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    line->out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    line->shared = true;
    line->socket = is_socket(line->in) && is_socket(line->out);
    if (line->in < 0 || line->out < 0 || null < 0) {
        warnx("standard input and output are not both open; start it as `target remote | ...`");
        return false;
    }
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    close(null);
    return true;
}

static bool
open_fd(const struct program_comm *comm, struct program_line *line)
{
    if (fcntl(comm->fd, F_SETFD, FD_CLOEXEC) != 0) {
        warnx("file descriptor %d is not open; give the number of a connected socket", comm->fd);
        return false;
    }
    line->in = line->out = comm->fd;
    line->socket = is_socket(comm->fd);
    line->shared = true;
    tune_tcp(comm->fd);
    return true;
}

static bool
open_tty(const struct program_comm *comm, struct program_line *line)
{
    line->in = line->out = program_open_tty(comm->path, comm->speed);
    return line->in >= 0;
}

bool
program_open_line(const struct program_comm *comm, struct program_line *line)
{
    *line = (struct program_line){ -1, -1, .shared = false };
    snprintf(line->peer, sizeof(line->peer), "using %s",
             comm->kind == COMM_STDIO ? "stdio" : comm->text);
    switch (comm->kind) {
    case COMM_TCP:
    case COMM_UNIX:
        return open_connection(comm, line);
    case COMM_TTY:
        return open_tty(comm, line);
    case COMM_STDIO:
        return open_stdio(line);
    case COMM_FD:
        return open_fd(comm, line);
    }
    return false;
}

void
program_close_line(struct program_line *line)
{
    if (line->out >= 0 && line->out != line->in)
        close(line->out);
    if (line->in >= 0)
        close(line->in);
    line->in = line->out = -1;
}
