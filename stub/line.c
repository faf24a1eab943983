/* line.c - no packets: what an engine does about bytes that were lost: requests that come again,
 * replies that go out again, acks that come late (GDB manual, "Packet Acknowledgment"). Without it
 * each request that comes whole is carried out, and a reply goes out again for each NAK. */
#include "stub/engine.h"

enum {
    REPEAT_MS = 500, /* the same request again, this long after its unacknowledged reply */
    DOUBT_MS = 400,  /* what it means is not known before this; less than gdb's time-out */
    RESEND_MAX = 10,
    /* Of an lldb, which gives up after 5 s, and whose computer may be slower than the line. */
    LLDB_DOUBT_MS = 1000,
    LLDB_RESEND_MS = 3000
};

/* ---- requests that come again ---- */

/* FNV-1a with the length in front: tells a request from the one before it. Never 0. */
static uint32_t
key_of(const uint8_t *body, size_t n)
{
    uint32_t key = UINT32_C(0x811c9dc5) ^ (uint32_t)n;

    for (size_t i = 0; i < n; i++)
        key = (key ^ body[i]) * UINT32_C(0x01000193);
    return key | 1;
}

/* Acks go out twice where they may be lost. */
static void
owe_acks(struct engine *s)
{
    s->acks = (s->flags & STUB_UNRELIABLE) != 0 ? 2 : 1;
    s->ack = '+';
}

/* On a line that loses bytes it may also be a repeat that the client has sent too early, because a
 * reply came late or a '-' was made of noise. Then the ack of the reply is under way, and a second
 * answer would be taken for that to the client's next request. So that much time is given. */
static bool
may_doubt(const struct engine *s)
{
    return (s->flags & STUB_UNRELIABLE) != 0 && s->resend_ms != 0 && s->now_ms != 0;
}

/* 'm' or 'x' when the answer is memory, of which a part is an answer too; else 0. */
static char
memory_asked(const struct engine *s)
{
    uint8_t letter = s->rx.len > 0 ? s->rx.buf[0] : 0;

    return letter == 'm' || letter == 'x' ? (char)letter : '\0';
}

/* The request of the unacknowledged reply again. Long after the reply it is a repeat: the client
 * has heard neither our ack nor the reply, and the deed must not be done twice. Soon after it, it
 * is a new one whose client's ack was lost. */
static bool
is_same_new(struct engine *s)
{
    bool old = s->doubt == DOUBT_OLD;

    s->doubt = 0;
    owe_acks(s);
    if (old)
        s->sent = 0;
    else
        s->memory = memory_asked(s);
    return !old;
}

/* An lldb sends no request again, nor does it pass over a reply that comes twice: it takes that
 * for the ack of its next request, which then fails. So one that may have been lost goes out once
 * more, late, and the request behind it is thought over: what the client acknowledges then is the
 * other copy, and that request has failed already. */
static bool
may_be_lost(const struct engine *s)
{
    return stub_is_lldb(s) && s->resends > 0 && !s->spoiled;
}

/* Copies that are still to be acknowledged are counted; and memory that an lldb cannot read it
 * shows as the program's file has it. */
static void
take_ack(struct engine *s)
{
    bool failed = s->doubt != 0 && may_be_lost(s);

    if (s->resends > 0 && (failed || !stub_frame_is_out(s)))
        s->resends--;
    s->untold |= failed;
    s->doubt = 0;
}

static uint32_t
resend_ms(const struct engine *s)
{
    return stub_is_lldb(s) && s->resend_ms < LLDB_RESEND_MS ? LLDB_RESEND_MS : s->resend_ms;
}

static unsigned
most_resends(const struct engine *s)
{
    return s->resend_max == 0 ? RESEND_MAX : s->resend_max;
}

/* No more by time. A client that has not said yet what it is may be an lldb too. */
static bool
is_worn(const struct engine *s)
{
    bool once = !stub_is_gdb(s) && !s->reporting && !s->busy;

    return s->resends >= (once ? 1 : most_resends(s));
}

static bool
is_new(struct engine *s)
{
    uint32_t key;
    bool same;

    if (s->no_ack)
        return true;
    key = key_of(s->rx.buf, s->rx.len);
    same = key == s->last_key;
    s->last_key = key;
    owe_acks(s);
    if (same && s->waiting && s->resumed)
        return false; /* what it asked for is still running */
    same = same && stub_frame_is_out(s);
    if (!same && !may_be_lost(s)) {
        s->memory = memory_asked(s);
        return true;
    }
    s->doubt = same && s->now_ms - s->sent_ms >= REPEAT_MS ? DOUBT_OLD : DOUBT_YOUNG;
    s->doubt_ms = s->now_ms;
    s->acks = 0; /* an ack would be taken for that of the next request */
    return !may_doubt(s) && is_same_new(s);
}

/* ---- replies that go out again ---- */

/* A shorter frame comes through where a longer one did not, and the client asks for the rest: a
 * quarter of it at a time, since three tries are all that gdb makes. */
static void
say_less(struct engine *s)
{
    enum { SHORT = 32 };
    struct rsp_out body = stub_body(s);
    size_t len = s->frame_size - RSP_FRAME_EXTRA;
    size_t most = len / 4 > SHORT ? len / 4 : SHORT;

    if (s->memory == 0 || (s->flags & STUB_UNRELIABLE) == 0)
        return;
    body.len = rsp_cut(body.buf, len, most, s->memory == 'm' ? 2 : 1);
    stub_close_frame(s, &body, '$');
}

static bool
resend(struct engine *s)
{
    if (s->resends >= most_resends(s))
        return false;
    s->resends++;
    say_less(s);
    return true;
}

/* What memory the request that came last asks for. */
static struct stub_range
range_asked(const struct engine *s)
{
    struct rsp_in in = rsp_in_from(s->rx.buf, s->rx.len);

    rsp_take(&in, memory_asked(s));
    return stub_take_range(&in, ',');
}

/* The client says that the reply came spoiled. An lldb (19, 22) takes it all the same: sent again
 * it would be taken for the answer to the next request, and all that follows wrong by one. */
static bool
may_resend(struct engine *s)
{
    struct stub_range range = { 0, 0 };

    if ((s->flags & STUB_UNRELIABLE) == 0 || !stub_is_lldb(s))
        return resend(s);
    if (memory_asked(s) != 0)
        range = range_asked(s);
    s->wrong_at = (uint32_t)range.address;
    s->wrong_size = (uint32_t)range.length;
    s->spoiled = s->untold = true;
    s->resends = UINT8_MAX;
    if (s->busy) /* it waits for what comes behind the words of a command that failed */
        stub_frame_heard(s);
    return false;
}

/* An lldb that can read nothing of what it asks for shows what the program's file has there, and
 * says nothing. That the rest cannot be read of what it has begun to read, it tells. */
static bool
can_show(const struct engine *s, const char *name)
{
    const char *c = "MXpPgGZz";

    if (memory_asked(s) != 0)
        return (uint32_t)range_asked(s).address - s->wrong_at - 1 < s->wrong_size;
    while (*c != '\0' && *c != name[0])
        c++;
    return *c != '\0' && name[1] == '\0';
}

/* The next request fails of those whose failure an lldb shows; and at the next resume, where it
 * takes what a program prints, its user is told in words. */
int
stub_tell_spoiled(struct engine *s, const struct stub_row *row, struct rsp_out *out)
{
    static const char words[] = "error: a reply came spoiled: what was shown may be wrong\n";

    if (s->untold && (row->flags & ROW_RESUMES) != 0) {
        s->spoiled = s->untold = false;
        s->said = 1;
        rsp_put(out, 'O');
        rsp_put_hex_bytes(out, (const uint8_t *)words, sizeof(words) - 1);
        return PKT_MORE;
    }
    if (!s->spoiled || !can_show(s, row->name))
        return 0;
    s->spoiled = false;
    return -STUB_EIO;
}

static int
tick(struct engine *s)
{
    uint32_t age, doubt_ms = stub_is_lldb(s) ? LLDB_DOUBT_MS : DOUBT_MS;

    if (s->doubt != 0) {
        age = s->now_ms - s->doubt_ms;
        if (age < doubt_ms)
            return (int)(doubt_ms - age);
        if (is_same_new(s))
            stub_take_request(s);
    }
    if (s->no_ack || s->resend_ms == 0 || !stub_frame_is_out(s) || is_worn(s))
        return -1;
    age = s->now_ms - s->sent_ms;
    if (age < resend_ms(s))
        return (int)(resend_ms(s) - age);
    if (resend(s))
        s->sent = 0;
    return (int)resend_ms(s);
}

static const struct stub_hook hooks[] = {
    HOOKED(is_new, is_new), HOOKED(take_ack, take_ack),    HOOKED(may_resend, may_resend),
    HOOKED(tick, tick),     HOOKED(give_up, stub_give_up),
};
const struct stub_family stub_line_packets = FAMILY_OF_HOOKS(hooks);
