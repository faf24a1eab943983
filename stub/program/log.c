/* log.c - a readable record of the packets on the line. */
#define _GNU_SOURCE 1
#include "stub/program/log.h"

#include <err.h>
#include <errno.h>
#include <string.h>
#include <time.h>

enum { OUTSIDE, INSIDE, BEHIND_SUM, BEHIND_DIGIT };

bool
program_log_open(struct program_log *log, const char *path)
{
    log->file = path ? fopen(path, "ae") : stderr;
    if (log->file)
        return true;
    warnx("%s: cannot write a log there: %s; choose a file in a directory of yours", path,
          strerror(errno));
    return false;
}

void
program_log_close(struct program_log *log)
{
    if (log->file && log->file != stderr)
        fclose(log->file);
    log->file = NULL;
}

const char *
program_set_log_format(struct program_log *log, const char *list)
{
    static const struct {
        const char *name;
        bool timed;
    } words[] = { { "all", true }, { "none", false }, { "timestamp", true } };
    bool timed = false;
    size_t i;

    while (*list) {
        size_t size = strcspn(list, ",");

        for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            if (strlen(words[i].name) == size && strncmp(words[i].name, list, size) == 0)
                break;
        if (i == sizeof(words) / sizeof(words[0]))
            return list;
        timed = words[i].timed;
        list += size + (list[size] == ',');
    }
    log->timed = timed;
    return NULL;
}

static void
put_time(FILE *file)
{
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    fprintf(file, "%02d:%02d:%02d.%06ld ", tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / 1000);
}

static void
end_line(struct program_log *log, char direction, struct program_log_half *half)
{
    if (log->timed)
        put_time(log->file);
    fprintf(log->file, "%c %.*s", direction, (int)half->size, half->text);
    if (half->left_out)
        fprintf(log->file, " (and %zu bytes more)", half->left_out);
    putc('\n', log->file);
    half->size = half->left_out = 0;
    half->state = OUTSIDE;
}

static void
add(struct program_log_half *half, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";

    if (half->size + 4 > sizeof(half->text)) {
        half->left_out++;
    } else if (byte >= ' ' && byte <= '~' && byte != '\\') {
        half->text[half->size++] = (char)byte;
    } else {
        memcpy(half->text + half->size, "\\x", 2);
        half->text[half->size + 2] = digits[byte >> 4];
        half->text[half->size + 3] = digits[byte & 15];
        half->size += 4;
    }
}

/* True when the byte ends a line. */
static bool
ends(struct program_log_half *half, uint8_t byte)
{
    switch (half->state) {
    case OUTSIDE:
        half->state = byte == '$' || byte == '%' ? INSIDE : OUTSIDE;
        return half->state == OUTSIDE;
    case INSIDE:
        if (byte == '#')
            half->state = BEHIND_SUM;
        return false;
    case BEHIND_SUM:
        half->state = BEHIND_DIGIT;
        return false;
    default:
        return true;
    }
}

void
program_log_bytes(struct program_log *log, char direction, const uint8_t *bytes, size_t n)
{
    struct program_log_half *half = &log->half[direction == '>'];
    size_t i;

    if (!log->file)
        return;
    for (i = 0; i < n; i++) {
        add(half, bytes[i]);
        if (ends(half, bytes[i]))
            end_line(log, direction, half);
    }
    fflush(log->file);
}
