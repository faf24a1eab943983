/* surroundings.c - what a launched program finds: environment, directory, files, as the client
 * set them. */
#define _GNU_SOURCE 1
#include "stub/live/launch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    EDITS_MAX = 4096, /* of the environment, and their bytes */
    EDIT_BYTES_MAX = 1024 * 1024
};

static size_t
name_length(const char *edit)
{
    return strcspn(edit, "=");
}

static bool
same_name(const char *a, const char *b)
{
    size_t n = name_length(a);
    return n == name_length(b) && memcmp(a, b, n) == 0;
}

char **
live_environment(const struct launch *launch)
{
    size_t count = 0, n = 0;

    while (environ[count] != NULL)
        count++;
    char **list = calloc(count + launch->edit_count + 1, sizeof(*list));
    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        bool edited = false;
        for (size_t k = 0; k < launch->edit_count; k++)
            edited |= same_name(environ[i], launch->edits[k]);
        if (!edited)
            list[n++] = environ[i];
    }
    for (size_t k = 0; k < launch->edit_count; k++) {
        if (strchr(launch->edits[k], '=') != NULL)
            list[n++] = launch->edits[k];
    }
    return list;
}

/* The place of the edit with that name, or one behind the others; NULL: no memory. */
static char **
place_of_edit(struct launch *l, const char *edit)
{
    for (size_t i = 0; i < l->edit_count; i++) {
        if (same_name(l->edits[i], edit))
            return &l->edits[i];
    }
    char **edits = reallocarray(l->edits, l->edit_count + 1, sizeof(*edits));
    if (edits == NULL)
        return NULL;
    l->edits = edits;
    l->edits[l->edit_count] = NULL;
    return &l->edits[l->edit_count];
}

static int
edit_environment(struct live *live, const char *edit)
{
    struct launch *l = &live->launch;
    char **place = place_of_edit(l, edit);

    if (place == NULL)
        return -STUB_ENOMEM;
    size_t bytes = strlen(edit) + 1, old = *place != NULL ? strlen(*place) + 1 : 0;
    if ((old == 0 && l->edit_count == EDITS_MAX) || bytes > EDIT_BYTES_MAX - (l->edit_bytes - old))
        return live_fail(live, STUB_ENOSPC,
                         "the environment has %zu changes of %zu bytes already; take them back "
                         "(QEnvironmentReset)",
                         l->edit_count, l->edit_bytes);
    char *copy = strdup(edit);
    if (copy == NULL)
        return -STUB_ENOMEM;
    free(*place);
    *place = copy;
    l->edit_count += old == 0;
    l->edit_bytes += bytes - old;
    return 0;
}

static void
forget_edits(struct launch *l)
{
    for (size_t i = 0; i < l->edit_count; i++)
        free(l->edits[i]);
    free(l->edits);
    l->edits = NULL;
    l->edit_count = l->edit_bytes = 0;
}

static int
set_text(char **place, const char *text)
{
    char *copy = text[0] != '\0' ? strdup(text) : NULL;

    if (text[0] != '\0' && copy == NULL)
        return -STUB_ENOMEM;
    free(*place);
    *place = copy;
    return 0;
}

/* "~" and "~/..." are the server's own home, as a shell has it. */
static int
set_directory(struct launch *l, const char *text)
{
    const char *home = getenv("HOME");
    char path[PATH_MAX];

    if (text[0] != '~' || home == NULL || (text[1] != '/' && text[1] != '\0'))
        return set_text(&l->directory, text);
    if (snprintf(path, sizeof(path), "%s%s", home, text + 1) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    return set_text(&l->directory, path);
}

int
live_launch_option(void *target, enum stub_launch_option option, const char *text)
{
    struct live *live = target;
    struct launch *l = &live->launch;

    switch (option) {
    case STUB_ENV_SET:
        return strchr(text, '=') > text ? edit_environment(live, text) : -STUB_EINVAL;
    case STUB_ENV_UNSET:
        return text[0] != '\0' && strchr(text, '=') == NULL ? edit_environment(live, text)
                                                            : -STUB_EINVAL;
    case STUB_ENV_RESET:
        forget_edits(l);
        return 0;
    case STUB_DIRECTORY:
        return set_directory(l, text);
    case STUB_RANDOMIZE:
        l->randomize = text[0] == '1';
        return 0;
    case STUB_STDIN:
        return set_text(&l->files[0], text);
    case STUB_STDOUT:
        return set_text(&l->files[1], text);
    case STUB_STDERR:
        return set_text(&l->files[2], text);
    case STUB_SHELL:
        l->shell = text[0] == '1';
        return 0;
    case STUB_DETACH_ON_ERROR:
        return 0;
    }
    return -STUB_EINVAL;
}

void
live_free_strings(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        free(list[i]);
    free(list);
}

void
live_launch_free(struct live *live)
{
    struct launch *l = &live->launch;

    forget_edits(l);
    free(l->directory);
    for (size_t i = 0; i < 3; i++)
        free(l->files[i]);
    live_free_strings(l->argv);
    free(l->text);
    memset(l, 0, sizeof(*l));
}
