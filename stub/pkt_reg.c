/* pkt_reg.c - g p P: registers (GDB manual, "Packets"), each with the `;thread:ID;` behind it
 * that LLDB's QThreadSuffixSupported brings. */
#include "stub/engine.h"

#include <string.h>

/* A register's value where any target may store a number of its own. */
union value {
    uint8_t bytes[ARCH_SIZE_MAX];
    uint64_t number;
};

/* ---- for other files ---- */

int
stub_put_register(struct engine *s, struct rsp_out *out, struct rsp_id id,
                  const struct arch_register *r)
{
    union value value;
    int result = -STUB_ENOTSUP;

    if (HAS(s, get_register) && r->size <= sizeof(value))
        result = s->target->get_register(s->object, id, r, &value);
    if (result == STUB_LATER)
        return result;
    if (result == 0)
        rsp_put_hex_bytes(out, value.bytes, r->size);
    else if (r->size > rsp_out_room(out) / 2)
        out->cut = true;
    else
        for (uint32_t i = 0; i < r->size; i++)
            rsp_put_text(out, "xx");
    return 0;
}

bool
stub_get_role(struct engine *s, struct rsp_id id, enum arch_role role, uint64_t *value, bool *late)
{
    const struct arch_layout *layout = stub_layout(s, id.pid);
    struct arch_register r;
    uint64_t bytes = 0;
    int result;

    if (!HAS(s, get_register) || !arch_register_role(layout, role, &r) || r.size > sizeof(bytes))
        return false;
    result = s->target->get_register(s->object, id, &r, &bytes);
    if (result == STUB_LATER)
        *late = true;
    if (result != 0)
        return false;
    *value = arch_get_uint(layout->arch, &bytes, r.size);
    return true;
}

/* ---- the whole set ---- */

/* The registers of g: a gdb that reads no target.xml takes no more than it knows by itself. */
static struct arch_layout
layout_of_all(struct engine *s, int64_t pid)
{
    struct arch_layout layout = *stub_layout(s, pid);

    if ((s->client & (CLIENT_GDB | CLIENT_XML)) == CLIENT_GDB && layout.arch->plain != 0)
        layout.features &= layout.arch->plain;
    return layout;
}

/* A reply that ends between two registers is whole: the client asks for the others with p. */
static int
read_all(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct arch_register r = { 0 };
    struct arch_layout layout;
    struct rsp_id id;
    int result = stub_take_thread(s, in, &id);

    if (!rsp_take_end(in))
        return PKT_BAD;
    if (result != 0)
        return result;
    layout = layout_of_all(s, id.pid);
    /* gdb takes the length of its first g for that of all, so it may not depend on what registers
     * hold; run lengths make most of it a third of that and less. */
    stub_keep_short(s, out, (s->flags & STUB_SERIAL) != 0 ? s->frame_max * 5u / 2 : s->frame_max);
    while (result == 0 && arch_next(&layout, &r)) {
        if (r.size > rsp_out_room(out) / 2)
            break;
        result = stub_put_register(s, out, id, &r);
    }
    return result;
}

int
stub_write_register(struct engine *s, struct rsp_id id, const struct arch_register *r,
                    const uint8_t *bytes)
{
    union value value;

    if (r->size > sizeof(value))
        return -STUB_ENOTSUP;
    memcpy(value.bytes, bytes, r->size);
    return s->target->put_register(s->object, id, r, &value);
}

/* ---- one register ---- */

/* p NUMBER and P NUMBER=BYTES */
static int
read_or_write(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    bool writes = s->rx.buf[0] == 'P';
    uint64_t number = rsp_take_hex(in);
    struct arch_register r;
    union value value;
    struct rsp_id id;
    size_t n = 0;
    int result;

    if (writes) {
        rsp_take(in, '=');
        n = rsp_take_hex_bytes(in, value.bytes, sizeof(value));
    }
    result = stub_take_thread(s, in, &id);
    if (!rsp_take_end(in))
        return PKT_BAD;
    if (result != 0)
        return result;
    if (number > UINT16_MAX || !arch_register(stub_layout(s, id.pid), (unsigned)number, &r)) {
        if (writes || (s->client & CLIENT_OWN_REGISTERS) == 0)
            return -STUB_EINVAL;
        rsp_put_text(out, "xx"); /* gdb knows more registers of its kind of machine */
        return PKT_DONE;
    }
    if (!writes)
        return stub_put_register(s, out, id, &r);
    if (n != r.size)
        return -STUB_EINVAL;
    result = s->target->put_register(s->object, id, &r, &value);
    return result == 0 ? PKT_OK : result;
}

static const struct stub_row rows[] = {
    { "g", read_all, NEEDS(get_register), 0 },
    { "p", read_or_write, NEEDS(get_register), ROW_GLUED },
    { "P", read_or_write, NEEDS(put_register), ROW_GLUED },
};
const struct stub_family stub_register_packets = FAMILY(rows);
