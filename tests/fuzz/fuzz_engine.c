/* fuzz_engine.c - the engine under any input. The first byte chooses: bit 0, the rest is the
 * line's bytes as they are, else bodies that a newline ends, each framed with a right checksum;
 * bit 1, a small buffer; bit 2, a late target; bit 3, a line that loses bytes; bits 4 and 5, what
 * the client said of itself; bit 6, no process; bit 7, 40 threads. */
#include <stdlib.h>
#include <string.h>

#include "tests/stub/fake.h"

enum { RAW = 1, SMALL = 2, LATE = 4, LOSSY = 8, GDB = 16, LLDB = 32, IDLE = 64, MANY = 128 };

static struct stub stub;
static struct fake fake;
static uint8_t frame[1 << 16];
static unsigned frames; /* heard; no body holds a '$' */

/* Takes what the engine offers; it must not offer for ever. */
static void
drain(void)
{
    const uint8_t *p;
    size_t n, all = 0;

    while (p = stub_output(&stub, &n), n > 0) {
        for (size_t i = 0; i < n; i++)
            frames += p[i] == '$';
        all += n;
        if (all > 1 << 20)
            abort();
        stub_sent(&stub, n);
    }
}

static void
ring(void)
{
    for (unsigned i = 0; fake.rings; i++) {
        if (i > 1 << 16)
            abort();
        fake.rings = false;
        stub_doorbell(&stub);
        drain();
    }
}

static void
feed(const uint8_t *bytes, size_t n)
{
    unsigned stuck = 0;

    while (n > 0 && stuck < 3) {
        size_t took = stub_feed(&stub, bytes, n);

        stuck = took == 0 ? stuck + 1 : 0;
        bytes += took;
        n -= took;
        drain();
        ring();
        if (stub_is_waiting(&stub) && fake.running) {
            fake_stop(&fake, FAKE_PID, STUB_SIGNAL, 5, 0);
            ring();
        }
    }
}

static bool
begins(const uint8_t *body, size_t n, const char *text)
{
    return n >= strlen(text) && memcmp(body, text, strlen(text)) == 0;
}

/* R has no answer; who waits for a process to be started has one when it is interrupted. */
static bool
may_be_silent(const uint8_t *body, size_t n)
{
    unsigned before = frames;

    if (begins(body, n, "R"))
        return true;
    if (!begins(body, n, "vAttachWait") && !begins(body, n, "vAttachOrWait"))
        return false;
    feed((const uint8_t *)"\x03", 1);
    stub_doorbell(&stub);
    drain();
    return frames > before;
}

/* One body is answered by a frame, unless a stop will answer it. */
static void
feed_body(const uint8_t *body, size_t n)
{
    struct rsp_out out = rsp_out_to(frame + 1, sizeof(frame) - RSP_FRAME_EXTRA);

    unsigned before = frames;

    rsp_put_escaped(&out, body, n);
    if (out.cut)
        return;
    feed(frame, rsp_frame_close(frame, out.len, '$'));
    if (frames == before && !stub_is_waiting(&stub) && !may_be_silent(body, n))
        abort();
    feed((const uint8_t *)"+", 1);
}

static void
feed_bodies(const uint8_t *data, size_t n)
{
    while (n > 0) {
        const uint8_t *end = memchr(data, '\n', n);
        size_t length = end != NULL ? (size_t)(end - data) : n;

        feed_body(data, length);
        length += end != NULL;
        data += length;
        n -= length;
    }
}

static void
say(const char *text)
{
    feed_body((const uint8_t *)text, strlen(text));
}

static void
introduce(unsigned mode)
{
    if ((mode & GDB) != 0)
        say("qSupported:multiprocess+;swbreak+;hwbreak+;qRelocInsn+;fork-events+;exec-events+;"
            "vContSupported+;error-message+");
    if ((mode & LLDB) == 0)
        return;
    say("qSupported:xmlRegisters=i386,arm;multiprocess+;swbreak+");
    say("QThreadSuffixSupported");
    say("QListThreadsInStopReply");
    say("QEnableErrorStrings");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct stub_config config = { .size = sizeof(config) };
    size_t buffer;

    if (n == 0)
        return 0;
    buffer = (data[0] & SMALL) != 0 ? 0x100 : 0x1000;
    fake_init(&fake, (data[0] & IDLE) != 0 ? 0 : (data[0] & MANY) != 0 ? 40 : 2);
    fake.late = (data[0] & LATE) != 0;
    fake.stub = &stub;
    fake.ops.memory_map = (data[0] & LLDB) == 0 ? fake_memory_map : NULL;
    config.target = &fake.ops;
    config.target_object = &fake;
    config.packets = stub_all_packets;
    config.commands = fake_commands;
    config.flags = (data[0] & LOSSY) != 0 ? STUB_UNRELIABLE | STUB_SERIAL : 0;
    config.input_size = config.output_size = buffer;
    config.input = malloc(buffer);
    config.output = malloc(buffer);
    if (!stub_init(&stub, &config))
        abort();
    introduce(data[0]);
    if ((data[0] & RAW) != 0)
        feed(data + 1, n - 1);
    else
        feed_bodies(data + 1, n - 1);
    stub_tick(&stub, 5000);
    stub_link_lost(&stub);
    drain();
    free(config.input);
    free(config.output);
    return 0;
}
