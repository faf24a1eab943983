/* bt_peer.c - see bt_peer.h. Over rsp's asking side; who does not answer in time is lost. */
#define _GNU_SOURCE 1
#include "stub/program/bt_peer.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A question may take QUESTION_MS, and one more for each byte that comes: 9600 baud are enough. */
enum { PATIENCE_MS = 5000, QUESTION_MS = 15000 };
enum { REQUEST_MAX = 512, LEAST = 64, PAGE = 4096 };

/* ---- one question ---- */

static int64_t
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool
ready(int fd, short events)
{
    struct pollfd p = { .fd = fd, .events = events };
    int n;

    do
        n = poll(&p, 1, PATIENCE_MS);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

static bool
send_pending(struct bt_peer *peer)
{
    const uint8_t *bytes;
    size_t n;

    while ((bytes = rsp_client_output(&peer->client, &n)), n > 0) {
        ssize_t sent = write(peer->line.out, bytes, n);

        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            if (!ready(peer->line.out, POLLOUT))
                return false;
        } else if (sent <= 0)
            return false;
        else
            rsp_client_sent(&peer->client, (size_t)sent);
    }
    return true;
}

/* More bytes from the line. RSP_WAITING when there are some, else what the wait came to. */
static enum rsp_answer
receive(struct bt_peer *peer)
{
    ssize_t n;

    peer->lost = peer->heard ? PEER_SLOW : PEER_SILENT; /* unless an answer comes after all */
    if (now_ms() > peer->deadline)
        return RSP_FAILED;
    if (!ready(peer->line.in, POLLIN))
        return rsp_client_timeout(&peer->client);
    peer->heard = true;
    n = read(peer->line.in, peer->bytes, sizeof(peer->bytes));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return RSP_WAITING;
    peer->lost = PEER_GONE;
    if (n > 0 && peer->first == 0)
        peer->first = peer->bytes[0];
    peer->have = n > 0 ? (size_t)n : 0;
    peer->taken = 0;
    peer->deadline += n > 0 ? n : 0;
    return n > 0 ? RSP_WAITING : RSP_FAILED;
}

/* Until the answer is there; what the program prints and notifications pass by. */
static bool
await_answer(struct bt_peer *peer)
{
    enum rsp_answer a = RSP_WAITING;

    peer->heard = false;
    peer->deadline = now_ms() + QUESTION_MS;
    while (a != RSP_REPLY) {
        a = RSP_WAITING;
        if (!send_pending(peer))
            return false;
        if (peer->taken < peer->have)
            peer->taken += rsp_client_feed(&peer->client, peer->bytes + peer->taken,
                                           peer->have - peer->taken, &a);
        else
            a = receive(peer);
        if (a == RSP_FAILED)
            return false;
    }
    return send_pending(peer); /* the ack */
}

static struct rsp_in
answer(struct bt_peer *peer)
{
    peer->lost = PEER_GONE;
    if (!await_answer(peer))
        return (struct rsp_in){ .bad = true };
    peer->lost = PEER_THERE;
    return rsp_in_from(peer->client.rx.buf, peer->client.rx.len);
}

struct rsp_in
peer_ask(struct bt_peer *peer, const char *format, ...)
{
    struct rsp_in none = { .bad = true };
    char text[REQUEST_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (peer->lost != PEER_THERE || !rsp_client_ask(&peer->client, text, NULL, 0))
        return none;
    peer->round_trips++;
    return answer(peer);
}

/* ---- the beginning and the end ---- */

/* PacketSize is hex. m's answer takes two digits a byte; gdb asks for as much. */
static size_t
most_of(struct rsp_in in)
{
    static const char word[] = "PacketSize=";
    const uint8_t *at = memmem(in.p, rsp_left(&in), word, sizeof(word) - 1);
    uint64_t size = 0x400;

    if (at != NULL) {
        struct rsp_in rest = in;

        rest.p = at + sizeof(word) - 1;
        size = rsp_take_hex(&rest);
    }
    if (size > PEER_BUFFER)
        size = PEER_BUFFER;
    return size / 2 > LEAST ? (size_t)size / 2 : LEAST;
}

static bool
is_stop(struct rsp_in in)
{
    return rsp_left(&in) >= 3 && (in.p[0] == 'T' || in.p[0] == 'S') && rsp_digit(in.p[1]) >= 0 &&
           rsp_digit(in.p[2]) >= 0;
}

/* QEMU (7.2) stops its machine for whoever connects, and says so unasked in front of the first
 * answer. */
static struct rsp_in
greet(struct bt_peer *peer)
{
    struct rsp_in in = peer_ask(peer, "qSupported:xmlRegisters=i386");

    if (in.bad || !is_stop(in))
        return in;
    rsp_client_go_on(&peer->client);
    return answer(peer);
}

static bool
agree(struct bt_peer *peer)
{
    struct rsp_in in = greet(peer);

    if (in.bad)
        return false;
    peer->most = most_of(in);
    in = peer_ask(peer, "QStartNoAckMode");
    peer->client.no_ack = rsp_is(&in, "OK");
    return !peer_ask(peer, "?").bad;
}

const char *
peer_trouble(const struct bt_peer *peer)
{
    static const char *const words[] = { [PEER_THERE] = NULL,
                                         [PEER_GONE] = "the server closed the connection",
                                         [PEER_SILENT] = "the server is silent",
                                         [PEER_SLOW] = "no whole answer came in time" };

    return words[peer->lost];
}

/* What is there has begun with something that is nothing of the protocol. */
static bool
is_stranger(const struct bt_peer *peer)
{
    return peer->first != 0 && memchr("+-$%", peer->first, 4) == NULL;
}

bool
peer_open(struct bt_peer *peer, const char *text)
{
    struct program_comm comm;
    const char *wrong = program_read_comm(text, &comm);

    memset(peer, 0, sizeof(*peer));
    peer->line.in = peer->line.out = -1;
    if (wrong != NULL) {
        warnx("%s: %s", text, wrong);
        return false;
    }
    comm.connect = true;
    if (!program_open_line(&comm, &peer->line))
        return false;
    rsp_client_init(&peer->client, peer->in, sizeof(peer->in), peer->out, sizeof(peer->out));
    if (agree(peer))
        return true;
    warnx("%s: nobody speaks the remote serial protocol there: %s", text,
          is_stranger(peer) ? "what answers is another protocol" : peer_trouble(peer));
    program_close_line(&peer->line);
    return false;
}

void
peer_close(struct bt_peer *peer)
{
    (void)peer_ask(peer, "D");
    program_close_line(&peer->line);
}

/* ---- objects and memory ---- */

char *
peer_object(struct bt_peer *peer, const char *object, const char *annex, size_t *size)
{
    char *all = NULL;
    int more = 'm';

    for (*size = 0; more == 'm' && *size < PEER_OBJECT_MAX;) {
        struct rsp_in in =
            peer_ask(peer, "qXfer:%s:read:%s:%zx,%zx", object, annex, *size, peer->most);
        size_t n = in.bad ? 0 : rsp_left(&in);
        char *grown;

        more = n > 0 ? in.p[0] : 0;
        if (more != 'm' && more != 'l')
            break;
        grown = realloc(all, *size + n);
        if (grown == NULL)
            break;
        all = grown;
        memcpy(all + *size, in.p + 1, n - 1);
        *size += n - 1;
        all[*size] = '\0';
        if (n == 1)
            break;
    }
    if (more != 'l') {
        free(all);
        return NULL;
    }
    return all;
}

static size_t
ask_memory(struct bt_peer *peer, uint64_t address, uint8_t *buffer, size_t size)
{
    struct rsp_in in = peer_ask(peer, "m%" PRIx64 ",%zx", address, size);

    if (in.bad || rsp_left(&in) % 2 != 0) /* an error has three characters */
        return 0;
    return rsp_take_hex_bytes(&in, buffer, size);
}

static struct peer_piece *
place_of(struct bt_peer *peer, uint64_t at)
{
    return &peer->piece[at / PEER_PIECE % PEER_PIECES];
}

static void
keep(struct bt_peer *peer, uint64_t at, const uint8_t *bytes, size_t size)
{
    struct peer_piece *p = place_of(peer, at);

    p->used = true;
    p->at = at;
    p->size = size;
    memcpy(p->bytes, bytes, size);
}

/* What one question gives from `at` on: a page, or where the last one ended twice what that asked
 * for (stacks are read upwards). gdbserver gives nothing when the last byte cannot be read, so
 * then it is asked for this page only. */
static size_t
ask_ahead(struct bt_peer *peer, uint64_t at)
{
    size_t page = PAGE - at % PAGE;
    size_t n;

    peer->wanted = at == peer->next ? 2 * peer->wanted : PAGE;
    if (peer->wanted > peer->most)
        peer->wanted = peer->most;
    n = ask_memory(peer, at, peer->ahead, peer->wanted);
    return n == 0 && peer->wanted > page ? ask_memory(peer, at, peer->ahead, page) : n;
}

/* Fills at least the piece at `at`. Of what came ahead of the wish only whole pieces are kept: a
 * part of one may end at a hole or not. */
static void
fetch(struct bt_peer *peer, uint64_t at)
{
    size_t n = ask_ahead(peer, at);
    size_t got = n;

    while (n < PEER_PIECE && got > 0) {
        size_t left = PEER_PIECE - n;

        got = ask_memory(peer, at + n, peer->ahead + n, left < peer->most ? left : peer->most);
        n += got;
    }
    keep(peer, at, peer->ahead, n < PEER_PIECE ? n : PEER_PIECE);
    for (size_t i = PEER_PIECE; i + PEER_PIECE <= n; i += PEER_PIECE)
        keep(peer, at + i, peer->ahead + i, PEER_PIECE);
    peer->next = at + n / PEER_PIECE * PEER_PIECE;
}

static struct peer_piece *
piece_at(struct bt_peer *peer, uint64_t address)
{
    uint64_t at = address & ~(uint64_t)(PEER_PIECE - 1);
    struct peer_piece *p = place_of(peer, at);

    if (!p->used || p->at != at)
        fetch(peer, at);
    return p;
}

bool
peer_read_memory(void *process, uint64_t address, void *buffer, size_t size, size_t *got)
{
    struct bt_peer *peer = process;
    const struct peer_piece *p = piece_at(peer, address);
    size_t offset = (size_t)(address - p->at);

    if (offset >= p->size) { /* it may begin in a hole and go on behind it */
        *got = p->size == PEER_PIECE || offset == 0
                   ? 0
                   : ask_memory(peer, address, buffer, size < peer->most ? size : peer->most);
        return *got > 0;
    }
    *got = p->size - offset < size ? p->size - offset : size;
    memcpy(buffer, p->bytes + offset, *got);
    return true;
}
