/* pkt_quick.c - no packets: replies made shorter by run lengths on a line that is quick, where a
 * gdb has less to read by them. What a slow one needs is pkt_serial.c's. */
#include "stub/engine.h"

#include <string.h>

enum { SAMPLES = 16, SAMPLE = 16, ENOUGH = 4, LONG = 1024 };

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
    if (stub_shorten_serial(s, body))
        return true;
    if (body->len < LONG || (s->client & CLIENT_GDB) == 0 || !has_long_runs(body))
        return false;
    body->len = rsp_compress(body->buf, body->len);
    return true;
}

static const struct stub_hook hooks[] = { HOOKED(shorten, shorten) };
const struct stub_family stub_quick_packets = FAMILY_OF_HOOKS(hooks);
