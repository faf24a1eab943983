/* test_live_pad.c - threads step copies of instructions beside others that run on:
 * stub/live/pad_x86_64.c. */
#define _GNU_SOURCE 1
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/live/driver.h"
#include "tests/suites_hosted.h"

static struct drive d;

static const char *const labels[] = { "pad_lock", "pad_load", "pad_store", "pad_sse", "pad_shift",
                                      "pad_push", "pad_high", "pad_call",  "pad_jump" };

/* A breakpoint at each label, whose condition never holds. */
static void
set_all(void)
{
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
        ck_assert_str_eq(
            drive_ask(&d, "Z0,%llx,1;X3,220027", (unsigned long long)drive_symbol(&d, labels[i])),
            "OK");
}

/* The page of ours in the program's memory: without a name, to be read and executed. */
static bool
find_page(pid_t pid, uint64_t *start)
{
    char path[64], line[512];
    unsigned long long from, to;
    bool found = false;

    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    while (!found && fgets(line, sizeof(line), f) != NULL) {
        char permissions[8], name[256] = "";

        if (sscanf(line, "%llx-%llx %7s %*s %*s %*s %255s", &from, &to, permissions, name) >= 3)
            found = strcmp(permissions, "r-xp") == 0 && name[0] == '\0' && to - from == 4096;
    }
    fclose(f);
    *start = found ? from : 0;
    return found;
}

START_TEST(what_threads_do_in_there_is_what_they_would_have_done)
{
    uint64_t page;

    drive_launch(&d, "pads", NULL, NULL);
    set_all();
    ck_assert(!find_page(d.pid, &page));
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

/* Handlers run, children are born, and no instruction is done twice or not at all. */
START_TEST(signals_and_forks_meanwhile_disturb_nothing)
{
    drive_launch(&d, "pads", "signals", NULL);
    set_all();
    ck_assert_str_eq(drive_ask(&d, "QPassSignals:1e;14"), "OK");
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

static void
nobody_stands_in(uint64_t page)
{
    struct rsp_id id = { 0, 0 };

    while (live_target.next_thread(d.live, &id) == 1) {
        uint64_t pc = drive_register(&d, id.tid, "rip");
        ck_assert_msg(pc < page || pc >= page + 4096, "thread %d stands at %llx", (int)id.tid,
                      (unsigned long long)pc);
    }
}

START_TEST(nobody_is_ever_seen_in_there_and_detach_takes_it_away)
{
    pid_t pid = drive_spawn(&d, "pads", "ready");
    uint64_t page = 0;
    bool used = false;
    int status;

    drive_attach(&d, pid);
    set_all();
    for (int i = 0; i < 60; i++) {
        drive_send(&d, "vCont;c");
        ck_assert_str_eq(drive_wait(&d, 5), "");
        stub_feed(&d.stub, (const uint8_t *)"\003", 1);
        ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T02", 3), 0);
        used = find_page(pid, &page) || used;
        if (page != 0)
            nobody_stands_in(page);
    }
    ck_assert(used);
    ck_assert_int_eq(live_target.detach(d.live, pid), 0);
    ck_assert(!find_page(pid, &page));
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%x", (unsigned)status);
    drive_close(&d);
}
END_TEST

/* A step of one thread at a breakpoint, while the others stand, ends behind the instruction. */
START_TEST(a_step_from_a_breakpoint_ends_behind_it)
{
    drive_launch(&d, "pads", NULL, NULL);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "pad_load"), 1), 0);
    for (int i = 0; i < 40; i++) {
        drive_ask(&d, "vCont;c");
        ck_assert_int_eq(d.event.reason, STUB_SWBREAK);
        int64_t tid = d.event.id.tid;
        ck_assert_uint_eq(drive_register(&d, tid, "rip"), drive_symbol(&d, "pad_load"));
        drive_ask(&d, "vCont;s:p%x.%x;c", (unsigned)d.pid, (unsigned)tid);
        if (d.event.id.tid == tid && d.event.reason == STUB_TRACE)
            ck_assert_uint_eq(drive_register(&d, tid, "rip"), drive_symbol(&d, "pad_store"));
    }
    drive_remove(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "pad_load"), 1);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

Suite *
live_pad_suite(void)
{
    Suite *s = suite_create("live_pad");
    TCase *tc = tcase_create("pad");

    tcase_add_test(tc, what_threads_do_in_there_is_what_they_would_have_done);
    tcase_add_test(tc, signals_and_forks_meanwhile_disturb_nothing);
    tcase_add_test(tc, nobody_is_ever_seen_in_there_and_detach_takes_it_away);
    tcase_add_test(tc, a_step_from_a_breakpoint_ends_behind_it);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(s, tc);
    return s;
}
