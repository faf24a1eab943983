/* main.c - which command line this is. */
#include "stub/program/program.h"

#include <stdlib.h>
#include <string.h>

static int
version(char **argv)
{
    (void)argv;
    program_print_version();
    return EXIT_SUCCESS;
}

static const struct {
    const char *name;
    int (*run)(char **argv);
} commands[] = {
    { "gdbserver", program_lldb_server },
    { "g", program_lldb_server }, /* the short words are lldb-server's */
    { "platform", program_platform },
    { "p", program_platform },
    { "version", version },
    { "v", version },
    { "bt", program_bt },
    { "--core", program_core },
};

int
main(int argc, char **argv)
{
    size_t i;

    for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argv + 2);
    return program_gdbserver(argc > 0 ? argv + 1 : argv);
}
