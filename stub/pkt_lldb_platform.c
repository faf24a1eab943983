/* pkt_lldb_platform.c - servers that a platform starts for its client
 * (LLDB's docs/resources/lldbplatformpackets.md). */
#include "stub/engine.h"

/* qLaunchGDBServer;host:NAME;port:N; - the name is the client's own and of no use here: servers
 * listen where the client came in. */
static int
start_server(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_server server = { 0 };
    uint64_t port = 0;
    int r;

    rsp_take(in, ';');
    while (rsp_left(in) > 0) {
        struct rsp_in word = rsp_take_until(in, ';');

        rsp_take_if(in, ';');
        if (rsp_take_text_if(&word, "port:"))
            port = rsp_take_dec(&word);
    }
    if (!rsp_take_end(in) || port > UINT16_MAX)
        return PKT_BAD;
    r = s->target->servers->start(s->object, (uint16_t)port, &server);
    if (r != 0)
        return r;
    rsp_put_text(out, "pid:");
    rsp_put_dec(out, (uint64_t)server.pid);
    rsp_put_text(out, ";port:");
    rsp_put_dec(out, server.port);
    rsp_put(out, ';');
    if (server.path != NULL) {
        rsp_put_text(out, "socket_name:");
        rsp_put_hex_text(out, server.path);
        rsp_put(out, ';');
    }
    return PKT_DONE;
}

/* Those that were started with a program and wait for its client. */
static int
list_servers(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)in;
    enum { NO_SERVER = 4 };
    struct rsp_json json = rsp_json_to(out);
    struct stub_server server = { 0 };
    unsigned i = 0;
    int r;

    rsp_json_open(&json, '[');
    while ((r = s->target->servers->waiting(s->object, i, &server)) == 1) {
        rsp_json_open(&json, '{');
        rsp_json_key(&json, "port");
        rsp_json_dec(&json, server.port);
        if (server.path != NULL) {
            rsp_json_key(&json, "socket_name");
            rsp_json_text(&json, server.path);
        }
        rsp_json_close(&json, '}');
        i++;
    }
    rsp_json_close(&json, ']');
    return r != 0 ? r : i == 0 ? -NO_SERVER : PKT_DONE;
}

static int
kill_spawned(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    uint64_t pid;
    int r;

    (void)out;
    rsp_take(in, ':');
    pid = rsp_take_dec(in);
    if (!rsp_take_end(in) || pid == 0 || pid > INT32_MAX)
        return PKT_BAD;
    r = s->target->servers->kill(s->object, (int64_t)pid);
    return r == 0 ? PKT_OK : r;
}

static const struct stub_row rows[] = {
    { "qLaunchGDBServer", start_server, NEEDS(servers), ROW_IDLE },
    { "qQueryGDBServer", list_servers, NEEDS(servers), ROW_BARE | ROW_IDLE },
    { "qKillSpawnedProcess", kill_spawned, NEEDS(servers), ROW_IDLE },
};
const struct stub_family stub_lldb_platform_packets = FAMILY(rows);
