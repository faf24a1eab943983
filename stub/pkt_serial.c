/* pkt_serial.c - no packets: replies made shorter by run lengths, and a target.xml that leaves out
 * what gdb knows, where the line is marked STUB_SERIAL. */
#include "stub/engine.h"
#include "stub/xml.h"

/* A gdb that is told of no registers takes those that it knows itself of the architecture: that
 * saves most of what a connection costs. */
static bool
put_short_xml(const struct engine *s, const struct arch_layout *layout, struct rsp_window *w)
{
    if ((s->flags & STUB_SERIAL) == 0 || (s->client & CLIENT_GDB) == 0 ||
        layout->arch->plain == 0 || layout->features != layout->arch->plain)
        return false;
    stub_put_architecture(layout, w);
    return true;
}

static const struct stub_hook hooks[] = {
    HOOKED(shorten, rsp_compress),
    HOOKED(put_short_xml, put_short_xml),
};
const struct stub_family stub_serial_packets = FAMILY_OF_HOOKS(hooks);
