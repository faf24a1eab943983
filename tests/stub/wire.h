/* wire.h - an engine with a fake target behind it and the client's end of the line in front. */
#ifndef STUBBORN_TESTS_WIRE_H
#define STUBBORN_TESTS_WIRE_H

#include "tests/stub/fake.h"

enum { WIRE_BODY = 1 << 18 };

struct wire {
    struct stub stub;
    struct fake fake;
    uint8_t *input, *output; /* flush against unreadable pages */
    size_t input_size, output_size;

    size_t piece; /* bytes fed and taken at once; 0: all there are */
    bool no_ack;  /* the client neither sends nor expects acks */
    bool quick;   /* what is sent is not laid flush against an unreadable page first */
    unsigned acks, naks, frames; /* heard so far */

    uint8_t body[WIRE_BODY]; /* of the last frame, as it stood on the line; a notification's with
                                its % */
    size_t size;
    uint8_t line[WIRE_BODY]; /* heard and not looked at yet */
    size_t line_size;
};

/* A fresh engine, with `threads` threads and two buffers of that size. flags as in stub_config. */
void wire_open(struct wire *w, unsigned threads, size_t buffer, unsigned flags);
/* The same with a list of packets that is not all, and a frame_size. */
void wire_open_with(struct wire *w, const struct stub_family *const *packets, unsigned threads,
                    size_t buffer, unsigned flags, size_t frame);
void wire_close(struct wire *w);
/* wire_open and wire_close of one that malloc gives. */
struct wire *wire_new(unsigned threads, size_t buffer, unsigned flags);
void wire_free(struct wire *w);
/* Sends bytes as they are, ringing the doorbell as the target wants. */
void wire_send_raw(struct wire *w, const void *bytes, size_t n);
/* Sends a body in a frame with the right checksum, escaped. */
void wire_send(struct wire *w, const void *body, size_t n);
/* Takes the next frame that the engine sent into w->body, w->size, and acknowledges it. False
 * when there is none; then the engine is silent. */
bool wire_hear(struct wire *w);
/* Sends text and hears the answer: exactly one frame, whose body and a NUL stand in w->body. NULL
 * when there was none or more than one. */
const char *wire_ask(struct wire *w, const char *text);
/* What the engine sends now, whatever it is, as a string; nothing is acknowledged. Good until the
 * next call. */
const char *wire_heard(struct wire *w);
/* Feeds text as it is; the engine takes all of it. */
void wire_feed(struct wire *w, const char *text);
/* Fails unless that is all that the engine sends now, as it stands on the line. */
void wire_expect(struct wire *w, const char *want);
/* Fails unless what the engine sends now starts so. */
void wire_expect_start(struct wire *w, const char *want);
/* The target has news. */
void wire_ring(struct wire *w);

#endif
