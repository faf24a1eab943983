/* client.h - the benchmark's own client: frames over a socket and as little else as possible, so
 * that a figure tells of the server and not of who asks.
 *
 * What goes wrong ends the process with a line on standard error: each server has a process of
 * its own to be asked from (bench.c). */
#ifndef STUBBORN_TESTS_BENCH_CLIENT_H
#define STUBBORN_TESTS_BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client {
    int fd;
    bool no_ack;
    const uint8_t *body; /* the last reply, as it came over the wire; good until the next one */
    size_t size;
    const uint8_t *hash; /* where its '#' stands */
    /* private */
    uint8_t *buf, *plain;
    size_t end;
};

/* Connects to a port of 127.0.0.1; tries for some seconds, since a server takes time to start. */
void client_connect(struct client *c, uint16_t port);
/* Sends a frame and waits for its reply; O packets are passed over. */
__attribute__((format(printf, 2, 3))) void client_ask(struct client *c, const char *format, ...);
/* Sends a frame that stands ready, made by client_frame, and waits for its reply. */
void client_ask_frame(struct client *c, const uint8_t *frame, size_t size);
/* Puts $ before and # with the checksum behind the body of n bytes at frame + 1; its length. */
size_t client_frame(uint8_t *frame, size_t n);

/* Sends bytes as they are. */
void client_send(struct client *c, const uint8_t *bytes, size_t n);

bool client_reply_is(const struct client *c, const char *text);
bool client_reply_has(const struct client *c, const char *text);
/* The same, and the process ends when the reply is not as it must be. */
void client_ask_ok(struct client *c, const char *request);
/* Undoes run lengths (n*c, as gdbserver sends them) in the last reply, which must be text. */
void client_expand(struct client *c);
/* The checksum that came with the last reply must be right. Before client_expand. */
void client_check_sum(const struct client *c);
/* Bytes in the reply to an x, of which the first `skip` are not data: '}' stands before each byte
 * that had to be escaped. */
size_t client_binary_size(const struct client *c, size_t skip);

#endif
