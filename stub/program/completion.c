/* completion.c - what completes our command lines in bash and zsh, made from the option tables. */
#define _GNU_SOURCE 1
#include "stub/program/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The command lines: the word that chooses one ("" none) and its table; bt's is getopt's. */
static const struct line {
    const char *command;
    const struct program_mode *mode;
    const struct option *words;
} lines[] = {
    { "", &program_gdbserver_mode, NULL },
    { "gdbserver", &program_lldb_server_mode, NULL },
    { "platform", &program_platform_mode, NULL },
    { "--core", &program_core_mode, NULL },
    { "bt", NULL, bt_words },
};
enum { LINES = sizeof(lines) / sizeof(lines[0]) };

/* What completes an option's argument: files, words, or nothing that we know of. */
static const struct {
    const char *argument, *bash, *zsh;
} arguments[] = {
    { "FILE", "-f", "_files" },
    { "PATH", "-f", "_files" },
    { "PID", "-W \"$(ps -e -o pid=)\"", "_pids" },
    { "POLICY", "-W 'stop resume kill'", "(stop resume kill)" },
    { "SHELL", "-W 'bash zsh'", "(bash zsh)" },
    { "CMD ... --", "-c", "_command_names -e" },
};

static int
row_of(const char *argument)
{
    int i;

    for (i = 0; i < (int)(sizeof(arguments) / sizeof(arguments[0])); i++)
        if (argument && strcmp(arguments[i].argument, argument) == 0)
            return i;
    return -1;
}

/* ---- bash ---- */

static void
put_bash_arguments(const struct program_mode *mode)
{
    const struct program_option *row;

    for (row = mode ? mode->options : NULL; row && row->name; row++) {
        int i = row_of(row->argument);

        if (i >= 0)
            printf("\t%s) COMPREPLY=($(compgen %s -- \"$word\")); return ;;\n", row->name,
                   arguments[i].bash);
    }
}

static void
put_bash_options(const struct line *line)
{
    const struct program_option *row;
    const struct option *word;

    for (row = line->mode ? line->mode->options : NULL; row && row->name; row++)
        printf("%s%s", row == line->mode->options ? "" : " ", row->name);
    for (word = line->words; word && word->name; word++)
        printf("%s--%s", word == line->words ? "" : " ", word->name);
}

static void
put_bash(void)
{
    size_t i;

    puts("# bash completion for stubborn, made by `stubborn --completion bash`\n"
         "_stubborn()\n"
         "{\n"
         "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options");
    puts("\tcase ${COMP_WORDS[1]} in");
    for (i = LINES; i-- > 0;) {
        printf("\t%s) options='", lines[i].command[0] ? lines[i].command : "*");
        put_bash_options(&lines[i]);
        puts("' ;;");
    }
    puts("\tesac\n\tcase $before in");
    for (i = 0; i < LINES; i++)
        put_bash_arguments(lines[i].mode);
    puts("\tesac\n"
         "\tif [[ $word == -* ]]; then\n"
         "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
         "\telse\n"
         "\t\tCOMPREPLY=($(compgen -f -c -- \"$word\"))\n"
         "\t\t((COMP_CWORD > 1)) || COMPREPLY+=($(compgen -W 'gdbserver platform bt version' -- "
         "\"$word\"))\n"
         "\tfi\n"
         "}\n"
         "complete -o filenames -F _stubborn stubborn");
}

/* ---- zsh ---- */

/* A word for zsh in single quotes, in which [ ] and : are its own. */
static void
put_zsh_text(const char *text)
{
    for (; *text; text++) {
        if (strchr("[]:\\", *text))
            putchar('\\');
        if (*text == '\'')
            fputs("'\\'", stdout);
        putchar(*text);
    }
}

static void
put_zsh_option(const struct program_option *row)
{
    int i = row_of(row->argument);

    printf("\t\t'%s%s[", row->name, row->argument && row->argument[0] != '[' ? "=" : "");
    put_zsh_text(row->help);
    putchar(']');
    if (row->argument && row->argument[0] != '[') {
        printf(":");
        put_zsh_text(row->argument);
        printf(":%s", i >= 0 ? arguments[i].zsh : " ");
    }
    puts("' \\");
}

static void
put_zsh(void)
{
    const struct program_option *row;
    const struct option *word;
    size_t i;

    puts("#compdef stubborn\n"
         "# zsh completion for stubborn, made by `stubborn --completion zsh`\n"
         "case $words[2] in");
    for (i = LINES; i-- > 0;) {
        printf("%s)\n\t_arguments \\\n", lines[i].command[0] ? lines[i].command : "*");
        for (row = lines[i].mode ? lines[i].mode->options : NULL; row && row->name; row++)
            put_zsh_option(row);
        for (word = lines[i].words; word && word->name; word++)
            printf("\t\t--%s%s \\\n", word->name, word->has_arg ? "=" : "");
        puts("\t\t'*:: :_normal'\n\t;;");
    }
    puts("esac");
}

const char *
program_set_completion(struct program_settings *s, const char *argument)
{
    (void)s;
    if (strcmp(argument, "bash") == 0)
        put_bash();
    else if (strcmp(argument, "zsh") == 0)
        put_zsh();
    else
        return "say bash or zsh";
    exit(EXIT_SUCCESS);
}
