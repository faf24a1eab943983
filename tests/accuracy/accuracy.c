/* accuracy.c - how often the walker is right. Runs a program one instruction at a time and keeps a
 * shadow of its call stack: pushed by calls and signals, popped by what raises the stack pointer.
 * No unwind table takes part in that. At every PC met for the first time the walker is asked for
 * the caller, and its answer is compared with the shadow's.
 *
 *     accuracy [-v] [-n STEPS] [-p] [-s] PROGRAM ARGUMENT...
 *
 * With -p the walker is told no more than PC and stack pointer, as of a thread that sleeps: what
 * it then does not know it must not guess. With -s it begins when the program sends itself signal
 * 0: what was on the stack by then is not judged. Prints one line: PCs, right, stopped (no
 * answer), wrong, wrong at full trust, registers, and apart those PCs that no table speaks of. */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/unwind/unwind.h"
#include "stub/image/image.h"

/* ---- the shadow ---- */

enum { RBX = 3, RBP = 6, RSP = 7, RIP = 16, DEPTH = 1 << 16, DEEP_EVERY = 64 };

/* One frame's caller: what must come out of leaving the frame. */
struct shadow {
    bool signal;         /* what was interrupted; all registers count */
    uint64_t slot;       /* of the return address */
    unsigned long taken; /* the step that took the return address off the stack, 0 none, */
    uint64_t taken_at;   /* and just above where it lay */
    unsigned long serial;
    struct unwind_registers caller;
};

/* A function that is given its arguments on the stack may take its return address into a register,
 * throw the arguments away and put the address back: so long it is not believed to have ended. */
enum { TAKEN_FOR = 16 };

static struct shadow shadow[DEPTH];
static unsigned depth;
static unsigned long serials;

/* ---- counts ---- */

static struct {
    unsigned long steps, pcs, right, stopped, wrong, wrong_full;
    unsigned long bare, bare_right; /* PCs that no table speaks of */
    unsigned long registers, registers_right, registers_wrong;
    unsigned long deep, deep_right;
    unsigned long by_source[8];
} count;

static bool verbose;
static bool late;   /* the shadow's bottom is not the stack's */
static bool asleep; /* walked as a thread that sleeps: only PC and stack pointer are known */
static pid_t child;
static struct images images;
static struct unwind walker;
static uint64_t lines[(64 * (4096 + 64)) / 8];
static uint64_t rules[1024 * 64 / 8];
static struct arch_memory memory = { image_read_process, &child, 4096, 0 };

/* An answer that is not the shadow's, and proves right when the program goes there after all:
 * within a few steps, as longjmp's tables describe whom it jumps to; or, when only the stack
 * pointer is another, at the frame's return. Code that pops its caller's arguments, or moves
 * its return address to make room for others, has no stack pointer known beforehand; what counts
 * is what the return leaves it at, or where that found the return address. A frame that never
 * returns (an exception, a function compiled anew) is proven by the next one that the same call
 * makes while its caller lives. */
enum { PROBATION = 8192, DOUBTED_FOR = 64 };
static struct doubt {
    uint64_t pc, answer_pc, answer_sp;
    unsigned long until; /* this step, */
    bool settled_by_return;
    unsigned long caller; /* then, until this frame returns, which is at level - 1; 0 never */
    unsigned level;
    bool full, bare;
} doubt[PROBATION];
static unsigned doubts;

/* ---- PCs met ---- */

enum { SET = 1 << 22 };
static uint64_t met[SET];

static bool
is_new(uint64_t pc)
{
    size_t i = (size_t)((pc * 0x9e3779b97f4a7c15u) >> 42) % SET;

    while (met[i] != 0 && met[i] != pc)
        i = (i + 1) % SET;
    if (met[i] == pc)
        return false;
    met[i] = pc;
    return true;
}

/* ---- the program ---- */

static struct unwind_registers
registers_of(const struct user_regs_struct *r)
{
    struct unwind_registers u = { .valid = 0x1ffff };
    const uint64_t value[17] = { r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi,
                                 r->rbp, r->rsp, r->r8,  r->r9,  r->r10, r->r11,
                                 r->r12, r->r13, r->r14, r->r15, r->rip };

    memcpy(u.value, value, sizeof(value));
    return u;
}

static uint64_t
word_at(uint64_t address)
{
    uint64_t v = 0;
    size_t got;

    image_read_process(&child, address, &v, sizeof(v), &got);
    return got == sizeof(v) ? v : 0;
}

enum { PAGES = 4096 };
static struct page {
    uint64_t at;
    uint8_t bytes[4096 + 16];
} * pages;

/* Code, a page at a time; generated code lies in no file and is read anew. */
static void
code_at(uint64_t pc, uint8_t *bytes)
{
    uint64_t at = pc & ~(uint64_t)4095;
    struct page *p = &pages[(at >> 12) % PAGES];
    ssize_t image;
    size_t got = 0;

    if (p->at != at) {
        image = image_at(&images, pc);
        if (image < 0 || images.image[image].bytes == NULL) {
            memset(bytes, 0, 16);
            image_read_process(&child, pc, bytes, 16, &got);
            return;
        }
        memset(p->bytes, 0, sizeof(p->bytes));
        image_read_process(&child, at, p->bytes, sizeof(p->bytes), &got);
        p->at = at;
    }
    memcpy(bytes, p->bytes + (pc - at), 16);
}

static void
learn_modules(void)
{
    image_free(&images);
    image_find(&images, child);
    unwind_set_modules(&walker, images.module, images.count);
    for (unsigned i = 0; i < PAGES; i++)
        pages[i].at = 0;
}

/* ---- comparing ---- */

static bool
same_place(const struct unwind_frame *f, const struct shadow *s)
{
    return f->pc == s->caller.value[RIP] && f->registers.value[RSP] == s->caller.value[RSP];
}

static const unsigned preserved[] = { RBX, RBP, 12, 13, 14, 15 };

static void
compare_registers(uint64_t pc, const struct unwind_frame *f, const struct shadow *s)
{
    for (unsigned i = 0; i < 6; i++) {
        unsigned n = preserved[i];
        bool known = (f->registers.valid >> n & 1) != 0;

        count.registers++;
        if (known && f->registers.value[n] == s->caller.value[n])
            count.registers_right++;
        else if (known)
            count.registers_wrong++;
        if (verbose && !(known && f->registers.value[n] == s->caller.value[n]))
            printf("register %u at %" PRIx64 ": %s %" PRIx64 " want %" PRIx64 "\n", n, pc,
                   known ? "wrong" : "unknown", f->registers.value[n], s->caller.value[n]);
    }
}

static void
complain(const char *what, uint64_t pc, const struct unwind_frame *f)
{
    ssize_t i = image_at(&images, pc);
    const struct unwind_end *end = unwind_end(&walker);

    if (!verbose)
        return;
    printf("%s at %" PRIx64 " (%s+%" PRIx64 ")", what, pc, i >= 0 ? images.image[i].path : "?",
           i >= 0 ? pc - images.module[i].bias : 0);
    if (f != NULL)
        printf(" by %s trust %d: pc %" PRIx64 " sp %" PRIx64,
               unwind_source_name((enum unwind_source)f->source), f->trust, f->pc,
               f->registers.value[RSP]);
    else
        printf(": %s %" PRIx64, unwind_reason_name(end->reason), end->address);
    if (depth > 0)
        printf("; want pc %" PRIx64 " sp %" PRIx64 "\n", shadow[depth - 1].caller.value[RIP],
               shadow[depth - 1].caller.value[RSP]);
    else
        printf("; want the end\n");
}

static bool
ends_well(void)
{
    enum unwind_reason reason = unwind_end(&walker)->reason;

    return reason == UNWIND_OUTERMOST || reason == UNWIND_MARKED;
}

static bool
put_in_doubt(uint64_t pc, const struct unwind_frame *f, bool bare)
{
    struct doubt *d = &doubt[doubts];

    if (doubts == PROBATION)
        return false;
    doubts++;
    *d = (struct doubt){ .pc = pc,
                         .answer_pc = f->pc,
                         .answer_sp = f->registers.value[RSP],
                         .until = count.steps + DOUBTED_FOR,
                         .full = f->trust == UNWIND_FULL,
                         .bare = bare };
    if (depth > 0 && f->pc == shadow[depth - 1].caller.value[RIP]) {
        d->settled_by_return = true;
        d->level = depth - 1;
        d->caller = d->level > 0 ? shadow[d->level - 1].serial : 0;
    }
    complain("in doubt", pc, f);
    return true;
}

static void
judge_caller(uint64_t pc, const struct unwind_frame *f, bool bare)
{
    unsigned long right = count.right;

    if (f != NULL)
        count.by_source[f->source]++;
    if (f == NULL ? depth == 0 && ends_well() : depth > 0 && same_place(f, &shadow[depth - 1])) {
        count.right++;
        if (f != NULL)
            compare_registers(pc, f, &shadow[depth - 1]);
    } else if (f == NULL && !ends_well()) {
        count.stopped++;
        complain("stopped", pc, f);
    } else if (f == NULL || !put_in_doubt(pc, f, bare)) {
        count.wrong++;
        count.wrong_full += f == NULL || f->trust == UNWIND_FULL;
        complain("wrong", pc, f);
    }
    count.bare += bare;
    count.bare_right += bare && count.right > right;
}

static bool
may_still_come(const struct doubt *d)
{
    if (!d->settled_by_return)
        return count.steps < d->until;
    return d->caller == 0 || (depth >= d->level && shadow[d->level - 1].serial == d->caller);
}

static void
settle(unsigned i, bool came)
{
    count.right += came;
    count.bare_right += came && doubt[i].bare;
    count.wrong += !came;
    count.wrong_full += !came && doubt[i].full;
    if (verbose && !came)
        printf("wrong at %" PRIx64 ": never came to %" PRIx64 "\n", doubt[i].pc,
               doubt[i].answer_pc);
    doubt[i] = doubt[--doubts];
}

/* Did the program go where an answer in doubt said, or has it had its time? `found` is just above
 * where a return found its address; 0 when the step was no return. A frame that has returned is
 * still in its place until another is pushed. */
static void
resolve_doubts(const struct user_regs_struct *r, uint64_t found)
{
    for (unsigned i = doubts; i-- > 0;) {
        const struct doubt *d = &doubt[i];
        bool taken = found != 0 && shadow[d->level].taken_at == d->answer_sp;
        bool came =
            d->answer_pc == r->rip &&
            (d->answer_sp == r->rsp || (d->settled_by_return && (d->answer_sp == found || taken)));

        if (came || !may_still_come(d))
            settle(i, came);
    }
}

/* The whole stack against the whole shadow. */
static void
judge_stack(const struct unwind_registers *r)
{
    const struct unwind_frame *f;
    unsigned i = depth;
    bool right = true;

    unwind_begin_again(&walker, r);
    unwind_next(&walker);
    while ((f = unwind_next(&walker)) != NULL && right && i > 0)
        right = same_place(f, &shadow[--i]);
    right = right && f == NULL && i == 0;
    count.deep++;
    count.deep_right += right;
    if (verbose && !right)
        printf("stack wrong at %" PRIx64 ", %u of %u from the end: %s\n", r->value[RIP], i, depth,
               unwind_reason_name(unwind_end(&walker)->reason));
}

static void
judge(const struct user_regs_struct *regs)
{
    struct unwind_registers r = registers_of(regs);
    struct unwind_function function;
    const struct unwind_frame *f;
    bool bare;

    if (late && depth == 0)
        return;
    bare = !unwind_find_function(&walker, regs->rip, &function);
    count.pcs++;
    if (asleep)
        r.valid = 1u << RSP | 1u << RIP;
    unwind_begin(&walker, &r);
    unwind_next(&walker);
    f = unwind_next(&walker);
    judge_caller(regs->rip, f, bare);
    if (count.pcs % DEEP_EVERY == 0 && !late)
        judge_stack(&r);
}

/* ---- following ---- */

static bool
is_call(const uint8_t *b)
{
    unsigned i = 0;

    while (b[i] == 0x66 || b[i] == 0xf2 || b[i] == 0x3e || (b[i] & 0xf0) == 0x40)
        i++;
    return b[i] == 0xe8 || (b[i] == 0xff && (b[i + 1] & 0x38) == 0x10);
}

static void
push(struct shadow s)
{
    if (depth == DEPTH)
        errx(2, "the program's stack is too deep");
    s.serial = ++serials;
    shadow[depth++] = s;
}

static void
pushed_call(const struct user_regs_struct *before, const struct user_regs_struct *after)
{
    struct shadow s = { .slot = after->rsp, .caller = registers_of(before) };

    s.caller.value[RIP] = word_at(after->rsp);
    s.caller.value[RSP] = after->rsp + 8;
    push(s);
}

/* A handler begins: it returns to the return code, and that to what was interrupted. */
static void
pushed_signal(const struct user_regs_struct *before, const struct user_regs_struct *after)
{
    struct shadow interrupted = { .signal = true,
                                  .slot = after->rsp,
                                  .caller = registers_of(before) };

    push(interrupted);
    pushed_call(after, after);
}

static bool
same_stack(uint64_t a, uint64_t b)
{
    return (a > b ? a - b : b - a) < 1 << 20;
}

static void
pop_above(uint64_t sp)
{
    while (depth > 0 && !shadow[depth - 1].signal && shadow[depth - 1].slot < sp &&
           same_stack(shadow[depth - 1].slot, sp))
        depth--;
}

static bool
is_return(const uint8_t *b)
{
    b += b[0] == 0xf2 || b[0] == 0xf3;
    return b[0] == 0xc3 || b[0] == 0xc2;
}

static bool
is_pop(const uint8_t *b)
{
    b += b[0] == 0x41;
    return (b[0] & 0xf8) == 0x58;
}

/* The newest frame's return address is on its way in a register, or was just put back. */
static bool
is_taken(const struct user_regs_struct *before, const struct user_regs_struct *after,
         const uint8_t *code)
{
    struct shadow *s = depth > 0 ? &shadow[depth - 1] : NULL;

    if (s == NULL || s->signal || is_return(code))
        return false;
    if (is_pop(code) && word_at(before->rsp) == s->caller.value[RIP]) {
        s->taken = count.steps;
        s->taken_at = after->rsp;
    }
    if (s->taken == 0 || count.steps - s->taken >= TAKEN_FOR || after->rip == s->caller.value[RIP])
        return false;
    if (after->rsp == before->rsp - 8 && word_at(after->rsp) == s->caller.value[RIP]) {
        s->slot = after->rsp;
        s->taken = 0;
    }
    return true;
}

/* rt_sigreturn has brought back what the newest signal interrupted. */
static void
popped_signal(void)
{
    while (depth > 0 && !shadow[depth - 1].signal)
        depth--;
    if (depth > 0)
        depth--;
}

static bool
changes_maps(uint64_t call)
{
    return call == 9 || call == 10 || call == 11 || call == 25; /* mmap mprotect munmap mremap */
}

static void
account(const struct user_regs_struct *before, const struct user_regs_struct *after,
        const uint8_t *code)
{
    bool syscall = code[0] == 0x0f && code[1] == 0x05;

    if (syscall && before->rax == 15)
        popped_signal();
    else if (syscall && changes_maps(before->rax))
        learn_modules();
    else if (is_call(code) && after->rsp == before->rsp - 8)
        pushed_call(before, after);
    else if (is_taken(before, after, code))
        return;
    else if (after->rsp > before->rsp)
        pop_above(after->rsp);
}

/* One instruction, with the signal that is owed. False when the program has ended. */
static bool
step(int *sig)
{
    int status;

    if (ptrace(PTRACE_SINGLESTEP, child, 0, (uintptr_t)*sig) != 0)
        return false;
    *sig = 0;
    if (waitpid(child, &status, __WALL) < 0 || !WIFSTOPPED(status))
        return false;
    if (WSTOPSIG(status) != SIGTRAP)
        *sig = WSTOPSIG(status);
    return true;
}

static void
follow(unsigned long most)
{
    struct user_regs_struct before, after;
    uint8_t code[16];
    int sig = 0;

    ptrace(PTRACE_GETREGS, child, 0, &before);
    while (count.steps++ < most) {
        int delivered = sig;

        if (image_at(&images, before.rip) < 0)
            learn_modules();
        if (is_new(before.rip))
            judge(&before);
        code_at(before.rip, code);
        if (!step(&sig) || ptrace(PTRACE_GETREGS, child, 0, &after) != 0)
            return;
        if (delivered != 0 && after.rdi == (unsigned)delivered && after.rsp != before.rsp)
            pushed_signal(&before, &after);
        else if (sig == 0)
            account(&before, &after, code);
        resolve_doubts(&after, is_return(code) ? before.rsp + 8 : 0);
        before = after;
    }
}

static void
start(char **argv)
{
    int status;

    child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);

        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        personality(ADDR_NO_RANDOMIZE);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        execvp(argv[0], argv);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status))
        errx(2, "cannot run %s", argv[0]);
    ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_EXITKILL);
}

/* Lets it run until it sends itself no signal. */
static void
run_until_ready(void)
{
    struct user_regs_struct r = { 0 };
    int status = 0;

    for (int sig = 0; r.orig_rax != 62 || r.rsi != 0;) {
        if (ptrace(PTRACE_SYSCALL, child, 0, (uintptr_t)sig) != 0 ||
            waitpid(child, &status, __WALL) < 0 || !WIFSTOPPED(status))
            errx(2, "it ended without sending itself signal 0");
        sig = WSTOPSIG(status) != SIGTRAP ? WSTOPSIG(status) : 0;
        ptrace(PTRACE_GETREGS, child, 0, &r);
    }
}

static void
report(const char *name)
{
    printf("%-22s %7lu PCs %7lu right %3lu stopped %3lu wrong %3lu fully %9.4f %% "
           "registers %9.4f %% %3lu wrong stacks %4lu of %4lu steps %8lu",
           name, count.pcs, count.right, count.stopped, count.wrong, count.wrong_full,
           count.pcs ? 100.0 * (double)count.right / (double)count.pcs : 0.0,
           count.registers ? 100.0 * (double)count.registers_right / (double)count.registers : 0.0,
           count.registers_wrong, count.deep_right, count.deep, count.steps - 1);
    for (unsigned i = 1; i < 8; i++)
        if (count.by_source[i] != 0)
            printf(" %s:%lu", unwind_source_name((enum unwind_source)i), count.by_source[i]);
    printf(" without tables %lu of %lu %.2f %%\n", count.bare_right, count.bare,
           count.bare ? 100.0 * (double)count.bare_right / (double)count.bare : 0.0);
}

int
main(int argc, char **argv)
{
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
    unsigned long most = 3000000;
    int option;

    while ((option = getopt(argc, argv, "+vn:ps")) != -1) {
        if (option == 'v')
            verbose = true;
        else if (option == 'n')
            most = strtoul(optarg, NULL, 10);
        else if (option == 'p')
            asleep = true;
        else if (option == 's')
            late = true;
        else
            return 2;
    }
    if (optind == argc)
        errx(2, "usage: accuracy [-v] [-n STEPS] PROGRAM ARGUMENT...");
    pages = calloc(PAGES, sizeof(*pages));
    if (pages == NULL || unwind_init(&walker, &config) != NULL)
        errx(2, "no walker");
    start(argv + optind);
    if (late)
        run_until_ready();
    learn_modules();
    follow(most);
    while (doubts > 0)
        settle(doubts - 1, false);
    report(strrchr(argv[optind], '/') != NULL ? strrchr(argv[optind], '/') + 1 : argv[optind]);
    kill(child, SIGKILL);
    return 0;
}
