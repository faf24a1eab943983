/* sigframe.c - the frame that Linux builds to run a signal handler, known by the code through
 * which the handler returns (arch/x86/kernel/signal.c and arch/arm64/kernel/signal.c say how it
 * lies; both are kernel ABI). */
#include "arch/unwind/internal.h"

/* struct sigcontext: r8..r15 rdi rsi rbp rbx rdx rax rcx rsp rip. */
static const int16_t saved_x86_64[UNWIND_REGISTERS] = { 104, 96, 112, 88, 72, 64, 80, 120, 0,
                                                        8,   16, 24,  32, 40, 48, 56, 128, -1,
                                                        -1,  -1, -1,  -1, -1, -1, -1, -1,  -1,
                                                        -1,  -1, -1,  -1, -1, -1 };
/* struct sigcontext: fault_address, x0..x30, sp, pc. */
static const int16_t saved_aarch64[UNWIND_REGISTERS] = {
    8,   16,  24,  32,  40,  48,  56,  64,  72,  80,  88,  96,  104, 112, 120, 128, 136,
    144, 152, 160, 168, 176, 184, 192, 200, 208, 216, 224, 232, 240, 248, 256, 264
};

static const struct form {
    uint8_t code[9], size; /* by which handlers return */
    uint8_t more;          /* bytes of it that may already have been executed */
    struct unwind_exception frame;
} x86_64 = {
    /* mov $__NR_rt_sigreturn, %rax; syscall. The stack pointer is at struct ucontext then. */
    { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 }, 9, 7, { .at = 40, .saved = saved_x86_64 },
}, aarch64 = {
    /* mov x8, #__NR_rt_sigreturn; svc #0. struct rt_sigframe: siginfo of 128 bytes, ucontext's
     * head of 176. */
    { 0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4 }, 8, 4, { .at = 304, .saved = saved_aarch64 },
};

static const struct form *
form_of(const struct walk *w)
{
    return w->machine->link != NO_REG ? &aarch64 : &x86_64;
}

/* Whether handlers return at pc; what cannot be read is no match, and no fault. */
bool
unwind_is_trampoline(struct walk *w, uint64_t pc)
{
    const struct form *form = form_of(w);
    uint8_t bytes[sizeof(form->code)];

    if (unwind_bytes(w, pc, bytes, form->size))
        return memcmp(bytes, form->code, form->size) == 0;
    forgive(w);
    return false;
}

enum verdict
unwind_by_signal(struct walk *w, struct row *row)
{
    const struct form *form = form_of(w);
    uint64_t pc = w->frame.pc;
    bool begun = !w->frame.called && form->more <= pc;

    if (!unwind_is_trampoline(w, pc) && !(begun && unwind_is_trampoline(w, pc - form->more)))
        return NOTHING;
    unwind_saved_row(w, row, &form->frame);
    return FOUND;
}
