/* loop.c - the one event loop: bytes between the line and the engine, news from the target, time.
 *
 * A request costs two system calls of the loop's own, recv and send: while nothing runs and no
 * timeout is pending it blocks in recv; the clock is read without the kernel. Otherwise it waits
 * in ppoll, the only place where SIGCHLD gets through, so that none is missed. */
#define _GNU_SOURCE 1
#include "stub/program/program.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FDS = 16,
    SMALLEST_FRAME = 4, /* $#00: what is shorter holds only acks */
    FAREWELL_MS = 500
};

/* ---- signals ---- */

static volatile sig_atomic_t child_news, end_wanted;
static volatile sig_atomic_t blocking_line = -1; /* a socket that recv may be blocked on */
static int end_pipe[2] = { -1, -1 };
static sigset_t waiting_mask; /* with SIGCHLD let through */

static void
on_child(int number)
{
    (void)number;
    child_news = 1;
}

/* Wakes whatever waits, now or in a moment: poll by the pipe, recv by ending its input. */
static void
on_end(int number)
{
    int kept = errno;

    (void)number;
    end_wanted = 1;
    if (blocking_line >= 0)
        (void)shutdown(blocking_line, SHUT_RD);
    if (write(end_pipe[1], "", 1) < 0) {
        /* It is full, so it wakes already. */
    }
    errno = kept;
}

/* SIG_IGN would be inherited by the program that is debugged; a handler is not. */
static void
on_pipe(int number)
{
    (void)number;
}

static bool
catch_signal(int number, void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler };

    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL) == 0;
}

bool
program_catch_signals(void)
{
    sigset_t child;

    if (pipe2(end_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &child, &waiting_mask) != 0)
        return false;
    sigdelset(&waiting_mask, SIGCHLD);
    return catch_signal(SIGCHLD, on_child) && catch_signal(SIGPIPE, on_pipe) &&
           catch_signal(SIGTERM, on_end) && catch_signal(SIGINT, on_end) &&
           catch_signal(SIGHUP, on_end);
}

bool
program_must_end(void)
{
    return end_wanted != 0;
}

/* ---- bytes ---- */

static uint64_t
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* True when the failure of a read or write only means "later". */
static bool
is_for_later(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* A pipe that poll calls writable takes PIPE_BUF bytes without blocking, and its file may be
 * somebody else's too, so it cannot be made non-blocking. */
static ssize_t
write_some(const struct program_line *line, const uint8_t *bytes, size_t n)
{
    struct pollfd fd = { .fd = line->out, .events = POLLOUT };

    if (line->socket)
        return send(line->out, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (!line->shared)
        return write(line->out, bytes, n);
    if (poll(&fd, 1, 0) != 1) {
        errno = EAGAIN;
        return -1;
    }
    return write(line->out, bytes, n < PIPE_BUF ? n : PIPE_BUF);
}

/* Sends what the engine has. The number of bytes, -1 when the line is lost. */
static ssize_t
put_output(struct program_session *x)
{
    size_t n;
    const uint8_t *bytes = stub_output(&x->stub, &n);
    ssize_t sent;

    x->line_is_full = false;
    if (n == 0)
        return 0;
    sent = write_some(&x->line, bytes, n);
    if (sent < 0 && !is_for_later())
        return -1;
    if (sent < 0)
        sent = 0;
    x->line_is_full = (size_t)sent < n;
    if (sent == 0)
        return 0;
    if (sent >= SMALLEST_FRAME)
        x->replied = true;
    program_log_bytes(&x->log, '<', bytes, (size_t)sent);
    program_note_message(x, (size_t)sent);
    stub_sent(&x->stub, (size_t)sent);
    return sent;
}

/* Moves bytes both ways until the engine neither takes nor gives any. False: the line is lost. */
static bool
pump(struct program_session *x)
{
    size_t taken;
    ssize_t sent;

    do {
        taken = stub_feed(&x->stub, x->bytes + x->taken, x->have - x->taken);
        x->taken += taken;
        sent = put_output(x);
        if (sent < 0)
            return false;
    } while (taken > 0 || sent > 0);
    program_shrink_buffers(x);
    return true;
}

/* What a first byte that is not the protocol's gets (see stub_is_stranger). */
static bool
is_stranger(const struct program_session *x)
{
    uint8_t first = x->bytes[0];

    if (x->served || !x->line.open_to_strangers || !stub_is_stranger(first))
        return false;
    warnx("closed a connection (%s): its first byte, 0x%02x, is not a debugger's; "
          "connect with gdb or lldb",
          x->line.peer, first);
    return true;
}

/* Reads once, when all that came before is taken. False: the line is lost. */
static bool
get_input(struct program_session *x, int flags)
{
    ssize_t n;

    if (x->line.socket && flags == 0)
        n = program_recv_soon(&x->spin, x->line.in, x->bytes, LOOP_BYTES);
    else if (x->line.socket)
        n = recv(x->line.in, x->bytes, LOOP_BYTES, flags);
    else
        n = read(x->line.in, x->bytes, LOOP_BYTES);
    if (n < 0)
        return is_for_later();
    if (n == 0)
        return false;
    x->have = (size_t)n;
    x->taken = 0;
    x->replied = false;
    if (x->have > SMALLEST_FRAME)
        program_note_message(x, x->have);
    if (is_stranger(x)) {
        x->have = 0;
        return false;
    }
    if (!x->served && !x->settings->capture)
        fprintf(stderr, "Remote debugging %s\n", x->line.peer);
    x->served = true;
    program_log_bytes(&x->log, '>', x->bytes, x->have);
    return true;
}

/* ---- waiting ---- */

/* True when only the client can bring anything new. That a stopped program is killed from outside
 * is told with the answer to whatever the client asks next. */
static bool
only_client_matters(struct program_session *x, int timeout)
{
    return x->line.socket && timeout < 0 && x->taken == x->have && !x->line_is_full &&
           (x->replied || !x->served || stub_is_receiving(&x->stub)) &&
           !stub_is_waiting(&x->stub) && !live_running(x->live);
}

/* Waits for bytes, room, news or the end of time. fds[0] is the caller's. While the program
 * stands nobody may be told what it printed, so that stays where it is. */
static void
wait_for_any(struct program_session *x, struct pollfd *fds, int timeout)
{
    struct timespec limit;
    int used = 2;

    if (live_is_unsure(x->live))
        timeout = 0;
    limit = (struct timespec){ timeout / 1000, timeout % 1000 * 1000000L };
    fds[1] = (struct pollfd){ .fd = end_pipe[0], .events = POLLIN };
    if (live_running(x->live) || x->outlasting)
        used += live_fds(x->live, fds + used, FDS - used);
    if (ppoll(fds, (nfds_t)used, timeout < 0 ? NULL : &limit, &waiting_mask) < 0)
        fds[0].revents = 0;
    else
        for (int i = 2; i < used; i++)
            child_news = child_news || fds[i].revents != 0;
    if (child_news != 0 || live_is_unsure(x->live)) {
        child_news = 0;
        if (live_poll(x->live))
            stub_doorbell(&x->stub);
    }
    if (live_timeout(x->live) >= 0)
        stub_doorbell(&x->stub);
}

/* A step by itself is waited for with less ado than in wait_for_any, which only looks then whether
 * the client has something to say. True when that was all. */
static bool
await_step(struct program_session *x, struct pollfd *fds)
{
    if (fds[0].events != POLLIN || !live_is_stepping(x->live))
        return false;
    if (live_await_step(x->live))
        stub_doorbell(&x->stub);
    else if (live_is_stepping(x->live))
        wait_for_any(x, fds, 0);
    else
        return false;
    return true;
}

/* The sooner of two timeouts in milliseconds; -1 is never. */
static int
sooner(int a, int b)
{
    return b < 0 || (a >= 0 && a < b) ? a : b;
}

/* Waits for whatever comes next. False: the line is lost. */
static bool
wait_for_more(struct program_session *x, int timeout)
{
    struct pollfd fds[FDS] = { { .fd = x->line.in } };
    bool ready = x->taken == x->have;

    if (only_client_matters(x, timeout))
        return get_input(x, 0);
    fds[0].events = (short)((ready ? POLLIN : POLLRDHUP) | (x->line_is_full ? POLLOUT : 0));
    if (x->line_is_full && x->line.out != x->line.in)
        fds[0] = (struct pollfd){ .fd = x->line.out, .events = POLLOUT };
    if (!await_step(x, fds))
        wait_for_any(x, fds, timeout);
    if (!ready && (fds[0].revents & (POLLHUP | POLLERR | POLLRDHUP)) != 0)
        return false;
    if (ready && fds[0].fd == x->line.in && (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
        return get_input(x, MSG_DONTWAIT);
    return (fds[0].revents & (POLLERR | POLLNVAL)) == 0;
}

bool
program_await_client(struct program_session *x)
{
    while (!program_must_end()) {
        struct pollfd fds[FDS] = { { .fd = x->listener.fd, .events = POLLIN } };

        if (program_accept(&x->listener, &x->line))
            return true;
        wait_for_any(x, fds, -1);
    }
    return false;
}

/* Closing a socket that still has unread bytes resets it, and our last reply might be lost with
 * it: so the client gets a moment to hang up first. */
static void
farewell(struct program_session *x)
{
    struct pollfd fd = { .fd = x->line.in, .events = POLLIN };
    uint64_t end = now_ms() + FAREWELL_MS, now;

    if (!x->line.socket || shutdown(x->line.out, SHUT_WR) != 0)
        return;
    while ((now = now_ms()) < end && poll(&fd, 1, (int)(end - now)) == 1)
        if (recv(x->line.in, x->bytes, LOOP_BYTES, MSG_DONTWAIT) <= 0)
            return;
}

/* With --multi a client may start another program after a kill or detach. */
static bool
is_finished(struct program_session *x)
{
    bool over = stub_is_over(&x->stub) && !x->settings->multi;

    return (x->exit_wanted || over) && !x->line_is_full;
}

void
program_talk(struct program_session *x)
{
    bool lost = false;

    x->have = x->taken = 0;
    x->served = x->line_is_full = false;
    blocking_line = x->line.socket ? x->line.in : -1;
    while (!lost && !program_must_end()) {
        (void)stub_tick(&x->stub, now_ms());
        lost = !pump(x);
        if (lost || is_finished(x))
            break;
        lost = !wait_for_more(x, sooner(stub_tick(&x->stub, now_ms()), live_timeout(x->live)));
    }
    blocking_line = -1;
    if (!lost && !program_must_end())
        farewell(x);
    x->over = stub_is_over(&x->stub);
    if (x->served)
        stub_link_lost(&x->stub);
    program_close_line(&x->line);
}

void
program_pass_output(struct program_session *x)
{
    struct stub_event event;

    while (live_target.peek(x->live, 1u << STUB_OUTPUT, &event) == 1) {
        fwrite(event.text, 1, event.text_size, stderr);
        live_target.done(x->live, &event);
    }
}

void
program_outlast(struct program_session *x)
{
    x->outlasting = true;
    while (!program_must_end()) {
        struct pollfd fds[FDS] = { { .fd = -1 } };
        pid_t ended;

        do
            ended = waitpid(-1, NULL, WNOHANG);
        while (ended > 0);
        program_pass_output(x);
        if (ended < 0)
            return;
        wait_for_any(x, fds, -1);
    }
}
