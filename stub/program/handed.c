/* handed.c - sockets that whoever started us has opened (sd_listen_fds(3)). */
#define _GNU_SOURCE 1
#include "stub/program/net.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

enum { FIRST_HANDED = 3 };

static long
number_in(const char *variable)
{
    const char *text = getenv(variable), *wrong;
    long number = text ? (long)strtonum(text, 0, INT32_MAX, &wrong) : 0;

    return text && wrong ? 0 : number;
}

int
program_handed_over(void)
{
    bool ours = number_in("LISTEN_PID") == getpid() && number_in("LISTEN_FDS") > 0;

    /* The program that is debugged is not meant. */
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (ours)
        return FIRST_HANDED;
    warnx("fd://: no socket was handed over (LISTEN_FDS); start it by a socket unit or "
          "systemd-socket-activate, or say fd://N");
    return -1;
}

bool
program_is_listening(int fd)
{
    int listens = 0;
    socklen_t size = sizeof(listens);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0;
}

bool
program_adopt_listener(int fd, struct program_listener *listener)
{
    struct sockaddr_storage address = { 0 };
    struct sockaddr_un local = { 0 };
    socklen_t size = sizeof(address);
    char host[64], port[8];

    listener->fd = fd;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        warn("fd://%d: cannot listen there; hand over a socket", fd);
        return false;
    }
    listener->tcp = address.ss_family == AF_INET || address.ss_family == AF_INET6;
    if (!listener->tcp) { /* the file of a Unix socket is its owner's to remove */
        memcpy(&local, &address, sizeof(local));
        strlcpy(listener->path, local.sun_path, sizeof(listener->path));
        return true;
    }
    program_address_text((struct sockaddr *)&address, size, host, sizeof(host), port,
                         sizeof(port));
    listener->port = (uint16_t)strtonum(port, 0, UINT16_MAX, NULL);
    listener->beyond_loopback = !program_is_loopback((struct sockaddr *)&address);
    return true;
}
