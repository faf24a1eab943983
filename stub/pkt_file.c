/* pkt_file.c - vFile: files of the machine that the server runs on, for both debuggers
 * (GDB manual, "Host I/O Packets"; LLDB's docs/resources/lldbplatformpackets.md). */
#include "stub/engine.h"

#include <string.h>

/* ---- replies: F result [, errno] [; attachment] ---- */

/* The protocol has errno numbers of its own (GDB manual, "Errno Values"): these of Linux's, two
 * more under other numbers, and one for all that it does not know. */
static unsigned
wire_errno(int number)
{
    enum { LINUX_ENAMETOOLONG = 36, LINUX_ENOSYS = 38 };
    enum { WIRE_ENOSYS = 88, WIRE_ENAMETOOLONG = 91, WIRE_EUNKNOWN = 9999 };
    static const uint8_t alike[] = { 1,  2,  4,  5,  9,  13, 14, 16, 17, 19,
                                     20, 21, 22, 23, 24, 27, 28, 29, 30 };

    if (number == LINUX_ENAMETOOLONG)
        return WIRE_ENAMETOOLONG;
    if (number == LINUX_ENOSYS)
        return WIRE_ENOSYS;
    for (size_t i = 0; i < sizeof(alike); i++)
        if (alike[i] == number)
            return alike[i];
    return WIRE_EUNKNOWN;
}

/* result is what an operation said: a number for the client, or -errno. */
static int
say(struct rsp_out *out, int result)
{
    if (result == STUB_LATER)
        return result;
    if (result < 0) {
        rsp_put_text(out, "F-1,");
        rsp_put_hex(out, wire_errno(-result));
    } else {
        rsp_put(out, 'F');
        rsp_put_hex(out, (uint64_t)result);
    }
    return PKT_DONE;
}

/* An attachment's length stands before it and is known after it: digits are kept for the longest
 * that it may have, and what follows moves up in the rare case that fewer are needed. */
enum { LENGTH_DIGITS = 8, ATTACHMENT = 1 + LENGTH_DIGITS + 1 };

static size_t
hex_digits(uint64_t v)
{
    size_t n = 1;

    while ((v >>= 4) != 0)
        n++;
    return n;
}

/* The n bytes at the end of out's room go out escaped, as many as fit. */
static int
say_attachment(struct rsp_out *out, const uint8_t *bytes, size_t n)
{
    struct rsp_out start = *out;
    size_t written, data, spare;

    rsp_put(out, 'F');
    rsp_put_hex_wide(out, 0, (unsigned)hex_digits(n));
    rsp_put(out, ';');
    data = out->len;
    written = rsp_put_escaped_some(out, bytes, n);
    spare = hex_digits(n) - hex_digits(written);
    memmove(out->buf + data - spare, out->buf + data, spare > 0 ? out->len - data : 0);
    out->len -= spare;
    rsp_put(&start, 'F');
    rsp_put_hex(&start, written);
    rsp_put(&start, ';');
    return PKT_DONE;
}

/* ---- arguments ---- */

static void *
files_object(const struct engine *s)
{
    return HAS(s, files_object) ? s->target->files_object : s->object;
}

/* A path in hex, into the end of the reply's room, which is whole again for the reply. NULL:
 * malformed, empty or too long. */
static const char *
take_path(struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_out room = *out;
    const char *path = stub_take_text(in, &room);

    return path != NULL && path[0] != '\0' ? path : NULL;
}

static int
take_fd(struct rsp_in *in)
{
    uint64_t fd = rsp_take_hex(in);

    return fd > INT_MAX ? INT_MAX : (int)fd;
}

/* ---- descriptors ---- */

static int
set_root(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    uint64_t pid;

    rsp_take(in, ':');
    pid = rsp_take_hex(in);
    if (!rsp_take_end(in) || pid > INT64_MAX)
        return PKT_BAD;
    return say(out, s->target->files->root(files_object(s), (int64_t)pid));
}

static int
open_file(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    const char *path;
    uint64_t flags, mode;

    rsp_take(in, ':');
    path = take_path(in, out);
    rsp_take(in, ',');
    flags = rsp_take_hex(in);
    rsp_take(in, ',');
    mode = rsp_take_hex(in);
    if (!rsp_take_end(in) || path == NULL)
        return PKT_BAD;
    return say(out, s->target->files->open(files_object(s), path, (unsigned)(flags & 0xffff),
                                           (unsigned)(mode & 0777)));
}

static int
close_file(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    int fd;

    rsp_take(in, ':');
    fd = take_fd(in);
    if (!rsp_take_end(in))
        return PKT_BAD;
    return say(out, s->target->files->close(files_object(s), fd));
}

static int
read_file(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    size_t room = rsp_out_room(out) - ATTACHMENT, n = 0;
    uint64_t count, offset;
    uint8_t *end = out->buf + out->cap;
    int fd, r;

    rsp_take(in, ':');
    fd = take_fd(in);
    rsp_take(in, ',');
    count = rsp_take_hex(in);
    rsp_take(in, ',');
    offset = rsp_take_hex(in);
    if (!rsp_take_end(in))
        return PKT_BAD;
    if (count > room)
        count = room;
    r = s->target->files->read(files_object(s), fd, offset, end - count, (size_t)count, &n);
    if (r != 0)
        return say(out, r);
    if (n < count)
        memmove(end - n, end - count, n);
    return say_attachment(out, end - n, n);
}

static int
write_file(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_in bytes;
    uint64_t offset;
    size_t done = 0;
    int fd, r;

    rsp_take(in, ':');
    fd = take_fd(in);
    rsp_take(in, ',');
    offset = rsp_take_hex(in);
    rsp_take(in, ',');
    bytes = rsp_take_rest(in);
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = s->target->files->write(files_object(s), fd, offset, bytes.p, rsp_left(&bytes), &done);
    return say(out, r != 0 ? r : (int)done);
}

/* ---- what a file is ---- */

static void
put_big(uint8_t *to, uint64_t v, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(v >> (8 * (size - 1 - i)));
}

/* struct stat as the protocol lays it out, big-endian (GDB manual, "struct stat"). */
static int
say_stat(struct rsp_out *out, const struct stub_file_stat *stat)
{
    enum { STAT_SIZE = 64 };
    uint8_t *to = out->buf + out->cap - STAT_SIZE;

    put_big(to, stat->dev, 4);
    put_big(to + 4, stat->ino, 4);
    put_big(to + 8, stat->mode, 4);
    put_big(to + 12, stat->links, 4);
    put_big(to + 16, stat->uid, 4);
    put_big(to + 20, stat->gid, 4);
    put_big(to + 24, stat->rdev, 4);
    put_big(to + 28, stat->size, 8);
    put_big(to + 36, stat->block_size, 8);
    put_big(to + 44, stat->blocks, 8);
    put_big(to + 52, (uint64_t)stat->atime, 4);
    put_big(to + 56, (uint64_t)stat->mtime, 4);
    put_big(to + 60, (uint64_t)stat->ctime, 4);
    return say_attachment(out, to, STAT_SIZE);
}

static int
stat_fd(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_file_stat stat;
    int fd, r;

    rsp_take(in, ':');
    fd = take_fd(in);
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = s->target->files->stat(files_object(s), fd, &stat);
    return r != 0 ? say(out, r) : say_stat(out, &stat);
}

/* Takes a path and looks: 0, -errno, STUB_LATER or PKT_BAD. */
static int
look(struct engine *s, struct rsp_in *in, struct rsp_out *out, bool follow,
     struct stub_file_stat *stat)
{
    const char *path;

    rsp_take(in, ':');
    path = take_path(in, out);
    if (!rsp_take_end(in) || path == NULL)
        return PKT_BAD;
    return s->target->files->stat_path(files_object(s), path, follow, stat);
}

/* gdb 16's own server looks at the link itself, and that gdb goes on to a build-id's next file
 * only when a link that leads nowhere is there. Newer ones have vFile:lstat for it. */
static bool
means_link(const struct engine *s)
{
    return (s->client & CLIENT_ERROR_MESSAGE) != 0 && (s->client & CLIENT_ONE_ARGUMENT) == 0;
}

static int
stat_path(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_file_stat stat;
    int r = look(s, in, out, !means_link(s), &stat);

    if (r == PKT_BAD)
        return r;
    return r != 0 ? say(out, r) : say_stat(out, &stat);
}

static int
stat_link(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_file_stat stat;
    int r = look(s, in, out, false, &stat);

    if (r == PKT_BAD)
        return r;
    return r != 0 ? say(out, r) : say_stat(out, &stat);
}

/* lldb: the size, 64 bits of it. lldb 19 takes F-1 for a file of no bytes; an error reply, which
 * is what lldb-server gives, it understands. */
static int
say_size(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_file_stat stat;
    int r = look(s, in, out, true, &stat);

    if (r != 0)
        return r;
    rsp_put(out, 'F');
    rsp_put_hex(out, stat.size);
    return PKT_DONE;
}

/* lldb: the permission bits. */
static int
say_mode(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_file_stat stat;
    int r = look(s, in, out, true, &stat);

    if (r != 0)
        return r == PKT_BAD ? r : say(out, r);
    return say(out, (int)(stat.mode & 07777));
}

/* lldb: F,1 or F,0. */
static int
say_exists(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_file_stat stat;
    int r = look(s, in, out, true, &stat);

    if (r == PKT_BAD || r == STUB_LATER)
        return r;
    rsp_put_text(out, r == 0 ? "F,1" : "F,0");
    return PKT_DONE;
}

/* ---- names ---- */

static int
remove_file(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    const char *path;

    rsp_take(in, ':');
    path = take_path(in, out);
    if (!rsp_take_end(in) || path == NULL)
        return PKT_BAD;
    return say(out, s->target->files->unlink(files_object(s), path));
}

/* The path is at the end of the room, so what it leads to is read to its start. */
static int
read_link(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    uint8_t *start = out->buf + out->len;
    const char *path;
    size_t n = 0;
    int r;

    rsp_take(in, ':');
    path = take_path(in, out);
    if (!rsp_take_end(in) || path == NULL)
        return PKT_BAD;
    r = s->target->files->readlink(files_object(s), path, (char *)start,
                                   (size_t)((const uint8_t *)path - start), &n);
    if (r != 0)
        return say(out, r);
    memmove(out->buf + out->cap - n, start, n);
    return say_attachment(out, out->buf + out->cap - n, n);
}

static const struct stub_row rows[] = {
    { "vFile:setfs", set_root, NEEDS(files), ROW_IDLE },
    { "vFile:open", open_file, NEEDS(files), ROW_IDLE },
    { "vFile:close", close_file, NEEDS(files), ROW_IDLE },
    { "vFile:pread", read_file, NEEDS(files), ROW_IDLE },
    { "vFile:pwrite", write_file, NEEDS(files), ROW_IDLE },
    { "vFile:fstat", stat_fd, NEEDS(files), ROW_IDLE },
    { "vFile:stat", stat_path, NEEDS(files), ROW_IDLE },
    { "vFile:lstat", stat_link, NEEDS(files), ROW_IDLE },
    { "vFile:size", say_size, NEEDS(files), ROW_IDLE },
    { "vFile:mode", say_mode, NEEDS(files), ROW_IDLE },
    { "vFile:exists", say_exists, NEEDS(files), ROW_IDLE },
    { "vFile:unlink", remove_file, NEEDS(files), ROW_IDLE },
    { "vFile:readlink", read_link, NEEDS(files), ROW_IDLE },
};
const struct stub_family stub_file_packets = FAMILY(rows);
