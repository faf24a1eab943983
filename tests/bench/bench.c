/* bench.c - runs several servers side by side, asks each the same in turn, prints a table.
 *
 *     bench [-c] [-b N] [-l LABEL] [-m ROW] [-r ROUNDS] [-t MS] PROG DIR NAME=COMMAND ...
 *
 * COMMAND is the shell's and finds $ADDR (where to listen), $PROG and $PLACES (the program to
 * serve and its argument); `bare` stands for the yardstick. DIR takes the servers' output. The
 * rounds go A B C A B C ..., MS milliseconds each, and medians are printed; "to peer" is the
 * median ratio to the best of the others, "to bare" that to the yardstick, rounds compared one by
 * one. -c prints the system calls of one operation instead, counted exactly; a count is the
 * difference of two runs, n and 2n operations, so that nothing of the setting up is in it.
 *
 * -b has N processes compute beside; -l puts words behind the names of the rows and leaves the
 * heading out, so that the table goes on.
 *
 * Each server is asked from a process of its own (a driver), so that one that fails spoils only
 * its own column. */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <fcntl.h>

#include "tests/bench/bare.h"
#include "tests/bench/count.h"
#include "tests/bench/measure.h"

enum { MAX_SERVERS = 8, MAX_ROUNDS = 25, START_TRIES = 3, QUIET_US = 30000, NAME_WIDTH = 40 };

/* What a driver hands back, in shared memory. */
struct shared {
    struct counter counter;
    double rate;                    /* of the row just asked; 0: this server cannot do it */
    double spent;                   /* microseconds of the server's processor time, an operation */
    double calls[COUNT_MAX], looks; /* of one operation */
    volatile sig_atomic_t prog_pid; /* to be ended when the driver fails */
};

struct server {
    const char *name;
    const char *command;
    bool is_bare;
    pid_t driver, process;
    int line; /* a byte out asks for that row, a byte in says done */
    bool failed;
    struct shared *shared;
};

struct settings {
    const char *prog, *dir, *only, *label;
    bool count;
    unsigned rounds, busy;
    double seconds;
    struct server servers[MAX_SERVERS];
    unsigned server_count;
};

/* ---- starting servers ---- */

static int
listen_anywhere(uint16_t *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) < 0)
        err(1, "no port");
    *port = ntohs(at.sin_port);
    return fd;
}

struct launch {
    const struct settings *settings;
    const struct server *server;
    char address[32], places[512];
};

/* DIR/NAME.ENDING, without the blanks of the name. */
static void
file_for(const struct launch *l, const char *ending, char *path, size_t size)
{
    snprintf(path, size, "%s/%.40s.%s", l->settings->dir, l->server->name, ending);
    for (char *at = path + strlen(l->settings->dir); *at; at++)
        if (*at == ' ')
            *at = '-';
}

static void
redirect(const struct launch *l)
{
    char path[512];
    int fd;

    file_for(l, "log", path, sizeof(path));
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0)
        err(1, "%s", path);
    dup2(fd, 1);
    dup2(fd, 2);
    dup2(open("/dev/null", O_RDONLY), 0);
}

/* Called in the process that becomes the server. */
static void
exec_server(void *context)
{
    struct launch *l = context;
    char command[1024];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setenv("ADDR", l->address, 1);
    setenv("PROG", l->settings->prog, 1);
    setenv("PLACES", l->places, 1);
    redirect(l);
    snprintf(command, sizeof(command), "exec %s", l->server->command);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
}

static pid_t
start_server(const struct settings *settings, struct server *server, struct launch *l,
             uint16_t *port)
{
    int listening = listen_anywhere(port);
    pid_t pid;

    *l = (struct launch){ .settings = settings, .server = server };
    snprintf(l->address, sizeof(l->address), "127.0.0.1:%u", *port);
    file_for(l, "places", l->places, sizeof(l->places));
    unlink(l->places);
    if (server->is_bare && listen(listening, 1) < 0)
        err(1, "listen");
    if (!server->is_bare)
        close(listening);
    if (settings->count)
        return count_calls(&server->shared->counter, exec_server, l);
    pid = fork();
    if (pid < 0)
        err(1, "fork");
    if (pid == 0 && server->is_bare) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        bare_serve(listening);
    }
    if (pid == 0) {
        exec_server(l);
        _exit(127);
    }
    if (server->is_bare)
        close(listening);
    return pid;
}

/* ---- a driver: one server's measures ---- */

/* Processor time of all threads, in nanoseconds (proc(5) has no word of schedstat; its first
 * number is that, Documentation/scheduler/sched-stats). 0 where the kernel does not count it. */
static double
time_spent(pid_t process)
{
    char path[320];
    const struct dirent *entry;
    double sum = 0, spent;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)process);
    dir = opendir(path);
    while (dir && (entry = readdir(dir)) != NULL) {
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)process, entry->d_name);
        file = fopen(path, "r");
        if (file && fscanf(file, "%lf", &spent) == 1)
            sum += spent;
        if (file)
            fclose(file);
    }
    if (dir)
        closedir(dir);
    return sum;
}

static void
measure_rate(const struct settings *settings, struct server *server, struct session *s,
             const struct measure *row)
{
    struct result sum = { 0 };
    double spent = time_spent(server->process);

    do {
        struct result r = row->run(s, row->batch);

        sum.amount += r.amount;
        sum.seconds += r.seconds;
    } while (sum.amount > 0 && sum.seconds < settings->seconds);
    spent = time_spent(server->process) - spent;
    server->shared->rate = sum.amount > 0 ? sum.amount / sum.seconds / row->scale : 0;
    server->shared->spent = sum.amount > 0 ? spent / sum.amount / 1e3 : 0;
}

static void
add_calls(const struct server *server, double *calls, double factor)
{
    /* After its reply the server goes on to the call in which it waits. */
    usleep(QUIET_US);
    for (unsigned i = 0; i < COUNT_MAX; i++)
        calls[i] += factor * (double)server->shared->counter.calls[i];
    server->shared->looks += factor * (double)server->shared->counter.looks;
}

static void
measure_calls(struct server *server, struct session *s, const struct measure *row)
{
    double *calls = server->shared->calls, n = row->count;

    memset(calls, 0, sizeof(server->shared->calls));
    server->shared->looks = 0;
    server->shared->rate = row->run(s, row->count).amount;
    add_calls(server, calls, 1 / n);
    row->run(s, row->count);
    add_calls(server, calls, -2 / n);
    row->run(s, 2 * row->count);
    add_calls(server, calls, 1 / n);
}

static _Noreturn void
drive(const struct settings *settings, struct server *server, int line)
{
    struct launch l;
    struct session s;
    uint16_t port;
    uint8_t row;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    server->process = start_server(settings, server, &l, &port);
    session_open(&s, port, l.places, server->is_bare);
    server->shared->prog_pid = s.pid;
    while (write(line, "", 1) == 1 && read(line, &row, 1) == 1) {
        if (settings->count)
            measure_calls(server, &s, &measures[row]);
        else
            measure_rate(settings, server, &s, &measures[row]);
    }
    session_close(&s);
    kill(server->process, SIGKILL);
    _exit(0);
}

static bool
wait_driver(struct server *server)
{
    char byte;

    if (!server->failed && read(server->line, &byte, 1) != 1) {
        server->failed = true;
        fprintf(stderr, "bench: %s failed, see above and its log\n", server->name);
        if (server->shared->prog_pid > 0)
            kill(server->shared->prog_pid, SIGKILL);
    }
    return !server->failed;
}

static void
fork_driver(const struct settings *settings, struct server *server)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        err(1, "driver");
    server->driver = fork();
    if (server->driver < 0)
        err(1, "fork");
    if (server->driver == 0) {
        /* A message of err() then says which server it is about. */
        program_invocation_name = (char *)(uintptr_t)server->name;
        /* An end of another's line kept open here would keep that driver from ending. */
        for (const struct server *other = settings->servers; other != server; other++)
            close(other->line);
        close(pair[0]);
        drive(settings, server, pair[1]);
    }
    close(pair[1]);
    server->line = pair[0];
    server->failed = false;
}

static void
stop_driver(struct server *server)
{
    close(server->line);
    waitpid(server->driver, NULL, 0);
}

/* lldb-server 19 now and then closes a connection at the start, hence the tries. */
static void
start_driver(const struct settings *settings, struct server *server)
{
    server->shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (server->shared == MAP_FAILED)
        err(1, "driver");
    for (unsigned i = 0; i < START_TRIES; i++) {
        fork_driver(settings, server);
        if (wait_driver(server))
            return;
        if (i + 1 < START_TRIES)
            stop_driver(server);
    }
}

static bool
ask_driver(struct server *server, unsigned row)
{
    uint8_t byte = (uint8_t)row;

    if (server->failed || write(server->line, &byte, 1) != 1)
        return false;
    return wait_driver(server);
}

/* ---- the table of rates ---- */

static int
by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
median(const double *values, unsigned n)
{
    double sorted[MAX_ROUNDS];

    if (n == 0)
        return 0;
    memcpy(sorted, values, n * sizeof(*values));
    qsort(sorted, n, sizeof(*sorted), by_size);
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* Three digits of a rate are more than it is worth. */
static const char *
rate_text(double v, char *buf, size_t size)
{
    if (v <= 0)
        snprintf(buf, size, "-");
    else if (v >= 1e6)
        snprintf(buf, size, "%d,%03d,000", (int)(v / 1e6), (int)(v / 1e3) % 1000);
    else if (v >= 10000)
        snprintf(buf, size, "%d,%03d", (int)(v / 1000), (int)v % 1000 / 10 * 10);
    else
        snprintf(buf, size, v >= 100 ? "%.0f" : "%.1f", v);
    return buf;
}

/* Rates of one row, by server and round; 0 where there is none. */
typedef double table[MAX_SERVERS][MAX_ROUNDS];

/* Median of the first server's rate against another's in the same round: what else the machine
 * did then slowed both. 0: not to be had. The other way round of what is the better the less. */
static double
ratio_to(const struct settings *settings, table rates, unsigned other, bool less)
{
    double ratios[MAX_ROUNDS];
    unsigned n = 0;

    for (unsigned round = 0; round < settings->rounds; round++)
        if (rates[0][round] > 0 && rates[other][round] > 0)
            ratios[n++] = less ? rates[other][round] / rates[0][round]
                               : rates[0][round] / rates[other][round];
    return median(ratios, n);
}

static void
put_ratio(double ratio)
{
    if (ratio > 0)
        printf(" %8.2f |", ratio);
    else
        printf(" %8s |", "-");
}

static void
put_row(const struct settings *settings, const struct measure *row, table rates, bool less)
{
    double to_peer = 0, to_bare = 0;
    char name[64], text[32];

    snprintf(name, sizeof(name), "%s%s%s, %s", row->name, settings->label ? ", " : "",
             settings->label ? settings->label : "", less ? "us of the server" : row->unit);
    printf("| %-*s |", NAME_WIDTH, name);
    for (unsigned i = 0; i < settings->server_count; i++) {
        const struct server *server = &settings->servers[i];
        int width = (int)strlen(server->name);
        double ratio = ratio_to(settings, rates, i, less);

        if (server->is_bare)
            to_bare = ratio;
        else if (i > 0 && ratio > 0 && (to_peer <= 0 || ratio < to_peer))
            to_peer = ratio;
        rate_text(median(rates[i], settings->rounds), text, sizeof(text));
        printf(" %*s |", width > 8 ? width : 8, server->failed ? "failed" : text);
    }
    put_ratio(to_peer);
    put_ratio(to_bare);
    printf("\n");
    fflush(stdout);
}

static void
put_heading(const struct settings *settings)
{
    printf("| %-*s |", NAME_WIDTH, "");
    for (unsigned i = 0; i < settings->server_count; i++)
        printf(" %8s |", settings->servers[i].name);
    printf("  to peer |  to bare |\n|---|");
    for (unsigned i = 0; i < settings->server_count + 2; i++)
        printf("--:|");
    printf("\n");
}

static void
bench_row(struct settings *settings, unsigned row)
{
    table rates = { { 0 } }, spent = { { 0 } };

    for (unsigned round = 0; round < settings->rounds; round++)
        for (unsigned i = 0; i < settings->server_count; i++)
            if (ask_driver(&settings->servers[i], row)) {
                rates[i][round] = settings->servers[i].shared->rate;
                spent[i][round] = settings->servers[i].shared->spent;
            }
    put_row(settings, &measures[row], rates, false);
    if (measures[row].tells_spent)
        put_row(settings, &measures[row], spent, true);
}

/* ---- the table of counts ---- */

static void
put_calls(const struct shared *shared)
{
    bool first = true;

    printf(" (");
    for (unsigned i = 0; i < COUNT_MAX; i++) {
        if (shared->calls[i] < 0.005)
            continue;
        printf("%s%.2f %s", first ? "" : ", ", shared->calls[i], count_name(i));
        first = false;
    }
    printf(")");
    if (shared->looks >= 0.005)
        printf(", and %.2f looks for input before sleeping", shared->looks);
}

/* One line for each server: `NAME: ROW: COUNT (calls)`, which counts.sh reads. */
static void
count_row(struct settings *settings, unsigned row)
{
    for (unsigned i = 0; i < settings->server_count; i++) {
        struct server *server = &settings->servers[i];
        double sum = 0;

        if (server->is_bare || !ask_driver(server, row) || server->shared->rate <= 0)
            continue;
        for (unsigned k = 0; k < COUNT_MAX; k++)
            sum += server->shared->calls[k];
        printf("%s: %s: %.2f", server->name, measures[row].counted, sum);
        put_calls(server->shared);
        printf("\n");
        fflush(stdout);
    }
}

/* ---- a busy machine ---- */

/* An end of a driver's line kept open there would keep the driver from ending. */
static void
keep_busy(const struct settings *settings)
{
    for (unsigned i = 0; i < settings->busy; i++) {
        pid_t pid = fork();

        if (pid < 0)
            err(1, "fork");
        if (pid > 0)
            continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (unsigned k = 0; k < settings->server_count; k++)
            close(settings->servers[k].line);
        for (volatile uint64_t work = 1;;)
            work = work * 3 + 1;
    }
}

/* ---- the command line ---- */

static _Noreturn void
usage(void)
{
    fprintf(stderr, "usage: bench [-c] [-b N] [-l LABEL] [-m ROW] [-r ROUNDS] [-t MS] PROG DIR "
                    "NAME=COMMAND ...\n");
    exit(2);
}

static void
read_options(struct settings *settings, int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "b:cl:m:r:t:")) != -1) {
        if (option == 'c')
            settings->count = true;
        else if (option == 'b')
            settings->busy = (unsigned)atoi(optarg);
        else if (option == 'l')
            settings->label = optarg;
        else if (option == 'm')
            settings->only = optarg;
        else if (option == 'r')
            settings->rounds = (unsigned)atoi(optarg);
        else if (option == 't')
            settings->seconds = atoi(optarg) / 1e3;
        else
            usage();
    }
    if (argc - optind < 3 || argc - optind - 2 > MAX_SERVERS || settings->rounds < 1 ||
        settings->rounds > MAX_ROUNDS)
        usage();
    settings->prog = argv[optind];
    settings->dir = argv[optind + 1];
    for (int i = optind + 2; i < argc; i++) {
        struct server *server = &settings->servers[settings->server_count++];
        char *equals = strchr(argv[i], '=');

        if (!equals)
            usage();
        *equals = 0;
        server->name = argv[i];
        server->command = equals + 1;
        server->is_bare = strcmp(server->command, "bare") == 0;
    }
}

int
main(int argc, char **argv)
{
    static struct settings settings = { .rounds = 9, .seconds = 0.15 };

    read_options(&settings, argc, argv);
    signal(SIGPIPE, SIG_IGN);
    for (unsigned i = 0; i < settings.server_count; i++)
        if (!settings.count || !settings.servers[i].is_bare)
            start_driver(&settings, &settings.servers[i]);
    if (!settings.count && !settings.label)
        put_heading(&settings);
    keep_busy(&settings);
    for (unsigned row = 0; measures[row].run; row++) {
        if (settings.only && strcmp(settings.only, measures[row].name) != 0)
            continue;
        if (settings.count)
            count_row(&settings, row);
        else
            bench_row(&settings, row);
    }
    for (unsigned i = 0; i < settings.server_count; i++)
        stop_driver(&settings.servers[i]);
    return settings.servers[0].failed;
}
