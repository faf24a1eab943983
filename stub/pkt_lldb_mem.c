/* pkt_lldb_mem.c - lldb's memory packets: regions, memory of its own, saved registers, many reads
 * or breakpoints in one request (LLDB's docs/resources/lldbgdbremote.md). */
#include "stub/engine.h"

#include <string.h>

/* ---- qMemoryRegionInfo ---- */

static void
put_permissions(struct rsp_out *out, const struct stub_region *region)
{
    static const char letters[] = "rwx"; /* of STUB_READ, STUB_WRITE, STUB_EXECUTE */

    rsp_put_text(out, "permissions:");
    for (unsigned i = 0; letters[i] != '\0'; i++)
        if ((region->permissions >> i & 1u) != 0)
            rsp_put(out, letters[i]);
    rsp_put(out, ';');
}

static bool
is_stack(const char *name)
{
    const char *stack = "[stack";

    for (; *stack != '\0' && *name == *stack; name++)
        stack++;
    return *stack == '\0';
}

/* A path that is too long for the buffer is let go: the region matters more. */
static void
put_name(struct rsp_out *out, const char *name)
{
    size_t before = out->len;

    rsp_put_text(out, "name:");
    rsp_put_hex_text(out, name);
    rsp_put_text(out, is_stack(name) ? ";type:stack;" : ";");
    if (out->cut)
        rsp_out_back(out, before);
}

/* A region that goes up to 2^64 from 0 has a size that no number holds: one less is said. */
static void
put_region(struct engine *s, struct rsp_out *out, const struct stub_region *region)
{
    uint64_t size = region->size;

    if (size == 0)
        size = (s->target->top != 0 ? s->target->top + 1 : 0) - region->start;
    rsp_put_text(out, "start:");
    rsp_put_hex(out, region->start);
    rsp_put_text(out, ";size:");
    rsp_put_hex(out, size != 0 ? size : UINT64_MAX);
    rsp_put(out, ';');
    if (!region->mapped)
        return;
    put_permissions(out, region);
    if (region->name != NULL && region->name[0] != '\0')
        put_name(out, region->name);
}

/* lldb asks without an address whether the packet is known. */
static int
say_region(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_region region = { 0 };
    uint64_t address;
    int r;

    if (!rsp_take_if(in, ':') || rsp_left(in) == 0)
        return rsp_take_end(in) ? PKT_OK : PKT_BAD;
    address = rsp_take_hex(in);
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = s->target->region(stub_process(s), address, &region);
    if (r == 0)
        put_region(s, out, &region);
    return r;
}

/* ---- _M and _m ---- */

static unsigned
take_permissions(struct rsp_in *in)
{
    unsigned permissions = 0;

    for (;;) {
        if (rsp_take_if(in, 'r'))
            permissions |= STUB_READ;
        else if (rsp_take_if(in, 'w'))
            permissions |= STUB_WRITE;
        else if (rsp_take_if(in, 'x'))
            permissions |= STUB_EXECUTE;
        else
            return permissions;
    }
}

int
stub_allocate(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    uint64_t size = rsp_take_hex(in), address;
    unsigned permissions;
    int r;

    rsp_take(in, ',');
    permissions = take_permissions(in);
    if (!rsp_take_end(in) || size == 0)
        return PKT_BAD;
    r = s->target->allocate(stub_process(s), size, permissions, &address);
    if (r == 0)
        rsp_put_hex(out, address);
    return r;
}

int
stub_deallocate(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    uint64_t address = rsp_take_hex(in);
    int r;

    (void)out;
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = s->target->deallocate(stub_process(s), address);
    return r == 0 ? PKT_OK : r;
}

/* ---- registers kept and brought back ---- */

static int
save_registers(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_id id;
    uint32_t number;
    int r = stub_take_thread(s, in, &id);

    if (!rsp_take_end(in))
        return PKT_BAD;
    if (r == 0)
        r = s->target->save_registers(s->object, id, &number);
    if (r == 0)
        rsp_put_dec(out, number);
    return r;
}

static int
restore_registers(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_id id;
    uint64_t number;
    int r;

    (void)out;
    rsp_take(in, ':');
    number = rsp_take_dec(in);
    r = stub_take_thread(s, in, &id);
    if (!rsp_take_end(in) || number > UINT32_MAX)
        return PKT_BAD;
    if (r == 0)
        r = s->target->restore_registers(s->object, id, (uint32_t)number);
    return r == 0 ? PKT_OK : r;
}

/* ---- MultiMemRead:ranges:ADDRESS,LENGTH,...; ---- */

/* Takes the next range; false behind the last. */
static bool
take_range(struct rsp_in *in, uint64_t *address, uint64_t *length)
{
    if (rsp_left(in) == 0 || rsp_take_if(in, ';'))
        return false;
    *address = rsp_take_hex(in);
    rsp_take(in, ',');
    *length = rsp_take_hex(in);
    if (rsp_left(in) > 0 && rsp_peek(in) != ';')
        rsp_take(in, ',');
    return !in->bad;
}

static size_t
count_ranges(struct rsp_in *in)
{
    uint64_t address, length;
    size_t n = 0;

    while (take_range(in, &address, &length))
        n++;
    return n;
}

/* Reads one range to the end of what is in data, as much of it as is readable and fits. */
static int
read_range(struct engine *s, const struct arch_memory *memory, struct rsp_out *data,
           uint64_t address, uint64_t length, size_t *told)
{
    size_t room = rsp_out_room(data), n = length < room ? (size_t)length : room;
    uint8_t *tail = data->buf + data->cap - n;
    size_t got = arch_read(memory, address, tail, n);

    if (got == ARCH_LATER)
        return STUB_LATER;
    stub_note_read(s, address, got);
    memmove(data->buf + data->cap - got, tail, got);
    *told = rsp_put_escaped_some(data, data->buf + data->cap - got, got);
    return 0;
}

/* The lengths stand in front of all bytes: room for the longest lengths is left, and the bytes
 * are moved up to the real ones at the end. */
static int
read_many(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    enum { LENGTH_MAX = 2 * sizeof(size_t) + 1 };
    struct arch_memory memory = stub_memory(s);
    struct rsp_in ranges;
    struct rsp_out data;
    uint64_t address, length;
    size_t n;

    if (!rsp_take_text_if(in, ":ranges:"))
        return PKT_BAD;
    ranges = *in;
    n = count_ranges(in);
    if (!rsp_take_end(in) || n == 0)
        return PKT_BAD;
    if (n > out->cap / LENGTH_MAX)
        return -STUB_E2BIG;
    data = rsp_out_to(out->buf + n * LENGTH_MAX, out->cap - n * LENGTH_MAX);
    for (size_t i = 0; take_range(&ranges, &address, &length); i++) {
        size_t told;
        int r = read_range(s, &memory, &data, address, length, &told);

        if (r != 0)
            return r;
        if (i > 0)
            rsp_put(out, ',');
        rsp_put_hex(out, told);
    }
    rsp_put(out, ';');
    memmove(out->buf + out->len, data.buf, data.len);
    out->len += data.len;
    return PKT_DONE;
}

/* ---- jMultiBreakpoint:{"breakpoint_requests":["Z0,ADDRESS,KIND",...]} ---- */

/* Carries out one request and writes its result as lldb reads one: OK, an error, or nothing. */
static int
change_one(struct engine *s, struct rsp_in value, struct rsp_json *json)
{
    uint8_t text[64], result[8];
    struct rsp_out said = rsp_out_to(result, sizeof(result));
    ptrdiff_t n = rsp_json_get_text(value, (char *)text, sizeof(text));
    struct rsp_in in = rsp_in_from(text, n > 0 ? (size_t)n : 0);
    bool insert = rsp_take_if(&in, 'Z');
    int r = PKT_BAD;

    if (insert || rsp_take_if(&in, 'z'))
        r = (insert ? HAS(s, insert) : HAS(s, remove)) ? stub_change_point(s, &in, &said, insert)
                                                       : -STUB_ENOTSUP;
    if (r == STUB_LATER)
        return r;
    if (r == PKT_BAD)
        r = -STUB_EINVAL;
    if (r == 0)
        rsp_put_text(&said, "OK");
    if (r < 0 && r != -STUB_ENOTSUP) {
        rsp_put(&said, 'E');
        rsp_put_hex_wide(&said, (uint64_t)-r & 0xff, 2);
    }
    rsp_json_text_n(json, (const char *)result, said.len);
    return 0;
}

static int
change_many(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_json json = rsp_json_to(out);
    struct rsp_in body, list, value;

    rsp_take(in, ':');
    body = rsp_take_rest(in);
    if (in->bad || !rsp_json_get(body, "breakpoint_requests", &list) || rsp_peek(&list) != '[')
        return PKT_BAD;
    rsp_json_open(&json, '{');
    rsp_json_key(&json, "results");
    rsp_json_open(&json, '[');
    while (rsp_json_next(&list, &value)) {
        int r = change_one(s, value, &json);

        if (r != 0)
            return r;
    }
    rsp_json_close(&json, ']');
    rsp_json_close(&json, '}');
    return PKT_DONE;
}

static const struct stub_row region_rows[] = {
    { "qMemoryRegionInfo", say_region, NEEDS(region), 0 },
};
const struct stub_family stub_lldb_region_packets = FAMILY(region_rows);

static const struct stub_row rows[] = {
    { "_M", stub_allocate, NEEDS(allocate), ROW_GLUED },
    { "_m", stub_deallocate, NEEDS(deallocate), ROW_GLUED },
    { "QSaveRegisterState", save_registers, NEEDS(save_registers), 0 },
    { "QRestoreRegisterState", restore_registers, NEEDS(restore_registers), 0 },
    { "MultiMemRead", read_many, NEEDS(read_memory), 0 },
    { "jMultiBreakpoint", change_many, NEEDS(insert), 0 },
};
const struct stub_family stub_lldb_memory_packets = FAMILY(rows);
