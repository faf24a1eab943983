/* pkt_start.c - qSupported, no-ack mode, `?` and the switches by which a client says who it is
 * (GDB manual, "General Query Packets"; LLDB's docs/resources/lldbgdbremote.md). */
#include "stub/engine.h"

#include <string.h>

/* ---- qSupported ---- */

/* What a client may say, what that makes of it, and what is said back when it holds. */
static const struct {
    const char *text;
    unsigned client;
    const char *echo;
} client_words[] = {
    { "multiprocess+", CLIENT_MULTIPROCESS, "multiprocess+" },
    { "swbreak+", CLIENT_SWBREAK, "swbreak+" },
    { "hwbreak+", CLIENT_HWBREAK, "hwbreak+" },
    { "error-message+", CLIENT_ERROR_MESSAGE, "error-message+" },
    { "fork-events+", CLIENT_FORK_EVENTS, "fork-events+" },
    { "vfork-events+", CLIENT_VFORK_EVENTS, "vfork-events+" },
    /* Only gdb says these. */
    { "exec-events+", CLIENT_EXEC_EVENTS | CLIENT_GDB, "exec-events+" },
    { "no-resumed+", CLIENT_NO_RESUMED | CLIENT_GDB, "no-resumed+" },
    { "QThreadOptions+", CLIENT_THREAD_OPTIONS | CLIENT_GDB, "QThreadOptions=3" },
    { "xmlRegisters=", CLIENT_XML, NULL },
    { "qRelocInsn+", CLIENT_GDB, NULL },
    { "vContSupported+", CLIENT_GDB, NULL },
    { "single-inf-arg+", CLIENT_ONE_ARGUMENT | CLIENT_GDB, "single-inf-arg+" },
};
enum { CLIENT_WORDS = sizeof(client_words) / sizeof(client_words[0]) };

/* A word that ends in = has a value behind it. */
static bool
is_word(struct rsp_in word, const char *text)
{
    size_t n = 0;

    while (text[n] != '\0')
        n++;
    return text[n - 1] == '=' ? rsp_take_text_if(&word, text) : rsp_is(&word, text);
}

/* A body cut by a small buffer ends in a word that may be cut too: that one is not believed. */
static unsigned
read_client_words(struct engine *s, struct rsp_in *in)
{
    unsigned client = 0;

    if (!rsp_take_if(in, ':'))
        rsp_take_if(in, ';'); /* lldb's testsuite */
    while (rsp_left(in) > 0) {
        struct rsp_in word = rsp_take_until(in, ';');

        if (s->cut && rsp_left(in) == 0)
            break;
        for (unsigned i = 0; i < CLIENT_WORDS; i++)
            if (is_word(word, client_words[i].text))
                client |= client_words[i].client;
        rsp_take_if(in, ';');
    }
    return client;
}

/* What follows from the words. An lldb is told native signal numbers; one new enough to say
 * swbreak+ also knows the two dialects of x apart, and every gdb does. */
static unsigned
settle_dialect(const struct engine *s, unsigned client)
{
    if ((client & CLIENT_GDB) != 0)
        return client | CLIENT_BINARY_UPLOAD;
    client |= CLIENT_LLDB;
    if (s->target->linux_signals)
        client |= CLIENT_NATIVE_SIGNALS;
    if ((client & CLIENT_SWBREAK) != 0)
        client |= CLIENT_BINARY_UPLOAD;
    return client;
}

void
stub_meet_client(struct engine *s)
{
    s->client = (s->flags & STUB_LLDB) != 0 ? settle_dialect(s, 0) : 0;
}

static void
put_key(struct rsp_out *out, const char *key)
{
    rsp_put(out, ';');
    rsp_put_text(out, key);
}

static void
put_key_whole(struct rsp_out *out, const char *key)
{
    struct rsp_out before = *out;

    put_key(out, key);
    if (out->cut)
        *out = before;
}

/* Keys that are said back only to a client that said them. */
static void
put_echoes(struct engine *s, struct rsp_out *out)
{
    for (unsigned i = 0; i < CLIENT_WORDS; i++)
        if (client_words[i].echo != NULL &&
            (s->client & client_words[i].client) == client_words[i].client)
            put_key(out, client_words[i].echo);
    if ((s->client & CLIENT_BINARY_UPLOAD) != 0)
        put_key(out, "binary-upload+");
    if ((s->client & CLIENT_NATIVE_SIGNALS) != 0)
        put_key(out, "native-signals+");
}

/* Keys of gdb's for what is no packet of its own. */
static void
put_abilities(struct engine *s, struct rsp_out *out)
{
    if ((s->client & CLIENT_GDB) == 0)
        return;
    if (HAS(s, libraries_svr4_from))
        put_key_whole(out, "augmented-libraries-svr4-read+");
    if (HAS(s, insert) && s->target->size > offsetof(struct stub_target, evaluates) &&
        s->target->evaluates) {
        put_key_whole(out, "ConditionalBreakpoints+");
        put_key_whole(out, "BreakpointCommands+");
    }
}

static bool
is_told(const struct engine *s, const struct stub_row *row)
{
    if (row->feature == NULL || !stub_can(s, row))
        return false;
    if ((row->flags & ROW_NOT_LOSSY) != 0 && (s->flags & STUB_UNRELIABLE) != 0)
        return false;
    return (row->flags & ROW_GDB_KEY) == 0 || (s->client & CLIENT_GDB) != 0;
}

/* By rank: what does not fit is not said. A feature that is not said is a feature not used. */
static void
put_features(struct engine *s, struct rsp_out *out)
{
    const struct stub_row *row;
    unsigned family = 0, i = 0;

    while ((row = stub_next_row(s, &family, &i)) != NULL)
        if (is_told(s, row))
            put_key_whole(out, row->feature);
}

/* What this target cannot keep up with is not agreed on. An lldb tells forks apart only by ids
 * with a process in them. */
static unsigned
without(const struct engine *s, unsigned client)
{
    enum { FORKS = CLIENT_FORK_EVENTS | CLIENT_VFORK_EVENTS };

    if (!HAS(s, next_thread))
        client &= ~(unsigned)CLIENT_MULTIPROCESS;
    if (!HAS(s, insert))
        client &= ~(unsigned)(CLIENT_SWBREAK | CLIENT_HWBREAK);
    if (!HAS(s, want_events))
        client &= ~(unsigned)(FORKS | CLIENT_EXEC_EVENTS | CLIENT_NO_RESUMED);
    if (!HAS(s, want_of_thread))
        client &= ~(unsigned)CLIENT_THREAD_OPTIONS;
    if (!HAS(s, launch_text))
        client &= ~(unsigned)CLIENT_ONE_ARGUMENT;
    if ((client & CLIENT_LLDB) != 0 && (client & CLIENT_MULTIPROCESS) == 0)
        client &= ~(unsigned)FORKS;
    return client;
}

int
stub_want_events(struct engine *s)
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

static int
read_supported(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    unsigned kept =
        s->client & (CLIENT_THREAD_SUFFIX | CLIENT_LIST_THREADS | CLIENT_ERROR_STRINGS);

    int r;

    s->client = kept | without(s, settle_dialect(s, read_client_words(s, in)));
    r = stub_want_events(s);
    if (r != 0)
        return r;
    rsp_put_text(out, "PacketSize=");
    rsp_put_hex(out, stub_packet_size(s));
    put_echoes(s, out);
    put_features(s, out);
    put_abilities(s, out);
    return PKT_DONE;
}

/* ---- switches ---- */

static int
start_no_ack(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    if (!rsp_take_end(in))
        return PKT_BAD;
    if ((s->flags & STUB_UNRELIABLE) != 0)
        return PKT_EMPTY;
    s->no_ack_next = !s->no_ack;
    return PKT_OK;
}

/* LLDB's testsuite never says qSupported; what only an lldb sends tells too. */
void
stub_know_lldb(struct engine *s)
{
    if ((s->client & CLIENT_GDB) == 0)
        s->client |= CLIENT_LLDB | (s->target->linux_signals ? CLIENT_NATIVE_SIGNALS : 0u);
}

static int
use_thread_suffix(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    if (!rsp_take_end(in))
        return PKT_BAD;
    s->client |= CLIENT_THREAD_SUFFIX;
    stub_know_lldb(s);
    return PKT_OK;
}

static int
use_thread_list(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    if (!rsp_take_end(in))
        return PKT_BAD;
    s->client |= CLIENT_LIST_THREADS;
    stub_know_lldb(s);
    return PKT_OK;
}

static int
use_error_strings(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    if (!rsp_take_end(in))
        return PKT_BAD;
    s->client |= CLIENT_ERROR_STRINGS;
    stub_know_lldb(s);
    return PKT_OK;
}

/* A client asks whether unknown packets get the empty reply; this one is unknown by agreement. */
static int
answer_nothing(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)s;
    (void)in;
    (void)out;
    return PKT_EMPTY;
}

/* We look up no symbols: OK ends the client's offers. */
static int
want_no_symbols(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)s;
    (void)in;
    (void)out;
    return PKT_OK;
}

/* ---- ? ---- */

/* Nothing to debug: gdb wants an exit, lldb an OK. */
static int
say_nothing_there(struct engine *s, struct rsp_out *out)
{
    if ((s->client & CLIENT_LLDB) != 0)
        return PKT_OK;
    rsp_put_text(out, "W00");
    return PKT_DONE;
}

/* Everything stands and no event is left to tell: say why one thread stands. */
static int
say_standing(struct engine *s, struct rsp_out *out, struct rsp_id id)
{
    struct stub_event event = { .kind = STUB_STOPPED, .id = id };
    int r = 0;

    if (HAS(s, stop_of))
        r = s->target->stop_of(s->object, id, &event);
    if (r == STUB_LATER)
        return r;
    s->general = id;
    return stub_put_stop(s, out, &event);
}

/* Non-stop: every thread that stands is told, the first here, the others by vStopped. */
static int
say_standing_threads(struct engine *s, struct rsp_out *out)
{
    int r = stub_tell_next(s, out, CHANNEL_STOP);

    if (r == PKT_DONE || r == PKT_OK)
        s->waiting = true;
    return r;
}

/* The last stop is told again; a program that runs is stopped first, as its client expects. */
static int
say_why(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_event event;
    struct rsp_id id = { 0, 0 };
    int r;

    if (!rsp_take_end(in))
        return PKT_BAD;
    if (HAS(s, again))
        s->target->again(s->object);
    if (s->non_stop)
        return say_standing_threads(s, out);
    r = HAS(s, peek) ? s->target->peek(s->object, STUB_ANY_EVENT, &event) : 0;
    if (r == 1)
        return PKT_QUIET;
    if (r == 0)
        r = stub_next_thread(s, &id);
    if (r == 0)
        return say_nothing_there(s, out);
    if (r == STUB_LATER)
        return r;
    r = HAS(s, running) ? s->target->running(s->object, (struct rsp_id){ 0, 0 }) : 0;
    if (r == 0)
        return say_standing(s, out, id);
    if (r == STUB_LATER)
        return r;
    s->interrupt = true;
    return PKT_QUIET;
}

static const struct stub_row rows[] = {
    { "qSupported", NULL, read_supported, 0, ROW_CUT | ROW_IDLE },
    { "QStartNoAckMode", "QStartNoAckMode+", start_no_ack, 0, ROW_IDLE | ROW_NOT_LOSSY },
    { "?", NULL, say_why, 0, ROW_IDLE },
    { "vMustReplyEmpty", NULL, answer_nothing, 0, ROW_IDLE },
    { "qSymbol", NULL, want_no_symbols, 0, ROW_IDLE },
    { "QThreadSuffixSupported", "QThreadSuffixSupported+", use_thread_suffix, 0, ROW_IDLE },
    { "QListThreadsInStopReply", "QListThreadsInStopReply+", use_thread_list, NEEDS(next_thread),
      ROW_IDLE },
    { "QEnableErrorStrings", NULL, use_error_strings, 0, ROW_IDLE },
};
const struct stub_family stub_start_packets = FAMILY(rows);
