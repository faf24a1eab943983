/* test_files.c - the firmware's wishes for files of the debugger's machine. */
#include <stdio.h>
#include <string.h>

#include "tests/board/machine.h"
#include "tests/suites_hosted.h"

/* A client that greets with that word lets the firmware run. */
static void
greet_with(const char *word)
{
    char hello[128] = "", supported[64];

    snprintf(supported, sizeof(supported), "qSupported:%s", word);
    add_frame(hello, supported);
    add_frame(hello, "vCont;c");
    trap(TRAP_FAULT, hello);
    ck_assert(stub_is_waiting(&board->stub));
}

/* A gdb that lets the firmware run, and then answers so. */
static void
let_run(const char *first, const char *second)
{
    greet_with("vContSupported+");
    answers[0] = '\0';
    add_frame(answers, first);
    if (second != NULL)
        add_frame(answers, second);
}

START_TEST(a_wish_is_told_like_a_stop_and_answered)
{
    let_run("F3", NULL);
    ck_assert_int_eq(stub_board_file_open("/etc/motd", STUB_OPEN_CREATE | STUB_OPEN_WRITE, 0644),
                     3);
    ck_said("$Fopen,");
    ck_said("/a,201,1a4#");
    ck_assert(board->running);
    let_run("F-1,2", NULL);
    ck_assert_int_eq(stub_board_file_seek(3, -16, STUB_BOARD_FROM_END), -STUB_BOARD_ENOENT);
    ck_said("$Flseek,3,-10,2#");
    ck_assert_uint_eq(asked, 2);
    ck_assert_ptr_null(board->wish);
}
END_TEST

START_TEST(a_wish_without_a_gdb_fails_at_once)
{
    ck_assert_int_eq(stub_board_file_close(1), -STUB_BOARD_ENOSYS);
    greet_with("xmlRegisters=i386,arm"); /* an lldb */
    said_size = 0;
    ck_assert_int_eq(stub_board_file_close(1), -STUB_BOARD_ENOSYS);
    ck_assert_uint_eq(asked, 0);
    ck_assert_uint_eq(said_size, 0);
}
END_TEST

START_TEST(a_wish_whose_client_has_gone_does_not_wait)
{
    let_run("F0", NULL);
    stub_board_link_lost();
    answers[0] = '\0';
    ck_assert_int_eq(stub_board_file_close(1), -STUB_BOARD_ENOSYS);
    ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(ctrl_c_during_a_wish_ends_it_and_stops)
{
    let_run("F-1,4,C", "vCont;c");
    ck_assert_int_eq(stub_board_file_read(0, board_room, 8), -STUB_BOARD_EINTR);
    ck_said("$T02");
    ck_assert(board->running);
}
END_TEST

START_TEST(a_client_that_asks_why_it_stands_ends_a_wish)
{
    let_run("?", "vCont;c");
    ck_assert_int_eq(stub_board_file_read(0, board_room, 8), -STUB_BOARD_EINTR);
    ck_said("$T05");
    let_run("vCont;c", NULL);
    ck_assert_int_eq(stub_board_file_read(0, board_room, 8), -STUB_BOARD_EINTR);
    let_run("D", NULL);
    ck_assert_int_eq(stub_board_file_read(0, board_room, 8), -STUB_BOARD_EINTR);
    ck_assert_ptr_null(board->wish);
}
END_TEST

START_TEST(what_nobody_asked_for_is_not_taken)
{
    char late[64] = "";

    add_frame(late, "F5");
    add_frame(late, "vCont;c");
    trap(TRAP_FAULT, late);
    ck_said("$E16#");
}
END_TEST

Suite *
board_files_suite(void)
{
    Suite *s = suite_create("board_files");
    TCase *tc = tcase_create("board_files");

    tcase_add_checked_fixture(tc, set_up_board, NULL);
    tcase_set_timeout(tc, 60); /* a million turns of the loop, on a machine that has other work */
    tcase_add_test(tc, a_wish_is_told_like_a_stop_and_answered);
    tcase_add_test(tc, a_wish_without_a_gdb_fails_at_once);
    tcase_add_test(tc, a_wish_whose_client_has_gone_does_not_wait);
    tcase_add_test(tc, ctrl_c_during_a_wish_ends_it_and_stops);
    tcase_add_test(tc, a_client_that_asks_why_it_stands_ends_a_wish);
    tcase_add_test(tc, what_nobody_asked_for_is_not_taken);
    suite_add_tcase(s, tc);
    return s;
}
