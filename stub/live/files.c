/* files.c - files of this machine for the client: at most LIVE_FILES at a time, as the user's own
 * rights allow, in the file system that a process sees (GDB manual, vFile:setfs). */
#define _GNU_SOURCE 1
#include "stub/live/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- whose file system ---- */

static bool
sees_what_we_see(int64_t pid)
{
    char path[64];
    struct stat ours, theirs;

    snprintf(path, sizeof(path), "/proc/%lld/ns/mnt", (long long)pid);
    if (stat("/proc/self/ns/mnt", &ours) != 0 || stat(path, &theirs) != 0 ||
        ours.st_ino != theirs.st_ino)
        return false;
    snprintf(path, sizeof(path), "/proc/%lld/root", (long long)pid);
    return stat("/", &ours) == 0 && stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino &&
           ours.st_dev == theirs.st_dev;
}

static void
leave_root(struct live *live)
{
    if (live->files_root >= 0)
        close(live->files_root);
    live->files_root = -1;
}

static int
set_root(void *target, int64_t pid)
{
    struct live *live = target;
    char path[64];
    int fd = -1;

    if (pid < 0 || pid > INT32_MAX)
        return -EINVAL;
    if (pid != 0 && !sees_what_we_see(pid)) {
        snprintf(path, sizeof(path), "/proc/%lld/root", (long long)pid);
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            return -errno;
    }
    leave_root(live);
    live->files_root = fd;
    return 0;
}

/* Opens a path inside files_root; links there stay inside too. -errno on failure. */
static int
open_inside(const struct live *live, const char *path, int flags, unsigned mode)
{
    struct open_how how = { .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
                            .mode = (flags & O_CREAT) != 0 ? mode : 0,
                            .resolve = RESOLVE_IN_ROOT };
    long fd = syscall(SYS_openat2, live->files_root, path, &how, sizeof(how));

    return fd < 0 ? -errno : (int)fd;
}

/* /proc/PID/exe and maps name the files of a process behind chroot from our root, its own link map
 * from its root, and a client asks with both. What a name from our root is in files_root, or NULL
 * when it leads elsewhere; a root in another mount namespace has no name here ("/"). */
static const char *
name_inside(const struct live *live, const char *path)
{
    char link[64], root[PATH_MAX];
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", live->files_root);
    n = readlink(link, root, sizeof(root));
    if (n <= 1 || (size_t)n == sizeof(root) || strncmp(path, root, (size_t)n) != 0)
        return NULL;
    return path[n] == '/' ? path + n : NULL;
}

/* Opens a path where root() said. -errno on failure. */
static int
open_there(const struct live *live, const char *path, int flags, unsigned mode)
{
    const char *inside;
    int fd;

    if (live->files_root < 0) {
        fd = open(path, flags | O_CLOEXEC, mode);
        return fd < 0 ? -errno : fd;
    }
    fd = open_inside(live, path, flags, mode);
    inside = fd == -ENOENT ? name_inside(live, path) : NULL;
    return inside == NULL ? fd : open_inside(live, inside, flags, mode);
}

/* ---- descriptors ---- */

static int
flags_of(unsigned wire)
{
    int flags = (wire & STUB_OPEN_BOTH) != 0    ? O_RDWR
                : (wire & STUB_OPEN_WRITE) != 0 ? O_WRONLY
                                                : O_RDONLY;

    flags |= (wire & STUB_OPEN_APPEND) != 0 ? O_APPEND : 0;
    flags |= (wire & STUB_OPEN_CREATE) != 0 ? O_CREAT : 0;
    flags |= (wire & STUB_OPEN_TRUNCATE) != 0 ? O_TRUNC : 0;
    flags |= (wire & STUB_OPEN_EXCLUSIVE) != 0 ? O_EXCL : 0;
    return flags;
}

/* A device or a pipe may block for ever, so only what has contents is served. */
static int
has_contents(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return -errno;
    return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? 0 : -EACCES;
}

/* Looks before it opens, because opening alone does something to a device (a watchdog starts, a
 * tape winds back). 0 also for what is not there yet. */
static int
may_open(const struct live *live, const char *path)
{
    int fd = open_there(live, path, O_PATH, 0), r;

    if (fd < 0)
        return fd == -ENOENT ? 0 : fd;
    r = has_contents(fd);
    close(fd);
    return r;
}

static int
open_file(void *target, const char *path, unsigned flags, unsigned mode)
{
    struct live *live = target;
    int slot = 0, fd, r;

    while (slot < LIVE_FILES && live->files[slot] >= 0)
        slot++;
    if (slot == LIVE_FILES)
        return -EMFILE;
    r = may_open(live, path);
    if (r != 0)
        return r;
    fd = open_there(live, path, flags_of(flags) | O_NOCTTY | O_NONBLOCK, mode);
    if (fd < 0)
        return fd;
    r = has_contents(fd);
    if (r != 0) {
        close(fd);
        return r;
    }
    live->files[slot] = fd;
    return slot;
}

/* The descriptor behind the client's number, or -EBADF. */
static int
fd_of(const struct live *live, int number)
{
    if (number < 0 || number >= LIVE_FILES || live->files[number] < 0)
        return -EBADF;
    return live->files[number];
}

static int
close_file(void *target, int number)
{
    struct live *live = target;
    int fd = fd_of(live, number);

    if (fd < 0)
        return fd;
    live->files[number] = -1;
    return close(fd) == 0 ? 0 : -errno;
}

/* What a read or a write came to. */
static int
moved(ssize_t n, size_t *done)
{
    *done = n < 0 ? 0 : (size_t)n;
    return n < 0 ? -errno : 0;
}

static int
read_file(void *target, int number, uint64_t offset, void *buffer, size_t size, size_t *done)
{
    int fd = fd_of(target, number);

    return fd < 0 ? fd : moved(pread(fd, buffer, size, (off_t)offset), done);
}

static int
write_file(void *target, int number, uint64_t offset, const void *bytes, size_t size, size_t *done)
{
    int fd = fd_of(target, number);

    return fd < 0 ? fd : moved(pwrite(fd, bytes, size, (off_t)offset), done);
}

/* ---- what a file is, and its name ---- */

static int
copy_stat(int fd, struct stub_file_stat *to)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return -errno;
    *to = (struct stub_file_stat){ .dev = st.st_dev,
                                   .ino = st.st_ino,
                                   .rdev = st.st_rdev,
                                   .size = (uint64_t)st.st_size,
                                   .block_size = (uint64_t)st.st_blksize,
                                   .blocks = (uint64_t)st.st_blocks,
                                   .mode = st.st_mode,
                                   .links = (uint32_t)st.st_nlink,
                                   .uid = st.st_uid,
                                   .gid = st.st_gid,
                                   .atime = st.st_atime,
                                   .mtime = st.st_mtime,
                                   .ctime = st.st_ctime };
    return 0;
}

static int
stat_file(void *target, int number, struct stub_file_stat *st)
{
    int fd = fd_of(target, number);

    return fd < 0 ? fd : copy_stat(fd, st);
}

static int
stat_path(void *target, const char *path, bool follow, struct stub_file_stat *st)
{
    int fd = open_there(target, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0), r;

    if (fd < 0)
        return fd;
    r = copy_stat(fd, st);
    close(fd);
    return r;
}

/* Names are taken away only in our own file system. */
static int
unlink_path(void *target, const char *path)
{
    struct live *live = target;

    if (live->files_root >= 0)
        return -ENOSYS;
    return unlink(path) == 0 ? 0 : -errno;
}

static int
read_link(void *target, const char *path, char *buffer, size_t size, size_t *done)
{
    int fd = open_there(target, path, O_PATH | O_NOFOLLOW, 0);
    ssize_t n;
    int r;

    if (fd < 0)
        return fd;
    n = readlinkat(fd, "", buffer, size);
    r = n >= 0 ? 0 : errno == ENOENT ? -EINVAL : -errno; /* the kernel's word for "no link" here */
    *done = n < 0 ? 0 : (size_t)n;
    close(fd);
    return r;
}

void
live_files_begin(struct live *live)
{
    for (int i = 0; i < LIVE_FILES; i++)
        live->files[i] = -1;
    live->files_root = -1;
}

void
live_files_close(struct live *live)
{
    for (int i = 0; i < LIVE_FILES; i++)
        close_file(live, i);
    leave_root(live);
}

const struct stub_files live_files = {
    .root = set_root,
    .open = open_file,
    .close = close_file,
    .read = read_file,
    .write = write_file,
    .stat = stat_file,
    .stat_path = stat_path,
    .unlink = unlink_path,
    .readlink = read_link,
};
