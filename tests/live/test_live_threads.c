/* test_live_threads.c - threads and signals: stub/live/stops.c classify.c queue.c. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"
#include "tests/live/driver.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct drive d;

START_TEST(every_thread_hits_every_time)
{
    drive_launch(&d, "threads", "8", NULL);
    drive_break_at(&d, "hit");
    for (int i = 0; i < 80; i++)
        ck_assert_msg(drive_hits(&d, "hit"), "%d: %s", i, d.reply);
    drive_break_at(&d, "all_done");
    ck_assert(drive_hits(&d, "all_done"));
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

/* What gdb does at each hit: clear, step that thread alone, set, continue. */
START_TEST(every_thread_hits_when_the_client_steps_over_by_itself)
{
    drive_launch(&d, "threads", "8", NULL);
    uint64_t hit = drive_symbol(&d, "hit");
    drive_break_at(&d, "hit");
    ck_assert(drive_hits(&d, "hit"));
    for (int i = 1; i < 80; i++) {
        int64_t tid = d.event.id.tid;
        drive_remove(&d, STUB_POINT_SOFTWARE, hit, 1);
        drive_ask(&d, "vCont;s:%llx", (unsigned long long)tid);
        ck_assert_int_eq(d.event.reason, STUB_TRACE);
        ck_assert_int_eq(d.event.id.tid, tid);
        drive_break_at(&d, "hit");
        ck_assert_msg(drive_hits(&d, "hit"), "%d: %s", i, d.reply);
    }
    drive_remove(&d, STUB_POINT_SOFTWARE, hit, 1);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

START_TEST(stops_of_removed_breakpoints_are_dropped_and_nothing_is_lost)
{
    drive_launch(&d, "threads", "16", NULL);
    drive_break_at(&d, "hit");
    ck_assert(drive_hits(&d, "hit"));
    drive_remove(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "hit"), 1);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00"); /* its exit status counts the hits */
    drive_close(&d);
}
END_TEST

START_TEST(all_threads_stand_still_at_a_stop)
{
    struct rsp_id id = { 0, 0 };

    drive_launch(&d, "threads", "16", NULL);
    drive_break_at(&d, "hit");
    ck_assert(drive_hits(&d, "hit"));
    unsigned n = 0;
    while (live_target.next_thread(d.live, &id) == 1) {
        ck_assert_uint_ne(drive_register(&d, id.tid, "rip"), 0);
        n++;
    }
    ck_assert_uint_eq(n, 17);
    drive_close(&d);
}
END_TEST

static size_t
list_tids(int64_t *tids, size_t max)
{
    struct rsp_id id = { 0, 0 };
    size_t n = 0;

    while (n < max && live_target.next_thread(d.live, &id) == 1)
        tids[n++] = id.tid;
    return n;
}

/* Copies of vector registers are kept of few threads at a time; what was written must be kept of
 * all. xmm15 is nobody's here. */
START_TEST(vectors_written_to_every_thread_arrive_however_many_are_looked_at)
{
    int64_t tids[80];

    drive_launch(&d, "threads", "60", NULL);
    drive_break_at(&d, "hit");
    ck_assert(drive_hits(&d, "hit"));
    size_t n = list_tids(tids, 80);
    ck_assert_uint_eq(n, 61);
    for (size_t i = 0; i < n; i++)
        ck_assert(drive_set_register(&d, tids[i], "xmm15", 0xabc000 + i));
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < n; i++)
            ck_assert_uint_eq(drive_register(&d, tids[i], "xmm15"), 0xabc000 + i);
    }
    drive_ask(&d, "vCont;s"); /* all are written back, and one has stepped */
    for (size_t i = 0; i < n; i++) {
        if (drive_state((pid_t)tids[i]) != '\0')
            ck_assert_uint_eq(drive_register(&d, tids[i], "xmm15"), 0xabc000 + i);
    }
    ck_assert_str_eq(drive_ask(&d, "D"), "OK");
    drive_close(&d);
}
END_TEST

START_TEST(thread_is_found_by_its_id_alone_and_by_its_process)
{
    struct rsp_id id;

    drive_launch(&d, "threads", "8", NULL);
    drive_break_at(&d, "hit");
    ck_assert(drive_hits(&d, "hit"));
    id = (struct rsp_id){ 0, d.event.id.tid };
    ck_assert_int_eq(live_target.find_thread(d.live, &id), 1);
    ck_assert_int_eq(id.pid, d.pid);
    id = (struct rsp_id){ d.pid, d.event.id.tid };
    ck_assert_int_eq(live_target.find_thread(d.live, &id), 1);
    id = (struct rsp_id){ d.pid + 1, d.event.id.tid };
    ck_assert_int_eq(live_target.find_thread(d.live, &id), 0);
    id = (struct rsp_id){ 0, 1 }; /* init, which is not ours */
    ck_assert_int_eq(live_target.find_thread(d.live, &id), 0);
    id = (struct rsp_id){ 0, INT64_MAX };
    ck_assert_int_eq(live_target.find_thread(d.live, &id), 0);
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

/* A thread may just have executed an int3 when it is stopped: its PC must not stay behind it. */
START_TEST(detach_at_a_hit_leaves_no_thread_inside_an_instruction)
{
    for (int i = 0; i < 60; i++) {
        pid_t pid = drive_spawn(&d, "hot", NULL);
        drive_attach(&d, pid);
        drive_break_at(&d, "hit");
        for (int k = 0; k < 5; k++)
            ck_assert(drive_hits(&d, "hit"));
        drive_send(&d, "vCont;c");
        ck_assert_int_eq(live_target.detach(d.live, pid), 0);
        drive_nap(1);
        ck_assert_msg(drive_becomes(pid, "RSD"), "round %d: %c", i, drive_state(pid));
        kill(pid, SIGKILL);
        drive_close(&d);
        waitpid(pid, NULL, 0);
    }
}
END_TEST

START_TEST(threads_that_no_action_names_stay)
{
    drive_launch(&d, "threads", "4", NULL);
    drive_break_at(&d, "hit");
    ck_assert(drive_hits(&d, "hit"));
    int64_t tid = d.event.id.tid;
    /* It alone: ten hits of this thread, then it is gone and nothing is left that runs. */
    int own = 1;
    for (;;) {
        drive_ask(&d, "vCont;c:%llx", (unsigned long long)tid);
        if (d.event.kind != STUB_STOPPED)
            break;
        ck_assert_int_eq(d.event.id.tid, tid);
        own++;
    }
    ck_assert_int_eq(own, 10);
    ck_assert_int_eq(d.event.kind, STUB_NONE_LEFT);
    drive_remove(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "hit"), 1);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

START_TEST(interrupt_gives_exactly_one_stop)
{
    struct stub_event event;

    drive_launch(&d, "loop", NULL, NULL);
    for (int i = 0; i < 20; i++) {
        drive_send(&d, "vCont;c");
        ck_assert_str_eq(drive_wait(&d, 2), "");
        ck_assert_uint_eq(stub_feed(&d.stub, (const uint8_t *)"\003", 1), 1);
        ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T02", 3), 0);
        ck_assert_int_eq(live_target.peek(d.live, STUB_ANY_EVENT, &event), 0);
        ck_assert(!live_running(d.live));
    }
    drive_close(&d);
}
END_TEST

START_TEST(interrupt_while_threads_come_and_go)
{
    pid_t pid = drive_spawn(&d, "born", NULL);
    drive_attach(&d, pid);
    for (int i = 0; i < 100; i++) {
        drive_send(&d, "vCont;c");
        ck_assert_str_eq(drive_wait(&d, 1), "");
        stub_feed(&d.stub, (const uint8_t *)"\003", 1);
        ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T02", 3), 0);
    }
    drive_break_at(&d, "brief");
    for (int i = 0; i < 20; i++)
        ck_assert_msg(drive_hits(&d, "brief"), "%s", d.reply);
    ck_assert_int_eq(live_target.detach(d.live, pid), 0);
    drive_nap(10);
    ck_assert_msg(drive_becomes(pid, "RSD"), "%c", drive_state(pid));
    kill(pid, SIGKILL);
    drive_close(&d);
}
END_TEST

/* lldb knows no "none left": it waits as long as its expression may take, and interrupts. */
START_TEST(interrupt_is_answered_when_no_thread_that_was_resumed_is_left)
{
    drive_launch(&d, "born", NULL, NULL);
    drive_ask(&d, "qSupported:xmlRegisters=i386");
    drive_break_at(&d, "brief");
    ck_assert(drive_hits(&d, "brief"));
    int64_t tid = d.event.id.tid;
    ck_assert_int_ne(tid, d.pid);
    drive_remove(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "brief"), 1);
    unsigned threads = drive_threads(&d);
    drive_send(&d, "vCont;c:%llx", (unsigned long long)tid);
    for (int i = 0; i < PATIENCE_MS && live_task_state(d.pid, (pid_t)tid) != 0; i++)
        ck_assert_str_eq(drive_wait(&d, 1), "");
    ck_assert_str_eq(drive_wait(&d, 1), "");
    ck_assert(!live_is_unsure(d.live));
    stub_feed(&d.stub, (const uint8_t *)"\003", 1);
    ck_assert(live_is_unsure(d.live)); /* no SIGCHLD will make anybody look */
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T02", 3), 0);
    ck_assert_uint_eq(drive_threads(&d), threads - 1);
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

START_TEST(leader_that_is_gone_leaves_a_usable_process)
{
    static const int one = 1;
    struct stub_thread_info info;

    drive_launch(&d, "leader", NULL, NULL);
    drive_break_at(&d, "alone");
    ck_assert(drive_hits(&d, "alone"));
    for (int i = 0; i < PATIENCE_MS && drive_threads(&d) > 1; i++)
        ck_assert(drive_hits(&d, "alone"));
    ck_assert_uint_eq(drive_threads(&d), 1);
    ck_assert_int_ne(d.event.id.tid, d.pid);
    ck_assert(drive_hits(&d, "alone"));
    ck_assert_uint_ge(drive_get(&d, "rounds", 4), 1);
    ck_assert_int_eq(live_target.thread_info(d.live, d.event.id, &info), 0);
    struct stub_region region;
    ck_assert_int_eq(live_target.region(drive_process(&d), drive_symbol(&d, "go"), &region), 0);
    ck_assert(region.mapped);
    ck_assert_int_eq(live_target.write_memory(drive_process(&d), drive_symbol(&d, "go"), &one, 4),
                     0);
    drive_remove(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "alone"), 1);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W03");
    drive_close(&d);
}
END_TEST

START_TEST(attach_where_the_leader_is_gone)
{
    pid_t pid = drive_spawn(&d, "leader", "x");
    ck_assert(drive_becomes(pid, "Z"));
    drive_attach(&d, pid);
    ck_assert_uint_eq(drive_threads(&d), 1);
    ck_assert_int_ne(d.event.id.tid, pid);
    drive_ask(&d, "vCont;s:%llx", (unsigned long long)d.event.id.tid);
    ck_assert_int_eq(d.event.kind, STUB_STOPPED);
    ck_assert_int_eq(live_target.kill(d.live, pid, false), 0);
    drive_close(&d);
}
END_TEST

/* ---- signals ---- */

START_TEST(signals_stop_and_are_passed_or_swallowed)
{
    drive_launch(&d, "signals", NULL, NULL);
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_SIGNAL);
    ck_assert_int_eq(d.event.signal, SIGUSR1);
    ck_assert_int_eq(strncmp(d.reply, "T1e", 3), 0);
    drive_ask(&d, "vCont;C1e"); /* passed */
    ck_assert_int_eq(d.event.signal, SIGUSR2);
    ck_assert_uint_eq(drive_get(&d, "usr1", 4), 1);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W0a"); /* swallowed */
    drive_close(&d);
}
END_TEST

/* SIGIO and SIGPOLL are two to gdb (23 and 33) and one here: what it would be told counts. */
START_TEST(pass_list_means_the_signal_that_would_be_told)
{
    drive_launch(&d, "loop", NULL, NULL);
    ck_assert_str_eq(drive_ask(&d, "QPassSignals:21"), "OK");
    drive_send(&d, "vCont;c");
    kill(d.pid, SIGIO);
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T17", 3), 0);
    drive_close(&d);
}
END_TEST

START_TEST(pass_list_lets_signals_through)
{
    static const uint8_t pass[32] = { [1] = 1 << (SIGUSR1 - 8) | 1 << (SIGUSR2 - 8) };

    drive_launch(&d, "signals", NULL, NULL);
    live_target.signals(d.live, STUB_PASS_SIGNALS, pass);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W0b");
    drive_close(&d);
}
END_TEST

START_TEST(signal_is_injected_where_none_is_being_delivered)
{
    drive_launch(&d, "signals", "storm", NULL);
    drive_pass(&d, SIGALRM);
    drive_break_at(&d, "storm"); /* by then it handles its signals */
    ck_assert(drive_hits(&d, "storm"));
    drive_send(&d, "vCont;c");
    ck_assert_str_eq(drive_wait(&d, 20), "");
    stub_feed(&d.stub, (const uint8_t *)"\003", 1);
    drive_wait(&d, PATIENCE_MS);
    drive_break_at(&d, "on_signal");
    static const uint8_t none[32];
    live_target.signals(d.live, STUB_PASS_SIGNALS, none);
    drive_ask(&d, "vCont;C1e");
    while (d.event.reason == STUB_SIGNAL && d.event.signal == SIGALRM)
        drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_SWBREAK);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rdi"), SIGUSR1);
    drive_close(&d);
}
END_TEST

START_TEST(fault_is_told_with_siginfo_and_kills_when_passed)
{
    uint8_t bytes[512];
    struct rsp_out out = rsp_out_to(bytes, sizeof(bytes));
    struct rsp_window w = rsp_window_open(&out, 0, 400);

    drive_launch(&d, "signals", "fault", NULL);
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.signal, SIGSEGV);
    ck_assert_int_eq(live_target.siginfo(d.live, d.event.id, &w), 0);
    ck_assert_int_eq(bytes[1], SIGSEGV); /* behind 'l' */
    uint64_t address;
    ck_assert_int_eq(live_target.allocate(drive_process(&d), 4096, STUB_READ, &address), 0);
    out = rsp_out_to(bytes, sizeof(bytes));
    w = rsp_window_open(&out, 0, 400);
    ck_assert_int_eq(live_target.siginfo(d.live, d.event.id, &w), 0);
    ck_assert_int_eq(bytes[1], SIGSEGV); /* behind 'l' */
    ck_assert_str_eq(drive_ask(&d, "vCont;C0b"), "X0b");
    drive_close(&d);
}
END_TEST

START_TEST(detach_delivers_what_was_not_told)
{
    static const uint8_t program[32] = { [1] = 1 << (SIGUSR1 - 8) | 1 << (SIGUSR2 - 8) };
    int status;
    pid_t pid = drive_spawn(&d, "signals", "wait");

    drive_attach(&d, pid);
    live_target.signals(d.live, STUB_PROGRAM_SIGNALS, program);
    kill(pid, SIGUSR1);
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.signal, SIGUSR1);
    ck_assert_int_eq(live_target.detach(d.live, pid), 0);
    drive_close(&d);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WEXITSTATUS(status), 21); /* usr1 twice, usr2 once */
}
END_TEST

START_TEST(group_stop_holds_until_sigcont)
{
    drive_launch(&d, "loop", NULL, NULL);
    drive_send(&d, "vCont;c");
    kill(d.pid, SIGSTOP);
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T11", 3), 0); /* gdb's SIGSTOP */
    drive_send(&d, "vCont;C11");
    ck_assert_str_eq(drive_wait(&d, 20), "");
    uint64_t counter = drive_get(&d, "counter", 8);
    drive_nap(10);
    ck_assert_uint_eq(drive_get(&d, "counter", 8), counter);
    kill(d.pid, SIGCONT);
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T13", 3), 0); /* gdb's SIGCONT */
    drive_send(&d, "vCont;c");
    do
        ck_assert_str_eq(drive_wait(&d, 20), "");
    while (drive_get(&d, "counter", 8) == counter);
    stub_feed(&d.stub, (const uint8_t *)"\003", 1);
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T02", 3), 0);
    drive_close(&d);
}
END_TEST

Suite *live_threads_suite(void);

Suite *
live_threads_suite(void)
{
    Suite *s = suite_create("live_threads");
    TCase *c = tcase_create("threads");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, every_thread_hits_every_time);
    tcase_add_test(c, every_thread_hits_when_the_client_steps_over_by_itself);
    tcase_add_test(c, stops_of_removed_breakpoints_are_dropped_and_nothing_is_lost);
    tcase_add_test(c, all_threads_stand_still_at_a_stop);
    tcase_add_test(c, vectors_written_to_every_thread_arrive_however_many_are_looked_at);
    tcase_add_test(c, thread_is_found_by_its_id_alone_and_by_its_process);
    tcase_add_test(c, detach_at_a_hit_leaves_no_thread_inside_an_instruction);
    tcase_add_test(c, threads_that_no_action_names_stay);
    tcase_add_test(c, interrupt_gives_exactly_one_stop);
    tcase_add_test(c, interrupt_is_answered_when_no_thread_that_was_resumed_is_left);
    tcase_add_test(c, interrupt_while_threads_come_and_go);
    tcase_add_test(c, leader_that_is_gone_leaves_a_usable_process);
    tcase_add_test(c, attach_where_the_leader_is_gone);
    suite_add_tcase(s, c);
    c = tcase_create("signals");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, signals_stop_and_are_passed_or_swallowed);
    tcase_add_test(c, pass_list_lets_signals_through);
    tcase_add_test(c, pass_list_means_the_signal_that_would_be_told);
    tcase_add_test(c, signal_is_injected_where_none_is_being_delivered);
    tcase_add_test(c, fault_is_told_with_siginfo_and_kills_when_passed);
    tcase_add_test(c, detach_delivers_what_was_not_told);
    tcase_add_test(c, group_stop_holds_until_sigcont);
    suite_add_tcase(s, c);
    return s;
}
