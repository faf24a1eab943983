/* osdata.h - what the makers of the lists of osdata.c share.
 *
 * A list is written down once, as a stream of strings, and kept until the client has all of it:
 * for each item its columns, a name and a value each, then an empty name. */
#ifndef STUBBORN_LIVE_OSDATA_H
#define STUBBORN_LIVE_OSDATA_H

#include <stdio.h>
#include <sys/types.h>

/* Adds a column to the item under way; ends the item. */
void live_osdata_put(FILE *list, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void live_osdata_end(FILE *list);

/* Words for numbers; good until the next call. The number itself where it has no name. */
const char *live_osdata_user(uid_t uid);
const char *live_osdata_group(gid_t gid);
const char *live_osdata_command(pid_t pid); /* as /proc/PID/comm has it */

/* Each writes one whole list. */
void live_osdata_processes(FILE *list);
void live_osdata_groups(FILE *list);
void live_osdata_threads(FILE *list);
void live_osdata_files(FILE *list);
void live_osdata_sockets(FILE *list);

#endif
