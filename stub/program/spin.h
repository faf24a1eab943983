/* spin.h - waiting for bytes awake, while that pays. Private. */
#ifndef STUB_PROGRAM_SPIN_H
#define STUB_PROGRAM_SPIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* All zero to begin with. */
struct program_spin {
    unsigned credit, sleeps, processors;
    int64_t sampled, rest_until; /* nanoseconds of the monotonic clock */
    long involuntary;
};

/* recv(fd, bytes, size, 0), which may look several times before it sleeps. */
ssize_t program_recv_soon(struct program_spin *spin, int fd, void *bytes, size_t size);

#endif
