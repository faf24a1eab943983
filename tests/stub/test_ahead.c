/* test_ahead.c - what an lldb is sent before it asks (stub/ahead.c, stub/stacks.c): a target with
 * stacks of x86-64 code, and a client that looks at every piece of memory it is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/unwind/unwind.h"
#include "stub/stub.h"
#include "tests/suites.h"

enum {
    CODE = 0x1000,
    DATA = 0x2000,
    STACKS = 0x100000, /* thread N's is the Nth MEMORY bytes */
    MEMORY = 0x8000,
    THREADS = 3,
    BODY = 1 << 17,
    PIECES = 400
};

/* Each frame is entered by `push %rbp; mov %rsp, %rbp`, and goes on with `leave; ret`. */
struct world {
    struct stub stub;
    struct stub_stacks stacks;
    uint64_t lines[8 * (4096 + 64) / 8], rules[64 * 8];
    uint8_t input[BODY + 64], output[BODY + 64];
    uint8_t code[0x1000], data[0x1000], stack[THREADS][MEMORY];
    uint64_t rsp[THREADS], rbp[THREADS], rip[THREADS];
    uint64_t returns[THREADS][64]; /* where each frame's return address lies */
    uint64_t mask;                 /* AArch64: which bits of those are a signature */
    unsigned threads, depth;
    bool single, late, rings;
    unsigned reads;      /* that the target was asked for */
    uint64_t told[4096]; /* a late target's memory of what was asked */
    size_t told_count;
    unsigned laggings;
    char body[BODY + 64];
};

/* ---- the target ---- */

static uint8_t *
byte_at(struct world *w, uint64_t address)
{
    uint64_t of_stacks = address - STACKS;

    if (address - CODE < sizeof(w->code))
        return &w->code[address - CODE];
    if (address - DATA < sizeof(w->data))
        return &w->data[address - DATA];
    if (address >= STACKS && of_stacks < (uint64_t)w->threads * MEMORY)
        return &w->stack[of_stacks / MEMORY][of_stacks % MEMORY];
    return NULL;
}

/* A late target answers what it was asked once before. */
static bool
is_late(struct world *w, uint64_t key)
{
    for (size_t i = 0; i < w->told_count; i++)
        if (w->told[i] == key)
            return false;
    if (!w->late)
        return false;
    ck_assert_uint_lt(w->told_count, 4096);
    w->told[w->told_count++] = key;
    w->rings = true;
    w->laggings++;
    return true;
}

static bool
read_memory(void *process, uint64_t address, void *buffer, size_t size, size_t *got)
{
    struct world *w = process;
    uint8_t *to = buffer;

    w->reads++;
    *got = ARCH_LATER;
    if (is_late(w, address << 16 | size))
        return false;
    for (*got = 0; *got < size && byte_at(w, address + *got) != NULL; ++*got)
        to[*got] = *byte_at(w, address + *got);
    return *got > 0;
}

static int
next_thread(void *target, struct rsp_id *id)
{
    struct world *w = target;

    *id = (struct rsp_id){ 1, id->tid + 1 };
    return id->tid <= (int64_t)w->threads;
}

static int
get_register(void *target, struct rsp_id id, const struct arch_register *r, void *value)
{
    struct world *w = target;
    size_t n = (size_t)id.tid - 1;
    char name[ARCH_NAME_MAX];
    uint64_t v = 0;

    if (is_late(w, (uint64_t)id.tid << 40 | (uint64_t)r->number << 50))
        return STUB_LATER;
    if (arch_role_of(r) == ARCH_PC)
        v = w->rip[n];
    if (arch_role_of(r) == ARCH_SP)
        v = w->rsp[n];
    if (arch_role_of(r) == ARCH_FP)
        v = w->rbp[n];
    if (arch_name_of(r, name), strcmp(name, "pauth_cmask") == 0)
        v = w->mask;
    memset(value, 0, r->size);
    for (unsigned i = 0; i < r->size && i < 8; i++)
        ((uint8_t *)value)[i] = (uint8_t)(v >> 8 * i);
    return 0;
}

static int
stays_single(void *process)
{
    return ((struct world *)process)->single;
}

static int
find_modules(void *process, uint64_t unknown, struct stub_modules *modules)
{
    static const struct unwind_module code = { .start = CODE, .end = CODE + 0x1000 };

    (void)process;
    (void)unknown;
    *modules = (struct stub_modules){ &code, 1, 1 };
    return 0;
}

static int
stop_of(void *target, struct rsp_id id, struct stub_event *event)
{
    (void)target;
    *event = (struct stub_event){ .kind = STUB_STOPPED, .id = id };
    return 0;
}

static void
settled(void *target)
{
    ((struct world *)target)->told_count = 0;
}

static const struct arch_layout layout = { &arch_x86_64, 0 };
static const struct stub_target ops = {
    .size = sizeof(ops),
    .machine = &layout,
    .next_thread = next_thread,
    .read_memory = read_memory,
    .granule = 4096,
    .get_register = get_register,
    .stop_of = stop_of,
    .settled = settled,
    .modules = find_modules,
    .stays_single = stays_single,
};

/* ---- its stacks ---- */

static void
put_word(struct world *w, uint64_t address, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        *byte_at(w, address + i) = (uint8_t)(v >> 8 * i);
}

/* Calls stand everywhere in the code, each with `leave; ret` behind it. */
static void
write_code(struct world *w)
{
    static const uint8_t call[8] = { 0xe8, 0, 0, 0, 0, 0xc9, 0xc3, 0x90 };

    for (size_t i = 0; i < sizeof(w->code); i++)
        w->code[i] = call[i % 8];
}

/* A stack of `depth` frames of so many bytes for thread n: the outermost's caller is none. */
static void
write_stack(struct world *w, unsigned n, unsigned depth, unsigned size)
{
    uint64_t top = STACKS + (uint64_t)(n + 1) * MEMORY - 0x400, rbp = 0;

    for (unsigned i = depth; i-- > 0;) {
        uint64_t at = top - 8 - 16;

        put_word(w, at + 8, i + 1 == depth ? 0 : CODE + 8 * (i + 1) + 5);
        put_word(w, at, rbp);
        w->returns[n][i] = at + 8;
        rbp = at;
        top = at - size;
    }
    w->rbp[n] = rbp;
    w->rsp[n] = top;
    w->rip[n] = CODE + 5;
}

/* An AArch64 that signs return addresses; addresses have 39 bits there, so that without the mask
 * what is left of a signature leads nowhere. */
enum { SIGNED_FRAME = 496, SIGNED_DEPTH = 12 };

static void
write_signed(struct world *w)
{
    /* bl; ldp x29, x30, [sp], #496; autiasp; ret */
    static const uint8_t code[16] = { 0x00, 0x00, 0x00, 0x94, 0xfd, 0x7b, 0xdf, 0xa8,
                                      0xbf, 0x23, 0x03, 0xd5, 0xc0, 0x03, 0x5f, 0xd6 };
    uint64_t sp = STACKS + MEMORY - 0x400 - (uint64_t)SIGNED_DEPTH * SIGNED_FRAME;

    for (size_t i = 0; i < sizeof(w->code); i++)
        w->code[i] = code[i % 16];
    w->mask = 0x7fff8000000000;
    w->rsp[0] = w->rbp[0] = sp;
    w->rip[0] = CODE + 4;
    for (unsigned i = 0; i < SIGNED_DEPTH; i++, sp += SIGNED_FRAME) {
        put_word(w, sp, i + 1 == SIGNED_DEPTH ? 0 : sp + SIGNED_FRAME);
        put_word(w, sp + 8,
                 i + 1 == SIGNED_DEPTH ? 0 : (CODE + 16 * (i + 1) + 4) | (uint64_t)0x2a55 << 39);
        w->returns[0][i] = sp + 8;
    }
}

/* ---- the client ---- */

static void
ring(struct world *w)
{
    while (w->rings) {
        w->rings = false;
        stub_doorbell(&w->stub);
    }
}

/* Sends a request and returns the body of its reply. */
static const char *
ask(struct world *w, const char *text)
{
    uint8_t frame[256];
    size_t n = strlen(text), got = 0;
    const uint8_t *p;

    memcpy(frame + 1, text, n);
    n = rsp_frame_close(frame, n, '$');
    ck_assert_uint_eq(stub_feed(&w->stub, frame, n), n);
    ring(w);
    while (p = stub_output(&w->stub, &n), n > 0) {
        ck_assert_uint_lt(got + n, sizeof(w->body));
        memcpy(w->body + got, p, n);
        got += n;
        stub_sent(&w->stub, n);
    }
    w->body[got] = '\0';
    ck_assert_msg(strncmp(w->body, "+$", 2) == 0, "%.20s", w->body);
    ck_assert_uint_eq(stub_feed(&w->stub, (const uint8_t *)"+", 1), 1);
    w->body[got - 3] = '\0'; /* the checksum */
    return w->body + 2;
}

/* The engine in front of a world, and its client. */
static void
introduce(struct world *w, const struct stub_target *target, const char *says)
{
    static const struct stub_stack_machine machines[] = { { &arch_x86_64, &unwind_x86_64 },
                                                          { &arch_aarch64, &unwind_aarch64 },
                                                          { NULL, NULL } };
    struct stub_stacks_config walks = { .size = sizeof(walks),
                                        .machines = machines,
                                        .sources = &unwind_all_sources,
                                        .lines = w->lines,
                                        .lines_size = sizeof(w->lines),
                                        .line_bytes = 4096,
                                        .rules = w->rules,
                                        .rules_size = sizeof(w->rules) };
    struct stub_config config = { .size = sizeof(config),
                                  .target = target,
                                  .target_object = w,
                                  .packets = stub_all_packets,
                                  .input = w->input,
                                  .output = w->output,
                                  .input_size = sizeof(w->input),
                                  .output_size = sizeof(w->output),
                                  .stacks = &w->stacks };

    stub_stacks_init(&w->stacks, &walks);
    ck_assert(stub_init(&w->stub, &config));
    ask(w, says);
}

static struct world *
meet(unsigned threads, unsigned depth, unsigned size, const char *says)
{
    struct world *w = calloc(1, sizeof(*w));

    w->threads = threads;
    w->depth = depth;
    write_code(w);
    for (unsigned i = 0; i < threads; i++)
        write_stack(w, i, depth, size);
    introduce(w, &ops, says);
    return w;
}

static const char lldb[] = "qSupported:xmlRegisters=i386",
                  gdb[] = "qSupported:swbreak+;qRelocInsn+";

struct piece {
    uint64_t address, size;
};

/* The pieces of memory in a stop reply or in jThreadsInfo; each is what memory holds. */
static size_t
find_pieces(struct world *w, const char *reply, struct piece *pieces)
{
    bool json = reply[0] == '[';
    const char *key = json ? "{\"address\":" : "memory:0x";
    size_t count = 0;

    while ((reply = strstr(reply, key)) != NULL) {
        char *at;
        struct piece *p = &pieces[count++];

        ck_assert_uint_lt(count, PIECES);
        p->address = strtoull(reply + strlen(key), &at, json ? 10 : 16);
        at += json ? strlen(",\"bytes\":\"") : 1;
        for (p->size = 0; strspn(at, "0123456789abcdef") >= 2; p->size++, at += 2) {
            char digits[3] = { at[0], at[1], '\0' };

            if (byte_at(w, p->address + p->size) == NULL ||
                strtoul(digits, NULL, 16) != *byte_at(w, p->address + p->size))
                ck_abort_msg("wrong at %llx", (unsigned long long)(p->address + p->size));
        }
        reply = at;
    }
    return count;
}

static bool
has(const struct piece *pieces, size_t count, uint64_t address, uint64_t size)
{
    for (size_t i = 0; i < count; i++)
        if (address >= pieces[i].address && address - pieces[i].address + size <= pieces[i].size)
            return true;
    return false;
}

static void
expect_no_overlap(const struct piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (pieces[i].address < pieces[j].address + pieces[j].size &&
                pieces[j].address < pieces[i].address + pieces[i].size)
                ck_abort_msg("%llx+%llx and %llx+%llx", (unsigned long long)pieces[i].address,
                             (unsigned long long)pieces[i].size,
                             (unsigned long long)pieces[j].address,
                             (unsigned long long)pieces[j].size);
}

/* ---- claims ---- */

static const unsigned frame_sizes[] = { 0, 48, 600, 3000 };

static unsigned
fitting_depth(unsigned size)
{
    unsigned depth = (MEMORY - 0x1000) / (size + 24);

    return depth < 14 ? depth : 14;
}

START_TEST(every_frame_of_every_thread_goes_ahead)
{
    unsigned size = frame_sizes[_i], depth = fitting_depth(size);
    struct world *w = meet(THREADS, depth, size, lldb);
    struct piece pieces[PIECES];
    size_t count = find_pieces(w, ask(w, "jThreadsInfo"), pieces);

    for (unsigned n = 0; n < THREADS; n++)
        for (unsigned i = 0; i + 1 < depth; i++) /* from the last one no code returns */
            ck_assert_msg(has(pieces, count, w->returns[n][i] - 8, 16), "thread %u frame %u", n,
                          i);
    expect_no_overlap(pieces, count);
    free(w);
}
END_TEST

START_TEST(signed_return_addresses_are_followed)
{
    static const struct arch_layout signs = { &arch_aarch64, ARCH_LINUX | ARCH_AARCH64_PAUTH };
    struct stub_target target = ops;
    struct world *w = calloc(1, sizeof(*w));
    struct piece pieces[PIECES];
    size_t count;

    target.machine = &signs;
    w->threads = 1;
    write_signed(w);
    introduce(w, &target, lldb);
    count = find_pieces(w, ask(w, "jThreadsInfo"), pieces);
    for (unsigned i = 0; i + 1 < SIGNED_DEPTH; i++)
        ck_assert_msg(has(pieces, count, w->returns[0][i] - 8, 16), "frame %u", i);
    free(w);
}
END_TEST

START_TEST(the_innermost_frame_is_one_piece_with_what_is_below_it)
{
    struct world *w = meet(1, 3, 3000, lldb);
    struct piece pieces[PIECES];
    size_t count = find_pieces(w, ask(w, "?"), pieces);

    ck_assert(has(pieces, count, w->rsp[0] - 512, 512 + 3000 + 24));
    free(w);
}
END_TEST

START_TEST(a_stop_reply_begins_its_pieces_where_json_does)
{
    struct world *w = meet(2, fitting_depth(frame_sizes[_i]), frame_sizes[_i], lldb);
    struct piece stop[PIECES], json[PIECES];
    size_t stops = find_pieces(w, ask(w, "?"), stop);
    size_t count = find_pieces(w, ask(w, "jThreadsInfo"), json);

    ck_assert_uint_gt(stops, 0);
    for (size_t i = 0; i < stops; i++) {
        ck_assert_uint_eq(stop[i].address, json[i].address);
        ck_assert_uint_le(stop[i].size, json[i].size);
    }
    expect_no_overlap(stop, stops);
    ck_assert_uint_ge(count, stops);
    free(w);
}
END_TEST

START_TEST(a_gdb_is_sent_no_memory)
{
    struct world *w = meet(2, 5, 48, gdb);
    struct piece pieces[PIECES];

    ck_assert_uint_eq(find_pieces(w, ask(w, "?"), pieces), 0);
    free(w);
}
END_TEST

START_TEST(who_stays_single_is_told_all_in_the_stop_reply)
{
    struct world *w = meet(1, 30, 104, lldb);
    struct piece pieces[PIECES];
    size_t count;

    count = find_pieces(w, ask(w, "?"), pieces);
    ck_assert(!has(pieces, count, w->returns[0][20] - 8, 16));
    w->single = true;
    count = find_pieces(w, ask(w, "?"), pieces);
    for (unsigned i = 0; i < 29; i++)
        ck_assert(has(pieces, count, w->returns[0][i] - 8, 16));
    expect_no_overlap(pieces, count);
    ck_assert_str_eq(ask(w, "jThreadsInfo"), "");
    free(w);
}
END_TEST

START_TEST(what_was_read_goes_ahead_at_the_next_stops)
{
    struct world *w = meet(2, 3, 48, lldb);
    struct piece pieces[PIECES];
    size_t count;

    ask(w, "Hg1");
    count = find_pieces(w, ask(w, "jThreadsInfo"), pieces);
    ck_assert(!has(pieces, count, DATA + 0x200, 0x200));
    ask(w, "m2200,200");
    ask(w, "x2600,10");
    ask(w, "MultiMemRead:ranges:2700,8,2800,8;");
    for (unsigned stops = 0; stops < 16; stops++) {
        count = find_pieces(w, ask(w, "jThreadsInfo"), pieces);
        ck_assert(has(pieces, count, DATA + 0x200, 0x200));
        ck_assert(has(pieces, count, DATA + 0x600, 0x10));
        ck_assert(has(pieces, count, DATA + 0x700, 8));
        ck_assert(has(pieces, count, DATA + 0x800, 8));
        expect_no_overlap(pieces, count);
    }
    count = find_pieces(w, ask(w, "jThreadsInfo"), pieces);
    ck_assert_msg(!has(pieces, count, DATA + 0x200, 1), "for ever");
    ask(w, "m2200,200");
    count = find_pieces(w, ask(w, "jThreadsInfo"), pieces);
    ck_assert(has(pieces, count, DATA + 0x200, 0x200));
    free(w);
}
END_TEST

START_TEST(what_the_last_client_read_is_not_for_the_next)
{
    struct world *w = meet(2, 3, 48, lldb);
    struct piece pieces[PIECES];
    size_t count;

    ask(w, "Hg1");
    ask(w, "m2200,200");
    stub_link_lost(&w->stub);
    ask(w, lldb);
    ask(w, "Hg1");
    count = find_pieces(w, ask(w, "jThreadsInfo"), pieces);
    ck_assert(!has(pieces, count, DATA + 0x200, 1));
    free(w);
}
END_TEST

/* Reads that overlap each other and the stack, from every side. */
START_TEST(recent_reads_never_overlap_the_stack_or_each_other)
{
    struct world *w = meet(2, 20, 200, lldb);
    struct piece pieces[PIECES];
    uint64_t sp = w->rsp[0];

    ask(w, "Hg1");
    for (unsigned i = 0; i < 60; i++) {
        char text[64];

        snprintf(text, sizeof(text), "m%llx,%x", (unsigned long long)(sp - 0x800 + 0x91 * i),
                 0x40 + i * 7);
        ask(w, text);
        expect_no_overlap(pieces, find_pieces(w, ask(w, "jThreadsInfo"), pieces));
        w->single = true;
        expect_no_overlap(pieces, find_pieces(w, ask(w, "?"), pieces));
        w->single = false;
    }
    free(w);
}
END_TEST

START_TEST(late_answers_say_the_same)
{
    struct world *w = meet(THREADS, 12, 300, lldb);
    static char prompt[BODY];

    ask(w, "Hg1");
    ask(w, "m2200,200");
    snprintf(prompt, sizeof(prompt), "%s", ask(w, "jThreadsInfo"));
    w->late = true;
    ck_assert(strcmp(ask(w, "jThreadsInfo"), prompt) == 0);
    ck_assert_uint_gt(w->laggings, 50);
    free(w);
}
END_TEST

START_TEST(a_deep_stack_costs_a_bounded_number_of_bytes)
{
    struct world *w = meet(1, 64, 400, lldb);
    struct piece pieces[PIECES];
    size_t count = find_pieces(w, ask(w, "?"), pieces), bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += (size_t)pieces[i].size;
    ck_assert_uint_le(bytes, 5120);
    count = find_pieces(w, ask(w, "jThreadsInfo"), pieces);
    for (size_t i = bytes = 0; i < count; i++)
        bytes += (size_t)pieces[i].size;
    ck_assert_uint_le(bytes, 8192);
    ck_assert(has(pieces, count, w->returns[0][10] - 8, 16));
    free(w);
}
END_TEST

/* The stack lies in one line or two: that is all there is to read, also for the walk. */
START_TEST(a_stop_reads_memory_few_times)
{
    struct world *w = meet(1, 3, 48, lldb);

    ask(w, "?");
    w->reads = 0;
    ask(w, "?");
    ck_assert_uint_le(w->reads, 3);
    free(w);
}
END_TEST

START_TEST(nonsense_in_sp_and_fp_is_survived)
{
    static const uint64_t values[] = { 0, 1, 0xfff, UINT64_MAX, UINT64_MAX - 7, STACKS, 0x3000 };
    struct world *w = meet(2, 3, 48, lldb);
    struct piece pieces[PIECES];

    for (unsigned i = 0; i < 49; i++) {
        w->rsp[0] = values[i % 7];
        w->rbp[0] = values[i / 7];
        w->rip[0] = values[(i + i / 7) % 7];
        expect_no_overlap(pieces, find_pieces(w, ask(w, "?"), pieces));
        expect_no_overlap(pieces, find_pieces(w, ask(w, "jThreadsInfo"), pieces));
    }
    free(w);
}
END_TEST

Suite *
ahead_suite(void)
{
    Suite *s = suite_create("ahead");
    TCase *claims = tcase_create("claims");

    tcase_add_loop_test(claims, every_frame_of_every_thread_goes_ahead, 0, 4);
    tcase_add_test(claims, signed_return_addresses_are_followed);
    tcase_add_test(claims, the_innermost_frame_is_one_piece_with_what_is_below_it);
    tcase_add_loop_test(claims, a_stop_reply_begins_its_pieces_where_json_does, 0, 4);
    tcase_add_test(claims, a_gdb_is_sent_no_memory);
    tcase_add_test(claims, who_stays_single_is_told_all_in_the_stop_reply);
    tcase_add_test(claims, what_was_read_goes_ahead_at_the_next_stops);
    tcase_add_test(claims, what_the_last_client_read_is_not_for_the_next);
    tcase_add_test(claims, recent_reads_never_overlap_the_stack_or_each_other);
    tcase_add_test(claims, late_answers_say_the_same);
    tcase_add_test(claims, a_deep_stack_costs_a_bounded_number_of_bytes);
    tcase_add_test(claims, a_stop_reads_memory_few_times);
    tcase_add_test(claims, nonsense_in_sp_and_fp_is_survived);
    suite_add_tcase(s, claims);
    return s;
}
