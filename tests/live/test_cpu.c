/* test_cpu.c - the places of x86-64 registers against what the running CPU itself saves and
 * restores: XSAVE areas at the bases of CPUID leaf 0xD, FXSAVE images against FNSTENV. */
#include <cpuid.h>
#include <string.h>

#include "arch/arch.h"
#include "tests/suites.h"

enum { FXSAVE_SIZE = 512, AREA_MAX = 16384 };
/* What the tests save and restore: x87, SSE, AVX, AVX-512. */
enum { RFBM = 0xe7, RFBM_AVX = 7 };

static _Alignas(64) uint8_t area[AREA_MAX];

/* False on a CPU or a system without XSAVE. */
static bool
ask_cpu(struct arch_xsave *x)
{
    unsigned a, b, c, d;
    unsigned low;

    memset(x, 0, sizeof(*x));
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_OSXSAVE) == 0 ||
        __get_cpuid_count(0xd, 0, &low, &b, &c, &d) == 0)
        return false;
    x->total = b;
    for (unsigned i = 2; i < ARCH_XSAVE_COMPONENTS; i++) {
        if ((low >> i & 1) != 0 && __get_cpuid_count(0xd, i, &a, &b, &c, &d) != 0 &&
            (c & 1) == 0) {
            x->size[i] = a;
            x->base[i] = b;
        }
    }
    return x->total <= AREA_MAX;
}

static struct arch_sets
sets_over(uint32_t size, const struct arch_xsave *x)
{
    struct arch_sets sets = { .places = &arch_x86_64_linux, .xsave = x };

    sets.bytes[ARCH_SET_XSTATE] = area;
    sets.size[ARCH_SET_XSTATE] = size;
    return sets;
}

static struct arch_layout
layout_of(const struct arch_xsave *x)
{
    return (struct arch_layout){ &arch_x86_64, arch_x86_64_features(x) };
}

static void
expect(const struct arch_sets *sets, const struct arch_layout *layout, const char *name,
       const void *want, size_t size)
{
    struct arch_register r;
    uint8_t value[ARCH_SIZE_MAX];

    ck_assert_msg(arch_register_named(layout, name, strlen(name), &r), "%s", name);
    ck_assert_uint_le(size, r.size);
    ck_assert_msg(arch_get(sets, &r, value), "%s", name);
    ck_assert_msg(memcmp(value, want, size) == 0, "%s", name);
}

static void
change(const struct arch_sets *sets, const struct arch_layout *layout, const char *name,
       const void *value)
{
    struct arch_register r;
    unsigned set;

    ck_assert_msg(arch_register_named(layout, name, strlen(name), &r), "%s", name);
    ck_assert_msg(arch_put(sets, &r, value, &set), "%s", name);
    ck_assert_uint_eq(set, ARCH_SET_XSTATE);
}

/* ---- patterns: 64 bytes for zmm3, 64 for zmm17, 8 for k5 ---- */

struct patterns {
    uint8_t low[64], high[64];
    uint64_t mask;
};

static struct patterns
make_patterns(void)
{
    struct patterns p = { .mask = 0xbeef };

    for (unsigned i = 0; i < 64; i++) {
        p.low[i] = (uint8_t)(i + 1);
        p.high[i] = (uint8_t)(0xff - i);
    }
    return p;
}

static void
load_and_save(const struct patterns *p, bool avx512)
{
    if (avx512)
        __asm__ volatile("fninit\n\tfldpi\n\t"
                         "vmovdqu64 (%0), %%zmm3\n\tvmovdqu64 64(%0), %%zmm17\n\t"
                         "kmovw 128(%0), %%k5\n\t"
                         "xsave64 (%1)\n\tvzeroupper\n\tfninit"
                         :
                         : "r"(p), "r"(area), "a"(-1), "d"(-1)
                         : "xmm3", "memory");
    else
        __asm__ volatile("fninit\n\tfldpi\n\tvmovdqu (%0), %%ymm3\n\t"
                         "xsave64 (%1)\n\tvzeroupper\n\tfninit"
                         :
                         : "r"(p), "r"(area), "a"(-1), "d"(-1)
                         : "xmm3", "memory");
}

#define ALL_XMM                                                                                   \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",      \
        "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

static void
restore_and_store(struct patterns *p, uint8_t *st0, bool avx512)
{
    if (avx512)
        __asm__ volatile("xrstor64 (%1)\n\t"
                         "vmovdqu64 %%zmm3, (%0)\n\tvmovdqu64 %%zmm17, 64(%0)\n\t"
                         "kmovw %%k5, 128(%0)\n\tfstpt (%2)\n\tvzeroupper\n\tfninit"
                         :
                         : "r"(p), "r"(area), "r"(st0), "a"(RFBM), "d"(0)
                         : ALL_XMM, "memory");
    else
        __asm__ volatile("xrstor64 (%1)\n\tvmovdqu %%ymm3, (%0)\n\t"
                         "fstpt (%2)\n\tvzeroupper\n\tfninit"
                         :
                         : "r"(p), "r"(area), "r"(st0), "a"(RFBM_AVX), "d"(0)
                         : ALL_XMM, "memory");
}

/* fldpi, as the SDM's table of constants has it. */
static const uint8_t pi[10] = { 0x35, 0xc2, 0x68, 0x21, 0xa2, 0xda, 0x0f, 0xc9, 0x00, 0x40 };

/* Both tests are about AVX and more; false where the CPU has less. */
static bool
prepare(struct arch_xsave *x, struct arch_layout *layout)
{
    if (!ask_cpu(x))
        return false;
    *layout = layout_of(x);
    return (layout->features & ARCH_X86_64_AVX) != 0;
}

START_TEST(saved_registers_are_found)
{
    const uint8_t tag[4] = { 0xff, 0x3f };
    const uint8_t control[4] = { 0x7f, 0x03 };
    struct patterns p = make_patterns();
    struct arch_xsave x;
    struct arch_layout layout;
    struct arch_sets sets;

    if (!prepare(&x, &layout))
        return;
    memset(area, 0, sizeof(area));
    load_and_save(&p, (layout.features & ARCH_X86_64_AVX512) != 0);
    sets = sets_over(x.total, &x);
    expect(&sets, &layout, "st0", pi, 10);
    expect(&sets, &layout, "ftag", tag, 4);
    expect(&sets, &layout, "fctrl", control, 4);
    expect(&sets, &layout, "xmm3", p.low, 16);
    expect(&sets, &layout, "ymm3h", p.low + 16, 16);
    if ((layout.features & ARCH_X86_64_AVX512) == 0)
        return;
    expect(&sets, &layout, "zmm3h", p.low + 32, 32);
    expect(&sets, &layout, "xmm17", p.high, 16);
    expect(&sets, &layout, "ymm17h", p.high + 16, 16);
    expect(&sets, &layout, "zmm17h", p.high + 32, 32);
    expect(&sets, &layout, "k5", &p.mask, 8);
}
END_TEST

/* The area begins with nothing in use and garbage everywhere. */
START_TEST(put_registers_are_restored)
{
    const uint8_t top7[4] = { 0, 0x38 };
    const uint8_t tag[4] = { 0xff, 0x3f };
    struct patterns p = make_patterns();
    struct patterns back = { .mask = 0 };
    uint8_t st0[10];
    struct arch_xsave x;
    struct arch_layout layout;
    struct arch_sets sets;
    bool avx512;

    if (!prepare(&x, &layout))
        return;
    avx512 = (layout.features & ARCH_X86_64_AVX512) != 0;
    memset(area, 0xa5, sizeof(area));
    memset(area + FXSAVE_SIZE, 0, 64);
    sets = sets_over(x.total, &x);
    change(&sets, &layout, "fstat", top7);
    change(&sets, &layout, "ftag", tag);
    change(&sets, &layout, "st0", pi);
    change(&sets, &layout, "ymm3h", p.low + 16);
    change(&sets, &layout, "xmm3", p.low);
    if (avx512) {
        change(&sets, &layout, "zmm3h", p.low + 32);
        change(&sets, &layout, "xmm17", p.high);
        change(&sets, &layout, "ymm17h", p.high + 16);
        change(&sets, &layout, "zmm17h", p.high + 32);
        change(&sets, &layout, "k5", &p.mask);
    }
    restore_and_store(&back, st0, avx512);
    ck_assert(memcmp(st0, pi, 10) == 0);
    ck_assert(memcmp(back.low, p.low, avx512 ? 64 : 32) == 0);
    if (!avx512)
        return;
    ck_assert(memcmp(back.high, p.high, 64) == 0);
    ck_assert_uint_eq(back.mask, p.mask);
}
END_TEST

/* 1, 0, -0, infinity, a NaN, a denormal, a pseudo-denormal, an unnormal: FLD takes all as they
 * are. */
static const uint8_t contents[8][10] = {
    { 0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f }, { 0 },
    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80 },       { 0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x7f },
    { 1, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0xff }, { 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
    { 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0 },       { 1, 0, 0, 0, 0, 0, 0, 0, 0xff, 0x3f },
};

START_TEST(tag_word_is_the_cpus)
{
    struct arch_layout layout = { &arch_x86_64, 0 };
    struct arch_sets sets = { .places = &arch_x86_64_linux };
    uint8_t environment[28];

    sets.bytes[ARCH_SET_FP] = area;
    sets.size[ARCH_SET_FP] = FXSAVE_SIZE;
    for (unsigned pushed = 0; pushed <= 8; pushed++) {
        for (unsigned first = 0; first < 8; first++) {
            __asm__ volatile("fninit");
            for (unsigned i = 0; i < pushed; i++)
                __asm__ volatile("fldt (%0)" : : "r"(contents[(first + i) % 8]) : "memory");
            __asm__ volatile("fxsave64 (%0)\n\tfnstenv (%1)\n\tfninit"
                             :
                             : "r"(area), "r"(environment)
                             : "memory");
            expect(&sets, &layout, "ftag", environment + 8, 2);
            expect(&sets, &layout, "fstat", environment + 4, 2);
            expect(&sets, &layout, "fctrl", environment, 2);
        }
    }
}
END_TEST

Suite *
cpu_suite(void)
{
    Suite *s = suite_create("cpu");
    TCase *tc = tcase_create("x86_64");

    tcase_add_test(tc, saved_registers_are_found);
    tcase_add_test(tc, put_registers_are_restored);
    tcase_add_test(tc, tag_word_is_the_cpus);
    suite_add_tcase(s, tc);
    return s;
}
