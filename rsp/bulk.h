/* bulk.h - long stretches of bytes on their way to the wire and from it: hex digits, escapes,
 * sums. Private to rsp/.
 *
 * Sums are those of frames, modulo 256, of what stands on the wire: counted in the same pass. */
#ifndef STUBBORN_RSP_BULK_H
#define STUBBORN_RSP_BULK_H

#include "rsp/rsp.h"

struct rsp_bulk {
    /* The 2n digits of n bytes, at to; returns their sum. In place: from lies in the last n of
     * the 2n bytes at to, or further right. */
    uint8_t (*hex)(uint8_t *to, const uint8_t *from, size_t n);
    /* The bytes of n pairs of digits of either case, up to the first pair that is none; returns
     * how many. to may be the digits' own place. */
    size_t (*unhex)(uint8_t *to, const uint8_t *digits, size_t n);
    /* How many of n bytes are special: '#' '$' '}' '*'. */
    size_t (*specials)(const uint8_t *from, size_t n);
    /* n bytes with the special ones escaped, at to; returns how many came of them and adds their
     * sum to *sum. In place: what is not read yet never lies left of what is written, see
     * field.c. */
    size_t (*escape)(uint8_t *to, const uint8_t *from, size_t n, uint8_t *sum);
    /* Copies the bytes before the first special one ('#' '$' '}' and star), at most n; returns
     * how many and adds their sum to *sum. Bytes behind them may be written too, n in all. to and
     * from do not meet. */
    size_t (*copy)(uint8_t *to, const uint8_t *from, size_t n, uint8_t star, uint8_t *sum);
    /* The same with escapes undone: stops before '#', '$' and an escape that is cut or has one of
     * them in it. Returns how many bytes came of it, *taken says of how many. */
    size_t (*unescape)(uint8_t *to, const uint8_t *from, size_t n, size_t *taken, uint8_t *sum);
};

/* bulk.c: for any machine. */
extern const struct rsp_bulk rsp_bulk_portable;

/* What this machine does best. bulk_any.c: the portable one; rsp/hosted/bulk_x86_64.c: as the
 * processor says. */
const struct rsp_bulk *rsp_bulk(void);

#endif
