/* measure_write.c - bulk writes, M and X. The frame is made once a batch; what it wrote is read
 * back at the end of the batch. */
#include "tests/bench/measure.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/prog.h"

enum { HEADER = 64 };

static uint8_t
scratch_byte(const struct session *s, size_t i)
{
    return (uint8_t)(prog_word(s->writes * 8192 + i / 8) >> (8 * (i % 8)));
}

static size_t
put_hex(const struct session *s, uint8_t *to, size_t size)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        uint8_t b = scratch_byte(s, i);

        to[2 * i] = (uint8_t)digits[b >> 4];
        to[2 * i + 1] = (uint8_t)digits[b & 15];
    }
    return 2 * size;
}

static size_t
put_binary(const struct session *s, uint8_t *to, size_t size)
{
    uint8_t *start = to;

    for (size_t i = 0; i < size; i++) {
        uint8_t b = scratch_byte(s, i);

        if (memchr("#$}*", b, 4)) {
            *to++ = '}';
            b ^= 0x20;
        }
        *to++ = b;
    }
    return (size_t)(to - start);
}

static void
check(struct session *s, size_t size)
{
    struct client *c = &s->client;

    client_ask(c, "m%" PRIx64 ",%zx", s->scratch, size);
    client_expand(c);
    if (c->size != 2 * size)
        errx(1, "wrote %zu bytes, read %zu digits", size, c->size);
    for (size_t i = 0; i < size; i++) {
        char text[3] = { (char)c->body[2 * i], (char)c->body[2 * i + 1], 0 };

        if (strtoul(text, NULL, 16) != scratch_byte(s, i))
            errx(1, "what was written is not there");
    }
}

static struct result
write_bulk(struct session *s, unsigned n, char letter, size_t size,
           size_t (*put)(const struct session *s, uint8_t *to, size_t size))
{
    struct result r = { 0 };
    uint8_t *frame = malloc(HEADER + 2 * size);
    size_t length;
    double begin;

    if (!frame)
        err(1, "no memory");
    s->writes++;
    length = (size_t)snprintf((char *)frame + 1, HEADER, "%c%" PRIx64 ",%zx:", letter, s->scratch,
                              size);
    length = client_frame(frame, length + put(s, frame + 1 + length, size));
    begin = measure_now();
    for (unsigned i = 0; i < n; i++) {
        client_ask_frame(&s->client, frame, length);
        if (!client_reply_is(&s->client, "OK"))
            break;
    }
    r.seconds = measure_now() - begin;
    free(frame);
    if (client_reply_is(&s->client, "OK"))
        r.amount = (double)n * (double)size;
    else if (s->client.size > 0) /* empty: it does not know this packet */
        errx(1, "%c: answered \"%.*s\"", letter, (int)s->client.size,
             (const char *)s->client.body);
    if (r.amount > 0 && !s->bare)
        check(s, size);
    return r;
}

/* No frame is longer than the server's PacketSize, whatever has to be escaped. */
static size_t
size_of(const struct session *s)
{
    size_t most = s->bare ? s->chunk : (s->packet_size - HEADER) / 2;

    return most < s->chunk ? most : s->chunk;
}

struct result
measure_write_m(struct session *s, unsigned n)
{
    return write_bulk(s, n, 'M', size_of(s), put_hex);
}

struct result
measure_write_x(struct session *s, unsigned n)
{
    return write_bulk(s, n, 'X', size_of(s), put_binary);
}
