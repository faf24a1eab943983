/* test_live_catch.c - system calls that are caught: stub/live/catch.c. */
#define _GNU_SOURCE 1
#include <check.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/live/driver.h"
#include "tests/suites_hosted.h"

enum { MANY = 1024 }; /* that many are kept */

static struct drive d;

static void catch (const char *packet)
{
    ck_assert_str_eq(drive_ask(&d, "%s", packet), "OK");
}

static void
comes(enum stub_reason reason, int number)
{
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, reason);
    ck_assert_int_eq(d.event.status, number);
}

START_TEST(entry_and_return_of_one_number_are_told)
{
    drive_launch(&d, "calls", NULL, NULL);
    catch ("QCatchSyscalls:1;6e"); /* getppid */
    for (unsigned i = 0; i < 3; i++) {
        comes(STUB_SYSCALL_ENTRY, SYS_getppid);
        comes(STUB_SYSCALL_RETURN, SYS_getppid);
        ck_assert_uint_eq(drive_register(&d, d.pid, "rax"), (uint64_t)getpid());
    }
    drive_close(&d);
}
END_TEST

START_TEST(a_number_that_no_call_has_is_caught_too)
{
    drive_launch(&d, "calls", NULL, NULL);
    catch ("QCatchSyscalls:1;1869f;ffffffffffffffff");
    comes(STUB_SYSCALL_ENTRY, 99999);
    comes(STUB_SYSCALL_RETURN, 99999);
    catch ("QCatchSyscalls:0");
    drive_send(&d, "vCont;c");
    ck_assert_str_eq(drive_wait(&d, 50), "");
    drive_close(&d);
}
END_TEST

START_TEST(every_call_is_caught_and_what_is_let_go_returns_unseen)
{
    drive_launch(&d, "calls", NULL, NULL);
    catch ("QCatchSyscalls:1;6e");
    comes(STUB_SYSCALL_ENTRY, SYS_getppid);
    catch ("QCatchSyscalls:1");
    comes(STUB_SYSCALL_RETURN, SYS_getppid);
    comes(STUB_SYSCALL_ENTRY, 99999);
    catch ("QCatchSyscalls:1;6e");
    comes(STUB_SYSCALL_ENTRY, SYS_getppid);
    drive_close(&d);
}
END_TEST

START_TEST(a_call_under_a_breakpoint_is_caught)
{
    drive_launch(&d, "syscall", NULL, NULL);
    drive_insert(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "reading"), 1);
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_SWBREAK);
    catch ("QCatchSyscalls:1;0"); /* read */
    comes(STUB_SYSCALL_ENTRY, SYS_read);
    comes(STUB_SYSCALL_RETURN, SYS_read);
    drive_close(&d);
}
END_TEST

START_TEST(more_numbers_than_are_kept_are_refused)
{
    drive_launch(&d, "calls", NULL, NULL);
    for (unsigned i = 0; i < MANY; i++)
        ck_assert_int_eq(live_target.catch_syscall(drive_process(&d), STUB_CATCH_TOO, i), 0);
    ck_assert_int_eq(live_target.catch_syscall(drive_process(&d), STUB_CATCH_TOO, 5), -STUB_E2BIG);
    drive_close(&d);
}
END_TEST

Suite *
live_catch_suite(void)
{
    Suite *suite = suite_create("live_catch");
    TCase *tc = tcase_create("live_catch");

    tcase_add_test(tc, entry_and_return_of_one_number_are_told);
    tcase_add_test(tc, a_number_that_no_call_has_is_caught_too);
    tcase_add_test(tc, every_call_is_caught_and_what_is_let_go_returns_unseen);
    tcase_add_test(tc, a_call_under_a_breakpoint_is_caught);
    tcase_add_test(tc, more_numbers_than_are_kept_are_refused);
    tcase_set_timeout(tc, 30);
    suite_add_tcase(suite, tc);
    return suite;
}
