/* monitor_bt.c - `monitor bt`: the stacks that the client could ask for, walked here. */
#define _GNU_SOURCE 1
#include <stdlib.h>
#include <string.h>

#include "stub/program/bt.h"
#include "stub/program/program.h"

/* Frames a thread, as `stubborn bt` has them. */
enum { FRAMES = 256 };

static bool
take_registers(struct program_session *x, const struct bt_machine *m, struct rsp_id id,
               struct unwind_registers *out)
{
    const struct arch_layout *layout = x->target.layout(x->object, id.pid);
    uint8_t value[ARCH_SIZE_MAX];
    struct arch_register r = { 0 };

    out->valid = 0;
    while (arch_next(layout, &r)) {
        int n = arch_role_of(&r) == ARCH_PC ? (int)m->pc : arch_dwarf_of(&r);

        if (r.row->group != ARCH_GENERAL || r.size != 8 || n < 0 || n >= UNWIND_REGISTERS ||
            x->target.get_register(x->object, id, &r, value) != 0)
            continue;
        out->value[n] = arch_get_uint(layout->arch, value, 8);
        out->valid |= (uint64_t)1 << n;
    }
    return out->valid != 0;
}

static void
walk_thread(struct program_session *x, const struct bt_machine *m, struct bt_walker *walker,
            struct rsp_id id, struct bt_stacks *s)
{
    struct bt_thread *t = bt_add_thread(s, (pid_t)id.tid);
    struct unwind_registers registers;

    if (t == NULL)
        return;
    if (take_registers(x, m, id, &registers))
        bt_walk_thread(walker, &registers, t);
    else
        t->why = "it runs";
}

/* One thread, or (tid 0) all of that process. NULL, or what is wrong. */
static const char *
walk(struct program_session *x, const struct bt_options *o, struct rsp_id only,
     struct bt_stacks *s)
{
    struct arch_memory memory = { x->target.read_memory, x->target.process(x->object, o->pid),
                                  x->target.granule, 0 };
    const struct bt_machine *m = bt_machine_of(x->target.layout(x->object, o->pid)->arch);
    struct bt_walker *walker = NULL;
    struct rsp_id at = { 0, 0 };

    if (m == NULL)
        return "stacks of this machine are not walked";
    if (!image_find_lazily(&s->images, o->pid))
        return "the process's maps cannot be read";
    walker = bt_open_walker(o, s, m, &memory, 0);
    if (walker == NULL)
        return "out of memory";
    while (x->target.next_thread(x->object, &at) == 1)
        if (at.pid == o->pid && (only.tid == 0 || at.tid == only.tid))
            walk_thread(x, m, walker, at, s);
    bt_close_walker(walker);
    return NULL;
}

/* What does not fit into the reply is left out, whole lines. */
static void
put_text(struct rsp_out *out, const char *text, size_t size)
{
    static const char more[] = "[more than one reply holds]\n";
    size_t room = rsp_out_room(out);

    if (size <= room) {
        rsp_put_bytes(out, text, size);
        return;
    }
    size = room > sizeof(more) ? room - sizeof(more) : 0;
    while (size > 0 && text[size - 1] != '\n')
        size--;
    rsp_put_bytes(out, text, size);
    rsp_put_text(out, more);
}

static void
print(const struct bt_options *o, struct bt_stacks *s, struct rsp_out *out)
{
    struct bt_debug *debug = bt_name_frames(o, s);
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);

    if (file != NULL) {
        bt_print(file, o, debug, s);
        fclose(file);
        put_text(out, text, size);
        free(text);
    }
    bt_free_names(debug, s);
}

/* The process is that of the thread which the client looks at, else the first. */
static struct rsp_id
choose(struct program_session *x, bool all)
{
    struct rsp_id id = stub_thread(&x->stub), at = { 0, 0 };

    while (x->target.next_thread(x->object, &at) == 1) {
        if ((id.pid <= 0 || at.pid == id.pid) && (all || id.tid <= 0 || at.tid == id.tid))
            return (struct rsp_id){ at.pid, all ? 0 : at.tid };
    }
    return (struct rsp_id){ 0, 0 };
}

int
program_monitor_bt(void *context, const char *args, struct rsp_out *out)
{
    struct program_session *x = context;
    bool all = strcmp(args, "all") == 0;
    struct rsp_id id = choose(x, all);
    struct bt_options o = { .pid = (pid_t)id.pid, .most = FRAMES };
    struct bt_stacks s = { .count = 0 };
    const char *wrong = "no process is here";

    if (!all && args[0] != '\0')
        wrong = "bt takes nothing, or all";
    else if (id.pid > 0)
        wrong = walk(x, &o, id, &s);
    if (wrong == NULL)
        print(&o, &s, out);
    for (size_t i = 0; i < s.count; i++)
        free(s.thread[i].frame);
    free(s.thread);
    image_free(&s.images);
    if (wrong == NULL)
        return 0;
    rsp_put_text(out, wrong);
    rsp_put_text(out, "\n");
    return -STUB_EINVAL;
}
