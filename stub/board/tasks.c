/* tasks.c - threads: the one that the CPU runs, and those that the firmware's scheduler has put
 * by, each with its registers. */
#include "stub/board/internal.h"

#include <string.h>

/* A list that has become a ring ends here. */
enum { TASKS_MAX = 4096 };
enum { PROCESS = 1, ONLY_THREAD = 1 };

/* ---- asking the firmware ---- */

struct question {
    struct board *b;
    unsigned index;
    struct stub_board_task *task;
    bool yes;
};

static void
ask_list(void *argument)
{
    struct question *q = argument;
    const struct stub_board_config *c = &q->b->settings;

    q->yes = c->tasks->list(c->context, q->index, q->task) && q->task->id > 0;
}

static void
ask_saved(void *argument)
{
    struct question *q = argument;
    const struct stub_board_config *c = &q->b->settings;

    q->yes = c->tasks->saved(c->context, q->task->id, q->task);
}

/* A list that cannot be read to its end ends there. */
static bool
ask(struct board *b, void (*deed)(void *), unsigned index, struct stub_board_task *task)
{
    struct question q = { .b = b, .index = index, .task = task };

    return b->settings.tasks != NULL && stub_board_try(b, deed, &q) && q.yes;
}

/* ---- the list ---- */

static bool
list(struct board *b, unsigned index, struct stub_board_task *task)
{
    memset(task, 0, sizeof(*task));
    if (index < TASKS_MAX && ask(b, ask_list, index, task))
        return true;
    if (index > 0)
        return false;
    task->id = ONLY_THREAD; /* no scheduler, or not yet */
    task->running = true;
    return true;
}

static bool
find(struct board *b, int64_t id, unsigned *index, struct stub_board_task *task)
{
    for (*index = 0; list(b, *index, task); (*index)++)
        if (task->id == id)
            return true;
    return false;
}

/* Which one runs; the first where none says so. */
void
stub_board_note_current(struct board *b)
{
    struct stub_board_task task;

    b->current = ONLY_THREAD;
    for (unsigned i = 0; list(b, i, &task); i++) {
        if (i == 0 || task.running)
            b->current = task.id;
        if (task.running)
            return;
    }
}

struct rsp_id
stub_board_current(const struct board *b)
{
    return (struct rsp_id){ PROCESS, b->current };
}

int
stub_board_next_thread(void *target, struct rsp_id *id)
{
    struct board *b = target;
    struct stub_board_task task;
    unsigned index = 0;

    if (id->pid != 0 && find(b, id->tid, &index, &task))
        index++;
    else if (id->pid != 0)
        return 0;
    if (!list(b, index, &task))
        return 0;
    *id = (struct rsp_id){ PROCESS, task.id };
    return 1;
}

int
stub_board_thread_info(void *target, struct rsp_id id, struct stub_thread_info *info)
{
    struct board *b = target;
    struct stub_board_task task;
    unsigned index;

    if (!find(b, id.tid, &index, &task))
        return -STUB_ESRCH;
    task.name[sizeof(task.name) - 1] = '\0';
    memcpy(info->name, task.name, sizeof(info->name));
    return 0;
}

/* ---- registers ---- */

const struct arch_layout *
stub_board_layout_shown(void *target, int64_t pid)
{
    struct board *b = target;

    (void)pid;
    if (b->shown == NULL)
        b->shown = b->floated ? &stub_board_layout : &stub_board_bare_layout;
    return b->shown;
}

/* The CPU's, or those of a task that was put by, which has no floating-point ones here. */
static struct arch_sets
sets_of(struct board *b, uint64_t *words, bool floating)
{
    struct arch_sets sets = { .places = stub_board_places };

    sets.bytes[ARCH_SET_GENERAL] = (uint8_t *)words;
    sets.size[ARCH_SET_GENERAL] = STUB_BOARD_WORDS * sizeof(words[0]);
    if (floating) {
        sets.bytes[ARCH_SET_FP] = b->trap.floating;
        sets.size[ARCH_SET_FP] = sizeof(b->trap.floating);
    }
    return sets;
}

static bool
is_known(const struct stub_board_task *task, const struct arch_register *r)
{
    const struct arch_place *place = &stub_board_places->features[r->feature][r->row_index];
    int word = (place->offset + (int)r->index * place->stride) / 8;

    return place->set == ARCH_SET_GENERAL && (task->known >> word & 1) != 0;
}

static int
get_saved(struct board *b, int64_t id, const struct arch_register *r, void *value)
{
    struct stub_board_task task;
    struct arch_sets sets;

    memset(&task, 0, sizeof(task));
    task.id = id;
    if (!ask(b, ask_saved, 0, &task))
        return -STUB_ENOENT;
    if (!is_known(&task, r))
        return -STUB_ENOENT;
    sets = sets_of(b, task.words, false);
    return arch_get(&sets, r, value) ? 0 : -STUB_ENOENT;
}

int
stub_board_get_register(void *target, struct rsp_id id, const struct arch_register *r, void *value)
{
    struct board *b = target;
    struct arch_sets sets = sets_of(b, b->trap.words, b->floating);

    if (id.tid != b->current)
        return get_saved(b, id.tid, r, value);
    return arch_get(&sets, r, value) ? 0 : -STUB_ENOENT;
}

int
stub_board_put_register(void *target, struct rsp_id id, const struct arch_register *r,
                        const void *value)
{
    struct board *b = target;
    struct arch_sets sets = sets_of(b, b->trap.words, b->floating);
    unsigned set;

    if (id.tid != b->current) {
        b->why = "only the registers of the task that runs can be written";
        return -STUB_ENOTSUP;
    }
    return arch_put(&sets, r, value, &set) ? 0 : -STUB_ENOENT;
}
