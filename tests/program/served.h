/* served.h - the whole server in a child, live program and all, and this test as its client. What
 * is waited for must come: a minute is the patience of a busy machine. */
#ifndef STUBBORN_TESTS_PROGRAM_SERVED_H
#define STUBBORN_TESTS_PROGRAM_SERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PATIENCE_MS = 60000 };

struct server {
    pid_t pid;
    int words; /* what it says on standard error */
    char said[4096];
    size_t size;
};

/* Starts run(argv) in a child whose descriptors 0 and 1 are those given (-1: as they are). */
struct server start_with(int (*run)(char **argv), int in, int out, char **argv);
#define START(run, ...) start_with(run, -1, -1, (char *[]){ __VA_ARGS__, NULL })

/* Reads what the server says until it has said text, and returns what stands behind that. */
const char *await_words(struct server *s, const char *text);
uint16_t port_of(struct server *s);
/* The exit status of a server that ends by itself. */
int end_of(struct server *s);
bool is_gone(pid_t pid);

#define SLEEPER "/bin/sleep", "1000"
pid_t start_sleeper(void);

struct client {
    int in, out;
    bool no_ack;
    char body[70000];
    char bytes[70000]; /* read and not looked at yet */
    size_t size;
};

struct client *client_on(int in, int out);
struct client *connect_port(uint16_t port);
void hang_up(struct client *c);
void send_bytes(struct client *c, const char *bytes, size_t n);
void send_packet(struct client *c, const char *body);
/* More bytes within `ms`; false at the end of the line. */
bool more(struct client *c, int ms);
/* The body of the next frame; "" and an end of the line are an error. */
const char *answer(struct client *c);
const char *ask(struct client *c, const char *body);
void drop_acks(struct client *c);
bool line_ends(struct client *c);

#endif
