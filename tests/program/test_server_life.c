/* test_server_life.c - how a program is started by the server, what terminal it has, and what
 * becomes of both when the client is gone. */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <poll.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "stub/program/program.h"
#include "tests/program/served.h"
#include "tests/suites.h"

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

Suite *
server_life_suite(void)
{
    Suite *suite = suite_create("server_life");
    TCase *gone = tcase_create("client gone");
    TCase *start = tcase_create("start");

    suite_add_tcase(suite, gone);
    tcase_set_timeout(gone, 20);
    tcase_add_loop_test(gone, the_program_does_what_the_table_says, 0,
                        sizeof(cells) / sizeof(cells[0]));
    suite_add_tcase(suite, start);
    tcase_set_timeout(start, 20);
    tcase_add_test(start, ends_as_the_program_ended_when_told_once);
    tcase_add_test(start, takes_a_socket_that_was_handed_over);
    tcase_add_test(start, waits_for_a_program_and_attaches);
    tcase_add_test(start, waiting_for_a_program_ends_when_told_to);
    tcase_add_test(start, a_client_that_waits_may_interrupt_or_vanish);
    tcase_add_test(start, tells_the_client_why_a_program_is_not_started);
    tcase_add_test(start, the_program_has_the_terminal_while_it_lives);
    return suite;
}
