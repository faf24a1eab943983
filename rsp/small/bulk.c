/* bulk.c - the deeds of rsp/bulk.h for firmware, which counts its bytes of code: a byte at a
 * time. Links instead of rsp/bulk.c and rsp/bulk_any.c. */
#include "rsp/bulk.h"
#include "rsp/bytes.h"

uint8_t
rsp_sum(const uint8_t *bytes, size_t n)
{
    uint8_t sum = 0;

    for (; n > 0; n--)
        sum = (uint8_t)(sum + *bytes++);
    return sum;
}

int
rsp_digit(uint8_t c)
{
    unsigned digit = c - (unsigned)'0', letter = (c | 0x20u) - 'a';

    if (digit < 10)
        return (int)digit;
    return letter < 6 ? (int)letter + 10 : -1;
}

static uint8_t
digit_of(unsigned v)
{
    return (uint8_t)(v < 10 ? '0' + v : 'a' + (v - 10));
}

/* In place: 2i + 1 < n + i + 1, where byte i + 1 lies or further right, since i < n. */
static uint8_t
hex(uint8_t *to, const uint8_t *from, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        unsigned v = from[i];

        to[2 * i] = digit_of(v >> 4);
        to[2 * i + 1] = digit_of(v & 15);
    }
    return rsp_sum(to, 2 * n);
}

static size_t
unhex(uint8_t *to, const uint8_t *digits, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++, digits += 2) {
        int high = rsp_digit(digits[0]), low = rsp_digit(digits[1]);

        if (high < 0 || low < 0)
            break;
        to[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
    }
    return i;
}

static size_t
specials(const uint8_t *from, size_t n)
{
    size_t count = 0;

    for (; n > 0; n--)
        count += is_special(*from++, '*');
    return count;
}

static size_t
escape(uint8_t *to, const uint8_t *from, size_t n, uint8_t *sum)
{
    uint8_t *start = to;

    for (; n > 0; n--) {
        uint8_t c = *from++;

        if (is_special(c, '*')) {
            *to++ = '}';
            c ^= 0x20;
        }
        *to++ = c;
    }
    *sum = (uint8_t)(*sum + rsp_sum(start, (size_t)(to - start)));
    return (size_t)(to - start);
}

static size_t
copy(uint8_t *to, const uint8_t *from, size_t n, uint8_t star, uint8_t *sum)
{
    size_t i;

    for (i = 0; i < n && !is_special(from[i], star); i++) {
        to[i] = from[i];
        *sum = (uint8_t)(*sum + from[i]);
    }
    return i;
}

const struct rsp_bulk rsp_bulk_portable = { hex, unhex, specials, escape, copy, NULL };

const struct rsp_bulk *
rsp_bulk(void)
{
    return &rsp_bulk_portable;
}
