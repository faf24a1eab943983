/* pkt_serial.c - no packets: replies made shorter by run lengths, and a target.xml that leaves out
 * what gdb knows, where the line is marked STUB_SERIAL. */
#include "stub/engine.h"
#include "stub/xml.h"

/* A gdb that is told of no registers takes those that it knows itself of the architecture: that
 * saves most of what a connection costs. To an lldb the types alone would be half of it. */
bool
stub_put_serial_xml(const struct engine *s, const struct arch_layout *layout, struct rsp_window *w)
{
    bool gdb = (s->client & CLIENT_GDB) != 0;

    if ((s->flags & STUB_SERIAL) == 0)
        return false;
    if (gdb && layout->arch->plain != 0 && layout->features == layout->arch->plain)
        stub_put_architecture(layout, w);
    else
        stub_put_target_xml(layout, w, gdb);
    return true;
}

bool
stub_shorten_serial(const struct engine *s, struct rsp_out *body)
{
    if ((s->flags & STUB_SERIAL) == 0)
        return false;
    body->len = rsp_compress(body->buf, body->len);
    return true;
}

static const struct stub_hook hooks[] = {
    HOOKED(shorten, stub_shorten_serial),
    HOOKED(put_xml, stub_put_serial_xml),
};
const struct stub_family stub_serial_packets = FAMILY_OF_HOOKS(hooks);
