/* test_served.c - a server and its client, see served.h. */
#define _GNU_SOURCE 1
#include "tests/program/served.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- a server ---- */

struct server
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

const char *
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

uint16_t
port_of(struct server *s)
{
    return (uint16_t)atoi(await_words(s, "Listening on port "));
}

int
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

/* Whose parent has gone is reaped by the first process, which in a container may not do so. */
static bool
is_dead(pid_t pid)
{
    char path[64], state = 'Z';
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    f = fopen(path, "re");
    if (f != NULL) {
        if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
            state = 'Z';
        fclose(f);
    }
    return state == 'Z' || state == 'X';
}

bool
is_gone(pid_t pid)
{
    struct timespec pause = { 0, 10000000 };
    int i;

    for (i = 0; i < PATIENCE_MS / 10 && !is_dead(pid); i++)
        nanosleep(&pause, NULL);
    return i < PATIENCE_MS / 10;
}

/* ---- a client ---- */

struct client *
client_on(int in, int out)
{
    struct client *c = calloc(1, sizeof(*c));

    ck_assert_ptr_nonnull(c);
    c->in = in;
    c->out = out;
    return c;
}

struct client *
connect_port(uint16_t port)
{
    struct sockaddr_in in = { .sin_family = AF_INET,
                              .sin_port = htons(port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    return client_on(fd, fd);
}

void
hang_up(struct client *c)
{
    close(c->in);
    if (c->out != c->in)
        close(c->out);
    free(c);
}

void
send_bytes(struct client *c, const char *bytes, size_t n)
{
    ck_assert_int_eq(write(c->out, bytes, n), (ssize_t)n);
}

void
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

bool
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

const char *
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

const char *
ask(struct client *c, const char *body)
{
    send_packet(c, body);
    return answer(c);
}

void
drop_acks(struct client *c)
{
    ck_assert_str_eq(ask(c, "QStartNoAckMode"), "OK");
    c->no_ack = true;
}

bool
line_ends(struct client *c)
{
    while (more(c, PATIENCE_MS))
        c->size = 0;
    return true;
}

pid_t
start_sleeper(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        execl("/bin/sleep", "sleep", "1000", NULL);
        _exit(1);
    }
    return pid;
}
