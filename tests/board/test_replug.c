/* test_replug.c - a debugger that is unplugged in the middle of anything, and the next one plugged
 * in at once: at every byte that goes over the line either way. The firmware never runs by
 * accident, no write is lost that was acknowledged and none is made that was not asked for, and
 * the next debugger hears the answers to its own questions. */
#include <stdio.h>
#include <string.h>

#include "tests/board/machine.h"
#include "tests/suites_hosted.h"

enum { FIRST = RAM + 0x100, LOOP = RAM + 0x300, BREAK = RAM + 0x200, INSTRUCTION = 4 };
enum { FOR_EVER = 20000, NEVER = 1 << 30 };

/* A request: what its answer begins with, what comes of it. */
struct request {
    const char *body, *answer;
    uint64_t to; /* a resume: where the firmware stands then */
    uint8_t *at; /* a write: where, of four bytes `value` */
    const char *value;
};

static const struct request first[] = {
    { .body = "qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+;xmlRegisters=i386",
      .answer = "PacketSize=" },
    { .body = "?", .answer = "T0b" },
    { .body = "Hgp0.0", .answer = "OK" },
    { .body = "M1800,4:31323334", .answer = "OK", .at = machine.ram + 0x800, .value = "1234" },
    { .body = "Z0,1200,4", .answer = "OK" },
    { .body = "vCont;s:p1.1", .answer = "T05", .to = FIRST + 4 },
    { .body = "vCont;s:p1.1", .answer = "T05", .to = FIRST + 8 },
    { .body = "m1800,4", .answer = "31323334" },
    { .body = "vCont;r1108,1120:p1.1", .answer = "T05", .to = FIRST + 0x20 },
    { .body = "M1804,4:35363738", .answer = "OK", .at = machine.ram + 0x804, .value = "5678" },
    { .body = "vCont;c", .answer = "T05", .to = BREAK },
    { .body = "g", .answer = "0" },
    { .body = "vFlashErase:a000,200", .answer = "OK" },
    { .body = "vFlashWrite:a004:abcd", .answer = "OK", .at = machine.flash + 4, .value = "abcd" },
    { .body = "vFlashDone", .answer = "OK" },
    { .body = "X1808,4:efgh", .answer = "OK", .at = machine.ram + 0x808, .value = "efgh" },
    { .body = "z0,1200,4", .answer = "OK" },
    { .body = "vCont;c", .answer = NULL },
};
static const struct request second[] = {
    { .body = "qSupported:swbreak+;hwbreak+;vContSupported+;xmlRegisters=i386",
      .answer = "PacketSize=" },
    { .body = "?", .answer = "T" },
    { .body = "m2000,4", .answer = "6e657874" },
    { .body = "vCont;s:1", .answer = "T05" },
    { .body = "M2000,4:646f6e65", .answer = "OK" },
    { .body = "m2000,4", .answer = "646f6e65" },
    { .body = "?", .answer = "T05" },
    { .body = "D", .answer = "OK" },
};
enum { FIRSTS = sizeof(first) / sizeof(first[0]), SECONDS = sizeof(second) / sizeof(second[0]) };

/* One debugger: it says a request, waits for the ack and for the answer, as gdb does. */
struct client {
    const struct request *requests;
    unsigned count, at; /* the one under way */
    char out[256];
    size_t size, sent;
    char answer[512];
    size_t length;
    unsigned sum_digits; /* of the frame that comes in; 3: none does */
    bool heard;          /* the ack */
};

static struct scene {
    struct client client;
    unsigned left;      /* bytes until the debugger is unplugged */
    unsigned gap;       /* milliseconds until the next one */
    uint64_t now, gone; /* gone: when it was, 0 not yet */
    bool is_second;
    bool was_cut;
    uint64_t stood_at; /* where the second found it */
    unsigned taken;    /* requests of the first that came whole */
    uint64_t said;     /* when the request under way was */
} scene;

/* ---- the firmware ---- */

static uint64_t
next_of(uint64_t pc)
{
    return pc + INSTRUCTION == LOOP ? FIRST : pc + INSTRUCTION;
}

static bool has_byte(void);

/* One instruction. */
static void
run(void)
{
    uint64_t pc = stub_board_pc(board);

    scene.now++;
    if (memcmp(machine.ram + (pc - RAM), arch_aarch64.breakpoint, INSTRUCTION) == 0) {
        machine.kind = TRAP_BREAK;
        stub_board_trapped(board);
        return;
    }
    stub_board_set_pc(board, next_of(pc));
    machine.kind = TRAP_STEP;
    if (machine.stepping)
        stub_board_trapped(board);
    else if (has_byte())
        (void)stub_board_looked(board);
}

/* ---- the debuggers ---- */

static bool
is_done(const struct client *c)
{
    return c->at == c->count;
}

static void
say_request(struct client *c, bool acknowledge)
{
    c->out[0] = '\0';
    if (!is_done(c))
        add_frame(c->out,
                  c->requests[c->at].body); /* begins with an ack, which a start needs too */
    else if (acknowledge)
        strcpy(c->out, "+");
    c->size = strlen(c->out);
    c->sent = 0;
    c->heard = false;
    c->sum_digits = 3;
    scene.said = scene.now;
}

static void
plug(const struct request *requests, unsigned count)
{
    memset(&scene.client, 0, sizeof(scene.client));
    scene.client.requests = requests;
    scene.client.count = count;
    say_request(&scene.client, false);
}

static void
unplug(void)
{
    scene.gone = scene.now;
    scene.left = NEVER;
    scene.is_second = true;
    memset(&scene.client, 0, sizeof(scene.client));
}

/* The second debugger finds the firmware standing, without the breakpoint of the first, and it
 * stands but for the one step. */
static void
check_place(unsigned at)
{
    enum { WHY_IT_STANDS = 1, STEP = 3 };
    uint64_t pc = stub_board_pc(board);

    ck_assert(!stub_board_point_at(board, BREAK));
    if (at == WHY_IT_STANDS)
        scene.stood_at = pc;
    if (at > WHY_IT_STANDS)
        ck_assert_uint_eq(pc, at < STEP ? scene.stood_at : next_of(scene.stood_at));
}

/* The whole answer to the request under way. */
static void
take_answer(struct client *c)
{
    const struct request *r = &c->requests[c->at];

    c->answer[c->length] = '\0';
    ck_assert_msg(r->answer != NULL && strncmp(c->answer, r->answer, strlen(r->answer)) == 0,
                  "'%s' was answered '%s'", r->body, c->answer);
    if (scene.is_second)
        check_place(c->at);
    c->at++;
    say_request(c, true);
}

static void
hear(struct client *c, char byte)
{
    if (c->sum_digits < 2) {
        c->sum_digits++;
        if (c->sum_digits == 2) {
            c->sum_digits = 3;
            if (c->heard)
                take_answer(c);
        }
    } else if (byte == '$') {
        c->length = 0;
        c->sum_digits = 2;
    } else if (byte == '#' && c->sum_digits == 2) {
        c->sum_digits = 0;
    } else if (c->sum_digits == 2) {
        c->answer[c->length] = byte;
        c->length += c->length < sizeof(c->answer) - 1;
    } else if (byte == '+') {
        c->heard = true;
    }
}

/* ---- the line ---- */

static bool
has_byte(void)
{
    struct client *c = &scene.client;

    if (scene.is_second && c->count == 0 && scene.now - scene.gone >= scene.gap)
        plug(second, SECONDS);
    return c->sent < c->size;
}

/* What passes the place where the line is cut. */
static bool
passes(void)
{
    if (scene.left-- > 0)
        return true;
    scene.was_cut = true;
    unplug();
    return false;
}

static int
get(void *context)
{
    struct client *c = &scene.client;
    int byte;

    (void)context;
    if (!has_byte()) {
        scene.now++;
        if (scene.now - scene.said > FOR_EVER)
            ck_abort_msg("nothing comes of request %u", c->at);
        return -1;
    }
    if (!passes())
        return -1;
    byte = (uint8_t)c->out[c->sent++];
    if (c->sent == c->size && !scene.is_second && !is_done(c))
        scene.taken = c->at + 1;
    return byte;
}

static void
put(void *context, uint8_t byte)
{
    (void)context;
    if (scene.client.count > 0 && passes())
        hear(&scene.client, (char)byte);
}

static uint64_t
now_ms(void *context)
{
    (void)context;
    return scene.now + 1;
}

/* ---- what must be ---- */

/* The firmware went where the resumes of the first debugger lead that came whole. The last of
 * them may have been stopped on its way by the second, and runs on where that has taken its end
 * away. */
static void
check_path(unsigned cut)
{
    uint64_t from = FIRST, to = FIRST;

    for (unsigned i = 0; i < scene.taken; i++) {
        if (strncmp(first[i].body, "vCont", 5) != 0)
            continue;
        from = to;
        to = first[i].to;
    }
    if (to == 0 || to == BREAK)
        return;
    ck_assert_msg(scene.stood_at >= from && scene.stood_at <= to, "cut at %u: it stood at %x", cut,
                  (unsigned)scene.stood_at);
}

static void
check_all(unsigned cut)
{
    for (unsigned i = 0; i < FIRSTS; i++)
        if (first[i].at != NULL)
            ck_assert_msg((memcmp(first[i].at, first[i].value, 4) == 0) == (i < scene.taken),
                          "cut at %u: '%s', %u requests came", cut, first[i].body, scene.taken);
    ck_assert_uint_le(flash_calls.writes, 1);
    ck_assert_uint_le(flash_calls.ends, 1);
    ck_assert_mem_eq(machine.ram + 0x1000, "done", 4);
    ck_assert_uint_eq(machine.ram[BREAK - RAM], 0);
    check_path(cut);
}

/* False when the first debugger came to its end before so many bytes had gone over the line. */
static bool
play(unsigned cut, unsigned gap)
{
    struct stub_board_config config = board_config();

    config.get = get;
    config.put = put;
    config.now_ms = now_ms;
    memset(&scene, 0, sizeof(scene));
    scene.left = cut;
    scene.gap = gap;
    start_board(config);
    memcpy(machine.ram + 0x1000, "next", 4);
    plug(first, FIRSTS);
    machine.kind = TRAP_FAULT;
    stub_board_trapped(board);
    while (scene.client.requests != second || !is_done(&scene.client)) {
        run();
        if (!scene.is_second && scene.client.at == FIRSTS - 1 && scene.client.heard)
            unplug();
    }
    check_all(cut);
    return scene.was_cut;
}

START_TEST(a_debugger_may_be_replaced_at_any_byte)
{
    static const unsigned gaps[] = { 0, 40, 99, 1000 };
    unsigned cut = 0;

    while (play(cut, gaps[_i]))
        cut++;
    ck_assert_uint_gt(cut, 900);
}
END_TEST

Suite *
board_replug_suite(void)
{
    Suite *s = suite_create("board_replug");
    TCase *tc = tcase_create("board_replug");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, a_debugger_may_be_replaced_at_any_byte, 0, 4);
    suite_add_tcase(s, tc);
    return s;
}
