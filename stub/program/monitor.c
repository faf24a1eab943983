/* monitor.c - `monitor` commands, with gdbserver's words where scripts know them. */
#define _GNU_SOURCE 1
#include "stub/program/program.h"

#include <string.h>

static int
help(void *context, const char *args, struct rsp_out *out)
{
    const struct stub_command *row;

    (void)context;
    (void)args;
    rsp_put_text(out, "The following monitor commands are supported:\n");
    for (row = program_commands; row->name; row++) {
        rsp_put_text(out, "  ");
        rsp_put_text(out, row->name);
        rsp_put_text(out, "\n    ");
        rsp_put_text(out, row->help);
        rsp_put_text(out, "\n");
    }
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

/* "debug 1" and gdbserver's older words for it: the packets onto standard error. */
static int
set(void *context, const char *args, struct rsp_out *out)
{
    static const struct {
        const char *args, *answer;
        bool on, off;
    } rows[] = {
        { "debug 1", "Debug output enabled.\n", true, false },
        { "debug 0", "Debug output disabled.\n", false, true },
        { "remote-debug 1", "Protocol debug output enabled.\n", true, false },
        { "remote-debug 0", "Protocol debug output disabled.\n", false, true },
        { "debug-format all", "All extra debug format options enabled.\n", false, false },
        { "debug-format none", "All extra debug format options disabled.\n", false, false },
    };
    struct program_session *x = context;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(args, rows[i].args) != 0)
            continue;
        if (rows[i].on && !x->log.file)
            x->log.file = stderr;
        if (rows[i].off && x->log.file == stderr)
            x->log.file = NULL;
        rsp_put_text(out, rows[i].answer);
        return 0;
    }
    rsp_put_text(out, "Say debug 1, debug 0, remote-debug 1 or remote-debug 0.\n");
    return -STUB_EINVAL;
}

const struct stub_command program_commands[] = {
    { "help", "Print this.", help },
    { "set", "debug <0|1>: show the packets, with times, where the server was started.", set },
    { "exit", "Quit GDBserver: the server ends, and what it launched.", quit },
    { NULL, NULL, NULL },
};
