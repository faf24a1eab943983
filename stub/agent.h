/* agent.h - agent expressions: the conditions and commands that gdb hands over with a breakpoint
 * (GDB manual, "The GDB Agent Expression Mechanism").
 *
 * For targets: an interpreter without allocation that ends after a bounded number of steps
 * whatever the bytes say. Trace state variables, trace frames and floating point are refused. */
#ifndef STUBBORN_AGENT_H
#define STUBBORN_AGENT_H

#include "arch/arch.h"
#include "rsp/rsp.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    STUB_AGENT_STACK = 64,    /* values on the stack at most */
    STUB_AGENT_STEPS = 10000, /* what a target gives one hit of a breakpoint */
    STUB_AGENT_TEXT = 4096    /* bytes that one %s reads at most */
};

/* What an expression is evaluated over; the caller's, good for as long as it runs. */
struct stub_agent {
    const struct arch *arch;   /* its byte order is the target's */
    struct arch_memory memory; /* a late answer counts as unreadable */
    /* Value of the register with that number of target.xml; false: not to be had. */
    bool (*get_register)(void *context, unsigned number, uint64_t *value);
    /* Takes what printf prints, piece by piece. NULL: printf is refused. */
    void (*print)(void *context, const char *text, size_t n);
    void *context;
    unsigned steps; /* still allowed; each bytecode takes one, and every eight bytes printed */
};

/* Evaluates one expression. True: it reached its end, and *value is the top of the stack (0 when
 * the stack is empty and value is not NULL: that is an error). False: it cannot be evaluated.
 * value is NULL for commands, whose result nobody wants. */
bool stub_agent_run(struct stub_agent *a, struct rsp_in code, uint64_t *value);

/* Lists, as struct stub_point has them: each expression behind its length in two bytes, the high
 * one first. next takes one; false at the end, and when the length lies. */
bool stub_agent_next(struct rsp_in *list, struct rsp_in *code);
/* True when one of the conditions holds, when one cannot be evaluated, and when there is none. */
bool stub_agent_holds(struct stub_agent *a, struct rsp_in list);
/* Runs the commands in order, up to the first that cannot be run. */
bool stub_agent_do(struct stub_agent *a, struct rsp_in list);

#ifdef __cplusplus
}
#endif
#endif
