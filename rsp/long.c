/* long.c - hex digits, escapes and sums of long stretches of a body (GDB manual, "Packets" and
 * "Overview"), by the loops of bulk.h. Links where bytes of code do not count; else
 * rsp/small/long.c. */
#include <string.h>

#include "rsp/bulk.h"
#include "rsp/frame.h"
#include "rsp/long.h"

/* ---- sums ---- */

enum { LANES = 32 };

/* Lanes of a fixed number become vector code. */
uint8_t
rsp_sum(const uint8_t *bytes, size_t n)
{
    uint8_t lanes[LANES] = { 0 }, sum = 0;
    size_t i = 0;

    for (; n - i >= LANES; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lanes[k] = (uint8_t)(lanes[k] + bytes[i + k]);
    for (; i < n; i++)
        sum = (uint8_t)(sum + bytes[i]);
    for (size_t k = 0; k < LANES; k++)
        sum = (uint8_t)(sum + lanes[k]);
    return sum;
}

/* A long stretch was written and summed on the way. */
static void
note_sum(struct rsp_out *out, size_t from, uint8_t sum)
{
    out->sum_from = from;
    out->sum_end = out->len;
    out->sum = sum;
}

uint8_t
rsp_sum_of(const struct rsp_out *out)
{
    bool known = out->sum_end > 0 && out->sum_end == out->len;
    uint8_t sum = rsp_sum(out->buf, known ? out->sum_from : out->len);
    return (uint8_t)(sum + (known ? out->sum : 0));
}

/* ---- hex digits ---- */

/* The value of a hex digit with bit 4 set; 0 for what is none. */
static const uint8_t digit_values[256] = {
    ['0'] = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, /* to '9' */
    ['A'] = 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,                         /* to 'F' */
    ['a'] = 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,                         /* to 'f' */
};

int
rsp_digit(int c)
{
    return c >= 0 && digit_values[c] != 0 ? digit_values[c] & 15 : -1;
}

/* Shorter stretches are not worth a look at what the processor can do. */
enum { LONG = 64 };

/* The digits of four bytes, the first of each in the lowest place: spread to two bytes each, then
 * to a digit each; of what is above 9, adding 6 sets bit 4. */
static uint64_t
eight_digits(uint64_t v)
{
    v = (v | v << 16) & UINT64_C(0x0000ffff0000ffff);
    v = (v | v << 8) & UINT64_C(0x00ff00ff00ff00ff);
    v = (v >> 4 | v << 8) & word_of(0x0f);
    return v + word_of('0') + ((v + word_of(6)) >> 4 & word_of(1)) * ('a' - '0' - 10);
}

/* In place, the bytes lie at place + n or further right, and the digits of some land left of the
 * next, see bulk.c. */
void
rsp_put_hex_bytes(struct rsp_out *out, const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    size_t start = out->len;
    if (n > rsp_out_room(out) / 2) {
        out->cut = true;
        return;
    }
    uint8_t *place = n > 0 ? rsp_claim(out, 2 * n) : NULL;
    if (n >= LONG) {
        note_sum(out, start, rsp_bulk()->hex(place, from, n));
        return;
    }
    size_t i = 0;
    for (; n - i >= WORD / 2; i += WORD / 2) {
        uint64_t four = (uint64_t)from[i] | (uint64_t)from[i + 1] << 8 |
                        (uint64_t)from[i + 2] << 16 | (uint64_t)from[i + 3] << 24;
        word_put(place + 2 * i, eight_digits(four));
    }
    for (; i < n; i++) {
        unsigned v = from[i];
        place[2 * i] = hex_digit(v >> 4);
        place[2 * i + 1] = hex_digit(v & 15);
    }
}

/* In place, byte i lands on digit i, which is not right of digit 2i; both its digits are read. */
size_t
rsp_take_hex_bytes(struct rsp_in *in, void *buf, size_t cap)
{
    size_t n = rsp_bulk()->unhex(buf, in->p, smaller(rsp_left(in) / 2, cap));
    const uint8_t *p = in->p + 2 * n;
    in->p = p;
    if (rsp_left(in) > 0 && rsp_digit(*p) >= 0) {
        rsp_spoil(in);
        return 0;
    }
    return n;
}

/* ---- escapes ---- */

/* How many of the n bytes fit into room once escaped. */
static size_t
fitting(const uint8_t *bytes, size_t n, size_t room)
{
    if (n <= room / 2) {
        return n;
    }
    if (n <= room && rsp_bulk()->specials(bytes, n) <= room - n) {
        return n;
    }
    size_t i = 0;
    for (; i < n; i++) {
        size_t need = is_special(bytes[i], '*') ? 2 : 1;
        if (need > room) {
            break;
        }
        room -= need;
    }
    return i;
}

/* Escapes n > 0 bytes, which are known to fit. In place, they are the last n of the room. Say
 * that e of the bytes up to and including byte i are special: with them written, the writer is i
 * + 1 + e bytes into the room and byte i + 1 lies at room - n + i + 1, which is no less, since
 * all n bytes and all their escapes fit: n + e <= room. */
static void
escape(struct rsp_out *out, const uint8_t *bytes, size_t n)
{
    size_t start = out->len;
    uint8_t sum = 0;
    out->len += rsp_bulk()->escape(out->buf + start, bytes, n, &sum);
    note_sum(out, start, sum);
}

/* When not all bytes fit, those in place are no longer the last of the room, so they are moved
 * there. */
size_t
rsp_put_escaped_some(struct rsp_out *out, const void *bytes, size_t n)
{
    size_t fit = fitting(bytes, n, rsp_out_room(out));
    if (fit > 0 && fit < n) {
        bytes = memmove(out->buf + out->cap - fit, bytes, fit);
    }
    if (fit > 0) {
        escape(out, bytes, fit);
    }
    return fit;
}

void
rsp_window_bytes(struct rsp_window *w, const void *bytes, size_t n)
{
    uint64_t from = w->pos, to = w->pos + n;
    const uint8_t *p = bytes;
    w->pos = to;
    if (w->full || to <= w->offset || from >= w->end) {
        return;
    }
    if (from < w->offset) {
        p += w->offset - from;
        from = w->offset;
    }
    size_t wanted = (size_t)((to < w->end ? to : w->end) - from);
    w->full = rsp_put_escaped_some(w->out, p, wanted) < wanted;
}

/* What stands in XML for a byte that begins no UTF-8 character or may not stand as it is; NULL
 * for one that may. */
static const char *
xml_entity(uint8_t c, bool utf8)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    case '\t':
        return "&#9;";
    case '\n':
        return "&#10;";
    case '\r':
        return "&#13;";
    default:
        return c < ' ' || c == 0x7f || !utf8 ? "?" : NULL;
    }
}

void
rsp_window_xml(struct rsp_window *w, const char *text)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t n = text_length(text), plain = 0;
    for (size_t i = 0; i < n;) {
        size_t length = rsp_utf8(p + i, n - i);
        const char *entity = xml_entity(p[i], length > 0);
        length = length > 0 ? length : 1;
        if (entity != NULL) {
            rsp_window_bytes(w, p + plain, i - plain);
            rsp_window_text(w, entity);
            plain = i + length;
        }
        i += length;
    }
    rsp_window_bytes(w, p + plain, n - plain);
}

/* ---- bodies coming in ---- */

/* Bytes that no room is left for; their number up to the first special one, *sum grows by them. */
static size_t
pass(const uint8_t *bytes, size_t n, uint8_t star, uint8_t *sum)
{
    size_t i = 0;
    for (; i < n && !is_special(bytes[i], star); i++) {
        *sum = (uint8_t)(*sum + bytes[i]);
    }
    return i;
}

/* Keeps bytes of a body up to the first special one, as many as it likes; returns how many. With
 * escapes undone, unless runs are to be undone behind them. */
static size_t
take_plain(struct rsp_receiver *rx, const uint8_t *bytes, size_t n)
{
    const struct rsp_bulk *bulk = rsp_bulk();
    size_t room = smaller(rx->cap - rx->len, n), run = 0;
    if (room > 0 && rx->runs == NULL) {
        rx->len += (uint32_t)bulk->unescape(rx->buf + rx->len, bytes, room, &run, &rx->sum);
    } else if (room > 0) {
        run = bulk->copy(rx->buf + rx->len, bytes, room, star_of(rx), &rx->sum);
        rx->len += (uint32_t)run;
    }
    if (rx->len == rx->cap && run < n) {
        size_t lost = pass(bytes + run, n - run, star_of(rx), &rx->sum);
        rx->cut = rx->cut || lost > 0;
        run += lost;
    }
    if (run > 0) {
        rx->last = bytes[run - 1];
    }
    return run;
}

size_t
rsp_receive(struct rsp_receiver *rx, const uint8_t *bytes, size_t n, enum rsp_event *event)
{
    size_t i = 0;
    *event = RSP_NONE;
    while (i < n && *event == RSP_NONE) {
        if (rx->state == BODY && rx->pending == 0) {
            i += take_plain(rx, bytes + i, n - i);
        }
        if (i < n) {
            *event = rsp_take_byte(rx, bytes[i++]);
        }
    }
    return i;
}
