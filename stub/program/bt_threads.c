/* bt_threads.c - copies each thread's registers and stack, and walks the copy. A thread that
 * sleeps is not stopped for it when the kernel tells enough; any other is, for as long as the
 * copying takes. */
#define _GNU_SOURCE 1
#include "stub/program/bt.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, RED_ZONE = 128 };
enum { STACK_MOST = 16 << 20, PATIENCE_MS = 500, SPINS = 200 };

/* ---- the machine ---- */

static const struct {
    unsigned elf;
    const struct arch *arch;
    const struct arch_places *places;
} machines[] = {
    { EM_X86_64, &arch_x86_64, &arch_x86_64_linux },
    { EM_AARCH64, &arch_aarch64, &arch_aarch64_linux },
};

static const char *
why_no_program(int error)
{
    if (error == ENOENT)
        return "it has no program: it is a thread of the kernel, or a zombie";
    return "its program is not shown to this user: it is another's, or has more rights; try as "
           "root";
}

/* Where its registers are and how it is walked. NULL, or why that is not known. */
static const char *
know_machine(pid_t pid, const struct bt_machine **machine, const struct arch_places **places)
{
    char path[64];
    Elf64_Ehdr header;
    FILE *exe;
    bool ok;

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    exe = fopen(path, "re");
    if (exe == NULL)
        return why_no_program(errno);
    ok = fread(&header, sizeof(header), 1, exe) == 1;
    fclose(exe);
    for (size_t i = 0; ok && i < sizeof(machines) / sizeof(machines[0]); i++) {
        if (header.e_machine != machines[i].elf || header.e_ident[EI_CLASS] != ELFCLASS64)
            continue;
        *machine = bt_machine_of(machines[i].arch);
        *places = machines[i].places;
        return NULL;
    }
    return "it is for a machine that is not walked yet";
}

/* ---- one thread, copied ---- */

struct copy {
    pid_t pid;
    int tasks; /* /proc/PID/task */
    const struct images *images;
    const struct bt_machine *machine;
    const struct arch_places *places;
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
        return image_read_process(&c->pid, address, buffer, size, got);
    *got = size < c->size - offset ? size : (size_t)(c->size - offset);
    memcpy(buffer, c->bytes + offset, *got);
    return true;
}

static void
copy_stack(struct copy *c)
{
    uint64_t sp = c->registers.value[c->machine->sp];
    uint64_t at = (sp - RED_ZONE) & ~(uint64_t)(PAGE - 1);
    uint64_t size = image_mapping_end(c->images, sp) - at;

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
        image_read_process(&c->pid, at, c->bytes, (size_t)size, &c->size);
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
    struct arch_sets sets = { .places = c->places };

    c->registers.valid = 0;
    if (call(PTRACE_GETREGSET, tid, NT_PRSTATUS, (uintptr_t)&io) != 0)
        return;
    sets.bytes[ARCH_SET_GENERAL] = general;
    sets.size[ARCH_SET_GENERAL] = (uint32_t)io.iov_len;
    bt_get_registers(c->machine, &sets, &c->registers);
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

/* ---- a thread that sleeps ---- */

static int
open_task_file(const struct copy *c, pid_t tid, const char *name)
{
    char path[48];

    snprintf(path, sizeof(path), "%d/%s", (int)tid, name);
    return openat(c->tasks, path, O_RDONLY | O_CLOEXEC);
}

/* What such a file says now: each read from its start is made anew. */
static bool
read_line(int fd, char *line, size_t size)
{
    ssize_t n = pread(fd, line, size - 1, 0);

    line[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* How often it was given a processor (proc(5), schedstat's third number); 0 not known. */
static unsigned long long
turns_of(int schedstat)
{
    char line[128], *at;

    at = read_line(schedstat, line, sizeof(line)) ? strrchr(line, ' ') : NULL;
    return at != NULL ? strtoull(at, NULL, 10) : 0;
}

/* The kernel says where a thread that does not run stands in user mode: the last two numbers of
 * /proc/PID/task/TID/syscall. */
static bool
take_place(struct copy *c, pid_t tid)
{
    int fd = open_task_file(c, tid, "syscall");
    unsigned long long sp, pc;
    char line[256], *at;
    bool ok = read_line(fd, line, sizeof(line));

    if (fd >= 0)
        close(fd);
    at = ok ? strrchr(line, ' ') : NULL;
    if (at == NULL)
        return false;
    pc = strtoull(at, NULL, 16);
    *at = '\0';
    at = strrchr(line, ' ');
    sp = at != NULL ? strtoull(at, NULL, 16) : 0;
    if (sp == 0)
        return false;
    c->registers.valid = (uint64_t)1 << c->machine->sp | (uint64_t)1 << c->machine->pc;
    c->registers.value[c->machine->sp] = sp;
    c->registers.value[c->machine->pc] = pc;
    return true;
}

/* All of it came from tables, and from code where those ask for a frame pointer: the registers
 * that are not known were not missed. */
static bool
is_certain(const struct bt_options *o, const struct bt_thread *t)
{
    bool whole = t->end.reason == UNWIND_OUTERMOST ||
                 (t->end.reason == UNWIND_RUNNING && o->most != 0 && t->count == o->most);

    for (size_t i = 0; whole && i < t->count; i++)
        whole = t->frame[i].trust >= UNWIND_CHECKED;
    return whole;
}

/* A copy is one of a moment when the thread got no turn meanwhile. */
static bool
copy_asleep(struct copy *c, pid_t tid)
{
    int schedstat = open_task_file(c, tid, "schedstat");
    unsigned long long turns = turns_of(schedstat);
    bool ok = turns != 0 && take_place(c, tid);

    if (ok) {
        copy_stack(c);
        ok = c->size != 0 && turns_of(schedstat) == turns;
    }
    if (schedstat >= 0)
        close(schedstat);
    return ok;
}

/* False: it must be stopped. */
static bool
walk_asleep(struct copy *c, const struct bt_options *o, struct bt_walker *walker,
            struct bt_thread *t)
{
    if (!copy_asleep(c, t->tid))
        return false;
    bt_walk_thread(walker, &c->registers, t);
    if (is_certain(o, t))
        return true;
    t->count = 0;
    return false;
}

/* ---- all of them ---- */

static int
by_number(const void *a, const void *b)
{
    pid_t x = ((const struct bt_thread *)a)->tid;
    pid_t y = ((const struct bt_thread *)b)->tid;

    return (x > y) - (x < y);
}

/* The threads, and in *tasks the folder that lists them. */
static bool
find_threads(pid_t pid, struct bt_stacks *s, int *tasks)
{
    char path[64];
    struct dirent *e;
    DIR *d;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    d = opendir(path);
    *tasks = d != NULL ? dup(dirfd(d)) : -1;
    while (d != NULL && (e = readdir(d)) != NULL) {
        if (e->d_name[0] != '.' && bt_add_thread(s, (pid_t)atoi(e->d_name)) == NULL)
            break;
    }
    if (d != NULL)
        closedir(d);
    if (s->count > 0)
        qsort(s->thread, s->count, sizeof(*s->thread), by_number);
    return s->count > 0;
}

static void
walk_threads(const struct bt_options *o, struct bt_stacks *s, struct copy *c,
             struct bt_walker *walker)
{
    for (size_t i = 0; i < s->count; i++) {
        bt_progress(i, s->count);
        if (walk_asleep(c, o, walker, &s->thread[i]))
            continue;
        s->thread[i].why = copy_thread(c, &s->thread[i]);
        if (s->thread[i].why == NULL)
            bt_walk_thread(walker, &c->registers, &s->thread[i]);
    }
}

/* The thread of that number, which is the first when it is the process's. */
static void
keep_one(struct bt_stacks *s, pid_t tid)
{
    for (size_t i = 1; i < s->count; i++)
        if (s->thread[i].tid == tid)
            s->thread[0] = s->thread[i];
    s->count = 1;
}

static const char *
walk_process(const struct bt_options *o, struct bt_stacks *s, struct copy *c)
{
    struct arch_memory memory = { read_copy, c, PAGE, 0 };
    struct bt_walker *walker;
    const char *why;

    if (!find_threads(o->pid, s, &c->tasks))
        return access("/proc/self", F_OK) == 0 ? "there is no such process"
                                               : "/proc is not there; mount it";
    why = know_machine(o->pid, &c->machine, &c->places);
    if (why != NULL)
        return why;
    if (!(o->list ? image_find : image_find_lazily)(&s->images, o->pid))
        return "its maps cannot be read";
    if (o->one)
        keep_one(s, o->pid);
    walker = bt_open_walker(o, s, c->machine, &memory, 0);
    if (walker == NULL)
        return "out of memory";
    walk_threads(o, s, c, walker);
    bt_close_walker(walker);
    return NULL;
}

const char *
bt_walk_process(const struct bt_options *o, struct bt_stacks *s)
{
    struct copy copy = { .pid = o->pid, .images = &s->images, .tasks = -1 };
    const char *why = walk_process(o, s, &copy);

    free(copy.bytes);
    if (copy.tasks >= 0)
        close(copy.tasks);
    return why;
}
