/* reasons_system.c - why a thread of an operating system's process stands, and that it is gone
 * (GDB manual, "Stop Reply Packets"): hooks of stub_linux_packets. */
#include "stub/engine.h"

/* From STUB_EXEC on. What stands behind gdb's key is put_value's. */
static const struct stub_reason_row reasons[] = {
    [STUB_EXEC - STUB_EXEC] = { "exec", "exec", CLIENT_EXEC_EVENTS },
    [STUB_FORK - STUB_EXEC] = { "fork", "fork", CLIENT_FORK_EVENTS },
    [STUB_VFORK - STUB_EXEC] = { "vfork", "vfork", CLIENT_VFORK_EVENTS },
    [STUB_VFORK_DONE - STUB_EXEC] = { "vforkdone", "vforkdone", CLIENT_VFORK_EVENTS },
    [STUB_CLONE - STUB_EXEC] = { NULL, "clone", CLIENT_THREAD_OPTIONS },
    [STUB_SYSCALL_ENTRY - STUB_EXEC] = { NULL, "syscall_entry", CLIENT_GDB },
    [STUB_SYSCALL_RETURN - STUB_EXEC] = { NULL, "syscall_return", CLIENT_GDB },
    [STUB_LIBRARY - STUB_EXEC] = { NULL, "library", CLIENT_GDB },
    [STUB_CREATED - STUB_EXEC] = { NULL, "create", CLIENT_THREAD_EVENTS },
};
static const struct stub_reason_row none = { NULL, NULL, 0 };

const struct stub_reason_row *
stub_system_reason(uint8_t number)
{
    unsigned i = number - (unsigned)STUB_EXEC;

    return i < sizeof(reasons) / sizeof(reasons[0]) ? &reasons[i] : &none;
}

static bool
has_child(const struct stub_event *event)
{
    return event->reason == STUB_FORK || event->reason == STUB_VFORK ||
           event->reason == STUB_CLONE;
}

void
stub_put_system_value(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    if (has_child(event))
        stub_put_thread(s, out, event->other);
    else if (event->reason == STUB_EXEC)
        rsp_put_hex_bytes(out, event->text, event->text_size);
    else if (event->reason == STUB_SYSCALL_ENTRY || event->reason == STUB_SYSCALL_RETURN)
        rsp_put_hex(out, (uint64_t)event->status);
}

/* "process thread", decimal. */
void
stub_describe_system(struct rsp_out *out, const struct stub_event *event)
{
    if (!has_child(event))
        return;
    rsp_put_dec(out, (uint64_t)event->other.pid);
    rsp_put(out, ' ');
    rsp_put_dec(out, (uint64_t)event->other.tid);
}

/* LLDB reads the list of libraries when a stop has this key (19, 22), and never else where no
 * breakpoint can be hit. */
void
stub_put_library(const struct engine *s, struct rsp_out *out)
{
    if ((s->client & CLIENT_GDB) != 0 || !HAS(s, libraries_svr4) ||
        s->target->size <= offsetof(struct stub_target, never_runs) || !s->target->never_runs)
        return;
    rsp_put_text(out, "library:;");
}

/* ---- neither stop nor end ---- */

/* The only thread that ran has ended and others stand. lldb has no word for that (19, 22 wait on
 * for a stop): it is shown one of those. */
static int
put_none_left(struct engine *s, struct rsp_out *out)
{
    struct stub_event event = { .kind = STUB_STOPPED };
    int r = (s->client & CLIENT_LLDB) != 0 ? stub_settle_id(s, &event.id) : -STUB_ESRCH;

    if (r == STUB_LATER)
        return r;
    if (r == 0)
        return stub_put_stop(s, out, &event);
    rsp_put(out, 'N');
    return PKT_DONE;
}

int
stub_put_gone(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    if (event->kind == STUB_NONE_LEFT)
        return put_none_left(s, out);
    if (event->kind != STUB_THREAD_GONE)
        return PKT_DONE;
    rsp_put(out, 'w');
    rsp_put_hex(out, (uint64_t)event->status & 0xff);
    rsp_put(out, ';');
    stub_put_thread(s, out, event->id);
    return PKT_DONE;
}
