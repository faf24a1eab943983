/* threads.c - servers side by side on a program of many threads: attach, list, step, stop, and
 * what a server holds in memory.
 *
 *     threads [-cd] [-m ROW] [-n THREADS] [-r ROUNDS] [-t MS] gdb|lldb PROG DIR NAME=COMMAND ...
 *
 * COMMAND is the shell's and finds $ADDR (where to listen) and $PID (whom to attach to). All are
 * asked the same, in the words of that debugger. A round starts PROG and a server anew for each
 * of them; the best of the rounds is printed, and in the last column how many times better the
 * first is than the best of the others. -c prints the system calls of a step of one thread
 * instead, as the difference of two runs (n and 2n steps); -d prints the anonymous memory before
 * and after a dump of 48 MB.
 *
 * Each session is in a process of its own: what goes wrong there spoils only its own figures. */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "tests/bench/client.h"
#include "tests/bench/count.h"
#include "tests/bench/prog.h"

#define STRETCH 0.02 /* seconds */

enum { MAX_SERVERS = 6, MAX_ROUNDS = 25, WAIT_TRIES = 2000, WAIT_US = 5000, QUIET_US = 30000 };
enum { DUMP = 48 << 20, THREADS_MAX = 32768 };

struct settings {
    const char *prog, *dir, *only; /* the beginning of the name of the only row */
    bool lldb, count, dump;
    unsigned threads, rounds;
    double seconds;
};

struct session {
    const struct settings *settings;
    const char *name, *command;
    char places[512], log[512];
    pid_t prog, server;
    uint16_t port;
    struct client client;
    struct counter *counter;
    double begin;
    uint64_t buffer, hot;
    uint64_t *tids;
    unsigned tid_count, turn;
    size_t packet_size;
};

static double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- starting ---- */

static uint16_t
free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) < 0)
        err(1, "no port");
    close(fd);
    return ntohs(at.sin_port);
}

/* The program has written its places when there is a whole line. */
static void
read_places(struct session *s)
{
    for (unsigned i = 0; i < WAIT_TRIES; i++) {
        char line[256];
        FILE *f = fopen(s->places, "r");
        bool whole = f != NULL && fgets(line, sizeof(line), f) != NULL && strchr(line, '\n');

        if (f != NULL)
            fclose(f);
        if (whole && sscanf(line, "%*d %" SCNx64 " %*x %*x %" SCNx64, &s->buffer, &s->hot) == 2)
            return;
        usleep(WAIT_US);
    }
    errx(1, "the program does not start");
}

/* A process group of its own, or gdbserver could not interrupt it. */
static void
start_prog(struct session *s)
{
    char threads[16];

    snprintf(s->places, sizeof(s->places), "%s/threads.places", s->settings->dir);
    unlink(s->places);
    snprintf(threads, sizeof(threads), "%u", s->settings->threads);
    s->prog = fork();
    if (s->prog < 0)
        err(1, "fork");
    if (s->prog == 0) {
        setpgid(0, 0);
        execl(s->settings->prog, s->settings->prog, s->places, threads, (char *)NULL);
        _exit(127);
    }
    read_places(s);
}

/* Called in the process that becomes the server. */
static void
exec_server(void *context)
{
    struct session *s = context;
    char command[1024], number[32];
    int fd = open(s->log, O_WRONLY | O_CREAT | O_TRUNC, 0666);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(number, sizeof(number), "127.0.0.1:%u", s->port);
    setenv("ADDR", number, 1);
    snprintf(number, sizeof(number), "%d", (int)s->prog);
    setenv("PID", number, 1);
    dup2(fd, 1);
    dup2(fd, 2);
    dup2(open("/dev/null", O_RDONLY), 0);
    snprintf(command, sizeof(command), "exec %s", s->command);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static void
start_server(struct session *s)
{
    snprintf(s->log, sizeof(s->log), "%s/threads.log", s->settings->dir);
    s->port = free_port();
    s->begin = now();
    if (s->settings->count) {
        s->server = count_calls(s->counter, exec_server, s);
        return;
    }
    s->server = fork();
    if (s->server < 0)
        err(1, "fork");
    if (s->server == 0)
        exec_server(s);
}

static void
expect_stop(struct session *s)
{
    if (s->client.size < 3 || s->client.body[0] != 'T')
        errx(1, "a stop was due: \"%.*s\"", (int)s->client.size, (const char *)s->client.body);
}

static void
negotiate(struct session *s)
{
    static const char key[] = "PacketSize=";
    struct client *c = &s->client;
    const char *at;

    client_ask_ok(c, "QStartNoAckMode");
    c->no_ack = true;
    if (s->settings->lldb) {
        client_ask(c, "qSupported:xmlRegisters=i386,arm,mips,arc");
        client_ask_ok(c, "QThreadSuffixSupported");
        client_ask_ok(c, "QListThreadsInStopReply");
    } else {
        client_ask(c, "qSupported:swbreak+;hwbreak+;vContSupported+;xmlRegisters=i386");
        at = memmem(c->body, c->size, key, sizeof(key) - 1);
        s->packet_size = at ? strtoull(at + sizeof(key) - 1, NULL, 16) : 1024;
        client_ask(c, "QThreadSuffixSupported"); /* as little of use to us as to gdb */
    }
    client_ask(c, "vCont?");
}

/* What is measured as the attach: from the start of the server to its answer to '?'. */
static double
attach(struct session *s)
{
    client_connect(&s->client, s->port);
    /* lldb-server 19 loses a request that comes in one segment with the '+' before it. */
    negotiate(s);
    client_ask(&s->client, "?");
    expect_stop(s);
    return (now() - s->begin) * 1e3;
}

/* ---- what is asked ---- */

/* Takes the ids of an m reply. */
static void
take_ids(struct session *s)
{
    const char *at = (const char *)s->client.body, *end = at + s->client.size;

    while (at < end && s->tid_count < THREADS_MAX) {
        char *behind;

        s->tids[s->tid_count++] = strtoull(at + 1, &behind, 16);
        at = behind;
    }
}

/* The whole list; the number of threads in it must be right. */
static void
list_threads(struct session *s)
{
    struct client *c = &s->client;

    s->tid_count = 0;
    client_ask(c, "qfThreadInfo");
    client_expand(c);
    while (c->size > 0 && c->body[0] == 'm') {
        take_ids(s);
        client_ask(c, "qsThreadInfo");
        client_expand(c);
    }
    if (s->tid_count != s->settings->threads)
        errx(1, "%u threads listed", s->tid_count);
}

static bool
check_count(const struct client *c, const char *each, unsigned n)
{
    const uint8_t *at = c->body, *end = c->body + c->size;
    unsigned found = 0;

    while ((at = memmem(at, (size_t)(end - at), each, strlen(each))) != NULL) {
        found++;
        at++;
    }
    return found == n;
}

/* gdb's list with names and cores; a server with small packets gives it in pieces. */
static void
list_with_names(struct session *s)
{
    struct client *c = &s->client;
    size_t offset = 0;
    unsigned n = 0;

    do {
        client_ask(c, "qXfer:threads:read::%zx,%zx", offset, s->packet_size - 16);
        client_expand(c);
        if (c->size == 0 || (c->body[0] != 'm' && c->body[0] != 'l'))
            errx(1, "qXfer:threads: \"%.*s\"", (int)c->size, (const char *)c->body);
        offset += c->size - 1;
        for (const uint8_t *at = c->body;
             (at = memmem(at, (size_t)(c->body + c->size - at), "<thread ", 8)) != NULL; at++)
            n++;
    } while (c->body[0] == 'm');
    if (n + 1 < s->settings->threads) /* one may lie across two pieces */
        errx(1, "%u threads in qXfer:threads", n);
}

static void
threads_info(struct session *s)
{
    client_ask(&s->client, "jThreadsInfo");
    if (!check_count(&s->client, "\"tid\":", s->settings->threads))
        errx(1, "jThreadsInfo is not whole: %zu bytes", s->client.size);
}

static void
step(struct session *s)
{
    client_ask(&s->client, "vCont;s:%x", (unsigned)s->prog);
    expect_stop(s);
}

static void
point(struct session *s, char letter)
{
    client_ask(&s->client, "%c0,%" PRIx64 ",1", letter, s->hot);
    if (!client_reply_is(&s->client, "OK"))
        errx(1, "%c0: refused", letter);
}

/* All threads run until one of them is at the breakpoint; then over it as debuggers go. */
static void
run_to_point(struct session *s)
{
    point(s, 'Z');
    client_ask(&s->client, "vCont;c");
    expect_stop(s);
    if (!check_count(&s->client, "T05", 1))
        errx(1, "stopped by a signal: \"%.*s\"", 40, (const char *)s->client.body);
    point(s, 'z');
    step(s);
}

/* All threads run, and are stopped. */
static void
run_and_interrupt(struct session *s)
{
    static const uint8_t interrupt = 0x03;
    uint8_t frame[] = "$vCont;c#a8";

    client_send(&s->client, frame, sizeof(frame) - 1);
    usleep(1000);
    client_ask_frame(&s->client, &interrupt, 1);
    expect_stop(s);
}

static uint64_t
take_word(struct client *c, size_t offset)
{
    uint64_t v = 0;

    client_expand(c);
    if (c->size < 2 * (offset + sizeof(v)))
        errx(1, "no register: \"%.*s\"", (int)(c->size < 40 ? c->size : 40),
             (const char *)c->body);
    for (size_t i = 0; i < sizeof(v); i++) {
        const uint8_t *at = c->body + 2 * (offset + i);
        char digits[3] = { (char)at[0], (char)at[1], 0 };

        v |= (uint64_t)strtoul(digits, NULL, 16) << (8 * i);
    }
    return v;
}

/* What a debugger asks to show the stack of one thread that it has not looked at yet. */
static void
look_at_one(struct session *s)
{
    struct client *c = &s->client;
    enum { RBP = 6, RSP = 7, RIP = 16, WORD = 8 };
    uint64_t tid, sp;

    if (s->tid_count == 0)
        list_threads(s);
    s->turn = (s->turn + 7) % s->tid_count;
    tid = s->tids[s->turn];
    if (s->settings->lldb) {
        client_ask(c, "p%x;thread:%" PRIx64 ";", RIP, tid);
        client_ask(c, "p%x;thread:%" PRIx64 ";", RBP, tid);
        client_ask(c, "p%x;thread:%" PRIx64 ";", RSP, tid);
        sp = take_word(c, 0);
        client_ask(c, "m%" PRIx64 ",200", sp);
        return;
    }
    client_ask(c, "Hg%" PRIx64, tid);
    if (!client_reply_is(c, "OK"))
        errx(1, "Hg: refused");
    client_ask(c, "g");
    sp = take_word(c, (size_t)RSP * WORD);
    for (unsigned i = 0; i < 4; i++)
        client_ask(c, "m%" PRIx64 ",40", sp + 64 * i);
}

/* Reads 48 MB of the program's memory, as `dump binary memory` does, and checks a bit of each. */
static void
dump(struct session *s)
{
    struct client *c = &s->client;
    size_t piece = s->packet_size > 64 ? s->packet_size / 2 & ~(size_t)63 : 4096, n = piece;

    for (uint64_t at = 0; at < DUMP; at += n) {
        client_ask(c, "m%" PRIx64 ",%zx", s->buffer + at, piece);
        client_expand(c);
        n = c->size / 2 & ~(size_t)7;
        if (n == 0 || take_word(c, 0) != prog_word(at / sizeof(uint64_t)))
            errx(1, "m: wrong data at %" PRIx64, at);
    }
}

/* A client that reads little by little afterwards. */
static void
read_little(struct session *s)
{
    for (unsigned i = 0; i < 64; i++)
        client_ask(&s->client, "m%" PRIx64 ",40", s->buffer + 64 * i);
}

static void
dump_and_go_on(struct session *s)
{
    dump(s);
    read_little(s);
}

/* ---- the rows ---- */

struct row {
    const char *name;
    void (*run)(struct session *s);
    enum { RATE, ATTACH, STOP_BYTES, PEAK_KB, PRIVATE_KB } what;
    enum { BOTH, GDB, LLDB } who;
};

static const struct row rows[] = {
    { "attach to first ?, ms", NULL, ATTACH, BOTH },
    { "thread list, 1/s", list_threads, RATE, BOTH },
    { "qXfer:threads, 1/s", list_with_names, RATE, GDB },
    { "jThreadsInfo, 1/s", threads_info, RATE, LLDB },
    { "step of one, 1/s", step, RATE, BOTH },
    { "all run to a breakpoint, 1/s", run_to_point, RATE, BOTH },
    { "all run, interrupt, 1/s", run_and_interrupt, RATE, BOTH },
    { "registers and stack of one, 1/s", look_at_one, RATE, BOTH },
    { "stop reply, bytes", step, STOP_BYTES, LLDB },
    { "resident, peak, kB", NULL, PEAK_KB, BOTH },
    { "private after that, kB", NULL, PRIVATE_KB, BOTH },
    { "private after a dump, kB", dump_and_go_on, PRIVATE_KB, BOTH },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* [server][row][round]; 0 where there is none. */
typedef double table[MAX_SERVERS][ROWS][MAX_ROUNDS];

/* Of short stretches the fastest. */
static double
rate_of(struct session *s, const struct row *row)
{
    double end = now() + s->settings->seconds, rate = 0;

    row->run(s); /* once for what is only done once */
    do {
        double begin = now(), seconds;
        unsigned n = 0;

        do {
            row->run(s);
            n++;
            seconds = now() - begin;
        } while (seconds < STRETCH);
        if (n / seconds > rate)
            rate = n / seconds;
    } while (now() < end);
    return rate;
}

/* The numbers in kB behind keys of a file of /proc, added up. */
static double
proc_kb(pid_t pid, const char *file, const char *key, const char *other)
{
    char path[64], line[256];
    double kb = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    f = fopen(path, "r");
    if (f == NULL)
        err(1, "%s", path);
    while (fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, key, strlen(key)) == 0 || strncmp(line, other, strlen(other)) == 0)
            kb += atof(strchr(line, ':') + 1);
    fclose(f);
    return kb;
}

static double
figure(struct session *s, const struct row *row)
{
    if (row->what == RATE)
        return rate_of(s, row);
    if (row->run != NULL)
        row->run(s);
    if (row->what == ATTACH)
        return attach(s);
    if (row->what == STOP_BYTES)
        return (double)s->client.size;
    if (row->what == PEAK_KB)
        return proc_kb(s->server, "status", "VmHWM:", "VmHWM:");
    return proc_kb(s->server, "smaps_rollup", "Private_Clean:", "Private_Dirty:");
}

static bool
is_asked(const struct settings *settings, const struct row *row)
{
    bool chosen = settings->only == NULL || row->what == ATTACH ||
                  strncmp(row->name, settings->only, strlen(settings->only)) == 0;

    return chosen && (row->who == BOTH || (row->who == LLDB) == settings->lldb);
}

/* After a detach the program must run on with all its threads. */
static void
leave(struct session *s)
{
    char state[64];

    client_ask(&s->client, "D");
    if (!client_reply_is(&s->client, "OK"))
        errx(1, "D: refused");
    snprintf(state, sizeof(state), "/proc/%d", (int)s->prog);
    if (access(state, F_OK) != 0 ||
        proc_kb(s->prog, "status", "Threads:", "Threads:") != s->settings->threads)
        errx(1, "the program did not survive");
}

static void
open_session(struct session *s, const struct settings *settings, const char *name,
             const char *command)
{
    *s = (struct session){ .settings = settings, .name = name, .command = command };
    s->tids = calloc(THREADS_MAX, sizeof(*s->tids));
    if (s->tids == NULL)
        err(1, "no memory");
    s->counter =
        mmap(NULL, sizeof(*s->counter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->counter == MAP_FAILED)
        err(1, "no memory");
    program_invocation_name = (char *)(uintptr_t)name; /* err() then says whose it is */
    start_prog(s);
    start_server(s);
}

static void
close_session(struct session *s)
{
    leave(s);
    kill(s->server, SIGKILL);
    kill(s->prog, SIGKILL);
}

static void
one_session(const struct settings *settings, const char *name, const char *command, unsigned round,
            double (*figures)[MAX_ROUNDS])
{
    struct session s;

    open_session(&s, settings, name, command);
    for (unsigned i = 0; i < ROWS; i++)
        if (is_asked(settings, &rows[i]))
            figures[i][round] = figure(&s, &rows[i]);
    close_session(&s);
}

/* Runs it in a process of its own. */
static bool
is_done(const struct settings *settings, const char *name, const char *command, unsigned round,
        double (*figures)[MAX_ROUNDS])
{
    pid_t pid = fork();
    int status;

    if (pid < 0)
        err(1, "fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        one_session(settings, name, command, round, figures);
        exit(0);
    }
    return waitpid(pid, &status, 0) == pid && status == 0;
}

/* ---- counting ---- */

static void
add_calls(const struct session *s, double *calls, double factor)
{
    usleep(QUIET_US); /* after its reply the server goes on to the call in which it waits */
    for (unsigned i = 0; i < COUNT_MAX; i++)
        calls[i] += factor * (double)s->counter->calls[i];
}

static void
put_calls(const double *calls)
{
    double sum = 0;

    for (unsigned i = 0; i < COUNT_MAX; i++)
        sum += calls[i];
    printf("%.2f calls (", sum);
    for (unsigned i = 0, n = 0; i < COUNT_MAX; i++)
        if (calls[i] >= 0.005)
            printf("%s%.2f %s", n++ > 0 ? ", " : "", calls[i], count_name(i));
    printf(")");
}

static void
steps(struct session *s, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        step(s);
}

static void
count_steps(const struct settings *settings, const char *name, const char *command)
{
    enum { N = 200 };
    static double calls[COUNT_MAX];
    struct session s;

    open_session(&s, settings, name, command);
    attach(&s);
    steps(&s, N);
    add_calls(&s, calls, 1.0 / N);
    steps(&s, N);
    add_calls(&s, calls, -2.0 / N);
    steps(&s, 2 * N);
    add_calls(&s, calls, 1.0 / N);
    printf("%s: step with %u threads: ", name, settings->threads);
    put_calls(calls);
    printf(", stop reply of %zu bytes\n", s.client.size);
    memset(calls, 0, sizeof(calls));
    close_session(&s);
}

/* Pages of files count as private or not by who else has them mapped. */
static double
anonymous_kb(const struct session *s)
{
    return proc_kb(s->server, "smaps_rollup", "Anonymous:", "Anonymous:");
}

static void
weigh_dump(const struct settings *settings, const char *name, const char *command)
{
    struct session s;
    double before;

    open_session(&s, settings, name, command);
    attach(&s);
    read_little(&s);
    before = anonymous_kb(&s);
    dump(&s);
    read_little(&s);
    printf("%s: anonymous %.0f kB before a dump, %.0f kB after\n", name, before, anonymous_kb(&s));
    close_session(&s);
}

/* ---- the table ---- */

/* The best round: what else the machine did only ever makes a figure worse. */
static double
best(const struct row *row, const double *values, unsigned n)
{
    double found = 0;

    for (unsigned i = 0; i < n; i++)
        if (values[i] > 0 && (found <= 0 || (values[i] > found) == (row->what == RATE)))
            found = values[i];
    return found;
}

static double
times_better(const struct row *row, const double *ours, const double *theirs, unsigned n)
{
    double a = best(row, ours, n), b = best(row, theirs, n);

    if (a <= 0 || b <= 0)
        return 0;
    return row->what == RATE ? a / b : b / a;
}

static void
put_figure(double v, int width)
{
    if (v <= 0)
        printf(" %*s |", width, "-");
    else
        printf(" %*.*f |", width, v < 10 ? 1 : 0, v);
}

static void
put_table(const struct settings *settings, char **names, unsigned n, table figures)
{
    printf("| %-34s |", "");
    for (unsigned i = 0; i < n; i++)
        printf(" %10s |", names[i]);
    printf(" to best peer |\n|---|");
    for (unsigned i = 0; i <= n; i++)
        printf("--:|");
    printf("\n");
    for (unsigned r = 0; r < ROWS; r++) {
        double least = 0;

        if (!is_asked(settings, &rows[r]))
            continue;
        printf("| %-34s |", rows[r].name);
        for (unsigned i = 0; i < n; i++) {
            int width = (int)strlen(names[i]);
            double better = times_better(&rows[r], figures[0][r], figures[i][r], settings->rounds);

            put_figure(best(&rows[r], figures[i][r], settings->rounds), width > 10 ? width : 10);
            if (i > 0 && better > 0 && (least <= 0 || better < least))
                least = better;
        }
        if (least > 0)
            printf(" %12.2f |\n", least);
        else
            printf(" %12s |\n", "-");
    }
}

/* ---- the command line ---- */

static _Noreturn void
usage(void)
{
    fprintf(stderr,
            "usage: threads [-cd] [-m ROW] [-n THREADS] [-r ROUNDS] [-t MS] gdb|lldb PROG DIR "
            "NAME=COMMAND ...\n");
    exit(2);
}

static char **
read_options(struct settings *settings, int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "cdm:n:r:t:")) != -1) {
        if (option == 'c')
            settings->count = true;
        else if (option == 'd')
            settings->dump = true;
        else if (option == 'm')
            settings->only = optarg;
        else if (option == 'n')
            settings->threads = (unsigned)atoi(optarg);
        else if (option == 'r')
            settings->rounds = (unsigned)atoi(optarg);
        else if (option == 't')
            settings->seconds = atoi(optarg) / 1e3;
        else
            usage();
    }
    if (argc - optind < 4 || argc - optind - 3 > MAX_SERVERS || settings->rounds < 1 ||
        settings->rounds > MAX_ROUNDS || settings->threads < 1 || settings->threads > THREADS_MAX)
        usage();
    settings->lldb = strcmp(argv[optind], "lldb") == 0;
    settings->prog = argv[optind + 1];
    settings->dir = argv[optind + 2];
    return argv + optind + 3;
}

int
main(int argc, char **argv)
{
    static struct settings settings = { .threads = 1000, .rounds = 5, .seconds = 0.3 };
    char **names = read_options(&settings, argc, argv), *commands[MAX_SERVERS];
    unsigned n = 0;
    bool failed = false;
    double(*figures)[ROWS][MAX_ROUNDS] =
        mmap(NULL, sizeof(table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (figures == MAP_FAILED)
        err(1, "no memory");
    signal(SIGPIPE, SIG_IGN);
    for (; names[n] != NULL; n++) {
        commands[n] = strchr(names[n], '=');
        if (commands[n] == NULL)
            usage();
        *commands[n]++ = '\0';
    }
    if (settings.count || settings.dump) {
        for (unsigned i = 0; i < n; i++)
            (settings.count ? count_steps : weigh_dump)(&settings, names[i], commands[i]);
        return 0;
    }
    for (unsigned round = 0; round < settings.rounds; round++)
        for (unsigned i = 0; i < n; i++)
            failed |= !is_done(&settings, names[i], commands[i], round, figures[i]);
    put_table(&settings, names, n, figures);
    return failed;
}
