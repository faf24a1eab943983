/* test_bulk.c - the loops over long stretches, the portable ones and those that this processor
 * gets, against one byte at a time; bytes end flush with memory. */
#include <check.h>
#include <string.h>

#include "rsp/bulk.h"
#include "tests/flush.h"
#include "tests/suites.h"

enum { MOST = 700, ROUNDS = 3 };

static const struct rsp_bulk *
bulk_of(int which)
{
    return which == 0 ? &rsp_bulk_portable : rsp_bulk();
}

static uint32_t seed = 1;

static uint8_t
any(void)
{
    seed = seed * 1664525 + 1013904223;
    return (uint8_t)(seed >> 23);
}

/* Round 0: hardly anything special; 1: one byte in eight; 2: every second. */
static void
fill(uint8_t *bytes, size_t n, int round)
{
    static const char special[] = "#$}*";
    static const uint8_t often[ROUNDS] = { 0, 8, 2 };

    for (size_t i = 0; i < n; i++)
        bytes[i] =
            often[round] != 0 && any() % often[round] == 0 ? (uint8_t)special[any() % 4] : any();
}

static bool
is_special(uint8_t c, uint8_t star)
{
    return c == '#' || c == '$' || c == '}' || c == star;
}

static uint8_t
digit(unsigned v)
{
    return (uint8_t) "0123456789abcdef"[v & 15];
}

START_TEST(hex_there_and_back_is_the_same_and_its_sum_right)
{
    const struct rsp_bulk *bulk = bulk_of(_i);
    uint8_t bytes[MOST];

    fill(bytes, sizeof(bytes), 0);
    for (size_t n = 0; n <= MOST; n++) {
        uint8_t *to = flush_copy(NULL, 2 * n), sum = 0;

        memcpy(to + n, bytes, n); /* in place: the last n */
        sum = bulk->hex(to, to + n, n);
        for (size_t i = 0; i < n; i++) {
            ck_assert_uint_eq(to[2 * i], digit(bytes[i] >> 4));
            ck_assert_uint_eq(to[2 * i + 1], digit(bytes[i]));
        }
        ck_assert_uint_eq(sum, rsp_sum(to, 2 * n));
        for (size_t i = 0; i < 2 * n; i += 3)
            to[i] = (uint8_t)(to[i] >= 'a' ? to[i] - 32 : to[i]);
        ck_assert_uint_eq(bulk->unhex(to, to, n), n);
        ck_assert(memcmp(to, bytes, n) == 0);
        flush_free(to, 2 * n);
    }
}
END_TEST

START_TEST(every_byte_that_is_no_digit_ends_a_stretch)
{
    const struct rsp_bulk *bulk = bulk_of(_i);
    uint8_t text[2 * 64], bytes[64];

    for (unsigned c = 0; c < 256; c++) {
        for (size_t at = 0; at < sizeof(text); at += 1 + c % 7) {
            memset(text, 'b', sizeof(text));
            text[at] = (uint8_t)c;
            ck_assert_uint_eq(bulk->unhex(bytes, text, 64),
                              rsp_digit((uint8_t)c) < 0 ? at / 2 : 64);
        }
    }
}
END_TEST

static size_t
escape_slowly(uint8_t *to, const uint8_t *from, size_t n)
{
    size_t size = 0;

    for (size_t i = 0; i < n; i++) {
        bool special = is_special(from[i], '*');

        if (special)
            to[size++] = '}';
        to[size++] = special ? from[i] ^ 0x20 : from[i];
    }
    return size;
}

/* In the smallest room that holds the result, with the bytes at its end, and from elsewhere. */
START_TEST(escapes_in_place_and_from_elsewhere_alike)
{
    const struct rsp_bulk *bulk = bulk_of(_i);
    uint8_t bytes[MOST], want[2 * MOST];

    for (size_t n = 0; n <= MOST; n++) {
        fill(bytes, n, (int)(n % ROUNDS));
        size_t size = escape_slowly(want, bytes, n);
        uint8_t *from = flush_copy(bytes, n);

        ck_assert_uint_eq(bulk->specials(from, n), size - n);
        for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
            uint8_t *to = flush_copy(NULL, size), sum = 7;

            memcpy(to + size - n, bytes, n);
            ck_assert_uint_eq(bulk->escape(to, elsewhere != 0 ? from : to + size - n, n, &sum),
                              size);
            ck_assert(memcmp(to, want, size) == 0);
            ck_assert_uint_eq(sum, (7 + rsp_sum(want, size)) & 0xff);
            flush_free(to, size);
        }
        flush_free(from, n);
    }
}
END_TEST

/* With and without runs, which make '*' special. */
START_TEST(copies_up_to_the_first_special_byte)
{
    const struct rsp_bulk *bulk = bulk_of(_i);
    uint8_t bytes[MOST];

    for (size_t n = 0; n <= MOST; n++) {
        for (int round = 0; round < 2 * ROUNDS; round++) {
            uint8_t star = round % 2 == 0 ? '#' : '*', sum = 9;
            size_t run = 0, whole = n / 2;

            fill(bytes, n, round / 2);
            memset(bytes, 'x', round < 4 ? whole : 0); /* so that there are long runs too */
            while (run < n && !is_special(bytes[run], star))
                run++;
            uint8_t *from = flush_copy(bytes, n), *to = flush_copy(NULL, n);
            ck_assert_uint_eq(bulk->copy(to, from, n, star, &sum), run);
            ck_assert(memcmp(to, bytes, run) == 0);
            ck_assert_uint_eq(sum, (9 + rsp_sum(bytes, run)) & 0xff);
            flush_free(from, n);
            flush_free(to, n);
        }
    }
}
END_TEST

/* As one byte at a time does it; the sum is that of what was taken. */
static size_t
unescape_slowly(uint8_t *to, const uint8_t *from, size_t n, size_t *taken)
{
    size_t i = 0, size = 0;

    while (i < n && from[i] != '#' && from[i] != '$') {
        bool escape = from[i] == '}';

        if (escape && (n - i < 2 || from[i + 1] == '#' || from[i + 1] == '$'))
            break;
        to[size++] = escape ? from[i + 1] ^ 0x20 : from[i];
        i += escape ? 2 : 1;
    }
    *taken = i;
    return size;
}

START_TEST(escapes_are_undone_up_to_what_ends_a_frame)
{
    const struct rsp_bulk *bulk = bulk_of(_i);
    uint8_t bytes[2 * MOST] = { 0 }, want[2 * MOST];

    for (size_t n = 0; n <= 2 * MOST; n += 1 + n / 32) {
        for (int round = 0; round < 2 * ROUNDS; round++) {
            uint8_t plain[MOST], sum = 9;
            size_t size, due, taken;

            fill(plain, sizeof(plain), round / 2);
            if (round % 2 == 0) { /* a whole reply, cut somewhere */
                escape_slowly(bytes, plain, sizeof(plain));
            } else {
                fill(bytes, n, round / 2);
            }
            size = unescape_slowly(want, bytes, n, &due);
            uint8_t *from = flush_copy(bytes, n), *to = flush_copy(NULL, n);
            ck_assert_uint_eq(bulk->unescape(to, from, n, &taken, &sum), size);
            ck_assert_uint_eq(taken, due);
            ck_assert(memcmp(to, want, size) == 0);
            ck_assert_uint_eq(sum, (9 + rsp_sum(bytes, due)) & 0xff);
            flush_free(from, n);
            flush_free(to, n);
        }
    }
}
END_TEST

/* A sum that is known from the writing counts only for what was written last. */
START_TEST(a_frame_closes_with_the_right_sum_whatever_came_after_a_long_stretch)
{
    static const char *const ends[] = { "", "x", "#" };
    uint8_t bytes[200], frame[600], want[4];

    fill(bytes, sizeof(bytes), 1);
    for (size_t end = 0; end < 3; end++) {
        for (int back = 0; back < 2; back++) {
            struct rsp_out out = rsp_out_to(frame + 1, sizeof(frame) - RSP_FRAME_EXTRA), sum;

            rsp_put(&out, 'b');
            rsp_put_escaped(&out, bytes, sizeof(bytes));
            if (back != 0)
                out.len -= 10;
            rsp_put_text(&out, ends[end]);
            ck_assert_uint_eq(rsp_frame_close_out(frame, &out, '$'), out.len + RSP_FRAME_EXTRA);
            sum = rsp_out_to(want, 2);
            rsp_put_hex_wide(&sum, rsp_sum(frame + 1, out.len), 2);
            ck_assert_mem_eq(frame + out.len + 2, want, 2);
        }
    }
}
END_TEST

Suite *
bulk_suite(void)
{
    Suite *s = suite_create("bulk");
    TCase *tc = tcase_create("bulk");

    tcase_set_timeout(tc, 60);

    tcase_add_loop_test(tc, hex_there_and_back_is_the_same_and_its_sum_right, 0, 2);
    tcase_add_loop_test(tc, every_byte_that_is_no_digit_ends_a_stretch, 0, 2);
    tcase_add_loop_test(tc, escapes_in_place_and_from_elsewhere_alike, 0, 2);
    tcase_add_loop_test(tc, copies_up_to_the_first_special_byte, 0, 2);
    tcase_add_loop_test(tc, escapes_are_undone_up_to_what_ends_a_frame, 0, 2);
    tcase_add_test(tc, a_frame_closes_with_the_right_sum_whatever_came_after_a_long_stretch);
    suite_add_tcase(s, tc);
    return s;
}
