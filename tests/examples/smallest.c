/* smallest.c - the smallest whole embedding: a debugger reads memory and registers of what
 * never runs, such as a crash record. On standard input: (gdb) target remote | ./smallest */
#include <string.h>
#include <unistd.h>

#include <stubborn/stub.h>

static const uint8_t stack[16] = "what was there";
enum { STACK = 0x7000 };

static bool
read_memory(void *process, uint64_t base_address, void *buffer, size_t size, size_t *bytes_read)
{
    uint64_t at = base_address - STACK;

    (void)process;
    if (at >= sizeof(stack))
        return false;
    *bytes_read = size < sizeof(stack) - at ? size : sizeof(stack) - (size_t)at;
    memcpy(buffer, stack + at, *bytes_read);
    return true;
}

static int
get_register(void *target, struct rsp_id id, const struct arch_register *r, void *value)
{
    (void)target;
    (void)id;
    if (arch_role_of(r) != ARCH_PC && arch_role_of(r) != ARCH_SP)
        return -STUB_ENOENT;
    arch_put_uint(&arch_x86_64, value, r->size, arch_role_of(r) == ARCH_PC ? 0x401000 : STACK);
    return 0;
}

static int
get_byte(void *context)
{
    uint8_t byte;

    (void)context;
    return read(0, &byte, 1) == 1 ? byte : -2;
}

static void
put_bytes(void *context, const uint8_t *bytes, size_t n)
{
    (void)context;
    while (n > 0) {
        ssize_t written = write(1, bytes, n);

        if (written <= 0)
            return;
        bytes += written;
        n -= (size_t)written;
    }
}

int
main(void)
{
    static const struct arch_layout x86_64 = { .arch = &arch_x86_64 };
    static const struct stub_target target = { .size = sizeof(target),
                                               .machine = &x86_64,
                                               .read_memory = read_memory,
                                               .granule = 1,
                                               .get_register = get_register };
    static const struct stub_family *const packets[] = {
        &stub_start_packets,  &stub_memory_packets,   &stub_register_packets,
        &stub_thread_packets, &stub_features_packets, NULL,
    };
    static uint8_t input[512], output[512];
    struct stub s;
    struct stub_config config = { .size = sizeof(config),
                                  .target = &target,
                                  .packets = packets,
                                  .input = input,
                                  .input_size = sizeof(input),
                                  .output = output,
                                  .output_size = sizeof(output) };
    struct stub_line line = { .get = get_byte, .put = put_bytes };

    if (!stub_init(&s, &config))
        return 1;
    stub_serve(&s, &line);
    return 0;
}
