/* mutate.c - a hostile client: seeded valid, mutated, broken and abandoned packets for a live server.
 *
 *   mutate [-c] [-n] [-g KB] [-l LOG] SECONDS SEED CORPUS PROGRAM SERVER ARG...
 *
 * Starts SERVER, with @ in ARG... replaced by 127.0.0.1:PORT, and starts it again when it died.
 * CORPUS has a packet's body in each line, with \xNN for bytes that a line cannot hold. PROGRAM is
 * what a fresh client launches at the end to see that the server is right still.
 *   -c  count only: deaths and hangs of the server are no failure (for other servers)
 *   -n  the server serves one program (no --multi): packets after which it ends by design, and the
 *       end of a server whose client has left, are left out
 *   -g  how many KB the server may grow after the warm-up; without it growth is not looked at
 *   -l  what the server printed last
 * When the server dies or hangs, what its last connections were sent is printed.
 *
 * Run by root, the server and all that it launches are nobody: a mutated packet may make the program
 * do anything. vAttach goes only to a process of our own. Packets that end every server by design are
 * left out: `monitor exit`. With -n so are k, D, vKill, vRun and A. */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 10000,
    WARM_UP_MS = 1000,
    BODIES = 2048,
    BODY_MAX = 1 << 15,
    FRAME_MAX = 2 * BODY_MAX + 8,
    REPLY_MAX = 1 << 17,
    RECORD_MAX = 1 << 15,
    RECORDS = 3,
    NOBODY = 65534,
    HANDLES_MORE = 16
};

struct body {
    size_t size;
    unsigned char bytes[BODY_MAX];
};

static uint64_t state;
static struct {
    size_t size;
    unsigned char *bytes;
} corpus[BODIES];
static unsigned bodies;
static bool count_only, one_program;
static char **command;
static const char *log_file, *program;

static pid_t server, logger, victim;
static unsigned port;
static unsigned crashes, ends, hangs, connections, packets, replies, refusals, leavings;

/* ---- the connection ---- */

static int line = -1;
static bool hung_up, no_ack, lazy_acks;
static unsigned char reply[REPLY_MAX];
static size_t reply_size;
static enum { BETWEEN, INSIDE, FIRST_DIGIT, SECOND_DIGIT } place;

static struct {
    size_t size;
    unsigned char bytes[RECORD_MAX];
} records[RECORDS];

static uint64_t
draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % below;
}

static bool
chance(unsigned percent)
{
    return draw(100) < percent;
}

static int64_t
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
pause_ms(unsigned ms)
{
    usleep(ms * 1000);
}

static void
record(const unsigned char *bytes, size_t size)
{
    size_t *have = &records[connections % RECORDS].size;
    size_t room = RECORD_MAX - *have;

    size = size < room ? size : room;
    memcpy(records[connections % RECORDS].bytes + *have, bytes, size);
    *have += size;
}

static void put_raw(const char *text);

static void
take_byte(unsigned char byte)
{
    if (byte == '$') {
        place = INSIDE;
        reply_size = 0;
    } else if (place == INSIDE && byte == '#') {
        place = FIRST_DIGIT;
    } else if (place == INSIDE && reply_size < REPLY_MAX) {
        reply[reply_size++] = byte;
    } else if (place == FIRST_DIGIT) {
        place = SECOND_DIGIT;
    } else if (place == SECOND_DIGIT) {
        place = BETWEEN;
        replies++;
        if (!no_ack)
            put_raw(lazy_acks && chance(10) ? "-" : "+");
    }
}

/* What is there now; a reply is complete when `replies` grows. */
static void
receive(void)
{
    unsigned char bytes[8192];
    ssize_t got;

    while (!hung_up && (got = recv(line, bytes, sizeof(bytes), MSG_DONTWAIT)) != -1) {
        if (got == 0)
            hung_up = true;
        for (ssize_t i = 0; i < got; i++)
            take_byte(bytes[i]);
    }
    if (!hung_up && errno != EAGAIN)
        hung_up = true;
}

static bool
wait_line(short events, int64_t ms)
{
    struct pollfd fd = { .fd = line, .events = (short)(events | POLLIN) };

    if (hung_up || poll(&fd, 1, (int)ms) <= 0)
        return false;
    if (fd.revents & POLLIN || fd.revents & (POLLERR | POLLHUP))
        receive();
    return !hung_up;
}

/* Reads on while it writes: two sides that only write wait for ever. */
static void
put(const unsigned char *bytes, size_t size)
{
    int64_t end = now_ms() + PATIENCE_MS;

    record(bytes, size);
    while (size > 0 && !hung_up && now_ms() < end) {
        ssize_t n = send(line, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n > 0) {
            bytes += n;
            size -= (size_t)n;
        } else if (errno == EAGAIN) {
            wait_line(POLLOUT, 100);
        } else {
            hung_up = true;
        }
    }
}

static void
put_raw(const char *text)
{
    put((const unsigned char *)text, strlen(text));
}

static bool
wait_reply(unsigned before, int64_t ms)
{
    int64_t end = now_ms() + ms;

    while (replies == before && !hung_up && now_ms() < end)
        wait_line(0, end - now_ms());
    return replies != before;
}

static struct sockaddr_in
address_of(unsigned number)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)number) };

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return in;
}

static bool
connect_once(void)
{
    struct sockaddr_in in = address_of(port);
    int on = 1;

    line = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(line, (struct sockaddr *)&in, sizeof(in)) != 0) {
        close(line);
        line = -1;
        return false;
    }
    setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    hung_up = no_ack = lazy_acks = false;
    place = BETWEEN;
    connections++;
    records[connections % RECORDS].size = 0;
    return true;
}

static void
disconnect(bool reset)
{
    struct linger linger = { .l_onoff = 1, .l_linger = 0 };

    if (line < 0)
        return;
    leavings += hung_up;
    if (reset)
        setsockopt(line, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    record((const unsigned char *)(reset ? " (reset)" : " (close)"), 8);
    close(line);
    line = -1;
}

/* ---- processes ---- */

/* Nobody, when root is who runs this and nobody can read the tree. */
static void
become_nobody(const char *file)
{
    bool readable;

    if (geteuid() != 0 || setegid(NOBODY) != 0 || seteuid(NOBODY) != 0)
        return;
    readable = eaccess(file, X_OK) == 0;
    if (seteuid(0) != 0 || setegid(0) != 0)
        _exit(126);
    if (readable && (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
        _exit(126);
}

/* Its end is read by tail, so that packet logs that a packet asked for fill no disk. */
static void
start_logger(const int *pipes)
{
    if ((logger = fork()) != 0)
        return;
    int out = open(log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    dup2(pipes[0], 0);
    dup2(out, 1);
    close(pipes[1]);
    execlp("tail", "tail", "-c", "20000", (char *)NULL);
    _exit(127);
}

static unsigned
free_port(void)
{
    struct sockaddr_in in = address_of(0);
    socklen_t size = sizeof(in);
    int s = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(s, (struct sockaddr *)&in, size) != 0 ||
        getsockname(s, (struct sockaddr *)&in, &size) != 0)
        err(2, "no free port");
    close(s);
    return ntohs(in.sin_port);
}

static void
run_server(int out)
{
    char where[32];
    struct rlimit none = { 0, 0 };

    snprintf(where, sizeof(where), "127.0.0.1:%u", port);
    for (char **arg = command; *arg != NULL; arg++)
        *arg = strcmp(*arg, "@") == 0 ? where : *arg;
    setrlimit(RLIMIT_CORE, &none);
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(out, 1);
    dup2(out, 2);
    setsid();
    become_nobody(command[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(command[0], command);
    err(127, "%s", command[0]);
}

static void
start_server(void)
{
    int pipes[2];
    int64_t end = now_ms() + PATIENCE_MS;

    if (pipe2(pipes, O_CLOEXEC) != 0)
        err(2, "pipe");
    port = free_port();
    start_logger(pipes);
    if ((server = fork()) == 0)
        run_server(pipes[1]);
    close(pipes[0]);
    close(pipes[1]);
    /* Most servers serve the first connection that comes: it must be a good one. */
    while (!connect_once()) {
        if (now_ms() > end || waitpid(server, NULL, WNOHANG) != 0)
            errx(2, "%s does not start; see %s", command[0], log_file);
        pause_ms(5);
    }
}

/* A process to attach to, that is nobody's like the server. */
static void
start_victim(void)
{
    if (victim > 0 && waitpid(victim, NULL, WNOHANG) == 0)
        return;
    if ((victim = fork()) != 0)
        return;
    closefrom(0);
    become_nobody(command[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_DUMPABLE, 1);
    for (;;)
        pause_ms(20);
}

/* Programs that a client let go: we are their parent since their server left them. */
static void
end_orphans(bool all)
{
    char path[64];
    int pid;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", getpid(), getpid());
    if ((f = fopen(path, "re")) == NULL)
        return;
    while (fscanf(f, "%d", &pid) == 1) {
        if (pid == logger || (!all && (pid == server || pid == victim)))
            continue;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    fclose(f);
}

static unsigned long
status_of(const char *key)
{
    char path[64], text[256];
    unsigned long n = 0;
    size_t size = strlen(key);
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/status", server);
    if ((f = fopen(path, "re")) == NULL)
        return 0;
    while (fgets(text, sizeof(text), f) != NULL) {
        if (strncmp(text, key, size) == 0 && text[size] == ':')
            n = strtoul(text + size + 1, NULL, 10);
    }
    fclose(f);
    return n;
}

static unsigned
handles(void)
{
    char path[64];
    unsigned n = 0;

    for (int i = 0; i < 256; i++) {
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", server, i);
        n += readlink(path, (char[8]){ 0 }, 8) > 0;
    }
    return n;
}

/* ---- telling what killed it ---- */

static void
show(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        printf(bytes[i] == '\\' ? "\\\\" : isprint(bytes[i]) ? "%c" : "\\x%02x", bytes[i]);
    printf("\n");
}

static void
show_records(void)
{
    for (unsigned i = 0; i < RECORDS; i++) {
        unsigned at = (connections + 1 + i) % RECORDS;
        size_t size = records[at].size, skip = size > 3000 ? size - 3000 : 0;

        if (size == 0)
            continue;
        printf("  sent%s: ", skip > 0 ? " (its last 3000 bytes)" : "");
        show(records[at].bytes + skip, size - skip);
    }
}

/* It ends when nobody holds the pipe any more, and writes only then. */
static void
end_logger(void)
{
    for (int i = 0; i < 100 && waitpid(logger, NULL, WNOHANG) == 0; i++)
        pause_ms(10);
    kill(logger, SIGKILL);
    waitpid(logger, NULL, WNOHANG);
}

static void
bury(const char *how, int detail)
{
    if (!count_only) {
        printf("%s %d after connection %u\n", how, detail, connections);
        show_records();
    }
    if (line >= 0)
        close(line);
    line = -1;
    end_orphans(false);
    end_logger();
    memset(records, 0, sizeof(records));
    start_server();
}

static void
end_hung(void)
{
    hangs++;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    bury("hang", 0);
}

/* Whether the server has ended; it is started again then, and `line` is connected. */
static bool
has_died(bool may_leave)
{
    int status;

    if (waitpid(server, &status, WNOHANG) == 0)
        return false;
    if (WIFSIGNALED(status)) {
        crashes++;
        bury("signal", WTERMSIG(status));
    } else {
        bool by_design = one_program && may_leave && WEXITSTATUS(status) == 0;

        ends += !by_design;
        if (by_design)
            records[connections % RECORDS].size = 0, start_server();
        else
            bury("exit", WEXITSTATUS(status));
    }
    return true;
}

/* ---- bodies ---- */

static bool
begins(const struct body *b, const char *text)
{
    size_t size = strlen(text);

    return b->size >= size && memcmp(b->bytes, text, size) == 0;
}

static void
set_text(struct body *b, const char *text)
{
    b->size = strlen(text);
    memcpy(b->bytes, text, b->size);
}

static unsigned
digit(unsigned char c)
{
    return c <= '9' ? c - (unsigned)'0' : (c | 32u) - 'a' + 10u;
}

static void
load_corpus(const char *path)
{
    static char text[BODY_MAX];
    FILE *f = fopen(path, "re");

    if (f == NULL)
        err(2, "%s", path);
    while (bodies < BODIES && fgets(text, sizeof(text), f) != NULL) {
        size_t size = strcspn(text, "\n"), n = 0;
        unsigned char *out = malloc(size + 1);

        for (size_t i = 0; out != NULL && i < size; i++) {
            if (text[i] == '\\' && text[i + 1] == 'x' && i + 3 < size) {
                out[n++] = (unsigned char)(digit((unsigned char)text[i + 2]) << 4 |
                                           digit((unsigned char)text[i + 3]));
                i += 3;
            } else {
                out[n++] = (unsigned char)text[i];
            }
        }
        corpus[bodies].bytes = out;
        corpus[bodies++].size = n;
    }
    fclose(f);
}

static void
pick(struct body *b)
{
    unsigned i = (unsigned)draw(bodies);

    b->size = corpus[i].size;
    memcpy(b->bytes, corpus[i].bytes, b->size);
}

/* Replaces `gone` bytes at `at` by `size` ones. */
static void
put_bytes_at(struct body *b, size_t at, size_t gone, const void *bytes, size_t size)
{
    size_t rest = b->size - at - gone;

    if (at + size + rest > BODY_MAX)
        return;
    memmove(b->bytes + at + size, b->bytes + at + gone, rest);
    memcpy(b->bytes + at, bytes, size);
    b->size = at + size + rest;
}

/* A number in place of another: addresses that are there, edges, sizes that wrap. */
static void
put_number(struct body *b)
{
    static const char *const numbers[] = {
        "0",
        "1",
        "2",
        "3",
        "8",
        "10",
        "40",
        "fff",
        "1000",
        "7ff",
        "10000",
        "555555554000",
        "5555555553ff0",
        "555555555770",
        "5555555580c8",
        "7ffffffde000",
        "7fffffffe000",
        "7ffffffff000",
        "20000ff0",
        "20000ffe",
        "20001000",
        "ffffffff",
        "100000000",
        "7fffffff",
        "80000000",
        "7fffffffffffffff",
        "8000000000000000",
        "fffffffffffffff0",
        "ffffffffffffffff",
        "10000000000000000",
        "00000000000000000000001",
        "-1",
    };
    const char *number = numbers[draw(sizeof(numbers) / sizeof(numbers[0]))];
    size_t at = b->size > 0 ? 1 + draw(b->size) : 0, n;

    for (n = 0; n < 2 * b->size && (at >= b->size || !isxdigit(b->bytes[at])); n++)
        at = at >= b->size ? 1 : at + 1;
    if (at >= b->size)
        return;
    for (n = 0; at + n < b->size && isxdigit(b->bytes[at + n]); n++)
        continue;
    put_bytes_at(b, at, n, number, strlen(number));
}

static void
insert_run(struct body *b)
{
    static unsigned char run[BODY_MAX];
    static const unsigned char units[] = "0f,;:*}#$\0\xff.-";
    size_t size = (size_t)1 << draw(16);

    memset(run, units[draw(sizeof(units) - 1)], size);
    put_bytes_at(b, draw(b->size + 1), 0, run, size);
}

static void
mutate_once(struct body *b)
{
    static const unsigned char marks[] = ",;:?=.-*}#$+/p0f";
    static struct body other;
    size_t at = draw(b->size + 1), left = b->size - at;
    size_t some = left > 0 ? 1 + draw(left < 16 ? left : 16) : 0;
    unsigned char byte = (unsigned char)draw(256);

    switch (draw(10)) {
    case 0:
        if (left > 0)
            b->bytes[at] ^= (unsigned char)(1u << draw(8));
        break;
    case 1:
        put_bytes_at(b, at, 0, &byte, 1);
        break;
    case 2:
        put_bytes_at(b, at, 0, &marks[draw(sizeof(marks) - 1)], 1);
        break;
    case 3:
        put_bytes_at(b, at, some, "", 0);
        break;
    case 4:
        memcpy(other.bytes, b->bytes + at, some);
        put_bytes_at(b, at, 0, other.bytes, some);
        break;
    case 5:
        b->size = at;
        break;
    case 6:
        pick(&other);
        put_bytes_at(b, at, chance(50) ? left : 0, other.bytes, other.size);
        break;
    case 7:
        if (chance(20))
            insert_run(b);
        break;
    default:
        put_number(b);
        break;
    }
}

/* What would end the server by design, or touch what is not ours, becomes harmless. */
static void
tame(struct body *b)
{
    static const char *const ending[] = { "k", "D", "vKill", "vRun", "A" };
    char text[32];

    if (begins(b, "vAttach")) {
        snprintf(text, sizeof(text), "vAttach;%x", chance(80) ? (unsigned)victim : 0x7fffffffu);
        set_text(b, text);
    }
    if (begins(b, "qRcmd,6578")) /* monitor ex... */
        set_text(b, "qRcmd,");
    if (begins(b, "QStartupWithShell")) /* a shell would run what mutation makes of vRun */
        set_text(b, "QStartupWithShell:0");
    if (begins(b, "vFile:") || begins(b, "qPlatform") || begins(b, "qKill")) /* of other servers */
        set_text(b, "vFile:");
    for (unsigned i = 0; one_program && i < sizeof(ending) / sizeof(ending[0]); i++) {
        if (begins(b, ending[i]))
            set_text(b, "qC");
    }
}

static void
make_body(struct body *b)
{
    pick(b);
    if (chance(40))
        put_number(b);
    if (chance(50)) {
        for (uint64_t n = 1 + draw(4); n > 0; n--)
            mutate_once(b);
    }
    if (chance(4))
        set_text(b, "vAttach");
    tame(b);
}

static size_t
frame(const struct body *b, unsigned char *out, bool escaped, unsigned error)
{
    unsigned char sum = 0;
    size_t n = 0;

    out[n++] = '$';
    for (size_t i = 0; i < b->size; i++) {
        unsigned char byte = b->bytes[i];

        if (escaped && (byte == '#' || byte == '$' || byte == '}' || byte == '*')) {
            sum = (unsigned char)(sum + '}');
            out[n++] = '}';
            byte ^= 0x20;
        }
        sum = (unsigned char)(sum + byte);
        out[n++] = byte;
    }
    n += (size_t)sprintf((char *)out + n, chance(95) ? "#%02x" : "#%02X", (sum + error) & 0xff);
    return n;
}

static unsigned char frame_bytes[FRAME_MAX];

/* One packet, mostly whole; its frame may be wrong, cut or in two pieces. */
static void
send_packet(const struct body *b)
{
    size_t size = frame(b, frame_bytes, chance(97), chance(97) ? 0 : 1), cut = size;

    if (chance(2))
        frame_bytes[size - 1 - draw(2)] = (unsigned char)draw(256);
    if (chance(2))
        cut = draw(size);
    if (chance(5)) {
        put(frame_bytes, cut / 2);
        pause_ms((unsigned)draw(3));
        put(frame_bytes + cut / 2, cut - cut / 2);
    } else {
        put(frame_bytes, cut);
    }
    packets++;
}

/* ---- clients ---- */

/* Sends a good packet and waits; the answer is in reply. */
static bool
ask(const char *text)
{
    static struct body b;
    unsigned before = replies;

    set_text(&b, text);
    put(frame_bytes, frame(&b, frame_bytes, true, 0));
    packets++;
    return wait_reply(before, PATIENCE_MS);
}

static bool
answers(const char *text)
{
    return reply_size >= strlen(text) && memcmp(reply, text, strlen(text)) == 0;
}

static void
send_noise(void)
{
    static const char *const words[] = {
        "+",
        "-",
        "\x03",
        "\x04",
        "$",
        "#",
        "$#",
        "$#00",
        "++++",
        "----",
        "$?#3f$?#3f",
        "%Stop:T05#aa",
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n+$k#6b$?#3f$g#67\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "$m0,1",
        "$vCont;c#a",
        "\x16\x03\x01",
        "*RST\n",
    };
    unsigned char bytes[512];
    size_t size = draw(sizeof(bytes));

    if (chance(50)) {
        put_raw(words[draw(sizeof(words) / sizeof(words[0]))]);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (unsigned char)draw(256);
        if (chance(20))
            bytes[i] = (unsigned char)"$#}*+-\x03"[draw(7)];
    }
    put(bytes, size);
}

/* False when the server no longer answers a good first packet. */
static bool
greet(void)
{
    static const char *const offers[] = {
        "qSupported",
        "qSupported:multiprocess+;swbreak+;hwbreak+;qRelocInsn+;fork-events+;vfork-events+;"
        "exec-events+;vContSupported+;QThreadEvents+;no-resumed+;memory-tagging+",
        "qSupported:xmlRegisters=i386;multiprocess+;swbreak+;error-message+",
        "qSupported:xmlRegisters=i386,arm,mips,arc;multiprocess+;fork-events+;vfork-events+",
    };

    if (chance(50))
        put_raw("+");
    if (!ask(offers[draw(4)]))
        return hung_up;
    if (chance(50) && ask("QStartNoAckMode"))
        no_ack = answers("OK");
    if (chance(20) && ask("QThreadSuffixSupported") && ask("QListThreadsInStopReply"))
        ask("QEnableErrorStrings");
    if (!hung_up && !one_program && ask("?") && (answers("W") || answers("X") || answers("E"))) {
        static struct body b;

        do
            pick(&b);
        while (!begins(&b, "vRun;2f") && chance(99));
        put(frame_bytes, frame(&b, frame_bytes, true, 0));
    }
    return true;
}

static void
play_session(void)
{
    static struct body b;

    lazy_acks = chance(10);
    for (uint64_t n = 1 + draw(60); n > 0 && !hung_up; n--) {
        unsigned before = replies;

        make_body(&b);
        send_packet(&b);
        if (chance(5))
            put_raw("\x03");
        if (chance(3))
            send_noise();
        if (chance(75))
            wait_reply(before, chance(90) ? 10 : 60);
    }
}

static void
play_flood(void)
{
    static struct body b;

    for (uint64_t n = 1 + draw(200); n > 0 && !hung_up; n--) {
        make_body(&b);
        send_packet(&b);
    }
}

static void
leave(void)
{
    static struct body b;

    if (!hung_up && chance(40)) {
        make_body(&b);
        put(frame_bytes,
            chance(50) ? frame(&b, frame_bytes, true, 0) : draw(frame(&b, frame_bytes, true, 0)));
        if (chance(30))
            pause_ms((unsigned)draw(5));
    }
    if (chance(20)) {
        shutdown(line, SHUT_WR);
        wait_line(0, 20);
    }
    disconnect(chance(50));
}

/* One connection. False when the server hung. */
static bool
play(void)
{
    unsigned kind = (unsigned)draw(100);

    if (kind >= 25 && !greet())
        return false;
    if (kind < 10)
        send_noise();
    else if (kind < 15)
        ;
    else if (kind < 40)
        play_flood();
    else
        play_session();
    return true;
}

static void
reconnect(void)
{
    int64_t end = now_ms() + PATIENCE_MS;

    while (line < 0) {
        if (has_died(true) || connect_once())
            return;
        refusals++;
        if (now_ms() > end) {
            end_hung();
            return;
        }
        pause_ms(5);
    }
}

static void
play_until(int64_t end)
{
    for (unsigned n = 0; now_ms() < end; n++) {
        start_victim();
        if (line < 0)
            reconnect();
        if (!play()) {
            end_hung();
            continue;
        }
        bool by_us = !hung_up;

        leave();
        if (!by_us)
            pause_ms(2);
        has_died(by_us);
        if (n % 64 == 0)
            end_orphans(false);
    }
}

/* ---- is it right still? ---- */

static const char *wrong;

static bool
claim(bool truth, const char *what)
{
    if (!truth && wrong == NULL)
        wrong = what;
    return truth;
}

/* Where the program's first mapping is: its ELF header, that no packet may have written since. */
static unsigned long long
first_mapping(const char *thread)
{
    char path[64];
    unsigned long long at = 0;
    const char *dot = strchr(thread, '.');
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%lu/maps", strtoul(dot ? dot + 1 : thread, NULL, 16));
    if ((f = fopen(path, "re")) == NULL)
        return 0;
    if (fscanf(f, "%llx", &at) != 1)
        at = 0;
    fclose(f);
    return at;
}

static void
run_anew(void)
{
    char text[2 * 4096 + 8] = "vRun;";
    char *out = text + strlen(text);

    /* What earlier clients asked for the next launch belongs to the target and holds still. */
    ask("QEnvironmentReset");
    ask("QSetWorkingDir:");
    ask("QSetSTDIN:");
    ask("QSetSTDOUT:");
    ask("QSetSTDERR:");
    ask("QStartupWithShell:0");
    for (const char *in = program; *in != '\0' && in < program + 4096; in++)
        out += sprintf(out, "%02x", (unsigned char)*in);
    claim(ask(text) && answers("T"), "vRun");
}

static void
check_session(void)
{
    char text[64], *thread;

    claim(ask("qSupported:swbreak+;hwbreak+") && memmem(reply, reply_size, "PacketSize=", 11),
          "qSupported");
    claim(ask("?"), "?");
    if (!one_program)
        run_anew();
    claim(ask("?") && answers("T"), "? with a program");
    reply[reply_size < REPLY_MAX ? reply_size : REPLY_MAX - 1] = '\0';
    thread = strstr((char *)reply, "thread:");
    snprintf(text, sizeof(text), "m%llx,4", thread ? first_mapping(thread + 7) : 0);
    claim(ask("g") && reply_size >= 24 * 16 && reply_size % 2 == 0, "g");
    if (!one_program)
        claim(ask(text) && reply_size == 8 && answers("7f454c46"), "m");
}

static void
check_fresh_client(void)
{
    int64_t end = now_ms() + PATIENCE_MS;

    disconnect(false);
    while (line < 0 && now_ms() < end && !connect_once())
        pause_ms(5);
    if (claim(line >= 0, "connect"))
        check_session();
    if (wrong != NULL) {
        printf("a fresh client has no right %s; it was answered ", wrong);
        show(reply, reply_size);
    }
}

static int
judge(unsigned long grown, unsigned long may_grow, unsigned more_handles)
{
    if (may_grow > 0 && grown > may_grow)
        claim(false, "size: it has grown");
    if (more_handles > HANDLES_MORE)
        claim(false, "number of open files");
    if (crashes + ends + hangs > 0)
        claim(false, "end: it died or hung");
    if (wrong != NULL && !count_only)
        printf("wrong: %s\n", wrong);
    return wrong == NULL || count_only ? 0 : 1;
}

static void
end_all(void)
{
    if (line >= 0)
        close(line);
    kill(server, SIGTERM);
    for (int i = 0; i < 100 && waitpid(server, NULL, WNOHANG) == 0; i++)
        pause_ms(10);
    end_orphans(true);
    end_logger();
}

int
main(int argc, char **argv)
{
    unsigned long size, may_grow = 0;
    unsigned open_files;
    int64_t begin = now_ms(), end;
    int option, status;

    log_file = "/dev/null";
    while ((option = getopt(argc, argv, "+cng:l:")) != -1) {
        count_only |= option == 'c';
        one_program |= option == 'n';
        may_grow = option == 'g' ? strtoul(optarg, NULL, 10) : may_grow;
        log_file = option == 'l' ? optarg : log_file;
        if (option == '?')
            return 2;
    }
    if (argc - optind < 5)
        errx(2,
             "usage: mutate [-c] [-n] [-g KB] [-l LOG] SECONDS SEED CORPUS PROGRAM SERVER ARG...");
    end = begin + 1000 * strtol(argv[optind], NULL, 10);
    state = (strtoull(argv[optind + 1], NULL, 10) + 1) * 0x9e3779b97f4a7c15;
    load_corpus(argv[optind + 2]);
    program = argv[optind + 3];
    command = argv + optind + 4;
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    setvbuf(stdout, NULL, _IOLBF, 0);

    start_server();
    play_until(begin + WARM_UP_MS < end ? begin + WARM_UP_MS : end);
    size = status_of("VmRSS");
    open_files = handles();
    play_until(end);
    if (!count_only)
        check_fresh_client();
    unsigned long now = status_of("VmRSS");
    unsigned files = handles();

    status =
        judge(now > size ? now - size : 0, may_grow, files > open_files ? files - open_files : 0);
    printf("%u connections, %u packets, %u replies, %u closed by the server, %lu to %lu kB, "
           "%u to %u open files; "
           "%u crashes, %u ends, %u hangs\n",
           connections, packets, replies, leavings, size, now, open_files, files, crashes, ends,
           hangs);
    end_all();
    return status;
}
