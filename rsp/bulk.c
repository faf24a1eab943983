/* bulk.c - digits and escapes for any machine. Inner loops have a fixed length and no
 * branches, which compilers turn into vector code where the machine has it. */
#include "rsp/bulk.h"

#include <string.h>

#include "rsp/bytes.h"

enum { BLOCK = 32 };

/* Sums of a block's bytes, each of a column of its own. */
struct lanes {
    uint8_t of[BLOCK];
};

static void
add_block(struct lanes *lanes, const uint8_t *block)
{
    for (size_t i = 0; i < BLOCK; i++)
        lanes->of[i] = (uint8_t)(lanes->of[i] + block[i]);
}

static uint8_t
fold(const struct lanes *lanes)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < BLOCK; i++)
        sum = (uint8_t)(sum + lanes->of[i]);
    return sum;
}

/* ---- hex ---- */

static uint8_t
digit_of(uint8_t v)
{
    return (uint8_t)(v + '0' + (v > 9 ? 'a' - '0' - 10 : 0));
}

/* All bytes of a block are loaded before its first digit is stored. */
static void
put_hex_block(uint8_t *place, const uint8_t *from, struct lanes *lanes)
{
    uint8_t bytes[BLOCK], digits[2 * BLOCK];

    memcpy(bytes, from, sizeof(bytes));
    for (size_t i = 0; i < BLOCK; i++) {
        digits[2 * i] = digit_of(bytes[i] >> 4);
        digits[2 * i + 1] = digit_of(bytes[i] & 15);
    }
    add_block(lanes, digits);
    add_block(lanes, digits + BLOCK);
    memcpy(place, digits, sizeof(digits));
}

/* In place: a block of B bytes from i on, with i + B <= n, is loaded before its digits land on
 * to + 2i .. to + 2i + 2B - 1; the first byte not loaded yet is at to + n + i + B or further
 * right, and 2i + 2B - 1 < n + i + B, which is i + B - 1 < n. For one byte likewise: 2i + 1 < n +
 * i + 1, which is i < n. */
static uint8_t
hex(uint8_t *to, const uint8_t *from, size_t n)
{
    struct lanes lanes = { { 0 } };
    uint8_t sum = 0;
    size_t i = 0;

    for (; n - i >= BLOCK; i += BLOCK)
        put_hex_block(to + 2 * i, from + i, &lanes);
    for (; i < n; i++) {
        uint8_t v = from[i], high = digit_of(v >> 4), low = digit_of(v & 15);

        to[2 * i] = high;
        to[2 * i + 1] = low;
        sum = (uint8_t)(sum + high + low);
    }
    return (uint8_t)(sum + fold(&lanes));
}

/* ---- and back ---- */

/* The bytes of the digits of a block. True when something in it is no digit. */
static bool
take_pairs(uint8_t *bytes, const uint8_t *digits)
{
    uint8_t text[BLOCK], wrong[BLOCK], pairs[BLOCK / 2];
    uint64_t any = 0;

    memcpy(text, digits, sizeof(text)); /* nothing else is in the loops' way then */
    for (size_t i = 0; i < BLOCK; i++) {
        uint8_t decimal = (uint8_t)(text[i] - '0'), letter = (uint8_t)((text[i] | 32) - 'a');

        wrong[i] = (uint8_t)((decimal > 9) & (letter > 5));
    }
    for (size_t i = 0; i < BLOCK; i++) /* 'A' and 'a' are 1 in their rows of ASCII */
        text[i] = (uint8_t)((text[i] & 15) + (text[i] >> 6) * 9);
    for (size_t i = 0; i < BLOCK / 2; i++)
        pairs[i] = (uint8_t)(text[2 * i] << 4 | text[2 * i + 1]);
    for (size_t i = 0; i < BLOCK; i += WORD)
        any |= word_get(wrong + i);
    memcpy(bytes, pairs, sizeof(pairs));
    return any != 0;
}

/* In place, byte i lands on digit i, which is not right of digit 2i; all that a block needs is
 * read before, and where it is wrong its digits are still needed. */
static size_t
unhex(uint8_t *to, const uint8_t *digits, size_t n)
{
    uint8_t bytes[BLOCK / 2];
    size_t i = 0;

    for (; n - i >= BLOCK / 2 && !take_pairs(bytes, digits + 2 * i); i += BLOCK / 2)
        memcpy(to + i, bytes, sizeof(bytes));
    for (; i < n; i++) {
        int high = rsp_digit(digits[2 * i]), low = rsp_digit(digits[2 * i + 1]);

        if (high < 0 || low < 0)
            break;
        to[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
    }
    return i;
}

/* ---- what may not stand as it is ---- */

enum { MARKS = 16 };

/* Where the first special byte of a block of MARKS is; MARKS when there is none. */
static size_t
first_special(const uint8_t *block, uint8_t star)
{
    uint8_t marks[MARKS];
    size_t at = 0;

    for (size_t i = 0; i < MARKS; i++)
        marks[i] = (uint8_t)((block[i] == '#') | (block[i] == '$') | (block[i] == '}') |
                             (block[i] == star));
    while (at < MARKS && word_get(marks + at) == 0)
        at += WORD;
    if (at < MARKS)
        at += (size_t)__builtin_ctzll(word_get(marks + at)) / 8;
    return at;
}

static size_t
specials(const uint8_t *from, size_t n)
{
    size_t count = 0, i = 0;

    for (; n - i >= BLOCK; i += BLOCK) {
        uint8_t marks[BLOCK], in_block = 0;

        for (size_t k = 0; k < BLOCK; k++) {
            uint8_t c = from[i + k];

            marks[k] = (uint8_t)((c == '#') | (c == '$') | (c == '}') | (c == '*'));
        }
        for (size_t k = 0; k < BLOCK; k++)
            in_block = (uint8_t)(in_block + marks[k]);
        count += in_block;
    }
    for (; i < n; i++)
        count += is_special(from[i], '*');
    return count;
}

/* A block is copied whole, also what follows its first special byte and is written again: it is
 * not longer than what is left to write, and only where the writer is a whole block behind the
 * reader (or elsewhere), so nothing unread is hit. */
static size_t
escape(uint8_t *to, const uint8_t *from, size_t n, uint8_t *sum)
{
    uint8_t *start = to;
    size_t i = 0;

    while (n - i >= MARKS && (uintptr_t)(from + i) - (uintptr_t)to >= MARKS) {
        size_t plain = first_special(from + i, '*');

        memcpy(to, from + i, MARKS);
        to += plain;
        i += plain;
        if (plain < MARKS) {
            *to++ = '}';
            *to++ = from[i++] ^ 0x20;
        }
    }
    for (; i < n; i++) {
        uint8_t c = from[i];

        if (is_special(c, '*')) {
            *to++ = '}';
            c ^= 0x20;
        }
        *to++ = c;
    }
    *sum = (uint8_t)(*sum + rsp_sum(start, (size_t)(to - start)));
    return (size_t)(to - start);
}

static bool
has_special(const uint8_t *block, uint8_t star)
{
    uint8_t marks[BLOCK];
    uint64_t any = 0;

    for (size_t i = 0; i < BLOCK; i++)
        marks[i] = (uint8_t)((block[i] == '#') | (block[i] == '$') | (block[i] == '}') |
                             (block[i] == star));
    for (size_t i = 0; i < BLOCK; i += WORD)
        any |= word_get(marks + i);
    return any != 0;
}

/* Whole blocks without a special byte. */
static size_t
copy_blocks(uint8_t *to, const uint8_t *from, size_t n, uint8_t star, uint8_t *sum)
{
    struct lanes lanes = { { 0 } };
    size_t i = 0;

    for (; n - i >= BLOCK && !has_special(from + i, star); i += BLOCK) {
        add_block(&lanes, from + i);
        memcpy(to + i, from + i, BLOCK);
    }
    *sum = (uint8_t)(*sum + fold(&lanes));
    return i;
}

static size_t
copy(uint8_t *to, const uint8_t *from, size_t n, uint8_t star, uint8_t *sum)
{
    size_t i = n < BLOCK ? 0 : copy_blocks(to, from, n, star, sum);
    uint8_t rest = *sum;

    for (; i < n && !is_special(from[i], star); i++) {
        to[i] = from[i];
        rest = (uint8_t)(rest + from[i]);
    }
    *sum = rest;
    return i;
}

static size_t
unescape(uint8_t *to, const uint8_t *from, size_t n, size_t *taken, uint8_t *sum)
{
    uint8_t *start = to;
    size_t i = 0;

    for (;;) {
        size_t run = copy(to, from + i, n - i, '#', sum);

        to += run;
        i += run;
        if (n - i < 2 || from[i] != '}' || from[i + 1] == '#' || from[i + 1] == '$')
            break;
        *sum = (uint8_t)(*sum + '}' + from[i + 1]);
        *to++ = from[i + 1] ^ 0x20;
        i += 2;
    }
    *taken = i;
    return (size_t)(to - start);
}

const struct rsp_bulk rsp_bulk_portable = { hex, unhex, specials, escape, copy, unescape };
