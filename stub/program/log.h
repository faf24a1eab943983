/* log.h - a readable record of the packets on the line, made by looking at the bytes that pass.
 * Private to program/. */
#ifndef STUB_PROGRAM_LOG_H
#define STUB_PROGRAM_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { LOG_LINE = 4096 };

/* One direction: what of the current line came so far. */
struct program_log_half {
    char text[LOG_LINE];
    size_t size;
    size_t left_out; /* bytes of the frame beyond what is kept */
    unsigned state;
};

struct program_log {
    FILE *file; /* NULL: nothing is written */
    struct program_log_half half[2];
    bool timed; /* each line begins with the time */
};

/* Opens path for appending; NULL means standard error. False after saying why not. */
bool program_log_open(struct program_log *log, const char *path);
void program_log_close(struct program_log *log);

/* Reads gdbserver's list of what a line has beside its text: all, none, timestamp. NULL, or the
 * word that is unknown; the list stands as it is then. */
const char *program_set_log_format(struct program_log *log, const char *list);

/* Bytes that came from the client ('>', as in a transcript) or went to it ('<'). Each frame and
 * each byte between frames becomes one line: time, direction, bytes with \xNN for what is not
 * text. */
void program_log_bytes(struct program_log *log, char direction, const uint8_t *bytes, size_t n);

#endif
