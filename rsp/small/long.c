/* long.c - the deeds of rsp/long.h for firmware, which counts its bytes of code: a byte at a time.
 * Links instead of rsp/long.c, rsp/bulk.c and rsp/bulk_any.c. */
#include "rsp/long.h"
#include "rsp/frame.h"

#include <string.h>

uint8_t
rsp_sum(const uint8_t *bytes, size_t n)
{
    uint8_t sum = 0;

    for (; n > 0; n--)
        sum = (uint8_t)(sum + *bytes++);
    return sum;
}

uint8_t
rsp_sum_of(const struct rsp_out *out)
{
    return rsp_sum(out->buf, out->len);
}

int
rsp_digit(uint8_t c)
{
    unsigned digit = c - (unsigned)'0', letter = (c | 0x20u) - 'a';

    if (digit < 10)
        return (int)digit;
    return letter < 6 ? (int)letter + 10 : -1;
}

/* In place, byte i + 1 lies at place + n + i + 1 or further right and the digits of byte i end
 * left of place + 2i + 2, which is no further, since i < n. */
void
rsp_put_hex_bytes(struct rsp_out *out, const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    uint8_t *to = rsp_claim(out, n < SIZE_MAX / 2 ? 2 * n : SIZE_MAX);

    for (; to != NULL && n > 0; n--) {
        unsigned v = *from++;

        *to++ = hex_digit(v >> 4);
        *to++ = hex_digit(v & 15);
    }
}

/* In place, byte i lands on digit i, which is not right of digit 2i; both its digits are read. */
size_t
rsp_take_hex_bytes(struct rsp_in *in, void *buf, size_t cap)
{
    uint8_t *to = buf;
    int high = digit_at(in, 0), low;

    while (high >= 0 && cap-- > 0 && (low = digit_at(in, 1)) >= 0) {
        *to++ = (uint8_t)((unsigned)high << 4 | (unsigned)low);
        in->p += 2;
        high = digit_at(in, 0);
    }
    if (high < 0)
        return (size_t)(to - (uint8_t *)buf);
    rsp_spoil(in);
    return 0;
}

/* In place, the bytes are the last of the room; when not all fit they are moved there. With e of
 * the first i + 1 bytes special, the writer is i + 1 + e bytes into the room and byte i + 1 lies
 * at room - n + i + 1, which is no less, since all of them and all their escapes fit. */
size_t
rsp_put_escaped_some(struct rsp_out *out, const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    uint8_t *to = out->buf + out->len;
    size_t room = rsp_out_room(out), fit = 0;

    for (; fit < n; fit++) {
        size_t need = is_special(from[fit], '*') ? 2 : 1;

        if (need > room)
            break;
        room -= need;
    }
    if (fit < n)
        from = memmove(out->buf + out->cap - fit, from, fit);
    for (size_t i = fit; i > 0; i--) {
        uint8_t c = *from++;

        if (is_special(c, '*')) {
            *to++ = '}';
            c ^= 0x20;
        }
        *to++ = c;
    }
    out->len = (size_t)(to - out->buf);
    return fit;
}

size_t
rsp_receive(struct rsp_receiver *rx, const uint8_t *bytes, size_t n, enum rsp_event *event)
{
    size_t i = 0;

    *event = RSP_NONE;
    while (i < n && *event == RSP_NONE)
        *event = rsp_take_byte(rx, bytes[i++]);
    return i;
}
