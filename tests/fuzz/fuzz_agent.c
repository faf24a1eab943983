/* fuzz_agent.c - any bytes as conditions and as commands; they end, whatever they say, within the
 * steps they are given, and print no more than those allow. */
#include <stdlib.h>
#include <string.h>

#include "stub/agent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 4096, PRINT_MAX = 1 << 20 };

static size_t printed;

/* The low half of the address space is there, each byte its address; 0 at multiples of 64. */
static bool
read_memory(void *process, uint64_t address, void *buffer, size_t size, size_t *bytes_read)
{
    uint8_t *to = buffer;
    size_t n = 0;

    (void)process;
    for (; n < size && address + n < UINT64_C(1) << 63; n++)
        to[n] = (address + n) % 64 == 0 ? 0 : (uint8_t)(address + n);
    *bytes_read = n;
    return n == size;
}

static bool
get_register(void *context, unsigned number, uint64_t *value)
{
    (void)context;
    *value = number * UINT64_C(0x0123456789abcdef);
    return number % 8 != 7;
}

static void
print(void *context, const char *text, size_t n)
{
    volatile char last;

    (void)context;
    for (size_t i = 0; i < n; i++)
        last = text[i]; /* every byte is there */
    (void)last;
    printed += n;
    if (printed > PRINT_MAX)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stub_agent agent = { .arch = &arch_x86_64,
                                .memory = { read_memory, NULL, 4096, 0 },
                                .get_register = get_register,
                                .print = print,
                                .steps = STUB_AGENT_STEPS };
    uint8_t *copy;
    uint64_t value;

    if (size > MAX)
        return 0;
    copy = malloc(size);
    memcpy(copy, data, size);
    printed = 0;
    stub_agent_run(&agent, rsp_in_from(copy, size), &value);
    agent.steps = STUB_AGENT_STEPS;
    stub_agent_holds(&agent, rsp_in_from(copy, size));
    agent.steps = STUB_AGENT_STEPS;
    printed = 0;
    stub_agent_do(&agent, rsp_in_from(copy, size));
    free(copy);
    return 0;
}
