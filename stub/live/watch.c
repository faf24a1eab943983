/* watch.c - watchpoints by stepping and comparing, where debug registers do not fire.
 *
 * While there is one, every thread runs by single steps (resume.c), and after each the watched
 * bytes are compared. Reads cannot be seen that way. */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <stdlib.h>
#include <string.h>

int
live_watch_insert(struct process *p, struct point *w)
{
    uint32_t size = w->wish.kind;

    if (w->wish.type != STUB_POINT_WRITE)
        return -STUB_ENOTSUP;
    if (size == 0)
        return -STUB_EINVAL;
    if (size > LIVE_SOFT_WATCH_MAX)
        return live_fail(p->live, STUB_ENOSPC, "at most %d bytes can be watched at once",
                         (int)LIVE_SOFT_WATCH_MAX);
    w->contents = malloc(size);
    if (w->contents == NULL)
        return -STUB_ENOMEM;
    if (!live_read_all(p, w->wish.address, w->contents, size)) {
        free(w->contents);
        return live_fail(p->live, STUB_EFAULT, "nothing can be read at 0x%llx",
                         (unsigned long long)w->wish.address);
    }
    p->soft_watches++;
    return 0;
}

void
live_watch_refresh(struct process *p)
{
    struct point *w;

    TAILQ_FOREACH (w, &p->points, next) {
        if (w->contents != NULL)
            live_read_all(p, w->wish.address, w->contents, w->wish.kind);
    }
}

struct point *
live_watch_changed(struct process *p)
{
    uint8_t now[LIVE_SOFT_WATCH_MAX];
    struct point *w;

    TAILQ_FOREACH (w, &p->points, next) {
        if (w->contents == NULL || !live_read_all(p, w->wish.address, now, w->wish.kind))
            continue;
        if (memcmp(now, w->contents, w->wish.kind) != 0) {
            memcpy(w->contents, now, w->wish.kind);
            return w;
        }
    }
    return NULL;
}
