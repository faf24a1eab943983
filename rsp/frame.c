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
    rx->cap = cap < UINT32_MAX ? (uint32_t)cap : UINT32_MAX;
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
    rx->len = 0;
    rx->state = BODY;
    rx->sum = 0;
    rx->last = NO_LAST;
    rx->pending = 0;
    rx->cut = false;
    rx->bad = false;
    rx->notification = lead == '%';
}

/* Takes a byte of body. */
static void
take_body_byte(struct rsp_receiver *rx, uint8_t c)
{
    if (c == '#') {
        rx->bad = rx->bad || rx->pending != 0;
        rx->state = DIGIT1;
        return;
    }
    rx->sum = (uint8_t)(rx->sum + c);
    if (rx->runs != NULL) {
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
    bool right = !rx->bad && (rx->given == rx->sum || unsummed);
    if (rx->notification) {
        return right ? RSP_NOTIFICATION : RSP_NOISE;
    }
    return !right ? RSP_BAD_SUM : rx->cut ? RSP_TOO_LONG : RSP_PACKET;
}

static enum rsp_event
take_digit(struct rsp_receiver *rx, uint8_t c)
{
    int digit = rsp_digit(c);
    rx->bad = rx->bad || digit < 0;
    rx->given = (uint8_t)((unsigned)rx->given << 4 | ((unsigned)digit & 15));
    return ++rx->state == OUTSIDE ? judge(rx) : RSP_NONE;
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

enum rsp_event
rsp_take_byte(struct rsp_receiver *rx, uint8_t c)
{
    if (c == '$' || (c == '%' && rx->state == OUTSIDE)) {
        begin(rx, c);
        return RSP_NONE;
    }
    if (rx->state == OUTSIDE) {
        return take_outside(c);
    }
    if (rx->state != BODY) {
        return take_digit(rx, c);
    }
    take_body_byte(rx, c);
    return RSP_NONE;
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
    uint8_t *end = frame + 1 + body->len, sum = rsp_sum_of(body);
    frame[0] = (uint8_t)lead;
    end[0] = '#';
    end[1] = hex_digit(sum >> 4);
    end[2] = hex_digit(sum & 15);
    return body->len + RSP_FRAME_EXTRA;
}
