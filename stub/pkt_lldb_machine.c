/* pkt_lldb_machine.c - qHostInfo qProcessInfo qWatchpointSupportInfo of a target that is its own
 * machine, without an operating system (LLDB's docs/resources/lldbgdbremote.md). Of others
 * pkt_lldb_info.c tells more. And what such a target says that lends memory. */
#include "stub/engine.h"

static int
put_machine(struct engine *s, struct rsp_out *out, const char *system)
{
    const struct arch_layout *layout = stub_layout(s, s->general.pid);

    if (layout == NULL)
        return -STUB_ESRCH;
    rsp_put_text(out, "triple:");
    rsp_put_hex_text(out, layout->arch->triple);
    rsp_put_hex_text(out, "-unknown-");
    rsp_put_hex_text(out, system);
    rsp_put_text(out, ";ostype:");
    rsp_put_text(out, system);
    rsp_put_text(out,
                 layout->arch->big_endian ? ";endian:big;ptrsize:" : ";endian:little;ptrsize:");
    rsp_put_dec(out, layout->arch->address_bytes);
    rsp_put(out, ';');
    return PKT_DONE;
}

static int
put_process(struct engine *s, struct rsp_out *out, const char *system)
{
    struct rsp_id id = { s->general.pid, 0 };
    int r = stub_settle_id(s, &id);

    if (r != 0)
        return r;
    rsp_put_text(out, "pid:");
    rsp_put_hex(out, (uint64_t)id.pid);
    rsp_put(out, ';');
    return put_machine(s, out, system);
}

static int
say_host(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)in;
    return put_machine(s, out, "unknown");
}

static int
say_process(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)in;
    return put_process(s, out, "unknown");
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

/* ---- lending ----
 *
 * An lldb (19, 22) never runs code of its own where its loader of static programs is at work
 * (Process::SetCanJIT), which is so as long as the system is unknown. There is no name for none.
 * For this one it has no loader, so it asks with qOffsets where the program is, and a calling
 * convention on every machine, which on x86-64 it has for few. */
static const char system[] = "solaris";

static int
say_lending_host(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)in;
    return put_machine(s, out, system);
}

static int
say_lending_process(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)in;
    return put_process(s, out, system);
}

static int
say_offsets(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)in;
    if (stub_is_gdb(s)) /* which knows it all along */
        return PKT_EMPTY;
    rsp_put_text(out, "Text=0;Data=0;Bss=0");
    return PKT_DONE;
}

/* By an error an lldb (19) concludes that there is memory, though none just now. */
static int
lend(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    int r = stub_allocate(s, in, out);

    return r == -STUB_ENOTSUP ? PKT_EMPTY : r;
}

static const struct stub_row lending_rows[] = {
    { "qHostInfo", say_lending_host, 0, ROW_BARE | ROW_IDLE },
    { "qProcessInfo", say_lending_process, 0, ROW_BARE },
    { "qOffsets", say_offsets, 0, ROW_BARE },
    { "_M", lend, NEEDS(allocate), ROW_GLUED },
    { "_m", stub_deallocate, NEEDS(deallocate), ROW_GLUED },
};
const struct stub_family stub_lldb_lending_packets = FAMILY(lending_rows);
