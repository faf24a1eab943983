/* pkt_lldb_machine.c - qHostInfo qProcessInfo qWatchpointSupportInfo of a target that is its own
 * machine, without an operating system (LLDB's docs/resources/lldbgdbremote.md). Of others
 * pkt_lldb_info.c tells more. */
#include "stub/engine.h"

static int
say_host(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    const struct arch_layout *layout = stub_layout(s, s->general.pid);

    (void)in;
    if (layout == NULL)
        return -STUB_ESRCH;
    rsp_put_text(out, "triple:");
    rsp_put_hex_text(out, layout->arch->triple);
    rsp_put_hex_text(out, "-unknown-unknown");
    rsp_put_text(out, layout->arch->big_endian ? ";ostype:unknown;endian:big;ptrsize:"
                                               : ";ostype:unknown;endian:little;ptrsize:");
    rsp_put_dec(out, layout->arch->address_bytes);
    rsp_put(out, ';');
    return PKT_DONE;
}

static int
say_process(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_id id = { s->general.pid, 0 };
    int r = stub_settle_id(s, &id);

    if (r != 0)
        return r;
    rsp_put_text(out, "pid:");
    rsp_put_hex(out, (uint64_t)id.pid);
    rsp_put(out, ';');
    return say_host(s, in, out);
}

int
stub_say_watchpoints(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_host_info host = { 0 };
    int r;

    rsp_take_if(in, ':');
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = s->target->host_info(s->object, &host);
    if (r != 0)
        return r;
    if (host.watchpoints == 0 || !HAS(s, insert))
        return PKT_EMPTY;
    rsp_put_text(out, "num:");
    rsp_put_dec(out, host.watchpoints);
    rsp_put(out, ';');
    return PKT_DONE;
}

static const struct stub_row rows[] = {
    { "qHostInfo", say_host, 0, ROW_BARE | ROW_IDLE },
    { "qProcessInfo", say_process, 0, ROW_BARE },
    { "qWatchpointSupportInfo", stub_say_watchpoints, NEEDS(host_info), ROW_IDLE },
};
const struct stub_family stub_lldb_machine_packets = FAMILY(rows);
