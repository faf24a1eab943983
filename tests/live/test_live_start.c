/* test_live_start.c - how a program is started and found: shell, wrapper, arguments in one text,
 * names, what a container refuses: stub/live/launch.c command.c find.c child.c name.c. */
#define _GNU_SOURCE 1
#include "stub/live/launch.h"
#include "tests/live/driver.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct drive d;

static void
set_variable(const char *text)
{
    ck_assert_int_eq(live_target.launch_option(d.live, STUB_ENV_SET, text), 0);
}

/* Runs what stands to its end; what it printed is in d.console. */
static void
run_out(void)
{
    d.pid = live_pid(d.live);
    ck_assert_int_eq(live_target.peek(d.live, STUB_ANY_EVENT, &d.event), 1);
    ck_assert_str_ne(drive_ask(&d, "?"), "");
    d.console[0] = '\0';
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W03");
}

static void
open_with(bool shell, char *const *wrapper)
{
    d.config.capture_output = true;
    d.config.shell = shell;
    d.config.wrapper = wrapper;
    drive_open(&d);
}

/* A file with that text, executable. */
static void
write_script(char *path, const char *text)
{
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, 0755), 0);
    close(fd);
}

static const char program[] = "build/progs/output";

/* ---- shells ---- */

START_TEST(a_shell_is_told_arguments_that_it_leaves_alone)
{
    static const char *const words[] = { "$HOME *", "it's", "", "two\nlines", "`x` \"\\" };
    char want[128];

    open_with(true, NULL);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)words[i], NULL };

        ck_assert_int_eq(live_launch(d.live, argv), 0);
        run_out();
        snprintf(want, sizeof(want), "argument %.3s", words[i]);
        ck_assert_ptr_nonnull(strstr(d.console, want));
    }
    drive_close(&d);
}
END_TEST

/* The words that the program was started with, each with a NUL behind it. */
static size_t
words_of(pid_t pid, char *to, size_t room)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
    int fd = open(path, O_RDONLY);
    ssize_t n = fd >= 0 ? read(fd, to, room) : 0;
    close(fd);
    return n > 0 ? (size_t)n : 0;
}

/* Those of them that are here; the first always is. */
START_TEST(shells_of_any_kind_leave_arguments_alone)
{
    static const char *const shells[] = { "/bin/sh",  "/bin/bash", "/bin/dash",
                                          "/bin/zsh", "/bin/tcsh", "/bin/csh",
                                          "/bin/ksh", "/bin/mksh", "/usr/bin/fish" };
    static const char want[] = "build/progs/output\0e!f'g !\0$HOME *~ \"`x` {a,b} \\z #;";

    enum { FIRST_TWO = sizeof("build/progs/output") + sizeof("e!f'g !") };

    ck_assert_int_eq(access(shells[0], X_OK), 0);
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        char *argv[] = { (char *)(uintptr_t)want, (char *)(uintptr_t)strchr(want, '\0') + 1,
                         (char *)(uintptr_t)want + FIRST_TWO, NULL };
        char words[256];

        if (access(shells[i], X_OK) != 0)
            continue;
        setenv("SHELL", shells[i], 1);
        open_with(true, NULL);
        ck_assert_int_eq(live_launch(d.live, argv), 0);
        size_t n = words_of(live_pid(d.live), words, sizeof(words));
        ck_assert_msg(n == sizeof(want) && memcmp(words, want, n) == 0, "%s", shells[i]);
        live_target.kill(d.live, live_pid(d.live), false);
        drive_close(&d);
    }
}
END_TEST

START_TEST(a_text_of_arguments_is_the_shells_to_expand)
{
    open_with(true, NULL);
    set_variable("DRIVE_WORD=seen");
    ck_assert_int_eq(live_target.launch_text(d.live, program, "\"$DRIVE_WORD\"-$((1 + 1)) 2>&1"),
                     0);
    run_out();
    ck_assert_ptr_nonnull(strstr(d.console, "argument seen-2\r\n"));
    /* R names nothing: the same again. */
    ck_assert_int_eq(live_target.launch(d.live, "", 1), 0);
    run_out();
    ck_assert_ptr_nonnull(strstr(d.console, "argument seen-2\r\n"));
    drive_close(&d);
}
END_TEST

START_TEST(it_stands_in_the_program_and_not_in_the_shell)
{
    char link[64], path[PATH_MAX] = "";

    d.config.shell = true;
    drive_launch(&d, "output", NULL, NULL);
    snprintf(link, sizeof(link), "/proc/%d/exe", (int)d.pid);
    ck_assert_int_gt(readlink(link, path, sizeof(path) - 1), 0);
    ck_assert_str_eq(strrchr(path, '/'), "/output");
    ck_assert_uint_eq(drive_threads(&d), 1);
    drive_close(&d);
}
END_TEST

START_TEST(what_a_shell_forks_on_its_way_is_left_alone)
{
    char shell[] = "/tmp/live-shell-XXXXXX";

    write_script(shell, "#!/bin/sh\n/bin/true\n(exit 3)\neval \"$2\"\n");
    setenv("SHELL", shell, 1);
    open_with(true, NULL);
    char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t) "x", NULL };
    ck_assert_int_eq(live_launch(d.live, argv), 0);
    run_out();
    ck_assert_ptr_nonnull(strstr(d.console, "argument x\r\n"));
    unlink(shell);
    drive_close(&d);
}
END_TEST

START_TEST(a_shell_that_is_not_there_or_ends_is_named)
{
    char shell[] = "/tmp/live-shell-XXXXXX";
    char *argv[] = { (char *)(uintptr_t)program, NULL };

    setenv("SHELL", "/no/such/shell", 1);
    open_with(true, NULL);
    ck_assert_int_eq(live_launch(d.live, argv), -ENOENT);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "cannot execute /no/such/shell"));
    write_script(shell, "#!/bin/sh\nexit 7\n");
    setenv("SHELL", shell, 1);
    ck_assert_int_lt(live_launch(d.live, argv), 0);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "its shell ended with code 7"));
    ck_assert_int_eq(WEXITSTATUS(live_start_status(d.live)), 7);
    ck_assert(!live_alive(d.live));
    unlink(shell);
    drive_close(&d);
}
END_TEST

/* ---- wrappers ---- */

static const bool shells[] = { false, true };

START_TEST(a_wrapper_comes_before_the_program)
{
    char *wrapper[] = { (char *)(uintptr_t) "env", (char *)(uintptr_t) "DRIVE_WORD=it's wrapped",
                        NULL };
    char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t) "a b", NULL };

    open_with(shells[_i], wrapper);
    ck_assert_int_eq(live_launch(d.live, argv), 0);
    run_out();
    ck_assert_ptr_nonnull(strstr(d.console, "word it's wrapped\r\n"));
    ck_assert_ptr_nonnull(strstr(d.console, "argument a b\r\n"));
    drive_close(&d);
}
END_TEST

START_TEST(a_wrapper_that_does_not_go_on_is_told)
{
    char *wrapper[] = { (char *)(uintptr_t) "false", NULL };
    char *argv[] = { (char *)(uintptr_t)program, NULL };

    open_with(shells[_i], wrapper);
    ck_assert_int_lt(live_launch(d.live, argv), 0);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "its wrapper ended with code 1"));
    drive_close(&d);
}
END_TEST

/* On a busy machine every program computes for long until it is started. */
START_TEST(a_wrapper_that_computes_does_not_hang)
{
    char *wrapper[] = { (char *)(uintptr_t) "build/progs/spins", (char *)(uintptr_t) "1500",
                        NULL };
    char *argv[] = { (char *)(uintptr_t)program, NULL };

    open_with(false, wrapper);
    d.live->launch.patience_ms = 1000;
    ck_assert_int_eq(live_launch(d.live, argv), 0);
    run_out();
    drive_close(&d);
}
END_TEST

/* Nor may one keep the server for ever. */
START_TEST(a_wrapper_that_computes_on_and_on_hangs)
{
    char *wrapper[] = { (char *)(uintptr_t) "build/progs/spins", (char *)(uintptr_t) "900000",
                        NULL };
    char *argv[] = { (char *)(uintptr_t)program, NULL };

    open_with(false, wrapper);
    d.live->launch.patience_ms = 50;
    ck_assert_int_lt(live_launch(d.live, argv), 0);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "did not start within"));
    drive_close(&d);
}
END_TEST

/* ---- without a shell ---- */

static const struct {
    const char *text;
    size_t count;
    const char *words[3];
} texts[] = {
    { "", 0, { NULL } },
    { "  ", 0, { NULL } },
    { "a", 1, { "a" } },
    { " a\tb \n", 2, { "a", "b" } },
    { "'a b' \"c d\"", 2, { "a b", "c d" } },
    { "a\\ b 'c\\d' \"e\\\"f\"", 3, { "a b", "c\\d", "e\"f" } },
    { "'' \"\"", 2, { "", "" } },
    { "x'y'\"z\"", 1, { "xyz" } },
    { "'open", 1, { "open" } },
    { "end\\", 1, { "end\\" } },
};

START_TEST(arguments_are_split_as_a_shell_splits_them)
{
    char text[64], *words[8];
    size_t n;

    snprintf(text, sizeof(text), "%s", texts[_i].text);
    n = live_split(text, words, 8);
    ck_assert_uint_eq(n, texts[_i].count);
    for (size_t i = 0; i < n; i++)
        ck_assert_str_eq(words[i], texts[_i].words[i]);
}
END_TEST

START_TEST(a_text_is_split_where_no_shell_does_it)
{
    open_with(false, NULL);
    ck_assert_int_eq(live_target.launch_text(d.live, program, "'$HOME *' more"), 0);
    run_out();
    ck_assert_ptr_nonnull(strstr(d.console, "argument $HOME *\r\n"));
    drive_close(&d);
}
END_TEST

START_TEST(a_script_without_its_first_line_is_refused)
{
    char path[] = "/tmp/live-script-XXXXXX";
    char *argv[] = { path, NULL };

    write_script(path, "echo hello\n");
    open_with(shells[_i], NULL);
    ck_assert_int_eq(live_launch(d.live, argv), -ENOEXEC);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "does not begin with #!"));
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "#!/bin/sh"));
    unlink(path);
    drive_close(&d);
}
END_TEST

/* ---- by name ---- */

static char copy[64];

/* The program under a name that nobody else's process has. */
static void
make_copy(void)
{
    char command[160];

    snprintf(copy, sizeof(copy), "/tmp/live-named-%d", (int)getpid());
    snprintf(command, sizeof(command), "cp build/progs/loop %s", copy);
    ck_assert_int_eq(system(command), 0);
}

static pid_t
start_copy(void)
{
    char path[64], runs[64] = "";
    pid_t pid = fork();

    if (pid == 0) {
        execl(copy, copy, NULL);
        _exit(127);
    }
    /* It is the copy, by its name too, when it runs it. */
    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    for (int i = 0; i < PATIENCE_MS && strcmp(runs, copy) != 0; i++) {
        drive_nap(1);
        ssize_t n = readlink(path, runs, sizeof(runs) - 1);
        runs[n > 0 ? n : 0] = '\0';
    }
    ck_assert_str_eq(runs, copy);
    return pid;
}

static void
end_copy(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static const char *
copy_name(void)
{
    return strrchr(copy, '/') + 1;
}

START_TEST(a_process_is_found_by_its_programs_name_or_path)
{
    pid_t pid;

    make_copy();
    pid = start_copy();
    drive_open(&d);
    ck_assert_int_eq(live_attach_name(d.live, copy_name(), STUB_ATTACH_OLD), 0);
    ck_assert_int_eq(live_pid(d.live), pid);
    drive_close(&d);
    drive_open(&d);
    ck_assert_int_eq(live_attach_name(d.live, copy, STUB_ATTACH_NEW_OR_OLD), 0);
    ck_assert_int_eq(live_pid(d.live), pid);
    drive_close(&d);
    end_copy(pid);
    unlink(copy);
}
END_TEST

START_TEST(none_and_more_than_one_are_refused)
{
    pid_t a, b;

    make_copy();
    drive_open(&d);
    ck_assert_int_eq(live_attach_name(d.live, copy_name(), STUB_ATTACH_OLD), -ESRCH);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "no process is called live-named-"));
    a = start_copy();
    b = start_copy();
    ck_assert_int_eq(live_attach_name(d.live, copy_name(), STUB_ATTACH_OLD), -EINVAL);
    ck_assert_ptr_nonnull(strstr(live_why(d.live), "name one by its id"));
    drive_close(&d);
    end_copy(a);
    end_copy(b);
    unlink(copy);
}
END_TEST

/* Asks until it is there. */
static int
await_name(enum stub_attach_how how)
{
    int r = STUB_LATER;

    for (int i = 0; i < PATIENCE_MS && r == STUB_LATER; i++) {
        drive_nap(1);
        r = live_attach_name(d.live, copy_name(), how);
    }
    return r;
}

START_TEST(waiting_takes_the_next_and_not_the_one_that_is_there)
{
    pid_t old, fresh;

    make_copy();
    old = start_copy();
    drive_open(&d);
    ck_assert_int_eq(live_timeout(d.live), -1);
    ck_assert_int_eq(live_attach_name(d.live, copy_name(), STUB_ATTACH_NEW), STUB_LATER);
    ck_assert_int_gt(live_timeout(d.live), 0);
    drive_nap(5);
    ck_assert_int_eq(live_attach_name(d.live, copy_name(), STUB_ATTACH_NEW), STUB_LATER);
    fresh = start_copy();
    ck_assert_int_eq(await_name(STUB_ATTACH_NEW), 0);
    ck_assert_int_eq(live_pid(d.live), fresh);
    ck_assert_int_eq(live_timeout(d.live), -1);
    drive_close(&d);
    end_copy(old);
    end_copy(fresh);
    unlink(copy);
}
END_TEST

START_TEST(waiting_ends_with_its_request)
{
    drive_open(&d);
    ck_assert_int_eq(live_attach_name(d.live, "no-such-name", STUB_ATTACH_NEW_OR_OLD), STUB_LATER);
    ck_assert_int_gt(live_timeout(d.live), 0);
    live_target.settled(d.live);
    ck_assert_int_eq(live_timeout(d.live), -1);
    drive_close(&d);
}
END_TEST

/* ---- a container's filter ---- */

/* From now on that system call fails with EPERM in this process and its children. */
static bool
forbid(long number)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

enum { NO_FILTER = 77 };

/* Runs in a child of its own; the status is what it returned. */
static int
in_a_child(int (*what)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(what());
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static unsigned remarks;

static void
note(void *context, const char *line)
{
    (void)context;
    remarks += strstr(line, "personality() is refused") != NULL && strstr(line, "seccomp") != NULL;
}

static int
launch_twice_without_personality(void)
{
    struct live_config config = { .size = sizeof(config), .say = note };
    struct live *live;
    char *argv[] = { (char *)(uintptr_t)program, NULL };
    int r;

    if (!forbid(SYS_personality))
        return NO_FILTER;
    live = live_open(&config);
    r = live_launch(live, argv);
    r |= live_launch(live, argv);
    live_close(live);
    return r == 0 && remarks == 1 ? 0 : 1;
}

static int
launch_without_ptrace(void)
{
    struct live_config config = { .size = sizeof(config) };
    struct live *live;
    char *argv[] = { (char *)(uintptr_t)program, NULL };
    bool told;

    if (!forbid(SYS_ptrace))
        return NO_FILTER;
    live = live_open(&config);
    told = live_launch(live, argv) == -EPERM && strstr(live_why(live), "by a seccomp filter") &&
           strstr(live_why(live), "--security-opt");
    live_close(live);
    return told ? 0 : 1;
}

static void
ck_in_a_child(int (*what)(void))
{
    int r = in_a_child(what);

    if (r == NO_FILTER)
        puts("skip live_start: no seccomp filter can be set here");
    else
        ck_assert_int_eq(r, 0);
}

START_TEST(fixed_addresses_that_are_refused_are_said_once)
{
    ck_in_a_child(launch_twice_without_personality);
}
END_TEST

START_TEST(tracing_that_is_refused_names_the_filter)
{
    ck_in_a_child(launch_without_ptrace);
}
END_TEST

Suite *
live_start_suite(void)
{
    Suite *suite = suite_create("live_start");
    TCase *start = tcase_create("start"), *name = tcase_create("name");

    suite_add_tcase(suite, start);
    tcase_set_timeout(start, 20);
    tcase_add_test(start, a_shell_is_told_arguments_that_it_leaves_alone);
    tcase_add_test(start, shells_of_any_kind_leave_arguments_alone);
    tcase_add_test(start, a_text_of_arguments_is_the_shells_to_expand);
    tcase_add_test(start, it_stands_in_the_program_and_not_in_the_shell);
    tcase_add_test(start, what_a_shell_forks_on_its_way_is_left_alone);
    tcase_add_test(start, a_shell_that_is_not_there_or_ends_is_named);
    tcase_add_loop_test(start, a_wrapper_comes_before_the_program, 0, 2);
    tcase_add_loop_test(start, a_wrapper_that_does_not_go_on_is_told, 0, 2);
    tcase_add_test(start, a_wrapper_that_computes_does_not_hang);
    tcase_add_test(start, a_wrapper_that_computes_on_and_on_hangs);
    tcase_add_loop_test(start, arguments_are_split_as_a_shell_splits_them, 0,
                        sizeof(texts) / sizeof(texts[0]));
    tcase_add_test(start, a_text_is_split_where_no_shell_does_it);
    tcase_add_loop_test(start, a_script_without_its_first_line_is_refused, 0, 2);
    tcase_add_test(start, fixed_addresses_that_are_refused_are_said_once);
    tcase_add_test(start, tracing_that_is_refused_names_the_filter);
    suite_add_tcase(suite, name);
    tcase_set_timeout(name, 20);
    tcase_add_test(name, a_process_is_found_by_its_programs_name_or_path);
    tcase_add_test(name, none_and_more_than_one_are_refused);
    tcase_add_test(name, waiting_takes_the_next_and_not_the_one_that_is_there);
    tcase_add_test(name, waiting_ends_with_its_request);
    return suite;
}
