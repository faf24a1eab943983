/* toy.c - a debugger's door for an emulator: what machine.c needs so that gdb and lldb can break,
 * step, and read and write its memory and registers.
 *
 *     cc -o toy toy.c machine.c $(pkg-config --cflags --libs stubborn)
 *     ./toy 7000       then (gdb) target remote :7000      or (lldb) gdb-remote 7000
 *     ./toy -          on standard input: (gdb) target remote | ./toy -
 *     ./toy -w 7000    as the first, with a read callback that reads all or nothing */
#include <err.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stubborn/stub.h>

#include "machine.h"

struct toy {
    struct machine machine;
    bool breakpoint[MEMORY];
    bool running, stepping, ended;
    struct stub_event event; /* the last stop */
    bool news;               /* which the client has yet to hear of */
};

/* ---- the machine as debuggers see it ----
 * They take only machines whose name they know, so an invented one borrows the name of one that
 * has registers for its own: i386, whose first nine are eight of 32 bits and the program counter.
 * lldb knows them as r0 .. r7 too. The rest is what gdb insists on; it is never available. */

/* name, first, count, bits, type, group, role, dwarf, alt, xml */
static const struct arch_row rows[] = {
    { "eax", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 0, "r0", "int32" },
    { "ecx", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 1, "r1", "int32" },
    { "edx", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 2, "r2", "int32" },
    { "ebx", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 3, "r3", "int32" },
    { "esp", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_SP, 4, "r4", "int32" },
    { "ebp", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_FP, 5, "r5", "int32" },
    { "esi", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 6, "r6", "int32" },
    { "edi", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 7, "r7", "int32" },
    { "eip", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_PC, 8, "pc", "int32" },
    { "eflags", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
    { "cs", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
    { "ss", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
    { "ds", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
    { "es", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
    { "fs", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
    { "gs", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
    { "st#", 0, 8, 80, ARCH_X87, ARCH_FLOATING, ARCH_NONE, -1, NULL, "i387_ext" },
    { "fctrl", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
    { "fstat", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
    { "ftag", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
    { "fiseg", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
    { "fioff", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
    { "foseg", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
    { "fooff", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
    { "fop", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "int32" },
};
static const struct arch_feature core = { .name = "org.gnu.gdb.i386.core",
                                          .rows = rows,
                                          .count = sizeof(rows) / sizeof(rows[0]) };
static const struct arch toy_arch = {
    .name = "i386", .triple = "i386", .features = &core, .feature_count = 1, .address_bytes = 4
};

static const struct arch_layout toy_machine = { .arch = &toy_arch };

static int
get_register(void *target, struct rsp_id id, const struct arch_register *r, void *value)
{
    struct toy *toy = target;

    (void)id;
    if (r->number >= REGISTERS)
        return -STUB_ENOENT;
    arch_put_uint(&toy_arch, value, r->size, toy->machine.reg[r->number]);
    return 0;
}

static int
put_register(void *target, struct rsp_id id, const struct arch_register *r, const void *value)
{
    struct toy *toy = target;

    (void)id;
    if (r->number >= REGISTERS)
        return -STUB_ENOENT;
    toy->machine.reg[r->number] = (uint32_t)arch_get_uint(&toy_arch, value, r->size);
    return 0;
}

/* ---- memory ---- */

/* Reads what is there, from the start of the range, and says how much that was. */
static bool
read_memory(void *process, uint64_t base_address, void *buffer, size_t size, size_t *bytes_read)
{
    struct toy *toy = process;

    if (base_address >= MEMORY)
        return false;
    *bytes_read = size < MEMORY - base_address ? size : (size_t)(MEMORY - base_address);
    memcpy(buffer, toy->machine.memory + base_address, *bytes_read);
    return true;
}

/* Or for who can only say yes or no: the client sees the same. */
static bool
read_memory_wholly(void *process, uint64_t base_address, void *buffer, size_t size,
                   size_t *bytes_read)
{
    struct toy *toy = process;

    (void)bytes_read;
    if (base_address >= MEMORY || size > MEMORY - base_address)
        return false;
    memcpy(buffer, toy->machine.memory + base_address, size);
    return true;
}

static int
write_memory(void *process, uint64_t address, const void *bytes, size_t size)
{
    struct toy *toy = process;

    if (address >= MEMORY || size > MEMORY - address)
        return -STUB_EFAULT;
    memcpy(toy->machine.memory + address, bytes, size);
    return 0;
}

/* ---- the memory map: gdb's `load` programs what is flash in it ---- */

static const struct stub_region regions[] = {
    { .start = 0, .size = 0xc000, .kind = STUB_RAM },
    { .start = 0xc000, .size = 0x2000, .kind = STUB_FLASH, .block_size = 0x400 },
    { .start = 0xe000, .size = 0x2000, .kind = STUB_RAM },
};

static int
memory_map(void *process, unsigned index, struct stub_region *region)
{
    (void)process;
    if (index >= sizeof(regions) / sizeof(regions[0]))
        return 0;
    *region = regions[index];
    return 1;
}

/* Whole blocks of flash. A real one would take a while, and say STUB_LATER. */
static int
flash_erase(void *process, uint64_t address, uint64_t size)
{
    struct toy *toy = process;

    memset(toy->machine.memory + address, 0xff, (size_t)size);
    return 0;
}

/* Bits can be cleared and not set. */
static int
flash_write(void *process, uint64_t address, const void *bytes, size_t size)
{
    struct toy *toy = process;
    const uint8_t *from = bytes;

    for (size_t i = 0; i < size; i++)
        toy->machine.memory[address + i] &= from[i];
    return 0;
}

static int
flash_done(void *process)
{
    (void)process;
    return 0;
}

/* ---- running and stopping ---- */

static void
stop(struct toy *toy, uint8_t kind, uint8_t reason, int number)
{
    toy->running = false;
    toy->news = true;
    toy->event = (struct stub_event){
        .kind = kind, .reason = reason, .signal = number, .status = number, .id = { 1, 1 }
    };
}

static int
resume(void *target, struct stub *s)
{
    struct toy *toy = target;
    struct stub_action wish = stub_action(s, (struct rsp_id){ 1, 1 });

    if (wish.kind == STUB_STAY)
        return -STUB_EINVAL;
    toy->stepping = wish.kind != STUB_CONTINUE;
    toy->running = true;
    return 0;
}

static int
interrupt(void *target, struct rsp_id id)
{
    struct toy *toy = target;

    (void)id;
    if (toy->running)
        stop(toy, STUB_STOPPED, STUB_SIGNAL, SIGINT);
    return 0;
}

static int
detach(void *target, int64_t pid)
{
    struct toy *toy = target;

    (void)pid;
    memset(toy->breakpoint, 0, sizeof(toy->breakpoint));
    toy->stepping = false;
    toy->running = true;
    return 0;
}

/* The oldest stop that was not told yet; it is told; or the last one is wanted once more. */
static int
peek(void *target, unsigned kinds, struct stub_event *event)
{
    (void)kinds;
    struct toy *toy = target;

    *event = toy->event;
    return toy->news;
}

static void
done(void *target, const struct stub_event *event)
{
    struct toy *toy = target;

    (void)event;
    toy->news = false;
}

static void
again(void *target)
{
    struct toy *toy = target;

    toy->news = !toy->running;
}

static int
insert(void *process, const struct stub_point *point)
{
    struct toy *toy = process;

    if (point->type != STUB_POINT_SOFTWARE)
        return -STUB_ENOTSUP;
    if (point->address >= MEMORY)
        return -STUB_EFAULT;
    toy->breakpoint[point->address] = true;
    return 0;
}

static int
lift(void *process, const struct stub_point *point)
{
    struct toy *toy = process;

    if (point->type != STUB_POINT_SOFTWARE)
        return -STUB_ENOTSUP;
    if (point->address >= MEMORY || !toy->breakpoint[point->address])
        return -STUB_ENOENT;
    toy->breakpoint[point->address] = false;
    return 0;
}

static const struct stub_target toy_target = {
    .size = sizeof(toy_target),
    .machine = &toy_machine,
    .get_register = get_register,
    .put_register = put_register,
    .read_memory = read_memory,
    .granule = 1,
    .write_memory = write_memory,
    .memory_map = memory_map,
    .flash_erase = flash_erase,
    .flash_write = flash_write,
    .flash_done = flash_done,
    .resume = resume,
    .interrupt = interrupt,
    .detach = detach,
    .peek = peek,
    .done = done,
    .again = again,
    .insert = insert,
    .remove = lift,
};

/* ---- the emulator's loop ---- */

/* Executes a few instructions, the one under a breakpoint first when the machine starts there. */
static void
run(struct toy *toy)
{
    for (unsigned i = 0; toy->running && i < 10000; i++) {
        enum outcome outcome = machine_step(&toy->machine);

        toy->ended = outcome == HALTED;
        if (outcome == HALTED)
            stop(toy, STUB_EXITED, STUB_NO_REASON, 0);
        else if (outcome != WENT_ON)
            stop(toy, STUB_STOPPED, STUB_SIGNAL, outcome == BAD_DEED ? SIGILL : SIGSEGV);
        else if (toy->stepping)
            stop(toy, STUB_STOPPED, STUB_TRACE, SIGTRAP);
        else if (toy->breakpoint[toy->machine.reg[PC] % MEMORY])
            stop(toy, STUB_STOPPED, STUB_SWBREAK, SIGTRAP);
    }
}

static bool
send_output(struct stub *s, int fd)
{
    const uint8_t *bytes;
    size_t n;

    while ((bytes = stub_output(s, &n)), n > 0) {
        ssize_t sent = write(fd, bytes, n);

        if (sent <= 0)
            return false;
        stub_sent(s, (size_t)sent);
    }
    return true;
}

/* Takes what came on the line; false when it has ended. */
static bool
take_input(struct stub *s, int in, int out)
{
    uint8_t bytes[512];
    ssize_t n = read(in, bytes, sizeof(bytes));

    for (size_t fed = 0; n > 0 && fed < (size_t)n;) {
        fed += stub_feed(s, bytes + fed, (size_t)n - fed);
        if (!send_output(s, out))
            return false;
    }
    return n > 0;
}

/* Serves one client. Waits for the line only while the machine stands. */
static void
serve(struct toy *toy, struct stub *s, int in, int out)
{
    struct pollfd line = { .fd = in, .events = POLLIN };

    while (!stub_is_over(s)) {
        if (poll(&line, 1, toy->running ? 0 : -1) > 0 && !take_input(s, in, out))
            break;
        if (toy->running)
            run(toy);
        if (toy->news)
            stub_doorbell(s);
        if (!send_output(s, out))
            break;
    }
    stub_link_lost(s);
}

static int
listen_on(const char *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 1) != 0)
        err(1, "port %s", port);
    return fd;
}

int
main(int argc, char **argv)
{
    static struct toy toy;
    static uint8_t input[1024], output[1024];
    struct stub_target target = toy_target;
    struct stub_config config = { .size = sizeof(config),
                                  .target = &target,
                                  .target_object = &toy,
                                  .packets = stub_all_packets,
                                  .input = input,
                                  .input_size = sizeof(input),
                                  .output = output,
                                  .output_size = sizeof(output) };
    struct stub s;
    int listening;

    if (argc == 3 && strcmp(argv[1], "-w") == 0)
        target.read_memory = read_memory_wholly;
    else if (argc != 2)
        errx(2, "usage: toy [-w] (PORT | -)");
    signal(SIGPIPE, SIG_IGN);
    machine_load(&toy.machine);
    stop(&toy, STUB_STOPPED, STUB_NO_REASON, SIGTRAP);
    if (!stub_init(&s, &config))
        errx(1, "the stub cannot be set up so");
    if (strcmp(argv[argc - 1], "-") == 0) {
        serve(&toy, &s, STDIN_FILENO, STDOUT_FILENO);
        return 0;
    }
    listening = listen_on(argv[argc - 1]);
    while (!toy.ended) {
        int fd = accept(listening, NULL, NULL);

        serve(&toy, &s, fd, fd);
        close(fd);
        while (toy.running) /* detached */
            run(&toy);
    }
    return 0;
}
