/* ahead.c - memory that goes out with a stop, because the debugger would read it next (LLDB's
 * docs/resources/lldbgdbremote.md, "memory" of stop replies and of jThreadsInfo).
 *
 * Which memory that is, stacks.c knows where it is hung in: the frames that will be unwound. Else
 * it is a piece of the stack, and with JSON the chain of frame pointers.
 *
 * lldb keeps these pieces beside those of its own reads of more than 512 bytes (19 and 22). Of two
 * that overlap it finds only the one that begins later, and when the user writes there it forgets
 * only that one and shows the old value of the other (MemoryCache::Flush). So pieces of one stop
 * never overlap: what a stop reply and jThreadsInfo both hold begins at the same addresses. */
#include "stub/engine.h"

#include <string.h>

/* Without stacks.c: from BELOW under the stack pointer (leaf functions keep data there, and a long
 * read around a variable shall lie within the piece) up to ABOVE over it; a LITTLE where bytes are
 * dear. */
enum { BELOW = 512, ABOVE = 1024, LITTLE = 192, CHAIN_MAX = 64, R_DEBUG_SIZE = 40 };

/* lldb has a use for it, and it can be had. */
static bool
is_wanted(const struct engine *s)
{
    return (s->client & CLIENT_LLDB) != 0 && HAS(s, read_memory);
}

static size_t
read_some(struct engine *s, int64_t pid, uint64_t address, void *buffer, size_t size)
{
    struct arch_memory memory = stub_memory(s);

    if (s->ahead != NULL)
        return s->ahead->read(s->ahead, s, pid, address, buffer, size);
    memory.process = stub_process_of(s, pid);
    return arch_read(&memory, address, buffer, size);
}

static bool
is_readable(struct engine *s, struct rsp_id id, uint64_t address, bool *late)
{
    uint8_t byte;
    size_t n = read_some(s, id.pid, address, &byte, 1);

    *late = n == ARCH_LATER;
    return n == 1;
}

/* The one range that is known without stacks.c. As stub_ahead's stack(). */
static int
find_window(struct engine *s, struct rsp_id id, struct stub_piece *range)
{
    bool late = false;
    uint64_t sp;

    if (!stub_get_role(s, id, ARCH_SP, &sp, &late) || sp <= BELOW)
        return late ? STUB_LATER : 0;
    *range = (struct stub_piece){ sp - BELOW, BELOW + ABOVE };
    if ((s->flags & STUB_SERIAL) != 0)
        *range = (struct stub_piece){ sp, LITTLE };
    else if (!is_readable(s, id, sp - BELOW, &late)) /* the mapping begins between the two */
        *range = (struct stub_piece){ sp, ABOVE };
    return late ? STUB_LATER : 1;
}

static int
find_ranges(struct engine *s, struct rsp_id id, struct stub_depth depth, struct stub_piece *window,
            const struct stub_piece **ranges)
{
    if (s->ahead != NULL)
        return s->ahead->stack(s->ahead, s, id, depth, ranges);
    *ranges = window;
    return find_window(s, id, window);
}

/* Reads into the end of out's room what can be read there, and says where and how much; 0 also
 * when its digits would not fit. ARCH_LATER. */
static size_t
read_into(struct engine *s, int64_t pid, struct rsp_out *out, struct stub_piece range,
          const uint8_t **bytes)
{
    uint8_t *end = out->buf + out->cap;
    size_t n;

    *bytes = end;
    if (range.size > rsp_out_room(out) / 2)
        return 0;
    n = read_some(s, pid, range.address, end - range.size, range.size);
    if (n == ARCH_LATER || n == 0)
        return n;
    *bytes = end - n;
    memmove(end - n, end - range.size, n);
    return n;
}

/* *v is the address that lies there: 1; 0 when it cannot be read. STUB_LATER. */
static int
read_pointer(struct engine *s, int64_t pid, uint64_t address, uint64_t *v)
{
    const struct arch *arch = stub_layout(s, pid)->arch;
    uint8_t bytes[8];
    size_t n = read_some(s, pid, address, bytes, arch->address_bytes);

    if (n == ARCH_LATER)
        return STUB_LATER;
    *v = n == arch->address_bytes ? arch_get_uint(arch, bytes, n) : 0;
    return n == arch->address_bytes;
}

/* ---- pieces, whatever they are put into ---- */

/* Puts one piece into `to`, a struct rsp_out or rsp_json; nothing when it cannot be read or does
 * not fit. */
typedef int put_fn(struct engine *s, void *to, struct rsp_id id, struct stub_piece range);

/* The ranges that somebody found, or what he could not: count is then negative. */
static int
put_ranges(struct engine *s, put_fn *put, void *to, struct rsp_id id,
           const struct stub_piece *ranges, int count)
{
    int r = count < 0 ? count : 0;

    for (int i = 0; i < count && r == 0; i++)
        r = put(s, to, id, ranges[i]);
    return r;
}

/* The pointer to the dynamic linker's r_debug and what it points to: at each stop of the linker
 * lldb reads them. */
static int
find_linker(struct engine *s, struct rsp_id id, struct stub_piece ranges[2])
{
    uint64_t address, debug;
    int r = -STUB_ENOTSUP;

    if (HAS(s, shlib_info))
        r = s->target->shlib_info(stub_process_of(s, id.pid), &address);
    if (r != 0)
        return r == STUB_LATER ? r : 0;
    r = read_pointer(s, id.pid, address, &debug);
    if (r < 0)
        return r;
    ranges[0] = (struct stub_piece){ address, stub_layout(s, id.pid)->arch->address_bytes };
    ranges[1] = (struct stub_piece){ debug, R_DEBUG_SIZE };
    return debug != 0 ? 2 : 1;
}

/* What was read at the last stops; not again what the stop reply has had of the linker. */
static int
put_recent(struct engine *s, put_fn *put, void *to, struct rsp_id id)
{
    const struct stub_piece *ranges = NULL;
    struct stub_piece linker[2];
    int n = find_linker(s, id, linker);

    for (int i = 0; i < n; i++)
        s->ahead->claim(s->ahead, linker[i].address, linker[i].size);
    if (n >= 0)
        n = s->ahead->recent(s->ahead, &ranges);
    return put_ranges(s, put, to, id, ranges, n);
}

/* ---- in a stop reply ---- */

/* memory:0xADDRESS=BYTES; */
static int
put_chunk(struct engine *s, void *to, struct rsp_id id, struct stub_piece range)
{
    struct rsp_out *out = to;
    struct rsp_out before = *out;
    const uint8_t *bytes;
    size_t n;

    rsp_put_text(out, "memory:0x");
    rsp_put_hex(out, range.address);
    rsp_put(out, '=');
    n = read_into(s, id.pid, out, range, &bytes);
    if (n == ARCH_LATER)
        return STUB_LATER;
    rsp_put_hex_bytes(out, bytes, n);
    rsp_put(out, ';');
    if (out->cut || n == 0)
        *out = before;
    return 0;
}

/* A process of one thread is told all here; else jThreadsInfo follows when the user sees the stop,
 * and for the stops that only lldb sees the frames that it compares are enough. */
int
stub_put_ahead(struct engine *s, struct rsp_out *out, struct rsp_id id)
{
    static const struct stub_depth few = { 3, 5120 }, all = { 64, 16384 };
    const struct stub_piece *ranges;
    struct stub_piece window, linker[2];
    bool single;
    int r;

    if (!is_wanted(s))
        return 0;
    single = stub_stays_single(s, id.pid);
    if (s->ahead != NULL)
        s->ahead->begin(s->ahead, id.pid);
    r = find_ranges(s, id, single ? all : few, &window, &ranges);
    r = put_ranges(s, put_chunk, out, id, ranges, r);
    if (r == 0)
        r = put_ranges(s, put_chunk, out, id, linker, find_linker(s, id, linker));
    if (r == 0 && single && s->ahead != NULL)
        r = put_recent(s, put_chunk, out, id);
    return r;
}

/* ---- in JSON ---- */

/* Two digits a byte, and a tenth for the keys around the pieces; the stack has what the registers
 * of the thread leave. */
struct stub_depth
stub_json_ahead_begin(struct engine *s, const struct rsp_out *out, size_t threads)
{
    enum { REST_OF_THREAD = 1500, MOST = 8192 };
    size_t share = rsp_out_room(out) / (threads + 2); /* two for what was read lately */
    size_t bytes = share > REST_OF_THREAD ? (share - REST_OF_THREAD) / 9 * 4 : 0;

    if (s->ahead == NULL)
        return (struct stub_depth){ 0, BELOW + ABOVE };
    s->ahead->begin(s->ahead, s->general.pid);
    return (struct stub_depth){ 64, bytes < MOST ? bytes : MOST };
}

/* {"address":...,"bytes":"..."}, in a list that is open; one that does not fit ends it. */
static int
put_json(struct engine *s, void *to, struct rsp_id id, struct stub_piece range)
{
    struct rsp_json *json = to;
    struct rsp_out *out = json->out;
    const uint8_t *bytes;
    size_t n;

    if (range.size > rsp_out_room(out) / 2) {
        out->cut = true;
        return 0;
    }
    n = read_into(s, id.pid, out, range, &bytes);
    if (n == ARCH_LATER)
        return STUB_LATER;
    if (n == 0)
        return 0;
    rsp_json_open(json, '{');
    rsp_json_key(json, "address");
    rsp_json_dec(json, range.address);
    rsp_json_key(json, "bytes");
    rsp_json_hex_bytes(json, bytes, n); /* read before the digits reach them, or cut */
    rsp_json_close(json, '}');
    return 0;
}

/* Where the next outer frame is: its caller's frame pointer stands in it. Upwards only; 0 at the
 * end. */
static int
step_frame(struct engine *s, struct rsp_id id, uint64_t *frame)
{
    size_t word = stub_layout(s, id.pid)->arch->address_bytes;
    uint64_t caller;
    int r = read_pointer(s, id.pid, *frame, &caller);

    if (r < 0)
        return r;
    *frame = caller > *frame && caller - *frame >= 2 * word ? caller : 0;
    return 0;
}

/* The chain of frame pointers, two addresses a frame (the caller's frame pointer and the return
 * address): with it lldb walks the stack without asking. Frames inside the window were sent with
 * that. */
static int
put_frames(struct engine *s, struct rsp_json *json, struct rsp_id id, struct stub_piece window)
{
    size_t pair = 2u * stub_layout(s, id.pid)->arch->address_bytes;
    bool late = false;
    uint64_t frame;
    int r = 0;

    if (!stub_get_role(s, id, ARCH_FP, &frame, &late))
        return late ? STUB_LATER : 0;
    for (unsigned i = 0; i < CHAIN_MAX && frame != 0 && r == 0; i++) {
        if (frame - window.address >= window.size || window.size - (frame - window.address) < pair)
            r = put_json(s, json, id, (struct stub_piece){ frame, pair });
        if (r == 0)
            r = step_frame(s, id, &frame);
    }
    return r;
}

int
stub_json_ahead(struct engine *s, struct rsp_json *json, struct rsp_id id, struct stub_depth depth,
                bool last)
{
    const struct stub_piece *ranges = NULL;
    struct stub_piece window = { 0, 0 };
    int r = 0;

    if (!HAS(s, read_memory))
        return 0;
    if (depth.bytes >= BELOW + ABOVE || s->ahead != NULL)
        r = find_ranges(s, id, depth, &window, &ranges);
    r = put_ranges(s, put_json, json, id, ranges, r);
    if (r == 0 && s->ahead == NULL)
        r = put_frames(s, json, id, window);
    if (r == 0 && last && s->ahead != NULL)
        r = put_recent(s, put_json, json, id);
    return r;
}

bool
stub_stays_single(struct engine *s, int64_t pid)
{
    return s->ahead != NULL && HAS(s, stays_single) &&
           s->target->stays_single(stub_process_of(s, pid)) == 1;
}
