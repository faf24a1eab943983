/* bt_progress.c - a line on standard error for whoever waits at a terminal. */
#define _GNU_SOURCE 1
#include "stub/program/bt.h"

#include <stdint.h>
#include <time.h>
#include <unistd.h>

enum { LONG_MS = 1000, AGAIN_MS = 200 };

static struct {
    int64_t next; /* when there is something to be shown; 0: nobody waits yet */
    bool shown;
} line;

static int64_t
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
bt_progress(size_t done, size_t all)
{
    int64_t now = now_ms();

    if (line.next == 0)
        line.next = now + LONG_MS;
    if (now < line.next || !isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\rstubborn: %zu of %zu threads\033[K", done, all);
    line.next = now + AGAIN_MS;
    line.shown = true;
}

void
bt_progress_end(void)
{
    if (line.shown)
        fputs("\r\033[K", stderr);
    line.shown = false;
}
