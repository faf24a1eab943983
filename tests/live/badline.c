/* badline.c - a bad line: joins a client and a server over TCP and spoils bytes on the way.
 *
 *   badline (PORT | SOCKET) SEED MEAN [LOG]
 *
 * Listens on a free port of this machine (prints `Listening on port N`), serves one client,
 * connects it to PORT or to the Unix socket of that path. One byte in MEAN, on average, meets a
 * fault: flipped, dropped, doubled, noise before it, or the line cut in two pieces or held up
 * there. The same SEED gives the same faults for the same bytes. At the end the counts of faults
 * are printed, and of bytes. LOG gets a line for all that came at once: milliseconds, `>` to the
 * server or `<` from it, the bytes as they came in; and a line for each fault. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum fault { FLIP, DROP, DOUBLE, NOISE, SPLIT, DELAY, FAULTS };

static const char *const names[FAULTS] = {
    "flips", "drops", "doubles", "noises", "splits", "delays",
};
static unsigned long counts[FAULTS];

/* One direction: its own generator, so that what the other side says does not move its faults. */
struct way {
    int from, to;
    uint64_t random;
    uint64_t until; /* good bytes before the next fault */
    unsigned long passed;
    bool is_request;
};

static uint64_t mean;
static FILE *said; /* LOG, or NULL */

/* ---- the log ---- */

static unsigned long
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long)now.tv_sec * 1000 + (unsigned long)now.tv_nsec / 1000000;
}

static void
note(const struct way *w, const uint8_t *bytes, size_t size)
{
    static unsigned long begin;

    if (said == NULL)
        return;
    begin = begin == 0 ? now_ms() : begin;
    fprintf(said, "%6lu %c ", now_ms() - begin, w->is_request ? '>' : '<');
    for (size_t i = 0; i < size; i++)
        if (bytes[i] >= ' ' && bytes[i] <= '~' && bytes[i] != '\\')
            fputc(bytes[i], said);
        else
            fprintf(said, "\\%02x", bytes[i]);
    fputc('\n', said);
}

static void
note_fault(const struct way *w, enum fault fault, uint8_t byte)
{
    if (said != NULL)
        fprintf(said, "       %c one of the %s at byte %02x\n", w->is_request ? '>' : '<',
                names[fault], byte);
}

/* ---- the faults ---- */

static uint64_t
draw(struct way *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random >> 11;
}

static void
plan_fault(struct way *w)
{
    w->until = mean / 2 + draw(w) % mean;
}

static bool
put(int to, const void *bytes, size_t size)
{
    const char *at = bytes;

    while (size > 0) {
        ssize_t n = send(to, at, size, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static void
pause_ms(unsigned ms)
{
    usleep(ms * 1000);
}

/* What comes out for one byte that meets a fault; the bytes before it have left already. */
static bool
spoil(struct way *w, uint8_t byte)
{
    enum fault fault = (enum fault)(draw(w) % FAULTS);
    uint8_t out[8];
    size_t n = 0, noise;

    counts[fault]++;
    note_fault(w, fault, byte);
    switch (fault) {
    case FLIP:
        out[n++] = (uint8_t)(byte ^ 1u << draw(w) % 8);
        break;
    case DROP:
        break;
    case DOUBLE:
        out[n++] = byte;
        out[n++] = byte;
        break;
    case NOISE:
        for (noise = 1 + draw(w) % 6; noise > 0; noise--)
            out[n++] = (uint8_t)draw(w);
        out[n++] = byte;
        break;
    case DELAY:
        pause_ms((unsigned)(draw(w) % 300));
        out[n++] = byte;
        break;
    default:
        pause_ms(2);
        out[n++] = byte;
        break;
    }
    return put(w->to, out, n);
}

static bool
pass(struct way *w)
{
    uint8_t bytes[4096];
    ssize_t got = recv(w->from, bytes, sizeof(bytes), 0);
    size_t i, begin = 0, size;

    if (got <= 0)
        return false;
    size = (size_t)got;
    note(w, bytes, size);
    w->passed += size;
    for (i = 0; i < size; i++) {
        if (w->until-- > 0)
            continue;
        if (!put(w->to, bytes + begin, i - begin) || !spoil(w, bytes[i]))
            return false;
        begin = i + 1;
        plan_fault(w);
    }
    return put(w->to, bytes + begin, size - begin);
}

static struct sockaddr_in
loopback(unsigned port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int
fail(const char *what)
{
    fprintf(stderr, "badline: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int
accept_client(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0), client;

    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
        listen(listener, 1) != 0 || getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        fail("cannot listen");
    printf("Listening on port %u\n", ntohs(address.sin_port));
    fflush(stdout);
    client = accept(listener, NULL, NULL);
    close(listener);
    return client < 0 ? fail("accept") : client;
}

static int
connect_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int server = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof(address)) != 0)
        fail("cannot connect to the socket");
    return server;
}

static int
connect_server(const char *where)
{
    struct sockaddr_in address = loopback((unsigned)strtoul(where, NULL, 10));
    int server = strchr(where, '/') != NULL ? -1 : socket(AF_INET, SOCK_STREAM, 0);

    if (server < 0)
        return connect_socket(where);

    if (connect(server, (struct sockaddr *)&address, sizeof(address)) != 0)
        fail("cannot connect to the server");
    return server;
}

static void
relay(int client, int server, uint64_t seed)
{
    struct way ways[2] = {
        { .from = client, .to = server, .random = seed * 2 + 0x9e3779b97f4a7c15 },
        { .from = server, .to = client, .random = seed * 2 + 0xbf58476d1ce4e5b9 },
    };
    struct pollfd polls[2] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };
    int i;

    ways[0].is_request = true;
    for (i = 0; i < 2; i++)
        plan_fault(&ways[i]);
    for (;;) {
        if (poll(polls, 2, -1) < 0)
            return;
        for (i = 0; i < 2; i++) {
            if (polls[i].revents && !pass(&ways[i])) {
                printf("bytes: %lu to the server, %lu to the client\n", ways[0].passed,
                       ways[1].passed);
                return;
            }
        }
    }
}

int
main(int argc, char **argv)
{
    int client, server, on = 1, i;

    if (argc < 4 || argc > 5 || (mean = strtoull(argv[3], NULL, 10)) == 0) {
        fprintf(stderr, "usage: badline (PORT | SOCKET) SEED MEAN [LOG]\n");
        return 2;
    }
    if (argc == 5 && (said = fopen(argv[4], "w")) == NULL)
        fail("cannot write the log");
    if (said != NULL)
        setvbuf(said, NULL, _IOLBF, 0);
    client = accept_client();
    server = connect_server(argv[1]);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    relay(client, server, strtoull(argv[2], NULL, 10));
    printf("faults:");
    for (i = 0; i < FAULTS; i++)
        printf(" %lu %s", counts[i], names[i]);
    printf("\n");
    return 0;
}
