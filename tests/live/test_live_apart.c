/* test_live_apart.c - clones outside the thread group, stub/live/apart.c. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"
#include "tests/live/driver.h"

#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct drive d;

#define WORDS                                                                                     \
    "qSupported:multiprocess+;swbreak+;fork-events+;vfork-events+;exec-events+;no-resumed+"

static void
launch(const char *how)
{
    drive_launch(&d, "apart", how, NULL);
    ck_assert_ptr_nonnull(strstr(drive_ask(&d, "%s", WORDS), "PacketSize"));
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "touch"), 1), 0);
}

static void
go_on(void)
{
    drive_ask(&d, "vCont;c");
}

/* Continues to touch() in another thread than main; its tid. */
static pid_t
clone_at_touch(void)
{
    for (int i = 0; i < 5000; i++) {
        go_on();
        ck_assert_msg(d.event.kind == STUB_STOPPED && d.event.reason == STUB_SWBREAK, "%s",
                      d.reply);
        ck_assert_int_eq(d.event.id.pid, d.pid);
        if (d.event.id.tid != d.pid)
            return (pid_t)d.event.id.tid;
    }
    ck_abort_msg("no clone");
}

static void
program_ends_with(int status)
{
    go_on();
    if (d.event.kind == STUB_STOPPED && d.event.signal == SIGCHLD)
        go_on();
    ck_assert_msg(d.event.kind == STUB_EXITED, "%s", d.reply);
    ck_assert_int_eq(d.event.status, status);
    ck_assert_int_eq(d.event.id.pid, d.pid);
}

START_TEST(a_clone_that_shares_memory_stops_at_breakpoints_as_a_thread)
{
    launch("shared");
    pid_t tid = clone_at_touch();
    ck_assert_uint_eq(drive_threads(&d), 2);
    ck_assert_str_eq(drive_ask(&d, "Tp%x.%x", (unsigned)d.pid, (unsigned)tid), "OK");
    uint64_t pc = drive_register(&d, tid, "rip");
    ck_assert_uint_eq(pc, drive_symbol(&d, "touch"));
    drive_ask(&d, "vCont;s:p%x.%x", (unsigned)d.pid, (unsigned)tid);
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    ck_assert_int_eq(d.event.id.tid, tid);
    ck_assert_uint_ne(drive_register(&d, tid, "rip"), pc);
    for (unsigned i = 1; i < 3; i++) {
        ck_assert_int_eq(clone_at_touch(), tid);
        ck_assert_uint_eq(drive_get(&d, "touched", 4), i);
    }
    program_ends_with(0);
    drive_close(&d);
}
END_TEST

/* It has its own group in which signals reach it. */
START_TEST(a_signal_is_given_to_a_clone_alone)
{
    launch("both");
    pid_t tid = clone_at_touch();
    ck_assert_str_eq(drive_ask(&d, "z0,%llx,1", (unsigned long long)drive_symbol(&d, "touch")),
                     "OK");
    drive_send(&d, "vCont;c");
    live_target.interrupt(d.live, (struct rsp_id){ 0, 0 });
    drive_wait(&d, 10000);
    ck_assert_int_eq(d.event.id.tid, d.pid); /* so the clone stands for no signal of its own */
    drive_send(&d, "vCont;Cf:p%x.%x;c", (unsigned)d.pid, (unsigned)tid);
    for (int i = 0; i < 10000 && drive_state(tid) != 'Z'; i++) {
        live_poll(d.live);
        drive_nap(1);
    }
    ck_assert_int_eq(drive_state(tid), 'Z'); /* main does not wait for it yet */
    live_target.interrupt(d.live, (struct rsp_id){ 0, 0 });
    drive_wait(&d, 10000);
    ck_assert_int_eq(d.event.kind, STUB_STOPPED);
    ck_assert_int_eq(d.event.signal, SIGINT);
    ck_assert_uint_eq(drive_threads(&d), 1);
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

/* Its copy was made with our breakpoint in it. */
START_TEST(a_clone_with_a_copy_of_the_memory_has_it_without_breakpoints)
{
    launch("copy");
    go_on();
    ck_assert_int_eq(d.event.reason, STUB_SIGNAL);
    ck_assert_int_eq(d.event.signal, SIGUSR1);
    ck_assert_int_ne(d.event.id.tid, d.pid);
    ck_assert_uint_eq(drive_threads(&d), 2);
    program_ends_with(0);
    drive_close(&d);
}
END_TEST

START_TEST(a_clone_is_killed_with_its_process)
{
    launch("both");
    pid_t tid = clone_at_touch();
    ck_assert_int_eq(live_target.kill(d.live, d.pid, false), 0);
    ck_assert_uint_eq(drive_threads(&d), 0);
    for (int i = 0; i < 10000 && drive_state(tid) != 0; i++) {
        live_poll(d.live); /* collects it */
        drive_nap(1);
    }
    ck_assert_int_eq(drive_state(tid), 0);
    drive_close(&d);
}
END_TEST

START_TEST(a_clone_is_let_go_with_its_process)
{
    launch("both");
    pid_t tid = clone_at_touch();
    uint64_t lasting = drive_symbol(&d, "lasting"), touch = drive_symbol(&d, "touch");
    int byte = drive_raw_byte(d.pid, touch);
    ck_assert_int_eq(byte, 0xcc);
    ck_assert_str_eq(drive_ask(&d, "M%llx,4:00000000", (unsigned long long)lasting), "OK");
    ck_assert_str_eq(drive_ask(&d, "D;%x", (unsigned)d.pid), "OK");
    ck_assert_uint_eq(drive_threads(&d), 0);
    ck_assert_int_ne(tid, d.pid);
    int status = -1;
    ck_assert_int_eq(waitpid(d.pid, &status, 0), d.pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%x", status);
    drive_close(&d);
}
END_TEST

START_TEST(a_clone_that_outlives_its_process_is_let_go_clean)
{
    launch("outlives");
    drive_ask(&d, "QThreadEvents:1");
    go_on();
    ck_assert_msg(d.event.kind == STUB_STOPPED && d.event.reason == STUB_CREATED, "%s", d.reply);
    pid_t tid = (pid_t)d.event.id.tid;
    ck_assert_int_ne(tid, d.pid);
    uint64_t touched = drive_symbol(&d, "touched"), touch = drive_symbol(&d, "touch");
    program_ends_with(0);
    for (int i = 0; i < 10000 && drive_raw_byte(tid, touched) != 3; i++) {
        live_poll(d.live);
        drive_nap(1);
    }
    int times = drive_raw_byte(tid, touched), byte = drive_raw_byte(tid, touch);
    kill(tid, SIGKILL);
    ck_assert_int_eq(times, 3);
    ck_assert_int_ne(byte, 0xcc);
    drive_close(&d);
}
END_TEST

START_TEST(a_clone_is_let_go_when_its_process_executes_another_program)
{
    launch("exec");
    drive_ask(&d, "QThreadEvents:1");
    go_on();
    ck_assert_msg(d.event.kind == STUB_STOPPED && d.event.reason == STUB_CREATED, "%s", d.reply);
    ck_assert_int_ne(d.event.id.tid, d.pid);
    go_on();
    ck_assert_msg(d.event.reason == STUB_EXEC, "%s", d.reply);
    ck_assert_uint_eq(drive_threads(&d), 1);
    program_ends_with(0);
    drive_close(&d);
}
END_TEST

START_TEST(a_clone_that_executes_another_program_is_a_thread_no_more)
{
    launch("execs");
    program_ends_with(0);
    drive_close(&d);
}
END_TEST

Suite *
live_apart_suite(void)
{
    Suite *s = suite_create("live_apart");
    TCase *c = tcase_create("clones");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_clone_that_shares_memory_stops_at_breakpoints_as_a_thread);
    tcase_add_test(c, a_signal_is_given_to_a_clone_alone);
    tcase_add_test(c, a_clone_with_a_copy_of_the_memory_has_it_without_breakpoints);
    tcase_add_test(c, a_clone_is_killed_with_its_process);
    tcase_add_test(c, a_clone_is_let_go_with_its_process);
    tcase_add_test(c, a_clone_that_outlives_its_process_is_let_go_clean);
    tcase_add_test(c, a_clone_is_let_go_when_its_process_executes_another_program);
    tcase_add_test(c, a_clone_that_executes_another_program_is_a_thread_no_more);
    suite_add_tcase(s, c);
    return s;
}
