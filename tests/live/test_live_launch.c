/* test_live_launch.c - starting and ending, and what a program writes: stub/live/launch.c,
 * process.c and output.c. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"
#include "tests/live/driver.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* lldb -b goes on from SIGSTOP alone; a client says what it is before it launches or asks. What it
 * is killed by is what it is. */
START_TEST(launch_stops_by_sigstop_for_an_lldb)
{
    drive_launch(&d, "loop", NULL, NULL);
    drive_ask(&d, "qSupported:xmlRegisters=i386");
    ck_assert_int_eq(strncmp(drive_ask(&d, "?"), "T13", 3), 0);
    ck_assert_int_eq(strncmp(drive_ask(&d, "vCont;s:%x", (unsigned)d.pid), "T05", 3), 0);
    ck_assert_int_eq(strncmp(drive_ask(&d, "?"), "T05", 3), 0);
    ck_assert_int_eq(strncmp(drive_ask(&d, "vCont;C05:%x", (unsigned)d.pid), "X05", 3), 0);
    drive_close(&d);
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
        d.live->launch.patience_ms = 1000;
        ck_assert_int_eq(live_launch(d.live, argv), -EIO);
        ck_assert_ptr_nonnull(strstr(live_why(d.live), "did not start within"));
        ck_assert(!live_alive(d.live));
        ck_assert_int_lt(time(NULL) - before, 40);
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

Suite *live_launch_suite(void);

Suite *
live_launch_suite(void)
{
    Suite *s = suite_create("live_launch");
    TCase *c = tcase_create("launch");
    tcase_set_timeout(c, 30);
    tcase_add_test(c, launch_stops_before_the_first_instruction);
    tcase_add_test(c, launch_stops_by_sigstop_for_an_lldb);
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
    return s;
}
