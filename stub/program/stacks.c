/* stacks.c - the walker that sends a debugger what it will ask of stacks. */
#include "arch/unwind/unwind.h"
#include "stub/program/program.h"

#include <stdlib.h>

enum { LINE = 4096, LINES = 32, RULES = 512 };

static const struct stub_stack_machine machines[] = {
    { &arch_x86_64, &unwind_x86_64 },
    { &arch_aarch64, &unwind_aarch64 },
    { NULL, NULL },
};

bool
program_open_stacks(struct stub_stacks *stacks)
{
    struct stub_stacks_config config = { .size = sizeof(config),
                                         .machines = machines,
                                         .sources = &unwind_all_sources,
                                         .line_bytes = LINE };

    config.lines_size = unwind_lines_size(LINES, LINE);
    config.lines = calloc(1, config.lines_size);
    config.rules_size = RULES * 64;
    config.rules = calloc(1, config.rules_size);
    stub_stacks_init(stacks, &config);
    return config.lines != NULL && config.rules != NULL;
}
