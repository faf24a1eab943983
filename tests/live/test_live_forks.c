/* test_live_forks.c - forks, vforks and exec: stub/live/fork.c stops.c. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"
#include "tests/live/driver.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct drive d;

static void
children_end_well(const char *how, int parent_hits)
{
    drive_launch(&d, "fork", how, NULL);
    drive_pass(&d, SIGCHLD);
    drive_break_at(&d, "touch");
    drive_break_at(&d, "finished");
    for (int i = 0; i < parent_hits; i++)
        ck_assert_msg(drive_hits(&d, "touch"), "%s", d.reply);
    ck_assert_msg(drive_hits(&d, "finished"), "%s", d.reply);
    ck_assert_uint_eq(drive_get(&d, "bad", 4), 0);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}

START_TEST(forked_children_are_clean_of_breakpoints)
{
    children_end_well("fork", 1);
}
END_TEST

START_TEST(vforked_children_step_over_breakpoints_unseen)
{
    children_end_well("vfork", 1);
}
END_TEST

START_TEST(spawned_children_run)
{
    children_end_well("spawn", 1);
}
END_TEST

START_TEST(stepping_through_fork_and_vfork)
{
    drive_launch(&d, "fork", "vfork", NULL);
    drive_pass(&d, SIGCHLD);
    drive_break_at(&d, "touch");
    ck_assert(drive_hits(&d, "touch"));
    uint64_t main_end = drive_symbol(&d, "finished");
    for (int i = 0; i < 400; i++) {
        drive_ask(&d, "vCont;s:%x", (unsigned)d.pid);
        ck_assert_int_eq(d.event.kind, STUB_STOPPED);
        ck_assert_int_eq(d.event.reason, STUB_TRACE);
    }
    drive_insert(&d, STUB_POINT_SOFTWARE, main_end, 1);
    ck_assert(drive_hits(&d, "finished"));
    ck_assert_uint_eq(drive_get(&d, "bad", 4), 0);
    drive_close(&d);
}
END_TEST

/* The children of the process that it has by any of its threads; returns how many. */
static unsigned
children_of(pid_t pid, pid_t *children, unsigned max)
{
    char path[64], text[64];
    struct rsp_id id = { 0, 0 };
    unsigned n = 0;

    while (n < max && live_target.next_thread(d.live, &id) == 1) {
        snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)id.tid);
        FILE *f = fopen(path, "r");
        if (f != NULL && fgets(text, sizeof(text), f) != NULL)
            children[n++] = (pid_t)atoi(text);
        if (f != NULL)
            fclose(f);
    }
    return n;
}

/* Runs "slow" until its child waits for a signal, or is about to. */
static pid_t
slow_child(void)
{
    pid_t child = 0;

    drive_send(&d, "vCont;c");
    for (int i = 0; i < PATIENCE_MS && children_of(d.pid, &child, 1) == 0; i++)
        ck_assert_str_eq(drive_wait(&d, 1), "");
    ck_assert_int_gt(child, 0);
    ck_assert_str_eq(drive_wait(&d, 50), "");
    return child;
}

START_TEST(interrupt_during_a_vfork_stops_and_shows_registers)
{
    drive_launch(&d, "fork", "slow", NULL);
    drive_pass(&d, SIGCHLD);
    pid_t child = slow_child();
    stub_feed(&d.stub, (const uint8_t *)"\003", 1);
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T02", 3), 0);
    ck_assert_uint_ne(drive_register(&d, d.pid, "rip"), 0);
    ck_assert(!drive_set_register(&d, d.pid, "rax", 1));
    kill(child, SIGUSR1);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

START_TEST(detach_during_a_vfork_lets_both_go)
{
    int status;
    pid_t pid;

    drive_launch(&d, "fork", "slow", NULL);
    drive_pass(&d, SIGCHLD);
    drive_break_at(&d, "touch");
    ck_assert(drive_hits(&d, "touch"));
    pid = d.pid;
    pid_t child = slow_child();
    ck_assert_int_eq(live_target.detach(d.live, pid), 0);
    kill(child, SIGUSR1);
    ck_assert(!live_alive(d.live));
    for (int i = 0; i < PATIENCE_MS && drive_state(pid) != 'Z'; i++) {
        live_poll(d.live);
        drive_nap(1);
        if (drive_state(pid) == 0)
            break;
    }
    drive_close(&d);
    if (waitpid(pid, &status, 0) == pid)
        ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(child_of_a_vfork_outlives_the_killed_parent)
{
    drive_launch(&d, "fork", "slow", NULL);
    drive_pass(&d, SIGCHLD);
    drive_break_at(&d, "finished");
    pid_t child = slow_child();
    char path[64], text[64] = "";
    drive_close(&d);
    ck_assert_int_eq(drive_state(d.pid), 0);
    ck_assert(drive_state(child) == 'S' || drive_state(child) == 'R');
    snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
    FILE *f = fopen(path, "r");
    bool traced = false;
    while (f != NULL && fgets(text, sizeof(text), f) != NULL)
        traced |= strncmp(text, "TracerPid:", 10) == 0 && atoi(text + 10) != 0;
    fclose(f);
    kill(child, SIGKILL);
    ck_assert(!traced);
}
END_TEST

/* They are let go, and are ours to wait for then. */
static void
both_go_on(const pid_t *children)
{
    int status;

    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < PATIENCE_MS && drive_state(children[i]) != 'T'; k++) {
            live_poll(d.live);
            drive_nap(1);
        }
        ck_assert_int_eq(drive_state(children[i]), 'T');
    }
    for (int i = 0; i < 2; i++) {
        kill(children[i], SIGCONT);
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 7 << 8);
    }
}

/* Both go on in memory that a breakpoint was in. */
static void
two_vforks_outlive_the_parent(bool interrupt)
{
    pid_t children[2];

    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    drive_launch(&d, "vforks", "two", NULL);
    drive_break_at(&d, "touch");
    drive_send(&d, "vCont;c");
    for (int i = 0; i < PATIENCE_MS && children_of(d.pid, children, 2) < 2; i++)
        ck_assert_str_eq(drive_wait(&d, 1), "");
    ck_assert_uint_eq(children_of(d.pid, children, 2), 2);
    if (interrupt) {
        stub_feed(&d.stub, (const uint8_t *)"\003", 1);
        ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T02", 3), 0);
    }
    ck_assert_int_eq(live_target.kill(d.live, d.pid, false), 0);
    both_go_on(children);
    ck_assert_int_eq(live_pid(d.live), 0);
    drive_close(&d);
}

/* The parent is killed between the births; one child has come to us when the other is seen. */
START_TEST(child_not_heard_of_is_let_go_beside_one_that_came_to_the_server)
{
    pid_t children[2];

    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    drive_launch(&d, "vforks", "late", NULL);
    drive_send(&d, "vCont;c");
    for (int i = 0; i < PATIENCE_MS && drive_get(&d, "born", 4) == 0; i++) {
        live_poll(d.live); /* the first child has come to us, and runs */
        drive_nap(1);
    }
    for (int i = 0; i < PATIENCE_MS && children_of(d.pid, children, 2) < 2; i++)
        drive_nap(1);
    ck_assert_uint_eq(children_of(d.pid, children, 2), 2);
    kill(d.pid, SIGKILL);
    ck_assert(drive_becomes(d.pid, "Z"));
    both_go_on(children);
    drive_close(&d);
}
END_TEST

START_TEST(two_children_of_vforks_outlive_the_killed_parent)
{
    two_vforks_outlive_the_parent(true);
}
END_TEST

START_TEST(two_children_of_vforks_outlive_the_parent_killed_as_it_runs)
{
    for (int i = 0; i < 10; i++)
        two_vforks_outlive_the_parent(false);
}
END_TEST

/* It is let go wherever it is: at a breakpoint, behind its int3, in the step over it. */
START_TEST(child_of_a_vfork_is_let_go_from_inside_a_breakpoint)
{
    pid_t child;

    for (int i = 0; i < 60; i++) {
        drive_launch(&d, "vforks", "hot", NULL);
        drive_break_at(&d, "touch");
        drive_send(&d, "vCont;c");
        for (int k = 0; k < PATIENCE_MS && children_of(d.pid, &child, 1) == 0; k++)
            ck_assert_str_eq(drive_wait(&d, 10), "");
        ck_assert_uint_eq(children_of(d.pid, &child, 1), 1);
        if (i % 2 == 0) {
            ck_assert_int_eq(live_target.kill(d.live, d.pid, false), 0);
        } else {
            kill(d.pid, SIGKILL);
            ck_assert_str_eq(drive_wait(&d, PATIENCE_MS), "X09");
        }
        for (int k = 0; k < PATIENCE_MS && drive_state(child) != 'S'; k++) {
            live_poll(d.live);
            drive_nap(1);
        }
        ck_assert_msg(drive_state(child) == 'S', "round %d: %d", i, drive_state(child));
        live_poll(d.live);
        ck_assert(TAILQ_EMPTY(&d.live->processes));
        kill(child, SIGKILL);
        drive_close(&d);
    }
}
END_TEST

/* Its birth, which was never collected, cannot be told any more. */
START_TEST(child_of_a_parent_killed_before_its_vfork_was_told_is_let_go)
{
    pid_t child;

    drive_launch(&d, "fork", "slow", NULL);
    drive_break_at(&d, "touch");
    ck_assert(drive_hits(&d, "touch"));
    drive_send(&d, "vCont;c");
    for (int i = 0; i < PATIENCE_MS && children_of(d.pid, &child, 1) == 0; i++) {
        if (i == 0)
            live_poll(d.live); /* steps over the breakpoint, no more */
        drive_nap(1);
    }
    ck_assert_uint_eq(children_of(d.pid, &child, 1), 1);
    kill(d.pid, SIGKILL);
    ck_assert_str_eq(drive_wait(&d, PATIENCE_MS), "X09");
    for (int i = 0; i < PATIENCE_MS && drive_state(child) == 't'; i++) {
        live_poll(d.live);
        drive_nap(1);
    }
    ck_assert_msg(drive_state(child) != 't', "it stands at its birth");
    kill(child, SIGKILL);
    drive_close(&d);
}
END_TEST

START_TEST(child_of_a_vfork_outlives_the_parents_program)
{
    drive_launch(&d, "vforks", "exec", NULL);
    drive_pass(&d, SIGCHLD);
    drive_break_at(&d, "touch");
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_EXEC);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

START_TEST(memory_is_allocated_while_a_thread_is_in_a_vfork)
{
    drive_launch(&d, "vforks", "often", NULL);
    drive_pass(&d, SIGCHLD);
    drive_break_at(&d, "touch");
    for (int i = 0; i < 150; i++) {
        uint64_t address;
        ck_assert_msg(drive_hits(&d, "touch"), "%d: %s", i, d.reply);
        int r = live_target.allocate(drive_process(&d), 4096, STUB_READ, &address);
        ck_assert_msg(r == 0, "%d: %d %s", i, r, live_why(d.live));
        ck_assert_int_eq(live_target.deallocate(drive_process(&d), address), 0);
    }
    drive_close(&d);
}
END_TEST

static void
exec_is_told(const char *how)
{
    drive_launch(&d, "exec", how, NULL);
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_EXEC);
    ck_assert_int_eq(d.event.id.tid, d.pid);
    ck_assert_uint_eq(drive_threads(&d), 1);
    ck_assert_ptr_nonnull(memmem(d.event.text, d.event.text_size, "/exec", 5));
    drive_break_at(&d, "after_exec");
    ck_assert(drive_hits(&d, "after_exec"));
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W05");
    drive_close(&d);
}

START_TEST(exec_is_told_and_the_new_program_can_be_debugged)
{
    exec_is_told(NULL);
}
END_TEST

START_TEST(exec_by_another_thread_leaves_the_leader)
{
    exec_is_told("thread");
}
END_TEST

START_TEST(exec_forgets_breakpoints_of_the_old_program)
{
    drive_launch(&d, "exec", NULL, NULL);
    drive_break_at(&d, "become");
    drive_break_at(&d, "after_exec");
    ck_assert(drive_hits(&d, "become"));
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_EXEC);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W05");
    drive_close(&d);
}
END_TEST

Suite *
live_forks_suite(void)
{
    Suite *s = suite_create("live_forks");
    TCase *c = tcase_create("forks");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, forked_children_are_clean_of_breakpoints);
    tcase_add_test(c, vforked_children_step_over_breakpoints_unseen);
    tcase_add_test(c, spawned_children_run);
    tcase_add_test(c, stepping_through_fork_and_vfork);
    tcase_add_test(c, interrupt_during_a_vfork_stops_and_shows_registers);
    tcase_add_test(c, detach_during_a_vfork_lets_both_go);
    tcase_add_test(c, child_of_a_vfork_outlives_the_killed_parent);
    tcase_add_test(c, two_children_of_vforks_outlive_the_killed_parent);
    tcase_add_test(c, two_children_of_vforks_outlive_the_parent_killed_as_it_runs);
    tcase_add_test(c, child_of_a_vfork_is_let_go_from_inside_a_breakpoint);
    tcase_add_test(c, child_not_heard_of_is_let_go_beside_one_that_came_to_the_server);
    tcase_add_test(c, child_of_a_parent_killed_before_its_vfork_was_told_is_let_go);
    tcase_add_test(c, child_of_a_vfork_outlives_the_parents_program);
    tcase_add_test(c, memory_is_allocated_while_a_thread_is_in_a_vfork);
    tcase_add_test(c, exec_is_told_and_the_new_program_can_be_debugged);
    tcase_add_test(c, exec_by_another_thread_leaves_the_leader);
    tcase_add_test(c, exec_forgets_breakpoints_of_the_old_program);
    suite_add_tcase(s, c);
    return s;
}
