/* pkt_binary.c - x and X: target memory as bytes (GDB manual, "Packets"). */
#include "stub/engine.h"

#include <string.h>

/* Who does not know the `b` of binary-upload+ asks for no bytes first and wants OK. */
static int
read_binary(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_range range = stub_take_range(in, ',');
    uint8_t *bytes;
    ptrdiff_t n;

    if (!rsp_take_end(in))
        return PKT_BAD;
    if ((s->client & CLIENT_BINARY_UPLOAD) != 0)
        rsp_put(out, 'b');
    else if (range.length == 0)
        return PKT_OK;
    n = stub_read_tail(s, out, range, rsp_out_room(out), &bytes);
    if (n < 0)
        return (int)n;
    bytes = memmove(out->buf + out->cap - n, bytes, (size_t)n);
    rsp_put_escaped_some(out, bytes, (size_t)n);
    return PKT_DONE;
}

/* A client asks with no bytes whether X is known. */
static int
write_binary(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_range range = stub_take_range(in, ',');
    struct rsp_in bytes;

    (void)out;
    rsp_take(in, ':');
    bytes = rsp_take_rest(in);
    if (!rsp_take_end(in) || rsp_left(&bytes) != range.length)
        return PKT_BAD;
    return stub_write_bytes(s, range.address, bytes.p, rsp_left(&bytes));
}

static const struct stub_row rows[] = {
    { "x", read_binary, NEEDS(read_memory), ROW_GLUED | ROW_MUTE },
    { "X", write_binary, NEEDS(write_memory), ROW_GLUED },
};
const struct stub_family stub_binary_packets = FAMILY(rows);
