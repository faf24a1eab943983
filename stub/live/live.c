/* live.c - the live target as a whole: opening, closing, its table of operations. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *process_of(void *target, int64_t pid);
static int was_attached(void *target, int64_t pid);
static int set_signals(void *target, enum stub_signal_list which, const uint8_t *signals);
static const char *why(void *target);
static void settled(void *target);

const struct stub_target live_target = {
    .size = sizeof(struct stub_target),
    .linux_signals = true,
    .layout = live_layout,
    .next_thread = live_next_thread,
    .thread_info = live_thread_info,
    .process = process_of,
    .read_memory = live_read_memory,
    .granule = 4096,
    .top = 0,
    .write_memory = live_write_memory,
    .get_register = live_get_register,
    .put_register = live_put_register,
    .save_registers = live_save_registers,
    .restore_registers = live_restore_registers,
    .peek = live_peek,
    .done = live_done,
    .again = live_again,
    .stop_of = live_stop_of,
    .resume = live_resume,
    .interrupt = live_interrupt,
    .running = live_target_running,
    .kill = live_kill,
    .detach = live_detach,
    .launch = live_target_launch,
    .attach = live_target_attach,
    .launch_option = live_launch_option,
    .was_attached = was_attached,
    .signals = set_signals,
    .insert = live_insert,
    .remove = live_remove,
    .auxv = live_auxv,
    .libraries_svr4 = live_libraries,
    .exec_file = live_exec_file,
    .siginfo = live_siginfo,
    .osdata = live_osdata,
    .region = live_region,
    .allocate = live_allocate,
    .deallocate = live_deallocate,
    .shlib_info = live_shlib_info,
    .host_info = live_host_info,
    .process_info = live_process_info,
    .why = why,
    .settled = settled,
    .client_gone = live_client_gone,
    .files = &live_files,
    .stop_mode = live_stop_mode,
    .want_events = live_want_events,
    .want_of_thread = live_want_of_thread,
    .evaluates = true,
    .put_siginfo = live_put_siginfo,
    .libraries_svr4_from = live_libraries_from,
    .tls_address = live_tls_address,
    .catch_syscall = live_catch_syscall,
    .launch_text = live_target_launch_text,
    .attach_name = live_target_attach_name,
    .directory = live_directory,
    .load_address = live_load_address,
    .input = live_input,
    .send_signal = live_send_signal,
    .find_thread = live_find_thread,
    .modules = live_modules,
    .stays_single = live_stays_single,
};

struct live *
live_open(const struct live_config *config)
{
    struct live *live = calloc(1, sizeof(*live));
    if (live == NULL)
        return NULL;
    size_t size = config->size < sizeof(live->config) ? config->size : sizeof(live->config);
    memcpy(&live->config, config, size);
    TAILQ_INIT(&live->processes);
    RB_INIT(&live->threads);
    TAILQ_INIT(&live->awake);
    TAILQ_INIT(&live->extended);
    TAILQ_INIT(&live->early);
    TAILQ_INIT(&live->queue);
    live->pty = live->pty_keep = -1;
    live_files_begin(live);
    live->launch.randomize = live->config.randomize;
    live->events = STUB_WANT_EXEC; /* until a client says what it wants */
    live->launch.shell = live->config.shell;
    live->launch.patience_ms = LIVE_PATIENCE_MS;
    return live;
}

/* A program that would stand for the next client meets none any more. */
static bool
dies_with_us(const struct process *p)
{
    const struct live_config *config = &p->live->config;
    bool launched = p->origin == ORIGIN_LAUNCHED;
    enum live_on_lost lost = launched ? config->lost_launched : config->lost_attached;

    return lost == LIVE_STOP ? launched : lost == LIVE_KILL;
}

void
live_close(struct live *live)
{
    struct process *p;

    if (live == NULL)
        return;
    while ((p = live_process_find(live, 0)) != NULL)
        live_part_from(p, dies_with_us(p));
    live_await_leaving(live);
    live_files_close(live);
    TAILQ_FOREACH (p, &live->processes, next)
        live_process_free(p);
    live_sweep(live);
    struct early *e;
    while ((e = TAILQ_FIRST(&live->early)) != NULL) {
        TAILQ_REMOVE(&live->early, e, next);
        free(e);
    }
    live_osdata_free(live);
    live_stop_waiting(live);
    live_output_close(live);
    live_terminal_take(live);
    live_launch_free(live);
    for (size_t i = 0; i < LIVE_SAVED_MAX; i++)
        free(live->saved[i].registers.extended);
    free(live);
}

int
live_fail(struct live *live, int error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(live->why, sizeof(live->why), format, args);
    va_end(args);
    return -error;
}

void
live_say(struct live *live, const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (live->config.say != NULL)
        live->config.say(live->config.context, line);
}

const char *
live_why(struct live *live)
{
    return live->why[0] != '\0' ? live->why : NULL;
}

static const char *
why(void *target)
{
    return live_why(target);
}

/* The words of one request are not those of the next. */
static void
settled(void *target)
{
    struct live *live = target;
    live->why[0] = '\0';
    live_stop_waiting(live);
}

long
live_ptrace(int request, pid_t tid, uintptr_t address, uintptr_t data)
{
    return ptrace((enum __ptrace_request)request, tid, (void *)address, (void *)data);
}

bool
live_running(struct live *live)
{
    return live_target_running(live, (struct rsp_id){ 0, 0 }) == 1;
}

bool
live_alive(struct live *live)
{
    return live_pid(live) != 0;
}

pid_t
live_pid(struct live *live)
{
    struct process *p;

    TAILQ_FOREACH (p, &live->processes, next) {
        if (live_is_known(p))
            return p->pid;
    }
    return 0;
}

bool
live_ended(struct live *live, int *wait_status)
{
    if (live->has_ended)
        *wait_status = live->ended_status;
    return live->has_ended;
}

void
live_set_tls(struct live *live, bool answer)
{
    live->no_tls = !answer;
}

static void *
process_of(void *target, int64_t pid)
{
    return live_process_find(target, pid);
}

static int
was_attached(void *target, int64_t pid)
{
    struct process *p = live_process_find(target, pid);
    if (p == NULL)
        return -STUB_ESRCH;
    return p->origin != ORIGIN_LAUNCHED;
}

static int
set_signals(void *target, enum stub_signal_list which, const uint8_t *signals)
{
    struct live *live = target;

    if (which == STUB_PASS_SIGNALS) {
        memcpy(live->pass, signals, sizeof(live->pass));
        live->has_pass = true;
    } else {
        memcpy(live->program, signals, sizeof(live->program));
        live->has_program = true;
    }
    return 0;
}

int
live_want_events(void *target, unsigned events)
{
    struct live *live = target;
    live->events = events;
    return 0;
}

int
live_want_of_thread(void *target, struct rsp_id id, unsigned events)
{
    struct thread *t = live_thread_of(target, id);
    if (t == NULL)
        return -STUB_ESRCH;
    t->wants = events;
    return 0;
}
