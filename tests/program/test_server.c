/* test_server.c - gdbserver's manners, and what cannot be served. */
#define _GNU_SOURCE 1
#include <bsd/string.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stub/program/program.h"
#include "tests/program/served.h"
#include "tests/suites.h"

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

/* Serves a program that ends when *input is closed; option may be NULL. */
static struct server
start_cat(int *input, const char *option)
{
    char *argv[] = { (char *)(uintptr_t)option, (char *)(uintptr_t) ":0",
                     (char *)(uintptr_t) "/bin/cat", NULL };
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    struct server s = start_with(program_gdbserver, ends[0], -1, option ? argv : argv + 1);
    close(ends[0]);
    *input = ends[1];
    return s;
}

START_TEST(an_interrupt_stops_the_program_and_an_end_is_told)
{
    int input;
    struct server s = start_cat(&input, NULL);
    struct client *c = connect_port(port_of(&s));

    drop_acks(c);
    ck_assert_int_eq(ask(c, "?")[0], 'T');
    send_packet(c, "c");
    poll(NULL, 0, 50);
    send_bytes(c, "\003", 1);
    ck_assert_int_eq(strncmp(answer(c), "T02", 3), 0);
    close(input);
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
    int input;
    struct server s = start_cat(&input, _i ? "--once" : NULL);
    pid_t pid = atoi(await_words(&s, "pid = "));
    struct client *c = connect_port(port_of(&s));

    ck_assert_str_eq(ask(c, "D"), "OK");
    await_words(&s, "Detaching from process ");
    hang_up(c);
    ck_assert_int_eq(kill(pid, 0), 0);
    close(input);
    ck_assert_int_eq(end_of(&s), 0);
    ck_assert_int_ne(kill(pid, 0), 0); /* ended before the server, which has waited for it */
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
    TCase *gdb = tcase_create("gdbserver");
    TCase *bad = tcase_create("refusals");

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
    suite_add_tcase(suite, bad);
    tcase_set_timeout(bad, 30);
    tcase_add_test(bad, says_why_it_cannot_start);
    return suite;
}
