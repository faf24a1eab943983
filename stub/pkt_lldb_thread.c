/* pkt_lldb_thread.c - jThreadsInfo and qThreadStopInfo: why each thread stands, and what lldb
 * will ask of it next (LLDB's docs/resources/lldbgdbremote.md). */
#include "stub/engine.h"

/* ---- jThreadsInfo ---- */

/* How much of each thread is said; the first that fits for all of them is sent. */
enum level { WITH_STACK, WITH_FRAMES, WITH_REGISTERS, REGISTERS_WITH_REASON, REASON_ONLY, LEVELS };

/* Every general register: lldb forgets those of the stop reply that are not named here. */
static int
put_registers(struct engine *s, struct rsp_json *json, struct rsp_id id)
{
    const struct arch_layout *layout = stub_layout(s, id.pid);
    struct arch_register r = { 0 };
    union {
        uint8_t bytes[ARCH_SIZE_MAX];
        uint64_t number;
    } value;

    if (!HAS(s, get_register))
        return 0;
    rsp_json_key(json, "registers");
    rsp_json_open(json, '{');
    while (!json->out->cut && arch_next(layout, &r)) {
        uint8_t number[8];
        struct rsp_out key = rsp_out_to(number, sizeof(number) - 1);
        int result;

        if (r.row->group != ARCH_GENERAL || r.size > sizeof(value))
            continue;
        result = s->target->get_register(s->object, id, &r, &value);
        if (result == STUB_LATER)
            return result;
        if (result != 0)
            continue;
        rsp_put_dec(&key, r.number);
        number[key.len] = '\0';
        rsp_json_key(json, (const char *)number);
        rsp_json_hex_bytes(json, value.bytes, r.size);
    }
    rsp_json_close(json, '}');
    return 0;
}

/* Where the next outer frame is: its caller's frame pointer stands in it. Upwards only; 0 at the
 * end. */
static int
step_frame(struct engine *s, struct rsp_id id, uint64_t *frame)
{
    const struct arch *arch = stub_layout(s, id.pid)->arch;
    struct arch_memory memory = stub_memory(s);
    size_t word = arch->address_bytes, got;
    uint8_t bytes[8];
    uint64_t caller;

    memory.process = stub_process_of(s, id.pid);
    got = arch_read(&memory, *frame, bytes, word);
    if (got == ARCH_LATER)
        return STUB_LATER;
    caller = got == word ? arch_get_uint(arch, bytes, word) : 0;
    *frame = caller > *frame && caller - *frame >= 2 * word ? caller : 0;
    return 0;
}

/* The chain of frame pointers, two addresses a frame (the caller's frame pointer and the return
 * address): with it lldb walks the stack without asking. Frames inside [start, start + size) were
 * sent with that. */
static int
put_frames(struct engine *s, struct rsp_json *json, struct rsp_id id, uint64_t start,
           uint64_t size)
{
    enum { FRAMES_MAX = 64 };
    size_t pair = 2u * stub_layout(s, id.pid)->arch->address_bytes;
    bool late = false;
    uint64_t frame;
    int r = 0;

    if (!stub_get_role(s, id, ARCH_FP, &frame, &late))
        return late ? STUB_LATER : 0;
    for (unsigned i = 0; i < FRAMES_MAX && frame != 0 && r == 0; i++) {
        if (frame - start >= size || size - (frame - start) < pair)
            r = stub_json_ahead(s, json, id, frame, pair);
        if (r == 0)
            r = step_frame(s, id, &frame);
    }
    return r;
}

static int
put_memory(struct engine *s, struct rsp_json *json, struct rsp_id id, enum level level)
{
    uint64_t size = 0, start = 0;
    bool late = false;
    int r = 0;

    rsp_json_key(json, "memory");
    rsp_json_open(json, '[');
    if (level == WITH_STACK)
        start = stub_stack_window(s, id, &size, &late);
    if (size > 0)
        r = stub_json_ahead(s, json, id, start, (size_t)size);
    if (r == 0 && !late && HAS(s, read_memory))
        r = put_frames(s, json, id, start, size);
    rsp_json_close(json, ']');
    return late ? STUB_LATER : r;
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
put_thread(struct engine *s, struct rsp_json *json, struct rsp_id id, enum level level)
{
    struct stub_event event = { .kind = STUB_STOPPED, .id = id };
    int r = HAS(s, stop_of) ? s->target->stop_of(s->object, id, &event) : 0;
    bool stopped_for_something = r == 0 && stub_reason_name(event.reason) != NULL;

    if (r == STUB_LATER)
        return r;
    rsp_json_open(json, '{');
    rsp_json_key(json, "tid");
    rsp_json_dec(json, (uint64_t)id.tid);
    r = level < REASON_ONLY ? put_name(s, json, id) : 0;
    if (stopped_for_something)
        stub_json_reason(s, json, &event);
    if (r == 0 && level < REASON_ONLY && (level < REGISTERS_WITH_REASON || stopped_for_something))
        r = put_registers(s, json, id);
    if (r == 0 && level <= WITH_FRAMES)
        r = put_memory(s, json, id, level);
    rsp_json_close(json, '}');
    return r;
}

static int
put_threads(struct engine *s, struct rsp_out *out, enum level level)
{
    struct rsp_json json = rsp_json_to(out);
    struct rsp_id at = { 0, 0 };
    int r;

    rsp_json_open(&json, '[');
    while (!out->cut && (r = stub_next_thread(s, &at)) != 0) {
        if (r == 1)
            r = put_thread(s, &json, at, level);
        if (r != 0)
            return r;
    }
    rsp_json_close(&json, ']');
    return 0;
}

/* An lldb that once gets the empty reply never asks again (19, measured), also when more threads
 * come; so a target with threads always answers, and one that never has more than one thread,
 * whose stop reply says it all, never does: that saves a round trip at each stop. */
static int
say_all_threads(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_out start = *out;

    if (!rsp_take_end(in))
        return PKT_BAD;
    for (enum level level = WITH_STACK; level < LEVELS; level++) {
        int r;

        *out = start;
        r = put_threads(s, out, level);
        if (r != 0 || !out->cut)
            return r;
    }
    return PKT_EMPTY;
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

static const struct stub_row rows[] = {
    { "jThreadsInfo", say_all_threads, NEEDS(next_thread), 0 },
    { "qThreadStopInfo", say_thread_stop, 0, ROW_GLUED },
};
static const struct stub_hooks hooks = {
    .put_rest = stub_put_lldb_rest,
    .done_too = stub_done_lldb_rest,
};
const struct stub_family stub_lldb_thread_packets = FAMILY_WITH(rows, &hooks);
