/* mutate.c - a client that behaves badly: seeded random and mutated packets at a live server.
 *
 *   mutate PORT PID SECONDS SEED [PROGRAM]
 *
 * PORT and PID are the server's, on this machine. Prints ok/not ok lines: the server is there, it
 * answers a fresh client, and its memory has not grown. Exit status 0 all well, 1 not, 3 the
 * server died. No body here can start another program than PROGRAM, attach to a process or name a
 * file to write: vAttach, vFile, QSetSTDOUT and the like are left out on purpose. */
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
#include <time.h>
#include <unistd.h>

enum {
    BODY_MAX = 4096,
    ANSWER_MS = 5000, /* the longest that a sane request may wait */
    PROBE_EVERY = 25, /* connections */
    WARM = 100,       /* connections before memory is measured */
    GROWTH_KB = 1024,
    OVERSIZED = 300000 /* above every PacketSize offered */
};

static const char *const corpus[] = {
    "?",
    "c",
    "s",
    "C05",
    "S0e",
    "C0a;555555555400",
    "k",
    "D",
    "D;1",
    "g",
    "p0",
    "p10",
    "p28",
    "p7f",
    "pffffffff",
    "P0=1122334455667788",
    "P10=5555555555540000",
    "P28=00",
    "T1",
    "Tp1.1",
    "H",
    "Hg0",
    "Hg-1",
    "Hc-1",
    "Hgp1.-1",
    "Hgffffffffffffffff",
    "m555555555000,40",
    "m7ffffffde000,1000",
    "m20000ff8,10",
    "m0,1",
    "m555555555000,0",
    "m,",
    "m1",
    "m1,",
    "mffffffffffffffff,ffffffffffffffff",
    "m100000000000,ffffffffffffffff",
    "m100000000000,7fffffff",
    "mfffffffffffffff0,20",
    "x555555555000,100",
    "x0,0",
    "x20000ff8,10",
    "x555555555000,ffffffffffffffff",
    "M7ffffffde000,4:01020304",
    "M20000ffe,4:01020304",
    "M0,ffffffffffffffff:00",
    "Mffffffffffffffff,2:0000",
    "X7ffffffde000,4:abcd",
    "X7ffffffde000,0:",
    "Xfffffffffffffffe,8:abcdefgh",
    "X1,ffffffff:}",
    "vCont?",
    "vCont;c",
    "vCont;s",
    "vCont;s:1;c",
    "vCont;C0e:1;c",
    "vCont;r555555555000,555555555100:1",
    "vCont;rffffffffffffffff,0:1",
    "vCont;t",
    "vCont;c:p1.-1",
    "vCont;",
    "vCont;S",
    "vCtrlC",
    "vMustReplyEmpty",
    "vKill;1",
    "vStopped",
    "vRun;@",
    "vRun;@;6f6e65;74776f",
    "vRun;",
    "vRun;zz",
    "Z0,5555555553b4,1",
    "z0,5555555553b4,1",
    "Z0,0,1",
    "Z0,ffffffffffffffff,ffffffff",
    "Z1,5555555553b4,1",
    "z1,5555555553b4,1",
    "Z2,555555558010,4",
    "z2,555555558010,4",
    "Z3,555555558010,8",
    "Z4,555555558010,1",
    "Z2,555555558011,1000",
    "Z9,0,0",
    "Z0",
    "Z0,5555555553b4,1;X3,220026",
    "Z0,5555555553b4,1;X3,210000;cmds:1,Xc,2200220034000003256400",
    "QCatchSyscalls:1;27;1869f",
    "QCatchSyscalls:0",
    "qGetTLSAddr:1,10,0",
    "qXfer:siginfo:write::0:abcd",
    "qXfer:osdata:read:types:0,fff",
    "R00",
    "!",
    "bc",
    "bs",
    "d",
    "r",
    "t",
    ("qSupported:multiprocess+;swbreak+;hwbreak+;qRelocInsn+;fork-events+;vfork-events+;"
     "exec-events+;vContSupported+;QThreadEvents+;no-resumed+;xmlRegisters=i386"),
    "qSupported",
    "qSupported:",
    "qC",
    "qAttached",
    "qAttached:1",
    "qfThreadInfo",
    "qsThreadInfo",
    "qThreadExtraInfo,1",
    "qThreadStopInfo1",
    "qSymbol::",
    "qSymbol:1:6d61696e",
    "qOffsets",
    "qCRC:555555555000,100",
    "qCRC:0,ffffffffffffffff",
    "qSearch:memory:555555555000;1000;abc",
    "qSearch:memory:0;ffffffffffffffff;a",
    "qSearch:memory:555555555000;10;",
    "qRcmd,68656c70",
    "qRcmd,",
    "qRcmd,zz",
    "qTStatus",
    "qXfer:features:read:target.xml:0,ffb",
    "qXfer:features:read:target.xml:ffffffffffffffff,ffffffffffffffff",
    "qXfer:auxv:read::0,1000",
    "qXfer:libraries-svr4:read::0,1000",
    "qXfer:threads:read::0,ffffffff",
    "qXfer:siginfo:read::0,80",
    "qXfer:siginfo:write::0:abc",
    "qXfer:exec-file:read::0,100",
    "qXfer:exec-file:read:zz:0,100",
    "qXfer:memory-map:read::0,100",
    "qXfer:osdata:read::0,100",
    "qXfer:",
    "qXfer:features:read:../../etc/passwd:0,100",
    "QStartNoAckMode",
    "QPassSignals:e;10;14",
    "QPassSignals:",
    "QProgramSignals:0;1;2",
    "QNonStop:1",
    "QNonStop:0",
    "QThreadSuffixSupported",
    "QListThreadsInStopReply",
    "QEnableErrorStrings",
    "QDisableRandomization:1",
    "QSetDisableASLR:1",
    "QStartupWithShell:0",
    "QEnvironmentHexEncoded:413d62",
    "QEnvironment:A=b",
    "QEnvironmentUnset:41",
    "QEnvironmentReset",
    "QSetWorkingDir:2f",
    "QSetDetachOnError:1",
    "qHostInfo",
    "qProcessInfo",
    "qProcessInfoPID:1",
    "qShlibInfoAddr",
    "qStructuredDataPlugins",
    "qWatchpointSupportInfo:",
    "qRegisterInfo0",
    "qRegisterInfoffffffffffff",
    "qMemoryRegionInfo:555555555000",
    "qMemoryRegionInfo:0",
    "qMemoryRegionInfo:ffffffffffffffff",
    "qMemoryRegionInfo:",
    "_M1000,rw",
    "_Mffffffffffffffff,rwx",
    "_m555555555000",
    "QSaveRegisterState",
    "QSaveRegisterState;thread:1;",
    "QRestoreRegisterState:1",
    "QRestoreRegisterState:ffffffff",
    "MultiMemRead:ranges:555555555000,10,7ffffffde000,20,0,8;",
    "MultiMemRead:ranges:",
    "MultiMemRead:ranges:0,ffffffffffffffff;",
    "jMultiBreakpoint:{\"breakpoint_requests\":[\"Z0,5555555553b4,1\",\"z0,5555555553b4,1\"]}]",
    "jMultiBreakpoint:{",
    "jThreadsInfo",
    "jThreadExtendedInfo:{\"thread\":1}]",
    "jSignalsInfo",
    "qVAttachOrWaitSupported",
    "qLaunchSuccess",
    "qGetWorkingDir",
    "qModuleInfo:61;62",
    "A8,0,@",
    "A",
    "A2,0,zz",
    "A8,0,@,6,1,6f6e65",
    "G00",
    "G",
    "vCont;c:ffffffffffffffff",
    "vCont;s:0",
    "vCont;s:-1",
    "vCont;C",
    "Hg123456789abcdef0123456789",
};
enum { CORPUS = sizeof(corpus) / sizeof(corpus[0]) };

static const char *const extremes[] = {
    "0",
    "1",
    "-1",
    "7fffffff",
    "80000000",
    "ffffffff",
    "7fffffffffffffff",
    "8000000000000000",
    "ffffffffffffffff",
    "10000000000000000",
    "fffffffffffffff8",
    "7ffffffff000",
    "",
    "g",
    "+1",
};

static uint64_t state;
static unsigned port, server;
static char program_hex[2048];
static unsigned long packets, connections, resets, probes;

static uint64_t
draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 16) % below;
}

static int64_t
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- bodies ---- */

/* A body of the corpus; `@` becomes the program's path in hex. */
static size_t
pick_body(char *body)
{
    const char *from = corpus[draw(CORPUS)];
    const char *at = strchr(from, '@');
    int n = at ? snprintf(body, BODY_MAX, "%.*s%s%s", (int)(at - from), from, program_hex, at + 1)
               : snprintf(body, BODY_MAX, "%s", from);

    return (size_t)n;
}

static size_t
replace_number(char *body, size_t size)
{
    const char *number = extremes[draw(sizeof(extremes) / sizeof(extremes[0]))];
    size_t at = size ? draw(size) : 0, end, length = strlen(number);

    while (at < size && !strchr(",;:=", body[at]))
        at++;
    at += at < size;
    for (end = at; end < size && !strchr(",;:=", body[end]); end++)
        continue;
    if (size - (end - at) + length > BODY_MAX)
        return size;
    memmove(body + at + length, body + end, size - end);
    memcpy(body + at, number, length);
    return size - (end - at) + length;
}

static size_t
mutate_once(char *body, size_t size)
{
    size_t at = size ? draw(size) : 0, n;
    char other[BODY_MAX];

    switch (draw(7)) {
    case 0: /* another byte */
        if (size)
            body[at] = (char)draw(256);
        return size;
    case 1: /* a byte less */
        if (size == 0)
            return 0;
        memmove(body + at, body + at + 1, size - at - 1);
        return size - 1;
    case 2: /* cut */
        return at;
    case 3: /* a byte more */
        if (size == BODY_MAX)
            return size;
        memmove(body + at + 1, body + at, size - at);
        body[at] = (char)draw(256);
        return size + 1;
    case 4: /* the end of another body */
        n = pick_body(other);
        if (at + n > BODY_MAX)
            return size;
        memcpy(body + at, other, n);
        return at + n;
    case 5: /* a long run of one byte */
        n = draw(BODY_MAX - at);
        memset(body + at, body[at], n);
        return at + n;
    default:
        return replace_number(body, size);
    }
}

static bool
is_unsafe(const char *body, size_t size)
{
    static const char *const words[] = { "vAttach", "vFile", "QSetSTD", "qPlatform",
                                         "qLaunchGDB" };
    size_t i, w, length;

    for (w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
        length = strlen(words[w]);
        for (i = 0; i + length <= size; i++) {
            if (memcmp(body + i, words[w], length) == 0)
                return true;
        }
    }
    return false;
}

static size_t
make_body(char *body)
{
    size_t size = pick_body(body), times = draw(3) == 0 ? 0 : 1 + draw(4);

    while (times-- > 0)
        size = mutate_once(body, size);
    return is_unsafe(body, size) ? 0 : size;
}

/* ---- the line ---- */

static int
open_line(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static void
close_line(int fd)
{
    struct linger linger = { .l_onoff = 1, .l_linger = 0 };

    if (draw(3) == 0) {
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
        resets++;
    }
    close(fd);
}

/* Sends what fits; a server that does not read must not stop us. */
static bool
put(int fd, const void *bytes, size_t size)
{
    struct pollfd p = { fd, POLLOUT, 0 };
    const char *at = bytes;

    while (size > 0 && poll(&p, 1, 200) > 0) {
        ssize_t n = send(fd, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0)
            return errno == EAGAIN;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

/* Frames body into out (2 * size + 4 bytes) with the right sum; binary bytes are escaped. */
static size_t
frame(char *out, const char *body, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    unsigned sum = 0;
    size_t i, n = 0, begin;

    out[n++] = '$';
    begin = n;
    for (i = 0; i < size; i++) {
        if (strchr("$#}*", body[i]) && body[i] && draw(8)) {
            out[n++] = '}';
            out[n++] = (char)(body[i] ^ 0x20);
        } else {
            out[n++] = body[i];
        }
    }
    for (i = begin; i < n; i++)
        sum += (unsigned char)out[i];
    out[n++] = '#';
    out[n++] = digits[sum >> 4 & 15];
    out[n++] = digits[sum & 15];
    return n;
}

/* Reads for ms at most, or until something came. Returns false when the line is closed. */
static bool
drain(int fd, int ms, bool acks)
{
    static char heap[65536];
    struct pollfd p = { fd, POLLIN, 0 };

    while (poll(&p, 1, ms) > 0) {
        ssize_t n = recv(fd, heap, sizeof(heap), MSG_DONTWAIT);

        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        if (acks && memchr(heap, '#', (size_t)n) && !put(fd, "+", 1))
            return false;
        ms = 0;
    }
    return true;
}

static bool
send_oversized(int fd)
{
    static char big[OVERSIZED + 4];
    bool ends = draw(2);

    memset(big, draw(2) ? 'a' : '}', OVERSIZED);
    memcpy(big, "$X0,", 4);
    if (ends)
        memcpy(big + OVERSIZED, "#00", 3);
    return put(fd, big, ends ? OVERSIZED + 3 : OVERSIZED);
}

static bool
send_garbage(int fd)
{
    char bytes[512];
    size_t n = 1 + draw(sizeof(bytes)), i;

    for (i = 0; i < n; i++)
        bytes[i] = (char)draw(256);
    return is_unsafe(bytes, n) || put(fd, bytes, n);
}

static bool
send_one(int fd)
{
    char body[BODY_MAX], out[2 * BODY_MAX + 4];
    size_t n = frame(out, body, make_body(body));

    packets++;
    switch (draw(20)) {
    case 0:
        return send_garbage(fd);
    case 1: /* half a frame, and on with the next */
        return put(fd, out, 1 + draw(n));
    case 2: /* a wrong sum */
        out[n - 1 - draw(2)] = (char)draw(256);
        return put(fd, out, n);
    case 3:
        return put(fd, "\003", 1);
    case 4:
        return put(fd, "-", 1);
    case 5: /* twice in one segment */
        return put(fd, out, n) && put(fd, out, n);
    case 6: /* a byte at a time */
        for (size_t i = 0; i < n && i < 64; i++) {
            if (!put(fd, out + i, 1))
                return false;
        }
        return put(fd, out + (n < 64 ? n : 64), n < 64 ? 0 : n - 64);
    case 7:
        return draw(10) ? put(fd, out, n) : send_oversized(fd);
    default:
        return put(fd, out, n);
    }
}

static void
be_a_browser(int fd)
{
    static const char post[] =
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20\r\n\r\n$vCont;c#a8$k#6b";

    put(fd, post, sizeof(post) - 1);
    drain(fd, 50, false);
}

static void
misbehave(void)
{
    static const char hello[] = "+$qSupported:swbreak+;error-message+#2d+$QStartNoAckMode#b0+";
    int fd = open_line();
    size_t left = 1 + draw(60);
    bool acks = draw(4) != 0;

    connections++;
    if (fd < 0)
        return;
    if (draw(20) == 0) {
        be_a_browser(fd);
        left = 0;
    } else if (draw(3)) {
        put(fd, hello, sizeof(hello) - 1);
        drain(fd, 20, false);
    }
    while (left-- > 0 && send_one(fd) && drain(fd, (int)draw(4) * 3, acks))
        continue;
    close_line(fd);
}

/* ---- is it well? ---- */

/* Asks body as a sane client does; true when a good frame came in time. */
static bool
ask(int fd, const char *body, char *reply, size_t room)
{
    char out[256];
    int64_t end = now_ms() + ANSWER_MS;
    size_t have = 0;

    if (!put(fd, out, frame(out, body, strlen(body))))
        return false;
    while (now_ms() < end && have < room - 1) {
        struct pollfd p = { fd, POLLIN, 0 };
        ssize_t n;
        char *hash;

        if (poll(&p, 1, 100) <= 0)
            continue;
        n = recv(fd, reply + have, room - 1 - have, MSG_DONTWAIT);
        if (n <= 0)
            return false;
        have += (size_t)n;
        reply[have] = '\0';
        hash = memchr(reply, '#', have);
        if (memchr(reply, '$', have) && hash && hash + 2 < reply + have)
            return put(fd, "+", 1);
    }
    return false;
}

/* A fresh client: features, then (the program may be running) a stop or a state. */
static bool
is_sane(void)
{
    static char reply[65536];
    int fd = -1;
    int64_t end = now_ms() + ANSWER_MS;
    bool sane;

    probes++;
    while (fd < 0 && now_ms() < end) {
        fd = open_line();
        if (fd < 0)
            usleep(50000);
    }
    if (fd < 0)
        return false;
    sane = ask(fd, "qSupported:swbreak+", reply, sizeof(reply)) && strstr(reply, "PacketSize=");
    sane =
        sane && ask(fd, "?", reply, sizeof(reply)) && strpbrk(reply, "TSWXO"); /* OK: no process */
    if (!sane)
        fprintf(stderr, "mutate: probe got: %.200s\n", reply);
    close(fd);
    return sane;
}

static bool
is_there(void)
{
    char path[64], line[256];
    bool dead = true;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%u/status", server);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f)) {
        if (strncmp(line, "State:", 6) == 0)
            dead = strpbrk(line, "ZX") != NULL;
    }
    if (f)
        fclose(f);
    return !dead;
}

static long
memory_kb(void)
{
    char path[64], line[256];
    long kb = -1;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%u/status", server);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f)) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    }
    if (f)
        fclose(f);
    return kb;
}

static int
report(long before, bool sane)
{
    long after = memory_kb();
    bool grown = before >= 0 && after - before > GROWTH_KB;

    printf("%lu connections, %lu packets, %lu resets, %lu probes, memory %ld to %ld KB\n",
           connections, packets, resets, probes, before, after);
    if (!is_there()) {
        printf("not ok mutate: server-lives (process %u is gone)\n", server);
        return 3;
    }
    printf("ok mutate: server-lives\n");
    printf("%s mutate: fresh-clients-are-served (%d ms at most)\n", sane ? "ok" : "not ok",
           ANSWER_MS);
    printf("%s mutate: memory-does-not-grow (%ld to %ld KB)\n", grown ? "not ok" : "ok", before,
           after);
    return sane && !grown ? 0 : 1;
}

int
main(int argc, char **argv)
{
    int64_t end;
    long before = -1;
    bool sane = true;
    const char *c;

    if (argc < 5) {
        fprintf(stderr, "usage: mutate PORT PID SECONDS SEED [PROGRAM]\n");
        return 2;
    }
    port = (unsigned)strtoul(argv[1], NULL, 10);
    server = (unsigned)strtoul(argv[2], NULL, 10);
    end = now_ms() + strtol(argv[3], NULL, 10) * 1000;
    state = strtoull(argv[4], NULL, 10) * 0x9e3779b97f4a7c15 + 1;
    for (c = argc > 5 ? argv[5] : ""; *c && c - argv[5] < 1000; c++)
        snprintf(program_hex + 2 * (c - argv[5]), 3, "%02x", (unsigned char)*c);
    while (now_ms() < end && sane && is_there()) {
        misbehave();
        if (connections == WARM)
            before = memory_kb();
        if (connections % PROBE_EVERY == 0)
            sane = is_sane();
    }
    sane = sane && is_there() && is_sane();
    return report(before, sane);
}
