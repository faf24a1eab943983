/* test_live_objects.c - lists of the operating system, siginfo written, libraries from one on:
 * stub/live/osdata*.c proc.c libraries.c. */
#define _GNU_SOURCE 1
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/live/driver.h"
#include "tests/suites_hosted.h"

static struct drive d;
static char object[1 << 22];

/* Reads a whole object in pieces of that size into `object`; plain text is not unescaped. */
static void
read_object(const char *name, unsigned piece)
{
    size_t size = 0, last = 1;
    const char *said;

    do {
        said = drive_ask(&d, "qXfer:%s:%zx,%x", name, size, piece);
        ck_assert_msg(said[0] == 'm' || said[0] == 'l', "%s: %s", name, said);
        last = strlen(said + 1);
        ck_assert(size + last < sizeof(object));
        memcpy(object + size, said + 1, last + 1);
        size += last;
    } while (said[0] == 'm');
}

START_TEST(lists_of_the_system_have_this_program_in_them)
{
    char text[128];

    drive_launch(&d, "loop", NULL, NULL);
    read_object("osdata:read:", 0x1000);
    ck_assert_ptr_nonnull(strstr(object, "<column name=\"Type\">processes</column>"));
    read_object("osdata:read:threads", 0x1000);
    snprintf(text, sizeof(text),
             "<column name=\"pid\">%d</column>\n<column name=\"command\">loop</column>\n"
             "<column name=\"tid\">%d</column>",
             (int)d.pid, (int)d.pid);
    ck_assert_ptr_nonnull(strstr(object, text));
    read_object("osdata:read:nonsense", 0x1000);
    ck_assert_str_eq(object, "");
    drive_close(&d);
}
END_TEST

START_TEST(a_list_stays_the_same_while_it_is_read_in_pieces)
{
    drive_launch(&d, "loop", NULL, NULL);
    read_object("osdata:read:files", 0x100); /* each piece would find other files of ours */
    ck_assert_int_eq(strncmp(object, "<?xml", 5), 0);
    ck_assert_str_eq(object + strlen(object) - 18, "</item>\n</osdata>\n");
    for (const char *at = object; (at = strstr(at, "<item>")) != NULL; at++)
        ck_assert_int_eq(strncmp(at, "<item>\n<column name=\"pid\">", 26), 0);
    drive_close(&d);
}
END_TEST

START_TEST(siginfo_is_written_and_no_further_than_its_end)
{
    siginfo_t info;

    drive_launch(&d, "signals", "queue", NULL);
    drive_ask(&d, "vCont;s:%x", (unsigned)d.pid);
    ck_assert_str_eq(drive_ask(&d, "qXfer:siginfo:write::4:abcd"), "4");
    const char *said = drive_ask(&d, "qXfer:siginfo:read::4,4");
    ck_assert_str_eq(said, "mabcd");
    ck_assert_int_eq(drive_ask(&d, "qXfer:siginfo:write::%zx:abcd", sizeof(info) - 3)[0], 'E');
    ck_assert_str_eq(drive_ask(&d, "qXfer:siginfo:write::%zx:abcd", sizeof(info) - 4), "4");
    drive_close(&d);
}
END_TEST

START_TEST(libraries_are_listed_from_one_on)
{
    drive_launch(&d, "locals", NULL, NULL);
    drive_insert(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "ready"), 1);
    drive_ask(&d, "vCont;c");
    unsigned long long libc = drive_get(&d, "libc_map", 8), before = 0;
    size_t n;
    live_target.read_memory(drive_process(&d), libc + 32, &before, 8, &n); /* l_prev */
    snprintf(object, sizeof(object), "libraries-svr4:read:start=%llx;prev=%llx", libc, before);
    char *name = strdup(object);
    read_object(name, 0x1000);
    free(name);
    ck_assert_ptr_nonnull(strstr(object, "libc.so"));
    const char *first = strstr(object, " lm=\"0x");
    ck_assert_uint_eq(strtoull(first + 5, NULL, 16), libc);
    ck_assert_int_eq(drive_ask(&d, "qXfer:libraries-svr4:read:start=%llx;prev=10:0,1000", libc)[0],
                     'E');
    ck_assert_int_eq(drive_ask(&d, "qXfer:libraries-svr4:read:start=10;prev=0:0,1000")[0], 'E');
    drive_close(&d);
}
END_TEST

Suite *
live_objects_suite(void)
{
    Suite *suite = suite_create("live_objects");
    TCase *tc = tcase_create("live_objects");

    tcase_add_test(tc, lists_of_the_system_have_this_program_in_them);
    tcase_add_test(tc, a_list_stays_the_same_while_it_is_read_in_pieces);
    tcase_add_test(tc, siginfo_is_written_and_no_further_than_its_end);
    tcase_add_test(tc, libraries_are_listed_from_one_on);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return suite;
}
