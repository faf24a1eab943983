/* lldb_brief.c - no packets: an lldb on a line where bytes are dear. A stop reply tells it
 * what it would ask for at every step: the threads, and of the innermost frames the
 * caller's frame pointer and the return address (LLDB's docs, "stop reply packet extensions"). */
#include "stub/engine.h"

enum { FRAMES = 3, WORD_MAX = 8 };

/* memory:0xADDRESS=BYTES; and the caller's frame pointer, 0 where no frame can be behind it. */
static int
put_frame(struct engine *s, struct rsp_out *out, struct rsp_id id, uint64_t *frame)
{
    const struct arch *arch = stub_layout(s, id.pid)->arch;
    struct arch_memory memory = stub_memory(s);
    struct rsp_out before = *out;
    uint8_t bytes[2 * WORD_MAX];
    size_t pair = 2u * arch->address_bytes, n;
    uint64_t caller;

    memory.process = stub_process_of(s, id.pid);
    n = arch_read(&memory, *frame, bytes, pair);
    if (n == ARCH_LATER)
        return STUB_LATER;
    if (n == pair) {
        rsp_put_text(out, "memory:0x");
        rsp_put_hex(out, *frame);
        rsp_put(out, '=');
        rsp_put_hex_bytes(out, bytes, pair);
        rsp_put(out, ';');
    }
    if (out->cut)
        *out = before;
    caller = n == pair ? arch_get_uint(arch, bytes, arch->address_bytes) : 0;
    *frame = caller > *frame && caller - *frame >= pair ? caller : 0;
    return 0;
}

static int
put_rest(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    bool late = false;
    uint64_t frame;
    int r = 0;

    if ((s->client & CLIENT_LIST_THREADS) != 0)
        r = stub_put_thread_list(s, out, event->id.pid);
    if (r != 0 || (s->client & CLIENT_LLDB) == 0 || !HAS(s, read_memory))
        return r;
    if (!stub_get_role(s, event->id, ARCH_FP, &frame, &late))
        return late ? STUB_LATER : 0;
    for (unsigned i = 0; i < FRAMES && frame != 0 && r == 0; i++)
        r = put_frame(s, out, event->id, &frame);
    return r;
}

static const struct stub_hook hooks[] = {
    HOOKED(put_rest, put_rest),
    HOOKED(admit, stub_tell_spoiled),
};
const struct stub_family stub_lldb_brief_packets = FAMILY_OF_HOOKS(hooks);
