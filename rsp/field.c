/* field.c - the fields of a body: a bounded writer, a windowed one, and a cursor that reads (GDB
 * manual, "Packets" and "General Query Packets"). */
#include <string.h>

#include "rsp/long.h"

/* ---- writing ---- */

struct rsp_out
rsp_out_to(uint8_t *buf, size_t cap)
{
    return (struct rsp_out){ .buf = buf, .cap = cap };
}

size_t
rsp_out_room(const struct rsp_out *out)
{
    return out->cut ? 0 : out->cap - out->len;
}

uint8_t *
rsp_claim(struct rsp_out *out, size_t n)
{
    if (n > rsp_out_room(out)) {
        out->cut = true;
        return NULL;
    }
    uint8_t *place = out->buf + out->len;
    out->len += n;
    out->sum_end = 0;
    return place;
}

void
rsp_out_back(struct rsp_out *out, size_t len)
{
    out->len = len;
    out->cut = false;
    out->sum_end = 0;
}

void
rsp_put(struct rsp_out *out, char c)
{
    uint8_t *place = rsp_claim(out, 1);
    if (place != NULL) {
        *place = (uint8_t)c;
    }
}

void
rsp_put_bytes(struct rsp_out *out, const void *bytes, size_t n)
{
    uint8_t *place = n > 0 ? rsp_claim(out, n) : NULL;
    if (place != NULL) {
        memcpy(place, bytes, n);
    }
}

void
rsp_put_text(struct rsp_out *out, const char *text)
{
    rsp_put_bytes(out, text, text_length(text));
}

void
rsp_put_hex_wide(struct rsp_out *out, uint64_t v, unsigned digits)
{
    uint8_t *place = rsp_claim(out, digits);
    if (place != NULL) {
        for (unsigned i = digits; i > 0; i--, v >>= 4) {
            place[i - 1] = hex_digit((unsigned)(v & 15));
        }
    }
}

static unsigned
hex_length(uint64_t v)
{
    unsigned digits = 1;
    while (v > 15) {
        v >>= 4;
        digits++;
    }
    return digits;
}

void
rsp_put_hex(struct rsp_out *out, uint64_t v)
{
    rsp_put_hex_wide(out, v, hex_length(v));
}

/* Divides *v by ten and returns what is left. By quarters: a 32-bit machine's compiler would call
 * a library for the whole. */
static unsigned
take_tenth(uint64_t *v)
{
    uint64_t quotient = 0;
    uint32_t rest = 0;
    for (unsigned i = 0; i < 4; i++) {
        rest = rest << 16 | (uint32_t)(*v >> (48 - 16 * i) & 0xffff);
        quotient = quotient << 16 | rest / 10;
        rest %= 10;
    }
    *v = quotient;
    return rest;
}

enum { DEC_MAX = 20 };

/* Writes v in decimal at the end of text and returns how many digits that took. */
static size_t
dec_text(uint64_t v, char text[DEC_MAX])
{
    size_t n = 0;
    do {
        text[DEC_MAX - ++n] = (char)('0' + take_tenth(&v));
    } while (v > 0);
    return n;
}

void
rsp_put_dec(struct rsp_out *out, uint64_t v)
{
    char text[DEC_MAX];
    size_t n = dec_text(v, text);
    rsp_put_bytes(out, text + DEC_MAX - n, n);
}

void
rsp_put_hex_text(struct rsp_out *out, const char *text)
{
    rsp_put_hex_bytes(out, text, text_length(text));
}

void
rsp_put_escaped(struct rsp_out *out, const void *bytes, size_t n)
{
    size_t start = out->len;
    if (rsp_put_escaped_some(out, bytes, n) < n) {
        rsp_out_back(out, start);
        out->cut = true;
    }
}

/* ---- the window ---- */

struct rsp_window
rsp_window_open(struct rsp_out *out, uint64_t offset, uint64_t length)
{
    uint64_t most = UINT64_MAX - offset;
    struct rsp_window w = {
        .out = out,
        .offset = offset,
        .end = offset + (length < most ? length : most),
        .mark = out->len,
    };
    rsp_put(out, 'l');
    w.full = out->cut;
    return w;
}

bool
rsp_window_done(const struct rsp_window *w)
{
    return w->full || w->pos > w->end;
}

void
rsp_window_text(struct rsp_window *w, const char *text)
{
    rsp_window_bytes(w, text, text_length(text));
}

void
rsp_window_hex(struct rsp_window *w, uint64_t v)
{
    uint8_t text[16];
    struct rsp_out digits = rsp_out_to(text, sizeof text);
    rsp_put_hex(&digits, v);
    rsp_window_bytes(w, text, digits.len);
}

void
rsp_window_dec(struct rsp_window *w, uint64_t v)
{
    char text[DEC_MAX];
    size_t n = dec_text(v, text);
    rsp_window_bytes(w, text + DEC_MAX - n, n);
}

void
rsp_window_close(struct rsp_window *w)
{
    if (rsp_window_done(w) && !w->out->cut) {
        w->out->buf[w->mark] = 'm';
    }
}

/* ---- reading ---- */

struct rsp_in
rsp_in_from(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    return (struct rsp_in){ .p = p, .end = n > 0 ? p + n : p };
}

uint64_t
rsp_spoil(struct rsp_in *in)
{
    in->bad = true;
    in->p = in->end;
    return 0;
}

size_t
rsp_left(const struct rsp_in *in)
{
    return (size_t)(in->end - in->p);
}

int
rsp_peek(const struct rsp_in *in)
{
    return rsp_left(in) > 0 ? *in->p : -1;
}

bool
rsp_take_end(const struct rsp_in *in)
{
    return !in->bad && rsp_left(in) == 0;
}

bool
rsp_take_if(struct rsp_in *in, char c)
{
    if (rsp_peek(in) != (uint8_t)c) {
        return false;
    }
    in->p++;
    return true;
}

void
rsp_take(struct rsp_in *in, char c)
{
    if (!rsp_take_if(in, c)) {
        rsp_spoil(in);
    }
}

bool
rsp_take_text_if(struct rsp_in *in, const char *text)
{
    struct rsp_in rest = *in;
    for (; *text != '\0'; text++) {
        if (!rsp_take_if(&rest, *text)) {
            return false;
        }
    }
    in->p = rest.p;
    return !in->bad;
}

bool
rsp_is(const struct rsp_in *in, const char *text)
{
    struct rsp_in rest = *in;
    return rsp_take_text_if(&rest, text) && rsp_take_end(&rest);
}

struct rsp_in
rsp_take_until(struct rsp_in *in, char stop)
{
    struct rsp_in part = *in;
    while (rsp_left(in) > 0 && *in->p != (uint8_t)stop) {
        in->p++;
    }
    part.end = in->p;
    return part;
}

struct rsp_in
rsp_take_rest(struct rsp_in *in)
{
    struct rsp_in rest = *in;
    in->p = in->end;
    return rest;
}

/* The value of the digit that stands here, -1 when there is none. */
static int
digit_here(const struct rsp_in *in)
{
    return rsp_digit(rsp_peek(in));
}

uint64_t
rsp_take_hex(struct rsp_in *in)
{
    const uint8_t *start = in->p;
    uint64_t v = 0, lost = 0;
    for (int digit; (digit = digit_here(in)) >= 0; in->p++) {
        lost |= v >> 60;
        v = v << 4 | (unsigned)digit;
    }
    return lost != 0 || in->p == start ? rsp_spoil(in) : v;
}

uint64_t
rsp_take_dec(struct rsp_in *in)
{
    const uint8_t *start = in->p;
    uint64_t v = 0;
    for (int digit; (digit = digit_here(in)) >= 0 && digit < 10; in->p++) {
        if (v > UINT64_MAX / 10 || (uint64_t)digit > UINT64_MAX - v * 10) {
            return rsp_spoil(in);
        }
        v = v * 10 + (unsigned)digit;
    }
    return in->p == start ? rsp_spoil(in) : v;
}

uint64_t
rsp_take_hex_wide(struct rsp_in *in, unsigned digits)
{
    uint64_t v = 0;
    for (; digits > 0; digits--, in->p++) {
        int digit = digit_here(in);
        if (digit < 0) {
            return rsp_spoil(in);
        }
        v = v << 4 | (unsigned)digit;
    }
    return v;
}

/* ---- threads ---- */

static int64_t
take_one_id(struct rsp_in *in)
{
    bool negative = rsp_take_if(in, '-');
    uint64_t v = rsp_take_hex(in);
    if (in->bad || v > INT64_MAX || (negative && v != 1)) {
        rsp_spoil(in);
        return 0;
    }
    return negative ? -1 : (int64_t)v;
}

struct rsp_id
rsp_take_id(struct rsp_in *in, int64_t pid)
{
    struct rsp_id id = { .pid = pid, .tid = -1 };
    bool alone = false;
    if (rsp_take_if(in, 'p')) {
        id.pid = take_one_id(in);
        alone = !rsp_take_if(in, '.');
    }
    if (!alone) {
        id.tid = take_one_id(in);
    }
    if (in->bad || (id.pid < 0 && id.tid > 0)) {
        rsp_spoil(in);
        return (struct rsp_id){ 0, 0 };
    }
    return id;
}

static void
put_one_id(struct rsp_out *out, int64_t id)
{
    if (id < 0) {
        rsp_put(out, '-');
    }
    rsp_put_hex(out, id < 0 ? 1 : (uint64_t)id);
}

/* Put whole or not at all, like every field. */
void
rsp_put_id(struct rsp_out *out, struct rsp_id id, bool multiprocess)
{
    size_t start = out->len;
    if (multiprocess) {
        rsp_put(out, 'p');
        put_one_id(out, id.pid);
        rsp_put(out, '.');
    }
    put_one_id(out, id.tid);
    if (out->cut) {
        out->len = start;
    }
}

/* ---- characters ---- */

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. The second byte is where
 * those show. */
size_t
rsp_utf8(const uint8_t *p, size_t n)
{
    if (n == 0 || p[0] < 0x80) {
        return n == 0 ? 0 : 1;
    }
    size_t length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (p[0] < 0xc2 || p[0] > 0xf4 || length > n) {
        return 0;
    }
    uint8_t least = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t most = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < least || p[1] > most) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}
