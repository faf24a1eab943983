/* foresee.c - what is read at a hit of a breakpoint is mostly what was read at the hit before: the
 * variable of the condition, the instruction and its operand. All of that is fetched in one call,
 * with the program's own rights; what was not foreseen is read as ever, and foreseen next time. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <string.h>
#include <sys/uio.h>

void
live_foresee_nothing(struct live *live)
{
    live->foresight.t = NULL;
}

/* Makes the piece's place in the next call. */
static struct iovec
add_piece(struct foresight *f, uint64_t address, uint8_t size, struct iovec *here)
{
    struct piece *piece = &f->pieces[f->count++];

    piece->address = address;
    piece->size = size;
    *here = (struct iovec){ .iov_base = piece->bytes, .iov_len = size };
    return (struct iovec){ .iov_base = (void *)(uintptr_t)address, .iov_len = size };
}

/* The instruction comes last: it may end before so many bytes do, where a mapping ends. */
void
live_foresee(struct thread *t, struct plant *b)
{
    struct foresight *f = &t->process->live->foresight;
    struct iovec here[LIVE_FORESEEN_MAX + 1], there[LIVE_FORESEEN_MAX + 1];
    unsigned n = b->foreseen_count;

    f->t = t;
    f->plant = b;
    f->count = 0;
    for (unsigned i = 0; i < n; i++)
        there[i] = add_piece(f, b->foreseen[i].address, b->foreseen[i].size, &here[i]);
    there[n] = add_piece(f, b->address, LIVE_INSTRUCTION_MAX, &here[n]);
    ssize_t got = process_vm_readv(t->tid, here, n + 1, there, n + 1, 0);
    size_t left = got > 0 ? (size_t)got : 0;
    unsigned whole = 0;
    for (; whole < f->count && left >= f->pieces[whole].size; whole++) {
        left -= f->pieces[whole].size;
        live_unshadow(t->process, f->pieces[whole].address, f->pieces[whole].bytes,
                      f->pieces[whole].size);
    }
    if (whole < n)
        b->foreseen_count = 0; /* not there any more */
    f->count = whole;
}

bool
live_foreseen(struct thread *t, uint64_t address, void *bytes, size_t size)
{
    const struct foresight *f = &t->process->live->foresight;

    if (f->t != t)
        return false;
    for (unsigned i = 0; i < f->count; i++) {
        const struct piece *piece = &f->pieces[i];
        if (piece->address != address || size > piece->size)
            continue;
        memcpy(bytes, piece->bytes, size);
        return true;
    }
    return false;
}

void
live_foresee_next(struct thread *t, uint64_t address, size_t size)
{
    const struct foresight *f = &t->process->live->foresight;
    struct plant *b = f->plant;

    if (f->t != t || size > LIVE_INSTRUCTION_MAX)
        return;
    if (b->foreseen_count == LIVE_FORESEEN_MAX)
        b->foreseen_count = 0;
    b->foreseen[b->foreseen_count].address = address;
    b->foreseen[b->foreseen_count++].size = (uint8_t)size;
}
