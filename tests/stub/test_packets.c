/* test_packets.c - what every packet must bear, made from the rows and the transcripts: cut short
 * at every length, spoilt at every byte, numbers too long, bodies up to the buffer's edge.
 * Whatever comes, exactly one answer goes out. And claims about single packets that take more
 * than a line. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub/engine.h"
#include "tests/stub/wire.h"
#include "tests/suites.h"

/* ---- every row, badly ---- */

enum { BODY_MAX = 0x800, PER_SESSION = 200 };

struct torment {
    struct wire wire;
    size_t buffer;
    bool late;
    unsigned asked; /* in this session; 0: none is open */
};

static void
fresh(struct torment *t)
{
    if (t->asked > 0)
        wire_close(&t->wire);
    wire_open(&t->wire, 3, t->buffer, 0);
    t->wire.fake.late = t->late;
    t->wire.quick = true;
    t->asked = 1;
}

static void
show(const uint8_t *body, size_t n, const char *what)
{
    char text[3 * 200 + 1];

    for (size_t i = 0; i < n && i < 200; i++)
        sprintf(text + 3 * i, "%02x ", body[i]);
    text[3 * (n < 200 ? n : 200)] = '\0';
    ck_abort_msg("%s: %.*s: %s", what, (int)(n < 60 ? n : 60), (const char *)body, text);
}

static bool
begins(const uint8_t *body, size_t n, const char *text)
{
    return n >= strlen(text) && memcmp(body, text, strlen(text)) == 0;
}

/* The next reply; a notification is none. */
static bool
hear_reply(struct wire *w)
{
    bool said;

    do
        said = wire_hear(w);
    while (said && w->body[0] == '%');
    return said;
}

/* R has no answer; who waits for a process to be started has one when it is interrupted. */
static bool
may_be_silent(struct wire *w, const uint8_t *body, size_t n)
{
    if (begins(body, n, "R"))
        return true;
    if (!begins(body, n, "vAttachWait") && !begins(body, n, "vAttachOrWait"))
        return false;
    wire_send_raw(w, "\x03", 1);
    wire_ring(w);
    return wire_hear(w);
}

/* A request that set the target going is answered by the stop that comes then; what a monitor
 * command says may go ahead of its answer. */
static void
ask_badly(struct torment *t, const uint8_t *body, size_t n)
{
    struct wire *w = &t->wire;

    if (t->asked == 0 || t->asked++ % PER_SESSION == 0 || w->fake.thread_count == 0 ||
        stub_is_over(&w->stub))
        fresh(t);
    wire_send(w, body, n);
    if (!hear_reply(w)) {
        if (!stub_is_waiting(&w->stub) && may_be_silent(w, body, n))
            return;
        if (!stub_is_waiting(&w->stub))
            show(body, n, "no answer");
        fake_stop(&w->fake, FAKE_PID, STUB_SIGNAL, 5, 0);
        wire_ring(w);
        if (!hear_reply(w))
            show(body, n, "no answer to a stop");
    }
    if (w->size > 2 && w->body[0] == 'O' && !hear_reply(w))
        show(body, n, "words without an answer");
    if (hear_reply(w))
        show(body, n, "two answers");
    if (w->naks > 0)
        show(body, n, "a NAK");
}

static void
ask_cut(struct torment *t, const uint8_t *body, size_t n)
{
    for (size_t i = 0; i <= n; i++) {
        uint8_t *copy = malloc(i + 1);

        memcpy(copy, body, i);
        ask_badly(t, copy, i);
        free(copy);
    }
}

static void
ask_spoilt(struct torment *t, const uint8_t *body, size_t n)
{
    static const uint8_t spoilers[] = { 0, 0xff, ',', ';', '0', 'p', '-' };
    uint8_t copy[BODY_MAX];

    memcpy(copy, body, n);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < sizeof(spoilers); j++) {
            copy[i] = spoilers[j];
            ask_badly(t, copy, n);
        }
        copy[i] = body[i];
    }
}

/* Each run of hex digits once longer than any number, once as large as one can be. */
static void
ask_with_long_numbers(struct torment *t, const uint8_t *body, size_t n)
{
    static const char *const numbers[] = { "fffffffffffffffff",    "ffffffffffffffff",
                                           "7fffffffffffffff",     "000000000000000000001",
                                           "18446744073709551616", "" };

    for (size_t i = 0; i < n; i++) {
        size_t end = i;

        while (end < n && rsp_digit(body[end]) >= 0)
            end++;
        if (end == i)
            continue;
        for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++) {
            uint8_t copy[BODY_MAX + 32];
            size_t m = strlen(numbers[j]);

            memcpy(copy, body, i);
            memcpy(copy + i, numbers[j], m);
            memcpy(copy + i + m, body + end, n - end);
            ask_badly(t, copy, n - (end - i) + m);
        }
        i = end;
    }
}

/* Filled up with each of these to the last byte the buffer takes, and one past it. */
static void
ask_at_the_edge(struct torment *t, const uint8_t *body, size_t n)
{
    static const uint8_t fillers[] = { '0', 'f', ',', ';', ':', 'p', '}', ' ', 0 };
    size_t edge = t->buffer - OUT_EXTRA;

    for (size_t i = 0; i < sizeof(fillers); i++) {
        for (size_t m = edge - 1; m <= edge + 1; m++) {
            uint8_t copy[BODY_MAX];

            if (n > m)
                continue;
            memcpy(copy, body, n);
            memset(copy + n, fillers[i], m - n);
            ask_badly(t, copy, m);
        }
    }
}

static void
ask_all_ways(struct torment *t, const uint8_t *body, size_t n)
{
    if (n > BODY_MAX)
        return;
    ask_cut(t, body, n);
    ask_spoilt(t, body, n);
    ask_with_long_numbers(t, body, n);
    ask_at_the_edge(t, body, n);
}

/* The rows' names, each also with what could be its arguments. */
static void
torment_rows(struct torment *t)
{
    static const char *const tails[] = { "",   ",",           ":",   ";",     "?", ":0,0",
                                         ",0", ";thread:10;", ":::", "0,0,0", "}", "*",
                                         "#" };
    const struct stub_row *row;
    unsigned family = 0, i = 0;

    fresh(t);
    while ((row = stub_next_row(ENGINE_OF(&t->wire.stub), &family, &i)) != NULL) {
        for (size_t j = 0; j < sizeof(tails) / sizeof(tails[0]); j++) {
            char body[128];
            int n = snprintf(body, sizeof(body), "%s%s", row->name, tails[j]);

            ask_badly(t, (const uint8_t *)body, (size_t)n);
            ask_at_the_edge(t, (const uint8_t *)body, (size_t)n);
        }
    }
}

static int
is_transcript(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);

    return n > 4 && strcmp(entry->d_name + n - 4, ".rsp") == 0;
}

static void
torment_file(struct torment *t, const char *name)
{
    char path[512], line[0x2000];
    FILE *file;

    snprintf(path, sizeof(path), "tests/stub/%s", name);
    file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot read %s", path);
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '>' && line[1] == ' ')
            ask_all_ways(t, (const uint8_t *)line + 2, strlen(line + 2));
    }
    fclose(file);
}

static void
torment_transcripts(size_t buffer, bool late)
{
    struct torment *t = calloc(1, sizeof(*t));
    struct dirent **names;
    int count = scandir("tests/stub", &names, is_transcript, alphasort);

    ck_assert_msg(count > 0, "no transcripts in tests/stub");
    t->buffer = buffer;
    t->late = late;
    torment_rows(t);
    for (int i = 0; i < count; i++) {
        torment_file(t, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    wire_close(&t->wire);
    free(t);
}

START_TEST(every_packet_spoilt_gets_one_answer)
{
    torment_transcripts(0x400, false);
}
END_TEST

START_TEST(every_packet_spoilt_gets_one_answer_from_the_smallest_buffer)
{
    torment_transcripts(0x100, false);
}
END_TEST

START_TEST(every_packet_spoilt_gets_one_answer_from_a_late_target)
{
    torment_transcripts(0x180, true);
}
END_TEST

/* ---- deeds of a late target ---- */

static unsigned
deeds_of(const char *request, bool late)
{
    struct wire *w = wire_new(3, 0x400, 0);
    unsigned deeds;

    w->fake.late = late;
    ck_assert_ptr_nonnull(wire_ask(w, request));
    deeds = w->fake.deeds;
    wire_free(w);
    return deeds;
}

START_TEST(late_target_does_each_deed_once)
{
    static const struct {
        const char *request;
        unsigned deeds;
    } requests[] = {
        { "M2000,2:0102", 1 },
        { "P0=0102030405060708", 1 },
        { "G0102030405060708010203040506070801020304050607080102030405060708", 4 },
        { "Z0,1000,1", 1 },
        { "jMultiBreakpoint:{\"breakpoint_requests\":[\"Z0,1000,1\",\"Z0,1004,1\"]}", 2 },
        { "_M100,rw", 1 },
        { "QSaveRegisterState", 1 },
        { "A2,0,61", 1 },
        { "vRun;61", 1 },
        { "vCont;s:10", 1 },
        { "D", 1 },
        { "vKill;10", 1 },
    };

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        ck_assert_uint_eq(deeds_of(requests[i].request, false), requests[i].deeds);
        ck_assert_uint_eq(deeds_of(requests[i].request, true), requests[i].deeds);
    }
}
END_TEST

/* ---- small buffers, many threads ---- */

/* The ids in an answer that begins with m. */
static unsigned
count_ids(const char *said)
{
    unsigned n = 1;

    for (; *said != '\0'; said++)
        n += *said == ',';
    return n;
}

START_TEST(thousand_threads_are_listed_through_the_smallest_buffer)
{
    struct wire *w = wire_new(1000, 0x100, 0);
    const char *said = wire_ask(w, "qfThreadInfo");
    unsigned threads = 0, pieces = 0;

    while (said != NULL && said[0] == 'm') {
        threads += count_ids(said);
        pieces++;
        said = wire_ask(w, "qsThreadInfo");
    }
    ck_assert_ptr_nonnull(said);
    ck_assert_str_eq(said, "l");
    ck_assert_uint_eq(threads, 1000);
    ck_assert_uint_gt(pieces, 10);
    wire_free(w);
}
END_TEST

START_TEST(thousand_threads_are_told_at_the_fullest_level_that_fits)
{
    static const struct {
        size_t buffer;
        const char *has, *lacks;
    } levels[] = {
        { 0x40000, "\"0\":\"", "\"memory\"" }, /* r0 */
        { 0x20000, "\"registers\"", "\"0\":\"" },
        { 0x10000, "\"name\"", "nothing" },
        { 0x6000, "\"tid\"", "\"name\"" },
    };

    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        struct wire *w = wire_new(1000, levels[i].buffer, 0);
        const char *said = wire_ask(w, "jThreadsInfo");

        ck_assert_ptr_nonnull(said);
        ck_assert_ptr_nonnull(strstr(said, "\"tid\":16"));
        ck_assert_ptr_nonnull(strstr(said, "\"tid\":1015"));
        ck_assert_msg(strstr(said, levels[i].has) != NULL, "no %s", levels[i].has);
        ck_assert_msg(strstr(said, levels[i].lacks) == NULL, "has %s", levels[i].lacks);
        wire_free(w);
    }
}
END_TEST

/* ---- many threads named in one vCont ---- */

/* What each of the threads 0x10 ... is told to do: a letter each, '-' stays. */
static void
actions_of(struct wire *w, unsigned threads, const int *order, char *said)
{
    static const char letters[] = { [STUB_STAY] = '-', [STUB_CONTINUE] = 'c', [STUB_STEP] = 's' };

    for (unsigned i = 0; i < threads; i++) {
        unsigned n = order == NULL ? i : (unsigned)order[i];
        struct rsp_id id = { FAKE_PID, (int64_t)(FAKE_PID + n) };

        said[n] = letters[stub_action(&w->stub, id).kind];
    }
    said[threads] = '\0';
}

/* The target asks in order, as most do, backwards and in no order: always the leftmost match. */
START_TEST(leftmost_action_counts_in_whatever_order_threads_ask)
{
    static const int orders[][8] = { { 0, 1, 2, 3, 4, 5, 6, 7 },
                                     { 7, 6, 5, 4, 3, 2, 1, 0 },
                                     { 3, 1, 7, 5, 0, 2, 6, 4 } };
    static const struct {
        const char *request, *actions, *newborn;
    } cases[] = {
        { "vCont;s:10;c:11;s:12;c:13;s:14;c:15;s:16;c:17", "scscscsc", "-" },
        { "vCont;c:17;s:16;c:15;s:14;c:13;s:12;c:11;s:10", "scscscsc", "-" },
        { "vCont;s:12;c:12;c:10;s:10", "c-s-----", "-" },
        { "vCont;s:10;s:12;c;s:13;s:14", "scsccccc", "c" },
        { "vCont;s:14;c:-1;s:15", "ccccsccc", "c" },
        { "vCont;s:11;c:p10.13;s:12;c:p10.-1", "cssccccc", "c" },
        { "vCont;c:10;c:11;s:12", "ccs-----", "-" },
        { "vCont;c:99;s:12;c:14", "--s-c---", "-" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t k = 0; k < sizeof(orders) / sizeof(orders[0]); k++) {
            struct wire *w = wire_new(8, 0x400, 0);
            char said[16];

            wire_send(w, cases[i].request, strlen(cases[i].request));
            actions_of(w, 8, orders[k], said);
            ck_assert_msg(strcmp(said, cases[i].actions) == 0, "%s: %s", cases[i].request, said);
            ck_assert_int_eq(stub_action(&w->stub, (struct rsp_id){ FAKE_PID, 0 }).kind ==
                                 STUB_CONTINUE,
                             cases[i].newborn[0] == 'c');
            wire_free(w);
        }
    }
}
END_TEST

START_TEST(request_for_one_thread_says_so)
{
    static const struct {
        const char *request;
        int64_t only;
    } cases[] = {
        { "vCont;s:11", 0x11 },
        { "vCont;r1000,1004:11", 0x11 },
        { "vCont;s:p10.11", 0x11 },
        { "vCont;s:11;c:11", 0x11 },
        { "vCont;s:11;c:12", 0 },
        { "vCont;s:11;c", 0 },
        { "vCont;s:11;c:p10.-1", 0 },
        { "vCont;c", 0 },
        { "vCont;c:-1", 0 },
        { "vCont;s:0", 0 },
        { "c", 0 },
        { "s", 0 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wire *w = wire_new(3, 0x400, 0);
        struct rsp_id id = { 0, 0 };

        wire_send(w, cases[i].request, strlen(cases[i].request));
        ck_assert_msg(stub_action_only(&w->stub, &id) == (cases[i].only != 0), "%s",
                      cases[i].request);
        ck_assert_int_eq(id.tid, cases[i].only); /* untouched, where it is for others too */
        wire_free(w);
    }
}
END_TEST

/* x86-64 begins with 17 registers of 8 bytes; 250 digits hold 15 of them. */
START_TEST(g_is_cut_between_two_registers)
{
    static const struct arch_layout x86_64 = { &arch_x86_64, ARCH_X86_64_LINUX };
    struct wire *w = wire_new(1, 0x100, 0);
    const char *said;

    w->fake.layout = &x86_64;
    said = wire_ask(w, "g");
    ck_assert_ptr_nonnull(said);
    ck_assert_uint_eq(strlen(said), 15 * 16);
    wire_free(w);
}
END_TEST

/* A register that the target does not have to give is x's, not zeros. */
START_TEST(register_that_is_not_available_is_x)
{
    static const struct arch_layout x86_64 = { &arch_x86_64, ARCH_X86_64_LINUX };
    struct wire *w = wire_new(1, 0x100, 0);
    const char *said;

    w->fake.layout = &x86_64;
    said = wire_ask(w, "p8");
    ck_assert_ptr_nonnull(said);
    ck_assert_str_eq(said, "xxxxxxxxxxxxxxxx");
    wire_free(w);
}
END_TEST

/* ---- answers that do not fit ---- */

static const char long_name[] = "0123456789012345678901234567890123456789012345678901234567890123"
                                "0123456789012345678901234567890123456789012345678901234567890123";

static int
long_host(void *target, struct stub_host_info *info)
{
    (void)target;
    *info = (struct stub_host_info){ .hostname = long_name };
    return 0;
}

static int
long_region(void *process, uint64_t address, struct stub_region *region)
{
    (void)process;
    *region = (struct stub_region){ address, 1, true, STUB_READ, STUB_RAM, 0, long_name };
    return 0;
}

START_TEST(answer_that_does_not_fit_is_an_error)
{
    struct wire *w = wire_new(1, 0x100, 0);

    w->fake.ops.host_info = long_host;
    ck_assert_str_eq(wire_ask(w, "qHostInfo"), "E07");
    wire_free(w);
}
END_TEST

START_TEST(name_of_a_region_that_does_not_fit_is_left_out)
{
    struct wire *w = wire_new(1, 0x100, 0);

    w->fake.ops.region = long_region;
    ck_assert_str_eq(wire_ask(w, "qMemoryRegionInfo:40"), "start:40;size:1;permissions:r;");
    wire_free(w);
}
END_TEST

/* ---- memory ---- */

/* As gdb reads: again from where the last answer ended, until an error. */
START_TEST(reading_on_arrives_exactly_at_the_hole)
{
    static const char letters[] = "mx";

    for (int letter = 0; letter < 2; letter++) {
        struct wire *w = wire_new(1, 0x100, 0);
        uint64_t at = 0x1003;

        for (;;) {
            char ask[64];
            const char *said;

            snprintf(ask, sizeof(ask), "%c%x,4000", letters[letter], (unsigned)at);
            said = wire_ask(w, ask);
            ck_assert_ptr_nonnull(said);
            if (strcmp(said, "E0e") == 0)
                break;
            for (size_t i = 0; letter == 1 && i < w->size; i++)
                at += w->body[i] != '}';
            at += letter == 0 ? w->size / 2 : 0;
            ck_assert_uint_gt(w->size, 0);
            ck_assert_uint_le(at, 0x3000);
        }
        ck_assert_uint_eq(at, 0x3000);
        wire_free(w);
    }
}
END_TEST

static bool
read_zeros(void *process, uint64_t address, void *buffer, size_t size, size_t *bytes_read)
{
    (void)process;
    (void)address;
    memset(buffer, 0, size);
    *bytes_read = size;
    return true;
}

/* 2^64 bytes that can all be read: the search gives up in time. */
START_TEST(search_of_all_memory_ends)
{
    struct wire *w = wire_new(1, 0x10000, 0);
    uint8_t ask[4096] = "qSearch:memory:0;ffffffffffffffff;";
    size_t n = strlen((char *)ask);

    w->fake.ops.read_memory = read_zeros;
    ask[sizeof(ask) - 1] = 1;
    wire_send(w, ask, sizeof(ask));
    ck_assert(wire_hear(w));
    ck_assert_str_eq((char *)w->body, "E07");
    memset(ask + n, 0, sizeof(ask) - n);
    wire_send(w, ask, n + 8);
    ck_assert(wire_hear(w));
    ck_assert_str_eq((char *)w->body, "1,0");
    ck_assert_str_eq(wire_ask(w, "qCRC:0,40000001"), "E07");
    wire_free(w);
}
END_TEST

Suite *
packets_suite(void)
{
    Suite *suite = suite_create("packets");
    TCase *tc = tcase_create("spoilt"), *claims = tcase_create("claims");

    tcase_add_test(tc, every_packet_spoilt_gets_one_answer);
    tcase_add_test(tc, every_packet_spoilt_gets_one_answer_from_the_smallest_buffer);
    tcase_add_test(tc, every_packet_spoilt_gets_one_answer_from_a_late_target);
    tcase_set_timeout(tc, 300);
    suite_add_tcase(suite, tc);
    tcase_add_test(claims, late_target_does_each_deed_once);
    tcase_add_test(claims, thousand_threads_are_listed_through_the_smallest_buffer);
    tcase_add_test(claims, thousand_threads_are_told_at_the_fullest_level_that_fits);
    tcase_add_test(claims, leftmost_action_counts_in_whatever_order_threads_ask);
    tcase_add_test(claims, request_for_one_thread_says_so);
    tcase_add_test(claims, g_is_cut_between_two_registers);
    tcase_add_test(claims, register_that_is_not_available_is_x);
    tcase_add_test(claims, answer_that_does_not_fit_is_an_error);
    tcase_add_test(claims, name_of_a_region_that_does_not_fit_is_left_out);
    tcase_add_test(claims, reading_on_arrives_exactly_at_the_hole);
    tcase_add_test(claims, search_of_all_memory_ends);
    tcase_set_timeout(claims, 120);
    suite_add_tcase(suite, claims);
    return suite;
}
