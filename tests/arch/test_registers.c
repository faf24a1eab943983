/* test_registers.c - layouts: the order, names, numbers and roles of registers, and a machine
 * that a user brought. */
#include <string.h>

#include "arch/arch.h"
#include "tests/flush.h"
#include "tests/suites.h"

enum {
    ALL_X86_64 = ARCH_X86_64_LINUX | ARCH_X86_64_SEGMENTS | ARCH_X86_64_AVX | ARCH_X86_64_AVX512 |
                 ARCH_X86_64_PKEYS
};
enum { ALL_AARCH64 = ARCH_AARCH64_FPU | ARCH_AARCH64_TLS | ARCH_AARCH64_PAUTH };

/* A machine of nobody's: big-endian, with registers of 16 and 32 bits. */
static const struct arch_row invented_rows[] = {
    { "r#", 0, 3, 16, ARCH_UINT, ARCH_GENERAL, ARCH_ARG1, 10, NULL, "uint16" },
    { "pc", 0, 1, 32, ARCH_CODE_PTR, ARCH_GENERAL, ARCH_PC, 13, "ip", "code_ptr" },
};
static const struct arch_row invented_extra[] = {
    { "acc#h", 7, 2, 32, ARCH_FLOAT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "ieee_single" },
};
static const struct arch_feature invented_features[] = {
    { "org.example.core", NULL, invented_rows, 2, 0 },
    { "org.example.extra", NULL, invented_extra, 1, 31 },
};
static const struct arch invented = { .name = "invented",
                                      .triple = "invented",
                                      .features = invented_features,
                                      .feature_count = 2,
                                      .address_bytes = 4,
                                      .big_endian = true };

static const struct arch_layout layouts[] = {
    { &arch_x86_64, 0 },
    { &arch_x86_64, ALL_X86_64 },
    { &arch_x86_64, ARCH_X86_64_LINUX | ARCH_X86_64_PKEYS },
    { &arch_aarch64, 0 },
    { &arch_aarch64, ALL_AARCH64 },
    { &arch_aarch64, ARCH_AARCH64_TLS },
    { &invented, 0 },
    { &invented, 1u << 31 },
};
enum { LAYOUTS = sizeof(layouts) / sizeof(layouts[0]) };

static void
expect_same(const struct arch_register *a, const struct arch_register *b)
{
    ck_assert(a->row == b->row);
    ck_assert_uint_eq(a->feature, b->feature);
    ck_assert_uint_eq(a->row_index, b->row_index);
    ck_assert_uint_eq(a->index, b->index);
    ck_assert_uint_eq(a->number, b->number);
    ck_assert_uint_eq(a->offset, b->offset);
    ck_assert_uint_eq(a->size, b->size);
}

START_TEST(stepping_and_lookup_agree)
{
    const struct arch_layout *layout = &layouts[_i];
    struct arch_register r = { 0 };
    struct arch_register found;
    unsigned number = 0;
    size_t offset = 0;

    for (; arch_next(layout, &r); number++) {
        char name[ARCH_NAME_MAX];

        ck_assert_uint_eq(r.number, number);
        ck_assert_uint_eq(r.offset, offset);
        ck_assert_uint_eq(r.size * 8, r.row->bits);
        ck_assert_uint_le(r.size, ARCH_SIZE_MAX);
        ck_assert(arch_register(layout, number, &found));
        expect_same(&r, &found);
        arch_name_of(&r, name);
        ck_assert(arch_register_named(layout, name, strlen(name), &found));
        expect_same(&r, &found);
        if (arch_dwarf_of(&r) >= 0) {
            ck_assert(arch_register_dwarf(layout, (unsigned)arch_dwarf_of(&r), &found));
            expect_same(&r, &found);
        }
        if (arch_role_of(&r) != ARCH_NONE) {
            ck_assert(arch_register_role(layout, arch_role_of(&r), &found));
            expect_same(&r, &found);
        }
        offset += r.size;
    }
    ck_assert_uint_eq(arch_register_count(layout), number);
    ck_assert_uint_eq(arch_g_size(layout), offset);
    ck_assert(!arch_register(layout, number, &found));
    ck_assert(!arch_register(layout, (unsigned)-1, &found));
}
END_TEST

static void
expect_register(const struct arch_layout *layout, const char *name, unsigned number,
                unsigned offset, int dwarf)
{
    struct arch_register r;
    char own[ARCH_NAME_MAX];

    ck_assert_msg(arch_register(layout, number, &r), "%s", name);
    arch_name_of(&r, own);
    ck_assert_str_eq(own, name);
    ck_assert_uint_eq(r.offset, offset);
    ck_assert_int_eq(arch_dwarf_of(&r), dwarf);
}

/* Numbers and places in g as gdbserver has them for this machine. */
START_TEST(x86_64_is_as_gdb_numbers_it)
{
    const struct arch_layout *layout = &layouts[1];

    expect_register(layout, "rax", 0, 0, 0);
    expect_register(layout, "rbx", 1, 8, 3);
    expect_register(layout, "r8", 8, 64, 8);
    expect_register(layout, "r15", 15, 120, 15);
    expect_register(layout, "rip", 16, 128, 16);
    expect_register(layout, "eflags", 17, 136, 49);
    expect_register(layout, "gs", 23, 160, 55);
    expect_register(layout, "st0", 24, 164, 33);
    expect_register(layout, "st7", 31, 234, 40);
    expect_register(layout, "fctrl", 32, 244, 65);
    expect_register(layout, "fop", 39, 272, -1);
    expect_register(layout, "xmm15", 55, 516, 32);
    expect_register(layout, "mxcsr", 56, 532, 64);
    expect_register(layout, "orig_rax", 57, 536, -1);
    expect_register(layout, "gs_base", 59, 552, 59);
    expect_register(layout, "ymm0h", 60, 560, -1);
    expect_register(layout, "xmm16", 76, 816, 67);
    expect_register(layout, "ymm16h", 92, 1072, -1);
    expect_register(layout, "k0", 108, 1328, 118);
    expect_register(layout, "zmm0h", 116, 1392, -1);
    expect_register(layout, "zmm31h", 147, 2384, -1);
    expect_register(layout, "pkru", 148, 2416, -1);
    ck_assert_uint_eq(arch_register_count(layout), 149);
    ck_assert_uint_eq(arch_g_size(layout), 2420);
}
END_TEST

START_TEST(aarch64_is_as_gdb_numbers_it)
{
    const struct arch_layout *layout = &layouts[4];

    expect_register(layout, "x0", 0, 0, 0);
    expect_register(layout, "x30", 30, 240, 30);
    expect_register(layout, "sp", 31, 248, 31);
    expect_register(layout, "pc", 32, 256, 32);
    expect_register(layout, "cpsr", 33, 264, -1);
    expect_register(layout, "v0", 34, 268, 64);
    expect_register(layout, "v31", 65, 764, 95);
    expect_register(layout, "fpsr", 66, 780, -1);
    expect_register(layout, "fpcr", 67, 784, -1);
    expect_register(layout, "tpidr", 68, 788, 36);
    expect_register(layout, "pauth_cmask", 70, 804, -1);
    ck_assert_uint_eq(arch_register_count(layout), 71);
}
END_TEST

START_TEST(absent_features_take_no_numbers)
{
    expect_register(&layouts[2], "orig_rax", 57, 536, -1);
    expect_register(&layouts[2], "pkru", 58, 544, -1);
    expect_register(&layouts[5], "tpidr", 34, 268, 36);
    ck_assert_uint_eq(arch_register_count(&layouts[0]), 57);
    ck_assert_uint_eq(arch_register_count(&layouts[6]), 4);
    ck_assert_uint_eq(arch_g_size(&layouts[6]), 10);
    ck_assert_uint_eq(arch_register_count(&layouts[7]), 6);
}
END_TEST

static void
expect_named(const struct arch_layout *layout, const char *alt, const char *name)
{
    struct arch_register r;
    char own[ARCH_NAME_MAX];

    ck_assert_msg(arch_register_named(layout, alt, strlen(alt), &r), "%s", alt);
    arch_name_of(&r, own);
    ck_assert_str_eq(own, name);
}

START_TEST(alternate_names_are_found)
{
    static const char *const args[] = { "rdi", "rsi", "rdx", "rcx", "r8", "r9" };
    char arg[] = "arg1";

    for (int i = 0; i < 6; i++, arg[3]++)
        expect_named(&layouts[1], arg, args[i]);
    expect_named(&layouts[1], "fp", "rbp");
    expect_named(&layouts[1], "sp", "rsp");
    expect_named(&layouts[1], "pc", "rip");
    expect_named(&layouts[1], "rflags", "eflags");
    expect_named(&layouts[4], "lr", "x30");
    expect_named(&layouts[4], "fp", "x29");
    expect_named(&layouts[4], "arg8", "x7");
    expect_named(&layouts[6], "ip", "pc");
}
END_TEST

START_TEST(unknown_names_are_not_found)
{
    static const char *const wrong[] = {
        "", "r", "rax1", "ra", "xmm32", "#", "xmm#", "arg7", "k8", "st8", "orig_rax_and_more"
    };
    struct arch_register r;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(!arch_register_named(&layouts[1], wrong[i], strlen(wrong[i]), &r), "%s",
                      wrong[i]);
    ck_assert(!arch_register_named(&layouts[0], "ymm0h", 5, &r));
    ck_assert(!arch_register_named(&layouts[0], "rax", 2, &r));
}
END_TEST

START_TEST(name_is_not_read_past_its_length)
{
    uint8_t *name = flush_copy("xmm15", 5);
    struct arch_register r;

    ck_assert(arch_register_named(&layouts[1], (const char *)name, 5, &r));
    ck_assert_uint_eq(r.number, 55);
    ck_assert(arch_register_named(&layouts[1], (const char *)name, 4, &r));
    ck_assert_uint_eq(r.number, 41);
    flush_free(name, 5);
}
END_TEST

START_TEST(numbers_and_roles_nobody_has_are_not_found)
{
    struct arch_register r;

    ck_assert(!arch_register_dwarf(&layouts[0], 67, &r));
    ck_assert(arch_register_dwarf(&layouts[1], 82, &r));
    ck_assert(!arch_register_dwarf(&layouts[1], 83, &r));
    ck_assert(!arch_register_dwarf(&layouts[1], (unsigned)-1, &r));
    ck_assert(!arch_register_role(&layouts[1], ARCH_RA, &r));
    ck_assert(!arch_register_role(&layouts[1], ARCH_NONE, &r));
    ck_assert(!arch_register_role(&layouts[6], ARCH_SP, &r));
    ck_assert(arch_register_role(&layouts[6], ARCH_ARG1 + 2, &r));
    ck_assert_uint_eq(r.number, 2);
}
END_TEST

START_TEST(only_the_first_of_a_run_has_its_role)
{
    static const struct arch_row rows[] = {
        { "w#", 254, 9, 8, ARCH_UINT, ARCH_GENERAL, ARCH_FP, 1, "frame#", "uint8" },
        { "a#", 0, 12, 8, ARCH_UINT, ARCH_GENERAL, ARCH_ARG8, -1, NULL, "uint8" },
    };
    static const struct arch_feature feature = { "odd", NULL, rows, 2, 0 };
    static const struct arch odd = { .name = "odd", .features = &feature, .feature_count = 1 };
    struct arch_layout layout = { &odd, 0 };
    struct arch_register r;
    char name[ARCH_NAME_MAX];

    ck_assert(arch_register(&layout, 8, &r));
    ck_assert_int_eq(arch_role_of(&r), ARCH_NONE);
    ck_assert(!arch_alt_of(&r, name));
    arch_name_of(&r, name);
    ck_assert_str_eq(name, "w262");
    ck_assert(arch_register(&layout, 9, &r));
    ck_assert_int_eq(arch_role_of(&r), ARCH_ARG8);
    ck_assert(arch_register(&layout, 10, &r));
    ck_assert_int_eq(arch_role_of(&r), ARCH_NONE);
    expect_named(&layout, "frame254", "w254");
}
END_TEST

START_TEST(long_names_are_cut)
{
    static const struct arch_row row = { "a_very_long_name_#", 0,         1,  8,    ARCH_UINT,
                                         ARCH_GENERAL,         ARCH_NONE, -1, NULL, NULL };
    struct arch_register r = { .row = &row };
    uint8_t *name = flush_copy(NULL, ARCH_NAME_MAX);

    arch_name_of(&r, (char *)name);
    ck_assert_str_eq((char *)name, "a_very_long_nam");
    flush_free(name, ARCH_NAME_MAX);
}
END_TEST

START_TEST(numbers_are_in_target_byte_order)
{
    const uint64_t v = UINT64_C(0x0102030405060708);

    for (size_t size = 1; size <= 8; size++) {
        uint64_t kept = size < 8 ? v & (((uint64_t)1 << 8 * size) - 1) : v;
        uint8_t *little = flush_copy(NULL, size);
        uint8_t *big = flush_copy(NULL, size);

        arch_put_uint(&arch_x86_64, little, size, v);
        arch_put_uint(&invented, big, size, v);
        ck_assert_uint_eq(little[0], 8);
        ck_assert_uint_eq(big[size - 1], 8);
        ck_assert_uint_eq(little[size - 1], 9 - size);
        ck_assert_uint_eq(big[0], 9 - size);
        ck_assert(arch_get_uint(&arch_x86_64, little, size) == kept);
        ck_assert(arch_get_uint(&invented, big, size) == kept);
        flush_free(little, size);
        flush_free(big, size);
    }
}
END_TEST

START_TEST(breakpoints_are_the_machines_own)
{
    ck_assert_uint_eq(arch_x86_64.breakpoint_size, 1);
    ck_assert_uint_eq(arch_x86_64.breakpoint[0], 0xcc);
    ck_assert_uint_eq(arch_x86_64.breakpoint_pc, 1);
    ck_assert_uint_eq(arch_aarch64.breakpoint_size, 4);
    ck_assert_uint_eq(arch_get_uint(&arch_aarch64, arch_aarch64.breakpoint, 4), 0xd4200000);
    ck_assert_uint_eq(arch_aarch64.breakpoint_pc, 0);
}
END_TEST

Suite *
registers_suite(void)
{
    Suite *s = suite_create("registers");
    TCase *tc = tcase_create("layout");

    tcase_add_loop_test(tc, stepping_and_lookup_agree, 0, LAYOUTS);
    tcase_add_test(tc, x86_64_is_as_gdb_numbers_it);
    tcase_add_test(tc, aarch64_is_as_gdb_numbers_it);
    tcase_add_test(tc, absent_features_take_no_numbers);
    tcase_add_test(tc, alternate_names_are_found);
    tcase_add_test(tc, unknown_names_are_not_found);
    tcase_add_test(tc, name_is_not_read_past_its_length);
    tcase_add_test(tc, numbers_and_roles_nobody_has_are_not_found);
    tcase_add_test(tc, only_the_first_of_a_run_has_its_role);
    tcase_add_test(tc, long_names_are_cut);
    tcase_add_test(tc, numbers_are_in_target_byte_order);
    tcase_add_test(tc, breakpoints_are_the_machines_own);
    suite_add_tcase(s, tc);
    return s;
}
