/* pkt_condition.c - what the target decides at a stop: Z's conditions and commands, agent
 * expressions (GDB manual, "Packets", Z0), and which system calls stop (QCatchSyscalls). */
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
take_lists(struct rsp_in *in, const struct rsp_out *scratch, struct stub_point *point)
{
    struct rsp_out to = *scratch;

    if (rsp_left(in) > 1 && in->p[1] == 'X') {
        rsp_take(in, ';');
        take_list(in, &to, &point->conditions, &point->conditions_size);
    }
    if (rsp_take_text_if(in, ";cmds:")) {
        point->persist = rsp_take_hex(in) != 0;
        rsp_take(in, ',');
        take_list(in, &to, &point->commands, &point->commands_size);
    }
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

/* Keys of gdb's for what is no packet of its own; whole or not at all. */
static void
say_abilities(struct engine *s, struct rsp_out *out)
{
    size_t before = out->len;

    if ((s->client & CLIENT_GDB) == 0 || !HAS(s, insert) ||
        s->target->size <= offsetof(struct stub_target, evaluates) || !s->target->evaluates)
        return;
    rsp_put_text(out, ";ConditionalBreakpoints+;BreakpointCommands+");
    if (out->cut)
        rsp_out_back(out, before);
}

static const struct stub_row rows[] = {
    { "QCatchSyscalls", catch_syscalls, NEEDS(catch_syscall), ROW_TOLD | ROW_GDB_KEY },
};
static const struct stub_hook hooks[] = {
    HOOKED(take_lists, take_lists),
    HOOKED(say_more, say_abilities),
};
const struct stub_family stub_condition_packets = FAMILY_WITH(rows, hooks);
