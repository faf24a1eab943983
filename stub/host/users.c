/* users.c - names of users and groups. */
#define _GNU_SOURCE 1
#include "stub/host/internal.h"

#include <grp.h>
#include <pwd.h>

#include <bsd/string.h>

int
host_user_name(void *object, uint32_t id, const char **name)
{
    struct host *host = object;
    const struct passwd *user = getpwuid(id);

    if (user == NULL)
        return -STUB_ENOENT;
    strlcpy(host->name, user->pw_name, sizeof(host->name));
    *name = host->name;
    return 0;
}

int
host_group_name(void *object, uint32_t id, const char **name)
{
    struct host *host = object;
    const struct group *group = getgrgid(id);

    if (group == NULL)
        return -STUB_ENOENT;
    strlcpy(host->name, group->gr_name, sizeof(host->name));
    *name = host->name;
    return 0;
}
