/* test_paths.c - code without tables that keeps to no ABI, as what compilers of scripts leave:
 * return addresses that move, arguments that the called code throws away, data behind code; and
 * what code says of a frame pointer that is not known. */
#include <stdio.h>

#include "tests/suites.h"
#include "tests/unwind/world.h"

#define COUNT(rows) (int)(sizeof(rows) / sizeof(rows[0]))

static struct world w;

#define CALLER (CODE + 0x105) /* what a call at CODE + 0x100 comes back to */
#define BACK   (STACK + 0x80) /* where the return address lies at the entry */

static const struct unwind_frame *
leave_at(unsigned at, uint64_t sp)
{
    world_begin(&w, CODE + at, sp);
    unwind_next(&w.unwind);
    return unwind_next(&w.unwind);
}

static void
begin(const char *code)
{
    world_init(&w);
    world_code(&w, code);
    memcpy(world_add(&w, CODE + 0x100, 16), "\xe8\0\0\0\0\x90", 6);
    world_add(&w, STACK, 0x100);
    world_put(&w, BACK, CALLER);
}

/* sub 8, rsp; push 8(rsp); mov rbx, 16(rsp); jmp *rax: room for an argument above the return
 * address, whose old place is written last. */
#define MAKES_ROOM "4883ec08 ff742408 48895c2410 ffe0"
static const struct {
    unsigned at, words; /* on the stack */
    bool moved, written;
} moving[] = {
    { 0, 0, false, false }, { 4, 1, false, false }, { 8, 2, true, false }, { 13, 2, true, true }
};

START_TEST(return_address_may_move)
{
    const struct unwind_frame *f;
    uint64_t sp = BACK - 8 * moving[_i].words;

    begin(MAKES_ROOM);
    if (moving[_i].moved)
        world_put(&w, sp, CALLER);
    if (moving[_i].written)
        world_put(&w, BACK, 0xbb);
    f = leave_at(moving[_i].at, sp);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CALLER);
    ck_assert_uint_eq(f->registers.value[RSP], (moving[_i].moved ? sp : BACK) + 8);
    ck_assert_uint_eq(f->source, UNWIND_INSTRUCTIONS);
    ck_assert_uint_eq(f->trust, UNWIND_FAIR);
}
END_TEST

/* push rbp; mov rsp, rbp; sub 16, rsp; leave; pop rcx; lea (rsp,rbx), rsp; push rcx; ret: what
 * rbx says is thrown away above the return address. */
#define THROWS_AWAY "55 4889e5 4883ec10 c9 59 488d241c 51 c3"
static const struct {
    unsigned at, words;
} throwing[] = { { 0, 0 }, { 1, 1 }, { 4, 1 }, { 8, 3 }, { 9, 0 } };

START_TEST(return_address_may_be_taken_to_throw_arguments_away)
{
    const struct unwind_frame *f;

    begin(THROWS_AWAY);
    world_put(&w, BACK - 8, 0xb9);
    w.registers.value[RBP] = throwing[_i].words > 0 && _i > 1 ? BACK - 8 : 0xb9;
    w.registers.valid = 1u << RBP | 1u << RBX;
    f = leave_at(throwing[_i].at, BACK - 8 * throwing[_i].words);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CALLER);
    ck_assert_uint_eq(f->registers.value[RSP], BACK + 8);
    ck_assert_uint_eq(f->registers.value[RBP], 0xb9);
    ck_assert_uint_eq(f->trust, UNWIND_CHECKED);
}
END_TEST

/* je 7; sub rax, rsp; jmp 9; jmp 9; ret: who comes to the return first has no stack pointer. */
START_TEST(way_that_lost_the_stack_pointer_hides_no_other)
{
    const struct unwind_frame *f;

    begin("7405 4829c4 eb02 eb00 c3");
    w.registers.value[RBP] = 0;
    f = leave_at(0, BACK);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CALLER);
    ck_assert_uint_eq(f->source, UNWIND_INSTRUCTIONS);
}
END_TEST

/* A path through data comes to bytes that are no return, or to one that finds what an older frame
 * left below the stack pointer. */
static const char *const data[] = { "c20500", "50 c3", "4883ec08 c3" };

START_TEST(data_behind_code_is_no_way_back)
{
    bool first = _i == 0;

    begin(data[_i]);
    world_put(&w, BACK - 8, CALLER);
    if (!first)
        world_put(&w, BACK, 0);
    world_begin(&w, CODE, BACK);
    unwind_next(&w.unwind);
    if (first) {
        const struct unwind_frame *f = unwind_next(&w.unwind);

        ck_assert_ptr_ne(f, NULL);
        ck_assert_uint_eq(f->source, UNWIND_LEAF); /* not the code's word */
    } else {
        ck_assert_ptr_eq(unwind_next(&w.unwind), NULL);
        ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_NO_INFORMATION);
    }
}
END_TEST

/* ---- AArch64 ---- */

static void
arm_begin(const char *code)
{
    begin(code);
    memcpy(w.part[1].bytes, "\0\0\0\x94", 4); /* bl */
    w.config.machine = &unwind_aarch64;
    w.config.pac_mask = 0x007f000000000000;
    world_reset(&w);
}

/* An instruction before "ldp x29, x30, [sp], #16; ret": does the stack pointer outlive it? */
static const struct {
    const char *insn;
    bool outlives;
} before_return[] = {
    { "1f2003d5", true },  /* nop */
    { "1f0040f2", true },  /* tst x0, #1: its 31 is no stack pointer */
    { "1f4021eb", true },  /* cmp x0, w1, uxtw: nor is this one */
    { "1d68e13c", true },  /* ldr q29, [x0, x1]: no frame pointer */
    { "020000d4", true },  /* hvc #0 */
    { "60003fd6", true },  /* blr x3 */
    { "600a3fd7", true },  /* blraa x19, x0 */
    { "ff43218b", false }, /* add sp, sp, w1, uxtw */
    { "1fec7c92", false }, /* and sp, x0, #~15 */
    { "200020d4", false }, /* brk #1 */
    { "e0039fd6", false }, /* eret */
    { "fd7b9fd6", false }, /* none */
};

START_TEST(arm_instruction_keeps_or_loses_the_stack_pointer)
{
    const struct unwind_frame *f;
    char code[64];

    snprintf(code, sizeof(code), "%s fd7bc1a8 c0035fd6", before_return[_i].insn);
    arm_begin(code);
    world_put(&w, STACK + 0x40, 0xf9);
    world_put(&w, STACK + 0x48, CODE + 0x104);
    f = leave_at(0, STACK + 0x40);
    if (!before_return[_i].outlives) {
        ck_assert_ptr_eq(f, NULL);
        ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_NO_INFORMATION);
        return;
    }
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CODE + 0x104);
    ck_assert_uint_eq(f->source, UNWIND_INSTRUCTIONS);
    ck_assert_uint_eq(f->trust, UNWIND_CHECKED);
    ck_assert_uint_eq(f->registers.value[UNWIND_AARCH64_FP], 0xf9);
    ck_assert_uint_eq(f->registers.value[UNWIND_AARCH64_SP], STACK + 0x50);
}
END_TEST

/* autiasp; ret */
START_TEST(arm_signed_return_address_may_still_be_in_its_register)
{
    const struct unwind_frame *f;

    arm_begin("bf2303d5 c0035fd6");
    w.registers.value[UNWIND_AARCH64_LR] = 0x0035000000000000 | (CODE + 0x104);
    w.registers.valid = (uint64_t)1 << UNWIND_AARCH64_LR;
    f = leave_at(0, STACK + 0x40);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CODE + 0x104);
    ck_assert_uint_eq(f->source, UNWIND_INSTRUCTIONS);
}
END_TEST

/* ---- a frame pointer that nobody knows ---- */

/* Functions that set up a frame and call: bytes of the code, up to behind the call; words between
 * the stack pointer there and the frame pointer, 0: nobody can know. */
#define FRAME "55 4889e5 "
static const struct {
    const char *code;
    unsigned words;
} sleeper[] = {
    { FRAME "4883ec20 e800000000", 4 },
    { FRAME "53 4883ec18 e800000000", 4 },         /* a saved register below */
    { FRAME "4883ec10 50 50 e800000000", 4 },      /* with arguments */
    { FRAME "4883ec20 7402 c9 c3 e800000000", 4 }, /* it may have returned before */
    { FRAME "4883ec20 7407 4883c410 c9 90 c3 e800000000", 4 },
    { FRAME "4883ec20 eb03 c9 c3 90 e800000000", 4 },   /* or been jumped over */
    { FRAME "4883ec20 e800000000 0f0b e800000000", 4 }, /* what comes before never returns */
    { FRAME "4883ec20 4829c4 e800000000", 0 },          /* alloca */
    { FRAME "4883e4f0 4883ec20 e800000000", 0 },        /* aligned */
    { FRAME "4883ec20 48b8e800000000", 0 },             /* the PC is inside an instruction */
    { FRAME "4883ec20 9090 e800000000", 0 },            /* see below */
};

START_TEST(frame_pointer_is_inferred_where_it_can_be)
{
    unsigned words = sleeper[_i].words != 0 ? sleeper[_i].words : 4;
    uint64_t fp = STACK + 0x80;
    struct table t = { 0 };
    const struct unwind_frame *f;
    uint8_t code[64];

    begin(sleeper[_i].code);
    table_cie(&t, "zR", 16, "0c 07 08 90 01");
    table_fde(&t, CODE, 0x40, "41 0e 10 86 02 43 0d 06");
    table_use(&w, &t, true);
    world_put(&w, fp, 0xb9);
    world_put(&w, fp + 8, _i == COUNT(sleeper) - 1 ? CALLER + 1 : CALLER); /* behind no call */
    world_begin(&w, CODE + from_hex(sleeper[_i].code, code), fp - 8 * words);
    f = unwind_next(&w.unwind);
    ck_assert_ptr_ne(f, NULL);
    f = unwind_next(&w.unwind);
    if (sleeper[_i].words == 0) {
        ck_assert_ptr_eq(f, NULL);
        ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_NO_INFORMATION);
        return;
    }
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CALLER);
    ck_assert_uint_eq(f->registers.value[RSP], fp + 16);
    ck_assert_uint_eq(f->registers.value[RBP], 0xb9);
    ck_assert_uint_eq(f->trust, UNWIND_CHECKED);
}
END_TEST

/* The same rule, remembered, of a walk that knows the frame pointer and of one that does not. */
START_TEST(frame_pointer_is_inferred_for_a_rule_too)
{
    uint64_t fp = STACK + 0x80;
    struct table t = { 0 };
    const struct unwind_frame *f;

    begin(sleeper[0].code);
    table_cie(&t, "zR", 16, "0c 07 08 90 01");
    table_fde(&t, CODE, 0x40, "41 0e 10 86 02 43 0d 06");
    table_use(&w, &t, true);
    world_put(&w, fp, 0xb9);
    world_put(&w, fp + 8, CALLER);
    w.registers.value[RBP] = fp;
    for (unsigned known = 1; known < 2; known--) {
        w.registers.valid = known << RBP;
        world_begin(&w, CODE + 13, fp - 32);
        unwind_next(&w.unwind);
        f = unwind_next(&w.unwind);
        ck_assert_ptr_ne(f, NULL);
        ck_assert_uint_eq(f->registers.value[RSP], fp + 16);
        ck_assert_uint_eq(f->trust, known ? UNWIND_FULL : UNWIND_CHECKED);
    }
}
END_TEST

Suite *
unwind_paths_suite(void)
{
    Suite *s = suite_create("unwind_paths");
    TCase *tc = tcase_create("paths");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, return_address_may_move, 0, COUNT(moving));
    tcase_add_loop_test(tc, return_address_may_be_taken_to_throw_arguments_away, 0,
                        COUNT(throwing));
    tcase_add_test(tc, way_that_lost_the_stack_pointer_hides_no_other);
    tcase_add_loop_test(tc, data_behind_code_is_no_way_back, 0, COUNT(data));
    tcase_add_loop_test(tc, arm_instruction_keeps_or_loses_the_stack_pointer, 0,
                        COUNT(before_return));
    tcase_add_test(tc, arm_signed_return_address_may_still_be_in_its_register);
    tcase_add_loop_test(tc, frame_pointer_is_inferred_where_it_can_be, 0, COUNT(sleeper));
    tcase_add_test(tc, frame_pointer_is_inferred_for_a_rule_too);
    suite_add_tcase(s, tc);
    return s;
}
