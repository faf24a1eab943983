/* count.h - counts the system calls of a process, exactly and without a tool from outside. */
#ifndef STUBBORN_TESTS_BENCH_COUNT_H
#define STUBBORN_TESTS_BENCH_COUNT_H

#include <stdint.h>
#include <sys/types.h>

enum { COUNT_MAX = 512 };
/* In memory shared with the counting process. */
struct counter {
    volatile uint64_t calls[COUNT_MAX]; /* entries so far, by number of the call */
    /* Not among them: looks for input that was not there yet, and at the clock of the processor's
     * users. How often a server looks before it sleeps is a matter of the machine, not of the
     * operation. */
    volatile uint64_t looks;
};

/* Runs start(context), which must exec, in a process that is traced by another one; counts its
 * calls and those of its threads, not its children's. Returns the counting process; when that is
 * killed, the counted one dies with it. */
pid_t count_calls(struct counter *counter, void (*start)(void *context), void *context);
/* The name of a system call, or its number in digits when it is not one a server is likely to
 * make; good until the next call. */
const char *count_name(unsigned number);

#endif
