/* flash.c - the flash of the memory map, programmed by the firmware author's callbacks (GDB
 * manual, "Packets", vFlashErase). Between blocks, and whenever a callback asks for more time, the
 * loop turns, so the line is heard and acknowledged. */
#include "stub/board/internal.h"

static bool
has_flash(struct board *b)
{
    if (b->settings.flash != NULL)
        return true;
    b->why = "the firmware has no way to program its flash";
    return false;
}

/* The whole range is flash: the engine has looked. */
static uint64_t
block_size_at(struct board *b, uint64_t address)
{
    struct stub_region region;

    (void)stub_board_region(b, address, &region);
    return region.block_size != 0 ? region.block_size : 1;
}

int
stub_board_flash_erase(void *process, uint64_t address, uint64_t size)
{
    struct board *b = process;
    uint64_t at = address + b->erased, block;
    int r;

    if (!has_flash(b))
        return -STUB_ENOTSUP;
    block = block_size_at(b, at);
    r = b->settings.flash->erase(b->settings.context, at, block);
    if (r != 0)
        return r;
    stub_board_code_changed(at, (size_t)block);
    b->erased += block;
    return b->erased < size ? STUB_LATER : 0;
}

int
stub_board_flash_write(void *process, uint64_t address, const void *bytes, size_t size)
{
    struct board *b = process;
    int r;

    if (!has_flash(b))
        return -STUB_ENOTSUP;
    r = b->settings.flash->write(b->settings.context, address, bytes, size);
    if (r == 0)
        stub_board_code_changed(address, size);
    return r;
}

int
stub_board_flash_done(void *process)
{
    struct board *b = process;

    if (!has_flash(b))
        return -STUB_ENOTSUP;
    return b->settings.flash->done != NULL ? b->settings.flash->done(b->settings.context) : 0;
}
