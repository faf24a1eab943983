/* test_net.c - COMM, listening, who is at the other end, and the record of packets. */
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "stub/program/log.h"
#include "stub/program/net.h"
#include "tests/suites.h"

/* ---- helpers ---- */

static char said[2048]; /* on standard error, between hush and hear */
static int kept_stderr;
static FILE *said_file;

static void
hush(void)
{
    said_file = tmpfile();
    ck_assert_ptr_nonnull(said_file);
    fflush(stderr);
    kept_stderr = dup(STDERR_FILENO);
    dup2(fileno(said_file), STDERR_FILENO);
}

static void
hear(void)
{
    size_t n;

    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    rewind(said_file);
    n = fread(said, 1, sizeof(said) - 1, said_file);
    said[n] = '\0';
    fclose(said_file);
}

static struct program_comm
comm_of(const char *text)
{
    struct program_comm comm;
    const char *wrong = program_read_comm(text, &comm);

    ck_assert_msg(wrong == NULL, "%s: %s", text, wrong);
    return comm;
}

static void
ck_tcp(const char *text, const char *host, unsigned port, bool connect)
{
    struct program_comm comm = comm_of(text);

    ck_assert_int_eq(comm.kind, COMM_TCP);
    ck_assert_str_eq(comm.host, host);
    ck_assert_uint_eq(comm.port, port);
    ck_assert_int_eq(comm.connect, connect);
}

static void
ck_path(const char *text, enum program_comm_kind kind, const char *path, unsigned speed)
{
    struct program_comm comm = comm_of(text);

    ck_assert_int_eq(comm.kind, kind);
    ck_assert_str_eq(comm.path, path);
    ck_assert_uint_eq(comm.speed, speed);
}

static void
ck_wrong(const char *text, const char *piece)
{
    struct program_comm comm;
    const char *wrong = program_read_comm(text, &comm);

    ck_assert_msg(wrong != NULL, "%s was taken", text);
    ck_assert_msg(strstr(wrong, piece) != NULL, "%s: %s", text, wrong);
}

static struct program_listener
listen_at(const char *text)
{
    struct program_comm comm = comm_of(text);
    struct program_listener listener;

    ck_assert(program_listen(&comm, &listener));
    return listener;
}

static int
connect_port(uint16_t port)
{
    struct sockaddr_in in = { .sin_family = AF_INET,
                              .sin_port = htons(port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    return fd;
}

/* Accepts what comes within a second. */
static bool
accept_soon(const struct program_listener *listener, struct program_line *line)
{
    struct pollfd fd = { .fd = listener->fd, .events = POLLIN };

    ck_assert_int_eq(poll(&fd, 1, 60000), 1);
    return program_accept(listener, line);
}

/* ---- COMM ---- */

START_TEST(reads_hosts_and_ports)
{
    ck_tcp(":1234", "", 1234, false);
    ck_tcp("1234", "", 1234, false);
    ck_tcp("localhost:0", "localhost", 0, false);
    ck_tcp("*:65535", "*", 65535, false);
    ck_tcp("::1:7", "::1", 7, false);
    ck_tcp("[::1]:7", "::1", 7, false);
    ck_tcp("[fe80::1%eth0]:7", "fe80::1%eth0", 7, false);
    ck_tcp("tcp://[127.0.0.1]:0", "127.0.0.1", 0, false);
    ck_tcp("tcp-connect://h:9", "h", 9, true);
    ck_tcp("connect://h:9", "h", 9, true);
    ck_tcp("tcp:h:9", "h", 9, false);
    ck_assert_int_eq(comm_of("tcp6:h:9").family, AF_INET6);
    ck_assert_int_eq(comm_of("tcp4:h:9").family, AF_INET);
}
END_TEST

START_TEST(reads_paths_and_devices)
{
    ck_path("unix:/a/b", COMM_UNIX, "/a/b", 0);
    ck_path("unix:b", COMM_UNIX, "b", 0);
    ck_path("unix:///a/b", COMM_UNIX, "/a/b", 0);
    ck_path("/dev/ttyS0", COMM_TTY, "/dev/ttyS0", 0);
    ck_path("/dev/ttyS0,115200", COMM_TTY, "/dev/ttyS0", 115200);
    ck_path("null", COMM_TTY, "/dev/null", 0);
    ck_path("serial:///dev/pts/3", COMM_TTY, "/dev/pts/3", 0);
    ck_path("serial:///dev/pts/3?baud=9600&parity=no", COMM_TTY, "/dev/pts/3", 9600);
    ck_assert(comm_of("unix-connect:///a").connect);
    ck_assert_int_eq(comm_of("fd://12").fd, 12);
    ck_assert_int_eq(comm_of("-").kind, COMM_STDIO);
    ck_assert_int_eq(comm_of("stdio").kind, COMM_STDIO);
}
END_TEST

START_TEST(refuses_what_is_no_line)
{
    char name[400];

    ck_wrong(":", "0 to 65535");
    ck_wrong(":65536", "0 to 65535");
    ck_wrong(":-1", "0 to 65535");
    ck_wrong(": 1", "0 to 65535");
    ck_wrong("h:99999999999999999999", "0 to 65535");
    ck_wrong(":http", "0 to 65535");
    ck_wrong("", "0 to 65535");
    ck_wrong("unix:", "path");
    ck_wrong("serial://", "path");
    ck_wrong(",9600", "device");
    ck_wrong("no-such-device", "neither");
    ck_wrong("/dev/ttyS0,12345", "speed");
    ck_wrong("/dev/ttyS0,fast", "speed");
    ck_wrong("fd://x", "descriptor");
    memset(name, 'a', sizeof(name));
    memcpy(name + sizeof(name) - 3, ":1", 3);
    ck_wrong(name, "too long");
    name[sizeof(name) - 3] = 'a';
    name[0] = '/';
    ck_wrong(name, "too long");
}
END_TEST

/* ---- listening ---- */

START_TEST(stays_on_this_machine_unless_told_otherwise)
{
    static const char *const inside[] = { ":0", "0", "localhost:0", "127.0.0.1:0", "127.1.2.3:0" };
    static const char *const outside[] = { "*:0", "0.0.0.0:0" };
    struct program_listener listener;
    size_t i;

    for (i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
        listener = listen_at(inside[i]);
        ck_assert_msg(!listener.beyond_loopback, "%s", inside[i]);
        ck_assert_uint_ne(listener.port, 0);
        program_unlisten(&listener);
    }
    for (i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        listener = listen_at(outside[i]);
        ck_assert_msg(listener.beyond_loopback, "%s", outside[i]);
        program_unlisten(&listener);
    }
}
END_TEST

START_TEST(a_busy_port_says_who_holds_it)
{
    struct program_listener first = listen_at(":0"), second;
    struct program_comm comm = { .kind = COMM_TCP, .port = first.port, .text = ":N" };
    char pid[32];

    hush();
    ck_assert(!program_listen(&comm, &second));
    hear();
    ck_assert_int_eq(second.fd, -1);
    snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
    ck_assert_ptr_nonnull(strstr(said, "Can't bind address: Address already in use.\n"));
    ck_assert_msg(strstr(said, pid) != NULL, "%s", said);
    ck_assert_ptr_nonnull(strstr(said, ":0 takes a free one"));
    program_unlisten(&first);
}
END_TEST

START_TEST(a_name_that_is_no_host_is_refused)
{
    struct program_comm comm = comm_of("no-such-host.invalid:5");
    struct program_listener listener;

    hush();
    ck_assert(!program_listen(&comm, &listener));
    hear();
    ck_assert_ptr_nonnull(strstr(said, "no-such-host.invalid:5: cannot resolve name: "));
    ck_assert_ptr_nonnull(strstr(said, "127.0.0.1:5"));
}
END_TEST

START_TEST(a_unix_socket_is_its_owners_alone_and_goes_at_the_end)
{
    char path[64], text[80];
    struct program_listener listener;
    struct stat st;
    mode_t mask = umask(0);

    snprintf(path, sizeof(path), "/tmp/stubborn-test-%d", (int)getpid());
    snprintf(text, sizeof(text), "unix:%s", path);
    listener = listen_at(text);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_uint_eq(umask(mask), 0);
    program_unlisten(&listener);
    ck_assert_int_ne(stat(path, &st), 0);
}
END_TEST

START_TEST(a_stale_unix_socket_is_replaced_a_living_one_or_a_file_is_not)
{
    char path[64], text[80];
    struct program_listener first, second;
    struct program_comm comm;
    int fd;

    snprintf(path, sizeof(path), "/tmp/stubborn-test-%d", (int)getpid());
    snprintf(text, sizeof(text), "unix:%s", path);
    comm = comm_of(text);
    first = listen_at(text);
    hush();
    ck_assert(!program_listen(&comm, &second));
    hear();
    ck_assert_ptr_nonnull(strstr(said, "running server"));
    close(first.fd); /* as a killed server leaves it */
    second = listen_at(text);
    ck_assert_int_eq(unlink(path), 0);
    first = listen_at(text);
    program_unlisten(&second); /* must not take what is not its own any more */
    ck_assert_int_eq(access(path, F_OK), 0);
    program_unlisten(&first);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    hush();
    ck_assert(!program_listen(&comm, &second));
    hear();
    ck_assert_ptr_nonnull(strstr(said, "no socket"));
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* ---- who connects ---- */

START_TEST(finds_the_user_at_the_other_end)
{
    struct program_listener listener = listen_at(":0");
    struct program_line line;
    int fd = connect_port(listener.port);
    uid_t uid = 12345;

    ck_assert(accept_soon(&listener, &line));
    ck_assert(program_peer_user(line.in, &uid));
    ck_assert_uint_eq(uid, geteuid());
    ck_assert_ptr_nonnull(strstr(line.peer, "from host 127.0.0.1, port "));
    ck_assert(line.socket && line.open_to_strangers);
    program_close_line(&line);
    close(fd);
    program_unlisten(&listener);
}
END_TEST

START_TEST(finds_the_user_of_an_ipv4_connection_made_through_an_ipv6_socket)
{
    struct program_listener listener = listen_at(":0");
    struct sockaddr_in6 in = { .sin6_family = AF_INET6, .sin6_port = htons(listener.port) };
    struct program_line line;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    uid_t uid = 12345;

    inet_pton(AF_INET6, "::ffff:127.0.0.1", &in.sin6_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&in, sizeof(in)) != 0)
        return; /* a machine without IPv6 has no such clients */
    ck_assert(accept_soon(&listener, &line));
    ck_assert(program_peer_user(line.in, &uid));
    ck_assert_uint_eq(uid, geteuid());
    program_close_line(&line);
    close(fd);
    program_unlisten(&listener);
}
END_TEST

/* As peer.c asks where there is no /proc. */
static bool
ask_the_kernel(int fd, uid_t *uid)
{
    struct sockaddr_storage here, there;
    socklen_t here_size = sizeof(here), there_size = sizeof(there);

    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&here, &here_size), 0);
    ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&there, &there_size), 0);
    return program_diag_user((struct sockaddr *)&there, (struct sockaddr *)&here, uid);
}

/* A connection to that address of this machine, asked about while it is held and afterwards. */
static void
ck_kernel_tells(const char *place, const struct sockaddr *address, socklen_t size)
{
    struct program_listener listener = listen_at(place);
    int fd = socket(address->sa_family, SOCK_STREAM, 0);
    struct sockaddr_in6 in = { 0 }; /* the port is at the same place in both families */
    struct program_line line;
    uid_t uid = 12345;

    memcpy(&in, address, size);
    in.sin6_port = htons(listener.port);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&in, size), 0);
    ck_assert(accept_soon(&listener, &line));
    ck_assert(ask_the_kernel(line.in, &uid));
    ck_assert_uint_eq(uid, geteuid());
    close(fd);
    ck_assert(!ask_the_kernel(line.in, &uid));
    program_close_line(&line);
    program_unlisten(&listener);
}

START_TEST(the_kernel_tells_the_user_without_its_tables)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int diag = socket(AF_NETLINK, SOCK_DGRAM, 4 /* NETLINK_SOCK_DIAG */), probe;

    if (diag < 0)
        return; /* a kernel that does not tell */
    close(diag);
    ck_kernel_tells("127.0.0.1:0", (struct sockaddr *)&v4, sizeof(v4));
    probe = socket(AF_INET6, SOCK_STREAM, 0);
    if (probe >= 0 && bind(probe, (struct sockaddr *)&v6, sizeof(v6)) == 0)
        ck_kernel_tells("[::1]:0", (struct sockaddr *)&v6, sizeof(v6));
    close(probe);
}
END_TEST

/* The kernel shows the socket of a client that closed it as root's. */
START_TEST(a_client_that_hung_up_has_no_user)
{
    struct program_listener listener = listen_at(":0");
    struct program_line line;
    int fd = connect_port(listener.port);
    uid_t uid;

    close(fd);
    hush();
    ck_assert(!accept_soon(&listener, &line));
    hear();
    ck_assert_ptr_nonnull(strstr(said, "--any-user"));
    fd = connect_port(listener.port);
    listener.any_user = true;
    ck_assert(accept_soon(&listener, &line));
    close(fd);
    ck_assert(!program_peer_user(line.in, &uid));
    program_close_line(&line);
    program_unlisten(&listener);
}
END_TEST

/* A child that becomes another user connects; the parent says whether it let it in. */
static bool
lets_nobody_in(bool any_user)
{
    struct program_listener listener = listen_at(":0");
    struct program_line line;
    bool taken;
    pid_t child;
    int end[2];

    ck_assert_int_eq(pipe(end), 0);
    listener.any_user = any_user;
    child = fork();
    if (child == 0) {
        if (setuid(65534) != 0)
            _exit(1);
        close(end[1]);
        connect_port(listener.port);
        (void)!read(end[0], &line, 1); /* the connection stays until the parent is done */
        _exit(0);
    }
    close(end[0]);
    hush();
    taken = accept_soon(&listener, &line);
    hear();
    close(end[1]);
    waitpid(child, NULL, 0);
    if (taken)
        program_close_line(&line);
    program_unlisten(&listener);
    return taken;
}

START_TEST(another_user_of_this_machine_stays_out)
{
    if (geteuid() != 0)
        return; /* only root can become somebody else */
    ck_assert(!lets_nobody_in(false));
    ck_assert_ptr_nonnull(strstr(said, "user 65534"));
    ck_assert_ptr_nonnull(strstr(said, "--any-user"));
    ck_assert(lets_nobody_in(true));
}
END_TEST

START_TEST(knows_loopback)
{
    static const struct {
        const char *text;
        bool loopback;
    } rows[] = {
        { "::1", true },
        { "::", false },
        { "::ffff:127.9.9.9", true },
        { "::ffff:128.0.0.1", false },
        { "fe80::1", false },
        { "::7f00:1", false },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sockaddr_in6 in = { .sin6_family = AF_INET6 };

        inet_pton(AF_INET6, rows[i].text, &in.sin6_addr);
        ck_assert_int_eq(program_is_loopback((struct sockaddr *)&in), rows[i].loopback);
    }
}
END_TEST

START_TEST(connects_out_and_says_when_nobody_listens)
{
    struct program_listener listener = listen_at(":0");
    struct program_comm comm = { .kind = COMM_TCP, .connect = true, .text = "there" };
    struct program_line line, other;

    comm.port = listener.port;
    ck_assert(program_open_line(&comm, &line));
    ck_assert(accept_soon(&listener, &other));
    ck_assert_int_eq(send(line.out, "x", 1, 0), 1);
    ck_assert(line.socket);
    program_close_line(&line);
    program_close_line(&other);
    program_unlisten(&listener);
    hush();
    ck_assert(!program_open_line(&comm, &line));
    hear();
    ck_assert_ptr_nonnull(strstr(said, "cannot connect to there: Connection refused; start"));
}
END_TEST

START_TEST(a_tty_is_made_raw)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    struct termios t;
    int fd;

    ck_assert_int_ge(master, 0);
    ck_assert_int_eq(grantpt(master), 0);
    ck_assert_int_eq(unlockpt(master), 0);
    fd = program_open_tty(ptsname(master), 9600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(tcgetattr(fd, &t), 0);
    ck_assert_uint_eq(t.c_lflag & (ICANON | ECHO | ISIG), 0);
    ck_assert_uint_eq(t.c_iflag & (IXON | ICRNL), 0);
    ck_assert_uint_eq(t.c_oflag & OPOST, 0);
    ck_assert_uint_eq(cfgetospeed(&t), B9600);
    close(fd);
    close(master);
    hush();
    ck_assert_int_eq(program_open_tty("/dev/null", 0), -1);
    ck_assert_int_eq(program_open_tty("/dev/no-such-device", 0), -1);
    hear();
    ck_assert_ptr_nonnull(strstr(said, "/dev/null: "));
    ck_assert_ptr_nonnull(strstr(said, "look in /dev"));
}
END_TEST

/* ---- the record of packets ---- */

static const char wire[] = "+$m10,4#8e$a}\x03\\b#00\x03-$X";
static const char record[] = "> +\n> $m10,4#8e\n> $a}\\x03\\x5cb#00\n> \\x03\n> -\n";

/* The record of `wire`, given piece by piece, without the times. */
static void
record_in_pieces(size_t piece, char *text, size_t size)
{
    struct program_log log = { .file = tmpfile(), .timed = true };
    size_t at, n = sizeof(wire) - 1;
    char line[256];

    ck_assert_ptr_nonnull(log.file);
    for (at = 0; at < n; at += piece)
        program_log_bytes(&log, '>', (const uint8_t *)wire + at, piece < n - at ? piece : n - at);
    rewind(log.file);
    text[0] = '\0';
    while (fgets(line, sizeof(line), log.file)) {
        ck_assert_uint_gt(strlen(line), 16);
        strncat(text, line + 16, size - strlen(text) - 1);
    }
    program_log_close(&log);
}

START_TEST(writes_a_line_for_each_frame_and_ack)
{
    char text[512];

    record_in_pieces(sizeof(wire), text, sizeof(text));
    ck_assert_str_eq(text, record);
    record_in_pieces(1, text, sizeof(text));
    ck_assert_str_eq(text, record);
}
END_TEST

START_TEST(cuts_a_long_frame_and_says_how_much_is_missing)
{
    struct program_log log = { .file = tmpfile(), .timed = true };
    static uint8_t frame[10000];
    static char line[20000];

    memset(frame, 'a', sizeof(frame));
    frame[0] = '$';
    frame[sizeof(frame) - 3] = '#';
    program_log_bytes(&log, '<', frame, sizeof(frame));
    rewind(log.file);
    ck_assert_ptr_nonnull(fgets(line, sizeof(line), log.file));
    ck_assert_uint_lt(strlen(line), 5000);
    ck_assert_ptr_nonnull(strstr(line, " bytes more)\n"));
    program_log_close(&log);
}
END_TEST

Suite *
net_suite(void)
{
    Suite *suite = suite_create("net");
    TCase *comm = tcase_create("comm"), *listening = tcase_create("listening");
    TCase *peers = tcase_create("peers"), *log = tcase_create("log");

    suite_add_tcase(suite, comm);
    tcase_add_test(comm, reads_hosts_and_ports);
    tcase_add_test(comm, reads_paths_and_devices);
    tcase_add_test(comm, refuses_what_is_no_line);
    suite_add_tcase(suite, listening);
    tcase_add_test(listening, stays_on_this_machine_unless_told_otherwise);
    tcase_add_test(listening, a_busy_port_says_who_holds_it);
    tcase_add_test(listening, a_name_that_is_no_host_is_refused);
    tcase_add_test(listening, a_unix_socket_is_its_owners_alone_and_goes_at_the_end);
    tcase_add_test(listening, a_stale_unix_socket_is_replaced_a_living_one_or_a_file_is_not);
    suite_add_tcase(suite, peers);
    tcase_add_test(peers, finds_the_user_at_the_other_end);
    tcase_add_test(peers, finds_the_user_of_an_ipv4_connection_made_through_an_ipv6_socket);
    tcase_add_test(peers, the_kernel_tells_the_user_without_its_tables);
    tcase_add_test(peers, a_client_that_hung_up_has_no_user);
    tcase_add_test(peers, another_user_of_this_machine_stays_out);
    tcase_add_test(peers, knows_loopback);
    tcase_add_test(peers, connects_out_and_says_when_nobody_listens);
    tcase_add_test(peers, a_tty_is_made_raw);
    suite_add_tcase(suite, log);
    tcase_add_test(log, writes_a_line_for_each_frame_and_ack);
    tcase_add_test(log, cuts_a_long_frame_and_says_how_much_is_missing);
    return suite;
}
