/* pkt_lldb_file.c - what lldb does on the machine that the server runs on: directories, links and
 * sums of files, a shell (LLDB's docs/resources/lldbplatformpackets.md). vFile's others are
 * pkt_file.c's. */
#include "stub/engine.h"

/* ---- directories and files ---- */

static int
say_directory(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    const char *path;
    int r;

    (void)in;
    r = s->target->directory(s->object, &path);
    if (r == 0)
        rsp_put_hex_text(out, path);
    return r;
}

/* F and the errno, 0 when it was done. */
static int
say_done(struct rsp_out *out, int r)
{
    if (r == STUB_LATER)
        return r;
    rsp_put(out, 'F');
    rsp_put_hex(out, (uint64_t)-r);
    return PKT_DONE;
}

/* MODE,PATH */
static int
with_mode(struct engine *s, struct rsp_in *in, struct rsp_out *out,
          int (*deed)(void *host, const char *path, unsigned mode))
{
    struct rsp_out room = *out;
    const char *path;
    uint64_t mode;

    rsp_take(in, ':');
    mode = rsp_take_hex(in);
    rsp_take(in, ',');
    path = stub_take_text(in, &room);
    if (!rsp_take_end(in) || path[0] == '\0')
        return PKT_BAD;
    return say_done(out, deed(stub_host_object(s), path, (unsigned)(mode & 07777)));
}

static int
make_directory(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return with_mode(s, in, out, s->target->host->make_directory);
}

static int
change_mode(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return with_mode(s, in, out, s->target->host->change_mode);
}

/* The link's own name comes first. */
static int
make_link(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_out room = *out;
    const char *path, *leads_to;

    rsp_take(in, ':');
    path = stub_take_text(in, &room);
    rsp_take(in, ',');
    leads_to = stub_take_text(in, &room);
    if (!rsp_take_end(in) || path[0] == '\0' || leads_to[0] == '\0')
        return PKT_BAD;
    return say_done(out, s->target->host->make_link(stub_host_object(s), path, leads_to));
}

/* lldb reads the sum as two numbers, the first byte of each half being its lowest. `F,x` when
 * there is no sum. */
static void
put_md5(struct rsp_out *out, const uint8_t digest[16])
{
    rsp_put_text(out, "F,");
    for (unsigned i = 0; i < 16; i++)
        rsp_put_hex_wide(out, digest[i < 8 ? 7 - i : 23 - i], 2);
}

static int
say_md5(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_out room = *out;
    uint8_t digest[16];
    const char *path;
    int r;

    rsp_take(in, ':');
    path = stub_take_text(in, &room);
    if (!rsp_take_end(in) || path[0] == '\0')
        return PKT_BAD;
    r = s->target->host->md5(stub_host_object(s), path, digest);
    if (r == STUB_LATER)
        return r;
    if (r == 0)
        put_md5(out, digest);
    else
        rsp_put_text(out, "F,x");
    return PKT_DONE;
}

/* qPathComplete:ONLY-DIRECTORIES,BEGIN is answered with M and the paths. */
static int
complete_path(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_out room = *out;
    const char *begin, *path;
    bool directories;
    int r;

    rsp_take(in, ':');
    directories = rsp_take_hex(in) != 0;
    rsp_take(in, ',');
    begin = stub_take_text(in, &room);
    if (!rsp_take_end(in))
        return PKT_BAD;
    rsp_put(&room, 'M');
    for (unsigned i = 0;; i++) {
        struct rsp_out before = room;

        r = s->target->host->complete(stub_host_object(s), begin, directories, i, &path);
        if (r != 1)
            break;
        rsp_put_text(&room, i > 0 ? "," : "");
        rsp_put_hex_text(&room, path);
        if (room.cut) {
            room = before;
            r = 0;
            break;
        }
    }
    out->len = room.len;
    return r;
}

/* ---- a shell ---- */

static void
put_shell_result(struct rsp_out *out, const struct stub_shell_result *result)
{
    rsp_put_text(out, "F,");
    rsp_put_hex_wide(out, (uint32_t)result->status, 8);
    rsp_put(out, ',');
    rsp_put_hex_wide(out, (uint32_t)result->signal, 8);
    rsp_put(out, ',');
    rsp_put_escaped_some(out, result->text, result->size);
}

/* COMMAND[,SECONDS[,DIRECTORY]] */
static int
run_shell(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    enum { SECONDS = 10, SECONDS_MAX = 3600 };
    struct stub_shell_result result = { 0 };
    const char *command, *directory = "";
    struct rsp_out room = *out;
    uint64_t seconds = SECONDS;
    int r;

    if (s->target->host->shell == NULL)
        return PKT_EMPTY;
    rsp_take(in, ':');
    command = stub_take_text(in, &room);
    if (rsp_take_if(in, ','))
        seconds = rsp_take_hex(in);
    if (rsp_take_if(in, ','))
        directory = stub_take_text(in, &room);
    if (!rsp_take_end(in) || command[0] == '\0')
        return PKT_BAD;
    if (seconds > SECONDS_MAX)
        seconds = SECONDS_MAX;
    r = s->target->host->shell(stub_host_object(s), command, directory, (unsigned)seconds,
                               &result);
    if (r == 0)
        put_shell_result(out, &result);
    return r;
}

static const struct stub_row rows[] = {
    { "qGetWorkingDir", say_directory, NEEDS(directory), ROW_BARE | ROW_IDLE },
    { "qPlatform_mkdir", make_directory, NEEDS(host), ROW_IDLE },
    { "qPlatform_chmod", change_mode, NEEDS(host), ROW_IDLE },
    { "qPlatform_shell", run_shell, NEEDS(host), ROW_IDLE },
    { "qPathComplete", complete_path, NEEDS(host), ROW_IDLE },
    { "vFile:symlink", make_link, NEEDS(host), ROW_IDLE },
    { "vFile:MD5", say_md5, NEEDS(host), ROW_IDLE },
};
const struct stub_family stub_lldb_file_packets = FAMILY(rows);
