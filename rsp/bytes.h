/* bytes.h - what the files of rsp/ share: eight bytes at a time, alike on either byte order.
 *
 * A word's lowest byte is the first in memory. Loads and stores are written as shifts, not
 * memcpy: freestanding compilers call memcpy for eight bytes, while they merge shifts into one
 * access. */
#ifndef STUBBORN_RSP_BYTES_H
#define STUBBORN_RSP_BYTES_H

#include "rsp/rsp.h"

enum { WORD = 8 };

static inline uint64_t
word_get(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

static inline void
word_put(uint8_t *p, uint64_t w)
{
    p[0] = (uint8_t)w;
    p[1] = (uint8_t)(w >> 8);
    p[2] = (uint8_t)(w >> 16);
    p[3] = (uint8_t)(w >> 24);
    p[4] = (uint8_t)(w >> 32);
    p[5] = (uint8_t)(w >> 40);
    p[6] = (uint8_t)(w >> 48);
    p[7] = (uint8_t)(w >> 56);
}

static inline uint64_t
word_of(uint8_t c)
{
    return c * UINT64_C(0x0101010101010101);
}

/* Nonzero when a byte of w is c. A byte minus 1 sets its top bit without having had it only when
 * it was 0; a borrow can reach the next byte only from a byte that was 0. */
static inline uint64_t
word_has(uint64_t w, uint8_t c)
{
    uint64_t x = w ^ word_of(c);
    return (x - word_of(1)) & ~x & word_of(0x80);
}

/* Nonzero when a byte of w may not stand as it is in a body; star is '*' where runs are in use,
 * else another of the three. GDB manual, "Overview". */
static inline uint64_t
word_has_special(uint64_t w, uint8_t star)
{
    return word_has(w, '#') | word_has(w, '$') | word_has(w, '}') | word_has(w, star);
}

static inline bool
is_special(uint8_t c, uint8_t star)
{
    return c == '#' || c == '$' || c == '}' || c == star;
}

static inline size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t
text_length(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0') {
        n++;
    }
    return n;
}

#endif
