/* plain.h - what the engine takes for certain where it is compiled with STUB_PLAIN=1, as
 * libstubborn-plain.a is, so that the compiler drops what is made for anything else:
 *   - the packets are those of stub_gdb_packets: nothing hangs in the hooks, and of operations
 *     nothing is asked but those of struct stub_small_target;
 *   - the target is one machine with one thread. It answers at once, never STUB_LATER;
 *   - the client is a gdb, in all-stop mode, and each frame is acknowledged: a line that loses
 *     nothing, and buffers that set the only limit of a frame.
 * Elsewhere these functions look at what they are asked of. Private to stub/; engine.h includes
 * it behind struct engine. */
#ifndef STUBBORN_STUB_PLAIN_H
#define STUBBORN_STUB_PLAIN_H

#ifndef STUB_PLAIN
#define STUB_PLAIN 0
#endif

/* Whether any target is asked for the operation at that offset. */
static inline bool
stub_may_have(size_t operation)
{
    switch (operation) {
    case offsetof(struct stub_target, layout):
    case offsetof(struct stub_target, next_thread):
    case offsetof(struct stub_target, process):
    case offsetof(struct stub_target, settled):
        return !STUB_PLAIN;
    default:
        return !STUB_PLAIN || operation < sizeof(struct stub_small_target);
    }
}

/* The client said something that only that debugger says. */
static inline bool
stub_is_gdb(const struct engine *s)
{
    return STUB_PLAIN || (s->client & CLIENT_GDB) != 0;
}

static inline bool
stub_is_lldb(const struct engine *s)
{
    return !STUB_PLAIN && (s->client & CLIENT_LLDB) != 0;
}

/* What knows of stacks, or NULL. */
static inline struct stub_ahead *
stub_ahead(const struct engine *s)
{
    return STUB_PLAIN ? NULL : s->ahead;
}

/* As stub_config.frame_size. */
static inline uint32_t
stub_frame_max(const struct engine *s)
{
    return STUB_PLAIN ? 0 : s->frame_max;
}

/* Frames are not acknowledged; nor will they be, when the one that is out was. */
static inline bool
stub_no_ack(const struct engine *s)
{
    return !STUB_PLAIN && s->no_ack;
}

static inline bool
stub_no_ack_next(const struct engine *s)
{
    return !STUB_PLAIN && s->no_ack_next;
}

/* The frame that is out is a notification. */
static inline bool
stub_is_notice(const struct engine *s)
{
    return !STUB_PLAIN && s->notice;
}

#endif
