/* test_live_break.c - breakpoints, steps, watchpoints: stub/live/plant.c over.c resume.c watch.c
 * debug_x86_64.c. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"
#include "tests/live/driver.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

static struct drive d;

static bool
hits(const char *packet, const char *symbol)
{
    drive_ask(&d, "%s", packet);
    return d.event.reason == STUB_SWBREAK &&
           drive_register(&d, d.event.id.tid, "rip") == drive_symbol(&d, symbol);
}

START_TEST(breakpoint_stops_at_its_address_and_is_stepped_over)
{
    drive_launch(&d, "loop", NULL, NULL);
    drive_insert(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "tick"), 1);
    for (unsigned i = 0; i < 5; i++) {
        ck_assert(hits("vCont;c", "tick"));
        ck_assert_uint_eq(drive_get(&d, "counter", 8), i);
    }
    drive_close(&d);
}
END_TEST

START_TEST(insert_twice_remove_once_and_remove_what_is_not_there)
{
    drive_launch(&d, "loop", NULL, NULL);
    uint64_t tick = drive_symbol(&d, "tick");
    ck_assert_int_eq(drive_remove(&d, STUB_POINT_SOFTWARE, tick, 1), -STUB_ENOENT);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_SOFTWARE, tick, 1), 0);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_SOFTWARE, tick, 1), 0);
    ck_assert_int_eq(drive_remove(&d, STUB_POINT_SOFTWARE, tick, 1), 0);
    ck_assert_int_eq(drive_remove(&d, STUB_POINT_SOFTWARE, tick, 1), -STUB_ENOENT);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_SOFTWARE, 0x10, 1), -STUB_EFAULT);
    ck_assert_int_eq(drive_insert(&d, 9, tick, 1), -STUB_ENOTSUP);
    drive_send(&d, "vCont;c");
    ck_assert_str_eq(drive_wait(&d, 50), "");
    drive_close(&d);
}
END_TEST

START_TEST(planted_bytes_never_show_and_survive_writes)
{
    uint8_t byte, same[3];
    size_t n;

    drive_launch(&d, "loop", NULL, NULL);
    uint64_t tick = drive_symbol(&d, "tick");
    int before = drive_raw_byte(d.pid, tick);
    drive_insert(&d, STUB_POINT_SOFTWARE, tick, 1);
    ck_assert(hits("vCont;c", "tick"));
    ck_assert_int_eq(drive_raw_byte(d.pid, tick), 0xcc);
    ck_assert(live_target.read_memory(drive_process(&d), tick, &byte, 1, &n));
    ck_assert_int_eq(byte, before);
    ck_assert(live_target.read_memory(drive_process(&d), tick - 1, same, 3, &n));
    ck_assert_int_eq(same[1], before);
    ck_assert_int_eq(live_target.write_memory(drive_process(&d), tick - 1, same, 3), 0);
    ck_assert_int_eq(drive_raw_byte(d.pid, tick), 0xcc);
    ck_assert(hits("vCont;c", "tick"));
    drive_remove(&d, STUB_POINT_SOFTWARE, tick, 1);
    drive_send(&d, "vCont;c");
    ck_assert_str_eq(drive_wait(&d, 20), "");
    ck_assert_int_eq(drive_raw_byte(d.pid, tick), before);
    drive_close(&d);
}
END_TEST

START_TEST(code_written_under_a_breakpoint_is_what_runs)
{
    static const uint8_t ret = 0xc3;

    drive_launch(&d, "loop", NULL, NULL);
    uint64_t tick = drive_symbol(&d, "tick");
    drive_insert(&d, STUB_POINT_SOFTWARE, tick, 1);
    ck_assert(hits("vCont;c", "tick"));
    uint64_t counter = drive_get(&d, "counter", 8);
    ck_assert_int_eq(live_target.write_memory(drive_process(&d), tick, &ret, 1), 0);
    ck_assert(hits("vCont;c", "tick"));
    ck_assert_uint_eq(drive_get(&d, "counter", 8), counter); /* tick returned at once */
    drive_close(&d);
}
END_TEST

START_TEST(jump_to_a_breakpoint_hits_it)
{
    drive_launch(&d, "loop", NULL, NULL);
    uint64_t tick = drive_symbol(&d, "tick");
    drive_insert(&d, STUB_POINT_SOFTWARE, tick, 1);
    ck_assert(hits("vCont;c", "tick"));
    ck_assert(drive_set_register(&d, d.pid, "rip", tick + 1));
    ck_assert(drive_set_register(&d, d.pid, "rip", tick));
    ck_assert(hits("vCont;c", "tick")); /* steps over: nothing changed after all */
    drive_remove(&d, STUB_POINT_SOFTWARE, tick, 1);
    ck_assert_int_eq(strncmp(drive_ask(&d, "vCont;s:%x", (unsigned)d.pid), "T05", 3), 0);
    drive_insert(&d, STUB_POINT_SOFTWARE, tick, 1);
    ck_assert(drive_set_register(&d, d.pid, "rip", tick));
    uint64_t counter = drive_get(&d, "counter", 8);
    ck_assert(hits("vCont;c", "tick"));
    ck_assert_uint_eq(drive_get(&d, "counter", 8), counter);
    drive_close(&d);
}
END_TEST

/* Some steps are emulated and some are not: what they tell is the same. */
START_TEST(step_at_a_breakpoint_not_hit_yet_hits_it_and_the_next_one_goes_on)
{
    drive_launch(&d, "loop", NULL, NULL);
    uint64_t tick = drive_symbol(&d, "tick");
    drive_insert(&d, STUB_POINT_SOFTWARE, tick, 1);
    ck_assert(hits("vCont;c", "tick"));
    for (int i = 0; i < 200; i++) {
        drive_ask(&d, "vCont;s:%x", (unsigned)d.pid);
        ck_assert_int_eq(d.event.reason, STUB_TRACE);
        ck_assert_uint_eq(drive_register(&d, d.pid, "rip"), tick + 1); /* push %rbp */
        drive_set_register(&d, d.pid, "rip", tick);
        drive_ask(&d, "vCont;s:%x", (unsigned)d.pid);
        ck_assert_int_eq(d.event.reason, STUB_SWBREAK);
        ck_assert_uint_eq(drive_register(&d, d.pid, "rip"), tick);
    }
    drive_close(&d);
}
END_TEST

START_TEST(step_from_a_breakpoint_executes_the_instruction_under_it)
{
    drive_launch(&d, "loop", NULL, NULL);
    uint64_t tick = drive_symbol(&d, "tick");
    drive_insert(&d, STUB_POINT_SOFTWARE, tick, 1);
    ck_assert(hits("vCont;c", "tick"));
    uint64_t sp = drive_register(&d, d.pid, "rsp");
    drive_ask(&d, "vCont;s:%x", (unsigned)d.pid);
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rip"), tick + 1); /* push %rbp */
    ck_assert_uint_eq(drive_register(&d, d.pid, "rsp"), sp - 8);
    ck_assert_int_eq(drive_raw_byte(d.pid, tick), 0xcc);
    drive_close(&d);
}
END_TEST

START_TEST(range_step_ends_outside_and_at_a_breakpoint_inside)
{
    drive_launch(&d, "signals", "storm", NULL);
    uint64_t work = drive_symbol(&d, "work"), end = drive_symbol(&d, "storm");
    drive_insert(&d, STUB_POINT_SOFTWARE, work, 1);
    /* SIGALRM is passed and must not end it. */
    static const uint8_t pass[32] = { [SIGALRM / 8] = 1 << (SIGALRM % 8) };
    live_target.signals(d.live, STUB_PASS_SIGNALS, pass);
    ck_assert(hits("vCont;c", "work"));
    int alarms = (int)drive_get(&d, "alarms", 4);
    drive_ask(&d, "vCont;r%llx,%llx:%x", (unsigned long long)work, (unsigned long long)end,
              (unsigned)d.pid);
    ck_assert_msg(d.event.reason == STUB_TRACE, "signal %d", d.event.signal);
    uint64_t pc = drive_register(&d, d.pid, "rip");
    ck_assert_msg(pc >= end, "%llx", (unsigned long long)(pc - work)); /* back in storm() */
    ck_assert_int_gt((int)drive_get(&d, "alarms", 4), alarms);
    ck_assert(hits("vCont;c", "work"));
    uint64_t inside = work + 4;
    drive_insert(&d, STUB_POINT_SOFTWARE, inside, 1);
    drive_ask(&d, "vCont;r%llx,%llx:%x", (unsigned long long)work, (unsigned long long)end,
              (unsigned)d.pid);
    /* One step goes on from there, in whichever way it is done: some are not emulated. */
    for (int i = 0; i < 200; i++) {
        ck_assert_uint_eq(drive_register(&d, d.pid, "rip"), inside);
        drive_ask(&d, "vCont;r%llx,%llx:%x", (unsigned long long)inside,
                  (unsigned long long)inside, (unsigned)d.pid);
        ck_assert_int_eq(d.event.reason, STUB_TRACE);
        ck_assert_uint_ne(drive_register(&d, d.pid, "rip"), inside);
        drive_set_register(&d, d.pid, "rip", inside);
    }
    drive_close(&d);
}
END_TEST

/* The step's trap may be on its way already when the thread is stopped. */
START_TEST(step_after_an_interrupted_range_step_moves)
{
    drive_launch(&d, "loop", NULL, NULL);
    uint64_t tick = drive_symbol(&d, "tick");
    drive_insert(&d, STUB_POINT_SOFTWARE, tick, 1);
    ck_assert(hits("vCont;c", "tick"));
    drive_remove(&d, STUB_POINT_SOFTWARE, tick, 1);
    for (int i = 0; i < 10000; i++) {
        drive_send(&d, "vCont;r%llx,%llx:%x", (unsigned long long)tick,
                   (unsigned long long)tick + 4096, (unsigned)d.pid);
        for (volatile int delay = i % 100 * 50; delay > 0; delay--)
            continue;
        stub_feed(&d.stub, (const uint8_t *)"\003", 1);
        ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "T02", 3), 0);
        uint64_t pc = drive_register(&d, d.pid, "rip");
        drive_ask(&d, "vCont;s:%x", (unsigned)d.pid);
        ck_assert_int_eq(d.event.reason, STUB_TRACE);
        ck_assert_msg(drive_register(&d, d.pid, "rip") != pc, "round %d", i);
    }
    drive_close(&d);
}
END_TEST

START_TEST(passed_signal_does_not_end_a_step_over)
{
    static const uint8_t pass[32] = { [SIGALRM / 8] = 1 << (SIGALRM % 8) };

    drive_launch(&d, "signals", "storm", NULL);
    live_target.signals(d.live, STUB_PASS_SIGNALS, pass);
    uint64_t work = drive_symbol(&d, "work");
    drive_insert(&d, STUB_POINT_SOFTWARE, work, 1);
    ck_assert(hits("vCont;c", "work"));
    for (int i = 0; i < 100; i++) {
        /* Let a signal be pending, so that it comes at the very step over. */
        nanosleep(&(struct timespec){ .tv_nsec = 1500000 }, NULL);
        uint64_t sp = drive_register(&d, d.pid, "rsp");
        uint64_t works = drive_get(&d, "works", 4);
        ck_assert(hits("vCont;c", "work"));
        ck_assert_uint_eq(drive_get(&d, "works", 4), works + 1);
        ck_assert_uint_eq(drive_register(&d, d.pid, "rsp"), sp);
        ck_assert_uint_eq(drive_get(&d, "worked", 4), 0); /* a whole work() lies between */
    }
    ck_assert_int_gt((int)drive_get(&d, "alarms", 4), 50);
    drive_close(&d);
}
END_TEST

START_TEST(step_under_a_storm_of_passed_signals_goes_one_instruction)
{
    static const uint8_t pass[32] = { [SIGALRM / 8] = 1 << (SIGALRM % 8) };

    drive_launch(&d, "signals", "storm", NULL);
    live_target.signals(d.live, STUB_PASS_SIGNALS, pass);
    uint64_t work = drive_symbol(&d, "work"), end = drive_symbol(&d, "storm");
    drive_insert(&d, STUB_POINT_SOFTWARE, work, 1);
    ck_assert(hits("vCont;c", "work"));
    for (int i = 0; i < 100; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 1500000 }, NULL);
        drive_ask(&d, "vCont;s:%x", (unsigned)d.pid);
        ck_assert_int_eq(d.event.reason, STUB_TRACE);
        uint64_t pc = drive_register(&d, d.pid, "rip");
        ck_assert_msg(pc >= work && pc < end, "step %d went to %llx", i, (unsigned long long)pc);
    }
    ck_assert_int_gt((int)drive_get(&d, "alarms", 4), 50);
    drive_close(&d);
}
END_TEST

START_TEST(breakpoint_on_a_blocking_system_call_lets_the_others_run)
{
    drive_launch(&d, "syscall", NULL, NULL);
    drive_insert(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "reading"), 1);
    ck_assert(hits("vCont;c", "reading"));
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W06");
    drive_close(&d);
}
END_TEST

START_TEST(step_over_a_blocking_system_call_ends_behind_it)
{
    drive_launch(&d, "syscall", NULL, NULL);
    uint64_t reading = drive_symbol(&d, "reading");
    drive_insert(&d, STUB_POINT_SOFTWARE, reading, 1);
    ck_assert(hits("vCont;c", "reading"));
    drive_ask(&d, "vCont;s:%x;c", (unsigned)d.event.id.tid);
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    ck_assert_uint_eq(drive_register(&d, d.event.id.tid, "rip"), reading + 2);
    ck_assert_uint_eq(drive_register(&d, d.event.id.tid, "rax"), 1);
    drive_close(&d);
}
END_TEST

START_TEST(int3_of_the_program_itself_is_a_sigtrap)
{
    drive_launch(&d, "signals", "trap", NULL);
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_SIGNAL);
    ck_assert_int_eq(d.event.signal, SIGTRAP);
    drive_ask(&d, "vCont;c"); /* goes on behind it */
    ck_assert_int_eq(d.event.signal, SIGUSR1);
    drive_close(&d);
}
END_TEST

/* The condition is false, so the program's own int3 is no news either. */
START_TEST(a_false_condition_passes_an_int3_of_the_programs_own_too)
{
    drive_launch(&d, "signals", "trap", NULL);
    drive_ask(&d, "vCont;c");
    uint64_t at = drive_register(&d, d.event.id.tid, "rip") - 1;
    drive_set_register(&d, d.event.id.tid, "rip", at);
    ck_assert_str_eq(drive_ask(&d, "Z0,%llx,1;X3,220027", (unsigned long long)at), "OK");
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.signal, SIGUSR1);
    drive_close(&d);
}
END_TEST

/* gdb's calls return to a breakpoint on the stack, where nothing may be executed. */
START_TEST(a_fault_at_a_breakpoint_is_told_of_though_its_signal_passes)
{
    drive_launch(&d, "loop", NULL, NULL);
    uint64_t sp = drive_register(&d, d.pid, "rsp");
    ck_assert_str_eq(drive_ask(&d, "QPassSignals:b"), "OK");
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_SOFTWARE, sp, 1), 0);
    drive_set_register(&d, d.pid, "rip", sp);
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.kind, STUB_STOPPED);
    ck_assert_int_eq(d.event.signal, SIGSEGV);
    drive_close(&d);
}
END_TEST

static uint64_t
page_at(long number, uint64_t address)
{
    const uint64_t map[6] = { address,      4096, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                              (uint64_t)-1, 0 };
    uint64_t result = 0;

    ck_assert_int_eq(live_syscall(drive_process(&d), number, map, &result), 0);
    return result;
}

/* As where one library is unloaded and another one comes to its place. */
START_TEST(a_breakpoint_knows_when_the_code_under_it_has_gone)
{
    enum { AT = 0x10000000 };
    uint8_t byte = 1;
    size_t n;

    drive_launch(&d, "loop", NULL, NULL);
    drive_insert(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "tick"), 1); /* so that it runs */
    ck_assert_uint_eq(page_at(SYS_mmap, AT), AT);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_SOFTWARE, AT, 1), 0);
    ck_assert(hits("vCont;c", "tick"));
    ck_assert_int_eq(drive_raw_byte(d.pid, AT), 0xcc);
    page_at(SYS_munmap, AT);
    ck_assert_uint_eq(page_at(SYS_mmap, AT), AT);
    ck_assert(live_write_raw(drive_process(&d), AT, (const uint8_t *)"\x90", 1));
    ck_assert(live_target.read_memory(drive_process(&d), AT, &byte, 1, &n));
    ck_assert_uint_eq(byte, 0x90);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_SOFTWARE, AT, 1), 0);
    ck_assert(hits("vCont;c", "tick"));
    ck_assert_int_eq(drive_raw_byte(d.pid, AT), 0xcc);
    page_at(SYS_munmap, AT);
    ck_assert_int_eq(drive_remove(&d, STUB_POINT_SOFTWARE, AT, 1), -STUB_EFAULT);
    ck_assert_int_eq(drive_remove(&d, STUB_POINT_SOFTWARE, AT, 1), -STUB_ENOENT);
    drive_close(&d);
}
END_TEST

/* ptrace stops once more at the end of the call, and gdb's stepi over it wants to be there. */
START_TEST(a_step_over_a_fork_ends_behind_the_instruction)
{
    uint64_t none[6] = { 0 }, result;

    drive_launch(&d, "loop", NULL, NULL);
    drive_ask(&d, "qSupported:multiprocess+;fork-events+");
    live_syscall(drive_process(&d), SYS_getpid, none, &result);
    uint64_t at = ((struct process *)drive_process(&d))->syscall_address;
    drive_set_register(&d, d.pid, "rax", SYS_fork);
    drive_set_register(&d, d.pid, "rip", at);
    drive_ask(&d, "vCont;s");
    ck_assert_int_eq(d.event.reason, STUB_FORK);
    pid_t child = (pid_t)d.event.other.pid;
    drive_ask(&d, "vCont;s:p%x.%x", (unsigned)d.pid, (unsigned)d.pid);
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rip"), at + 2);
    live_target.kill(d.live, child, false);
    drive_close(&d);
}
END_TEST

/* A client that does not hear of forks steps over one in one go. */
START_TEST(a_step_over_a_fork_unheard_of_ends_behind_the_instruction)
{
    uint64_t none[6] = { 0 }, result;

    drive_launch(&d, "loop", NULL, NULL);
    live_syscall(drive_process(&d), SYS_getpid, none, &result);
    uint64_t at = ((struct process *)drive_process(&d))->syscall_address;
    drive_set_register(&d, d.pid, "rax", SYS_fork);
    drive_set_register(&d, d.pid, "rip", at);
    drive_ask(&d, "vCont;s");
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rip"), at + 2);
    drive_close(&d);
}
END_TEST

/* Where a step ended at a breakpoint nobody was told of its hit yet. */
START_TEST(a_breakpoint_that_a_step_ended_at_is_hit_by_who_goes_on)
{
    drive_launch(&d, "loop", NULL, NULL);
    drive_ask(&d, "vCont;s");
    drive_ask(&d, "vCont;s");
    uint64_t at = drive_register(&d, d.pid, "rip");
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_SOFTWARE, at, 1), 0);
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_SWBREAK);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rip"), at);
    drive_close(&d);
}
END_TEST

/* ---- watchpoints ---- */

static uint64_t
expect_watch(enum stub_reason reason, const char *function)
{
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, reason);
    uint64_t pc = drive_register(&d, d.pid, "rip"), at = drive_symbol(&d, function);
    ck_assert_msg(pc > at && pc < at + 40, "%s+%lld", function, (long long)(pc - at));
    return d.event.address - drive_symbol(&d, "data");
}

static void
watch_all_lengths(void)
{
    uint64_t data = drive_symbol(&d, "data");

    ck_assert_int_eq(drive_insert(&d, STUB_POINT_WRITE, data + 3, 1), 0);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_WRITE, data + 6, 2), 0);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_WRITE, data + 8, 8), 0);
    ck_assert_uint_eq(expect_watch(STUB_WATCH, "write_byte"), 3);
    ck_assert_uint_eq(expect_watch(STUB_WATCH, "write_short"), 6);
    ck_assert_uint_eq(expect_watch(STUB_WATCH, "write_word"), 8);
    ck_assert_int_eq(drive_remove(&d, STUB_POINT_WRITE, data + 8, 8), 0);
    ck_assert_int_eq(drive_remove(&d, STUB_POINT_WRITE, data + 8, 8), -STUB_ENOENT);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
}

START_TEST(write_watch_of_each_length_by_debug_registers)
{
    drive_launch(&d, "watch", NULL, NULL);
    watch_all_lengths();
    drive_close(&d);
}
END_TEST

START_TEST(write_watch_of_each_length_by_stepping)
{
    d.config.soft_watch = true;
    drive_launch(&d, "watch", NULL, NULL);
    drive_insert(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "main"), 1);
    ck_assert(hits("vCont;c", "main"));
    watch_all_lengths();
    ck_assert_ptr_nonnull(strstr(d.said, "single steps"));
    drive_close(&d);
}
END_TEST

START_TEST(soft_watch_has_no_reads_and_soft_hardware_breakpoint_says_hwbreak)
{
    d.config.soft_watch = true;
    drive_launch(&d, "watch", NULL, NULL);
    uint64_t data = drive_symbol(&d, "data"), at = drive_symbol(&d, "write_word");
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_READ, data, 8), -STUB_ENOTSUP);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_ACCESS, data, 8), -STUB_ENOTSUP);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_WRITE, data, 1 << 20), -STUB_ENOSPC);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_HARDWARE, at, 1), 0);
    drive_ask(&d, "vCont;c");
    ck_assert_int_eq(d.event.reason, STUB_HWBREAK);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rip"), at);
    ck_assert_int_eq(drive_remove(&d, STUB_POINT_HARDWARE, at, 1), 0);
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

/* x86 watches accesses; a client that is no gdb, which asks for those itself, is given them. */
START_TEST(read_watch_fires_for_reads)
{
    drive_launch(&d, "watch", NULL, NULL);
    uint64_t data = drive_symbol(&d, "data");
    drive_insert(&d, STUB_POINT_SOFTWARE, drive_symbol(&d, "read_word"), 1);
    ck_assert(hits("vCont;c", "read_word"));
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_READ, data + 8, 8), -STUB_ENOTSUP);
    drive_ask(&d, "qSupported:xmlRegisters=i386"); /* an lldb */
    ck_assert_str_eq(drive_ask(&d, "Z3,%llx,8", (unsigned long long)data + 8), "OK");
    ck_assert_uint_eq(expect_watch(STUB_AWATCH, "read_word"), 8);
    ck_assert_str_eq(drive_ask(&d, "z3,%llx,8", (unsigned long long)data + 8), "OK");
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

START_TEST(odd_range_is_split_and_too_much_is_refused)
{
    drive_launch(&d, "watch", NULL, NULL);
    uint64_t table = drive_symbol(&d, "table");
    table = (table + 15) & ~UINT64_C(7); /* aligned, and inside */
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_WRITE, table + 1, 64), -STUB_ENOSPC);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_WRITE, table + 1, 32), -STUB_ENOSPC);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_WRITE, table, 0), -STUB_EINVAL);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_WRITE, UINT64_MAX - 3, 8), -STUB_EINVAL);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_WRITE, table + 1, 7), 0); /* 1 + 2 + 4 */
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_WRITE, table + 8, 8), 0);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_WRITE, table + 16, 1), -STUB_ENOSPC);
    for (uint64_t i = 1; i < 16; i++) {
        drive_ask(&d, "vCont;c");
        ck_assert_int_eq(d.event.reason, STUB_WATCH);
        uint64_t at = d.event.address - table;
        ck_assert_uint_eq(at, i >= 8 ? 8 : i >= 4 ? 4 : i >= 2 ? 2 : 1);
    }
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

START_TEST(hardware_breakpoint_stops_before_the_instruction)
{
    drive_launch(&d, "loop", NULL, NULL);
    uint64_t tick = drive_symbol(&d, "tick");
    int byte = drive_raw_byte(d.pid, tick);
    drive_insert(&d, STUB_POINT_HARDWARE, tick, 1);
    for (unsigned i = 0; i < 5; i++) {
        drive_ask(&d, "vCont;c");
        ck_assert_int_eq(d.event.reason, STUB_HWBREAK);
        ck_assert_uint_eq(drive_register(&d, d.pid, "rip"), tick);
        ck_assert_uint_eq(drive_get(&d, "counter", 8), i);
    }
    ck_assert_int_eq(drive_raw_byte(d.pid, tick), byte);
    drive_close(&d);
}
END_TEST

START_TEST(debug_registers_reach_threads_born_later)
{
    drive_launch(&d, "threads", "3", NULL);
    ck_assert_int_eq(drive_insert(&d, STUB_POINT_HARDWARE, drive_symbol(&d, "hit"), 1), 0);
    for (int i = 0; i < 30; i++) {
        drive_ask(&d, "vCont;c");
        ck_assert_int_eq(d.event.reason, STUB_HWBREAK);
    }
    ck_assert_str_eq(drive_ask(&d, "vCont;c"), "W00");
    drive_close(&d);
}
END_TEST

Suite *live_break_suite(void);

Suite *
live_break_suite(void)
{
    Suite *s = suite_create("live_break");
    TCase *c = tcase_create("breakpoints");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, breakpoint_stops_at_its_address_and_is_stepped_over);
    tcase_add_test(c, insert_twice_remove_once_and_remove_what_is_not_there);
    tcase_add_test(c, planted_bytes_never_show_and_survive_writes);
    tcase_add_test(c, code_written_under_a_breakpoint_is_what_runs);
    tcase_add_test(c, jump_to_a_breakpoint_hits_it);
    tcase_add_test(c, step_at_a_breakpoint_not_hit_yet_hits_it_and_the_next_one_goes_on);
    tcase_add_test(c, step_from_a_breakpoint_executes_the_instruction_under_it);
    tcase_add_test(c, range_step_ends_outside_and_at_a_breakpoint_inside);
    tcase_add_test(c, step_after_an_interrupted_range_step_moves);
    tcase_add_test(c, passed_signal_does_not_end_a_step_over);
    tcase_add_test(c, step_under_a_storm_of_passed_signals_goes_one_instruction);
    tcase_add_test(c, breakpoint_on_a_blocking_system_call_lets_the_others_run);
    tcase_add_test(c, step_over_a_blocking_system_call_ends_behind_it);
    tcase_add_test(c, int3_of_the_program_itself_is_a_sigtrap);
    tcase_add_test(c, a_false_condition_passes_an_int3_of_the_programs_own_too);
    tcase_add_test(c, a_fault_at_a_breakpoint_is_told_of_though_its_signal_passes);
    tcase_add_test(c, a_breakpoint_knows_when_the_code_under_it_has_gone);
    tcase_add_test(c, a_step_over_a_fork_ends_behind_the_instruction);
    tcase_add_test(c, a_step_over_a_fork_unheard_of_ends_behind_the_instruction);
    tcase_add_test(c, a_breakpoint_that_a_step_ended_at_is_hit_by_who_goes_on);
    suite_add_tcase(s, c);
    c = tcase_create("watchpoints");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, write_watch_of_each_length_by_stepping);
    tcase_add_test(c, soft_watch_has_no_reads_and_soft_hardware_breakpoint_says_hwbreak);
    suite_add_tcase(s, c);
    if (!live_debug_registers_fire()) {
        puts("skip live_break (debug registers do not fire on this machine)");
        return s;
    }
    c = tcase_create("debug registers");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, write_watch_of_each_length_by_debug_registers);
    tcase_add_test(c, read_watch_fires_for_reads);
    tcase_add_test(c, odd_range_is_split_and_too_much_is_refused);
    tcase_add_test(c, hardware_breakpoint_stops_before_the_instruction);
    tcase_add_test(c, debug_registers_reach_threads_born_later);
    suite_add_tcase(s, c);
    return s;
}
