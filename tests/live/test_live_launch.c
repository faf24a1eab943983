/* test_live_launch.c - starting, attaching, ending: stub/live/launch.c attach.c process.c
 * output.c. */
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
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct drive d;

static int
option(enum stub_launch_option option, const char *text)
{
    return live_target.launch_option(d.live, option, text);
}

START_TEST(launch_stops_before_the_first_instruction)
{
    drive_launch(&d, "loop", NULL, NULL);
    ck_assert_int_eq(d.event.kind, STUB_STOPPED);
    ck_assert_int_eq(d.event.signal, SIGTRAP);
    ck_assert_int_eq(strncmp(d.reply, "T05", 3), 0);
    ck_assert_uint_eq(drive_threads(&d), 1);
    ck_assert_uint_eq(drive_get(&d, "counter", 8), 0);
    ck_assert_int_eq(live_target.was_attached(d.live, d.pid), 0);
    ck_assert(!live_running(d.live) && live_alive(d.live));
    drive_close(&d);
    ck_assert_int_eq(kill(d.pid, 0), -1);
}
END_TEST

START_TEST(first_step_executes_one_instruction)
{
    drive_launch(&d, "loop", NULL, NULL);
    uint64_t pc = drive_register(&d, d.pid, "rip");
    ck_assert_int_eq(strncmp(drive_ask(&d, "vCont;s:%x", (unsigned)d.pid), "T05", 3), 0);
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    ck_assert_uint_ne(drive_register(&d, d.pid, "rip"), pc);
    drive_close(&d);
}
END_TEST

START_TEST(exit_status_is_told_once_and_again_when_asked)
{
    int status;

    drive_launch(&d, "output", NULL, NULL);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W03");
    ck_assert(live_ended(d.live, &status));
    ck_assert_int_eq(WEXITSTATUS(status), 3);
    ck_assert(!live_alive(d.live));
    struct stub_event event;
    ck_assert_int_eq(live_target.peek(d.live, STUB_ANY_EVENT, &event), 0);
    live_target.again(d.live);
    ck_assert_int_eq(live_target.peek(d.live, STUB_ANY_EVENT, &event), 1);
    ck_assert_int_eq(event.kind, STUB_EXITED);
    drive_close(&d);
}
END_TEST

START_TEST(killed_from_outside_while_running_and_while_stopped)
{
    drive_launch(&d, "loop", NULL, NULL);
    drive_send(&d, "vCont;c");
    drive_nap(20);
    kill(d.pid, SIGKILL);
    ck_assert_str_eq(drive_wait(&d, PATIENCE_MS), "X09");
    drive_launch(&d, "loop", NULL, NULL);
    kill(d.pid, SIGKILL);
    ck_assert(drive_becomes(d.pid, "Z"));
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "X09");
    drive_close(&d);
}
END_TEST

START_TEST(launch_refusals_name_cause_and_remedy)
{
    char path[] = "/tmp/live-test-XXXXXX";
    int fd = mkstemp(path);

    drive_open(&d);
    char *none[] = { "/nonexistent/program", NULL };
    ck_assert_int_eq(live_launch(d.live, none), -ENOENT);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "PATH"));
    char *file[] = { path, NULL };
    ck_assert_int_eq(live_launch(d.live, file), -EACCES);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "chmod +x"));
    fchmod(fd, 0755);
    ck_assert_int_eq(write(fd, "\177nothing", 8), 8);
    close(fd);
    ck_assert_int_eq(live_launch(d.live, file), -ENOEXEC);
    char *directory[] = { "/tmp", NULL };
    ck_assert_int_eq(live_launch(d.live, directory), -EACCES);
    option(STUB_DIRECTORY, "/nonexistent");
    char *sh[] = { "sh", NULL };
    ck_assert_int_eq(live_launch(d.live, sh), -ENOENT);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "directory /nonexistent"));
    ck_assert(!live_alive(d.live));
    unlink(path);
    drive_close(&d);
}
END_TEST

static void
write_foreign(int fd, uint8_t class, uint8_t machine)
{
    uint8_t head[64] = { 0x7f, 'E', 'L', 'F', class, 1, 1 };

    head[16] = 2;
    head[18] = machine;
    ck_assert_int_eq(write(fd, head, sizeof(head)), 64);
    fchmod(fd, 0755);
    close(fd);
}

START_TEST(program_of_another_machine_is_named_and_refused)
{
    char i386[] = "/tmp/live-test-XXXXXX", arm[] = "/tmp/live-test-XXXXXX";

    write_foreign(mkstemp(i386), 1, 3);
    write_foreign(mkstemp(arm), 2, 183);
    drive_open(&d);
    char *argv[] = { i386, NULL };
    ck_assert_int_lt(live_launch(d.live, argv), 0);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "i386"));
    argv[0] = arm;
    ck_assert_int_lt(live_launch(d.live, argv), 0);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "ARM64"));
    unlink(i386);
    unlink(arm);
    drive_close(&d);
}
END_TEST

START_TEST(captured_output_comes_as_o_packets_with_crlf)
{
    d.config.capture_output = true;
    drive_open(&d);
    option(STUB_ENV_SET, "DRIVE_WORD=first");
    option(STUB_ENV_SET, "DRIVE_WORD=second");
    option(STUB_ENV_UNSET, "HOME");
    option(STUB_DIRECTORY, "/");
    char directory[4096];
    ck_assert_ptr_nonnull(getcwd(directory, sizeof(directory)));
    drive_launch(&d, "output", "one two", NULL);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W03");
    ck_assert_ptr_nonnull(strstr(d.console, "argument one two\r\n"));
    ck_assert_ptr_nonnull(strstr(d.console, "word second\r\n"));
    ck_assert_ptr_nonnull(strstr(d.console, "home none\r\n"));
    ck_assert_ptr_nonnull(strstr(d.console, "directory /\r\n"));
    ck_assert_ptr_nonnull(strstr(d.console, "to stderr\r\n"));
    option(STUB_ENV_RESET, "");
    d.console[0] = '\0';
    drive_launch(&d, "output", NULL, NULL);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W03");
    ck_assert_ptr_nonnull(strstr(d.console, "word none\r\n"));
    drive_close(&d);
}
END_TEST

START_TEST(much_output_arrives_whole_before_the_end_is_told)
{
    d.config.capture_output = true;
    drive_launch(&d, "output", "lots", NULL);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    ck_assert_uint_eq(d.console_size, 10 * 8 + 90 * 9 + 900 * 10 + 1000 * 11);
    drive_close(&d);
}
END_TEST

START_TEST(standard_files_are_redirected)
{
    char path[] = "/tmp/live-test-XXXXXX", text[512] = "";
    int fd = mkstemp(path);

    drive_open(&d);
    option(STUB_STDIN, "/etc/hostname");
    option(STUB_STDOUT, path);
    option(STUB_STDERR, "/dev/null");
    drive_launch(&d, "output", "read", NULL);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W03");
    ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
    ck_assert_ptr_nonnull(strstr(text, "argument read\n"));
    ck_assert_ptr_null(strstr(text, "read nothing"));
    ck_assert_ptr_null(strstr(text, "to stderr"));
    unlink(path);
    drive_close(&d);
}
END_TEST

START_TEST(launch_without_a_name_takes_the_last_one)
{
    drive_launch(&d, "output", "x", NULL);
    ck_assert_int_eq(live_target.kill(d.live, d.pid, false), 0);
    ck_assert_int_eq(live_target.launch(d.live, NULL, 0), 0);
    ck_assert(live_alive(d.live));
    ck_assert_int_eq(live_target.kill(d.live, 0, false), 0);
    ck_assert_int_eq(strncmp(drive_ask(&d, "vRun;"), "T05", 3), 0);
    ck_assert(live_alive(d.live));
    drive_close(&d);
}
END_TEST

START_TEST(launch_without_a_name_takes_new_arguments)
{
    d.config.capture_output = true;
    drive_open(&d);
    ck_assert_int_eq(live_target.launch(d.live, "\0x", 3), -EINVAL);
    drive_launch(&d, "output", "old", NULL);
    ck_assert_int_eq(live_target.kill(d.live, d.pid, false), 0);
    ck_assert_int_eq(strncmp(drive_ask(&d, "vRun;;6e6577"), "T05", 3), 0);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W03");
    ck_assert_ptr_nonnull(strstr(d.console, "argument new\r\n"));
    drive_close(&d);
}
END_TEST

/* The old program's words come behind the stop that answers the launch. */
START_TEST(output_not_told_before_the_next_launch_is_kept)
{
    d.config.capture_output = true;
    drive_launch(&d, "output", "first", NULL);
    drive_send(&d, "vCont;c");
    ck_assert(drive_becomes(d.pid, "Zt")); /* it wrote, and nobody looks */
    ck_assert_int_eq(live_target.kill(d.live, d.pid, false), 0);
    stub_link_lost(&d.stub);
    ck_assert_str_eq(drive_ask(&d, "QStartNoAckMode"), "OK");
    stub_feed(&d.stub, (const uint8_t *)"+", 1);
    drive_launch(&d, "output", "second", NULL);
    ck_assert_int_eq(d.event.kind, STUB_STOPPED);
    ck_assert_str_eq(d.console, "");
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W03");
    const char *first = strstr(d.console, "argument first\r\n");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(strstr(first, "argument second\r\n"));
    drive_close(&d);
}
END_TEST

/* Nobody is at the other end: whoever opens one without care waits for ever. */
START_TEST(pipe_for_a_standard_file_is_refused)
{
    static const enum stub_launch_option files[] = { STUB_STDIN, STUB_STDOUT, STUB_STDERR };
    char where[] = "/tmp/live-test-XXXXXX", path[64];
    char *argv[] = { "/bin/true", NULL };

    ck_assert_ptr_nonnull(mkdtemp(where));
    snprintf(path, sizeof(path), "%s/pipe", where);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    drive_open(&d);
    for (int i = 0; i < 6; i++) {
        int other = i < 3 ? -1 : open(path, O_RDWR); /* and with somebody */
        option(files[i % 3], path);
        ck_assert_int_eq(live_launch(d.live, argv), -EINVAL);
        ck_assert_ptr_nonnull(strstr(live_why(d.live), path));
        ck_assert_ptr_nonnull(strstr(live_why(d.live), "neither a file"));
        option(files[i % 3], "");
        close(other);
    }
    option(STUB_STDIN, "/nonexistent");
    ck_assert_int_eq(live_launch(d.live, argv), -ENOENT);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "/nonexistent"));
    unlink(path);
    rmdir(where);
    drive_close(&d);
}
END_TEST

/* exec waits as long as somebody has a lease on the file (fcntl(2)), which is 45 seconds. */
START_TEST(program_that_does_not_start_in_time_is_given_up)
{
    char path[] = "/tmp/live-test-XXXXXX";
    int fd = mkstemp(path);
    char *argv[] = { path, NULL };
    time_t before = time(NULL);

    ck_assert_int_eq(write(fd, "#!/bin/true\n", 12), 12);
    fchmod(fd, 0755);
    close(fd);
    fd = open(path, O_RDONLY);
    signal(SIGIO, SIG_IGN);
    drive_open(&d);
    if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0 && fcntl(fd, F_SETLEASE, F_WRLCK) == 0) {
        ck_assert_int_eq(live_launch(d.live, argv), -EIO);
        ck_assert_ptr_nonnull(strstr(live_why(d.live), "did not start within"));
        ck_assert(!live_alive(d.live));
        ck_assert_int_lt(time(NULL) - before, 15);
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    }
    close(fd);
    unlink(path);
    drive_close(&d);
}
END_TEST

START_TEST(launch_and_attach_are_refused_while_a_program_runs)
{
    char *argv[] = { "/bin/true", NULL };
    pid_t other = drive_spawn(&d, "loop", "x");

    drive_launch(&d, "loop", NULL, NULL);
    drive_send(&d, "vCont;c");
    ck_assert_int_eq(live_launch(d.live, argv), -EBUSY);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "interrupt it first"));
    ck_assert_int_eq(live_attach(d.live, other), -EBUSY);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "interrupt it first"));
    ck_assert(live_running(d.live));
    stub_feed(&d.stub, (const uint8_t *)"\003", 1);
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T02", 3), 0);
    ck_assert_int_eq(live_attach(d.live, other), 0);
    ck_assert_int_eq(live_launch(d.live, argv), 0);
    kill(other, SIGKILL);
    drive_close(&d);
}
END_TEST

START_TEST(changes_to_the_environment_are_bounded)
{
    static char long_one[512 * 1024];
    char name[32];
    int i, r = 0;

    drive_open(&d);
    for (i = 0; i < 10000 && r == 0; i++) {
        snprintf(name, sizeof(name), "NAME%d=x", i);
        r = option(STUB_ENV_SET, name);
    }
    ck_assert_int_eq(r, -ENOSPC);
    ck_assert_int_eq(i, 4097);
    ck_assert_ptr_nonnull(live_why(d.live));
    ck_assert_int_eq(option(STUB_ENV_SET, "NAME7=another"), 0); /* no new one */
    ck_assert_int_eq(option(STUB_ENV_RESET, ""), 0);
    memset(long_one, 'x', sizeof(long_one) - 1);
    long_one[1] = '=';
    for (int k = 0; k < 8; k++) {
        long_one[0] = 'A';
        ck_assert_int_eq(option(STUB_ENV_SET, long_one), 0);
        long_one[0] = 'B';
        ck_assert_int_eq(option(STUB_ENV_SET, long_one), 0);
        long_one[0] = 'C';
        ck_assert_int_eq(option(STUB_ENV_SET, long_one), -ENOSPC);
    }
    drive_close(&d);
}
END_TEST

/* ---- attach, detach, kill ---- */

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

/* Takes a processor for itself alone for most of a second; ends with 1 where that is refused. */
static pid_t
start_hog(unsigned processor)
{
    pid_t pid = fork();
    struct timespec now, end;

    if (pid != 0)
        return pid;
    pin(0, processor);
    if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){ .sched_priority = 1 }) != 0)
        _exit(1);
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
    int status;
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            continue;
    ck_assert_uint_eq(processors(there), 2);
    pin(pid, there[0]);
    pin(0, there[1]);
    pid_t hog = start_hog(there[0]);
    drive_nap(20);
    drive_attach(&d, pid);
    ck_assert_int_eq(drive_state(pid), 't');
    ck_assert_int_eq(live_target.kill(d.live, pid, false), 0);
    drive_close(&d);
    ck_assert_int_eq(waitpid(hog, &status, 0), hog);
    if (status != 0)
        puts("skip attach_waits_for_a_thread_that_waits_for_a_processor (SCHED_FIFO is refused)");
}
END_TEST

/* All threads are seized before the first is asked to stop: a signal comes before that, at times,
 * and is the answer then. */
START_TEST(signal_that_comes_while_it_is_attached_to_is_the_answer)
{
    unsigned first = 0;

    for (int i = 0; i < 60; i++) {
        pid_t pid = drive_spawn(&d, "signals", "crowd");
        drive_attach(&d, pid);
        ck_assert_msg(drive_state(pid) == 't', "round %d: %c", i, drive_state(pid));
        ck_assert_int_eq(d.event.kind, STUB_STOPPED);
        ck_assert(d.event.signal == 0 || d.event.signal == SIGALRM);
        first += d.event.signal == SIGALRM;
        ck_assert_int_eq(live_target.kill(d.live, pid, false), 0);
        drive_close(&d);
    }
    ck_assert_uint_gt(first, 0);
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

Suite *live_launch_suite(void);

Suite *
live_launch_suite(void)
{
    Suite *s = suite_create("live_launch");
    TCase *c = tcase_create("launch");
    tcase_set_timeout(c, 30);
    tcase_add_test(c, launch_stops_before_the_first_instruction);
    tcase_add_test(c, first_step_executes_one_instruction);
    tcase_add_test(c, exit_status_is_told_once_and_again_when_asked);
    tcase_add_test(c, killed_from_outside_while_running_and_while_stopped);
    tcase_add_test(c, launch_refusals_name_cause_and_remedy);
    tcase_add_test(c, program_of_another_machine_is_named_and_refused);
    tcase_add_test(c, captured_output_comes_as_o_packets_with_crlf);
    tcase_add_test(c, much_output_arrives_whole_before_the_end_is_told);
    tcase_add_test(c, standard_files_are_redirected);
    tcase_add_test(c, launch_without_a_name_takes_the_last_one);
    tcase_add_test(c, launch_without_a_name_takes_new_arguments);
    tcase_add_test(c, output_not_told_before_the_next_launch_is_kept);
    tcase_add_test(c, pipe_for_a_standard_file_is_refused);
    tcase_add_test(c, program_that_does_not_start_in_time_is_given_up);
    tcase_add_test(c, launch_and_attach_are_refused_while_a_program_runs);
    tcase_add_test(c, changes_to_the_environment_are_bounded);
    suite_add_tcase(s, c);
    c = tcase_create("attach");
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
