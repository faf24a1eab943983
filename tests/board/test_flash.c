/* test_flash.c - flash that is programmed by a debugger. */
#include "tests/board/machine.h"
#include "tests/suites_hosted.h"

START_TEST(flash_is_erased_block_by_block_and_written)
{
    char load[256] = "";

    add_frame(load, "vFlashErase:a100,200");
    add_frame(load, "vFlashWrite:a104:hello");
    add_frame(load, "vFlashDone");
    add_frame(load, "vCont;c");
    trap(TRAP_FAULT, load);
    ck_assert_uint_eq(flash_calls.erases, 2);
    ck_assert_uint_eq(flash_calls.erase_calls, 2 * FLASH_PATIENCE);
    ck_assert_uint_eq(flash_calls.writes, 1);
    ck_assert_uint_eq(flash_calls.ends, 1);
    ck_assert_uint_eq(machine.flash[0xff], 0);
    ck_assert_uint_eq(machine.flash[0x100], 0xff);
    ck_assert_mem_eq(machine.flash + 0x104, "hello", 5);
    ck_assert_uint_eq(machine.flash[0x2ff], 0xff);
    ck_assert_uint_eq(machine.flash[0x300], 0);
    ck_said("$OK#9a++$OK#9a++$OK#9a");
}
END_TEST

/* The request is acknowledged while the chip is at work, not when it has finished. */
START_TEST(the_line_is_heard_while_flash_is_erased)
{
    char load[256] = "";

    add_frame(load, "vFlashErase:a000,400");
    add_frame(load, "vCont;c");
    trap(TRAP_FAULT, load);
    ck_assert_uint_eq(flash_calls.erases, 4);
    ck_assert_str_eq(flash_calls.said_early, "++");
    ck_said("++$OK#9a");
}
END_TEST

START_TEST(an_erase_that_fails_is_told_and_begins_anew)
{
    char load[256] = "";

    flash_calls.fails = -STUB_EIO;
    add_frame(load, "vFlashErase:a000,200");
    add_frame(load, "vCont;c");
    trap(TRAP_FAULT, load);
    ck_assert_uint_eq(flash_calls.erases, 0);
    ck_said("$E05#");
    ck_assert_uint_eq(board->erased, 0);
}
END_TEST

START_TEST(what_is_no_flash_is_not_erased)
{
    char load[256] = "";

    add_frame(load, "vFlashErase:1000,1000");
    add_frame(load, "vFlashErase:a080,100");
    add_frame(load, "vFlashWrite:9fff:ab");
    board->settings.flash = NULL;
    add_frame(load, "vFlashErase:a000,100");
    add_frame(load, "vCont;c");
    trap(TRAP_FAULT, load);
    ck_assert_uint_eq(flash_calls.erase_calls + flash_calls.writes, 0);
    ck_said("$E0e#");
    ck_said("$E5f#");
}
END_TEST

Suite *
board_flash_suite(void)
{
    Suite *s = suite_create("board_flash");
    TCase *tc = tcase_create("board_flash");

    tcase_add_checked_fixture(tc, set_up_board, NULL);
    tcase_add_test(tc, flash_is_erased_block_by_block_and_written);
    tcase_add_test(tc, the_line_is_heard_while_flash_is_erased);
    tcase_add_test(tc, an_erase_that_fails_is_told_and_begins_anew);
    tcase_add_test(tc, what_is_no_flash_is_not_erased);
    suite_add_tcase(s, tc);
    return s;
}
