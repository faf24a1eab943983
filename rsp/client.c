/* client.c - the asking side: sends requests until they are acknowledged and reads the answers
 * (GDB manual, "Packet Acknowledgment", "Notification Packets" and, for O, "Stop Reply
 * Packets"). */
#include <string.h>

#include "rsp/rsp.h"

enum { RESENDS = 3 };

void
rsp_client_init(struct rsp_client *c, uint8_t *in, size_t in_cap, uint8_t *out, size_t out_cap)
{
    memset(c, 0, sizeof *c);
    rsp_receiver_init(&c->rx, in, in_cap, 0);
    rsp_receiver_expand(&c->rx);
    c->tx = rsp_out_to(out, out_cap);
    c->resend_max = RESENDS;
    c->last_len = SIZE_MAX;
}

bool
rsp_client_ask(struct rsp_client *c, const char *text, const void *bytes, size_t n)
{
    if (c->awaits_reply || c->tx.cap < RSP_FRAME_EXTRA) {
        return false;
    }
    struct rsp_out body = rsp_out_to(c->tx.buf + 1, c->tx.cap - RSP_FRAME_EXTRA);
    rsp_put_text(&body, text);
    rsp_put_escaped(&body, bytes, n);
    if (body.cut) {
        return false;
    }
    c->tx.len = rsp_frame_close(c->tx.buf, body.len, '$');
    c->sent = 0;
    c->resends = 0;
    c->awaits_ack = !c->no_ack;
    c->awaits_reply = true;
    return true;
}

/* An ack must not land inside the request. */
static bool
acks_go_first(const struct rsp_client *c)
{
    return c->ack_count > 0 && (c->sent == 0 || c->sent == c->tx.len);
}

const uint8_t *
rsp_client_output(struct rsp_client *c, size_t *n)
{
    if (acks_go_first(c)) {
        *n = c->ack_count;
        return c->acks;
    }
    *n = c->tx.len - c->sent;
    return c->tx.buf + c->sent;
}

void
rsp_client_sent(struct rsp_client *c, size_t n)
{
    if (acks_go_first(c)) {
        n = n < c->ack_count ? n : c->ack_count;
        c->ack_count = (uint8_t)(c->ack_count - n);
        memmove(c->acks, c->acks + n, c->ack_count);
    } else {
        size_t left = c->tx.len - c->sent;
        c->sent += n < left ? n : left;
    }
}

/* A server that does not wait for its acks may lose some: it sends again what it misses. */
static void
owe(struct rsp_client *c, char ack)
{
    if (!c->no_ack && c->ack_count < sizeof c->acks) {
        c->acks[c->ack_count++] = (uint8_t)ack;
    }
}

/* The request is answered or given up: nothing of it goes out any more. */
static void
finish(struct rsp_client *c)
{
    c->awaits_ack = false;
    c->awaits_reply = false;
    c->tx.len = 0;
    c->sent = 0;
}

static bool
all_sent(const struct rsp_client *c)
{
    return c->sent == c->tx.len;
}

/* Counts one more repetition of request or answer; false, and the request is given up, when no
 * more are allowed. */
static bool
spend(struct rsp_client *c)
{
    if (c->no_ack || c->resends >= c->resend_max) {
        finish(c);
        return false;
    }
    c->resends++;
    return true;
}

static enum rsp_answer
repeat(struct rsp_client *c)
{
    if (!spend(c)) {
        return RSP_FAILED;
    }
    if (c->awaits_ack) {
        c->sent = 0;
    } else {
        owe(c, '-');
    }
    return RSP_WAITING;
}

static enum rsp_answer
take_bad_frame(struct rsp_client *c)
{
    if (c->awaits_reply && !spend(c)) {
        return RSP_FAILED;
    }
    owe(c, '-');
    return RSP_WAITING;
}

/* O and hex digits; "OK" has none. A reply of raw bytes (lldb's x) may look the same by
 * chance: ask for those with a dialect that has a letter in front. */
static bool
is_output(const struct rsp_client *c)
{
    struct rsp_in body = rsp_in_from(c->rx.buf, c->rx.len);
    if (!rsp_take_if(&body, 'O')) {
        return false;
    }
    while (rsp_left(&body) > 0 && rsp_digit(*body.p) >= 0) {
        body.p++;
    }
    return rsp_take_end(&body) && c->rx.len > 1;
}

/* A packet before the request's '+' is the last answer once more, sent again because our ack was
 * lost, or, when it is another, the answer to a request whose '+' was lost. gdb takes it for the
 * first in both cases, sends the request again and so steps twice. */
static bool
is_repeated(const struct rsp_client *c)
{
    return c->awaits_ack && c->rx.len == c->last_len && c->rx.sum == c->last_sum;
}

static enum rsp_answer
take_packet(struct rsp_client *c)
{
    owe(c, '+');
    if (!c->awaits_reply || !all_sent(c) || is_repeated(c)) {
        return RSP_WAITING;
    }
    c->awaits_ack = false;
    if (is_output(c)) {
        return RSP_OUTPUT;
    }
    c->last_len = c->rx.len;
    c->last_sum = c->rx.sum;
    finish(c);
    return RSP_REPLY;
}

static enum rsp_answer
take_event(struct rsp_client *c, enum rsp_event event)
{
    switch (event) {
    case RSP_PACKET:
    case RSP_TOO_LONG:
        return take_packet(c);
    case RSP_NOTIFICATION:
        return RSP_NOTICE;
    case RSP_ACK:
        c->awaits_ack = c->awaits_ack && !all_sent(c);
        return RSP_WAITING;
    case RSP_NAK:
        return c->awaits_ack && all_sent(c) ? repeat(c) : RSP_WAITING;
    case RSP_BAD_SUM:
        return take_bad_frame(c);
    default:
        return RSP_WAITING;
    }
}

size_t
rsp_client_feed(struct rsp_client *c, const uint8_t *bytes, size_t n, enum rsp_answer *a)
{
    size_t taken = 0;
    *a = RSP_WAITING;
    while (taken < n && *a == RSP_WAITING) {
        enum rsp_event event;
        taken += rsp_receive(&c->rx, bytes + taken, n - taken, &event);
        *a = take_event(c, event);
    }
    return taken;
}

enum rsp_answer
rsp_client_timeout(struct rsp_client *c)
{
    return c->awaits_reply ? repeat(c) : RSP_WAITING;
}

void
rsp_client_go_on(struct rsp_client *c)
{
    c->awaits_reply = true;
}
