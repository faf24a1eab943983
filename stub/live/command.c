/* command.c - the command that the child executes: the program itself, behind a wrapper, or what
 * a shell is told to exec (GDB manual, "Starting your Program"). */
#define _GNU_SOURCE 1
#include "stub/live/launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- words for a shell ---- */

/* A word stands in single quotes, and each quote in it outside of them. */
static void
put_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./:,+@%=";

    putc(' ', out);
    if (*word != '\0' && word[strspn(word, plain)] == '\0') {
        fputs(word, out);
        return;
    }
    putc('\'', out);
    for (; *word != '\0'; word++) {
        if (*word == '\'' || *word == '!') /* csh looks for its history inside of quotes too */
            fprintf(out, "'\\%c'", *word);
        else
            putc(*word, out);
    }
    putc('\'', out);
}

/* "exec", so that the program takes the shell's place and its process. */
static char *
shell_command(const struct start *s)
{
    const struct launch *l = &s->live->launch;
    char *const *wrapper = s->live->config.wrapper, *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    fputs("exec", out);
    for (; wrapper != NULL && *wrapper != NULL; wrapper++)
        put_word(out, *wrapper);
    put_word(out, s->word);
    for (char **arg = l->argv + 1; *arg != NULL; arg++)
        put_word(out, *arg);
    if (l->text != NULL) /* the shell's to split and expand */
        fprintf(out, " %s", l->text);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static const char *
shell_file(void)
{
    const char *shell = getenv("SHELL");

    return shell != NULL && *shell != '\0' ? shell : "/bin/sh";
}

/* A root may hold no shell at all, as an empty container's. One that is named but missing beside
 * another is a mistake, and refused. */
static bool
has_shell(struct live *live)
{
    if (access(shell_file(), F_OK) == 0 || access("/bin/sh", F_OK) == 0)
        return true;
    if (!live->launch.said_shell)
        live_say(live, "there is no shell here: programs are started without one "
                       "(--no-startup-with-shell)");
    live->launch.said_shell = true;
    return false;
}

static bool
through_shell(struct start *s)
{
    s->argv = calloc(4, sizeof(*s->argv));
    s->command = s->argv != NULL ? shell_command(s) : NULL;
    if (s->command == NULL)
        return false;
    s->file = shell_file();
    s->argv[0] = (char *)(uintptr_t)s->file;
    s->argv[1] = (char *)(uintptr_t) "-c";
    s->argv[2] = s->command;
    s->execs++;
    return true;
}

/* ---- without one ---- */

/* Moves a character that is itself, or what is behind a backslash. */
static void
take_char(char **in, char **out)
{
    if (**in == '\\' && (*in)[1] != '\0')
        (*in)++;
    *(*out)++ = *(*in)++;
}

static void
take_quoted(char **in, char **out)
{
    char quote = *(*in)++;

    while (**in != '\0' && **in != quote) {
        if (quote == '\'')
            *(*out)++ = *(*in)++;
        else
            take_char(in, out);
    }
    if (**in != '\0')
        (*in)++;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Takes the word at *in to where it stands; what is behind it is not touched before it is read. */
static void
take_word(char **in)
{
    char *out = *in;

    while (**in != '\0' && !is_blank(**in)) {
        if (**in == '\'' || **in == '"')
            take_quoted(in, &out);
        else
            take_char(in, &out);
    }
    if (**in != '\0')
        (*in)++;
    *out = '\0';
}

size_t
live_split(char *text, char **words, size_t max)
{
    size_t n = 0;

    for (;;) {
        while (is_blank(*text))
            text++;
        if (*text == '\0' || n == max)
            return n;
        words[n++] = text;
        take_word(&text);
    }
}

static size_t
count(char *const *list)
{
    size_t n = 0;

    while (list != NULL && list[n] != NULL)
        n++;
    return n;
}

/* The wrapper, the program, its arguments: as they are, or split. */
static bool
directly(struct start *s)
{
    const struct launch *l = &s->live->launch;
    char *const *wrapper = s->live->config.wrapper;
    size_t wrappers = count(wrapper), given = count(l->argv);
    size_t most = l->text != NULL ? strlen(l->text) / 2 + 1 : 0;

    s->argv = calloc(wrappers + given + most + 1, sizeof(*s->argv));
    s->command = l->text != NULL ? strdup(l->text) : NULL;
    if (s->argv == NULL || (l->text != NULL && s->command == NULL))
        return false;
    for (size_t i = 0; i < wrappers; i++)
        s->argv[i] = wrapper[i];
    for (size_t i = 0; i < given; i++)
        s->argv[wrappers + i] = l->argv[i];
    if (s->command != NULL)
        live_split(s->command, s->argv + wrappers + given, most);
    if (wrappers > 0)
        s->argv[wrappers] = s->word;
    s->file = wrappers > 0 ? wrapper[0] : s->path;
    return true;
}

bool
live_make_command(struct start *s)
{
    s->execs = s->live->config.wrapper != NULL ? 2 : 1;
    return s->live->launch.shell && has_shell(s->live) ? through_shell(s) : directly(s);
}
