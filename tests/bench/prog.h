/* prog.h - what the benchmark's client must know of the program it measures with. */
#ifndef STUBBORN_TESTS_BENCH_PROG_H
#define STUBBORN_TESTS_BENCH_PROG_H

#include <stdint.h>

enum { PROG_BUFFER = 64 << 20, PROG_SCRATCH = 64 << 10 };

/* Word i of the buffer (the splitmix64 sequence): any part of it can be checked without a copy. */
static inline uint64_t
prog_word(uint64_t i)
{
    uint64_t z = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

#endif
