/* pac.c - the address in a return address that an AArch64 signed. */
#include "arch/unwind/internal.h"

enum { USER_BITS = 48, WIDE_BITS = 52 };

/* Without a mask the narrowest address is taken that lies in a module. An address of the lower
 * half has nothing above its bits. */
uint64_t
unwind_strip(const struct walk *w, uint64_t pc)
{
    if (w->machine->link == NO_REG)
        return pc;
    if (w->pac_mask != 0)
        return (pc >> 55 & 1) != 0 ? pc | w->pac_mask : pc & ~w->pac_mask;
    if (pc >> USER_BITS == 0)
        return pc;
    for (unsigned bits = USER_BITS; bits <= WIDE_BITS; bits += WIDE_BITS - USER_BITS) {
        uint64_t stripped = pc & (((uint64_t)1 << bits) - 1);

        if (unwind_module_at(w, stripped) != NULL)
            return stripped;
    }
    return pc;
}
