/* pkt_events.c - QPassSignals QProgramSignals QThreadEvents QThreadOptions: what the client wants
 * to hear of (GDB manual, "General Query Packets"). */
#include "stub/engine.h"

/* ---- what a client says in qSupported ---- */

static const struct stub_client_word words[] = {
    { "fork-events+", "fork-events+", CLIENT_FORK_EVENTS, NEEDS(want_events), false },
    { "vfork-events+", "vfork-events+", CLIENT_VFORK_EVENTS, NEEDS(want_events), false },
    { "exec-events+", "exec-events+", CLIENT_EXEC_EVENTS, NEEDS(want_events), true },
    { "no-resumed+", "no-resumed+", CLIENT_NO_RESUMED, NEEDS(want_events), true },
    { "QThreadOptions+", "QThreadOptions=3", CLIENT_THREAD_OPTIONS, NEEDS(want_of_thread), true },
    { "single-inf-arg+", "single-inf-arg+", CLIENT_ONE_ARGUMENT, NEEDS(launch_text), true },
    { NULL, NULL, 0, 0, false },
};

/* Tells the target. 0, -E or STUB_LATER. */
static int
want_events(struct engine *s)
{
    static const struct {
        unsigned client, event;
    } rows[] = {
        { CLIENT_FORK_EVENTS, STUB_WANT_FORK },
        { CLIENT_VFORK_EVENTS, STUB_WANT_VFORK },
        { CLIENT_EXEC_EVENTS | CLIENT_LLDB, STUB_WANT_EXEC },
        { CLIENT_THREAD_EVENTS, STUB_WANT_THREADS },
        { CLIENT_NO_RESUMED, STUB_WANT_NONE_LEFT },
    };
    unsigned events = 0;

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if ((s->client & rows[i].client) != 0)
            events |= rows[i].event;
    return HAS(s, want_events) ? s->target->want_events(s->object, events) : 0;
}

/* ---- signals that do not stop, signals that may be delivered ---- */

/* Two of gdb's numbers may mean one of the target's (SIGIO and SIGPOLL): the one that it would be
 * told by counts. */
static bool
is_own_name(const struct engine *s, int native, struct rsp_in number)
{
    return (uint64_t)stub_signal_out(s, native) == rsp_take_hex(&number);
}

static int
set_signals(struct engine *s, struct rsp_in *in, enum stub_signal_list which)
{
    uint8_t set[32] = { 0 };
    int r;

    rsp_take(in, ':');
    while (rsp_left(in) > 0 && !in->bad) {
        struct rsp_in number = rsp_take_until(in, ';'), text;
        int native;

        rsp_take_if(&number, ' '); /* lldb's testsuite puts one there */
        text = number;
        native = stub_take_signal(s, &number);
        if (number.bad)
            return PKT_BAD;
        if (native >= 0 && native < 256 && is_own_name(s, native, text))
            set[native / 8] |= (uint8_t)(1u << (native % 8));
        rsp_take_if(in, ';');
    }
    if (in->bad)
        return PKT_BAD;
    r = s->target->signals(s->object, which, set);
    return r == 0 ? PKT_OK : r;
}

static int
pass_signals(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    return set_signals(s, in, STUB_PASS_SIGNALS);
}

static int
program_signals(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    return set_signals(s, in, STUB_PROGRAM_SIGNALS);
}

/* ---- threads that come and go ---- */

/* QThreadEvents:0 and :1 */
static int
set_thread_events(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    uint64_t on;
    int r;

    (void)out;
    rsp_take(in, ':');
    on = rsp_take_hex(in);
    if (!rsp_take_end(in) || on > 1)
        return PKT_BAD;
    s->client &= ~(unsigned)CLIENT_THREAD_EVENTS;
    if (on == 1)
        s->client |= CLIENT_THREAD_EVENTS;
    r = want_events(s);
    return r == 0 ? PKT_OK : r;
}

/* One `;OPTIONS[:ID]`; no id means all threads. */
static bool
take_options(struct engine *s, struct rsp_in *in, unsigned *options, struct rsp_id *id)
{
    uint64_t bits;

    rsp_take(in, ';');
    bits = rsp_take_hex(in);
    *id = (struct rsp_id){ -1, -1 };
    if (rsp_take_if(in, ':'))
        *id = stub_take_id(s, in);
    *options = bits > UINT32_MAX ? UINT32_MAX : (unsigned)bits;
    return !in->bad;
}

/* The rightmost that matches a thread counts: gdb 16 says `;0` for all and then what it wants of
 * one. (In vCont it is the leftmost.) */
static int
set_options_of(struct engine *s, struct rsp_in in, struct rsp_id thread)
{
    struct rsp_id id;
    unsigned options, last = 0;
    bool any = false;

    while (rsp_left(&in) > 0 && take_options(s, &in, &options, &id)) {
        if ((id.pid > 0 && id.pid != thread.pid) || (id.tid > 0 && id.tid != thread.tid))
            continue;
        last = options;
        any = true;
    }
    return any ? s->target->want_of_thread(s->object, thread, last) : 0;
}

/* QThreadOptions;OPTIONS:ID;... */
static int
set_thread_options(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    enum { KNOWN = STUB_WANT_CLONE | STUB_WANT_EXIT };
    struct rsp_in list = *in;
    struct rsp_id id, at = { 0, 0 };
    unsigned options;
    int r;

    (void)out;
    do {
        if (!take_options(s, in, &options, &id))
            return PKT_BAD;
        if ((options & ~(unsigned)KNOWN) != 0)
            return -STUB_EINVAL;
    } while (rsp_left(in) > 0);
    while ((r = stub_next_thread(s, &at)) == 1) {
        r = set_options_of(s, list, at);
        if (r != 0)
            return r;
    }
    return r == 0 ? PKT_OK : r;
}

static const struct stub_row rows[] = {
    { "QPassSignals", pass_signals, NEEDS(signals), ROW_IDLE | ROW_TOLD },
    { "QProgramSignals", program_signals, NEEDS(signals), ROW_IDLE | ROW_GDB_KEY | ROW_TOLD },
    { "QThreadEvents", set_thread_events, NEEDS(want_events), ROW_IDLE | ROW_GDB_KEY | ROW_TOLD },
    { "QThreadOptions", set_thread_options, NEEDS(want_of_thread), ROW_IDLE },
};
static const struct stub_hook hooks[] = {
    { .name = HOOK_system_words, .system_words = words },
    HOOKED(want_events, want_events),
};
const struct stub_family stub_event_packets = FAMILY_WITH(rows, hooks);
