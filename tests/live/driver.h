/* driver.h - a live program under the engine, without a line between: for the suites in
 * tests/live.
 * Packets go in as text, events are looked at before the engine reports them. */
#ifndef STUBBORN_TESTS_LIVE_DRIVER_H
#define STUBBORN_TESTS_LIVE_DRIVER_H

#include <stdarg.h>

#include "stub/live/live.h"
#include "stub/stub.h"

enum { DRIVE_BUFFER = 16384 };

struct drive {
    struct live *live;
    struct live_config config;
    struct stub stub;
    uint8_t in[DRIVE_BUFFER], out[DRIVE_BUFFER];
    char program[256];
    struct stub_event event; /* the last one that was told */
    char reply[DRIVE_BUFFER];
    char console[DRIVE_BUFFER]; /* what O packets carried, cut */
    size_t console_size;        /* all of it */
    uint64_t entry;             /* of the program in memory */
    char said[512];             /* the last remark */
    pid_t pid;
};

/* The longest wait for what must come. A busy machine is slow, so it is long: only what never
 * comes takes it. */
enum { PATIENCE_MS = 60000 };

/* Opens a target; launches tests/live/progs/NAME with up to two arguments (NULL: none). Fails the
 * test when it cannot. */
void drive_open(struct drive *d);
void drive_launch(struct drive *d, const char *name, const char *a, const char *b);
/* Starts the program on its own and waits until it wrote a byte; returns its pid. */
pid_t drive_spawn(struct drive *d, const char *name, const char *a);
void drive_attach(struct drive *d, pid_t pid);
void drive_close(struct drive *d);

/* Sends a packet; the reply's body (a notification's with its %), after at most PATIENCE_MS, or
 * "" when there is none. */
const char *drive_ask(struct drive *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Sends a packet that sets the program going, without waiting for what comes. */
void drive_send(struct drive *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Waits for the reply of what was sent; at most `ms`. "" when none came. */
const char *drive_wait(struct drive *d, unsigned ms);

/* Where a symbol of the program is in memory. */
uint64_t drive_symbol(struct drive *d, const char *name);
uint64_t drive_get(struct drive *d, const char *symbol, unsigned size);
uint64_t drive_register(struct drive *d, int64_t tid, const char *name);
bool drive_set_register(struct drive *d, int64_t tid, const char *name, uint64_t v);
void *drive_process(struct drive *d);
int drive_insert(struct drive *d, unsigned type, uint64_t address, uint32_t kind);
int drive_remove(struct drive *d, unsigned type, uint64_t address, uint32_t kind);
/* A software breakpoint there. */
void drive_break_at(struct drive *d, const char *symbol);
/* Continues; true when a breakpoint at that symbol was hit. */
bool drive_hits(struct drive *d, const char *symbol);
/* That signal is passed to the program without a stop, as QPassSignals says it. */
void drive_pass(struct drive *d, int signal);
void drive_nap(unsigned ms);
unsigned drive_threads(struct drive *d);
/* The program's byte as it really is in memory, breakpoints and all. */
int drive_raw_byte(pid_t pid, uint64_t address);
char drive_state(pid_t pid); /* letter of /proc, 0: gone */
/* Waits until the state is one of these; false when it never is. */
bool drive_becomes(pid_t pid, const char *states);

#endif
