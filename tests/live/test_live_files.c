/* test_live_files.c - files of this machine, by packet and by operation: stub/live/files.c behind
 * stub/pkt_file.c. */
#define _GNU_SOURCE 1
#include "tests/live/driver.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AT_A_TIME = 16, BLOCK = 128 * 1024 };

static struct drive d;
static char here[32]; /* a directory of the test's own */
static char name[PATH_MAX];

static const char *
in_dir(const char *what)
{
    snprintf(name, sizeof(name), "%s/%s", here, what);
    return name;
}

static void
begin(void)
{
    strcpy(here, "/tmp/stubborn-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(here));
    drive_open(&d);
}

static void
end(void)
{
    static const char *const made[] = { "file", "link", "pipe", "root/file", "root/up", "root" };

    drive_close(&d);
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        remove(in_dir(made[i]));
    ck_assert_int_eq(rmdir(here), 0);
}

static void
make_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    size_t n = strlen(text);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, n), (ssize_t)n);
    close(fd);
}

static int
open_for(const char *path, unsigned flags)
{
    return live_target.files->open(d.live, path, flags, 0640);
}

/* Sends `before`, the path in hex and `after`; the reply. */
static const char *
ask(const char *before, const char *path, const char *after)
{
    char hex[2 * PATH_MAX + 1];
    size_t n = strlen(path);

    for (size_t i = 0; i < n; i++)
        sprintf(hex + 2 * i, "%02x", (unsigned)(unsigned char)path[i]);
    return drive_ask(&d, "%s%s%s", before, hex, after);
}

/* How many descriptors this process has on a path; each of them must close at exec and never wait
 * (a name may have become a pipe's since it was looked at). */
static unsigned
open_on(const char *path)
{
    DIR *all = opendir("/proc/self/fd");
    unsigned count = 0;
    struct dirent *e;

    ck_assert_ptr_nonnull(all);
    while ((e = readdir(all)) != NULL) {
        char to[PATH_MAX];
        ssize_t n = readlinkat(dirfd(all), e->d_name, to, sizeof(to) - 1);

        to[n > 0 ? n : 0] = '\0';
        if (strcmp(to, path) != 0)
            continue;
        ck_assert_int_ne(fcntl(atoi(e->d_name), F_GETFD) & FD_CLOEXEC, 0);
        ck_assert_int_ne(fcntl(atoi(e->d_name), F_GETFL) & O_NONBLOCK, 0);
        count++;
    }
    closedir(all);
    return count;
}

/* ---- contents ---- */

START_TEST(block_of_a_program_is_read_at_once)
{
    static uint8_t theirs[BLOCK], ours[BLOCK];
    size_t n = 0;

    begin();
    int fd = open_for("/proc/self/exe", 0), own = open("/proc/self/exe", O_RDONLY);
    ck_assert_int_eq(fd, 0);
    ck_assert_int_eq(pread(own, ours, BLOCK, 100), BLOCK);
    ck_assert_int_eq(live_target.files->read(d.live, fd, 100, theirs, BLOCK, &n), 0);
    ck_assert_uint_eq(n, BLOCK);
    ck_assert_int_eq(memcmp(ours, theirs, BLOCK), 0);
    ck_assert_int_eq(live_target.files->read(d.live, fd, INT64_MAX, theirs, BLOCK, &n), -EINVAL);
    ck_assert_int_eq(live_target.files->read(d.live, fd, UINT64_MAX, theirs, 1, &n), -EINVAL);
    close(own);
    end();
}
END_TEST

START_TEST(maps_are_read_though_their_size_is_0)
{
    char path[64];

    begin();
    drive_launch(&d, "loop", NULL, NULL);
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)d.pid);
    ck_assert_str_eq(ask("vFile:open:", path, ",0,0"), "F0");
    const char *said = drive_ask(&d, "vFile:pread:0,3000,0");
    ck_assert_ptr_nonnull(strstr(said, "/loop\n"));
    ck_assert_ptr_nonnull(strstr(said, "[stack]\n"));
    ck_assert_str_eq(drive_ask(&d, "vFile:close:0"), "F0");
    ck_assert_str_eq(drive_ask(&d, "vFile:close:0"), "F-1,9");
    end();
}
END_TEST

START_TEST(file_is_made_written_read_and_removed)
{
    struct stat st;

    begin();
    in_dir("file");
    ck_assert_str_eq(ask("vFile:open:", name, ",0,0"), "F-1,2");
    mode_t mask = umask(0);
    ck_assert_str_eq(ask("vFile:open:", name, ",e02,1a0"), "F0");
    umask(mask);
    ck_assert_int_eq(stat(name, &st), 0);
    ck_assert_uint_eq(st.st_mode, S_IFREG | 0640);
    ck_assert_str_eq(drive_ask(&d, "vFile:pwrite:0,3,defgh"), "F5");
    ck_assert_str_eq(drive_ask(&d, "vFile:pwrite:0,0,abc"), "F3");
    ck_assert_str_eq(drive_ask(&d, "vFile:pread:0,100,2"), "F6;cdefgh");
    ck_assert_str_eq(ask("vFile:open:", name, ",a01,1a0"), "F-1,11");
    ck_assert_str_eq(ask("vFile:open:", name, ",1,0"), "F1");
    ck_assert_str_eq(drive_ask(&d, "vFile:pread:1,1,0"), "F-1,9");
    ck_assert_str_eq(ask("vFile:size:", name, ""), "F8");
    ck_assert_str_eq(ask("vFile:mode:", name, ""), "F1a0");
    ck_assert_str_eq(ask("vFile:open:", name, ",401,0"), "F2");
    ck_assert_str_eq(drive_ask(&d, "vFile:pread:0,100,0"), "F0;");
    ck_assert_str_eq(ask("vFile:unlink:", name, ""), "F0");
    ck_assert_str_eq(ask("vFile:exists:", name, ""), "F,0");
    end();
}
END_TEST

START_TEST(links_are_followed_or_told)
{
    struct stub_file_stat st;

    begin();
    make_file(in_dir("file"), "hello");
    ck_assert_int_eq(symlink("file", in_dir("link")), 0);
    ck_assert_int_eq(live_target.files->stat_path(d.live, name, true, &st), 0);
    ck_assert_uint_eq(st.mode, S_IFREG | 0600);
    ck_assert_uint_eq(st.size, 5);
    ck_assert_uint_eq(st.uid, geteuid());
    ck_assert_int_eq(live_target.files->stat_path(d.live, name, false, &st), 0);
    ck_assert_uint_eq(st.mode, S_IFLNK | 0777);
    ck_assert_str_eq(ask("vFile:readlink:", name, ""), "F4;file");
    ck_assert_str_eq(ask("vFile:readlink:", in_dir("file"), ""), "F-1,16");
    ck_assert_str_eq(ask("vFile:readlink:", in_dir("none"), ""), "F-1,2");
    end();
}
END_TEST

/* ---- what is not served ---- */

START_TEST(pipes_and_devices_are_refused_without_waiting)
{
    begin();
    ck_assert_int_eq(mkfifo(in_dir("pipe"), 0600), 0);
    ck_assert_int_eq(open_for(name, 0), -EACCES);
    ck_assert_int_eq(open_for(name, STUB_OPEN_WRITE), -EACCES);
    ck_assert_int_eq(open_for(name, STUB_OPEN_BOTH | STUB_OPEN_CREATE), -EACCES);
    ck_assert_int_eq(open_for("/dev/null", 0), -EACCES);
    ck_assert_int_eq(open_for(here, STUB_OPEN_WRITE), -EISDIR);
    end();
}
END_TEST

START_TEST(sixteen_files_at_a_time_and_none_when_the_client_is_gone)
{
    struct stub_file_stat st;
    char path[PATH_MAX];

    begin();
    make_file(in_dir("file"), "hello");
    strcpy(path, name);
    for (int i = 0; i < AT_A_TIME; i++)
        ck_assert_int_eq(open_for(path, 0), i);
    ck_assert_int_eq(open_for(path, 0), -EMFILE);
    ck_assert_int_eq(live_target.files->close(d.live, 7), 0);
    ck_assert_int_eq(open_for(path, 0), 7);
    ck_assert_int_eq(live_target.files->stat(d.live, 7, &st), 0);
    ck_assert_int_eq(live_target.files->stat(d.live, AT_A_TIME, &st), -EBADF);
    ck_assert_int_eq(live_target.files->stat(d.live, -1, &st), -EBADF);
    ck_assert_uint_eq(open_on(path), AT_A_TIME);
    stub_link_lost(&d.stub);
    ck_assert_uint_eq(open_on(path), 0);
    ck_assert_int_eq(open_for(path, 0), 0);
    end();
}
END_TEST

/* ---- another root ---- */

/* A process that lives in here/root; 0 when this machine lets nobody do that. */
static pid_t
live_in_root(void)
{
    int ready[2];
    char byte = 0;

    ck_assert_int_eq(pipe(ready), 0);
    in_dir("root");
    pid_t pid = fork();
    if (pid == 0) {
        if (geteuid() != 0 && unshare(CLONE_NEWUSER) != 0)
            _exit(1);
        if (chroot(name) != 0 || chdir("/") != 0 || write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    bool lives = read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    if (!lives)
        waitpid(pid, NULL, 0);
    return lives ? pid : 0;
}

START_TEST(process_behind_chroot_has_files_of_its_own)
{
    begin();
    ck_assert_int_eq(mkdir(in_dir("root"), 0755), 0);
    make_file(in_dir("root/file"), "inside");
    ck_assert_int_eq(symlink("/proc/self/exe", in_dir("root/up")), 0);
    pid_t pid = live_in_root();
    if (pid == 0) {
        printf("process_behind_chroot_has_files_of_its_own: no right to chroot, not tested\n");
        end();
        return;
    }
    ck_assert_int_eq(live_target.files->root(d.live, pid), 0);
    ck_assert_str_eq(ask("vFile:open:", "/file", ",0,0"), "F0");
    ck_assert_str_eq(drive_ask(&d, "vFile:pread:0,100,0"), "F6;inside");
    ck_assert_str_eq(ask("vFile:open:", "/../../../file", ",0,0"), "F1");
    ck_assert_str_eq(ask("vFile:exists:", "/proc/self/exe", ""), "F,0");
    ck_assert_str_eq(drive_ask(&d, "vFile:fstat:10"), "F-1,9");
    /* The name that /proc/PID/exe would give; what lies beside the root has none. */
    ck_assert_str_eq(ask("vFile:exists:", in_dir("root/file"), ""), "F,1");
    ck_assert_str_eq(ask("vFile:exists:", in_dir("root"), ""), "F,0");
    ck_assert_str_eq(ask("vFile:exists:", "/up", ""), "F,0");
    ck_assert_str_eq(drive_ask(&d, "vFile:setfs:0"), "F0");
    ck_assert_str_eq(ask("vFile:exists:", "/proc/self/exe", ""), "F,1");
    ck_assert_str_eq(ask("vFile:exists:", "/file", ""), "F,0");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    end();
}
END_TEST

START_TEST(root_of_a_process_that_is_not_there_is_an_error)
{
    begin();
    ck_assert_str_eq(drive_ask(&d, "vFile:setfs:%x", (unsigned)getpid()), "F0");
    ck_assert_str_eq(drive_ask(&d, "vFile:setfs:7fffffff"), "F-1,2");
    ck_assert_str_eq(drive_ask(&d, "vFile:setfs:100000001"), "F-1,16");
    ck_assert_str_eq(ask("vFile:exists:", "/proc/self/exe", ""), "F,1");
    end();
}
END_TEST

Suite *live_files_suite(void);

Suite *
live_files_suite(void)
{
    Suite *s = suite_create("live_files");
    TCase *c = tcase_create("files");

    tcase_set_timeout(c, 30);
    tcase_add_test(c, block_of_a_program_is_read_at_once);
    tcase_add_test(c, maps_are_read_though_their_size_is_0);
    tcase_add_test(c, file_is_made_written_read_and_removed);
    tcase_add_test(c, links_are_followed_or_told);
    tcase_add_test(c, pipes_and_devices_are_refused_without_waiting);
    tcase_add_test(c, sixteen_files_at_a_time_and_none_when_the_client_is_gone);
    tcase_add_test(c, process_behind_chroot_has_files_of_its_own);
    tcase_add_test(c, root_of_a_process_that_is_not_there_is_an_error);
    suite_add_tcase(s, c);
    return s;
}
