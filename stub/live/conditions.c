/* conditions.c - conditions and commands of breakpoints, kept here and evaluated at each hit
 * (GDB manual, "Packets", Z0; stub/agent.h). */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stub/agent.h"

/* Both lists of one wish, back to back. */
struct lists {
    size_t conditions, commands; /* bytes */
    uint8_t bytes[];
};

void
live_lists_free(struct lists **lists)
{
    free(*lists);
    *lists = NULL;
}

/* Conditions that are too long are let fall: every hit is told then, and the client looks for
 * itself. Commands cannot be let fall. */
int
live_lists_set(struct live *live, struct lists **lists, const struct stub_point *wish)
{
    size_t conditions = wish->conditions_size, commands = wish->commands_size;
    struct lists *fresh;

    if (commands > LIVE_LISTS_MAX)
        return live_fail(live, STUB_E2BIG, "commands of more than %d bytes are not kept",
                         LIVE_LISTS_MAX);
    if (conditions > LIVE_LISTS_MAX)
        conditions = 0;
    fresh = conditions + commands > 0 ? malloc(sizeof(*fresh) + conditions + commands) : NULL;
    if (fresh == NULL && commands > 0)
        return -STUB_ENOMEM;
    live_lists_free(lists);
    if (fresh == NULL)
        return 0;
    fresh->conditions = conditions;
    fresh->commands = commands;
    if (conditions > 0)
        memcpy(fresh->bytes, wish->conditions, conditions);
    if (commands > 0)
        memcpy(fresh->bytes + conditions, wish->commands, commands);
    *lists = fresh;
    return 0;
}

struct lists *
live_lists_copy(const struct lists *lists)
{
    size_t n = lists == NULL ? 0 : sizeof(*lists) + lists->conditions + lists->commands;
    struct lists *copy = n == 0 ? NULL : malloc(n);

    if (copy != NULL)
        memcpy(copy, lists, n);
    return copy;
}

/* ---- what expressions are evaluated over ---- */

static bool
get_register(void *context, unsigned number, uint64_t *value)
{
    struct thread *t = context;
    const struct arch_layout *layout = &t->process->layout;
    struct rsp_id id = { t->process->pid, t->tid };
    struct arch_register r;
    uint8_t bytes[sizeof(*value)];

    if (!arch_register(layout, number, &r) || r.size > sizeof(bytes) ||
        live_get_register(t->process->live, id, &r, bytes) != 0)
        return false;
    *value = arch_get_uint(layout->arch, bytes, r.size);
    return true;
}

static bool
read_memory(void *context, uint64_t address, void *buffer, size_t size, size_t *n)
{
    struct thread *t = context;

    *n = size;
    if (live_foreseen(t, address, buffer, size))
        return true;
    if (!live_read_memory(t->process, address, buffer, size, n))
        return false;
    if (*n == size)
        live_foresee_next(t, address, size);
    return true;
}

/* Where the program's user sees it, as with gdbserver: not with the client. */
static void
print(void *context, const char *text, size_t n)
{
    (void)context;
    while (n > 0) {
        ssize_t done = write(STDOUT_FILENO, text, n);

        if (done <= 0)
            return;
        text += done;
        n -= (size_t)done;
    }
}

static struct stub_agent
agent_of(struct thread *t)
{
    return (struct stub_agent){
        .arch = t->process->layout.arch,
        .memory = { .read = read_memory, .process = t, .granule = 4096 },
        .get_register = get_register,
        .print = print,
        .context = t,
        .steps = STUB_AGENT_STEPS,
    };
}

bool
live_lists_tell(struct thread *t, const struct lists *lists)
{
    struct stub_agent agent;

    if (lists == NULL)
        return true;
    agent = agent_of(t);
    if (!stub_agent_holds(&agent, rsp_in_from(lists->bytes, lists->conditions)))
        return false;
    if (lists->commands == 0)
        return true;
    agent.steps = STUB_AGENT_STEPS;
    stub_agent_do(&agent, rsp_in_from(lists->bytes + lists->conditions, lists->commands));
    return false;
}
