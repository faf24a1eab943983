/* buffers.c - the session's buffers: pages that are touched only when used, and given back to the
 * system after a client that moved much is done with that. */
#define _GNU_SOURCE 1
#include <sys/mman.h>

#include "stub/program/program.h"

enum {
    LARGE = 8192,    /* bytes of a message */
    SMALL_RUN = 32,  /* small messages in a row after which no large one is expected */
    PIECE = 0x21000, /* of the mapping: PROGRAM_BUFFER, in whole pages */
    ALL = 3 * PIECE
};
_Static_assert((int)PIECE >= (int)PROGRAM_BUFFER && (int)PIECE >= (int)LOOP_BYTES,
               "room for each");

bool
program_open_buffers(struct program_session *x, uint8_t **input, uint8_t **output)
{
    void *all = mmap(NULL, ALL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (all == MAP_FAILED)
        return false;
    *input = all;
    *output = *input + PIECE;
    x->bytes = *output + PIECE;
    x->buffers = all;
    return true;
}

void
program_note_message(struct program_session *x, size_t size)
{
    if (size > LARGE) {
        x->grown = true;
        x->small_ones = 0;
    } else {
        x->small_ones++;
    }
}

/* One call for dozens of packets; the clients' own pace hides it. */
void
program_shrink_buffers(struct program_session *x)
{
    if (!x->grown || x->small_ones < SMALL_RUN || x->taken < x->have || !stub_is_idle(&x->stub))
        return;
    (void)madvise(x->buffers, ALL, MADV_DONTNEED);
    x->grown = false;
}
