/* test_line.c - an engine with a board's packets behind a modelled line that loses bytes, with a
 * modelled debugger at the other end: gdb's rules for acks, time-outs and tries, milliseconds
 * that are only counted, faults by seed. Whatever happens to the line, and whenever the debugger
 * is unplugged, the target is never resumed by accident, an acknowledged write is there, a
 * request is done once, and no answer is taken for that to another request.
 *
 * One thing no stub can tell: a resume that is held up for longer than gdb waits, so that it comes
 * twice, and whose answer is lost besides, looks like two resumes whose ack between was lost. It
 * takes two faults, and other seeds show it about once in 20 million bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub/engine.h"
#include "tests/stub/wire.h"
#include "tests/suites.h"

enum {
    QUEUE = 1 << 16,
    BYTES_A_MS = 11,    /* 115,200 baud */
    PATIENCE_MS = 2000, /* gdb's remotetimeout */
    SENDS = 4,
    READS = 3,           /* and its tries */
    LATE_MS = 3000,      /* a request may be held up longer than that, ... */
    LATE_REPLY_MS = 300, /* ... a reply not */
    HEAP = 0x2000,
    SLOTS = 0x200
};

/* What comes of hearing a byte, a reply, a whole command. Below 0, above any byte's bits. */
enum { FINE = 0, SILENCE = -1, GONE = -2, FAILED = -3 };

/* One direction. Each byte knows when it arrives and whether a fault made it what it is. */
struct way {
    struct {
        uint64_t at;
        uint8_t byte;
        bool spoiled;
    } queue[QUEUE];
    size_t first, count;
    uint64_t until; /* good bytes before the next fault */
    uint64_t last;  /* when the last one arrives */
    unsigned latest;
    bool spoil_next; /* one was lost here */
};

struct world {
    struct wire wire;
    struct stub_target real; /* the fake's own operations */
    struct way in, out;      /* to the engine and from it */
    uint64_t random, mean, now;
    uint64_t stop_at; /* the target runs until then; 0: no such stop */
    uint64_t plugged; /* bytes until the debugger is unplugged */
    bool gone;
    bool bad_request, bad_reply; /* a fault is in the frame that comes in there */
    bool misheard; /* the engine took such a frame: what this debugger hears now is anything */

    /* The command under way that changes something: a write of value, or a resume (0). */
    bool wanted, done;
    bool is_write;
    uint32_t value;
    /* Of each place the last write that was acknowledged, and the last that was asked for. */
    uint32_t slots[SLOTS], asked[SLOTS];

    unsigned long bytes, faults, answers, failures, plugs;
    /* What must not be. */
    unsigned long accidents, twice, lost, wrong;
    unsigned long fooled; /* a damaged frame had the right sum by chance, one in 256 */
};

/* ---- the line ---- */

static uint64_t
draw(struct world *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random >> 11;
}

static void
plan_fault(struct world *w, struct way *way)
{
    way->until = w->mean / 2 + draw(w) % w->mean;
}

static void
carry(struct world *w, struct way *way, uint8_t byte, bool spoiled)
{
    size_t at = (way->first + way->count) % QUEUE;

    ck_assert_uint_lt(way->count, QUEUE);
    if (way->last < w->now)
        way->last = w->now;
    way->queue[at].at = way->last;
    way->queue[at].byte = byte;
    way->queue[at].spoiled = spoiled || way->spoil_next;
    way->spoil_next = false;
    way->count++;
}

static void
spoil(struct world *w, struct way *way, uint8_t byte)
{
    w->faults++;
    switch (draw(w) % 5) {
    case 0:
        carry(w, way, (uint8_t)(byte ^ 1u << draw(w) % 8), true);
        break;
    case 1:
        way->spoil_next = true;
        break;
    case 2:
        carry(w, way, byte, false);
        carry(w, way, byte, true);
        break;
    case 3:
        for (uint64_t noise = 1 + draw(w) % 6; noise > 0; noise--)
            carry(w, way, (uint8_t)draw(w), true);
        carry(w, way, byte, false);
        break;
    default:
        way->last = (way->last > w->now ? way->last : w->now) + draw(w) % way->latest;
        carry(w, way, byte, false);
        break;
    }
}

static void
put(struct world *w, struct way *way, uint8_t byte)
{
    if (w->plugged == 0)
        w->gone = true;
    else
        w->plugged--;
    if (w->gone)
        return;
    w->bytes++;
    if (way->until-- > 0) {
        carry(w, way, byte, false);
        return;
    }
    spoil(w, way, byte);
    plan_fault(w, way);
}

static bool
is_due(const struct world *w, const struct way *way)
{
    return way->count > 0 && way->queue[way->first].at <= w->now;
}

static void
drop(struct way *way)
{
    way->first = (way->first + 1) % QUEUE;
    way->count--;
}

/* ---- the board ---- */

static void
deliver(struct world *w)
{
    const struct engine *s = ENGINE_OF(&w->wire.stub);
    uint32_t key = s->last_key;
    uint8_t byte = w->in.queue[w->in.first].byte;
    bool spoiled = w->in.queue[w->in.first].spoiled;

    w->bad_request = (byte == '$' ? false : w->bad_request) || spoiled;
    if (stub_feed(&w->wire.stub, &byte, 1) != 1)
        return;
    drop(&w->in);
    if (w->bad_request && s->last_key != key) {
        w->fooled++;
        w->misheard = true;
    }
}

static void
transmit(struct world *w, size_t most)
{
    const uint8_t *bytes;
    size_t n;

    while (bytes = stub_output(&w->wire.stub, &n), n > 0 && most > 0) {
        uint8_t byte = bytes[0];

        stub_sent(&w->wire.stub, 1);
        put(w, &w->out, byte);
        most--;
    }
}

static void
run_target(struct world *w)
{
    struct fake *f = &w->wire.fake;

    if (f->running && w->stop_at != 0 && w->now >= w->stop_at) {
        w->stop_at = 0;
        fake_stop(f, FAKE_PID, STUB_SWBREAK, 5, 0);
    }
    while (f->rings) {
        f->rings = false;
        stub_doorbell(&w->wire.stub);
    }
}

/* A millisecond of everybody but the debugger. */
static void
pass(struct world *w)
{
    w->now++;
    (void)stub_tick(&w->wire.stub, w->now);
    for (unsigned i = 0; i < BYTES_A_MS && is_due(w, &w->in); i++) {
        deliver(w);
        run_target(w);
        transmit(w, 1);
    }
    run_target(w);
    transmit(w, BYTES_A_MS);
}

static struct world *
world_of(void *target)
{
    return (struct world *)(void *)((uint8_t *)target - offsetof(struct world, wire.fake));
}

/* The command under way is done: once, and it is that one. */
static void
note_deed(struct world *w, bool fits)
{
    if (w->bad_request)
        w->misheard = true;
    else if (!w->wanted || !fits)
        w->accidents++;
    else if (w->done)
        w->twice++;
    w->done = true;
}

static int
resume(void *target, struct stub *stub)
{
    struct world *w = world_of(target);

    note_deed(w, !w->is_write);
    w->stop_at = w->now + 1 + draw(w) % 3000;
    return w->real.resume(target, stub);
}

static int
write_memory(void *process, uint64_t address, const void *bytes, size_t size)
{
    struct world *w = world_of(process);
    uint32_t value;

    ck_assert_uint_eq(size, sizeof(value));
    memcpy(&value, bytes, sizeof(value));
    note_deed(w, w->is_write && value == w->value && address == HEAP + value % SLOTS * 4);
    return w->real.write_memory(process, address, bytes, size);
}

/* ---- the debugger's half of a frame ---- */

/* A byte from the line, or SILENCE after that many milliseconds, or GONE. */
static int
hear(struct world *w, uint64_t patience)
{
    uint64_t end = w->now + patience;

    while (!is_due(w, &w->out)) {
        if (w->gone)
            return GONE;
        if (w->now >= end)
            return SILENCE;
        pass(w);
    }
    w->bad_reply = w->bad_reply || w->out.queue[w->out.first].spoiled;
    drop(&w->out);
    return w->out.queue[(w->out.first + QUEUE - 1) % QUEUE].byte;
}

static void
say(struct world *w, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put(w, &w->in, (uint8_t)bytes[i]);
}

/* A reply whose '$' was heard: its length, SILENCE when it is to be asked for again, FAILED where
 * gdb gives up at once: a digit of the sum that is none. */
static int
hear_frame(struct world *w, char *body, size_t room)
{
    uint8_t sum = 0;
    size_t n = 0;
    int c, high, low;

    w->bad_reply = w->out.queue[(w->out.first + QUEUE - 1) % QUEUE].spoiled;
    while ((c = hear(w, PATIENCE_MS)) != '#') {
        unsigned times = 1;

        if (c < 0)
            return c;
        if (c == '$')
            return SILENCE;
        sum = (uint8_t)(sum + c);
        if (c == '*') {
            c = hear(w, PATIENCE_MS);
            if (c < ' ' || c > '~' || n == 0)
                return c == GONE ? GONE : SILENCE;
            sum = (uint8_t)(sum + c);
            times = (unsigned)c - 29;
            c = (uint8_t)body[n - 1];
        }
        for (; times > 0 && n + 1 < room; times--)
            body[n++] = (char)c;
    }
    body[n] = '\0';
    high = hear(w, PATIENCE_MS);
    low = high < 0 ? high : hear(w, PATIENCE_MS);
    if (low < 0)
        return low;
    if (rsp_digit((uint8_t)high) < 0 || rsp_digit((uint8_t)low) < 0)
        return FAILED;
    return (rsp_digit((uint8_t)high) << 4 | rsp_digit((uint8_t)low)) == sum ? (int)n : SILENCE;
}

/* An old reply, because its ack was lost, while the ack of a request is waited for. */
static void
gobble(struct world *w)
{
    int c;

    do
        c = hear(w, PATIENCE_MS);
    while (c >= 0 && c != '#');
    if (c < 0 || hear(w, PATIENCE_MS) < 0 || hear(w, PATIENCE_MS) < 0)
        return;
    say(w, "+", 1);
}

/* FINE when it was acknowledged. */
static int
send_request(struct world *w, const char *body)
{
    char frame[200];
    size_t n = strlen(body);

    memcpy(frame + 1, body, n);
    n = rsp_frame_close((uint8_t *)frame, n, '$');
    for (unsigned tries = 0; tries < SENDS; tries++) {
        int c;

        say(w, frame, n);
        do {
            c = hear(w, PATIENCE_MS);
            if (c == '$')
                gobble(w);
        } while (c >= 0 && c != '+' && c != '-');
        if (c == '+' || c == GONE)
            return c == '+' ? FINE : GONE;
    }
    return FAILED;
}

/* FINE with a reply in body; gdb waits for a stop as long as it takes. */
static int
hear_reply(struct world *w, char *body, size_t room, bool forever)
{
    for (unsigned tries = 0; tries < READS;) {
        int c, n;

        do
            c = hear(w, PATIENCE_MS);
        while (c >= 0 && c != '$');
        if (c == SILENCE && forever) {
            if (draw(w) % 4 == 0)
                say(w, "\x03", 1); /* the user's patience ends */
            continue;
        }
        n = c == '$' ? hear_frame(w, body, room) : c;
        if (n == GONE || n == FAILED)
            return n;
        if (n >= 0) {
            say(w, "+", 1);
            return FINE;
        }
        say(w, "-", 1);
        tries++;
    }
    return FAILED;
}

static int
ask(struct world *w, const char *request, char *body, size_t room, bool forever)
{
    int r = send_request(w, request);

    if (r == FINE)
        r = hear_reply(w, body, room, forever);
    if (r == FINE)
        w->answers++;
    w->fooled += r == FINE && w->bad_reply;
    return r == FINE && (w->bad_reply || w->misheard) ? FAILED : r;
}

/* ---- what it asks ---- */

static void
judge(bool right, unsigned long *count)
{
    *count += !right;
}

static int
read_code(struct world *w)
{
    uint64_t address = 0x1000 + draw(w) % 0xf00, n = 1 + draw(w) % 128;
    char request[40], body[600];
    struct rsp_out out = rsp_out_to((uint8_t *)request, sizeof(request) - 1);
    int r;

    rsp_put(&out, 'm');
    rsp_put_hex(&out, address);
    rsp_put(&out, ',');
    rsp_put_hex(&out, n);
    request[out.len] = '\0';
    r = ask(w, request, body, sizeof(body), false);
    if (r != FINE)
        return r;
    n = strlen(body);
    judge(n > 0 && n % 2 == 0, &w->wrong);
    for (uint64_t i = 0; i + 1 < n; i += 2)
        if (((rsp_digit((uint8_t)body[i]) << 4) | rsp_digit((uint8_t)body[i + 1])) !=
            (int)((address + i / 2) & 0xff)) {
            w->wrong++;
            break;
        }
    return FINE;
}

static void
begin_command(struct world *w, bool is_write, uint32_t value)
{
    w->wanted = true;
    w->done = false;
    w->is_write = is_write;
    w->value = value;
}

static int
write_value(struct world *w)
{
    uint32_t value = (uint32_t)draw(w), slot = value % SLOTS, there;
    char request[60], body[600];
    struct rsp_out out = rsp_out_to((uint8_t *)request, sizeof(request) - 1);
    int r;

    rsp_put(&out, 'M');
    rsp_put_hex(&out, HEAP + slot * 4);
    rsp_put_text(&out, ",4:");
    rsp_put_hex_bytes(&out, &value, sizeof(value));
    request[out.len] = '\0';
    begin_command(w, true, value);
    w->asked[slot] = value;
    r = ask(w, request, body, sizeof(body), false);
    if (r != FINE)
        return r;
    judge(strcmp(body, "OK") == 0, &w->wrong);
    memcpy(&there, w->wire.fake.heap + slot * 4, sizeof(there));
    judge(w->done && there == value, &w->lost);
    w->slots[slot] = value;
    return FINE;
}

static int
go_on(struct world *w)
{
    char body[600];
    int r;

    begin_command(w, false, 0);
    r = ask(w, draw(w) % 3 == 0 ? "vCont;c" : "vCont;s:p10.10;c", body, sizeof(body), true);
    if (r != FINE)
        return r;
    judge(body[0] == 'T' && w->done && !w->wire.fake.running, &w->wrong);
    return FINE;
}

static int
connect(struct world *w)
{
    char body[600];
    int r;

    say(w, "+", 1);
    r = ask(w, "qSupported:multiprocess+;swbreak+;vContSupported+;xmlRegisters=i386", body,
            sizeof(body), false);
    if (r != FINE)
        return r;
    judge(strncmp(body, "PacketSize=", 11) == 0, &w->wrong);
    r = ask(w, "?", body, sizeof(body), true);
    if (r == FINE)
        judge(body[0] == 'T', &w->wrong);
    return r;
}

static int
ask_something(struct world *w)
{
    switch (draw(w) % 8) {
    case 0:
    case 1:
        return write_value(w);
    case 2:
    case 3:
        return go_on(w);
    case 4:
        if (draw(w) % 8 == 0) /* its user thinks */
            for (uint64_t end = w->now + draw(w) % 8000; w->now < end && !w->gone;)
                pass(w);
        return FINE;
    default:
        return read_code(w);
    }
}

/* ---- sessions ---- */

static void
unplug(struct world *w)
{
    /* No debugger begins sooner after another, nor while the line holds what that one said. */
    uint64_t silence = 100 + (draw(w) % 3 == 0 ? draw(w) % 15000 : draw(w) % 50);
    uint64_t end = (w->in.last > w->now ? w->in.last : w->now) + silence;

    w->gone = true;
    while (w->out.count > 0)
        drop(&w->out);
    while (w->now < end)
        pass(w);
    if (draw(w) % 8 == 0) /* an open end catches anything */
        for (uint64_t n = draw(w) % 200; n > 0; n--)
            carry(w, &w->in, (uint8_t)draw(w), true);
}

static void
plug(struct world *w)
{
    w->gone = w->misheard = false;
    w->plugs++;
    w->plugged = draw(w) % 4 == 0 ? draw(w) % 200 : draw(w) % 20000;
    plan_fault(w, &w->in);
    plan_fault(w, &w->out);
}

static void
check_writes(struct world *w)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        uint32_t there;

        memcpy(&there, w->wire.fake.heap + i * 4, sizeof(there));
        judge(there == w->slots[i] || there == w->asked[i], &w->lost);
    }
}

/* Sessions over a line that spoils one byte in `mean`, until so many went over it. */
static void
play(struct world *w, uint64_t seed, uint64_t mean, unsigned long bytes)
{
    memset(w, 0, sizeof(*w));
    wire_open_with(&w->wire, stub_embedded_packets, 1, 0x400, STUB_UNRELIABLE | STUB_SERIAL, 256);
    w->real = w->wire.fake.ops;
    w->wire.fake.ops.resume = resume;
    w->wire.fake.ops.write_memory = write_memory;
    w->random = seed * 2 + 0x9e3779b97f4a7c15;
    w->mean = mean;
    w->in.latest = LATE_MS;
    w->out.latest = LATE_REPLY_MS;
    while (w->bytes < bytes) {
        int r;

        plug(w);
        r = connect(w);
        while (r == FINE)
            r = ask_something(w);
        w->failures += r == FAILED;
        unplug(w);
    }
    check_writes(w);
    wire_close(&w->wire);
}

START_TEST(bad_line_never_does_what_was_not_asked)
{
    static const unsigned means[] = { 10000, 3000, 1000, 300, 200 };
    struct world *w = calloc(1, sizeof(*w));
    const char *seed = getenv("LINE_SEED"); /* another one, and what came of it is told */

    play(w, seed != NULL ? strtoull(seed, NULL, 10) : 1, means[_i], 400000);
    if (seed != NULL)
        fprintf(
            stderr,
            "one in %u: %lu bytes, %lu faults, %lu plugs, %lu answers, %lu failures, %lu fooled; "
            "%lu accidents, %lu twice, %lu lost, %lu wrong\n",
            means[_i], w->bytes, w->faults, w->plugs, w->answers, w->failures, w->fooled,
            w->accidents, w->twice, w->lost, w->wrong);
    ck_assert_uint_gt(w->answers, 200);
    ck_assert_uint_gt(w->faults, 400000 / means[_i] / 4);
    ck_assert_uint_eq(w->accidents, 0);
    ck_assert_uint_eq(w->twice, 0);
    ck_assert_uint_eq(w->lost, 0);
    ck_assert_uint_eq(w->wrong, 0);
    ck_assert_uint_le(w->fooled, w->faults / 50 + 2);
    free(w);
}
END_TEST

Suite *
line_suite(void)
{
    Suite *s = suite_create("line");
    TCase *tc = tcase_create("line");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, bad_line_never_does_what_was_not_asked, 0, 5);
    suite_add_tcase(s, tc);
    return s;
}
