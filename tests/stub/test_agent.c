/* test_agent.c - agent expressions: stub/agent.c agent_print.c. Bytecodes are written as hex
 * digits, over the fake target's memory (fake.h) and registers whose value is 1000 + number. */
#include "stub/agent.h"

#include <string.h>

#include "tests/flush.h"
#include "tests/stub/fake.h"
#include "tests/suites.h"

static struct fake fake;
static char printed[1 << 18];
static size_t printed_size;

static bool
get_register(void *context, unsigned number, uint64_t *value)
{
    (void)context;
    *value = 1000 + number;
    return number < 8;
}

static void
print(void *context, const char *text, size_t n)
{
    (void)context;
    ck_assert(n < sizeof(printed) - printed_size);
    memcpy(printed + printed_size, text, n);
    printed_size += n;
    printed[printed_size] = '\0';
}

static struct stub_agent
agent(void)
{
    fake_init(&fake, 1);
    printed_size = 0;
    printed[0] = '\0';
    return (struct stub_agent){ .arch = &fake_arch,
                                .memory = { fake.ops.read_memory, &fake, 0x1000, 0 },
                                .get_register = get_register,
                                .print = print,
                                .steps = STUB_AGENT_STEPS };
}

/* Digits to bytes that end at an unreadable page. */
static struct rsp_in
code_of(const char *digits)
{
    uint8_t bytes[4096];
    struct rsp_in in = rsp_in_from(digits, strlen(digits));
    size_t n = rsp_take_hex_bytes(&in, bytes, sizeof(bytes));

    ck_assert(rsp_take_end(&in));
    return rsp_in_from(flush_copy(bytes, n), n);
}

static void
gives(const char *digits, uint64_t expected)
{
    struct stub_agent a = agent();
    uint64_t value = 0;

    ck_assert_msg(stub_agent_run(&a, code_of(digits), &value), "%s is refused", digits);
    ck_assert_msg(value == expected, "%s gives %llx", digits, (unsigned long long)value);
}

static void
is_refused(const char *digits)
{
    struct stub_agent a = agent();
    uint64_t value = 0;

    ck_assert_msg(!stub_agent_run(&a, code_of(digits), &value), "%s gives %llx", digits,
                  (unsigned long long)value);
}

START_TEST(constants_and_arithmetic)
{
    gives("22ff27", 0xff);
    gives("23ffff27", 0xffff);
    gives("248000000027", 0x80000000);
    gives("25ffffffffffffffff27", UINT64_MAX);
    gives("220522030227", 8);
    gives("220522030327", 2);
    gives("220522030427", 15);
    gives("22f9160822020527", (uint64_t)-3);                    /* -7 / 2 */
    gives("22f9160822020727", (uint64_t)-1);                    /* -7 % 2 */
    gives("25ffffffffffffffff22020627", UINT64_MAX / 2);        /* unsigned */
    gives("25ffffffffffffffff22020827", 1);                     /* unsigned */
    gives("25800000000000000022ff16080527", UINT64_C(1) << 63); /* the quotient that overflows */
    gives("25800000000000000022ff16080727", 0);
    gives("220f223c0f27", 0x0c);
    gives("220f223c1027", 0x3f);
    gives("220f223c1127", 0x33);
    gives("22001227", UINT64_MAX);
    gives("22000e27", 1);
    gives("22070e27", 0);
}
END_TEST

START_TEST(shifts_comparisons_and_extensions)
{
    gives("220122040927", 16);
    gives("220122400927", 0);
    gives("22f0160822040a27", UINT64_MAX);
    gives("22f0160822040b27", UINT64_MAX >> 4);
    gives("22f0160822400a27", UINT64_MAX);
    gives("22f0160822ff0b27", 0);
    gives("220122000a27", 1);
    gives("220122011327", 1);
    gives("220122021327", 0);
    gives("22ff160822011427", 1); /* -1 < 1 */
    gives("22ff160822011527", 0); /* but not unsigned */
    gives("2280160827", (uint64_t)-128);
    gives("237fff160827", UINT64_MAX);
    gives("23ffff2a0827", 0xff);
    gives("22ff164027", 0xff);
}
END_TEST

START_TEST(the_stack_is_turned_over)
{
    gives("22012202280227", 4);            /* dup */
    gives("220122022927", 1);              /* pop */
    gives("220522032b0327", (uint64_t)-2); /* swap */
    gives("220122022203320227", 1);        /* pick */
    gives("2201220222033327", 2);          /* rot: 3 1 2 */
    gives("220122022203332927", 1);
    gives("22012202220333292927", 3);
}
END_TEST

START_TEST(jumps_go_where_they_say)
{
    gives("220120000a220721000c220927", 9);
    gives("220020000a220721000c220927", 7);
}
END_TEST

START_TEST(registers_and_memory_of_the_target)
{
    gives("26000327", 1003);
    gives("2312341727", 0x34);
    gives("2312341827", 0x3534);
    gives("2312341927", 0x37363534);
    gives("2312341a27", UINT64_C(0x3b3a393837363534));
    is_refused("26000827");
    is_refused("2330001727");
    is_refused("232ffc1a27"); /* its end lies in a hole */
}
END_TEST

START_TEST(what_cannot_be_evaluated_is_refused)
{
    is_refused("");         /* no end */
    is_refused("27");       /* nothing on the stack */
    is_refused("2201");     /* no end */
    is_refused("22");       /* cut in an operand */
    is_refused("25000000"); /* the same */
    is_refused("0227");     /* too few on the stack */
    is_refused("22010227");
    is_refused("220122000527"); /* division by zero */
    is_refused("220122000627");
    is_refused("220122000727");
    is_refused("220122000827");
    is_refused("2201160027"); /* extends no bits */
    is_refused("210000");     /* loops for ever */
    is_refused("22012801210003");
    is_refused("2201282201280221000027"); /* jumps outside */
    is_refused("21ffff");
    is_refused("210003");       /* right behind the end */
    is_refused("2201320127");   /* picks below the bottom */
    is_refused("220128210002"); /* the stack overflows */
    is_refused("2c000027");     /* trace state variables, trace, floating point */
    is_refused("22012d000027");
    is_refused("220122010c27");
    is_refused("22011b27");
    is_refused("0027");
    is_refused("ff27");
}
END_TEST

START_TEST(a_stack_of_all_its_values_works)
{
    char digits[4 * STUB_AGENT_STACK + 8] = "";

    for (unsigned i = 0; i < STUB_AGENT_STACK; i++)
        strcat(digits, "2205");
    strcat(digits, "27");
    gives(digits, 5);
    memmove(digits + 4, digits, strlen(digits) + 1);
    memcpy(digits, "2205", 4);
    is_refused(digits);
}
END_TEST

START_TEST(steps_are_bounded_over_all_of_a_list)
{
    struct stub_agent a = agent();
    uint64_t value;

    ck_assert(!stub_agent_run(&a, code_of("210000"), &value));
    ck_assert_uint_eq(a.steps, 0);
    ck_assert(!stub_agent_run(&a, code_of("220127"), &value));
}
END_TEST

/* ---- printf ---- */

/* Prints format with two arguments, a above b. */
static bool
prints(const char *format, uint64_t b, uint64_t a, unsigned count)
{
    struct stub_agent agent_ = agent();
    uint8_t code[512];
    struct rsp_out out = rsp_out_to(code, sizeof(code));
    size_t size = strlen(format) + 1;

    rsp_put(&out, 0x25);
    for (unsigned i = 0; i < 8; i++)
        rsp_put(&out, (char)(uint8_t)(b >> (56 - 8 * i)));
    rsp_put(&out, 0x25);
    for (unsigned i = 0; i < 8; i++)
        rsp_put(&out, (char)(uint8_t)(a >> (56 - 8 * i)));
    rsp_put_bytes(&out, "\x22\0\x22\0\x34", 5);
    rsp_put(&out, (char)count);
    rsp_put(&out, (char)(size >> 8));
    rsp_put(&out, (char)size);
    rsp_put_bytes(&out, format, size);
    rsp_put(&out, 0x27);
    return stub_agent_run(&agent_, rsp_in_from(code, out.len), NULL);
}

static void
expect_print(const char *format, uint64_t b, uint64_t a, const char *expected)
{
    ck_assert_msg(prints(format, b, a, 2), "%s is refused", format);
    ck_assert_str_eq(printed, expected);
}

START_TEST(printf_prints_as_c_does)
{
    expect_print("arg=%d, g=%d\\n", 2222, 1235, "arg=1235, g=2222\n");
    expect_print("%i|%u", (uint64_t)-1, (uint64_t)-1, "-1|4294967295");
    expect_print("%ld|%llu", UINT64_MAX, (uint64_t)-5, "-5|18446744073709551615");
    expect_print("%hhd|%hx", 0x12345, 0x1ff, "-1|2345");
    expect_print("%x|%#X", 0xbeef, 0xcafe, "cafe|0XBEEF");
    expect_print("%o|%#o", 8, 8, "10|010");
    expect_print("%5d|%-5d|", 42, 42, "   42|42   |");
    expect_print("%05d|%+d", 42, (uint64_t)-42, "-0042|+42");
    expect_print("%.3d|% d", 7, 7, "007| 7");
    expect_print("%8.3d|%-8.3d|", (uint64_t)-7, (uint64_t)-7, "    -007|-007    |");
    expect_print("%c%c", 'b', 'a', "ab");
    expect_print("%p|%%|%x", 0, 0x1000, "0x1000|%|0");
    expect_print("%d|%zd", 0, 0, "0|0");
    expect_print("\\t\\\"\\\\\\101\\0%d\\", 0, 3, "\t\"\\A");
    ck_assert_uint_eq(printed_size, 7);
}
END_TEST

START_TEST(printf_reads_strings_of_the_target)
{
    /* 0x1041 is "ABC...", and 0x1100 holds a NUL. */
    expect_print("%.3s|%5.2s", 0x1061, 0x1041, "ABC|   ab");
    expect_print("%-4.2s|%s", 0x10fe, 0x1041, "AB  |\xfe\xff");
    ck_assert(!prints("%s", 0, 0x3000, 1)); /* a hole */
}
END_TEST

START_TEST(printf_that_asks_for_what_is_not_there_is_refused)
{
    ck_assert(!prints("%d%d%d", 1, 2, 2));
    ck_assert(!prints("%d", 1, 2, 0));
    ck_assert(!prints("%d", 1, 2, 3)); /* more than the stack has */
    ck_assert(!prints("%f", 1, 2, 2));
    ck_assert(!prints("%n", 1, 2, 2));
    ck_assert(!prints("%", 1, 2, 2));
    ck_assert(!prints("%5", 1, 2, 2));
    is_refused("22002200340000012527"); /* no NUL */
    is_refused("220022003400000027");   /* no bytes */
    is_refused("2200220034000010252700");
    is_refused("2200220034");
    is_refused("220022003400ffff00");
    is_refused("340000010027"); /* no function and channel */
}
END_TEST

START_TEST(printf_in_a_loop_ends)
{
    struct stub_agent a = agent();

    /* "%9999999d" of width 256 at most, for ever */
    ck_assert(
        !stub_agent_run(&a, code_of("2201220022003401000a25393939393939396400210000"), NULL));
    ck_assert_uint_lt(printed_size, sizeof(printed));
    ck_assert_uint_gt(printed_size, 256);
}
END_TEST

/* ---- lists ---- */

static bool
holds(const char *digits)
{
    struct stub_agent a = agent();

    return stub_agent_holds(&a, code_of(digits));
}

START_TEST(one_of_several_conditions_is_enough)
{
    ck_assert(holds(""));
    ck_assert(!holds("0003220027"));
    ck_assert(holds("0003220127"));
    ck_assert(holds("00032200270003220127"));
    ck_assert(!holds("00032200270003220027"));
}
END_TEST

START_TEST(what_cannot_be_evaluated_counts_as_true)
{
    ck_assert(holds("00032200270003210000"));
    ck_assert(holds("00032200270000"));
    ck_assert(holds("00032200270009220127"));
    ck_assert(holds("000322002700"));
}
END_TEST

START_TEST(commands_run_in_order)
{
    struct stub_agent a = agent();

    ck_assert(stub_agent_do(&a, code_of("000b2200220034000002610027000b2200220034000002620027")));
    ck_assert_str_eq(printed, "ab");
}
END_TEST

Suite *
agent_suite(void)
{
    Suite *suite = suite_create("agent");
    TCase *tc = tcase_create("agent");

    tcase_add_test(tc, constants_and_arithmetic);
    tcase_add_test(tc, shifts_comparisons_and_extensions);
    tcase_add_test(tc, the_stack_is_turned_over);
    tcase_add_test(tc, jumps_go_where_they_say);
    tcase_add_test(tc, registers_and_memory_of_the_target);
    tcase_add_test(tc, what_cannot_be_evaluated_is_refused);
    tcase_add_test(tc, a_stack_of_all_its_values_works);
    tcase_add_test(tc, steps_are_bounded_over_all_of_a_list);
    tcase_add_test(tc, printf_prints_as_c_does);
    tcase_add_test(tc, printf_reads_strings_of_the_target);
    tcase_add_test(tc, printf_that_asks_for_what_is_not_there_is_refused);
    tcase_add_test(tc, printf_in_a_loop_ends);
    tcase_add_test(tc, one_of_several_conditions_is_enough);
    tcase_add_test(tc, what_cannot_be_evaluated_counts_as_true);
    tcase_add_test(tc, commands_run_in_order);
    suite_add_tcase(suite, tc);
    return suite;
}
