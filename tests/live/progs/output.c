/* output.c - prints its argument, one of its variables, its directory, a lot; reads a line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    char where[4096], line[64] = "nothing";
    const char *word = getenv("DRIVE_WORD"), *home = getenv("HOME");

    if (argc > 1 && strcmp(argv[1], "lots") == 0) {
        for (int i = 0; i < 2000; i++)
            printf("line %d\n", i);
        return 0;
    }
    printf("argument %s\nword %s\nhome %s\n", argc > 1 ? argv[1] : "none", word ? word : "none",
           home ? "set" : "none");
    printf("directory %s\n", getcwd(where, sizeof(where)) ? where : "?");
    fprintf(stderr, "to stderr\n");
    if (argc > 1 && strcmp(argv[1], "read") == 0 && fgets(line, sizeof(line), stdin) == NULL)
        strcpy(line, "end");
    printf("read %s\n", line);
    return 3;
}
