/* bt_threads.c - stops each thread for as long as it takes to copy its registers and its stack,
 * and walks the copy. */
#define _GNU_SOURCE 1
#include "stub/program/bt.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

enum { LINES = 64, LINE = 4096, RULES = 1024, RED_ZONE = 128 };
enum { STACK_MOST = 16 << 20, PATIENCE_MS = 500, SPINS = 200 };

/* ---- the machine ---- */

static const struct machine {
    unsigned elf;
    const struct arch *arch;
    const struct arch_places *places;
    const struct unwind_machine *unwind;
} machines[] = {
    { EM_X86_64, &arch_x86_64, &arch_x86_64_linux, &unwind_x86_64 },
    { EM_AARCH64, &arch_aarch64, &arch_aarch64_linux, &unwind_aarch64 },
};

static const struct machine *
machine_of(pid_t pid)
{
    char path[64];
    Elf64_Ehdr header;
    FILE *exe;
    bool ok;

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    exe = fopen(path, "re");
    ok = exe != NULL && fread(&header, sizeof(header), 1, exe) == 1;
    if (exe != NULL)
        fclose(exe);
    for (size_t i = 0; ok && i < sizeof(machines) / sizeof(machines[0]); i++)
        if (header.e_machine == machines[i].elf && header.e_ident[EI_CLASS] == ELFCLASS64)
            return &machines[i];
    return NULL;
}

static void
convert(const struct machine *m, uint8_t *general, uint32_t size, struct unwind_registers *out)
{
    struct arch_layout layout = { m->arch, 0 };
    struct arch_sets sets = { .places = m->places };
    struct arch_register r = { 0 };
    uint8_t value[ARCH_SIZE_MAX];

    sets.bytes[ARCH_SET_GENERAL] = general;
    sets.size[ARCH_SET_GENERAL] = size;
    out->valid = 0;
    while (arch_next(&layout, &r)) {
        int n = arch_dwarf_of(&r);

        if (arch_role_of(&r) == ARCH_PC && m->unwind == &unwind_aarch64)
            n = UNWIND_AARCH64_PC;
        if (n < 0 || n >= UNWIND_REGISTERS || r.size != 8 || !arch_get(&sets, &r, value))
            continue;
        out->value[n] = arch_get_uint(m->arch, value, 8);
        out->valid |= (uint64_t)1 << n;
    }
}

/* ---- one thread, copied ---- */

struct copy {
    pid_t pid;
    const struct program_images *images;
    const struct machine *machine;
    struct unwind_registers registers;
    uint64_t at; /* of the stack's copy */
    uint8_t *bytes;
    size_t size, room;
};

/* The contract's callback: the copy, and behind it the process itself. */
static bool
read_copy(void *process, uint64_t address, void *buffer, size_t size, size_t *got)
{
    struct copy *c = process;
    uint64_t offset = address - c->at;

    if (offset >= c->size)
        return program_read_process(&c->pid, address, buffer, size, got);
    *got = size < c->size - offset ? size : (size_t)(c->size - offset);
    memcpy(buffer, c->bytes + offset, *got);
    return true;
}

static void
copy_stack(struct copy *c)
{
    unsigned sp_number = c->machine->unwind == &unwind_aarch64 ? (unsigned)UNWIND_AARCH64_SP
                                                               : (unsigned)UNWIND_X86_64_RSP;
    uint64_t sp = c->registers.value[sp_number];
    uint64_t at = (sp - RED_ZONE) & ~(uint64_t)(LINE - 1);
    uint64_t size = program_mapping_end(c->images, sp) - at;

    c->at = at;
    c->size = 0;
    if (size > STACK_MOST)
        size = STACK_MOST;
    if (size > c->room) {
        free(c->bytes);
        c->bytes = malloc((size_t)size);
        c->room = c->bytes != NULL ? (size_t)size : 0;
    }
    if (c->bytes != NULL)
        program_read_process(&c->pid, at, c->bytes, (size_t)size, &c->size);
}

/* ---- stopping ---- */

static double
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static long
call(int request, pid_t tid, uintptr_t address, uintptr_t data)
{
    return ptrace((enum __ptrace_request)request, tid, address, data);
}

/* Waits until it stands still. A thread in the kernel's uninterruptible sleep may never do so. */
static bool
await_stop(pid_t tid, int *status)
{
    double until = now_us() + PATIENCE_MS * 1e3;
    struct timespec pause = { 0, 20000 };

    for (unsigned tries = 0;; tries++) {
        pid_t got = waitpid(tid, status, __WALL | WNOHANG);

        if (got == tid)
            return WIFSTOPPED(*status);
        if (got < 0 || now_us() > until)
            return false;
        if (tries < SPINS) { /* it mostly stops at once, and must not stand longer than need be */
            sched_yield();
            continue;
        }
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 2000000)
            pause.tv_nsec += pause.tv_nsec / 4;
    }
}

/* A signal that came just then is handed on. */
static void
let_go(pid_t tid, int status)
{
    bool ours = status >> 16 == PTRACE_EVENT_STOP;

    call(PTRACE_DETACH, tid, 0, ours ? 0 : (uintptr_t)WSTOPSIG(status));
}

static void
take(struct copy *c, pid_t tid)
{
    uint8_t general[1024];
    struct iovec io = { general, sizeof(general) };

    c->registers.valid = 0;
    if (call(PTRACE_GETREGSET, tid, NT_PRSTATUS, (uintptr_t)&io) != 0)
        return;
    convert(c->machine, general, (uint32_t)io.iov_len, &c->registers);
    copy_stack(c);
}

static const char *
why_not(int error)
{
    if (error == EPERM)
        return "ptrace is not allowed: it is traced already, or another user's, or ptrace_scope "
               "is set; try as root";
    return strerror(error);
}

/* NULL, or why there is no copy. */
static const char *
copy_thread(struct copy *c, struct bt_thread *t)
{
    double begin = now_us();
    int status;

    if (call(PTRACE_SEIZE, t->tid, 0, 0) != 0)
        return why_not(errno);
    if (call(PTRACE_INTERRUPT, t->tid, 0, 0) != 0 || !await_stop(t->tid, &status))
        return "it does not stop";
    take(c, t->tid);
    let_go(t->tid, status);
    t->stood_for = now_us() - begin;
    return c->registers.valid != 0 ? NULL : "its registers cannot be read";
}

/* ---- walking ---- */

static void
add_frame(struct bt_thread *t, const struct unwind_frame *f, const struct program_images *images)
{
    if ((t->count & (t->count - 1)) == 0) { /* full at every power of two */
        size_t room = t->count == 0 ? 1 : 2 * t->count;
        struct bt_frame *more = reallocarray(t->frame, room, sizeof(*more));

        if (more == NULL)
            return;
        t->frame = more;
    }
    t->frame[t->count++] =
        (struct bt_frame){ .pc = f->pc,
                           .called = f->called,
                           .signal = f->signal,
                           .source = f->source,
                           .trust = f->trust,
                           .image = program_image_at(images, f->pc - f->called) };
}

static void
walk(struct unwind *u, const struct bt_options *o, struct copy *c, struct bt_thread *t)
{
    const struct unwind_frame *f;

    unwind_begin(u, &c->registers);
    while ((o->most == 0 || t->count < o->most) && (f = unwind_next(u)) != NULL)
        add_frame(t, f, c->images);
    t->end = *unwind_end(u);
}

/* ---- all of them ---- */

static int
by_number(const void *a, const void *b)
{
    pid_t x = ((const struct bt_thread *)a)->tid;
    pid_t y = ((const struct bt_thread *)b)->tid;

    return (x > y) - (x < y);
}

static bool
find_threads(pid_t pid, struct bt_stacks *s)
{
    char path[64];
    struct dirent *e;
    DIR *d;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    d = opendir(path);
    while (d != NULL && (e = readdir(d)) != NULL) {
        struct bt_thread *more;

        if (e->d_name[0] == '.')
            continue;
        more = reallocarray(s->thread, s->count + 1, sizeof(*more));
        if (more == NULL)
            break;
        s->thread = more;
        s->thread[s->count++] = (struct bt_thread){ .tid = (pid_t)atoi(e->d_name) };
    }
    if (d != NULL)
        closedir(d);
    qsort(s->thread, s->count, sizeof(*s->thread), by_number);
    return s->count > 0;
}

struct room {
    struct unwind u;
    uint64_t lines[LINES * (LINE + 64) / 8];
    uint64_t rules[RULES * 64 / 8];
};

static const char *
make_walker(struct room *room, const struct bt_options *o, const struct bt_stacks *s,
            const struct arch_memory *memory, const struct machine *machine)
{
    struct unwind_config config = { .size = sizeof(config),
                                    .machine = machine->unwind,
                                    .sources = &unwind_all_sources,
                                    .memory = memory,
                                    .lines = room->lines,
                                    .lines_size = sizeof(room->lines),
                                    .line_bytes = LINE,
                                    .rules = room->rules,
                                    .rules_size = sizeof(room->rules),
                                    .modules = s->images.module,
                                    .module_count = s->images.count,
                                    .complete = true,
                                    .scan = o->scan };
    return unwind_init(&room->u, &config);
}

static void
walk_threads(const struct bt_options *o, struct bt_stacks *s, struct copy *c, struct room *room)
{
    for (size_t i = 0; i < s->count; i++) {
        s->thread[i].why = copy_thread(c, &s->thread[i]);
        if (s->thread[i].why == NULL)
            walk(&room->u, o, c, &s->thread[i]);
    }
}

const char *
bt_walk_process(const struct bt_options *o, struct bt_stacks *s)
{
    struct copy copy = { .pid = o->pid, .images = &s->images, .machine = machine_of(o->pid) };
    struct arch_memory memory = { read_copy, &copy, LINE, 0 };
    struct room *room;
    const char *wrong;

    if (!find_threads(o->pid, s))
        return "there is no such process";
    if (copy.machine == NULL)
        return "its program cannot be read, or is for a machine that is not walked yet";
    if (!program_find_images(&s->images, o->pid))
        return "its maps cannot be read";
    if (o->list)
        return NULL;
    if (o->one)
        s->count = 1;
    room = malloc(sizeof(*room));
    wrong = room != NULL ? make_walker(room, o, s, &memory, copy.machine) : "out of memory";
    if (wrong == NULL)
        walk_threads(o, s, &copy, room);
    free(copy.bytes);
    free(room);
    return wrong;
}
