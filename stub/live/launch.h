/* launch.h - what the files that start a program share: launch.c surroundings.c command.c child.c
 * find.c. Private to them. */
#ifndef STUBBORN_LIVE_LAUNCH_H
#define STUBBORN_LIVE_LAUNCH_H

#include "stub/live/internal.h"

/* What the child could not do, sent through a pipe that exec closes. */
struct start_failure {
    char deed[16];
    int error;
    int file; /* of the standard ones, where the deed was about one */
};

/* A launch under way. */
struct start {
    struct live *live;
    char path[PATH_MAX]; /* the program's own file, or its bare name when a wrapper finds it */
    char word[PATH_MAX]; /* the program as a shell is told it */
    const char *file;    /* what the child executes: the program, the wrapper or a shell */
    char **argv;         /* of that; owned, its strings not all */
    char *command;       /* for the shell, owned; or the strings of split arguments */
    char **environment;  /* owned, its strings are others' */
    unsigned execs;      /* until the child stands in the program */
    int go[2], failed[2];
    bool capture;
};

enum start_outcome { STARTED, ENDED, HANGS };

/* ---- refusal.c ---- */
/* What the child said, or how it ended, in words. Returns -errno. */
int live_explain_no_start(const struct start *s, enum start_outcome outcome);
int live_explain_seize(struct live *live, int error);
/* Says, once, that addresses could not be fixed: each launch has the same cause. */
void live_remark_random(const struct start *s);

/* ---- find.c ---- */
/* Finds the program of that name: path and word of s. 0 or -errno with words. */
int live_find_program(struct start *s, const char *name);

/* ---- surroundings.c ---- */
/* Our environment with the client's edits; the list is the caller's, the strings are not. NULL:
 * no memory. */
char **live_environment(const struct launch *launch);
void live_free_strings(char **list); /* a list with NULL at its end, or NULL */

/* ---- command.c ---- */
/* Fills in file, argv, command and execs. False: no memory. */
bool live_make_command(struct start *s);
/* Splits text into arguments as a shell does that expands nothing: blanks, quotes, backslashes.
 * words holds max pointers, into text, which is changed. Returns how many there are; max when
 * more would be. */
size_t live_split(char *text, char **words, size_t max);

/* ---- child.c ---- */
/* What the forked child does, up to the exec that the server waits for. */
void live_be_program(const struct start *s) __attribute__((noreturn));

#endif
