/* scratch.c - the firmware's memory that an lldb borrows for code of its own. */
#include "stub/board/internal.h"

#include <string.h>

enum { ALIGNMENT = 16 };

static uint64_t
round_up(uint64_t value)
{
    return (value + (ALIGNMENT - 1)) & ~(uint64_t)(ALIGNMENT - 1);
}

static int
refuse(const char *why, int error)
{
    stub_board_here->why = why;
    return error;
}

/* Into the first gap that is large enough; loans are kept sorted. */
static int
lend(struct stub_board_scratch *scratch, uint64_t size, uint64_t *address)
{
    uint64_t at = (uint64_t)(uintptr_t)scratch->memory, end = at + scratch->size;
    struct stub_board_loan *loan = scratch->loans;
    unsigned after = scratch->loan_count;

    at = round_up(at);
    for (; after > 0 && loan->start - at < size; loan++, after--)
        at = round_up(loan->start + loan->size);
    if (scratch->loan_count == STUB_BOARD_LOANS || at > end || end - at < size)
        return refuse("the firmware's scratch memory has no room for that", -STUB_ENOMEM);
    memmove(loan + 1, loan, after * sizeof(*loan));
    *loan = (struct stub_board_loan){ at, size };
    scratch->loan_count++;
    *address = at;
    return 0;
}

static int
take_back(struct stub_board_scratch *scratch, uint64_t address)
{
    for (unsigned i = 0; i < scratch->loan_count; i++) {
        struct stub_board_loan *loan = &scratch->loans[i];

        if (loan->start != address)
            continue;
        scratch->loan_count--;
        memmove(loan, loan + 1, (scratch->loan_count - i) * sizeof(*loan));
        return 0;
    }
    return refuse("nothing is lent there", -STUB_ENOENT);
}

int
stub_board_lend(struct stub_board_scratch *scratch, uint64_t size, uint64_t *address)
{
    return size != 0 ? lend(scratch, size, address) : take_back(scratch, *address);
}
