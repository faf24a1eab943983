/* test_live_steps.c - the quick way through the end of a step (stub/live/step.c): what may not be
 * taken for a step, and what may not get lost beside it. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"
#include "tests/live/driver.h"

#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

static struct drive d;

static void
put_at(const char *symbol)
{
    ck_assert(drive_set_register(&d, d.pid, "rip", drive_symbol(&d, symbol)));
}

static void
begin_at(const char *symbol)
{
    drive_launch(&d, "steps", NULL, NULL);
    put_at(symbol);
}

static void
step(void)
{
    drive_ask(&d, "vCont;s:%x", (unsigned)d.pid);
}

static uint64_t
pc(void)
{
    return drive_register(&d, d.pid, "rip");
}

START_TEST(step_over_instructions_of_any_length_is_a_step)
{
    static const uint8_t lengths[] = { 5, 1, 2 };

    begin_at("at_moves");
    for (size_t i = 0; i < sizeof(lengths); i++) {
        uint64_t before = pc();

        step();
        ck_assert_int_eq(d.event.reason, STUB_TRACE);
        ck_assert_uint_eq(pc(), before + lengths[i]);
    }
    ck_assert_uint_eq(drive_register(&d, d.pid, "rax"), 1);
    drive_close(&d);
}
END_TEST

/* More than are taken the quick way in a row; once by the server itself and once by the
 * processor. */
START_TEST(thousand_steps_are_a_thousand_instructions)
{
    static const struct {
        const char *place;
        unsigned laps;
    } loops[] = { { "at_lap", 500 }, { "at_loop", 1000 } };

    for (size_t k = 0; k < 2; k++) {
        begin_at(loops[k].place);
        ck_assert(drive_set_register(&d, d.pid, "rcx", 10000));
        for (unsigned i = 0; i < 1000; i++) {
            step();
            ck_assert_int_eq(d.event.reason, STUB_TRACE);
        }
        ck_assert_uint_eq(drive_register(&d, d.pid, "rcx"), 10000 - loops[k].laps);
        ck_assert_uint_eq(pc(), drive_symbol(&d, loops[k].place));
        drive_close(&d);
    }
}
END_TEST

START_TEST(range_of_a_thousand_steps_ends_behind_it)
{
    begin_at("at_lap");
    ck_assert(drive_set_register(&d, d.pid, "rcx", 1000));
    drive_ask(&d, "vCont;r%llx,%llx:%x", (unsigned long long)drive_symbol(&d, "at_lap"),
              (unsigned long long)drive_symbol(&d, "at_own"), (unsigned)d.pid);
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rcx"), 0);
    ck_assert_uint_eq(pc(), drive_symbol(&d, "at_own"));
    drive_close(&d);
}
END_TEST

/* What at_work leaves behind. */
struct outcome {
    uint64_t registers[18], sum, words[16];
};

static void
take_outcome(struct outcome *o)
{
    static const char *const names[] = { "rax", "rbx", "rcx", "rdx", "rsi", "rdi",
                                         "rbp", "rsp", "r8",  "r9",  "r10", "r11",
                                         "r12", "r13", "r14", "r15", "rip", "eflags" };
    size_t n;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        o->registers[i] = drive_register(&d, d.pid, names[i]);
    o->sum = drive_get(&d, "sum", 8);
    ck_assert(live_target.read_memory(drive_process(&d), drive_symbol(&d, "words"), o->words,
                                      sizeof(o->words), &n));
    ck_assert_uint_eq(n, sizeof(o->words));
}

/* Most of it is done without the processor, a part is not. Addresses are the same each time. */
START_TEST(range_leaves_behind_what_its_steps_do)
{
    struct outcome stepped, ranged;

    begin_at("at_work");
    uint64_t end = drive_symbol(&d, "at_worked");
    while (pc() != end)
        step();
    take_outcome(&stepped);
    drive_close(&d);
    ck_assert_uint_eq(stepped.words[0], 136);
    ck_assert_uint_ne(stepped.sum, 0);

    begin_at("at_work");
    drive_ask(&d, "vCont;r%llx,%llx:%x", (unsigned long long)pc(), (unsigned long long)end,
              (unsigned)d.pid);
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    take_outcome(&ranged);
    ck_assert_mem_eq(&ranged, &stepped, sizeof(stepped));
    drive_close(&d);
}
END_TEST

/* mov byte [rip+1], 7; mov eax, 0x11111111 - of which the first writes into the second. */
START_TEST(code_that_a_range_writes_is_the_code_it_does)
{
    static const uint8_t code[] = { 0xc6, 0x05, 0x01, 0x00, 0x00, 0x00, 0x07, 0xb8,
                                    0x11, 0x11, 0x11, 0x11, 0x90, 0x90, 0x90, 0x90,
                                    0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
                                    0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90 };
    uint64_t at;

    drive_launch(&d, "steps", NULL, NULL);
    ck_assert_int_eq(
        live_target.allocate(drive_process(&d), 4096, STUB_READ | STUB_WRITE | STUB_EXECUTE, &at),
        0);
    ck_assert_int_eq(live_target.write_memory(drive_process(&d), at, code, sizeof(code)), 0);
    ck_assert(drive_set_register(&d, d.pid, "rip", at));
    drive_ask(&d, "vCont;r%llx,%llx:%x", (unsigned long long)at, (unsigned long long)at + 13,
              (unsigned)d.pid);
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    ck_assert_uint_eq(pc(), at + 13);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rax"), 0x11111107);
    drive_close(&d);
}
END_TEST

/* Puts `movzx eax, byte [rip+9]` into memory of the program's, 16 bytes before a nop, and the PC
 * there. */
static uint64_t
put_load_of_code(void)
{
    static const uint8_t code[17] = { 0x0f, 0xb6, 0x05, 0x09, 0, 0, 0, [16] = 0x90 };
    uint64_t at;

    ck_assert_int_eq(
        live_target.allocate(drive_process(&d), 4096, STUB_READ | STUB_WRITE | STUB_EXECUTE, &at),
        0);
    ck_assert_int_eq(live_target.write_memory(drive_process(&d), at, code, sizeof(code)), 0);
    ck_assert(drive_set_register(&d, d.pid, "rip", at));
    return at;
}

/* What the processor would read: the breakpoint's instruction while there is one. */
START_TEST(code_that_a_step_reads_has_its_breakpoint)
{
    static const bool wished[] = { true, true, false, true, false };

    drive_launch(&d, "steps", NULL, NULL);
    uint64_t at = put_load_of_code();
    for (size_t i = 0; i < sizeof(wished) / sizeof(wished[0]); i++) {
        bool was = i > 0 && wished[i - 1];
        if (wished[i] && !was)
            drive_insert(&d, STUB_POINT_SOFTWARE, at + 16, 1);
        else if (!wished[i] && was)
            drive_remove(&d, STUB_POINT_SOFTWARE, at + 16, 1);
        ck_assert(drive_set_register(&d, d.pid, "rip", at));
        step();
        ck_assert_int_eq(d.event.reason, STUB_TRACE);
        ck_assert_uint_eq(pc(), at + 7);
        ck_assert_uint_eq(drive_register(&d, d.pid, "rax"), wished[i] ? 0xcc : 0x90);
    }
    drive_close(&d);
}
END_TEST

START_TEST(code_that_is_read_under_a_breakpoint_has_its_own)
{
    drive_launch(&d, "steps", NULL, NULL);
    uint64_t at = put_load_of_code(), nops = 0x9090909090909090;
    ck_assert_int_eq(live_target.write_memory(drive_process(&d), at + 7, &nops, sizeof(nops)), 0);
    drive_insert(&d, STUB_POINT_SOFTWARE, at, 1);
    drive_insert(&d, STUB_POINT_SOFTWARE, at + 14, 1);
    drive_insert(&d, STUB_POINT_SOFTWARE, at + 16, 1);
    drive_ask(&d, "vCont;c");
    ck_assert_uint_eq(pc(), at);
    drive_ask(&d, "vCont;c");
    ck_assert_uint_eq(pc(), at + 14);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rax"), 0xcc);
    drive_close(&d);
}
END_TEST

static void
send_range(const char *from, const char *to)
{
    drive_send(&d, "vCont;r%llx,%llx:%x", (unsigned long long)drive_symbol(&d, from),
               (unsigned long long)drive_symbol(&d, to), (unsigned)d.pid);
}

START_TEST(breakpoint_inside_a_range_ends_it_each_time)
{
    begin_at("at_lap");
    ck_assert(drive_set_register(&d, d.pid, "rcx", 1000));
    uint64_t lap = drive_symbol(&d, "at_lap");
    drive_insert(&d, STUB_POINT_SOFTWARE, lap, 1);
    for (unsigned i = 1; i <= 3; i++) {
        send_range("at_lap", "at_own");
        drive_wait(&d, PATIENCE_MS);
        ck_assert_int_eq(d.event.reason, STUB_TRACE);
        ck_assert_uint_eq(pc(), lap);
        ck_assert_uint_eq(drive_register(&d, d.pid, "rcx"), 1000 - i);
    }
    drive_close(&d);
}
END_TEST

START_TEST(signal_that_is_due_comes_before_a_range_does_anything)
{
    for (unsigned steps = 0; steps < 3; steps++) {
        begin_at("at_lap");
        ck_assert(drive_set_register(&d, d.pid, "rcx", 1000));
        for (unsigned i = 0; i < steps; i++)
            step();
        uint64_t rcx = drive_register(&d, d.pid, "rcx"), at = pc();
        kill(d.pid, SIGUSR1);
        send_range("at_lap", "at_own");
        drive_wait(&d, PATIENCE_MS);
        ck_assert_int_eq(d.event.signal, SIGUSR1);
        ck_assert_uint_eq(drive_register(&d, d.pid, "rcx"), rcx);
        ck_assert_uint_eq(pc(), at);
        drive_close(&d);
    }
}
END_TEST

/* Should the server die, the program must not do again what was done for it: nor a push. */
START_TEST(step_that_writes_is_in_the_threads_own_registers_when_it_is_told)
{
    struct user_regs_struct own;

    begin_at("at_work");
    for (unsigned i = 0; i < 5; i++)
        step();
    uint64_t sp = drive_register(&d, d.pid, "rsp");
    step(); /* pushq %rax */
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    ck_assert_int_eq(ptrace(PTRACE_GETREGS, d.pid, NULL, &own), 0);
    ck_assert_uint_eq(own.rip, pc());
    ck_assert_uint_eq(own.rsp, sp - 8);
    drive_close(&d);
}
END_TEST

START_TEST(range_is_in_the_threads_own_registers_when_it_is_told)
{
    struct user_regs_struct own;

    begin_at("at_lap");
    ck_assert(drive_set_register(&d, d.pid, "rcx", 10));
    send_range("at_lap", "at_own");
    drive_wait(&d, PATIENCE_MS);
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    ck_assert_int_eq(ptrace(PTRACE_GETREGS, d.pid, NULL, &own), 0);
    ck_assert_uint_eq(own.rip, drive_symbol(&d, "at_own"));
    ck_assert_uint_eq(own.rcx, 0);
    drive_close(&d);
}
END_TEST

START_TEST(signals_come_in_a_range_that_never_ends)
{
    begin_at("at_spin");
    kill(d.pid, SIGUSR1); /* is there when it begins */
    drive_send(&d, "vCont;r%llx,%llx:%x", (unsigned long long)pc(), (unsigned long long)pc() + 2,
               (unsigned)d.pid);
    drive_wait(&d, PATIENCE_MS);
    ck_assert_int_eq(d.event.signal, SIGUSR1);
    drive_send(&d, "vCont;r%llx,%llx:%x", (unsigned long long)pc(), (unsigned long long)pc() + 2,
               (unsigned)d.pid);
    ck_assert_str_eq(drive_wait(&d, 50), "");
    kill(d.pid, SIGUSR2); /* comes in its midst */
    drive_wait(&d, PATIENCE_MS);
    ck_assert_int_eq(d.event.signal, SIGUSR2);
    drive_send(&d, "vCont;r%llx,%llx:%x", (unsigned long long)pc(), (unsigned long long)pc() + 2,
               (unsigned)d.pid);
    ck_assert_str_eq(drive_wait(&d, 50), "");
    kill(d.pid, SIGKILL);
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "X09", 3), 0);
    drive_close(&d);
}
END_TEST

START_TEST(program_killed_before_a_range_is_told)
{
    begin_at("at_lap");
    kill(d.pid, SIGKILL);
    send_range("at_lap", "at_own");
    ck_assert_int_eq(strncmp(drive_wait(&d, PATIENCE_MS), "X09", 3), 0);
    drive_close(&d);
}
END_TEST

START_TEST(int3_of_the_programs_own_is_a_signal_also_when_stepped)
{
    begin_at("at_own");
    step();
    ck_assert_int_eq(d.event.reason, STUB_SIGNAL);
    ck_assert_int_eq(d.event.signal, SIGTRAP);
    ck_assert_uint_eq(pc(), drive_symbol(&d, "at_own") + 1);
    drive_close(&d);
}
END_TEST

START_TEST(step_that_leaves_the_pc_is_a_step)
{
    begin_at("at_spin");
    for (unsigned i = 0; i < 3; i++) {
        step();
        ck_assert_int_eq(d.event.reason, STUB_TRACE);
        ck_assert_uint_eq(pc(), drive_symbol(&d, "at_spin"));
    }
    drive_close(&d);
}
END_TEST

START_TEST(step_into_a_call_that_blocks_can_be_interrupted)
{
    unsigned waits = 0;

    begin_at("at_pause");
    ck_assert(drive_set_register(&d, d.pid, "rax", SYS_pause));
    drive_send(&d, "vCont;s:%x", (unsigned)d.pid);
    do /* until its caller looks at the client meanwhile */
        ck_assert_str_eq(drive_wait(&d, 100), "");
    while (live_is_stepping(d.live) && ++waits < PATIENCE_MS / 100);
    ck_assert(!live_is_stepping(d.live));
    stub_feed(&d.stub, (const uint8_t *)"\003", 1);
    drive_wait(&d, PATIENCE_MS);
    ck_assert_int_eq(d.event.kind, STUB_STOPPED); /* the call's end, or the interrupt before it */
    ck_assert(d.event.signal == SIGTRAP || d.event.signal == SIGINT);
    /* And the next one is quick again. */
    put_at("at_moves");
    step();
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    ck_assert_uint_eq(pc(), drive_symbol(&d, "at_moves") + 5);
    drive_close(&d);
}
END_TEST

START_TEST(signal_sent_while_it_stands_comes_before_the_step)
{
    begin_at("at_moves");
    for (unsigned i = 0; i < 3; i++) {
        step();
        put_at("at_moves");
        kill(d.pid, SIGUSR1);
        step();
        ck_assert_int_eq(d.event.reason, STUB_SIGNAL);
        ck_assert_int_eq(d.event.signal, SIGUSR1);
        ck_assert_uint_eq(pc(), drive_symbol(&d, "at_moves"));
        step(); /* it is swallowed */
        ck_assert_int_eq(d.event.reason, STUB_TRACE);
        ck_assert_uint_eq(pc(), drive_symbol(&d, "at_moves") + 5);
        put_at("at_moves");
    }
    drive_close(&d);
}
END_TEST

START_TEST(program_killed_while_it_stands_is_told_with_the_step)
{
    for (unsigned steps = 0; steps < 3; steps++) {
        begin_at("at_lap");
        for (unsigned i = 0; i < steps; i++)
            step();
        kill(d.pid, SIGKILL);
        drive_ask(&d, "vCont;s:%x", (unsigned)d.pid);
        ck_assert_int_eq(strncmp(d.reply, "X09", 3), 0);
        drive_close(&d);
    }
}
END_TEST

/* Its SIGCHLD may come as one with that of a step. It is told then, or when it is resumed. */
START_TEST(other_program_killed_is_seen_among_steps)
{
    pid_t other = drive_spawn(&d, "signals", "wait");
    unsigned i = 0;

    begin_at("at_lap");
    ck_assert_int_eq(live_attach(d.live, other), 0);
    struct stub_event arrival = { .kind = STUB_STOPPED, .id = { other, other } };
    live_target.done(d.live, &arrival);
    ck_assert(drive_set_register(&d, d.pid, "rcx", 100000));
    kill(other, SIGKILL);
    do
        step();
    while (live_process_with(d.live, other) != NULL && ++i < 100000);
    ck_assert_ptr_null(live_process_with(d.live, other));
    if (d.event.kind == STUB_STOPPED)
        drive_ask(&d, "vCont;c:p%x.-1", (unsigned)other);
    ck_assert_int_eq(d.event.kind, STUB_SIGNALLED);
    ck_assert_int_eq(d.event.id.pid, other);
    drive_close(&d);
}
END_TEST

static const char *
name_of(pid_t tid)
{
    static struct stub_thread_info info;

    memset(&info, 0, sizeof(info));
    info.core = STUB_ANY_CORE;
    ck_assert_int_eq(live_target.thread_info(d.live, (struct rsp_id){ 0, tid }, &info), 0);
    return info.name;
}

START_TEST(name_that_a_step_changes_is_read_again)
{
    enum { SET_NAME = 15 };

    begin_at("at_moves");
    ck_assert_str_eq(name_of(d.pid), "steps");
    step();
    ck_assert_str_eq(name_of(d.pid), "steps");
    put_at("at_name");
    ck_assert(drive_set_register(&d, d.pid, "rax", SYS_prctl));
    ck_assert(drive_set_register(&d, d.pid, "rdi", SET_NAME));
    ck_assert(drive_set_register(&d, d.pid, "rsi", drive_symbol(&d, "new_name")));
    step();
    ck_assert_int_eq(d.event.reason, STUB_TRACE);
    ck_assert_uint_eq(pc(), drive_symbol(&d, "at_name") + 2);
    ck_assert_uint_eq(drive_register(&d, d.pid, "rax"), 0);
    ck_assert_str_eq(name_of(d.pid), "renamed");
    drive_close(&d);
}
END_TEST

START_TEST(program_let_go_after_a_step_runs)
{
    pid_t pid = drive_spawn(&d, "steps", NULL);

    drive_attach(&d, pid);
    put_at("at_moves");
    step();
    put_at("at_spin");
    step();
    ck_assert_str_eq(drive_ask(&d, "D"), "OK");
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    ck_assert(drive_becomes(pid, "R"));
    kill(pid, SIGKILL);
    drive_close(&d);
    waitpid(pid, NULL, 0);
}
END_TEST

Suite *live_steps_suite(void);

Suite *
live_steps_suite(void)
{
    Suite *s = suite_create("live_steps");
    TCase *c = tcase_create("steps");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, step_over_instructions_of_any_length_is_a_step);
    tcase_add_test(c, thousand_steps_are_a_thousand_instructions);
    tcase_add_test(c, range_of_a_thousand_steps_ends_behind_it);
    tcase_add_test(c, range_leaves_behind_what_its_steps_do);
    tcase_add_test(c, code_that_a_range_writes_is_the_code_it_does);
    tcase_add_test(c, code_that_a_step_reads_has_its_breakpoint);
    tcase_add_test(c, code_that_is_read_under_a_breakpoint_has_its_own);
    tcase_add_test(c, breakpoint_inside_a_range_ends_it_each_time);
    tcase_add_test(c, signal_that_is_due_comes_before_a_range_does_anything);
    tcase_add_test(c, step_that_writes_is_in_the_threads_own_registers_when_it_is_told);
    tcase_add_test(c, range_is_in_the_threads_own_registers_when_it_is_told);
    tcase_add_test(c, signals_come_in_a_range_that_never_ends);
    tcase_add_test(c, program_killed_before_a_range_is_told);
    tcase_add_test(c, int3_of_the_programs_own_is_a_signal_also_when_stepped);
    tcase_add_test(c, step_that_leaves_the_pc_is_a_step);
    tcase_add_test(c, step_into_a_call_that_blocks_can_be_interrupted);
    tcase_add_test(c, signal_sent_while_it_stands_comes_before_the_step);
    tcase_add_test(c, program_killed_while_it_stands_is_told_with_the_step);
    tcase_add_test(c, other_program_killed_is_seen_among_steps);
    tcase_add_test(c, name_that_a_step_changes_is_read_again);
    tcase_add_test(c, program_let_go_after_a_step_runs);
    suite_add_tcase(s, c);
    return s;
}
