/* test_brief.c - an lldb on a line that loses bytes: it asks for nothing again, takes replies that
 * it knows to be spoiled, and takes a reply that comes twice for that to its next request. */
#include <stdlib.h>
#include <string.h>

#include "stub/engine.h"
#include "tests/stub/wire.h"
#include "tests/suites.h"

static struct wire *wire;
static uint64_t now;

static void
close_wire(void)
{
    wire_free(wire);
}

static void
say(const char *body)
{
    uint8_t frame[128];
    size_t n = strlen(body);

    memcpy(frame + 1, body, n);
    n = rsp_frame_close(frame, n, '$');
    ck_assert_uint_eq(stub_feed(&wire->stub, frame, n), n);
}

static void
pass(unsigned ms)
{
    (void)stub_tick(&wire->stub, now += ms);
}

/* A board's packets; a client that says that of itself was served. */
static void
meet(const char *words)
{
    wire = calloc(1, sizeof(*wire));
    wire_open_with(wire, stub_embedded_packets, 1, 0x400, STUB_UNRELIABLE, 256);
    now = 0;
    pass(1);
    say(words);
    ck_assert_ptr_nonnull(strstr(wire_heard(wire), "$PacketSize="));
    wire_feed(wire, "+");
}

static const char lldb[] = "qSupported:xmlRegisters=i386,arm";
static const char gdb[] = "qSupported:vContSupported+";

START_TEST(a_spoiled_reply_is_sent_again_to_gdb_only)
{
    meet(gdb);
    say("m1001,4");
    wire_expect(wire, "++$01020304#8a");
    wire_feed(wire, "-");
    wire_expect(wire, "$01020304#8a");
    close_wire();
    meet(lldb);
    say("m1001,4");
    wire_expect(wire, "++$01020304#8a");
    wire_feed(wire, "-");
    wire_expect(wire, "");
    pass(1000);
    wire_expect(wire, "");
    close_wire();
}
END_TEST

START_TEST(an_lldb_is_told_of_a_spoiled_reply_by_the_next_that_it_can_show)
{
    meet(lldb);
    say("m1001,4");
    wire_heard(wire);
    wire_feed(wire, "-");
    say("qC"); /* a failure of that nobody would see */
    wire_expect(wire, "++$QC10#f5");
    wire_feed(wire, "+");
    say("m1001,4"); /* nor of that: what the program's file has would be shown */
    wire_expect(wire, "++$01020304#8a");
    wire_feed(wire, "+");
    say("m1006,4"); /* nor of that */
    wire_expect(wire, "++$06070809#9e");
    wire_feed(wire, "+");
    say("m1005,4"); /* the rest of what it has begun to read */
    wire_expect(wire, "++$E05#aa");
    wire_feed(wire, "+");
    say("m1005,4");
    wire_expect(wire, "++$05060708#9a");
    wire_feed(wire, "-");
    say("m1008,1"); /* some of it was lost */
    wire_expect(wire, "++$E05#aa");
    close_wire();
}
END_TEST

START_TEST(a_spoiled_reply_about_no_memory_fails_a_request_for_registers)
{
    meet(lldb);
    say("qC");
    wire_heard(wire);
    wire_feed(wire, "-");
    say("m0,4"); /* does not go on from there */
    wire_expect(wire, "++$E0e#da");
    wire_feed(wire, "+");
    say("pffff");
    wire_expect(wire, "++$E05#aa");
    close_wire();
}
END_TEST

/* The sum of a frame does not tell how many bytes of 0 it had. */
START_TEST(a_gdb_is_not_offered_binary_reads_where_bytes_are_lost)
{
    meet(gdb);
    say(gdb);
    ck_assert_ptr_null(strstr(wire_heard(wire), "binary-upload"));
    close_wire();
    meet("qSupported:swbreak+"); /* an lldb, whose frames are to be short */
    say("qSupported:swbreak+");
    ck_assert_ptr_nonnull(strstr(wire_heard(wire), "binary-upload+"));
    close_wire();
}
END_TEST

/* "error: " in hex. */
#define WORDS "++$O6572726f723a20"

START_TEST(an_lldbs_user_reads_of_a_spoiled_reply_when_the_program_goes_on)
{
    const char *text;

    meet(lldb);
    say("qC");
    wire_heard(wire);
    wire_feed(wire, "-");
    say("pffff");
    wire_expect(wire, "++$E05#aa");
    wire_feed(wire, "+");
    say("vCont;c");
    text = wire_heard(wire);
    ck_assert_msg(strncmp(text, WORDS, strlen(WORDS)) == 0, "%s", text);
    ck_assert(!wire->fake.running);
    pass(3000); /* it waits for a stop, whatever comes before: lost ones are said again */
    ck_assert_ptr_nonnull(strstr(wire_heard(wire), &WORDS[2]));
    pass(3000);
    ck_assert_ptr_nonnull(strstr(wire_heard(wire), &WORDS[2]));
    wire_feed(wire, "-"); /* that came spoiled too, and is taken */
    text = wire_heard(wire);
    ck_assert_msg(strncmp(text, &WORDS[2], strlen(WORDS) - 2) == 0, "%s", text);
    wire_feed(wire, "+");
    wire_expect(wire, "");
    ck_assert(wire->fake.running);
    close_wire();
}
END_TEST

/* Its '+' was lost, or it is no more: the words go out once more, then the next one is served. */
START_TEST(words_that_nobody_hears_shut_nobody_out)
{
    meet(lldb);
    say("qC");
    wire_heard(wire);
    wire_feed(wire, "-");
    say("vCont;c");
    ck_assert_int_eq(strncmp(wire_heard(wire), WORDS, strlen(WORDS)), 0);
    ck_assert_uint_eq(stub_feed(&wire->stub, (const uint8_t *)"$", 1), 0);
    pass(3000);
    ck_assert_ptr_nonnull(strstr(wire_heard(wire), &WORDS[2]));
    say("m1001,4");
    ck_assert_ptr_nonnull(strstr(wire_heard(wire), "$01020304#8a"));
    ck_assert(!wire->fake.running);
    close_wire();
}
END_TEST

START_TEST(a_reply_goes_out_to_an_lldb_once_more)
{
    meet(lldb);
    say("m1001,4");
    wire_expect(wire, "++$01020304#8a");
    pass(2999);
    wire_expect(wire, "");
    pass(1);
    wire_expect(wire, "$01020304#8a");
    for (unsigned i = 0; i < 20; i++)
        pass(3000);
    wire_expect(wire, "");
    close_wire();
}
END_TEST

/* Its ack was lost; the second copy waits in its input and fails its next request. */
START_TEST(what_an_lldb_acknowledges_behind_a_second_copy_is_that)
{
    meet(lldb);
    say("m1001,4");
    pass(0);
    wire_heard(wire);
    pass(3000);
    wire_expect(wire, "$01020304#8a");
    say("m1005,4");
    wire_expect(wire, "");
    pass(100);
    wire_feed(wire, "+");
    pass(3000);
    wire_expect(wire, ""); /* it has failed there already */
    say("m1009,4");
    wire_expect(wire, "++$090a0b0c#1f");
    close_wire();
}
END_TEST

/* It was slow, so the second copy went out in vain. Its ack of the first comes before the next
 * request, that of the second behind it, when that request has failed; its user is told. */
START_TEST(what_a_slow_lldb_acknowledges_twice_is_one_reply)
{
    meet(lldb);
    say("m1001,4");
    wire_heard(wire);
    pass(3000);
    wire_expect(wire, "$01020304#8a");
    wire_feed(wire, "+");
    say("m1005,4");
    wire_expect(wire, "");
    pass(900);
    wire_feed(wire, "+");
    pass(3000);
    wire_expect(wire, ""); /* it has failed there already */
    say("m1009,4");
    wire_expect(wire, "++$090a0b0c#1f");
    wire_feed(wire, "+");
    say("vCont;c");
    wire_expect_start(wire, WORDS);
    close_wire();
}
END_TEST

START_TEST(what_a_slow_lldb_acknowledges_twice_before_it_asks_on_fails_nothing)
{
    meet(lldb);
    say("m1001,4");
    wire_heard(wire);
    pass(3000);
    wire_feed(wire, "++");
    wire_expect(wire, "$01020304#8a");
    say("m1005,4");
    wire_expect(wire, "++$05060708#9a");
    close_wire();
}
END_TEST

/* Nothing came of the first copy: the request behind it is a good one. */
START_TEST(a_request_behind_a_second_copy_is_answered_when_nothing_else_comes)
{
    meet(lldb);
    say("m1001,4");
    wire_heard(wire);
    pass(3000);
    wire_expect(wire, "$01020304#8a");
    say("m1005,4");
    wire_expect(wire, "");
    pass(999);
    wire_expect(wire, "");
    pass(1);
    wire_expect(wire, "++$05060708#9a");
    close_wire();
}
END_TEST

static unsigned
frames_in(const char *text)
{
    unsigned n = 0;

    while ((text = strstr(text, ";memory:0x")) != NULL) {
        text++;
        n++;
    }
    return n;
}

/* Frames go upwards: one that is its own caller is told once. */
START_TEST(a_frame_that_leads_nowhere_is_the_last_that_is_told)
{
    meet(lldb);
    wire->fake.stack[0x101] = 0x41;
    wire->fake.stack[0x100] = 0x00;
    say("?");
    ck_assert_uint_eq(frames_in(wire_heard(wire)), 1);
    close_wire();
}
END_TEST

/* By that whoever serves ends, or waits for another program. */
START_TEST(who_detaches_from_a_board_has_done_with_it_and_who_kills_it_by_name_has_not)
{
    meet(gdb);
    say("vKill;10");
    wire_heard(wire);
    ck_assert(!stub_is_over(&wire->stub));
    close_wire();
    meet(gdb);
    say("D");
    wire_expect(wire, "++$OK#9a");
    ck_assert(stub_is_over(&wire->stub));
    close_wire();
}
END_TEST

START_TEST(a_stop_tells_an_lldb_its_threads_and_frames_in_few_bytes)
{
    const char *text;

    meet(lldb);
    say("QListThreadsInStopReply");
    wire_expect(wire, "++$OK#9a");
    wire_feed(wire, "+");
    say("?");
    text = wire_heard(wire);
    ck_assert_ptr_nonnull(strstr(text, ";threads:10;thread-pcs:"));
    ck_assert_ptr_null(strstr(text, "jstopinfo"));
    ck_assert_uint_eq(frames_in(text), 2); /* 0x4100, 0x4200, and the end */
    close_wire();
    meet(gdb);
    say("?");
    ck_assert_ptr_null(strstr(wire_heard(wire), "memory:"));
    close_wire();
}
END_TEST

Suite *
brief_suite(void)
{
    Suite *s = suite_create("brief");
    TCase *tc = tcase_create("brief");

    tcase_add_test(tc, a_spoiled_reply_is_sent_again_to_gdb_only);
    tcase_add_test(tc, an_lldb_is_told_of_a_spoiled_reply_by_the_next_that_it_can_show);
    tcase_add_test(tc, a_spoiled_reply_about_no_memory_fails_a_request_for_registers);
    tcase_add_test(tc, a_gdb_is_not_offered_binary_reads_where_bytes_are_lost);
    tcase_add_test(tc, an_lldbs_user_reads_of_a_spoiled_reply_when_the_program_goes_on);
    tcase_add_test(tc, words_that_nobody_hears_shut_nobody_out);
    tcase_add_test(tc, a_reply_goes_out_to_an_lldb_once_more);
    tcase_add_test(tc, what_an_lldb_acknowledges_behind_a_second_copy_is_that);
    tcase_add_test(tc, what_a_slow_lldb_acknowledges_twice_is_one_reply);
    tcase_add_test(tc, what_a_slow_lldb_acknowledges_twice_before_it_asks_on_fails_nothing);
    tcase_add_test(tc, a_request_behind_a_second_copy_is_answered_when_nothing_else_comes);
    tcase_add_test(tc, a_stop_tells_an_lldb_its_threads_and_frames_in_few_bytes);
    tcase_add_test(tc, a_frame_that_leads_nowhere_is_the_last_that_is_told);
    tcase_add_test(tc,
                   who_detaches_from_a_board_has_done_with_it_and_who_kills_it_by_name_has_not);
    suite_add_tcase(s, tc);
    return s;
}
