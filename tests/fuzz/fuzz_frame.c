/* fuzz_frame.c - any bytes into the receiver, whole and in pieces, with every combination of
 * flags: the same events and bodies must come out, and no body passes its buffer. */
#include <stdlib.h>
#include <string.h>

#include "rsp/rsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 4096 };

/* A fold of all that was seen: order matters. */
static uint64_t
mix(uint64_t seen, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        seen = (seen ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return seen;
}

static void
require(bool promise)
{
    if (!promise) {
        abort();
    }
}

static uint64_t
mix_event(uint64_t seen, enum rsp_event event, const struct rsp_receiver *rx)
{
    uint8_t kind = (uint8_t)event;
    require(rx->len <= rx->cap);
    require(!rsp_receiver_inside(rx));
    seen = mix(seen, &kind, 1);
    if (event == RSP_PACKET || event == RSP_TOO_LONG || event == RSP_NOTIFICATION) {
        require(event != RSP_TOO_LONG || rx->len == rx->cap);
        seen = mix(seen, rx->buf, rx->len) + rx->len;
    }
    return seen;
}

/* Feeds data in pieces of `piece` bytes, each copied so that reading past it is seen. */
static uint64_t
feed(const uint8_t *data, size_t size, size_t cap, unsigned flags, size_t piece)
{
    struct rsp_receiver rx;
    uint64_t seen = 0;
    uint8_t *buf = malloc(cap);
    rsp_receiver_init(&rx, buf, cap, flags / 2);
    if (flags % 2 != 0)
        rsp_receiver_expand(&rx);
    for (size_t from = 0; from < size; from += piece) {
        size_t n = size - from < piece ? size - from : piece, taken = 0;
        uint8_t *copy = malloc(n);
        memcpy(copy, data + from, n);
        while (taken < n) {
            enum rsp_event event;
            size_t step = rsp_receive(&rx, copy + taken, n - taken, &event);
            require(step > 0 && step <= n - taken);
            taken += step;
            require(event != RSP_NONE || taken == n);
            seen = event != RSP_NONE ? mix_event(seen, event, &rx) : seen;
        }
        free(copy);
    }
    free(buf);
    return seen;
}

/* What was received can be framed, shortened and received again. */
static void
round_trip(const uint8_t *data, size_t size)
{
    struct rsp_receiver rx;
    enum rsp_event event;
    uint8_t *frame = malloc(2 * size + RSP_FRAME_EXTRA), *buf = malloc(size);
    struct rsp_out body = rsp_out_to(frame + 1, 2 * size);
    rsp_put_escaped(&body, data, size);
    require(!body.cut);
    size_t len = rsp_compress(frame + 1, body.len);
    require(len <= body.len);
    len = rsp_frame_close(frame, len, '$');
    rsp_receiver_init(&rx, buf, size, 0);
    rsp_receiver_expand(&rx);
    require(rsp_receive(&rx, frame, len, &event) == len && event == RSP_PACKET);
    require(rx.len == size && memcmp(buf, data, size) == 0);
    free(buf);
    free(frame);
}

/* The first byte of data chooses the pieces, the second the buffer. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > MAX) {
        return 0;
    }
    size_t piece = 1 + data[0] % 32, cap = 1 + data[1];
    data += 2;
    size -= 2;
    for (unsigned flags = 0; flags < 4; flags++) {
        uint64_t whole = feed(data, size, cap, flags, size);
        require(feed(data, size, cap, flags, piece) == whole);
        require(feed(data, size, cap, flags, 1) == whole);
    }
    round_trip(data, size);
    return 0;
}
