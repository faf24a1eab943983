/* test_live_tls.c - thread-local variables: stub/live/tls.c elf.c. */
#define _GNU_SOURCE 1
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/live/driver.h"
#include "tests/suites_hosted.h"

static struct drive d;

static void
run_to_ready(void)
{
    drive_launch(&d, "locals", NULL, NULL);
    drive_insert(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "ready"), 1);
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_SWBREAK);
}

/* Element i of an array of the program's. */
static uint64_t
element(const char *symbol, unsigned i)
{
    uint64_t v = 0;
    size_t n;

    live_target.read_memory(drive_process(&d), drive_symbol(&d, symbol) + 8 * i, &v, 8, &n);
    return v;
}

static uint64_t
block_of(unsigned i, uint64_t link_map)
{
    return strtoull(drive_ask(&d, "qGetTLSAddr:%llx,0,%llx",
                              (unsigned long long)element("tids", i),
                              (unsigned long long)link_map),
                    NULL, 16);
}

START_TEST(each_thread_has_its_own_block_of_the_executable)
{
    run_to_ready();
    uint64_t distance = element("mine_at", 0) - block_of(0, 0);
    ck_assert_uint_lt(distance, 256);
    ck_assert_uint_eq(element("mine_at", 1) - block_of(1, 0), distance);
    ck_assert_uint_ne(block_of(0, 0), block_of(1, 0));
    drive_close(&d);
}
END_TEST

START_TEST(each_thread_has_its_own_block_of_a_library)
{
    run_to_ready();
    uint64_t libc = drive_get(&d, "libc_map", 8);
    ck_assert_uint_ne(block_of(0, libc), 0);
    uint64_t distance = element("errno_at", 0) - block_of(0, libc);
    ck_assert_uint_lt(distance, 4096);
    ck_assert_uint_eq(element("errno_at", 1) - block_of(1, libc), distance);
    drive_close(&d);
}
END_TEST

START_TEST(before_there_are_any_and_for_what_is_no_module_it_is_an_error)
{
    drive_launch(&d, "locals", NULL, NULL); /* stands in the dynamic linker's first instruction */
    ck_assert_int_eq(drive_ask(&d, "qGetTLSAddr:%x,0,0", (unsigned)d.pid)[0], 'E');
    drive_close(&d);
    run_to_ready();
    ck_assert_int_eq(drive_ask(&d, "qGetTLSAddr:%x,0,10", (unsigned)d.pid)[0], 'E');
    ck_assert_int_eq(drive_ask(&d, "qGetTLSAddr:%x,0,ffffffffffffffff", (unsigned)d.pid)[0], 'E');
    ck_assert_int_eq(drive_ask(&d, "qGetTLSAddr:%x,0,%llx", (unsigned)d.pid,
                               (unsigned long long)drive_symbol(&d, "tids"))[0],
                     'E');
    drive_close(&d);
}
END_TEST

Suite *
live_tls_suite(void)
{
    Suite *suite = suite_create("live_tls");
    TCase *tc = tcase_create("live_tls");

    tcase_add_test(tc, each_thread_has_its_own_block_of_the_executable);
    tcase_add_test(tc, each_thread_has_its_own_block_of_a_library);
    tcase_add_test(tc, before_there_are_any_and_for_what_is_no_module_it_is_an_error);
    tcase_set_timeout(tc, 30);
    suite_add_tcase(suite, tc);
    return suite;
}
