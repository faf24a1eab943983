/* dispatch.c - finds the row of a request, runs its handler, turns results into replies; and the
 * words that handlers share (GDB manual, "Standard Replies" and "Packets"). */
#include "stub/engine.h"

#include <string.h>

bool
stub_has(const struct engine *s, size_t operation)
{
    void (*op)(void) = NULL;

    if (s->target->size < operation + sizeof(op))
        return false;
    /* A pointer to function read as bytes: all of ours have one representation. */
    memcpy(&op, (const uint8_t *)s->target + operation, sizeof(op));
    return op != NULL;
}

const struct stub_hook *
stub_hook(const struct engine *s, enum stub_hook_name name)
{
    for (const struct stub_family *const *family = s->packets; *family != NULL; family++)
        for (unsigned i = 0; i < (*family)->hook_count; i++)
            if ((*family)->hooks[i].name == name)
                return &(*family)->hooks[i];
    return NULL;
}

/* ---- rows ---- */

const struct stub_row *
stub_next_row(const struct engine *s, unsigned *family, unsigned *row)
{
    while (s->packets[*family] != NULL) {
        if (*row < s->packets[*family]->count)
            return &s->packets[*family]->rows[(*row)++];
        (*family)++;
        *row = 0;
    }
    return NULL;
}

/* The length of the row's name if the request begins with it, else 0. A name ends where its
 * arguments begin, or is glued to them. */
static size_t
match(const struct stub_row *row, const struct rsp_in *body)
{
    struct rsp_in in = *body;
    int next;

    if ((row->flags & ROW_WORD) != 0 || !rsp_take_text_if(&in, row->name))
        return 0;
    next = rsp_peek(&in);
    if (next < 0 || next == ',' || next == ':' || next == ';' || next == '?' ||
        (row->flags & ROW_GLUED) != 0)
        return (size_t)(in.p - body->p);
    return 0;
}

/* Every request goes through here: names are looked at by their first letter before all else (of
 * an empty one that letter is an old one, which match does not take). */
const struct stub_row *
stub_find_row(const struct engine *s, struct rsp_in *body)
{
    const struct stub_row *best = NULL;
    const uint8_t first = *body->p;
    size_t longest = 0;

    for (const struct stub_family *const *family = s->packets; *family != NULL; family++) {
        const struct stub_row *row = (*family)->rows;

        for (unsigned left = (*family)->count; left > 0; left--, row++) {
            size_t n = (uint8_t)row->name[0] == first ? match(row, body) : 0;

            if (n > longest) {
                longest = n;
                best = row;
            }
        }
    }
    body->p += longest;
    return best;
}

bool
stub_can(const struct engine *s, const struct stub_row *row)
{
    const struct stub_hook *hook = s->without != NULL ? HOOK(s, forbids) : NULL;

    return (row->needs == 0 || stub_has(s, row->needs)) &&
           (hook == NULL || !hook->forbids(s, row));
}

void
stub_put_told_rows(const struct engine *s, struct rsp_out *out)
{
    const unsigned lossy = (s->flags & STUB_UNRELIABLE) != 0 ? ROW_NOT_LOSSY : 0;
    const unsigned hidden = stub_is_lldb(s) ? lossy | ROW_GDB_KEY : lossy;
    const struct stub_row *row;
    unsigned family = 0, i = 0;

    while ((row = stub_next_row(s, &family, &i)) != NULL) {
        size_t before = out->len;

        if ((row->flags & (ROW_TOLD | hidden)) != ROW_TOLD || !stub_can(s, row))
            continue;
        rsp_put(out, ';');
        rsp_put_text(out, row->name);
        rsp_put(out, '+');
        if (out->cut)
            rsp_out_back(out, before);
    }
}

/* Short frames are for a gdb, which asks three times for one that was spoiled. An lldb asks for
 * none again, so to it only counts how many bytes a session takes. */
static bool
has_short_frames(const struct engine *s)
{
    return stub_frame_max(s) != 0 && !stub_is_lldb(s);
}

size_t
stub_packet_size(const struct engine *s)
{
    size_t out = s->output_size - OUT_EXTRA;
    size_t size = s->rx.cap < out ? s->rx.cap : out;

    return has_short_frames(s) && s->frame_max < size ? s->frame_max : size;
}

void
stub_keep_short(const struct engine *s, struct rsp_out *out, size_t most)
{
    if (has_short_frames(s) && most < out->cap)
        out->cap = most;
}

/* ---- replies ---- */

static void
put_error(struct engine *s, struct rsp_out *out, const struct stub_row *row, int result)
{
    const struct stub_hook *hook = HOOK(s, put_error);
    int number = result == PKT_BAD ? STUB_EINVAL : -result;

    /* A malformed packet has no words of the target's. */
    if (hook != NULL && result != PKT_BAD && hook->put_error(s, out, row, number) && !out->cut)
        return;
    rsp_out_back(out, 0);
    rsp_put(out, 'E');
    rsp_put_hex_wide(out, (uint64_t)number, 2);
}

static void
reply(struct engine *s, struct rsp_out *out, const struct stub_row *row, int result)
{
    if (result == PKT_DONE && out->cut)
        result = -STUB_E2BIG;
    if (result != PKT_DONE)
        stub_begin(s, out);
    if (result == PKT_OK)
        rsp_put_text(out, "OK");
    if (result < 0)
        put_error(s, out, row, result);
    stub_send(s, out);
}

static int
run(struct engine *s, const struct stub_row *row, struct rsp_in *in, struct rsp_out *out)
{
    const struct stub_hook *hook = HOOK(s, admit);
    int r;

    if (row == NULL || !stub_can(s, row))
        return PKT_EMPTY;
    if (s->cut && (row->flags & ROW_CUT) == 0)
        return -STUB_E2BIG;
    if (s->waiting && !s->non_stop && (row->flags & ROW_RESUMES) != 0)
        return -STUB_EBUSY;
    if ((row->flags & ROW_BARE) != 0 && rsp_left(in) > 0)
        return PKT_BAD;
    r = hook != NULL ? hook->admit(s, row, out) : 0;
    return r != 0 ? r : row->handle(s, in, out);
}

/* Calls the handler of the request once. */
static int
handle(struct engine *s, struct rsp_out *out, const struct stub_row **row)
{
    struct rsp_in in = rsp_in_from(s->rx.buf, s->rx.len);

    stub_begin(s, out);
    *row = stub_find_row(s, &in);
    return run(s, *row, &in, out);
}

void
stub_dispatch(struct engine *s)
{
    const struct stub_row *row;
    struct rsp_out out;
    int r;

    while ((r = handle(s, &out, &row)) == PKT_MORE && out.len == 0)
        stub_settle(s);
    if (r == STUB_LATER)
        return;
    s->busy = r == PKT_MORE;
    s->resumed = r == PKT_QUIET;
    if (r == PKT_QUIET)
        s->waiting = true;
    else if (r != PKT_SILENT)
        reply(s, &out, row, r == PKT_MORE ? PKT_DONE : r);
    stub_settle(s);
    if (!s->waiting && !s->stepped)
        s->interrupt = false;
}

void
stub_abandon(struct stub *stub, int error)
{
    struct engine *s = ENGINE_OF(stub);
    struct rsp_in in = rsp_in_from(s->rx.buf, s->rx.len);
    struct rsp_out out = stub_body(s);

    if (!s->busy || !stub_output_free(s))
        return;
    s->busy = false;
    s->said = 0;
    reply(s, &out, stub_find_row(s, &in), -error);
    stub_settle(s);
}

/* ---- arguments ---- */

char *
stub_take_text(struct rsp_in *in, struct rsp_out *out)
{
    enum { TEXT_MAX = 4096 };
    size_t digits = 0, size, n;
    uint8_t *text;

    while (digits < rsp_left(in) && rsp_digit(in->p[digits]) >= 0)
        digits++;
    size = digits / 2 + 1;
    if (size > TEXT_MAX || size > rsp_out_room(out)) {
        in->bad = true;
        return NULL;
    }
    text = out->buf + out->cap - size;
    n = rsp_take_hex_bytes(in, text, size - 1);
    text[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if (text[i] == '\0')
            in->bad = true;
    out->cap -= size;
    return in->bad ? NULL : (char *)text;
}

/* ---- threads and processes ---- */

int
stub_next_thread(struct engine *s, struct rsp_id *id)
{
    if (HAS(s, next_thread))
        return s->target->next_thread(s->object, id);
    if (id->pid != 0)
        return 0;
    *id = (struct rsp_id){ 1, 1 };
    return 1;
}

int
stub_next_thread_of(struct engine *s, int64_t pid, struct rsp_id *id)
{
    int r;

    do
        r = stub_next_thread(s, id);
    while (r == 1 && id->pid != pid);
    return r;
}

int
stub_settle_id(struct engine *s, struct rsp_id *id)
{
    struct rsp_id at = { 0, 0 };
    int r;

    if (id->tid > 0 && HAS(s, next_thread) && HAS(s, find_thread)) {
        r = s->target->find_thread(s->object, id);
        return r == 1 ? 0 : r == STUB_LATER ? r : -STUB_ESRCH;
    }
    while ((r = stub_next_thread(s, &at)) == 1) {
        if ((id->pid <= 0 || id->pid == at.pid) && (id->tid <= 0 || id->tid == at.tid)) {
            *id = at;
            return 0;
        }
    }
    return r == STUB_LATER ? r : -STUB_ESRCH;
}

struct rsp_id
stub_take_id(struct engine *s, struct rsp_in *in)
{
    return rsp_take_id(in, s->general.pid);
}

/* LLDB's docs, QThreadSuffixSupported. */
int
stub_take_any_thread(struct engine *s, struct rsp_in *in, struct rsp_id *id)
{
    *id = s->general;
    if (rsp_take_text_if(in, ";thread:")) {
        *id = stub_take_id(s, in);
        rsp_take_if(in, ';');
    }
    return stub_settle_id(s, id);
}

int
stub_take_thread(struct engine *s, struct rsp_in *in, struct rsp_id *id)
{
    const struct stub_hook *hook = HOOK(s, take_thread);

    *id = s->general;
    return hook != NULL ? hook->take_thread(s, in, id) : 0;
}

void
stub_put_thread(const struct engine *s, struct rsp_out *out, struct rsp_id id)
{
    rsp_put_id(out, id, (s->client & CLIENT_MULTIPROCESS) != 0);
}

void *
stub_process_of(struct engine *s, int64_t pid)
{
    return HAS(s, process) ? s->target->process(s->object, pid) : s->object;
}

void *
stub_process(struct engine *s)
{
    return stub_process_of(s, s->general.pid > 0 ? s->general.pid : 0);
}

struct arch_memory
stub_memory(struct engine *s)
{
    return (struct arch_memory){ .read = s->target->read_memory,
                                 .process = stub_process(s),
                                 .granule = s->target->granule,
                                 .top = s->target->top };
}

const struct arch_layout *
stub_layout(struct engine *s, int64_t pid)
{
    return HAS(s, layout) ? s->target->layout(s->object, pid > 0 ? pid : 0) : s->target->machine;
}

static int
signal_between(const struct engine *s, int number, bool to_client)
{
    const struct stub_hook *hook = HOOK(s, signal);

    return hook != NULL ? hook->signal(s, number, to_client) : number;
}

int
stub_signal_out(const struct engine *s, int target_signal)
{
    return signal_between(s, target_signal, true);
}

int
stub_signal_in(const struct engine *s, int client_signal)
{
    return signal_between(s, client_signal, false);
}

int
stub_take_signal(struct engine *s, struct rsp_in *in)
{
    uint64_t number = rsp_take_hex(in);

    return number > 0xff ? -1 : stub_signal_in(s, (int)number);
}
