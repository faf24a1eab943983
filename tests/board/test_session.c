/* test_session.c - what a debugger's bytes do to a firmware that runs or stands. */
#include <string.h>

#include "tests/board/machine.h"
#include "tests/suites_hosted.h"

/* Interrupts, until all that the client says is heard. */
static void
look(const char *client)
{
    script = client;
    while (*script != '\0')
        ck_assert(stub_board_looked(board));
}

/* ---- a session ---- */

START_TEST(a_fault_is_served_until_the_client_goes_on)
{
    trap(TRAP_FAULT, "$?#3f+$m1100,4#8f+$vCont;c#a8");
    ck_said("$T0b");
    ck_said("$0*\"00#");
    ck_assert(board->running);
    ck_assert(!machine.stepping);
}
END_TEST

START_TEST(a_breakpoint_hit_is_told_and_stepped_over_at_the_resume)
{
    trap(TRAP_FAULT, "$?#3f+$Z0,1200,4#d9+$vCont;c#a8");
    ck_assert_mem_eq(machine.ram + 0x200, arch_aarch64.breakpoint, 4);
    stub_board_set_pc(board, RAM + 0x200);
    trap(TRAP_BREAK, "+$vCont;c#a8");
    ck_said("$T05");
    ck_assert(machine.stepping); /* over it, with nothing planted */
    ck_assert_uint_eq(machine.ram[0x200], 0);
    stub_board_set_pc(board, RAM + 0x204);
    said_size = 0;
    trap(TRAP_STEP, "");
    ck_assert_uint_eq(said_size, 0);
    ck_assert(!machine.stepping);
    ck_assert_mem_eq(machine.ram + 0x200, arch_aarch64.breakpoint, 4);
}
END_TEST

START_TEST(a_range_is_stepped_here_until_it_is_left)
{
    trap(TRAP_FAULT, "$?#3f+$vCont;r1100,1110:1#d3");
    ck_assert(machine.stepping);
    said_size = 0;
    stub_board_set_pc(board, 0x1104);
    trap(TRAP_STEP, "");
    ck_assert_uint_eq(said_size, 0);
    ck_assert(machine.stepping);
    stub_board_set_pc(board, 0x1110);
    trap(TRAP_STEP, "+$vCont;c#a8");
    ck_said("$T05");
    ck_assert(!machine.stepping);
}
END_TEST

START_TEST(an_interrupt_without_a_byte_is_the_firmwares_alone)
{
    trap(TRAP_FAULT, "$?#3f+$vCont;c#a8");
    script = "";
    ck_assert(!stub_board_looked(board));
}
END_TEST

START_TEST(a_repeated_resume_does_not_stop_a_firmware_that_runs)
{
    trap(TRAP_FAULT, "$?#3f+$vCont;c#a8");
    said_size = 0;
    look("$vCont;c#a8");
    ck_assert(board->running);
    said[said_size] = '\0';
    ck_assert_str_eq(said, "++");
}
END_TEST

START_TEST(ctrl_c_stops_once)
{
    trap(TRAP_FAULT, "$?#3f+$vCont;c#a8");
    look("\003+$vCont;c#a8");
    ck_said("$T02");
    ck_assert(board->running);
}
END_TEST

START_TEST(half_a_frame_does_not_keep_the_firmware)
{
    trap(TRAP_FAULT, "$?#3f+$vCont;c#a8");
    look("$m1100");
    ck_assert(board->running);
    look("$m1100,4#8f");
    ck_said("$0*\"00#");
}
END_TEST

START_TEST(a_new_client_has_no_breakpoints)
{
    trap(TRAP_FAULT, "$?#3f+$Z0,1200,4#d9+$vCont;c#a8");
    look("+$qSupported:swbreak+#8b");
    ck_assert_uint_eq(machine.ram[0x200], 0);
    ck_assert(!stub_board_point_at(board, RAM + 0x200));
}
END_TEST

/* A gdb fails for good when a g is longer than its first one. */
START_TEST(a_client_is_shown_one_set_of_registers)
{
    trap(TRAP_FAULT, "$qSupported:swbreak+;xmlRegisters=arm#4c+$p22#d4+$vCont;c#a8");
    ck_said("$E16#");
    machine.floating = true;
    said_size = 0;
    trap(TRAP_FAULT, "+$p22#d4+$vCont;c#a8");
    ck_said("$E16#");
    trap(TRAP_FAULT, "+$qSupported:swbreak+;xmlRegisters=arm#4c+$p22#d4+$vCont;c#a8");
    ck_said("$0*<#96");
}
END_TEST

START_TEST(registers_that_went_away_are_unavailable)
{
    machine.floating = true;
    trap(TRAP_FAULT, "$qSupported:swbreak+;xmlRegisters=arm#4c+$vCont;c#a8");
    machine.floating = false;
    trap(TRAP_FAULT, "+$p22#d4+$vCont;c#a8");
    ck_said("$x*");
}
END_TEST

static int
refuse(void *context, const char *args, struct rsp_out *out)
{
    (void)context;
    (void)args;
    rsp_put_text(out, "no");
    return -STUB_EIO;
}
static const struct stub_command failing[] = { { "fail", "fails", refuse }, { NULL, NULL, NULL } };

/* The words of a monitor command that failed go ahead of its error, which waits for their ack. */
START_TEST(words_that_nobody_acknowledges_do_not_shut_the_next_client_out)
{
    struct stub_board_config config = board_config();

    config.commands = failing;
    start_board(config);
    trap(TRAP_FAULT, "$?#3f+$qRcmd,6661696c#fe$vCont;c#a8");
    ck_said("$O6e6f#");
    ck_assert(board->running);
}
END_TEST

static uint64_t clock_ms;
static uint64_t
tell_time(void *context)
{
    (void)context;
    return ++clock_ms;
}

START_TEST(with_a_clock_such_words_go_out_once_more_first)
{
    struct stub_board_config config = board_config();
    const char *copy;

    config.commands = failing;
    config.now_ms = tell_time;
    clock_ms = 0;
    start_board(config);
    trap(TRAP_FAULT, "$?#3f+$qRcmd,6661696c#fe$vCont;c#a8");
    ck_said("$O6e6f#86$O6e6f#86");
    copy = strstr(strstr(said, "$O") + 1, "$O") + 1;
    ck_assert(strstr(copy, "$O") == NULL);
    ck_assert(board->running);
}
END_TEST

START_TEST(words_that_an_lldb_takes_spoiled_are_followed_by_their_error)
{
    struct stub_board_config config = board_config();

    config.commands = failing;
    start_board(config);
    trap(TRAP_FAULT, "$qSupported:xmlRegisters=i386#c1+$qRcmd,6661696c#fe-+$vCont;c#a8+");
    ck_said("$O6e6f#86$E05#");
}
END_TEST

START_TEST(a_detach_leaves_nothing_behind)
{
    trap(TRAP_FAULT, "$?#3f+$Z0,1200,4#d9+$D#44");
    ck_said("$OK#9a");
    ck_assert(board->running);
    ck_assert_uint_eq(machine.ram[0x200], 0);
    trap(TRAP_FAULT, "$?#3f+$vCont;c#a8"); /* and the next client is served */
    ck_said("$T0b");
}
END_TEST

START_TEST(a_breakpoint_of_the_firmwares_own_is_passed_once)
{
    trap(TRAP_BREAK, "$?#3f+$vCont;s:1#23+$vCont;c#a8");
    ck_assert_uint_eq(stub_board_pc(board), RAM + 0x104);
    ck_said("reason:trace");
    ck_assert(!machine.stepping);
}
END_TEST

/* ---- the stub's own faults ---- */

START_TEST(a_fault_of_the_stubs_own_begins_a_new_session)
{
    trap(TRAP_FAULT, "$?#3f+$vCont;c#a8");
    said_size = 0;
    memset(said, 0, sizeof(said));
    board->inside = 1; /* in the middle of a frame */
    board->held = 'x';
    script = "$?#3f+$vCont;c#a8";
    stub_board_again(board);
    ck_assert_str_eq(script, "");
    ck_said("$T0b"); /* the stop before is told again */
    ck_assert(board->running);
}
END_TEST

START_TEST(a_stack_that_was_too_small_is_told_once)
{
    trap(TRAP_FAULT, "$?#3f+$vCont;c#a8");
    memset(board_room, 0xee, 8); /* a command that went too deep */
    trap(TRAP_FAULT, "+$vCont;c#a8");
    ck_assert_ptr_null(strstr(said, "$O746865"));
    trap(TRAP_FAULT, "++$vCont;c#a8");
    ck_said("$O7468652073747562277320737461636b"); /* "the stub's stack ..." */
    said_size = 0;
    memset(said, 0, sizeof(said));
    trap(TRAP_FAULT, "+$vCont;c#a8");
    ck_assert_ptr_null(strstr(said, "$O746865"));
}
END_TEST

START_TEST(a_start_that_cannot_work_is_refused)
{
    struct stub_board_config config = board->settings;

    ck_assert(!stub_board_start(&board_storage, &config)); /* it is started */
    stub_board_here = NULL;
    config.room_size = STUB_BOARD_SMALLEST - 1;
    ck_assert(!stub_board_start(&board_storage, &config));
    config.room_size = STUB_BOARD_SMALLEST;
    config.room = board_room + 1;
    ck_assert(!stub_board_start(&board_storage, &config));
    config.room = board_room;
    config.get = NULL;
    ck_assert(!stub_board_start(&board_storage, &config));
    ck_assert_ptr_null(stub_board_here);
    config.get = board_get;
    config.stack_size = STUB_BOARD_STACK + 16;
    ck_assert(!stub_board_start(&board_storage, &config)); /* not enough is left for the buffers */
    config.room_size = sizeof(board_room);
    config.stack_size = STUB_BOARD_STACK + 8;
    ck_assert(!stub_board_start(&board_storage, &config));
    config.stack_size = STUB_BOARD_STACK + 16;
    ck_assert(stub_board_start(&board_storage, &config));
}
END_TEST

Suite *
board_session_suite(void)
{
    Suite *s = suite_create("board_session");
    TCase *tc = tcase_create("board_session");

    tcase_add_checked_fixture(tc, set_up_board, NULL);
    tcase_set_timeout(tc, 60); /* a million turns of the loop, on a machine that has other work */
    tcase_add_test(tc, a_fault_is_served_until_the_client_goes_on);
    tcase_add_test(tc, a_breakpoint_hit_is_told_and_stepped_over_at_the_resume);
    tcase_add_test(tc, a_range_is_stepped_here_until_it_is_left);
    tcase_add_test(tc, an_interrupt_without_a_byte_is_the_firmwares_alone);
    tcase_add_test(tc, a_repeated_resume_does_not_stop_a_firmware_that_runs);
    tcase_add_test(tc, ctrl_c_stops_once);
    tcase_add_test(tc, half_a_frame_does_not_keep_the_firmware);
    tcase_add_test(tc, a_new_client_has_no_breakpoints);
    tcase_add_test(tc, a_client_is_shown_one_set_of_registers);
    tcase_add_test(tc, registers_that_went_away_are_unavailable);
    tcase_add_test(tc, words_that_nobody_acknowledges_do_not_shut_the_next_client_out);
    tcase_add_test(tc, with_a_clock_such_words_go_out_once_more_first);
    tcase_add_test(tc, words_that_an_lldb_takes_spoiled_are_followed_by_their_error);
    tcase_add_test(tc, a_detach_leaves_nothing_behind);
    tcase_add_test(tc, a_breakpoint_of_the_firmwares_own_is_passed_once);
    tcase_add_test(tc, a_fault_of_the_stubs_own_begins_a_new_session);
    tcase_add_test(tc, a_stack_that_was_too_small_is_told_once);
    tcase_add_test(tc, a_start_that_cannot_work_is_refused);
    suite_add_tcase(s, tc);
    return s;
}
