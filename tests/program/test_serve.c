/* test_serve.c - stub_serve, the loop over a line that is read byte by byte. */
#include <string.h>

#include "stub/stub.h"
#include "tests/suites.h"

/* A machine that can run and stop: `running` ends when poll was called three times. */
static struct machine {
    int left;     /* polls until it stops, 0: it stands */
    bool stopped; /* and the client has not heard of it */
    bool dead;
    int lost;
} machine;

static const struct arch_layout layout = { &arch_aarch64, 0 };

static int
resume(void *target, struct stub *s)
{
    (void)target;
    (void)s;
    machine.left = 3;
    return 0;
}

static int
peek(void *target, unsigned kinds, struct stub_event *event)
{
    (void)kinds;
    (void)target;
    *event = (struct stub_event){
        .kind = STUB_STOPPED, .reason = STUB_SWBREAK, .signal = 5, .id = { 1, 1 }
    };
    return machine.stopped;
}

static void
done(void *target, const struct stub_event *event)
{
    (void)target;
    (void)event;
    machine.stopped = false;
}

static int
kill_it(void *target, int64_t pid, bool tell)
{
    (void)tell;
    (void)target;
    (void)pid;
    machine.dead = true;
    return 0;
}

static int
next_thread(void *target, struct rsp_id *id)
{
    (void)target;
    if (machine.dead || id->pid != 0)
        return 0;
    *id = (struct rsp_id){ 1, 1 };
    return 1;
}

static void
client_gone(void *target)
{
    (void)target;
    machine.lost++;
}

static const struct stub_target target = {
    .size = sizeof(struct stub_target),
    .machine = &layout,
    .next_thread = next_thread,
    .resume = resume,
    .peek = peek,
    .done = done,
    .kill = kill_it,
    .client_gone = client_gone,
};

/* ---- the line ---- */

static struct line {
    const char *wire; /* '.' stands for a while without a byte; the line is lost at the end */
    char sent[2048];
    size_t size;
    uint64_t now;
} wire;

static int
get(void *context)
{
    (void)context;
    if (*wire.wire == '\0')
        return -2;
    return *wire.wire == '.' ? (wire.wire++, -1) : (uint8_t)*wire.wire++;
}

static void
put(void *context, const uint8_t *bytes, size_t n)
{
    (void)context;
    ck_assert_uint_lt(wire.size + n, sizeof(wire.sent));
    memcpy(wire.sent + wire.size, bytes, n);
    wire.size += n;
}

static bool
poll_machine(void *context)
{
    (void)context;
    if (machine.left == 0 || --machine.left > 0)
        return false;
    machine.stopped = true;
    return true;
}

static uint64_t
now_ms(void *context)
{
    (void)context;
    return wire.now += 100;
}

/* Serves text; what was sent stands in wire.sent. */
static void
serve(const char *text)
{
    static const struct stub_line line = { get, put, poll_machine, now_ms, NULL };
    static uint8_t input[512], output[512];
    static struct stub s;
    struct stub_config config = {
        .size = sizeof(config),
        .target = &target,
        .packets = stub_all_packets,
        .input = input,
        .output = output,
        .input_size = sizeof(input),
        .output_size = sizeof(output),
        .resend_ms = 1000,
    };

    memset(&machine, 0, sizeof(machine));
    memset(&wire, 0, sizeof(wire));
    wire.wire = text;
    ck_assert(stub_init(&s, &config));
    stub_serve(&s, &line);
}

START_TEST(answers_and_returns_when_the_line_is_lost)
{
    serve("+$qC#b4+$vMustReplyEmpty#3a+");
    ck_assert_str_eq(wire.sent, "+$QC1#c5+$#00");
    ck_assert_int_eq(machine.lost, 1);
}
END_TEST

START_TEST(polls_the_machine_and_tells_its_stop)
{
    serve("$c#63..");
    ck_assert_str_eq(wire.sent, "+");
    serve("$c#63....+");
    ck_assert_ptr_nonnull(strstr(wire.sent, "+$T05"));
    ck_assert(!machine.stopped);
}
END_TEST

START_TEST(sends_again_what_is_not_acknowledged)
{
    serve("$qC#b4.......");
    ck_assert_str_eq(wire.sent, "+$QC1#c5");
    serve("$qC#b4...............");
    ck_assert_str_eq(wire.sent, "+$QC1#c5$QC1#c5");
}
END_TEST

START_TEST(returns_after_a_kill_without_calling_the_client_lost)
{
    serve("$k#6b$qC#b4");
    ck_assert_ptr_nonnull(strstr(wire.sent, "$X09"));
    ck_assert_str_eq(wire.wire, "$qC#b4");
    ck_assert_int_eq(machine.lost, 0);
}
END_TEST

Suite *
serve_suite(void)
{
    Suite *suite = suite_create("serve");
    TCase *loop = tcase_create("loop");

    suite_add_tcase(suite, loop);
    tcase_add_test(loop, answers_and_returns_when_the_line_is_lost);
    tcase_add_test(loop, polls_the_machine_and_tells_its_stop);
    tcase_add_test(loop, sends_again_what_is_not_acknowledged);
    tcase_add_test(loop, returns_after_a_kill_without_calling_the_client_lost);
    return suite;
}
