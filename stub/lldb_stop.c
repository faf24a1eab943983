/* lldb_stop.c - what a stop reply tells an lldb beside the stop: threads, where they stand and
 * why, memory (LLDB's docs, "stop reply packet extensions"). */
#include "stub/engine.h"

#include <string.h>

static void
put_key(struct rsp_out *out, const char *key)
{
    rsp_put_text(out, key);
    rsp_put(out, ':');
}

static int
put_thread_ids(struct engine *s, struct rsp_out *out, int64_t pid)
{
    struct rsp_id at = { 0, 0 };
    int r;

    put_key(out, "threads");
    for (bool more = false; (r = stub_next_thread_of(s, pid, &at)) == 1; more = true) {
        if (more)
            rsp_put(out, ',');
        stub_put_thread(s, out, at);
        if (out->cut)
            return 0;
    }
    rsp_put(out, ';');
    return r;
}

static int
put_thread_pcs(struct engine *s, struct rsp_out *out, int64_t pid)
{
    struct rsp_id at = { 0, 0 };
    int r;

    put_key(out, "thread-pcs");
    for (bool more = false; (r = stub_next_thread_of(s, pid, &at)) == 1; more = true) {
        bool late = false;
        uint64_t pc;

        if (!stub_get_role(s, at, ARCH_PC, &pc, &late))
            pc = 0;
        if (late)
            return STUB_LATER;
        if (more)
            rsp_put(out, ',');
        rsp_put_hex(out, pc);
        if (out->cut)
            return 0;
    }
    rsp_put(out, ';');
    return r;
}

int
stub_put_thread_list(struct engine *s, struct rsp_out *out, int64_t pid)
{
    struct rsp_out before = *out;
    int r = put_thread_ids(s, out, pid);

    if (r == 0 && !out->cut)
        r = put_thread_pcs(s, out, pid);
    if (r == 0 && out->cut)
        *out = before;
    return r;
}

/* One thread's entry in jstopinfo; threads without a reason have none. */
static int
put_stop_info(struct engine *s, struct rsp_json *json, struct rsp_id id)
{
    struct stub_event event;
    int r = s->target->stop_of(s->object, id, &event);

    if (r != 0 || stub_reason_name(s, event.reason) == NULL)
        return r == STUB_LATER ? r : 0;
    rsp_json_open(json, '{');
    rsp_json_key(json, "tid");
    rsp_json_dec(json, (uint64_t)id.tid);
    stub_json_reason(s, json, &event);
    rsp_json_close(json, '}');
    return 0;
}

/* The JSON is written where its digits will end and spread over the room before it. An lldb that
 * is sent none asks each thread by itself (qThreadStopInfo), a thousand round trips after an
 * attach; so it is sent the empty list too. */
static int
put_stop_infos(struct engine *s, struct rsp_out *out, int64_t pid)
{
    struct rsp_out before = *out, text;
    struct rsp_json json;
    struct rsp_id at = { 0, 0 };
    size_t half;
    int r;

    put_key(out, "jstopinfo");
    half = rsp_out_room(out) / 2;
    text = rsp_out_to(out->buf + out->len + half, half);
    json = rsp_json_to(&text);
    json.plain = true;
    rsp_json_open(&json, '[');
    while ((r = stub_next_thread_of(s, pid, &at)) == 1 && !text.cut)
        if ((r = put_stop_info(s, &json, at)) != 0)
            break;
    rsp_json_close(&json, ']');
    if (r == STUB_LATER)
        return r;
    memmove(out->buf + out->len + text.len, text.buf, text.len);
    rsp_put_hex_bytes(out, out->buf + out->len + text.len, text.len);
    rsp_put(out, ';');
    if (out->cut || text.cut)
        *out = before;
    return 0;
}

int
stub_put_lldb_rest(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    int r = 0;

    if ((s->client & CLIENT_LIST_THREADS) != 0)
        r = stub_put_thread_list(s, out, event->id.pid);
    if (r == 0 && (s->client & CLIENT_LIST_THREADS) != 0 && HAS(s, stop_of))
        r = put_stop_infos(s, out, event->id.pid);
    return r == 0 ? stub_put_ahead(s, out, event->id) : r;
}

/* A stop reply to an lldb that lists threads, and jThreadsInfo after it, say why every thread
 * stands; it deals with all of them at once, and to hear of one again would be a second event. */
void
stub_done_lldb_rest(struct engine *s)
{
    struct stub_event event = { 0 };

    if ((s->client & CLIENT_LIST_THREADS) == 0 || s->told[CHANNEL_STOP].kind != STUB_STOPPED ||
        !HAS(s, done))
        return;
    while (s->target->peek(s->object, 1u << STUB_STOPPED, &event) == 1)
        s->target->done(s->object, &event);
}
