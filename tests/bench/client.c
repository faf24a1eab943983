/* client.c - the benchmark's client: sockets and frames (GDB manual, "Overview"). A reply is
 * searched for '#' by memchr and never looked at byte by byte here. */
#define _GNU_SOURCE 1
#include "tests/bench/client.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 1 << 20, REPLY_SECONDS = 20, CONNECT_TRIES = 120000, CONNECT_WAIT_US = 500 };

static uint8_t
sum_of(const uint8_t *bytes, size_t n)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum;
}

size_t
client_frame(uint8_t *frame, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t sum = sum_of(frame + 1, n);

    frame[0] = '$';
    frame[n + 1] = '#';
    frame[n + 2] = (uint8_t)digits[sum >> 4];
    frame[n + 3] = (uint8_t)digits[sum & 15];
    return n + 4;
}

/* Connecting to a port where nobody listens yet may get that very port for its own end, and so
 * succeed. */
static bool
is_own_end(int fd, uint16_t port)
{
    struct sockaddr_in own = { 0 };
    socklen_t size = sizeof(own);

    return getsockname(fd, (struct sockaddr *)&own, &size) == 0 && own.sin_port == htons(port);
}

void
client_connect(struct client *c, uint16_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct timeval patience = { .tv_sec = REPLY_SECONDS };
    int on = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *c = (struct client){ .buf = malloc(BUFFER), .plain = malloc(BUFFER) };
    if (!c->buf || !c->plain)
        err(1, "no memory");
    for (int i = 0;; i++) {
        c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (c->fd < 0)
            err(1, "socket");
        if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) == 0 && !is_own_end(c->fd, port))
            break;
        if (i == CONNECT_TRIES)
            err(1, "connect");
        close(c->fd);
        usleep(CONNECT_WAIT_US);
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

void
client_send(struct client *c, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(c->fd, bytes, n, MSG_NOSIGNAL);

        if (sent < 0)
            err(1, "send");
        bytes += sent;
        n -= (size_t)sent;
    }
}

static void
receive_more(struct client *c)
{
    ssize_t n = recv(c->fd, c->buf + c->end, BUFFER - c->end, 0);

    if (n == 0)
        errx(1, "the server closed the connection");
    if (n < 0)
        err(1, "recv");
    c->end += (size_t)n;
}

/* One frame from the wire into body and size. One request is under way at a time, so what stands
 * behind a frame is the next frame's (an O packet's), or nothing. */
static void
receive_frame(struct client *c, size_t *next)
{
    size_t seen = *next;
    const uint8_t *start, *hash = NULL;

    do {
        if (seen == c->end)
            receive_more(c);
        hash = memchr(c->buf + seen, '#', c->end - seen);
        seen = c->end;
    } while (!hash);
    while (c->end < (size_t)(hash - c->buf) + 3)
        receive_more(c);
    start = memchr(c->buf + *next, '$', (size_t)(hash - c->buf) - *next);
    if (!start)
        errx(1, "a frame without '$'");
    c->hash = hash;
    c->body = start + 1;
    c->size = (size_t)(hash - c->body);
    *next = (size_t)(hash - c->buf) + 3;
}

static bool
is_output(const struct client *c)
{
    return c->size > 0 && c->body[0] == 'O' && !client_reply_is(c, "OK");
}

void
client_ask_frame(struct client *c, const uint8_t *frame, size_t size)
{
    size_t next = 0;

    c->end = 0;
    client_send(c, frame, size);
    do {
        receive_frame(c, &next);
    } while (is_output(c));
    if (!c->no_ack)
        client_send(c, (const uint8_t *)"+", 1);
}

void
client_ask(struct client *c, const char *format, ...)
{
    char frame[1024];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(frame + 1, sizeof(frame) - 4, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(frame) - 4)
        errx(1, "a request too long for this client");
    client_ask_frame(c, (uint8_t *)frame, client_frame((uint8_t *)frame, (size_t)n));
}

bool
client_reply_is(const struct client *c, const char *text)
{
    return c->size == strlen(text) && memcmp(c->body, text, c->size) == 0;
}

bool
client_reply_has(const struct client *c, const char *text)
{
    return memmem(c->body, c->size, text, strlen(text)) != NULL;
}

void
client_ask_ok(struct client *c, const char *request)
{
    client_ask(c, "%s", request);
    if (!client_reply_is(c, "OK"))
        errx(1, "%s: answered \"%.*s\"", request, (int)c->size, (const char *)c->body);
}

void
client_expand(struct client *c)
{
    const uint8_t *in = c->body, *end = in + c->size, *star;
    size_t n = 0;

    if (!memchr(in, '*', c->size))
        return;
    /* In random data runs are rare: this copies in long pieces. */
    while ((star = memchr(in, '*', (size_t)(end - in))) != NULL) {
        size_t piece = (size_t)(star - in), run;

        if (star == c->body || star + 1 == end || star[1] < 32)
            errx(1, "a bad run length");
        run = star[1] - 29u;
        if (n + piece + run + (size_t)(end - star) > BUFFER)
            errx(1, "a reply too long for this client");
        memcpy(c->plain + n, in, piece);
        memset(c->plain + n + piece, star[-1], run);
        n += piece + run;
        in = star + 2;
    }
    memcpy(c->plain + n, in, (size_t)(end - in));
    c->size = n + (size_t)(end - in);
    c->body = c->plain;
}

void
client_check_sum(const struct client *c)
{
    char given[3] = { (char)c->hash[1], (char)c->hash[2], 0 };

    if (strtoul(given, NULL, 16) != sum_of(c->body, c->size))
        errx(1, "a wrong checksum");
}

size_t
client_binary_size(const struct client *c, size_t skip)
{
    size_t n = c->size - skip;

    /* Compilers make this a vector loop: a hundredth of what the transfer costs. */
    for (size_t i = skip; i < c->size; i++)
        n -= c->body[i] == '}';
    return n;
}
