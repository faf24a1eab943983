/* pkt_break.c - Z and z: breakpoints and watchpoints (GDB manual, "Packets", z0 to z4). */
#include "stub/engine.h"

int
stub_change_point(struct engine *s, struct rsp_in *in, bool insert)
{
    uint64_t type = rsp_take_hex(in), kind;
    struct stub_point point;

    rsp_take(in, ',');
    point.address = rsp_take_hex(in);
    rsp_take(in, ',');
    kind = rsp_take_hex(in);
    /* Conditions and commands are not offered; what a client sends all the same is let fall. */
    if (rsp_take_if(in, ';'))
        rsp_take_rest(in);
    if (!rsp_take_end(in) || kind > UINT32_MAX)
        return PKT_BAD;
    if (type > STUB_POINT_ACCESS || !(insert ? HAS(s, insert) : HAS(s, remove)))
        return -STUB_ENOTSUP;
    point.type = (uint8_t)type;
    point.kind = (uint32_t)kind;
    return (insert ? s->target->insert : s->target->remove)(stub_process(s), &point);
}

static int
change(struct engine *s, struct rsp_in *in, bool insert)
{
    int r = stub_change_point(s, in, insert);

    if (r == -STUB_ENOTSUP)
        return PKT_EMPTY;
    return r == 0 ? PKT_OK : r;
}

static int
insert_point(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    return change(s, in, true);
}

static int
remove_point(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)out;
    return change(s, in, false);
}

static const struct stub_row rows[] = {
    { "Z", NULL, insert_point, NEEDS(insert), ROW_GLUED },
    { "z", NULL, remove_point, NEEDS(remove), ROW_GLUED },
};
const struct stub_family stub_break_packets = FAMILY(rows);
