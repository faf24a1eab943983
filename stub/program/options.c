/* options.c - reads a command line by its table of options, and prints the table as help. */
#define _GNU_SOURCE 1
#include "stub/program/options.h"
#include "stub/program/log.h"

#include <err.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

/* The argument of a `--name=VALUE`, "" when word is the bare name, NULL when it is another word.
 */
static const char *
matches(const char *word, const struct program_option *row)
{
    size_t size = strlen(row->name);

    if (row->letter && strcmp(word, row->letter) == 0)
        return "";
    if (strncmp(word, row->name, size) != 0)
        return NULL;
    if (word[size] == '=')
        return word + size + 1;
    return word[size] == '\0' ? "" : NULL;
}

static const struct program_option *
find_option(const struct program_mode *mode, const char *word, const char **value)
{
    const struct program_option *row;

    for (row = mode->options; row->name; row++) {
        *value = matches(word, row);
        if (*value)
            return row;
    }
    return NULL;
}

static bool
may_be_left_out(const struct program_option *row)
{
    return row->argument && row->argument[0] == '[';
}

/* Does the option at word stand as its row says? */
static bool
is_well_formed(const struct program_option *row, bool glued, const char *next)
{
    if (!row->argument && glued) {
        warnx("%s takes no argument; leave out everything from the =", row->name);
        return false;
    }
    if (row->argument && !may_be_left_out(row) && !glued && !next) {
        warnx("%s needs an argument: %s %s", row->name, row->name, row->argument);
        return false;
    }
    return true;
}

/* Reads the option at s->rest and steps past what belongs to it. */
static bool
read_option(struct program_settings *s)
{
    const char *word = *s->rest++, *value, *wrong;
    const struct program_option *row = find_option(s->mode, word, &value);
    bool glued = strchr(word, '=') != NULL;

    if (!row) {
        warnx("unknown option %s; `%s --help` lists them", word, s->mode->command);
        return false;
    }
    if (!is_well_formed(row, glued, *s->rest))
        return false;
    if (row->argument && !may_be_left_out(row) && !glued)
        value = *s->rest++;
    wrong = row->deed(s, value);
    if (wrong)
        warnx("%s %s: %s", row->name, value, wrong);
    return !wrong;
}

bool
program_read_options(const struct program_mode *mode, struct program_settings *s, char **argv)
{
    *s = (struct program_settings){
        .mode = mode, .fd = -1, .port_fd = -1, .shell = mode->shell, .rest = argv
    };
    while (*s->rest) {
        const char *word = *s->rest;

        if (strcmp(word, "--") == 0) {
            s->rest++;
            break;
        }
        if (word[0] == '-' && word[1] != '\0') {
            if (!read_option(s))
                return false;
            continue;
        }
        if (s->comm)
            break;
        s->comm = *s->rest++;
    }
    s->program = s->rest;
    while (s->program[s->program_count])
        s->program_count++;
    return true;
}

void
program_print_help(const struct program_mode *mode, FILE *file)
{
    const struct program_option *row;

    fputs(mode->usage, file);
    fputs("\nOptions:\n", file);
    for (row = mode->options; row->name; row++) {
        char name[64];

        snprintf(name, sizeof(name), "%s%s%s%s%s", row->letter ? row->letter : "",
                 row->letter ? ", " : "", row->name,
                 !row->argument         ? ""
                 : may_be_left_out(row) ? ""
                                        : " ",
                 row->argument ? row->argument : "");
        fprintf(file, "  %-30s %s\n", name, row->help);
    }
}

void
program_print_version(void)
{
    puts("stubborn " STUBBORN_VERSION);
}

const char *
program_set_help(struct program_settings *s, const char *argument)
{
    (void)argument;
    program_print_help(s->mode, stdout);
    exit(EXIT_SUCCESS);
}

const char *
program_set_version(struct program_settings *s, const char *argument)
{
    (void)s;
    (void)argument;
    program_print_version();
    exit(EXIT_SUCCESS);
}

const char *
program_set_once(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->once = true;
    return NULL;
}

const char *
program_set_any_user(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->any_user = true;
    return NULL;
}

const char *
program_set_port_file(struct program_settings *s, const char *argument)
{
    s->port_file = argument;
    return *argument ? NULL : "a file name is needed";
}

const char *
program_set_log(struct program_settings *s, const char *argument)
{
    s->log = argument;
    return *argument ? NULL : "a file name is needed";
}

/* gdbserver's kinds of output; - before one takes it back. */
static bool
is_kind(const char *word, size_t size)
{
    static const char *const kinds[] = { "all", "threads", "event-loop", "remote" };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strlen(kinds[i]) == size && strncmp(kinds[i], word, size) == 0)
            return true;
    return false;
}

/* The packets are what there is to show, whichever kind is asked for. */
const char *
program_set_debug(struct program_settings *s, const char *argument)
{
    const char *word = argument;
    size_t size;

    s->debug = *argument == '\0';
    for (; *word != '\0'; word += size + (word[size] == ',')) {
        bool off = *word == '-';

        word += off;
        size = strcspn(word, ",");
        if (!is_kind(word, size))
            return "say all, threads, event-loop or remote";
        s->debug = s->debug || !off;
    }
    return NULL;
}

const char *
program_set_debug_format(struct program_settings *s, const char *argument)
{
    struct program_log any = { .file = NULL };

    s->log_format = argument;
    return program_set_log_format(&any, argument) ? "say all, none or timestamp" : NULL;
}

const char *
program_set_on_disconnect(struct program_settings *s, const char *argument)
{
    static const struct {
        const char *name;
        enum program_policy policy;
    } names[] = {
        { "stop", POLICY_STOP },
        { "resume", POLICY_RESUME },
        { "kill", POLICY_KILL },
    };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(argument, names[i].name) != 0)
            continue;
        s->on_disconnect = names[i].policy;
        return NULL;
    }
    return "say stop, resume or kill";
}

const char *
program_set_soft_watch(struct program_settings *s, const char *argument)
{
    (void)argument;
    s->soft_watch = true;
    return NULL;
}

const char *
program_set_unreliable(struct program_settings *s, const char *argument)
{
    enum { SHORT_FRAMES = 256 };
    const char *bad = NULL;

    s->unreliable = true;
    s->frame_size = SHORT_FRAMES;
    if (*argument != '\0')
        s->frame_size = (size_t)strtonum(argument, 96, UINT16_MAX, &bad);
    return bad != NULL ? "say the longest frame, from 96 bytes on" : NULL;
}

const char *
program_ignore(struct program_settings *s, const char *argument)
{
    (void)s;
    (void)argument;
    return NULL;
}

const char *
program_set_process(struct program_settings *s, const char *text)
{
    const char *wrong;

    s->pid = (pid_t)strtonum(text, 1, INT_MAX, &wrong);
    if (!wrong)
        return NULL;
    s->attach_name = text;
    if (text[strspn(text, "-0123456789")] == '\0')
        return "give a process id, a decimal number above 0, or a program's name";
    return NULL;
}
