/* test_live_events.c - what a client asks to hear of: forks, births and ends; and non-stop mode:
 * stub/live/fork.c queue.c stops.c resume.c. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"
#include "tests/live/driver.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct drive d;

#define WORDS                                                                                     \
    "qSupported:multiprocess+;swbreak+;fork-events+;vfork-events+;exec-events+;no-resumed+"

static void
launch(const char *name, const char *a, const char *words)
{
    drive_launch(&d, name, a, NULL);
    ck_assert_ptr_nonnull(strstr(drive_ask(&d, "%s", words), "PacketSize"));
}

/* Continues one process; what came of it is in d.event. */
static void
go_on(int64_t pid)
{
    drive_ask(&d, "vCont;c:p%llx.-1", (unsigned long long)pid);
}

/* Goes on to the next fork or vfork of the program; the child. */
static pid_t
next_child(enum stub_reason reason)
{
    for (int i = 0; i < 20; i++) {
        go_on(d.pid);
        ck_assert_msg(d.event.kind == STUB_STOPPED, "%s", d.reply);
        if (d.event.reason == reason)
            return (pid_t)d.event.other.pid;
    }
    ck_abort_msg("no fork: %s", d.reply);
}

static void
let_go(pid_t pid)
{
    ck_assert_str_eq(drive_ask(&d, "D;%x", (unsigned)pid), "OK");
}

/* ---- forks ---- */

/* Children that are let go run without our breakpoint: each ends with 7, so none is bad. */
static void
children_let_go_end_well(const char *how, enum stub_reason reason)
{
    launch("fork", how, WORDS);
    drive_break_at(&d, "touch");
    for (int i = 0; i < 3; i++) {
        pid_t child = next_child(reason);
        ck_assert_uint_eq(drive_threads(&d), 2);
        let_go(child);
        ck_assert_uint_eq(drive_threads(&d), 1);
    }
    do
        go_on(d.pid);
    while (d.event.kind == STUB_STOPPED);
    ck_assert_int_eq(d.event.kind, STUB_EXITED);
    ck_assert_int_eq(d.event.status, 0);
    drive_close(&d);
}

START_TEST(forked_children_are_let_go_clean)
{
    children_let_go_end_well("fork", STUB_FORK);
}
END_TEST

START_TEST(vforked_children_are_let_go_clean)
{
    children_let_go_end_well("vfork", STUB_VFORK);
}
END_TEST

START_TEST(an_lldb_may_resume_one_process_of_two_only)
{
    launch("fork", "fork", "qSupported:multiprocess+;fork-events+");
    pid_t child = next_child(STUB_FORK);
    ck_assert_str_eq(drive_ask(&d, "vCont;c:p%x.%x;c:p%x.%x", (unsigned)d.pid, (unsigned)d.pid,
                               (unsigned)child, (unsigned)child),
                     "E03");
    go_on(child);
    ck_assert_int_eq(d.event.kind, STUB_EXITED);
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

START_TEST(the_child_has_the_wishes_of_its_parent)
{
    launch("fork", "fork", WORDS);
    drive_break_at(&d, "touch");
    pid_t child = next_child(STUB_FORK);
    go_on(child);
    ck_assert_int_eq(d.event.id.pid, child);
    ck_assert_int_eq(d.event.reason, STUB_SWBREAK);
    ck_assert_str_eq(drive_ask(&d, "Hgp%x.%x", (unsigned)child, (unsigned)child), "OK");
    ck_assert_str_eq(drive_ask(&d, "z0,%llx,1", (unsigned long long)drive_symbol(&d, "touch")),
                     "OK");
    go_on(child);
    ck_assert_int_eq(d.event.kind, STUB_EXITED);
    ck_assert_int_eq(d.event.status, 7);
    ck_assert_int_eq(d.event.id.pid, child);
    ck_assert_uint_eq(drive_threads(&d), 1);
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

/* The next child that is born behind a breakpoint's stop, which is told first. */
static pid_t
child_yet_to_be_told_of(void)
{
    for (int i = 0; i < 5000; i++) {
        const struct report *r;

        go_on(d.pid);
        ck_assert_msg(d.event.kind == STUB_STOPPED, "%s", d.reply);
        if (d.event.reason == STUB_FORK)
            let_go((pid_t)d.event.other.pid);
        TAILQ_FOREACH (r, &d.live->queue, next) {
            if (r->event.reason == STUB_FORK)
                return (pid_t)r->event.other.pid;
        }
    }
    ck_abort_msg("no fork met a breakpoint");
}

/* gdb 16 takes a process that it finds in the list, and was not told of, for one of its own. */
START_TEST(a_child_is_not_listed_before_it_is_told_of)
{
    launch("forks", NULL, WORDS);
    drive_break_at(&d, "touch");
    pid_t child = child_yet_to_be_told_of();
    ck_assert_uint_eq(drive_threads(&d), 2);
    go_on(d.pid);
    ck_assert_int_eq(d.event.reason, STUB_FORK);
    ck_assert_int_eq(d.event.other.pid, child);
    ck_assert_uint_eq(drive_threads(&d), 3);
    live_target.kill(d.live, child, false);
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

START_TEST(children_yet_to_be_told_of_go_where_their_parent_goes)
{
    launch("forks", NULL, WORDS);
    drive_break_at(&d, "touch");
    pid_t child = child_yet_to_be_told_of();
    ck_assert_int_eq(live_target.kill(d.live, d.pid, false), 0);
    ck_assert_uint_eq(drive_threads(&d), 0);
    ck_assert(kill(child, 0) != 0 || drive_state(child) == 'Z');
    drive_close(&d);

    launch("forks", NULL, WORDS);
    drive_break_at(&d, "touch");
    child = child_yet_to_be_told_of();
    drive_ask(&d, "D;%x", (unsigned)d.pid);
    for (int i = 0; i < PATIENCE_MS && kill(child, 0) == 0 && drive_state(child) != 'Z'; i++)
        drive_nap(1);
    bool ended = kill(child, 0) != 0 || drive_state(child) == 'Z';
    kill(d.pid, SIGKILL); /* nobody else does it any more */
    ck_assert_str_eq(d.reply, "OK");
    ck_assert_uint_eq(drive_threads(&d), 0);
    ck_assert(ended);
    drive_close(&d);
}
END_TEST

START_TEST(the_parent_is_let_go_and_the_child_followed)
{
    launch("fork", "fork", WORDS);
    pid_t child = next_child(STUB_FORK);
    let_go(d.pid);
    go_on(child);
    ck_assert_int_eq(d.event.id.pid, child);
    ck_assert_int_eq(d.event.status, 7);
    for (int i = 0; i < PATIENCE_MS && drive_state(d.pid) != 0; i++) {
        drive_nap(1);
        live_poll(d.live); /* collects it */
    }
    ck_assert_int_eq(drive_state(d.pid), 0);
    drive_close(&d);
}
END_TEST

/* Its parent waits for it, and nothing is collected any more once both are let go. */
START_TEST(a_child_killed_where_it_stands_is_let_go_to_its_parent)
{
    launch("fork", "fork", WORDS);
    drive_pass(&d, SIGCHLD);
    pid_t child = next_child(STUB_FORK);
    kill(child, SIGKILL);
    for (int i = 0; i < 10000 && drive_state(child) != 'Z'; i++)
        drive_nap(1);
    ck_assert_int_eq(drive_state(child), 'Z');
    let_go(child);
    for (int i = 0; i < 10000 && drive_state(child) == 'Z' && kill(d.pid, 0) == 0; i++) {
        if (i == 0)
            let_go(d.pid);
        drive_nap(1);
    }
    char state = drive_state(child);
    kill(d.pid, SIGKILL);
    ck_assert_int_eq(state, 0);
    drive_close(&d);
}
END_TEST

/* Its end has been seen by the target, and is not told yet. */
static pid_t
kill_a_child_that_stands(void)
{
    launch("fork", "fork", WORDS);
    drive_pass(&d, SIGCHLD);
    pid_t child = next_child(STUB_FORK);
    kill(child, SIGKILL);
    ck_assert(drive_becomes(child, "Z"));
    live_poll(d.live);
    return child;
}

/* A gdb steps over a breakpoint that way, and would take the end for that of the step. */
START_TEST(end_of_a_process_is_kept_while_another_is_stepped)
{
    pid_t child = kill_a_child_that_stands();
    drive_ask(&d, "vCont;s:p%x.%x", (unsigned)d.pid, (unsigned)d.pid);
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    ck_assert_int_eq(d.event.id.pid, d.pid);
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.kind, STUB_SIGNALLED);
    ck_assert_int_eq(d.event.id.pid, child);
    drive_close(&d);
}
END_TEST

START_TEST(end_of_a_process_is_told_when_it_is_resumed)
{
    pid_t child = kill_a_child_that_stands();
    drive_ask(&d, "vCont;s:p%x.%x;c:p%x.%x", (unsigned)d.pid, (unsigned)d.pid, (unsigned)child,
              (unsigned)child);
    ck_assert_int_eq(d.event.kind, STUB_SIGNALLED);
    ck_assert_int_eq(d.event.id.pid, child);
    drive_close(&d);
}
END_TEST

/* Its memory was the parent's, and so was what is planted there. */
START_TEST(child_of_a_vfork_stays_known_when_its_parent_is_killed)
{
    launch("fork", "vfork", WORDS);
    drive_break_at(&d, "touch");
    pid_t child = next_child(STUB_VFORK);
    ck_assert_str_eq(drive_ask(&d, "vKill;%x", (unsigned)d.pid), "OK");
    ck_assert_uint_eq(drive_threads(&d), 1);
    go_on(child);
    ck_assert_int_eq(d.event.kind, STUB_STOPPED);
    ck_assert_int_eq(d.event.reason, STUB_SWBREAK);
    ck_assert_int_eq(d.event.id.pid, child);
    go_on(child);
    ck_assert_int_eq(d.event.kind, STUB_EXITED);
    ck_assert_int_eq(d.event.status, 7);
    drive_close(&d);
}
END_TEST

START_TEST(child_of_a_vfork_is_killed_after_its_parent)
{
    launch("fork", "vfork", WORDS);
    drive_break_at(&d, "touch");
    pid_t child = next_child(STUB_VFORK);
    ck_assert_str_eq(drive_ask(&d, "vKill;%x", (unsigned)d.pid), "OK");
    ck_assert_str_eq(drive_ask(&d, "vKill;%x", (unsigned)child), "OK");
    ck_assert_int_eq(live_pid(d.live), 0);
    drive_close(&d);
}
END_TEST

START_TEST(the_end_of_a_vfork_is_told_when_its_beginning_was)
{
    launch("fork", "slow", WORDS);
    pid_t child = next_child(STUB_VFORK);
    let_go(child);
    kill(child, SIGUSR1);
    go_on(d.pid);
    ck_assert_int_eq(d.event.reason, STUB_VFORK_DONE);
    go_on(d.pid);
    if (d.event.kind == STUB_STOPPED) /* SIGCHLD */
        go_on(d.pid);
    ck_assert_int_eq(d.event.kind, STUB_EXITED);
    drive_close(&d);
}
END_TEST

/* The parent, on its way to the end of its call, gets a signal. */
START_TEST(a_signal_beside_a_fork_is_told_after_it)
{
    launch("fork", "fork", WORDS);
    drive_send(&d, "vCont;c:p%x.-1", (unsigned)d.pid);
    for (int i = 0; i < PATIENCE_MS && drive_state(d.pid) != 't'; i++)
        drive_nap(1); /* at its fork, which is not collected yet */
    ck_assert_int_eq(drive_state(d.pid), 't');
    kill(d.pid, SIGUSR1);
    ck_assert_ptr_nonnull(strstr(drive_wait(&d, PATIENCE_MS), "fork:p"));
    go_on(d.pid);
    ck_assert_int_eq(d.event.reason, STUB_SIGNAL);
    ck_assert_int_eq(d.event.signal, SIGUSR1);
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

START_TEST(who_did_not_ask_hears_of_no_fork)
{
    launch("fork", "fork", "qSupported:multiprocess+;swbreak+;qRelocInsn+");
    for (int i = 0; i < 10 && d.event.kind == STUB_STOPPED; i++) {
        go_on(d.pid);
        ck_assert_int_eq(d.event.other.pid, 0);
    }
    ck_assert_int_eq(d.event.kind, STUB_EXITED);
    drive_close(&d);
}
END_TEST

/* ---- births and ends ---- */

START_TEST(births_and_ends_of_threads_are_told_to_who_asks)
{
    unsigned created = 0, gone = 0;

    launch("two", "ends", WORDS);
    ck_assert_str_eq(drive_ask(&d, "QThreadEvents:1"), "OK");
    for (int i = 0; i < 20; i++) {
        drive_ask(&d, "vCont;c");
        created += d.event.kind == STUB_STOPPED && d.event.reason == STUB_CREATED;
        gone += d.event.kind == STUB_THREAD_GONE && d.reply[0] == 'w';
    }
    ck_assert_uint_ge(created, 8);
    ck_assert_uint_ge(gone, 8);
    ck_assert_uint_eq(created + gone, 20);
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

/* A leader that ends while others live has no wait status. */
START_TEST(the_end_of_a_main_thread_by_itself_is_told_too)
{
    launch("leader", NULL, WORDS ";QThreadOptions+");
    drive_ask(&d, "QThreadOptions;0;2:p%x.%x", (unsigned)d.pid, (unsigned)d.pid);
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.kind, STUB_THREAD_GONE);
    ck_assert_int_eq(d.event.id.tid, d.pid);
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

START_TEST(a_clone_is_told_of_the_thread_that_was_asked_about)
{
    launch("two", "ends", WORDS ";QThreadOptions+");
    drive_break_at(&d, "tock");
    drive_ask(&d, "vCont;c");
    int64_t second = d.event.id.tid;
    drive_ask(&d, "QThreadOptions;0;3:p%x.%llx", (unsigned)d.pid, (unsigned long long)second);
    ck_assert_str_eq(d.reply, "OK");
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_CLONE);
    ck_assert_int_eq(d.event.id.tid, second);
    ck_assert_int_ne(d.event.other.tid, second);
    ck_assert_ptr_nonnull(strstr(d.reply, "clone:p"));
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

/* ---- non-stop ---- */

/* True when the counter moves within `ms`. */
static bool
moves(const char *counter, unsigned ms)
{
    uint64_t before = drive_get(&d, counter, 8);

    for (unsigned i = 0; i < ms && drive_get(&d, counter, 8) == before; i++) {
        drive_nap(1);
        live_poll(d.live);
    }
    return drive_get(&d, counter, 8) != before;
}

static bool
runs(const char *counter)
{
    return moves(counter, PATIENCE_MS);
}

static bool
stands(const char *counter)
{
    return !moves(counter, 50);
}

static void
launch_non_stop(const char *words)
{
    launch("two", NULL, words);
    ck_assert_str_eq(drive_ask(&d, "QNonStop:1"), "OK");
    ck_assert_ptr_nonnull(strstr(drive_ask(&d, "?"), "thread:"));
    ck_assert_str_eq(drive_ask(&d, "vStopped"), "OK");
}

START_TEST(a_breakpoint_stops_its_own_thread_only)
{
    launch_non_stop(WORDS);
    drive_break_at(&d, "tock");
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "OK");
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "%Stop:T05", 9), 0);
    ck_assert_str_eq(drive_ask(&d, "vStopped"), "OK");
    ck_assert(stands("tocks"));
    ck_assert(runs("ticks"));
    ck_assert_str_eq(drive_ask(&d, "vCont;c:p%x.%x", (unsigned)d.pid, (unsigned)d.event.id.tid),
                     "OK");
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "%Stop:T05", 9), 0);
    ck_assert_uint_gt(drive_get(&d, "tocks", 8), 0);
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

/* The one thread beside the first, once it was seen to begin. */
static struct thread *
second_thread(void)
{
    for (int i = 0; i < 10000; i++) {
        struct thread *t;

        RB_FOREACH (t, thread_tree, &d.live->threads) {
            if (t->tid != d.pid && !t->newborn)
                return t;
        }
        live_poll(d.live);
        drive_nap(1);
    }
    ck_abort_msg("no thread was born");
}

/* The end of a first thread has no wait status, and another's stop comes with it. */
START_TEST(a_main_thread_that_ended_is_not_listed_beside_one_that_stops)
{
    drive_launch(&d, "leader", NULL, NULL);
    drive_ask(&d, WORDS);
    ck_assert_str_eq(drive_ask(&d, "QNonStop:1"), "OK");
    drive_break_at(&d, "alone");
    drive_send(&d, "vCont;c");
    const struct thread *t = second_thread();
    for (int i = 0; i < 10000 && (live_task_state(d.pid, d.pid) != 'Z' ||
                                  live_task_state(d.pid, t->tid) != 't');
         i++)
        drive_nap(1);
    ck_assert_int_eq(live_task_state(d.pid, t->tid), 't');
    ck_assert_int_eq(live_task_state(d.pid, d.pid), 'Z');
    live_poll(d.live);
    ck_assert_uint_eq(drive_threads(&d), 1);
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

/* gdb's continue with scheduler-locking: it is told of the end, and then that there is no more. */
START_TEST(none_left_is_told_behind_the_end_of_the_last_thread_that_was_resumed)
{
    drive_launch(&d, "born", NULL, NULL);
    drive_ask(&d, WORDS ";QThreadOptions+");
    drive_break_at(&d, "brief");
    drive_ask(&d, "vCont;c");
    long long tid = d.event.id.tid;
    ck_assert_str_eq(drive_ask(&d, "QNonStop:1"), "OK");
    drive_remove(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "brief"), 1);
    drive_ask(&d, "QThreadOptions;2:p%x.%llx", (unsigned)d.pid, tid);
    ck_assert_str_eq(drive_ask(&d, "vCont;c:p%x.%llx", (unsigned)d.pid, tid), "OK");
    ck_assert_int_eq(strncmp(drive_wait(&d, 10000), "%Stop:w0;p", 10), 0);
    ck_assert_str_eq(drive_ask(&d, "vStopped"), "N");
    ck_assert_str_eq(drive_ask(&d, "vStopped"), "OK");
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

START_TEST(breakpoints_come_and_go_while_threads_run)
{
    launch_non_stop(WORDS);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "OK");
    ck_assert(runs("ticks"));
    for (int i = 0; i < 50; i++) {
        drive_break_at(&d, "tick");
        ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "%Stop:T05", 9), 0);
        drive_remove(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "tick"), 1);
        ck_assert_str_eq(drive_ask(&d, "vStopped"), "OK");
        ck_assert_str_eq(drive_ask(&d, "vCont;c"), "OK");
    }
    ck_assert(runs("ticks"));
    ck_assert(runs("tocks"));
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

/* Who has hit a breakpoint that is taken away before anybody knows must not be told of a trap. */
START_TEST(a_hit_of_a_breakpoint_that_has_gone_is_no_trap)
{
    launch_non_stop(WORDS);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "OK");
    ck_assert(runs("ticks"));
    drive_break_at(&d, "tick");
    for (int i = 0; i < PATIENCE_MS && drive_state(d.pid) != 't'; i++)
        drive_nap(1); /* hit, and not collected yet */
    ck_assert_int_eq(drive_state(d.pid), 't');
    drive_remove(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "tick"), 1);
    ck_assert_str_eq(drive_wait(&d, 100), "");
    ck_assert(runs("ticks"));
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

START_TEST(a_thread_is_stopped_by_name_and_told_with_no_signal)
{
    launch_non_stop(WORDS);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "OK");
    ck_assert(runs("tocks"));
    ck_assert_str_eq(drive_ask(&d, "vCont;t:p%x.%x", (unsigned)d.pid, (unsigned)d.pid), "OK");
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "%Stop:T00", 9), 0);
    ck_assert_str_eq(drive_ask(&d, "vStopped"), "OK");
    ck_assert(stands("ticks"));
    ck_assert(runs("tocks"));
    ck_assert_str_eq(drive_ask(&d, "QNonStop:0"), "OK");
    ck_assert(stands("tocks"));
    drive_send(&d, "vCont;c");
    ck_assert_str_eq(drive_wait(&d, 100), "");
    ck_assert(runs("ticks"));
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

START_TEST(an_attach_in_non_stop_mode_stops_one_thread)
{
    pid_t pid = drive_spawn(&d, "two", "says");

    drive_nap(20);
    drive_open(&d);
    drive_ask(&d, WORDS);
    ck_assert_str_eq(drive_ask(&d, "QNonStop:1"), "OK");
    ck_assert_str_eq(drive_ask(&d, "vAttach;%x", (unsigned)pid), "OK");
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "%Stop:T00", 9), 0);
    ck_assert_str_eq(drive_ask(&d, "vStopped"), "OK");
    ck_assert_int_eq(drive_state(pid), 't');
    ck_assert_int_eq(live_target.running(d.live, (struct rsp_id){ 0, 0 }), 1);
    live_target.kill(d.live, pid, false);
    drive_close(&d);
}
END_TEST

START_TEST(lldb_servers_kind_stops_the_process_and_tells_all_of_it)
{
    launch_non_stop("qSupported:xmlRegisters=i386");
    drive_break_at(&d, "tock");
    ck_assert_str_eq(drive_ask(&d, "c"), "OK");
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "%Stop:T05", 9), 0);
    ck_assert_int_eq(strncmp(drive_ask(&d, "vStopped"), "T00", 3), 0);
    ck_assert_str_eq(drive_ask(&d, "vStopped"), "OK");
    ck_assert(stands("ticks"));
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

START_TEST(lldb_servers_kind_tells_of_threads_just_born_too)
{
    launch("two", "ends", "qSupported:xmlRegisters=i386");
    ck_assert_str_eq(drive_ask(&d, "QNonStop:1"), "OK");
    drive_break_at(&d, "tick");
    for (int i = 0; i < 100; i++) {
        unsigned told = 1;

        ck_assert_str_eq(drive_ask(&d, "c"), "OK");
        ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "%Stop:T05", 9), 0);
        while (strcmp(drive_ask(&d, "vStopped"), "OK") != 0)
            told++;
        ck_assert_uint_eq(told, drive_threads(&d));
    }
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

/* ---- all-stop ---- */

/* Two threads step, one end is told; gdb would take the other's for a SIGTRAP of the program's. */
START_TEST(the_end_of_another_threads_step_is_no_news_to_who_goes_on)
{
    launch("two", NULL, WORDS);
    drive_break_at(&d, "tock");
    drive_ask(&d, "vCont;c");
    drive_remove(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "tock"), 1);
    for (int i = 0; i < 50; i++) {
        drive_ask(&d, "vCont;s");
        ck_assert_int_eq(d.event.reason, STUB_TRACE);
        drive_send(&d, "vCont;c");
        ck_assert_str_eq(drive_wait(&d, 2), "");
        stub_feed(&d.stub, (const uint8_t *)"\003", 1);
        ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T02", 3), 0);
    }
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

/* As gdb does `next` in an endless loop: whenever the interrupt comes, it ends the steps. */
START_TEST(steps_one_after_the_other_are_interrupted_at_any_time)
{
    launch("two", NULL, WORDS);
    for (unsigned i = 0; i < 50; i++) {
        int told = 0;

        drive_send(&d, "vCont;s:p%x.%x;c", (unsigned)d.pid, (unsigned)d.pid);
        if (i % 2 == 0)
            drive_nap(i / 10);
        stub_feed(&d.stub, (const uint8_t *)"\003", 1);
        while (strncmp(drive_wait(&d, PATIENCE_MS), "T02", 3) != 0) {
            ck_assert_int_eq(strncmp(d.reply, "T05", 3), 0);
            ck_assert_int_lt(++told, 3);
            drive_send(&d, "vCont;s:p%x.%x;c", (unsigned)d.pid, (unsigned)d.pid);
        }
    }
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

Suite *live_events_suite(void);

Suite *
live_events_suite(void)
{
    Suite *s = suite_create("live_events");
    TCase *c = tcase_create("forks");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, forked_children_are_let_go_clean);
    tcase_add_test(c, vforked_children_are_let_go_clean);
    tcase_add_test(c, an_lldb_may_resume_one_process_of_two_only);
    tcase_add_test(c, the_child_has_the_wishes_of_its_parent);
    tcase_add_test(c, a_child_is_not_listed_before_it_is_told_of);
    tcase_add_test(c, children_yet_to_be_told_of_go_where_their_parent_goes);
    tcase_add_test(c, the_parent_is_let_go_and_the_child_followed);
    tcase_add_test(c, a_child_killed_where_it_stands_is_let_go_to_its_parent);
    tcase_add_test(c, the_end_of_a_vfork_is_told_when_its_beginning_was);
    tcase_add_test(c, end_of_a_process_is_kept_while_another_is_stepped);
    tcase_add_test(c, end_of_a_process_is_told_when_it_is_resumed);
    tcase_add_test(c, child_of_a_vfork_stays_known_when_its_parent_is_killed);
    tcase_add_test(c, child_of_a_vfork_is_killed_after_its_parent);
    tcase_add_test(c, a_signal_beside_a_fork_is_told_after_it);
    tcase_add_test(c, who_did_not_ask_hears_of_no_fork);
    tcase_add_test(c, births_and_ends_of_threads_are_told_to_who_asks);
    tcase_add_test(c, a_clone_is_told_of_the_thread_that_was_asked_about);
    tcase_add_test(c, the_end_of_a_main_thread_by_itself_is_told_too);
    suite_add_tcase(s, c);
    c = tcase_create("non-stop");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_breakpoint_stops_its_own_thread_only);
    tcase_add_test(c, a_main_thread_that_ended_is_not_listed_beside_one_that_stops);
    tcase_add_test(c, none_left_is_told_behind_the_end_of_the_last_thread_that_was_resumed);
    tcase_add_test(c, breakpoints_come_and_go_while_threads_run);
    tcase_add_test(c, a_hit_of_a_breakpoint_that_has_gone_is_no_trap);
    tcase_add_test(c, a_thread_is_stopped_by_name_and_told_with_no_signal);
    tcase_add_test(c, an_attach_in_non_stop_mode_stops_one_thread);
    tcase_add_test(c, lldb_servers_kind_stops_the_process_and_tells_all_of_it);
    tcase_add_test(c, lldb_servers_kind_tells_of_threads_just_born_too);
    tcase_add_test(c, the_end_of_another_threads_step_is_no_news_to_who_goes_on);
    tcase_add_test(c, steps_one_after_the_other_are_interrupted_at_any_time);
    suite_add_tcase(s, c);
    return s;
}
