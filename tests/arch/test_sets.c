/* test_sets.c - registers in the sets that Linux keeps them in, XSAVE areas above all. The same
 * on a real CPU stands in tests/live/test_cpu.c. */
#include <string.h>

#include "arch/arch.h"
#include "tests/flush.h"
#include "tests/suites.h"

enum {
    ALL_X86_64 = ARCH_X86_64_LINUX | ARCH_X86_64_SEGMENTS | ARCH_X86_64_AVX | ARCH_X86_64_AVX512 |
                 ARCH_X86_64_PKEYS
};
static const struct arch_layout x86_64 = { &arch_x86_64, ALL_X86_64 };
static const struct arch_layout aarch64 = { &arch_aarch64, ARCH_AARCH64_FPU | ARCH_AARCH64_TLS |
                                                               ARCH_AARCH64_PAUTH };

/* Two CPUs: components lie at different places. */
static const struct arch_xsave cpus[] = {
    { .base = { [2] = 576, [5] = 1088, [6] = 1152, [7] = 1664, [9] = 2688 },
      .size = { [2] = 256, [5] = 64, [6] = 512, [7] = 1024, [9] = 8 },
      .total = 2696 },
    { .base = { [2] = 576, [5] = 832, [6] = 896, [7] = 1408, [9] = 2432 },
      .size = { [2] = 256, [5] = 64, [6] = 512, [7] = 1024, [9] = 8 },
      .total = 2440 },
};
enum { CPUS = 2, XSTATE_BV = 512, GENERAL_SIZE = 27 * 8 };

/* A thread with sets of their own pages, so that a byte past a set faults. */
struct thread {
    struct arch_sets sets;
};

static void
give(struct thread *t, unsigned set, uint32_t size, int fill)
{
    t->sets.bytes[set] = flush_copy(NULL, size);
    t->sets.size[set] = size;
    memset(t->sets.bytes[set], fill, size);
}

static void
free_sets(struct thread *t)
{
    for (unsigned i = 0; i < ARCH_SETS; i++) {
        if (t->sets.bytes[i] != NULL)
            flush_free(t->sets.bytes[i], t->sets.size[i]);
    }
}

/* The area is garbage but for XSTATE_BV: components not in use must not be believed. */
static struct thread
x86_64_thread(int cpu, uint8_t in_use_low, uint8_t in_use_high)
{
    struct thread t = { { .places = &arch_x86_64_linux, .xsave = &cpus[cpu] } };
    uint8_t *area;

    give(&t, ARCH_SET_GENERAL, GENERAL_SIZE, 0);
    give(&t, ARCH_SET_XSTATE, cpus[cpu].total, 0xa5);
    area = t.sets.bytes[ARCH_SET_XSTATE];
    memset(area + XSTATE_BV, 0, 64);
    area[XSTATE_BV] = in_use_low;
    area[XSTATE_BV + 1] = in_use_high;
    return t;
}

static struct thread
aarch64_thread(void)
{
    struct thread t = { { .places = &arch_aarch64_linux } };

    give(&t, ARCH_SET_GENERAL, 34 * 8, 0);
    give(&t, ARCH_SET_FP, 528, 0);
    give(&t, ARCH_SET_TLS, 8, 0);
    give(&t, ARCH_SET_PAUTH, 16, 0);
    return t;
}

static struct arch_register
named(const struct arch_layout *layout, const char *name)
{
    struct arch_register r = { 0 };

    ck_assert_msg(arch_register_named(layout, name, strlen(name), &r), "%s", name);
    return r;
}

static uint64_t
get(const struct thread *t, const struct arch_layout *layout, const char *name)
{
    struct arch_register r = named(layout, name);
    uint8_t *value = flush_copy(NULL, r.size);
    uint64_t v;

    ck_assert_msg(arch_get(&t->sets, &r, value), "%s", name);
    v = arch_get_uint(layout->arch, value, r.size < 8 ? r.size : 8);
    flush_free(value, r.size);
    return v;
}

static unsigned
put(struct thread *t, const struct arch_layout *layout, const char *name, uint64_t v)
{
    struct arch_register r = named(layout, name);
    uint8_t *value = flush_copy(NULL, r.size);
    unsigned set = 99;

    arch_put_uint(layout->arch, value, r.size < 8 ? r.size : 8, v);
    ck_assert_msg(arch_put(&t->sets, &r, value, &set), "%s", name);
    flush_free(value, r.size);
    return set;
}

static uint64_t
little(const uint8_t *bytes)
{
    return arch_get_uint(&arch_x86_64, bytes, 8);
}

/* ---- general registers ---- */

START_TEST(x86_64_general_set_is_user_regs)
{
    static const char *const order[] = { "r15",    "r14", "r13", "r12",      "rbp",     "rbx",
                                         "r11",    "r10", "r9",  "r8",       "rax",     "rcx",
                                         "rdx",    "rsi", "rdi", "orig_rax", "rip",     "cs",
                                         "eflags", "rsp", "ss",  "fs_base",  "gs_base", "ds",
                                         "es",     "fs",  "gs" };
    struct thread t = x86_64_thread(0, 0, 0);
    uint8_t *general = t.sets.bytes[ARCH_SET_GENERAL];

    for (unsigned i = 0; i < 27; i++) {
        memset(general, 0, GENERAL_SIZE);
        ck_assert_uint_eq(put(&t, &x86_64, order[i], 0x11223344), ARCH_SET_GENERAL);
        ck_assert_msg(little(general + 8 * i) == 0x11223344, "%s", order[i]);
        ck_assert(get(&t, &x86_64, order[i]) == 0x11223344);
    }
    arch_put_uint(&arch_x86_64, general + 18 * 8, 8, UINT64_C(0x1234567800000246));
    ck_assert(get(&t, &x86_64, "eflags") == 0x246);
    put(&t, &x86_64, "eflags", 0x202);
    ck_assert(little(general + 18 * 8) == UINT64_C(0x1234567800000202));
    free_sets(&t);
}
END_TEST

START_TEST(aarch64_sets_are_as_linux_has_them)
{
    struct thread t = aarch64_thread();
    uint8_t *general = t.sets.bytes[ARCH_SET_GENERAL];

    ck_assert_uint_eq(put(&t, &aarch64, "x0", 1), ARCH_SET_GENERAL);
    put(&t, &aarch64, "x8", 8);
    put(&t, &aarch64, "x28", 28);
    put(&t, &aarch64, "x29", 29);
    put(&t, &aarch64, "x30", 30);
    put(&t, &aarch64, "sp", 31);
    put(&t, &aarch64, "pc", 32);
    put(&t, &aarch64, "cpsr", 33);
    ck_assert(little(general) == 1);
    ck_assert(little(general + 8 * 8) == 8);
    for (unsigned i = 28; i <= 33; i++)
        ck_assert(little(general + 8 * i) == i);
    ck_assert_uint_eq(put(&t, &aarch64, "v31", 7), ARCH_SET_FP);
    ck_assert(little(t.sets.bytes[ARCH_SET_FP] + 31 * 16) == 7);
    put(&t, &aarch64, "fpsr", 0x10);
    put(&t, &aarch64, "fpcr", 0x20);
    ck_assert(little(t.sets.bytes[ARCH_SET_FP] + 512) == UINT64_C(0x2000000010));
    ck_assert_uint_eq(put(&t, &aarch64, "tpidr", 5), ARCH_SET_TLS);
    ck_assert_uint_eq(put(&t, &aarch64, "pauth_cmask", 6), ARCH_SET_PAUTH);
    ck_assert(little(t.sets.bytes[ARCH_SET_PAUTH] + 8) == 6);
    free_sets(&t);
}
END_TEST

/* ---- XSAVE ---- */

/* A value for register `number` that no other has. */
static void
make_value(const struct arch_register *r, uint8_t *value)
{
    memset(value, 0, r->size);
    for (uint32_t i = 0; i < r->size; i++)
        value[i] = (uint8_t)(r->number * 7 + i * 3 + 1);
    if (r->size == 4) /* what is stored in fewer bytes */
        memset(value + 2, 0, 2);
    if (r->row->name[0] == 'f' && r->row->name[1] == 't') {
        value[0] = 0x1f; /* a tag word in which only registers 2 and 7 are in use */
        value[1] = 0x3f;
        value[0] |= 0xc0;
    }
}

/* All registers written, then all read: none lies on another, and each lands in its own set. */
static void
expect_round_trip(struct thread *t, const struct arch_layout *layout, bool tags_too)
{
    uint8_t value[ARCH_SIZE_MAX];
    uint8_t back[ARCH_SIZE_MAX];
    struct arch_register r = { 0 };
    unsigned set;

    while (arch_next(layout, &r)) {
        make_value(&r, value);
        ck_assert(arch_put(&t->sets, &r, value, &set));
        ck_assert_uint_lt(set, ARCH_SETS);
    }
    r = (struct arch_register){ 0 };
    while (arch_next(layout, &r)) {
        if (strcmp(r.row->name, "ftag") == 0 && !tags_too)
            continue;
        make_value(&r, value);
        ck_assert(arch_get(&t->sets, &r, back));
        ck_assert_msg(memcmp(value, back, r.size) == 0, "%s[%u]", r.row->name, r.index);
    }
}

START_TEST(every_register_has_a_place_of_its_own)
{
    struct thread t = x86_64_thread(_i, 0, 0);

    expect_round_trip(&t, &x86_64, false);
    free_sets(&t);
    t = aarch64_thread();
    expect_round_trip(&t, &aarch64, true);
    free_sets(&t);
}
END_TEST

static uint64_t
initial_of(const char *name)
{
    if (strcmp(name, "fctrl") == 0)
        return 0x37f;
    if (strcmp(name, "ftag") == 0)
        return 0xffff;
    return strcmp(name, "mxcsr") == 0 ? 0x1f80 : 0;
}

static bool
is_initial(const struct thread *t, const struct arch_register *r)
{
    uint8_t value[ARCH_SIZE_MAX];
    uint8_t want[ARCH_SIZE_MAX] = { 0 };
    char name[ARCH_NAME_MAX];

    arch_name_of(r, name);
    arch_put_uint(&arch_x86_64, want, 4, initial_of(name));
    ck_assert(arch_get(&t->sets, r, value));
    return memcmp(value, want, r->size) == 0;
}

START_TEST(components_not_in_use_read_as_initial)
{
    struct thread t = x86_64_thread(_i, 0, 0);
    struct arch_register r = { 0 };

    while (arch_next(&x86_64, &r)) {
        if (r.row->group != ARCH_GENERAL && r.row->name[0] != 'o')
            ck_assert_msg(is_initial(&t, &r), "%s[%u]", r.row->name, r.index);
    }
    free_sets(&t);
}
END_TEST

START_TEST(writing_one_register_leaves_the_rest_initial)
{
    static const struct {
        const char *name;
        uint8_t low, high;
    } wants[] = { { "st3", 1, 0 },      { "fop", 1, 0 },  { "xmm9", 2, 0 },    { "mxcsr", 2, 0 },
                  { "ymm1h", 4, 0 },    { "k7", 32, 0 },  { "zmm15h", 64, 0 }, { "xmm31", 128, 0 },
                  { "zmm16h", 128, 0 }, { "pkru", 0, 2 }, { "ftag", 1, 0 } };

    for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
        struct thread t = x86_64_thread(_i, 0, 0);
        struct arch_register it = named(&x86_64, wants[i].name);
        struct arch_register r = { 0 };
        uint8_t *bv = t.sets.bytes[ARCH_SET_XSTATE] + XSTATE_BV;

        ck_assert_uint_eq(put(&t, &x86_64, wants[i].name, 0x155), ARCH_SET_XSTATE);
        ck_assert_uint_eq(bv[0], wants[i].low);
        ck_assert_uint_eq(bv[1], wants[i].high);
        while (arch_next(&x86_64, &r)) {
            bool same = r.number == it.number;

            if (r.row->group == ARCH_GENERAL || r.row->name[0] == 'o')
                continue;
            ck_assert_msg(is_initial(&t, &r) != same, "%s: %s[%u]", wants[i].name, r.row->name,
                          r.index);
        }
        free_sets(&t);
    }
}
END_TEST

START_TEST(writing_keeps_a_component_that_is_in_use)
{
    struct thread t = x86_64_thread(_i, 0x83, 0);

    put(&t, &x86_64, "xmm3", 1);
    put(&t, &x86_64, "zmm16h", 1);
    put(&t, &x86_64, "fop", 1);
    ck_assert(get(&t, &x86_64, "xmm4") == UINT64_C(0xa5a5a5a5a5a5a5a5));
    ck_assert(get(&t, &x86_64, "mxcsr") == 0xa5a5a5a5);
    ck_assert(get(&t, &x86_64, "ymm16h") == UINT64_C(0xa5a5a5a5a5a5a5a5));
    ck_assert(get(&t, &x86_64, "fctrl") == 0xa5a5);
    ck_assert(get(&t, &x86_64, "ymm3h") == 0);
    free_sets(&t);
}
END_TEST

/* XSAVE writes MXCSR with AVX's component as well as with SSE's. */
START_TEST(mxcsr_is_believed_with_avx_too)
{
    struct thread t = x86_64_thread(0, 4, 0);

    arch_put_uint(&arch_x86_64, t.sets.bytes[ARCH_SET_XSTATE] + 24, 4, 0x1fa0);
    ck_assert(get(&t, &x86_64, "mxcsr") == 0x1fa0);
    ck_assert(get(&t, &x86_64, "xmm0") == 0);
    put(&t, &x86_64, "xmm0", 3);
    ck_assert(get(&t, &x86_64, "mxcsr") == 0x1fa0);
    ck_assert(get(&t, &x86_64, "xmm1") == 0);
    free_sets(&t);
}
END_TEST

START_TEST(absent_component_or_set_is_said)
{
    static const char *const lost[] = { "ymm0h", "k0", "zmm0h", "xmm16", "pkru" };
    struct arch_xsave none = { .total = 576 };
    struct thread t = x86_64_thread(0, 0xff, 0xff);
    struct arch_register r;
    uint8_t value[64] = { 0 };
    unsigned set;

    for (int without = 0; without < 2; without++) {
        t.sets.xsave = without ? NULL : &none;
        for (size_t i = 0; i < 5; i++) {
            r = named(&x86_64, lost[i]);
            ck_assert(!arch_get(&t.sets, &r, value));
            ck_assert(!arch_put(&t.sets, &r, value, &set));
        }
        ck_assert(get(&t, &x86_64, "xmm0") == UINT64_C(0xa5a5a5a5a5a5a5a5));
    }
    free_sets(&t);
    t = (struct thread){ { .places = &arch_x86_64_linux, .xsave = &cpus[0] } };
    for (unsigned i = 0; arch_register(&x86_64, i, &r); i++)
        ck_assert(!arch_get(&t.sets, &r, value) && !arch_put(&t.sets, &r, value, &set));
}
END_TEST

/* A core without NT_X86_XSTATE has an FXSAVE image. */
START_TEST(fxsave_image_serves_x87_and_sse)
{
    struct thread t = { { .places = &arch_x86_64_linux } };
    struct arch_register r = named(&x86_64, "ymm0h");
    uint8_t value[16];

    give(&t, ARCH_SET_FP, 512, 0);
    arch_put_uint(&arch_x86_64, t.sets.bytes[ARCH_SET_FP], 2, 0x27f);
    ck_assert(get(&t, &x86_64, "fctrl") == 0x27f);
    ck_assert_uint_eq(put(&t, &x86_64, "xmm15", 0x77), ARCH_SET_FP);
    ck_assert_uint_eq(t.sets.bytes[ARCH_SET_FP][160 + 15 * 16], 0x77);
    ck_assert_uint_eq(put(&t, &x86_64, "ftag", 0x3fff), ARCH_SET_FP);
    ck_assert_uint_eq(t.sets.bytes[ARCH_SET_FP][4], 0x80);
    ck_assert(!arch_get(&t.sets, &r, value));
    free_sets(&t);
}
END_TEST

/* Sets of every length, each flush against an unreadable page: what is there is read, what is not
 * is said, and nothing past the end is touched. */
START_TEST(short_sets_are_not_read_past_their_end)
{
    static const uint32_t fulls[] = { GENERAL_SIZE, 0, 2440 };
    uint8_t value[ARCH_SIZE_MAX] = { 0 };

    for (unsigned set = 0; set <= ARCH_SET_XSTATE; set += ARCH_SET_XSTATE) {
        unsigned before = 0;

        for (uint32_t size = 0; size <= fulls[set]; size += size < 576 ? 1 : 7) {
            struct thread t = { { .places = &arch_x86_64_linux, .xsave = &cpus[1] } };
            struct arch_register r = { 0 };
            unsigned got = 0;
            unsigned where;

            give(&t, set, size, 0xff);
            while (arch_next(&x86_64, &r)) {
                got += arch_get(&t.sets, &r, value);
                ck_assert(arch_put(&t.sets, &r, value, &where) == arch_get(&t.sets, &r, value));
            }
            ck_assert_uint_ge(got, before);
            before = got;
            free_sets(&t);
        }
        ck_assert_uint_gt(before, 20);
    }
}
END_TEST

/* What a dump says about its CPU may be anything. */
START_TEST(absurd_components_are_refused)
{
    struct arch_xsave absurd = cpus[0];
    struct thread t = x86_64_thread(0, 0xff, 0);
    struct arch_register r = named(&x86_64, "ymm0h");
    uint8_t value[16];

    t.sets.xsave = &absurd;
    ck_assert(arch_get(&t.sets, &r, value));
    absurd.base[2] = UINT32_MAX;
    ck_assert(!arch_get(&t.sets, &r, value));
    absurd.base[2] = 576;
    absurd.size[2] = UINT32_MAX;
    ck_assert(!arch_get(&t.sets, &r, value));
    absurd.size[2] = 15;
    ck_assert(!arch_get(&t.sets, &r, value));
    free_sets(&t);
}
END_TEST

START_TEST(features_follow_the_components)
{
    struct arch_xsave x = { .total = 576 };

    ck_assert_uint_eq(arch_x86_64_features(&x), 0);
    x.size[9] = 8;
    ck_assert_uint_eq(arch_x86_64_features(&x), ARCH_X86_64_PKEYS);
    x.size[5] = x.size[6] = x.size[7] = 1;
    ck_assert_uint_eq(arch_x86_64_features(&x), ARCH_X86_64_PKEYS);
    x.size[2] = 256;
    ck_assert_uint_eq(arch_x86_64_features(&x),
                      ARCH_X86_64_PKEYS | ARCH_X86_64_AVX | ARCH_X86_64_AVX512);
    x.size[6] = 0;
    ck_assert_uint_eq(arch_x86_64_features(&x), ARCH_X86_64_PKEYS | ARCH_X86_64_AVX);
}
END_TEST

/* ---- tags ---- */

/* Contents of a register of the x87 stack and the tag the SDM gives them. */
static const struct {
    uint64_t significand;
    uint16_t top16; /* sign and exponent */
    unsigned tag;
} contents[] = {
    { UINT64_C(0x8000000000000000), 0x3fff, 0 }, /* 1.0 */
    { 0, 0, 1 },                                 /* 0.0 */
    { 0, 0x8000, 1 },                            /* -0.0 */
    { UINT64_C(0x8000000000000000), 0x7fff, 2 }, /* infinity */
    { UINT64_C(0xc000000000000000), 0xffff, 2 }, /* a NaN */
    { 1, 0, 2 },                                 /* denormal */
    { UINT64_C(0x8000000000000000), 0, 2 },      /* pseudo-denormal */
    { 1, 0x3fff, 2 },                            /* unnormal */
};

START_TEST(tag_word_is_made_from_contents_and_top)
{
    struct thread t = x86_64_thread(0, 1, 0);
    uint8_t *image = t.sets.bytes[ARCH_SET_XSTATE];

    for (unsigned top = 0; top < 8; top++) {
        for (unsigned i = 0; i < 8; i++) {
            unsigned physical = (top + i) % 8;

            arch_put_uint(&arch_x86_64, image + 32 + 16 * i, 8, contents[physical].significand);
            arch_put_uint(&arch_x86_64, image + 32 + 16 * i + 8, 2, contents[physical].top16);
        }
        arch_put_uint(&arch_x86_64, image + 2, 2, top << 11);
        for (unsigned used = 0; used < 256; used++) {
            uint64_t want = 0;

            image[4] = (uint8_t)used;
            for (unsigned i = 0; i < 8; i++)
                want |= (uint64_t)(used >> i & 1 ? contents[i].tag : 3) << 2 * i;
            ck_assert_uint_eq(get(&t, &x86_64, "ftag"), want);
            put(&t, &x86_64, "ftag", want);
            ck_assert_uint_eq(image[4], used);
        }
    }
    free_sets(&t);
}
END_TEST

/* ---- a machine of the user's ---- */

START_TEST(users_machine_has_places_of_its_own)
{
    static const struct arch_row rows[] = {
        { "r#", 0, 2, 16, ARCH_UINT, ARCH_GENERAL, ARCH_NONE, -1, NULL, "uint16" },
        { "zero", 0, 1, 32, ARCH_UINT, ARCH_GENERAL, ARCH_NONE, -1, NULL, "uint32" },
    };
    static const struct arch_feature feature = { "org.example.core", NULL, rows, 2, 0 };
    static const struct arch machine = { .name = "x", .features = &feature, .feature_count = 1 };
    static const struct arch_place places[] = {
        { ARCH_SET_GENERAL, 0, 6, -4, 2, ARCH_AS_IS, 0 },
        { 0, 0, 0, 0, 0, ARCH_CONSTANT0, 0 },
    };
    static const struct arch_place *const features[] = { places };
    static const struct arch_places users = { features, false };
    struct arch_layout layout = { &machine, 0 };
    struct thread t = { { .places = &users } };

    give(&t, ARCH_SET_GENERAL, 8, 0x11);
    ck_assert_uint_eq(put(&t, &layout, "r0", 0xaabb), ARCH_SET_GENERAL);
    ck_assert_uint_eq(put(&t, &layout, "r1", 0xccdd), ARCH_SET_GENERAL);
    ck_assert(little(t.sets.bytes[ARCH_SET_GENERAL]) == UINT64_C(0xaabb1111ccdd1111));
    ck_assert_uint_eq(put(&t, &layout, "zero", 5), ARCH_SETS);
    ck_assert(get(&t, &layout, "zero") == 0);
    free_sets(&t);
}
END_TEST

Suite *
sets_suite(void)
{
    Suite *s = suite_create("sets");
    TCase *tc = tcase_create("sets");

    tcase_add_test(tc, x86_64_general_set_is_user_regs);
    tcase_add_test(tc, aarch64_sets_are_as_linux_has_them);
    tcase_add_loop_test(tc, every_register_has_a_place_of_its_own, 0, CPUS);
    tcase_add_loop_test(tc, components_not_in_use_read_as_initial, 0, CPUS);
    tcase_add_loop_test(tc, writing_one_register_leaves_the_rest_initial, 0, CPUS);
    tcase_add_loop_test(tc, writing_keeps_a_component_that_is_in_use, 0, CPUS);
    tcase_add_test(tc, mxcsr_is_believed_with_avx_too);
    tcase_add_test(tc, absent_component_or_set_is_said);
    tcase_add_test(tc, fxsave_image_serves_x87_and_sse);
    tcase_add_test(tc, short_sets_are_not_read_past_their_end);
    tcase_add_test(tc, absurd_components_are_refused);
    tcase_add_test(tc, features_follow_the_components);
    tcase_add_test(tc, tag_word_is_made_from_contents_and_top);
    tcase_add_test(tc, users_machine_has_places_of_its_own);
    suite_add_tcase(s, tc);
    return s;
}
