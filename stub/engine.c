/* engine.c - bytes in, bytes out: acks, repeats, resends, and whose turn it is
 * (GDB manual, "Overview" and "Packet Acknowledgment"). */
#include "stub/engine.h"

#include <string.h>

_Static_assert(sizeof(struct engine) <= sizeof(struct stub), "struct stub must hold the engine");
_Static_assert(offsetof(struct stub_small_target, client_gone) ==
                   offsetof(struct stub_target, client_gone),
               "struct stub_small_target has the members of struct stub_target up to there");
_Static_assert(_Alignof(struct engine) <= _Alignof(struct stub), "and be aligned for it");

enum {
    SMALLEST_BUFFER = 256,
    SMALLEST_FRAME = 96, /* what gdb may have to say in one */
    REPEAT_MS = 500,     /* the same request again, this long after its unacknowledged reply */
    DOUBT_MS = 400,      /* what it means is not known before this; less than gdb's time-out */
    RESEND_MAX = 10
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

/* Body is what stub_body gave. */
static void
close_frame(struct engine *s, const struct rsp_out *body, char lead)
{
    s->frame_size = (uint32_t)rsp_frame_close_out(s->output + OUT_FRAME, body, lead);
    s->sent = 0;
}

void
stub_send(struct engine *s, struct rsp_out *body)
{
    enum { LONG = 1024 };
    bool may_pay = (s->flags & STUB_SERIAL) != 0 || body->len >= LONG;
    const struct stub_hook *hook = may_pay ? HOOK(s, shorten) : NULL;

    if (hook != NULL && hook->shorten(s, body))
        body->sum_end = 0;
    close_frame(s, body, '$');
    s->resends = 0;
    s->memory = 0;
}

void
stub_send_notice(struct engine *s, const struct rsp_out *body)
{
    close_frame(s, body, '%');
    s->notice = true;
}

void
stub_settle(struct engine *s)
{
    if (s->ahead != NULL)
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
    if (s->notice) {
        s->notice = false;
        return;
    }
    if (s->no_ack_next) {
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

/* True while a reply waits for its acknowledgement. */
static bool
frame_is_out(const struct engine *s)
{
    return s->frame_size != 0 && s->sent == s->frame_size;
}

/* A shorter frame comes through where a longer one did not, and the client asks for the rest. */
static void
say_less(struct engine *s)
{
    const struct stub_hook *hook =
        s->memory != 0 && (s->flags & STUB_UNRELIABLE) != 0 ? HOOK(s, cut) : NULL;
    struct rsp_out body = stub_body(s);

    if (hook == NULL)
        return;
    body.len = hook->cut(body.buf, s->frame_size - RSP_FRAME_EXTRA, s->memory == 'm');
    close_frame(s, &body, '$');
}

static void
resend(struct engine *s)
{
    if (!frame_is_out(s) || s->resends >= s->resend_max)
        return;
    s->resends++;
    s->sent = 0;
    say_less(s);
}

/* ---- requests coming in ---- */

/* FNV-1a with the length in front: tells a request from the one before it. Never 0. */
static uint32_t
key_of(const uint8_t *body, size_t n)
{
    uint32_t key = UINT32_C(0x811c9dc5) ^ (uint32_t)n;

    for (size_t i = 0; i < n; i++)
        key = (key ^ body[i]) * UINT32_C(0x01000193);
    return key | 1;
}

static void
owe_ack(struct engine *s, char ack)
{
    if (s->no_ack)
        return;
    s->ack = ack;
    s->acks = (s->flags & STUB_UNRELIABLE) != 0 && ack == '+' ? 2 : 1;
}

/* A request that is not a repeat, or is taken for none. */
static void
take_new(struct engine *s)
{
    if (frame_is_out(s))
        frame_done(s); /* whoever asks on has heard the last answer */
    s->busy = true;
    work(s);
}

/* The request of the unacknowledged reply again. Long after the reply it is a repeat: the client
 * has heard neither our ack nor the reply, and the deed must not be done twice. Soon after it, it
 * is a new one whose client's ack was lost. */
static void
take_same(struct engine *s)
{
    bool old = s->doubt == DOUBT_OLD;

    s->doubt = 0;
    owe_ack(s, '+');
    if (old)
        s->sent = 0;
    else
        take_new(s);
}

/* On a line that loses bytes it may also be a repeat that the client has sent too early, because a
 * reply came late or a '-' was made of noise. Then the ack of the reply is under way, and a second
 * answer would be taken for that to the client's next request. So that much time is given. */
static bool
may_doubt(const struct engine *s)
{
    return (s->flags & STUB_UNRELIABLE) != 0 && s->resend_ms != 0 && s->now_ms != 0;
}

static void
take_packet(struct engine *s, bool cut)
{
    uint32_t key = s->no_ack ? 0 : key_of(s->rx.buf, s->rx.len);
    bool same = !s->no_ack && key == s->last_key;

    s->last_key = key;
    s->cut = cut;
    if (same && s->waiting && s->resumed)
        return; /* what it asked for is still running */
    if (!same || !frame_is_out(s)) {
        take_new(s);
        return;
    }
    s->doubt = s->now_ms - s->sent_ms >= REPEAT_MS ? DOUBT_OLD : DOUBT_YOUNG;
    s->doubt_ms = s->now_ms;
    s->acks = 0; /* an ack would be taken for that of the next request */
    if (!may_doubt(s))
        take_same(s);
}

void
stub_interrupt_now(struct engine *s)
{
    struct rsp_id any = { 0, 0 };

    if (!HAS(s, interrupt))
        s->interrupt = false;
    else
        s->interrupt = s->target->interrupt(s->object, any) == STUB_LATER;
}

/* A stop that nobody waits for is dropped; one wanted while a request is being carried out (a
 * late resume) is owed until that is done. When it crossed the end of a step it is owed too: a
 * debugger that makes many steps of one command takes that end for one of many, and goes on. */
static void
take_interrupt(struct engine *s)
{
    if (s->busy)
        s->interrupt = true;
    else if (s->waiting)
        stub_interrupt_now(s);
    else
        s->crossed = s->stepped;
}

static void
take_event(struct engine *s, enum rsp_event event)
{
    switch (event) {
    case RSP_PACKET:
    case RSP_TOO_LONG:
        owe_ack(s, '+');
        take_packet(s, event == RSP_TOO_LONG);
        break;
    case RSP_ACK:
        if (!s->no_ack && frame_is_out(s)) {
            s->doubt = 0;
            frame_done(s);
            work(s);
        }
        break;
    case RSP_NAK:
        s->doubt = 0;
        if (!s->no_ack)
            resend(s);
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
    return !s->busy && (stub_output_free(s) || frame_is_out(s));
}

size_t
stub_feed(struct stub *stub, const uint8_t *bytes, size_t n)
{
    struct engine *s = ENGINE_OF(stub);
    size_t taken = 0;

    while (taken < n) {
        enum rsp_event event;
        bool begins = bytes[taken] == '$' || bytes[taken] == '%';

        if (begins && !rsp_receiver_inside(&s->rx) && !may_begin(s))
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
    if (!frame_is_out(s))
        return;
    s->sent_ms = s->now_ms;
    if (s->no_ack || s->notice) {
        frame_done(s);
        work(s);
    }
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
    uint32_t age;

    s->now_ms = (uint32_t)now_ms;
    if (s->doubt != 0) {
        age = s->now_ms - s->doubt_ms;
        if (age < DOUBT_MS)
            return (int)(DOUBT_MS - age);
        take_same(s);
    }
    if (s->no_ack || s->resend_ms == 0 || !frame_is_out(s) || s->resends >= s->resend_max)
        return -1;
    age = s->now_ms - s->sent_ms;
    if (age < s->resend_ms)
        return (int)(s->resend_ms - age);
    resend(s);
    return (int)s->resend_ms;
}

/* ---- life ---- */

static bool
target_is_usable(const struct stub_target *target)
{
    return target != NULL && target->size >= sizeof(struct stub_small_target) &&
           (target->machine != NULL || target->layout != NULL);
}

/* A line without a past. */
static void
meet_client(struct engine *s)
{
    enum { LASTS = offsetof(struct engine, no_ack) };
    const struct stub_hook *hook = HOOK(s, meet);

    rsp_receiver_init(&s->rx, s->rx.buf, s->rx.cap, 0);
    memset((uint8_t *)s + LASTS, 0, sizeof(*s) - LASTS);
    s->client = CLIENT_GDB | CLIENT_XML;
    if (hook != NULL)
        hook->meet(s);
}

bool
stub_init(struct stub *stub, const struct stub_config *config)
{
    struct engine *s = ENGINE_OF(stub);
    struct stub_config c;
    size_t given = config->size < sizeof(c) ? config->size : sizeof(c);

    memset(&c, 0, sizeof(c));
    memcpy(&c, config, given);
    memset(stub, 0, sizeof(*stub));
    if (!target_is_usable(c.target) || c.input_size < SMALLEST_BUFFER ||
        c.output_size < SMALLEST_BUFFER || c.input == NULL || c.output == NULL)
        return false;
    s->target = c.target;
    s->object = c.target_object;
    s->packets = c.packets;
    s->commands = c.commands;
    s->commands_context = c.commands_context;
    s->without = c.without;
    s->rx.buf = c.input;
    s->rx.cap = c.input_size;
    s->ahead = (struct stub_ahead *)(void *)c.stacks;
    s->output = c.output;
    s->output_size = (uint32_t)c.output_size;
    s->flags = (uint8_t)c.flags;
    if (c.frame_size > 0 && c.frame_size < UINT16_MAX)
        s->frame_max = (uint16_t)(c.frame_size < SMALLEST_FRAME ? SMALLEST_FRAME : c.frame_size);
    s->resend_ms = (uint16_t)(c.resend_ms > UINT16_MAX ? UINT16_MAX : c.resend_ms);
    s->resend_max = c.resend_max == 0
                        ? RESEND_MAX
                        : (uint8_t)(c.resend_max > UINT8_MAX ? UINT8_MAX : c.resend_max);
    if (s->packets == NULL)
        return false;
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
    if (s->ahead != NULL)
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
