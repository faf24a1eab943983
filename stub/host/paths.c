/* paths.c - directories, rights and links made for a client, and the rest of a path it began. */
#define _GNU_SOURCE 1
#include "stub/host/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One that is there already is as good: lldb makes its working directory each time. */
int
host_make_directory(void *host, const char *path, unsigned mode)
{
    struct stat st;
    int error = mkdir(path, mode) == 0 ? 0 : errno;

    (void)host;
    if (error == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return 0;
    return -error;
}

int
host_change_mode(void *host, const char *path, unsigned mode)
{
    (void)host;
    return chmod(path, mode) == 0 ? 0 : -errno;
}

int
host_make_link(void *host, const char *path, const char *leads_to)
{
    (void)host;
    return symlink(leads_to, path) == 0 ? 0 : -errno;
}

/* ---- completion ---- */

void
host_forget_completions(struct host *host)
{
    for (size_t i = 0; i < host->completion_count; i++)
        free(host->completions[i]);
    free(host->completions);
    host->completions = NULL;
    host->completion_count = 0;
}

/* The path in the client's own words: what it typed up to the last '/', and the name. */
static void
add_completion(struct host *host, const char *begin, size_t directory, const char *name,
               bool only_directories)
{
    char path[PATH_MAX];
    struct stat st;
    bool is_directory;

    if (snprintf(path, sizeof(path), "%.*s%s", (int)directory, begin, name) >= PATH_MAX - 1)
        return;
    is_directory = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    if (only_directories && !is_directory)
        return;
    if (is_directory)
        strcat(path, "/");
    host->completions[host->completion_count] = strdup(path);
    if (host->completions[host->completion_count] != NULL)
        host->completion_count++;
}

/* Hidden names only when their dot was typed. */
static bool
continues(const char *name, const char *typed)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    return strncmp(name, typed, strlen(typed)) == 0 && (name[0] != '.' || typed[0] == '.');
}

static void
find_completions(struct host *host, const char *begin, bool only_directories)
{
    const char *slash = strrchr(begin, '/');
    size_t directory = slash != NULL ? (size_t)(slash - begin) + 1 : 0;
    char path[PATH_MAX];
    struct dirent *entry;
    DIR *dir;

    host->completions = calloc(HOST_COMPLETIONS_MAX, sizeof(*host->completions));
    snprintf(path, sizeof(path), "%.*s", (int)directory, directory > 0 ? begin : ".");
    dir = host->completions != NULL ? opendir(directory > 0 ? path : ".") : NULL;
    while (dir != NULL && host->completion_count < HOST_COMPLETIONS_MAX &&
           (entry = readdir(dir)) != NULL)
        if (continues(entry->d_name, begin + directory))
            add_completion(host, begin, directory, entry->d_name, only_directories);
    if (dir != NULL)
        closedir(dir);
}

int
host_complete(void *object, const char *begin, bool only_directories, unsigned index,
              const char **path)
{
    struct host *host = object;

    if (index == 0) {
        host_forget_completions(host);
        find_completions(host, begin, only_directories);
    }
    if (index >= host->completion_count)
        return 0;
    *path = host->completions[index];
    return 1;
}
