/* pkt_reg_all.c - G: all registers written at once; and the address of `c ADDRESS` (GDB manual,
 * "Packets"). A client that knows P has no need of either. */
#include "stub/engine.h"

/* Shorter than the whole set, it writes the registers that it covers wholly. */
static int
write_all(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    const struct arch_layout *layout;
    size_t n = rsp_take_hex_bytes(in, out->buf, out->cap);
    struct arch_register r = { 0 };
    struct rsp_id id;
    int result = stub_take_thread(s, in, &id);

    if (!rsp_take_end(in))
        return PKT_BAD;
    if (result != 0)
        return result;
    layout = stub_layout(s, id.pid);
    if (n == 0 || n > arch_g_size(layout))
        return -STUB_EINVAL;
    while (arch_next(layout, &r) && r.size <= n && r.offset <= n - r.size) {
        result = stub_write_register(s, id, &r, out->buf + r.offset);
        if (result != 0)
            return result;
    }
    return PKT_OK;
}

/* `c addr`: the thread goes on from there. */
static int
jump(struct engine *s, uint64_t address)
{
    struct rsp_id id = s->cont.tid > 0 ? s->cont : s->general;
    struct arch_register pc;
    uint8_t value[8];
    int r = stub_settle_id(s, &id);

    if (r != 0)
        return r;
    if (!HAS(s, put_register) || !arch_register_role(stub_layout(s, id.pid), ARCH_PC, &pc) ||
        pc.size > sizeof(value))
        return -STUB_ENOTSUP;
    arch_put_uint(stub_layout(s, id.pid)->arch, value, pc.size, address);
    return s->target->put_register(s->object, id, &pc, value);
}

static const struct stub_row rows[] = {
    { "G", write_all, NEEDS(put_register), ROW_GLUED },
};
static const struct stub_hook hooks[] = { HOOKED(jump, jump) };
const struct stub_family stub_register_set_packets = FAMILY_WITH(rows, hooks);
