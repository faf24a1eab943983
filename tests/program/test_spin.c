/* test_spin.c - a server looks for the next request before it sleeps, as long as that pays. */
#define _GNU_SOURCE 1
#include "stub/program/spin.h"

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/suites_hosted.h"

static int ends[2];

static void
open_line(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
}

static void
close_line(void)
{
    close(ends[0]);
    close(ends[1]);
}

/* A client that takes ten milliseconds for each request. */
static void *
ask_slowly(void *requests)
{
    for (int i = 0; i < *(const int *)requests; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
        if (write(ends[1], "x", 1) != 1)
            break;
    }
    return NULL;
}

static bool
has_two_processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 1;
}

START_TEST(what_is_there_is_read_and_looking_pays)
{
    struct program_spin spin = { 0 };
    char byte = 0;

    open_line();
    spin.sleeps = 1000; /* a trial is due */
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert_int_eq(program_recv_soon(&spin, ends[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'x');
    if (has_two_processors())
        ck_assert_uint_gt(spin.credit, 0);
    close_line();
}
END_TEST

START_TEST(a_line_that_ended_is_told_at_once)
{
    struct program_spin spin = { .credit = 1 };
    char byte;

    open_line();
    close(ends[1]);
    ck_assert_int_eq(program_recv_soon(&spin, ends[0], &byte, 1), 0);
    close(ends[0]);
}
END_TEST

/* Credit for two requests is soon used up. Many more are sent, since a look pays by chance when
 * the processor is taken away in the middle of it. */
START_TEST(looking_ends_when_the_client_is_slow)
{
    struct program_spin spin = { .credit = 2 };
    int requests = 30, taken = 0;
    pthread_t client;
    char byte;

    open_line();
    ck_assert_int_eq(pthread_create(&client, NULL, ask_slowly, &requests), 0);
    for (; taken < requests && spin.credit > 0 && has_two_processors(); taken++)
        ck_assert_int_eq(program_recv_soon(&spin, ends[0], &byte, 1), 1);
    ck_assert(spin.credit == 0 || spin.rest_until != 0 || !has_two_processors());
    pthread_join(client, NULL);
    close_line();
}
END_TEST

/* Somebody else wants the processor, as was seen a moment ago. */
START_TEST(nobody_looks_on_a_busy_machine)
{
    struct program_spin spin = { .credit = 4, .rest_until = INT64_MAX };
    int requests = 2;
    pthread_t client;
    char byte;

    open_line();
    ck_assert_int_eq(pthread_create(&client, NULL, ask_slowly, &requests), 0);
    for (int i = 0; i < requests; i++)
        ck_assert_int_eq(program_recv_soon(&spin, ends[0], &byte, 1), 1);
    pthread_join(client, NULL);
    ck_assert_uint_eq(spin.credit, 4); /* not one look in vain */
    close_line();
}
END_TEST

Suite *
spin_suite(void)
{
    Suite *s = suite_create("spin");
    TCase *tc = tcase_create("spin");

    tcase_add_test(tc, what_is_there_is_read_and_looking_pays);
    tcase_add_test(tc, a_line_that_ended_is_told_at_once);
    tcase_add_test(tc, looking_ends_when_the_client_is_slow);
    tcase_add_test(tc, nobody_looks_on_a_busy_machine);
    suite_add_tcase(s, tc);
    return s;
}
