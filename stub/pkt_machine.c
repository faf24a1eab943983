/* pkt_machine.c - qXfer:features:read that tells no more than the machine's name (GDB manual,
 * "Target Description Format"), for a gdb, which has registers of its own for it. Who wants the
 * registers told, as an lldb does, names stub_features_packets instead. */
#include "stub/engine.h"

/* gdb asks from the start on, for more than this, and needs not ask again. */
static int
read_features(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    const struct arch_layout *layout = stub_layout(s, s->general.pid);

    if (!rsp_take_text_if(in, ":target.xml:0,"))
        return -STUB_ENOENT;
    (void)rsp_take_hex(in);
    if (!rsp_take_end(in))
        return PKT_BAD;
    if (layout == NULL)
        return -STUB_ESRCH;
    s->client &= ~(uint32_t)CLIENT_XML; /* it is told no registers: g has those that it knows */
    s->client |= CLIENT_OWN_REGISTERS;
    rsp_put_text(out, "l<target><architecture>");
    rsp_put_text(out, layout->arch->name);
    rsp_put_text(out, "</architecture><osabi>none</osabi></target>");
    return PKT_DONE;
}

static const struct stub_row rows[] = {
    { "qXfer:features:read", read_features, 0, ROW_TOLD },
};
const struct stub_family stub_machine_packets = FAMILY(rows);
