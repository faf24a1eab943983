/* pkt_flash.c - a board's memory: qXfer:memory-map:read (GDB manual, "Memory Map Format"). */
#include "stub/engine.h"

static void
write_region(const struct stub_region *region, struct rsp_window *w)
{
    static const char *const types[] = {
        [STUB_RAM] = "ram", [STUB_ROM] = "rom", [STUB_FLASH] = "flash", [STUB_DEVICE] = "ram"
    };

    rsp_window_text(w, "<memory type=\"");
    rsp_window_text(w, types[region->kind <= STUB_DEVICE ? region->kind : STUB_RAM]);
    rsp_window_text(w, "\" start=\"0x");
    rsp_window_hex(w, region->start);
    rsp_window_text(w, "\" length=\"0x");
    rsp_window_hex(w, region->size);
    rsp_window_text(w, "\">");
    if (region->kind == STUB_FLASH) {
        rsp_window_text(w, "<property name=\"blocksize\">0x");
        rsp_window_hex(w, region->block_size);
        rsp_window_text(w, "</property>");
    }
    rsp_window_text(w, "</memory>\n");
}

static int
write_memory_map(struct engine *s, const struct rsp_in *annex, struct rsp_window *w)
{
    struct stub_region region = { 0 };
    unsigned index = 0;
    int r;

    if (rsp_left(annex) > 0)
        return -STUB_ENOENT;
    rsp_window_text(w, "<?xml version=\"1.0\"?>\n<memory-map>\n");
    while ((r = s->target->memory_map(stub_process(s), index++, &region)) == 1) {
        write_region(&region, w);
        if (rsp_window_done(w))
            return 0;
    }
    rsp_window_text(w, "</memory-map>\n");
    return r;
}

static int
read_memory_map(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return stub_read_object(s, in, out, write_memory_map);
}

static const struct stub_row rows[] = {
    { "qXfer:memory-map:read", read_memory_map, NEEDS(memory_map), ROW_TOLD | ROW_GDB_KEY },
};
const struct stub_family stub_flash_packets = FAMILY(rows);
