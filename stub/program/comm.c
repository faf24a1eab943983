/* comm.c - reads COMM, the name of a line to the client. */
#define _GNU_SOURCE 1
#include "stub/program/net.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

/* What may stand in front. The words are gdb's and lldb's. */
static const struct form {
    const char *prefix;
    enum program_comm_kind kind;
    bool connect;
    int family;
} forms[] = {
    { "unix-connect://", COMM_UNIX, true, AF_UNIX },
    { "unix-accept://", COMM_UNIX, false, AF_UNIX },
    { "unix://", COMM_UNIX, false, AF_UNIX },
    { "unix:", COMM_UNIX, false, AF_UNIX },
    { "tcp-connect://", COMM_TCP, true, AF_UNSPEC },
    { "connect://", COMM_TCP, true, AF_UNSPEC },
    { "listen://", COMM_TCP, false, AF_UNSPEC },
    { "tcp://", COMM_TCP, false, AF_UNSPEC },
    { "tcp4:", COMM_TCP, false, AF_INET },
    { "tcp6:", COMM_TCP, false, AF_INET6 },
    { "tcp:", COMM_TCP, false, AF_UNSPEC },
    { "serial://", COMM_TTY, false, AF_UNSPEC },
    { "fd://", COMM_FD, false, AF_UNSPEC },
};

static const char bad_port[] = "the port must be a number from 0 to 65535 (0 takes a free one)";

/* Splits HOST:PORT at the last colon; a host may stand in brackets, and may be left out with or
 * without the colon. */
static const char *
read_tcp(const char *text, struct program_comm *comm)
{
    const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text, *wrong;
    size_t size = colon ? (size_t)(colon - text) : 0;

    if (size >= 2 && text[0] == '[' && text[size - 1] == ']') {
        text++;
        size -= 2;
    }
    if (size >= sizeof(comm->host))
        return "the host's name is too long";
    memcpy(comm->host, text, size);
    comm->host[size] = '\0';
    if (port[0] < '0' || port[0] > '9')
        return bad_port;
    comm->port = (uint16_t)strtonum(port, 0, UINT16_MAX, &wrong);
    return wrong ? bad_port : NULL;
}

static const char *
read_path(const char *text, struct program_comm *comm)
{
    if (!*text)
        return "a path is needed";
    if (strlcpy(comm->path, text, sizeof(comm->path)) >= sizeof(comm->path))
        return "the path is too long";
    return NULL;
}

/* Cuts the speed off a device: ",115200", or lldb's "?baud=115200&..." . */
static const char *
read_speed(struct program_comm *comm)
{
    char *comma = strchr(comm->path, ','), *query = strchr(comm->path, '?');
    const char *wrong;
    char *digits = comma ? comma + 1 : NULL;

    if (query) {
        digits = strstr(query, "baud=");
        if (digits)
            digits += strlen("baud=");
        *query = '\0';
    }
    if (comma)
        *comma = '\0';
    if (!digits)
        return NULL;
    digits[strspn(digits, "0123456789")] = '\0';
    comm->speed = (unsigned)strtonum(digits, 1, UINT_MAX, &wrong);
    if (wrong || !program_is_speed(comm->speed))
        return "a serial line does not know that speed; 115200 is a usual one";
    return NULL;
}

static const char *
read_tty(const char *text, struct program_comm *comm)
{
    const char *wrong = read_path(text, comm);

    if (!wrong)
        wrong = read_speed(comm);
    if (!wrong && !comm->path[0])
        wrong = "a device is needed";
    return wrong;
}

static const char *
read_fd(const char *text, struct program_comm *comm)
{
    const char *wrong;

    comm->fd = -1;
    if (!*text)
        return NULL;
    comm->fd = (int)strtonum(text, 0, INT_MAX, &wrong);
    return wrong ? "give the number of an open file descriptor" : NULL;
}

static const char *
read_rest(const char *text, struct program_comm *comm)
{
    switch (comm->kind) {
    case COMM_TCP:
        return read_tcp(text, comm);
    case COMM_UNIX:
        return read_path(text, comm);
    case COMM_TTY:
        return read_tty(text, comm);
    case COMM_FD:
        return read_fd(text, comm);
    case COMM_STDIO:
        break;
    }
    return NULL;
}

/* A bare word is a device when /dev has one of that name: ttyUSB0. */
static const char *
read_device(const char *text, struct program_comm *comm)
{
    char path[sizeof(comm->path)];
    const char *wrong;

    if (*text == ',' || *text == '?')
        return "a device is needed";
    if (snprintf(path, sizeof(path), "/dev/%s", text) >= (int)sizeof(path))
        return "the device's name is too long";
    wrong = read_tty(path, comm);
    if (!wrong && access(comm->path, F_OK) != 0)
        wrong = "this is neither HOST:PORT, unix:PATH, a device nor -";
    return wrong;
}

const char *
program_read_comm(const char *text, struct program_comm *comm)
{
    const struct form *form;

    *comm = (struct program_comm){ .kind = COMM_STDIO, .fd = -1, .text = text };
    if (strcmp(text, "-") == 0 || strcmp(text, "stdio") == 0)
        return NULL;
    for (form = forms; form < forms + sizeof(forms) / sizeof(forms[0]); form++) {
        size_t size = strlen(form->prefix);

        if (strncmp(text, form->prefix, size) != 0)
            continue;
        comm->kind = form->kind;
        comm->connect = form->connect;
        comm->family = form->family;
        return read_rest(text + size, comm);
    }
    comm->kind = COMM_TTY;
    if (text[0] == '/')
        return read_tty(text, comm);
    comm->kind = COMM_TCP;
    comm->family = AF_UNSPEC;
    if (strchr(text, ':') || text[strspn(text, "0123456789")] == '\0')
        return read_tcp(text, comm);
    comm->kind = COMM_TTY;
    return read_device(text, comm);
}
