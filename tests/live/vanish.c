/* vanish.c - clients that are killed in the middle of anything, each followed by the next.
 *
 * vanish PORT SERVER PROGRAM COUNT [SEED]: SERVER and PROGRAM are process ids. A child plays a
 * client over and over (it continues, steps, sends half a frame, prints, dumps, hits a breakpoint)
 * and is killed by SIGKILL within a few milliseconds. The next client must hear within a second
 * why the program stands, find no breakpoint of the dead one in it, and be able to continue and
 * to stop it. Prints one line of counts; the exit status is 0 when nothing was lost. A server that
 * waits for the dead does so behind each death of a kind; a machine that stands still for a second
 * makes one client late, so one in fifty may be. */
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 60000,
    SOON_MS = 1000,
    LIVES_US = 6000,
    CODE_SIZE = 4096,
    BODY_MAX = 1 << 16
};

static unsigned short port;
static pid_t server, program;

/* ---- a client ---- */

struct client {
    int fd;
    char body[BODY_MAX];
    unsigned char bytes[4096];
    size_t have, taken;
};

static bool
meet(struct client *c)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->have = c->taken = 0;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
    return connect(c->fd, (struct sockaddr *)&in, sizeof(in)) == 0;
}

static void
put(struct client *c, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = send(c->fd, text, left, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        text += n;
        left -= (size_t)n;
    }
}

static void
put_packet(struct client *c, const char *body)
{
    char frame[256];
    unsigned sum = 0;

    for (const char *p = body; *p != '\0'; p++)
        sum += (unsigned char)*p;
    snprintf(frame, sizeof(frame), "+$%s#%02x", body, sum & 0xff);
    put(c, frame);
}

static int
next(struct client *c)
{
    struct pollfd fd = { .fd = c->fd, .events = POLLIN };
    ssize_t n;

    if (c->taken < c->have)
        return c->bytes[c->taken++];
    if (poll(&fd, 1, PATIENCE_MS) != 1 || (n = recv(c->fd, c->bytes, sizeof(c->bytes), 0)) <= 0)
        return -1;
    c->have = (size_t)n;
    c->taken = 1;
    return c->bytes[0];
}

/* The body of the next frame, cut; "" when none comes. */
static const char *
answer(struct client *c)
{
    size_t n = 0;
    int byte;

    while ((byte = next(c)) >= 0 && byte != '$')
        continue;
    while (byte >= 0 && (byte = next(c)) >= 0 && byte != '#')
        if (n + 1 < sizeof(c->body))
            c->body[n++] = (char)byte;
    (void)next(c);
    (void)next(c);
    c->body[byte < 0 ? 0 : n] = '\0';
    put(c, "+");
    return c->body;
}

static const char *
ask(struct client *c, const char *body)
{
    put_packet(c, body);
    return answer(c);
}

static bool
stands(const char *reply)
{
    return reply[0] == 'T' || reply[0] == 'S';
}

/* ---- what clients do until they die ---- */

static uint64_t loop_pc; /* in the program's loop */

static void
go_on(struct client *c)
{
    put_packet(c, "vCont;c");
    for (;;)
        pause();
}

static void
go_on_and_stop(struct client *c)
{
    for (;;) {
        put_packet(c, "vCont;c");
        put(c, "\x03");
        (void)answer(c);
    }
}

static void
step(struct client *c)
{
    char body[64];

    snprintf(body, sizeof(body), "vCont;s:%x", (unsigned)program);
    for (;;)
        (void)ask(c, body);
}

static void
step_over_ranges(struct client *c)
{
    char body[128];

    snprintf(body, sizeof(body), "vCont;r%llx,%llx:%x", (unsigned long long)loop_pc,
             (unsigned long long)loop_pc + 1, (unsigned)program);
    for (;;)
        (void)ask(c, body);
}

static void
half_a_frame(struct client *c)
{
    put(c, "+$m55555");
    for (;;)
        pause();
}

static void
print(struct client *c)
{
    char body[64];

    snprintf(body, sizeof(body), "m%llx,40", (unsigned long long)loop_pc);
    for (;;) {
        (void)ask(c, "g");
        (void)ask(c, body);
        (void)ask(c, "qXfer:threads:read::0,1000");
    }
}

/* Asks for much and reads none of it. */
static void
dump(struct client *c)
{
    char body[64];

    snprintf(body, sizeof(body), "m%llx,8000", (unsigned long long)(loop_pc & ~UINT64_C(0xfff)));
    for (;;)
        put_packet(c, body);
}

static void
hit_breakpoints(struct client *c)
{
    char set[64], clear[64], over[64];

    snprintf(set, sizeof(set), "Z0,%llx,1", (unsigned long long)loop_pc);
    snprintf(clear, sizeof(clear), "z0,%llx,1", (unsigned long long)loop_pc);
    snprintf(over, sizeof(over), "vCont;s:%x", (unsigned)program);
    for (;;) {
        (void)ask(c, set);
        (void)ask(c, "vCont;c");
        (void)ask(c, clear);
        (void)ask(c, over);
    }
}

/* The breakpoint stays, as of a client that does not take it back at each stop. */
static void
run_over_a_breakpoint(struct client *c)
{
    char set[64];

    snprintf(set, sizeof(set), "Z0,%llx,1", (unsigned long long)loop_pc);
    (void)ask(c, set);
    for (;;)
        (void)ask(c, "vCont;c");
}

static void (*const deeds[])(struct client *c) = {
    go_on,           go_on_and_stop,       step, step_over_ranges, half_a_frame, print, dump,
    hit_breakpoints, run_over_a_breakpoint
};
enum { DEEDS = sizeof(deeds) / sizeof(deeds[0]) };

static void
live_and_die(unsigned deed)
{
    static struct client c;
    struct timespec life = { .tv_nsec = (random() % LIVES_US) * 1000L };
    pid_t pid = fork();

    if (pid == 0) {
        if (!meet(&c) || !stands(ask(&c, "?")))
            _exit(1);
        deeds[deed](&c);
    }
    nanosleep(&life, NULL);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* ---- the next one ---- */

static uint8_t code[CODE_SIZE];

static bool
read_code(uint8_t *bytes)
{
    char path[64];
    uint64_t page = loop_pc & ~(uint64_t)(CODE_SIZE - 1);
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/mem", (int)program);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : pread(fd, bytes, CODE_SIZE, (off_t)page);
    if (fd >= 0)
        close(fd);
    return n == CODE_SIZE;
}

static uint64_t
pc_of(struct client *c)
{
    const char *at = ask(c, "p10");
    uint64_t pc = 0;

    for (int i = 7; i >= 0 && strlen(at) == 16; i--) {
        char byte[3] = { at[2 * i], at[2 * i + 1], '\0' };

        pc = pc << 8 | strtoul(byte, NULL, 16);
    }
    return pc;
}

static unsigned
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned)now.tv_sec * 1000 + (unsigned)(now.tv_nsec / 1000000);
}

/* Continues and stops again; a client that knows how does that in its sleep. */
static bool
runs_and_stops(struct client *c)
{
    put_packet(c, "vCont;c");
    nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    put(c, "\x03");
    return strncmp(answer(c), "T02", 3) == 0;
}

static const char *
what_is_wrong(unsigned *ms)
{
    static struct client c;
    static uint8_t bytes[CODE_SIZE];
    unsigned begin = now_ms();
    const char *wrong = NULL;

    if (kill(server, 0) != 0)
        return "the server is gone";
    if (!meet(&c))
        return "the server does not take the next client";
    if (!stands(ask(&c, "?")))
        wrong = "the next client hears nothing of the program";
    *ms = now_ms() - begin;
    if (!wrong && (!read_code(bytes) || memcmp(bytes, code, CODE_SIZE) != 0))
        wrong = "a breakpoint is left in the program";
    if (!wrong && !runs_and_stops(&c))
        wrong = "the next client cannot run and stop the program";
    if (!wrong && kill(program, 0) != 0)
        wrong = "the program is gone";
    close(c.fd);
    return wrong;
}

static void
find_loop(void)
{
    static struct client c;

    if (!meet(&c) || !stands(ask(&c, "?")) || !runs_and_stops(&c) || (loop_pc = pc_of(&c)) == 0 ||
        !read_code(code))
        errx(2, "no session to begin with: %s", c.body);
    close(c.fd);
}

int
main(int argc, char **argv)
{
    unsigned count, slowest = 0, late = 0, i;
    const char *wrong = NULL;

    if (argc < 5)
        errx(2, "usage: vanish PORT SERVER PROGRAM COUNT [SEED]");
    port = (unsigned short)atoi(argv[1]);
    server = atoi(argv[2]);
    program = atoi(argv[3]);
    count = (unsigned)atoi(argv[4]);
    srandom(argc > 5 ? (unsigned)atoi(argv[5]) : 1);
    find_loop();
    for (i = 0; i < count && !wrong; i++) {
        unsigned ms = 0;

        live_and_die(i % DEEDS);
        wrong = what_is_wrong(&ms);
        slowest = ms > slowest ? ms : slowest;
        late += ms > SOON_MS;
    }
    printf("%u clients killed, %u of the next not served within a second, the slowest after %u ms",
           i, late, slowest);
    printf("%s%s\n", wrong ? "; behind deed " : "",
           wrong ? (char[]){ (char)('0' + (i - 1) % DEEDS), 0 } : "");
    if (wrong)
        warnx("client %u: %s", i, wrong);
    return wrong || late > count / 50;
}
