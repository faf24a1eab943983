/* pkt_monitor.c - qRcmd: `monitor COMMAND` (GDB manual, "General Query Packets"). What a command
 * says is the reply, as hex digits. */
#include "stub/engine.h"

#include <string.h>

/* The arguments of `text` when it is a call of that command, else NULL. */
static const char *
arguments_of(const char *text, const char *name)
{
    while (*name != '\0' && *text == *name) {
        text++;
        name++;
    }
    if (*name != '\0' || (*text != '\0' && *text != ' '))
        return NULL;
    while (*text == ' ')
        text++;
    return text;
}

static int
list_commands(const struct engine *s, struct rsp_out *said)
{
    for (const struct stub_command *c = s->commands; c->name != NULL; c++) {
        rsp_put_text(said, c->name);
        rsp_put_text(said, " - ");
        rsp_put_text(said, c->help);
        rsp_put(said, '\n');
    }
    return 0;
}

static int
run_command(struct engine *s, const char *text, struct rsp_out *said)
{
    for (const struct stub_command *c = s->commands; c->name != NULL; c++) {
        const char *arguments = arguments_of(text, c->name);

        if (arguments != NULL)
            return c->run(s->commands_context, arguments, said);
    }
    if (arguments_of(text, "help") != NULL)
        return list_commands(s, said);
    rsp_put_text(said, "Unknown monitor command.\n\n");
    (void)run_command(s, "help", said);
    return -STUB_ENOENT;
}

/* The words of a command that failed go ahead of its error, as an O packet. */
static int
say_failure(struct engine *s, struct rsp_out *out, const struct rsp_out *said, int result)
{
    s->said = (int16_t)result;
    rsp_put(out, 'O');
    rsp_put_hex_bytes(out, said->buf, said->len);
    return PKT_MORE;
}

/* The command stands in the first half of the room, what it says in the second, from where it is
 * spread to digits over both. */
static int
monitor(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    size_t half = out->cap / 2, n;
    struct rsp_out said = rsp_out_to(out->buf + half, half);
    int r = s->said;

    s->said = 0;
    if (r != 0)
        return r;
    rsp_take(in, ',');
    n = rsp_take_hex_bytes(in, out->buf, half - 1);
    if (!rsp_take_end(in))
        return PKT_BAD;
    if (s->commands == NULL)
        return PKT_EMPTY;
    out->buf[n] = '\0';
    r = run_command(s, (const char *)out->buf, &said);
    if (r == STUB_LATER || said.len == 0)
        return r == 0 ? PKT_OK : r;
    if (r < 0)
        return say_failure(s, out, &said, r);
    rsp_put_hex_bytes(out, said.buf, said.len);
    return PKT_DONE;
}

static const struct stub_row rows[] = {
    { "qRcmd", monitor, 0, ROW_IDLE },
};
static const struct stub_hook hooks[] = { HOOKED(give_up, stub_give_up) };
const struct stub_family stub_monitor_packets = FAMILY_WITH(rows, hooks);
