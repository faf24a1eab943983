/* pkt_flash.c - a board's memory: qXfer:memory-map:read, vFlashErase, vFlashWrite, vFlashDone (GDB
 * manual, "Memory Map Format" and "Packets"). */
#include "stub/engine.h"

/* ---- the map ---- */

static void
put(struct rsp_window *w, const char *text, uint64_t number)
{
    rsp_window_text(w, text);
    rsp_window_hex(w, number);
}

static void
write_region(const struct stub_region *region, struct rsp_window *w)
{
    bool flash = region->kind == STUB_FLASH;

    put(w,
        flash                      ? "<memory type=\"flash\" start=\"0x"
        : region->kind == STUB_ROM ? "<memory type=\"rom\" start=\"0x"
                                   : "<memory type=\"ram\" start=\"0x",
        region->start);
    put(w, "\" length=\"0x", region->size);
    if (flash)
        put(w, "\"><property name=\"blocksize\">0x", region->block_size);
    rsp_window_text(w, flash ? "</property></memory>" : "\"/>");
}

static int
write_memory_map(struct engine *s, const struct rsp_in *annex, struct rsp_window *w)
{
    struct stub_region region = { 0 };
    unsigned index = 0;
    int r;

    if (rsp_left(annex) > 0)
        return -STUB_ENOENT;
    rsp_window_text(w, "<memory-map>");
    while ((r = s->target->memory_map(stub_process(s), index++, &region)) == 1) {
        write_region(&region, w);
        if (rsp_window_done(w))
            return 0;
    }
    rsp_window_text(w, "</memory-map>");
    return r;
}

static int
read_memory_map(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return stub_read_object(s, in, out, write_memory_map);
}

/* ---- flash ---- */

/* The row of the map that address lies in. 1, 0 for none, or STUB_LATER. */
static int
find_region(struct engine *s, uint64_t address, struct stub_region *region)
{
    unsigned index = 0;
    int r;

    while ((r = s->target->memory_map(stub_process(s), index++, region)) == 1)
        if (address >= region->start &&
            (region->size == 0 || address - region->start < region->size))
            return 1;
    return r;
}

static bool
is_multiple(uint64_t offset, uint32_t block)
{
    while (block > 1 && offset >= block) /* no division: a 32-bit machine has no instruction */
    {
        uint64_t part = block;

        while (part <= offset >> 1)
            part <<= 1;
        offset -= part;
    }
    return block <= 1 || offset == 0;
}

/* All of the range is flash, and, where that counts, whole blocks of it. */
static int
check_flash(struct engine *s, struct stub_range range, bool blocks)
{
    struct stub_region region;

    while (range.length > 0) {
        int r = HAS(s, memory_map) ? find_region(s, range.address, &region) : 0;
        uint64_t offset = range.address - region.start, left;

        if (r == STUB_LATER)
            return r;
        if (r != 1 || region.kind != STUB_FLASH)
            return -STUB_EFAULT;
        left = region.size == 0 ? UINT64_MAX - offset : region.size - offset;
        if (left > range.length)
            left = range.length;
        if (blocks &&
            (!is_multiple(offset, region.block_size) || !is_multiple(left, region.block_size)))
            return -STUB_EINVAL;
        range.address += left;
        range.length -= left;
    }
    return 0;
}

/* vFlashErase:ADDRESS,LENGTH */
static int
erase(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_range range;
    int r;

    (void)out;
    rsp_take(in, ':');
    range = stub_take_range(in, ',');
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = check_flash(s, range, true);
    if (r == 0 && range.length > 0)
        r = s->target->flash_erase(stub_process(s), range.address, range.length);
    return r == 0 ? PKT_OK : r;
}

/* vFlashWrite:ADDRESS:BYTES */
static int
write_flash(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_range range;
    struct rsp_in bytes;
    int r;

    (void)out;
    rsp_take(in, ':');
    range.address = rsp_take_hex(in);
    rsp_take(in, ':');
    bytes = rsp_take_rest(in);
    range.length = rsp_left(&bytes);
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = check_flash(s, range, false);
    if (r == 0 && range.length > 0)
        r = s->target->flash_write(stub_process(s), range.address, bytes.p, rsp_left(&bytes));
    return r == 0 ? PKT_OK : r;
}

static int
end_flash(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    int r;

    (void)in, (void)out;
    r = s->target->flash_done(stub_process(s));
    return r == 0 ? PKT_OK : r;
}

/* lldb reads the map too, and erases and writes what is flash in it. */
static const struct stub_row rows[] = {
    { "qXfer:memory-map:read", read_memory_map, NEEDS(memory_map), ROW_TOLD },
    { "vFlashErase", erase, NEEDS(flash_erase), 0 },
    { "vFlashWrite", write_flash, NEEDS(flash_write), 0 },
    { "vFlashDone", end_flash, NEEDS(flash_done), ROW_BARE },
};
const struct stub_family stub_flash_packets = FAMILY(rows);
