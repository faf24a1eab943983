/* classify.c - what the stop of a thread means: tell the client, or go on as before. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
tell_stop(struct thread *t, enum stub_reason reason, int signal)
{
    live_stop_event(t, reason, signal);
    live_tell(t);
}

void
live_answer_asked(struct thread *t)
{
    if (t->asked && t->report.state != REPORT_QUEUED)
        tell_stop(t, t->asked_signal != 0 ? STUB_SIGNAL : STUB_NO_REASON, t->asked_signal);
    t->asked = false;
}

/* ---- signals ---- */

/* A signal that is passed while the thread steps has its handler run unseen: the thread runs
 * until it is back here. A signal without a handler brings it back at once. */
static void
pass(struct thread *t, int signal)
{
    t->owed = signal;
    if ((t->action.kind == STUB_STEP || t->action.kind == STUB_RANGE) && !t->in_handler &&
        !t->own_memory)
        live_plant_return(t);
}

/* A breakpoint on the stack, where a call of gdb's returns to, is hit by a fault. */
static bool
is_fault_at_breakpoint(struct thread *t, int signal)
{
    uint64_t pc;

    return (signal == SIGSEGV || signal == SIGILL) && live_get_pc(t, &pc) &&
           live_is_wished(t->process, pc);
}

static bool
is_to_pass(struct thread *t, int signal)
{
    const struct live *live = t->process->live;

    return t->process->hidden || (live->has_pass && live_in_list(live->pass, signal) &&
                                  !is_fault_at_breakpoint(t, signal));
}

/* A signal is about to be delivered to t: true when it was queued for the client. */
static bool
signal_arrives(struct thread *t, int signal)
{
    if (t->injected == signal) {
        t->injected = 0;
        t->owed = signal;
        return false;
    }
    if (is_to_pass(t, signal)) {
        pass(t, signal);
        return false;
    }
    tell_stop(t, STUB_SIGNAL, signal);
    return true;
}

void
live_resend_deferred(struct thread *t)
{
    for (int signal = 1; signal <= 64 && t->deferred_more != 0; signal++) {
        if ((t->deferred_more >> (signal - 1) & 1) != 0)
            syscall(SYS_tgkill, t->group, t->tid, signal);
    }
    t->deferred_more = 0;
}

bool
live_defer(struct thread *t, int status)
{
    siginfo_t info;
    int signal = WSTOPSIG(status);

    if (status >> 16 != 0 || signal == SIGTRAP || (signal & 0x80) != 0)
        return false;
    if (live_ptrace(PTRACE_GETSIGINFO, t->tid, 0, (uintptr_t)&info) != 0)
        return false;
    bool fault = info.si_code > 0 &&
                 (signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL);
    if (fault)
        return false;
    if (t->deferred == signal && signal < SIGRTMIN)
        return true; /* the kernel would have kept one as well */
    if (t->deferred != 0) {
        t->deferred_more |= UINT64_C(1) << (signal - 1);
        return true;
    }
    t->deferred = signal;
    t->deferred_info = info;
    return true;
}

bool
live_take_deferred(struct thread *t)
{
    int signal = t->deferred;

    if (signal == 0)
        return false;
    t->deferred = 0;
    live_resend_deferred(t);
    if (t->at_signal == 0) {
        syscall(SYS_tgkill, t->group, t->tid, signal);
        return false;
    }
    live_ptrace(PTRACE_SETSIGINFO, t->tid, 0, (uintptr_t)&t->deferred_info);
    t->at_signal = signal;
    return signal_arrives(t, signal);
}

/* ---- traps ---- */

static void
on_breakpoint(struct thread *t)
{
    struct process *p = t->process;
    const struct arch *arch = p->layout.arch;
    uint64_t pc;

    if (!live_get_pc(t, &pc))
        return;
    uint64_t at = pc - arch->breakpoint_pc;
    struct plant *b = live_plant_at(p, at);
    if (b == NULL) {
        signal_arrives(t, SIGTRAP); /* the program's own */
        return;
    }
    live_set_pc(t, at);
    live_modules_stop_at(p, at);
    if (b->soft_lists != NULL || b->hard_lists != NULL)
        live_foresee(t, b);
    if (!live_plant_is_return(t, at) && !p->hidden && live_plant_tells(t, b)) {
        live_foresee_nothing(p->live);
        tell_stop(t, b->soft_wish ? STUB_SWBREAK : STUB_HWBREAK, SIGTRAP);
        return;
    }
    if (memcmp(b->saved, arch->breakpoint, arch->breakpoint_size) == 0) {
        live_set_pc(t, pc); /* one of the program's own is under it: it is done as well */
        return;
    }
    t->told = true; /* stepped over unseen */
    t->told_pc = at;
}

static enum stub_reason
reason_of(const struct point *w)
{
    static const uint8_t reasons[] = {
        [STUB_POINT_HARDWARE] = STUB_HWBREAK,
        [STUB_POINT_WRITE] = STUB_WATCH,
        [STUB_POINT_READ] = STUB_RWATCH,
        [STUB_POINT_ACCESS] = STUB_AWATCH,
    };
    return reasons[w->wish.type];
}

static void
tell_point(struct thread *t, const struct point *w, uint64_t address, uint32_t slot)
{
    struct stub_event *e = live_stop_event(t, reason_of(w), SIGTRAP);
    e->address = address;
    e->slot = slot;
    live_tell(t);
}

/* A debug register fired: true when it was one that the client is told of. */
static bool
on_debug_register(struct thread *t)
{
    struct process *p = t->process;
    struct point *w;
    unsigned hits = TAILQ_EMPTY(&p->points) ? 0 : live_debug_hits(t);

    TAILQ_FOREACH (w, &p->points, next) {
        unsigned mine = w->slots & hits;
        for (uint32_t i = 0; mine != 0 && i < LIVE_SLOTS; i++) {
            if ((mine & (1u << i)) != 0 && live_lists_tell(t, w->lists)) {
                tell_point(t, w, p->slots[i].address, i);
                return true;
            }
        }
    }
    return false;
}

/* As on_debug_register, for what is watched by stepping. */
static bool
on_soft_watch(struct thread *t)
{
    struct process *p = t->process;
    struct point *w = p->soft_watches > 0 ? live_watch_changed(p) : NULL;

    if (w == NULL || !live_lists_tell(t, w->lists))
        return false;
    tell_point(t, w, w->wish.address, 0);
    return true;
}

static bool
in_range(const struct stub_action *a, uint64_t pc)
{
    return a->start < a->end && a->start <= pc && pc < a->end;
}

/* A step ended: the client's, or one of ours that goes on as the action says. */
bool
live_is_step_over(struct thread *t, uint64_t pc)
{
    if (t->action.kind == STUB_RANGE)
        return !in_range(&t->action, pc) || live_is_wished(t->process, pc);
    return t->action.kind == STUB_STEP;
}

void
live_step_ended(struct thread *t)
{
    uint64_t pc;

    if (!t->in_handler && live_get_pc(t, &pc) && live_is_step_over(t, pc))
        tell_stop(t, STUB_TRACE, SIGTRAP);
}

/* In the middle of a call a step traps at once. */
static void
on_step(struct thread *t)
{
    uint64_t pc;
    bool nothing_done = t->start_event && live_get_pc(t, &pc) && pc == t->start_pc;

    if (t->in_handler)
        return;
    t->start_event = false;
    if (!nothing_done)
        live_step_ended(t);
}

static void
on_trap(struct thread *t)
{
    siginfo_t info;

    if (t->did_step) {
        on_step(t);
        return;
    }
    if (live_ptrace(PTRACE_GETSIGINFO, t->tid, 0, (uintptr_t)&info) != 0)
        return;
    enum trap trap = live_trap_of(&info);
    if (trap == TRAP_OF_HANDLER)
        t->at_signal = 0; /* ptrace_notify: no delivery stop */
    if (trap == TRAP_OF_USER) {
        signal_arrives(t, SIGTRAP);
    } else if (trap == TRAP_OF_BREAKPOINT) {
        on_breakpoint(t);
    } else if (on_debug_register(t) || on_soft_watch(t)) {
        return;
    } else if (trap != TRAP_OF_DEBUG && t->stepping) {
        on_step(t);
    }
}

/* ---- ptrace's own stops ---- */

/* A thread can stop for PTRACE_INTERRUPT when it has just executed an int3, lifted meanwhile or
 * not, or a step whose SIGTRAP is still to be delivered. That trap must come first, or the PC is
 * one byte too far. */
static bool
has_pending_trap(struct thread *t)
{
    struct process *p = t->process;
    siginfo_t pending[8];
    struct __ptrace_peeksiginfo_args args = { .off = 0, .flags = 0, .nr = 8 };
    uint64_t pc;

    if (!t->stepping && (!live_get_pc(t, &pc) || p->layout.arch == NULL ||
                         live_plant_at(p, pc - p->layout.arch->breakpoint_pc) == NULL))
        return false;
    long n = live_ptrace(PTRACE_PEEKSIGINFO, t->tid, (uintptr_t)&args, (uintptr_t)pending);
    for (long i = 0; i < n; i++) {
        if (pending[i].si_signo == SIGTRAP && live_trap_of(&pending[i]) != TRAP_OF_USER)
            return true;
    }
    return false;
}

static void
on_event_stop(struct thread *t, int signal)
{
    t->group_stop = signal != SIGTRAP;
    if (t->newborn) {
        live_born(t);
        return;
    }
    if (has_pending_trap(t) && live_ptrace(PTRACE_CONT, t->tid, 0, 0) == 0) {
        t->interrupting = true; /* it stops by itself at once */
        t->running = true;
        live_wake(t);
        live_forget_registers(t);
    }
}

static void
on_exec(struct thread *t)
{
    struct process *p = t->process;

    if (p->hidden || (p->live->events & STUB_WANT_EXEC) == 0)
        return;
    struct stub_event *e = live_stop_event(t, STUB_EXEC, SIGTRAP);
    e->text = (const uint8_t *)p->exec_path;
    e->text_size = strlen(p->exec_path);
    live_tell(t);
}

static void
on_vfork_done(struct thread *t)
{
    struct process *p = t->process;

    t->vforking = false;
    p->lent = false;
    if (t->vfork_told && !p->hidden && (p->live->events & STUB_WANT_VFORK) != 0)
        tell_stop(t, STUB_VFORK_DONE, SIGTRAP);
    t->vfork_told = false;
}

static void
on_event(struct thread *t, int event)
{
    unsigned long message = 0;

    t->at_event = true;
    live_wake(t);
    live_ptrace(PTRACE_GETEVENTMSG, t->tid, 0, (uintptr_t)&message);
    if (event == PTRACE_EVENT_CLONE)
        live_cloned(t, (pid_t)message);
    else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK)
        live_forked(t, (pid_t)message, event);
    else if (event == PTRACE_EVENT_VFORK_DONE)
        on_vfork_done(t);
    else if (event == PTRACE_EVENT_EXEC)
        on_exec(t);
}

/* Entry or return: told when the client catches it. */
static void
on_system_call(struct thread *t)
{
    enum stub_reason reason;
    uint64_t number;

    if (t->process->hidden || !live_catches(t, &reason, &number))
        return;
    live_stop_event(t, reason, SIGTRAP)->status = (int)number;
    live_tell(t);
}

static void
classify(struct thread *t, int status)
{
    int signal = WSTOPSIG(status), event = status >> 16;
    bool late_step = t->disturbed != NULL && event == 0 && signal == SIGTRAP;

    if (t->disturbed != NULL && (event != PTRACE_EVENT_STOP || !has_pending_trap(t)))
        live_undisturb(t);
    if (late_step)
        return; /* of a call that was given up, live_syscall */
    if (event == PTRACE_EVENT_STOP)
        on_event_stop(t, signal);
    else if (event != 0)
        on_event(t, event);
    else if (signal == (SIGTRAP | 0x80))
        on_system_call(t);
    else if (signal == SIGTRAP)
        on_trap(t);
    else
        signal_arrives(t, signal);
}

static void
note_stop(struct thread *t, int status)
{
    int signal = WSTOPSIG(status);

    t->running = t->interrupting = t->stuck = t->at_event = t->unread = t->steps_on = false;
    t->at_signal = status >> 16 == 0 && (signal & 0x80) == 0 ? signal : 0;
    t->owed = 0;
    t->group_stop = t->has_info = t->did_step = false;
    t->under_size = 0;
    live_foresee_nothing(t->process->live);
    if (!t->vforking || status >> 16 == PTRACE_EVENT_VFORK_DONE)
        live_forget_registers(t);
}

void
live_classify(struct thread *t, int status)
{
    struct process *p = t->process;

    note_stop(t, status);
    if (p->over == t && !live_over_stopped(t, status))
        return;
    if (t->in_pad != NULL && !live_pad_stopped(t, status))
        return;
    classify(t, status);
    if (t->running)
        return;
    if (t->report.state != REPORT_QUEUED)
        live_take_deferred(t);
    if (t->asked)
        live_answer_asked(t);
    if (p->leaving) {
        live_thread_let_go(t);
        if (TAILQ_EMPTY(&p->threads))
            live_process_free(p);
    }
}
