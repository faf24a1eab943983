/* monitor.c - `monitor` commands, with gdbserver's words where scripts know them. */
#define _GNU_SOURCE 1
#include "stub/program/program.h"

#include <bsd/string.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- what can be set ---- */

/* Commands read what is said on standard error, so that is where it goes unless a log has it. */
static void
show_packets(struct program_session *x, bool on)
{
    if (on && !x->log.file)
        x->log.file = stderr;
    if (!on && x->log.file == stderr)
        x->log.file = NULL;
}

/* gdbserver tells its kinds of debugging output apart; the packets are all there is to show. */
static const struct setting {
    const char *name, *what, *help;
} switches[] = {
    { "debug-hw-points", "H/W point debugging output",
      "Enable h/w breakpoint/watchpoint debugging messages" },
    { "remote-debug", "Protocol debug output", "Enable remote protocol debugging messages" },
    { "event-loop-debug", "Event loop debug output", "Enable event loop debugging messages" },
};
enum { SWITCHES = sizeof(switches) / sizeof(switches[0]) };

/* What gdbserver from 15 on takes between "set debug" and the value. */
static const char *const components[] = { "all", "threads", "remote", "event-loop" };
enum { COMPONENTS = sizeof(components) / sizeof(components[0]) };

/* What follows "NAME " in text, NULL when that is not its first word. */
static const char *
value_of(const char *text, const char *name)
{
    size_t size = strlen(name);

    return strncmp(text, name, size) == 0 && text[size] == ' ' ? text + size + 1 : NULL;
}

static bool
take_switch(const char *value, bool *on)
{
    *on = strcmp(value, "1") == 0 || strcmp(value, "on") == 0;
    return *on || strcmp(value, "0") == 0 || strcmp(value, "off") == 0;
}

static void
say(struct rsp_out *out, const char *before, const char *word, const char *behind)
{
    rsp_put_text(out, before);
    rsp_put_text(out, word);
    rsp_put_text(out, behind);
}

static bool
set_switch(struct program_session *x, const char *text, struct rsp_out *out)
{
    const char *value;
    bool on;
    size_t i;

    for (i = 0; i < SWITCHES; i++) {
        value = value_of(text, switches[i].name);
        if (!value || !take_switch(value, &on))
            continue;
        show_packets(x, on);
        say(out, "", switches[i].what, on ? " enabled.\n" : " disabled.\n");
        return true;
    }
    return false;
}

/* set debug 1, in the words of the client's own gdbserver: scripts of both ages read them. A gdb
 * that reads errors' words (16) is of the newer age. */
static void
set_general(struct program_session *x, bool on, struct rsp_out *out)
{
    show_packets(x, on);
    if (!stub_client_reads_words(&x->stub))
        rsp_put_text(out, on ? "Debug output enabled.\n" : "Debug output disabled.\n");
    else
        rsp_put_text(out, on ? "General debug output enabled.\n" : "All debug output disabled.\n");
}

static bool
set_component(struct program_session *x, const char *name, const char *value, struct rsp_out *out)
{
    bool on;
    size_t i;

    for (i = 0; i < COMPONENTS; i++)
        if (strcmp(components[i], name) == 0)
            break;
    if (i == COMPONENTS) {
        say(out, "Error: unknown debug option '", name, "'\n");
        return false;
    }
    if (!take_switch(value, &on)) {
        say(out, "Invalid value '", value, "' for 'set debug ");
        say(out, "", name, "'.\n");
        return false;
    }
    show_packets(x, on);
    say(out, "Debug output for '", name, on ? "' enabled.\n" : "' disabled.\n");
    return true;
}

/* set debug [COMPONENT] VALUE */
static bool
set_debug(struct program_session *x, const char *text, struct rsp_out *out)
{
    const char *rest = value_of(text, "debug");
    char words[128], *word[3] = { "", "", "" }, *at = words;
    bool on, general;

    if (!rest || strlcpy(words, rest, sizeof(words)) >= sizeof(words))
        return false;
    for (size_t i = 0; i < 2 && at; i++)
        word[i] = strsep(&at, " ");
    word[2] = at ? at : word[2];
    general = take_switch(word[0], &on);
    if (*word[general ? 1 : 2]) {
        say(out, "Junk '", word[general ? 1 : 2], "' found at end of 'set debug ");
        say(out, word[0], general ? "" : " ", general ? "" : word[1]);
        rsp_put_text(out, "' command.\n");
        return false;
    }
    if (!general && !*word[1]) {
        say(out, "Missing value for 'set debug ", word[0], "' command.\n");
        return false;
    }
    if (!general)
        return set_component(x, word[0], word[1], out);
    set_general(x, on, out);
    return true;
}

static bool
set_format(struct program_session *x, const char *text, struct rsp_out *out)
{
    const char *value = value_of(text, "debug-format");
    const char *unknown = value ? program_set_log_format(&x->log, value) : NULL;

    if (!value)
        return false;
    if (unknown) {
        rsp_put_text(out, "Unknown debug-format argument: \"");
        rsp_put_text(out, unknown);
        rsp_put_text(out, "\"\n");
        return false;
    }
    if (!x->log.timed)
        rsp_put_text(out, "All extra debug format options disabled.\n");
    else if (strcmp(value, "all") == 0)
        rsp_put_text(out, "All extra debug format options enabled.\n");
    else
        rsp_put_text(out, "Timestamps will be added to debug output.\n");
    return true;
}

static bool
set_file(struct program_session *x, const char *text)
{
    const char *path = value_of(text, "debug-file");

    if (!path && strcmp(text, "debug-file") != 0)
        return false;
    program_log_close(&x->log);
    return program_log_open(&x->log, path);
}

static bool
has_library(const char *folder, size_t length)
{
    char path[PATH_MAX];

    if (length == 0 || folder[0] == '$') /* $sdir, $pdir: the usual places */
        return true;
    return snprintf(path, sizeof(path), "%.*s/libthread_db.so.1", (int)length, folder) <
               (int)sizeof(path) &&
           access(path, F_OK) == 0;
}

/* Thread-local variables are found without libthread_db here; but who says that there shall be
 * none, by a path that leads to none, has none. */
static bool
set_search_path(struct program_session *x, const char *text, struct rsp_out *out)
{
    const char *path = value_of(text, "libthread-db-search-path"), *at = path;
    bool found = false;

    if (!path)
        return false;
    do {
        size_t length = strcspn(at, ":");

        found = found || has_library(at, length);
        at += length + (at[length] == ':');
    } while (*at);
    live_set_tls(x->live, found);
    rsp_put_text(out, "libthread-db-search-path set to `");
    rsp_put_text(out, path);
    rsp_put_text(out, "'\n");
    return true;
}

/* ---- commands ---- */

static void
put_help(struct rsp_out *out, const char *command, const char *arguments, const char *help)
{
    rsp_put_text(out, command);
    rsp_put_text(out, arguments);
    rsp_put_text(out, "\n    ");
    rsp_put_text(out, help);
    rsp_put_text(out, "\n");
}

static int
help(void *context, const char *args, struct rsp_out *out)
{
    size_t i;

    (void)context;
    (void)args;
    rsp_put_text(out, "The following monitor commands are supported:\n");
    put_help(out, "  set debug", " <0|1|on|off>", "Enable general debugging messages");
    put_help(out, "  set debug", " COMPONENT <off|on>",
             "Enable debugging messages for COMPONENT, which is\n"
             "    one of: all, threads, remote, event-loop.");
    for (i = 0; i < SWITCHES; i++) {
        rsp_put_text(out, "  set ");
        put_help(out, switches[i].name, " <0|1>", switches[i].help);
    }
    put_help(out, "  set debug-format", " option1[,option2,...]",
             "Add additional information to debugging messages\n"
             "    Options: all, none, timestamp");
    put_help(out, "  set debug-file", " FILE", "Write debugging messages to FILE");
    put_help(out, "  bt", " [all]", "Stacks, without a round trip for each frame");
    put_help(out, "  exit", "", "Quit GDBserver");
    return 0;
}

static int
quit(void *context, const char *args, struct rsp_out *out)
{
    struct program_session *x = context;

    (void)args;
    (void)out;
    x->exit_wanted = true;
    return 0;
}

static int
set(void *context, const char *args, struct rsp_out *out)
{
    struct program_session *x = context;
    size_t before = out->len;

    if (set_debug(x, args, out) || set_switch(x, args, out) || set_format(x, args, out) ||
        set_file(x, args) || set_search_path(x, args, out))
        return 0;
    if (out->len == before)
        rsp_put_text(out, "Unknown monitor command.\n\n");
    help(context, args, out);
    return -STUB_EINVAL;
}

const struct stub_command program_commands[] = {
    { "help", "what there is", help },
    { "set", "debugging output", set },
    { "bt", "the stack of this thread; bt all: of all threads", program_monitor_bt },
    { "exit", "quit", quit },
    { NULL, NULL, NULL },
};
