/* second.c - the demo uses one core of a PC. */
#include "tests/boards/kernel.h"

void
machine_start_second(void (*body)(void))
{
    (void)body;
}

bool
machine_has_second(void)
{
    return false;
}

const uint64_t *
machine_second_registers(void)
{
    return NULL;
}

void
machine_park(void *context)
{
    (void)context;
}

void
machine_release(void *context)
{
    (void)context;
}
