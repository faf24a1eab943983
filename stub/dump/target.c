/* target.c - a core as a target: it stands where it died, and nothing of it can be changed. */
#define _GNU_SOURCE 1
#include "stub/dump/internal.h"

#include <string.h>

static const struct dump_thread *
thread_of(const struct dump *d, struct rsp_id id)
{
    for (size_t i = 0; i < d->thread_count; i++)
        if (d->thread[i].tid == id.tid)
            return &d->thread[i];
    return NULL;
}

static const struct arch_layout *
layout(void *target, int64_t pid)
{
    (void)pid;
    return dump_layout(target);
}

static int
next_thread(void *target, struct rsp_id *id)
{
    const struct dump *d = target;
    size_t i = 0;

    if (id->tid != 0)
        while (i < d->thread_count && d->thread[i++].tid != id->tid)
            ;
    if (i >= d->thread_count)
        return 0;
    id->pid = d->pid;
    id->tid = d->thread[i].tid;
    return 1;
}

static int
thread_info(void *target, struct rsp_id id, struct stub_thread_info *info)
{
    const struct dump *d = target;

    (void)id;
    memcpy(info->name, d->name, sizeof(d->name));
    info->core = -1;
    return 0;
}

static int
get_register(void *target, struct rsp_id id, const struct arch_register *r, void *value)
{
    const struct dump_thread *t = thread_of(target, id);

    if (t == NULL)
        return -STUB_ESRCH;
    return arch_get(&t->sets, r, value) ? 0 : -STUB_EIO;
}

/* ---- the one stop ---- */

/* The kernel writes the deadly signal into every thread's note; the first one got it. siginfo says
 * why: si_code is its third int, and a fault's address comes next. */
static void
fill_stop(const struct dump *d, const struct dump_thread *t, struct stub_event *event)
{
    int signal = t == &d->thread[0] ? t->signal : 0;
    struct bytes info = { t->siginfo, t->siginfo_size };

    *event = (struct stub_event){ .kind = STUB_STOPPED,
                                  .reason = signal != 0 ? STUB_SIGNAL : STUB_NO_REASON,
                                  .signal = signal,
                                  .id = { d->pid, t->tid } };
    if (signal != 0 && (int)dump_number(info, 0, 4) == signal) {
        event->status = (int)dump_number(info, 8, 4);
        event->address = dump_number(info, 16, 8);
    }
}

static int
peek(void *target, unsigned kinds, struct stub_event *event)
{
    const struct dump *d = target;

    if (d->told || (kinds & 1u << STUB_STOPPED) == 0)
        return 0;
    fill_stop(d, &d->thread[0], event);
    return 1;
}

static void
done(void *target, const struct stub_event *event)
{
    struct dump *d = target;

    (void)event;
    d->told = true;
}

static void
again(void *target)
{
    struct dump *d = target;
    d->told = false;
}

static int
stop_of(void *target, struct rsp_id id, struct stub_event *event)
{
    const struct dump_thread *t = thread_of(target, id);

    if (t == NULL)
        return -STUB_ESRCH;
    fill_stop(target, t, event);
    return 0;
}

/* It is only looked at, so letting it go is no deed. */
static int
let_go(void *target, int64_t pid)
{
    (void)target;
    (void)pid;
    return 0;
}

static int
kill_it(void *target, int64_t pid, bool tell)
{
    (void)tell;
    return let_go(target, pid);
}

static int
was_attached(void *target, int64_t pid)
{
    (void)target;
    (void)pid;
    return 1;
}

/* ---- objects ---- */

static int
auxv(void *process, struct rsp_window *w)
{
    const struct dump *d = process;

    rsp_window_bytes(w, d->auxv.at, d->auxv.size);
    return 0;
}

static int
exec_file(void *process, struct rsp_window *w)
{
    const struct dump *d = process;

    if (d->exe == NULL)
        return -STUB_ENOENT;
    rsp_window_text(w, d->exe);
    return 0;
}

static int
siginfo(void *target, struct rsp_id id, struct rsp_window *w)
{
    const struct dump_thread *t = thread_of(target, id);

    if (t == NULL || t->siginfo == NULL)
        return -STUB_ENOENT;
    rsp_window_bytes(w, t->siginfo, t->siginfo_size);
    return 0;
}

/* From the end of what lies below to the beginning of what lies above; 0: the top. */
static void
narrow(struct stub_region *gap, uint64_t address, uint64_t start, uint64_t end)
{
    if (end <= address && end > gap->start)
        gap->start = end;
    if (start > address && (gap->size == 0 || start < gap->size))
        gap->size = start;
}

static struct stub_region
gap_at(const struct dump *d, uint64_t address)
{
    struct stub_region gap = { .start = 0, .size = 0 };

    for (size_t i = 0; i < d->segment_count; i++)
        narrow(&gap, address, d->segment[i].address, d->segment[i].address + d->segment[i].size);
    for (size_t i = 0; i < d->backing_count; i++)
        narrow(&gap, address, d->backing[i].file.start, d->backing[i].file.end);
    gap.size = gap.size != 0 ? gap.size - gap.start : 0;
    return gap;
}

/* What a segment says, or for memory that has none (gdb leaves out what nobody wrote to) the file
 * that was mapped there. */
static int
region(void *process, uint64_t address, struct stub_region *region)
{
    const struct dump *d = process;
    const struct segment *s = dump_segment_at(d, address);
    struct backing *b = dump_backing_at(d, address);

    if (s != NULL)
        *region = (struct stub_region){
            .start = s->address, .size = s->size, .mapped = true, .permissions = s->permissions
        };
    else
        *region = gap_at(d, address);
    if (s == NULL && b != NULL) {
        region->mapped = true;
        region->permissions = dump_file_permissions(d, b);
    }
    region->name = b != NULL ? b->file.path : NULL;
    return 0;
}

static int
process_info(void *target, int64_t pid, struct stub_process_info *info)
{
    const struct dump *d = target;

    (void)pid;
    info->pid = d->pid;
    info->parent = d->parent;
    return 0;
}

static int
host_info(void *target, struct stub_host_info *info)
{
    (void)target;
    info->ostype = "linux";
    info->page_size = 4096;
    return 0;
}

const struct stub_target dump_target = {
    .size = sizeof(struct stub_target),
    .linux_signals = true,
    .layout = layout,
    .next_thread = next_thread,
    .thread_info = thread_info,
    .read_memory = dump_read_memory,
    .granule = 4096,
    .get_register = get_register,
    .peek = peek,
    .done = done,
    .again = again,
    .stop_of = stop_of,
    .kill = kill_it,
    .detach = let_go,
    .was_attached = was_attached,
    .auxv = auxv,
    .libraries_svr4 = dump_libraries,
    .shlib_info = dump_shlib_info,
    .exec_file = exec_file,
    .siginfo = siginfo,
    .region = region,
    .host_info = host_info,
    .process_info = process_info,
    .never_runs = true,
};
