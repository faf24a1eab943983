/* bench_unwind.c - this walker, libunwind and libdwfl on the same stopped process, in one run.
 * Walks a stack of 1000 frames and more, again and again; memory is read anew by each walk. The
 * best of several rounds counts, since other programs run too. */
#define _GNU_SOURCE 1
#include <elfutils/libdwfl.h>
#include <err.h>
#include <libunwind-ptrace.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arch/unwind/unwind.h"
#include "stub/image/image.h"

enum { DEPTH = 1000, ROUNDS = 10, TIMES = 100, SLOW_TIMES = 2 };

static pid_t child;
static struct images images;
static struct unwind walker;
static uint64_t lines[64 * (4096 + 64) / 8], rules[1024 * 64 / 8];
static unsigned long reads;

/* ---- the process ---- */

static volatile int sink;

__attribute__((noinline)) static int
deep(int n)
{
    int here = n * 3;

    if (n == 0)
        raise(SIGSTOP);
    else
        here += deep(n - 1);
    sink = here;
    return here + sink;
}

static void
start(void)
{
    int status;

    child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        _exit(deep(DEPTH) == 0);
    }
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
        errx(2, "no process to walk");
    ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_EXITKILL);
}

static double
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- ours ---- */

static bool
read_counted(void *process, uint64_t address, void *buffer, size_t size, size_t *got)
{
    reads++;
    return image_read_process(process, address, buffer, size, got);
}

static struct unwind_registers
registers(void)
{
    struct user_regs_struct r;
    struct unwind_registers u = { .valid = 0x1ffff };

    ptrace(PTRACE_GETREGS, child, 0, &r);
    memcpy(u.value,
           (uint64_t[]){ r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8, r.r9, r.r10,
                         r.r11, r.r12, r.r13, r.r14, r.r15, r.rip },
           17 * sizeof(uint64_t));
    return u;
}

static unsigned
walk(const struct unwind_registers *r)
{
    unsigned n = 0;

    unwind_begin(&walker, r);
    while (unwind_next(&walker) != NULL)
        n++;
    return n;
}

struct figures {
    unsigned frames;
    double warm;  /* ns a frame */
    double first; /* us for the first walk, with whatever it has to set up */
};

static void
keep_best(struct figures *f, double ns_a_walk)
{
    double ns = ns_a_walk / f->frames;

    if (f->warm == 0 || ns < f->warm)
        f->warm = ns;
}

static struct figures
ours(void)
{
    static struct arch_memory memory = { read_counted, &child, 4096, 0 };
    struct unwind_config config = { .size = sizeof(config),
                                    .machine = &unwind_x86_64,
                                    .sources = &unwind_all_sources,
                                    .memory = &memory,
                                    .lines = lines,
                                    .lines_size = sizeof(lines),
                                    .line_bytes = 4096,
                                    .rules = rules,
                                    .rules_size = sizeof(rules),
                                    .complete = true };
    struct unwind_registers r = registers();
    struct figures f;
    double begin = now_ns();

    image_find(&images, child);
    config.modules = images.module;
    config.module_count = images.count;
    unwind_init(&walker, &config);
    f.frames = walk(&r);
    f.first = (now_ns() - begin) / 1e3;
    reads = 0;
    f.warm = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        begin = now_ns();
        for (unsigned i = 0; i < TIMES; i++)
            walk(&r);
        keep_best(&f, (now_ns() - begin) / TIMES);
    }
    return f;
}

/* ---- libunwind ---- */

static unsigned
walk_libunwind(unw_addr_space_t space, void *upt)
{
    unw_cursor_t cursor;
    unw_word_t pc;
    unsigned n = 0;

    if (unw_init_remote(&cursor, space, upt) != 0)
        return 0;
    do {
        unw_get_reg(&cursor, UNW_REG_IP, &pc);
        n++;
    } while (unw_step(&cursor) > 0);
    return n;
}

static struct figures
libunwind(unw_caching_policy_t policy)
{
    struct figures f;
    double begin = now_ns();
    unw_addr_space_t space = unw_create_addr_space(&_UPT_accessors, 0);
    void *upt = _UPT_create(child);

    unw_set_caching_policy(space, policy);
    f.frames = walk_libunwind(space, upt);
    f.first = (now_ns() - begin) / 1e3;
    f.warm = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        begin = now_ns();
        for (unsigned i = 0; i < SLOW_TIMES; i++)
            walk_libunwind(space, upt);
        keep_best(&f, (now_ns() - begin) / SLOW_TIMES);
    }
    _UPT_destroy(upt);
    unw_destroy_addr_space(space);
    return f;
}

/* ---- libdwfl ---- */

static int
count_frame(Dwfl_Frame *frame, void *n)
{
    Dwarf_Addr pc;
    bool activation;

    dwfl_frame_pc(frame, &pc, &activation);
    ++*(unsigned *)n;
    return DWARF_CB_OK;
}

static unsigned
walk_libdwfl(Dwfl *dwfl)
{
    unsigned n = 0;

    dwfl_getthread_frames(dwfl, child, count_frame, &n);
    return n;
}

static struct figures
libdwfl(void)
{
    static char *debug_path;
    static const Dwfl_Callbacks callbacks = { .find_elf = dwfl_linux_proc_find_elf,
                                              .find_debuginfo = dwfl_standard_find_debuginfo,
                                              .debuginfo_path = &debug_path };
    struct figures f;
    double begin = now_ns();
    Dwfl *dwfl = dwfl_begin(&callbacks);

    dwfl_linux_proc_report(dwfl, child);
    dwfl_report_end(dwfl, NULL, NULL);
    dwfl_linux_proc_attach(dwfl, child, true);
    f.frames = walk_libdwfl(dwfl);
    f.first = (now_ns() - begin) / 1e3;
    f.warm = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        begin = now_ns();
        for (unsigned i = 0; i < SLOW_TIMES; i++)
            walk_libdwfl(dwfl);
        keep_best(&f, (now_ns() - begin) / SLOW_TIMES);
    }
    dwfl_end(dwfl);
    return f;
}

/* ---- the table ---- */

static void
print(const char *name, struct figures f, struct figures base)
{
    printf("%-26s %6u frames %10.1f ns a frame, warm (%7.1fx) %10.0f us the first walk (%6.1fx)\n",
           name, f.frames, f.warm, f.warm / base.warm, f.first, f.first / base.first);
}

int
main(void)
{
    struct figures mine, theirs;
    double calls;

    start();
    mine = ours();
    calls = (double)reads / (ROUNDS * TIMES) / mine.frames;
    print("stubborn", mine, mine);
    printf("%-26s %.4f reads a frame\n", "", calls);
    theirs = libdwfl();
    print("libdwfl", theirs, mine);
    theirs = libunwind(UNW_CACHE_GLOBAL);
    print("libunwind, cache on", theirs, mine);
    theirs = libunwind(UNW_CACHE_NONE);
    print("libunwind, cache off", theirs, mine);
    image_free(&images);
    kill(child, SIGKILL);
    return 0;
}
