/* pkt_fileio.c - F: the program's wishes for files of the debugger's machine (GDB manual,
 * "File-I/O Remote Protocol Extension"). The wish is an event, told as a stop reply; this is its
 * answer. */
#include "stub/engine.h"

/* FRESULT[,ERROR[,C]] with a sign before the result; C: the user wants the program to stop. */
static int
take_answer(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    bool negative = rsp_take_if(in, '-'), stop = false;
    uint64_t result = rsp_take_hex(in), error = 0;
    int r;

    (void)out;
    if (rsp_take_if(in, ',')) {
        error = rsp_take_hex(in);
        stop = rsp_take_text_if(in, ",C");
    }
    rsp_take_if(in, ';'); /* an attachment, which no call has */
    if (!rsp_take_end(in) || result > INT64_MAX || error > UINT16_MAX)
        return PKT_BAD;
    r = s->target->file_answer(s->object, negative ? -(int64_t)result : (int64_t)result,
                               (unsigned)error);
    if (r != 0)
        return r;
    s->interrupt = stop;
    return PKT_QUIET;
}

static int
put_request(struct engine *s, struct rsp_out *out, const struct stub_event *event)
{
    (void)s;
    rsp_put(out, 'F');
    rsp_put_bytes(out, event->text, event->text_size);
    return PKT_DONE;
}

static const struct stub_row rows[] = {
    { "F", take_answer, NEEDS(file_answer), ROW_GLUED | ROW_RESUMES },
};
static const struct stub_hook hooks[] = {
    HOOKED(put_stop, stub_put_full_stop),
    HOOKED(put_request, put_request),
};
const struct stub_family stub_fileio_packets = FAMILY_WITH(rows, hooks);
