/* pkt_lldb_info.c - what lldb asks about host, process and machine
 * (LLDB's docs/resources/lldbgdbremote.md). */
#include "stub/engine.h"
#include "stub/xml.h"

static void
put_pair(struct rsp_out *out, const char *key, const char *value)
{
    rsp_put_text(out, key);
    rsp_put(out, ':');
    rsp_put_text(out, value);
    rsp_put(out, ';');
}

static void
put_hex_pair(struct rsp_out *out, const char *key, uint64_t value)
{
    rsp_put_text(out, key);
    rsp_put(out, ':');
    rsp_put_hex(out, value);
    rsp_put(out, ';');
}

/* Nothing where it is not known. */
static void
put_hex_text_pair(struct rsp_out *out, const char *key, const char *text)
{
    if (text == NULL)
        return;
    rsp_put_text(out, key);
    rsp_put(out, ':');
    rsp_put_hex_text(out, text);
    rsp_put(out, ';');
}

static void
put_dec_pair(struct rsp_out *out, const char *key, uint64_t value)
{
    rsp_put_text(out, key);
    rsp_put(out, ':');
    rsp_put_dec(out, value);
    rsp_put(out, ';');
}

/* ---- machine, vendor, system: alike in both answers ---- */

static void
put_triple(struct rsp_out *out, const struct arch *arch, const struct stub_host_info *host)
{
    const char *const words[] = { host->vendor, host->ostype, host->abi };
    unsigned last = host->abi != NULL      ? 3
                    : host->ostype != NULL ? 2
                    : host->vendor != NULL ? 1
                                           : 0;

    rsp_put_text(out, "triple:");
    rsp_put_hex_text(out, arch->triple);
    for (unsigned i = 0; i < last; i++) {
        rsp_put_hex_text(out, "-");
        rsp_put_hex_text(out, words[i] != NULL ? words[i] : "unknown");
    }
    rsp_put(out, ';');
}

static void
put_machine(struct rsp_out *out, const struct arch *arch, const struct stub_host_info *host)
{
    put_triple(out, arch, host);
    if (host->ostype != NULL)
        put_pair(out, "ostype", host->ostype);
    put_pair(out, "endian", arch->big_endian ? "big" : "little");
    put_dec_pair(out, "ptrsize", arch->address_bytes);
}

/* The machine of that process and what is known of the host; a target that knows only its machine
 * says that much. */
static int
find_machine(struct engine *s, int64_t pid, const struct arch **arch, struct stub_host_info *host)
{
    const struct arch_layout *layout = stub_layout(s, pid);

    if (layout == NULL)
        return -STUB_ESRCH;
    *arch = layout->arch;
    *host = (struct stub_host_info){ 0 };
    return HAS(s, host_info) ? s->target->host_info(s->object, host) : 0;
}

static int
say_host(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    const struct arch *arch;
    struct stub_host_info host;
    int r;

    (void)in;
    r = find_machine(s, s->general.pid > 0 ? s->general.pid : 0, &arch, &host);
    if (r != 0)
        return r;
    put_machine(out, arch, &host);
    if (host.os_version != NULL)
        put_pair(out, "os_version", host.os_version);
    put_hex_text_pair(out, "os_build", host.os_build);
    put_hex_text_pair(out, "os_kernel", host.os_kernel);
    put_hex_text_pair(out, "hostname", host.hostname);
    put_hex_text_pair(out, "distribution_id", host.distribution);
    if (host.page_size != 0)
        put_dec_pair(out, "vm-page-size", host.page_size);
    return PKT_DONE;
}

static void
put_ids(struct rsp_out *out, const struct stub_process_info *info)
{
    put_hex_pair(out, "parent-pid", (uint64_t)info->parent);
    put_hex_pair(out, "real-uid", info->uid);
    put_hex_pair(out, "real-gid", info->gid);
    put_hex_pair(out, "effective-uid", info->euid);
    put_hex_pair(out, "effective-gid", info->egid);
}

static int
say_process(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_id id = { s->general.pid, 0 };
    struct stub_process_info info = { 0 };
    struct stub_host_info host;
    const struct arch *arch;
    int r;

    (void)in;
    r = stub_settle_id(s, &id);
    if (r == 0)
        r = find_machine(s, id.pid, &arch, &host);
    if (r == 0 && HAS(s, process_info))
        r = s->target->process_info(s->object, id.pid, &info);
    if (r != 0)
        return r;
    put_hex_pair(out, "pid", (uint64_t)id.pid);
    if (HAS(s, process_info))
        put_ids(out, &info);
    put_machine(out, arch, &host);
    return PKT_DONE;
}

/* ---- small answers ---- */

static int
say_shlib_info(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    uint64_t address;
    int r;

    (void)in;
    r = s->target->shlib_info(stub_process(s), &address);
    if (r == 0)
        rsp_put_hex(out, address);
    return r;
}

static int
say_no_plugins(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)s, (void)in;
    rsp_put_text(out, "[]");
    return PKT_DONE;
}

/* ---- registers, for an lldb that does not read target.xml ---- */

static void
put_wholes(struct rsp_out *out, const char *key, const struct arch_parted *parted)
{
    rsp_put_text(out, key);
    rsp_put(out, ':');
    rsp_put_hex(out, parted->whole[0].number);
    if (parted->whole[1].row != NULL) {
        rsp_put(out, ',');
        rsp_put_hex(out, parted->whole[1].number);
    }
    rsp_put(out, ';');
}

/* Parts come behind the registers. */
static bool
describe_part(struct rsp_out *out, const struct arch_layout *layout, unsigned index)
{
    struct arch_parted parted;
    bool vector;

    if (!arch_part(layout, index, &parted))
        return false;
    vector = parted.part->bytes > 8;
    put_pair(out, "name", parted.name);
    put_dec_pair(out, "bitsize", parted.part->bytes * 8u);
    put_dec_pair(out, "offset", parted.whole[0].offset + parted.part->at);
    put_pair(out, "encoding", vector ? "vector" : "uint");
    put_pair(out, "format", vector ? "vector-uint8" : "hex");
    put_pair(out, "set", stub_register_set(layout->arch, parted.whole[0].row));
    put_wholes(out, "container-regs", &parted);
    put_wholes(out, "invalidate-regs", &parted);
    return true;
}

/* qRegisterInfoNUMBER, until an error. */
static int
describe_register(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    enum { NO_MORE = 0x45 };
    const struct arch_layout *layout = stub_layout(s, s->general.pid);
    uint64_t number = rsp_take_hex(in);
    struct arch_register r;
    char name[ARCH_NAME_MAX];

    stub_know_lldb(s);
    if (!rsp_take_end(in))
        return PKT_BAD;
    if (layout == NULL || number > UINT16_MAX)
        return -NO_MORE;
    if (!arch_register(layout, (unsigned)number, &r)) {
        unsigned count = arch_register_count(layout);

        return describe_part(out, layout, (unsigned)number - count) ? PKT_DONE : -NO_MORE;
    }
    arch_name_of(&r, name);
    put_pair(out, "name", name);
    if (arch_alt_of(&r, name))
        put_pair(out, "alt-name", name);
    put_dec_pair(out, "bitsize", r.row->bits);
    put_dec_pair(out, "offset", r.offset);
    put_pair(out, "encoding", stub_register_encoding(r.row));
    put_pair(out, "format", stub_register_format(r.row));
    put_pair(out, "set", stub_register_set(layout->arch, r.row));
    if (arch_dwarf_of(&r) >= 0) {
        put_dec_pair(out, "gcc", (uint64_t)arch_dwarf_of(&r));
        put_dec_pair(out, "dwarf", (uint64_t)arch_dwarf_of(&r));
    }
    if (stub_register_generic(&r) != NULL)
        put_pair(out, "generic", stub_register_generic(&r));
    return PKT_DONE;
}

/* An lldb knows by itself what the longer form says of machines that it has heard of. */
static bool
put_xml(const struct engine *s, const struct arch_layout *layout, struct rsp_window *w)
{
    if (stub_put_serial_xml(s, layout, w))
        return true;
    if ((s->client & CLIENT_GDB) != 0)
        return false;
    stub_put_lldb_xml(layout, w);
    return true;
}

static const struct stub_row rows[] = {
    { "qHostInfo", say_host, 0, ROW_BARE | ROW_IDLE },
    { "qProcessInfo", say_process, 0, ROW_BARE },
    { "qWatchpointSupportInfo", stub_say_watchpoints, NEEDS(host_info), ROW_IDLE },
};
const struct stub_family stub_lldb_packets = FAMILY(rows);

static const struct stub_row more_rows[] = {
    { "qShlibInfoAddr", say_shlib_info, NEEDS(shlib_info), ROW_BARE },
    { "qStructuredDataPlugins", say_no_plugins, 0, ROW_BARE | ROW_IDLE },
    { "qRegisterInfo", describe_register, 0, ROW_GLUED | ROW_IDLE },
};
static const struct stub_hook hooks[] = { HOOKED(put_xml, put_xml) };
const struct stub_family stub_lldb_register_packets = FAMILY_WITH(more_rows, hooks);
