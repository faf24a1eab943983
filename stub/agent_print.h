/* agent_print.h - printf of agent expressions, for agent.c alone. */
#ifndef STUB_AGENT_PRINT_H
#define STUB_AGENT_PRINT_H

#include "stub/agent.h"

/* Prints as C's printf does, integers, characters, pointers and strings of the target's; the
 * format has its escapes still in it, as C source has them. args points at the first of `count`
 * arguments, the others lie below it. False when it asks for what is not there (too many
 * arguments, floating point, unreadable text) or the steps are used up. */
bool stub_agent_print(struct stub_agent *a, struct rsp_in format, const uint64_t *args,
                      unsigned count);

#endif
