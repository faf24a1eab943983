/* host.c - the machine as a whole: opening, closing, its table of operations. */
#define _GNU_SOURCE 1
#include "stub/host/internal.h"

#include <stdlib.h>

#define ALL_BUT_SHELL                                                                             \
    .find_processes = host_find_processes, .next_process = host_next_process,                     \
    .process = host_process, .user_name = host_user_name, .group_name = host_group_name,          \
    .make_directory = host_make_directory, .change_mode = host_change_mode,                       \
    .make_link = host_make_link, .md5 = host_md5, .module = host_module,                          \
    .complete = host_complete

const struct stub_host host_operations = { ALL_BUT_SHELL, .shell = host_shell };
const struct stub_host host_without_shell = { ALL_BUT_SHELL };

struct host *
host_open(void)
{
    return calloc(1, sizeof(struct host));
}

void
host_close(struct host *host)
{
    if (host == NULL)
        return;
    host_forget_processes(host);
    host_forget_completions(host);
    free(host);
}
