/* frame.c - frames both ways: $body#xx, escapes, run lengths, acks (GDB manual, "Overview" and
 * "Packet Acknowledgment"). */
#include <string.h>

#include "rsp/bulk.h"
#include "rsp/bytes.h"
#include "rsp/rsp.h"

enum state { OUTSIDE, BODY, COUNT, DIGIT1, DIGIT2 };

enum {
    NO_LAST = '#',   /* rx->last before the first byte of a body: no body holds a '#' */
    COUNT_BASE = 29, /* a count character is this more than the repeats it asks for */
    MOST_REPEATS = '~' - COUNT_BASE
};

void
rsp_receiver_init(struct rsp_receiver *rx, uint8_t *buf, size_t cap, unsigned flags)
{
    memset(rx, 0, sizeof *rx);
    rx->buf = buf;
    rx->cap = cap;
    rx->flags = flags;
    rx->state = OUTSIDE;
}

bool
rsp_receiver_inside(const struct rsp_receiver *rx)
{
    return rx->state != OUTSIDE;
}

static void
begin(struct rsp_receiver *rx, uint8_t lead)
{
    rx->state = BODY;
    rx->len = 0;
    rx->sum = 0;
    rx->last = NO_LAST;
    rx->escaped = false;
    rx->cut = false;
    rx->bad = false;
    rx->notification = lead == '%';
}

/* How many bytes of body to keep of the n that come next. */
static size_t
room_for(struct rsp_receiver *rx, size_t n)
{
    size_t room = rx->cap - rx->len;
    rx->cut = rx->cut || n > room;
    return smaller(n, room);
}

static void
keep(struct rsp_receiver *rx, uint8_t c)
{
    if (room_for(rx, 1) == 1) {
        rx->buf[rx->len++] = c;
    }
}

/* Takes a '}', or the byte behind one, when runs are undone. */
static void
unescape(struct rsp_receiver *rx, uint8_t c)
{
    if (rx->escaped) {
        keep(rx, c ^ 0x20);
    }
    rx->escaped = !rx->escaped;
    rx->last = c;
}

/* Repeats the last byte. Runs are undone before escapes, so a '}' that is repeated is not a byte
 * of data yet. */
static void
repeat(struct rsp_receiver *rx, unsigned times)
{
    if (rx->last != '}') {
        size_t n = room_for(rx, times);
        if (n > 0) {
            memset(rx->buf + rx->len, rx->last, n);
        }
        rx->len += n;
        return;
    }
    for (unsigned i = 0; i < times; i++) {
        unescape(rx, '}');
    }
}

static void
take_count(struct rsp_receiver *rx, uint8_t c)
{
    rx->state = BODY;
    rx->sum = (uint8_t)(rx->sum + c);
    if (c > COUNT_BASE && rx->last != NO_LAST) {
        repeat(rx, c - (unsigned)COUNT_BASE);
    } else {
        rx->bad = true;
    }
}

static uint8_t
star_of(const struct rsp_receiver *rx)
{
    return (rx->flags & RSP_RUNS) != 0 ? '*' : '#';
}

/* Takes a byte of body that is special or stands behind one that is. */
static void
take_body_byte(struct rsp_receiver *rx, uint8_t c)
{
    if (c == '$') {
        begin(rx, c);
    } else if (c == '#') {
        rx->bad = rx->bad || rx->escaped || rx->state == COUNT;
        rx->state = DIGIT1;
    } else if (rx->state == COUNT) {
        take_count(rx, c);
    } else {
        rx->sum = (uint8_t)(rx->sum + c);
        if (c == star_of(rx)) {
            rx->state = COUNT;
        } else {
            unescape(rx, c);
        }
    }
}

/* Bytes that no room is left for; their number up to the first special one, *sum grows by them. */
static size_t
pass(const uint8_t *bytes, size_t n, uint8_t star, uint8_t *sum)
{
    size_t i = 0;
    for (; i < n && !is_special(bytes[i], star); i++) {
        *sum = (uint8_t)(*sum + bytes[i]);
    }
    return i;
}

/* Keeps the bytes before the first special one, as far as there is room; returns how many there
 * are. */
static size_t
take_plain(struct rsp_receiver *rx, const uint8_t *bytes, size_t n)
{
    size_t room = smaller(rx->cap - rx->len, n), run = 0;
    if (room > 0) {
        run = rsp_bulk()->copy(rx->buf + rx->len, bytes, room, star_of(rx), &rx->sum);
        rx->len += run;
    }
    if (run == room && room < n) {
        size_t lost = pass(bytes + run, n - run, star_of(rx), &rx->sum);
        rx->cut = rx->cut || lost > 0;
        run += lost;
    }
    if (run > 0) {
        rx->last = bytes[run - 1];
    }
    return run;
}

/* Takes bytes of body up to and including the first that is special; returns how many. */
static size_t
take_body(struct rsp_receiver *rx, const uint8_t *bytes, size_t n)
{
    size_t run = rx->escaped ? 0 : take_plain(rx, bytes, n);
    if (run < n) {
        take_body_byte(rx, bytes[run++]);
    }
    return run;
}

/* What the frame that has just ended is. A notification is never acknowledged, so that a bad one
 * is noise and no receiver can NAK it by mistake. */
static enum rsp_event
judge(const struct rsp_receiver *rx)
{
    bool unsummed = (rx->flags & RSP_SUM_IGNORED) != 0 ||
                    ((rx->flags & RSP_SUM_MAY_BE_0) != 0 && rx->given == 0);
    if (rx->bad || (rx->given != rx->sum && !unsummed)) {
        return rx->notification ? RSP_NOISE : RSP_BAD_SUM;
    }
    if (rx->notification) {
        return RSP_NOTIFICATION;
    }
    return rx->cut ? RSP_TOO_LONG : RSP_PACKET;
}

static enum rsp_event
take_digit(struct rsp_receiver *rx, uint8_t c)
{
    int digit = rsp_digit(c);
    if (c == '$') {
        begin(rx, c);
        return RSP_NONE;
    }
    rx->bad = rx->bad || digit < 0;
    if (rx->state == DIGIT1) {
        rx->given = (uint8_t)((unsigned)digit << 4);
        rx->state = DIGIT2;
        return RSP_NONE;
    }
    rx->given = (uint8_t)(rx->given | (unsigned)digit);
    rx->state = OUTSIDE;
    return judge(rx);
}

static enum rsp_event
take_outside(struct rsp_receiver *rx, uint8_t c)
{
    switch (c) {
    case '$':
    case '%':
        begin(rx, c);
        return RSP_NONE;
    case '+':
        return RSP_ACK;
    case '-':
        return RSP_NAK;
    case 0x03:
        return RSP_INTERRUPT;
    case 0x04:
        return RSP_EOT;
    default:
        return RSP_NOISE;
    }
}

size_t
rsp_receive(struct rsp_receiver *rx, const uint8_t *bytes, size_t n, enum rsp_event *event)
{
    size_t i = 0;
    *event = RSP_NONE;
    while (i < n && *event == RSP_NONE) {
        switch (rx->state) {
        case OUTSIDE:
            *event = take_outside(rx, bytes[i++]);
            break;
        case BODY:
            i += take_body(rx, bytes + i, n - i);
            break;
        case COUNT:
            take_body_byte(rx, bytes[i++]);
            break;
        default:
            *event = take_digit(rx, bytes[i++]);
            break;
        }
    }
    return i;
}

enum { LANES = 32 };

/* Lanes of a fixed number become vector code. */
uint8_t
rsp_sum(const uint8_t *bytes, size_t n)
{
    uint8_t lanes[LANES] = { 0 }, sum = 0;
    size_t i = 0;

    for (; n - i >= LANES; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lanes[k] = (uint8_t)(lanes[k] + bytes[i + k]);
    for (; i < n; i++)
        sum = (uint8_t)(sum + bytes[i]);
    for (size_t k = 0; k < LANES; k++)
        sum = (uint8_t)(sum + lanes[k]);
    return sum;
}

size_t
rsp_frame_close(uint8_t *frame, size_t len, char lead)
{
    struct rsp_out body = rsp_out_to(frame + 1, len);
    body.len = len;
    return rsp_frame_close_out(frame, &body, lead);
}

size_t
rsp_frame_close_out(uint8_t *frame, const struct rsp_out *body, char lead)
{
    struct rsp_out end = rsp_out_to(frame + 1 + body->len, RSP_FRAME_EXTRA - 1);
    bool known = body->sum_end > 0 && body->sum_end == body->len;
    uint8_t sum = rsp_sum(frame + 1, known ? body->sum_from : body->len);
    frame[0] = (uint8_t)lead;
    rsp_put(&end, '#');
    rsp_put_hex_wide(&end, (uint8_t)(sum + (known ? body->sum : 0)), 2);
    return body->len + RSP_FRAME_EXTRA;
}

/* The most repeats, at most `wish`, that one count may ask for. Counts are printable and none
 * reads as a part of the protocol: the manual forbids # and $; + and - upset clients that look
 * for acks everywhere, } and * those that undo escapes first. */
static size_t
repeats_of(size_t wish)
{
    size_t times = smaller(wish, MOST_REPEATS);
    for (;; times--) {
        switch (COUNT_BASE + times) {
        case '#':
        case '$':
        case '*':
        case '+':
        case '-':
        case '}':
            break;
        default:
            return times;
        }
    }
}

/* Never writes past what it has read: a piece becomes at most as long as it was, since four bytes
 * or more become three. The pair of an escape stays as it is. */
size_t
rsp_compress(uint8_t *body, size_t len)
{
    enum { WORTH = 4 };
    size_t to = 0;
    for (size_t from = 0; from < len;) {
        uint8_t c = body[from];
        size_t run = 1, most = smaller(len - from, MOST_REPEATS + 1);
        while (c != '}' && run < most && body[from + run] == c) {
            run++;
        }
        if (c == '}' && len - from > 1) {
            body[to++] = c;
            body[to++] = body[from + 1];
            from += 2;
        } else if (run >= WORTH) {
            size_t times = repeats_of(run - 1);
            body[to++] = c;
            body[to++] = '*';
            body[to++] = (uint8_t)(COUNT_BASE + times);
            from += times + 1;
        } else {
            body[to++] = c;
            from++;
        }
    }
    return to;
}
