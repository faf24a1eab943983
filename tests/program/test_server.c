/* test_server.c - the whole server in a child, live program and all, with this test as its
 * client. */
#define _GNU_SOURCE 1
#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "stub/program/program.h"
#include "tests/suites.h"

enum { PATIENCE_MS = 60000 }; /* of what must come: a busy machine is slow */

/* ---- a server ---- */

struct server {
    pid_t pid;
    int words; /* what it says on standard error */
    char said[4096];
    size_t size;
};

/* Starts run(argv) in a child whose descriptors 0 and 1 are those given (-1: as they are). */
static struct server
start_with(int (*run)(char **argv), int in, int out, char **argv)
{
    struct server server = { 0 };
    int words[2];

    ck_assert_int_eq(pipe2(words, O_CLOEXEC), 0);
    server.pid = fork();
    ck_assert_int_ge(server.pid, 0);
    if (server.pid == 0) {
        dup2(words[1], STDERR_FILENO);
        if (in >= 0)
            dup2(in, STDIN_FILENO);
        if (out >= 0)
            dup2(out, STDOUT_FILENO);
        closefrom(in >= 0 ? 3 : 64); /* tests hand descriptors on below that */
        exit(run(argv));
    }
    close(words[1]);
    server.words = words[0];
    return server;
}

#define START(run, ...) start_with(run, -1, -1, (char *[]){ __VA_ARGS__, NULL })

/* Reads what the server says until it has said text, and returns what stands behind that. */
static const char *
await_words(struct server *s, const char *text)
{
    struct pollfd fd = { .fd = s->words, .events = POLLIN };
    char *found, *end;
    ssize_t n;

    for (;;) {
        found = strstr(s->said, text);
        end = found ? strchr(found + strlen(text), '\n') : NULL;
        if (end)
            return found + strlen(text);
        ck_assert_msg(poll(&fd, 1, PATIENCE_MS) == 1, "no \"%s\" in: %s", text, s->said);
        n = read(s->words, s->said + s->size, sizeof(s->said) - 1 - s->size);
        ck_assert_msg(n > 0, "ended without \"%s\": %s", text, s->said);
        s->size += (size_t)n;
        s->said[s->size] = '\0';
    }
}

static uint16_t
port_of(struct server *s)
{
    return (uint16_t)atoi(await_words(s, "Listening on port "));
}

/* The exit status of a server that ends by itself. */
static int
end_of(struct server *s)
{
    struct timespec pause = { 0, 10000000 };
    int status, i;

    for (i = 0; i < PATIENCE_MS / 10; i++) {
        pid_t ended = waitpid(s->pid, &status, WNOHANG);

        if (ended == s->pid) {
            ck_assert_msg(WIFEXITED(status), "status %x: %s", (unsigned)status, s->said);
            return WEXITSTATUS(status);
        }
        nanosleep(&pause, NULL);
    }
    kill(s->pid, SIGKILL);
    ck_abort_msg("the server does not end");
}

static bool
is_gone(pid_t pid)
{
    struct timespec pause = { 0, 10000000 };
    int i;

    for (i = 0; i < PATIENCE_MS / 10 && kill(pid, 0) == 0; i++)
        nanosleep(&pause, NULL);
    return i < PATIENCE_MS / 10;
}

/* ---- a client ---- */

struct client {
    int in, out;
    bool no_ack;
    char body[70000];
    char bytes[70000]; /* read and not looked at yet */
    size_t size;
};

static struct client *
client_on(int in, int out)
{
    struct client *c = calloc(1, sizeof(*c));

    ck_assert_ptr_nonnull(c);
    c->in = in;
    c->out = out;
    return c;
}

static struct client *
connect_port(uint16_t port)
{
    struct sockaddr_in in = { .sin_family = AF_INET,
                              .sin_port = htons(port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    return client_on(fd, fd);
}

static void
hang_up(struct client *c)
{
    close(c->in);
    if (c->out != c->in)
        close(c->out);
    free(c);
}

static void
send_bytes(struct client *c, const char *bytes, size_t n)
{
    ck_assert_int_eq(write(c->out, bytes, n), (ssize_t)n);
}

static void
send_packet(struct client *c, const char *body)
{
    char frame[512];
    unsigned sum = 0;
    const char *p;

    for (p = body; *p; p++)
        sum += (uint8_t)*p;
    snprintf(frame, sizeof(frame), "$%s#%02x", body, sum & 0xff);
    send_bytes(c, frame, strlen(frame));
}

/* More bytes within `ms`; false at the end of the line. */
static bool
more(struct client *c, int ms)
{
    struct pollfd fd = { .fd = c->in, .events = POLLIN };
    ssize_t n;

    ck_assert_msg(poll(&fd, 1, ms) == 1, "no answer, but: %.*s", (int)c->size, c->bytes);
    n = read(c->in, c->bytes + c->size, sizeof(c->bytes) - c->size);
    if (n <= 0)
        return false;
    c->size += (size_t)n;
    return true;
}

/* The body of the next frame; "" and an end of the line are an error. */
static const char *
answer(struct client *c)
{
    for (;;) {
        char *begin = memchr(c->bytes, '$', c->size);
        char *end = begin ? memchr(begin, '#', c->size - (size_t)(begin - c->bytes)) : NULL;

        if (end && end + 2 < c->bytes + c->size) {
            size_t n = (size_t)(end - begin) - 1, used = (size_t)(end + 3 - c->bytes);

            memcpy(c->body, begin + 1, n);
            c->body[n] = '\0';
            memmove(c->bytes, c->bytes + used, c->size - used);
            c->size -= used;
            if (!c->no_ack)
                send_bytes(c, "+", 1);
            return c->body;
        }
        ck_assert_msg(more(c, PATIENCE_MS), "the line ended");
    }
}

static const char *
ask(struct client *c, const char *body)
{
    send_packet(c, body);
    return answer(c);
}

static void
drop_acks(struct client *c)
{
    ck_assert_str_eq(ask(c, "QStartNoAckMode"), "OK");
    c->no_ack = true;
}

static bool
line_ends(struct client *c)
{
    while (more(c, PATIENCE_MS))
        c->size = 0;
    return true;
}

#define SLEEPER "/bin/sleep", "1000"

static pid_t
start_sleeper(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        execl("/bin/sleep", "sleep", "1000", NULL);
        _exit(1);
    }
    return pid;
}

/* ---- gdbserver's manners ---- */

START_TEST(says_what_scripts_read_and_what_to_paste)
{
    struct server s = START(program_gdbserver, ":0", SLEEPER);
    char line[256];
    uint16_t port = port_of(&s);
    struct client *c;

    ck_assert_int_gt(atoi(await_words(&s, "Process /bin/sleep created; pid = ")), 1);
    snprintf(line, sizeof(line), "gdb /bin/sleep -ex \"target remote localhost:%u\"\n", port);
    await_words(&s, "-o");
    ck_assert_ptr_nonnull(strstr(s.said, line));
    snprintf(line, sizeof(line), "lldb /bin/sleep -o \"gdb-remote localhost:%u\"\n", port);
    ck_assert_ptr_nonnull(strstr(s.said, line));
    c = connect_port(port);
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    await_words(&s, "Remote debugging from host 127.0.0.1, port ");
    send_packet(c, "k");
    ck_assert_int_eq(end_of(&s), 0);
    await_words(&s, "Killing process(es): ");
    hang_up(c);
}
END_TEST

START_TEST(serves_client_after_client_also_while_the_program_runs)
{
    struct server s = START(program_gdbserver, ":0", SLEEPER);
    uint16_t port = port_of(&s);
    pid_t pid = atoi(await_words(&s, "pid = "));
    int i;

    for (i = 0; i < 3; i++) {
        struct client *c = connect_port(port);

        ck_assert_int_eq(ask(c, "?")[0], 'T');
        drop_acks(c);
        send_packet(c, "c");
        poll(NULL, 0, 20);
        hang_up(c);
    }
    kill(s.pid, SIGTERM);
    ck_assert_int_eq(end_of(&s), 0);
    ck_assert(is_gone(pid));
}
END_TEST

START_TEST(a_second_client_waits_for_the_first_to_go)
{
    struct server s = START(program_gdbserver, ":0", SLEEPER);
    uint16_t port = port_of(&s);
    struct client *first = connect_port(port), *second = connect_port(port);
    struct pollfd fd = { .fd = second->in, .events = POLLIN };

    send_packet(second, "?");
    ck_assert_int_eq(ask(first, "?")[0], 'T');
    ck_assert_int_eq(poll(&fd, 1, 50), 0);
    hang_up(first);
    ck_assert_int_eq(answer(second)[0], 'T');
    send_packet(second, "k");
    ck_assert_int_eq(end_of(&s), 0);
    hang_up(second);
}
END_TEST

START_TEST(ends_after_one_client_when_told_once)
{
    struct server s = START(program_gdbserver, "--once", ":0", SLEEPER);
    uint16_t port = port_of(&s);
    pid_t pid = atoi(await_words(&s, "pid = "));
    struct client *c = connect_port(port);

    hang_up(c); /* one that never spoke was no client */
    c = connect_port(port);
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    hang_up(c);
    ck_assert_int_eq(end_of(&s), 0);
    ck_assert_int_eq(atoi(await_words(&s, "Killing process(es): ")), pid);
    ck_assert(is_gone(pid));
}
END_TEST

/* As gdbserver: gdb asks on after a detach, and says itself when it goes. */
START_TEST(stays_behind_a_detach_for_a_client_that_may_start_programs)
{
    struct server s = START(program_gdbserver, "--once", ":0", SLEEPER);
    pid_t pid = atoi(await_words(&s, "pid = "));
    struct client *c = connect_port(port_of(&s));

    ck_assert_str_eq(ask(c, "!"), "OK");
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    ck_assert_str_eq(ask(c, "D"), "OK");
    ck_assert_str_eq(ask(c, "?"), "W00");
    hang_up(c);
    ck_assert_int_eq(end_of(&s), 0);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
}
END_TEST

START_TEST(lets_an_attached_program_go_when_told_to_end)
{
    pid_t pid = start_sleeper();
    struct server s;
    struct client *c;
    char number[16];

    snprintf(number, sizeof(number), "%d", (int)pid);
    s = START(program_gdbserver, ":0", "--attach", number);
    c = connect_port(port_of(&s));
    await_words(&s, "Attached; pid = ");
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    kill(s.pid, SIGTERM); /* the server is blocked on this client's next word */
    ck_assert_int_eq(end_of(&s), 0);
    ck_assert_int_eq(atoi(await_words(&s, "Detaching process(es): ")), pid);
    ck_assert_int_eq(kill(pid, 0), 0);
    ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    hang_up(c);
}
END_TEST

START_TEST(a_stranger_is_sent_away_and_the_server_goes_on)
{
    static const char post[] = "POST / HTTP/1.1\r\n\r\n$k#6b";
    struct server s = START(program_gdbserver, "--once", ":0", SLEEPER);
    uint16_t port = port_of(&s);
    struct client *c = connect_port(port);

    send_bytes(c, post, sizeof(post) - 1);
    ck_assert(line_ends(c));
    await_words(&s, "its first byte, 0x50, is not a debugger's");
    hang_up(c);
    c = connect_port(port);
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    send_packet(c, "k");
    ck_assert_int_eq(end_of(&s), 0);
    hang_up(c);
}
END_TEST

/* Replies pile up until the line takes no more; the server must still hear its program and a
 * signal. */
START_TEST(a_client_that_does_not_read_hangs_nothing)
{
    struct server s = START(program_gdbserver, ":0", SLEEPER);
    struct client *c = connect_port(port_of(&s));
    pid_t pid = atoi(await_words(&s, "pid = "));
    static const char read_much[] = "$qXfer:features:read:target.xml:0,ffff#00";
    int i;

    drop_acks(c);
    fcntl(c->out, F_SETFL, O_NONBLOCK);
    for (i = 0; i < 20000; i++)
        if (write(c->out, read_much, sizeof(read_much) - 1) < (ssize_t)sizeof(read_much) - 1)
            break;
    ck_assert_int_gt(i, 1000);
    poll(NULL, 0, 100);
    kill(pid, SIGKILL);
    ck_assert(is_gone(pid));
    kill(s.pid, SIGTERM);
    ck_assert_int_eq(end_of(&s), 0);
    hang_up(c);
}
END_TEST

START_TEST(an_interrupt_stops_the_program_and_an_end_is_told)
{
    struct server s = START(program_gdbserver, ":0", "/bin/sleep", "1");
    struct client *c = connect_port(port_of(&s));

    drop_acks(c);
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    send_packet(c, "c");
    poll(NULL, 0, 50);
    send_bytes(c, "\003", 1);
    ck_assert_int_eq(strncmp(answer(c), "T02", 3), 0);
    ck_assert_str_eq(ask(c, "c"), "W00");
    await_words(&s, "Child exited with status 0");
    hang_up(c);
    ck_assert_int_eq(end_of(&s), 0);
}
END_TEST

/* What a monitor command says: one reply, or an O packet that an error reply follows. */
static const char *
ask_monitor(struct client *c, const char *command)
{
    static char said[4096];
    char packet[256] = "qRcmd,", digits[3];
    const char *reply;
    unsigned byte;
    size_t n = 0;
    bool error;

    for (; *command; command++) {
        snprintf(digits, sizeof(digits), "%02x", (unsigned char)*command);
        strlcat(packet, digits, sizeof(packet));
    }
    reply = ask(c, packet);
    error = reply[0] == 'O';
    reply += error;
    while (n < sizeof(said) - 1 && sscanf(reply + 2 * n, "%2x", &byte) == 1)
        said[n++] = (char)byte;
    said[n] = '\0';
    if (error)
        answer(c);
    return said;
}

START_TEST(monitor_exit_ends_the_server)
{
    struct server s = START(program_gdbserver, ":0", SLEEPER);
    struct client *c = connect_port(port_of(&s));
    pid_t pid = atoi(await_words(&s, "pid = "));

    drop_acks(c);
    ck_assert_str_eq(ask(c, "qRcmd,65786974"), "OK");
    ck_assert_int_eq(end_of(&s), 0);
    ck_assert(is_gone(pid));
    hang_up(c);
}
END_TEST

/* The words of gdbserver 13, and of the one that comes with a gdb that says error-message+. */
START_TEST(monitor_set_debug_speaks_the_words_of_the_gdb_that_asks)
{
    struct server s = START(program_gdbserver, "--multi", ":0");
    struct client *c = connect_port(port_of(&s));

    drop_acks(c);
    ck_assert_str_eq(ask_monitor(c, "set debug 0"), "Debug output disabled.\n");
    ask(c, "qSupported:error-message+;vContSupported+");
    ck_assert_str_eq(ask_monitor(c, "set debug off"), "All debug output disabled.\n");
    ck_assert_str_eq(ask_monitor(c, "set debug threads 0"),
                     "Debug output for 'threads' disabled.\n");
    ck_assert_str_eq(ask_monitor(c, "set debug-hw-points 0"),
                     "H/W point debugging output disabled.\n");
    ck_assert_ptr_nonnull(
        strstr(ask_monitor(c, "set debug all"), "Missing value for 'set debug all' command.\n"));
    ck_assert_ptr_nonnull(strstr(ask_monitor(c, "set debug all maybe"),
                                 "Invalid value 'maybe' for 'set debug all'.\n"));
    ck_assert_ptr_nonnull(strstr(ask_monitor(c, "set debug all off now"),
                                 "Junk 'now' found at end of 'set debug all off' command.\n"));
    ck_assert_ptr_nonnull(strstr(ask_monitor(c, "set debug off now"),
                                 "Junk 'now' found at end of 'set debug off' command.\n"));
    ck_assert_ptr_nonnull(
        strstr(ask_monitor(c, "set debug cheese on"), "Error: unknown debug option 'cheese'\n"));
    hang_up(c);
}
END_TEST

START_TEST(a_detached_program_goes_on_and_the_server_stays_with_it)
{
    struct server s = _i ? START(program_gdbserver, "--once", ":0", "/bin/sleep", "0.3")
                         : START(program_gdbserver, ":0", "/bin/sleep", "0.3");
    struct client *c = connect_port(port_of(&s));

    ck_assert_str_eq(ask(c, "D"), "OK");
    await_words(&s, "Detaching from process ");
    hang_up(c);
    ck_assert_int_eq(waitpid(s.pid, NULL, WNOHANG), 0);
    ck_assert_int_eq(end_of(&s), 0);
}
END_TEST

/* ---- other lines ---- */

START_TEST(standard_input_and_output_carry_nothing_but_packets)
{
    struct server s;
    struct client *c;
    int to[2], from[2];

    ck_assert_int_eq(pipe2(to, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(from, O_CLOEXEC), 0);
    s = start_with(program_gdbserver, to[0], from[1],
                   (char *[]){ "-", "/bin/sh", "-c", "cat; echo said; exit 3", NULL });
    close(to[0]);
    close(from[1]);
    c = client_on(from[0], to[1]);
    send_packet(c, "?");
    ck_assert(more(c, PATIENCE_MS));
    ck_assert_int_eq(c->bytes[0], '+');
    ck_assert_int_eq(answer(c)[0], 'T');
    while (ask(c, "c")[0] == 'T') /* the shell's children are signalled to it */
        continue;
    ck_assert_str_eq(c->body, "W03");
    await_words(&s, "said");
    ck_assert_uint_eq(c->size, 0);
    hang_up(c);
    ck_assert_int_eq(end_of(&s), 0);
}
END_TEST

START_TEST(serves_a_unix_socket_and_removes_it)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char text[200];
    struct server s;
    struct client *c;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/stubborn-server-%d", (int)getpid());
    snprintf(text, sizeof(text), "unix:%s", address.sun_path);
    s = START(program_gdbserver, text, SLEEPER);
    await_words(&s, "Listening on /tmp/stubborn-server-");
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    c = client_on(fd, fd);
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    kill(s.pid, SIGINT);
    ck_assert_int_eq(end_of(&s), 0);
    ck_assert_int_ne(access(address.sun_path, F_OK), 0);
    hang_up(c);
}
END_TEST

/* A pty holds less than a large reply, so the server sees short writes. */
START_TEST(serves_a_serial_line)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    char text[200];
    struct termios line;
    struct server s;
    struct client *c;

    ck_assert_int_ge(master, 0);
    ck_assert_int_eq(grantpt(master), 0);
    ck_assert_int_eq(unlockpt(master), 0);
    snprintf(text, sizeof(text), "serial://%s", ptsname(master));
    s = START(program_gdbserver, text, SLEEPER);
    await_words(&s, "created");
    for (int i = 0; i < PATIENCE_MS; i++) { /* what comes before the line is raw is echoed */
        ck_assert_int_eq(tcgetattr(master, &line), 0);
        if ((line.c_lflag & ECHO) == 0)
            break;
        poll(NULL, 0, 1);
    }
    c = client_on(master, master);
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    ck_assert_uint_gt(strlen(ask(c, "qXfer:features:read:target.xml:0,ffff")), 4096);
    send_packet(c, "k");
    ck_assert_int_eq(end_of(&s), 0);
    hang_up(c);
}
END_TEST

/* ---- lldb-server's manners ---- */

START_TEST(serves_a_descriptor_and_ends_with_the_client)
{
    struct server s;
    struct client *c;
    char number[16];
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    fcntl(pair[0], F_SETFD, FD_CLOEXEC);
    snprintf(number, sizeof(number), "--fd=%d", pair[1]);
    s = START(program_lldb_server, number, "--native-regs", "--setsid");
    close(pair[1]);
    c = client_on(pair[0], pair[0]);
    drop_acks(c);
    ck_assert_ptr_nonnull(strstr(ask(c, "qHostInfo"), "ptrsize:8;"));
    shutdown(pair[0], SHUT_WR); /* the child of the fork holds this end too */
    ck_assert_int_eq(end_of(&s), 0);
    ck_assert_uint_eq(s.size, 0);
    hang_up(c);
}
END_TEST

/* The pty is the server's: if that went with the client, SIGHUP would end the program. */
START_TEST(a_detached_program_keeps_the_terminal_it_was_given)
{
    struct server s =
        START(program_lldb_server, "localhost:0", "--", "/bin/sh", "-c", "sleep 0.2; echo later");
    struct client *c = connect_port(port_of(&s));

    drop_acks(c);
    ck_assert_str_eq(ask(c, "D"), "OK");
    hang_up(c);
    await_words(&s, "later");
    ck_assert_int_eq(end_of(&s), 0);
}
END_TEST

static uint16_t
read_port(int fd)
{
    char text[16] = { 0 };
    ssize_t n = read(fd, text, sizeof(text));

    ck_assert_int_gt(n, 1);
    ck_assert_int_eq(text[n - 1], '\0');
    ck_assert_uint_eq(strspn(text, "0123456789"), (size_t)n - 1);
    return (uint16_t)atoi(text);
}

START_TEST(writes_the_port_to_a_pipe)
{
    struct server s;
    struct client *c;
    char number[16];
    int port[2];

    ck_assert_int_eq(pipe(port), 0);
    snprintf(number, sizeof(number), "%d", port[1]);
    s = START(program_lldb_server, "tcp://[127.0.0.1]:0", "--native-regs", "--pipe", number, "--",
              SLEEPER);
    close(port[1]);
    c = connect_port(read_port(port[0]));
    ck_assert_int_eq(read(port[0], number, 1), 0); /* the program does not hold it open */
    drop_acks(c);
    hang_up(c);
    ck_assert_int_eq(end_of(&s), 0);
}
END_TEST

START_TEST(writes_the_port_to_a_fifo_and_to_a_file)
{
    char directory[] = "/tmp/stubborn-XXXXXX", fifo[64], file[64], text[16] = { 0 };
    struct server s;
    struct client *c;
    uint16_t port;
    int fd;

    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
    snprintf(file, sizeof(file), "%s/file", directory);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    s = START(program_lldb_server, "localhost:0", "--named-pipe", fifo, "--port-file", file);
    fd = open(fifo, O_RDONLY);
    port = read_port(fd);
    close(fd);
    c = connect_port(port);
    drop_acks(c);
    fd = open(file, O_RDONLY);
    ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
    close(fd);
    ck_assert_int_eq(atoi(text), port);
    hang_up(c);
    ck_assert_int_eq(end_of(&s), 0);
    unlink(fifo);
    unlink(file);
    ck_assert_int_eq(rmdir(directory), 0); /* nothing else was left there */
}
END_TEST

START_TEST(connects_to_who_listens_and_launches_what_it_says)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof(in);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
    struct server s;
    struct client *c;
    char address[64], output[64] = "";

    ck_assert_int_eq(bind(listener, (struct sockaddr *)&in, sizeof(in)), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&in, &size), 0);
    snprintf(address, sizeof(address), "[127.0.0.1]:%u", ntohs(in.sin_port));
    s = START(program_lldb_server, "--reverse-connect", address);
    fd = accept(listener, NULL, NULL);
    c = client_on(fd, fd);
    drop_acks(c);
    ck_assert_str_eq(ask(c, "A18,0,2f62696e2f6563686f,4,1,6869"), "OK"); /* /bin/echo hi */
    ck_assert_str_eq(ask(c, "qLaunchSuccess"), "OK");
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    ask(c, "c");
    for (; c->body[0] == 'O'; answer(c))
        strncat(output, c->body + 1, sizeof(output) - strlen(output) - 1);
    ck_assert_str_eq(output, "68690d0a");
    ck_assert_str_eq(c->body, "W00");
    hang_up(c);
    ck_assert_int_eq(end_of(&s), 0);
    close(listener);
}
END_TEST

/* ---- when the client is gone: the table of stubborn(1), a row a cell ---- */

enum fate { GONE = 'Z', STOPPED = 't', GOES_ON = 'S' };
enum parting { VANISHES, DETACHES, KILLS, TERMINATED, KILLED };

static const struct {
    int (*run)(char **argv);
    const char *options[3]; /* NULL at the end */
    bool attached;
    enum parting parting;
    enum fate fate;
} cells[] = {
    { program_gdbserver, { NULL }, false, VANISHES, STOPPED },
    { program_gdbserver, { NULL }, true, VANISHES, STOPPED },
    { program_gdbserver, { "--once", NULL }, false, VANISHES, GONE },
    { program_gdbserver, { "--once", NULL }, true, VANISHES, GOES_ON },
    { program_gdbserver, { "--on-disconnect", "stop", NULL }, true, VANISHES, STOPPED },
    { program_gdbserver, { "--on-disconnect", "resume", NULL }, false, VANISHES, GOES_ON },
    { program_gdbserver, { "--on-disconnect", "resume", NULL }, true, VANISHES, GOES_ON },
    { program_gdbserver, { "--on-disconnect", "kill", NULL }, false, VANISHES, GONE },
    { program_gdbserver, { "--on-disconnect", "kill", NULL }, true, VANISHES, GONE },
    { program_lldb_server, { NULL }, false, VANISHES, GONE },
    { program_lldb_server, { NULL }, true, VANISHES, GOES_ON },
    { program_gdbserver, { NULL }, false, DETACHES, GOES_ON },
    { program_gdbserver, { NULL }, true, DETACHES, GOES_ON },
    { program_gdbserver, { "--on-disconnect", "kill", NULL }, true, DETACHES, GOES_ON },
    { program_lldb_server, { NULL }, false, DETACHES, GOES_ON },
    { program_lldb_server, { NULL }, true, DETACHES, GOES_ON },
    { program_gdbserver, { NULL }, false, KILLS, GONE },
    { program_gdbserver, { NULL }, true, KILLS, GONE },
    { program_gdbserver, { "--on-disconnect", "resume", NULL }, true, KILLS, GONE },
    { program_lldb_server, { NULL }, false, KILLS, GONE },
    { program_lldb_server, { NULL }, true, KILLS, GONE },
    { program_gdbserver, { "--once", NULL }, false, TERMINATED, GONE },
    { program_gdbserver, { "--once", NULL }, true, TERMINATED, GOES_ON },
    { program_lldb_server, { NULL }, false, TERMINATED, GONE },
    { program_lldb_server, { NULL }, true, TERMINATED, GOES_ON },
    { program_gdbserver, { "--on-disconnect", "stop", NULL }, false, TERMINATED, GONE },
    { program_gdbserver, { "--on-disconnect", "stop", NULL }, true, TERMINATED, GOES_ON },
    { program_gdbserver, { "--on-disconnect", "resume", NULL }, false, TERMINATED, GOES_ON },
    { program_gdbserver, { "--on-disconnect", "resume", NULL }, true, TERMINATED, GOES_ON },
    { program_gdbserver, { "--on-disconnect", "kill", NULL }, false, TERMINATED, GONE },
    { program_gdbserver, { "--on-disconnect", "kill", NULL }, true, TERMINATED, GONE },
    { program_gdbserver, { "--on-disconnect", "resume", NULL }, false, KILLED, GONE },
    { program_gdbserver, { "--on-disconnect", "kill", NULL }, true, KILLED, GOES_ON },
    { program_lldb_server, { NULL }, false, KILLED, GONE },
    { program_lldb_server, { NULL }, true, KILLED, GOES_ON },
    { program_gdbserver, { NULL }, false, TERMINATED, GONE },
    { program_gdbserver, { NULL }, true, TERMINATED, GOES_ON },
    { program_gdbserver, { NULL }, false, KILLED, GONE },
    { program_gdbserver, { NULL }, true, KILLED, GOES_ON },
};

/* The state letter of a process, GONE when there is none; to run is to go on as to wait is. */
static int
state_of(pid_t pid)
{
    char path[64], state = GONE;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    f = fopen(path, "re");
    if (f) {
        if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
            state = GONE;
        fclose(f);
    }
    return state == 'R' || state == 'D' ? GOES_ON : state;
}

static struct server
start_cell(size_t cell, pid_t attached)
{
    char number[16], *argv[8];
    bool lldb = cells[cell].run == program_lldb_server;
    int n = 0, i;

    snprintf(number, sizeof(number), "%d", (int)attached);
    for (i = 0; cells[cell].options[i]; i++)
        argv[n++] = (char *)(uintptr_t)cells[cell].options[i];
    if (attached)
        argv[n++] = "--attach";
    if (attached && lldb)
        argv[n++] = number;
    argv[n++] = ":0";
    if (attached && !lldb)
        argv[n++] = number;
    for (i = 0; !attached && i < 2; i++)
        argv[n++] = (char *[]){ SLEEPER }[i];
    argv[n] = NULL;
    return start_with(cells[cell].run, -1, -1, argv);
}

/* A detach and a kill are asked for while the program stands; the rest happens while it runs. */
static void
part(size_t cell, const struct server *s, struct client *c)
{
    if (cells[cell].parting == DETACHES) {
        ck_assert_str_eq(ask(c, "D"), "OK");
        return;
    }
    if (cells[cell].parting == KILLS) {
        send_packet(c, "k");
        return;
    }
    send_packet(c, "c");
    poll(NULL, 0, 20);
    if (cells[cell].parting == VANISHES)
        hang_up(c);
    else
        kill(s->pid, cells[cell].parting == KILLED ? SIGKILL : SIGTERM);
}

START_TEST(the_program_does_what_the_table_says)
{
    pid_t attached = cells[_i].attached ? start_sleeper() : 0, pid = attached;
    struct server s = start_cell((size_t)_i, attached);
    struct client *c = connect_port(port_of(&s));
    const char *stop;
    int i, steady;

    drop_acks(c);
    stop = ask(c, "?");
    ck_assert_int_eq(stop[0], 'T');
    if (!attached)
        pid = (pid_t)strtol(strstr(stop, "thread:") + strlen("thread:"), NULL, 16);
    ck_assert_int_eq(state_of(pid), STOPPED);
    part((size_t)_i, &s, c);
    /* Letting it go stops it for a moment, so only what lasts counts. */
    for (i = steady = 0; i < PATIENCE_MS / 10 && steady < 5; i++) {
        poll(NULL, 0, 10);
        steady = state_of(pid) == (int)cells[_i].fate ? steady + 1 : 0;
    }
    ck_assert_int_eq(steady, 5);
    kill(s.pid, SIGKILL);
    kill(pid, SIGKILL);
    if (cells[_i].parting != VANISHES)
        hang_up(c);
}
END_TEST

/* ---- starting ---- */

START_TEST(ends_as_the_program_ended_when_told_once)
{
    struct server s = START(program_gdbserver, "--once", ":0", "/bin/sh", "-c", "exit 42");
    struct client *c = connect_port(port_of(&s));

    drop_acks(c);
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    ck_assert_str_eq(ask(c, "c"), "W2a");
    hang_up(c);
    ck_assert_int_eq(end_of(&s), 42);
    s = START(program_gdbserver, "--once", ":0", "/bin/sh", "-c", "kill -9 $$");
    c = connect_port(port_of(&s));
    drop_acks(c);
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    ck_assert_str_eq(ask(c, "c"), "X09");
    hang_up(c);
    ck_assert_int_eq(end_of(&s), 128 + 9);
}
END_TEST

static void
handed(int fd, const char *pid_name, char **argv)
{
    char number[16];

    dup2(fd, 3);
    snprintf(number, sizeof(number), "%d", (int)getpid());
    setenv("LISTEN_FDS", "1", 1);
    setenv(pid_name, number, 1);
    execv("build/stubborn", argv);
    _exit(126);
}

/* Starts the real program with a listening socket as descriptor 3. */
static pid_t
start_handed(int listener, const char *pid_name, char **argv)
{
    pid_t pid = fork();

    if (pid == 0)
        handed(listener, pid_name, argv);
    return pid;
}

START_TEST(takes_a_socket_that_was_handed_over)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof(in);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), status;
    char *argv[] = { (char *)(uintptr_t) "stubborn",
                     (char *)(uintptr_t) "--once",
                     (char *)(uintptr_t) "fd://",
                     (char *)(uintptr_t) "/bin/sh",
                     (char *)(uintptr_t) "-c",
                     (char *)(uintptr_t) "exit ${LISTEN_FDS:-9}",
                     NULL };
    struct client *c;
    pid_t pid;

    ck_assert_int_eq(bind(listener, (struct sockaddr *)&in, sizeof(in)), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&in, &size), 0);
    pid = start_handed(listener, "LISTEN_PID", argv);
    c = connect_port(ntohs(in.sin_port));
    drop_acks(c);
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    ck_assert_str_eq(ask(c, "c"), "W09"); /* the program is not told of the socket */
    hang_up(c);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WEXITSTATUS(status), 9);
    pid = start_handed(listener, "NOBODYS_PID", argv); /* handed to another process */
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WEXITSTATUS(status), 1);
    close(listener);
}
END_TEST

START_TEST(waits_for_a_program_and_attaches)
{
    char name[64], command[160];
    struct server s;
    struct client *c;
    pid_t pid;

    snprintf(name, sizeof(name), "/tmp/waited-%d", (int)getpid());
    snprintf(command, sizeof(command), "cp /bin/sleep %s", name);
    ck_assert_int_eq(system(command), 0);
    s = START(program_gdbserver, "--wait-for", strrchr(name, '/') + 1, ":0");
    await_words(&s, "Waiting for ");
    pid = fork();
    if (pid == 0) {
        execl(name, name, "1000", NULL);
        _exit(126);
    }
    ck_assert_int_eq(atoi(await_words(&s, "Attached; pid = ")), pid);
    c = connect_port(port_of(&s));
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    ck_assert_str_eq(ask(c, "qAttached"), "1");
    send_packet(c, "k");
    ck_assert_int_eq(end_of(&s), 0);
    hang_up(c);
    waitpid(pid, NULL, 0);
    unlink(name);
}
END_TEST

START_TEST(waiting_for_a_program_ends_when_told_to)
{
    struct server s = START(program_gdbserver, "--wait-for", "no-such-program", ":0");

    await_words(&s, "Waiting for ");
    kill(s.pid, SIGTERM);
    ck_assert_int_eq(end_of(&s), 1);
}
END_TEST

/* The client's wait is ended by 0x03, and by its going, and the server goes on. */
START_TEST(a_client_that_waits_may_interrupt_or_vanish)
{
    struct server s = START(program_gdbserver, "--multi", ":0");
    uint16_t port = port_of(&s);
    struct client *c = connect_port(port);

    drop_acks(c);
    send_packet(c, "vAttachWait;6e6f2d737563682d6e616d65"); /* no-such-name */
    poll(NULL, 0, 50);
    send_bytes(c, "\x03", 1);
    ck_assert_str_eq(answer(c), "E04");
    send_packet(c, "vAttachWait;6e6f2d737563682d6e616d65");
    poll(NULL, 0, 50);
    hang_up(c);
    c = connect_port(port);
    ck_assert_str_eq(ask(c, "qAttached"), "E03");
    hang_up(c);
    kill(s.pid, SIGTERM);
    ck_assert_int_eq(end_of(&s), 0);
}
END_TEST

/* What is wrong with a program reaches the user of the debugger too. */
START_TEST(tells_the_client_why_a_program_is_not_started)
{
    struct server s = START(program_gdbserver, "--multi", ":0");
    struct client *c = connect_port(port_of(&s));
    char path[] = "/tmp/script-XXXXXX", body[128] = "vRun;";
    int fd = mkstemp(path);
    size_t i;

    ck_assert_int_eq(write(fd, "echo\n", 5), 5);
    ck_assert_int_eq(fchmod(fd, 0755), 0);
    close(fd);
    for (i = 0; path[i]; i++)
        snprintf(body + 5 + 2 * i, 3, "%02x", (uint8_t)path[i]);
    drop_acks(c);
    ck_assert_ptr_nonnull(strstr(ask(c, body), "E.cannot launch /tmp/script-"));
    ck_assert_ptr_nonnull(strstr(c->body, "does not begin with"));
    unlink(path);
    hang_up(c);
    kill(s.pid, SIGTERM);
    ck_assert_int_eq(end_of(&s), 0);
}
END_TEST

/* ---- the terminal ---- */

/* The server leads a session of its own on that terminal, as in a window's shell. */
static struct server
start_on(const char *terminal, char **argv)
{
    struct server server = { 0 };
    int words[2], fd;

    ck_assert_int_eq(pipe2(words, O_CLOEXEC), 0);
    server.pid = fork();
    if (server.pid == 0) {
        setsid();
        fd = open(terminal, O_RDWR); /* becomes the controlling one */
        dup2(fd, STDIN_FILENO);
        dup2(fd, STDOUT_FILENO);
        dup2(words[1], STDERR_FILENO);
        _exit(program_gdbserver(argv));
    }
    close(words[1]);
    server.words = words[0];
    return server;
}

/* The terminal's foreground becomes that group within a second. */
static bool
has_foreground(int terminal, pid_t group)
{
    int i;

    for (i = 0; i < PATIENCE_MS / 10 && tcgetpgrp(terminal) != group; i++)
        poll(NULL, 0, 10);
    return i < PATIENCE_MS / 10;
}

/* Job control: the program reads from the terminal and gets its Ctrl-C; the server has it back
 * when the program is gone. */
START_TEST(the_program_has_the_terminal_while_it_lives)
{
    char *argv[] = { (char *)(uintptr_t) "--multi", (char *)(uintptr_t) ":0",
                     (char *)(uintptr_t) "/bin/cat", NULL };
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct server s;
    struct client *c;
    char echo[64] = "";
    pid_t pid;

    ck_assert(grantpt(master) == 0 && unlockpt(master) == 0);
    s = start_on(ptsname(master), argv);
    pid = atoi(await_words(&s, "pid = "));
    ck_assert(has_foreground(master, pid));
    c = connect_port(port_of(&s));
    drop_acks(c);
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    send_packet(c, "c");
    ck_assert_int_eq(write(master, "\003", 1), 1);
    ck_assert_str_eq(strncmp(answer(c), "T02", 3) == 0 ? "T02" : c->body, "T02");
    send_packet(c, "c"); /* which drops the SIGINT */
    ck_assert_int_eq(write(master, "line\n", 5), 5);
    for (size_t n = 0; !strstr(echo, "line\r\nline\r\n") && n < sizeof(echo) - 1;) {
        ssize_t more_bytes = read(master, echo + n, sizeof(echo) - 1 - n);

        ck_assert_int_gt(more_bytes, 0);
        n += (size_t)more_bytes;
    }
    ck_assert_int_eq(write(master, "\004", 1), 1);
    ck_assert_str_eq(answer(c), "W00");
    ck_assert(has_foreground(master, s.pid));
    hang_up(c);
    kill(s.pid, SIGTERM);
    ck_assert_int_eq(end_of(&s), 0);
    close(master);
}
END_TEST

/* ---- what cannot be ---- */

static void
ck_refused(int (*run)(char **argv), char **argv, const char *cause)
{
    struct server s = start_with(run, -1, -1, argv);
    int status;

    await_words(&s, cause);
    status = end_of(&s);
    ck_assert_int_eq(status, 1);
    close(s.words);
}

#define REFUSED(run, cause, ...) ck_refused(run, (char *[]){ __VA_ARGS__, NULL }, cause)

START_TEST(says_why_it_cannot_start)
{
    REFUSED(program_gdbserver, "no program", ":0");
    REFUSED(program_gdbserver, "no COMM", "--once");
    REFUSED(program_gdbserver, "port must be", ":x", "/bin/true");
    REFUSED(program_gdbserver, "no process is called no-such-name", "--attach", ":0",
            "no-such-name");
    REFUSED(program_gdbserver, "takes one process, by id or name", "--attach", ":0");
    REFUSED(program_gdbserver, "/no/such/program", ":0", "/no/such/program");
    REFUSED(program_gdbserver, "/etc/passwd", ":0", "/etc/passwd");
    REFUSED(program_gdbserver, "999999999", ":0", "--attach", "999999999");
    REFUSED(program_gdbserver, "cannot make a socket there", "unix:/no/such/s", "/bin/true");
    REFUSED(program_gdbserver, "cannot write a log there", "--log", "/no/such/l", ":0",
            "/bin/true");
    REFUSED(program_gdbserver, "cannot write the port there", "--port-file", "/no/such/p", ":0",
            "/bin/true");
    REFUSED(program_lldb_server, "no address", "--setsid");
    REFUSED(program_lldb_server, "two lines", "--fd=3", ":0");
    REFUSED(program_lldb_server, "is not open", "--fd=63");
    REFUSED(program_lldb_server, "two programs", "--attach=1", ":0", "--", "/bin/true");
}
END_TEST

Suite *
server_suite(void)
{
    Suite *suite = suite_create("server");
    TCase *gdb = tcase_create("gdbserver"), *lines = tcase_create("lines");
    TCase *lldb = tcase_create("lldb-server"), *bad = tcase_create("refusals");
    TCase *gone = tcase_create("client gone"), *start = tcase_create("start");

    suite_add_tcase(suite, gdb);
    tcase_set_timeout(gdb, 20);
    tcase_add_test(gdb, says_what_scripts_read_and_what_to_paste);
    tcase_add_test(gdb, serves_client_after_client_also_while_the_program_runs);
    tcase_add_test(gdb, a_second_client_waits_for_the_first_to_go);
    tcase_add_test(gdb, ends_after_one_client_when_told_once);
    tcase_add_test(gdb, stays_behind_a_detach_for_a_client_that_may_start_programs);
    tcase_add_test(gdb, lets_an_attached_program_go_when_told_to_end);
    tcase_add_test(gdb, a_stranger_is_sent_away_and_the_server_goes_on);
    tcase_add_test(gdb, a_client_that_does_not_read_hangs_nothing);
    tcase_add_test(gdb, an_interrupt_stops_the_program_and_an_end_is_told);
    tcase_add_test(gdb, monitor_exit_ends_the_server);
    tcase_add_test(gdb, monitor_set_debug_speaks_the_words_of_the_gdb_that_asks);
    tcase_add_loop_test(gdb, a_detached_program_goes_on_and_the_server_stays_with_it, 0, 2);
    suite_add_tcase(suite, lines);
    tcase_set_timeout(lines, 20);
    tcase_add_test(lines, standard_input_and_output_carry_nothing_but_packets);
    tcase_add_test(lines, serves_a_unix_socket_and_removes_it);
    tcase_add_test(lines, serves_a_serial_line);
    suite_add_tcase(suite, lldb);
    tcase_set_timeout(lldb, 20);
    tcase_add_test(lldb, serves_a_descriptor_and_ends_with_the_client);
    tcase_add_test(lldb, a_detached_program_keeps_the_terminal_it_was_given);
    tcase_add_test(lldb, writes_the_port_to_a_pipe);
    tcase_add_test(lldb, writes_the_port_to_a_fifo_and_to_a_file);
    tcase_add_test(lldb, connects_to_who_listens_and_launches_what_it_says);
    suite_add_tcase(suite, gone);
    tcase_set_timeout(gone, 20);
    suite_add_tcase(suite, start);
    tcase_set_timeout(start, 20);
    tcase_add_test(start, ends_as_the_program_ended_when_told_once);
    tcase_add_test(start, takes_a_socket_that_was_handed_over);
    tcase_add_test(start, waits_for_a_program_and_attaches);
    tcase_add_test(start, waiting_for_a_program_ends_when_told_to);
    tcase_add_test(start, a_client_that_waits_may_interrupt_or_vanish);
    tcase_add_test(start, the_program_has_the_terminal_while_it_lives);
    tcase_add_test(start, tells_the_client_why_a_program_is_not_started);
    tcase_add_loop_test(gone, the_program_does_what_the_table_says, 0,
                        sizeof(cells) / sizeof(cells[0]));
    suite_add_tcase(suite, bad);
    tcase_set_timeout(bad, 30);
    tcase_add_test(bad, says_why_it_cannot_start);
    return suite;
}
