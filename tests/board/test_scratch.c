/* test_scratch.c - memory that an lldb borrows from the board. Only its address counts here: what
 * is lent is not touched. */
#include <string.h>

#include "tests/board/machine.h"
#include "tests/suites_hosted.h"

enum { SCRATCH = 0x100008 }; /* the first 8 bytes of which are not aligned */
static struct stub_board_scratch scratch;

static void
set_up(void)
{
    struct stub_board_config config = board_config();

    memset(&scratch, 0, sizeof(scratch));
    scratch.lend = stub_board_lend;
    scratch.memory = (void *)(uintptr_t)SCRATCH;
    scratch.size = STUB_BOARD_SCRATCH;
    config.packets = stub_lending_packets;
    config.scratch = &scratch;
    start_board(config);
}

/* Sends the requests, up to a NULL, and lets the firmware go on; forgets what was said before. */
static void
ask(const char *const *requests)
{
    char text[1024] = "";

    memset(said, 0, sizeof(said));
    said_size = 0;
    for (; *requests != NULL; requests++)
        add_frame(text, *requests);
    add_frame(text, "vCont;c");
    trap(TRAP_FAULT, text);
}
#define ASK(...) ask((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(lends_side_by_side_and_in_the_first_gap)
{
    ASK("_M1,rw", "_M20,rwx", "_M10,r");
    ck_said("$100010#22++$100020#23++$100040#25");
    ASK("_m100020", "_M30,rw"); /* which does not fit there */
    ck_said("$OK#9a++$100050#26");
    ASK("_M20,rw", "_M1,rw");
    ck_said("$100020#23++$100080#29");
    ck_assert_uint_eq(scratch.loan_count, 5);
}
END_TEST

START_TEST(lends_no_more_than_there_is)
{
    ASK("_M8fff9,rw", "_M90000,rw", "_Mffffffffffffffff,rw", "_Mfffffffffffffff8,rw");
    ck_said("$E0c#d8++$E0c#d8++$E0c#d8++$E0c#d8");
    ASK("_M8fff8,rw", "_M1,rw"); /* to its last byte */
    ck_said("$100010#22++$E0c#d8");
    ASK("_m100010", "_M8fff0,rw", "_M8,rw", "_M1,rw");
    ck_said("$OK#9a++$100010#22++$190* #e4++$E0c#d8");
}
END_TEST

START_TEST(as_many_loans_as_have_room_in_the_list)
{
    uint64_t address;

    for (unsigned i = 0; i < STUB_BOARD_LOANS; i++) {
        ck_assert_int_eq(stub_board_lend(&scratch, 16, &address), 0);
        ck_assert_uint_eq(address, 0x100010 + 16 * i);
    }
    ck_assert_int_eq(stub_board_lend(&scratch, 16, &address), -STUB_ENOMEM);
    address = 0x100010; /* and back, first and last */
    ck_assert_int_eq(stub_board_lend(&scratch, 0, &address), 0);
    address = 0x100010 + 16 * (STUB_BOARD_LOANS - 1);
    ck_assert_int_eq(stub_board_lend(&scratch, 0, &address), 0);
    ck_assert_uint_eq(scratch.loan_count, STUB_BOARD_LOANS - 2);
    ck_assert_uint_eq(scratch.loans[0].start, 0x100020);
}
END_TEST

START_TEST(takes_back_only_what_is_lent)
{
    ASK("_M20,rw", "_m100010", "_m100010", "_m100020", "_m0", "_mffffffffffffffff");
    ck_said("$100010#22++$OK#9a++$E02#a7++$E02#a7++$E02#a7++$E02#a7");
    ASK("_M20,rw", "_m100018"); /* not its start */
    ck_said("$100010#22++$E02#a7");
    ck_assert_uint_eq(scratch.loan_count, 1);
}
END_TEST

START_TEST(refuses_what_is_no_request)
{
    ASK("_M0,rw", "_M", "_M10", "_M10,q", "_M10,rw;", "_m", "_m100010,");
    ck_said("$E16#ac++$E16#ac++$E16#ac++$E16#ac++$E16#ac++$E16#ac++$E16#ac");
    ck_assert_uint_eq(scratch.loan_count, 0);
}
END_TEST

START_TEST(a_client_that_is_gone_has_given_back)
{
    ASK("_M1000,rwx", "_M1000,rw");
    ck_assert_uint_eq(scratch.loan_count, 2);
    ASK("qSupported:xmlRegisters=i386", "_M90000,rw", "_M8fff8,rw");
    ck_said("$E0c#d8++$100010#22");
    trap(TRAP_FAULT, "+$D#44");
    ck_assert_uint_eq(scratch.loan_count, 0);
}
END_TEST

/* What an lldb must hear to run code of its own: pkt_lldb_machine.c. */
START_TEST(only_an_lldb_is_told_where_the_program_is)
{
    ASK("qHostInfo", "qOffsets");
    ck_said("triple:616172636836342d756e6b6e6f776e2d736f6c61726973;ostype:solaris;");
    ck_said("$Text=0;Data=0;Bss=0#");
    ASK("qSupported:swbreak+;vContSupported+", "qOffsets");
    ck_assert_ptr_null(strstr(said, "Text"));
}
END_TEST

START_TEST(without_such_memory_nothing_is_lent)
{
    struct stub_board_config config = board_config();

    config.packets = stub_lending_packets;
    start_board(config);
    ASK("_M10,rw");
    ck_said("$#00");
    start_board(board_config()); /* nor do the other packets know of it */
    ASK("_M10,rw", "qHostInfo");
    ck_said("$#00");
    ck_said("ostype:unknown;");
}
END_TEST

START_TEST(memory_too_small_to_be_of_use_is_refused_at_the_start)
{
    struct stub_board_config config = board->settings;

    for (unsigned i = 0; i < 4; i++) {
        struct stub_board_scratch wrong = scratch;

        if (i == 0)
            wrong.size--;
        else if (i == 1)
            wrong.lend = NULL;
        else if (i == 2)
            wrong.memory = NULL;
        wrong.loan_count = 7; /* of a start before */
        stub_board_here = NULL;
        config.scratch = &wrong;
        ck_assert_int_eq(stub_board_start(&board_storage, &config), i == 3);
        ck_assert_uint_eq(wrong.loan_count, i == 3 ? 0 : 7);
    }
}
END_TEST

Suite *
board_scratch_suite(void)
{
    Suite *s = suite_create("board_scratch");
    TCase *tc = tcase_create("board_scratch");

    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, lends_side_by_side_and_in_the_first_gap);
    tcase_add_test(tc, lends_no_more_than_there_is);
    tcase_add_test(tc, as_many_loans_as_have_room_in_the_list);
    tcase_add_test(tc, takes_back_only_what_is_lent);
    tcase_add_test(tc, refuses_what_is_no_request);
    tcase_add_test(tc, a_client_that_is_gone_has_given_back);
    tcase_add_test(tc, only_an_lldb_is_told_where_the_program_is);
    tcase_add_test(tc, without_such_memory_nothing_is_lent);
    tcase_add_test(tc, memory_too_small_to_be_of_use_is_refused_at_the_start);
    suite_add_tcase(s, tc);
    return s;
}
