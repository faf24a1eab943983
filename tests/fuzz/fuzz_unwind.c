/* fuzz_unwind.c - any bytes as the target's memory: tables, code, stack, ELF headers all at once.
 * Every walk must end within its bounds, by callback and suspended alike.
 *
 * Input: a byte of flags, then 17 words' low bytes as registers, then memory at BASE. */
#include <stdlib.h>
#include <string.h>

#include "arch/unwind/unwind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BASE ((uint64_t)0x10000)
enum { HEAD = 34, FRAMES = 200, LINE = 256, LINES = 16 };
enum {
    ARM = 1,
    SUSPENDED = 2,
    ALL_OR_NOTHING = 4,
    SECTION = 8,
    SCAN = 16,
    COPIED = 32,
    BOARD = 64
};

struct memory {
    const uint8_t *bytes;
    size_t size;
    bool all_or_nothing;
};

static bool
read_memory(void *process, uint64_t address, void *buffer, size_t size, size_t *got)
{
    const struct memory *m = process;
    uint64_t offset = address - BASE;

    *got = 0;
    if (offset >= m->size || (m->all_or_nothing && m->size - offset < size))
        return false;
    *got = size < m->size - offset ? size : (size_t)(m->size - offset);
    memcpy(buffer, m->bytes + offset, *got);
    return true;
}

static void
feed(struct unwind *u, struct memory *m)
{
    const struct unwind_end *end = unwind_end(u);
    uint8_t bytes[LINE];
    size_t got = 0;

    if (end->length > sizeof(bytes))
        abort();
    read_memory(m, end->address, bytes, end->length, &got);
    unwind_feed(u, end->address, bytes, got);
}

static void
walk(struct unwind *u, struct memory *m, const struct unwind_registers *r)
{
    unsigned frames = 0;

    unwind_begin(u, r);
    for (;;) {
        if (unwind_next(u) != NULL) {
            if (++frames > FRAMES)
                abort();
        } else if (unwind_end(u)->reason == UNWIND_NEED)
            feed(u, m);
        else
            break;
    }
    if (unwind_end(u)->reason == UNWIND_RUNNING)
        abort();
}

/* Two bytes each: most registers should point into what is there. */
static struct unwind_registers
make_registers(const uint8_t *in, bool arm)
{
    struct unwind_registers r = { .valid = arm ? 0x1ffffffff : 0x1ffff };

    for (unsigned n = 0; n < UNWIND_REGISTERS; n++)
        r.value[n] = BASE + ((uint64_t)in[2 * (n % 17)] | (uint64_t)in[2 * (n % 17) + 1] << 8);
    return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint64_t lines[LINES * (LINE + 64) / 8], rules[8 * 8];
    static struct unwind u;
    struct memory m;
    struct arch_memory memory = { read_memory, &m, 1, 0 };
    struct unwind_module module;
    struct unwind_span copy;
    struct unwind_registers r;
    struct unwind_config config = { .size = sizeof(config), .lines = lines, .rules = rules };
    unsigned flags;

    if (size < 1 + HEAD)
        return 0;
    flags = data[0];
    m = (struct memory){ data + 1 + HEAD, size - 1 - HEAD, (flags & ALL_OR_NOTHING) != 0 };
    if (!unwind_read_module(&memory, BASE, &module))
        module = (struct unwind_module){
            .start = BASE, .end = BASE + 0x10000, .hdr = BASE, .hdr_size = m.size
        };
    if ((flags & SECTION) != 0) {
        module.hdr_size = 0;
        module.eh_frame = BASE;
        module.eh_size = m.size;
        module.debug = (struct unwind_span){ (uint64_t)1 << 63, m.size, m.bytes };
    }
    copy = (struct unwind_span){ BASE, m.size, m.bytes };
    module.map = &copy;
    module.map_count = (flags & COPIED) != 0;
    config.machine = (flags & ARM) != 0 ? &unwind_aarch64 : &unwind_x86_64;
    config.sources = (flags & BOARD) != 0 ? &unwind_board_sources : &unwind_all_sources;
    config.memory = (flags & (SUSPENDED | BOARD)) == SUSPENDED ? NULL : &memory;
    config.lines_size = sizeof(lines);
    config.rules_size = sizeof(rules);
    config.line_bytes = LINE;
    config.modules = &module;
    config.module_count = 1;
    config.scan = (flags & SCAN) != 0;
    config.max_frames = FRAMES;
    if (unwind_init(&u, &config) != NULL)
        abort();
    r = make_registers(data + 1, (flags & ARM) != 0);
    walk(&u, &m, &r);
    walk(&u, &m, &r); /* by remembered rules */
    return 0;
}
