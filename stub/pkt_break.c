/* pkt_break.c - Z and z: breakpoints and watchpoints (GDB manual, "Packets", z0 to z4). Their
 * lists of agent expressions are pkt_condition.c's. */
#include "stub/engine.h"

/* Where reads alone cannot be watched gdb asks for accesses itself and tells them apart by the
 * value; an lldb is content with accesses. */
static int
change_point(struct engine *s, struct stub_point *point, bool insert)
{
    int (*deed)(void *, const struct stub_point *) =
        insert ? s->target->insert : s->target->remove;
    int r = deed(stub_process(s), point);

    if (r != -STUB_ENOTSUP || point->type != STUB_POINT_READ || stub_is_gdb(s))
        return r;
    point->type = STUB_POINT_ACCESS;
    return deed(stub_process(s), point);
}

int
stub_change_point(struct engine *s, struct rsp_in *in, const struct rsp_out *scratch, bool insert)
{
    struct stub_point point = { 0 };
    const struct stub_hook *hook;
    uint64_t type = rsp_take_hex(in);
    struct stub_range range;

    rsp_take(in, ',');
    range = stub_take_range(in, ',');
    if (rsp_left(in) > 0 && (hook = HOOK(s, take_lists)) != NULL)
        hook->take_lists(in, scratch, &point);
    if (!rsp_take_end(in) || range.length > UINT32_MAX)
        return PKT_BAD;
    if (type > STUB_POINT_ACCESS)
        return -STUB_ENOTSUP;
    point.type = (uint8_t)type;
    point.address = range.address;
    point.kind = (uint32_t)range.length;
    return change_point(s, &point, insert);
}

/* Z and z */
static int
change(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    int r = stub_change_point(s, in, out, s->rx.buf[0] == 'Z');

    if (r == -STUB_ENOTSUP)
        return PKT_EMPTY;
    return r == 0 ? PKT_OK : r;
}

static const struct stub_row rows[] = {
    { "Z", change, NEEDS(insert), ROW_GLUED },
    { "z", change, NEEDS(remove), ROW_GLUED },
};
const struct stub_family stub_break_packets = FAMILY(rows);
