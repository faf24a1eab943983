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

/* ---- memory ---- */

static uint8_t *
page_of(struct fake *f, uint64_t address)
{
    switch (address / FAKE_PAGE) {
    case 2:
        return f->heap;
    case 4:
        return f->stack;
    case UINT64_MAX / FAKE_PAGE:
        return f->last;
    default:
        return NULL;
    }
}

static bool
is_readable(struct fake *f, uint64_t address)
{
    return address / FAKE_PAGE == 1 || page_of(f, address) != NULL;
}

static uint8_t
byte_at(struct fake *f, uint64_t address)
{
    uint8_t *page = page_of(f, address);

    return page != NULL ? page[address % FAKE_PAGE] : f->flash[address % FAKE_PAGE];
}

static bool
read_memory(void *process, uint64_t address, void *buffer, size_t size, size_t *bytes_read)
{
    struct fake *f = process;
    struct fake_memo *m;
    uint8_t *to = buffer;
    size_t n = 0;

    if (fake_is_late(f, &m, READ_MEMORY, address, size, 0)) {
        *bytes_read = ARCH_LATER;
        return false;
    }
    while (n < size && is_readable(f, address + n))
        n++;
    if (f->all_or_nothing && n < size)
        n = 0;
    for (size_t i = 0; i < n; i++)
        to[i] = byte_at(f, address + i);
    *bytes_read = n;
    return n == size;
}

static int
write_now(struct fake *f, uint64_t address, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (page_of(f, address + i) == NULL)
            return fake_fail(f, STUB_EFAULT, "no memory that may be written");
    for (size_t i = 0; i < size; i++)
        page_of(f, address + i)[(address + i) % FAKE_PAGE] = bytes[i];
    return 0;
}

static int
write_memory(void *process, uint64_t address, const void *bytes, size_t size)
{
    struct fake *f = process;

    DO(f, WRITE_MEMORY, address, size, fake_sum(bytes, size), write_now(f, address, bytes, size));
}

static const struct stub_region regions[] = {
    { 0, 0x1000, false, 0, STUB_RAM, 0, NULL },
    { 0x1000, 0x1000, true, STUB_READ | STUB_EXECUTE, STUB_FLASH, 0x100, "/bin/fake" },
    { 0x2000, 0x1000, true, STUB_READ | STUB_WRITE, STUB_RAM, 0, "[heap]" },
    { 0x3000, 0x1000, false, 0, STUB_RAM, 0, NULL },
    { 0x4000, 0x1000, true, STUB_READ | STUB_WRITE, STUB_RAM, 0, "[stack]" },
    { 0x5000, UINT64_MAX - 0x5fff, false, 0, STUB_RAM, 0, NULL },
    { UINT64_MAX - 0xfff, 0, true, STUB_READ | STUB_WRITE, STUB_RAM, 0, NULL },
};
enum { REGIONS = sizeof(regions) / sizeof(regions[0]) };

static int
erase_now(struct fake *f, uint64_t address, uint64_t size)
{
    memset(f->written + address % FAKE_PAGE, 0xff, (size_t)size);
    memset(f->erased + address % FAKE_PAGE, true, (size_t)size);
    return 0;
}

static int
flash_now(struct fake *f, uint64_t address, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!f->erased[(address + i) % FAKE_PAGE])
            return fake_fail(f, STUB_EIO, "not erased");
        f->erased[(address + i) % FAKE_PAGE] = false;
        f->written[(address + i) % FAKE_PAGE] = bytes[i];
    }
    return 0;
}

static int
done_now(struct fake *f)
{
    memcpy(f->flash, f->written, sizeof(f->flash));
    memset(f->erased, false, sizeof(f->erased));
    return 0;
}

int
fake_flash_erase(void *process, uint64_t address, uint64_t size)
{
    struct fake *f = process;

    DO(f, FLASH_ERASE, address, size, 0, erase_now(f, address, size));
}

int
fake_flash_write(void *process, uint64_t address, const void *bytes, size_t size)
{
    struct fake *f = process;

    DO(f, FLASH_WRITE, address, size, fake_sum(bytes, size), flash_now(f, address, bytes, size));
}

int
fake_flash_done(void *process)
{
    struct fake *f = process;

    DO(f, FLASH_DONE, 0, 0, 0, done_now(f));
}

/* Its rows are the regions above that are there. */
int
fake_memory_map(void *process, unsigned index, struct stub_region *r)
{
    static const unsigned rows[] = { 1, 2, 4 };
    struct fake *f = process;

    ASK(f, MEMORY_MAP, index, 0, 0);
    if (index >= sizeof(rows) / sizeof(rows[0]))
        return 0;
    *r = regions[rows[index]];
    return 1;
}

static int
region(void *process, uint64_t address, struct stub_region *r)
{
    struct fake *f = process;
    size_t i = REGIONS - 1;

    ASK(f, REGION, address, 0, 0);
    while (address < regions[i].start)
        i--;
    *r = regions[i];
    return 0;
}

static int
allocate_now(struct fake *f, uint64_t size, uint64_t *address)
{
    if (size > FAKE_PAGE)
        return fake_fail(f, STUB_ENOMEM, "so much memory is not to be had");
    f->allocated = 0x2800;
    *address = f->allocated;
    return 0;
}

static int
allocate(void *process, uint64_t size, unsigned permissions, uint64_t *address)
{
    struct fake *f = process;

    *address = f->allocated;
    DO(f, ALLOCATE, size, permissions, 0, allocate_now(f, size, address));
}

static int
deallocate_now(struct fake *f, uint64_t address)
{
    if (address != f->allocated)
        return -STUB_EINVAL;
    f->allocated = 0;
    return 0;
}

static int
deallocate(void *process, uint64_t address)
{
    struct fake *f = process;

    DO(f, DEALLOCATE, address, 0, 0, deallocate_now(f, address));
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

/* ---- starting ---- */

static void
start(struct fake *f, bool attached)
{
    f->thread_count = f->wanted;
    f->attached = attached;
    for (unsigned i = 0; i < f->thread_count; i++) {
        struct fake_thread *t = &f->threads[i];

        *t = (struct fake_thread){ .tid = FAKE_PID + (int64_t)i };
        t->stop = (struct stub_event){ .kind = STUB_STOPPED, .id = { FAKE_PID, t->tid } };
        for (unsigned r = 0; r < 5; r++)
            arch_put_uint(&fake_arch, t->registers + 8 * r, 8, (i << 8) + r);
        arch_put_uint(&fake_arch, t->registers + 16, 8, 0x4100);
        arch_put_uint(&fake_arch, t->registers + 24, 8, 0x4080);
        arch_put_uint(&fake_arch, t->registers + 32, 8, 0x1000 + 0x10 * i);
    }
}

static int
launch_now(struct fake *f, const char *args, size_t size)
{
    size_t n = size < sizeof(f->args) ? size : sizeof(f->args) - 1;

    for (size_t i = 0; i < n; i++)
        f->args[i] = args[i] != '\0' ? args[i] : '|';
    f->args[n] = '\0';
    if (strncmp(args, "/bin/none", 9) == 0)
        return fake_fail(f, STUB_ENOENT, "there is no /bin/none");
    start(f, false);
    fake_stop(f, FAKE_PID, STUB_SIGNAL, 5, 0);
    return 0;
}

static int
launch(void *target, const char *args, size_t size)
{
    struct fake *f = target;

    DO(f, LAUNCH, fake_sum(args, size), size, 0, launch_now(f, args, size));
}

static int
attach_now(struct fake *f, int64_t pid)
{
    if (pid != FAKE_PID)
        return fake_fail(f, STUB_ESRCH, "no such process; only 16 is there");
    start(f, true);
    fake_stop(f, FAKE_PID, STUB_SIGNAL, 19, 0);
    return 0;
}

static int
attach(void *target, int64_t pid)
{
    struct fake *f = target;

    DO(f, ATTACH, pid, 0, 0, attach_now(f, pid));
}

static int
launch_text_now(struct fake *f, const char *program, const char *text)
{
    char args[sizeof(f->args)];
    int n = snprintf(args, sizeof(args), "%s%c<%s>", program, '\0', text);

    return launch_now(f, args, n < 0 ? 0 : (size_t)n);
}

static int
launch_text(void *target, const char *program, const char *text)
{
    struct fake *f = target;

    DO(f, LAUNCH, fake_sum(program, strlen(program)), fake_sum(text, strlen(text)), 1,
       launch_text_now(f, program, text));
}

/* "fake" is there, or is started when it appears. */
static int
attach_name_now(struct fake *f, const char *name, enum stub_attach_how how)
{
    if (strcmp(name, "fake") != 0 && how != STUB_ATTACH_OLD)
        return STUB_LATER;
    if (strcmp(name, "fake") != 0)
        return fake_fail(f, STUB_ESRCH, "no process is called that");
    return attach_now(f, FAKE_PID);
}

static int
attach_name(void *target, const char *name, enum stub_attach_how how)
{
    struct fake *f = target;

    if (how == STUB_ATTACH_NEW && !f->appeared)
        return STUB_LATER;
    DO(f, ATTACH, fake_sum(name, strlen(name)), how, 1, attach_name_now(f, name, how));
}

static int
option_now(struct fake *f, enum stub_launch_option option, const char *text)
{
    if (option == STUB_STDERR)
        return -STUB_ENOTSUP;
    if (option == STUB_DIRECTORY && strcmp(text, "/none") == 0)
        return fake_fail(f, STUB_ENOENT, "there is no /none");
    snprintf(f->option, sizeof(f->option), "%d %s", (int)option, text);
    return 0;
}

static int
launch_option(void *target, enum stub_launch_option option, const char *text)
{
    struct fake *f = target;

    DO(f, OPTION, option, fake_sum(text, strlen(text)), 0, option_now(f, option, text));
}

static int
was_attached(void *target, int64_t pid)
{
    struct fake *f = target;

    ASK(f, WAS_ATTACHED, pid, 0, 0);
    return f->attached;
}

static int
set_signals(void *target, enum stub_signal_list which, const uint8_t *signals)
{
    struct fake *f = target;

    (void)signals;
    ASK(f, SIGNALS, which, 0, 0);
    return 0;
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
    if (!is_readable(f, p->address))
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

/* ---- objects and facts ---- */

static int
auxv(void *process, struct rsp_window *w)
{
    uint8_t bytes[32];
    struct fake *f = process;

    ASK(f, AUXV, 0, 0, 0);
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i + 0x20); /* # $ and * are among them */
    rsp_window_bytes(w, bytes, sizeof(bytes));
    return 0;
}

static int
libraries_svr4(void *process, struct rsp_window *w, bool main_lm)
{
    struct fake *f = process;

    ASK(f, LIBRARIES, main_lm, 0, 0);
    rsp_window_text(w, main_lm ? "<library-list-svr4 version=\"1.0\" main-lm=\"0x2000\"/>"
                               : "<library-list-svr4 version=\"1.0\"/>");
    return 0;
}

static int
exec_file(void *process, struct rsp_window *w)
{
    struct fake *f = process;

    ASK(f, EXEC_FILE, 0, 0, 0);
    rsp_window_text(w, "/bin/fake");
    return 0;
}

static int
siginfo(void *target, struct rsp_id id, struct rsp_window *w)
{
    struct fake *f = target;
    uint8_t bytes[8] = { 5, 0, 0, 0, 0, 0, 0, 1 };

    ASK(f, SIGINFO, id.tid, 0, 0);
    rsp_window_bytes(w, bytes, sizeof(bytes));
    return 0;
}

static int
osdata(void *target, const char *what, struct rsp_window *w)
{
    struct fake *f = target;

    ASK(f, OSDATA, fake_sum(what, strlen(what)), 0, 0);
    if (what[0] != '\0' && strcmp(what, "processes") != 0)
        return -STUB_ENOENT;
    rsp_window_text(w, "<osdata type=\"");
    rsp_window_text(w, what[0] != '\0' ? what : "types");
    rsp_window_text(w, "\"/>");
    return 0;
}

static int
shlib_info(void *process, uint64_t *address)
{
    struct fake *f = process;

    ASK(f, SHLIB, 0, 0, 0);
    *address = 0x2100;
    return 0;
}

static int
offsets(void *process, uint64_t *text, uint64_t *data)
{
    struct fake *f = process;

    ASK(f, OFFSETS, 0, 0, 0);
    *text = 0x1000;
    *data = 0x2000;
    return 0;
}

static int
host_info(void *target, struct stub_host_info *info)
{
    struct fake *f = target;

    ASK(f, HOST, 0, 0, 0);
    *info = (struct stub_host_info){ .ostype = "linux",
                                     .vendor = "pc",
                                     .abi = "gnu",
                                     .os_version = "6.1.0",
                                     .hostname = "box",
                                     .page_size = FAKE_PAGE,
                                     .watchpoints = 4 };
    return 0;
}

static int
process_info(void *target, int64_t pid, struct stub_process_info *info)
{
    struct fake *f = target;

    ASK(f, PROCESS, pid, 0, 0);
    *info = (struct stub_process_info){ pid, 1, 1000, 100, 1001, 101 };
    return 0;
}

static const char *
why(void *target)
{
    return ((struct fake *)target)->why;
}

static void
settled(void *target)
{
    struct fake *f = target;

    f->request++;
    f->why = NULL;
}

static int
directory(void *target, const char **path)
{
    struct fake *f = target;

    ASK(f, DIRECTORY, 0, 0, 0);
    *path = "/home";
    return 0;
}

static int
input_now(struct fake *f, const void *bytes, size_t size)
{
    snprintf(f->option, sizeof(f->option), "input %.*s", (int)size, (const char *)bytes);
    return size > 3 ? fake_fail(f, STUB_EBUSY, NULL) : 0;
}

static int
input(void *target, const void *bytes, size_t size)
{
    struct fake *f = target;

    DO(f, INPUT, fake_sum(bytes, size), size, 0, input_now(f, bytes, size));
}

static int
send_now(struct fake *f, int64_t pid, int signal)
{
    snprintf(f->option, sizeof(f->option), "signal %d to %lld", signal, (long long)pid);
    return 0;
}

static int
send_signal(void *target, int64_t pid, int signal)
{
    struct fake *f = target;

    DO(f, SEND_SIGNAL, pid, signal, 0, send_now(f, pid, signal));
}

static int
load_address(void *process, const char *path, uint64_t *address)
{
    struct fake *f = process;

    ASK(f, LOAD_ADDRESS, fake_sum(path, strlen(path)), 0, 0);
    *address = 0x1000;
    return strcmp(path, "/bin/fake") == 0 ? 0 : -STUB_ENOENT;
}

static const struct stub_target ops = {
    .size = sizeof(struct stub_target),
    .linux_signals = true,
    .machine = &layout, /* of a plain build; any other asks fake_layout */
    .layout = fake_layout,
    .next_thread = next_thread,
    .thread_info = thread_info,
    .read_memory = read_memory,
    .granule = FAKE_PAGE,
    .write_memory = write_memory,
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
    .launch = launch,
    .attach = attach,
    .launch_option = launch_option,
    .launch_text = launch_text,
    .attach_name = attach_name,
    .was_attached = was_attached,
    .signals = set_signals,
    .insert = insert,
    .remove = remove_point,
    .auxv = auxv,
    .libraries_svr4 = libraries_svr4,
    .exec_file = exec_file,
    .siginfo = siginfo,
    .osdata = osdata,
    .region = region,
    .allocate = allocate,
    .deallocate = deallocate,
    .shlib_info = shlib_info,
    .offsets = offsets,
    .host_info = host_info,
    .process_info = process_info,
    .why = why,
    .settled = settled,
    .files = &fake_files,
    .evaluates = true,
    .put_siginfo = put_siginfo,
    .libraries_svr4_from = libraries_from,
    .tls_address = tls_address,
    .catch_syscall = catch_syscall,
    .host = &fake_host,
    .servers = &fake_servers,
    .directory = directory,
    .load_address = load_address,
    .input = input,
    .send_signal = send_signal,
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
    start(f, false);
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
