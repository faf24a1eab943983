/* kernel.c - a scheduler that fits in the eye: tasks run until they sleep, the idle one waits for
 * interrupts. */
#include "tests/boards/kernel.h"

volatile uint64_t ticks;
static struct task *current;

void
kernel_tick(void)
{
    ticks++;
}

/* ---- switching ---- */

static struct task *
next_ready(void)
{
    unsigned at = current != NULL ? (unsigned)(current - tasks) : 0;

    for (unsigned i = 1; i <= task_count; i++) {
        struct task *t = &tasks[(at + i) % task_count];

        if (t->wake <= ticks)
            return t;
    }
    return NULL;
}

static void
switch_to(struct task *next)
{
    struct task *before = current;

    if (next == before)
        return;
    before->running = false;
    next->running = true;
    current = next;
    switch_stacks(&before->sp, next->sp);
}

void
sleep_for(uint64_t wanted)
{
    struct task *next;

    current->wake = ticks + wanted;
    while ((next = next_ready()) == NULL)
        wait_for_interrupt();
    switch_to(next);
}

void
kernel_run(void)
{
    static uint64_t boot_sp;

    for (unsigned i = 0; i < task_count; i++)
        tasks[i].sp = first_stack(tasks[i].stack + TASK_STACK, tasks[i].body);
    current = &tasks[0];
    current->running = true;
    switch_stacks(&boot_sp, current->sp);
}

/* ---- what the debugger sees ---- */

static bool
list(void *context, unsigned index, struct stub_board_task *task)
{
    size_t i = 0;

    const char *name = "second core";

    (void)context;
    if (current == NULL || index > task_count || (index == task_count && !machine_has_second()))
        return false;
    task->id = (int64_t)index + 1;
    if (index < task_count) {
        task->running = tasks[index].running;
        name = tasks[index].name;
    }
    for (; name[i] != '\0' && i < sizeof(task->name) - 1; i++)
        task->name[i] = name[i];
    return true;
}

static bool
saved(void *context, int64_t id, struct stub_board_task *task)
{
    const uint64_t *words = machine_second_registers();

    (void)context;
    if (id <= (int64_t)task_count) {
        saved_registers(tasks[id - 1].sp, task);
        return true;
    }
    if (words == NULL)
        return false;
    for (unsigned i = 0; i < STUB_BOARD_WORDS; i++)
        task->words[i] = words[i];
    task->known = (UINT64_C(1) << STUB_BOARD_WORDS) - 1;
    return true;
}

const struct stub_board_tasks *
kernel_tasks(void)
{
    static const struct stub_board_tasks callbacks = { list, saved };

    return &callbacks;
}
