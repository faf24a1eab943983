/* memory.c - the target's memory as the sources ask for it, and the reader that keeps nothing: who
 * looks at its own memory needs no copies of it. */
#include "arch/unwind/internal.h"

bool
unwind_bytes(struct walk *w, uint64_t address, void *buffer, size_t n)
{
    uint8_t *out = buffer;

    for (size_t done = 0, got; done < n; done += got) {
        if (done > UINT64_MAX - address)
            return unwind_fault(w, UNWIND_UNREADABLE, address);
        got = unwind_some(w, address + done, out + done, n - done);
        if (got == 0)
            return false;
    }
    return true;
}

bool
unwind_load_anywhere(struct walk *w, uint64_t address, uint64_t *v)
{
    uint8_t bytes[8];

    if (!unwind_bytes(w, address, bytes, sizeof(bytes)))
        return false;
    *v = little_endian(bytes);
    return true;
}

/* ---- plainly ---- */

static const char *
init(struct walk *w, const struct unwind_config *config)
{
    (void)w;
    return config->memory != NULL ? NULL : "no memory to read";
}

static size_t
some(struct walk *w, uint64_t address, uint8_t *buffer, size_t n)
{
    size_t got = arch_read(w->memory, address, buffer, n);

    if (got != 0 && got != ARCH_LATER)
        return got;
    unwind_fault(w, got == 0 ? UNWIND_UNREADABLE : UNWIND_NEED, address);
    w->fault.length = n;
    return 0;
}

const struct reader unwind_plain_reader = { init, some };
