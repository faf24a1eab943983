/* test_engine.c - acks, repeats, lost links, interrupts and news: the engine's own doings,
 * whatever the packets. */
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
    wire = calloc(1, sizeof(*wire));
    wire_open(wire, 3, 0x400, 0);
}

static void
close_wire(void)
{
    wire_close(wire);
    free(wire);
}

static void
reopen(unsigned threads, unsigned flags)
{
    wire_close(wire);
    wire_open(wire, threads, 0x400, flags);
}

static bool
begins(const char *text, const char *start)
{
    return text != NULL && strncmp(text, start, strlen(start)) == 0;
}

/* ---- acks ---- */

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
    ck_assert(begins(wire_heard(wire), "+$T05thread:10;"));
    stub_tick(&wire->stub, 600);
    wire_feed(wire, "$vCont;s:10#53");
    ck_assert(begins(wire_heard(wire), "+$T05thread:10;"));
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
    ck_assert(begins(wire_heard(wire), "+$T05thread:10;"));
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
    ck_assert(begins(wire_heard(wire), "$T05thread:10;"));
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
    ck_assert(begins(wire_heard(wire), "++$PacketSize="));
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

/* ---- events ---- */

START_TEST(link_lost_between_stop_and_ack_loses_no_event)
{
    wire_feed(wire, "$c#63");
    wire_expect(wire, "+");
    fake_stop(&wire->fake, 0x11, STUB_SIGNAL, 11, 0);
    stub_doorbell(&wire->stub);
    ck_assert(begins(wire_heard(wire), "$T0bthread:11;"));
    stub_link_lost(&wire->stub);
    wire_feed(wire, "$?#3f");
    ck_assert(begins(wire_heard(wire), "+$T0bthread:11;"));
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
    ck_assert(begins(wire_heard(wire), "+$T0bthread:12;"));
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
    ck_assert(begins(wire_heard(wire), "+$T0bthread:12;"));
}
END_TEST

START_TEST(thousand_stops_at_once_are_told_one_by_one)
{
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
        ck_assert_msg(begins(text, "$T05thread:"), "%u: %s", i, text);
        tid = strtoul(text + strlen("$T05thread:"), NULL, 16) - 0x10;
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
    ck_assert(begins(wire_heard(wire), "+$T02thread:10;"));
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
    ck_assert(begins(wire_heard(wire), "$T0bthread:11;"));
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
    ck_assert(begins(wire_heard(wire), "+$T05thread:10;"));
    wire_feed(wire, "+\x03");
    wire_expect(wire, "");
    wire_feed(wire, "$qC#b4");
    ck_assert(begins(wire_heard(wire), "+$QC10#"));
    wire_feed(wire, "+$c#63");
    stub_doorbell(&wire->stub);
    ck_assert(begins(wire_heard(wire), "+$T02thread:10;"));
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
    ck_assert(begins(wire_heard(wire), "$T05thread:10;"));
    if (crosses)
        wire_feed(wire, "\x03");
    wire_feed(wire, "+$c#63");
    stub_doorbell(&wire->stub);
}

START_TEST(interrupt_beside_a_breakpoint_stops_gdbs_next_resume)
{
    hit_beside_an_interrupt("$qSupported:vContSupported+#6c", _i == 1);
    ck_assert(begins(wire_heard(wire), "+$T02thread:10;"));
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
