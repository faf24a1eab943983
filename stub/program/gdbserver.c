/* gdbserver.c - `stubborn [options] COMM PROG`: gdbserver's command line and words. */
#define _GNU_SOURCE 1
#include "stub/program/program.h"

#include <err.h>
#include <stdlib.h>

static const char *
set_attach(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->attach = true;
    return NULL;
}

static const char *
set_once(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->once = true;
    return NULL;
}

static const char *
set_multi(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->multi = true;
    return NULL;
}

static const char *
set_randomize(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->randomize = true;
    return NULL;
}

static const char *
set_no_randomize(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->randomize = false;
    return NULL;
}

static const struct program_option options[] = {
    { "--attach", NULL, NULL, "attach to the running process PID", set_attach },
    { "--multi", NULL, NULL, "serve without a program too; the client starts and ends them",
      set_multi },
    { "--once", NULL, NULL, "end when the first client is gone", set_once },
    { "--disable-randomization", NULL, NULL, "the same addresses in each run (default)",
      set_no_randomize },
    { "--no-disable-randomization", NULL, NULL, "leave address space randomization on",
      set_randomize },
    { "--on-disconnect", NULL, "POLICY",
      "what becomes of the program when a client vanishes: stop, resume or kill",
      program_set_on_disconnect },
    { "--any-user", NULL, NULL, "let every user of this machine connect over TCP",
      program_set_any_user },
    { "--soft-watch", NULL, NULL, "watch by stepping and comparing, not by debug registers",
      program_set_soft_watch },
    { "--unreliable", NULL, NULL, "the line loses bytes: keep acknowledgements",
      program_set_unreliable },
    { "--port-file", NULL, "FILE", "write the port to FILE when listening",
      program_set_port_file },
    { "--debug", NULL, NULL, "show the packets, with times, on standard error",
      program_set_debug },
    { "--log", NULL, "FILE", "the same into FILE", program_set_log },
    { "--version", NULL, NULL, "print the version and end", program_set_version },
    { "--help", "-h", NULL, "print this and end", program_set_help },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct program_mode program_gdbserver_mode = {
    .command = "stubborn",
    .usage =
        "Usage: stubborn [OPTIONS] COMM PROG [ARGS ...]\n"
        "       stubborn [OPTIONS] --attach COMM PID\n"
        "       stubborn [OPTIONS] --multi COMM\n"
        "       stubborn gdbserver ...      lldb-server's command line\n"
        "       stubborn version\n"
        "\n"
        "COMM is :PORT (this machine only), HOST:PORT, *:PORT, unix:PATH, a serial device with\n"
        "its speed (/dev/ttyUSB0,115200), or - for standard input and output.\n",
    .options = options,
};

static bool
is_complete(struct program_settings *s)
{
    const char *wrong;

    if (!s->comm) {
        warnx("no COMM; say where to listen, as in: stubborn :1234 PROG");
        return false;
    }
    if (s->attach && s->program_count != 1) {
        warnx("--attach takes one process id: stubborn --attach %s PID", s->comm);
        return false;
    }
    if (s->attach) {
        wrong = program_set_pid(s, s->program[0]);
        if (wrong)
            warnx("--attach %s: %s", s->program[0], wrong);
        return !wrong;
    }
    if (s->program_count == 0 && !s->multi) {
        warnx("no program; name one (stubborn %s PROG), a process (--attach %s PID) or --multi",
              s->comm, s->comm);
        return false;
    }
    return true;
}

int
program_gdbserver(char **argv)
{
    struct program_settings s;

    if (!*argv) {
        program_print_help(&program_gdbserver_mode);
        return EXIT_FAILURE;
    }
    if (!program_read_options(&program_gdbserver_mode, &s, argv) || !is_complete(&s))
        return EXIT_FAILURE;
    return program_serve(&s);
}
