/* regs_x86_64.c - what is x86-64's own in a live thread: register sets, traps, system calls. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <cpuid.h>
#include <elf.h>
#include <string.h>
#include <sys/user.h>

_Static_assert(sizeof(struct user_regs_struct) <= LIVE_GENERAL_MAX, "general registers fit");

enum { FXSAVE_SIZE = 512 };

/* ---- the machine ---- */

/* Intel SDM volume 1, 13.2: leaf 0xD, subleaf i: size in EAX and base in EBX of component i. */
static void
ask_xsave(struct arch_xsave *x)
{
    unsigned a, b, c, d, low = 0, high = 0;

    x->total = FXSAVE_SIZE;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_OSXSAVE) == 0)
        return;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if (__get_cpuid_count(0xd, 0, &a, &b, &c, &d) == 0)
        return;
    x->total = b;
    for (unsigned i = 2; i < ARCH_XSAVE_COMPONENTS; i++) {
        if ((low & (1u << i)) == 0 || __get_cpuid_count(0xd, i, &a, &b, &c, &d) == 0)
            continue;
        x->size[i] = a;
        x->base[i] = b;
    }
}

const struct arch_layout *
live_machine_layout(struct live *live)
{
    if (live->layout.arch != NULL)
        return &live->layout;
    ask_xsave(&live->xsave);
    live->layout.arch = &arch_x86_64;
    live->layout.features =
        ARCH_X86_64_LINUX | ARCH_X86_64_SEGMENTS | arch_x86_64_features(&live->xsave);
    return &live->layout;
}

uint32_t
live_extended_size(struct live *live)
{
    live_machine_layout(live);
    return live->xsave.total;
}

int
live_extended_type(struct live *live)
{
    live_machine_layout(live);
    return live->xsave.total > FXSAVE_SIZE ? NT_X86_XSTATE : NT_PRFPREG;
}

unsigned
live_set_of(const struct arch_register *r)
{
    return arch_x86_64_linux.features[r->feature][r->row_index].set;
}

void
live_register_sets(struct thread *t, struct arch_sets *sets)
{
    struct live *live = t->process->live;
    struct registers *r = &t->registers;
    unsigned extended = live_extended_type(live) == NT_X86_XSTATE ? ARCH_SET_XSTATE : ARCH_SET_FP;

    memset(sets, 0, sizeof(*sets));
    sets->places = &arch_x86_64_linux;
    sets->xsave = &live->xsave;
    if (r->has_general) {
        sets->bytes[ARCH_SET_GENERAL] = r->general;
        sets->size[ARCH_SET_GENERAL] = r->general_size;
    }
    if (r->has_extended) {
        sets->bytes[extended] = r->extended;
        sets->size[extended] = r->extended_size;
    }
}

/* ---- the program counter and the stack ---- */

/* No struct is laid over the bytes: one word, by its place. */
static uint64_t
word(const struct thread *t, size_t offset)
{
    uint64_t v;
    memcpy(&v, t->registers.general + offset, sizeof(v));
    return v;
}

static void
set_word(struct thread *t, size_t offset, uint64_t v)
{
    memcpy(t->registers.general + offset, &v, sizeof(v));
    t->registers.general_dirty = true;
}

#define PLACE(name) offsetof(struct user_regs_struct, name)

bool
live_get_pc(struct thread *t, uint64_t *pc)
{
    if (!live_load_general(t))
        return false;
    *pc = word(t, PLACE(rip));
    return true;
}

bool
live_set_pc(struct thread *t, uint64_t pc)
{
    if (!live_load_general(t))
        return false;
    set_word(t, PLACE(rip), pc);
    return true;
}

/* orig_rax: inside a system call its number, else below 0. So neither the events of a clone, fork
 * or exec are here, nor the end of a call. An int3 of the program's own leaves the PC one byte
 * on, as an instruction of one byte does. */
bool
live_step_was_plain(struct thread *t, uint64_t start)
{
    enum { INT3 = 0xcc };
    uint64_t pc;
    uint8_t byte;

    if (!live_get_pc(t, &pc) || pc == start || (int64_t)word(t, PLACE(orig_rax)) >= 0)
        return false;
    return pc != start + 1 || (live_read_raw(t->process, start, &byte, 1) == 1 && byte != INT3);
}

bool
live_get_sp(struct thread *t, uint64_t *sp)
{
    if (!live_load_general(t))
        return false;
    *sp = word(t, PLACE(rsp));
    return true;
}

bool
live_get_thread_pointer(struct thread *t, uint64_t *tp)
{
    if (!live_load_general(t))
        return false;
    *tp = word(t, PLACE(fs_base));
    return true;
}

/* A thread that was stopped in a system call has a number in orig_rax, and the kernel may take
 * two from the PC to repeat the call when it runs on. At a PC of the client's choice that would
 * be wrong, so the number goes; it comes back with the PC. (gdb writes orig_rax itself, after the
 * PC; lldb does not know it.) */
void
live_guard_restart(struct thread *t, uint64_t old_pc)
{
    uint64_t pc = word(t, PLACE(rip));

    if (pc == old_pc)
        return;
    if (t->has_restart && pc == t->restart_pc) {
        set_word(t, PLACE(orig_rax), t->restart);
        t->has_restart = false;
        return;
    }
    if (!t->has_restart) {
        t->has_restart = true;
        t->restart_pc = old_pc;
        t->restart = word(t, PLACE(orig_rax));
    }
    set_word(t, PLACE(orig_rax), UINT64_MAX);
}

/* ---- traps: si_code of a SIGTRAP on x86, as Linux gives it ---- */

enum trap
live_trap_of(const siginfo_t *info)
{
    switch (info->si_code) {
    case SI_KERNEL:
        return TRAP_OF_BREAKPOINT; /* int3 */
    case TRAP_BRKPT:               /* a step over a system call instruction */
    case TRAP_TRACE:
        return TRAP_OF_STEP;
    case TRAP_HWBKPT:
        return TRAP_OF_DEBUG;
    case SIGTRAP: /* ptrace_notify: a handler was set up while stepping */
        return TRAP_OF_HANDLER;
    default:
        return TRAP_OF_USER;
    }
}

/* ---- system calls ---- */

const uint8_t live_syscall_bytes[] = { 0x0f, 0x05 };
const size_t live_syscall_size = sizeof(live_syscall_bytes);

bool
live_is_syscall(struct process *p, uint64_t address)
{
    static const uint8_t sysenter[] = { 0x0f, 0x34 }, int80[] = { 0xcd, 0x80 };
    uint8_t bytes[2];

    if (!live_read_all(p, address, bytes, sizeof(bytes)))
        return false;
    return memcmp(bytes, live_syscall_bytes, 2) == 0 || memcmp(bytes, sysenter, 2) == 0 ||
           memcmp(bytes, int80, 2) == 0;
}

bool
live_set_syscall(struct thread *t, uint64_t pc, long number, const uint64_t args[6])
{
    static const size_t places[] = { PLACE(rdi), PLACE(rsi), PLACE(rdx),
                                     PLACE(r10), PLACE(r8),  PLACE(r9) };

    if (!live_set_pc(t, pc))
        return false;
    set_word(t, PLACE(rax), (uint64_t)number);
    set_word(t, PLACE(orig_rax), UINT64_MAX);
    for (size_t i = 0; i < 6; i++)
        set_word(t, places[i], args[i]);
    return true;
}

bool
live_syscall_result(struct thread *t, uint64_t *result)
{
    if (!live_load_general(t))
        return false;
    *result = word(t, PLACE(rax));
    return true;
}

void
live_syscall_number(struct thread *t, uint64_t *number)
{
    if (live_load_general(t) && word(t, PLACE(orig_rax)) != UINT64_MAX)
        *number = word(t, PLACE(orig_rax));
}

/* ---- programs ---- */

struct machine {
    uint16_t number;
    const char *name;
};

static const struct machine machines[] = {
    { EM_386, "a 32-bit i386 program" }, { EM_ARM, "a 32-bit ARM program" },
    { EM_AARCH64, "an ARM64 program" },  { EM_RISCV, "a RISC-V program" },
    { EM_PPC64, "a PowerPC program" },   { EM_S390, "an S/390 program" },
    { EM_MIPS, "a MIPS program" },       { EM_X86_64, "an x32 program" },
};

const char *
live_foreign_machine(const uint8_t *elf, size_t n)
{
    if (n < sizeof(Elf32_Ehdr) || memcmp(elf, ELFMAG, SELFMAG) != 0)
        return NULL;
    bool big = elf[EI_DATA] == ELFDATA2MSB;
    size_t at = offsetof(Elf32_Ehdr, e_machine); /* the same in both classes */
    unsigned number = (unsigned)(big ? elf[at] << 8 | elf[at + 1] : elf[at + 1] << 8 | elf[at]);

    if (number == EM_X86_64 && elf[EI_CLASS] == ELFCLASS64)
        return NULL;
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
        if (machines[i].number == number)
            return machines[i].name;
    }
    return "a program of another machine";
}
