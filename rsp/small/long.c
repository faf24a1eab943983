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
rsp_digit(int c)
{
    unsigned digit = (unsigned)c - '0', letter = ((unsigned)c | 0x20u) - 'a';

    if (digit < 10)
        return (int)digit;
    return letter < 6 ? (int)letter + 10 : -1;
}

/* In place, byte i is read before the digits of it land, which are no further right than 2i + 1,
 * and byte i + 1 lies at n + i + 1 or further right. */
void
rsp_put_hex_bytes(struct rsp_out *out, const void *bytes, size_t n)
{
    const uint8_t *from = bytes;

    if (n > rsp_out_room(out) / 2)
        out->cut = true;
    for (; !out->cut && n > 0; n--)
        rsp_put_hex_wide(out, *from++, 2);
}

/* In place, byte i lands on digit i, which is not right of digit 2i; both its digits are read. */
size_t
rsp_take_hex_bytes(struct rsp_in *in, void *buf, size_t cap)
{
    uint8_t *to = buf;

    for (int high, low; (high = rsp_digit(rsp_peek(in))) >= 0; in->p++) {
        in->p++;
        low = rsp_digit(rsp_peek(in));
        if (low < 0 || cap-- == 0)
            return (size_t)rsp_spoil(in);
        *to++ = (uint8_t)((unsigned)high << 4 | (unsigned)low);
    }
    return (size_t)(to - (uint8_t *)buf);
}

/* False, and nothing is cut, when it does not fit. */
static bool
put_escaped(struct rsp_out *out, uint8_t c)
{
    bool special = is_special(c, '*');
    uint8_t *to = rsp_claim(out, special ? 2 : 1);

    if (to == NULL) {
        out->cut = false;
        return false;
    }
    if (special) {
        *to++ = '}';
        c ^= 0x20;
    }
    *to = c;
    return true;
}

/* In place, the bytes are the last of the room; when not all fit they are moved there. With e of
 * the first i + 1 bytes special, the writer is i + 1 + e bytes into the room and byte i + 1 lies
 * at room - n + i + 1, which is no less, since all of them and all their escapes fit. */
size_t
rsp_put_escaped_some(struct rsp_out *out, const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    size_t fit = 0;

    for (size_t room = rsp_out_room(out), size; fit < n; fit++, room -= size) {
        size = is_special(from[fit], '*') ? 2 : 1;
        if (size > room)
            break;
    }
    if (fit < n)
        from = memmove(out->buf + out->cap - fit, from, fit);
    for (size_t i = 0; i < fit; i++)
        put_escaped(out, from[i]);
    return fit;
}

void
rsp_window_bytes(struct rsp_window *w, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;

    for (; n > 0; n--, p++, w->pos++)
        if (w->pos >= w->offset && w->pos < w->end && !w->full)
            w->full = !put_escaped(w->out, *p);
}

/* Firmware's names are of ASCII: whatever is not becomes '?'. */
void
rsp_window_xml(struct rsp_window *w, const char *text)
{
    static const char entities[] = "&amp;\0<lt;\0>gt;\0\"quot;\0'apos;\0\t#9;\0\n#10;\0\r#13;\0";

    for (; *text != '\0'; text++) {
        const char *entity = entities;

        while (*entity != '\0' && *entity != *text)
            entity += text_length(entity) + 1;
        if (*entity != '\0') {
            rsp_window_text(w, "&");
            rsp_window_text(w, entity + 1);
        } else
            rsp_window_bytes(w, *text >= ' ' && *text < 0x7f ? text : "?", 1);
    }
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
