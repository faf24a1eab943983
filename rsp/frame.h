/* frame.h - what the files that receive share: frame.c takes frames apart, runs.c undoes run
 * lengths in them. */
#ifndef STUBBORN_RSP_FRAME_H
#define STUBBORN_RSP_FRAME_H

#include "rsp/bytes.h"

enum rsp_state { OUTSIDE, BODY, COUNT, DIGIT1, DIGIT2 };

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

/* Takes a byte of body when runs are undone. */
static inline void
unescape(struct rsp_receiver *rx, uint8_t c)
{
    bool behind = rx->escaped;
    rx->escaped = !behind && c == '}';
    rx->last = c;
    if (!rx->escaped) {
        keep(rx, behind ? c ^ 0x20 : c);
    }
}

#endif
