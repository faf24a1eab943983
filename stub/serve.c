/* serve.c - the blocking loop for a line that is read byte by byte: a UART, a test, an emulator's
 * console. */
#include "stub/stub.h"

enum { NO_BYTE = -1 };

static uint64_t
time_of(const struct stub_line *line)
{
    return line->now_ms ? line->now_ms(line->context) : 0;
}

/* Puts what is ready on the line. A byte may be given up only when it is sent, and a reply to an
 * ack may follow at once, so the engine is asked until it has none. */
static void
put_all(struct stub *s, const struct stub_line *line)
{
    size_t n;
    const uint8_t *bytes;

    while ((bytes = stub_output(s, &n)), n > 0) {
        line->put(line->context, bytes, n);
        stub_sent(s, n);
    }
}

void
stub_serve(struct stub *s, const struct stub_line *line)
{
    uint8_t byte = 0;
    bool held = false; /* byte came and the engine has not taken it yet */
    int got;

    for (;;) {
        (void)stub_tick(s, time_of(line));
        if (held && stub_feed(s, &byte, 1) == 1)
            held = false;
        put_all(s, line);
        if (stub_is_over(s))
            return;
        got = held ? NO_BYTE : line->get(line->context);
        if (got >= 0) {
            byte = (uint8_t)got;
            held = true;
        } else if (got != NO_BYTE) {
            stub_link_lost(s);
            return;
        } else if (line->poll && line->poll(line->context)) {
            stub_doorbell(s);
        }
    }
}
