/* wire.c - the line of wire.h. */
#include "tests/stub/wire.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/flush.h"

void
wire_open(struct wire *w, unsigned threads, size_t buffer, unsigned flags)
{
    wire_open_with(w, stub_all_packets, threads, buffer, flags, 0);
}

void
wire_open_with(struct wire *w, const struct stub_family *const *packets, unsigned threads,
               size_t buffer, unsigned flags, size_t frame)
{
    struct stub_config config = { .size = sizeof(config) };

    memset(w, 0, sizeof(*w));
    fake_init(&w->fake, threads);
    w->fake.stub = &w->stub;
    w->input_size = w->output_size = buffer;
    w->input = flush_copy(NULL, buffer);
    w->output = flush_copy(NULL, buffer);
    config.target = &w->fake.ops;
    config.target_object = &w->fake;
    config.packets = packets;
    config.input = w->input;
    config.output = w->output;
    config.input_size = config.output_size = buffer;
    config.flags = flags;
    config.frame_size = frame;
    config.resend_ms = 1000;
    config.commands = fake_commands;
    if (!stub_init(&w->stub, &config)) {
        fprintf(stderr, "stub_init refuses a buffer of %zu\n", buffer);
        exit(2);
    }
}

void
wire_close(struct wire *w)
{
    flush_free(w->input, w->input_size);
    flush_free(w->output, w->output_size);
}

struct wire *
wire_new(unsigned threads, size_t buffer, unsigned flags)
{
    struct wire *w = calloc(1, sizeof(*w));

    ck_assert_ptr_nonnull(w);
    wire_open(w, threads, buffer, flags);
    return w;
}

void
wire_free(struct wire *w)
{
    wire_close(w);
    free(w);
}

/* Takes what the engine offers. */
static void
drain(struct wire *w)
{
    const uint8_t *p;
    size_t n;

    while (p = stub_output(&w->stub, &n), n > 0) {
        if (w->piece != 0 && n > w->piece)
            n = w->piece;
        if (n > sizeof(w->line) - w->line_size) {
            fprintf(stderr, "the engine never stops talking\n");
            exit(2);
        }
        memcpy(w->line + w->line_size, p, n);
        w->line_size += n;
        stub_sent(&w->stub, n);
    }
}

const char *
wire_heard(struct wire *w)
{
    static char text[0x1000];
    size_t n = 0, more;
    const uint8_t *p;

    while (p = stub_output(&w->stub, &more), more > 0 && n + more < sizeof(text)) {
        memcpy(text + n, p, more);
        n += more;
        stub_sent(&w->stub, more);
    }
    text[n] = '\0';
    return text;
}

void
wire_ring(struct wire *w)
{
    w->fake.rings = true;
    while (w->fake.rings) {
        w->fake.rings = false;
        stub_doorbell(&w->stub);
        drain(w);
    }
}

static void
push(struct wire *w, const uint8_t *bytes, size_t n)
{
    size_t at = 0;

    drain(w);
    for (unsigned stuck = 0; at < n && stuck < 3; stuck++) {
        size_t piece = w->piece != 0 && n - at > w->piece ? w->piece : n - at;
        size_t took = stub_feed(&w->stub, bytes + at, piece);

        if (took > 0)
            stuck = 0;
        at += took;
        drain(w);
        if (w->fake.rings)
            wire_ring(w);
    }
}

void
wire_send_raw(struct wire *w, const void *bytes, size_t n)
{
    uint8_t *copy;

    if (w->quick) {
        push(w, bytes, n);
        return;
    }
    copy = flush_copy(bytes, n);
    push(w, copy, n);
    flush_free(copy, n);
}

void
wire_send(struct wire *w, const void *body, size_t n)
{
    uint8_t *frame = malloc(2 * n + RSP_FRAME_EXTRA);
    struct rsp_out out = rsp_out_to(frame + 1, 2 * n);

    rsp_put_escaped(&out, body, n);
    wire_send_raw(w, frame, rsp_frame_close(frame, out.len, '$'));
    free(frame);
}

static void
forget(struct wire *w, size_t n)
{
    w->line_size -= n;
    memmove(w->line, w->line + n, w->line_size);
}

/* The frame at the start of the line: its body goes to w->body. 0 when it is not whole. */
static size_t
take_frame(struct wire *w)
{
    const uint8_t *end = memchr(w->line, '#', w->line_size);
    size_t n = end != NULL ? (size_t)(end - w->line) : 0;
    size_t skip = w->line[0] == '$' ? 1 : 0; /* a notification keeps its % */
    char sum[3];

    if (end == NULL || w->line_size < n + 3)
        return 0;
    w->size = n - skip;
    memcpy(w->body, w->line + skip, w->size);
    w->body[w->size] = '\0';
    snprintf(sum, sizeof(sum), "%02x", rsp_sum(w->line + 1, n - 1));
    if (memcmp(sum, end + 1, 2) != 0) {
        fprintf(stderr, "a frame with a wrong checksum\n");
        exit(2);
    }
    return n + 3;
}

bool
wire_hear(struct wire *w)
{
    drain(w);
    while (w->line_size > 0) {
        size_t n;

        w->acks += w->line[0] == '+';
        w->naks += w->line[0] == '-';
        if (w->line[0] != '$' && w->line[0] != '%') {
            forget(w, 1);
            continue;
        }
        n = take_frame(w);
        if (n == 0)
            return false;
        forget(w, n);
        w->frames++;
        if (!w->no_ack && w->body[0] != '%')
            wire_send_raw(w, "+", 1);
        return true;
    }
    return false;
}

const char *
wire_ask(struct wire *w, const char *text)
{
    wire_send(w, text, strlen(text));
    if (!wire_hear(w))
        return NULL;
    return w->line_size == 0 || w->line[0] != '$' ? (const char *)w->body : NULL;
}

void
wire_feed(struct wire *w, const char *text)
{
    size_t n = strlen(text);

    ck_assert_uint_eq(stub_feed(&w->stub, (const uint8_t *)text, n), n);
}

void
wire_expect(struct wire *w, const char *want)
{
    const char *text = wire_heard(w);

    ck_assert_msg(strcmp(text, want) == 0, "%s, not %s", text, want);
}

void
wire_expect_start(struct wire *w, const char *want)
{
    const char *text = wire_heard(w);

    ck_assert_msg(strncmp(text, want, strlen(want)) == 0, "%s, not %s...", text, want);
}
