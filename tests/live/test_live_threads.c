/* test_live_threads.c - threads, signals, forks, exec: stub/live/stops.c classify.c queue.c
 * fork.c. */
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
#include <time.h>
#include <unistd.h>

static struct drive d;

static void
nap(unsigned ms)
{
    nanosleep(&(struct timespec){ .tv_nsec = (long)ms * 1000000 }, NULL);
}

static void
pass(int signal)
{
    uint8_t list[32] = { 0 };

    list[signal / 8] = (uint8_t)(1 << (signal % 8));
    live_target.signals(d.live, STUB_PASS_SIGNALS, list);
}

static void
break_at(const char *symbol)
{
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, symbol), 1), 0);
}

/* Continues; true when a breakpoint at that symbol was hit. */
static bool
hits(const char *symbol)
{
    drive_ask(&d, "vCont;c");
    return d.event.kind == STUB_STOPPED && d.event.reason == STUB_SWBREAK &&
           drive_register(&d, d.event.id.tid, "rip") == drive_symbol(&d, symbol);
}

START_TEST(every_thread_hits_every_time)
{
    drive_launch(&d, "threads", "8", NULL);
    break_at("hit");
    for (int i = 0; i < 80; i++)
        ck_assert_msg(hits("hit"), "%d: %s", i, d.reply);
    break_at("all_done");
    ck_assert(hits("all_done"));
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

/* What gdb does at each hit: clear, step that thread alone, set, continue. */
START_TEST(every_thread_hits_when_the_client_steps_over_by_itself)
{
    drive_launch(&d, "threads", "8", NULL);
    uint64_t hit = drive_symbol(&d, "hit");
    break_at("hit");
    ck_assert(hits("hit"));
    for (int i = 1; i < 80; i++) {
        int64_t tid = d.event.id.tid;
        drive_remove(&d, STUB_POINT_SOFTWARE, hit, 1);
        drive_ask(&d, "vCont;s:%llx", (unsigned long long)tid);
        ck_assert_int_eq(d.event.reason, STUB_TRACE);
        ck_assert_int_eq(d.event.id.tid, tid);
        break_at("hit");
        ck_assert_msg(hits("hit"), "%d: %s", i, d.reply);
    }
    drive_remove(&d, STUB_POINT_SOFTWARE, hit, 1);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

START_TEST(stops_of_removed_breakpoints_are_dropped_and_nothing_is_lost)
{
    drive_launch(&d, "threads", "16", NULL);
    break_at("hit");
    ck_assert(hits("hit"));
    drive_remove(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "hit"), 1);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00"); /* its exit status counts the hits */
    drive_close(&d);
}
END_TEST

START_TEST(all_threads_stand_still_at_a_stop)
{
    struct rsp_id id = { 0, 0 };

    drive_launch(&d, "threads", "16", NULL);
    break_at("hit");
    ck_assert(hits("hit"));
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
    break_at("hit");
    ck_assert(hits("hit"));
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
    break_at("hit");
    ck_assert(hits("hit"));
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
        break_at("hit");
        for (int k = 0; k < 5; k++)
            ck_assert(hits("hit"));
        drive_send(&d, "vCont;c");
        ck_assert_int_eq(live_target.detach(d.live, pid), 0);
        nap(1);
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
    break_at("hit");
    ck_assert(hits("hit"));
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
    break_at("brief");
    for (int i = 0; i < 20; i++)
        ck_assert_msg(hits("brief"), "%s", d.reply);
    ck_assert_int_eq(live_target.detach(d.live, pid), 0);
    nap(10);
    ck_assert_msg(drive_becomes(pid, "RSD"), "%c", drive_state(pid));
    kill(pid, SIGKILL);
    drive_close(&d);
}
END_TEST

START_TEST(leader_that_is_gone_leaves_a_usable_process)
{
    static const int one = 1;
    struct stub_thread_info info;

    drive_launch(&d, "leader", NULL, NULL);
    break_at("alone");
    ck_assert(hits("alone"));
    for (int i = 0; i < 20 && drive_threads(&d) > 1; i++)
        ck_assert(hits("alone"));
    ck_assert_uint_eq(drive_threads(&d), 1);
    ck_assert_int_ne(d.event.id.tid, d.pid);
    ck_assert(hits("alone"));
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
    pass(SIGALRM);
    drive_send(&d, "vCont;c");
    ck_assert_str_eq(drive_wait(&d, 20), "");
    stub_feed(&d.stub, (const uint8_t *)"\003", 1);
    drive_wait(&d, PATIENCE_MS);
    break_at("on_signal");
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
    nap(10);
    ck_assert_uint_eq(drive_get(&d, "counter", 8), counter);
    kill(d.pid, SIGCONT);
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T13", 3), 0); /* gdb's SIGCONT */
    drive_send(&d, "vCont;c");
    ck_assert_str_eq(drive_wait(&d, 20), "");
    ck_assert_uint_gt(drive_get(&d, "counter", 8), counter);
    stub_feed(&d.stub, (const uint8_t *)"\003", 1);
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T02", 3), 0);
    drive_close(&d);
}
END_TEST

/* ---- forks and exec ---- */

static void
children_end_well(const char *how, int parent_hits)
{
    drive_launch(&d, "fork", how, NULL);
    pass(SIGCHLD);
    break_at("touch");
    break_at("finished");
    for (int i = 0; i < parent_hits; i++)
        ck_assert_msg(hits("touch"), "%s", d.reply);
    ck_assert_msg(hits("finished"), "%s", d.reply);
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
    pass(SIGCHLD);
    break_at("touch");
    ck_assert(hits("touch"));
    uint64_t main_end = drive_symbol(&d, "finished");
    for (int i = 0; i < 400; i++) {
        drive_ask(&d, "vCont;s:%x", (unsigned)d.pid);
        ck_assert_int_eq(d.event.kind, STUB_STOPPED);
        ck_assert_int_eq(d.event.reason, STUB_TRACE);
    }
    drive_insert(&d, STUB_POINT_SOFTWARE, main_end, 1);
    ck_assert(hits("finished"));
    ck_assert_uint_eq(drive_get(&d, "bad", 4), 0);
    drive_close(&d);
}
END_TEST

START_TEST(interrupt_during_a_vfork_stops_and_shows_registers)
{
    drive_launch(&d, "fork", "slow", NULL);
    pass(SIGCHLD);
    drive_send(&d, "vCont;c");
    ck_assert_str_eq(drive_wait(&d, 200), "");
    stub_feed(&d.stub, (const uint8_t *)"\003", 1);
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T02", 3), 0);
    ck_assert_uint_ne(drive_register(&d, d.pid, "rip"), 0);
    ck_assert(!drive_set_register(&d, d.pid, "rax", 1));
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

START_TEST(detach_during_a_vfork_lets_both_go)
{
    int status;
    pid_t pid;

    drive_launch(&d, "fork", "slow", NULL);
    pass(SIGCHLD);
    break_at("touch");
    ck_assert(hits("touch"));
    pid = d.pid;
    drive_send(&d, "vCont;c");
    ck_assert_str_eq(drive_wait(&d, 200), "");
    ck_assert_int_eq(live_target.detach(d.live, pid), 0);
    ck_assert(!live_alive(d.live));
    for (int i = 0; i < PATIENCE_MS && drive_state(pid) != 'Z'; i++) {
        live_poll(d.live);
        nap(1);
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
    pass(SIGCHLD);
    break_at("finished");
    drive_send(&d, "vCont;c");
    ck_assert_str_eq(drive_wait(&d, 200), "");
    char path[64], text[64] = "";
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)d.pid, (int)d.pid);
    FILE *f = fopen(path, "r");
    ck_assert(f != NULL && fgets(text, sizeof(text), f) != NULL);
    fclose(f);
    pid_t child = (pid_t)atoi(text);
    drive_close(&d);
    ck_assert_int_eq(drive_state(d.pid), 0);
    ck_assert(drive_state(child) == 'S' || drive_state(child) == 'R');
    snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
    f = fopen(path, "r");
    bool traced = false;
    while (f != NULL && fgets(text, sizeof(text), f) != NULL)
        traced |= strncmp(text, "TracerPid:", 10) == 0 && atoi(text + 10) != 0;
    fclose(f);
    ck_assert(!traced);
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

/* They are let go, and are ours to wait for then. */
static void
both_go_on(const pid_t *children)
{
    int status;

    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < PATIENCE_MS && drive_state(children[i]) != 'T'; k++) {
            live_poll(d.live);
            nap(1);
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
    break_at("touch");
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
    for (int i = 0; i < PATIENCE_MS && children_of(d.pid, children, 1) == 0; i++) {
        live_poll(d.live);
        nap(1);
    }
    live_poll(d.live);
    for (int i = 0; i < PATIENCE_MS && children_of(d.pid, children, 2) < 2; i++)
        nap(1);
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
        break_at("touch");
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
            nap(1);
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
    break_at("touch");
    ck_assert(hits("touch"));
    drive_send(&d, "vCont;c");
    for (int i = 0; i < PATIENCE_MS && children_of(d.pid, &child, 1) == 0; i++) {
        if (i == 0)
            live_poll(d.live); /* steps over the breakpoint, no more */
        nap(1);
    }
    ck_assert_uint_eq(children_of(d.pid, &child, 1), 1);
    kill(d.pid, SIGKILL);
    ck_assert_str_eq(drive_wait(&d, PATIENCE_MS), "X09");
    for (int i = 0; i < PATIENCE_MS && drive_state(child) == 't'; i++) {
        live_poll(d.live);
        nap(1);
    }
    ck_assert_msg(drive_state(child) != 't', "it stands at its birth");
    kill(child, SIGKILL);
    drive_close(&d);
}
END_TEST

START_TEST(child_of_a_vfork_outlives_the_parents_program)
{
    drive_launch(&d, "vforks", "exec", NULL);
    pass(SIGCHLD);
    break_at("touch");
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_EXEC);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

START_TEST(memory_is_allocated_while_a_thread_is_in_a_vfork)
{
    drive_launch(&d, "vforks", "often", NULL);
    pass(SIGCHLD);
    break_at("touch");
    for (int i = 0; i < 150; i++) {
        uint64_t address;
        ck_assert_msg(hits("touch"), "%d: %s", i, d.reply);
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
    break_at("after_exec");
    ck_assert(hits("after_exec"));
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
    break_at("become");
    break_at("after_exec");
    ck_assert(hits("become"));
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_EXEC);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W05");
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
    c = tcase_create("forks");
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
