/* bare.c - what loopback alone can carry: one recv, one writev of bytes that stand ready. */
#define _GNU_SOURCE 1
#include "tests/bench/bare.h"

#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/bench/prog.h"

enum { DATA = 64 << 10 };

struct canned {
    uint8_t hex[2 * DATA];
    uint8_t binary[2 * DATA];
    size_t binary_size;
};

static void
prepare(struct canned *canned)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *out = canned->binary;

    for (size_t i = 0; i < DATA; i++) {
        uint8_t b = (uint8_t)(prog_word(i / 8) >> (8 * (i % 8)));

        canned->hex[2 * i] = (uint8_t)digits[b >> 4];
        canned->hex[2 * i + 1] = (uint8_t)digits[b & 15];
        if (memchr("#$}*", b, 4)) {
            *out++ = '}';
            b ^= 0x20;
        }
        *out++ = b;
    }
    canned->binary_size = (size_t)(out - canned->binary);
}

static void
write_whole(int fd, uint8_t *bytes, size_t n)
{
    struct iovec parts[] = { { (void *)"$", 1 }, { bytes, n }, { (void *)"#00", 3 } };
    ssize_t wrote = writev(fd, parts, 3);

    /* The socket is a blocking one: a short count means that the other side has gone. */
    if (wrote != (ssize_t)n + 4)
        _exit(0);
}

/* A request that is longer than one recv: the '#' of its end is the only one in it. */
static void
take_rest(int fd, const uint8_t *request, size_t n)
{
    static uint8_t rest[4 * DATA];
    ssize_t got;

    while (n < 3 || request[n - 3] != '#') {
        got = recv(fd, rest, sizeof(rest), 0);
        if (got < 3)
            _exit(0);
        request = rest;
        n = (size_t)got;
    }
}

static void
take_write(int fd, uint8_t *request, size_t n)
{
    take_rest(fd, request, n);
    if (write(fd, "$OK#9a", 6) != 6)
        _exit(0);
}

void
bare_serve(int listening)
{
    static struct canned canned;
    int fd = accept(listening, NULL, NULL), on = 1;
    static char request[4 * DATA];

    prepare(&canned);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    for (;;) {
        ssize_t n = recv(fd, request, sizeof(request) - 1, 0);
        size_t offset, size;
        char *at;

        if (n < 2)
            _exit(0);
        if (request[1] == 'M' || request[1] == 'X') {
            take_write(fd, (uint8_t *)request, (size_t)n);
            continue;
        }
        request[n] = 0;
        offset = strtoul(request + 2, &at, 16);
        size = strtoul(at + 1, NULL, 16);
        if (offset > DATA || size > DATA - offset)
            errx(1, "bare: out of range");
        if (request[1] == 'm')
            write_whole(fd, canned.hex + 2 * offset, 2 * size);
        else
            write_whole(fd, canned.binary, canned.binary_size);
    }
}
