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
    void *process = stub_process(s);
    int r = deed(process, point);

    if (r != -STUB_ENOTSUP || point->type != STUB_POINT_READ || (s->client & CLIENT_GDB) != 0)
        return r;
    point->type = STUB_POINT_ACCESS;
    return deed(process, point);
}

int
stub_change_point(struct engine *s, struct rsp_in *in, const struct rsp_out *scratch, bool insert)
{
    struct stub_point point = { 0 };
    struct rsp_out lists = *scratch;
    const struct stub_hooks *hooks;
    uint64_t type = rsp_take_hex(in), kind;

    rsp_take(in, ',');
    point.address = rsp_take_hex(in);
    rsp_take(in, ',');
    kind = rsp_take_hex(in);
    if (rsp_left(in) > 0 && (hooks = HOOKS(s, take_lists)) != NULL)
        hooks->take_lists(in, &lists, &point);
    if (!rsp_take_end(in) || kind > UINT32_MAX)
        return PKT_BAD;
    if (type > STUB_POINT_ACCESS || !(insert ? HAS(s, insert) : HAS(s, remove)))
        return -STUB_ENOTSUP;
    point.type = (uint8_t)type;
    point.kind = (uint32_t)kind;
    return change_point(s, &point, insert);
}

static int
change(struct engine *s, struct rsp_in *in, const struct rsp_out *out, bool insert)
{
    int r = stub_change_point(s, in, out, insert);

    if (r == -STUB_ENOTSUP)
        return PKT_EMPTY;
    return r == 0 ? PKT_OK : r;
}

static int
insert_point(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return change(s, in, out, true);
}

static int
remove_point(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return change(s, in, out, false);
}

static const struct stub_row rows[] = {
    { "Z", insert_point, NEEDS(insert), ROW_GLUED },
    { "z", remove_point, NEEDS(remove), ROW_GLUED },
};
const struct stub_family stub_break_packets = FAMILY(rows);
