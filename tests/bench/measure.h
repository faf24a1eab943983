/* measure.h - the rows of the benchmark: what is done to a server, and how it is checked. */
#ifndef STUBBORN_TESTS_BENCH_MEASURE_H
#define STUBBORN_TESTS_BENCH_MEASURE_H

#include "tests/bench/client.h"

/* A client connected to a server that stands in prog.c's loop. */
struct session {
    struct client client;
    bool bare; /* a server that only moves bytes, see bare.c: no program and no checksums */
    size_t packet_size;
    size_t chunk;  /* bytes of memory in one bulk read */
    size_t span;   /* bulk reads wander over so much of the buffer */
    size_t x_skip; /* bytes before the data in a reply to x: 1 where it is the 'b' of gdb's x */
    bool has_x, has_range;
    unsigned writes; /* batches of bulk writes so far: what they write differs */
    char thread[40];
    /* prog.c's places */
    int pid;
    uint64_t buffer, hits, laps, hot, lap_count, lap, lap_end, scratch;
};

/* Connects to port, makes the server ready as gdb or lldb would, and runs the program up to its
 * loop. places is the file that the program writes; its removal before is the caller's. */
void session_open(struct session *s, uint16_t port, const char *places, bool bare);
/* Kills the program. */
void session_close(struct session *s);

/* What came of n operations: bytes of memory or operations, and the seconds they took; none when
 * this server cannot do it. Setting up and checking are not in the seconds. */
struct result {
    double amount, seconds;
};

struct measure {
    const char *name;
    const char *unit;
    double scale;        /* amount in one unit */
    unsigned batch;      /* operations in one go of the rate */
    unsigned count;      /* operations that the exact count is taken over; 0: not counted */
    const char *counted; /* what is counted, "a 64-byte read" */
    bool tells_spent;    /* the server's processor time is a row of its own */
    struct result (*run)(struct session *s, unsigned n);
};
extern const struct measure measures[]; /* run NULL at the end */

double measure_now(void); /* seconds */
/* measure_write.c */
struct result measure_write_m(struct session *s, unsigned n);
struct result measure_write_x(struct session *s, unsigned n);

#endif
