/* pkt_launch.c - vRun vAttach A, and what is set before: environment, directory, files (GDB
 * manual, "Packets" and "General Query Packets"; LLDB's docs/resources/lldbgdbremote.md). */
#include "stub/engine.h"

#include <string.h>

/* ---- strings for the target, in the room of the reply ---- */

/* Takes hex digits and puts what they mean and a NUL behind what stands in out. A NUL among them
 * is bad: it would be two strings. */
static void
take_string(struct rsp_in *in, struct rsp_out *out)
{
    size_t room = rsp_out_room(out), n;
    uint8_t *text = out->buf + out->len;

    n = rsp_take_hex_bytes(in, text, room > 0 ? room - 1 : 0);
    if (room == 0 || in->bad)
        in->bad = true;
    for (size_t i = 0; i < n; i++)
        if (text[i] == '\0')
            in->bad = true;
    out->len += in->bad ? 0 : n;
    rsp_put(out, '\0');
}

static int
launch(struct engine *s, const struct rsp_out *args)
{
    return s->target->launch(s->object, (const char *)args->buf, args->len);
}

/* ---- starting ---- */

/* The stop that is queued then answers, also in non-stop mode. */
static int
say_started(struct engine *s, struct rsp_out *out)
{
    int r;

    if (!s->non_stop)
        return PKT_QUIET;
    *out = stub_body(s);
    r = stub_tell_next(s, out, CHANNEL_STOP);
    if (r != PKT_DONE)
        return r;
    s->told[CHANNEL_STOP].notified = false;
    stub_done(s, CHANNEL_STOP);
    s->general = s->told[CHANNEL_STOP].id;
    s->waiting = true;
    return r;
}

/* single-inf-arg+: PROGRAM and, when there are arguments, one text of them all. */
static int
launch_text(struct engine *s, const struct rsp_out *args)
{
    const char *program = (const char *)args->buf, *text = program;

    while (*text != '\0')
        text++;
    text = (const uint8_t *)text + 1 < args->buf + args->len ? text + 1 : "";
    return s->target->launch_text(s->object, program, text);
}

/* vRun;PROGRAM;ARGUMENT;... Where no stop can come, as from a platform, lldb sends A instead. */
static int
run_program(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    bool one_text = (s->client & CLIENT_ONE_ARGUMENT) != 0;
    unsigned strings = 0;
    int r;

    if (!HAS(s, peek))
        return PKT_EMPTY;
    do {
        rsp_take(in, ';');
        take_string(in, out);
        strings++;
    } while (rsp_left(in) > 0);
    if (!rsp_take_end(in) || (one_text && strings > 2))
        return PKT_BAD;
    r = one_text ? launch_text(s, out) : launch(s, out);
    return r == 0 ? say_started(s, out) : r;
}

/* R XX: the last program once more. No reply; the client then asks what there is (gdb: qC). */
static int
restart(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    int r;

    (void)out;
    rsp_take_hex(in);
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = s->target->launch(s->object, "", 1);
    if (r == 0)
        s->general = (struct rsp_id){ 0, 0 };
    return r == STUB_LATER ? r : PKT_SILENT;
}

/* !: the client may start programs (extended mode). Every server of ours lets it; gdb then counts
 * on it behind a detach or kill too, as gdbserver stays there. */
static int
extend(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    if (!rsp_take_end(in))
        return PKT_BAD;
    s->extended = true;
    return PKT_OK;
}

/* Non-stop: OK, and the stop is notified. */
static int
say_attached(struct engine *s)
{
    s->waiting = s->waiting || s->non_stop;
    return s->non_stop ? PKT_OK : PKT_QUIET;
}

static int
attach(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    uint64_t pid;
    int r;

    (void)out;
    rsp_take(in, ';');
    pid = rsp_take_hex(in);
    if (!rsp_take_end(in) || pid == 0 || pid > INT64_MAX)
        return PKT_BAD;
    r = s->target->attach(s->object, (int64_t)pid);
    return r == 0 ? say_attached(s) : r;
}

/* A's OK says that the program stands, so its stop is told; `?` brings it back. Without this an
 * lldb's first c would be answered by it at once. */
static int
tell_first_stop(struct engine *s)
{
    struct stub_event event = { 0 };
    int r = HAS(s, peek) && HAS(s, done) ? s->target->peek(s->object, STUB_ANY_EVENT, &event) : 0;

    if (r == 1 && event.kind == STUB_STOPPED)
        s->target->done(s->object, &event);
    return r == STUB_LATER ? r : 0;
}

/* ;HEX. Waiting ends too when the client interrupts it, or is gone. */
static int
attach_by_name(struct engine *s, struct rsp_in *in, struct rsp_out *out, enum stub_attach_how how)
{
    int r;

    rsp_take(in, ';');
    take_string(in, out);
    if (!rsp_take_end(in))
        return PKT_BAD;
    if (s->interrupt)
        return -STUB_EINTR;
    r = s->target->attach_name(s->object, (const char *)out->buf, how);
    return r == 0 ? say_attached(s) : r;
}

static int
attach_old(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return attach_by_name(s, in, out, STUB_ATTACH_OLD);
}

static int
attach_new(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return attach_by_name(s, in, out, STUB_ATTACH_NEW);
}

static int
attach_new_or_old(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return attach_by_name(s, in, out, STUB_ATTACH_NEW_OR_OLD);
}

/* ADIGITS,NUMBER,HEX,... with the count of digits and the argument's number in decimal. */
static int
launch_arguments(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    uint64_t number = 0;
    int r;

    rsp_take_if(in, ' '); /* LLDB's testsuite */
    do {
        uint64_t digits = rsp_take_dec(in);
        size_t before;

        rsp_take(in, ',');
        if (rsp_take_dec(in) != number++)
            return PKT_BAD;
        rsp_take(in, ',');
        before = rsp_left(in);
        take_string(in, out);
        if (before - rsp_left(in) != digits)
            return PKT_BAD;
    } while (rsp_take_if(in, ','));
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = launch(s, out);
    if (r == 0)
        r = tell_first_stop(s);
    if (r == 0)
        stub_know_lldb(s);
    return r == 0 ? PKT_OK : r;
}

/* A itself told how it went; a process is there or the dispatcher has said that none is. */
static int
say_launched(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)s;
    (void)out;
    return rsp_take_end(in) ? PKT_OK : PKT_BAD;
}

/* One machine only is to be had: the target's. */
static int
choose_machine(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    enum { WRONG_MACHINE = 0x63 };
    const struct arch_layout *layout = stub_layout(s, 0);

    (void)out;
    rsp_take(in, ':');
    if (in->bad || rsp_left(in) == 0)
        return PKT_BAD;
    return layout != NULL && rsp_is(in, layout->arch->triple) ? PKT_OK : -WRONG_MACHINE;
}

/* lldb: is there vAttachOrWait? */
static int
say_or_wait(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)s;
    (void)out;
    return rsp_take_end(in) ? PKT_OK : PKT_BAD;
}

/* ---- options ---- */

static int
set_option(struct engine *s, enum stub_launch_option option, const char *text)
{
    int r = s->target->launch_option(s->object, option, text);

    if (r == -STUB_ENOTSUP)
        return PKT_EMPTY;
    return r == 0 ? PKT_OK : r;
}

/* :HEX */
static int
set_text(struct engine *s, struct rsp_in *in, struct rsp_out *out, enum stub_launch_option option)
{
    rsp_take(in, ':');
    take_string(in, out);
    if (!rsp_take_end(in))
        return PKT_BAD;
    return set_option(s, option, (const char *)out->buf);
}

/* :0 or :1; `one` is what the option says for 1. */
static int
set_switch(struct engine *s, struct rsp_in *in, enum stub_launch_option option, const char *zero,
           const char *one)
{
    uint64_t v;

    rsp_take(in, ':');
    v = rsp_take_hex(in);
    if (!rsp_take_end(in) || v > 1)
        return PKT_BAD;
    return set_option(s, option, v != 0 ? one : zero);
}

/* QEnvironment:NAME=VALUE, as it is. */
static int
set_variable(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_in text;

    rsp_take(in, ':');
    text = rsp_take_rest(in);
    if (!rsp_take_end(in) || rsp_left(&text) >= out->cap)
        return PKT_BAD;
    for (; rsp_left(&text) > 0; text.p++) {
        if (*text.p == '\0')
            return PKT_BAD;
        rsp_put(out, (char)*text.p);
    }
    rsp_put(out, '\0');
    return set_option(s, STUB_ENV_SET, (const char *)out->buf);
}

static int
set_variable_hex(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return set_text(s, in, out, STUB_ENV_SET);
}

static int
unset_variable(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return set_text(s, in, out, STUB_ENV_UNSET);
}

static int
reset_environment(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    return rsp_take_end(in) ? set_option(s, STUB_ENV_RESET, "") : PKT_BAD;
}

static int
set_directory(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return set_text(s, in, out, STUB_DIRECTORY);
}

static int
set_stdin(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return set_text(s, in, out, STUB_STDIN);
}

static int
set_stdout(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return set_text(s, in, out, STUB_STDOUT);
}

static int
set_stderr(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return set_text(s, in, out, STUB_STDERR);
}

/* gdb's and lldb's word for the same: 1 is "do not randomize". */
static int
set_no_randomization(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    return set_switch(s, in, STUB_RANDOMIZE, "1", "0");
}

static int
set_shell(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    return set_switch(s, in, STUB_SHELL, "0", "1");
}

static int
set_detach_on_error(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    return set_switch(s, in, STUB_DETACH_ON_ERROR, "0", "1");
}

/* I and what the user typed, in hex: lldb's way where it has no terminal of the program's. */
static int
type_input(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    size_t n = rsp_take_hex_bytes(in, out->buf + out->len, rsp_out_room(out));
    int r;

    if (!rsp_take_end(in) || n == 0)
        return PKT_BAD;
    r = s->target->input(s->object, out->buf + out->len, n);
    return r == 0 ? PKT_OK : r;
}

static const struct stub_row rows[] = {
    { "vRun", run_program, NEEDS(launch), ROW_TEXT | ROW_IDLE },
    { "vAttach", attach, NEEDS(attach), ROW_TEXT | ROW_IDLE },
    { "R", restart, NEEDS(launch), ROW_GLUED | ROW_IDLE },
    { "!", extend, NEEDS(launch), ROW_IDLE },
    { "A", launch_arguments, NEEDS(launch), ROW_GLUED | ROW_IDLE },
    { "qLaunchSuccess", say_launched, NEEDS(launch), 0 },
    { "QLaunchArch", choose_machine, NEEDS(launch), ROW_IDLE },
    { "vAttachName", attach_old, NEEDS(attach_name), ROW_TEXT | ROW_IDLE },
    { "vAttachWait", attach_new, NEEDS(attach_name), ROW_TEXT | ROW_IDLE },
    { "vAttachOrWait", attach_new_or_old, NEEDS(attach_name), ROW_TEXT | ROW_IDLE },
    { "qVAttachOrWaitSupported", say_or_wait, NEEDS(attach_name), ROW_IDLE },
    { "QEnvironment", set_variable, NEEDS(launch_option), ROW_IDLE },
    { "QEnvironmentHexEncoded", set_variable_hex, NEEDS(launch_option),
      ROW_IDLE | ROW_GDB_KEY | ROW_TOLD },
    { "QEnvironmentUnset", unset_variable, NEEDS(launch_option),
      ROW_IDLE | ROW_GDB_KEY | ROW_TOLD },
    { "QEnvironmentReset", reset_environment, NEEDS(launch_option),
      ROW_IDLE | ROW_GDB_KEY | ROW_TOLD },
    { "QSetWorkingDir", set_directory, NEEDS(launch_option), ROW_IDLE | ROW_GDB_KEY | ROW_TOLD },
    { "QDisableRandomization", set_no_randomization, NEEDS(launch_option),
      ROW_IDLE | ROW_GDB_KEY | ROW_TOLD },
    { "QSetDisableASLR", set_no_randomization, NEEDS(launch_option), ROW_IDLE },
    { "QStartupWithShell", set_shell, NEEDS(launch_option), ROW_IDLE | ROW_GDB_KEY | ROW_TOLD },
    { "QSetSTDIN", set_stdin, NEEDS(launch_option), ROW_IDLE },
    { "QSetSTDOUT", set_stdout, NEEDS(launch_option), ROW_IDLE },
    { "QSetSTDERR", set_stderr, NEEDS(launch_option), ROW_IDLE },
    { "I", type_input, NEEDS(input), ROW_GLUED },
    { "QSetDetachOnError", set_detach_on_error, NEEDS(launch_option), ROW_IDLE },
};
const struct stub_family stub_launch_packets = FAMILY(rows);
