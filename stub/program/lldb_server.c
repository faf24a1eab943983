/* lldb_server.c - `stubborn gdbserver`: lldb-server's command line and manners. */
#define _GNU_SOURCE 1
#include "stub/program/program.h"

#include <err.h>
#include <limits.h>
#include <stdlib.h>

#include <bsd/stdlib.h>

static const char *
set_set_sid(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->set_sid = true;
    return NULL;
}

static const char *
set_reverse(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->reverse = true;
    return NULL;
}

static const char *
set_attach(struct program_settings *s, const char *argument)
{
    s->attach = true;
    return program_set_process(s, argument);
}

static const char *
read_fd(const char *argument, int *fd)
{
    const char *wrong;

    *fd = (int)strtonum(argument, 0, INT_MAX, &wrong);
    return wrong ? "give the number of an open file descriptor" : NULL;
}

static const char *
set_fd(struct program_settings *s, const char *argument)
{
    return read_fd(argument, &s->fd);
}

static const char *
set_pipe(struct program_settings *s, const char *argument)
{
    return read_fd(argument, &s->port_fd);
}

static const char *
set_named_pipe(struct program_settings *s, const char *argument)
{
    s->port_pipe = argument;
    return *argument ? NULL : "a path is needed";
}

static const struct program_option options[] = {
    { "--attach", "-a", "PID", "attach to a running process, by id or name", set_attach },
    { "--fd", NULL, "N", "the client is connected already, as file descriptor N", set_fd },
    { "--reverse-connect", NULL, NULL, "connect to the address instead of listening there",
      set_reverse },
    { "--pipe", NULL, "N", "write the port, digits and a NUL, to file descriptor N", set_pipe },
    { "--named-pipe", NULL, "PATH", "the same to a FIFO", set_named_pipe },
    { "--port-file", NULL, "FILE", "write the port to FILE, which appears when it is complete",
      program_set_port_file },
    { "--setsid", "-S", NULL, "leave the session that started this server", set_set_sid },
    { "--native-regs", NULL, NULL, "accepted; registers are always the machine's own",
      program_ignore },
    { "--any-user", NULL, NULL, "let every user of this machine connect over TCP",
      program_set_any_user },
    { "--on-disconnect", NULL, "POLICY",
      "what becomes of the program when the client vanishes: stop, resume or kill",
      program_set_on_disconnect },
    { "--soft-watch", NULL, NULL, "watch by stepping and comparing, not by debug registers",
      program_set_soft_watch },
    { "--unreliable", NULL, "[=BYTES]", "the line loses bytes: acknowledgements, short frames",
      program_set_unreliable },
    { "--log-file", "-l", "FILE", "write the packets, with times, to FILE", program_set_log },
    { "--log-channels", "-c", "LIST", "accepted; packets are what is logged", program_ignore },
    { "--debug", NULL, NULL, "show the packets, with times, on standard error",
      program_set_debug },
    { "--completion", NULL, "SHELL", "print what completes this command line in bash or zsh",
      program_set_completion },
    { "--version", "-v", NULL, "print the version and end", program_set_version },
    { "--help", "-h", NULL, "print this and end", program_set_help },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct program_mode program_lldb_server_mode = {
    .command = "stubborn gdbserver",
    .usage =
        "Usage: stubborn gdbserver [OPTIONS] [HOST]:PORT [-- PROG ARGS ...]\n"
        "       stubborn gdbserver [OPTIONS] --fd N [-- PROG ARGS ...]\n"
        "\n"
        "This is lldb-server's command line: LLDB_DEBUGSERVER_PATH=/path/to/stubborn lldb PROG\n"
        "The address may also be tcp://[HOST]:PORT, unix://PATH, unix-connect://PATH or\n"
        "serial:///dev/DEVICE?baud=SPEED. Without PROG the client says what to run.\n",
    .options = options,
};

static bool
is_complete(const struct program_settings *s)
{
    if (!s->comm && s->fd < 0) {
        warnx("no address; say where to listen, as in: stubborn gdbserver localhost:1234");
        return false;
    }
    if (s->comm && s->fd >= 0) {
        warnx("--fd %d and %s are two lines; leave one out (a program comes behind --)", s->fd,
              s->comm);
        return false;
    }
    if (s->attach && s->program_count > 0) {
        warnx("--attach and %s are two programs; leave one out", s->program[0]);
        return false;
    }
    return true;
}

int
program_lldb_server(char **argv)
{
    struct program_settings s;

    if (!program_read_options(&program_lldb_server_mode, &s, argv) || !is_complete(&s))
        return EXIT_FAILURE;
    s.once = s.multi = s.capture = true;
    return program_serve(&s);
}
