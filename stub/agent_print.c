/* agent_print.c - printf for agent expressions (GDB manual, "Bytecode Descriptions", printf). */
#include "stub/agent_print.h"

struct conversion {
    bool left, zero, plus, space, alternate;
    bool has_precision;
    unsigned width, precision;
    unsigned bits; /* of an integer argument */
    char letter;
};

enum { WIDTH_MAX = 256, PIECE = 64 };

/* Output is work too: it takes steps, so that a loop around a printf ends soon. */
static bool
put(struct stub_agent *a, const char *text, size_t n)
{
    size_t cost = n / 8;

    if (cost > a->steps)
        return false;
    a->steps -= (unsigned)cost;
    if (n > 0)
        a->print(a->context, text, n);
    return true;
}

static bool
put_many(struct stub_agent *a, char c, size_t n)
{
    char text[PIECE];

    for (size_t i = 0; i < PIECE; i++)
        text[i] = c;
    for (; n > PIECE; n -= PIECE)
        if (!put(a, text, PIECE))
            return false;
    return put(a, text, n);
}

/* ---- plain text, and escapes as in C source ---- */

/* Up to three octal digits; the first stands at in. */
static char
take_octal(struct rsp_in *in)
{
    unsigned value = 0;

    for (unsigned i = 0; i < 3 && rsp_left(in) > 0 && *in->p >= '0' && *in->p <= '7'; i++)
        value = value * 8 + (unsigned)(*in->p++ - '0');
    return (char)(uint8_t)value;
}

static char
take_escape(struct rsp_in *in)
{
    static const char names[] = "abefnrtv", values[] = "\a\b\033\f\n\r\t\v";
    char c;

    if (rsp_left(in) == 0)
        return '\\';
    if (*in->p >= '0' && *in->p <= '7')
        return take_octal(in);
    c = (char)*in->p++;
    for (unsigned i = 0; names[i] != '\0'; i++)
        if (names[i] == c)
            return values[i];
    return c;
}

/* Everything up to the next conversion. */
static bool
put_plain(struct stub_agent *a, struct rsp_in *in)
{
    char text[PIECE];
    size_t n = 0;

    while (rsp_left(in) > 0 && *in->p != '%') {
        char c = (char)*in->p++;

        text[n++] = c == '\\' ? take_escape(in) : c;
        if (n == PIECE && !put(a, text, n))
            return false;
        n %= PIECE;
    }
    return put(a, text, n);
}

/* ---- a conversion's words ---- */

static unsigned
take_number(struct rsp_in *in)
{
    unsigned n = 0;

    for (; rsp_left(in) > 0 && *in->p >= '0' && *in->p <= '9'; in->p++)
        n = n < WIDTH_MAX ? n * 10 + (unsigned)(*in->p - '0') : n;
    return n < WIDTH_MAX ? n : WIDTH_MAX;
}

static void
take_flags(struct rsp_in *in, struct conversion *c)
{
    for (; rsp_left(in) > 0; in->p++) {
        switch (*in->p) {
        case '-':
            c->left = true;
            break;
        case '0':
            c->zero = true;
            break;
        case '+':
            c->plus = true;
            break;
        case ' ':
            c->space = true;
            break;
        case '#':
            c->alternate = true;
            break;
        default:
            return;
        }
    }
}

static unsigned
take_bits(struct rsp_in *in)
{
    if (rsp_take_if(in, 'h'))
        return rsp_take_if(in, 'h') ? 8 : 16;
    if (rsp_take_if(in, 'l')) {
        rsp_take_if(in, 'l');
        return 64;
    }
    return rsp_take_if(in, 'z') || rsp_take_if(in, 'j') || rsp_take_if(in, 't') ? 64 : 32;
}

/* What stands behind a '%'. */
static bool
take_conversion(struct rsp_in *in, struct conversion *c)
{
    *c = (struct conversion){ 0 };
    take_flags(in, c);
    c->width = take_number(in);
    c->has_precision = rsp_take_if(in, '.');
    if (c->has_precision)
        c->precision = take_number(in);
    c->bits = take_bits(in);
    if (rsp_left(in) == 0)
        return false;
    c->letter = (char)*in->p++;
    return true;
}

/* ---- arguments ---- */

/* Text with blanks before or behind it. */
static bool
put_field(struct stub_agent *a, const struct conversion *c, const char *text, size_t n)
{
    size_t blanks = c->width > n ? c->width - n : 0;

    return (c->left || put_many(a, ' ', blanks)) && put(a, text, n) &&
           (!c->left || put_many(a, ' ', blanks));
}

/* Digits to the end of a buffer that ends at `end`; returns where they begin. */
static char *
digits_of(uint64_t v, unsigned base, bool upper, char *end)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

    for (; v != 0; v /= base)
        *--end = digits[v % base];
    return end;
}

static bool
is_in(char letter, const char *letters)
{
    while (*letters != '\0' && *letters != letter)
        letters++;
    return *letters != '\0';
}

/* What stands before the digits: a sign, or 0x. */
static size_t
prefix_of(const struct conversion *c, uint64_t v, bool negative, char *to)
{
    size_t n = 0;

    if (negative)
        to[n++] = '-';
    else if (is_in(c->letter, "di") && (c->plus || c->space))
        to[n++] = c->plus ? '+' : ' ';
    if (c->letter == 'p' || (c->alternate && v != 0 && is_in(c->letter, "xX"))) {
        to[n++] = '0';
        to[n++] = c->letter == 'X' ? 'X' : 'x';
    } else if (c->alternate && c->letter == 'o') {
        to[n++] = '0';
    }
    return n;
}

static uint64_t
cut_to(uint64_t v, unsigned bits)
{
    return bits >= 64 ? v : v & ((UINT64_C(1) << bits) - 1);
}

static bool
put_integer(struct stub_agent *a, const struct conversion *c, uint64_t arg)
{
    unsigned bits = c->letter == 'p' ? 64 : c->bits;
    unsigned base = is_in(c->letter, "xXp") ? 16 : c->letter == 'o' ? 8 : 10;
    uint64_t v = cut_to(arg, bits);
    bool negative = is_in(c->letter, "di") && (v >> (bits - 1) & 1) != 0;
    char room[PIECE], prefix[4];
    char *end = room + PIECE,
         *digits = digits_of(negative ? cut_to(0 - v, bits) : v, base, c->letter == 'X', end);
    size_t n = (size_t)(end - digits), before = prefix_of(c, v, negative, prefix);
    size_t least = c->has_precision ? c->precision : 1, blanks;

    if (!c->has_precision && c->zero && !c->left && c->width > before)
        least = c->width - before;
    least = least > n ? least : n;
    blanks = c->width > before + least ? c->width - before - least : 0;
    return (c->left || put_many(a, ' ', blanks)) && put(a, prefix, before) &&
           put_many(a, '0', least - n) && put(a, digits, n) &&
           (!c->left || put_many(a, ' ', blanks));
}

static bool
put_character(struct stub_agent *a, const struct conversion *c, uint64_t arg)
{
    char text = (char)(uint8_t)arg;

    return put_field(a, c, &text, 1);
}

/* Length of the target's text, up to its NUL or `most` bytes; false when it cannot be read. */
static bool
measure(struct stub_agent *a, uint64_t address, size_t most, size_t *length)
{
    uint8_t bytes[PIECE];

    for (*length = 0; *length < most;) {
        size_t want = most - *length < PIECE ? most - *length : PIECE, i = 0;
        size_t got = arch_read(&a->memory, address + *length, bytes, want);

        if (got == ARCH_LATER)
            return false;
        while (i < got && bytes[i] != '\0')
            i++;
        *length += i;
        if (i < got)
            return true;
        if (got < want)
            return false;
    }
    return true;
}

static bool
put_string(struct stub_agent *a, const struct conversion *c, uint64_t address)
{
    size_t most = c->has_precision ? c->precision : STUB_AGENT_TEXT, length;
    char text[PIECE];
    size_t blanks;

    if (!measure(a, address, most, &length))
        return false;
    blanks = c->width > length ? c->width - length : 0;
    if (!c->left && !put_many(a, ' ', blanks))
        return false;
    for (size_t done = 0; done < length;) {
        size_t n = length - done < PIECE ? length - done : PIECE;

        if (arch_read(&a->memory, address + done, text, n) != n || !put(a, text, n))
            return false;
        done += n;
    }
    return !c->left || put_many(a, ' ', blanks);
}

static bool
put_argument(struct stub_agent *a, const struct conversion *c, uint64_t arg)
{
    if (is_in(c->letter, "diuoxXp"))
        return put_integer(a, c, arg);
    if (c->letter == 'c')
        return put_character(a, c, arg);
    return c->letter == 's' && put_string(a, c, arg);
}

bool
stub_agent_print(struct stub_agent *a, struct rsp_in format, const uint64_t *args, unsigned count)
{
    struct conversion c;
    unsigned used = 0;

    if (a->print == NULL)
        return false;
    while (rsp_left(&format) > 0) {
        if (!put_plain(a, &format))
            return false;
        if (rsp_left(&format) == 0)
            return true;
        format.p++;
        if (!take_conversion(&format, &c))
            return false;
        if (c.letter == '%') {
            if (!put(a, "%", 1))
                return false;
            continue;
        }
        if (used == count || !put_argument(a, &c, *(args - used++)))
            return false;
    }
    return true;
}
