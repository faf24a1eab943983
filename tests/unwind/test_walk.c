/* test_walk.c - the walk itself: partial reads, suspension, signals, other sources, PAC, and
 * stacks and tables that lie. */
#include "tests/suites.h"
#include "tests/unwind/world.h"

#define CIE_OPS "0c 07 08 90 01" /* CFA rsp+8, rip at CFA-8 */

static struct world w;

static void
check_end(enum unwind_reason reason, uint64_t address)
{
    ck_assert_ptr_eq(unwind_next(&w.unwind), NULL);
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, reason);
    ck_assert_uint_eq(unwind_end(&w.unwind)->address, address);
}

/* A function at CODE whose frames are 32 bytes, and the outermost one. */
static void
recursion(unsigned depth, size_t stack)
{
    struct table t = { .n = 0 };

    world_init(&w);
    table_cie(&t, "zR", 16, CIE_OPS);
    table_fde(&t, CODE, 0x10, "0e 20 83 03");
    table_fde(&t, CODE + 0x40, 0x10, "07 10");
    table_use(&w, &t, true);
    world_add(&w, STACK, stack);
    for (unsigned i = 0; i < depth && 32 * i + 32 <= stack; i++) {
        world_put(&w, STACK + 32 * i + 24, i + 1 < depth ? CODE + 8 : CODE + 0x44);
        world_put(&w, STACK + 32 * i + 8, i);
    }
}

/* Frames until the end. */
static unsigned
count_frames(void)
{
    unsigned n = 0;

    while (unwind_next(&w.unwind) != NULL)
        n++;
    return n;
}

/* ---- partial reads ---- */

START_TEST(every_frame_that_can_be_known_comes_before_the_hole)
{
    unsigned good = 1 + (unsigned)_i % 64;
    size_t stack = 32 * good + 24; /* the next return address is cut off */

    recursion(100, stack);
    w.habit = (enum habit)(_i / 64);
    world_begin(&w, CODE + 8, STACK);
    ck_assert_uint_eq(count_frames(), good + 1);
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_UNREADABLE);
    ck_assert_uint_eq(unwind_end(&w.unwind)->address, STACK + stack);
}
END_TEST

START_TEST(register_that_cannot_be_read_is_lost_alone)
{
    struct table t = { .n = 0 };
    const struct unwind_frame *f;

    world_init(&w);
    table_cie(&t, "zR", 16, CIE_OPS);
    table_fde(&t, CODE, 0x10, "0e 20 83 21"); /* rbx far below */
    table_use(&w, &t, true);
    world_add(&w, STACK, 0x40);
    world_put(&w, STACK + 0x18, CODE + 4);
    w.registers.valid = 1u << RBX;
    world_begin(&w, CODE + 8, STACK);
    unwind_next(&w.unwind);
    f = unwind_next(&w.unwind);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->registers.valid >> RBX & 1, 0);
}
END_TEST

START_TEST(hole_is_asked_for_once)
{
    recursion(4, 24);
    w.memory.granule = 256;
    world_begin(&w, CODE + 8, STACK + 0x1000); /* all of it in the hole */
    count_frames();
    unwind_begin_again(&w.unwind, &w.registers);
    w.calls = 0;
    count_frames();
    ck_assert_uint_eq(w.calls, 0);
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_UNREADABLE);
    ck_assert_uint_eq(unwind_end(&w.unwind)->address, STACK + 0x1018);
}
END_TEST

START_TEST(stack_is_read_anew_by_the_next_walk)
{
    recursion(4, 0x100);
    world_begin(&w, CODE + 8, STACK);
    ck_assert_uint_eq(count_frames(), 5);
    world_put(&w, STACK + 24, CODE + 0x44);
    world_begin(&w, CODE + 8, STACK);
    ck_assert_uint_eq(count_frames(), 2);
}
END_TEST

START_TEST(modules_that_changed_are_looked_at_anew)
{
    recursion(4, 0x100);
    world_begin(&w, CODE + 8, STACK);
    ck_assert_uint_eq(count_frames(), 5);
    unwind_set_modules(&w.unwind, NULL, 0);
    world_begin(&w, CODE + 8, STACK);
    ck_assert_uint_eq(count_frames(), 1);
    ck_assert_uint_ne(unwind_end(&w.unwind)->reason, UNWIND_OUTERMOST);
}
END_TEST

/* ---- suspended ---- */

/* Gives what is wanted, as the callback would. False when it is not memory that is wanted. */
static bool
feed(void)
{
    const struct unwind_end *end = unwind_end(&w.unwind);
    uint8_t bytes[256];
    size_t got = 0;

    if (end->reason != UNWIND_NEED)
        return false;
    ck_assert_uint_le(end->length, sizeof(bytes));
    w.habit = HONEST;
    w.memory.read(w.memory.process, end->address, bytes, end->length, &got);
    unwind_feed(&w.unwind, end->address, bytes, got);
    return true;
}

START_TEST(suspended_walk_sees_what_a_callback_would_show)
{
    struct unwind_frame seen[40];
    const struct unwind_frame *f;
    struct unwind_end end;
    unsigned n = 0;
    unsigned feeds = 0;

    recursion(20 + (unsigned)_i, 20 * 32);
    world_begin(&w, CODE + 8, STACK);
    while ((f = unwind_next(&w.unwind)) != NULL)
        seen[n++] = *f;
    end = *unwind_end(&w.unwind);
    w.config.memory = NULL;
    world_reset(&w);
    unwind_begin(&w.unwind, &w.registers);
    for (unsigned i = 0; i < n;) {
        f = unwind_next(&w.unwind);
        if (f == NULL) {
            ck_assert(feed());
            ck_assert_uint_lt(++feeds, 20);
            continue;
        }
        ck_assert_uint_eq(f->pc, seen[i].pc);
        ck_assert_uint_eq(f->cfa, seen[i].cfa);
        ck_assert_uint_eq(f->saved_at[RBX], seen[i].saved_at[RBX]);
        i++;
    }
    while (unwind_next(&w.unwind) == NULL && feed())
        ;
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, end.reason);
    ck_assert_uint_eq(unwind_end(&w.unwind)->address, end.address);
}
END_TEST

START_TEST(walk_that_is_fed_nothing_useful_ends)
{
    unsigned tries = 0;

    recursion(4, 0x100);
    w.config.memory = NULL;
    world_reset(&w);
    unwind_begin(&w.unwind, &w.registers);
    world_begin(&w, CODE + 8, STACK);
    while (unwind_next(&w.unwind) == NULL && unwind_end(&w.unwind)->reason == UNWIND_NEED)
        ck_assert_uint_lt(++tries, 100000);
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_LIMIT);
}
END_TEST

static bool
read_late(void *process, uint64_t address, void *buffer, size_t size, size_t *got)
{
    struct world *world = process;
    static uint64_t fetched = 1;

    if (size == 256 && address != fetched) { /* late once for each line */
        fetched = address;
        *got = ARCH_LATER;
        return false;
    }
    memset(buffer, 0, size);
    *got = 0;
    for (unsigned i = 0; i < world->parts; i++) {
        const struct part *p = &world->part[i];

        if (address - p->at < p->size) {
            *got = p->size - (size_t)(address - p->at);
            *got = *got < size ? *got : size;
            memcpy(buffer, p->bytes + (address - p->at), *got);
        }
    }
    return true;
}

START_TEST(late_answer_suspends_too)
{
    unsigned n = 0;

    recursion(4, 0x100);
    w.memory.read = read_late;
    w.memory.granule = 256;
    world_begin(&w, CODE + 8, STACK);
    do {
        while (unwind_next(&w.unwind) != NULL)
            n++;
    } while (unwind_end(&w.unwind)->reason == UNWIND_NEED);
    ck_assert_uint_eq(n, 5);
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_OUTERMOST);
}
END_TEST

/* ---- stacks that lie ---- */

START_TEST(stack_that_is_a_ring_is_named)
{
    struct table t = { .n = 0 };
    unsigned frames;

    world_init(&w);
    table_cie(&t, "zR", 16, CIE_OPS);
    table_fde(&t, CODE, 0x10, "0c 06 10 86 02"); /* by rbp, as every frame pointer's */
    table_use(&w, &t, true);
    world_add(&w, STACK, 0x100);
    for (unsigned i = 0; i < 4; i++) { /* rbp goes round through four records */
        world_put(&w, STACK + 0x20 * i, STACK + 0x20 * ((i + 1) % 4));
        world_put(&w, STACK + 0x20 * i + 8, CODE + 4);
    }
    w.registers.value[RBP] = STACK;
    w.registers.valid = 1u << RBP;
    world_begin(&w, CODE + 4, STACK - 16);
    frames = count_frames();
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_CYCLE);
    ck_assert_uint_lt(frames, 20);
    ck_assert_uint_eq((unwind_end(&w.unwind)->address - STACK) % 0x20, 0x10); /* one of its CFAs */
}
END_TEST

/* Rings of every length up to one that the stack just holds. */
START_TEST(ring_of_any_length_ends_with_few_reads)
{
    struct table t = { .n = 0 };
    unsigned length = 1 + (unsigned)_i;

    world_init(&w);
    table_cie(&t, "zR", 16, CIE_OPS);
    table_fde(&t, CODE, 0x10, "0c 06 10 86 02");
    table_use(&w, &t, true);
    world_add(&w, STACK, 4096);
    for (unsigned i = 0; i < length; i++) {
        world_put(&w, STACK + 16 * i, STACK + 16 * ((i + 1) % length));
        world_put(&w, STACK + 16 * i + 8, CODE + 4);
    }
    w.registers.value[RBP] = STACK;
    w.registers.valid = 1u << RBP;
    world_begin(&w, CODE + 4, STACK - 16);
    ck_assert_uint_lt(count_frames(), 4 * length + 20);
    ck_assert(unwind_end(&w.unwind)->reason == UNWIND_CYCLE ||
              unwind_end(&w.unwind)->reason == UNWIND_NOT_RISING);
    ck_assert_uint_lt(w.calls, 4 * length / 16 + 40);
}
END_TEST

START_TEST(cfa_that_stays_does_not_rise)
{
    struct table t = { .n = 0 };

    world_init(&w);
    table_cie(&t, "zR", 16, CIE_OPS);
    table_fde(&t, CODE, 0x10, "0e 00 10 10 02 23 10"); /* the CFA is rsp itself */
    table_use(&w, &t, true);
    world_add(&w, STACK, 0x100);
    world_put(&w, STACK + 0x10, CODE + 5);
    world_begin(&w, CODE + 4, STACK);
    ck_assert_uint_lt(count_frames(), 20);
    ck_assert(unwind_end(&w.unwind)->reason == UNWIND_CYCLE ||
              unwind_end(&w.unwind)->reason == UNWIND_NOT_RISING);
}
END_TEST

START_TEST(return_address_outside_code_is_named)
{
    recursion(3, 0x100);
    world_put(&w, STACK + 24, 0x4141414141414141);
    world_begin(&w, CODE + 8, STACK);
    ck_assert_uint_eq(count_frames(), 1);
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_NOT_CODE);
    ck_assert_uint_eq(unwind_end(&w.unwind)->address, 0x4141414141414141);
}
END_TEST

START_TEST(return_address_zero_is_a_marked_end)
{
    recursion(3, 0x100);
    world_put(&w, STACK + 56, 0);
    world_begin(&w, CODE + 8, STACK);
    ck_assert_uint_eq(count_frames(), 2);
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_MARKED);
}
END_TEST

START_TEST(walk_ends_at_its_limit)
{
    recursion(100, 100 * 32);
    w.config.max_frames = 7;
    world_reset(&w);
    world_begin(&w, CODE + 8, STACK);
    ck_assert_uint_eq(count_frames(), 7);
    check_end(UNWIND_LIMIT, CODE + 8);
}
END_TEST

START_TEST(pc_in_the_middle_of_nowhere_ends)
{
    static const uint64_t nowhere[] = { 0, 1, CODE - 1, UINT64_MAX, (uint64_t)1 << 63, STACK };

    world_init(&w);
    world_add(&w, STACK, 0x100);
    world_begin(&w, nowhere[_i], STACK);
    ck_assert_uint_eq(count_frames(), 1);
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_NO_INFORMATION);
    ck_assert_uint_eq(unwind_end(&w.unwind)->address, nowhere[_i]);
}
END_TEST

START_TEST(stack_pointer_in_a_hole_is_named)
{
    static const uint64_t holes[] = { 0, 4, STACK + 0x100, STACK - 1, UINT64_MAX - 3 };

    world_init(&w);
    world_code(&w, "ebfe");
    world_add(&w, STACK, 0x100);
    world_begin(&w, CODE, holes[_i]);
    ck_assert_uint_eq(count_frames(), 1);
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_UNREADABLE);
    ck_assert_uint_eq(unwind_end(&w.unwind)->address, holes[_i]);
}
END_TEST

START_TEST(walk_without_pc_or_sp_has_no_frames)
{
    world_init(&w);
    w.registers.valid = 1u << RBX;
    unwind_begin(&w.unwind, &w.registers);
    check_end(UNWIND_NO_INFORMATION, 0);
}
END_TEST

/* ---- tables that lie ---- */

/* The good table with one of its bytes changed, to each value in turn: any answer, but an answer.
 */
START_TEST(any_byte_of_a_table_may_be_wrong)
{
    for (unsigned value = 0; value < 256; value += 5) {
        recursion(4, 0x100);
        for (unsigned part = 0; part < w.parts; part++) {
            if ((size_t)_i < w.part[part].size && w.part[part].at != STACK)
                w.part[part].bytes[_i] = (uint8_t)value;
        }
        world_begin(&w, CODE + 8, STACK);
        ck_assert_uint_lt(count_frames(), 1000);
        ck_assert_uint_ne(unwind_end(&w.unwind)->reason, UNWIND_RUNNING);
    }
}
END_TEST

START_TEST(table_may_end_anywhere)
{
    recursion(4, 0x100);
    for (unsigned part = 0; part < w.parts; part++)
        if (w.part[part].at == TABLE && (size_t)_i < w.part[part].size)
            w.part[part].size = (size_t)_i;
    world_begin(&w, CODE + 8, STACK);
    ck_assert_uint_lt(count_frames(), 10);
}
END_TEST

/* In the place of a length, of a CIE's distance, of a range: numbers that wrap or lead nowhere. */
START_TEST(length_that_wraps_is_refused)
{
    static const uint64_t numbers[] = { 0xffffffff,         0xfffffffe,         0xfffffff0,
                                        0x80000000,         0x7fffffff,         UINT64_MAX,
                                        0xfffffff0ffffffff, 0x7fffffffffffffff, 0 };

    recursion(4, 0x100);
    for (unsigned at = 0; at + 8 <= w.module.eh_size; at += 4) {
        recursion(4, 0x100);
        world_put(&w, TABLE + at, numbers[_i]);
        world_begin(&w, CODE + 8, STACK);
        ck_assert_uint_lt(count_frames(), 20);
        ck_assert_uint_ne(unwind_end(&w.unwind)->reason, UNWIND_RUNNING);
        ck_assert_uint_lt(w.calls, 200);
        w.module.hdr_size = 0; /* once more without the header */
        unwind_set_modules(&w.unwind, &w.module, 1);
        unwind_begin(&w.unwind, &w.registers);
        ck_assert_uint_lt(count_frames(), 20);
        ck_assert_uint_lt(w.calls, 400);
    }
}
END_TEST

START_TEST(header_that_promises_too_much_is_refused)
{
    recursion(4, 0x100);
    world_put(&w, HDR + 4, (uint64_t)0xffffffff << 32 | (uint32_t)(TABLE - HDR - 4));
    world_begin(&w, CODE + 8, STACK);
    count_frames();
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_BAD_TABLE);
    ck_assert_uint_eq(unwind_end(&w.unwind)->address, HDR);
}
END_TEST

/* ---- code without tables ---- */

/* push rbp; mov rsp, rbp; push rbx; sub 24, rsp; call; add 24, rsp; pop rbx; pop rbp; ret */
#define FUNCTION "55 4889e5 53 4883ec18 e800000000 4883c418 5b 5d c3"
static const struct {
    uint64_t at; /* in FUNCTION */
    unsigned sp; /* words on the stack above the stack pointer, up to the return address */
} places[] = { { 0, 0 },  { 1, 1 },  { 4, 1 },  { 5, 2 }, { 9, 5 },
               { 14, 5 }, { 18, 2 }, { 19, 1 }, { 20, 0 } };

START_TEST(function_without_table_is_left_at_each_instruction)
{
    uint64_t back = STACK + 0x80; /* of the return address */
    uint64_t sp = back - 8 * places[_i].sp;
    const struct unwind_frame *f;

    world_init(&w);
    world_code(&w, FUNCTION " cccccccccc e800000000 90");
    world_add(&w, STACK, 0x100);
    world_put(&w, back, CODE + 31);
    world_put(&w, back - 8, 0xb9);
    world_put(&w, back - 16, 0xbb);
    w.registers.value[RBP] = places[_i].sp >= 1 && places[_i].at > 1 ? back - 8 : 0xb9;
    w.registers.value[RBX] = places[_i].sp >= 2 ? 0 : 0xbb;
    w.registers.valid = 1u << RBP | 1u << RBX;
    world_begin(&w, CODE + places[_i].at, sp);
    f = unwind_next(&w.unwind);
    ck_assert_uint_eq(f->cfa, back + 8);
    ck_assert_uint_eq(f->return_at, back);
    f = unwind_next(&w.unwind);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CODE + 31);
    ck_assert_uint_eq(f->source, UNWIND_INSTRUCTIONS);
    ck_assert_uint_eq(f->trust, UNWIND_CHECKED);
    ck_assert_uint_eq(f->registers.value[RBX], 0xbb);
    ck_assert_uint_eq(f->registers.value[RBP], 0xb9);
}
END_TEST

/* Code that never returns: the walk must end all the same. */
static const char *const endless[] = {
    "ebfe",                             /* jmp . */
    "e9fbffffff",                       /* the same, long */
    "74fe ebfc",                        /* je ., jmp back */
    "ffe0",                             /* jmp *rax */
    "90 ebfd",                          /* nop; jmp back */
    "0f0b",                             /* ud2 */
    "f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3", /* prefixes and nothing else */
    "4883ec7f ebfa",                    /* sub 127, rsp, for ever */
};

START_TEST(code_that_never_returns_ends_the_walk)
{
    world_init(&w);
    world_code(&w, endless[_i]);
    world_add(&w, STACK, 0x100);
    world_begin(&w, CODE, STACK);
    ck_assert_uint_eq(count_frames(), 1);
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_NO_INFORMATION);
}
END_TEST

START_TEST(frame_pointers_lead_on_where_code_cannot_be_read)
{
    const struct unwind_frame *f;

    world_init(&w);
    w.module.text_end = CODE + 0x800;
    memcpy(world_add(&w, CODE + 0x100, 5), "\xe8\0\0\0", 5); /* a call, then nothing readable */
    world_add(&w, STACK, 0x100);
    world_put(&w, STACK + 0x40, STACK + 0x80);
    world_put(&w, STACK + 0x48, CODE + 0x105);
    world_put(&w, STACK + 0x80, 0);
    world_put(&w, STACK + 0x88, CODE + 0x105);
    w.registers.value[RBP] = STACK + 0x40;
    w.registers.valid = 1u << RBP;
    world_begin(&w, CODE + 0x400, STACK);
    unwind_next(&w.unwind);
    f = unwind_next(&w.unwind);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->source, UNWIND_FRAME_POINTER);
    ck_assert_uint_eq(f->trust, UNWIND_FAIR);
    ck_assert_uint_eq(f->registers.value[RSP], STACK + 0x50);
    ck_assert_uint_eq(count_frames(), 1);
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_MARKED);
}
END_TEST

START_TEST(stack_is_searched_only_when_asked)
{
    const struct unwind_frame *f;

    world_init(&w);
    world_code(&w, "ebfe 90 e800000000 90");
    world_add(&w, STACK, 0x100);
    world_put(&w, STACK + 0x30, CODE + 8);
    w.config.scan = _i == 1;
    world_reset(&w);
    world_begin(&w, CODE, STACK);
    unwind_next(&w.unwind);
    f = unwind_next(&w.unwind);
    ck_assert_int_eq(f != NULL, _i);
    if (f != NULL) {
        ck_assert_uint_eq(f->pc, CODE + 8);
        ck_assert_uint_eq(f->trust, UNWIND_GUESS);
        ck_assert_uint_eq(f->source, UNWIND_SCAN);
    }
}
END_TEST

START_TEST(jump_to_nowhere_is_left_by_its_return_address)
{
    const struct unwind_frame *f;

    world_init(&w);
    world_code(&w, "e800000000 90");
    world_add(&w, STACK, 0x100);
    world_put(&w, STACK, CODE + 5);
    world_begin(&w, 0, STACK); /* a call through a null pointer */
    unwind_next(&w.unwind);
    f = unwind_next(&w.unwind);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CODE + 5);
    ck_assert_uint_eq(f->source, UNWIND_LEAF);
}
END_TEST

/* ---- signals ---- */

START_TEST(signal_frame_gives_back_every_register)
{
    const struct unwind_frame *f;

    world_init(&w);
    world_code(&w, "48c7c00f000000 0f05 90");
    world_add(&w, STACK, 0x200);
    for (uint64_t i = 0; i < 0x200; i += 8)
        world_put(&w, STACK + i, i);
    world_put(&w, STACK + 40 + 120, STACK + 0x1000);
    world_put(&w, STACK + 40 + 128, CODE + 9);
    world_begin(&w, CODE + (_i == 1 ? 7 : 0), STACK);
    f = unwind_next(&w.unwind);
    ck_assert(f->signal);
    ck_assert_uint_eq(f->cfa, STACK + 0x1000);
    f = unwind_next(&w.unwind);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CODE + 9);
    ck_assert(!f->called);
    ck_assert_uint_eq(f->source, UNWIND_SIGNAL);
    ck_assert_uint_eq(f->registers.valid, 0x1ffff);
    ck_assert_uint_eq(f->registers.value[RAX], 40 + 104);
    ck_assert_uint_eq(f->registers.value[15], 40 + 56);
    ck_assert_uint_eq(f->registers.value[RSP], STACK + 0x1000);
    ck_assert_uint_eq(f->saved_at[RDI], STACK + 40 + 64);
}
END_TEST

START_TEST(signal_frame_that_points_to_itself_ends)
{
    world_init(&w);
    world_code(&w, "48c7c00f000000 0f05 90");
    world_add(&w, STACK, 0x200);
    world_put(&w, STACK + 40 + 120, STACK);
    world_put(&w, STACK + 40 + 128, CODE);
    world_begin(&w, CODE, STACK);
    ck_assert_uint_lt(count_frames(), 5);
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_CYCLE);
    ck_assert_uint_eq(unwind_end(&w.unwind)->address, STACK);
}
END_TEST

/* A vector's code at CODE calls a handler at CODE + 0x40; its frame holds every register. By the
 * board's sources, which read plainly, and by all of them. */
START_TEST(exception_frame_gives_back_every_register)
{
    static int16_t saved[UNWIND_REGISTERS];
    struct unwind_exception vector = { CODE, CODE + 0x20, 16, saved };
    const struct unwind_frame *f;

    for (unsigned n = 0; n < UNWIND_REGISTERS; n++)
        saved[n] = n <= RIP ? (int16_t)(8 * n) : -1;
    world_init(&w);
    memcpy(world_add(&w, CODE, 5), "\xe8\x3b\0\0\0", 5);
    memcpy(world_add(&w, CODE + 0x40, 2), "\x90\xc3", 2);
    world_add(&w, STACK, 0x200);
    world_put(&w, STACK, CODE + 5);
    for (unsigned n = 0; n <= RIP; n++)
        world_put(&w, STACK + 8 + 16 + 8 * n, 1000 + n);
    world_put(&w, STACK + 8 + 16 + 8 * RSP, STACK + 0x180);
    world_put(&w, STACK + 8 + 16 + 8 * RIP, CODE + 0x41);
    world_put(&w, STACK + 0x180, CODE + 5);
    w.config.exceptions = &vector;
    w.config.exception_count = 1;
    if (_i == 1) {
        w.config.sources = &unwind_board_sources;
        w.config.lines = NULL;
        w.config.rules = NULL;
    }
    world_reset(&w);
    world_begin(&w, CODE + 0x40, STACK);
    ck_assert_uint_eq(unwind_next(&w.unwind)->return_at, STACK);
    f = unwind_next(&w.unwind);
    ck_assert_ptr_ne(f, NULL);
    ck_assert(f->signal && f->called);
    ck_assert_uint_eq(f->cfa, STACK + 0x180);
    f = unwind_next(&w.unwind);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CODE + 0x41);
    ck_assert(!f->called);
    ck_assert_uint_eq(f->source, UNWIND_SIGNAL);
    ck_assert_uint_eq(f->registers.valid, 0x1ffff);
    ck_assert_uint_eq(f->registers.value[RAX], 1000);
    ck_assert_uint_eq(f->registers.value[15], 1015);
    ck_assert_uint_eq(f->cfa, STACK + 0x188); /* it is at its return */
}
END_TEST

START_TEST(sources_that_keep_nothing_refuse_to_be_fed)
{
    world_init(&w);
    w.config.sources = &unwind_board_sources;
    w.config.memory = NULL;
    ck_assert_ptr_ne(unwind_init(&w.unwind, &w.config), NULL);
}
END_TEST

/* ---- AArch64 ---- */

static void
arm_world(const char *code)
{
    world_init(&w);
    w.config.machine = &unwind_aarch64;
    world_reset(&w);
    world_code(&w, code);
    world_add(&w, STACK, 0x400);
}

/* stp x29, x30, [sp, #-32]!; mov x29, sp; str x19, [sp, #16]; bl .; ldr x19, [sp, #16];
 * ldp x29, x30, [sp], #32; ret; bl .; nop */
#define ARM_FUNCTION                                                                              \
    "fd7bbea9 fd030091 f30b00f9 00000094 f30b40f9 fd7bc2a8 c0035fd6 00000094 1f2003d5"

START_TEST(arm_function_is_left_at_each_instruction)
{
    bool inside = _i >= 1 && _i <= 5; /* its frame stands */
    uint64_t frame = STACK + 0x100;
    const struct unwind_frame *f;

    arm_world(ARM_FUNCTION);
    world_put(&w, frame, 0xf9);
    world_put(&w, frame + 8, CODE + 32);
    world_put(&w, frame + 16, 0x19);
    w.registers.value[UNWIND_AARCH64_FP] = inside && _i > 1 ? frame : 0xf9;
    w.registers.value[UNWIND_AARCH64_LR] = inside ? CODE + 16 : CODE + 32;
    w.registers.value[19] = _i >= 3 && _i <= 4 ? 0 : 0x19;
    w.registers.valid = (uint64_t)1 << 29 | (uint64_t)1 << 30 | 1u << 19;
    if (_i == 1 || _i == 2)
        w.registers.value[UNWIND_AARCH64_LR] = CODE + 32;
    world_begin(&w, CODE + 4 * (unsigned)_i, inside ? frame : frame + 32);
    f = unwind_next(&w.unwind);
    ck_assert_uint_eq(f->cfa, frame + 32);
    f = unwind_next(&w.unwind);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CODE + 32);
    ck_assert_uint_eq(f->registers.value[19], 0x19);
    ck_assert_uint_eq(f->registers.value[UNWIND_AARCH64_FP], 0xf9);
    ck_assert_uint_eq(f->registers.valid >> UNWIND_AARCH64_LR & 1, 0);
}
END_TEST

START_TEST(arm_plt_is_left_by_the_link_register)
{
    const struct unwind_frame *f;

    /* adrp x16; ldr x17, [x16]; add x16, x16, #0; br x17; bl .; nop */
    arm_world("10000090 110240f9 10020091 20021fd6 00000094 1f2003d5");
    w.registers.value[UNWIND_AARCH64_LR] = CODE + 20;
    w.registers.valid = (uint64_t)1 << UNWIND_AARCH64_LR;
    world_begin(&w, CODE + 4, STACK);
    f = unwind_next(&w.unwind);
    ck_assert_uint_eq(f->cfa, STACK);
    f = unwind_next(&w.unwind);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CODE + 20);
}
END_TEST

START_TEST(arm_signal_frame_gives_back_every_register)
{
    const struct unwind_frame *f;

    arm_world("681180d2 010000d4 1f2003d5");
    for (uint64_t i = 0; i < 0x400; i += 8)
        world_put(&w, STACK + i, i);
    world_put(&w, STACK + 304 + 256, STACK + 0x300);
    world_put(&w, STACK + 304 + 264, CODE + 8);
    world_begin(&w, CODE, STACK);
    unwind_next(&w.unwind);
    f = unwind_next(&w.unwind);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CODE + 8);
    ck_assert_uint_eq(f->registers.value[UNWIND_AARCH64_LR], 304 + 248);
    ck_assert_uint_eq(f->registers.valid, ((uint64_t)1 << 33) - 1);
    ck_assert_uint_eq(f->registers.value[UNWIND_AARCH64_SP], STACK + 0x300);
}
END_TEST

/* By a mask that is given, or inferred from where code lies. */
START_TEST(signed_return_address_is_stripped)
{
    struct table t = { .n = 0 };
    const struct unwind_frame *f;

    arm_world("1f2003d5");
    w.parts = 0;
    table_cie(&t, "zR", 30, "0c 1f 00");
    table_fde(&t, CODE, 0x10, "2d 0e 20 9e 01");
    table_use(&w, &t, true);
    world_add(&w, STACK, 0x400);
    world_put(&w, STACK + 0x18, 0x0035000000000000 | (CODE + 8));
    w.config.pac_mask = _i == 0 ? 0x007f000000000000 : 0;
    world_reset(&w);
    world_begin(&w, CODE + 4, STACK);
    unwind_next(&w.unwind);
    f = unwind_next(&w.unwind);
    ck_assert_ptr_ne(f, NULL);
    ck_assert_uint_eq(f->pc, CODE + 8);
}
END_TEST

START_TEST(arm_link_register_is_used_only_once)
{
    struct table t = { .n = 0 };

    arm_world("1f2003d5");
    w.parts = 0;
    table_cie(&t, "zR", 30, "0c 1f 00");
    table_fde(&t, CODE, 0x10, "0e 10"); /* says nothing of x30 */
    table_use(&w, &t, true);
    world_add(&w, STACK, 0x400);
    w.registers.value[UNWIND_AARCH64_LR] = CODE + 8;
    w.registers.valid = (uint64_t)1 << UNWIND_AARCH64_LR;
    world_begin(&w, CODE + 4, STACK);
    ck_assert_uint_eq(count_frames(), 2); /* the caller's own is not known any more */
    ck_assert_uint_eq(unwind_end(&w.unwind)->reason, UNWIND_NO_INFORMATION);
}
END_TEST

/* ---- modules from headers ---- */

START_TEST(module_is_read_from_its_headers_wherever_they_end)
{
    static uint8_t elf[64 + 3 * 56];
    struct unwind_module m;
    struct world *world = &w;

    memset(elf, 0, sizeof(elf));
    from_hex("7f454c46020101", elf);
    elf[24] = 0x10; /* entry */
    elf[32] = 64;
    elf[54] = 56;
    elf[56] = 3;
    from_hex("0100000005000000", elf + 64); /* code */
    elf[64 + 16 + 1] = 0x10;                /* at 0x1000 */
    elf[64 + 40 + 1] = 0x20;
    from_hex("50e57464", elf + 64 + 56);
    elf[64 + 56 + 16 + 1] = 0x24;
    elf[64 + 56 + 40] = 0x40;
    from_hex("01000000", elf + 64 + 112);
    elf[64 + 112 + 40] = 0x80;
    world_init(world);
    memcpy(world_add(world, CODE, (size_t)_i), elf, (size_t)_i);
    ck_assert_int_eq(unwind_read_module(&w.memory, CODE, &m), _i == sizeof(elf));
    if (_i != sizeof(elf))
        return;
    ck_assert_uint_eq(m.start, CODE);
    ck_assert_uint_eq(m.end, CODE + 0x3000);
    ck_assert_uint_eq(m.text, CODE + 0x1000);
    ck_assert_uint_eq(m.hdr, CODE + 0x2400);
    ck_assert_uint_eq(m.hdr_size, 0x40);
    ck_assert_uint_eq(m.entry, CODE + 0x10);
}
END_TEST

/* Every word of the headers changed, to numbers that wrap, overlap or lead nowhere: whatever
 * module comes of it, a walk in it ends. */
START_TEST(module_whose_headers_lie_is_survived)
{
    static const uint64_t numbers[] = {
        0,   1, 0x1000, 0x7fffffff, 0xffffffff, UINT64_MAX, UINT64_MAX - 0xfff, (uint64_t)1 << 63,
        CODE
    };
    static uint8_t elf[64 + 2 * 56];
    struct unwind_module m;

    memset(elf, 0, sizeof(elf));
    from_hex("7f454c46020101", elf);
    elf[32] = 64;
    elf[54] = 56;
    elf[56] = 2;
    from_hex("0100000005000000", elf + 64);
    elf[64 + 40 + 1] = 0x20;
    from_hex("50e57464", elf + 64 + 56);
    elf[64 + 56 + 40] = 0x40;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        world_init(&w);
        memcpy(world_add(&w, CODE, 0x1000), elf, sizeof(elf));
        world_add(&w, STACK, 0x100);
        world_put(&w, CODE + 8 * (uint64_t)_i, numbers[i]);
        if (!unwind_read_module(&w.memory, CODE, &m))
            continue;
        ck_assert_uint_gt(m.end, m.start);
        unwind_set_modules(&w.unwind, &m, 1);
        world_begin(&w, CODE + 0x100, STACK);
        w.calls = 0;
        ck_assert_uint_lt(count_frames(), 20);
        ck_assert_uint_ne(unwind_end(&w.unwind)->reason, UNWIND_RUNNING);
        ck_assert_uint_lt(w.calls, 600);
    }
}
END_TEST

Suite *
unwind_walk_suite(void)
{
    Suite *s = suite_create("unwind_walk");
    TCase *tc = tcase_create("walk");

#define COUNT(rows) (int)(sizeof(rows) / sizeof(rows[0]))
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, every_frame_that_can_be_known_comes_before_the_hole, 0, HABITS * 64);
    tcase_add_test(tc, register_that_cannot_be_read_is_lost_alone);
    tcase_add_test(tc, hole_is_asked_for_once);
    tcase_add_test(tc, stack_is_read_anew_by_the_next_walk);
    tcase_add_test(tc, modules_that_changed_are_looked_at_anew);
    tcase_add_loop_test(tc, suspended_walk_sees_what_a_callback_would_show, 0, 3);
    tcase_add_test(tc, walk_that_is_fed_nothing_useful_ends);
    tcase_add_test(tc, late_answer_suspends_too);
    tcase_add_test(tc, stack_that_is_a_ring_is_named);
    tcase_add_loop_test(tc, ring_of_any_length_ends_with_few_reads, 0, 250);
    tcase_add_test(tc, cfa_that_stays_does_not_rise);
    tcase_add_test(tc, return_address_outside_code_is_named);
    tcase_add_test(tc, return_address_zero_is_a_marked_end);
    tcase_add_test(tc, walk_ends_at_its_limit);
    tcase_add_loop_test(tc, pc_in_the_middle_of_nowhere_ends, 0, 6);
    tcase_add_loop_test(tc, stack_pointer_in_a_hole_is_named, 0, 5);
    tcase_add_test(tc, walk_without_pc_or_sp_has_no_frames);
    tcase_add_loop_test(tc, any_byte_of_a_table_may_be_wrong, 0, 80);
    tcase_add_loop_test(tc, table_may_end_anywhere, 0, 80);
    tcase_add_loop_test(tc, length_that_wraps_is_refused, 0, 9);
    tcase_add_test(tc, header_that_promises_too_much_is_refused);
    tcase_add_loop_test(tc, function_without_table_is_left_at_each_instruction, 0, COUNT(places));
    tcase_add_loop_test(tc, code_that_never_returns_ends_the_walk, 0, COUNT(endless));
    tcase_add_test(tc, frame_pointers_lead_on_where_code_cannot_be_read);
    tcase_add_loop_test(tc, stack_is_searched_only_when_asked, 0, 2);
    tcase_add_test(tc, jump_to_nowhere_is_left_by_its_return_address);
    tcase_add_loop_test(tc, signal_frame_gives_back_every_register, 0, 2);
    tcase_add_test(tc, signal_frame_that_points_to_itself_ends);
    tcase_add_loop_test(tc, exception_frame_gives_back_every_register, 0, 2);
    tcase_add_test(tc, sources_that_keep_nothing_refuse_to_be_fed);
    tcase_add_loop_test(tc, arm_function_is_left_at_each_instruction, 0, 7);
    tcase_add_test(tc, arm_plt_is_left_by_the_link_register);
    tcase_add_test(tc, arm_signal_frame_gives_back_every_register);
    tcase_add_loop_test(tc, signed_return_address_is_stripped, 0, 2);
    tcase_add_test(tc, arm_link_register_is_used_only_once);
    tcase_add_loop_test(tc, module_is_read_from_its_headers_wherever_they_end, 0, 64 + 3 * 56 + 1);
    tcase_add_loop_test(tc, module_whose_headers_lie_is_survived, 1, (64 + 2 * 56) / 8);
    suite_add_tcase(s, tc);
    return s;
}
