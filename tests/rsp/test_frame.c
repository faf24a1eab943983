/* test_frame.c - frames both ways (GDB manual, "Overview", "Packet Acknowledgment"). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rsp/rsp.h"
#include "tests/flush.h"
#include "tests/suites.h"

/* ---- helpers ---- */

struct text {
    char s[4096];
    size_t n;
};

static void
add(struct text *t, const char *bytes, size_t n)
{
    ck_assert(t->n + n < sizeof t->s);
    memcpy(t->s + t->n, bytes, n);
    t->n += n;
    t->s[t->n] = '\0';
}

/* Adds lead, body, # and a checksum that is off by `wrong`; sums on its own. */
static void
add_frame(struct text *t, char lead, const char *body, size_t n, unsigned wrong)
{
    unsigned sum = wrong;
    char end[4];
    for (size_t i = 0; i < n; i++) {
        sum += (uint8_t)body[i];
    }
    snprintf(end, sizeof end, "#%02x", sum & 0xff);
    add(t, &lead, 1);
    add(t, body, n);
    add(t, end, 3);
}

/* Writes down an event: a letter, with the body between < and > where there is one. */
static void
add_event(struct text *t, enum rsp_event event, const struct rsp_receiver *rx)
{
    static const char letters[] = {
        [RSP_NONE] = '.',    [RSP_PACKET] = 'P', [RSP_TOO_LONG] = 'L', [RSP_NOTIFICATION] = 'N',
        [RSP_BAD_SUM] = 'B', [RSP_ACK] = '+',    [RSP_NAK] = '-',      [RSP_INTERRUPT] = 'I',
        [RSP_EOT] = 'E',     [RSP_NOISE] = '?',
    };
    add(t, &letters[event], 1);
    if (event == RSP_PACKET || event == RSP_TOO_LONG || event == RSP_NOTIFICATION) {
        add(t, "<", 1);
        add(t, (const char *)rx->buf, rx->len);
        add(t, ">", 1);
    }
}

enum { RUNS = 1u << 8 }; /* beside the flags: rsp_receiver_expand */

/* Feeds the wire in pieces of `piece` bytes, each flush against the end of memory, as the buffer
 * is, and writes down what happens. */
static void
feed(struct text *log, const char *wire, size_t n, size_t cap, unsigned flags, size_t piece)
{
    struct rsp_receiver rx;
    uint8_t *buf = flush_copy(NULL, cap);
    log->n = 0;
    log->s[0] = '\0';
    memset(&rx, 0x55, sizeof rx);
    rsp_receiver_init(&rx, buf, cap, flags & ~(unsigned)RUNS);
    if ((flags & RUNS) != 0)
        rsp_receiver_expand(&rx);
    for (size_t from = 0; from < n; from += piece) {
        size_t left = n - from < piece ? n - from : piece, size = left;
        uint8_t *copy = flush_copy(wire + from, size), *p = copy;
        while (left > 0) {
            enum rsp_event event;
            size_t taken = rsp_receive(&rx, p, left, &event);
            ck_assert(taken > 0 && taken <= left);
            ck_assert(event != RSP_NONE || taken == left);
            p += taken;
            left -= taken;
            if (event != RSP_NONE) {
                add_event(log, event, &rx);
            }
        }
        flush_free(copy, size);
    }
    flush_free(buf, cap);
}

static void
expect_n(const char *wire, size_t n, size_t cap, unsigned flags, const char *want)
{
    static const size_t pieces[] = { SIZE_MAX, 1, 2, 3, 7, 9 };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct text log;
        feed(&log, wire, n, cap, flags, pieces[i] < n ? pieces[i] : n);
        ck_assert_str_eq(log.s, want);
    }
}

static void
expect(const char *wire, unsigned flags, const char *want)
{
    expect_n(wire, strlen(wire), 64, flags, want);
}

/* Frames the body and expects what the receiver makes of it. */
static void
expect_body(const char *body, unsigned flags, const char *want)
{
    struct text wire = { .n = 0 };
    add_frame(&wire, '$', body, strlen(body), 0);
    expect(wire.s, flags, want);
}

/* ---- receiving ---- */

START_TEST(receives_packet_with_right_sum)
{
    expect("$m1000,4#8e", 0, "P<m1000,4>");
    expect("$#00", 0, "P<>");
    expect("$OK#9a$OK#9A", 0, "P<OK>P<OK>");
}
END_TEST

START_TEST(refuses_sum_that_is_wrong_or_not_hex)
{
    expect("$m1000,4#8f", 0, "B");
    expect("$m1000,4#9e", 0, "B");
    expect("$OK#9x$OK#x9$OK#\x03"
           "a$OK#9a",
           0, "BBBP<OK>");
    expect("$OK##9", 0, "B");
}
END_TEST

START_TEST(takes_00_for_no_sum_only_when_asked)
{
    expect("$OK#00", 0, "B");
    expect("$OK#00$OK#01$OK#9a", RSP_SUM_MAY_BE_0, "P<OK>BP<OK>");
    expect("$a}#00", RSP_SUM_MAY_BE_0, "B");
    expect("$OK#00$OK#01$OK#9a$OK#x0", RSP_SUM_IGNORED, "P<OK>P<OK>P<OK>B");
    expect("$OK#x0", RSP_SUM_MAY_BE_0, "B");
}
END_TEST

START_TEST(tells_what_stands_outside_frames)
{
    expect("+-\x03\x04z#}*", RUNS, "+-IE????");
    expect("+$OK#9a+\x03$OK#9a-", 0, "+P<OK>+IP<OK>-");
}
END_TEST

START_TEST(takes_acks_and_interrupts_inside_a_frame_as_data)
{
    expect_body("+-\x03\x04%", 0, "P<+-\x03\x04%>");
}
END_TEST

START_TEST(begins_anew_on_dollar_wherever_it_comes)
{
    expect("$m10$OK#9a", 0, "P<OK>");
    expect("$a}$OK#9a", 0, "P<OK>");
    expect("$a*$OK#9a", RUNS, "P<OK>");
    expect("$OK#$OK#9$OK#9a", 0, "P<OK>");
    expect("$*}#$OK#9a", RUNS, "P<OK>");
    expect("%Sto$OK#9a", 0, "P<OK>");
    expect("$$$OK#9a", 0, "P<OK>");
}
END_TEST

START_TEST(tells_notifications_from_packets)
{
    struct text wire = { .n = 0 };
    add_frame(&wire, '%', "Stop:T05", 8, 0);
    add_frame(&wire, '$', "OK", 2, 0);
    add_frame(&wire, '%', "Stop:T05", 8, 1);
    add_frame(&wire, '$', "a%b", 3, 0);
    expect(wire.s, 0, "N<Stop:T05>P<OK>?P<a%b>");
}
END_TEST

START_TEST(undoes_escapes)
{
    expect_body("X0,4:}\x03}\x04}]}\n", 0, "P<X0,4:#$}*>");
    expect_body("}]]}]", 0, "P<}]}>");
    expect_body("12345678}]12345678", 0, "P<12345678}12345678>");
}
END_TEST

START_TEST(refuses_frame_that_ends_in_half_an_escape)
{
    expect_body("abc}", 0, "B");
    expect_body("}", 0, "B");
    expect_body("a}}", 0, "P<a]>");
    expect_body("}*!", RUNS, "B");
}
END_TEST

START_TEST(expands_runs_only_when_asked)
{
    expect_body("0* ", 0, "P<0* >");
    expect_body("0* ", RUNS, "P<0000>");
    expect_body("x0*\"y", RUNS, "P<x000000y>");
    expect_body("a* b*!", RUNS, "P<aaaabbbbb>");
    expect_body("0* * ", RUNS, "P<0000000>");
    expect_body("0*\x1e", RUNS, "P<00>");
}
END_TEST

START_TEST(takes_a_count_for_a_count_whatever_it_is)
{
    char want[128] = "P<";
    memset(want + 2, '0', 97);
    strcpy(want + 99, ">");
    expect_n("$0*}#d7", 7, 128, RUNS, want);
    expect_body("0**", RUNS, "P<00000000000000>");
    expect_body("0*\x03", RUNS, "B");
}
END_TEST

START_TEST(refuses_run_of_nothing)
{
    expect_body("* ", RUNS, "B");
    expect_body("0*\x1d", RUNS, "B");
    expect_body("0*\x1c", RUNS, "B");
    expect_body("0*", RUNS, "B");
    expect_body("*", RUNS, "B");
    expect("$0* #7a$* #4a$0* #7a", RUNS, "P<0000>BP<0000>");
}
END_TEST

START_TEST(expands_runs_before_escapes)
{
    expect_body("}\x03* ", RUNS, "P<#\x03\x03\x03>");
    expect_body("}*!", RUNS, "B");
    expect_body("}* ", RUNS, "P<]]>");
    expect_body("}*!]", RUNS, "P<]]}>");
    expect_body("}* * a", RUNS, "P<]]]A>");
}
END_TEST

START_TEST(keeps_the_start_of_a_body_that_is_too_long)
{
    struct text wire = { .n = 0 };
    add_frame(&wire, '$', "0123456789abcdefghijklmnopqrstuvwxyz", 36, 0);
    add_frame(&wire, '$', "01234567", 8, 0);
    add_frame(&wire, '$', "0123456}]", 9, 0);
    add_frame(&wire, '$', "0123456}]8", 10, 0);
    add_frame(&wire, '%', "0123456789", 10, 0);
    add_frame(&wire, '$', "0123456789", 10, 1);
    add_frame(&wire, '$', "OK", 2, 0);
    expect_n(wire.s, wire.n, 8, 0,
             "L<01234567>P<01234567>P<0123456}>L<0123456}>N<01234567>BP<OK>");
    expect_n("$0*~#d8+", 8, 8, RUNS, "L<00000000>+");
    expect_n("$x#78$#00", 9, 0, 0, "L<>P<>");
}
END_TEST

START_TEST(says_when_it_is_inside_a_frame)
{
    static const char wire[] = "+$O}]K#9a+";
    static const bool inside[] = { 0, 1, 1, 1, 1, 1, 1, 1, 0, 0 };
    struct rsp_receiver rx;
    uint8_t buf[8];
    rsp_receiver_init(&rx, buf, sizeof buf, 0);
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        enum rsp_event event;
        rsp_receive(&rx, (const uint8_t *)&wire[i], 1, &event);
        ck_assert_msg(rsp_receiver_inside(&rx) == inside[i], "byte %zu", i);
    }
}
END_TEST

START_TEST(takes_bytes_only_up_to_the_event)
{
    static const char wire[] = "$OK#9a$OK#9a";
    struct rsp_receiver rx;
    enum rsp_event event;
    uint8_t buf[8];
    rsp_receiver_init(&rx, buf, sizeof buf, 0);
    ck_assert_uint_eq(rsp_receive(&rx, (const uint8_t *)wire, 12, &event), 6);
    ck_assert_int_eq(event, RSP_PACKET);
    ck_assert_uint_eq(rsp_receive(&rx, NULL, 0, &event), 0);
    ck_assert_int_eq(event, RSP_NONE);
    ck_assert_uint_eq(rx.len, 2);
    ck_assert_mem_eq(buf, "OK", 2);
}
END_TEST

/* ---- sending ---- */

START_TEST(sums_any_length_at_any_place)
{
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(255 - i % 7);
    }
    for (size_t n = 0; n < sizeof bytes; n++) {
        uint8_t *copy = flush_copy(bytes, n);
        unsigned sum = 0;
        for (size_t i = 0; i < n; i++) {
            sum += bytes[i];
        }
        ck_assert_uint_eq(rsp_sum(copy, n), sum & 0xff);
        flush_free(copy, n);
    }
}
END_TEST

START_TEST(closes_frames_within_their_bytes)
{
    uint8_t *frame = flush_copy("?OK???", 6);
    ck_assert_uint_eq(rsp_frame_close(frame, 2, '$'), 6);
    ck_assert_mem_eq(frame, "$OK#9a", 6);
    flush_free(frame, 6);
    frame = flush_copy(NULL, 4);
    ck_assert_uint_eq(rsp_frame_close(frame, 0, '%'), 4);
    ck_assert_mem_eq(frame, "%#00", 4);
    flush_free(frame, 4);
}
END_TEST

/* Compresses a run of n bytes c and expects the text. */
static void
expect_run(char c, size_t n, const char *want)
{
    uint8_t *body = flush_copy(NULL, n);
    memset(body, c, n);
    size_t len = rsp_compress(body, n);
    ck_assert_uint_eq(len, strlen(want));
    ck_assert_mem_eq(body, want, len);
    flush_free(body, n);
}

START_TEST(shortens_only_runs_that_pay)
{
    expect_run('0', 0, "");
    expect_run('0', 1, "0");
    expect_run('0', 3, "000");
    expect_run('0', 4, "0* ");
    expect_run('0', 6, "0*\"");
    expect_run('0', 98, "0*~");
    expect_run('0', 99, "0*~0");
    expect_run('0', 196, "0*~0*~");
    expect_run(']', 4, "]* ");
    expect_run('}', 6, "}}}}}}");
}
END_TEST

START_TEST(never_writes_a_forbidden_count)
{
    expect_run('0', 7, "0*\"0");  /* # */
    expect_run('0', 8, "0*\"00"); /* $ */
    expect_run('0', 14, "0*)0");  /* * */
    expect_run('0', 15, "0*)00"); /* + */
    expect_run('0', 17, "0*,0");  /* - */
    expect_run('0', 97, "0*|0");  /* } */
    for (size_t n = 0; n < 300; n++) {
        uint8_t body[300];
        memset(body, '0', n);
        size_t len = rsp_compress(body, n);
        for (size_t i = 0; i + 1 < len; i++) {
            if (body[i] == '*') {
                ck_assert(body[i + 1] >= ' ' && body[i + 1] <= '~');
                ck_assert(memchr("#$+-}*", body[i + 1], 6) == NULL);
            }
        }
    }
}
END_TEST

START_TEST(leaves_escapes_alone)
{
    uint8_t *half = flush_copy("aaaaa}", 6);
    ck_assert_uint_eq(rsp_compress(half, 6), 4);
    ck_assert_mem_eq(half, "a*!}", 4);
    flush_free(half, 6);
    uint8_t body[] = "}\n\n\n\n\n\n}]]]]]]";
    size_t len = rsp_compress(body, sizeof body - 1);
    ck_assert_uint_eq(len, 10);
    ck_assert_mem_eq(body, "}\n\n*!}]]*!", 10);
}
END_TEST

static void
expect_cut(const char *body, size_t most, unsigned each, size_t want)
{
    size_t n = strlen(body);
    uint8_t *flush = flush_copy(body, n);
    ck_assert_uint_eq(rsp_cut(flush, n, most, each), want);
    flush_free(flush, n);
}

START_TEST(cuts_between_characters_pairs_and_runs)
{
    expect_cut("", 8, 1, 0);
    expect_cut("abc", 8, 1, 3);
    expect_cut("abc", 2, 1, 2);
    expect_cut("0123", 3, 2, 2);
    expect_cut("0123", 4, 2, 4);
    expect_cut("ab0* cd", 5, 2, 5); /* four zeros */
    expect_cut("ab0* cd", 4, 2, 2);
    expect_cut("a0* bcd", 4, 2, 0); /* five digits */
    expect_cut("a0* bcd", 5, 2, 5);
    expect_cut("b}]]x", 2, 1, 1);
    expect_cut("b}]]x", 3, 1, 3);
    expect_cut("b}", 2, 1, 1); /* half an escape */
    expect_cut("0*", 2, 1, 2); /* half a run is two characters */
}
END_TEST

/* Random data with long runs and many bytes that need an escape. */
static size_t
random_data(uint8_t *data, size_t cap)
{
    static const char favourites[] = "#$}*]\n\x03\x04"
                                     "00+-~ ";
    size_t n = (size_t)rand() % cap, i = 0;
    while (i < n) {
        size_t run = rand() % 3 == 0 ? (size_t)rand() % 260 : 1;
        uint8_t c = (uint8_t)rand();
        c = rand() % 2 == 0 ? c : (uint8_t)favourites[(size_t)rand() % (sizeof favourites - 1)];
        for (; run > 0 && i < n; run--) {
            data[i++] = c;
        }
    }
    return n;
}

START_TEST(receiver_gives_back_what_was_escaped_compressed_and_framed)
{
    enum { CAP = 600 };
    srand(1);
    for (int round = 0; round < 3000; round++) {
        uint8_t data[CAP], frame[2 * CAP + RSP_FRAME_EXTRA];
        uint8_t *buf;
        struct rsp_receiver rx;
        enum rsp_event event;
        size_t n = random_data(data, CAP);
        struct rsp_out body = rsp_out_to(frame + 1, 2 * CAP);
        rsp_put_escaped(&body, data, n);
        ck_assert(!body.cut);
        size_t len = body.len;
        if (round % 4 != 0) {
            len = rsp_compress(frame + 1, len);
            ck_assert(len <= body.len);
        }
        len = rsp_frame_close(frame, len, '$');
        buf = flush_copy(NULL, n);
        rsp_receiver_init(&rx, buf, n, 0);
        rsp_receiver_expand(&rx);
        size_t half = (size_t)rand() % len;
        ck_assert_uint_eq(rsp_receive(&rx, frame, half, &event), half);
        ck_assert_int_eq(event, RSP_NONE);
        ck_assert_uint_eq(rsp_receive(&rx, frame + half, len - half, &event), len - half);
        ck_assert_int_eq(event, RSP_PACKET);
        ck_assert_uint_eq(rx.len, n);
        ck_assert(n == 0 || memcmp(buf, data, n) == 0);
        flush_free(buf, n);
    }
}
END_TEST

START_TEST(any_pieces_give_the_same_events)
{
    static const char alphabet[] = "$$$#%*}+-\x03 ~0aO";
    srand(2);
    for (int round = 0; round < 400; round++) {
        char wire[120];
        struct text whole, pieces;
        unsigned flags = (unsigned)rand() % 4;
        size_t n = 1 + (size_t)rand() % sizeof wire;
        for (size_t i = 0; i < n; i++) {
            wire[i] = alphabet[(size_t)rand() % (sizeof alphabet - 1)];
            if (i >= 2 && rand() % 12 == 0) {
                memcpy(wire + i - 2, "#00", 3);
            }
        }
        feed(&whole, wire, n, 16, flags, n);
        feed(&pieces, wire, n, 16, flags, 1 + (size_t)rand() % 9);
        ck_assert_uint_eq(whole.n, pieces.n);
        ck_assert_mem_eq(whole.s, pieces.s, whole.n);
    }
}
END_TEST

Suite *
frame_suite(void)
{
    Suite *suite = suite_create("frame");
    TCase *in = tcase_create("receiving"), *out = tcase_create("sending");
    suite_add_tcase(suite, in);
    tcase_add_test(in, receives_packet_with_right_sum);
    tcase_add_test(in, refuses_sum_that_is_wrong_or_not_hex);
    tcase_add_test(in, takes_00_for_no_sum_only_when_asked);
    tcase_add_test(in, tells_what_stands_outside_frames);
    tcase_add_test(in, takes_acks_and_interrupts_inside_a_frame_as_data);
    tcase_add_test(in, begins_anew_on_dollar_wherever_it_comes);
    tcase_add_test(in, tells_notifications_from_packets);
    tcase_add_test(in, undoes_escapes);
    tcase_add_test(in, refuses_frame_that_ends_in_half_an_escape);
    tcase_add_test(in, expands_runs_only_when_asked);
    tcase_add_test(in, takes_a_count_for_a_count_whatever_it_is);
    tcase_add_test(in, refuses_run_of_nothing);
    tcase_add_test(in, expands_runs_before_escapes);
    tcase_add_test(in, keeps_the_start_of_a_body_that_is_too_long);
    tcase_add_test(in, says_when_it_is_inside_a_frame);
    tcase_add_test(in, takes_bytes_only_up_to_the_event);
    tcase_add_test(in, any_pieces_give_the_same_events);
    suite_add_tcase(suite, out);
    tcase_add_test(out, sums_any_length_at_any_place);
    tcase_add_test(out, closes_frames_within_their_bytes);
    tcase_add_test(out, shortens_only_runs_that_pay);
    tcase_add_test(out, never_writes_a_forbidden_count);
    tcase_add_test(out, leaves_escapes_alone);
    tcase_add_test(out, cuts_between_characters_pairs_and_runs);
    tcase_add_test(out, receiver_gives_back_what_was_escaped_compressed_and_framed);
    return suite;
}
