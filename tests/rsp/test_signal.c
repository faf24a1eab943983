/* test_signal.c - signal numbers, against what gdb 13 lists and gdbserver 13 sends. */
#include "rsp/rsp.h"
#include "tests/suites.h"

/* gdbserver's T packets for a program that raises every signal in turn; where it cannot, gdb's
 * `info signals`. */
static const int gdb_numbers[65] = {
    0,  1,  2,  3,  4,  5,  6,  10, 8,  9,  30, 11, 31, 13, 14, 15, 143, 20, 19, 17, 18, 21,
    22, 16, 24, 25, 26, 27, 28, 23, 32, 12, 77, 45, 46, 47, 48, 49, 50,  51, 52, 53, 54, 55,
    56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72,  73, 74, 75, 78,
};

START_TEST(linux_signals_have_gdbs_numbers)
{
    for (int i = 0; i < 65; i++) {
        ck_assert_int_eq(rsp_signal_from_linux(i), gdb_numbers[i]);
    }
}
END_TEST

START_TEST(gdbs_numbers_lead_back)
{
    for (int i = 0; i < 65; i++) {
        if (gdb_numbers[i] != 143) {
            ck_assert_int_eq(rsp_signal_to_linux(gdb_numbers[i]), i);
        }
    }
    ck_assert_int_eq(rsp_signal_to_linux(33), 29);
}
END_TEST

START_TEST(numbers_without_a_signal_have_none)
{
    static const int none[] = { -1, 7, 29, 34, 44, 76, 79, 142, 143, 144, 145, 255, 256, 1000 };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        ck_assert_int_eq(rsp_signal_to_linux(none[i]), -1);
    }
    ck_assert_int_eq(rsp_signal_from_linux(65), 143);
    ck_assert_int_eq(rsp_signal_from_linux(-1), 143);
    ck_assert_int_eq(rsp_signal_from_linux(1 << 30), 143);
}
END_TEST

START_TEST(signals_have_names)
{
    ck_assert_str_eq(rsp_signal_name(1), "SIGHUP");
    ck_assert_str_eq(rsp_signal_name(10), "SIGUSR1");
    ck_assert_str_eq(rsp_signal_name(16), "SIGSTKFLT");
    ck_assert_str_eq(rsp_signal_name(26), "SIGVTALRM");
    ck_assert_str_eq(rsp_signal_name(31), "SIGSYS");
    ck_assert_str_eq(rsp_signal_name(64), "SIG64");
    ck_assert_str_eq(rsp_signal_name(0), "SIG?");
    ck_assert_str_eq(rsp_signal_name(65), "SIG?");
    ck_assert_str_eq(rsp_signal_name(-5), "SIG?");
}
END_TEST

START_TEST(faults_have_causes)
{
    ck_assert_str_eq(rsp_signal_cause(11, 1), "address not mapped to object");
    ck_assert_str_eq(rsp_signal_cause(11, 3), "failed address bounds checks");
    ck_assert_str_eq(rsp_signal_cause(8, 1), "integer divide by zero");
    ck_assert_str_eq(rsp_signal_cause(4, 8), "internal stack error");
    ck_assert_ptr_null(rsp_signal_cause(11, 4));
    ck_assert_ptr_null(rsp_signal_cause(11, 0));
    ck_assert_ptr_null(rsp_signal_cause(11, -6));
    ck_assert_ptr_null(rsp_signal_cause(10, 1));
    ck_assert(rsp_signal_has_address(7) && rsp_signal_has_address(11));
    ck_assert(!rsp_signal_has_address(8));
}
END_TEST

Suite *
signal_suite(void)
{
    Suite *suite = suite_create("signal");
    TCase *numbers = tcase_create("numbers");
    suite_add_tcase(suite, numbers);
    tcase_add_test(numbers, linux_signals_have_gdbs_numbers);
    tcase_add_test(numbers, gdbs_numbers_lead_back);
    tcase_add_test(numbers, numbers_without_a_signal_have_none);
    tcase_add_test(numbers, signals_have_names);
    tcase_add_test(numbers, faults_have_causes);
    return suite;
}
