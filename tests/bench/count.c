/* count.c - counts system calls by stopping at each one (ptrace(2), PTRACE_SYSCALL). The counted
 * process may itself trace others. */
#define _GNU_SOURCE 1
#include "tests/bench/count.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL };

/* The calls that threads are in, by what is left of their number; a server has few threads. */
static unsigned in_call[64];

static void
count_stop(struct counter *counter, pid_t tid)
{
    struct __ptrace_syscall_info info;
    unsigned *call = &in_call[(unsigned)tid % 64];

    if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr < COUNT_MAX) {
        *call = (unsigned)info.entry.nr;
        counter->calls[*call]++;
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT &&
               ((*call == SYS_recvfrom && info.exit.rval == -EAGAIN) || *call == SYS_getrusage)) {
        counter->calls[*call]--;
        counter->looks++;
    }
}

/* The signal that a stopped thread goes on with. */
static int
take_stop(struct counter *counter, pid_t tid, int status)
{
    int signal = WSTOPSIG(status);

    if (signal == (SIGTRAP | 0x80)) {
        count_stop(counter, tid);
        return 0;
    }
    /* After exec, at a clone, and a new thread's first stop: none of them is the program's. */
    if (status >> 16 || signal == SIGTRAP || signal == SIGSTOP)
        return 0;
    return signal;
}

static _Noreturn void
count_until_exit(struct counter *counter, pid_t server)
{
    int status;

    if (waitpid(server, &status, 0) < 0 || !WIFSTOPPED(status))
        errx(1, "cannot trace the server");
    if (ptrace(PTRACE_SETOPTIONS, server, NULL, OPTIONS) < 0)
        err(1, "PTRACE_SETOPTIONS");
    ptrace(PTRACE_SYSCALL, server, NULL, NULL);
    for (;;) {
        pid_t tid = waitpid(-1, &status, __WALL);

        if (tid < 0 && errno == EINTR)
            continue;
        if (tid < 0)
            _exit(0);
        if (WIFSTOPPED(status))
            ptrace(PTRACE_SYSCALL, tid, NULL, (long)take_stop(counter, tid, status));
    }
}

pid_t
count_calls(struct counter *counter, void (*start)(void *context), void *context)
{
    pid_t counting = fork(), server;

    if (counting != 0)
        return counting;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    server = fork();
    if (server < 0)
        err(1, "fork");
    if (server == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            err(1, "PTRACE_TRACEME");
        start(context);
        _exit(127);
    }
    count_until_exit(counter, server);
}

static const struct name {
    unsigned number;
    const char *name;
} names[] = {
    { SYS_read, "read" },
    { SYS_write, "write" },
    { SYS_writev, "writev" },
    { SYS_close, "close" },
    { SYS_lseek, "lseek" },
    { SYS_pread64, "pread64" },
    { SYS_pwrite64, "pwrite64" },
    { SYS_openat, "openat" },
    { SYS_readlinkat, "readlinkat" },
    { SYS_newfstatat, "newfstatat" },
    { SYS_recvfrom, "recvfrom" },
    { SYS_sendto, "sendto" },
    { SYS_recvmsg, "recvmsg" },
    { SYS_sendmsg, "sendmsg" },
    { SYS_setsockopt, "setsockopt" },
    { SYS_ioctl, "ioctl" },
    { SYS_fcntl, "fcntl" },
    { SYS_ppoll, "ppoll" },
    { SYS_pselect6, "pselect6" },
    { SYS_epoll_pwait, "epoll_pwait" },
    { SYS_ptrace, "ptrace" },
    { SYS_wait4, "wait4" },
    { SYS_waitid, "waitid" },
    { SYS_kill, "kill" },
    { SYS_tgkill, "tgkill" },
    { SYS_rt_sigprocmask, "rt_sigprocmask" },
    { SYS_rt_sigaction, "rt_sigaction" },
    { SYS_rt_sigreturn, "rt_sigreturn" },
    { SYS_rt_sigsuspend, "rt_sigsuspend" },
    { SYS_rt_sigtimedwait, "rt_sigtimedwait" },
    { SYS_process_vm_readv, "process_vm_readv" },
    { SYS_process_vm_writev, "process_vm_writev" },
    { SYS_sched_setaffinity, "sched_setaffinity" },
    { SYS_sched_yield, "sched_yield" },
    { SYS_clock_gettime, "clock_gettime" },
    { SYS_getrusage, "getrusage" },
    { SYS_getpid, "getpid" },
    { SYS_gettid, "gettid" },
    { SYS_futex, "futex" },
    { SYS_poll, "poll" },
    { SYS_select, "select" },
    { SYS_epoll_wait, "epoll_wait" },
    { SYS_open, "open" },
    { SYS_readlink, "readlink" },
};

const char *
count_name(unsigned number)
{
    static char digits[16];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].number == number)
            return names[i].name;
    snprintf(digits, sizeof(digits), "call %u", number);
    return digits;
}
