/* gdbserver.c - `stubborn [options] COMM PROG`: gdbserver's command line and words. */
#define _GNU_SOURCE 1
#include "stub/program/program.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *
set_attach(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->attach = true;
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

static const char *
set_shell(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->shell = true;
    return NULL;
}

static const char *
set_no_shell(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->shell = false;
    return NULL;
}

static const char *
set_wait_for(struct program_settings *s, const char *argument)
{
    s->attach = s->wait_for = true;
    s->attach_name = argument;
    return *argument ? NULL : "a program's name is needed";
}

/* CMD ARGS --: the words up to there, which is cut off. */
static const char *
set_wrapper(struct program_settings *s, const char *argument)
{
    char **end = s->rest;

    if (strcmp(argument, s->rest[-1]) != 0)
        return "write it without a = sign: --wrapper CMD ARGS --";
    while (*end && strcmp(*end, "--") != 0)
        end++;
    if (!*end || strcmp(argument, "--") == 0)
        return "write -- behind the wrapper's words: --wrapper CMD ARGS --";
    *end = NULL;
    s->wrapper = s->rest - 1;
    s->rest = end + 1;
    return NULL;
}

/* ---- packets not to know ---- */

/* gdbserver's words. Its clients are tested with servers of another age. */
static const struct disabling {
    const char *word, *help;
    const char *packets[3];
    unsigned stop_forms;
} disablings[] = {
    { "vCont", "All vCont packets", { "vCont", "vCont?" }, 0 },
    { "qC", "Querying the current thread", { "qC" }, 0 },
    { "qfThreadInfo", "Thread listing", { "qfThreadInfo" }, 0 },
    { "Tthread",
      "Passing the thread specifier in the T stop reply packet",
      { NULL },
      STUB_NO_STOP_THREAD },
    { "threads", "All of the above", { NULL }, 0 },
    { "T", "All 'T' packets", { NULL }, STUB_ONLY_S },
};
enum { DISABLINGS = sizeof(disablings) / sizeof(disablings[0]) };

static void
print_disablings(FILE *file)
{
    size_t i;

    fputs("Disableable packets:\n", file);
    for (i = 0; i < DISABLINGS; i++)
        fprintf(file, "  %-12s\t%s\n", disablings[i].word, disablings[i].help);
}

static void
disable(struct program_settings *s, const struct disabling *row)
{
    size_t most = sizeof(s->without) / sizeof(s->without[0]) - 1, i;

    s->stop_forms |= row->stop_forms;
    for (i = 0; i < 3 && row->packets[i] && s->without_count < most; i++)
        s->without[s->without_count++] = row->packets[i];
    if (strcmp(row->word, "threads") != 0)
        return;
    for (row = disablings; row->packets[0] || row->stop_forms; row++)
        disable(s, row);
}

static const char *
set_disable_packet(struct program_settings *s, const char *argument)
{
    const char *word = argument;
    size_t size, i;

    if (!*argument) {
        print_disablings(stdout);
        exit(EXIT_SUCCESS);
    }
    for (; *word; word += size + (word[size] == ',')) {
        size = strcspn(word, ",");
        for (i = 0; i < DISABLINGS; i++)
            if (strlen(disablings[i].word) == size && !strncmp(disablings[i].word, word, size))
                break;
        if (i == DISABLINGS) {
            fprintf(stderr, "Don't know how to disable \"%.*s\".\n\n", (int)size, word);
            print_disablings(stderr);
            exit(EXIT_FAILURE);
        }
        disable(s, &disablings[i]);
    }
    return NULL;
}

/* gdbserver's words where it was built without: GDB's testsuite asks. */
static const char *
say_no_selftest(struct program_settings *s, const char *argument)
{
    (void)s;
    (void)argument;
    puts("Selftests have been disabled for this build.");
    exit(EXIT_SUCCESS);
}

/* ---- the table ---- */

static const struct program_option options[] = {
    { "--attach", NULL, NULL, "attach to a running process: behind COMM its id or name",
      set_attach },
    { "--wait-for", NULL, "NAME", "wait until a program of that name is started, and attach",
      set_wait_for },
    { "--multi", NULL, NULL, "serve without a program too; the client starts and ends them",
      set_multi },
    { "--once", NULL, NULL, "end when the first client is gone, as the program ended",
      program_set_once },
    { "--wrapper", NULL, "CMD ... --", "start programs behind that command", set_wrapper },
    { "--startup-with-shell", NULL, NULL, "start programs through $SHELL (default)", set_shell },
    { "--no-startup-with-shell", NULL, NULL, "start programs directly", set_no_shell },
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
    { "--unreliable", NULL, "[=BYTES]", "the line loses bytes: acknowledgements, short frames",
      program_set_unreliable },
    { "--port-file", NULL, "FILE", "write the port to FILE when listening",
      program_set_port_file },
    { "--debug", NULL, "[=LIST]", "show the packets, with times, on standard error",
      program_set_debug },
    { "--remote-debug", NULL, NULL, "the same", program_set_debug },
    { "--event-loop-debug", NULL, NULL, "the same", program_set_debug },
    { "--log", NULL, "FILE", "the same into FILE", program_set_log },
    { "--debug-file", NULL, "FILE", "the same into FILE", program_set_log },
    { "--debug-format", NULL, "LIST", "what is shown beside them: all, none, timestamp",
      program_set_debug_format },
    { "--disable-packet", NULL, "[=LIST]", "do not know these packets; alone it lists them",
      set_disable_packet },
    { "--completion", NULL, "SHELL", "print what completes this command line in bash or zsh",
      program_set_completion },
    { "--selftest", NULL, "[=FILTER]", "says that no tests are built in", say_no_selftest },
    { "--version", NULL, NULL, "print the version and end", program_set_version },
    { "--help", "-h", NULL, "print this and end", program_set_help },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct program_mode program_gdbserver_mode = {
    .command = "stubborn",
    .usage =
        "Usage: stubborn [OPTIONS] COMM PROG [ARGS ...]\n"
        "       stubborn [OPTIONS] --attach COMM PID|NAME\n"
        "       stubborn [OPTIONS] --wait-for NAME COMM\n"
        "       stubborn [OPTIONS] --multi COMM\n"
        "       stubborn gdbserver ...      lldb-server's command line\n"
        "       stubborn platform ...       lldb's remote platform\n"
        "       stubborn --core CORE ...    serve a core\n"
        "       stubborn bt ...             print stacks\n"
        "       stubborn version\n"
        "The words gdbserver, platform, --core and bt have a --help of their own.\n"
        "\n"
        "COMM is :PORT (this machine only), HOST:PORT, *:PORT, unix:PATH, a serial device with\n"
        "its speed (/dev/ttyUSB0,115200), - for standard input and output, or fd:// for a socket\n"
        "that was handed over (systemd's socket activation).\n",
    .options = options,
    .shell = true,
};

static bool
is_complete(struct program_settings *s)
{
    const char *wrong;

    if (!s->comm) {
        warnx("no COMM; say where to listen, as in: stubborn :1234 PROG");
        return false;
    }
    if (s->wait_for && s->program_count > 0) {
        warnx("--wait-for %s and %s are two programs; leave one out", s->attach_name,
              s->program[0]);
        return false;
    }
    if (s->wait_for)
        return true;
    if (s->attach && s->program_count != 1) {
        warnx("--attach takes one process, by id or name: stubborn --attach %s PID", s->comm);
        return false;
    }
    if (s->attach) {
        wrong = program_set_process(s, s->program[0]);
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
        program_print_help(&program_gdbserver_mode, stderr);
        return EXIT_FAILURE;
    }
    if (!program_read_options(&program_gdbserver_mode, &s, argv) || !is_complete(&s))
        return EXIT_FAILURE;
    return program_serve(&s);
}
