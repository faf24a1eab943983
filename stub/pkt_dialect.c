/* pkt_dialect.c - which debugger is there and what it understands: qSupported's words, the
 * switches by which a client says who it is, errors in words, reasons to stop
 * (GDB manual, "General Query Packets"; LLDB's docs/resources/lldbgdbremote.md). */
#include "stub/engine.h"

/* ---- qSupported ---- */

/* What a client may say, what that makes of it, what is said back when it holds, and the operation
 * without which the target could not keep up with it (0 none). */
static const struct {
    const char *text;
    const char *echo;
    uint32_t client;
    uint16_t needs;
    bool only_gdb; /* says it */
} client_words[] = {
    { "multiprocess+", "multiprocess+", CLIENT_MULTIPROCESS, NEEDS(next_thread), false },
    { "swbreak+", "swbreak+", CLIENT_SWBREAK, NEEDS(insert), false },
    { "hwbreak+", "hwbreak+", CLIENT_HWBREAK, NEEDS(insert), false },
    { "error-message+", "error-message+", CLIENT_ERROR_MESSAGE, 0, false },
    { "fork-events+", "fork-events+", CLIENT_FORK_EVENTS, NEEDS(want_events), false },
    { "vfork-events+", "vfork-events+", CLIENT_VFORK_EVENTS, NEEDS(want_events), false },
    { "exec-events+", "exec-events+", CLIENT_EXEC_EVENTS, NEEDS(want_events), true },
    { "no-resumed+", "no-resumed+", CLIENT_NO_RESUMED, NEEDS(want_events), true },
    { "QThreadOptions+", "QThreadOptions=3", CLIENT_THREAD_OPTIONS, NEEDS(want_of_thread), true },
    { "xmlRegisters=", NULL, CLIENT_XML, 0, false },
    { "qRelocInsn+", NULL, 0, 0, true },
    { "vContSupported+", NULL, 0, 0, true },
    { "single-inf-arg+", "single-inf-arg+", CLIENT_ONE_ARGUMENT, NEEDS(launch_text), true },
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
                client |= client_words[i].client | (client_words[i].only_gdb ? CLIENT_GDB : 0u);
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

static void
meet(struct engine *s)
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

/* Keys of gdb's for what is no packet of its own. */
static void
put_abilities(struct engine *s, struct rsp_out *out)
{
    if ((s->client & CLIENT_GDB) == 0)
        return;
    if (HAS(s, insert) && s->target->size > offsetof(struct stub_target, evaluates) &&
        s->target->evaluates) {
        put_key_whole(out, "ConditionalBreakpoints+");
        put_key_whole(out, "BreakpointCommands+");
    }
}

/* Keys that are said back only to a client that said them. */
static void
say_words(struct engine *s, struct rsp_out *out)
{
    for (unsigned i = 0; i < CLIENT_WORDS; i++)
        if (client_words[i].echo != NULL && (s->client & client_words[i].client) != 0)
            put_key(out, client_words[i].echo);
    if ((s->client & CLIENT_BINARY_UPLOAD) != 0)
        put_key(out, "binary-upload+");
    if ((s->client & CLIENT_NATIVE_SIGNALS) != 0)
        put_key(out, "native-signals+");
    put_abilities(s, out);
}

/* What this target cannot keep up with is not agreed on. An lldb tells forks apart only by ids
 * with a process in them. */
static unsigned
without(const struct engine *s, unsigned client)
{
    enum { FORKS = CLIENT_FORK_EVENTS | CLIENT_VFORK_EVENTS };

    for (unsigned i = 0; i < CLIENT_WORDS; i++)
        if (client_words[i].needs != 0 && !stub_has(s, client_words[i].needs))
            client &= ~client_words[i].client;
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
take_words(struct engine *s, struct rsp_in *in)
{
    enum { KEPT = CLIENT_THREAD_SUFFIX | CLIENT_LIST_THREADS | CLIENT_ERROR_STRINGS };

    s->client = (s->client & KEPT) | without(s, settle_dialect(s, read_client_words(s, in)));
    return stub_want_events(s);
}

/* ---- switches ---- */

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
    (void)in, (void)out;
    s->client |= CLIENT_THREAD_SUFFIX;
    stub_know_lldb(s);
    return PKT_OK;
}

static int
use_thread_list(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)in, (void)out;
    s->client |= CLIENT_LIST_THREADS;
    stub_know_lldb(s);
    return PKT_OK;
}

static int
use_error_strings(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)in, (void)out;
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

/* ---- packets switched off ---- */

/* Does the list of names, NULL at the end, hold that one? */
static bool
is_named(const char *const *list, const char *name)
{
    for (; list != NULL && *list != NULL; list++) {
        size_t n = 0;

        while (name[n] != '\0' && name[n] == (*list)[n])
            n++;
        if (name[n] == (*list)[n])
            return true;
    }
    return false;
}

static bool
forbids(const struct engine *s, const struct stub_row *row)
{
    return is_named(s->without, row->name);
}

/* ---- errors in words ---- */

/* Words as they may stand in a frame that no client unescapes. */
static void
put_words(struct rsp_out *out, const char *words)
{
    for (; *words != '\0'; words++) {
        char c = *words;

        rsp_put(out, c == '#' || c == '$' || c == '}' || c == '*' || c < ' ' ? ' ' : c);
    }
}

static bool
takes_words(const struct engine *s, const struct stub_row *row)
{
    if (row == NULL || (s->client & (CLIENT_LLDB | CLIENT_ERROR_STRINGS)) != 0 ||
        (row->flags & ROW_MUTE) != 0)
        return false;
    return (row->flags & ROW_TEXT) != 0 || (s->client & CLIENT_ERROR_MESSAGE) != 0;
}

/* E.words to a gdb that shows them, Exx;hex to an lldb that asked. */
static bool
put_error(struct engine *s, struct rsp_out *out, const struct stub_row *row, int number)
{
    const char *why = HAS(s, why) ? s->target->why(s->object) : NULL;

    if (why == NULL)
        return false;
    if (takes_words(s, row)) {
        rsp_put_text(out, "E.");
        put_words(out, why);
    } else if ((s->client & CLIENT_ERROR_STRINGS) != 0) {
        rsp_put(out, 'E');
        rsp_put_hex_wide(out, (uint64_t)number, 2);
        rsp_put(out, ';');
        rsp_put_hex_text(out, why);
    }
    return out->len > 0;
}

static const struct stub_row rows[] = {
    { "vMustReplyEmpty", answer_nothing, 0, ROW_IDLE },
    { "qSymbol", want_no_symbols, 0, ROW_IDLE },
    { "QThreadSuffixSupported", use_thread_suffix, 0, ROW_BARE | ROW_IDLE | ROW_TOLD },
    { "QListThreadsInStopReply", use_thread_list, NEEDS(next_thread),
      ROW_BARE | ROW_IDLE | ROW_TOLD },
    { "QEnableErrorStrings", use_error_strings, 0, ROW_BARE | ROW_IDLE },
};
static const struct stub_hook hooks[] = {
    HOOKED(meet, meet),
    HOOKED(take_words, take_words),
    HOOKED(say_words, say_words),
    HOOKED(forbids, forbids),
    HOOKED(put_error, put_error),
    HOOKED(take_thread, stub_take_any_thread),
    HOOKED(put_stop, stub_put_full_stop),
    HOOKED(put_reason, stub_put_reason),
    HOOKED(put_other, stub_put_other),
};
const struct stub_family stub_dialect_packets = FAMILY_WITH(rows, hooks);
