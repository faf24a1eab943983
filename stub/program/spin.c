/* spin.c - looks for the next request for a moment before it sleeps.
 *
 * To be woken takes about 30 us, which is most of a round trip on one machine; a client that asks
 * one thing after another asks the next sooner than that. Looking costs the processor, so it goes
 * on for 50 us at most, only as long as it pays, and not on a machine where somebody else wants
 * the processor: there a thread that sleeps is preferred when it wakes, and one that spins is put
 * behind the others. */
#define _GNU_SOURCE 1
#include "stub/program/spin.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum {
    LIMIT_NS = 50000,
    PAYS = 8,            /* times that looking in vain is forgiven after one that paid */
    TRIAL = 64,          /* sleeps after which it is tried again */
    SAMPLE_NS = 1000000, /* how often the machine is asked whether it is busy */
    REST_NS = 500000000  /* for how long it is then believed */
};

static int64_t
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A thread that had to give the processor up did not do so for nobody. */
static bool
is_busy(struct program_spin *spin, int64_t now)
{
    struct rusage usage;

    if (now < spin->rest_until)
        return true;
    if (now < spin->sampled + SAMPLE_NS || getrusage(RUSAGE_THREAD, &usage) != 0)
        return false;
    bool busy = spin->sampled != 0 && usage.ru_nivcsw != spin->involuntary;
    spin->sampled = now;
    spin->involuntary = usage.ru_nivcsw;
    if (busy)
        spin->rest_until = now + REST_NS;
    return busy;
}

/* With one processor the client could not run meanwhile. */
static bool
has_two_processors(struct program_spin *spin)
{
    cpu_set_t set;

    if (spin->processors == 0)
        spin->processors =
            sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    return spin->processors > 1;
}

static bool
may_spin(struct program_spin *spin, int64_t now)
{
    if (!has_two_processors(spin))
        return false;
    if (spin->credit == 0 && ++spin->sleeps < TRIAL)
        return false;
    spin->sleeps = 0;
    return !is_busy(spin, now);
}

ssize_t
program_recv_soon(struct program_spin *spin, int fd, void *bytes, size_t size)
{
    int64_t begin = now_ns();
    ssize_t n;

    if (!may_spin(spin, begin))
        return recv(fd, bytes, size, 0);
    do {
        n = recv(fd, bytes, size, MSG_DONTWAIT);
        if (n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) {
            spin->credit = PAYS;
            return n;
        }
    } while (now_ns() - begin < LIMIT_NS);
    if (spin->credit > 0)
        spin->credit--;
    return recv(fd, bytes, size, 0);
}
