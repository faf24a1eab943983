/* pkt_serial.c - no packets: replies made shorter by run lengths, and a target.xml that leaves out
 * what gdb knows, where the line is marked STUB_SERIAL. Run lengths also where a gdb has less to
 * read by them. */
#include "stub/engine.h"
#include "stub/xml.h"

#include <string.h>

enum { SAMPLES = 16, SAMPLE = 16, ENOUGH = 4, LONG = 1024 };

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

/* On a quick line a run length is worth more to a gdb than it costs us, since that takes its input
 * a byte at a time; but only where there are long runs, as in memory that was never written to.
 * (An lldb reads a whole reply at once, and is as quick without.) */
static bool
has_long_runs(const struct rsp_out *body)
{
    size_t apart = (body->len - SAMPLE) / (SAMPLES - 1);
    unsigned even = 0;

    for (unsigned i = 0; i < SAMPLES; i++) {
        const uint8_t *at = body->buf + i * apart;
        even += memcmp(at, at + 1, SAMPLE - 1) == 0;
    }
    return even >= ENOUGH;
}

static bool
shorten(const struct engine *s, struct rsp_out *body)
{
    bool serial = (s->flags & STUB_SERIAL) != 0;

    if (!serial && (body->len < LONG || (s->client & CLIENT_GDB) == 0 || !has_long_runs(body)))
        return false;
    body->len = rsp_compress(body->buf, body->len);
    return true;
}

static const struct stub_hook hooks[] = {
    HOOKED(shorten, shorten),
    HOOKED(put_xml, stub_put_serial_xml),
};
const struct stub_family stub_serial_packets = FAMILY_OF_HOOKS(hooks);
