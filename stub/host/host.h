/* host.h - the machine that the server runs on, for clients that ask about it: processes, users,
 * directories, modules, a shell (struct stub_host of stub/target.h).
 *
 * Nothing here knows what is debugged. Each session opens its own struct host; all calls on one
 * come from one thread. */
#ifndef STUBBORN_HOST_H
#define STUBBORN_HOST_H

#include "stub/target.h"

struct host;

/* The operations; their object is a struct host *. The second has no shell in it. */
extern const struct stub_host host_operations;
extern const struct stub_host host_without_shell;

/* NULL when memory is short. */
struct host *host_open(void);
void host_close(struct host *host);

#endif
