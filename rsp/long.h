/* long.h - what goes over many bytes of a body: rsp/long.c for speed, through the loops of bulk.h,
 * rsp/small/long.c for firmware, a byte at a time. Beside these both have rsp_put_hex_bytes,
 * rsp_put_escaped_some, rsp_take_hex_bytes, rsp_window_bytes, rsp_window_xml, rsp_receive,
 * rsp_sum and rsp_digit of rsp.h. And what those share with field.c. Private to rsp/. */
#ifndef STUBBORN_RSP_LONG_H
#define STUBBORN_RSP_LONG_H

#include "rsp/bytes.h"

/* The place for n bytes, counted as written; NULL and cut when they do not fit (field.c). */
uint8_t *rsp_claim(struct rsp_out *out, size_t n);

/* Makes the cursor bad, and gives 0. A bad cursor is at its end, so that nothing more can be
 * taken (field.c). */
uint64_t rsp_spoil(struct rsp_in *in);

/* The sum of all that was written. */
uint8_t rsp_sum_of(const struct rsp_out *out);

static inline uint8_t
hex_digit(unsigned v)
{
    return (uint8_t)(v < 10 ? '0' + v : 'a' + (v - 10));
}

/* Where runs are undone '*' is special, else one of the others again. */
static inline uint8_t
star_of(const struct rsp_receiver *rx)
{
    return rx->runs != NULL ? '*' : '#';
}

#endif
