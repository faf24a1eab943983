/* json.c - JSON for lldb's j packets: a writer, and a reader of values by their place (RFC 8259;
 * LLDB's docs/resources/lldbgdbremote.md). */
#include <string.h>

#include "rsp/bytes.h"
#include "rsp/rsp.h"

/* ---- writing ---- */

struct rsp_json
rsp_json_to(struct rsp_out *out)
{
    return (struct rsp_json){ .out = out };
}

static void
put(struct rsp_json *j, const void *bytes, size_t n)
{
    if (j->plain) {
        rsp_put_bytes(j->out, bytes, n);
    } else {
        rsp_put_escaped(j->out, bytes, n);
    }
}

static void
put_text(struct rsp_json *j, const char *text)
{
    put(j, text, text_length(text));
}

/* Separates what comes from what stands before it. */
static void
separate(struct rsp_json *j)
{
    if (j->comma) {
        rsp_put(j->out, ',');
    }
    j->comma = true;
}

void
rsp_json_open(struct rsp_json *j, char bracket)
{
    separate(j);
    put(j, &bracket, 1);
    j->comma = false;
}

void
rsp_json_close(struct rsp_json *j, char bracket)
{
    put(j, &bracket, 1);
    j->comma = true;
}

/* How many bytes of a string stand as they are, from its start. */
static size_t
plain_length(const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (i < n && p[i] >= ' ' && p[i] != 0x7f && p[i] != '"' && p[i] != '\\') {
        size_t length = rsp_utf8(p + i, n - i);
        if (length == 0) {
            break;
        }
        i += length;
    }
    return i;
}

static void
put_escape(struct rsp_json *j, uint8_t c)
{
    if (c == '"' || c == '\\') {
        rsp_put(j->out, '\\');
        rsp_put(j->out, (char)c);
    } else {
        rsp_put_text(j->out, "\\u00");
        rsp_put_hex_wide(j->out, c, 2);
    }
}

static void
put_string(struct rsp_json *j, const char *text, size_t n)
{
    const uint8_t *p = (const uint8_t *)text;
    rsp_put(j->out, '"');
    for (size_t i = 0; i < n;) {
        size_t plain = plain_length(p + i, n - i);
        if (plain > 0) {
            put(j, p + i, plain);
            i += plain;
        } else {
            put_escape(j, p[i++]);
        }
    }
    rsp_put(j->out, '"');
}

void
rsp_json_key(struct rsp_json *j, const char *key)
{
    separate(j);
    put_string(j, key, text_length(key));
    rsp_put(j->out, ':');
    j->comma = false;
}

void
rsp_json_text_n(struct rsp_json *j, const char *text, size_t n)
{
    separate(j);
    put_string(j, text, n);
}

void
rsp_json_text(struct rsp_json *j, const char *text)
{
    rsp_json_text_n(j, text, text_length(text));
}

void
rsp_json_dec(struct rsp_json *j, uint64_t v)
{
    separate(j);
    rsp_put_dec(j->out, v);
}

void
rsp_json_bool(struct rsp_json *j, bool v)
{
    separate(j);
    put_text(j, v ? "true" : "false");
}

void
rsp_json_hex_bytes(struct rsp_json *j, const void *bytes, size_t n)
{
    separate(j);
    rsp_put(j->out, '"');
    rsp_put_hex_bytes(j->out, bytes, n);
    rsp_put(j->out, '"');
}

/* ---- reading ---- */

static void
skip_blanks(struct rsp_in *in)
{
    while (rsp_take_if(in, ' ') || rsp_take_if(in, '\t') || rsp_take_if(in, '\n') ||
           rsp_take_if(in, '\r')) {
    }
}

/* What take_character says where there is none. */
enum { STRING_END = -1, STRING_BAD = -2 };

static int
put_utf8(uint32_t c, uint8_t to[4])
{
    if (c < 0x80) {
        to[0] = (uint8_t)c;
        return 1;
    }
    int length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (int i = length - 1; i > 0; i--, c >>= 6) {
        to[i] = (uint8_t)(0x80 | (c & 0x3f));
    }
    to[0] = (uint8_t)(0xf00u >> length | c);
    return length;
}

/* Takes the digits of a \u, and of the second half of a pair of surrogates. */
static int
take_unicode(struct rsp_in *in, uint8_t to[4])
{
    uint32_t c = (uint32_t)rsp_take_hex_wide(in, 4);
    if (c >= 0xd800 && c < 0xdc00 && rsp_take_text_if(in, "\\u")) {
        uint32_t low = (uint32_t)rsp_take_hex_wide(in, 4);
        if (low < 0xdc00 || low > 0xdfff) {
            return STRING_BAD;
        }
        return put_utf8(0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00), to);
    }
    return in->bad || (c >= 0xd800 && c <= 0xdfff) ? STRING_BAD : put_utf8(c, to);
}

static int
take_escape(struct rsp_in *in, uint8_t to[4])
{
    static const char escapes[8] = { '"', '\\', '/', 'b', 'f', 'n', 'r', 't' };
    static const char meanings[8] = { '"', '\\', '/', '\b', '\f', '\n', '\r', '\t' };
    for (size_t i = 0; i < sizeof escapes; i++) {
        if (rsp_take_if(in, escapes[i])) {
            to[0] = (uint8_t)meanings[i];
            return 1;
        }
    }
    return rsp_take_if(in, 'u') ? take_unicode(in, to) : STRING_BAD;
}

/* Takes one character of a string behind its opening quote and stores its bytes; returns how
 * many (1..4), STRING_END behind the closing quote, or STRING_BAD. Bytes above 0x7f pass as
 * they are. */
static int
take_character(struct rsp_in *in, uint8_t to[4])
{
    int c = rsp_peek(in);
    if (c < ' ') {
        return STRING_BAD;
    }
    in->p++;
    if (c == '"') {
        return STRING_END;
    }
    if (c == '\\') {
        return take_escape(in, to);
    }
    to[0] = (uint8_t)c;
    return 1;
}

/* Takes a string, keeps up to cap bytes of it in buf and returns its whole length, or -1. */
static ptrdiff_t
take_string(struct rsp_in *in, char *buf, size_t cap)
{
    size_t length = 0;
    uint8_t bytes[4];
    int n = rsp_take_if(in, '"') ? 0 : STRING_BAD;
    while (n >= 0) {
        n = take_character(in, bytes);
        for (int i = 0; i < n; i++, length++) {
            if (length < cap) {
                buf[length] = (char)bytes[i];
            }
        }
    }
    return n == STRING_END ? (ptrdiff_t)length : -1;
}

/* Takes the colon behind a key, with the blanks around it. */
static bool
take_colon(struct rsp_in *in)
{
    skip_blanks(in);
    bool taken = rsp_take_if(in, ':');
    skip_blanks(in);
    return taken;
}

static bool
skip_key(struct rsp_in *in)
{
    skip_blanks(in);
    return take_string(in, NULL, 0) >= 0 && take_colon(in);
}

/* Takes a key and its colon, and says whether it is the one that is sought. */
static bool
take_key(struct rsp_in *in, const char *key, bool *same)
{
    size_t left = text_length(key);
    uint8_t bytes[4];
    int n = 0;
    skip_blanks(in);
    bool whole = rsp_take_if(in, '"');
    for (*same = true; whole && (n = take_character(in, bytes)) > 0;) {
        size_t length = (size_t)n;
        *same = *same && length <= left && memcmp(key, bytes, length) == 0;
        if (*same) {
            key += length;
            left -= length;
        }
    }
    *same = *same && left == 0;
    return whole && n == STRING_END && take_colon(in);
}

static bool
skip_digits(struct rsp_in *in)
{
    const uint8_t *start = in->p;
    while (rsp_left(in) > 0 && *in->p >= '0' && *in->p <= '9') {
        in->p++;
    }
    return in->p > start;
}

static bool
skip_number(struct rsp_in *in)
{
    rsp_take_if(in, '-');
    if (!rsp_take_if(in, '0') && !skip_digits(in)) {
        return false;
    }
    if (rsp_take_if(in, '.') && !skip_digits(in)) {
        return false;
    }
    if (rsp_take_if(in, 'e') || rsp_take_if(in, 'E')) {
        if (!rsp_take_if(in, '+')) {
            rsp_take_if(in, '-');
        }
        return skip_digits(in);
    }
    return true;
}

static bool
skip_scalar(struct rsp_in *in)
{
    if (rsp_peek(in) == '"') {
        return take_string(in, NULL, 0) >= 0;
    }
    return rsp_take_text_if(in, "true") || rsp_take_text_if(in, "false") ||
           rsp_take_text_if(in, "null") || skip_number(in);
}

/* The brackets around a place. The lowest bit of objects is set when the innermost is a '{'. */
struct nest {
    uint32_t objects;
    unsigned depth;
};

/* Behind a value: takes the brackets that close here, up to a comma and, in an object, the key
 * behind it. False when none of these stands here. */
static bool
leave(struct rsp_in *in, struct nest *nest)
{
    while (nest->depth > 0) {
        bool object = (nest->objects & 1) != 0;
        skip_blanks(in);
        if (rsp_take_if(in, ',')) {
            return !object || skip_key(in);
        }
        if (!rsp_take_if(in, object ? '}' : ']')) {
            return false;
        }
        nest->objects >>= 1;
        nest->depth--;
    }
    return true;
}

/* Skips one value, well-formed all through, in a single pass. */
static bool
skip_value(struct rsp_in *in)
{
    struct nest nest = { 0, 0 };
    do {
        skip_blanks(in);
        bool object = rsp_take_if(in, '{');
        if (object || rsp_take_if(in, '[')) {
            if (nest.depth++ == RSP_JSON_DEPTH) {
                return false;
            }
            nest.objects = nest.objects << 1 | object;
            skip_blanks(in);
            if (rsp_peek(in) != (object ? '}' : ']')) {
                if (object && !skip_key(in)) {
                    return false;
                }
                continue;
            }
        } else if (!skip_scalar(in)) {
            return false;
        }
        if (!leave(in, &nest)) {
            return false;
        }
    } while (nest.depth > 0);
    return true;
}

/* Takes a value and makes a cursor over its text. */
static bool
take_value(struct rsp_in *in, struct rsp_in *value)
{
    skip_blanks(in);
    value->p = in->p;
    value->bad = false;
    bool taken = skip_value(in);
    value->end = in->p;
    skip_blanks(in);
    return taken;
}

bool
rsp_json_get(struct rsp_in json, const char *key, struct rsp_in *value)
{
    bool same;
    skip_blanks(&json);
    if (!rsp_take_if(&json, '{')) {
        return false;
    }
    while (take_key(&json, key, &same) && take_value(&json, value)) {
        if (same) {
            return rsp_peek(&json) == ',' || rsp_peek(&json) == '}';
        }
        if (!rsp_take_if(&json, ',')) {
            return false;
        }
    }
    return false;
}

/* iter stands at '[' before the first element, then at the ',' or ']' behind the last one
 * given. */
bool
rsp_json_next(struct rsp_in *iter, struct rsp_in *value)
{
    skip_blanks(iter);
    bool first = rsp_take_if(iter, '[');
    skip_blanks(iter);
    if (rsp_peek(iter) == ']') {
        return false;
    }
    bool well = (first || rsp_take_if(iter, ',')) && take_value(iter, value) &&
                (rsp_peek(iter) == ',' || rsp_peek(iter) == ']');
    if (!well) {
        iter->p = iter->end;
        iter->bad = true;
    }
    return well;
}

bool
rsp_json_get_dec(struct rsp_in value, uint64_t *v)
{
    skip_blanks(&value);
    *v = rsp_take_dec(&value);
    skip_blanks(&value);
    return rsp_take_end(&value);
}

ptrdiff_t
rsp_json_get_text(struct rsp_in value, char *buf, size_t cap)
{
    skip_blanks(&value);
    ptrdiff_t length = take_string(&value, buf, cap);
    skip_blanks(&value);
    return rsp_take_end(&value) && (length < 0 || (size_t)length <= cap) ? length : -1;
}
