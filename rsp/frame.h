/* frame.h - what the files that receive share: frame.c takes frames apart, runs.c undoes run
 * lengths in them. */
#ifndef STUBBORN_RSP_FRAME_H
#define STUBBORN_RSP_FRAME_H

#include "rsp/bytes.h"

enum rsp_state { BODY, DIGIT1, DIGIT2, OUTSIDE };

/* rx->pending: what has begun in a body and is not whole. */
enum { ESCAPE = 1u, COUNT = 2u };

enum { NO_LAST = '#' }; /* rx->last before the first byte of a body: no body holds a '#' */

/* How many bytes of body to keep of the n that come next. */
static inline size_t
room_for(struct rsp_receiver *rx, size_t n)
{
    size_t room = rx->cap - rx->len;
    rx->cut = rx->cut || n > room;
    return smaller(n, room);
}

static inline void
keep(struct rsp_receiver *rx, uint8_t c)
{
    if (room_for(rx, 1) == 1) {
        rx->buf[rx->len++] = c;
    }
}

/* Takes a byte of body that is no part of a run. */
static inline void
unescape(struct rsp_receiver *rx, uint8_t c)
{
    bool behind = rx->pending != 0;
    rx->pending = !behind && c == '}' ? ESCAPE : 0;
    if (rx->pending == 0) {
        keep(rx, behind ? c ^ 0x20 : c);
    }
}

/* Takes the next byte of the line. */
enum rsp_event rsp_take_byte(struct rsp_receiver *rx, uint8_t c);

#endif
