/* firmware.c - what `make size` measures and nobody runs: what a board must bring so that a gdb
 * can read, write, step, break and run. Its own callbacks are empty. plain.c, minimal.c
 * and embedded.c choose the packets. */
#include "tests/size/firmware.h"

/* A real one does more than these, so that no compiler makes one piece of it and the stub. */
#define CALLBACK __attribute__((noipa)) static

CALLBACK bool
read_memory(void *process, uint64_t base_address, void *buffer, size_t size, size_t *bytes_read)
{
    (void)process, (void)base_address, (void)buffer, (void)size, (void)bytes_read;
    return false;
}

CALLBACK int
write_memory(void *process, uint64_t address, const void *bytes, size_t size)
{
    (void)process, (void)address, (void)bytes, (void)size;
    return 0;
}

CALLBACK int
get_register(void *target, struct rsp_id id, const struct arch_register *r, void *value)
{
    (void)target, (void)id, (void)r, (void)value;
    return 0;
}

CALLBACK int
put_register(void *target, struct rsp_id id, const struct arch_register *r, const void *value)
{
    (void)target, (void)id, (void)r, (void)value;
    return 0;
}

CALLBACK int
resume(void *target, struct stub *s)
{
    (void)target;
    return stub_action(s, (struct rsp_id){ 1, 1 }).kind;
}

CALLBACK int
peek(void *target, unsigned kinds, struct stub_event *event)
{
    (void)target, (void)kinds, (void)event;
    return 0;
}

CALLBACK void
done(void *target, const struct stub_event *event)
{
    (void)target, (void)event;
}

CALLBACK void
again(void *target)
{
    (void)target;
}

CALLBACK int
interrupt(void *target, struct rsp_id id)
{
    (void)target, (void)id;
    return 0;
}

CALLBACK int
insert(void *process, const struct stub_point *point)
{
    (void)process, (void)point;
    return 0;
}

CALLBACK int
get_byte(void *context)
{
    (void)context;
    return -2;
}

CALLBACK void
put_bytes(void *context, const uint8_t *bytes, size_t n)
{
    (void)context, (void)bytes, (void)n;
}

static const struct arch_layout layout = { .arch = &arch_aarch64_core };
static const struct stub_small_target target = {
    .size = sizeof(target),
    .machine = &layout,
    .read_memory = read_memory,
    .write_memory = write_memory,
    .get_register = get_register,
    .put_register = put_register,
    .resume = resume,
    .peek = peek,
    .done = done,
    .again = again,
    .interrupt = interrupt,
    .running = interrupt,
    .insert = insert,
    .remove = insert,
};

void
firmware_run(const struct stub_family *const *packets)
{
    static uint8_t input[256], output[256];
    static struct stub s;
    const struct stub_config config = { .size = sizeof(config),
                                        .target = STUB_SMALL(&target),
                                        .packets = packets,
                                        .input = input,
                                        .input_size = sizeof(input),
                                        .output = output,
                                        .output_size = sizeof(output) };
    const struct stub_line line = { .get = get_byte, .put = put_bytes };

    if (stub_init(&s, &config))
        stub_serve(&s, &line);
}
