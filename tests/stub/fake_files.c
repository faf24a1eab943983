/* fake_files.c - the fake target's files: one, /f, of at most 32 bytes, and a link to it, /l. */
#include "tests/stub/fake_late.h"

#include <string.h>

static int
file_root(void *target, int64_t pid)
{
    struct fake *f = target;

    ASK(f, FILE_ROOT, pid, 0, 0);
    return pid == 0 || pid == FAKE_PID ? 0 : fake_fail(f, STUB_ESRCH, NULL);
}

bool
fake_is_file(const char *path)
{
    return strcmp(path, "/f") == 0 || strcmp(path, "/l") == 0;
}

static int
open_now(struct fake *f, const char *path, unsigned flags)
{
    if (!fake_is_file(path) || f->file_open)
        return fake_is_file(path) ? -24 : -STUB_ENOENT;
    if ((flags & STUB_OPEN_TRUNCATE) != 0)
        f->file_size = 0;
    f->file_open = true;
    return 3;
}

static int
file_open(void *target, const char *path, unsigned flags, unsigned mode)
{
    struct fake *f = target;

    DO(f, FILE_OPEN, fake_sum(path, strlen(path)), flags, mode, open_now(f, path, flags));
}

static int
close_now(struct fake *f, int fd)
{
    if (fd != 3 || !f->file_open)
        return -9;
    f->file_open = false;
    return 0;
}

static int
file_close(void *target, int fd)
{
    struct fake *f = target;

    DO(f, FILE_CLOSE, fd, 0, 0, close_now(f, fd));
}

static int
file_read(void *target, int fd, uint64_t offset, void *buffer, size_t size, size_t *done)
{
    struct fake *f = target;
    size_t left = offset < f->file_size ? f->file_size - (size_t)offset : 0;

    ASK(f, FILE_READ, fd, offset, size);
    if (fd != 3 || !f->file_open)
        return -9;
    *done = size < left ? size : left;
    memcpy(buffer, f->file + (left > 0 ? offset : 0), *done);
    return 0;
}

static int
write_file_now(struct fake *f, int fd, uint64_t offset, const void *bytes, size_t size)
{
    if (fd != 3 || !f->file_open)
        return -9;
    if (offset > sizeof(f->file) || size > sizeof(f->file) - offset)
        return -STUB_ENOSPC;
    memcpy(f->file + offset, bytes, size);
    if (offset + size > f->file_size)
        f->file_size = (size_t)offset + size;
    return 0;
}

static int
file_write(void *target, int fd, uint64_t offset, const void *bytes, size_t size, size_t *done)
{
    struct fake *f = target;

    *done = size;
    DO(f, FILE_WRITE, fd, offset, fake_sum(bytes, size),
       write_file_now(f, fd, offset, bytes, size));
}

static int
file_stat(void *target, int fd, struct stub_file_stat *stat)
{
    struct fake *f = target;

    ASK(f, FILE_STAT, fd, 0, 0);
    *stat = (struct stub_file_stat){ .mode = 0100644, .size = f->file_size, .mtime = 1 };
    return fd == 3 && f->file_open ? 0 : -9;
}

static int
file_stat_path(void *target, const char *path, bool follow, struct stub_file_stat *stat)
{
    struct fake *f = target;

    ASK(f, FILE_STAT_PATH, fake_sum(path, strlen(path)), follow, 0);
    *stat = (struct stub_file_stat){ .mode = 0100644, .size = f->file_size, .mtime = 1 };
    if (!follow && strcmp(path, "/l") == 0)
        stat->mode = 0120777;
    return fake_is_file(path) ? 0 : -STUB_ENOENT;
}

static int
file_unlink(void *target, const char *path)
{
    struct fake *f = target;

    DO(f, FILE_UNLINK, fake_sum(path, strlen(path)), 0, 0,
       fake_is_file(path) ? -30 : -STUB_ENOENT);
}

static int
file_readlink(void *target, const char *path, char *buffer, size_t size, size_t *done)
{
    struct fake *f = target;

    ASK(f, FILE_READLINK, fake_sum(path, strlen(path)), size, 0);
    if (strcmp(path, "/l") != 0 || size < 2)
        return fake_is_file(path) ? -STUB_EINVAL : -38;
    *done = 2;
    memcpy(buffer, "/f", 2);
    return 0;
}

const struct stub_files fake_files = {
    .root = file_root,
    .open = file_open,
    .close = file_close,
    .read = file_read,
    .write = file_write,
    .stat = file_stat,
    .stat_path = file_stat_path,
    .unlink = file_unlink,
    .readlink = file_readlink,
};
