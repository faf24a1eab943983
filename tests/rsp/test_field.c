/* test_field.c - the bounded writer, the window and the cursor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rsp/rsp.h"
#include "tests/flush.h"
#include "tests/runner.h"
#include "tests/suites.h"

/* ---- writing ---- */

/* A writer over exactly cap bytes, flush against the end of memory. */
static struct rsp_out
flush_out(size_t cap)
{
    return rsp_out_to(flush_copy(NULL, cap), cap);
}

static void
expect_out(struct rsp_out out, const char *want)
{
    ck_assert(!out.cut);
    ck_assert_uint_eq(out.len, strlen(want));
    ck_assert(out.len == 0 || memcmp(out.buf, want, out.len) == 0);
    flush_free(out.buf, out.cap);
}

START_TEST(writes_numbers)
{
    struct rsp_out out = flush_out(124);
    rsp_put_hex(&out, 0);
    rsp_put(&out, ',');
    rsp_put_hex(&out, 0xabc);
    rsp_put(&out, ',');
    rsp_put_hex(&out, UINT64_MAX);
    rsp_put(&out, ',');
    rsp_put_hex_wide(&out, 0x1234, 2);
    rsp_put_hex_wide(&out, 0xf, 4);
    rsp_put_hex_wide(&out, UINT64_C(0x0123456789abcdef), 16);
    rsp_put(&out, ',');
    rsp_put_dec(&out, 0);
    rsp_put(&out, ',');
    rsp_put_dec(&out, 4294967296);
    rsp_put(&out, ',');
    rsp_put_dec(&out, UINT64_MAX);
    rsp_put_text(&out, ";reason:");
    rsp_put_bytes(&out, "trace;", 6);
    rsp_put_hex_text(&out, "Hi\n");
    rsp_put_text(&out, "");
    rsp_put_bytes(&out, NULL, 0);
    expect_out(out, "0,abc,ffffffffffffffff,34000f0123456789abcdef,0,4294967296,"
                    "18446744073709551615;reason:trace;48690a");
}
END_TEST

START_TEST(writes_any_decimal)
{
    uint64_t v = 1;
    for (int i = 0; i < 2000; i++) {
        char want[32];
        struct rsp_out out = flush_out(20);
        snprintf(want, sizeof want, "%llu", (unsigned long long)v);
        rsp_put_dec(&out, v);
        expect_out(out, want);
        v = v * UINT64_C(6364136223846793005) + 1442695040888963407u;
        v >>= v % 61;
    }
}
END_TEST

/* What may be written, one by one. */
static void
put_something(struct rsp_out *out, int what)
{
    switch (what) {
    case 0:
        rsp_put_text(out, "abcd");
        break;
    case 1:
        rsp_put_hex(out, 0x1234);
        break;
    case 2:
        rsp_put_hex_wide(out, 0, 4);
        break;
    case 3:
        rsp_put_dec(out, 1234);
        break;
    case 4:
        rsp_put_hex_bytes(out, "ab", 2);
        break;
    case 5:
        rsp_put_escaped(out, "}}", 2);
        break;
    case 6:
        rsp_put_hex_text(out, "ab");
        break;
    case 7:
        rsp_put_bytes(out, "wxyz", 4);
        break;
    default:
        rsp_put_id(out, (struct rsp_id){ 1, -1 }, false);
        rsp_put_id(out, (struct rsp_id){ 1, -1 }, false);
        break;
    }
}

START_TEST(what_does_not_fit_writes_nothing_and_nothing_comes_after_it)
{
    for (int what = 0; what < 9; what++) {
        struct rsp_out out = flush_out(4);
        put_something(&out, what);
        ck_assert(!out.cut);
        ck_assert_uint_eq(out.len, 4);
        ck_assert_uint_eq(rsp_out_room(&out), 0);
        flush_free(out.buf, 4);
        out = flush_out(5);
        rsp_put(&out, '1');
        rsp_put(&out, '2');
        put_something(&out, what);
        ck_assert_msg(out.cut, "what %d", what);
        ck_assert_uint_eq(out.len, what == 8 ? 4 : 2);
        ck_assert_uint_eq(rsp_out_room(&out), 0);
        rsp_put(&out, 'x');
        ck_assert_uint_eq(rsp_put_escaped_some(&out, "x", 1), 0);
        ck_assert_uint_eq(out.len, what == 8 ? 4 : 2);
        flush_free(out.buf, 5);
    }
}
END_TEST

START_TEST(an_id_is_put_whole_or_not_at_all)
{
    struct rsp_out out = flush_out(5);
    rsp_put_id(&out, (struct rsp_id){ 0x12, 0x34 }, true);
    ck_assert(out.cut);
    ck_assert_uint_eq(out.len, 0);
    flush_free(out.buf, 5);
}
END_TEST

START_TEST(spreads_bytes_to_hex_in_place)
{
    uint8_t bytes[70];
    char want[141];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 37 + 9);
        snprintf(want + 2 * i, 3, "%02x", bytes[i]);
    }
    for (size_t n = 0; n <= sizeof bytes; n++) {
        for (size_t right = 0; right < 9; right++) {
            struct rsp_out out = flush_out(1 + 2 * n + right);
            rsp_put(&out, 'b');
            if (n > 0) {
                memcpy(out.buf + out.cap - n, bytes, n);
            }
            rsp_put_hex_bytes(&out, out.buf + out.cap - n, n);
            ck_assert(!out.cut);
            ck_assert_uint_eq(out.len, 1 + 2 * n);
            ck_assert(memcmp(out.buf + 1, want, 2 * n) == 0);
            flush_free(out.buf, out.cap);
        }
    }
}
END_TEST

START_TEST(spreads_every_byte_to_its_hex)
{
    uint8_t bytes[256 * 4];
    char want[3];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    }
    struct rsp_out out = flush_out(2 * sizeof bytes);
    rsp_put_hex_bytes(&out, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(want, sizeof want, "%02x", bytes[i]);
        ck_assert_mem_eq(out.buf + 2 * i, want, 2);
    }
    flush_free(out.buf, out.cap);
}
END_TEST

/* Escapes one byte at a time: as much as fits into room. */
static size_t
escape_slowly(const uint8_t *bytes, size_t n, uint8_t *to, size_t room, size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < n; i++) {
        bool special = strchr("#$}*", bytes[i]) != NULL && bytes[i] != 0;
        if (room - *len < (special ? 2u : 1u)) {
            return i;
        }
        if (special) {
            to[(*len)++] = '}';
        }
        to[(*len)++] = special ? bytes[i] ^ 0x20 : bytes[i];
    }
    return n;
}

/* Escapes bytes into room, from the end of the room itself or from elsewhere, and expects what
 * the slow way gives. */
static void
expect_escaped(const uint8_t *bytes, size_t n, size_t room, bool in_place, bool some)
{
    uint8_t want[256];
    size_t want_len, want_count = escape_slowly(bytes, n, want, room, &want_len);
    struct rsp_out out = flush_out(3 + room);
    rsp_put_text(&out, "+$b");
    uint8_t *from = in_place ? out.buf + out.cap - n : flush_copy(bytes, n);
    if (n > 0) {
        memcpy(from, bytes, n);
    }
    if (some) {
        ck_assert_uint_eq(rsp_put_escaped_some(&out, from, n), want_count);
        ck_assert(!out.cut);
    } else {
        rsp_put_escaped(&out, from, n);
        ck_assert(out.cut == (want_count < n));
        want_len = want_count < n ? 0 : want_len;
    }
    ck_assert_uint_eq(out.len, 3 + want_len);
    ck_assert(memcmp(out.buf + 3, want, want_len) == 0);
    flush_free(out.buf, out.cap);
    if (!in_place) {
        flush_free(from, n);
    }
}

START_TEST(escapes_what_fits_from_anywhere_or_in_place)
{
    srand(3);
    for (int round = 0; round < 4000; round++) {
        uint8_t bytes[60];
        size_t n = (size_t)rand() % sizeof bytes, room = (size_t)rand() % 130;
        int rarity = 1 << rand() % 6;
        for (size_t i = 0; i < n; i++) {
            bytes[i] = rand() % rarity == 0 ? (uint8_t) "#$}*"[rand() % 4] : (uint8_t)rand();
        }
        expect_escaped(bytes, n, room, false, true);
        expect_escaped(bytes, n, room, false, false);
        if (n <= room) {
            expect_escaped(bytes, n, room, true, true);
            expect_escaped(bytes, n, room, true, false);
        }
    }
}
END_TEST

/* ---- the window ---- */

/* A generator of 36 bytes of object, in pieces of every kind: <a b="&amp;}">1f,255,#$*</a> */
static void
generate(struct rsp_window *w)
{
    rsp_window_text(w, "<a b=\"");
    rsp_window_xml(w, "&}");
    rsp_window_bytes(w, "\">", 2);
    rsp_window_hex(w, 0x1f);
    rsp_window_text(w, ",");
    rsp_window_dec(w, 255);
    rsp_window_text(w, ",#$*</a>");
}

static const char object[] = "<a b=\"&amp;}\">1f,255,#$*</a>";

/* Undoes the escapes of a reply; returns the length. */
static size_t
unescape(uint8_t *bytes, size_t n)
{
    size_t to = 0;
    for (size_t i = 0; i < n; i++) {
        bytes[to++] = bytes[i] == '}' ? bytes[++i] ^ 0x20 : bytes[i];
    }
    return to;
}

START_TEST(a_window_shows_each_part_of_the_object)
{
    const size_t size = sizeof object - 1;
    for (size_t offset = 0; offset < size + 3; offset++) {
        for (size_t length = 1; length < size + 3; length++) {
            struct rsp_out out = flush_out(3 + 2 * size);
            rsp_put_text(&out, "+$");
            struct rsp_window w = rsp_window_open(&out, offset, length);
            generate(&w);
            rsp_window_close(&w);
            size_t left = offset < size ? size - offset : 0;
            size_t want = left < length ? left : length;
            ck_assert(!out.cut);
            ck_assert_int_eq(out.buf[2], length < left ? 'm' : 'l');
            ck_assert_uint_eq(unescape(out.buf + 3, out.len - 3), want);
            ck_assert(memcmp(out.buf + 3, object + (left > 0 ? offset : 0), want) == 0);
            flush_free(out.buf, out.cap);
        }
    }
}
END_TEST

START_TEST(any_room_shows_the_whole_object_in_the_end)
{
    for (size_t room = 3; room < 50; room++) {
        char whole[sizeof object] = "";
        size_t got = 0;
        int marker = 'm';
        while (marker == 'm') {
            struct rsp_out out = flush_out(room);
            struct rsp_window w = rsp_window_open(&out, got, UINT64_MAX);
            generate(&w);
            rsp_window_close(&w);
            size_t n = unescape(out.buf + 1, out.len - 1);
            ck_assert(n > 0 && got + n < sizeof whole);
            memcpy(whole + got, out.buf + 1, n);
            got += n;
            marker = out.buf[0];
            flush_free(out.buf, room);
        }
        ck_assert_int_eq(marker, 'l');
        ck_assert_str_eq(whole, object);
    }
}
END_TEST

START_TEST(a_full_window_takes_nothing_small_that_comes_later)
{
    struct rsp_out out = flush_out(5);
    struct rsp_window w = rsp_window_open(&out, 0, 100);
    rsp_window_text(&w, "abc");
    rsp_window_text(&w, "}");
    ck_assert(rsp_window_done(&w));
    rsp_window_text(&w, "d");
    rsp_window_close(&w);
    expect_out(out, "mabc");
}
END_TEST

START_TEST(a_window_is_done_only_past_its_end)
{
    struct rsp_out out = flush_out(40);
    struct rsp_window w = rsp_window_open(&out, 2, 3);
    rsp_window_text(&w, "abcde");
    ck_assert(!rsp_window_done(&w));
    rsp_window_text(&w, "f");
    ck_assert(rsp_window_done(&w));
    rsp_window_close(&w);
    expect_out(out, "mcde");
}
END_TEST

START_TEST(a_window_that_wraps_ends_at_the_top)
{
    struct rsp_out out = flush_out(40);
    struct rsp_window w = rsp_window_open(&out, UINT64_MAX, UINT64_MAX);
    rsp_window_text(&w, "abc");
    ck_assert(!rsp_window_done(&w));
    rsp_window_close(&w);
    expect_out(out, "l");
    out = flush_out(40);
    w = rsp_window_open(&out, 1, UINT64_MAX);
    rsp_window_text(&w, "abc");
    rsp_window_close(&w);
    expect_out(out, "lbc");
}
END_TEST

START_TEST(a_window_without_room_cuts)
{
    struct rsp_out out = flush_out(1);
    rsp_put(&out, 'x');
    struct rsp_window w = rsp_window_open(&out, 0, 10);
    rsp_window_text(&w, "abc");
    ck_assert(rsp_window_done(&w));
    rsp_window_close(&w);
    ck_assert(out.cut);
    ck_assert_uint_eq(out.len, 1);
    flush_free(out.buf, 1);
}
END_TEST

START_TEST(xml_text_is_well_formed_whatever_it_is)
{
    struct rsp_out out = flush_out(120);
    struct rsp_window w = rsp_window_open(&out, 0, 1000);
    rsp_window_xml(&w, "a <b>&\"'\n\t\r\x01\x7f\xff\xc3\xa9\xc3z\xe2\x82\xac\xed\xa0\x80");
    rsp_window_xml(&w, "");
    rsp_window_close(&w);
    out.len = unescape(out.buf, out.len);
    expect_out(out,
               tests_small
                   ? "la &lt;b&gt;&amp;&quot;&apos;&#10;&#9;&#13;??????z??????"
                   : "la &lt;b&gt;&amp;&quot;&apos;&#10;&#9;&#13;???\xc3\xa9?z\xe2\x82\xac???");
}
END_TEST

/* ---- reading ---- */

/* A cursor over a flush copy; the test's process gives it back. */
static struct rsp_in
flush_in(const char *text)
{
    return rsp_in_from(flush_copy(text, strlen(text)), strlen(text));
}

START_TEST(reads_fields_in_turn)
{
    struct rsp_in in = flush_in("Z2,7fffABCD0,8;rest");
    ck_assert_int_eq(rsp_peek(&in), 'Z');
    rsp_take(&in, 'Z');
    ck_assert_uint_eq(rsp_take_dec(&in), 2);
    rsp_take(&in, ',');
    ck_assert_uint_eq(rsp_take_hex(&in), UINT64_C(0x7fffabcd0));
    rsp_take(&in, ',');
    ck_assert_uint_eq(rsp_take_hex(&in), 8);
    ck_assert(!rsp_take_if(&in, ','));
    ck_assert(rsp_take_if(&in, ';'));
    ck_assert(!rsp_take_end(&in));
    ck_assert(rsp_is(&in, "rest"));
    ck_assert(!rsp_is(&in, "res"));
    ck_assert(!rsp_is(&in, "rest "));
    ck_assert(!rsp_take_text_if(&in, "rests"));
    ck_assert(rsp_take_text_if(&in, "re"));
    ck_assert_uint_eq(rsp_left(&in), 2);
    ck_assert(rsp_take_text_if(&in, "st"));
    ck_assert(rsp_take_end(&in));
    ck_assert_int_eq(rsp_peek(&in), -1);
}
END_TEST

START_TEST(a_bad_cursor_stays_bad_and_yields_nothing)
{
    struct rsp_in in = flush_in("12,34");
    rsp_take(&in, ';');
    ck_assert(in.bad);
    ck_assert_uint_eq(rsp_take_hex(&in), 0);
    ck_assert_uint_eq(rsp_take_dec(&in), 0);
    ck_assert_uint_eq(rsp_take_hex_wide(&in, 2), 0);
    ck_assert(!rsp_take_if(&in, '1'));
    ck_assert(!rsp_take_text_if(&in, ""));
    ck_assert(!rsp_is(&in, "12,34"));
    ck_assert(!rsp_is(&in, ""));
    ck_assert_int_eq(rsp_peek(&in), -1);
    ck_assert_uint_eq(rsp_left(&in), 0);
    uint8_t buf[4];
    ck_assert_uint_eq(rsp_take_hex_bytes(&in, buf, 4), 0);
    ck_assert(rsp_take_until(&in, ',').bad);
    ck_assert(rsp_take_rest(&in).bad);
    ck_assert_int_eq((int)rsp_take_id(&in, 7).pid, 0);
    ck_assert(in.bad);
    ck_assert(!rsp_take_end(&in));
}
END_TEST

enum { WIDEST = 0 };

struct number {
    const char *text;
    uint64_t v;
    int kind; /* 16, 10, or the digits of hex_wide: 2 or WIDEST */
    bool bad;
    size_t left;
};

START_TEST(numbers_never_wrap)
{
    static const struct number rows[] = {
        { "0", 0, 16, false, 0 },
        { "ffffffffffffffff", UINT64_MAX, 16, false, 0 },
        { "FFFFFFFFFFFFFFFF,", UINT64_MAX, 16, false, 1 },
        { "00000000000000000000ffffffffffffffff", UINT64_MAX, 16, false, 0 },
        { "10000000000000000", 0, 16, true, 0 },
        { "1ffffffffffffffff", 0, 16, true, 0 },
        { "ffffffffffffffff0", 0, 16, true, 0 },
        { "", 0, 16, true, 0 },
        { "g", 0, 16, true, 0 },
        { "-1", 0, 16, true, 0 },
        { "0x10", 0, 16, false, 3 },
        { "18446744073709551615", UINT64_MAX, 10, false, 0 },
        { "18446744073709551616", 0, 10, true, 0 },
        { "18446744073709551620", 0, 10, true, 0 },
        { "99999999999999999999", 0, 10, true, 0 },
        { "000000000000000000000000012a", 12, 10, false, 1 },
        { "", 0, 10, true, 0 },
        { "a", 0, 10, true, 0 },
        { "1234", 0x12, 2, false, 2 },
        { "1g", 0, 2, true, 0 },
        { "1", 0, 2, true, 0 },
        { "0123456789abcdef0", UINT64_C(0x123456789abcdef), WIDEST, false, 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct number *row = &rows[i];
        struct rsp_in in = flush_in(row->text);
        uint64_t v = row->kind == 16   ? rsp_take_hex(&in)
                     : row->kind == 10 ? rsp_take_dec(&in)
                                       : rsp_take_hex_wide(&in, row->kind == WIDEST ? 16 : 2);
        ck_assert_msg(in.bad == row->bad, "row %zu", i);
        ck_assert_msg(v == row->v, "row %zu", i);
        ck_assert_msg(rsp_left(&in) == row->left, "row %zu", i);
    }
}
END_TEST

START_TEST(knows_hex_digits_and_no_others)
{
    for (int c = 0; c < 256; c++) {
        const char *digits = "0123456789abcdef", *upper = "0123456789ABCDEF", *p = NULL;
        if (c != 0) {
            p = strchr(digits, c);
            p = p != NULL                  ? p
                : strchr(upper, c) != NULL ? digits + (strchr(upper, c) - upper)
                                           : NULL;
        }
        ck_assert_int_eq(rsp_digit((uint8_t)c), p != NULL ? (int)(p - digits) : -1);
    }
}
END_TEST

/* Reads hex bytes into room for cap and expects these bytes, what is left, and whether bad. */
static void
expect_hex_bytes(const char *text, size_t cap, const char *want, size_t n, size_t left, bool bad)
{
    uint8_t *buf = flush_copy(NULL, cap);
    struct rsp_in in = flush_in(text);
    ck_assert_uint_eq(rsp_take_hex_bytes(&in, buf, cap), n);
    ck_assert(in.bad == bad);
    ck_assert_uint_eq(rsp_left(&in), left);
    ck_assert(n == 0 || memcmp(buf, want, n) == 0);
    flush_free(buf, cap);
}

START_TEST(reads_hex_bytes_up_to_what_is_no_digit)
{
    expect_hex_bytes("0aFf;", 2, "\x0a\xff", 2, 1, false);
    expect_hex_bytes("0aFf", 8, "\x0a\xff", 2, 0, false);
    expect_hex_bytes("", 8, "", 0, 0, false);
    expect_hex_bytes(";12", 8, "", 0, 3, false);
    expect_hex_bytes("", 0, "", 0, 0, false);
}
END_TEST

START_TEST(refuses_odd_digits_and_too_many)
{
    expect_hex_bytes("0af", 8, "", 0, 0, true);
    expect_hex_bytes("0af;", 8, "", 0, 0, true);
    expect_hex_bytes("f", 8, "", 0, 0, true);
    expect_hex_bytes("0aff", 1, "", 0, 0, true);
    expect_hex_bytes("0a", 0, "", 0, 0, true);
    expect_hex_bytes("0", 0, "", 0, 0, true);
}
END_TEST

START_TEST(reads_hex_bytes_in_place)
{
    uint8_t *text = flush_copy("00112233445566778899aabbccddeeff", 32);
    struct rsp_in in = rsp_in_from(text, 32);
    ck_assert_uint_eq(rsp_take_hex_bytes(&in, text, 32), 16);
    for (unsigned i = 0; i < 16; i++) {
        ck_assert_uint_eq(text[i], i * 17);
    }
    ck_assert(rsp_take_end(&in));
}
END_TEST

START_TEST(splits_at_a_stop)
{
    struct rsp_in in = flush_in("abc;def;");
    struct rsp_in part = rsp_take_until(&in, ';');
    ck_assert(rsp_is(&part, "abc"));
    rsp_take(&in, ';');
    part = rsp_take_until(&in, '#');
    ck_assert(rsp_is(&part, "def;"));
    ck_assert(rsp_take_end(&in));
    in = flush_in("abc");
    rsp_take(&in, 'a');
    part = rsp_take_rest(&in);
    ck_assert(rsp_is(&part, "bc"));
    ck_assert(rsp_take_end(&in));
}
END_TEST

struct id_row {
    const char *text;
    int64_t pid, tid; /* the pid without one is 77 */
    size_t left;
    bool bad;
};

START_TEST(reads_thread_ids_as_the_manual_has_them)
{
    static const struct id_row rows[] = {
        { "1a", 77, 0x1a, 0, false },
        { "0", 77, 0, 0, false },
        { "-1", 77, -1, 0, false },
        { "-1;c", 77, -1, 2, false },
        { "p2a", 0x2a, -1, 0, false },
        { "p2A.1B;", 0x2a, 0x1b, 1, false },
        { "p2a.-1", 0x2a, -1, 0, false },
        { "p2a.0", 0x2a, 0, 0, false },
        { "p0.0", 0, 0, 0, false },
        { "p-1", -1, -1, 0, false },
        { "p-1.-1", -1, -1, 0, false },
        { "p-1.0", -1, 0, 0, false },
        { "7fffffffffffffff", 77, INT64_MAX, 0, false },
        { "p-1.5", 0, 0, 0, true },
        { "8000000000000000", 0, 0, 0, true },
        { "-2", 0, 0, 0, true },
        { "--1", 0, 0, 0, true },
        { "-", 0, 0, 0, true },
        { "", 0, 0, 0, true },
        { "p", 0, 0, 0, true },
        { "p.1", 0, 0, 0, true },
        { "p1.", 0, 0, 0, true },
        { "pp1", 0, 0, 0, true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rsp_in in = flush_in(rows[i].text);
        struct rsp_id id = rsp_take_id(&in, 77);
        ck_assert_msg(in.bad == rows[i].bad, "row %zu", i);
        ck_assert_msg(id.pid == rows[i].pid && id.tid == rows[i].tid, "row %zu", i);
        ck_assert_msg(rsp_left(&in) == rows[i].left, "row %zu", i);
    }
}
END_TEST

START_TEST(writes_thread_ids)
{
    struct rsp_out out = flush_out(40);
    rsp_put_id(&out, (struct rsp_id){ 0x2a, 0x1b }, true);
    rsp_put(&out, ' ');
    rsp_put_id(&out, (struct rsp_id){ 0x2a, 0x1b }, false);
    rsp_put(&out, ' ');
    rsp_put_id(&out, (struct rsp_id){ 0x2a, -1 }, true);
    rsp_put(&out, ' ');
    rsp_put_id(&out, (struct rsp_id){ -1, -1 }, true);
    rsp_put(&out, ' ');
    rsp_put_id(&out, (struct rsp_id){ 0, 0 }, false);
    expect_out(out, "p2a.1b 1b p2a.-1 p-1.-1 0");
}
END_TEST

struct utf8_row {
    const char *text;
    size_t length;
};

START_TEST(knows_utf8)
{
    static const struct utf8_row rows[] = {
        { "a", 1 },
        { "\xc2\x80", 2 },
        { "\xc3\xa9", 2 },
        { "\xe2\x82\xac", 3 },
        { "\xf0\x9f\x90\x9b", 4 },
        { "\xf4\x8f\xbf\xbf", 4 },
        { "", 0 },
        { "\x80", 0 },
        { "\xc1\xbf", 0 },
        { "\xe0\x9f\xbf", 0 },
        { "\xed\xa0\x80", 0 },
        { "\xf0\x8f\xbf\xbf", 0 },
        { "\xf4\x90\x80\x80", 0 },
        { "\xf5\x80\x80\x80", 0 },
        { "\xff", 0 },
        { "\xc3", 0 },
        { "\xe2\x82", 0 },
        { "\xf0\x9f\x90", 0 },
        { "\xc3z", 0 },
        { "\xe2\x82z", 0 },
        { "\xf0\x9f\x90z", 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].text);
        ck_assert_msg(rsp_utf8(flush_copy(rows[i].text, n), n) == rows[i].length, "row %zu", i);
    }
}
END_TEST

Suite *
field_suite(void)
{
    Suite *suite = suite_create("field");
    TCase *out = tcase_create("writer"), *window = tcase_create("window");
    TCase *in = tcase_create("cursor");
    suite_add_tcase(suite, out);
    tcase_add_test(out, writes_numbers);
    tcase_add_test(out, writes_any_decimal);
    tcase_add_test(out, what_does_not_fit_writes_nothing_and_nothing_comes_after_it);
    tcase_add_test(out, an_id_is_put_whole_or_not_at_all);
    tcase_add_test(out, spreads_bytes_to_hex_in_place);
    tcase_add_test(out, spreads_every_byte_to_its_hex);
    tcase_add_test(out, escapes_what_fits_from_anywhere_or_in_place);
    tcase_add_test(out, writes_thread_ids);
    suite_add_tcase(suite, window);
    tcase_add_test(window, a_window_shows_each_part_of_the_object);
    tcase_add_test(window, any_room_shows_the_whole_object_in_the_end);
    tcase_add_test(window, a_full_window_takes_nothing_small_that_comes_later);
    tcase_add_test(window, a_window_is_done_only_past_its_end);
    tcase_add_test(window, a_window_that_wraps_ends_at_the_top);
    tcase_add_test(window, a_window_without_room_cuts);
    tcase_add_test(window, xml_text_is_well_formed_whatever_it_is);
    suite_add_tcase(suite, in);
    tcase_add_test(in, reads_fields_in_turn);
    tcase_add_test(in, a_bad_cursor_stays_bad_and_yields_nothing);
    tcase_add_test(in, numbers_never_wrap);
    tcase_add_test(in, knows_hex_digits_and_no_others);
    tcase_add_test(in, reads_hex_bytes_up_to_what_is_no_digit);
    tcase_add_test(in, refuses_odd_digits_and_too_many);
    tcase_add_test(in, reads_hex_bytes_in_place);
    tcase_add_test(in, splits_at_a_stop);
    tcase_add_test(in, reads_thread_ids_as_the_manual_has_them);
    tcase_add_test(in, knows_utf8);
    return suite;
}
