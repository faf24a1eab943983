/* platform.c - `stubborn platform`: lldb-server's command line for a machine that programs are
 * put on and debugged on, and its clients, one after another or each by a process of its own. */
#define _GNU_SOURCE 1
#include "stub/program/program.h"

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

/* ---- options ---- */

static const char *
set_server(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->server = true;
    return NULL;
}

static const char *
set_listen(struct program_settings *s, const char *argument)
{
    s->comm = argument;
    return NULL;
}

static const char *
read_port(const char *argument, unsigned *port)
{
    const char *wrong;

    *port = (unsigned)strtonum(argument, 1, UINT16_MAX, &wrong);
    return wrong ? "give a port, 1 to 65535" : NULL;
}

static const char *
set_port(struct program_settings *s, const char *argument)
{
    const char *wrong = read_port(argument, &s->first_port);

    s->end_port = s->first_port + 1;
    return wrong;
}

static const char *
set_first_port(struct program_settings *s, const char *argument)
{
    return read_port(argument, &s->first_port);
}

static const char *
set_end_port(struct program_settings *s, const char *argument)
{
    return read_port(argument, &s->end_port);
}

static const char *
set_no_shell(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->no_shell = true;
    return NULL;
}

static const struct program_option options[] = {
    { "--listen", "-L", "HOST:PORT", "where clients connect; unix://PATH is a socket file",
      set_listen },
    { "--server", NULL, NULL, "serve client after client, several at a time", set_server },
    { "--socket-file", "-f", "FILE", "write the port to FILE, which appears when it is complete",
      program_set_port_file },
    { "--port-file", NULL, "FILE", "the same", program_set_port_file },
    { "--gdbserver-port", "-P", "PORT", "where started servers listen", set_port },
    { "--min-gdbserver-port", "-m", "PORT", "the first port for started servers", set_first_port },
    { "--max-gdbserver-port", "-M", "PORT", "the port behind the last for them", set_end_port },
    { "--no-shell", NULL, NULL, "let no client run shell commands", set_no_shell },
    { "--any-user", NULL, NULL, "let every user of this machine connect over TCP",
      program_set_any_user },
    { "--log-file", "-l", "FILE", "write the packets, with times, to FILE", program_set_log },
    { "--log-channels", "-c", "LIST", "accepted; packets are what is logged", program_ignore },
    { "--debug", "-d", NULL, "show the packets, with times, on standard error",
      program_set_debug },
    { "--verbose", NULL, NULL, "accepted", program_ignore },
    { "--version", "-v", NULL, "print the version and end", program_set_version },
    { "--help", "-h", NULL, "print this and end", program_set_help },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct program_mode program_platform_mode = {
    .command = "stubborn platform",
    .usage =
        "Usage: stubborn platform [OPTIONS] --listen [HOST]:PORT [-- PROG ARGS ...]\n"
        "\n"
        "A machine for lldb's `platform connect`: files, processes, and a gdbserver for each\n"
        "program that is debugged. Whoever connects may do what the server's user may.\n",
    .options = options,
};

static bool
is_complete(struct program_settings *s)
{
    if (!s->comm) {
        warnx("say where to listen: stubborn platform --server --listen 127.0.0.1:2345");
        return false;
    }
    if (s->end_port == 0 && s->first_port != 0)
        s->end_port = UINT16_MAX + 1;
    if (s->first_port == 0 && s->end_port != 0)
        s->first_port = 1024;
    if (s->first_port != 0 && s->first_port >= s->end_port) {
        warnx("no port is in [%u, %u); make the second number the larger", s->first_port,
              s->end_port);
        return false;
    }
    return true;
}

int
program_platform(char **argv)
{
    struct program_settings s;

    if (!program_read_options(&program_platform_mode, &s, argv) || !is_complete(&s))
        return EXIT_FAILURE;
    s.platform = s.capture = true;
    s.once = !s.server;
    s.multi = true; /* a client ends when it goes, whatever it killed */
    return program_serve(&s);
}

/* ---- clients apart ---- */

/* The child has the line; the parent has the place where the next client comes. */
static void
serve_one(struct program_session *x)
{
    close(x->listener.fd);
    x->listener.fd = -1;
    x->listener.path[0] = '\0'; /* the parent's to remove */
    if (program_catch_signals())
        program_talk(x);
}

void
program_serve_apart(struct program_session *x)
{
    pid_t pid = 1;

    while (pid != 0 && program_await_client(x)) {
        pid = fork();
        if (pid < 0)
            warn("a client was sent away");
        if (pid == 0)
            serve_one(x);
        else
            program_close_line(&x->line);
    }
}
