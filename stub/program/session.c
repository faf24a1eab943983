/* session.c - from the command line to the end: the line, the program, client after client. */
#define _GNU_SOURCE 1
#include "stub/program/program.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* PacketSize: what gdb and lldb read and write at a time at most. */
enum { SERIAL_RESEND_MS = 2000 };

/* ---- the line ---- */

static bool
needs_listener(const struct program_comm *comm)
{
    return !comm->connect && (comm->kind == COMM_TCP || comm->kind == COMM_UNIX);
}

/* A descriptor is a client's line, or listens. */
static bool
open_fd(struct program_session *x)
{
    if (x->comm.fd < 0)
        x->comm.fd = program_handed_over();
    if (x->comm.fd < 0)
        return false;
    if (!program_is_listening(x->comm.fd))
        return program_open_line(&x->comm, &x->line);
    x->listener.any_user = x->settings->any_user;
    return program_adopt_listener(x->comm.fd, &x->listener);
}

static bool
open_line(struct program_session *x)
{
    const struct program_settings *settings = x->settings;
    const char *wrong = NULL;

    x->comm = (struct program_comm){ .kind = COMM_FD, .fd = settings->fd, .text = "--fd" };
    if (settings->comm)
        wrong = program_read_comm(settings->comm, &x->comm);
    if (wrong) {
        warnx("%s: %s", settings->comm, wrong);
        return false;
    }
    if (settings->reverse)
        x->comm.connect = true;
    if (x->comm.kind == COMM_FD)
        return open_fd(x);
    if (x->comm.kind == COMM_STDIO && !settings->capture)
        fputs("stdin/stdout redirected\n", stderr);
    if (!needs_listener(&x->comm))
        return program_open_line(&x->comm, &x->line);
    if (!program_listen(&x->comm, &x->listener))
        return false;
    x->listener.any_user = settings->any_user;
    return true;
}

/* ---- telling the port to who started us ---- */

static bool
write_place(int fd, const char *place, size_t extra)
{
    size_t size = strlen(place) + extra;
    bool works;

    if (fd < 0)
        return false;
    works = write(fd, place, size) == (ssize_t)size;
    return close(fd) == 0 && works;
}

/* The file appears under its name only when it is complete. */
static bool
write_place_file(const char *path, const char *place)
{
    char other[4096];

    if (snprintf(other, sizeof(other), "%s.XXXXXX", path) >= (int)sizeof(other)) {
        errno = ENAMETOOLONG;
        return false;
    }
    return write_place(mkostemp(other, O_CLOEXEC), place, 0) && rename(other, path) == 0;
}

bool
program_tell_place(const struct program_settings *s, const struct program_listener *listener)
{
    char port[8];
    const char *what = NULL, *place = listener->path;

    snprintf(port, sizeof(port), "%u", listener->port);
    if (*place == '\0')
        place = port;
    if (s->port_fd >= 0 && !write_place(s->port_fd, place, 1))
        what = "--pipe";
    if (s->port_pipe && !write_place(open(s->port_pipe, O_WRONLY | O_CLOEXEC), place, 1))
        what = s->port_pipe;
    if (s->port_file && !write_place_file(s->port_file, place))
        what = s->port_file;
    if (what)
        warnx("%s: cannot write the port there: %s; give a place that you can write to", what,
              strerror(errno));
    return !what;
}

/* ---- the program ---- */

static void
remark(void *context, const char *line)
{
    (void)context;
    warnx("%s", line);
}

/* As gdbserver says it at its end. */
static void
say_parting(void *context, pid_t pid, bool dies)
{
    (void)context;
    fprintf(stderr, "%s process(es): %d\n", dies ? "Killing" : "Detaching", (int)pid);
}

static void
set_policy(const struct program_settings *s, struct live_config *config)
{
    switch (s->on_disconnect) {
    case POLICY_STOP:
        config->lost_launched = config->lost_attached = LIVE_STOP;
        break;
    case POLICY_RESUME:
        config->lost_launched = config->lost_attached = LIVE_RESUME;
        break;
    case POLICY_KILL:
        config->lost_launched = config->lost_attached = LIVE_KILL;
        break;
    case POLICY_DEFAULT:
        config->lost_launched = s->once ? LIVE_KILL : LIVE_STOP;
        config->lost_attached = s->once ? LIVE_RESUME : LIVE_STOP;
        break;
    }
}

static bool
open_target(struct program_session *x)
{
    const struct program_settings *s = x->settings;
    struct live_config config = {
        .size = sizeof(config),
        .soft_watch = s->soft_watch,
        .capture_output = s->capture,
        .randomize = s->randomize,
        .say = remark,
        .shell = s->shell,
        .wrapper = s->wrapper,
        .parts = s->capture ? NULL : say_parting,
    };

    set_policy(s, &config);
    x->live = live_open(&config);
    x->host = host_open();
    if (!x->live || !x->host) {
        warnx("out of memory; end some programs");
        return false;
    }
    program_make_target(x, !s->capture);
    x->target.host = &host_without_shell;
    x->target.host_object = x->host;
    x->object = x->live;
    x->packets = stub_all_packets;
    return !s->platform || program_open_platform(x);
}

static bool
open_engine(struct program_session *x)
{
    bool serial = x->comm.kind == COMM_TTY || x->settings->unreliable;
    uint8_t *input = NULL, *output = NULL;
    bool made = program_open_buffers(x, &input, &output);
    struct stub_config config = {
        .size = sizeof(config),
        .target = &x->target,
        .target_object = x->object,
        .packets = x->packets,
        .input = input,
        .output = output,
        .input_size = PROGRAM_BUFFER,
        .output_size = PROGRAM_BUFFER,
        .without = x->settings->without,
        .flags = x->settings->stop_forms | (serial ? STUB_SERIAL : 0u) |
                 (x->settings->unreliable ? STUB_UNRELIABLE : 0u) |
                 (x->settings->capture ? STUB_LLDB : 0u),
        .resend_ms = serial ? SERIAL_RESEND_MS : 0,
        .commands = program_commands,
        .commands_context = x,
        .stacks = &x->stacks,
        .frame_size = x->settings->frame_size,
    };

    if (made && program_open_stacks(&x->stacks) && stub_init(&x->stub, &config))
        return true;
    warnx("out of memory; end some programs");
    return false;
}

/* ---- client after client ---- */

static bool
get_client(struct program_session *x)
{
    if (x->line.in >= 0)
        return true;
    return x->listener.fd >= 0 && program_await_client(x);
}

/* Whether another client may come. One that never spoke was none. */
static bool
goes_on(const struct program_session *x)
{
    const struct program_settings *s = x->settings;

    if (x->exit_wanted || x->listener.fd < 0)
        return false;
    if (!x->served)
        return true;
    return !s->once && (s->multi || live_alive(x->live));
}

static void
serve(struct program_session *x)
{
    bool again = true;

    while (again && !program_must_end() && get_client(x)) {
        program_talk(x);
        again = goes_on(x);
        if (again && x->served && !program_must_end())
            program_say_again(x);
    }
}

/* A launched program that was let go may still need us: for the terminal that it shares with us,
 * as with gdbserver, or for the pty that we gave it, whose end would kill it by SIGHUP. Told to
 * serve once, gdbserver does not wait for what a client of extended mode let go. */
static bool
is_needed(struct program_session *x)
{
    struct pollfd pty;

    program_pass_output(x);
    if (live_alive(x->live))
        return false;
    if (x->settings->capture)
        return live_fds(x->live, &pty, 1) > 0;
    return !x->settings->once || x->over;
}

static bool
begin(struct program_session *x)
{
    const struct program_settings *s = x->settings;

    if (s->set_sid)
        (void)setsid(); /* refused only to who leads a group, and so has left already */
    if (s->port_fd >= 0)
        (void)fcntl(s->port_fd, F_SETFD, FD_CLOEXEC); /* not for the program to keep */
    x->log.timed = true;
    if (s->log_format)
        (void)program_set_log_format(&x->log, s->log_format);
    if ((s->debug || s->log) && !program_log_open(&x->log, s->log))
        return false;
    if (!program_catch_signals() || !open_line(x) || !open_target(x) || !program_begin(x) ||
        !open_engine(x))
        return false;
    if (x->listener.fd >= 0 && s->port_fd < 0 && !s->port_pipe)
        program_say_where(x); /* else whoever started us is told, and the user need not be */
    return x->listener.fd < 0 || program_tell_place(s, &x->listener);
}

int
program_serve(const struct program_settings *settings)
{
    static struct program_session session;
    struct program_session *x = &session;
    bool begun;

    x->settings = settings;
    x->line.in = x->line.out = x->listener.fd = -1;
    begun = begin(x);
    if (begun && settings->server)
        program_serve_apart(x);
    else if (begun)
        serve(x);
    program_unlisten(&x->listener);
    program_close_line(&x->line);
    if (begun && is_needed(x))
        program_outlast(x);
    program_close_platform(x);
    if (x->live)
        live_close(x->live);
    host_close(x->host);
    program_log_close(&x->log);
    if (!begun)
        return EXIT_FAILURE;
    return settings->once && !settings->capture ? program_told_end() : EXIT_SUCCESS;
}
