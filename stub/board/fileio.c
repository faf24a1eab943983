/* fileio.c - the firmware's wishes for files, console and clock of the debugger's machine (GDB
 * manual, "File-I/O Remote Protocol Extension"). A wish enters the stub like a breakpoint; gdb
 * hears of it in place of a stop, reads and writes the memory that it names, and lets the firmware
 * go on with the result. */
#include "stub/board/internal.h"

/* The structures of the protocol: big-endian, without gaps. */
enum { STAT_SIZE = 64, TIME_SIZE = 12 };

static size_t
length_of(const char *text)
{
    size_t n = 0;

    while (text[n] != '\0')
        n++;
    return n;
}

/* ---- a wish in words: NAME,ARGUMENT,... ---- */

struct words {
    struct wish wish;
    struct rsp_out out;
};

static void
begin(struct words *w, const char *name)
{
    w->out = rsp_out_to((uint8_t *)w->wish.text, sizeof(w->wish.text));
    rsp_put_text(&w->out, name);
}

static void
put_number(struct words *w, uint64_t value)
{
    rsp_put(&w->out, ',');
    rsp_put_hex(&w->out, value);
}

static void
put_pointer(struct words *w, const void *p)
{
    put_number(w, (uint64_t)(uintptr_t)p);
}

/* ADDRESS/LENGTH, its NUL among it. NULL is 0/0. */
static void
put_string(struct words *w, const char *text)
{
    put_pointer(w, text);
    rsp_put(&w->out, '/');
    rsp_put_hex(&w->out, text != NULL ? length_of(text) + 1 : 0);
}

static int64_t
ask(struct words *w)
{
    struct board *b = stub_board_here;

    w->wish.size = w->out.len;
    w->wish.result = -STUB_BOARD_ENOSYS;
    if (b != NULL && stub_does_files(&b->stub))
        stub_board_ask(&w->wish);
    return w->wish.result;
}

/* NAME,FD[,POINTER,COUNT] */
static int64_t
ask_of(const char *name, int fd, const void *bytes, size_t size)
{
    struct words w;

    begin(&w, name);
    put_number(&w, (uint32_t)fd);
    if (bytes != NULL) {
        put_pointer(&w, bytes);
        put_number(&w, size);
    }
    return ask(&w);
}

static uint64_t
take(const uint8_t **from, unsigned size)
{
    uint64_t value = 0;

    while (size-- > 0)
        value = value << 8 | *(*from)++;
    return value;
}

/* ---- files ---- */

int
stub_board_file_open(const char *path, unsigned flags, unsigned mode)
{
    struct words w;

    begin(&w, "open");
    put_string(&w, path);
    put_number(&w, flags);
    put_number(&w, mode);
    return (int)ask(&w);
}

int
stub_board_file_close(int fd)
{
    return (int)ask_of("close", fd, NULL, 0);
}

int64_t
stub_board_file_read(int fd, void *buffer, size_t size)
{
    return ask_of("read", fd, buffer, size);
}

int64_t
stub_board_file_write(int fd, const void *bytes, size_t size)
{
    return ask_of("write", fd, bytes, size);
}

int64_t
stub_board_file_seek(int fd, int64_t offset, enum stub_board_whence whence)
{
    struct words w;

    begin(&w, "lseek");
    put_number(&w, (uint32_t)fd);
    rsp_put_text(&w.out, offset < 0 ? ",-" : ",");
    rsp_put_hex(&w.out, offset < 0 ? -(uint64_t)offset : (uint64_t)offset);
    put_number(&w, whence);
    return ask(&w);
}

/* One whose only argument is a text. */
static int
ask_with(const char *call, const char *text)
{
    struct words w;

    begin(&w, call);
    put_string(&w, text);
    return (int)ask(&w);
}

int
stub_board_file_rename(const char *from, const char *to)
{
    struct words w;

    begin(&w, "rename");
    put_string(&w, from);
    put_string(&w, to);
    return (int)ask(&w);
}

int
stub_board_file_unlink(const char *path)
{
    return ask_with("unlink", path);
}

static void
take_stat(const uint8_t *from, struct stub_file_stat *stat)
{
    stat->dev = take(&from, 4);
    stat->ino = take(&from, 4);
    stat->mode = (uint32_t)take(&from, 4);
    stat->links = (uint32_t)take(&from, 4);
    stat->uid = (uint32_t)take(&from, 4);
    stat->gid = (uint32_t)take(&from, 4);
    stat->rdev = take(&from, 4);
    stat->size = take(&from, 8);
    stat->block_size = take(&from, 8);
    stat->blocks = take(&from, 8);
    stat->atime = (int64_t)take(&from, 4);
    stat->mtime = (int64_t)take(&from, 4);
    stat->ctime = (int64_t)take(&from, 4);
}

/* The request, which has named the file already, and its answer. */
static int
ask_stat(struct words *w, struct stub_file_stat *stat)
{
    uint8_t bytes[STAT_SIZE];
    int64_t r;

    put_pointer(w, bytes);
    r = ask(w);
    if (r == 0)
        take_stat(bytes, stat);
    return (int)r;
}

int
stub_board_file_stat(const char *path, struct stub_file_stat *stat)
{
    struct words w;

    begin(&w, "stat");
    put_string(&w, path);
    return ask_stat(&w, stat);
}

int
stub_board_file_stat_of(int fd, struct stub_file_stat *stat)
{
    struct words w;

    begin(&w, "fstat");
    put_number(&w, (uint32_t)fd);
    return ask_stat(&w, stat);
}

int
stub_board_file_is_console(int fd)
{
    return (int)ask_of("isatty", fd, NULL, 0);
}

/* ---- and the rest of that machine ---- */

int64_t
stub_board_file_time(void)
{
    uint8_t bytes[TIME_SIZE];
    const uint8_t *from = bytes;
    struct words w;
    int64_t r;

    begin(&w, "gettimeofday");
    put_pointer(&w, bytes);
    put_pointer(&w, NULL);
    r = ask(&w);
    if (r != 0)
        return r;
    r = (int64_t)take(&from, 4) * 1000000;
    return r + (int64_t)take(&from, 8);
}

int
stub_board_file_system(const char *command)
{
    return ask_with("system", command);
}
