/* core.c - `stubborn --core CORE [EXE] COMM`: serves a core to gdb and lldb, client after client.
 * A core never runs, so one blocking loop does. */
#define _GNU_SOURCE 1
#include "stub/program/program.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "stub/dump/dump.h"
#include "stub/program/bt.h"

enum { BUFFER_SIZE = 0x20000 + 64, CHUNK = 65536 };

struct server {
    struct program_comm comm;
    struct program_listener listener;
    struct program_line line;
    struct dump *dump;
    struct stub_target target; /* dump_target, and what is loaded */
    struct arch_memory memory;
    struct images images; /* found when somebody asks */
    struct stub stub;
    struct stub_stacks stacks;
};

static struct server server = { .listener.fd = -1, .line = { .in = -1, .out = -1 } };

/* ---- what is loaded ---- */

static int
find_modules(void *process, uint64_t unknown, struct stub_modules *modules)
{
    struct server *s = &server;

    (void)unknown;
    if (s->images.memory == NULL) {
        s->memory = (struct arch_memory){ dump_read_memory, process, 4096, 0 };
        s->images.memory = &s->memory;
        (void)bt_find_core_images(&s->images, process);
    }
    *modules = (struct stub_modules){ s->images.module, s->images.count, 1 };
    return 0;
}

/* ---- the line ---- */

static bool
send_all(int fd, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        struct pollfd ready = { .fd = fd, .events = POLLOUT };
        ssize_t sent = write(fd, bytes, n);

        if (sent < 0 && errno == EAGAIN)
            (void)poll(&ready, 1, -1);
        else if (sent < 0 && errno != EINTR)
            return false;
        if (sent > 0) {
            bytes += sent;
            n -= (size_t)sent;
        }
    }
    return true;
}

static bool
put_output(struct server *s)
{
    size_t n;
    const uint8_t *bytes;

    while ((bytes = stub_output(&s->stub, &n)), n > 0) {
        if (!send_all(s->line.out, bytes, n))
            return false;
        stub_sent(&s->stub, n);
    }
    return true;
}

/* What came goes into the engine, and its answers onto the line. */
static bool
feed(struct server *s, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        size_t taken = stub_feed(&s->stub, bytes, n);

        if (!put_output(s) || stub_is_over(&s->stub))
            return false;
        bytes += taken;
        n -= taken;
    }
    return put_output(s);
}

static void
talk(struct server *s)
{
    static uint8_t bytes[CHUNK];
    bool first = true;
    bool goes_on = true;

    while (goes_on) {
        struct pollfd ready = { .fd = s->line.in, .events = POLLIN };
        ssize_t n;

        if (poll(&ready, 1, -1) < 0 && errno == EINTR)
            continue;
        n = read(s->line.in, bytes, sizeof(bytes));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n <= 0 || (first && s->line.open_to_strangers && stub_is_stranger(bytes[0])))
            break;
        first = false;
        goes_on = feed(s, bytes, (size_t)n);
    }
    stub_link_lost(&s->stub);
    program_close_line(&s->line);
}

/* ---- clients ---- */

static bool
await_client(struct server *s)
{
    struct pollfd ready = { .fd = s->listener.fd, .events = POLLIN };

    while (!program_accept(&s->listener, &s->line))
        if (poll(&ready, 1, -1) < 0 && errno != EINTR)
            return false;
    return true;
}

static bool
open_line(struct server *s, const char *text)
{
    const char *wrong = program_read_comm(text, &s->comm);

    if (wrong != NULL) {
        warnx("%s: %s", text, wrong);
        return false;
    }
    if (s->comm.connect || (s->comm.kind != COMM_TCP && s->comm.kind != COMM_UNIX))
        return program_open_line(&s->comm, &s->line);
    if (!program_listen(&s->comm, &s->listener))
        return false;
    if (s->listener.tcp)
        fprintf(stderr, "Listening on port %u\n", s->listener.port);
    return true;
}

static bool
open_engine(struct server *s)
{
    struct stub_config config = { .size = sizeof(config),
                                  .target = &s->target,
                                  .target_object = s->dump,
                                  .packets = stub_all_packets,
                                  .input = calloc(1, BUFFER_SIZE),
                                  .output = calloc(1, BUFFER_SIZE),
                                  .input_size = BUFFER_SIZE,
                                  .output_size = BUFFER_SIZE,
                                  .stacks = &s->stacks };

    s->target = dump_target;
    s->target.modules = find_modules;
    if (config.input != NULL && config.output != NULL && program_open_stacks(&s->stacks) &&
        stub_init(&s->stub, &config))
        return true;
    warnx("out of memory; end some programs");
    return false;
}

/* ---- the command line ---- */

static const struct program_option options[] = {
    { "--once", NULL, NULL, "end when the first client is gone", program_set_once },
    { "--port-file", NULL, "FILE", "write the port to FILE when listening",
      program_set_port_file },
    { "--any-user", NULL, NULL, "let every user of this machine connect over TCP",
      program_set_any_user },
    { "--help", "-h", NULL, "print this and end", program_set_help },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct program_mode program_core_mode = {
    .command = "stubborn --core",
    .usage =
        "Usage: stubborn --core [OPTIONS] CORE [EXE] COMM\n"
        "\n"
        "Serves an ELF core to gdb and lldb. EXE is what made it, if it is not where it was.\n"
        "COMM is as in stubborn --help.\n",
    .options = options,
};

int
program_core(char **argv)
{
    struct server *s = &server;
    struct program_settings settings;
    const char *why;

    if (!program_read_options(&program_core_mode, &settings, argv))
        return EXIT_FAILURE;
    if (settings.program_count != 1 && settings.program_count != 2)
        errx(EXIT_FAILURE, "--core takes CORE [EXE] COMM: stubborn --core core :1234");
    s->dump =
        dump_open(settings.comm, settings.program_count == 2 ? settings.program[0] : NULL, &why);
    if (s->dump == NULL)
        errx(EXIT_FAILURE, "%s: %s", settings.comm, why);
    bt_say_trouble(settings.comm, s->dump);
    if (!open_engine(s) || !open_line(s, settings.program[settings.program_count - 1]))
        return EXIT_FAILURE;
    s->listener.any_user = settings.any_user;
    if (s->listener.fd >= 0 && !program_tell_place(&settings, &s->listener))
        return EXIT_FAILURE;
    while (s->line.in >= 0 || (s->listener.fd >= 0 && await_client(s))) {
        talk(s);
        if (settings.once)
            break;
    }
    program_unlisten(&s->listener);
    dump_close(s->dump);
    return EXIT_SUCCESS;
}
