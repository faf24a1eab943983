/* test_live_attach.c - attach and detach, and what becomes of a program whose client or server is
 * gone: stub/live/attach.c process.c. */
#define _GNU_SOURCE 1
#include "tests/live/driver.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct drive d;

static bool
runs_on(pid_t pid)
{
    return drive_becomes(pid, "RS");
}

START_TEST(attach_stops_and_detach_lets_go)
{
    pid_t pid = drive_spawn(&d, "loop", "x");
    drive_attach(&d, pid);
    ck_assert_int_eq(d.event.signal, 0);
    ck_assert_int_eq(drive_state(pid), 't');
    uint64_t before = drive_get(&d, "counter", 8);
    drive_nap(5);
    ck_assert_uint_eq(drive_get(&d, "counter", 8), before);
    ck_assert_int_eq(live_target.was_attached(d.live, pid), 1);
    ck_assert_int_eq(live_target.detach(d.live, pid), 0);
    ck_assert(runs_on(pid));
    ck_assert(!live_alive(d.live));
    uint64_t now = before;
    for (int i = 0; i < PATIENCE_MS && now == before; i++) {
        drive_nap(1);
        drive_attach(&d, pid);
        now = drive_get(&d, "counter", 8);
        if (now == before)
            ck_assert_int_eq(live_target.detach(d.live, pid), 0);
    }
    ck_assert_uint_gt(now, before);
    ck_assert_int_eq(live_target.kill(d.live, pid, false), 0);
    ck_assert_int_eq(drive_state(pid), 0); /* ours to reap, and reaped */
    drive_close(&d);
}
END_TEST

/* The exec is told of before the stop, or is done when that comes. */
START_TEST(attach_to_what_is_just_becoming_a_program_stops_it)
{
    for (int i = 0; i < 200; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            execl("/bin/sleep", "sleep", "1000", NULL);
            _exit(1);
        }
        if (i % 2 == 1)
            nanosleep(&(struct timespec){ .tv_nsec = i * 5000 }, NULL);
        drive_attach(&d, pid);
        ck_assert_int_eq(d.event.reason, STUB_NO_REASON);
        for (int k = 0; k < 5; k++) {
            ck_assert_msg(drive_state(pid) == 't', "round %d: %c", i, drive_state(pid));
            nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
        }
        ck_assert_int_eq(live_target.kill(d.live, pid, false), 0);
        drive_close(&d);
    }
}
END_TEST

/* How many processors may be used; at most two of them to tell. */
static unsigned
processors(unsigned found[2])
{
    cpu_set_t set;
    unsigned n = 0;

    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 0;
    for (unsigned i = 0; n < 2 && i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &set))
            found[n++] = i;
    return n;
}

static void
pin(pid_t pid, unsigned processor)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    ck_assert_int_eq(sched_setaffinity(pid, sizeof(set), &set), 0);
}

/* Takes a processor for itself alone for a second; *has says that this was not refused. */
static pid_t
start_hog(unsigned processor, bool *has)
{
    pid_t pid = fork();
    struct timespec now, end;

    if (pid != 0)
        return pid;
    pin(0, processor);
    if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){ .sched_priority = 1 }) != 0)
        _exit(1);
    *has = true;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec++;
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while (now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
    _exit(0);
}

/* On a busy machine a thread may get no processor for a while: it stands when that is answered. */
START_TEST(attach_waits_for_a_thread_that_waits_for_a_processor)
{
    unsigned there[2] = { 0 };
    bool *hogged =
        mmap(NULL, sizeof(*hogged), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            continue;
    ck_assert_ptr_ne(hogged, MAP_FAILED);
    ck_assert_uint_eq(processors(there), 2);
    pin(pid, there[0]);
    pin(0, there[1]);
    pid_t hog = start_hog(there[0], hogged);
    drive_nap(20);
    drive_attach(&d, pid);
    ck_assert_int_eq(drive_state(pid), 't');
    ck_assert_int_eq(live_target.kill(d.live, pid, false), 0);
    drive_close(&d);
    waitpid(hog, NULL, 0); /* the target has reaped it where it took longer than the hog */
    if (!*hogged)
        puts("skip attach_waits_for_a_thread_that_waits_for_a_processor (SCHED_FIFO is refused)");
    munmap(hogged, sizeof(*hogged));
}
END_TEST

/* All threads are seized before the first is asked to stop: a signal comes before that, at times,
 * and is the answer then. */
START_TEST(signal_that_comes_while_it_is_attached_to_is_the_answer)
{
    unsigned first = 0;

    for (int i = 0; i < 60 || (i < 600 && first == 0); i++) {
        pid_t pid = drive_spawn(&d, "signals", "crowd");
        drive_attach(&d, pid);
        ck_assert_msg(drive_state(pid) == 't', "round %d: %c", i, drive_state(pid));
        ck_assert_int_eq(d.event.kind, STUB_STOPPED);
        ck_assert(d.event.signal == 0 || d.event.signal == SIGALRM);
        first += d.event.signal == SIGALRM;
        ck_assert_int_eq(live_target.kill(d.live, pid, false), 0);
        drive_close(&d);
    }
    if (first == 0) /* on one processor, which is ours meanwhile */
        puts("skip signal_that_comes_while_it_is_attached_to_is_the_answer (none came then)");
}
END_TEST

START_TEST(detach_leaves_no_breakpoint_behind)
{
    pid_t pid = drive_spawn(&d, "loop", "x");
    drive_attach(&d, pid);
    uint64_t tick = drive_symbol(&d, "tick");
    int byte = drive_raw_byte(pid, tick);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_SOFTWARE, tick, 1), 0);
    ck_assert_int_eq(drive_raw_byte(pid, tick), byte); /* planted at resume only */
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_SWBREAK);
    ck_assert_int_eq(drive_raw_byte(pid, tick), 0xcc);
    ck_assert_int_eq(live_target.detach(d.live, pid), 0);
    ck_assert_int_eq(drive_raw_byte(pid, tick), byte);
    drive_nap(20);
    ck_assert(runs_on(pid));
    kill(pid, SIGKILL);
    drive_close(&d);
}
END_TEST

/* An armed one would kill it: nobody is there to take the SIGTRAP. */
START_TEST(detach_leaves_no_debug_register_armed)
{
    pid_t pid = drive_spawn(&d, "loop", "x");
    drive_attach(&d, pid);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_WRITE, drive_symbol(&d, "counter"), 8), 0);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_HARDWARE, drive_symbol(&d, "tick"), 1), 0);
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.kind, STUB_STOPPED);
    ck_assert_int_eq(live_target.detach(d.live, pid), 0);
    drive_nap(20);
    ck_assert(runs_on(pid));
    kill(pid, SIGKILL);
    drive_close(&d);
}
END_TEST

START_TEST(detach_while_running_lets_go_clean)
{
    for (int i = 0; i < 50; i++) {
        pid_t pid = drive_spawn(&d, "loop", "x");
        drive_attach(&d, pid);
        drive_insert(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "tick"), 1);
        drive_send(&d, "vCont;c");
        ck_assert_int_eq(live_target.detach(d.live, pid), 0);
        drive_nap(2);
        ck_assert_msg(runs_on(pid), "round %d: %c", i, drive_state(pid));
        kill(pid, SIGKILL);
        drive_close(&d);
        waitpid(pid, NULL, 0);
    }
}
END_TEST

START_TEST(attach_refusals_name_cause_and_remedy)
{
    drive_open(&d);
    ck_assert_int_eq(live_attach(d.live, 0x3fffffff), -ESRCH);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "no such process"));
    ck_assert_int_eq(live_attach(d.live, getpid()), -EINVAL);
    ck_assert_int_eq(live_target.attach(d.live, 1LL << 40), -EINVAL);
    ck_assert_int_lt(live_attach(d.live, 2), 0); /* kthreadd, or not there in a container */

    pid_t zombie = fork();
    if (zombie == 0)
        _exit(0);
    ck_assert(drive_becomes(zombie, "Z"));
    ck_assert_int_eq(live_attach(d.live, zombie), -EPERM);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "zombie"));
    ck_assert(!live_alive(d.live));
    drive_close(&d);
}
END_TEST

START_TEST(attach_to_a_traced_process_names_the_tracer)
{
    struct drive other = { 0 };
    int ready[2];
    char byte;
    pid_t pid = drive_spawn(&d, "loop", "x");

    ck_assert_int_eq(pipe(ready), 0);
    pid_t tracer = fork();
    if (tracer == 0) {
        ptrace(PTRACE_SEIZE, pid, 0, 0);
        if (write(ready[1], "+", 1) == 1)
            pause();
        _exit(0);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    drive_open(&other);
    ck_assert_int_eq(live_attach(other.live, pid), -EPERM);
    ck_assert_ptr_nonnull(strstr(live_why(other.live), "traces it already"));
    kill(tracer, SIGKILL);
    kill(pid, SIGKILL);
    drive_close(&other);
}
END_TEST

START_TEST(attach_finds_every_thread_while_they_come_and_go)
{
    for (int i = 0; i < 30; i++) {
        pid_t pid = drive_spawn(&d, "born", NULL);
        drive_attach(&d, pid);
        ck_assert_uint_ge(drive_threads(&d), 2);
        ck_assert_int_eq(live_target.detach(d.live, pid), 0);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        drive_close(&d);
    }
}
END_TEST

START_TEST(stopped_process_stays_stopped_through_attach_and_detach)
{
    pid_t pid = drive_spawn(&d, "loop", "x");
    kill(pid, SIGSTOP);
    ck_assert(drive_becomes(pid, "T"));
    drive_attach(&d, pid);
    ck_assert_int_eq(live_target.detach(d.live, pid), 0);
    drive_nap(20);
    ck_assert(drive_becomes(pid, "T"));
    kill(pid, SIGKILL);
    drive_close(&d);
}
END_TEST

START_TEST(lost_client_follows_the_policy)
{
    static const char after[] = { [LIVE_STOP] = 't', [LIVE_RESUME] = 'R', [LIVE_KILL] = 0 };

    for (int i = 0; i < 6; i++) {
        enum live_on_lost policy = (enum live_on_lost)(i / 2);
        pid_t pid = drive_spawn(&d, "loop", "x");
        d.config.lost_attached = policy;
        drive_attach(&d, pid);
        uint64_t tick = drive_symbol(&d, "tick");
        int byte = drive_raw_byte(pid, tick);
        drive_insert(&d, STUB_POINT_SOFTWARE, tick, 1);
        if (i % 2 == 1)
            drive_send(&d, "vCont;c");
        live_target.client_gone(d.live);
        ck_assert_int_eq(drive_state(pid), after[policy]);
        if (policy != LIVE_KILL)
            ck_assert_int_eq(drive_raw_byte(pid, tick), byte);
        kill(pid, SIGKILL);
        drive_close(&d);
        waitpid(pid, NULL, 0);
    }
}
END_TEST

START_TEST(stop_of_a_lost_client_is_told_to_the_next)
{
    struct stub_event event;

    drive_launch(&d, "loop", NULL, NULL);
    drive_send(&d, "vCont;c");
    drive_nap(5);
    live_target.client_gone(d.live);
    ck_assert_int_eq(drive_state(d.pid), 't');
    live_target.again(d.live);
    ck_assert_int_eq(live_target.peek(d.live, STUB_ANY_EVENT, &event), 1);
    ck_assert_int_eq(event.kind, STUB_STOPPED);
    drive_close(&d);
}
END_TEST

/* A server in a child of ours, killed: what it launched dies, what it attached to lives on. */
START_TEST(death_of_the_server_kills_launched_and_frees_attached)
{
    int line[2];
    pid_t launched, attached = drive_spawn(&d, "loop", "x");

    ck_assert_int_eq(pipe(line), 0);
    pid_t server = fork();
    if (server == 0) {
        drive_attach(&d, attached);
        drive_send(&d, "vCont;c");
        struct drive other = { 0 };
        drive_launch(&other, "loop", NULL, NULL);
        if (write(line[1], &other.pid, sizeof(other.pid)) > 0)
            pause();
        _exit(0);
    }
    ck_assert_int_eq(read(line[0], &launched, sizeof(launched)), sizeof(launched));
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    for (int i = 0; i < PATIENCE_MS && drive_state(launched) != 0 && drive_state(launched) != 'Z';
         i++)
        drive_nap(1);
    ck_assert(drive_state(launched) == 0 || drive_state(launched) == 'Z');
    ck_assert(runs_on(attached));
    kill(attached, SIGKILL);
}
END_TEST

Suite *live_attach_suite(void);

Suite *
live_attach_suite(void)
{
    Suite *s = suite_create("live_attach");
    TCase *c = tcase_create("attach");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, attach_stops_and_detach_lets_go);
    tcase_add_test(c, attach_to_what_is_just_becoming_a_program_stops_it);
    tcase_add_test(c, signal_that_comes_while_it_is_attached_to_is_the_answer);
    if (processors((unsigned[2]){ 0 }) > 1)
        tcase_add_test(c, attach_waits_for_a_thread_that_waits_for_a_processor);
    else
        puts("skip attach_waits_for_a_thread_that_waits_for_a_processor (one processor)");
    tcase_add_test(c, detach_leaves_no_breakpoint_behind);
    tcase_add_test(c, detach_leaves_no_debug_register_armed);
    tcase_add_test(c, detach_while_running_lets_go_clean);
    tcase_add_test(c, attach_refusals_name_cause_and_remedy);
    tcase_add_test(c, attach_to_a_traced_process_names_the_tracer);
    tcase_add_test(c, attach_finds_every_thread_while_they_come_and_go);
    tcase_add_test(c, stopped_process_stays_stopped_through_attach_and_detach);
    tcase_add_test(c, lost_client_follows_the_policy);
    tcase_add_test(c, stop_of_a_lost_client_is_told_to_the_next);
    tcase_add_test(c, death_of_the_server_kills_launched_and_frees_attached);
    suite_add_tcase(s, c);
    return s;
}
