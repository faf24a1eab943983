/* test_emulate.c - arch/x86_64_step.c against the processor: random instructions of the known
 * forms, with random registers and memory, are done by both, and every register, flag and byte
 * must agree. EMULATE_CASES sets how many (a million takes a minute). */
#define _GNU_SOURCE 1
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/arch.h"
#include "tests/suites_hosted.h"

enum { CODE = 0x10000, DATA = 0x8000, SIZE = 0x20000, CODE_MAX = 15, CASES = 40000 };
enum { ARITHMETIC = 0x8d5, FIXED = 0x202 };

static const uint64_t base = UINT64_C(0x10000000); /* where both have the shared memory */
static uint8_t *shared;
static uint8_t before[SIZE];
static uint64_t seed = 88172645463325252u;

static uint64_t
any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(0x9e3779b97f4a7c15) >> 8;
}

/* ---- the emulator's side works on `before`, a copy ---- */

static bool
is_there(uint64_t address, size_t size)
{
    return address >= base && address - base <= SIZE - size;
}

static bool
read_copy(void *context, uint64_t address, void *bytes, size_t size, bool stack)
{
    (void)context;
    (void)stack;
    if (is_there(address, size))
        memcpy(bytes, before + (address - base), size);
    return is_there(address, size);
}

static bool
write_copy(void *context, uint64_t address, const void *bytes, size_t size, bool stack)
{
    (void)context;
    (void)stack;
    if (is_there(address, size))
        memcpy(before + (address - base), bytes, size);
    return is_there(address, size);
}

/* ---- one case ---- */

static uint64_t
any_value(void)
{
    static const uint64_t edges[] = { 0,          1,          0x7f,      0x80,
                                      0xff,       0x7fff,     0x8000,    0x7fffffff,
                                      0x80000000, 0xffffffff, INT64_MAX, UINT64_MAX };

    switch (any() % 4) {
    case 0:
        return edges[any() % 12];
    case 1:
        return any() << 32 ^ any();
    default:
        return base + DATA + any() % 0x4000;
    }
}

static void
any_state(struct arch_x86_64_state *s)
{
    for (unsigned i = 0; i < 16; i++)
        s->registers[i] = any_value();
    s->registers[4] = base + DATA + any() % 0x1000 * 8;
    s->pc = base + CODE;
    s->flags = FIXED | (any() & ARITHMETIC);
}

/* An opcode with a prefix or two, then bytes that make small displacements likely. */
static void
any_code(uint8_t *code)
{
    static const uint8_t two[] = { 0x1f, 0x40, 0x80, 0x90, 0xb6, 0xb7, 0xbe, 0xbf };
    size_t n = 0;

    if (any() % 5 == 0)
        code[n++] = 0x66;
    if (any() % 2 == 0)
        code[n++] = 0x40 | (any() & 15);
    if (any() % 6 == 0) {
        code[n++] = 0x0f;
        code[n] = two[any() % sizeof(two)];
        if ((code[n] & 0xf) == 0)
            code[n] |= any() & 15;
        n++;
    } else {
        code[n++] = (uint8_t)any();
    }
    while (n < CODE_MAX) {
        code[n++] = (uint8_t)any();
        if (any() % 2 == 0 && n + 3 < CODE_MAX) {
            uint32_t small = (uint32_t)(any() % 0x2000) - 0x1000;
            memcpy(code + n, &small, 4);
            n += 4;
        }
    }
}

static void
to_user(const struct arch_x86_64_state *s, struct user_regs_struct *u)
{
    const uint64_t *r = s->registers;

    u->rax = r[0], u->rcx = r[1], u->rdx = r[2], u->rbx = r[3];
    u->rsp = r[4], u->rbp = r[5], u->rsi = r[6], u->rdi = r[7];
    u->r8 = r[8], u->r9 = r[9], u->r10 = r[10], u->r11 = r[11];
    u->r12 = r[12], u->r13 = r[13], u->r14 = r[14], u->r15 = r[15];
    u->rip = s->pc;
    u->eflags = s->flags;
    u->orig_rax = UINT64_MAX;
}

/* The processor's step from s with the code that stands in shared memory. */
static bool
step(pid_t pid, const struct arch_x86_64_state *s, struct user_regs_struct *after)
{
    int status;

    ck_assert_int_eq(ptrace(PTRACE_GETREGS, pid, NULL, after), 0);
    to_user(s, after);
    ck_assert_int_eq(ptrace(PTRACE_SETREGS, pid, NULL, after), 0);
    ck_assert_int_eq(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSTOPPED(status));
    ck_assert_int_eq(ptrace(PTRACE_GETREGS, pid, NULL, after), 0);
    return WSTOPSIG(status) == SIGTRAP;
}

static void
describe(const uint8_t *code, char *text)
{
    for (unsigned i = 0; i < CODE_MAX; i++)
        text += sprintf(text, "%02x ", code[i]);
}

/* True when the instruction was known. */
static bool
agrees(pid_t pid)
{
    struct arch_x86_64_state s, old;
    const struct arch_access access = { read_copy, write_copy, NULL };
    struct user_regs_struct is, due;
    uint8_t code[CODE_MAX];
    char text[64];

    any_code(code);
    any_state(&s);
    memcpy(shared + CODE, code, CODE_MAX);
    memcpy(before + CODE, code, CODE_MAX);
    old = s;
    if (!arch_x86_64_emulate(&s, code, CODE_MAX, &access)) {
        ck_assert_int_eq(memcmp(&s, &old, sizeof(s)), 0);
        return false;
    }
    describe(code, text);
    ck_assert_msg(step(pid, &old, &is), "%s faults", text);
    due = is;
    to_user(&s, &due);
    due.orig_rax = is.orig_rax;
    ck_assert_msg(is.eflags == due.eflags, "%s: flags %llx, not %llx", text,
                  (unsigned long long)due.eflags, (unsigned long long)is.eflags);
    ck_assert_msg(memcmp(&is, &due, sizeof(is)) == 0, "%s: registers differ", text);
    ck_assert_msg(memcmp(shared, before, SIZE) == 0, "%s: memory differs", text);
    return true;
}

/* ---- the processor ---- */

static pid_t
start(void)
{
    pid_t pid;
    int status;

    shared = mmap((void *)(uintptr_t)base, SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    ck_assert_ptr_eq(shared, (void *)(uintptr_t)base);
    pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        _exit(1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL);
    for (unsigned i = 0; i < SIZE; i++)
        shared[i] = (uint8_t)any();
    memcpy(before, shared, SIZE);
    return pid;
}

START_TEST(random_instructions_do_what_the_processor_does)
{
    const char *wish = getenv("EMULATE_CASES");
    long cases = wish != NULL ? strtol(wish, NULL, 10) : CASES, known = 0;
    pid_t pid = start();

    while (known < cases)
        known += agrees(pid);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
END_TEST

/* ---- what is left alone ---- */

static bool
refuse(void *context, uint64_t address, void *bytes, size_t size, bool stack)
{
    (void)context;
    (void)address;
    (void)bytes;
    (void)size;
    (void)stack;
    return false;
}

static bool
refuse_write(void *context, uint64_t address, const void *bytes, size_t size, bool stack)
{
    return refuse(context, address, (void *)(uintptr_t)bytes, size, stack);
}

START_TEST(what_is_cut_unknown_or_would_fault_changes_nothing)
{
    static const char *const codes[] = {
        "",         "48",       "66",    "0f",       "e8 00 00", "48 8b",
        "48 8b 04", "81 c0 00", /* cut */
        "0f 05",    "cc",       "f4",    "f0 ff 00", "64 8b 00", "48 cf",
        "8e c0", /* not ours */
        "50",       "58",       "8b 00", "89 00",    "ff 00",    "e8 00 00 00 00",
        "c3", /* no memory */
    };
    const struct arch_access access = { refuse, refuse_write, NULL };

    for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct arch_x86_64_state s = { .pc = 0x1000, .flags = FIXED }, old = s;
        uint8_t code[CODE_MAX];
        size_t n = 0;

        for (const char *c = codes[i]; *c != '\0'; c += c[2] == ' ' ? 3 : 2)
            code[n++] = (uint8_t)strtoul((char[]){ c[0], c[1], 0 }, NULL, 16);
        ck_assert_msg(!arch_x86_64_emulate(&s, code, n, &access), "%s is done", codes[i]);
        ck_assert_int_eq(memcmp(&s, &old, sizeof(s)), 0);
    }
}
END_TEST

Suite *
emulate_suite(void)
{
    Suite *suite = suite_create("emulate");
    TCase *tc = tcase_create("emulate");

    tcase_add_test(tc, random_instructions_do_what_the_processor_does);
    tcase_add_test(tc, what_is_cut_unknown_or_would_fault_changes_nothing);
    tcase_set_timeout(tc, 600);
    suite_add_tcase(suite, tc);
    return suite;
}
