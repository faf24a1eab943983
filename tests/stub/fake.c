/* fake.c - the target of fake.h. */
#include "tests/stub/fake_late.h"

#include <stdio.h>
#include <string.h>

/* ---- the machine ---- */

static const struct arch_row core_rows[] = {
    { "r#", 0, 2, 64, ARCH_INT, ARCH_GENERAL, ARCH_ARG1, 0, NULL, "int64" },
    { "fp", 0, 1, 64, ARCH_DATA_PTR, ARCH_GENERAL, ARCH_FP, 2, NULL, "data_ptr" },
    { "sp", 0, 1, 64, ARCH_DATA_PTR, ARCH_GENERAL, ARCH_SP, 3, NULL, "data_ptr" },
    { "pc", 0, 1, 64, ARCH_CODE_PTR, ARCH_GENERAL, ARCH_PC, 4, NULL, "code_ptr" },
    { "flags", 0, 1, 32, ARCH_UINT, ARCH_GENERAL, ARCH_STATUS, -1, NULL, "uint32" },
};
static const struct arch_row vector_rows[] = {
    { "v#", 0, 1, 128, ARCH_UINT, ARCH_VECTORS, ARCH_NONE, 16, NULL, "uint128" },
};
static const struct arch_feature features[] = {
    { "org.stubborn.fake.core", NULL, core_rows, 5, 0 },
    { "org.stubborn.fake.vector", NULL, vector_rows, 1, 0 },
};
const struct arch fake_arch = {
    .name = "fake",
    .triple = "fake",
    .features = features,
    .feature_count = 2,
    .address_bytes = 8,
    .breakpoint_size = 1,
    .breakpoint = { 0xcc },
    .breakpoint_pc = 1,
};
static const struct arch_layout layout = { &fake_arch, 0 };

/* ---- threads ---- */

static const struct arch_layout *
fake_layout(void *target, int64_t pid)
{
    (void)pid;
    return ((struct fake *)target)->layout;
}

struct fake_thread *
fake_thread(struct fake *f, int64_t tid)
{
    int64_t i = tid - FAKE_PID;

    return i >= 0 && i < (int64_t)f->thread_count ? &f->threads[i] : NULL;
}

static int
next_thread(void *target, struct rsp_id *id)
{
    struct fake *f = target;
    int64_t next = id->tid < FAKE_PID ? FAKE_PID : id->tid + 1;

    ASK(f, NEXT_THREAD, id->pid, id->tid, 0);
    if (fake_thread(f, next) == NULL)
        return 0;
    *id = (struct rsp_id){ FAKE_PID, next };
    return 1;
}

static int
find_thread(void *target, struct rsp_id *id)
{
    struct fake *f = target;

    ASK(f, FIND_THREAD, id->pid, id->tid, 0);
    if (fake_thread(f, id->tid) == NULL || (id->pid > 0 && id->pid != FAKE_PID))
        return 0;
    id->pid = FAKE_PID;
    return 1;
}

static int
thread_info(void *target, struct rsp_id id, struct stub_thread_info *info)
{
    struct fake *f = target;

    ASK(f, THREAD_INFO, id.tid, 0, 0);
    if (fake_thread(f, id.tid) == NULL)
        return -STUB_ESRCH;
    snprintf(info->name, sizeof(info->name), "t<%d>", (int)(id.tid - FAKE_PID));
    info->core = (int)(id.tid % 4);
    info->handle_size = id.tid == FAKE_PID + 2 ? 4 : 0;
    memcpy(info->handle, "\x10\x20\x30\x40", 4);
    return 0;
}

/* ---- registers ---- */

static int
get_register(void *target, struct rsp_id id, const struct arch_register *r, void *value)
{
    struct fake *f = target;
    struct fake_thread *t = fake_thread(f, id.tid);

    ASK(f, GET_REGISTER, id.tid, r->number, 0);
    if (t == NULL)
        return -STUB_ESRCH;
    if (r->offset + r->size > FAKE_REGISTERS)
        return -STUB_ENOTSUP;
    memcpy(value, t->registers + r->offset, r->size);
    return 0;
}

static int
put_register_now(struct fake *f, struct rsp_id id, const struct arch_register *r,
                 const void *value)
{
    struct fake_thread *t = fake_thread(f, id.tid);

    if (t == NULL)
        return -STUB_ESRCH;
    if (r->offset + r->size > FAKE_REGISTERS)
        return fake_fail(f, STUB_EIO, "this register cannot be written");
    memcpy(t->registers + r->offset, value, r->size);
    return 0;
}

static int
put_register(void *target, struct rsp_id id, const struct arch_register *r, const void *value)
{
    struct fake *f = target;

    DO(f, PUT_REGISTER, id.tid, r->number, fake_sum(value, r->size),
       put_register_now(f, id, r, value));
}

static int
save_now(struct fake *f, struct rsp_id id)
{
    const struct fake_thread *t = fake_thread(f, id.tid);

    if (t == NULL || f->save_count == FAKE_SAVES)
        return -STUB_ENOSPC;
    memcpy(f->saves[f->save_count++], t->registers, FAKE_REGISTERS);
    return 0;
}

static int
save_once(struct fake *f, struct rsp_id id)
{
    DO(f, SAVE, id.tid, 0, 0, save_now(f, id));
}

static int
save_registers(void *target, struct rsp_id id, uint32_t *number)
{
    struct fake *f = target;
    int r = save_once(f, id);

    *number = f->save_count;
    return r;
}

static int
restore_now(struct fake *f, struct rsp_id id, uint32_t number)
{
    struct fake_thread *t = fake_thread(f, id.tid);

    if (t == NULL || number == 0 || number > f->save_count)
        return fake_fail(f, STUB_EINVAL, "no registers are saved under that number");
    memcpy(t->registers, f->saves[number - 1], FAKE_REGISTERS);
    return 0;
}

static int
restore_registers(void *target, struct rsp_id id, uint32_t number)
{
    struct fake *f = target;

    DO(f, RESTORE, id.tid, number, 0, restore_now(f, id, number));
}

/* ---- events ---- */

static bool
any_runs(const struct fake *f)
{
    for (unsigned i = 0; i < f->thread_count; i++)
        if (f->threads[i].runs)
            return true;
    return false;
}

void
fake_stop(struct fake *f, int64_t tid, enum stub_reason reason, int signal, uint64_t address)
{
    struct fake_thread *t = fake_thread(f, tid);

    if (t == NULL)
        return;
    t->stop = (struct stub_event){ .kind = STUB_STOPPED,
                                   .reason = (uint8_t)reason,
                                   .signal = signal,
                                   .id = { FAKE_PID, tid },
                                   .other = { FAKE_PID, FAKE_PID },
                                   .address = address,
                                   .text = (const uint8_t *)"/bin/new",
                                   .text_size = 8 };
    t->queued = true;
    t->runs = false;
    f->running = f->mode != STUB_ALL_STOP && any_runs(f);
    f->rings = true;
}

void
fake_exit(struct fake *f, int status)
{
    f->other =
        (struct stub_event){ .kind = STUB_EXITED, .status = status, .id = { FAKE_PID, FAKE_PID } };
    f->thread_count = 0;
    f->running = false;
}

void
fake_wish(struct fake *f, const char *text)
{
    f->text_size = strlen(text);
    memcpy(f->text, text, f->text_size);
    f->other = (struct stub_event){ .kind = STUB_FILE_REQUEST,
                                    .id = { FAKE_PID, FAKE_PID },
                                    .text = f->text,
                                    .text_size = f->text_size };
    f->running = false;
    f->rings = true;
}

static int
answer_now(struct fake *f, int64_t result, unsigned error)
{
    if (f->reported.kind != STUB_FILE_REQUEST)
        return fake_fail(f, STUB_EINVAL, "nothing was asked");
    f->reported.kind = STUB_STOPPED;
    f->file_result = result;
    f->file_error = error;
    f->running = true;
    return 0;
}

int
fake_file_answer(void *target, int64_t result, unsigned error)
{
    struct fake *f = target;

    DO(f, FILE_ANSWER, result, error, 0, answer_now(f, result, error));
}

void
fake_print(struct fake *f, const char *text)
{
    size_t room = sizeof(f->text) - f->text_size;
    size_t n = strlen(text) < room ? strlen(text) : room;

    memcpy(f->text + f->text_size, text, n); /* behind what was not told yet */
    f->text_size += n;
    f->other = (struct stub_event){ .kind = STUB_OUTPUT,
                                    .id = { FAKE_PID, FAKE_PID },
                                    .text = f->text,
                                    .text_size = f->text_size };
}

static int
peek(void *target, unsigned kinds, struct stub_event *event)
{
    struct fake *f = target;

    ASK(f, PEEK, 0, kinds, 0);
    if (f->other.kind != STUB_STOPPED && (kinds & 1u << f->other.kind) != 0) {
        *event = f->other;
        return 1;
    }
    for (unsigned i = 0; i < f->thread_count && (kinds & 1u << STUB_STOPPED) != 0; i++) {
        if (f->threads[i].queued) {
            *event = f->threads[i].stop;
            return 1;
        }
    }
    return 0;
}

/* What of a text was told goes; the rest is told next. */
static void
done_printing(struct fake *f, size_t told)
{
    f->text_size -= told;
    memmove(f->text, f->text + told, f->text_size);
    f->other.text_size = f->text_size;
    if (f->text_size == 0)
        f->other.kind = STUB_STOPPED;
}

static void
done(void *target, const struct stub_event *event)
{
    struct fake *f = target;
    struct fake_thread *t = fake_thread(f, event->id.tid);

    f->reported = *event;
    if (event->kind == STUB_OUTPUT)
        done_printing(f, event->text_size);
    else if (event->kind != STUB_STOPPED)
        f->other.kind = STUB_STOPPED;
    else if (t != NULL)
        t->queued = false;
}

static void
again(void *target)
{
    struct fake *f = target;
    struct fake_thread *t = fake_thread(f, f->reported.id.tid);

    if (f->mode != STUB_ALL_STOP) {
        for (unsigned i = 0; i < f->thread_count; i++)
            f->threads[i].queued = !f->threads[i].runs;
        return;
    }
    if (f->reported.kind == STUB_STOPPED && t != NULL && t->stop.reason != STUB_NO_REASON)
        t->queued = true;
}

static int
stop_of(void *target, struct rsp_id id, struct stub_event *event)
{
    struct fake *f = target;
    struct fake_thread *t = fake_thread(f, id.tid);

    ASK(f, STOP_OF, id.tid, 0, 0);
    if (t == NULL)
        return -STUB_ESRCH;
    *event = t->stop;
    event->id = id;
    return 0;
}

/* ---- running: a step goes four bytes on and ends; what continues is stopped by a test ---- */

static void
step(struct fake *f, struct fake_thread *t)
{
    struct arch_register pc;

    arch_register_role(f->layout, ARCH_PC, &pc);
    if (pc.offset + pc.size <= FAKE_REGISTERS)
        arch_put_uint(f->layout->arch, t->registers + pc.offset, pc.size,
                      arch_get_uint(f->layout->arch, t->registers + pc.offset, pc.size) + 4);
    fake_stop(f, t->tid, STUB_TRACE, 5, 0);
}

static int
resume_now(struct fake *f)
{
    struct fake_thread *stepping = NULL;

    for (unsigned i = 0; i < f->thread_count; i++) {
        struct fake_thread *t = &f->threads[i];
        struct stub_action a = stub_action(f->stub, (struct rsp_id){ FAKE_PID, t->tid });

        if (a.kind == STUB_STOP && t->runs)
            fake_stop(f, t->tid, STUB_NO_REASON, 0, 0);
        if (a.kind == STUB_STAY || a.kind == STUB_STOP ||
            t->queued) /* a stop that nobody heard of yet keeps it standing */
            continue;
        t->stop = (struct stub_event){ .kind = STUB_STOPPED, .id = { FAKE_PID, t->tid } };
        t->queued = false;
        t->runs = true;
        f->running = true;
        if (a.kind != STUB_CONTINUE && stepping == NULL)
            stepping = t;
    }
    if (stepping != NULL)
        step(f, stepping);
    return 0;
}

static int
resume(void *target, struct stub *s)
{
    struct fake *f = target;

    f->stub = s;
    DO(f, RESUME, 0, 0, 0, resume_now(f));
}

static int
interrupt_now(struct fake *f)
{
    if (f->running)
        fake_stop(f, FAKE_PID, STUB_SIGNAL, 2, 0);
    return 0;
}

static int
interrupt(void *target, struct rsp_id id)
{
    struct fake *f = target;

    (void)id;
    DO(f, INTERRUPT, 0, 0, 0, interrupt_now(f));
}

static int
running(void *target, struct rsp_id id)
{
    struct fake *f = target;
    struct fake_thread *t = fake_thread(f, id.tid);

    ASK(f, RUNNING, id.tid, 0, 0);
    return t != NULL && f->mode != STUB_ALL_STOP ? t->runs : f->running;
}

static int
stop_mode_now(struct fake *f, enum stub_stop_mode mode)
{
    f->mode = mode;
    for (unsigned i = 0; i < f->thread_count && mode == STUB_ALL_STOP; i++)
        f->threads[i].queued = f->threads[i].runs = false;
    f->running = any_runs(f);
    return 0;
}

static int
stop_mode(void *target, enum stub_stop_mode mode)
{
    struct fake *f = target;

    DO(f, STOP_MODE, (int64_t)mode, 0, 0, stop_mode_now(f, mode));
}

static int
want_now(struct fake *f, int64_t tid, unsigned events)
{
    if (tid == 0)
        f->events = events;
    else
        fake_thread(f, tid)->events = events;
    return 0;
}

static int
want_events(void *target, unsigned events)
{
    struct fake *f = target;

    DO(f, WANT, 0, events, 0, want_now(f, 0, events));
}

static int
want_of_thread(void *target, struct rsp_id id, unsigned events)
{
    struct fake *f = target;

    DO(f, WANT, id.tid, events, 0, want_now(f, id.tid, events));
}

static int
end_now(struct fake *f, int64_t pid)
{
    if (pid != FAKE_PID || f->thread_count == 0)
        return -STUB_ESRCH;
    f->thread_count = 0;
    f->running = false;
    return 0;
}

static int
kill_now(struct fake *f, int64_t pid, bool tell)
{
    int r = end_now(f, pid);

    if (r == 0 && tell)
        f->other = (struct stub_event){ .kind = STUB_SIGNALLED,
                                        .signal = 9,
                                        .id = { FAKE_PID, FAKE_PID } };
    return r;
}

static int
kill_process(void *target, int64_t pid, bool tell)
{
    struct fake *f = target;

    DO(f, KILL, pid, tell, 0, kill_now(f, pid, tell));
}

static int
detach(void *target, int64_t pid)
{
    struct fake *f = target;

    DO(f, DETACH, pid, 0, 0, end_now(f, pid));
}

/* ---- breakpoints ---- */

static unsigned
find_point(const struct fake *f, const struct stub_point *p)
{
    unsigned i = 0;

    while (i < f->point_count &&
           (f->points[i].type != p->type || f->points[i].address != p->address ||
            f->points[i].kind != p->kind))
        i++;
    return i;
}

/* A point's lists, as hex digits in what was set last. */
static void
keep_lists(struct fake *f, const struct stub_point *p)
{
    struct rsp_out out = rsp_out_to((uint8_t *)f->option, sizeof(f->option) - 1);

    rsp_put_text(&out, "if ");
    rsp_put_hex_bytes(&out, p->conditions, p->conditions_size);
    rsp_put_text(&out, p->persist ? " do for ever " : " do ");
    rsp_put_hex_bytes(&out, p->commands, p->commands_size);
    f->option[out.len] = '\0';
}

static int
insert_now(struct fake *f, const struct stub_point *p)
{
    unsigned i = find_point(f, p);

    if (p->type == STUB_POINT_HARDWARE)
        return -STUB_ENOTSUP;
    if (!fake_is_readable(f, p->address))
        return fake_fail(f, STUB_EFAULT, "no memory there");
    if (i == FAKE_POINTS)
        return fake_fail(f, STUB_ENOSPC, "no slot is left");
    if (i == f->point_count)
        f->points[f->point_count++] = *p;
    if (p->conditions_size + p->commands_size > 0)
        keep_lists(f, p);
    return 0;
}

static int
insert(void *process, const struct stub_point *p)
{
    struct fake *f = process;

    DO(f, INSERT, p->type, p->address, p->kind, insert_now(f, p));
}

/* Each thread has 0x40 bytes of the executable's, and nothing of anything else. */
static int
tls_address(void *target, struct rsp_id id, uint64_t offset, uint64_t link_map, uint64_t *address)
{
    struct fake *f = target;

    ASK(f, TLS, id.tid, offset, link_map);
    if (link_map != 0)
        return fake_fail(f, STUB_ENOENT, "no such module");
    *address = 0x2000 + (uint64_t)(id.tid - FAKE_PID) * 0x40 + offset;
    return 0;
}

/* It is eight bytes long; what was written stands in what was set last. */
static int
put_siginfo_now(struct fake *f, uint64_t offset, const void *bytes, size_t size)
{
    struct rsp_out out = rsp_out_to((uint8_t *)f->option, sizeof(f->option) - 1);

    if (offset > 8 || size > 8 - offset)
        return fake_fail(f, STUB_EINVAL, "a siginfo has eight bytes");
    rsp_put_hex(&out, offset);
    rsp_put(&out, ' ');
    rsp_put_hex_bytes(&out, bytes, size);
    f->option[out.len] = '\0';
    return 0;
}

static int
put_siginfo(void *target, struct rsp_id id, uint64_t offset, const void *bytes, size_t size)
{
    struct fake *f = target;

    DO(f, PUT_SIGINFO, id.tid, offset, fake_sum(bytes, size),
       put_siginfo_now(f, offset, bytes, size));
}

static int
libraries_from(void *process, struct rsp_window *w, uint64_t space, uint64_t start,
               uint64_t previous)
{
    struct fake *f = process;

    ASK(f, LIBRARIES_FROM, space, start, previous);
    if (start != 0x2100 || previous != 0x2000)
        return -STUB_ENOENT;
    rsp_window_text(w, "<library-list-svr4 version=\"1.0\"><library lmid=\"0x");
    rsp_window_hex(w, space);
    rsp_window_text(w, "\"/></library-list-svr4>");
    return 0;
}

/* What is caught stands in what was set last: "none", or the numbers. */
static int
catch_now(struct fake *f, enum stub_catch what, uint64_t number)
{
    static const char *const words[] = { "none", "all", "" };
    size_t n = strlen(f->option);

    if (what == STUB_CATCH_TOO && n < sizeof(f->option) - 20)
        snprintf(f->option + n, 20, " %llu", (unsigned long long)number);
    else
        snprintf(f->option, sizeof(f->option), "%s", words[what]);
    return 0;
}

static int
catch_syscall(void *process, enum stub_catch what, uint64_t number)
{
    struct fake *f = process;

    DO(f, CATCH_SYSCALL, what, number, 0, catch_now(f, what, number));
}

static int
remove_now(struct fake *f, const struct stub_point *p)
{
    unsigned i = find_point(f, p);

    if (i == f->point_count)
        return -STUB_ENOENT;
    f->points[i] = f->points[--f->point_count];
    return 0;
}

static int
remove_point(void *process, const struct stub_point *p)
{
    struct fake *f = process;

    DO(f, REMOVE, p->type, p->address, p->kind, remove_now(f, p));
}

static const struct stub_target ops = {
    .size = sizeof(struct stub_target),
    .linux_signals = true,
    .machine = &layout, /* of a plain build; any other asks fake_layout */
    .layout = fake_layout,
    .next_thread = next_thread,
    .thread_info = thread_info,
    .read_memory = fake_read_memory,
    .granule = FAKE_PAGE,
    .write_memory = fake_write_memory,
    .get_register = get_register,
    .put_register = put_register,
    .save_registers = save_registers,
    .restore_registers = restore_registers,
    .peek = peek,
    .done = done,
    .again = again,
    .stop_of = stop_of,
    .resume = resume,
    .interrupt = interrupt,
    .running = running,
    .stop_mode = stop_mode,
    .want_events = want_events,
    .want_of_thread = want_of_thread,
    .kill = kill_process,
    .detach = detach,
    .launch = fake_launch,
    .attach = fake_attach,
    .launch_option = fake_launch_option,
    .launch_text = fake_launch_text,
    .attach_name = fake_attach_name,
    .was_attached = fake_was_attached,
    .signals = fake_set_signals,
    .insert = insert,
    .remove = remove_point,
    .auxv = fake_auxv,
    .libraries_svr4 = fake_libraries_svr4,
    .exec_file = fake_exec_file,
    .siginfo = fake_siginfo,
    .osdata = fake_osdata,
    .region = fake_region,
    .allocate = fake_allocate,
    .deallocate = fake_deallocate,
    .shlib_info = fake_shlib_info,
    .offsets = fake_offsets,
    .host_info = fake_host_info,
    .process_info = fake_process_info,
    .why = fake_why,
    .settled = fake_settled,
    .files = &fake_files,
    .evaluates = true,
    .put_siginfo = put_siginfo,
    .libraries_svr4_from = libraries_from,
    .tls_address = tls_address,
    .catch_syscall = catch_syscall,
    .host = &fake_host,
    .servers = &fake_servers,
    .directory = fake_directory,
    .load_address = fake_load_address,
    .input = fake_input,
    .send_signal = fake_send_signal,
    .find_thread = find_thread,
};

void
fake_init(struct fake *f, unsigned threads)
{
    memset(f, 0, sizeof(*f));
    f->ops = ops;
    f->layout = &layout;
    f->request = 1;
    f->wanted = threads;
    fake_start(f, false);
    memset(f->last, 0xaa, sizeof(f->last));
    arch_put_uint(&fake_arch, f->stack + 0x100, 8, 0x4200);
    arch_put_uint(&fake_arch, f->stack + 0x108, 8, 0x1234);
    if (threads == 0)
        f->wanted = 1;
    for (size_t i = 0; i < FAKE_PAGE; i++)
        f->flash[i] = f->written[i] = (uint8_t)i;
}

static int
echo(void *context, const char *args, struct rsp_out *out)
{
    (void)context;
    if (args[0] == '\0')
        return -STUB_EINVAL;
    rsp_put_text(out, args);
    rsp_put(out, '\n');
    return 0;
}

static int
hush(void *context, const char *args, struct rsp_out *out)
{
    (void)context;
    (void)args;
    (void)out;
    return 0;
}

const struct stub_command fake_commands[] = {
    { "echo", "says its arguments", echo },
    { "hush", "says nothing", hush },
    { NULL, NULL, NULL },
};
