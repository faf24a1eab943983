/* pkt_lldb_thread.c - jThreadsInfo and qThreadStopInfo: why each thread stands, and what lldb
 * will ask of it next (LLDB's docs/resources/lldbgdbremote.md). */
#include "stub/engine.h"

/* ---- jThreadsInfo ---- */

/* How much of each thread is said; the first that fits for all of them is sent. Where a thousand
 * threads leave room for a hundred bytes each, pc, sp and fp are what an lldb asks next to list
 * them, one by one. */
enum level {
    WITH_STACK,
    WITH_FRAMES,
    WITH_REGISTERS,
    WITH_FRAME_REGISTERS, /* all of them where there is a reason */
    REGISTERS_WITH_REASON,
    REASON_ONLY,
    LEVELS
};

/* What is said of each thread, and whether this is the last one. */
struct extent {
    enum level level;
    struct stub_depth depth; /* of its stack */
    bool last;
    size_t threads;
};

static int
put_register(struct engine *s, struct rsp_json *json, struct rsp_id id,
             const struct arch_register *r)
{
    union {
        uint8_t bytes[ARCH_SIZE_MAX];
        uint64_t number;
    } value;
    uint8_t number[8];
    struct rsp_out key = rsp_out_to(number, sizeof(number) - 1);
    int result;

    if (r->size > sizeof(value))
        return 0;
    result = s->target->get_register(s->object, id, r, &value);
    if (result != 0)
        return result == STUB_LATER ? result : 0;
    rsp_put_dec(&key, r->number);
    number[key.len] = '\0';
    rsp_json_key(json, (const char *)number);
    rsp_json_hex_bytes(json, value.bytes, r->size);
    return 0;
}

static int
put_frame_registers(struct engine *s, struct rsp_json *json, struct rsp_id id)
{
    static const uint8_t roles[] = { ARCH_FP, ARCH_SP, ARCH_PC };
    const struct arch_layout *layout = stub_layout(s, id.pid);
    struct arch_register r;
    int result = 0;

    for (size_t i = 0; i < sizeof(roles) && result == 0; i++)
        if (arch_register_role(layout, roles[i], &r))
            result = put_register(s, json, id, &r);
    return result;
}

static int
put_general_registers(struct engine *s, struct rsp_json *json, struct rsp_id id)
{
    const struct arch_layout *layout = stub_layout(s, id.pid);
    struct arch_register r = { 0 };
    int result = 0;

    while (result == 0 && !json->out->cut && arch_next(layout, &r))
        if (r.row->group == ARCH_GENERAL)
            result = put_register(s, json, id, &r);
    return result;
}

/* Every general register, or few: lldb forgets those of the stop reply that are not named here. */
static int
put_registers(struct engine *s, struct rsp_json *json, struct rsp_id id, bool few)
{
    int r;

    if (!HAS(s, get_register))
        return 0;
    rsp_json_key(json, "registers");
    rsp_json_open(json, '{');
    r = few ? put_frame_registers(s, json, id) : put_general_registers(s, json, id);
    rsp_json_close(json, '}');
    return r;
}

static int
put_name(struct engine *s, struct rsp_json *json, struct rsp_id id)
{
    struct stub_thread_info info = { .core = STUB_ANY_CORE };
    int r = HAS(s, thread_info) ? s->target->thread_info(s->object, id, &info) : -STUB_ENOTSUP;

    if (r == 0 && info.name[0] != '\0') {
        rsp_json_key(json, "name");
        rsp_json_text(json, info.name);
    }
    return r == STUB_LATER ? r : 0;
}

static int
put_memory(struct engine *s, struct rsp_json *json, struct rsp_id id, struct extent extent)
{
    int r;

    rsp_json_key(json, "memory");
    rsp_json_open(json, '[');
    r = stub_json_ahead(s, json, id, extent.depth, extent.last);
    rsp_json_close(json, ']');
    return r;
}

static int
put_thread(struct engine *s, struct rsp_json *json, struct rsp_id id, struct extent extent)
{
    enum level level = extent.level;
    struct stub_event event = { .kind = STUB_STOPPED, .id = id };
    int r = HAS(s, stop_of) ? s->target->stop_of(s->object, id, &event) : 0;
    bool stopped_for_something = r == 0 && stub_reason_name(s, event.reason) != NULL;

    if (r == STUB_LATER)
        return r;
    rsp_json_open(json, '{');
    rsp_json_key(json, "tid");
    rsp_json_dec(json, (uint64_t)id.tid);
    r = level < REASON_ONLY ? put_name(s, json, id) : 0;
    if (stopped_for_something)
        stub_json_reason(s, json, &event);
    if (r == 0 && level < REASON_ONLY && (level < REGISTERS_WITH_REASON || stopped_for_something))
        r = put_registers(s, json, id, level == WITH_FRAME_REGISTERS && !stopped_for_something);
    if (r == 0 && level <= WITH_FRAMES)
        r = put_memory(s, json, id, extent);
    rsp_json_close(json, '}');
    return r;
}

static int
count_threads(struct engine *s, size_t *count)
{
    struct rsp_id at = { 0, 0 };
    int r;

    *count = 0;
    while ((r = stub_next_thread(s, &at)) == 1)
        ++*count;
    return r;
}

/* After the first few of many threads: at twice the room the level is given up, not at its end. */
static bool
is_hopeless(const struct rsp_out *out, size_t done, size_t threads)
{
    enum { FEW = 16 };
    return done == FEW && out->len / FEW * threads / 2 > out->cap;
}

/* Which thread is the last is known when the next one is asked for. */
static int
put_threads(struct engine *s, struct rsp_out *out, struct extent extent)
{
    struct rsp_json json = rsp_json_to(out);
    struct rsp_id next = { 0, 0 }, at;
    size_t done = 0;
    int r = stub_next_thread(s, &next);

    rsp_json_open(&json, '[');
    while (!out->cut && r == 1) {
        at = next;
        r = stub_next_thread(s, &next);
        extent.last = r == 0;
        if (r != STUB_LATER && put_thread(s, &json, at, extent) != 0)
            return STUB_LATER;
        out->cut = out->cut || is_hopeless(out, ++done, extent.threads);
    }
    rsp_json_close(&json, ']');
    return r == STUB_LATER ? r : 0;
}

static int
put_level(struct engine *s, struct rsp_out *out, enum level level, size_t threads)
{
    struct extent extent = { .level = level, .threads = threads };

    if (level <= WITH_FRAMES)
        extent.depth = stub_json_ahead_begin(s, out, threads);
    if (level == WITH_FRAMES)
        extent.depth.bytes = 0;
    return put_threads(s, out, extent);
}

/* An lldb that once gets the empty reply never asks again (19, measured), also when more threads
 * come; so a target with threads always answers, and one that never has more than one thread,
 * whose stop reply says it all, never does: that saves a round trip at each stop. */
static int
say_all_threads(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_out start = *out;
    size_t threads;
    int r;

    (void)in;
    if (stub_stays_single(s, s->general.pid))
        return PKT_EMPTY;
    r = count_threads(s, &threads);
    for (enum level level = WITH_STACK; r == 0 && level < LEVELS; level++) {
        *out = start;
        r = put_level(s, out, level, threads);
        if (r != 0 || !out->cut)
            return r;
    }
    return r != 0 ? r : PKT_EMPTY;
}

/* ---- qThreadStopInfo ---- */

static int
say_thread_stop(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_event event = { .kind = STUB_STOPPED };
    struct rsp_id id = stub_take_id(s, in);
    int r;

    if (!rsp_take_end(in))
        return PKT_BAD;
    r = stub_settle_id(s, &id);
    if (r != 0)
        return r;
    event.id = id;
    if (HAS(s, stop_of))
        r = s->target->stop_of(s->object, id, &event);
    return r != 0 ? r : stub_put_stop(s, out, &event);
}

static const struct stub_row stop_rows[] = {
    { "qThreadStopInfo", say_thread_stop, 0, ROW_GLUED },
};
const struct stub_family stub_lldb_stop_packets = FAMILY(stop_rows);

static const struct stub_row rows[] = {
    { "jThreadsInfo", say_all_threads, NEEDS(next_thread), ROW_BARE },
};
static const struct stub_hook hooks[] = {
    HOOKED(put_rest, stub_put_lldb_rest),
    HOOKED(done_too, stub_done_lldb_rest),
};
const struct stub_family stub_lldb_thread_packets = FAMILY_WITH(rows, hooks);
