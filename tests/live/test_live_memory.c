/* test_live_memory.c - memory, registers, what /proc tells: stub/live/memory.c regs.c inject.c
 * proc.c libraries.c. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"
#include "tests/live/driver.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct drive d;

static void
run_to(const char *program, const char *symbol)
{
    drive_launch(&d, program, NULL, NULL);
    drive_insert(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, symbol), 1);
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_SWBREAK);
}

static size_t
read_at(uint64_t address, void *buf, size_t size)
{
    size_t n = 99999;
    live_target.read_memory(drive_process(&d), address, buf, size, &n);
    return n;
}

START_TEST(read_across_the_end_of_a_mapping_gives_the_readable_part)
{
    uint8_t bytes[8192];

    run_to("memory", "answer");
    uint64_t edge = drive_get(&d, "edge", 8);
    ck_assert_uint_eq(read_at(edge + 4080, bytes, 4096), 16);
    ck_assert_int_eq(bytes[15], 7);
    ck_assert_uint_eq(read_at(edge, bytes, 8192), 4096);
    ck_assert_uint_eq(read_at(edge + 4096, bytes, 16), 0);
    ck_assert_uint_eq(read_at(UINT64_MAX - 3, bytes, 4), 0);
    ck_assert_uint_eq(read_at(0, bytes, 4), 0);
    drive_close(&d);
}
END_TEST

START_TEST(write_across_the_end_of_a_mapping_writes_nothing)
{
    uint8_t bytes[32], back[32];

    memset(bytes, 0x55, sizeof(bytes));
    run_to("memory", "answer");
    uint64_t edge = drive_get(&d, "edge", 8);
    void *p = drive_process(&d);
    ck_assert_int_eq(live_target.write_memory(p, edge + 4080, bytes, 32), -STUB_EFAULT);
    ck_assert_uint_eq(read_at(edge + 4080, back, 16), 16);
    ck_assert_int_eq(back[0], 7);
    ck_assert_int_eq(live_target.write_memory(p, edge + 4080, bytes, 16), 0);
    ck_assert_uint_eq(read_at(edge + 4080, back, 16), 16);
    ck_assert_int_eq(back[15], 0x55);
    ck_assert_int_eq(live_target.write_memory(p, UINT64_MAX - 3, bytes, 16), -STUB_EFAULT);
    ck_assert_int_eq(live_target.write_memory(p, 0, bytes, 0), 0);
    drive_close(&d);
}
END_TEST

START_TEST(write_that_fails_in_the_middle_is_taken_back)
{
    uint8_t bytes[32], back[16];

    memset(bytes, 0x55, sizeof(bytes));
    run_to("memory", "answer");
    uint64_t shared = drive_get(&d, "shared", 8);
    void *p = drive_process(&d);
    ck_assert_uint_eq(read_at(shared - 16, bytes, 32), 32);
    memset(bytes, 0x55, sizeof(bytes));
    ck_assert_int_eq(live_target.write_memory(p, shared - 16, bytes, 32), -STUB_EFAULT);
    ck_assert_uint_eq(read_at(shared - 16, back, 16), 16);
    ck_assert_int_eq(back[0], 0);
    ck_assert_int_eq(back[15], 0);
    drive_close(&d);
}
END_TEST

START_TEST(read_only_memory_and_text_can_be_written)
{
    static const uint8_t nine[2] = { 1, 2 };
    uint8_t back[2];

    run_to("memory", "answer");
    uint64_t fixed = drive_get(&d, "fixed", 8), text = drive_symbol(&d, "main");
    ck_assert_int_eq(live_target.write_memory(drive_process(&d), fixed + 4, nine, 2), 0);
    ck_assert_uint_eq(read_at(fixed + 4, back, 2), 2);
    ck_assert_int_eq(back[1], 2);
    ck_assert_int_eq(live_target.write_memory(drive_process(&d), text, nine, 2), 0);
    ck_assert_uint_eq(read_at(text, back, 2), 2);
    ck_assert_int_eq(back[0], 1);
    drive_close(&d);
}
END_TEST

START_TEST(regions_cover_everything_without_gaps)
{
    struct stub_region r;
    uint64_t at = 0;
    unsigned mapped = 0, stack = 0;

    run_to("memory", "answer");
    for (;;) {
        ck_assert_int_eq(live_target.region(drive_process(&d), at, &r), 0);
        ck_assert_uint_eq(r.start, at);
        mapped += r.mapped;
        stack += r.name != NULL && strcmp(r.name, "[stack]") == 0;
        ck_assert(r.mapped || r.permissions == 0);
        if (r.size == 0)
            break;
        at = r.start + r.size;
    }
    ck_assert_uint_gt(mapped, 10);
    ck_assert_uint_eq(stack, 1);
    uint64_t closed = drive_get(&d, "closed", 8), text = drive_symbol(&d, "main");
    ck_assert_int_eq(live_target.region(drive_process(&d), closed, &r), 0);
    ck_assert(r.mapped && r.permissions == 0);
    ck_assert_int_eq(live_target.region(drive_process(&d), text, &r), 0);
    ck_assert_int_eq(r.permissions, STUB_READ | STUB_EXECUTE);
    ck_assert_ptr_nonnull(strstr(r.name, "/memory"));
    ck_assert_int_eq(live_target.region(drive_process(&d), UINT64_MAX, &r), 0);
    drive_close(&d);
}
END_TEST

/* At such an event rax says -ENOSYS, and the kernel writes it once more: a thread that stood
 * there could do no call for us, and its own would be done twice. */
START_TEST(no_thread_stands_in_the_middle_of_a_call)
{
    drive_open(&d);
    drive_launch(&d, "threads", NULL, NULL);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rax"), 0);
    uint64_t address;
    ck_assert_int_eq(
        live_target.allocate(drive_process(&d), 4096, STUB_READ | STUB_WRITE, &address), 0);
    ck_assert_int_eq(live_target.deallocate(drive_process(&d), address), 0);
    drive_close(&d);
}
END_TEST

START_TEST(registers_are_written_before_the_thread_runs)
{
    run_to("memory", "answer");
    uint64_t rbx = drive_register(&d, d.pid, "rbx");
    ck_assert(drive_set_register(&d, d.pid, "rbx", 0x1122334455667788));
    ck_assert_uint_eq(drive_register(&d, d.pid, "rbx"), 0x1122334455667788);
    drive_ask(&d, "vCont;s:%x", (unsigned)d.pid);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rbx"), 0x1122334455667788);
    ck_assert(drive_set_register(&d, d.pid, "rbx", rbx));
    ck_assert_uint_ne(drive_register(&d, d.pid, "fs_base"), 0);
    ck_assert_uint_eq(drive_register(&d, d.pid, "fctrl") & 0xffff, 0x37f);
    ck_assert_uint_eq(drive_register(&d, d.pid, "mxcsr") & 0xffff, 0x1f80);
    ck_assert(drive_set_register(&d, d.pid, "xmm7", 77));
    drive_ask(&d, "vCont;s:%x", (unsigned)d.pid);
    ck_assert_uint_eq(drive_register(&d, d.pid, "xmm7"), 77);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W2a");
    drive_close(&d);
}
END_TEST

START_TEST(saved_registers_come_back_once)
{
    struct rsp_id id;
    uint32_t number, other;

    run_to("memory", "answer");
    id = (struct rsp_id){ d.pid, d.pid };
    uint64_t rip = drive_register(&d, d.pid, "rip"), rax = drive_register(&d, d.pid, "rax");
    ck_assert_int_eq(live_target.save_registers(d.live, id, &number), 0);
    drive_set_register(&d, d.pid, "rax", 1);
    drive_set_register(&d, d.pid, "rip", 2);
    drive_set_register(&d, d.pid, "xmm1", 3);
    ck_assert_int_eq(live_target.restore_registers(d.live, id, number + 1), -STUB_ENOENT);
    ck_assert_int_eq(live_target.restore_registers(d.live, id, number), 0);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rip"), rip);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rax"), rax);
    ck_assert_uint_ne(drive_register(&d, d.pid, "xmm1"), 3);
    ck_assert_int_eq(live_target.restore_registers(d.live, id, number), -STUB_ENOENT);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(live_target.save_registers(d.live, id, &other), 0);
    ck_assert_int_eq(live_target.restore_registers(d.live, id, other), 0);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W2a");
    drive_close(&d);
}
END_TEST

/* The thread that waits in pause(), 0 while it has not got there. */
static int64_t
thread_in_pause(void)
{
    struct rsp_id id = { 0, 0 };

    while (live_target.next_thread(d.live, &id) == 1) {
        if ((int64_t)drive_register(&d, id.tid, "rax") < 0 &&
            (int64_t)drive_register(&d, id.tid, "orig_rax") == 34)
            return id.tid;
    }
    return 0;
}

START_TEST(changed_pc_does_not_restart_an_interrupted_call)
{
    pid_t pid = drive_spawn(&d, "born", NULL);
    drive_attach(&d, pid);
    int64_t waiting = 0;
    for (int i = 0; i < 3000 && (waiting = thread_in_pause()) == 0; i++) {
        drive_send(&d, "vCont;c");
        ck_assert_str_eq(drive_wait(&d, 20), "");
        stub_feed(&d.stub, (const uint8_t *)"\003", 1);
        drive_wait(&d, PATIENCE_MS);
    }
    ck_assert_int_ne(waiting, 0);
    uint64_t brief = drive_symbol(&d, "brief");
    drive_set_register(&d, waiting, "rip", brief);
    ck_assert_uint_eq(drive_register(&d, waiting, "orig_rax"), UINT64_MAX);
    drive_ask(&d, "vCont;s:%llx", (unsigned long long)waiting);
    ck_assert_uint_eq(drive_register(&d, waiting, "rip"), brief + 1);
    kill(pid, SIGKILL);
    drive_close(&d);
}
END_TEST

START_TEST(registers_of_a_thread_that_is_gone_are_an_error)
{
    struct arch_register r;
    uint64_t v;

    run_to("memory", "answer");
    ck_assert(arch_register(live_target.layout(d.live, d.pid), 0, &r));
    int e = live_target.get_register(d.live, (struct rsp_id){ d.pid, 1 << 30 }, &r, &v);
    ck_assert_int_eq(e, -STUB_ESRCH);
    ck_assert_int_eq(live_target.get_register(d.live, (struct rsp_id){ 1, d.pid }, &r, &v),
                     -STUB_ESRCH);
    ck_assert_ptr_null(live_target.process(d.live, 1));
    drive_close(&d);
}
END_TEST

START_TEST(memory_is_allocated_in_the_program)
{
    uint64_t address, other;
    uint8_t byte = 0xaa;
    struct stub_region r;

    run_to("memory", "answer");
    uint64_t rip = drive_register(&d, d.pid, "rip"), rax = drive_register(&d, d.pid, "rax"),
             rcx = drive_register(&d, d.pid, "rcx");
    void *p = drive_process(&d);
    ck_assert_int_eq(
        live_target.allocate(p, 5000, STUB_READ | STUB_WRITE | STUB_EXECUTE, &address), 0);
    ck_assert_int_eq(live_target.region(p, address, &r), 0);
    ck_assert_int_eq(r.permissions, STUB_READ | STUB_WRITE | STUB_EXECUTE);
    ck_assert_int_eq(live_target.write_memory(p, address + 8191, &byte, 1), 0);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rip"), rip);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rax"), rax);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rcx"), rcx);
    ck_assert_int_lt(live_target.allocate(p, UINT64_MAX, STUB_READ, &other), 0);
    ck_assert_int_lt(live_target.allocate(p, 0, STUB_READ, &other), 0);
    ck_assert_int_eq(live_target.deallocate(p, address + 1), -STUB_ENOENT);
    ck_assert_int_eq(live_target.deallocate(p, address), 0);
    ck_assert_int_eq(live_target.deallocate(p, address), -STUB_ENOENT);
    ck_assert_uint_eq(read_at(address, &byte, 1), 0);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W2a");
    drive_close(&d);
}
END_TEST

START_TEST(memory_is_allocated_right_after_launch_and_attach)
{
    uint64_t address;

    drive_launch(&d, "memory", NULL, NULL);
    uint64_t rip = drive_register(&d, d.pid, "rip");
    ck_assert_int_eq(live_target.allocate(drive_process(&d), 4096, STUB_READ, &address), 0);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rip"), rip);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W2a");
    pid_t pid = drive_spawn(&d, "signals", "wait");
    drive_attach(&d, pid);
    ck_assert_int_eq(live_target.allocate(drive_process(&d), 4096, STUB_READ, &address), 0);
    kill(pid, SIGUSR1); /* comes although the call blocked signals */
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.signal, SIGUSR1);
    live_target.kill(d.live, pid, false);
    drive_close(&d);
}
END_TEST

/* A call that does not end in time: the opening of a fifo that nobody writes to. */
static void
call_that_waits(const char *fifo)
{
    uint64_t at, result;

    run_to("memory", "answer");
    at = drive_register(&d, d.pid, "rsp") - 512;
    ck_assert_int_eq(live_target.write_memory(drive_process(&d), at, fifo, strlen(fifo) + 1), 0);
    const uint64_t args[6] = { at, O_RDONLY, 0, 0, 0, 0 };
    ck_assert_int_eq(live_syscall(drive_process(&d), SYS_open, args, &result), -STUB_EIO);
}

static void
end_call(const char *fifo)
{
    int fd = open(fifo, O_WRONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    close(fd);
}

START_TEST(thread_that_comes_late_from_a_call_is_put_where_it_was)
{
    char fifo[64];

    snprintf(fifo, sizeof(fifo), "/tmp/live-fifo-%d", (int)getpid());
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    call_that_waits(fifo);
    end_call(fifo);
    ck_assert(drive_becomes(d.pid, "t"));
    live_poll(d.live);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rip"), drive_symbol(&d, "answer"));
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W2a");
    /* And when the client lets it run meanwhile. */
    call_that_waits(fifo);
    drive_send(&d, "vCont;c");
    end_call(fifo);
    ck_assert_str_eq(drive_wait(&d, PATIENCE_MS), "W2a");
    unlink(fifo);
    drive_close(&d);
}
END_TEST

/* Behind the target's back. */
static void
write_byte(pid_t pid, uint64_t address, char byte)
{
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
    fd = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)address), 1);
    close(fd);
}

START_TEST(map_read_while_the_program_runs_is_not_kept)
{
    struct stub_region r;
    const uint64_t address = 0x600000000000;
    uint64_t go;

    drive_launch(&d, "maps", NULL, NULL);
    go = drive_symbol(&d, "go");
    drive_send(&d, "vCont;c");
    ck_assert_str_eq(drive_wait(&d, 20), "");
    ck_assert_int_eq(live_target.region(drive_process(&d), address, &r), 0);
    ck_assert(!r.mapped);
    write_byte(d.pid, go, 1);
    while (drive_raw_byte(d.pid, address) < 0)
        ck_assert_str_eq(drive_wait(&d, 1), "");
    stub_feed(&d.stub, (const uint8_t *)"\003", 1);
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T02", 3), 0);
    ck_assert_int_eq(live_target.region(drive_process(&d), address, &r), 0);
    ck_assert(r.mapped);
    drive_close(&d);
}
END_TEST

START_TEST(words_of_an_error_are_not_those_of_the_next)
{
    drive_launch(&d, "memory", NULL, NULL);
    drive_ask(&d, "QEnableErrorStrings");
    ck_assert_int_eq(strncmp(drive_ask(&d, "Z0,0,1"), "E0e;", 4), 0);
    ck_assert_ptr_null(live_why(d.live));
    ck_assert_str_eq(drive_ask(&d, "z0,401000,1"), "E02");
    drive_close(&d);
}
END_TEST

static const char *
object(int (*write)(void *process, struct rsp_window *w))
{
    static uint8_t bytes[8192];
    struct rsp_out out = rsp_out_to(bytes, sizeof(bytes) - 1);
    struct rsp_window w = rsp_window_open(&out, 0, sizeof(bytes));

    memset(bytes, 0, sizeof(bytes));
    ck_assert_int_eq(write(drive_process(&d), &w), 0);
    return (const char *)bytes + 1; /* behind 'l' */
}

static int
libraries(void *process, struct rsp_window *w)
{
    return live_target.libraries_svr4(process, w, true);
}

START_TEST(libraries_and_executable_are_named)
{
    uint64_t address;

    run_to("memory", "answer");
    const char *list = object(libraries);
    ck_assert_ptr_nonnull(strstr(list, "main-lm=\"0x"));
    ck_assert_ptr_nonnull(strstr(list, "libc.so.6\" lm=\"0x"));
    ck_assert_ptr_null(strstr(list, "memory\""));
    ck_assert_ptr_nonnull(strstr(object(live_target.exec_file), "/progs/memory"));
    ck_assert_int_eq(live_target.shlib_info(drive_process(&d), &address), 0);
    uint64_t r_debug = 0;
    ck_assert_uint_eq(read_at(address, &r_debug, 8), 8);
    uint32_t version;
    ck_assert_uint_eq(read_at(r_debug, &version, 4), 4);
    ck_assert_uint_ge(version, 1);
    drive_close(&d);
}
END_TEST

/* Where gdb can still read it. */
START_TEST(an_executable_that_was_deleted_is_named_by_its_process)
{
    char name[64], path[512], command[1024], link[64];

    drive_launch(&d, "loop", NULL, NULL);
    snprintf(name, sizeof(name), "loop-%d", (int)getpid());
    snprintf(path, sizeof(path), "%s-%d", d.program, (int)getpid());
    snprintf(command, sizeof(command), "cp '%s' '%s'", d.program, path);
    ck_assert_str_ne(object(live_target.exec_file), "");
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
    ck_assert_int_eq(system(command), 0);
    drive_launch(&d, name, NULL, NULL);
    unlink(path);
    snprintf(link, sizeof(link), "/proc/%d/exe", (int)d.pid);
    ck_assert_str_eq(object(live_target.exec_file), link);
    live_target.kill(d.live, d.pid, false);
    drive_close(&d);
}
END_TEST

START_TEST(endless_link_map_is_cut)
{
    uint64_t address, r_debug, map, next;
    uint8_t bytes[512];
    struct rsp_out out = rsp_out_to(bytes, sizeof(bytes));
    struct rsp_window w = rsp_window_open(&out, 0, 400);

    run_to("memory", "answer");
    live_target.shlib_info(drive_process(&d), &address);
    ck_assert_uint_eq(read_at(address, &r_debug, 8), 8);
    ck_assert_uint_eq(read_at(r_debug + 8, &map, 8), 8);
    ck_assert_uint_eq(read_at(map + 24, &next, 8), 8);
    ck_assert_int_eq(live_target.write_memory(drive_process(&d), next + 24, &map, 8), 0);
    ck_assert_int_eq(live_target.libraries_svr4(drive_process(&d), &w, false), 0);
    drive_close(&d);
}
END_TEST

START_TEST(threads_hosts_and_processes_are_described)
{
    struct stub_thread_info thread;
    struct stub_host_info host;
    struct stub_process_info process;

    run_to("memory", "answer");
    ck_assert_int_eq(live_target.thread_info(d.live, d.event.id, &thread), 0);
    ck_assert_str_eq(thread.name, "memory");
    ck_assert_int_ge(thread.core, 0);
    ck_assert_int_eq(live_target.host_info(d.live, &host), 0);
    ck_assert_str_eq(host.ostype, "linux");
    ck_assert_uint_eq(host.page_size, 4096);
    ck_assert_int_eq(live_target.process_info(d.live, d.pid, &process), 0);
    ck_assert_int_eq(process.pid, d.pid);
    ck_assert_int_eq(process.parent, getpid());
    ck_assert_uint_eq(process.euid, geteuid());
    ck_assert_uint_ne((unsigned char)object(live_target.auxv)[0], 0);
    drive_close(&d);
}
END_TEST

Suite *live_memory_suite(void);

Suite *
live_memory_suite(void)
{
    Suite *s = suite_create("live_memory");
    TCase *c = tcase_create("memory");
    tcase_set_timeout(c, 30);
    tcase_add_test(c, read_across_the_end_of_a_mapping_gives_the_readable_part);
    tcase_add_test(c, write_across_the_end_of_a_mapping_writes_nothing);
    tcase_add_test(c, write_that_fails_in_the_middle_is_taken_back);
    tcase_add_test(c, read_only_memory_and_text_can_be_written);
    tcase_add_test(c, regions_cover_everything_without_gaps);
    suite_add_tcase(s, c);
    c = tcase_create("registers");
    tcase_set_timeout(c, 30);
    tcase_add_test(c, no_thread_stands_in_the_middle_of_a_call);
    tcase_add_test(c, registers_are_written_before_the_thread_runs);
    tcase_add_test(c, saved_registers_come_back_once);
    tcase_add_test(c, changed_pc_does_not_restart_an_interrupted_call);
    tcase_add_test(c, registers_of_a_thread_that_is_gone_are_an_error);
    tcase_add_test(c, memory_is_allocated_in_the_program);
    tcase_add_test(c, memory_is_allocated_right_after_launch_and_attach);
    tcase_add_test(c, thread_that_comes_late_from_a_call_is_put_where_it_was);
    suite_add_tcase(s, c);
    c = tcase_create("proc");
    tcase_set_timeout(c, 30);
    tcase_add_test(c, map_read_while_the_program_runs_is_not_kept);
    tcase_add_test(c, words_of_an_error_are_not_those_of_the_next);
    tcase_add_test(c, libraries_and_executable_are_named);
    tcase_add_test(c, an_executable_that_was_deleted_is_named_by_its_process);
    tcase_add_test(c, endless_link_map_is_cut);
    tcase_add_test(c, threads_hosts_and_processes_are_described);
    suite_add_tcase(s, c);
    return s;
}
