/* demo.c - what runs on the demo boards: a baker, a counter, and somebody who gets into trouble
 * when the debugger asks for it; and the board's own monitor commands. */
#include "tests/boards/kernel.h"

volatile uint64_t nowhere = 0x123456789000;

/* ---- the baker: something to break in, with a stack ---- */

struct loaf {
    char name[16];
    unsigned minutes;
    unsigned long serial;
};

volatile unsigned long baked;
struct loaf last_loaf;

__attribute__((noinline)) unsigned
fold(struct loaf *loaf, unsigned layers)
{
    if (layers == 0) {
        loaf->serial = ++baked;
        return 1;
    }
    return fold(loaf, layers - 1) + layers;
}

__attribute__((noinline)) void
bake(const char *name, unsigned minutes)
{
    struct loaf loaf = { .minutes = minutes };

    for (size_t i = 0; name[i] != '\0'; i++)
        loaf.name[i] = name[i];
    loaf.minutes += fold(&loaf, 8);
    last_loaf = loaf;
}

static void
baker(void)
{
    for (;;) {
        bake("rye", 45);
        sleep_for(2);
    }
}

/* ---- the counter: something to watch, and code in read-only memory ---- */

volatile uint64_t counter;
volatile uint64_t pair[2];

__attribute__((noinline, section(".rom"))) uint64_t
rom_double(uint64_t v)
{
    uint64_t twice = v + v;

    return twice;
}

static void
count(void)
{
    for (;;) {
        counter++;
        pair[1] = rom_double(counter);
        call_supervisor();
        sleep_for(1);
    }
}

/* ---- what happens at each stop ---- */

volatile bool trip; /* a bug in a callback of the firmware's, once */

static void
stopped(void *context)
{
    machine_park(context);
    if (!trip)
        return;
    trip = false;
    (void)*(volatile uint64_t *)(uintptr_t)nowhere;
}

/* ---- the second core ---- */

volatile uint64_t laps;

__attribute__((noinline)) void
lap(void)
{
    laps++;
}

/* ---- files of the debugger's machine ---- */

/* As printf would: to the debugger's console, a number among the words. */
static void
report(const char *what, int64_t result)
{
    char line[96];
    struct rsp_out out = rsp_out_to((uint8_t *)line, sizeof(line));

    rsp_put_text(&out, what);
    rsp_put_text(&out, result < 0 ? ": failed with " : ": ");
    rsp_put_dec(&out, (uint64_t)(result < 0 ? -result : result));
    rsp_put(&out, '\n');
    (void)stub_board_file_write(1, line, out.len);
}

static int64_t
count_same(const uint8_t *a, const uint8_t *b, int64_t n)
{
    int64_t same = 0;

    while (same < n && a[same] == b[same])
        same++;
    return same;
}

__attribute__((noinline)) void
use_files(void)
{
    static uint8_t wrote[3000], read[3000];
    struct stub_file_stat stat = { 0 };
    int fd = stub_board_file_open("board-file.part",
                                  STUB_OPEN_CREATE | STUB_OPEN_TRUNCATE | STUB_OPEN_WRITE, 0644);

    for (size_t i = 0; i < sizeof(wrote); i++)
        wrote[i] = (uint8_t)(i * 7 + i / 256);
    report("opened", fd > 2);
    report("written", stub_board_file_write(fd, wrote, sizeof(wrote)));
    report("is a console", stub_board_file_is_console(fd));
    report("size", stub_board_file_stat_of(fd, &stat) == 0 ? (int64_t)stat.size : -1);
    report("closed", stub_board_file_close(fd));
    report("renamed", stub_board_file_rename("board-file.part", "board-file"));
    report("the old name", stub_board_file_stat("board-file.part", &stat));
    fd = stub_board_file_open("board-file", 0, 0);
    report("from the end", stub_board_file_seek(fd, -1000, STUB_BOARD_FROM_END));
    report("back", stub_board_file_seek(fd, 0, STUB_BOARD_FROM_START));
    report("read", stub_board_file_read(fd, read, sizeof(read)));
    report("at its end", stub_board_file_read(fd, read, sizeof(read)));
    report("the same", count_same(wrote, read, sizeof(read)));
    report("closed", stub_board_file_close(fd));
    report("closed twice", stub_board_file_close(fd));
    report("unlinked", stub_board_file_unlink("board-file"));
    report("years", stub_board_file_time() / 1000000 / (365 * 24 * 3600));
    report("commands may run", stub_board_file_system(NULL));
    report("a command", stub_board_file_system("exit 3"));
}

/* ---- the one in trouble ---- */

extern const uint64_t constant;
enum trouble {
    NO_TROUBLE,
    READ_NOTHING,
    WRITE_READ_ONLY,
    UNDEFINED,
    JUMP_NOWHERE,
    WILD_STACK,
    OWN_BREAKPOINT,
    WAITING,
    BUSY,
    PRINTING,
    USING_FILES,
    IN_FLASH
};
volatile unsigned trouble;
volatile bool busy;
volatile uint64_t answer;
uint64_t edge_of_memory; /* RAM below it, nothing above */
const uint64_t constant __attribute__((section(".rom.data"))) = 7;

__attribute__((noinline)) void
spin(void)
{
    for (busy = true; busy;)
        answer++;
}

__attribute__((noinline)) void
get_into(unsigned which)
{
    switch (which) {
    case READ_NOTHING:
        answer = *(volatile uint64_t *)(uintptr_t)nowhere;
        break;
    case WRITE_READ_ONLY:
        *(volatile uint64_t *)(uintptr_t)&constant = 8;
        break;
    case UNDEFINED:
        undefined_instruction();
        break;
    case JUMP_NOWHERE:
        ((void (*)(void))(uintptr_t)nowhere)();
        break;
    case WILD_STACK:
        wild_stack();
        break;
    case OWN_BREAKPOINT:
        own_breakpoint();
        break;
    case WAITING:
        answer = waits();
        break;
    case BUSY:
        spin();
        break;
    case PRINTING:
        stub_board_print("hello from the firmware\n");
        stub_board_print("and once more, at some length, so that it takes more than one packet: ");
        stub_board_print("done\n");
        break;
    case IN_FLASH: /* what a debugger has loaded there */
        answer = ((uint64_t(*)(uint64_t))(uintptr_t)machine_flash_start)(14);
        break;
    case USING_FILES:
        use_files();
        break;
    default:
        break;
    }
}

volatile unsigned troubles;

__attribute__((noinline)) void
out_of_trouble(void)
{
    troubles++;
}

static void
troubled(void)
{
    for (;;) {
        unsigned which = trouble;

        if (which != NO_TROUBLE) {
            trouble = NO_TROUBLE;
            get_into(which);
            out_of_trouble();
        }
        stub_board_poll();
        sleep_for(1);
    }
}

static void
idle(void)
{
    for (;;) {
        wait_for_interrupt();
        sleep_for(0);
    }
}

struct task tasks[] = {
    { .name = "baker", .body = baker },
    { .name = "counter", .body = count },
    { .name = "troubled", .body = troubled },
    { .name = "idle", .body = idle },
};
const unsigned task_count = sizeof(tasks) / sizeof(tasks[0]);

/* ---- monitor ---- */

static int
say_uptime(void *context, const char *args, struct rsp_out *out)
{
    (void)context;
    (void)args;
    rsp_put_dec(out, ticks);
    rsp_put_text(out, " ticks\n");
    return 0;
}

static int
say_bakery(void *context, const char *args, struct rsp_out *out)
{
    (void)context;
    rsp_put_text(out, "loaves baked: ");
    rsp_put_dec(out, baked);
    if (*args != '\0') {
        rsp_put_text(out, ", asked by ");
        rsp_put_text(out, args);
    }
    rsp_put(out, '\n');
    return 0;
}

enum { UNTOUCHED = 0xa5 };

/* What the stub's stack has never reached: the longest stretch that is as before the start. */
static int
say_stack(void *context, const char *args, struct rsp_out *out)
{
    size_t longest = 0, run = 0;

    (void)context;
    (void)args;
    for (size_t i = 0; i < DEMO_STACK; i++) {
        run = demo_room[i] == UNTOUCHED ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    rsp_put_text(out, "never used of the stack: ");
    rsp_put_dec(out, longest);
    rsp_put(out, '\n');
    return 0;
}

/* A command with a bug in it. */
static int
crash(void *context, const char *args, struct rsp_out *out)
{
    (void)context;
    (void)args;
    rsp_put_dec(out, *(volatile uint64_t *)(uintptr_t)nowhere);
    return 0;
}

static const struct stub_command commands[] = {
    { "uptime", "ticks since the start", say_uptime },
    { "bakery", "[NAME] how many loaves there are", say_bakery },
    { "stack", "bytes of the stub's stack that were never used", say_stack },
    { "crash", "reads what cannot be read, inside the stub", crash },
    { "bt", "[TASK [FRAME]] a stack", stub_board_backtrace },
    { "reset", "restarts the board", stub_board_reset },
    { NULL, NULL, NULL },
};

/* Where an lldb puts its own code; apart from what the firmware has. */
static _Alignas(4096) uint8_t scratch_memory[2 << 20];
static struct stub_board_scratch scratch = { .lend = stub_board_lend,
                                             .memory = scratch_memory,
                                             .size = sizeof(scratch_memory) };

void
demo_start(void)
{
    static struct stub_board board;
    static struct stub_board_config config;

    config = plain_config();
    config.tasks = kernel_tasks();
    config.commands = commands;
    config.reset = machine_reset;
    config.stopped = stopped;
    config.resumed = machine_release;
    config.flash = &machine_flash;
    config.exceptions = machine_exceptions();
    config.exception_count = MACHINE_EXCEPTIONS;
    config.scratch = &scratch;
    edge_of_memory = machine_regions[machine_region_count - 1].start +
                     machine_regions[machine_region_count - 1].size;
    for (size_t i = 0; i < DEMO_STACK; i++)
        demo_room[i] = UNTOUCHED;
    machine_start();
    stub_board_start(&board, &config);
    machine_start_second(lap);
    machine_interrupts_on();
    kernel_run();
}
