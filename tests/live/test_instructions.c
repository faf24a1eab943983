/* test_instructions.c - see instructions.h. */
#define _GNU_SOURCE 1
#include "tests/live/instructions.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

uint64_t
instructions_any(void)
{
    static uint64_t seed = 88172645463325252u;

    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(0x9e3779b97f4a7c15) >> 8;
}

pid_t
instructions_start(uint64_t address, size_t size, uint8_t **shared)
{
    void *wish = (void *)(uintptr_t)address;
    pid_t pid;
    int status;

    *shared = mmap(wish, size, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    ck_assert_ptr_eq(*shared, wish);
    pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        _exit(1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL);
    for (size_t i = 0; i < size; i++)
        (*shared)[i] = (uint8_t)instructions_any();
    return pid;
}

void
instructions_end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

int
instructions_step(pid_t pid, struct user_regs_struct *u)
{
    int status;

    ck_assert_int_eq(ptrace(PTRACE_SETREGS, pid, NULL, u), 0);
    ck_assert_int_eq(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSTOPPED(status));
    ck_assert_int_eq(ptrace(PTRACE_GETREGS, pid, NULL, u), 0);
    return WSTOPSIG(status);
}

void
instructions_describe(const uint8_t *code, char *text)
{
    for (unsigned i = 0; i < CODE_MAX; i++)
        text += sprintf(text, "%02x ", code[i]);
}

size_t
instructions_parse(const char *text, uint8_t *code)
{
    size_t n = 0;

    for (; *text != '\0'; text += text[2] == ' ' ? 3 : 2)
        code[n++] = (uint8_t)strtoul((char[]){ text[0], text[1], 0 }, NULL, 16);
    return n;
}
