/* pkt_features.c - qXfer:features:read: target.xml; and how objects of any size are read in
 * pieces (GDB manual, "General Query Packets"). A generator writes all of it; the window keeps
 * the piece. */
#include "stub/engine.h"
#include "stub/xml.h"

int
stub_read_object(struct engine *s, struct rsp_in *in, struct rsp_out *out, stub_generator *write)
{
    struct rsp_window w;
    struct rsp_in annex;
    struct stub_range part;
    int r;

    rsp_take(in, ':');
    annex = rsp_take_until(in, ':');
    rsp_take(in, ':');
    part = stub_take_range(in, ',');
    rsp_take_if(in, ':'); /* LLDB's testsuite ends one so */
    if (!rsp_take_end(in))
        return PKT_BAD;
    w = rsp_window_open(out, part.address, part.length);
    r = write(s, &annex, &w);
    rsp_window_close(&w);
    return r;
}

static int
write_features(struct engine *s, const struct rsp_in *annex, struct rsp_window *w)
{
    const struct arch_layout *layout = stub_layout(s, s->general.pid);
    const struct stub_hook *hook = HOOK(s, put_xml);

    if (!rsp_is(annex, "target.xml"))
        return -STUB_ENOENT;
    if (layout == NULL)
        return -STUB_ESRCH;
    if (hook == NULL || !hook->put_xml(s, layout, w))
        stub_put_target_xml(layout, w, true);
    return 0;
}

static int
read_features(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return stub_read_object(s, in, out, write_features);
}

static const struct stub_row rows[] = {
    { "qXfer:features:read", read_features, 0, ROW_TOLD },
};
const struct stub_family stub_features_packets = FAMILY(rows);
