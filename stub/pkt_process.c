/* pkt_process.c - qXfer:threads:read qThreadExtraInfo qAttached qOffsets qGetTLSAddr: about a
 * thread, and the process it is of (GDB manual, "General Query Packets"). */
#include "stub/engine.h"

static int
say_extra(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_thread_info info = { .core = STUB_ANY_CORE };
    struct rsp_id id;
    int r;

    rsp_take(in, ',');
    id = stub_take_id(s, in);
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = stub_settle_id(s, &id);
    if (r == 0)
        r = s->target->thread_info(s->object, id, &info);
    if (r == 0)
        rsp_put_hex_text(out, info.name);
    return r;
}

/* qAttached, qAttached:PID */
static int
say_attached(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_id id = { s->general.pid, 0 };
    int r;

    if (rsp_take_if(in, ':')) {
        uint64_t pid = rsp_take_hex(in);

        if (pid > INT64_MAX)
            return PKT_BAD;
        id.pid = (int64_t)pid;
    }
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = stub_settle_id(s, &id);
    if (r == 0)
        r = s->target->was_attached(s->object, id.pid);
    if (r < 0)
        return r;
    rsp_put(out, r != 0 ? '1' : '0');
    return PKT_DONE;
}

/* .bss moves with .data. */
static int
say_offsets(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    uint64_t text = 0, data = 0;
    int r;

    (void)in;
    r = s->target->offsets(stub_process(s), &text, &data);
    if (r != 0)
        return r;
    rsp_put_text(out, "Text=");
    rsp_put_hex(out, text);
    rsp_put_text(out, ";Data=");
    rsp_put_hex(out, data);
    rsp_put_text(out, ";Bss=");
    rsp_put_hex(out, data);
    return PKT_DONE;
}

/* qGetTLSAddr:THREAD,OFFSET,LINK-MAP */
static int
find_local(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    uint64_t offset, link_map, address;
    struct rsp_id id;
    int r;

    rsp_take(in, ':');
    id = stub_take_id(s, in);
    rsp_take(in, ',');
    offset = rsp_take_hex(in);
    rsp_take(in, ',');
    link_map = rsp_take_hex(in);
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = stub_settle_id(s, &id);
    if (r == 0)
        r = s->target->tls_address(s->object, id, offset, link_map, &address);
    if (r == 0)
        rsp_put_hex(out, address);
    return r;
}

/* ---- threads ---- */

/* An attribute: what is before its value, and that. */
static void
put(struct rsp_window *w, const char *begin, struct rsp_out *value)
{
    rsp_window_text(w, begin);
    rsp_window_bytes(w, value->buf, value->len);
    rsp_out_back(value, 0);
}

static int
write_thread(struct engine *s, struct rsp_id id, struct rsp_window *w)
{
    struct stub_thread_info info = { .core = -1 };
    uint8_t text[40];
    struct rsp_out value = rsp_out_to(text, sizeof(text));

    if (HAS(s, thread_info) && s->target->thread_info(s->object, id, &info) == STUB_LATER)
        return STUB_LATER;
    stub_put_thread(s, &value, id);
    put(w, "<thread id=\"", &value);
    if (info.core >= 0) {
        rsp_put_dec(&value, (uint64_t)info.core);
        put(w, "\" core=\"", &value);
    }
    if (info.name[0] != '\0') {
        rsp_window_text(w, "\" name=\"");
        rsp_window_xml(w, info.name);
    }
    if (info.handle_size > 0 && info.handle_size <= sizeof(info.handle)) {
        rsp_put_hex_bytes(&value, info.handle, info.handle_size);
        put(w, "\" handle=\"", &value);
    }
    rsp_window_text(w, "\"/>");
    return 0;
}

static int
write_threads(struct engine *s, const struct rsp_in *annex, struct rsp_window *w)
{
    struct rsp_id at = { 0, 0 };
    int r;

    if (rsp_left(annex) > 0)
        return -STUB_ENOENT;
    rsp_window_text(w, "<threads>");
    while (!rsp_window_done(w) && (r = stub_next_thread(s, &at)) != 0) {
        if (r == 1)
            r = write_thread(s, at, w);
        if (r != 0)
            return r;
    }
    rsp_window_text(w, "</threads>");
    return 0;
}

static int
read_threads(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return stub_read_object(s, in, out, write_threads);
}

static const struct stub_row name_rows[] = {
    { "qXfer:threads:read", read_threads, NEEDS(next_thread), ROW_GDB_KEY | ROW_IDLE | ROW_TOLD },
};
const struct stub_family stub_thread_name_packets = FAMILY(name_rows);

/* ---- packets switched off ---- */

/* Does the list of names, NULL at the end, hold that one? */
static bool
is_named(const char *const *list, const char *name)
{
    for (; list != NULL && *list != NULL; list++) {
        size_t n = 0;

        while (name[n] != '\0' && name[n] == (*list)[n])
            n++;
        if (name[n] == (*list)[n])
            return true;
    }
    return false;
}

static bool
forbids(const struct engine *s, const struct stub_row *row)
{
    return is_named(s->without, row->name);
}

/* ---- processes that end ---- */

/* 0 when some process is there. */
static int
need_process(struct engine *s)
{
    struct rsp_id id = { 0, 0 };
    int r = stub_next_thread(s, &id);

    return r == 1 ? 0 : r == STUB_LATER ? r : -STUB_ESRCH;
}

/* The end of a process that was killed while it stood is still to be told. */
static bool
has_untold_end(struct engine *s)
{
    struct stub_event event = { 0 };

    return HAS(s, peek) && s->target->peek(s->object, STUB_ANY_EVENT, &event) == 1 &&
           (event.kind == STUB_EXITED || event.kind == STUB_SIGNALLED);
}

/* H of one thread of no process, or of all of them. Where one process is all, it is that one's. */
static bool
chooses_of_none(struct engine *s)
{
    struct rsp_in in = rsp_in_from(s->rx.buf, s->rx.len);

    return rsp_take_if(&in, 'H') && (rsp_take_if(&in, 'g') || rsp_take_if(&in, 'c')) &&
           (rsp_take_text_if(&in, "p0.") || rsp_take_text_if(&in, "p-1.")) &&
           rsp_take_hex(&in) != 0 && rsp_take_end(&in);
}

static int
admit(struct engine *s, const struct stub_row *row, struct rsp_out *out)
{
    enum { H_NO_PROCESS = 0xff }; /* lldb-server's, which LLDB's testsuite asks for */
    int r = stub_tell_spoiled(s, row, out);

    if (r == 0 && chooses_of_none(s))
        r = -H_NO_PROCESS;
    if (r != 0)
        return r;
    r = (row->flags & ROW_IDLE) == 0 ? need_process(s) : 0;
    if (r != -STUB_ESRCH || (row->flags & ROW_RESUMES) == 0)
        return r;
    if (s->non_stop)
        return PKT_OK; /* of threads that are gone, as will be notified */
    return has_untold_end(s) ? PKT_QUIET : r;
}

/* ---- processes that run beside others ---- */

/* What lldb-server refuses (its numbers, which LLDB's testsuite asks for) of the actions for one
 * process: in all-stop mode to resume two processes at once, in non-stop mode to resume one that
 * runs, or to stop some of its threads. */
struct asked {
    int64_t pid, resumed; /* the process looked at, and the first that is resumed; 0 none */
    bool stops, others;
};

static int
refuse(struct engine *s, struct asked *asked, struct rsp_id id)
{
    enum { NOT_TWO = 3, RUNS = 0x37 };
    unsigned kind = stub_action((struct stub *)(void *)s, id).kind;
    struct rsp_id process = { id.pid, 0 };
    int running;

    if (id.pid != asked->pid)
        asked->stops = asked->others = false;
    asked->pid = id.pid;
    asked->stops |= kind == STUB_STOP;
    asked->others |= kind != STUB_STOP;
    if (kind == STUB_STAY || (kind == STUB_STOP && !s->non_stop))
        return 0;
    if (!s->non_stop && asked->resumed != 0 && asked->resumed != id.pid)
        return -NOT_TWO;
    asked->resumed = id.pid;
    running = s->non_stop && HAS(s, running) ? s->target->running(s->object, process) : 0;
    if (running != 1)
        return running;
    return kind == STUB_STOP ? 0 : -RUNS;
}

static int
may_resume(struct engine *s)
{
    enum { NOT_PARTLY = 3 };
    struct asked asked = { 0, 0, false, false };
    struct rsp_id id = { 0, 0 }, only;
    int r;

    if ((s->client & CLIENT_LLDB) == 0)
        return 0;
    if (!s->non_stop && stub_action_only((struct stub *)(void *)s, &only)) {
        r = stub_settle_id(s, &only);
        return r == -STUB_ESRCH ? 0 : r != 0 ? r : refuse(s, &asked, only);
    }
    while ((r = stub_next_thread(s, &id)) == 1) {
        r = refuse(s, &asked, id);
        if (r != 0)
            return r;
        if (s->non_stop && asked.stops && asked.others)
            return -NOT_PARTLY;
    }
    return r;
}

/* A client that reads qXfer:threads does not ask for qThreadExtraInfo. */
static const struct stub_row rows[] = {
    { "qThreadExtraInfo", say_extra, NEEDS(thread_info), 0 },
    { "qAttached", say_attached, NEEDS(was_attached), 0 },
    { "qOffsets", say_offsets, NEEDS(offsets), ROW_BARE },
    { "qGetTLSAddr", find_local, NEEDS(tls_address), 0 },
};
static const struct stub_hook hooks[] = {
    HOOKED(admit, admit),
    HOOKED(forbids, forbids),
    HOOKED(start, stub_start_any),
    HOOKED(may_resume, may_resume),
};
const struct stub_family stub_process_packets = FAMILY_WITH(rows, hooks);
