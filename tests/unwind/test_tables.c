/* test_tables.c - unwind tables: found three ways, every rule and expression. */
#include "tests/suites.h"
#include <stdio.h>

#include "tests/unwind/world.h"

#define CIE_OPS "0c 07 08 90 01" /* CFA rsp+8, rip at CFA-8 */

static struct world w;

static void
check_frame(uint64_t pc, uint64_t cfa, enum unwind_source source)
{
    const struct unwind_frame *f = unwind_next(&w.unwind);

    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, pc);
    ck_assert_uint_eq(f->cfa, cfa);
    ck_assert_uint_eq(f->source, source);
    ck_assert_uint_eq(f->trust, UNWIND_FULL);
}

static void
check_end(enum unwind_reason reason, uint64_t address)
{
    ck_assert_ptr_eq(unwind_next(&w.unwind), NULL);
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, reason);
    ck_assert_uint_eq(unwind_end(&w.unwind)->address, address);
    ck_assert_ptr_eq(unwind_next(&w.unwind), NULL); /* it stays so */
}

/* f (push rbx; sub 16) called by g (push rbp; mov rsp, rbp) called by start. */
static void
three_functions(struct table *t)
{
    table_cie(t, t->debug ? "" : "zR", 16, CIE_OPS);
    table_fde(t, CODE, 0x10, "41 0e 10 83 02 44 0e 20");
    table_fde(t, CODE + 0x10, 0x10, "41 0e 10 86 02 43 0d 06");
    table_fde(t, CODE + 0x40, 0x10, "07 10");
    world_add(&w, STACK, 0x100);
    world_put(&w, STACK + 0x10, 0xb0b);       /* rbx, in f */
    world_put(&w, STACK + 0x18, CODE + 0x18); /* to g */
    world_put(&w, STACK + 0x40, 0xfafa);      /* rbp, in g */
    world_put(&w, STACK + 0x48, CODE + 0x45); /* to start */
    w.registers.value[RBP] = STACK + 0x40;
    w.registers.value[R12] = 0x12;
    w.registers.valid = 1u << RBP | 1u << R12 | 1u << RAX;
}

static void
walk_three_functions(void)
{
    world_begin(&w, CODE + 8, STACK);
    check_frame(CODE + 8, STACK + 0x20, UNWIND_GIVEN);
    check_frame(CODE + 0x18, STACK + 0x50, UNWIND_EH_FRAME);
    check_frame(CODE + 0x45, 0, UNWIND_EH_FRAME);
    check_end(UNWIND_OUTERMOST, CODE + 0x45);
}

/* 0: .eh_frame_hdr, 1: .eh_frame, 2: .debug_frame */
START_TEST(frame_is_found_by_each_table)
{
    struct table t = { .debug = _i == 2 };

    world_init(&w);
    three_functions(&t);
    if (_i != 2)
        table_use(&w, &t, _i == 0);
    else
        w.module.debug = (struct unwind_span){ (uint64_t)1 << 63, t.n, t.bytes };
    walk_three_functions();
    walk_three_functions(); /* once more, by remembered rules */
}
END_TEST

START_TEST(table_may_be_a_copy_of_the_callers)
{
    struct table t = { .n = 0 };
    struct unwind_span spans[2];
    unsigned calls;

    world_init(&w);
    three_functions(&t);
    table_use(&w, &t, true);
    spans[0] = (struct unwind_span){ TABLE, t.n, t.bytes };
    spans[1] = (struct unwind_span){ HDR, w.module.hdr_size, w.part[2].bytes };
    w.module.map = spans;
    w.module.map_count = 2;
    w.part[1].size = w.part[2].size = 0; /* not in the target any more */
    walk_three_functions();
    calls = w.calls;
    ck_assert_uint_eq(calls, 1); /* the stack's line */
}
END_TEST

START_TEST(registers_come_back_with_their_places)
{
    struct table t = { .n = 0 };
    const struct unwind_frame *f;

    world_init(&w);
    three_functions(&t);
    table_use(&w, &t, true);
    world_begin(&w, CODE + 8, STACK);
    f = unwind_next(&w.unwind);
    ck_assert_uint_eq(f->registers.valid >> RBX & 1, 0); /* nobody gave it */
    ck_assert_uint_eq(f->return_at, STACK + 0x18);
    ck_assert(!f->called);
    f = unwind_next(&w.unwind);
    ck_assert(f->called);
    ck_assert_uint_eq(f->registers.value[RBX], 0xb0b);
    ck_assert_uint_eq(f->saved >> RBX & 1, 1);
    ck_assert_uint_eq(f->saved_at[RBX], STACK + 0x10);
    ck_assert_uint_eq(f->registers.valid >> RAX & 1, 0); /* a call does not keep it */
    ck_assert_uint_eq(f->registers.value[RSP], STACK + 0x20);
    f = unwind_next(&w.unwind);
    ck_assert_uint_eq(f->registers.value[RBP], 0xfafa);
    ck_assert_uint_eq(f->saved_at[RBP], STACK + 0x40);
    ck_assert_uint_eq(f->registers.value[R12], 0x12); /* kept all the way */
    ck_assert_uint_eq(f->saved >> R12 & 1, 0);
    ck_assert_uint_eq(f->saved >> RBX & 1, 1); /* still there */
}
END_TEST

/* ---- every instruction: what it makes of rbx (or of the CFA) ---- */

static const struct {
    const char *ops;
    uint64_t cfa;   /* - STACK */
    uint64_t rbx;   /* UNKNOWN: lost */
    uint64_t saved; /* - STACK, or 0 */
} instructions[] = {
#define UNKNOWN 0xdead
    { "", 8, 0xb, 0 },
    { "0e 40 83 02", 0x40, 0x30, 0x30 },               /* offset */
    { "0e 40 05 03 02", 0x40, 0x30, 0x30 },            /* offset_extended */
    { "0e 40 11 03 02", 0x40, 0x30, 0x30 },            /* offset_extended_sf */
    { "0e 80 01 11 03 7f", 0x80, 0x88, 0x88 },         /* the same, above the CFA */
    { "0e 10 2f 03 01", 0x10, 0x18, 0x18 },            /* GNU_negative_offset_extended */
    { "12 06 78", 0xc0, 0xb, 0 },                      /* def_cfa_sf: rbp + 64 */
    { "13 7e", 0x10, 0xb, 0 },                         /* def_cfa_offset_sf */
    { "0d 06", 0x88, 0xb, 0 },                         /* def_cfa_register */
    { "0c 06 40", 0xc0, 0xb, 0 },                      /* def_cfa */
    { "07 03", 8, UNKNOWN, 0 },                        /* undefined */
    { "83 01 08 03", 8, 0xb, 0 },                      /* same_value */
    { "09 03 0c", 8, 0x12, 0 },                        /* register */
    { "0e 20 14 03 01", 0x20, STACK + 0x18, 0 },       /* val_offset */
    { "0e 20 15 03 7f", 0x20, STACK + 0x28, 0 },       /* val_offset_sf */
    { "10 03 02 23 20", 8, 0x28, 0x28 },               /* expression: CFA + 32 */
    { "16 03 02 23 20", 8, STACK + 0x28, 0 },          /* val_expression */
    { "0f 03 77 c0 00", 0x40, 0xb, 0 },                /* def_cfa_expression: rsp + 64 */
    { "0e 40 83 02 c3", 0x40, 0xb, 0 },                /* restore */
    { "0e 40 83 02 06 03", 0x40, 0xb, 0 },             /* restore_extended */
    { "0a 0e 40 83 02 0b", 8, 0xb, 0 },                /* remember_state, restore_state */
    { "0a 0a 0a 0a 0e 40 0b 0b 0b 0b", 8, 0xb, 0 },    /* four deep */
    { "2e 10 0e 40", 0x40, 0xb, 0 },                   /* GNU_args_size */
    { "2d 2c 00 0e 40", 0x40, 0xb, 0 },                /* PAC's */
    { "91 02 05 40 01 0e 40", 0x40, 0xb, 0 },          /* registers that are not walked */
    { "42 0e 40", 0x40, 0xb, 0 },                      /* advance_loc to before the PC */
    { "48 0e 40", 0x40, 0xb, 0 },                      /* to the PC */
    { "49 0e 40", 8, 0xb, 0 },                         /* past it */
    { "02 08 0e 40 02 01 0e 50", 0x40, 0xb, 0 },       /* advance_loc1 */
    { "03 08 00 0e 40 03 01 00 0e 50", 0x40, 0xb, 0 }, /* advance_loc2 */
    { "04 08 00 00 00 0e 40 04 01 00 00 00 0e 50", 0x40, 0xb, 0 },
};

/* A frame at CODE + 8 whose stack holds, at each place, how far it lies up. */
static void
one_frame(const char *ops)
{
    struct table t = { .n = 0 };

    world_init(&w);
    table_cie(&t, "zR", 16, CIE_OPS);
    table_fde(&t, CODE, 0x10, ops);
    table_fde(&t, CODE + 0x40, 0x10, "07 10");
    table_use(&w, &t, true);
    world_add(&w, STACK, 0x200);
    for (uint64_t i = 0; i < 0x200; i += 8)
        world_put(&w, STACK + i, i);
    w.registers.value[RBX] = 0xb;
    w.registers.value[R12] = 0x12;
    w.registers.value[RBP] = STACK + 0x80;
    w.registers.valid = 1u << RBX | 1u << R12 | 1u << RBP;
}

START_TEST(each_instruction_does_as_the_standard_says)
{
    uint64_t cfa = STACK + instructions[_i].cfa;
    const struct unwind_frame *f;

    one_frame(instructions[_i].ops);
    world_put(&w, cfa - 8, CODE + 0x44);
    world_begin(&w, CODE + 8, STACK);
    check_frame(CODE + 8, cfa, UNWIND_GIVEN);
    f = unwind_next(&w.unwind);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CODE + 0x44);
    ck_assert_uint_eq(f->registers.value[RSP], cfa);
    ck_assert_uint_eq(f->registers.valid >> RBX & 1, instructions[_i].rbx != UNKNOWN);
    if (instructions[_i].rbx != UNKNOWN)
        ck_assert_uint_eq(f->registers.value[RBX], instructions[_i].rbx);
    ck_assert_uint_eq(f->saved >> RBX & 1, instructions[_i].saved != 0);
    if (instructions[_i].saved != 0)
        ck_assert_uint_eq(f->saved_at[RBX], STACK + instructions[_i].saved);
}
END_TEST

/* ---- expressions, as the CFA's ---- */

static const struct {
    const char *ops;
    uint64_t value;
} expressions[] = {
    { "03 8877665544332211", 0x1122334455667788 }, /* addr */
    { "06", 0 },                                   /* filled in below: deref of rsp + 0x18 */
    { "08 ff", 0xff },
    { "09 ff", UINT64_MAX },
    { "0a ff ff", 0xffff },
    { "0b fe ff", UINT64_MAX - 1 },
    { "0c ff ff ff ff", 0xffffffff },
    { "0d fd ff ff ff", UINT64_MAX - 2 },
    { "0e 01 00 00 00 00 00 00 80", 0x8000000000000001 },
    { "0f 01 00 00 00 00 00 00 80", 0x8000000000000001 },
    { "10 80 01", 0x80 },
    { "11 80 7f", (uint64_t)-128 },
    { "35 12 22", 10 },                    /* lit5 dup plus */
    { "35 36 13", 5 },                     /* drop */
    { "35 36 14 1c", 1 },                  /* over minus: 6 - 5 */
    { "35 36 37 15 02", 5 },               /* pick */
    { "35 36 16 1c", 1 },                  /* swap minus: 6 - 5 */
    { "31 32 33 17 1c 1c", 4 },            /* rot: 3 1 2, then 3 - (1 - 2) */
    { "11 7b 19", 5 },                     /* abs */
    { "3f 3c 1a", 12 },                    /* and */
    { "11 78 33 1b", (uint64_t)-2 },       /* div */
    { "38 33 1d", 2 },                     /* mod */
    { "38 33 1e", 24 },                    /* mul */
    { "33 1f", (uint64_t)-3 },             /* neg */
    { "33 20", ~(uint64_t)3 },             /* not */
    { "38 33 21", 11 },                    /* or */
    { "38 23 81 01", 137 },                /* plus_uconst */
    { "31 34 24", 16 },                    /* shl */
    { "11 70 34 25", 0x0fffffffffffffff }, /* shr */
    { "11 70 34 26", UINT64_MAX },         /* shra */
    { "31 08 40 24", 0 },                  /* shl by 64 */
    { "3f 3c 27", 3 },                     /* xor */
    { "35 31 28 01 00 36", 5 },            /* bra over lit6: taken */
    { "35 30 28 01 00 36", 6 },            /* not taken */
    { "35 35 29", 1 },
    { "35 36 2a", 0 },
    { "36 35 2b", 1 },
    { "35 36 2c", 1 },
    { "35 36 2d", 1 },
    { "35 36 2e", 1 },
    { "35 2f 01 00 36", 5 },   /* skip */
    { "77 08", STACK + 8 },    /* breg7 */
    { "92 07 78", STACK - 8 }, /* bregx */
    { "77 19 94 01", 0x22 },   /* deref_size 1 */
    { "77 18 94 02", 0x2211 },
    { "77 18 06", 0x8877665544332211 },
    { "96 35", 5 }, /* nop */
};

START_TEST(each_operation_does_as_the_standard_says)
{
    char ops[128] = "0f ";
    uint8_t bytes[64];
    const char *expression = _i == 1 ? "77 18 06" : expressions[_i].ops;
    uint64_t value = _i == 1 ? 0x8877665544332211 : expressions[_i].value;
    const struct unwind_frame *f;

    snprintf(ops, sizeof(ops), "0f %02x %s", (unsigned)from_hex(expression, bytes), expression);
    one_frame(ops);
    world_put(&w, STACK + 0x18, 0x8877665544332211);
    world_begin(&w, CODE + 8, STACK);
    f = unwind_next(&w.unwind);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->cfa, value);
}
END_TEST

/* Tables that must be refused, as the FDE's ops. */
static const char *const refused[] = {
    "0f 03 2f fd ff",                      /* skip -3: for ever */
    "0f 04 31 28 fc ff",                   /* bra -4: for ever */
    "0f 03 2f 10 00",                      /* jumps out */
    "0f 01 22",                            /* plus of nothing */
    "0f 01 12",                            /* dup of nothing */
    "0f 00",                               /* no value */
    "0f 02 77 80",                         /* a LEB128 that the expression cuts */
    "0f 02 31 e0",                         /* an operation that nobody knows */
    "0f 04 31 30 1b 00",                   /* division by zero */
    "0f 03 92 ff 01",                      /* a register that is not there */
    "0f 7f 31",                            /* longer than its FDE */
    "0e ff ff ff ff ff ff ff ff ff ff 01", /* a LEB128 without end */
    "0e 80 80 80 80 80 80 80 80 80 80 80", /* the same with nothing in it */
    "0e ff ff ff ff ff 01",                /* an offset beyond everything */
    "0d 7f",                               /* a CFA register that is not there */
    "0b",                                  /* restore_state of nothing */
    "0a 0a 0a 0a 0a",                      /* remembered too deep */
    "3f",                                  /* an instruction that nobody knows */
};

START_TEST(bad_table_is_refused_and_named)
{
    struct unwind_end end;

    one_frame(refused[_i]);
    for (uint64_t i = 0; i < 0x200; i += 8)
        world_put(&w, STACK + i, 0);
    w.registers.value[RBP] = 1;
    world_begin(&w, CODE + 8, STACK);
    ck_assert_ptr_ne(unwind_next(&w.unwind), NULL);
    ck_assert_ptr_eq(unwind_next(&w.unwind), NULL);
    end = *unwind_end(&w.unwind);
    ck_assert_uint_eq(end.reason, UNWIND_BAD_TABLE);
    ck_assert(end.address >= TABLE && end.address < TABLE + TABLE_MAX);
}
END_TEST

Suite *
unwind_tables_suite(void)
{
    Suite *s = suite_create("unwind_tables");
    TCase *tc = tcase_create("tables");

#define COUNT(rows) (int)(sizeof(rows) / sizeof(rows[0]))
    tcase_add_loop_test(tc, frame_is_found_by_each_table, 0, 3);
    tcase_add_test(tc, table_may_be_a_copy_of_the_callers);
    tcase_add_test(tc, registers_come_back_with_their_places);
    tcase_add_loop_test(tc, each_instruction_does_as_the_standard_says, 0, COUNT(instructions));
    tcase_add_loop_test(tc, each_operation_does_as_the_standard_says, 0, COUNT(expressions));
    tcase_add_loop_test(tc, bad_table_is_refused_and_named, 0, COUNT(refused));
    suite_add_tcase(s, tc);
    return s;
}
