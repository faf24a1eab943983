/* test_emulate.c - arch/x86_64_step.c against the processor: random instructions of the known
 * forms, with random registers and memory, are done by both, and every register, flag and byte
 * must agree. EMULATE_CASES sets how many (a million takes a minute). */
#define _GNU_SOURCE 1
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "arch/arch.h"
#include "tests/live/instructions.h"
#include "tests/suites_hosted.h"

enum { CODE = 0x10000, DATA = 0x8000, SIZE = 0x20000, CASES = 40000 };

static const uint64_t base = UINT64_C(0x10000000); /* where both have the shared memory */
static uint8_t *shared;
static uint8_t before[SIZE];

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

    switch (instructions_any() % 4) {
    case 0:
        return edges[instructions_any() % 12];
    case 1:
        return instructions_any() << 32 ^ instructions_any();
    default:
        return base + DATA + instructions_any() % 0x4000;
    }
}

static void
any_state(struct arch_x86_64_state *s)
{
    for (unsigned i = 0; i < 16; i++)
        s->registers[i] = any_value();
    s->registers[4] = base + DATA + instructions_any() % 0x1000 * 8;
    s->pc = base + CODE;
    s->flags = FIXED | (instructions_any() & ARITHMETIC);
}

/* An opcode with a prefix or two, then bytes that make small displacements likely. */
static void
any_code(uint8_t *code)
{
    static const uint8_t two[] = { 0x1f, 0x40, 0x80, 0x90, 0xb6, 0xb7, 0xbe, 0xbf };
    size_t n = 0;

    if (instructions_any() % 5 == 0)
        code[n++] = 0x66;
    if (instructions_any() % 2 == 0)
        code[n++] = 0x40 | (instructions_any() & 15);
    if (instructions_any() % 6 == 0) {
        code[n++] = 0x0f;
        code[n] = two[instructions_any() % sizeof(two)];
        if ((code[n] & 0xf) == 0)
            code[n] |= instructions_any() & 15;
        n++;
    } else {
        code[n++] = (uint8_t)instructions_any();
    }
    while (n < CODE_MAX) {
        code[n++] = (uint8_t)instructions_any();
        if (instructions_any() % 2 == 0 && n + 3 < CODE_MAX) {
            uint32_t small = (uint32_t)(instructions_any() % 0x2000) - 0x1000;
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
    ck_assert_int_eq(ptrace(PTRACE_GETREGS, pid, NULL, after), 0);
    to_user(s, after);
    return instructions_step(pid, after) == SIGTRAP;
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
    instructions_describe(code, text);
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

START_TEST(random_instructions_do_what_the_processor_does)
{
    const char *wish = getenv("EMULATE_CASES");
    long cases = wish != NULL ? strtol(wish, NULL, 10) : CASES, known = 0;
    pid_t pid = instructions_start(base, SIZE, &shared);

    memcpy(before, shared, SIZE);
    while (known < cases)
        known += agrees(pid);
    instructions_end(pid);
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
        size_t n = instructions_parse(codes[i], code);

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
