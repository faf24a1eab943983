/* runs.c - run lengths, undone and made: n * is n repeated (GDB manual, "Overview"). */
#include <string.h>

#include "rsp/frame.h"

enum {
    COUNT_BASE = 29, /* a count character is this more than the repeats it asks for */
    MOST_REPEATS = '~' - COUNT_BASE
};

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
        rx->len += (uint32_t)n;
        return;
    }
    for (unsigned i = 0; i < times; i++) {
        unescape(rx, '}');
    }
}

/* Takes a byte of body; of a run the '*', then the count. */
static void
take(struct rsp_receiver *rx, uint8_t c)
{
    if ((rx->pending & COUNT) != 0) {
        rx->pending = rx->pending & ESCAPE;
        if (c > COUNT_BASE && rx->last != NO_LAST) {
            repeat(rx, c - (unsigned)COUNT_BASE);
        } else {
            rx->bad = true;
        }
    } else if (c == '*') {
        rx->pending |= COUNT;
    } else {
        rx->last = c;
        unescape(rx, c);
    }
}

void
rsp_receiver_expand(struct rsp_receiver *rx)
{
    rx->runs = take;
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

size_t
rsp_cut(const uint8_t *body, size_t len, size_t most, unsigned each)
{
    size_t at = 0, whole = 0, said = 0;
    while (at < len) {
        size_t size = body[at] == '}' ? 2 : 1;
        if (size == 1 && len - at > 2 && body[at + 1] == '*') {
            said += body[at + 2] - (size_t)COUNT_BASE;
            size = 3;
        }
        if (at + size > smaller(len, most)) {
            break;
        }
        at += size;
        said++;
        if (said % each == 0) {
            whole = at;
        }
    }
    return whole;
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
