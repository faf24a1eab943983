/* pkt_break.c - what makes the program stop: Z and z, breakpoints and watchpoints with their lists
 * of agent expressions (GDB manual, "Packets", z0 to z4), and QCatchSyscalls. */
#include "stub/engine.h"

/* ---- lists of agent expressions ---- */

/* LENGTH,HEX behind an X: goes to `to` behind two bytes of its length. */
static void
take_expression(struct rsp_in *in, struct rsp_out *to)
{
    uint64_t size = rsp_take_hex(in);
    size_t room = rsp_out_room(to);

    rsp_take(in, ',');
    if (in->bad || size > UINT16_MAX || room < 2 || size > room - 2) {
        in->bad = true;
        return;
    }
    rsp_put(to, (char)(size >> 8));
    rsp_put(to, (char)(size & 0xff));
    if (rsp_take_hex_bytes(in, to->buf + to->len, (size_t)size) != size)
        in->bad = true;
    to->len += (size_t)size;
}

/* X... X..., with or without a ';' between. */
static void
take_list(struct rsp_in *in, struct rsp_out *to, const uint8_t **list, size_t *size)
{
    size_t start = to->len;

    rsp_take(in, 'X');
    do
        take_expression(in, to);
    while (rsp_take_if(in, 'X') || rsp_take_text_if(in, ";X"));
    *list = to->buf + start;
    *size = to->len - start;
}

/* What may stand behind the kind: ;CONDITIONS ;cmds:PERSIST,COMMANDS */
static void
take_lists(struct rsp_in *in, struct rsp_out *to, struct stub_point *point)
{
    if (rsp_left(in) > 1 && in->p[1] == 'X') {
        rsp_take(in, ';');
        take_list(in, to, &point->conditions, &point->conditions_size);
    }
    if (rsp_take_text_if(in, ";cmds:")) {
        point->persist = rsp_take_hex(in) != 0;
        rsp_take(in, ',');
        take_list(in, to, &point->commands, &point->commands_size);
    }
}

/* ---- points ---- */

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
    uint64_t type = rsp_take_hex(in), kind;

    rsp_take(in, ',');
    point.address = rsp_take_hex(in);
    rsp_take(in, ',');
    kind = rsp_take_hex(in);
    take_lists(in, &lists, &point);
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

/* ---- system calls ---- */

/* ;NUMBER;NUMBER... */
static bool
are_numbers(struct rsp_in in)
{
    while (rsp_take_if(&in, ';'))
        rsp_take_hex(&in);
    return rsp_take_end(&in);
}

/* Numbers are looked at before the first is caught, so that a malformed list changes nothing. */
static int
catch_syscalls(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    void *process = stub_process(s);
    bool on, all;
    int r;

    (void)out;
    rsp_take(in, ':');
    on = rsp_take_if(in, '1');
    if (!on)
        rsp_take(in, '0');
    if (!are_numbers(*in) || (!on && rsp_left(in) > 0))
        return PKT_BAD;
    all = on && rsp_left(in) == 0;
    r = s->target->catch_syscall(process, all ? STUB_CATCH_ALL : STUB_CATCH_NONE, 0);
    while (r == 0 && rsp_take_if(in, ';'))
        r = s->target->catch_syscall(process, STUB_CATCH_TOO, rsp_take_hex(in));
    return r == 0 ? PKT_OK : r;
}

static const struct stub_row rows[] = {
    { "Z", NULL, insert_point, NEEDS(insert), ROW_GLUED },
    { "z", NULL, remove_point, NEEDS(remove), ROW_GLUED },
    { "QCatchSyscalls", "QCatchSyscalls+", catch_syscalls, NEEDS(catch_syscall), ROW_GDB_KEY },
};
const struct stub_family stub_break_packets = FAMILY(rows);
