/* measure.c - the rows: bulk reads, small reads, steps, range steps, breakpoint cycles, false
 * conditions; bulk writes are in measure_write.c.
 * Every reply is checked in part, and the last of each batch whole: a fast wrong answer is no
 * answer. */
#define _GNU_SOURCE 1
#include "tests/bench/measure.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/prog.h"

enum { CHUNK = 64 << 10, SMALL = 64, WORD = sizeof(uint64_t) };
/* Register numbers on the wire, the same in gdb's and lldb's order of x86-64. */
enum { REGISTER_RCX = 2, REGISTER_RIP = 16 };

double
measure_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- reading what the server says ---- */

static uint8_t
hex_byte(const uint8_t *digits)
{
    char text[3] = { (char)digits[0], (char)digits[1], 0 };

    return (uint8_t)strtoul(text, NULL, 16);
}

static uint64_t
hex_word(const uint8_t *digits)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < WORD; i++)
        v |= (uint64_t)hex_byte(digits + 2 * i) << (8 * i);
    return v;
}

static uint64_t
reply_word(struct client *c, const char *what)
{
    client_expand(c);
    if (c->size < (size_t)2 * WORD)
        errx(1, "%s: answered \"%.*s\"", what, (int)c->size, (const char *)c->body);
    return hex_word(c->body);
}

static uint64_t
read_register(struct session *s, unsigned number)
{
    struct client *c = &s->client;

    client_ask(c, "p%x", number);
    if (c->size > 0)
        return reply_word(c, "p");
    /* gdbserver has only g; these registers of 8 bytes are its first. */
    client_ask(c, "g");
    client_expand(c);
    if (c->size < (size_t)2 * WORD * (number + 1))
        errx(1, "g: too short");
    return hex_word(c->body + (size_t)2 * WORD * number);
}

static uint64_t
read_word(struct session *s, uint64_t address)
{
    client_ask(&s->client, "m%" PRIx64 ",8", address);
    return reply_word(&s->client, "m");
}

static void
write_word(struct session *s, uint64_t address, uint64_t v)
{
    char digits[2 * WORD + 1];

    for (unsigned i = 0; i < WORD; i++)
        snprintf(digits + (size_t)2 * i, 3, "%02x", (unsigned)(v >> (8 * i)) & 0xff);
    client_ask(&s->client, "M%" PRIx64 ",8:%s", address, digits);
    if (!client_reply_is(&s->client, "OK"))
        errx(1, "M: not written");
}

/* ---- running the program ---- */

static void
expect_stop(struct session *s, const char *signal)
{
    const struct client *c = &s->client;

    if (c->size < 3 || (c->body[0] != 'T' && c->body[0] != 'S') ||
        (signal && memcmp(c->body + 1, signal, 2) != 0))
        errx(1, "a stop was due: \"%.*s\"", (int)c->size, (const char *)c->body);
}

static void
resume(struct session *s, const char *action)
{
    client_ask(&s->client, "vCont;%s", action);
    expect_stop(s, "05");
}

static void
step(struct session *s)
{
    client_ask(&s->client, "vCont;s:%s", s->thread);
    expect_stop(s, "05");
}

static void
point(struct session *s, char letter, uint64_t address)
{
    client_ask(&s->client, "%c0,%" PRIx64 ",1", letter, address);
    if (!client_reply_is(&s->client, "OK"))
        errx(1, "%c0: answered \"%.*s\"", letter, (int)s->client.size,
             (const char *)s->client.body);
}

static void
expect_pc(struct session *s, uint64_t pc)
{
    uint64_t is = read_register(s, REGISTER_RIP);

    if (is != pc)
        errx(1, "stands at %" PRIx64 " where %" PRIx64 " was due", is, pc);
}

/* Leaves the program at the head of its inner loop with that many laps of two instructions. */
static void
go_to_lap(struct session *s, uint64_t laps)
{
    write_word(s, s->laps, laps);
    point(s, 'Z', s->lap_count);
    resume(s, "c");
    point(s, 'z', s->lap_count);
    step(s);
    expect_pc(s, s->lap);
}

/* ---- opening ---- */

static size_t
hex_after(const struct client *c, const char *key)
{
    const uint8_t *at = memmem(c->body, c->size, key, strlen(key));

    /* The reply ends with '#', which ends the number too. */
    return at ? (size_t)strtoull((const char *)at + strlen(key), NULL, 16) : 0;
}

static void
take_thread(struct session *s)
{
    const struct client *c = &s->client;
    const uint8_t *at = memmem(c->body, c->size, "thread:", 7);
    size_t n = 0;

    if (!at)
        errx(1, "no thread in the stop reply");
    for (at += 7; at[n] != ';' && at[n] != '#' && n + 1 < sizeof(s->thread); n++)
        s->thread[n] = (char)at[n];
    s->thread[n] = 0;
}

static void
read_places(struct session *s, const char *path)
{
    FILE *f = fopen(path, "r");
    char line[256], *at = line;
    uint64_t *places[] = { &s->buffer,    &s->hits, &s->laps,    &s->hot,
                           &s->lap_count, &s->lap,  &s->lap_end, &s->scratch };

    if (!f || !fgets(line, sizeof(line), f))
        err(1, "%s", path);
    fclose(f);
    s->pid = (int)strtol(at, &at, 10);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        *places[i] = strtoull(at, &at, 16);
}

/* The dialect of x: gdb's has a 'b' before the data. */
static void
try_x(struct session *s)
{
    size_t n;

    client_ask(&s->client, "x%" PRIx64 ",8", s->buffer);
    n = client_binary_size(&s->client, 0);
    s->has_x = n == WORD || n == WORD + 1;
    s->x_skip = n == WORD + 1;
}

static void
negotiate(struct session *s)
{
    struct client *c = &s->client;

    client_ask_ok(c, "QStartNoAckMode");
    /* lldb-server 19 loses a request that comes in one segment with the '+' before it. */
    nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    c->no_ack = true;
    client_ask(c, "qSupported:swbreak+;hwbreak+;vContSupported+;xmlRegisters=i386");
    s->packet_size = hex_after(c, "PacketSize=");
    if (s->packet_size == 0)
        s->packet_size = 1024;
    client_ask(c, "vCont?");
    s->has_range = client_reply_has(c, ";r");
}

void
session_open(struct session *s, uint16_t port, const char *places, bool bare)
{
    *s = (struct session){ .bare = bare, .chunk = CHUNK, .span = PROG_BUFFER };
    client_connect(&s->client, port);
    if (bare) {
        s->client.no_ack = true;
        s->has_x = true;
        s->span = CHUNK;
        return;
    }
    negotiate(s);
    if (s->packet_size / 2 < s->chunk)
        s->chunk = s->packet_size / 2 & ~(size_t)63;
    client_ask(&s->client, "?");
    expect_stop(s, NULL);
    client_ask(&s->client, "vCont;c");
    expect_stop(s, NULL); /* SIGUSR1 is 0a to lldb and 1e to gdb */
    take_thread(s);
    read_places(s, places);
    client_ask(&s->client, "Hg%s", s->thread);
    try_x(s);
}

void
session_close(struct session *s)
{
    static const uint8_t kill_frame[] = "$k#6b";

    /* Some answer k and some just go. */
    client_send(&s->client, kill_frame, sizeof(kill_frame) - 1);
}

/* ---- checking memory ---- */

/* The byte of the program's buffer at an offset. */
static uint8_t
true_byte(uint64_t offset)
{
    return (uint8_t)(prog_word(offset / WORD) >> (8 * (offset % WORD)));
}

static void
refuse_data(const struct client *c, char letter)
{
    errx(1, "%c: %zu bytes of wrong data: \"%.*s\"", letter, c->size,
         (int)(c->size < 40 ? c->size : 40), (const char *)c->body);
}

/* Digits of data that begins at offset; `from` and n choose the bytes that are looked at. */
static void
check_hex(const struct session *s, uint64_t offset, size_t from, size_t n)
{
    const struct client *c = &s->client;

    if (c->size < 2 * (from + n))
        refuse_data(c, 'm');
    for (size_t i = from; i < from + n; i++)
        if (hex_byte(c->body + 2 * i) != true_byte(offset + i))
            refuse_data(c, 'm');
}

/* The first n bytes of an answer to x. */
static void
check_binary(const struct session *s, uint64_t offset, size_t n)
{
    const struct client *c = &s->client;
    const uint8_t *in = c->body + s->x_skip, *end = c->body + c->size;

    for (size_t i = 0; i < n; i++) {
        bool escaped = in < end && *in == '}';

        in += escaped;
        if (in >= end || (*in++ ^ (escaped ? 0x20 : 0)) != true_byte(offset + i))
            refuse_data(c, 'x');
    }
}

/* ---- the measures ---- */

static uint64_t
next_offset(uint64_t offset, size_t size, uint64_t span)
{
    return span - offset < 2 * size ? 0 : offset + size;
}

static struct result
read_hex(struct session *s, unsigned n, size_t size, uint64_t span)
{
    struct result r = { 0 };
    double begin = measure_now();
    uint64_t offset = 0, next = 0;

    for (unsigned i = 0; i < n; i++) {
        offset = next;
        client_ask(&s->client, "m%" PRIx64 ",%zx", s->buffer + offset, size);
        if (i == n - 1 && !s->bare)
            client_check_sum(&s->client);
        client_expand(&s->client);
        check_hex(s, offset, size - WORD - (i * 5 % (size - WORD)), WORD);
        next = next_offset(offset, size, span);
    }
    r.seconds = measure_now() - begin;
    r.amount = (double)n * (double)size;
    check_hex(s, offset, 0, size);
    return r;
}

static struct result
read_bulk_m(struct session *s, unsigned n)
{
    return read_hex(s, n, s->chunk, s->span);
}

static struct result
read_small(struct session *s, unsigned n)
{
    struct result r = read_hex(s, n, SMALL, s->chunk);

    r.amount = n;
    return r;
}

static struct result
read_bulk_x(struct session *s, unsigned n)
{
    struct result r = { 0 };
    double begin = measure_now();
    uint64_t offset = 0, next = 0;
    size_t size = 0;

    if (!s->has_x)
        return r;
    for (unsigned i = 0; i < n; i++) {
        offset = next;
        client_ask(&s->client, "x%" PRIx64 ",%zx", s->buffer + offset, s->chunk);
        check_binary(s, offset, WORD);
        /* Escapes may leave less room than was asked for. */
        size = client_binary_size(&s->client, s->x_skip);
        r.amount += (double)size;
        next = next_offset(offset, s->chunk, s->span);
    }
    r.seconds = measure_now() - begin;
    check_binary(s, offset, size);
    if (!s->bare)
        client_check_sum(&s->client);
    return r;
}

static struct result
do_steps(struct session *s, unsigned n)
{
    struct result r = { .amount = n };
    double begin;
    uint64_t laps;

    if (s->bare)
        return (struct result){ 0 };
    go_to_lap(s, n);
    begin = measure_now();
    for (unsigned i = 0; i < n; i++)
        step(s);
    r.seconds = measure_now() - begin;
    laps = read_register(s, REGISTER_RCX);
    if (laps != n - n / 2)
        errx(1, "%u steps left %" PRIu64 " laps", n, laps);
    return r;
}

static struct result
step_range(struct session *s, unsigned n)
{
    struct result r = { .amount = n };
    char action[100];
    double begin;

    if (!s->has_range)
        return (struct result){ 0 };
    go_to_lap(s, n / 2);
    snprintf(action, sizeof(action), "r%" PRIx64 ",%" PRIx64 ":%s", s->lap, s->lap_end, s->thread);
    begin = measure_now();
    resume(s, action);
    r.seconds = measure_now() - begin;
    expect_pc(s, s->lap_end);
    return r;
}

/* As gdb drives a breakpoint that is gone past: continue to it, lift all, step, insert all. */
static struct result
cycle(struct session *s, unsigned n)
{
    struct result r = { .amount = n };
    uint64_t hits;
    double begin;

    if (s->bare)
        return (struct result){ 0 };
    write_word(s, s->laps, 1);
    point(s, 'Z', s->hot);
    resume(s, "c");
    hits = read_word(s, s->hits);
    begin = measure_now();
    for (unsigned i = 0; i < n; i++) {
        point(s, 'z', s->hot);
        step(s);
        point(s, 'Z', s->hot);
        resume(s, "c");
    }
    r.seconds = measure_now() - begin;
    expect_pc(s, s->hot);
    point(s, 'z', s->hot);
    hits = read_word(s, s->hits) - hits;
    if (hits != n)
        errx(1, "%u breakpoint cycles made %" PRIu64 " hits", n, hits);
    return r;
}

/* A condition that is false n times: `hits == before + n`, as an agent expression. A server that
 * leaves conditions to its client stops at once, and has no figure. */
static struct result
decide(struct session *s, unsigned n)
{
    struct result r = { .amount = n };
    uint64_t hits;
    double begin;

    if (s->bare)
        return (struct result){ 0 };
    write_word(s, s->laps, 1);
    point(s, 'Z', s->hot);
    resume(s, "c");
    point(s, 'z', s->hot);
    step(s);
    hits = read_word(s, s->hits);
    client_ask(&s->client, "Z0,%" PRIx64 ",1;X15,25%016" PRIx64 "1a25%016" PRIx64 "1327", s->hot,
               s->hits, hits + n);
    begin = measure_now();
    resume(s, "c");
    r.seconds = measure_now() - begin;
    point(s, 'z', s->hot);
    hits = read_word(s, s->hits) - hits;
    return hits == n ? r : (struct result){ 0 };
}

const struct measure measures[] = {
    { "m bulk", "MB/s", 1e6, 32, 100, "64 KiB m read", false, read_bulk_m },
    { "x bulk", "MB/s", 1e6, 32, 100, "64 KiB x read", false, read_bulk_x },
    { "M bulk", "MB/s", 1e6, 32, 100, "64 KiB M write", false, measure_write_m },
    { "X bulk", "MB/s", 1e6, 32, 100, "64 KiB X write", false, measure_write_x },
    { "64-byte m reads", "1/s", 1, 500, 1000, "64-byte m read", true, read_small },
    { "single steps", "1/s", 1, 500, 1000, "single step", false, do_steps },
    { "range steps", "1/s", 1, 2000, 1000, "step of a range", false, step_range },
    { "breakpoint cycles", "1/s", 1, 200, 400, "breakpoint cycle", true, cycle },
    { "false conditions", "1/s", 1, 1000, 1000, "false condition", false, decide },
    { NULL, NULL, 0, 0, 0, NULL, false, NULL },
};
