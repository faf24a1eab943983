/* live.h - live x86-64 Linux processes as a target (stub/target.h).
 *
 * One struct live serves any number of processes. It does no I/O with the client: the program's
 * loop calls live_poll() when SIGCHLD came or one of live_fds() is readable, and rings
 * stub_doorbell() when that says so. No call blocks for long. live_poll() collects every child of
 * the calling process, so nothing else in it may wait for children while a struct live is in use.
 *
 * All calls on one struct live come from the thread that opened it (ptrace knows only it). */
#ifndef STUBBORN_LIVE_H
#define STUBBORN_LIVE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "stub/target.h"

/* The operations; their object is a struct live *. */
extern const struct stub_target live_target;

struct live;

/* What becomes of a process whose client vanished without a detach. */
enum live_on_lost {
    LIVE_STOP,   /* it stands still and a new client may connect */
    LIVE_RESUME, /* it is let go as if detached */
    LIVE_KILL
};

struct live_config {
    size_t size;         /* sizeof(struct live_config): a later field breaks nobody */
    bool soft_watch;     /* watch by stepping even where debug registers work */
    bool capture_output; /* a launched program writes to a pty, and STUB_OUTPUT events come */
    bool randomize;      /* leave address space randomization on */
    enum live_on_lost lost_launched, lost_attached;
    void (*say)(void *context, const char *line); /* remarks for the user, no newline; or NULL */
    void *context;
    bool shell;           /* start programs through $SHELL, as gdbserver does; clients may say */
    char *const *wrapper; /* words of a command that programs are started behind; or NULL */
    /* Told of each process before it is killed (dies) or let go because the client is gone or
     * the target is closed; or NULL. */
    void (*parts)(void *context, pid_t pid, bool dies);
};

/* NULL when memory is short. close: each process is let go clean or dies, as its lost_ says; with
 * LIVE_STOP launched ones die and attached ones are let go. */
struct live *live_open(const struct live_config *config);
void live_close(struct live *live);

/* Launches argv (NULL at the end; argv[0] is a path, or a name found here or along PATH), or
 * attaches to every thread of pid. The process stands still then and its stop is queued. 0, or
 * -errno and live_why() has the cause and one remedy. */
int live_launch(struct live *live, char *const argv[]);
int live_attach(struct live *live, pid_t pid);

/* The same by a program's name: STUB_LATER while a new process is waited for. Then ask again every
 * live_timeout() milliseconds (-1: nothing is waited for); the client gone, or live_close, ends
 * that. */
int live_attach_name(struct live *live, const char *name, enum stub_attach_how how);
int live_timeout(struct live *live);

/* How the child of a launch that failed ended (sys/wait.h): as a shell says it, 127 for a program
 * that is not there. 0: not by ending. */
int live_start_status(struct live *live);

/* The last error in words, or NULL. Good until the next call. */
const char *live_why(struct live *live);

/* Collects what happened, without blocking. True when there is news for stub_doorbell. */
bool live_poll(struct live *live);

/* True while all that runs is one thread that does one step, or steps through a range. Then
 * live_await_step, called with SIGCHLD blocked, waits for it to end, for 20 ms or so many steps,
 * and takes that SIGCHLD itself. Returns as live_poll. */
bool live_is_stepping(struct live *live);
bool live_await_step(struct live *live);
/* True when live_poll should be called though no SIGCHLD will come. */
bool live_is_unsure(const struct live *live);

/* Fills in descriptors to poll beside SIGCHLD; returns how many, at most max. */
int live_fds(struct live *live, struct pollfd *fds, int max);

bool live_running(struct live *live); /* a thread runs that the client resumed */
bool live_alive(struct live *live);   /* a process is left */
pid_t live_pid(struct live *live);    /* of the first process, or 0 */

/* How the process that ended last did: true and its wait status (sys/wait.h). */
bool live_ended(struct live *live, int *wait_status);

/* Do debug registers fire on this machine? Tried once, on a child of our own. */
bool live_debug_registers_fire(void);

/* Whether clients are told where threads' variables are; on at first. */
void live_set_tls(struct live *live, bool answer);

#endif
