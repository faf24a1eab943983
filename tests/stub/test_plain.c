/* test_plain.c - the engine with the packets of stub_gdb_packets, as any build has it: with
 * STUB_PLAIN (stub/plain.h) the engine does the same. */
#include <stdlib.h>
#include <string.h>

#include "stub/engine.h"
#include "tests/stub/wire.h"
#include "tests/suites.h"

static struct wire *wire;

static void
open_wire(void)
{
    wire = calloc(1, sizeof(*wire));
    wire_open_with(wire, stub_gdb_packets, 1, 0x100, 0, 0);
}

static void
close_wire(void)
{
    wire_free(wire);
}

START_TEST(plain_request_is_acknowledged_and_answered)
{
    ck_assert(stub_is_idle(&wire->stub));
    wire_feed(wire, "$m1000");
    ck_assert(stub_is_receiving(&wire->stub));
    wire_feed(wire, ",2#8c");
    wire_expect(wire, "+$0001#c1");
    ck_assert(!stub_is_idle(&wire->stub));
    wire_feed(wire, "+");
    ck_assert(stub_is_idle(&wire->stub));
    wire_expect(wire, "");
}
END_TEST

START_TEST(plain_nak_sends_the_answer_again)
{
    wire_feed(wire, "-");
    wire_expect(wire, "");
    wire_feed(wire, "$m1000,2#8c");
    wire_expect(wire, "+$0001#c1");
    wire_feed(wire, "-");
    wire_expect(wire, "$0001#c1");
    wire_feed(wire, "-");
    wire_expect(wire, "$0001#c1");
    wire_feed(wire, "+-");
    wire_expect(wire, "");
}
END_TEST

START_TEST(plain_wrong_checksum_gets_a_nak_and_nothing_done)
{
    wire_feed(wire, "$M2000,1:ab#00");
    wire_expect(wire, "-");
    wire_feed(wire, "$M2000,1:ab#zz");
    wire_expect(wire, "-");
    ck_assert_uint_eq(wire->fake.heap[0], 0);
    wire_feed(wire, "$m1000,2#8c");
    wire_expect(wire, "+$0001#c1");
}
END_TEST

START_TEST(plain_two_requests_in_one_segment_get_two_answers)
{
    static const char both[] = "$m1000,2#8c$m1001,2#8d";
    size_t took = stub_feed(&wire->stub, (const uint8_t *)both, sizeof(both) - 1);

    ck_assert_uint_eq(took, strlen("$m1000,2#8c"));
    wire_expect(wire, "+$0001#c1");
    wire_feed(wire, both + took);
    wire_expect(wire, "+$0102#c3");
}
END_TEST

START_TEST(plain_stop_that_was_not_acknowledged_is_told_to_the_next_client)
{
    wire_feed(wire, "$c#63");
    wire_expect(wire, "+");
    ck_assert(stub_is_waiting(&wire->stub));
    fake_stop(&wire->fake, 0x10, STUB_SIGNAL, 11, 0);
    stub_doorbell(&wire->stub);
    wire_expect_start(wire, "$T0b02:");
    stub_link_lost(&wire->stub);
    wire_feed(wire, "$?#3f");
    wire_expect_start(wire, "+$T0b02:");
    wire_feed(wire, "+");
    stub_link_lost(&wire->stub);
    wire_feed(wire, "$?#3f");
    wire_expect_start(wire, "+$T0b02:");
}
END_TEST

START_TEST(plain_client_that_comes_while_it_runs_stops_it)
{
    wire_feed(wire, "$c#63");
    wire_expect(wire, "+");
    stub_link_lost(&wire->stub);
    wire_feed(wire, "$?#3f");
    stub_doorbell(&wire->stub);
    wire_expect_start(wire, "+$T0202:");
}
END_TEST

START_TEST(plain_interrupt_stops_what_runs_once)
{
    wire_feed(wire, "\x03");
    stub_doorbell(&wire->stub);
    wire_expect(wire, "");
    wire_feed(wire, "$c#63\x03");
    stub_doorbell(&wire->stub);
    wire_expect_start(wire, "+$T0202:");
    wire_feed(wire, "+");
    wire_feed(wire, "$c#63");
    stub_doorbell(&wire->stub);
    wire_expect(wire, "+");
}
END_TEST

/* gdb makes one `next` of many steps. */
START_TEST(plain_interrupt_that_crosses_the_end_of_a_step_stops_the_next_resume)
{
    wire_feed(wire, "$c#63");
    fake_stop(&wire->fake, 0x10, STUB_TRACE, 5, 0);
    stub_doorbell(&wire->stub);
    wire_expect_start(wire, "+$T0502:");
    wire_feed(wire, "+\x03");
    wire_expect(wire, "");
    wire_feed(wire, "$c#63");
    stub_doorbell(&wire->stub);
    wire_expect_start(wire, "+$T0202:");
}
END_TEST

/* There is no packet with which a client could answer. */
START_TEST(plain_stub_does_no_files)
{
    wire_feed(wire, "$c#63");
    wire_expect(wire, "+");
    ck_assert(stub_is_waiting(&wire->stub));
    ck_assert(!stub_does_files(&wire->stub));
}
END_TEST

START_TEST(plain_init_refuses_what_cannot_work)
{
    struct stub stub;
    struct stub_target target = wire->fake.ops;
    struct stub_config config = { .size = sizeof(config),
                                  .target = &target,
                                  .target_object = &wire->fake,
                                  .packets = stub_gdb_packets,
                                  .input = wire->input,
                                  .output = wire->output,
                                  .input_size = 256,
                                  .output_size = 256 };

    ck_assert(stub_init(&stub, &config));
    target.layout = NULL;
    ck_assert(stub_init(&stub, &config));
    target.machine = NULL;
    ck_assert(!stub_init(&stub, &config));
    /* A plain build asks for no layout. */
    target.layout = wire->fake.ops.layout;
    ck_assert(stub_init(&stub, &config) != STUB_PLAIN);
}
END_TEST

Suite *
plain_suite(void)
{
    Suite *suite = suite_create("plain");
    TCase *tc = tcase_create("plain");

    tcase_add_checked_fixture(tc, open_wire, close_wire);
    tcase_add_test(tc, plain_request_is_acknowledged_and_answered);
    tcase_add_test(tc, plain_nak_sends_the_answer_again);
    tcase_add_test(tc, plain_wrong_checksum_gets_a_nak_and_nothing_done);
    tcase_add_test(tc, plain_two_requests_in_one_segment_get_two_answers);
    tcase_add_test(tc, plain_stop_that_was_not_acknowledged_is_told_to_the_next_client);
    tcase_add_test(tc, plain_client_that_comes_while_it_runs_stops_it);
    tcase_add_test(tc, plain_interrupt_stops_what_runs_once);
    tcase_add_test(tc, plain_interrupt_that_crosses_the_end_of_a_step_stops_the_next_resume);
    tcase_add_test(tc, plain_stub_does_no_files);
    tcase_add_test(tc, plain_init_refuses_what_cannot_work);
    suite_add_tcase(suite, tc);
    return suite;
}
