/* test_ack.c - acks and repeats, on a line that loses nothing and on one that does. What a whole
 * session makes of a bad line is test_line.c's. */
#include <stdlib.h>
#include <string.h>

#include "stub/engine.h"
#include "tests/stub/wire.h"
#include "tests/suites.h"

static struct wire *wire;

static void
open_wire(void)
{
    wire = wire_new(3, 0x400, 0);
}

static void
close_wire(void)
{
    wire_free(wire);
}

static void
reopen(unsigned threads, unsigned flags)
{
    wire_close(wire);
    wire_open(wire, threads, 0x400, flags);
}

START_TEST(request_is_acknowledged_and_answered_in_one_piece)
{
    size_t n;

    wire_feed(wire, "$qC#b4");
    stub_output(&wire->stub, &n);
    ck_assert_uint_eq(n, strlen("+$QC10#f5"));
    wire_expect(wire, "+$QC10#f5");
    wire_expect(wire, "");
}
END_TEST

START_TEST(half_a_request_is_being_received_and_a_whole_one_is_not)
{
    ck_assert(!stub_is_receiving(&wire->stub));
    wire_feed(wire, "$q");
    ck_assert(stub_is_receiving(&wire->stub));
    wire_feed(wire, "C#b");
    ck_assert(stub_is_receiving(&wire->stub));
    wire_feed(wire, "4");
    ck_assert(!stub_is_receiving(&wire->stub));
    wire_expect(wire, "+$QC10#f5");
    wire_feed(wire, "+");
    ck_assert(!stub_is_receiving(&wire->stub));
}
END_TEST

START_TEST(nak_sends_the_answer_again)
{
    wire_feed(wire, "$qC#b4");
    wire_expect(wire, "+$QC10#f5");
    wire_feed(wire, "-");
    wire_expect(wire, "$QC10#f5");
    wire_feed(wire, "-");
    wire_expect(wire, "$QC10#f5");
    wire_feed(wire, "+");
    wire_feed(wire, "-");
    wire_expect(wire, "");
}
END_TEST

START_TEST(answer_is_sent_for_a_bounded_number_of_naks)
{
    unsigned sent = 0;

    wire_feed(wire, "$qC#b4");
    wire_expect(wire, "+$QC10#f5");
    for (unsigned i = 0; i < 100; i++) {
        wire_feed(wire, "-");
        sent += strcmp(wire_heard(wire), "$QC10#f5") == 0;
    }
    ck_assert_uint_eq(sent, 10);
    wire_feed(wire, "$qC#b4");
    wire_expect(wire, "+$QC10#f5");
}
END_TEST

START_TEST(wrong_checksum_gets_a_nak)
{
    wire_feed(wire, "$qC#b5");
    wire_expect(wire, "-");
    wire_feed(wire, "$qC#zz");
    wire_expect(wire, "-");
    wire_feed(wire, "$qC#b4");
    wire_expect(wire, "+$QC10#f5");
}
END_TEST

START_TEST(answer_is_resent_a_bounded_number_of_times)
{
    uint64_t now = 0;
    unsigned sent = 0;

    wire_feed(
        wire,
        "$qSupported:vContSupported+#6c"); /* a gdb, which knows an answer that comes twice */
    wire_heard(wire);
    wire_feed(wire, "+$qC#b4");
    wire_expect(wire, "+$QC10#f5");
    for (unsigned i = 0; i < 100; i++) {
        stub_tick(&wire->stub, now += 1000);
        sent += strcmp(wire_heard(wire), "$QC10#f5") == 0;
    }
    ck_assert_uint_eq(sent, 10);
    ck_assert_int_eq(stub_tick(&wire->stub, now + 1), -1);
}
END_TEST

START_TEST(answer_is_not_resent_before_its_time)
{
    stub_tick(&wire->stub, 5000);
    wire_feed(wire, "$qC#b4");
    wire_expect(wire, "+$QC10#f5");
    ck_assert_int_eq(stub_tick(&wire->stub, 5400), 600);
    wire_expect(wire, "");
}
END_TEST

START_TEST(repeated_request_is_answered_again_but_done_once)
{
    wire_feed(wire, "$vCont;s:10#53");
    ck_assert_uint_eq(wire->fake.deeds, 1);
    wire_expect_start(wire, "+$T05thread:10;");
    stub_tick(&wire->stub, 600);
    wire_feed(wire, "$vCont;s:10#53");
    wire_expect_start(wire, "+$T05thread:10;");
    ck_assert_uint_eq(wire->fake.deeds, 1);
}
END_TEST

/* Two steps in a row are two steps. */
START_TEST(request_after_an_ack_is_no_repeat)
{
    wire_feed(wire, "$vCont;s:10#53");
    wire_heard(wire);
    wire_feed(wire, "+");
    stub_tick(&wire->stub, 600);
    wire_feed(wire, "$vCont;s:10#53");
    wire_expect_start(wire, "+$T05thread:10;");
    ck_assert_uint_eq(wire->fake.deeds, 2);
}
END_TEST

START_TEST(resume_repeated_while_it_runs_is_done_once)
{
    wire_feed(wire, "$c#63");
    wire_expect(wire, "+");
    wire_feed(wire, "$c#63");
    wire_expect(wire, "+");
    ck_assert_uint_eq(wire->fake.deeds, 1);
    fake_stop(&wire->fake, 0x10, STUB_SIGNAL, 5, 0);
    stub_doorbell(&wire->stub);
    wire_expect_start(wire, "$T05thread:10;");
    wire_feed(wire, "+");
    wire_expect(wire, "");
}
END_TEST

START_TEST(lossy_line_gets_its_acks_twice)
{
    reopen(1, STUB_UNRELIABLE);
    wire_feed(wire, "$qC#b4");
    wire_expect(wire, "++$QC10#f5");
}
END_TEST

/* "M2000,1:" and a write of one byte, which the fake counts. */
static const char write_1[] = "$M2000,1:41#0b";

static void
expect_doubt(uint64_t after, const char *meanwhile, const char *later, unsigned deeds)
{
    reopen(1, STUB_UNRELIABLE);
    stub_tick(&wire->stub, 1000);
    wire_feed(wire, write_1);
    wire_expect(wire, "++$OK#9a");
    stub_tick(&wire->stub, 1000 + after);
    wire_feed(wire, write_1);
    wire_expect(wire, "");
    wire_feed(wire, meanwhile);
    stub_tick(&wire->stub, 1000 + after + 399);
    wire_expect(wire, "");
    stub_tick(&wire->stub, 1000 + after + 400);
    wire_expect(wire, later);
    ck_assert_uint_eq(wire->fake.deeds, deeds);
}

START_TEST(request_that_comes_twice_on_a_lossy_line_is_thought_over)
{
    expect_doubt(100, "", "++$OK#9a", 2); /* the ack of the first was lost */
    expect_doubt(600, "", "++$OK#9a", 1); /* its reply was lost */
    expect_doubt(100, "+", "", 1);        /* the reply came late */
    expect_doubt(600, "+", "", 1);
    wire_feed(wire, write_1);
    wire_expect(wire, "++$OK#9a"); /* now it is a new one */
    ck_assert_uint_eq(wire->fake.deeds, 2);
    expect_doubt(100, "$", "", 1); /* and another begins */
}
END_TEST

START_TEST(lossy_line_needs_time_to_think)
{
    reopen(1, STUB_UNRELIABLE);
    wire_feed(wire, write_1);
    wire_expect(wire, "++$OK#9a");
    wire_feed(wire, write_1);
    wire_expect(wire, "++$OK#9a");
}
END_TEST

/* The bytes from 0x1001 on, as hex or as they are, that the frame heard now says; its length on
 * the line in *length. */
static size_t
hear_memory(char kind, size_t *length)
{
    struct rsp_receiver rx;
    enum rsp_event event;
    uint8_t body[0x400];
    const char *text = wire_heard(wire);
    size_t n;

    *length = strlen(text);
    rsp_receiver_init(&rx, body, sizeof(body), 0);
    rsp_receiver_expand(&rx);
    for (size_t at = 0; at < *length; at += n) {
        n = rsp_receive(&rx, (const uint8_t *)text + at, *length - at, &event);
        ck_assert(event == RSP_ACK || event == RSP_PACKET);
    }
    ck_assert_int_eq(event, RSP_PACKET);
    if (kind == 'x') {
        for (size_t i = 0; i < rx.len; i++)
            ck_assert_uint_eq(body[i], i + 1);
        return rx.len;
    }
    ck_assert_uint_eq(rx.len % 2, 0);
    for (size_t i = 0; i < rx.len / 2; i++)
        ck_assert_int_eq(rsp_digit(body[2 * i]) << 4 | rsp_digit(body[2 * i + 1]), (int)i + 1);
    return rx.len / 2;
}

static void
expect_parts(char kind, const char *request)
{
    size_t length, last;

    wire_feed(wire, request);
    ck_assert_uint_eq(hear_memory(kind, &last), 0x70);
    for (unsigned i = 0; i < 4; i++) {
        wire_feed(wire, "-");
        ck_assert_uint_gt(hear_memory(kind, &length), 0);
        ck_assert(length < last / 3 || length <= 32 + RSP_FRAME_EXTRA);
        last = length;
    }
    ck_assert(length <= 32 + RSP_FRAME_EXTRA);
    wire_feed(wire, "+");
}

START_TEST(memory_goes_out_again_in_parts_on_a_lossy_line)
{
    reopen(1, STUB_UNRELIABLE | STUB_SERIAL);
    expect_parts('m', "$m1001,70#c2");
    wire_feed(wire, "$qSupported:vContSupported+#6c");
    wire_expect_start(wire, "++$PacketSize=");
    wire_feed(wire, "+");
    expect_parts('x', "$x1001,70#cd");
    wire_feed(wire,
              "$qC#b4"); /* nothing else is ever cut, nor memory on a line that loses nothing */
    wire_expect(wire, "++$QC10#f5");
    wire_feed(wire, "-");
    wire_expect(wire, "$QC10#f5");
    reopen(1, STUB_SERIAL);
    wire_feed(wire, "$m1001,70#c2");
    ck_assert_uint_eq(hear_memory('m', &(size_t){ 0 }), 0x70);
    wire_feed(wire, "-");
    ck_assert_uint_eq(hear_memory('m', &(size_t){ 0 }), 0x70);
}
END_TEST

/* g has so many digits where frames are of 96, whatever the registers hold: a gdb takes the length
 * of the first for that of all. */
static void
expect_registers(unsigned flags, size_t want)
{
    wire_close(wire);
    wire_open_with(wire, stub_all_packets, 1, 0x400, STUB_UNRELIABLE | flags, 96);
    for (unsigned turn = 0; turn < 2; turn++) {
        struct rsp_receiver rx;
        enum rsp_event event;
        uint8_t body[0x400];
        const char *text;

        for (unsigned i = 0; i < FAKE_REGISTERS; i++)
            wire->fake.threads[0].registers[i] = (uint8_t)(turn * (17 * i + 1));
        wire_feed(wire, "$g#67");
        text = wire_heard(wire);
        rsp_receiver_init(&rx, body, sizeof(body), 0);
        rsp_receiver_expand(&rx);
        rsp_receive(&rx, (const uint8_t *)text + 2, strlen(text) - 2, &event);
        ck_assert_int_eq(event, RSP_PACKET);
        ck_assert_uint_eq(rx.len, want);
        wire_feed(wire, "+");
    }
}

START_TEST(g_is_short_where_frames_are_and_always_as_long)
{
    expect_registers(0, 88); /* all but v0 */
    expect_registers(STUB_SERIAL, 2 * FAKE_REGISTERS);
}
END_TEST

START_TEST(acks_are_let_fall_in_no_ack_mode)
{
    wire_feed(wire, "$QStartNoAckMode#b0");
    wire_expect(wire, "+$OK#9a");
    wire_feed(wire, "+");
    wire_feed(wire, "+-+$qC#00");
    wire_expect(wire, "$QC10#f5");
    wire_feed(wire, "-");
    wire_expect(wire, "");
    wire_feed(wire, "$qC#b5");
    wire_expect(wire, "");
}
END_TEST

START_TEST(two_requests_in_one_segment_get_two_answers)
{
    static const char both[] = "$qC#b4$T11#b6";
    size_t took = stub_feed(&wire->stub, (const uint8_t *)both, sizeof(both) - 1);

    ck_assert_uint_eq(took, strlen("$qC#b4"));
    wire_expect(wire, "+$QC10#f5");
    wire_feed(wire, both + took);
    wire_expect(wire, "+$OK#9a");
}
END_TEST

Suite *
ack_suite(void)
{
    Suite *suite = suite_create("ack");
    TCase *tc = tcase_create("ack");

    tcase_add_checked_fixture(tc, open_wire, close_wire);
    tcase_add_test(tc, request_is_acknowledged_and_answered_in_one_piece);
    tcase_add_test(tc, half_a_request_is_being_received_and_a_whole_one_is_not);
    tcase_add_test(tc, nak_sends_the_answer_again);
    tcase_add_test(tc, answer_is_sent_for_a_bounded_number_of_naks);
    tcase_add_test(tc, wrong_checksum_gets_a_nak);
    tcase_add_test(tc, answer_is_resent_a_bounded_number_of_times);
    tcase_add_test(tc, answer_is_not_resent_before_its_time);
    tcase_add_test(tc, repeated_request_is_answered_again_but_done_once);
    tcase_add_test(tc, request_after_an_ack_is_no_repeat);
    tcase_add_test(tc, resume_repeated_while_it_runs_is_done_once);
    tcase_add_test(tc, lossy_line_gets_its_acks_twice);
    tcase_add_test(tc, request_that_comes_twice_on_a_lossy_line_is_thought_over);
    tcase_add_test(tc, lossy_line_needs_time_to_think);
    tcase_add_test(tc, memory_goes_out_again_in_parts_on_a_lossy_line);
    tcase_add_test(tc, g_is_short_where_frames_are_and_always_as_long);
    tcase_add_test(tc, acks_are_let_fall_in_no_ack_mode);
    tcase_add_test(tc, two_requests_in_one_segment_get_two_answers);
    suite_add_tcase(suite, tc);
    return suite;
}
