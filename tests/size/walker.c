/* walker.c - a firmware that walks its own stacks: by instructions, frame pointers and its
 * exception frames. `make size` links it and counts what comes along. */
#include "arch/unwind/unwind.h"

#ifdef __x86_64__
#define MACHINE unwind_x86_64
#else
#define MACHINE unwind_aarch64
#endif

enum unwind_reason _start(void);

static bool
read_memory(void *process, uint64_t address, void *buffer, size_t size, size_t *got)
{
    const volatile uint8_t *from = (const volatile uint8_t *)(uintptr_t)address;
    uint8_t *to = buffer;

    (void)process;
    for (*got = 0; *got < size; ++*got)
        to[*got] = from[*got];
    return true;
}

enum unwind_reason
_start(void)
{
    static struct unwind u;
    static struct unwind_exception vector;
    static struct arch_memory memory = { .granule = 1 };
    struct unwind_registers registers = { .valid = 0 };
    struct unwind_config config = { .size = sizeof(config),
                                    .machine = &MACHINE,
                                    .sources = &unwind_board_sources,
                                    .memory = &memory,
                                    .exceptions = &vector,
                                    .exception_count = 1 };

    memory.read = read_memory;
    unwind_init(&u, &config);
    unwind_begin(&u, &registers);
    while (unwind_next(&u) != NULL)
        ;
    return unwind_end(&u)->reason;
}
