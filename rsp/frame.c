/* frame.c - frames both ways: $body#xx, escapes, acks (GDB manual, "Overview" and
 * "Packet Acknowledgment"). */
#include <string.h>

#include "rsp/frame.h"
#include "rsp/long.h"

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

/* Takes a byte of body. */
static void
take_body_byte(struct rsp_receiver *rx, uint8_t c)
{
    if (c == '#') {
        rx->bad = rx->bad || rx->escaped || rx->state == COUNT;
        rx->state = DIGIT1;
        return;
    }
    rx->sum = (uint8_t)(rx->sum + c);
    if (rx->runs != NULL && (rx->state == COUNT || c == '*')) {
        rx->runs(rx, c);
    } else {
        unescape(rx, c);
    }
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
    rx->bad = rx->bad || digit < 0;
    rx->given = (uint8_t)((unsigned)rx->given << 4 | ((unsigned)digit & 15));
    if (rx->state == DIGIT1) {
        rx->state = DIGIT2;
        return RSP_NONE;
    }
    rx->state = OUTSIDE;
    return judge(rx);
}

static enum rsp_event
take_outside(uint8_t c)
{
    switch (c) {
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

static enum rsp_event
take(struct rsp_receiver *rx, uint8_t c)
{
    if (c == '$' || (c == '%' && rx->state == OUTSIDE)) {
        begin(rx, c);
        return RSP_NONE;
    }
    if (rx->state == OUTSIDE) {
        return take_outside(c);
    }
    if (rx->state >= DIGIT1) {
        return take_digit(rx, c);
    }
    take_body_byte(rx, c);
    return RSP_NONE;
}

size_t
rsp_receive(struct rsp_receiver *rx, const uint8_t *bytes, size_t n, enum rsp_event *event)
{
    size_t i = 0;
    *event = RSP_NONE;
    while (i < n && *event == RSP_NONE) {
        if (rx->state == BODY && !rx->escaped) {
            i += rsp_take_plain(rx, bytes + i, n - i);
        }
        if (i < n) {
            *event = take(rx, bytes[i++]);
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
    frame[0] = (uint8_t)lead;
    rsp_put(&end, '#');
    rsp_put_hex_wide(&end, rsp_sum_of(body), 2);
    return body->len + RSP_FRAME_EXTRA;
}
