/* test_server_lines.c - lines of other kinds, and lldb-server's manners on them. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "stub/program/program.h"
#include "tests/program/served.h"
#include "tests/suites.h"

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

Suite *
server_lines_suite(void)
{
    Suite *suite = suite_create("server_lines");
    TCase *lines = tcase_create("lines");
    TCase *lldb = tcase_create("lldb-server");

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
    return suite;
}
