/* pkt_dialect.c - which debugger is there and what it understands: qSupported's words, the
 * switches by which a client says who it is, errors in words, reasons to stop
 * (GDB manual, "General Query Packets"; LLDB's docs/resources/lldbgdbremote.md). */
#include "stub/engine.h"

/* ---- qSupported ---- */

static const struct stub_client_word own_words[] = {
    { "multiprocess+", "multiprocess+", CLIENT_MULTIPROCESS, NEEDS(next_thread), false },
    { "swbreak+", "swbreak+", CLIENT_SWBREAK, NEEDS(insert), false },
    { "hwbreak+", "hwbreak+", CLIENT_HWBREAK, NEEDS(insert), false },
    { "error-message+", "error-message+", CLIENT_ERROR_MESSAGE, 0, false },
    { "xmlRegisters=", NULL, CLIENT_XML, 0, false },
    { "qRelocInsn+", NULL, 0, 0, true },
    { "vContSupported+", NULL, 0, 0, true },
    { NULL, NULL, 0, 0, false },
};

/* Steps through those and the words of processes: word is NULL before the first and at the end. */
static const struct stub_client_word *
next_word(const struct engine *s, const struct stub_client_word *word)
{
    const struct stub_client_word *next = word == NULL ? own_words : word + 1;
    const struct stub_hook *hook;

    if (next == &own_words[sizeof(own_words) / sizeof(own_words[0]) - 1]) {
        hook = HOOK(s, system_words);
        next = hook != NULL ? hook->system_words : next;
    }
    return next->text != NULL ? next : NULL;
}

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
        for (const struct stub_client_word *w = NULL; (w = next_word(s, w)) != NULL;)
            if (is_word(word, w->text))
                client |= w->client | (w->only_gdb ? CLIENT_GDB : 0u);
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

/* Keys that are said back only to a client that said them. */
static void
say_words(struct engine *s, struct rsp_out *out)
{
    const struct stub_hook *hook = HOOK(s, say_more);

    for (const struct stub_client_word *w = NULL; (w = next_word(s, w)) != NULL;)
        if (w->echo != NULL && (s->client & w->client) != 0)
            put_key(out, w->echo);
    if ((s->client & CLIENT_BINARY_UPLOAD) != 0)
        put_key(out, "binary-upload+");
    if ((s->client & CLIENT_NATIVE_SIGNALS) != 0)
        put_key(out, "native-signals+");
    if (hook != NULL)
        hook->say_more(s, out);
}

/* What this target cannot keep up with is not agreed on. An lldb tells forks apart only by ids
 * with a process in them. */
static unsigned
without(const struct engine *s, unsigned client)
{
    enum { FORKS = CLIENT_FORK_EVENTS | CLIENT_VFORK_EVENTS };

    for (const struct stub_client_word *w = NULL; (w = next_word(s, w)) != NULL;)
        if (w->needs != 0 && !stub_has(s, w->needs))
            client &= ~w->client;
    if ((client & CLIENT_LLDB) != 0 && (client & CLIENT_MULTIPROCESS) == 0)
        client &= ~(unsigned)FORKS;
    /* Where bytes are lost a gdb is to use m: no sum tells how many bytes of 0 there were. */
    if ((s->flags & STUB_UNRELIABLE) != 0 && (client & CLIENT_GDB) != 0)
        client &= ~(unsigned)CLIENT_BINARY_UPLOAD;
    return client;
}

static int
take_words(struct engine *s, struct rsp_in *in)
{
    enum { KEPT = CLIENT_THREAD_SUFFIX | CLIENT_LIST_THREADS | CLIENT_ERROR_STRINGS };
    const struct stub_hook *hook = HOOK(s, want_events);

    s->client = (s->client & KEPT) | without(s, settle_dialect(s, read_client_words(s, in)));
    return hook != NULL ? hook->want_events(s) : 0;
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
    HOOKED(put_error, put_error),
    HOOKED(take_thread, stub_take_any_thread),
    HOOKED(put_stop, stub_put_full_stop),
    HOOKED(put_reason, stub_put_reason),
    HOOKED(put_other, stub_put_other),
};
const struct stub_family stub_dialect_packets = FAMILY_WITH(rows, hooks);
