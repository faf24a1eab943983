/* test_host.c - the machine that the server runs on: processes, users, paths, modules, a shell. */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stub/host/host.h"
#include "tests/suites_hosted.h"

static const struct stub_host *const ops = &host_operations;
static struct host *host;
static char dir[] = "/tmp/stubborn-host-XXXXXX";

static void
begin(void)
{
    host = host_open();
    ck_assert_ptr_nonnull(host);
    strcpy(dir + sizeof(dir) - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
finish(void)
{
    char command[128];

    host_close(host);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}

static const char *
in_dir(const char *name)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static struct stub_process_match
anything(void)
{
    return (struct stub_process_match){ .pid = STUB_ANY_ID,
                                        .parent = STUB_ANY_ID,
                                        .uid = STUB_ANY_ID,
                                        .gid = STUB_ANY_ID,
                                        .euid = STUB_ANY_ID,
                                        .egid = STUB_ANY_ID,
                                        .all_users = true };
}

/* ---- processes ---- */

/* A child that sleeps: its pid. */
static pid_t
sleeper(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        execlp("sleep", "sleep", "1000", (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 6000; i++) { /* until it is sleep */
        struct stub_host_process p;

        if (ops->process(host, pid, &p) == 0 && strstr(p.path, "sleep") != NULL &&
            p.args_size == 11)
            break;
        usleep(10000);
    }
    return pid;
}

START_TEST(process_is_described)
{
    struct stub_host_process p;
    pid_t pid = sleeper();

    ck_assert_int_eq(ops->process(host, pid, &p), 0);
    ck_assert_int_eq(p.ids.pid, pid);
    ck_assert_int_eq(p.ids.parent, getpid());
    ck_assert_uint_eq(p.ids.uid, getuid());
    ck_assert_uint_eq(p.ids.egid, getegid());
    ck_assert_ptr_nonnull(strstr(p.path, "/"));
    ck_assert_mem_eq(p.args,
                     "sleep\0"
                     "1000",
                     p.args_size);
    ck_assert_str_ne(p.machine, "");
    kill(pid, SIGKILL);
    waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
    ck_assert_int_lt(ops->process(host, pid, &p), 0); /* a zombie */
    waitpid(pid, NULL, 0);
    ck_assert_int_lt(ops->process(host, pid, &p), 0);
}
END_TEST

static int
count(const struct stub_process_match *match)
{
    struct stub_host_process p;
    int n = 0;

    ck_assert_int_eq(ops->find_processes(host, match), 0);
    while (ops->next_process(host, &p) == 1)
        n++;
    ck_assert_int_eq(ops->next_process(host, &p), 0);
    return n;
}

START_TEST(list_holds_what_is_wanted)
{
    static const struct {
        enum stub_name_match how;
        const char *name;
        int found;
    } rows[] = {
        { STUB_NAME_ANY, NULL, 1 },       { STUB_NAME_EQUALS, "sleep", 1 },
        { STUB_NAME_EQUALS, "slee", 0 },  { STUB_NAME_BEGINS, "sl", 1 },
        { STUB_NAME_BEGINS, "leep", 0 },  { STUB_NAME_ENDS, "eep", 1 },
        { STUB_NAME_ENDS, "slee", 0 },    { STUB_NAME_CONTAINS, "lee", 1 },
        { STUB_NAME_CONTAINS, "loo", 0 }, { STUB_NAME_REGEX, "^sl.*p$", 1 },
        { STUB_NAME_REGEX, "^leep$", 0 }, { STUB_NAME_REGEX, "(", 0 },
    };
    struct stub_process_match match = anything();
    pid_t pid = sleeper();

    match.parent = getpid();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        match.how = rows[i].how;
        match.name = rows[i].name;
        ck_assert_msg(count(&match) == rows[i].found, "%s", rows[i].name);
    }
    match = anything();
    match.pid = pid;
    ck_assert_int_eq(count(&match), 1);
    match.uid = getuid() + 1;
    ck_assert_int_eq(count(&match), 0);
    match.uid = STUB_ANY_ID;
    match.machine = "vax";
    ck_assert_int_eq(count(&match), 0);
    match = anything();
    match.pid = getpid(); /* the server itself is not listed */
    ck_assert_int_eq(count(&match), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
END_TEST

/* ---- users and paths ---- */

START_TEST(users_have_names)
{
    const char *name;

    ck_assert_int_eq(ops->user_name(host, 0, &name), 0);
    ck_assert_str_eq(name, "root");
    ck_assert_int_eq(ops->group_name(host, 0, &name), 0);
    ck_assert_str_eq(name, "root");
    ck_assert_int_eq(ops->user_name(host, 0x7ffffff0, &name), -STUB_ENOENT);
}
END_TEST

START_TEST(directories_are_made_once)
{
    struct stat st;

    ck_assert_int_eq(ops->make_directory(host, in_dir("d"), 0750), 0);
    ck_assert_int_eq(ops->make_directory(host, in_dir("d"), 0750), 0);
    ck_assert_int_eq(ops->change_mode(host, in_dir("d"), 0700), 0);
    ck_assert_int_eq(stat(in_dir("d"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0700);
    ck_assert_int_eq(ops->make_directory(host, in_dir("x/y"), 0750), -STUB_ENOENT);
    ck_assert_int_eq(ops->make_link(host, in_dir("l"), "d"), 0);
    ck_assert_int_eq(ops->make_link(host, in_dir("l"), "d"), -STUB_EEXIST);
}
END_TEST

START_TEST(paths_are_completed)
{
    const char *path;

    ck_assert_int_eq(ops->make_directory(host, in_dir("one"), 0750), 0);
    ck_assert_int_eq(close(creat(in_dir("only"), 0600)), 0);
    ck_assert_int_eq(close(creat(in_dir(".hidden"), 0600)), 0);
    ck_assert_int_eq(ops->complete(host, in_dir("on"), true, 0, &path), 1);
    ck_assert_str_eq(path, in_dir("one/"));
    ck_assert_int_eq(ops->complete(host, in_dir("on"), true, 1, &path), 0);
    ck_assert_int_eq(ops->complete(host, in_dir(""), false, 0, &path), 1);
    ck_assert_int_eq(ops->complete(host, in_dir(""), false, 1, &path), 1);
    ck_assert_int_eq(ops->complete(host, in_dir(""), false, 2, &path), 0);
    ck_assert_int_eq(ops->complete(host, in_dir(".h"), false, 0, &path), 1);
    ck_assert_int_eq(ops->complete(host, "/nowhere/x", false, 0, &path), 0);
}
END_TEST

/* ---- modules ---- */

START_TEST(module_has_a_machine_and_a_build_id)
{
    struct stub_module module;

    ck_assert_int_eq(ops->module(host, "/proc/self/exe", "", &module), 0);
    ck_assert_str_ne(module.machine, "");
    ck_assert_uint_gt(module.size, 1000);
    ck_assert_int_eq(ops->module(host, "/proc/self/exe", "vax", &module), -STUB_ESRCH);
    ck_assert_int_eq(ops->module(host, "/etc/passwd", "", &module), -STUB_ESRCH);
    ck_assert_int_eq(ops->module(host, "/dev/zero", "", &module), -STUB_ESRCH);
    ck_assert_int_eq(ops->module(host, "/nowhere", "", &module), -STUB_ESRCH);
}
END_TEST

/* The head of our own program, spoilt at each byte of its headers. */
START_TEST(spoilt_modules_do_no_harm)
{
    enum { HEAD = 4096, SPOILT = 1024 };
    uint8_t head[HEAD];
    struct stub_module module;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    ck_assert_int_eq(read(fd, head, sizeof(head)), HEAD);
    close(fd);
    for (unsigned i = 0; i < SPOILT; i++) {
        uint8_t kept = head[i];

        head[i] = (uint8_t)(i % 2 != 0 ? 0xff : kept ^ 0x40);
        fd = open(in_dir("m"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        ck_assert_int_eq(write(fd, head, sizeof(head)), HEAD);
        close(fd);
        (void)ops->module(host, in_dir("m"), "", &module);
        ck_assert_uint_le(module.build_id_size, 64);
        head[i] = kept;
    }
}
END_TEST

START_TEST(sums_are_md5)
{
    static const uint8_t of_abc[16] = { 0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,
                                        0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72 };
    uint8_t digest[16];
    FILE *f = fopen(in_dir("abc"), "w");

    ck_assert_ptr_nonnull(f);
    fputs("abc", f);
    fclose(f);
    ck_assert_int_eq(ops->md5(host, in_dir("abc"), digest), 0);
    ck_assert_mem_eq(digest, of_abc, 16);
    ck_assert_int_eq(ops->md5(host, in_dir("none"), digest), -STUB_ENOENT);
    ck_assert_int_lt(ops->md5(host, "/dev/zero", digest), 0);
}
END_TEST

/* ---- the shell ---- */

static struct stub_shell_result
run(const char *command)
{
    struct stub_shell_result result = { 0 };

    ck_assert_int_eq(ops->shell(host, command, dir, 10, &result), 0);
    return result;
}

START_TEST(shell_says_how_it_ended)
{
    struct stub_shell_result r = run("echo out; echo err >&2; pwd; exit 3");
    char want[128];

    snprintf(want, sizeof(want), "out\nerr\n%s\n", dir);
    ck_assert_int_eq(r.status, 3);
    ck_assert_int_eq(r.signal, 0);
    ck_assert_uint_eq(r.size, strlen(want));
    ck_assert_mem_eq(r.text, want, r.size);
    r = run("kill -9 $$");
    ck_assert_int_eq(r.status, -1);
    ck_assert_int_eq(r.signal, SIGKILL);
}
END_TEST

START_TEST(shell_is_not_waited_for_longer_than_asked)
{
    struct stub_shell_result result;
    time_t start = time(NULL);

    ck_assert_int_lt(ops->shell(host, "sleep 100", "", 1, &result), 0);
    ck_assert_int_eq(run("sleep 100 & exit 0").status, 0); /* who it leaves behind counts not */
    ck_assert_int_lt(time(NULL) - start, 90);
}
END_TEST

START_TEST(long_output_is_cut)
{
    struct stub_shell_result r = run("head -c 300000 /dev/zero; exit 5");

    ck_assert_int_eq(r.status, 5);
    ck_assert_uint_eq(r.size, 65536);
}
END_TEST

START_TEST(shell_can_be_kept_from_clients)
{
    ck_assert(host_without_shell.shell == NULL);
    ck_assert(host_without_shell.module != NULL);
}
END_TEST

Suite *
host_suite(void)
{
    Suite *s = suite_create("host");
    TCase *tc = tcase_create("machine");

    tcase_add_checked_fixture(tc, begin, finish);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, process_is_described);
    tcase_add_test(tc, list_holds_what_is_wanted);
    tcase_add_test(tc, users_have_names);
    tcase_add_test(tc, directories_are_made_once);
    tcase_add_test(tc, paths_are_completed);
    tcase_add_test(tc, module_has_a_machine_and_a_build_id);
    tcase_add_test(tc, spoilt_modules_do_no_harm);
    tcase_add_test(tc, sums_are_md5);
    tcase_add_test(tc, shell_says_how_it_ended);
    tcase_add_test(tc, shell_is_not_waited_for_longer_than_asked);
    tcase_add_test(tc, long_output_is_cut);
    tcase_add_test(tc, shell_can_be_kept_from_clients);
    suite_add_tcase(s, tc);
    return s;
}
