/* flush.c - copies of bytes flush against an unreadable page. */
#define _DEFAULT_SOURCE 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/flush.h"

static size_t
page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* The pages for n bytes, without the unreadable one behind them. */
static size_t
span_of(size_t n)
{
    size_t page = page_size();
    return (n + page - 1) / page * page;
}

uint8_t *
flush_copy(const void *bytes, size_t n)
{
    size_t span = span_of(n);
    uint8_t *base =
        mmap(NULL, span + page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + span, page_size(), PROT_NONE) != 0) {
        perror("flush_copy");
        exit(2);
    }
    uint8_t *copy = base + span - n;
    if (bytes != NULL && n > 0) {
        memcpy(copy, bytes, n);
    }
    return copy;
}

void
flush_free(uint8_t *copy, size_t n)
{
    size_t span = span_of(n);
    for (const uint8_t *p = copy + n - span; p < copy; p++) {
        if (*p != 0) {
            fprintf(stderr, "flush_free: written %zu bytes before the start\n",
                    (size_t)(copy - p));
            abort();
        }
    }
    munmap(copy + n - span, span + page_size());
}
