/* users.c - names of users and groups for the static binary. glibc answers these two from shared
 * objects, which such a binary must not need; here the files in /etc are the only source. The
 * linker takes these instead of libc's, so callers are the same. */
#define _GNU_SOURCE 1
#include <grp.h>
#include <pwd.h>
#include <stdio.h>

struct passwd *
getpwuid(uid_t id)
{
    FILE *file = fopen("/etc/passwd", "re");
    struct passwd *entry = NULL;

    while (file != NULL && (entry = fgetpwent(file)) != NULL && entry->pw_uid != id)
        continue;
    if (file != NULL)
        fclose(file);
    return entry;
}

struct group *
getgrgid(gid_t id)
{
    FILE *file = fopen("/etc/group", "re");
    struct group *entry = NULL;

    while (file != NULL && (entry = fgetgrent(file)) != NULL && entry->gr_gid != id)
        continue;
    if (file != NULL)
        fclose(file);
    return entry;
}
