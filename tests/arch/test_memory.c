/* test_memory.c - the read-memory contract and its DbgHelp adapters. */
#include <string.h>

#include "arch/arch.h"
#include "tests/flush.h"
#include "tests/suites.h"

/* ---- a process with one hole in its memory ---- */

enum habit {
    PARTIAL,        /* counts honestly, true */
    PARTIAL_FALSE,  /* counts honestly, false when it is short, as ReadProcessMemory does */
    ALL_OR_NOTHING, /* 0 and false unless all can be read */
    NO_COUNT,       /* the same, and never touches the count */
    EVEN_HARMED     /* the same, but has written over the whole buffer before it fails */
};

struct process {
    enum habit habit;
    uint64_t hole, hole_end; /* unreadable */
    uint64_t top;            /* the highest address that may be asked for */
    size_t most;             /* bytes a call, 0 any: a longer request is served in part */
    size_t refused;          /* a longer request fails whole; 0 none */
    unsigned late;           /* the call that answers late, 0 none */
    bool late_says_true;
    unsigned calls;
    bool broken; /* it was asked for what a callback never sees */
};

static uint8_t
byte_at(uint64_t address)
{
    return (uint8_t)(address * 167 + (address >> 8) * 13 + 1);
}

static bool
is_memory(const uint8_t *bytes, uint64_t address, size_t size)
{
    size_t i = 0;

    while (i < size && bytes[i] == byte_at(address + i))
        i++;
    return i == size;
}

static size_t
readable(const struct process *p, uint64_t address, size_t size)
{
    if (address >= p->hole && address < p->hole_end)
        return 0;
    if (address < p->hole && p->hole - address < size)
        return (size_t)(p->hole - address);
    return size;
}

static bool
read_process(void *process, uint64_t address, void *buffer, size_t size, size_t *count)
{
    struct process *p = process;
    uint8_t *out = buffer;
    size_t n = size;

    p->calls++;
    if (size == 0 || address > p->top || size - 1 > p->top - address) {
        p->broken = true;
        return false;
    }
    if (p->late == p->calls) {
        *count = ARCH_LATER;
        return p->late_says_true;
    }
    if (p->most != 0 && n > p->most)
        n = p->most;
    if (p->refused != 0 && n > p->refused)
        n = 0;
    if (p->habit == EVEN_HARMED)
        memset(out, 0xee, size);
    if (readable(p, address, n) < n)
        n = p->habit <= PARTIAL_FALSE ? readable(p, address, n) : 0;
    for (size_t i = 0; i < n; i++)
        out[i] = byte_at(address + i);
    if (p->habit != NO_COUNT)
        *count = n;
    return p->habit == PARTIAL || n == size;
}

/* Reads and checks: the length is what can be read and so are the bytes. Returns the calls. */
static unsigned
expect_read(struct process *p, uint64_t granule, uint64_t address, size_t size)
{
    struct arch_memory memory = { read_process, p, granule, p->top };
    uint8_t *buffer = flush_copy(NULL, size);
    size_t want = size;
    size_t got;

    if (size > 0 && size - 1 > p->top - address)
        want = (size_t)(p->top - address) + 1;
    want = readable(p, address, want);
    p->calls = 0;
    got = arch_read(&memory, address, buffer, size);
    ck_assert(!p->broken);
    ck_assert_uint_eq(got, want);
    ck_assert(is_memory(buffer, address, got));
    flush_free(buffer, size);
    return p->calls;
}

static struct process
process_with_hole(enum habit habit, uint64_t hole, uint64_t size)
{
    return (struct process){
        .habit = habit, .hole = hole, .hole_end = hole + size, .top = UINT64_MAX
    };
}

/* ---- what a callback may answer ---- */

START_TEST(readable_range_costs_one_call)
{
    struct process p = process_with_hole((enum habit)_i, 0x9000, 0x1000);

    ck_assert_uint_eq(expect_read(&p, 4096, 0x1234, 0x3000), 1);
    ck_assert_uint_eq(expect_read(&p, 1, 0x1234, 1), 1);
    ck_assert_uint_eq(expect_read(&p, 4096, 0xa000, 4096), 1);
}
END_TEST

START_TEST(nothing_is_asked_for_no_bytes)
{
    struct process p = process_with_hole(PARTIAL, 0x9000, 0x1000);

    ck_assert_uint_eq(expect_read(&p, 4096, 0x1234, 0), 0);
}
END_TEST

START_TEST(prefix_ends_at_hole_wherever_it_is)
{
    static const uint64_t granules[] = { 0, 1, 16, 64 };

    for (size_t g = 0; g < 4; g++) {
        uint64_t unit = granules[g] > 1 ? granules[g] : 1;

        for (uint64_t hole = 0x1000; hole < 0x1100; hole += unit) {
            struct process p = process_with_hole((enum habit)_i, hole, unit);

            for (uint64_t start = 0xff0; start < 0x1010; start += 5) {
                expect_read(&p, granules[g], start, 0x110);
                expect_read(&p, granules[g], start, 77);
                if (p.habit != NO_COUNT) /* which could not say so */
                    p.most = 24;
                expect_read(&p, granules[g], start, 0x110);
                p.most = 0;
                p.refused = 64;
                expect_read(&p, granules[g], start, 0x110);
                p.refused = 0;
            }
        }
    }
}
END_TEST

START_TEST(megabyte_with_one_bad_page_costs_few_calls)
{
    const size_t megabyte = 1 << 20;
    unsigned worst = 0;

    for (uint64_t page = 0; page < 256; page += page < 4 || page > 250 ? 1 : 13) {
        struct process p = process_with_hole(ALL_OR_NOTHING, 0x100000 + page * 4096, 4096);
        unsigned calls = expect_read(&p, 4096, 0x100000, megabyte);

        if (calls > worst)
            worst = calls;
    }
    ck_assert_uint_le(worst, 18);
}
END_TEST

START_TEST(megabyte_with_unknown_granule_costs_few_calls)
{
    const size_t megabyte = 1 << 20;
    unsigned worst = 0;

    for (uint64_t at = 0; at < megabyte; at = at * 3 + 1) {
        struct process p = process_with_hole(ALL_OR_NOTHING, 0x100000 + at, 1);
        unsigned calls = expect_read(&p, 1, 0x100000, megabyte);

        if (calls > worst)
            worst = calls;
    }
    ck_assert_uint_le(worst, 44);
}
END_TEST

START_TEST(honest_count_ends_in_three_calls)
{
    struct process p = process_with_hole((enum habit)_i, 0x9000, 0x1000);

    ck_assert_uint_le(expect_read(&p, 4096, 0x8000, 0x10000), 3);
    ck_assert_uint_eq(expect_read(&p, 4096, 0x8ff0, 0x20), 2);
    ck_assert_uint_eq(expect_read(&p, 4096, 0x9000, 0x20), 1);
}
END_TEST

START_TEST(bounded_calls_are_asked_again)
{
    struct process p = process_with_hole((enum habit)_i, 0x9000, 0x1000);

    p.most = 4096;
    ck_assert_uint_eq(expect_read(&p, 4096, 0x1000, 0x8000), 8);
    ck_assert_uint_le(expect_read(&p, 4096, 0x1800, 0x9000), 8 + 2);
}
END_TEST

/* A callback that says what the test wants. */
struct answer {
    bool value;
    bool touched;
    size_t count;
    unsigned calls;
};

static bool
answer_once(void *process, uint64_t address, void *buffer, size_t size, size_t *count)
{
    struct answer *a = process;

    (void)address;
    if (a->calls++ > 0) {
        *count = 0;
        return false;
    }
    memset(buffer, 0x5a, size);
    if (a->touched)
        *count = a->count;
    return a->value;
}

static size_t
read_answer(bool value, bool touched, size_t count)
{
    struct answer a = { value, touched, count, 0 };
    struct arch_memory memory = { answer_once, &a, 4096, 0 };
    uint8_t *buffer = flush_copy(NULL, 100);
    size_t got = arch_read(&memory, 0x1000, buffer, 100);

    flush_free(buffer, 100);
    return got;
}

START_TEST(count_is_believed_whatever_the_value)
{
    ck_assert_uint_eq(read_answer(true, true, 100), 100);
    ck_assert_uint_eq(read_answer(false, true, 100), 100);
    ck_assert_uint_eq(read_answer(true, true, 40), 40);
    ck_assert_uint_eq(read_answer(false, true, 40), 40);
    ck_assert_uint_eq(read_answer(true, true, 0), 0);
    ck_assert_uint_eq(read_answer(false, true, 0), 0);
}
END_TEST

START_TEST(count_is_clamped_to_size)
{
    ck_assert_uint_eq(read_answer(true, true, 101), 100);
    ck_assert_uint_eq(read_answer(false, true, 101), 100);
    ck_assert_uint_eq(read_answer(true, true, (size_t)-3), 100);
}
END_TEST

START_TEST(untouched_count_means_all_or_nothing)
{
    ck_assert_uint_eq(read_answer(true, false, 0), 100);
    ck_assert_uint_eq(read_answer(false, false, 0), 0);
}
END_TEST

START_TEST(late_answer_anywhere_makes_the_read_late)
{
    for (unsigned call = 1; call <= 3; call++) {
        for (unsigned says = 0; says < 2; says++) {
            struct process p = process_with_hole((enum habit)_i, 0x9000, 0x1000);
            struct arch_memory memory = { read_process, &p, 4096, 0 };
            uint8_t bytes[0x4000];

            p.late = call;
            p.late_says_true = says != 0;
            ck_assert_uint_eq(arch_read(&memory, 0x8000, bytes, sizeof(bytes)), ARCH_LATER);
            p.late = 0;
            expect_read(&p, 4096, 0x8000, sizeof(bytes));
        }
    }
}
END_TEST

START_TEST(range_is_clipped_at_the_top)
{
    struct process p = process_with_hole((enum habit)_i, 0x9000, 0x1000);

    expect_read(&p, 4096, UINT64_MAX, 1);
    expect_read(&p, 4096, UINT64_MAX, 100);
    expect_read(&p, 4096, UINT64_MAX - 10, 100);
    expect_read(&p, 1, UINT64_MAX - 0x2000, 0x4000);
    p.top = UINT32_MAX;
    expect_read(&p, 4096, UINT32_MAX - 10, 100);
    p.hole = 0xfffff000;
    p.hole_end = 0x100000000;
    expect_read(&p, 4096, 0xffffeff0, 0x4000);
}
END_TEST

START_TEST(nothing_is_asked_above_the_top)
{
    struct process p = process_with_hole(PARTIAL, 0x9000, 0x1000);
    struct arch_memory memory = { read_process, &p, 4096, 0xffff };
    uint8_t bytes[4];

    ck_assert_uint_eq(arch_read(&memory, 0x10000, bytes, sizeof(bytes)), 0);
    ck_assert_uint_eq(p.calls, 0);
}
END_TEST

START_TEST(huge_granule_does_no_harm)
{
    struct process p = process_with_hole((enum habit)_i, 0, (uint64_t)1 << 63);

    expect_read(&p, (uint64_t)1 << 63, 0x1000, 0x1000);
    expect_read(&p, (uint64_t)1 << 63, (uint64_t)1 << 63, 0x1000);
}
END_TEST

START_TEST(numbers_come_in_either_byte_order)
{
    struct process p = process_with_hole(ALL_OR_NOTHING, 0x9000, 0x1000);
    struct arch_memory memory = { read_process, &p, 4096, 0 };

    for (unsigned size = 1; size <= 8; size *= 2) {
        uint64_t little = 0;
        uint64_t big = 0;
        uint64_t v = 0;

        for (unsigned i = 0; i < size; i++) {
            little |= (uint64_t)byte_at(0x1000 + i) << 8 * i;
            big = big << 8 | byte_at(0x1000 + i);
        }
        ck_assert(arch_read_uint(&memory, 0x1000, size, false, &v));
        ck_assert(v == little);
        ck_assert(arch_read_uint(&memory, 0x1000, size, true, &v));
        ck_assert(v == big);
    }
}
END_TEST

START_TEST(number_is_whole_or_nothing)
{
    struct process p = process_with_hole(PARTIAL, 0x9000, 0x1000);
    struct arch_memory memory = { read_process, &p, 4096, 0 };
    uint64_t v = 77;

    ck_assert(!arch_read_uint(&memory, 0x8ffc, 8, false, &v));
    ck_assert(!arch_read_uint(&memory, 0x9000, 1, false, &v));
    ck_assert(!arch_read_uint(&memory, 0x1000, 3, false, &v));
    ck_assert(!arch_read_uint(&memory, 0x1000, 0, false, &v));
    ck_assert(!arch_read_uint(&memory, 0x1000, 16, false, &v));
    p.late = p.calls + 1;
    ck_assert(!arch_read_uint(&memory, 0x1000, 8, false, &v));
    ck_assert(v == 77);
}
END_TEST

/* ---- DbgHelp ---- */

struct windows {
    struct process process;
    uint64_t base; /* what was asked for last */
    uint32_t size;
    bool no_count;
    uint32_t lies; /* the count to give instead, when not 0 */
};

static int
read_windows64(void *handle, uint64_t base, void *buffer, uint32_t size, uint32_t *count)
{
    struct windows *w = handle;
    size_t n = 0;
    bool all;

    w->base = base;
    w->size = size;
    if (size > 1 << 20)
        return 0;
    all = read_process(&w->process, base, buffer, size, &n);
    if (!w->no_count)
        *count = w->lies != 0 ? w->lies : (uint32_t)n;
    return all ? 17 : 0; /* any BOOL but 0 is TRUE */
}

static int
read_windows32(void *handle, uint32_t base, void *buffer, uint32_t size, uint32_t *count)
{
    return read_windows64(handle, base, buffer, size, count);
}

static struct windows
windows_with_hole(enum habit habit)
{
    struct windows w = { .process = process_with_hole(habit, 0x9000, 0x1000) };

    return w;
}

START_TEST(dbghelp_callbacks_read_the_prefix)
{
    struct windows w = windows_with_hole((enum habit)_i);
    struct arch_dbghelp64 d64 = { read_windows64, &w };
    struct arch_dbghelp32 d32 = { read_windows32, &w };
    struct arch_memory memory = { arch_read_dbghelp64, &d64, 4096, 0 };
    uint8_t *buffer = flush_copy(NULL, 0x4000);

    w.no_count = (enum habit)_i == NO_COUNT;
    for (int form = 0; form < 2; form++) {
        ck_assert_uint_eq(arch_read(&memory, 0x7ff0, buffer, 0x4000), 0x1010);
        ck_assert(is_memory(buffer, 0x7ff0, 0x1010));
        ck_assert_uint_eq(arch_read(&memory, 0x1000, buffer, 0x4000), 0x4000);
        ck_assert_uint_eq(arch_read(&memory, 0x9000, buffer, 0x4000), 0);
        memory.read = arch_read_dbghelp32;
        memory.process = &d32;
    }
    flush_free(buffer, 0x4000);
}
END_TEST

START_TEST(dbghelp_count_is_clamped)
{
    struct windows w = windows_with_hole(PARTIAL);
    struct arch_dbghelp64 d64 = { read_windows64, &w };
    struct arch_memory memory = { arch_read_dbghelp64, &d64, 4096, 0 };
    uint8_t bytes[16];

    w.lies = 0xfffffffe; /* ARCH_LATER cut to a DWORD is no answer of DbgHelp's */
    ck_assert_uint_eq(arch_read(&memory, 0x1000, bytes, sizeof(bytes)), sizeof(bytes));
}
END_TEST

START_TEST(dbghelp_sizes_fit_a_dword)
{
    struct windows w = windows_with_hole(PARTIAL);
    struct arch_dbghelp64 d64 = { read_windows64, &w };
    struct arch_dbghelp32 d32 = { read_windows32, &w };
    uint8_t byte;
    size_t count = 0;

    arch_read_dbghelp64(&d64, 0x1000, &byte, SIZE_MAX, &count);
    ck_assert_uint_eq(w.size, 0x80000000);
    arch_read_dbghelp32(&d32, 0, &byte, SIZE_MAX, &count);
    ck_assert_uint_eq(w.size, 0x80000000);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(dbghelp32_fails_cleanly_above_4_gib)
{
    struct windows w = windows_with_hole(PARTIAL);
    struct arch_dbghelp32 d32 = { read_windows32, &w };
    struct arch_memory memory = { arch_read_dbghelp32, &d32, 4096, 0 };
    uint8_t bytes[0x20];

    ck_assert_uint_eq(arch_read(&memory, UINT64_C(0x100000000), bytes, sizeof(bytes)), 0);
    ck_assert_uint_eq(arch_read(&memory, UINT64_C(0x100001000), bytes, sizeof(bytes)), 0);
    ck_assert_uint_eq(w.process.calls, 0);
    ck_assert_uint_eq(arch_read(&memory, 0xfffffff0, bytes, sizeof(bytes)), 0x10);
    ck_assert_uint_eq(w.base, 0xfffffff0);
    ck_assert_uint_eq(w.size, 0x10);
    ck_assert_uint_eq(bytes[15], byte_at(0xffffffff));
}
END_TEST

Suite *
memory_suite(void)
{
    Suite *s = suite_create("memory");
    TCase *tc = tcase_create("contract");
    const int habits = EVEN_HARMED + 1;

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, readable_range_costs_one_call, 0, habits);
    tcase_add_test(tc, nothing_is_asked_for_no_bytes);
    tcase_add_loop_test(tc, prefix_ends_at_hole_wherever_it_is, 0, habits);
    tcase_add_test(tc, megabyte_with_one_bad_page_costs_few_calls);
    tcase_add_test(tc, megabyte_with_unknown_granule_costs_few_calls);
    tcase_add_loop_test(tc, honest_count_ends_in_three_calls, PARTIAL, PARTIAL_FALSE + 1);
    tcase_add_loop_test(tc, bounded_calls_are_asked_again, 0, NO_COUNT);
    tcase_add_test(tc, count_is_believed_whatever_the_value);
    tcase_add_test(tc, count_is_clamped_to_size);
    tcase_add_test(tc, untouched_count_means_all_or_nothing);
    tcase_add_loop_test(tc, late_answer_anywhere_makes_the_read_late, 0, habits);
    tcase_add_loop_test(tc, range_is_clipped_at_the_top, 0, habits);
    tcase_add_test(tc, nothing_is_asked_above_the_top);
    tcase_add_loop_test(tc, huge_granule_does_no_harm, 0, habits);
    tcase_add_test(tc, numbers_come_in_either_byte_order);
    tcase_add_test(tc, number_is_whole_or_nothing);
    suite_add_tcase(s, tc);
    tc = tcase_create("dbghelp");
    tcase_add_loop_test(tc, dbghelp_callbacks_read_the_prefix, 0, habits);
    tcase_add_test(tc, dbghelp_count_is_clamped);
    tcase_add_test(tc, dbghelp_sizes_fit_a_dword);
    tcase_add_test(tc, dbghelp32_fails_cleanly_above_4_gib);
    suite_add_tcase(s, tc);
    return s;
}
