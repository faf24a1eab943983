/* pkt_xfer.c - qXfer: objects of any size in pieces (GDB manual, "General Query Packets"). What is
 * read is a generator that writes all of it; the window keeps the piece. */
#include "stub/engine.h"

/* ---- what the target writes itself ---- */

static int
write_auxv(struct engine *s, const struct rsp_in *annex, struct rsp_window *w)
{
    return rsp_left(annex) > 0 ? -STUB_ENOENT : s->target->auxv(stub_process(s), w);
}

static int
read_auxv(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return stub_read_object(s, in, out, write_auxv);
}

/* The libraries from one on, for a client that knows those before it. The annex is pairs such as
 * lmid=HEX;start=HEX;prev=HEX, in any order; others are let pass. */
static int
write_libraries_from(struct engine *s, struct rsp_in annex, struct rsp_window *w)
{
    uint64_t space = 0, start = 0, previous = 0;

    while (rsp_left(&annex) > 0) {
        struct rsp_in pair = rsp_take_until(&annex, ';');

        if (rsp_take_text_if(&pair, "lmid="))
            space = rsp_take_hex(&pair);
        else if (rsp_take_text_if(&pair, "start="))
            start = rsp_take_hex(&pair);
        else if (rsp_take_text_if(&pair, "prev="))
            previous = rsp_take_hex(&pair);
        if (pair.bad)
            return -STUB_EINVAL;
        rsp_take_if(&annex, ';');
    }
    return s->target->libraries_svr4_from(stub_process(s), w, space, start, previous);
}

/* lldb loses every library when the list names main-lm (19 and 22). */
static int
write_libraries(struct engine *s, const struct rsp_in *annex, struct rsp_window *w)
{
    bool main_lm = (s->client & CLIENT_LLDB) == 0;

    if (rsp_left(annex) > 0)
        return HAS(s, libraries_svr4_from) ? write_libraries_from(s, *annex, w) : -STUB_ENOENT;
    return s->target->libraries_svr4(stub_process(s), w, main_lm);
}

static int
read_libraries(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return stub_read_object(s, in, out, write_libraries);
}

static int
write_siginfo(struct engine *s, const struct rsp_in *annex, struct rsp_window *w)
{
    struct rsp_id id = s->general;
    int r = stub_settle_id(s, &id);

    if (rsp_left(annex) > 0)
        return -STUB_ENOENT;
    return r != 0 ? r : s->target->siginfo(s->object, id, w);
}

static int
read_siginfo(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return stub_read_object(s, in, out, write_siginfo);
}

/* ::OFFSET:BYTES; the answer is how many were taken. */
static int
put_siginfo(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_id id = s->general;
    struct rsp_in bytes;
    uint64_t offset;
    int r;

    rsp_take(in, ':');
    rsp_take(in, ':');
    offset = rsp_take_hex(in);
    rsp_take(in, ':');
    bytes = rsp_take_rest(in);
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = stub_settle_id(s, &id);
    if (r == 0)
        r = s->target->put_siginfo(s->object, id, offset, bytes.p, rsp_left(&bytes));
    if (r == 0)
        rsp_put_hex(out, rsp_left(&bytes));
    return r;
}

/* The annex is a process, or nothing for the one that Hg names. */
static int
write_exec_file(struct engine *s, const struct rsp_in *annex, struct rsp_window *w)
{
    struct rsp_in number = *annex;
    struct rsp_id id = { s->general.pid, 0 };
    int r;

    if (rsp_left(annex) > 0) {
        uint64_t pid = rsp_take_hex(&number);

        if (!rsp_take_end(&number) || pid > INT64_MAX)
            return -STUB_EINVAL;
        id.pid = (int64_t)pid;
    }
    r = stub_settle_id(s, &id);
    return r != 0 ? r : s->target->exec_file(stub_process_of(s, id.pid), w);
}

static int
read_exec_file(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return stub_read_object(s, in, out, write_exec_file);
}

static int
write_osdata(struct engine *s, const struct rsp_in *annex, struct rsp_window *w)
{
    char what[32];
    size_t n = rsp_left(annex);

    if (n >= sizeof(what))
        return -STUB_ENOENT;
    for (size_t i = 0; i < n; i++)
        what[i] = (char)annex->p[i];
    what[n] = '\0';
    return s->target->osdata(s->object, what, w);
}

static int
read_osdata(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return stub_read_object(s, in, out, write_osdata);
}

static const struct stub_row rows[] = {
    { "qXfer:auxv:read", read_auxv, NEEDS(auxv), ROW_TOLD },
    { "qXfer:libraries-svr4:read", read_libraries, NEEDS(libraries_svr4), ROW_TOLD },
    { "augmented-libraries-svr4-read", NULL, NEEDS(libraries_svr4_from),
      ROW_WORD | ROW_TOLD | ROW_GDB_KEY },
    { "qXfer:siginfo:read", read_siginfo, NEEDS(siginfo), ROW_TOLD },
    { "qXfer:siginfo:write", put_siginfo, NEEDS(put_siginfo), ROW_GDB_KEY | ROW_TOLD },
    { "qXfer:exec-file:read", read_exec_file, NEEDS(exec_file), ROW_GDB_KEY | ROW_TOLD },
    { "qXfer:osdata:read", read_osdata, NEEDS(osdata), ROW_GDB_KEY | ROW_IDLE | ROW_TOLD },
};
const struct stub_family stub_xfer_packets = FAMILY(rows);
