/* test_client.c - the asking side against a server made of strings (GDB manual, "Packet
 * Acknowledgment"). */
#include <stdio.h>
#include <string.h>

#include "rsp/rsp.h"
#include "tests/flush.h"
#include "tests/suites.h"

static uint8_t *in, *out;
static struct rsp_client c;

static void
set_up(void)
{
    in = flush_copy(NULL, 16);
    out = flush_copy(NULL, 24);
    rsp_client_init(&c, in, 16, out, 24);
}

static void
tear_down(void)
{
    flush_free(in, 16);
    flush_free(out, 24);
}

/* Sends all that is offered and expects it to be this. */
static void
expect_sent(const char *want)
{
    char got[100] = "";
    size_t n;
    const uint8_t *p;
    while (p = rsp_client_output(&c, &n), n > 0) {
        strncat(got, (const char *)p, n);
        ck_assert_uint_lt(strlen(got), 60);
        rsp_client_sent(&c, n);
    }
    ck_assert_str_eq(got, want);
}

/* Feeds all of it, one byte at a time when bytewise, and expects one letter for each answer (R
 * O N F) with its body. */
static void
expect_fed_in(const char *wire, const char *want, size_t piece)
{
    static const char letters[] = {
        [RSP_REPLY] = 'R', [RSP_OUTPUT] = 'O', [RSP_NOTICE] = 'N', [RSP_FAILED] = 'F'
    };
    char got[100] = "";
    size_t left = strlen(wire), size = left;
    uint8_t *copy = flush_copy(wire, size), *p = copy;
    while (left > 0) {
        enum rsp_answer a;
        size_t taken = rsp_client_feed(&c, p, left < piece ? left : piece, &a);
        ck_assert(taken > 0 && taken <= left);
        p += taken;
        left -= taken;
        if (a != RSP_WAITING) {
            size_t n = strlen(got), len = a == RSP_FAILED ? 0 : c.rx.len;
            snprintf(got + n, sizeof got - n, "%c<%.*s>", letters[a], (int)len,
                     (const char *)c.rx.buf);
        }
    }
    ck_assert_str_eq(got, want);
    flush_free(copy, size);
}

static void
expect_fed(const char *wire, const char *want)
{
    struct rsp_client before = c;
    expect_fed_in(wire, want, SIZE_MAX);
    c = before;
    expect_fed_in(wire, want, 1);
}

START_TEST(asks_and_takes_the_answer)
{
    ck_assert(rsp_client_ask(&c, "m10,4", NULL, 0));
    expect_sent("$m10,4#2e");
    expect_fed("+$0* #7a", "R<0000>");
    expect_sent("+");
    ck_assert(rsp_client_ask(&c, "X0,1:", "}", 1));
    expect_sent("$X0,1:}]#f9");
    expect_fed("+", "");
    expect_fed("$OK#9a", "R<OK>");
    expect_sent("+");
}
END_TEST

START_TEST(asks_one_thing_at_a_time)
{
    ck_assert(rsp_client_ask(&c, "?", NULL, 0));
    ck_assert(!rsp_client_ask(&c, "g", NULL, 0));
    expect_sent("$?#3f");
    ck_assert(!rsp_client_ask(&c, "g", NULL, 0));
    expect_fed("+", "");
    ck_assert(!rsp_client_ask(&c, "g", NULL, 0));
    expect_fed("$S05#b8", "R<S05>");
    ck_assert(rsp_client_ask(&c, "g", NULL, 0));
    expect_sent("+$g#67");
}
END_TEST

START_TEST(refuses_a_request_that_does_not_fit)
{
    ck_assert(!rsp_client_ask(&c, "123456789012345678901", NULL, 0));
    ck_assert(!rsp_client_ask(&c, "1234567890", "}}}}}}", 6));
    expect_sent("");
    ck_assert(rsp_client_ask(&c, "1234567890", "}}}}}", 5));
    expect_sent("$1234567890}]}]}]}]}]#4f");
    rsp_client_init(&c, in, 16, out, 3);
    ck_assert(!rsp_client_ask(&c, "", NULL, 0));
    rsp_client_init(&c, in, 16, out, 4);
    ck_assert(rsp_client_ask(&c, "", NULL, 0));
    expect_sent("$#00");
}
END_TEST

START_TEST(sends_again_on_nak_as_often_as_allowed)
{
    ck_assert(rsp_client_ask(&c, "g", NULL, 0));
    for (int i = 0; i < 4; i++) {
        expect_sent("$g#67");
        if (i < 3) {
            expect_fed("-", "");
        }
    }
    expect_fed("-", "F<>");
    expect_sent("");
    expect_fed("-", "");
    expect_sent("");
    ck_assert(rsp_client_ask(&c, "?", NULL, 0));
    expect_sent("$?#3f");
    expect_fed("-----", "");
    expect_sent("$?#3f");
    expect_fed("+$S05#b8", "R<S05>");
}
END_TEST

START_TEST(takes_acks_for_the_request_only_when_all_of_it_went_out)
{
    size_t n;
    ck_assert(rsp_client_ask(&c, "g", NULL, 0));
    expect_fed("+-+-$E01#a6", "");
    expect_sent("+$g#67");
    expect_fed("-", "");
    rsp_client_output(&c, &n);
    ck_assert_uint_eq(n, 5);
    rsp_client_sent(&c, 2);
    expect_fed("-$E02#a7+", "");
    ck_assert_mem_eq(rsp_client_output(&c, &n), "#67", 3);
    expect_sent("#67+");
    expect_fed("+$12#63", "R<12>");
}
END_TEST

START_TEST(asks_again_for_a_bad_answer_as_often_as_allowed)
{
    ck_assert(rsp_client_ask(&c, "g", NULL, 0));
    expect_sent("$g#67");
    expect_fed("+$12#64", "");
    expect_sent("-");
    expect_fed("$12#6", "");
    expect_fed("x", "");
    expect_sent("-");
    expect_fed("$12#63", "R<12>");
    expect_sent("+");
    ck_assert(rsp_client_ask(&c, "g", NULL, 0));
    expect_sent("$g#67");
    expect_fed("+$12#00$12#00$12#00$12#00", "F<>");
    expect_sent("---");
    expect_fed("$12#63", "");
    expect_sent("+");
}
END_TEST

START_TEST(reports_output_and_notifications_between)
{
    ck_assert(rsp_client_ask(&c, "c", NULL, 0));
    expect_sent("$c#63");
    expect_fed("+$O3039#1e%Stop:T05#99$S05#b8", "O<O3039>N<Stop:T05>R<S05>");
    expect_sent("++");
}
END_TEST

START_TEST(takes_only_hex_behind_O_for_output)
{
    static const char *const replies[][2] = {
        { "$OK#9a", "R<OK>" },
        { "$O#4f", "R<O>" },
        { "$O6g#ec", "R<O6g>" },
        { "$#00", "R<>" },
    };
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        c.no_ack = true;
        ck_assert(rsp_client_ask(&c, "x", NULL, 0));
        expect_sent("$x#78");
        expect_fed(replies[i][0], replies[i][1]);
    }
}
END_TEST

START_TEST(cuts_an_answer_that_is_too_long)
{
    ck_assert(rsp_client_ask(&c, "g", NULL, 0));
    expect_sent("$g#67");
    expect_fed("+$0*<#96", "R<0000000000000000>");
}
END_TEST

START_TEST(neither_sends_nor_awaits_acks_in_no_ack_mode)
{
    ck_assert(rsp_client_ask(&c, "QStartNoAckMode", NULL, 0));
    expect_sent("$QStartNoAckMode#b0");
    expect_fed("+$OK#9a", "R<OK>");
    c.no_ack = true;
    ck_assert(rsp_client_ask(&c, "g", NULL, 0));
    expect_sent("+$g#67");
    expect_fed("-+$12#63", "R<12>");
    expect_sent("");
    ck_assert(rsp_client_ask(&c, "g", NULL, 0));
    expect_sent("$g#67");
    expect_fed("$12#64", "F<>");
    expect_sent("");
}
END_TEST

START_TEST(takes_an_answer_for_the_ack_that_was_lost)
{
    ck_assert(rsp_client_ask(&c, "s", NULL, 0));
    expect_sent("$s#73");
    expect_fed("$S05#b8", "R<S05>");
    expect_sent("+");
    expect_fed("+", "");
    ck_assert(rsp_client_ask(&c, "c", NULL, 0));
    expect_sent("$c#63");
    expect_fed("$O6869#2c", "O<O6869>");
    ck_assert_int_eq(rsp_client_timeout(&c), RSP_WAITING);
    expect_sent("+-");
}
END_TEST

START_TEST(drops_an_answer_that_is_sent_twice)
{
    ck_assert(rsp_client_ask(&c, "s", NULL, 0));
    expect_sent("$s#73");
    expect_fed("+$S05#b8$S05#b8", "R<S05>");
    ck_assert(rsp_client_ask(&c, "g", NULL, 0));
    expect_sent("++$g#67");
    expect_fed("$S05#b8+$12#63", "R<12>");
    expect_sent("++");
    ck_assert(rsp_client_ask(&c, "g", NULL, 0));
    expect_sent("$g#67");
    expect_fed("+$12#63", "R<12>");
}
END_TEST

START_TEST(a_timeout_repeats_what_is_missing_and_no_deed)
{
    ck_assert_int_eq(rsp_client_timeout(&c), RSP_WAITING);
    ck_assert(rsp_client_ask(&c, "s", NULL, 0));
    expect_sent("$s#73");
    ck_assert_int_eq(rsp_client_timeout(&c), RSP_WAITING);
    expect_sent("$s#73");
    expect_fed("+", "");
    ck_assert_int_eq(rsp_client_timeout(&c), RSP_WAITING);
    expect_sent("-");
    ck_assert_int_eq(rsp_client_timeout(&c), RSP_WAITING);
    expect_sent("-");
    ck_assert_int_eq(rsp_client_timeout(&c), RSP_FAILED);
    expect_sent("");
    ck_assert(rsp_client_ask(&c, "g", NULL, 0));
    c.no_ack = true;
    ck_assert_int_eq(rsp_client_timeout(&c), RSP_FAILED);
}
END_TEST

START_TEST(a_flood_of_packets_owes_a_bounded_number_of_acks)
{
    for (int i = 0; i < 100; i++) {
        expect_fed("$OK#9a", "");
    }
    size_t n;
    rsp_client_output(&c, &n);
    ck_assert_uint_eq(n, 8);
    rsp_client_sent(&c, 3);
    expect_fed("$OK#00", "");
    expect_sent("+++++-");
    expect_sent("");
}
END_TEST

Suite *
client_suite(void)
{
    Suite *suite = suite_create("client");
    TCase *asking = tcase_create("asking");
    suite_add_tcase(suite, asking);
    tcase_add_checked_fixture(asking, set_up, tear_down);
    tcase_add_test(asking, asks_and_takes_the_answer);
    tcase_add_test(asking, asks_one_thing_at_a_time);
    tcase_add_test(asking, refuses_a_request_that_does_not_fit);
    tcase_add_test(asking, sends_again_on_nak_as_often_as_allowed);
    tcase_add_test(asking, takes_acks_for_the_request_only_when_all_of_it_went_out);
    tcase_add_test(asking, asks_again_for_a_bad_answer_as_often_as_allowed);
    tcase_add_test(asking, reports_output_and_notifications_between);
    tcase_add_test(asking, takes_only_hex_behind_O_for_output);
    tcase_add_test(asking, cuts_an_answer_that_is_too_long);
    tcase_add_test(asking, neither_sends_nor_awaits_acks_in_no_ack_mode);
    tcase_add_test(asking, takes_an_answer_for_the_ack_that_was_lost);
    tcase_add_test(asking, drops_an_answer_that_is_sent_twice);
    tcase_add_test(asking, a_timeout_repeats_what_is_missing_and_no_deed);
    tcase_add_test(asking, a_flood_of_packets_owes_a_bounded_number_of_acks);
    return suite;
}
