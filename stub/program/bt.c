/* bt.c - `stubborn bt`: the stacks of a process, a core or who speaks the remote serial protocol,
 * at once and without a debugger. Options and exit status are eu-stack's where they mean the
 * same. */
#define _GNU_SOURCE 1
#include "stub/program/bt.h"

#include <err.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "stub/program/program.h"

enum { SHOWN = 0, SHOWN_IN_PART = 1, FAILED = 2, MISUSED = 64 };
enum { DEBUG_PATH = 256, JSON, SCAN, CORE, HELP };

static const char usage[] =
    "usage: stubborn bt [options] PID\n"
    "       stubborn bt [options] CORE [EXE]\n"
    "       stubborn bt [options] HOST:PORT\n"
    "  -1                      only one thread\n"
    "  -n, --most=FRAMES       at most so many frames a thread (256; 0 all)\n"
    "  -m, --module            with the file that each frame is in\n"
    "  -b, --build-id          with build-id, load address and offset\n"
    "  -s, --source            with file and line\n"
    "  -i, --inlines           with inlined functions\n"
    "  -d, --debugname         names from debugging information\n"
    "  -r, --raw               C++ names as the linker has them\n"
    "  -q, --quiet             no names\n"
    "  -a, --activation        with - 1 where a frame's code is before its address\n"
    "  -l, --list-modules      the modules first, with build-ids and debug files\n"
    "  -v, --verbose           all of it, and how long each thread stood still\n"
    "  -p, --pid=PID           the process\n"
    "      --core=CORE         the core file\n"
    "  -e, --executable=EXE    the program that made it, if it is not where it was\n"
    "      --scan              search the stack where nothing else helps\n"
    "      --json              for programs\n"
    "      --debuginfo-path=D  where separate debug files are (/usr/lib/debug)\n";

const struct option bt_words[] = {
    { "most", required_argument, NULL, 'n' },
    { "module", no_argument, NULL, 'm' },
    { "build-id", no_argument, NULL, 'b' },
    { "source", no_argument, NULL, 's' },
    { "inlines", no_argument, NULL, 'i' },
    { "activation", no_argument, NULL, 'a' },
    { "debugname", no_argument, NULL, 'd' },
    { "raw", no_argument, NULL, 'r' },
    { "quiet", no_argument, NULL, 'q' },
    { "list-modules", no_argument, NULL, 'l' },
    { "verbose", no_argument, NULL, 'v' },
    { "pid", required_argument, NULL, 'p' },
    { "debuginfo-path", required_argument, NULL, DEBUG_PATH },
    { "core", required_argument, NULL, CORE },
    { "executable", required_argument, NULL, 'e' },
    { "json", no_argument, NULL, JSON },
    { "scan", no_argument, NULL, SCAN },
    { "help", no_argument, NULL, HELP },
    { NULL, 0, NULL, 0 },
};

static unsigned
number(const char *text, const char *what)
{
    const char *wrong;
    unsigned n = (unsigned)strtonum(text, 0, INT_MAX, &wrong);

    if (wrong != NULL)
        errx(MISUSED, "%s '%s' is %s", what, text, wrong);
    return n;
}

static void
take_option(struct bt_options *o, int letter)
{
    bool *const flags[128] = {
        ['1'] = &o->one,     ['m'] = &o->module,    ['b'] = &o->build_id,  ['s'] = &o->source,
        ['i'] = &o->inlines, ['d'] = &o->debugname, ['r'] = &o->raw,       ['q'] = &o->quiet,
        ['l'] = &o->list,    ['v'] = &o->verbose,   ['a'] = &o->activation
    };

    if (letter == 'n')
        o->most = number(optarg, "number of frames");
    else if (letter == 'p')
        o->pid = (pid_t)number(optarg, "PID");
    else if (letter == DEBUG_PATH)
        o->debug_path = optarg;
    else if (letter == CORE)
        o->core = optarg;
    else if (letter == 'e')
        o->exe = optarg;
    else if (letter == JSON)
        o->json = true;
    else if (letter == SCAN)
        o->scan = true;
    else if (letter < 128 && flags[letter] != NULL)
        *flags[letter] = true;
    else {
        fputs(usage, letter == HELP ? stdout : stderr);
        exit(letter == HELP ? SHOWN : MISUSED);
    }
}

/* PID, CORE [EXE] or COMM: digits are a PID, and what has a colon and is no file is a COMM. */
static void
take_operands(struct bt_options *o, char **argv, int argc)
{
    if (argc > 0 && o->pid == 0 && o->core == NULL) {
        if (argv[0][strspn(argv[0], "0123456789")] == '\0')
            o->pid = (pid_t)number(argv[0], "PID");
        else if (strchr(argv[0], ':') != NULL && access(argv[0], F_OK) != 0)
            o->comm = argv[0];
        else
            o->core = argv[0];
        argv++;
        argc--;
    }
    if (argc > 0 && o->core != NULL && o->exe == NULL) {
        o->exe = *argv++;
        argc--;
    }
    if (argc > 0)
        errx(MISUSED, "'%s' is one argument too many", argv[0]);
}

static void
take_options(struct bt_options *o, int argc, char **argv)
{
    int letter;

    optind = 0; /* another parser may have been here */
    while ((letter = getopt_long(argc, argv, "1n:mbsidrqlavp:e:", bt_words, NULL)) != -1)
        take_option(o, letter);
    take_operands(o, argv + optind, argc - optind);
    if ((o->pid > 0) + (o->core != NULL) + (o->comm != NULL) != 1) {
        fputs(usage, stderr);
        exit(MISUSED);
    }
    if (o->verbose)
        o->module = o->source = o->inlines = o->activation = true;
    o->debugname = o->debugname || o->inlines;
}

/* As eu-stack ends: 0 all frames, 1 some, 2 none. */
static int
status_of(const struct bt_stacks *s)
{
    bool any = false;
    bool all = true;

    for (size_t i = 0; i < s->count; i++) {
        enum unwind_reason reason = s->thread[i].end.reason;

        any = any || s->thread[i].count > 0;
        all = all && s->thread[i].count > 0 &&
              (reason == UNWIND_OUTERMOST || reason == UNWIND_MARKED);
    }
    return !any ? FAILED : all ? SHOWN : SHOWN_IN_PART;
}

static void
free_stacks(struct bt_stacks *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->thread[i].frame);
    free(s->thread);
    image_free(&s->images);
    bt_close_core(s);
}

int
program_bt(char **argv)
{
    struct bt_options options = { .most = 256 };
    struct bt_stacks stacks = { .count = 0 };
    struct bt_debug *debug = NULL;
    const char *wrong;
    int argc = 0;
    int status = SHOWN;

    for (argv--; argv[argc] != NULL;) /* getopt wants the command's name too */
        argc++;
    take_options(&options, argc, argv);
    wrong = options.core != NULL   ? bt_walk_core(&options, &stacks)
            : options.comm != NULL ? bt_walk_remote(&options, &stacks)
                                   : bt_walk_process(&options, &stacks);
    bt_progress_end();
    if (wrong != NULL && options.pid == 0 && wrong[0] != '\0')
        warnx("%s: %s", options.core != NULL ? options.core : options.comm, wrong);
    else if (wrong != NULL && options.pid != 0)
        warnx("process %d: %s", (int)options.pid, wrong);
    if (wrong != NULL)
        status = FAILED;
    else {
        if (!options.quiet)
            debug = bt_name_frames(&options, &stacks);
        bt_print(stdout, &options, debug, &stacks);
        status = status_of(&stacks);
    }
    bt_free_names(debug, &stacks);
    free_stacks(&stacks);
    return status;
}
