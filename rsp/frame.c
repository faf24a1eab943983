/* frame.c - frames both ways: $body#xx, escapes, acks (GDB manual, "Overview" and
 * "Packet Acknowledgment"). */
#include <string.h>

#include "rsp/bulk.h"
#include "rsp/frame.h"

void
rsp_receiver_init(struct rsp_receiver *rx, uint8_t *buf, size_t cap, unsigned flags)
{
    memset(rx, 0, sizeof *rx);
    rx->buf = buf;
    rx->cap = cap;
    rx->flags = (uint8_t)flags;
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

static uint8_t
star_of(const struct rsp_receiver *rx)
{
    return rx->runs != NULL ? '*' : '#';
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
    } else {
        rx->sum = (uint8_t)(rx->sum + c);
        if (rx->state == COUNT || c == star_of(rx)) {
            rx->runs(rx, c);
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

/* Keeps the bytes before the first special one, with escapes undone where that is quick, as far as
 * there is room; returns how many were taken. */
static size_t
take_plain(struct rsp_receiver *rx, const uint8_t *bytes, size_t n)
{
    const struct rsp_bulk *bulk = rsp_bulk();
    size_t room = smaller(rx->cap - rx->len, n), run = 0;
    if (room > 0 && rx->runs == NULL && bulk->unescape != NULL) {
        rx->len += bulk->unescape(rx->buf + rx->len, bytes, room, &run, &rx->sum);
    } else if (room > 0) {
        run = bulk->copy(rx->buf + rx->len, bytes, room, star_of(rx), &rx->sum);
        rx->len += run;
    }
    if (rx->len == rx->cap && run < n) {
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
