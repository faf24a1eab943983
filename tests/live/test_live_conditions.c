/* test_live_conditions.c - conditions and commands of breakpoints, decided at the hit:
 * stub/live/conditions.c. */
#define _GNU_SOURCE 1
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/live/driver.h"
#include "tests/suites_hosted.h"

static struct drive d;

/* The condition `counter == n`, as X list entry. */
static const char *
counter_is(unsigned n)
{
    static char text[64];

    snprintf(text, sizeof(text), "Xf,25%016llx1a23%04x1327",
             (unsigned long long)drive_symbol(&d, "counter"), n);
    return text;
}

static void
set(const char *lists)
{
    ck_assert_str_eq(drive_ask(&d, "Z0,%llx,1%s%s", (unsigned long long)drive_symbol(&d, "tick"),
                               lists[0] != '\0' ? ";" : "", lists),
                     "OK");
}

static void
hits_when_counter_is(unsigned n)
{
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_SWBREAK);
    ck_assert_uint_eq(drive_get(&d, "counter", 8), n);
}

START_TEST(only_hits_whose_condition_holds_are_told)
{
    drive_launch(&d, "loop", NULL, NULL);
    set(counter_is(1000));
    hits_when_counter_is(1000);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rip"), drive_symbol(&d, "tick"));
    drive_close(&d);
}
END_TEST

START_TEST(setting_a_breakpoint_again_replaces_its_conditions)
{
    char two[128];

    drive_launch(&d, "loop", NULL, NULL);
    set(counter_is(500));
    snprintf(two, sizeof(two), "%s", counter_is(20));
    strcat(two, counter_is(30));
    set(two);
    hits_when_counter_is(20);
    hits_when_counter_is(30);
    set(counter_is(40));
    hits_when_counter_is(40);
    set("");
    hits_when_counter_is(41);
    hits_when_counter_is(42);
    drive_close(&d);
}
END_TEST

START_TEST(a_condition_that_cannot_be_evaluated_stops)
{
    static const char *const bad[] = {
        "X3,210000",       /* loops */
        "X6,220122000527", /* divides by zero */
        "X4,22001727",     /* reads nowhere */
        "X5,2201280227",   /* fine, but true */
        "X4,22012800",     /* no such bytecode */
        "X4,22ff2627",     /* cut */
        "X0,",
    };

    drive_launch(&d, "loop", NULL, NULL);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        set(bad[i]);
        hits_when_counter_is(i);
    }
    drive_close(&d);
}
END_TEST

/* What was fetched for one hit is not believed at the next, nor after the client wrote. */
START_TEST(conditions_see_memory_as_it_is_at_each_hit)
{
    uint64_t counter;

    drive_launch(&d, "loop", NULL, NULL);
    set(counter_is(300));
    hits_when_counter_is(300);
    counter = drive_symbol(&d, "counter");
    set(counter_is(1000));
    ck_assert_str_eq(drive_ask(&d, "M%llx,8:e703000000000000", (unsigned long long)counter), "OK");
    hits_when_counter_is(1000); /* 999 and one */
    ck_assert_str_eq(drive_ask(&d, "M%llx,8:0000000000000000", (unsigned long long)counter), "OK");
    hits_when_counter_is(1000);
    drive_close(&d);
}
END_TEST

START_TEST(conditions_see_the_registers_at_the_breakpoint)
{
    char text[64];

    drive_launch(&d, "loop", NULL, NULL);
    /* rip (16) == tick: it is rewound before it is asked for. */
    snprintf(text, sizeof(text), "Xe,26001025%016llx1327",
             (unsigned long long)drive_symbol(&d, "tick"));
    set(text);
    hits_when_counter_is(0);
    drive_close(&d);
}
END_TEST

/* Only the hit whose condition holds prints. */
START_TEST(commands_are_run_and_nobody_is_told)
{
    int ends[2];
    char line[64] = "";

    ck_assert_int_eq(pipe(ends), 0);
    drive_launch(&d, "loop", NULL, NULL);
    ck_assert_int_ge(dup2(ends[1], STDOUT_FILENO), 0);
    /* printf("n=%ld\n", counter) */
    ck_assert_str_eq(
        drive_ask(&d, "Z0,%llx,1;%s;cmds:0,X1b,25%016llx1a22002200340100086e3d256c645c6e0027",
                  (unsigned long long)drive_symbol(&d, "tick"), counter_is(7),
                  (unsigned long long)drive_symbol(&d, "counter")),
        "OK");
    drive_send(&d, "vCont;c");
    ck_assert_str_eq(drive_wait(&d, 100), "");
    ssize_t n = read(ends[0], line, sizeof(line));
    ck_assert_int_eq(n, 4);
    ck_assert_int_eq(memcmp(line, "n=7\n", 4), 0);
    drive_close(&d);
}
END_TEST

Suite *
live_conditions_suite(void)
{
    Suite *suite = suite_create("live_conditions");
    TCase *tc = tcase_create("live_conditions");

    tcase_add_test(tc, only_hits_whose_condition_holds_are_told);
    tcase_add_test(tc, setting_a_breakpoint_again_replaces_its_conditions);
    tcase_add_test(tc, a_condition_that_cannot_be_evaluated_stops);
    tcase_add_test(tc, conditions_see_memory_as_it_is_at_each_hit);
    tcase_add_test(tc, conditions_see_the_registers_at_the_breakpoint);
    tcase_add_test(tc, commands_are_run_and_nobody_is_told);
    tcase_set_timeout(tc, 30);
    suite_add_tcase(suite, tc);
    return suite;
}
