/* test_move.c - arch/x86_64_move.c against the processor: random instructions are done where they
 * stand, and once more by their copy elsewhere; registers, flags, memory and faults must agree.
 * MOVE_CASES sets how many. */
#define _GNU_SOURCE 1
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "arch/arch.h"
#include "tests/live/instructions.h"
#include "tests/suites_hosted.h"

enum { CODE = 0x10000, PAD = 0x18000, DATA = 0x8000, SIZE = 0x20000, CASES = 20000 };

static const uint64_t base = UINT64_C(0x20000000);
static uint8_t *shared;
static uint8_t before[SIZE], done[SIZE];

/* Mostly the forms that compilers make; displacements are small, so that what counts from the
 * next instruction is there. */
static void
any_code(uint8_t *code)
{
    static const uint8_t prefixes[] = { 0x66, 0xf2, 0xf3, 0xf0, 0x64 };
    size_t n = 0;

    for (size_t i = 0; i < CODE_MAX; i++)
        code[i] = (uint8_t)instructions_any();
    if (instructions_any() % 3 == 0)
        code[n++] = prefixes[instructions_any() % 5];
    if (instructions_any() % 2 == 0)
        code[n++] = (uint8_t)(0x40 | (instructions_any() & 15));
    switch (instructions_any() % 6) {
    case 0:
    case 1:
        code[n++] = 0x0f;
        break;
    case 2:
        code[n++] = 0xc5;
        n++;
        break;
    case 3:
        code[n++] = 0xc4;
        code[n++] = (uint8_t)((instructions_any() & 0xe0) | (1 + instructions_any() % 3));
        n++;
        break;
    default:
        break;
    }
    n++; /* the opcode */
    if (n + 6 <= CODE_MAX && code[n] >> 6 == 2) {
        uint32_t near = (uint32_t)(instructions_any() % 0x1000);
        memcpy(code + n + ((code[n] & 7) == 4 ? 2 : 1), &near, 4);
    }
    if (instructions_any() % 3 == 0 && n + 5 <= CODE_MAX) {
        uint32_t small = (uint32_t)(instructions_any() % 0x2000) - 0x9000;
        code[n] = (uint8_t)((code[n] & 0x38) | 5); /* counts from the next instruction */
        memcpy(code + n + 1, &small, 4);
    }
}

static void
any_registers(struct user_regs_struct *u)
{
    uint64_t at = base + DATA;
    unsigned long long *all[] = { &u->rax, &u->rcx, &u->rdx, &u->rbx, &u->rbp,
                                  &u->rsi, &u->rdi, &u->r8,  &u->r9,  &u->r10,
                                  &u->r11, &u->r12, &u->r13, &u->r14, &u->r15 };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        *all[i] = instructions_any() % 3 == 0 ? instructions_any() << 20 ^ instructions_any()
                                              : at + instructions_any() % 0x2000;
    u->rcx = instructions_any() % 4 == 0 ? instructions_any() % 8 : u->rcx;
    u->rsp = at + 0x2000 + instructions_any() % 0x800 * 8;
    u->eflags = FIXED | (instructions_any() & ARITHMETIC);
    u->orig_rax = UINT64_MAX;
    u->fs_base = 0x40;
}

static unsigned long long *
scratch_of(struct user_regs_struct *u, int number)
{
    return number == 6 ? &u->rsi : number == 7 ? &u->rdi : &u->rbx;
}

/* One step from u with memory as in `before`; what comes of it is in u and `done`. The signal. */
static int
step(pid_t pid, struct user_regs_struct *u)
{
    int signal;

    memcpy(shared, before, SIZE);
    signal = instructions_step(pid, u);
    memcpy(done, shared, SIZE);
    return signal;
}

/* Registers as they would be had the copy run where the instruction stands. */
static void
map_back(const struct arch_x86_64_moved *m, struct user_regs_struct *u, unsigned long long kept)
{
    uint64_t pad = base + PAD, from = base + CODE;

    if (m->scratch >= 0)
        *scratch_of(u, m->scratch) = kept;
    if (u->rip == pad)
        u->rip = from;
    else if (u->rip == pad + m->code_size)
        u->rip = from + m->length;
    if (m->call && u->rip != from) {
        uint64_t behind = from + m->length;
        memcpy(done + (u->rsp - base), &behind, 8);
    }
}

/* True when the instruction could be moved and did something. */
static bool
agrees(pid_t pid, const struct user_regs_struct *proto)
{
    static uint8_t here[SIZE];
    struct arch_x86_64_moved m;
    struct user_regs_struct start = *proto, one, two;
    uint8_t code[CODE_MAX];
    unsigned long long kept = 0;
    char text[64];
    int signal, other;

    any_code(code);
    bool near = instructions_any() % 2 == 0;
    if (near ? !arch_x86_64_move_to(code, CODE_MAX, base + CODE, base + PAD, &m)
             : !arch_x86_64_move(code, CODE_MAX, &m))
        return false;
    ck_assert(!near || m.scratch < 0);
    any_registers(&start);
    memcpy(before + CODE, code, CODE_MAX);
    memset(before + PAD, 0x90, CODE_MAX);
    memcpy(before + PAD, m.code, m.code_size);
    one = two = start;
    one.rip = base + CODE;
    signal = step(pid, &one);
    memcpy(here, done, SIZE);
    two.rip = base + PAD;
    if (m.scratch >= 0) {
        kept = *scratch_of(&two, m.scratch);
        *scratch_of(&two, m.scratch) = base + CODE + m.length + (uint64_t)(int64_t)m.distance;
    }
    other = step(pid, &two);
    map_back(&m, &two, kept);
    /* A call that faults at where it goes has left its return address below the stack pointer. */
    if (m.call && signal != SIGTRAP && one.rsp - base - 8 < SIZE)
        memcpy(done + (one.rsp - base - 8), here + (one.rsp - base - 8), 8);
    instructions_describe(code, text);
    ck_assert_msg(signal == other, "%s: signal %d, not %d", text, other, signal);
    ck_assert_msg(one.rip == two.rip, "%s: length %zu, at %llx, not %llx", text, m.length, two.rip,
                  one.rip);
    ck_assert_msg(memcmp(&one, &two, sizeof(one)) == 0, "%s: registers differ", text);
    ck_assert_msg(memcmp(here, done, SIZE) == 0, "%s: memory differs", text);
    return signal == SIGTRAP;
}

START_TEST(copies_do_elsewhere_what_instructions_do_where_they_stand)
{
    const char *wish = getenv("MOVE_CASES");
    long cases = wish != NULL ? strtol(wish, NULL, 10) : CASES, moved = 0;
    struct user_regs_struct proto;
    pid_t pid;

    /* AddressSanitizer has mapped much of what random addresses lead to: what an instruction does
     * there stays, and its copy finds it. */
    if (msync((void *)(uintptr_t)0x7fff8000, 4096, MS_ASYNC) == 0) {
        printf("skip random moved instructions (AddressSanitizer has mapped where they go)\n");
        fflush(stdout);
        return;
    }
    pid = instructions_start(base, SIZE, &shared);
    memcpy(before, shared, SIZE);
    ck_assert_int_eq(ptrace(PTRACE_GETREGS, pid, NULL, &proto), 0);
    while (moved < cases)
        moved += agrees(pid, &proto);
    instructions_end(pid);
}
END_TEST

START_TEST(what_depends_on_its_place_or_enters_the_kernel_is_refused)
{
    static const char *const codes[] = {
        "",
        "48",
        "eb 00",
        "e8 00 00 00 00",
        "e9 00 00 00 00",
        "74 00",
        "0f 05",
        "cd 80",
        "0f 84 00 00 00",
        "e3 00",
        "c7 f8 00 00 00 00",
        "9c",
        "9d",
        "d9 ee",
        "cc",
        "f4",
        "67 8b 00",
        "ff 2d 00 00 00 00",
        "0f 34",
        "cf",
        "48 8b 05 00 00",
        "66 c3",
        "66 46 ff 15 ee 72 ff ff",
        "66 ff 25 00 00 00 00",
    };

    for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct arch_x86_64_moved m;
        uint8_t code[CODE_MAX];
        size_t n = instructions_parse(codes[i], code);

        ck_assert_msg(!arch_x86_64_move(code, n, &m), "%s is moved", codes[i]);
    }
}
END_TEST

Suite *
move_suite(void)
{
    Suite *suite = suite_create("move");
    TCase *tc = tcase_create("move");

    tcase_add_test(tc, copies_do_elsewhere_what_instructions_do_where_they_stand);
    tcase_add_test(tc, what_depends_on_its_place_or_enters_the_kernel_is_refused);
    tcase_set_timeout(tc, 600);
    suite_add_tcase(suite, tc);
    return suite;
}
