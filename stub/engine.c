/* engine.c - bytes in, bytes out: acks, and whose turn it is (GDB manual, "Overview" and "Packet
 * Acknowledgment"). What a line that loses bytes needs beside is line.c's. */
#include "stub/engine.h"

#include <string.h>

_Static_assert(sizeof(struct engine) <= sizeof(struct stub), "struct stub must hold the engine");
_Static_assert(sizeof(struct engine) <= 256, "and on a board each byte of it counts");
_Static_assert(offsetof(struct stub_small_target, client_gone) ==
                   offsetof(struct stub_target, client_gone),
               "struct stub_small_target has the members of struct stub_target up to there");
_Static_assert(_Alignof(struct engine) <= _Alignof(struct stub), "and be aligned for it");

enum {
    SMALLEST_BUFFER = 256,
    SMALLEST_FRAME = 96 /* what gdb may have to say in one */
};

/* ---- the frame going out ---- */

bool
stub_output_free(const struct engine *s)
{
    return s->frame_size == 0;
}

struct rsp_out
stub_body(struct engine *s)
{
    return rsp_out_to(s->output + OUT_BODY, s->output_size - OUT_EXTRA);
}

void
stub_begin(struct engine *s, struct rsp_out *out)
{
    *out = stub_body(s);
}

void
stub_close_frame(struct engine *s, const struct rsp_out *body, char lead)
{
    s->frame_size = (uint32_t)rsp_frame_close_out(s->output + OUT_FRAME, body, lead);
    s->sent = 0;
}

void
stub_send(struct engine *s, struct rsp_out *body)
{
    const struct stub_hook *hook = HOOK(s, shorten);

    if (hook != NULL && hook->shorten(s, body))
        body->sum_end = 0;
    stub_close_frame(s, body, '$');
    s->resends = 0;
}

void
stub_send_notice(struct engine *s, const struct rsp_out *body)
{
    stub_close_frame(s, body, '%');
    s->notice = true;
}

void
stub_settle(struct engine *s)
{
    if (stub_ahead(s) != NULL)
        s->ahead->settle(s->ahead);
    if (HAS(s, settled))
        s->target->settled(s->object);
}

/* What waits for the line: a request that came while a stop reply was going out, then news. */
static void
work(struct engine *s)
{
    if (s->busy && stub_output_free(s))
        stub_dispatch(s);
    if (!s->busy && stub_output_free(s))
        stub_report(s);
}

/* The client has the frame: only now is its event told. */
static void
frame_done(struct engine *s)
{
    s->frame_size = s->sent = 0;
    if (stub_is_notice(s)) {
        s->notice = false;
        return;
    }
    if (stub_no_ack_next(s)) {
        s->no_ack = true;
        s->no_ack_next = false;
        /* LLDB's testsuite sends sums of other packets too, on lines that lose nothing. */
        s->rx.flags |= (s->client & CLIENT_LLDB) != 0 ? RSP_SUM_IGNORED : RSP_SUM_MAY_BE_0;
    }
    if (s->reporting) {
        s->reporting = false;
        stub_done_with_stops(s);
    }
}

void
stub_frame_heard(struct engine *s)
{
    frame_done(s);
    work(s);
}

bool
stub_frame_is_out(const struct engine *s)
{
    return s->frame_size != 0 && s->sent == s->frame_size;
}

/* ---- requests coming in ---- */

static void
owe_ack(struct engine *s, char ack)
{
    if (stub_no_ack(s))
        return;
    s->ack = ack;
    s->acks = 1;
}

void
stub_take_request(struct engine *s)
{
    if (stub_frame_is_out(s))
        frame_done(s); /* whoever asks on has heard the last answer */
    s->busy = true;
    work(s);
}

static void
take_packet(struct engine *s, bool cut)
{
    const struct stub_hook *hook = HOOK(s, is_new);

    s->cut = cut;
    owe_ack(s, '+');
    if (hook == NULL || hook->is_new(s))
        stub_take_request(s);
}

void
stub_interrupt_now(struct engine *s)
{
    struct rsp_id any = { 0, 0 };

    if (!HAS(s, interrupt))
        s->interrupt = false;
    else
        s->interrupt = s->target->interrupt(s->object, any) == STUB_LATER;
    s->asked = !s->non_stop;
}

/* A stop that nobody waits for is dropped; one wanted while a request is being carried out (a
 * late resume) is owed until that is done. When it crossed the end of a step it is owed until the
 * next resume, which then ends at once: a debugger that makes many steps of one command takes that
 * end for one of many, and goes on. So does a gdb at a breakpoint whose commands continue. */
static void
take_interrupt(struct engine *s)
{
    if (!s->busy && s->waiting)
        stub_interrupt_now(s);
    else
        s->interrupt = s->busy || s->stepped;
}

/* A NAK: the client has not understood the frame: once more, as often as the line allows. */
static void
take_nak(struct engine *s)
{
    const struct stub_hook *hook;

    if (!stub_frame_is_out(s))
        return;
    hook = HOOK(s, may_resend);
    if (hook == NULL || hook->may_resend(s))
        s->sent = 0;
}

static void
take_ack(struct engine *s, bool good)
{
    const struct stub_hook *hook = HOOK(s, take_ack);

    if (hook != NULL)
        hook->take_ack(s);
    if (!good)
        take_nak(s);
    else if (stub_frame_is_out(s))
        stub_frame_heard(s);
}

static void
take_event(struct engine *s, enum rsp_event event)
{
    switch (event) {
    case RSP_PACKET:
    case RSP_TOO_LONG:
        take_packet(s, event == RSP_TOO_LONG);
        break;
    case RSP_ACK:
    case RSP_NAK:
        take_ack(s, event == RSP_ACK);
        break;
    case RSP_BAD_SUM:
        owe_ack(s, '-');
        break;
    case RSP_INTERRUPT:
        take_interrupt(s);
        break;
    case RSP_NONE:
    case RSP_NOTIFICATION:
    case RSP_EOT:
    case RSP_NOISE:
        break;
    }
}

/* A new frame would overwrite the request that still runs, or end a reply that is half out. */
static bool
may_begin(const struct engine *s)
{
    return !s->busy && (stub_output_free(s) || stub_frame_is_out(s));
}

size_t
stub_feed(struct stub *stub, const uint8_t *bytes, size_t n)
{
    struct engine *s = ENGINE_OF(stub);
    const struct stub_hook *hook;
    size_t taken = 0;

    while (taken < n) {
        enum rsp_event event;
        bool begins = bytes[taken] == '$' || bytes[taken] == '%';

        if (begins && !rsp_receiver_inside(&s->rx) && !may_begin(s) &&
            ((hook = HOOK(s, give_up)) == NULL || !hook->give_up(s)))
            break;
        if (begins)
            s->doubt = 0;
        taken += rsp_receive(&s->rx, bytes + taken, n - taken, &event);
        take_event(s, event);
    }
    return taken;
}

/* ---- the line's other half ---- */

/* Acks go out before a frame that has not begun, in one piece with it; never inside one. */
static bool
acks_first(const struct engine *s)
{
    return s->acks > 0 && (s->sent == 0 || s->sent == s->frame_size);
}

const uint8_t *
stub_output(struct stub *stub, size_t *n)
{
    struct engine *s = ENGINE_OF(stub);
    size_t left = s->frame_size - s->sent;
    uint8_t *begin = s->output + OUT_FRAME + s->sent;

    if (!acks_first(s)) {
        *n = left;
        return begin;
    }
    if (left == 0)
        begin = s->output + s->acks;
    begin -= s->acks;
    memset(begin, s->ack, s->acks);
    *n = s->acks + left;
    return begin;
}

void
stub_sent(struct stub *stub, size_t n)
{
    struct engine *s = ENGINE_OF(stub);

    if (acks_first(s)) {
        size_t acks = n < s->acks ? n : s->acks;

        s->acks = (uint8_t)(s->acks - acks);
        n -= acks;
    }
    if (n == 0)
        return;
    if (n > s->frame_size - s->sent)
        n = s->frame_size - s->sent;
    s->sent += (uint32_t)n;
    if (!stub_frame_is_out(s))
        return;
    s->sent_ms = s->now_ms;
    if (stub_no_ack(s) || stub_is_notice(s))
        stub_frame_heard(s);
}

void
stub_doorbell(struct stub *stub)
{
    work(ENGINE_OF(stub));
}

int
stub_tick(struct stub *stub, uint64_t now_ms)
{
    struct engine *s = ENGINE_OF(stub);
    const struct stub_hook *hook = HOOK(s, tick);

    s->now_ms = (uint32_t)now_ms;
    return hook != NULL ? hook->tick(s) : -1;
}

/* ---- life ---- */

static bool
target_is_usable(const struct stub_target *target)
{
    return target != NULL && target->size >= sizeof(struct stub_small_target) &&
           (target->machine != NULL || (!STUB_PLAIN && target->layout != NULL));
}

/* A line without a past. */
static void
meet_client(struct engine *s)
{
    enum { LASTS = offsetof(struct engine, frame_size) };
    const struct stub_hook *hook = HOOK(s, meet);

    rsp_receiver_init(&s->rx, s->rx.buf, s->rx.cap, 0);
    memset((uint8_t *)s + LASTS, 0, sizeof(*s) - LASTS);
    s->client = CLIENT_GDB | CLIENT_XML;
    if (hook != NULL)
        hook->meet(s);
}

/* Every field of today must be given. One that is added later is looked at only where size says
 * that it is there. */
static bool
is_usable(const struct stub_config *config)
{
    return config->size >= sizeof(*config) && target_is_usable(config->target) &&
           config->packets != NULL && config->input != NULL && config->output != NULL &&
           config->input_size >= SMALLEST_BUFFER && config->output_size >= SMALLEST_BUFFER;
}

static unsigned
at_most(unsigned v, unsigned most)
{
    return v < most ? v : most;
}

bool
stub_init(struct stub *stub, const struct stub_config *config)
{
    struct engine *s = ENGINE_OF(stub);

    memset(stub, 0, sizeof(*stub));
    if (!is_usable(config))
        return false;
    s->target = config->target;
    s->object = config->target_object;
    s->packets = config->packets;
    s->commands = config->commands;
    s->commands_context = config->commands_context;
    s->without = config->without;
    s->ahead = (struct stub_ahead *)(void *)config->stacks;
    s->rx.buf = config->input;
    s->rx.cap = (uint32_t)config->input_size;
    s->output = config->output;
    s->output_size = (uint32_t)config->output_size;
    s->flags = (uint8_t)config->flags;
    s->frame_max = (uint32_t)config->frame_size;
    if (s->frame_max > 0 && s->frame_max < SMALLEST_FRAME)
        s->frame_max = SMALLEST_FRAME;
    s->resend_ms = (uint16_t)at_most(config->resend_ms, UINT16_MAX);
    s->resend_max = (uint8_t)at_most(config->resend_max, UINT8_MAX);
    meet_client(s);
    return true;
}

void
stub_link_lost(struct stub *stub)
{
    struct engine *s = ENGINE_OF(stub);
    bool gone = !s->over;

    if (s->busy)
        stub_settle(s);
    meet_client(s);
    if (stub_ahead(s) != NULL)
        s->ahead->forget(s->ahead);
    if (gone && HAS(s, client_gone))
        s->target->client_gone(s->object);
}

bool
stub_is_stranger(uint8_t first)
{
    return first != '+' && first != '-' && first != '$' && first != 0x03 && first != 0x04;
}

bool
stub_is_idle(const struct stub *stub)
{
    const struct engine *s = (const struct engine *)(const void *)stub->opaque;

    return !s->busy && stub_output_free(s) && s->acks == 0 && !rsp_receiver_inside(&s->rx);
}

bool
stub_is_receiving(const struct stub *stub)
{
    const struct engine *s = (const struct engine *)(const void *)stub->opaque;

    return !s->busy && rsp_receiver_inside(&s->rx);
}

struct rsp_id
stub_thread(const struct stub *stub)
{
    return ((const struct engine *)(const void *)stub->opaque)->general;
}

bool
stub_is_waiting(const struct stub *stub)
{
    return ((const struct engine *)(const void *)stub->opaque)->waiting;
}

bool
stub_client_reads_words(const struct stub *stub)
{
    const struct engine *s = (const struct engine *)(const void *)stub->opaque;

    return (s->client & CLIENT_ERROR_MESSAGE) != 0;
}

bool
stub_is_over(const struct stub *stub)
{
    const struct engine *s = (const struct engine *)(const void *)stub->opaque;

    return s->over && !s->extended;
}
