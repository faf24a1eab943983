/* test_engine.c - lost links, interrupts and news: the engine's own doings, whatever the packets.
 * Acks and repeats are test_ack.c's. */
#include <stdlib.h>
#include <string.h>

#include "stub/engine.h"
#include "tests/flush.h"
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

/* ---- events ---- */

START_TEST(link_lost_between_stop_and_ack_loses_no_event)
{
    wire_feed(wire, "$c#63");
    wire_expect(wire, "+");
    fake_stop(&wire->fake, 0x11, STUB_SIGNAL, 11, 0);
    stub_doorbell(&wire->stub);
    wire_expect_start(wire, "$T0bthread:11;");
    stub_link_lost(&wire->stub);
    wire_feed(wire, "$?#3f");
    wire_expect_start(wire, "+$T0bthread:11;");
}
END_TEST

START_TEST(stop_without_a_client_is_told_to_the_next)
{
    wire_feed(wire, "$c#63");
    stub_link_lost(&wire->stub);
    fake_stop(&wire->fake, 0x12, STUB_SIGNAL, 11, 0);
    stub_doorbell(&wire->stub);
    wire_expect(wire, "");
    wire_feed(wire, "$?#3f");
    wire_expect_start(wire, "+$T0bthread:12;");
}
END_TEST

START_TEST(stop_reported_and_acknowledged_is_told_again_to_who_asks)
{
    wire_feed(wire, "$c#63");
    fake_stop(&wire->fake, 0x12, STUB_SIGNAL, 11, 0);
    stub_doorbell(&wire->stub);
    wire_heard(wire);
    wire_feed(wire, "+");
    stub_link_lost(&wire->stub);
    wire_feed(wire, "$?#3f");
    wire_expect_start(wire, "+$T0bthread:12;");
}
END_TEST

START_TEST(thousand_stops_at_once_are_told_one_by_one)
{
    static const char start[] = "$T05thread:";
    bool told[1000] = { false };

    reopen(1000, 0);
    wire_feed(wire, "$c#63");
    wire_expect(wire, "+");
    for (int i = 0; i < 1000; i++)
        fake_stop(&wire->fake, 0x10 + i, STUB_SWBREAK, 5, 0);
    for (unsigned i = 0; i < 1000; i++) {
        const char *text;
        unsigned long tid;

        stub_doorbell(&wire->stub);
        text = wire_heard(wire);
        if (text[0] == '+')
            text++;
        ck_assert_msg(strncmp(text, start, strlen(start)) == 0, "%u: %s", i, text);
        tid = strtoul(text + strlen(start), NULL, 16) - 0x10;
        ck_assert_uint_lt(tid, 1000);
        ck_assert(!told[tid]);
        told[tid] = true;
        wire_feed(wire, "+");
        wire_feed(wire, "$c#63");
    }
    ck_assert(stub_is_waiting(&wire->stub));
}
END_TEST

/* Otherwise each would be a hit, or a signal, more. */
START_TEST(lldb_is_told_once_of_stops_that_one_reply_shows)
{
    ck_assert_ptr_nonnull(wire_ask(wire, "qSupported:xmlRegisters=i386"));
    ck_assert_str_eq(wire_ask(wire, "QListThreadsInStopReply"), "OK");
    wire_feed(wire, "$c#63");
    wire_expect(wire, "+");
    fake_stop(&wire->fake, 0x10, STUB_SIGNAL, 10, 0);
    fake_stop(&wire->fake, 0x11, STUB_SIGNAL, 10, 0);
    stub_doorbell(&wire->stub);
    ck_assert_ptr_nonnull(strstr(wire_heard(wire), "jstopinfo:"));
    wire_feed(wire, "+");
    wire_expect(wire, "");
    wire_feed(wire, "$c#63");
    wire_expect(wire, "+");
}
END_TEST

/* What a reply says with its run lengths undone. */
static size_t
expanded(const char *body, char *to, size_t room)
{
    size_t n = 0;

    for (; *body != '\0'; body++) {
        unsigned times = *body == '*' ? (unsigned)(*++body - 29) : 1;
        char c = *body;

        if (body[-1] == '*' && n > 0)
            c = to[n - 1];
        for (; times > 0 && n < room; times--)
            to[n++] = c;
    }
    return n;
}

/* A gdb takes its input a byte at a time: a core that is mostly zeros took it minutes. */
START_TEST(a_gdb_is_sent_long_runs_of_one_byte_as_run_lengths)
{
    static char all[0x1000];

    wire_close(wire);
    wire_open(wire, 1, 0x1000, 0);
    memset(wire->fake.heap, 0, sizeof(wire->fake.heap));
    ck_assert_uint_eq(strlen(wire_ask(wire, "m2000,400")), 0x800); /* nobody in particular */
    ck_assert_ptr_nonnull(wire_ask(wire, "qSupported:xmlRegisters=i386;qRelocInsn+"));
    const char *body = wire_ask(wire, "m2000,400");
    ck_assert_uint_lt(strlen(body), 0x80);
    ck_assert_uint_eq(expanded(body, all, sizeof(all)), 0x800);
    ck_assert_uint_eq(strspn(all, "0"), 0x800);
    ck_assert_uint_eq(strlen(wire_ask(wire, "m2000,100")), 0x200); /* short ones do not matter */
    for (size_t i = 0; i < sizeof(wire->fake.heap); i++)
        wire->fake.heap[i] = (uint8_t)(i * 37);
    ck_assert_uint_eq(strlen(wire_ask(wire, "m2000,400")), 0x800);
}
END_TEST

START_TEST(output_of_any_length_is_told_in_order)
{
    char text[201], all[201] = "";
    size_t n = 0;

    memset(text, 'a', 200);
    text[199] = 'z';
    text[200] = '\0';
    wire_close(wire);
    wire_open(wire, 1, 0x100, 0);
    ck_assert_ptr_null(wire_ask(wire, "c"));
    fake_print(&wire->fake, text);
    wire_ring(wire);
    while (wire_hear(wire)) {
        struct rsp_in in = rsp_in_from(wire->body + 1, wire->size - 1);

        ck_assert_int_eq(wire->body[0], 'O');
        n += rsp_take_hex_bytes(&in, all + n, sizeof(all) - n);
        ck_assert(rsp_take_end(&in));
    }
    ck_assert_uint_eq(n, 200);
    ck_assert(memcmp(all, text, 200) == 0);
    ck_assert(stub_is_waiting(&wire->stub));
}
END_TEST

/* Without F there is no answer to a wish. */
START_TEST(files_are_asked_for_only_where_they_can_be_answered)
{
    wire_feed(wire, "$qSupported:vContSupported+#6c");
    wire_heard(wire);
    ck_assert(!stub_does_files(&wire->stub)); /* nobody waits */
    wire_feed(wire, "+$c#63");
    ck_assert(stub_does_files(&wire->stub));
    wire_close(wire);
    wire_open_with(wire, stub_minimal_packets, 1, 0x400, 0, 0);
    wire_feed(wire, "$c#63");
    ck_assert(stub_is_waiting(&wire->stub));
    ck_assert(!stub_does_files(&wire->stub));
}
END_TEST

/* ---- interrupts ---- */

START_TEST(interrupt_in_the_segment_of_the_resume_stops_it)
{
    wire_feed(wire, "$c#63\x03");
    stub_doorbell(&wire->stub);
    wire_expect_start(wire, "+$T02thread:10;");
}
END_TEST

START_TEST(interrupt_of_what_stands_is_dropped)
{
    wire_feed(wire, "\x03");
    stub_doorbell(&wire->stub);
    wire_expect(wire, "");
    wire_feed(wire, "$c#63");
    stub_doorbell(&wire->stub);
    wire_expect(wire, "+");
}
END_TEST

START_TEST(interrupt_beside_a_stop_gives_one_stop)
{
    wire_feed(wire, "$c#63");
    wire_heard(wire);
    fake_stop(&wire->fake, 0x11, STUB_SIGNAL, 11, 0);
    wire_feed(wire, "\x03");
    stub_doorbell(&wire->stub);
    wire_expect_start(wire, "$T0bthread:11;");
    wire_feed(wire, "+");
    wire_feed(wire, "$c#63");
    stub_doorbell(&wire->stub);
    wire_expect(wire, "+");
}
END_TEST

START_TEST(a_longer_wait_than_there_can_be_is_the_longest)
{
    struct stub_config config = { .size = sizeof(config),
                                  .target = &wire->fake.ops,
                                  .target_object = &wire->fake,
                                  .packets = stub_all_packets,
                                  .input = wire->input,
                                  .output = wire->output,
                                  .input_size = wire->input_size,
                                  .output_size = wire->output_size,
                                  .resend_ms = UINT16_MAX + 1000 };

    ck_assert(stub_init(&wire->stub, &config));
    stub_tick(&wire->stub, 1);
    wire_feed(wire, "$qC#b4");
    wire_heard(wire);
    ck_assert_int_eq(stub_tick(&wire->stub, 2), UINT16_MAX - 1);
}
END_TEST

/* gdb makes one `next` of many steps: it takes the end that was on its way for one of them. */
START_TEST(interrupt_that_crosses_the_end_of_a_step_stops_the_next_resume)
{
    wire_feed(wire, "$c#63");
    fake_stop(&wire->fake, 0x10, STUB_TRACE, 5, 0);
    stub_doorbell(&wire->stub);
    wire_expect_start(wire, "+$T05thread:10;");
    wire_feed(wire, "+\x03");
    wire_expect(wire, "");
    wire_feed(wire, "$qC#b4");
    wire_expect_start(wire, "+$QC10#");
    wire_feed(wire, "+$c#63");
    stub_doorbell(&wire->stub);
    wire_expect_start(wire, "+$T02thread:10;");
    wire_feed(wire, "+$c#63");
    stub_doorbell(&wire->stub);
    wire_expect(wire, "+");
}
END_TEST

/* A breakpoint's commands may end in `continue`, or gdb find its condition false: it goes on. */
static void
hit_beside_an_interrupt(const char *words, bool crosses)
{
    wire_feed(wire, words);
    wire_heard(wire);
    wire_feed(wire, "+$c#63");
    wire_expect(wire, "+");
    fake_stop(&wire->fake, 0x10, STUB_SWBREAK, 5, 0);
    if (!crosses)
        wire_feed(wire, "\x03");
    stub_doorbell(&wire->stub);
    wire_expect_start(wire, "$T05thread:10;");
    if (crosses)
        wire_feed(wire, "\x03");
    wire_feed(wire, "+$c#63");
    stub_doorbell(&wire->stub);
}

START_TEST(interrupt_beside_a_breakpoint_stops_gdbs_next_resume)
{
    hit_beside_an_interrupt("$qSupported:vContSupported+#6c", _i == 1);
    wire_expect_start(wire, "+$T02thread:10;");
    wire_feed(wire, "+$c#63");
    stub_doorbell(&wire->stub);
    wire_expect(wire, "+");
}
END_TEST

START_TEST(interrupt_beside_a_breakpoint_is_satisfied_by_it_for_an_lldb)
{
    hit_beside_an_interrupt("$qSupported:xmlRegisters=i386#c1", _i == 1);
    wire_expect(wire, "+");
}
END_TEST

START_TEST(interrupt_byte_inside_a_frame_is_data)
{
    wire_feed(wire, "$X2000,1:\x03#b4");
    wire_expect(wire, "+$OK#9a");
    ck_assert_uint_eq(wire->fake.heap[0], 3);
}
END_TEST

/* ---- late targets ---- */

START_TEST(link_lost_under_a_late_answer_leaves_a_working_engine)
{
    wire->fake.late = true;
    wire_feed(wire, "$g#67");
    wire_expect(wire, "+");
    stub_link_lost(&wire->stub);
    wire_ring(wire);
    ck_assert(!wire_hear(wire));
    ck_assert_str_eq(wire_ask(wire, "p4"), "0010000000000000");
}
END_TEST

START_TEST(next_request_waits_for_a_late_answer)
{
    wire->fake.late = true;
    wire_feed(wire, "$p4#a4");
    wire_expect(wire, "+");
    ck_assert_uint_eq(stub_feed(&wire->stub, (const uint8_t *)"$qC#b4", 6), 0);
    wire_ring(wire);
    ck_assert(wire_hear(wire));
    ck_assert_str_eq((char *)wire->body, "0010000000000000");
}
END_TEST

/* ---- strangers and bad configurations ---- */

START_TEST(stranger_is_known_by_the_first_byte)
{
    static const uint8_t friends[] = { '+', '-', '$', 3, 4 };

    for (size_t i = 0; i < sizeof(friends); i++)
        ck_assert(!stub_is_stranger(friends[i]));
    ck_assert(stub_is_stranger('P'));
    ck_assert(stub_is_stranger('G'));
    ck_assert(stub_is_stranger(0));
    ck_assert(stub_is_stranger(0x16));
}
END_TEST

START_TEST(init_refuses_what_cannot_work)
{
    struct stub stub;
    struct stub_config good = { .size = sizeof(good),
                                .target = &wire->fake.ops,
                                .target_object = &wire->fake,
                                .packets = stub_all_packets,
                                .input = wire->input,
                                .output = wire->output,
                                .input_size = 256,
                                .output_size = 256 };
    struct stub_config bad = good;
    struct stub_target none = { .size = 0 };

    ck_assert(stub_init(&stub, &good));
    bad.input_size = 255;
    ck_assert(!stub_init(&stub, &bad));
    bad = good;
    bad.output_size = 255;
    ck_assert(!stub_init(&stub, &bad));
    bad = good;
    bad.target = &none;
    ck_assert(!stub_init(&stub, &bad));
    bad = good;
    bad.packets = NULL;
    ck_assert(!stub_init(&stub, &bad));
    bad = good;
    bad.size = offsetof(struct stub_config, packets);
    ck_assert(!stub_init(&stub, &bad));
}
END_TEST

static int
no_register(void *target, struct rsp_id id, const struct arch_register *r, void *value)
{
    (void)target, (void)id;
    memset(value, 0xab, r->size);
    return 0;
}

/* The body of the reply, as a string. */
static const char *
ask_stub(struct stub *stub, const char *body)
{
    static char reply[0x400];
    uint8_t frame[0x100];
    size_t n = strlen(body);
    const uint8_t *p;

    memcpy(frame + 1, body, n);
    n = rsp_frame_close(frame, n, '$');
    ck_assert_uint_eq(stub_feed(stub, frame, n), n);
    p = stub_output(stub, &n); /* an ack, the frame */
    ck_assert_uint_ge(n, 1 + RSP_FRAME_EXTRA);
    memcpy(reply, p + 2, n - 1 - RSP_FRAME_EXTRA);
    reply[n - 1 - RSP_FRAME_EXTRA] = '\0';
    stub_sent(stub, n);
    ck_assert_uint_eq(stub_feed(stub, (const uint8_t *)"+", 1), 1);
    return reply;
}

/* The table ends where memory does. */
START_TEST(nothing_behind_a_small_table_is_looked_at)
{
    static const struct arch_layout layout = { .arch = &arch_aarch64_core };
    static uint8_t input[0x400], output[0x400];
    const struct stub_small_target small = { .size = sizeof(small),
                                             .machine = &layout,
                                             .get_register = no_register };
    uint8_t *table = flush_copy(&small, sizeof(small));
    const struct stub_config config = { .size = sizeof(config),
                                        .target = STUB_SMALL(table),
                                        .packets = stub_all_packets,
                                        .input = input,
                                        .input_size = sizeof(input),
                                        .output = output,
                                        .output_size = sizeof(output) };
    struct stub stub;

    ck_assert(stub_init(&stub, &config));
    ck_assert_ptr_nonnull(strstr(ask_stub(&stub, "qSupported:swbreak+"), "qXfer:features:read+"));
    ck_assert_str_eq(ask_stub(&stub, "p20"), "abababababababab");
    ck_assert_int_eq(strncmp(ask_stub(&stub, "?"), "T00thread:1;1f:abab", 19), 0);
    for (const char *const *body = (const char *const[]){ "qXfer:auxv:read::0,10", "vFile:setfs:0",
                                                          "k", "D", "vAttach;1", "m0,4", NULL };
         *body != NULL; body++)
        ck_assert_str_eq(ask_stub(&stub, *body), "");
    ck_assert_str_eq(ask_stub(&stub, "QStartNoAckMode;"), "E16"); /* takes no argument */
    stub_link_lost(&stub);
    flush_free(table, sizeof(small));
}
END_TEST

Suite *
engine_suite(void)
{
    Suite *suite = suite_create("engine");
    TCase *tc = tcase_create("engine");

    tcase_add_checked_fixture(tc, open_wire, close_wire);
    tcase_add_test(tc, link_lost_between_stop_and_ack_loses_no_event);
    tcase_add_test(tc, stop_without_a_client_is_told_to_the_next);
    tcase_add_test(tc, stop_reported_and_acknowledged_is_told_again_to_who_asks);
    tcase_add_test(tc, thousand_stops_at_once_are_told_one_by_one);
    tcase_add_test(tc, lldb_is_told_once_of_stops_that_one_reply_shows);
    tcase_add_test(tc, a_gdb_is_sent_long_runs_of_one_byte_as_run_lengths);
    tcase_add_test(tc, output_of_any_length_is_told_in_order);
    tcase_add_test(tc, files_are_asked_for_only_where_they_can_be_answered);
    tcase_add_test(tc, interrupt_in_the_segment_of_the_resume_stops_it);
    tcase_add_test(tc, interrupt_of_what_stands_is_dropped);
    tcase_add_test(tc, interrupt_beside_a_stop_gives_one_stop);
    tcase_add_test(tc, a_longer_wait_than_there_can_be_is_the_longest);
    tcase_add_test(tc, interrupt_that_crosses_the_end_of_a_step_stops_the_next_resume);
    tcase_add_loop_test(tc, interrupt_beside_a_breakpoint_stops_gdbs_next_resume, 0, 2);
    tcase_add_loop_test(tc, interrupt_beside_a_breakpoint_is_satisfied_by_it_for_an_lldb, 0, 2);
    tcase_add_test(tc, interrupt_byte_inside_a_frame_is_data);
    tcase_add_test(tc, link_lost_under_a_late_answer_leaves_a_working_engine);
    tcase_add_test(tc, next_request_waits_for_a_late_answer);
    tcase_add_test(tc, stranger_is_known_by_the_first_byte);
    tcase_add_test(tc, init_refuses_what_cannot_work);
    tcase_add_test(tc, nothing_behind_a_small_table_is_looked_at);
    suite_add_tcase(suite, tc);
    return suite;
}
