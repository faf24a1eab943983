/* ahead.c - memory that goes out with a stop, because the debugger would read it next (LLDB's
 * docs/resources/lldbgdbremote.md, "memory" of stop replies and of jThreadsInfo). */
#include "stub/engine.h"

#include <string.h>

/* What goes out of a stack: from BELOW under the stack pointer (leaf functions keep data there) up
 * to ABOVE over it, the innermost frames; more above saved no more round trips (measured).
 *
 * lldb keeps these bytes beside those of its own reads of more than 512 bytes, and when the user
 * writes where two such pieces overlap it forgets only one of them (19 and 22, MemoryCache::Flush,
 * whoever sent the piece): the old value is shown then. A piece that holds the whole of such a
 * read cannot be overlapped by it, hence as much below as above a variable of the frame. */
enum { BELOW = 512, ABOVE = 1024 };

static bool
is_readable(struct engine *s, struct rsp_id id, uint64_t address, bool *late)
{
    struct arch_memory memory = stub_memory(s);
    uint8_t byte;
    size_t n;

    memory.process = stub_process_of(s, id.pid);
    n = arch_read(&memory, address, &byte, 1);
    *late = n == ARCH_LATER;
    return n == 1;
}

uint64_t
stub_stack_window(struct engine *s, struct rsp_id id, uint64_t *size, bool *late)
{
    uint64_t sp;

    *size = 0;
    if (!HAS(s, read_memory) || !stub_get_role(s, id, ARCH_SP, &sp, late) || sp <= BELOW)
        return 0;
    *size = ABOVE;
    if (!is_readable(s, id, sp - BELOW, late))
        return sp; /* the stack's mapping begins between the two */
    *size += BELOW;
    return sp - BELOW;
}

/* Reads into the end of out's room what can be read there, and says where and how much; 0 also
 * when its digits would not fit. ARCH_LATER. */
static size_t
read_into(struct engine *s, struct rsp_id id, struct rsp_out *out, uint64_t address, size_t size,
          const uint8_t **bytes)
{
    struct arch_memory memory = stub_memory(s);
    uint8_t *end = out->buf + out->cap;
    size_t n;

    *bytes = end;
    if (2 * size > rsp_out_room(out))
        return 0;
    memory.process = stub_process_of(s, id.pid);
    n = arch_read(&memory, address, end - size, size);
    if (n == ARCH_LATER || n == 0)
        return n;
    *bytes = end - n;
    memmove(end - n, end - size, n);
    return n;
}

/* memory:0xADDRESS=BYTES; or nothing when it cannot be read or does not fit. */
static int
put_chunk(struct engine *s, struct rsp_out *out, struct rsp_id id, uint64_t address, size_t size)
{
    struct rsp_out before = *out;
    const uint8_t *bytes;
    size_t n;

    rsp_put_text(out, "memory:0x");
    rsp_put_hex(out, address);
    rsp_put(out, '=');
    n = read_into(s, id, out, address, size, &bytes);
    if (n == ARCH_LATER)
        return STUB_LATER;
    rsp_put_hex_bytes(out, bytes, n);
    rsp_put(out, ';');
    if (out->cut || n == 0)
        *out = before;
    return 0;
}

/* The pointer to the dynamic linker's r_debug and what it points to: at each stop of the linker
 * lldb reads them. */
static int
put_linker(struct engine *s, struct rsp_out *out, struct rsp_id id)
{
    enum { R_DEBUG_SIZE = 40 };
    const struct arch *arch = stub_layout(s, id.pid)->arch;
    struct arch_memory memory = stub_memory(s);
    size_t word = arch->address_bytes;
    uint64_t address, debug;
    uint8_t bytes[8];
    size_t n;
    int r;

    memory.process = stub_process_of(s, id.pid);
    r = HAS(s, shlib_info) ? s->target->shlib_info(memory.process, &address) : -STUB_ENOTSUP;
    if (r != 0)
        return r == STUB_LATER ? r : 0;
    r = put_chunk(s, out, id, address, word);
    n = r == 0 ? arch_read(&memory, address, bytes, word) : 0;
    if (r != 0 || n == ARCH_LATER)
        return STUB_LATER;
    debug = n == word ? arch_get_uint(arch, bytes, word) : 0;
    return debug != 0 ? put_chunk(s, out, id, debug, R_DEBUG_SIZE) : 0;
}

int
stub_put_ahead(struct engine *s, struct rsp_out *out, struct rsp_id id)
{
    bool late = false;
    uint64_t size, address;
    int r = 0;

    if ((s->client & CLIENT_LLDB) == 0 || !HAS(s, read_memory))
        return 0;
    address = stub_stack_window(s, id, &size, &late);
    if (late)
        return STUB_LATER;
    if (size > 0)
        r = put_chunk(s, out, id, address, (size_t)size);
    return r == 0 ? put_linker(s, out, id) : r;
}

int
stub_json_ahead(struct engine *s, struct rsp_json *json, struct rsp_id id, uint64_t address,
                size_t size)
{
    struct rsp_out *out = json->out;
    const uint8_t *bytes;
    size_t n;

    if (2 * size > rsp_out_room(out)) {
        out->cut = true;
        return 0;
    }
    n = read_into(s, id, out, address, size, &bytes);
    if (n == ARCH_LATER)
        return STUB_LATER;
    if (n == 0)
        return 0;
    rsp_json_open(json, '{');
    rsp_json_key(json, "address");
    rsp_json_dec(json, address);
    rsp_json_key(json, "bytes");
    rsp_json_hex_bytes(json, bytes, n); /* read before the digits reach them, or cut */
    rsp_json_close(json, '}');
    return 0;
}
