/* pkt_mem.c - m and M: target memory in hex digits (GDB manual, "Packets"). As bytes it goes
 * through pkt_binary.c. */
#include "stub/engine.h"

struct stub_range
stub_take_range(struct rsp_in *in, char separator)
{
    struct stub_range range;

    range.address = rsp_take_hex(in);
    rsp_take(in, separator);
    range.length = rsp_take_hex(in);
    return range;
}

uint64_t
stub_below_top(const struct engine *s, uint64_t address, uint64_t n)
{
    uint64_t top = s->target->top != 0 ? s->target->top : UINT64_MAX;

    if (n == 0 || address > top)
        return 0;
    return n - 1 <= top - address ? n : top - address + 1;
}

ptrdiff_t
stub_read_tail(struct engine *s, struct rsp_out *out, struct stub_range range, size_t most,
               uint8_t **bytes)
{
    struct arch_memory memory = stub_memory(s);
    size_t n = range.length < most ? (size_t)range.length : most;
    size_t got;

    *bytes = out->buf + out->cap - n;
    got = arch_read(&memory, range.address, *bytes, n);
    if (got == ARCH_LATER)
        return STUB_LATER;
    stub_note_read(s, range.address, got);
    return got == 0 && n > 0 ? -STUB_EFAULT : (ptrdiff_t)got;
}

static int
read_hex(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_range range = stub_take_range(in, ',');
    uint8_t *bytes;
    ptrdiff_t n;

    if (!rsp_take_end(in))
        return PKT_BAD;
    n = stub_read_tail(s, out, range, rsp_out_room(out) / 2, &bytes);
    if (n < 0)
        return (int)n;
    rsp_put_hex_bytes(out, bytes, (size_t)n);
    return PKT_DONE;
}

int
stub_write_bytes(struct engine *s, uint64_t address, const uint8_t *bytes, size_t n)
{
    uint64_t last = address + (n - 1);
    int r;

    if (n == 0)
        return PKT_OK;
    if (last < address || (s->target->top != 0 && last > s->target->top))
        return -STUB_EFAULT;
    r = s->target->write_memory(stub_process(s), address, bytes, n);
    return r == 0 ? PKT_OK : r;
}

static int
write_hex(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_range range = stub_take_range(in, ',');
    size_t n;

    rsp_take(in, ':');
    n = rsp_take_hex_bytes(in, out->buf, out->cap);
    if (!rsp_take_end(in) || n != range.length)
        return PKT_BAD;
    return stub_write_bytes(s, range.address, out->buf, n);
}

static const struct stub_row rows[] = {
    { "m", read_hex, NEEDS(read_memory), ROW_GLUED | ROW_MUTE },
    { "M", write_hex, NEEDS(write_memory), ROW_GLUED },
};
const struct stub_family stub_memory_packets = FAMILY(rows);
