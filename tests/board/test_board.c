/* test_board.c - the board's target over a machine made of arrays: how memory is touched, where
 * breakpoints go, and what a debugger's bytes do to a firmware that runs or stands. */
#include <stdio.h>
#include <string.h>

#include "arch/unwind/unwind.h"
#include "stub/board/internal.h"
#include "tests/suites_hosted.h"

/* ---- the machine: RAM, a page that faults, ROM, a device; every access is noted ---- */

enum { RAM = 0x1000, RAM_SIZE = 0x2000, ROM = 0x8000, ROM_SIZE = 0x100, DEVICE = 0x9000 };
enum { FLASH = 0xa000, FLASH_SIZE = 0x400, FLASH_BLOCK = 0x100 };
enum { TOUCHES = 64 };

static struct machine {
    uint8_t ram[RAM_SIZE], rom[ROM_SIZE], device[64], flash[FLASH_SIZE];
    struct touch {
        uint64_t address;
        unsigned width;
        bool store;
    } touches[TOUCHES];
    unsigned touch_count;
    enum trap_kind kind; /* what the next exception is */
    uint64_t pc;
    bool stepping, breaks_armed, watches_armed;
} machine;

static uint8_t *
find(uint64_t address, unsigned width, bool store)
{
    if (machine.touch_count < TOUCHES)
        machine.touches[machine.touch_count++] = (struct touch){ address, width, store };
    if (address >= RAM && address + width <= RAM + RAM_SIZE)
        return machine.ram + (address - RAM);
    if (address >= ROM && address + width <= ROM + ROM_SIZE && !store)
        return machine.rom + (address - ROM);
    if (address >= DEVICE && address + width <= DEVICE + sizeof(machine.device))
        return machine.device + (address - DEVICE);
    return NULL;
}

bool
stub_board_load(uint64_t address, unsigned width, uint64_t *value)
{
    const uint8_t *at = find(address, width, false);

    if (at != NULL)
        *value = arch_get_uint(&arch_aarch64, at, width);
    return at != NULL;
}

bool
stub_board_store(uint64_t address, unsigned width, uint64_t value)
{
    uint8_t *at = find(address, width, true);

    if (at != NULL)
        arch_put_uint(&arch_aarch64, at, width, value);
    return at != NULL;
}

bool
stub_board_guard(struct board *b, void (*deed)(void *), void *argument)
{
    (void)b;
    deed(argument);
    return true;
}

const struct arch_layout stub_board_layout = { .arch = &arch_aarch64 };
const struct arch_places *const stub_board_places = &arch_aarch64_linux;
const size_t stub_board_entry_stack = 0;
const unsigned stub_board_argument = STUB_AARCH64_X0;
const struct unwind_machine *const stub_board_unwind = &unwind_aarch64;

const struct arch_layout *
stub_board_layout_now(void *target, int64_t pid)
{
    (void)target;
    (void)pid;
    return &stub_board_layout;
}

bool
stub_board_take_over(struct board *b)
{
    b->break_count = b->watch_count = 2;
    return true;
}

enum trap_kind
stub_board_classify(struct board *b, struct stub_event *event)
{
    (void)b;
    event->signal = 11;
    return machine.kind;
}

uint64_t
stub_board_pc(const struct board *b)
{
    return b->trap.words[STUB_AARCH64_PC];
}

void
stub_board_set_pc(struct board *b, uint64_t pc)
{
    b->trap.words[STUB_AARCH64_PC] = pc;
}

void
stub_board_arm_step(struct board *b)
{
    (void)b;
    machine.stepping = true;
}

void
stub_board_end_step(struct board *b)
{
    (void)b;
    machine.stepping = false;
}

bool
stub_board_emulate(struct board *b)
{
    (void)b;
    return false;
}

bool
stub_board_must_step(const struct board *b)
{
    (void)b;
    return false;
}

bool
stub_board_skip_break(struct board *b)
{
    stub_board_set_pc(b, stub_board_pc(b) + 4);
    return true;
}

void
stub_board_arm_points(struct board *b, bool breaks, bool watches)
{
    (void)b;
    machine.breaks_armed = breaks;
    machine.watches_armed = watches;
}

void
stub_board_disarm_points(struct board *b)
{
    (void)b;
    machine.breaks_armed = machine.watches_armed = false;
}

bool
stub_board_can_break(uint64_t address)
{
    return address % 4 == 0;
}

bool
stub_board_can_watch(uint64_t address, uint32_t length)
{
    return length == 8 && address % 8 == 0;
}

bool
stub_board_can_watch_reads(void)
{
    return true;
}

bool
stub_board_slots_suffice(struct board *b)
{
    (void)b;
    return true;
}

void
stub_board_code_changed(uint64_t address, size_t size)
{
    (void)address;
    (void)size;
}

void
stub_board_save_rest(struct board *b)
{
    (void)b;
}

void
stub_board_load_rest(struct board *b)
{
    (void)b;
}

void
stub_board_visit(void)
{
}

void
stub_board_stop(void)
{
}

/* ---- a board on it, and a line that plays a script ---- */

static struct stub_board storage;
static struct board *board;
static _Alignas(16) uint8_t room[STUB_BOARD_ROOM];
static const char *script; /* bytes to come */
static char said[8192];    /* bytes that went out */
static size_t said_size;
static char answers[256]; /* what a client says while a wish of the firmware's is asked */
static unsigned asked;

enum { TOO_LONG = 3000000 }; /* turns: more than any patience */
static unsigned idle;

static int
get(void *context)
{
    (void)context;
    ck_assert_msg(*script != '\0' || idle++ < TOO_LONG, "it waits for ever; said '%s'", said);
    return *script != '\0' ? (uint8_t)*script++ : -1;
}

static void
put(void *context, uint8_t byte)
{
    (void)context;
    ck_assert_uint_lt(said_size, sizeof(said) - 1);
    said[said_size++] = (char)byte;
}

/* ---- its flash, which takes its time ---- */

enum { PATIENCE = 5 }; /* how often an erase says that it is not done */
static unsigned erase_calls, erases, writes, ends;
static int flash_fails;
static char said_early[16]; /* what was out when the second call came */

static int
erase_block(void *context, uint64_t address, uint64_t size)
{
    (void)context;
    ck_assert_uint_eq(size, FLASH_BLOCK);
    ck_assert_uint_eq(address % FLASH_BLOCK, 0);
    if (erase_calls == 1)
        snprintf(said_early, sizeof(said_early), "%.15s", said);
    if (++erase_calls % PATIENCE != 0)
        return STUB_LATER;
    if (flash_fails != 0)
        return flash_fails;
    erases++;
    memset(machine.flash + (address - FLASH), 0xff, size);
    return 0;
}

static int
write_flash(void *context, uint64_t address, const void *bytes, size_t size)
{
    (void)context;
    writes++;
    memcpy(machine.flash + (address - FLASH), bytes, size);
    return 0;
}

static int
end_flash(void *context)
{
    (void)context;
    ends++;
    return 0;
}

static const struct stub_board_flash flash = { erase_block, write_flash, end_flash };

static const struct stub_region regions[] = {
    { .start = RAM, .size = RAM_SIZE, .kind = STUB_RAM },
    { .start = RAM + RAM_SIZE, .size = 0x1000, .kind = STUB_RAM }, /* it only claims to be there */
    { .start = ROM, .size = ROM_SIZE, .kind = STUB_ROM },
    { .start = DEVICE, .size = 64, .kind = STUB_DEVICE },
    { .start = FLASH, .size = FLASH_SIZE, .kind = STUB_FLASH, .block_size = FLASH_BLOCK },
};

static void
set_up(void)
{
    static struct stub_board_config config;

    config = (struct stub_board_config){
        .size = sizeof(config),
        .packets = stub_embedded_packets,
        .get = get,
        .put = put,
        .room = room,
        .room_size = sizeof(room),
        .regions = regions,
        .region_count = sizeof(regions) / sizeof(regions[0]),
        .flash = &flash,
    };
    erase_calls = erases = writes = ends = 0;
    flash_fails = 0;
    memset(&machine, 0, sizeof(machine));
    memset(said, 0, sizeof(said));
    said_size = 0;
    script = "";
    idle = asked = 0;
    stub_board_here = NULL;
    ck_assert(stub_board_start(&storage, &config));
    board = stub_board_here;
    stub_board_set_pc(board, RAM + 0x100);
}

/* An exception, during which the client says that; it must let the firmware go on. */
static void
trap(enum trap_kind kind, const char *client)
{
    machine.kind = kind;
    script = client;
    stub_board_trapped(board);
    ck_assert_str_eq(script, "");
}

/* A frame around body, behind what is in `to` already. */
static void
add_frame(char *to, const char *body)
{
    uint8_t sum = 0;

    for (const char *c = body; *c != '\0'; c++)
        sum = (uint8_t)(sum + (uint8_t)*c);
    sprintf(to + strlen(to), "+$%s#%02x", body, sum);
}

void
stub_board_ask(struct wish *wish)
{
    asked++;
    board->trap.words[STUB_AARCH64_X0] = (uint64_t)(uintptr_t)wish;
    stub_board_set_pc(board, (uint64_t)(uintptr_t)stub_board_ask);
    trap(TRAP_BREAK, answers);
    ck_assert_uint_eq(stub_board_pc(board), (uint64_t)(uintptr_t)stub_board_ask + 4);
}

/* A client that greets with that word lets the firmware run. */
static void
greet_with(const char *word)
{
    char hello[128] = "", supported[64];

    snprintf(supported, sizeof(supported), "qSupported:%s", word);
    add_frame(hello, supported);
    add_frame(hello, "vCont;c");
    trap(TRAP_FAULT, hello);
    ck_assert(stub_is_waiting(&board->stub));
}

/* A gdb that lets the firmware run, and then answers so. */
static void
let_run(const char *first, const char *second)
{
    greet_with("vContSupported+");
    answers[0] = '\0';
    add_frame(answers, first);
    if (second != NULL)
        add_frame(answers, second);
}

/* Interrupts, until all that the client says is heard. */
static void
look(const char *client)
{
    script = client;
    while (*script != '\0')
        ck_assert(stub_board_looked(board));
}

static void
ck_said(const char *text)
{
    ck_assert_msg(strstr(said, text) != NULL, "'%s' not in '%s'", text, said);
}

static void
ck_touches(unsigned from, const struct touch *want, unsigned count)
{
    ck_assert_uint_eq(machine.touch_count, from + count);
    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_eq(machine.touches[from + i].address, want[i].address);
        ck_assert_uint_eq(machine.touches[from + i].width, want[i].width);
        ck_assert_int_eq(machine.touches[from + i].store, want[i].store);
    }
}

/* ---- memory ---- */

START_TEST(devices_are_read_by_their_widest_aligned_units)
{
    static const struct touch want[] = {
        { DEVICE + 1, 1, false }, { DEVICE + 2, 2, false },  { DEVICE + 4, 4, false },
        { DEVICE + 8, 4, false }, { DEVICE + 12, 1, false },
    };
    uint8_t bytes[12];
    size_t n;

    ck_assert(stub_board_read(board, DEVICE + 1, bytes, 12, &n));
    ck_assert_uint_eq(n, 12);
    ck_touches(0, want, 5);
}
END_TEST

START_TEST(devices_are_written_once_and_never_tried)
{
    static const struct touch want[] = { { DEVICE + 4, 4, true }, { DEVICE + 8, 4, true } };
    uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

    ck_assert_int_eq(stub_board_write(board, DEVICE + 4, bytes, 8), 0);
    ck_touches(0, want, 2);
    ck_assert_mem_eq(machine.device + 4, bytes, 8);
}
END_TEST

START_TEST(ram_is_read_up_to_the_fault)
{
    uint8_t bytes[64];
    size_t n;

    ck_assert(stub_board_read(board, RAM + RAM_SIZE - 24, bytes, 64, &n));
    ck_assert_uint_eq(n, 24);
    ck_assert(!stub_board_read(board, RAM + RAM_SIZE, bytes, 64, &n));
    ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(what_the_map_lacks_is_never_touched)
{
    uint8_t bytes[16] = { 0 };
    size_t n;

    ck_assert(!stub_board_read(board, 0x5000, bytes, 16, &n));
    ck_assert(!stub_board_read(board, UINT64_MAX - 15, bytes, 16, &n));
    ck_assert_int_eq(stub_board_write(board, 0x5000, bytes, 16), -STUB_EFAULT);
    ck_assert_uint_eq(machine.touch_count, 0);
    ck_assert(stub_board_read(board, ROM + ROM_SIZE - 8, bytes, 16, &n));
    ck_assert_uint_eq(n, 8);
}
END_TEST

START_TEST(a_write_that_would_not_go_through_changes_nothing)
{
    uint8_t bytes[64];

    memset(bytes, 0xaa, sizeof(bytes));
    ck_assert_int_eq(stub_board_write(board, RAM + RAM_SIZE - 32, bytes, 64), -STUB_EFAULT);
    for (unsigned i = 0; i < 32; i++)
        ck_assert_uint_eq(machine.ram[RAM_SIZE - 32 + i], 0);
    ck_assert_int_eq(stub_board_write(board, ROM, bytes, 8), -STUB_EACCES);
    ck_assert_int_eq(stub_board_write(board, RAM + 3, bytes, 61), 0);
    ck_assert_uint_eq(machine.ram[2], 0);
    ck_assert_uint_eq(machine.ram[3], 0xaa);
    ck_assert_uint_eq(machine.ram[63], 0xaa);
    ck_assert_uint_eq(machine.ram[64], 0);
}
END_TEST

START_TEST(gaps_of_the_map_are_regions)
{
    struct stub_region region;

    ck_assert_int_eq(stub_board_region(board, 0x5000, &region), 0);
    ck_assert(!region.mapped);
    ck_assert_uint_eq(region.start, RAM + RAM_SIZE + 0x1000);
    ck_assert_uint_eq(region.start + region.size, ROM);
    ck_assert_int_eq(stub_board_region(board, 0xffff000000000000, &region), 0);
    ck_assert_uint_eq(region.start, FLASH + FLASH_SIZE);
    ck_assert_uint_eq(region.size, 0);
    ck_assert_int_eq(stub_board_region(board, 0, &region), 0);
    ck_assert_uint_eq(region.start, 0);
    ck_assert_uint_eq(region.size, RAM);
}
END_TEST

/* ---- breakpoints ---- */

START_TEST(breakpoints_are_in_memory_only_while_the_firmware_runs)
{
    struct stub_point point = { .type = STUB_POINT_SOFTWARE, .address = RAM + 0x200, .kind = 4 };

    memset(machine.ram + 0x200, 0x11, 4);
    ck_assert_int_eq(stub_board_insert(board, &point), 0);
    ck_assert_int_eq(stub_board_insert(board, &point), 0);
    ck_assert_uint_eq(machine.ram[0x200], 0x11);
    stub_board_plant(board);
    ck_assert_mem_eq(machine.ram + 0x200, arch_aarch64.breakpoint, 4);
    stub_board_lift(board);
    ck_assert_uint_eq(machine.ram[0x200], 0x11);
    ck_assert_int_eq(stub_board_remove(board, &point), 0);
    ck_assert_int_eq(stub_board_remove(board, &point), -STUB_ENOENT);
}
END_TEST

START_TEST(what_the_firmware_writes_over_a_breakpoint_stays)
{
    struct stub_point point = { .type = STUB_POINT_SOFTWARE, .address = RAM + 0x200, .kind = 4 };

    ck_assert_int_eq(stub_board_insert(board, &point), 0);
    stub_board_plant(board);
    memset(machine.ram + 0x200, 0x77, 4);
    stub_board_lift(board);
    ck_assert_uint_eq(machine.ram[0x200], 0x77);
}
END_TEST

START_TEST(a_breakpoint_in_rom_takes_a_slot_of_the_cpu)
{
    struct stub_point point = { .type = STUB_POINT_SOFTWARE, .address = ROM + 0x10, .kind = 4 };

    ck_assert_int_eq(stub_board_insert(board, &point), 0);
    ck_assert(board->breaks[0].used && board->breaks[0].soft);
    ck_assert(stub_board_point_at(board, ROM + 0x10));
    point.address = RAM + RAM_SIZE + 0x10; /* RAM on paper */
    ck_assert_int_eq(stub_board_insert(board, &point), 0);
    point.address = ROM + 0x20;
    ck_assert_int_eq(stub_board_insert(board, &point), -STUB_ENOSPC);
    ck_assert_ptr_nonnull(board->why);
    point.address = ROM + 0x10;
    ck_assert_int_eq(stub_board_remove(board, &point), 0);
    ck_assert(!stub_board_point_at(board, ROM + 0x10));
    point.address = RAM + 2;
    ck_assert_int_eq(stub_board_insert(board, &point), -STUB_EINVAL);
}
END_TEST

START_TEST(of_many_breakpoints_the_one_too_many_is_refused)
{
    struct stub_point point = { .type = STUB_POINT_SOFTWARE, .address = RAM, .kind = 4 };

    for (unsigned i = 0; i < SOFT_POINTS; i++, point.address += 4)
        ck_assert_int_eq(stub_board_insert(board, &point), 0);
    ck_assert_int_eq(stub_board_insert(board, &point), -STUB_ENOSPC);
    stub_board_forget_points(board);
    ck_assert_int_eq(stub_board_insert(board, &point), 0);
}
END_TEST

START_TEST(the_nearest_watchpoint_is_the_one_that_was_hit)
{
    struct stub_point point = { .type = STUB_POINT_WRITE, .address = RAM + 0x40, .kind = 8 };

    ck_assert_int_eq(stub_board_insert(board, &point), 0);
    point.address = RAM + 0x80;
    ck_assert_int_eq(stub_board_insert(board, &point), 0);
    ck_assert_ptr_eq(stub_board_watch_at(board, RAM + 0x44), &board->watches[0]);
    ck_assert_ptr_eq(stub_board_watch_at(board, RAM + 0x7c), &board->watches[1]);
    point.kind = 3;
    ck_assert_int_eq(stub_board_insert(board, &point), -STUB_EINVAL);
}
END_TEST

/* ---- a session ---- */

START_TEST(a_fault_is_served_until_the_client_goes_on)
{
    trap(TRAP_FAULT, "$?#3f+$m1100,4#8f+$vCont;c#a8");
    ck_said("$T0b");
    ck_said("$0*\"00#");
    ck_assert(board->running);
    ck_assert(!machine.stepping);
}
END_TEST

START_TEST(a_breakpoint_hit_is_told_and_stepped_over_at_the_resume)
{
    trap(TRAP_FAULT, "$?#3f+$Z0,1200,4#d9+$vCont;c#a8");
    ck_assert_mem_eq(machine.ram + 0x200, arch_aarch64.breakpoint, 4);
    stub_board_set_pc(board, RAM + 0x200);
    trap(TRAP_BREAK, "+$vCont;c#a8");
    ck_said("$T05");
    ck_assert(machine.stepping); /* over it, with nothing planted */
    ck_assert_uint_eq(machine.ram[0x200], 0);
    stub_board_set_pc(board, RAM + 0x204);
    said_size = 0;
    trap(TRAP_STEP, "");
    ck_assert_uint_eq(said_size, 0);
    ck_assert(!machine.stepping);
    ck_assert_mem_eq(machine.ram + 0x200, arch_aarch64.breakpoint, 4);
}
END_TEST

START_TEST(a_range_is_stepped_here_until_it_is_left)
{
    trap(TRAP_FAULT, "$?#3f+$vCont;r1100,1110:1#d3");
    ck_assert(machine.stepping);
    said_size = 0;
    stub_board_set_pc(board, 0x1104);
    trap(TRAP_STEP, "");
    ck_assert_uint_eq(said_size, 0);
    ck_assert(machine.stepping);
    stub_board_set_pc(board, 0x1110);
    trap(TRAP_STEP, "+$vCont;c#a8");
    ck_said("$T05");
    ck_assert(!machine.stepping);
}
END_TEST

START_TEST(an_interrupt_without_a_byte_is_the_firmwares_alone)
{
    trap(TRAP_FAULT, "$?#3f+$vCont;c#a8");
    script = "";
    ck_assert(!stub_board_looked(board));
}
END_TEST

START_TEST(a_repeated_resume_does_not_stop_a_firmware_that_runs)
{
    trap(TRAP_FAULT, "$?#3f+$vCont;c#a8");
    said_size = 0;
    look("$vCont;c#a8");
    ck_assert(board->running);
    said[said_size] = '\0';
    ck_assert_str_eq(said, "++");
}
END_TEST

START_TEST(ctrl_c_stops_once)
{
    trap(TRAP_FAULT, "$?#3f+$vCont;c#a8");
    look("\003+$vCont;c#a8");
    ck_said("$T02");
    ck_assert(board->running);
}
END_TEST

START_TEST(half_a_frame_does_not_keep_the_firmware)
{
    trap(TRAP_FAULT, "$?#3f+$vCont;c#a8");
    look("$m1100");
    ck_assert(board->running);
    look("$m1100,4#8f");
    ck_said("$0*\"00#");
}
END_TEST

START_TEST(a_new_client_has_no_breakpoints)
{
    trap(TRAP_FAULT, "$?#3f+$Z0,1200,4#d9+$vCont;c#a8");
    look("+$qSupported:swbreak+#8b");
    ck_assert_uint_eq(machine.ram[0x200], 0);
    ck_assert(!stub_board_point_at(board, RAM + 0x200));
}
END_TEST

START_TEST(a_detach_leaves_nothing_behind)
{
    trap(TRAP_FAULT, "$?#3f+$Z0,1200,4#d9+$D#44");
    ck_said("$OK#9a");
    ck_assert(board->running);
    ck_assert_uint_eq(machine.ram[0x200], 0);
    trap(TRAP_FAULT, "$?#3f+$vCont;c#a8"); /* and the next client is served */
    ck_said("$T0b");
}
END_TEST

START_TEST(a_breakpoint_of_the_firmwares_own_is_passed_once)
{
    trap(TRAP_BREAK, "$?#3f+$vCont;s:1#23+$vCont;c#a8");
    ck_assert_uint_eq(stub_board_pc(board), RAM + 0x104);
    ck_said("reason:trace");
    ck_assert(!machine.stepping);
}
END_TEST

/* ---- files of the debugger's machine ---- */

START_TEST(a_wish_is_told_like_a_stop_and_answered)
{
    let_run("F3", NULL);
    ck_assert_int_eq(stub_board_file_open("/etc/motd", STUB_OPEN_CREATE | STUB_OPEN_WRITE, 0644),
                     3);
    ck_said("$Fopen,");
    ck_said("/a,201,1a4#");
    ck_assert(board->running);
    let_run("F-1,2", NULL);
    ck_assert_int_eq(stub_board_file_seek(3, -16, STUB_BOARD_FROM_END), -STUB_BOARD_ENOENT);
    ck_said("$Flseek,3,-10,2#");
    ck_assert_uint_eq(asked, 2);
    ck_assert_ptr_null(board->wish);
}
END_TEST

START_TEST(a_wish_without_a_gdb_fails_at_once)
{
    ck_assert_int_eq(stub_board_file_close(1), -STUB_BOARD_ENOSYS);
    greet_with("xmlRegisters=i386,arm"); /* an lldb */
    said_size = 0;
    ck_assert_int_eq(stub_board_file_close(1), -STUB_BOARD_ENOSYS);
    ck_assert_uint_eq(asked, 0);
    ck_assert_uint_eq(said_size, 0);
}
END_TEST

START_TEST(a_wish_whose_client_has_gone_does_not_wait)
{
    let_run("F0", NULL);
    stub_board_link_lost();
    answers[0] = '\0';
    ck_assert_int_eq(stub_board_file_close(1), -STUB_BOARD_ENOSYS);
    ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(ctrl_c_during_a_wish_ends_it_and_stops)
{
    let_run("F-1,4,C", "vCont;c");
    ck_assert_int_eq(stub_board_file_read(0, room, 8), -STUB_BOARD_EINTR);
    ck_said("$T02");
    ck_assert(board->running);
}
END_TEST

START_TEST(a_client_that_asks_why_it_stands_ends_a_wish)
{
    let_run("?", "vCont;c");
    ck_assert_int_eq(stub_board_file_read(0, room, 8), -STUB_BOARD_EINTR);
    ck_said("$T05");
    let_run("vCont;c", NULL);
    ck_assert_int_eq(stub_board_file_read(0, room, 8), -STUB_BOARD_EINTR);
    let_run("D", NULL);
    ck_assert_int_eq(stub_board_file_read(0, room, 8), -STUB_BOARD_EINTR);
    ck_assert_ptr_null(board->wish);
}
END_TEST

START_TEST(what_nobody_asked_for_is_not_taken)
{
    char late[64] = "";

    add_frame(late, "F5");
    add_frame(late, "vCont;c");
    trap(TRAP_FAULT, late);
    ck_said("$E16#");
}
END_TEST

/* ---- flash ---- */

START_TEST(flash_is_erased_block_by_block_and_written)
{
    char load[256] = "";

    add_frame(load, "vFlashErase:a100,200");
    add_frame(load, "vFlashWrite:a104:hello");
    add_frame(load, "vFlashDone");
    add_frame(load, "vCont;c");
    trap(TRAP_FAULT, load);
    ck_assert_uint_eq(erases, 2);
    ck_assert_uint_eq(erase_calls, 2 * PATIENCE);
    ck_assert_uint_eq(writes, 1);
    ck_assert_uint_eq(ends, 1);
    ck_assert_uint_eq(machine.flash[0xff], 0);
    ck_assert_uint_eq(machine.flash[0x100], 0xff);
    ck_assert_mem_eq(machine.flash + 0x104, "hello", 5);
    ck_assert_uint_eq(machine.flash[0x2ff], 0xff);
    ck_assert_uint_eq(machine.flash[0x300], 0);
    ck_said("$OK#9a++$OK#9a++$OK#9a");
}
END_TEST

/* The request is acknowledged while the chip is at work, not when it has finished. */
START_TEST(the_line_is_heard_while_flash_is_erased)
{
    char load[256] = "";

    add_frame(load, "vFlashErase:a000,400");
    add_frame(load, "vCont;c");
    trap(TRAP_FAULT, load);
    ck_assert_uint_eq(erases, 4);
    ck_assert_str_eq(said_early, "++");
    ck_said("++$OK#9a");
}
END_TEST

START_TEST(an_erase_that_fails_is_told_and_begins_anew)
{
    char load[256] = "";

    flash_fails = -STUB_EIO;
    add_frame(load, "vFlashErase:a000,200");
    add_frame(load, "vCont;c");
    trap(TRAP_FAULT, load);
    ck_assert_uint_eq(erases, 0);
    ck_said("$E05#");
    ck_assert_uint_eq(board->erased, 0);
}
END_TEST

START_TEST(what_is_no_flash_is_not_erased)
{
    char load[256] = "";

    add_frame(load, "vFlashErase:1000,1000");
    add_frame(load, "vFlashErase:a080,100");
    add_frame(load, "vFlashWrite:9fff:ab");
    board->settings.flash = NULL;
    add_frame(load, "vFlashErase:a000,100");
    add_frame(load, "vCont;c");
    trap(TRAP_FAULT, load);
    ck_assert_uint_eq(erase_calls + writes, 0);
    ck_said("$E0e#");
    ck_said("$E5f#");
}
END_TEST

/* ---- the stub's own faults ---- */

START_TEST(a_fault_of_the_stubs_own_begins_a_new_session)
{
    trap(TRAP_FAULT, "$?#3f+$vCont;c#a8");
    said_size = 0;
    memset(said, 0, sizeof(said));
    board->inside = 1; /* in the middle of a frame */
    board->held = 'x';
    script = "$?#3f+$vCont;c#a8";
    stub_board_again(board);
    ck_assert_str_eq(script, "");
    ck_said("$T0b"); /* the stop before is told again */
    ck_assert(board->running);
}
END_TEST

START_TEST(a_start_that_cannot_work_is_refused)
{
    struct stub_board_config config = board->settings;

    ck_assert(!stub_board_start(&storage, &config)); /* it is started */
    stub_board_here = NULL;
    config.room_size = STUB_BOARD_SMALLEST - 1;
    ck_assert(!stub_board_start(&storage, &config));
    config.room_size = STUB_BOARD_SMALLEST;
    config.room = room + 1;
    ck_assert(!stub_board_start(&storage, &config));
    config.room = room;
    config.get = NULL;
    ck_assert(!stub_board_start(&storage, &config));
    ck_assert_ptr_null(stub_board_here);
    config.get = get;
    config.stack_size = STUB_BOARD_STACK + 16;
    ck_assert(!stub_board_start(&storage, &config)); /* not enough is left for the buffers */
    config.room_size = sizeof(room);
    config.stack_size = STUB_BOARD_STACK + 8;
    ck_assert(!stub_board_start(&storage, &config));
    config.stack_size = STUB_BOARD_STACK + 16;
    ck_assert(stub_board_start(&storage, &config));
}
END_TEST

Suite *
board_suite(void)
{
    Suite *s = suite_create("board");
    TCase *tc = tcase_create("board");

    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_set_timeout(tc, 60); /* a million turns of the loop, on a machine that has other work */
    tcase_add_test(tc, devices_are_read_by_their_widest_aligned_units);
    tcase_add_test(tc, devices_are_written_once_and_never_tried);
    tcase_add_test(tc, ram_is_read_up_to_the_fault);
    tcase_add_test(tc, what_the_map_lacks_is_never_touched);
    tcase_add_test(tc, a_write_that_would_not_go_through_changes_nothing);
    tcase_add_test(tc, gaps_of_the_map_are_regions);
    tcase_add_test(tc, breakpoints_are_in_memory_only_while_the_firmware_runs);
    tcase_add_test(tc, what_the_firmware_writes_over_a_breakpoint_stays);
    tcase_add_test(tc, a_breakpoint_in_rom_takes_a_slot_of_the_cpu);
    tcase_add_test(tc, of_many_breakpoints_the_one_too_many_is_refused);
    tcase_add_test(tc, the_nearest_watchpoint_is_the_one_that_was_hit);
    tcase_add_test(tc, a_fault_is_served_until_the_client_goes_on);
    tcase_add_test(tc, a_breakpoint_hit_is_told_and_stepped_over_at_the_resume);
    tcase_add_test(tc, a_range_is_stepped_here_until_it_is_left);
    tcase_add_test(tc, an_interrupt_without_a_byte_is_the_firmwares_alone);
    tcase_add_test(tc, a_repeated_resume_does_not_stop_a_firmware_that_runs);
    tcase_add_test(tc, ctrl_c_stops_once);
    tcase_add_test(tc, half_a_frame_does_not_keep_the_firmware);
    tcase_add_test(tc, a_new_client_has_no_breakpoints);
    tcase_add_test(tc, a_detach_leaves_nothing_behind);
    tcase_add_test(tc, a_breakpoint_of_the_firmwares_own_is_passed_once);
    tcase_add_test(tc, a_wish_is_told_like_a_stop_and_answered);
    tcase_add_test(tc, a_wish_without_a_gdb_fails_at_once);
    tcase_add_test(tc, a_wish_whose_client_has_gone_does_not_wait);
    tcase_add_test(tc, ctrl_c_during_a_wish_ends_it_and_stops);
    tcase_add_test(tc, a_client_that_asks_why_it_stands_ends_a_wish);
    tcase_add_test(tc, what_nobody_asked_for_is_not_taken);
    tcase_add_test(tc, flash_is_erased_block_by_block_and_written);
    tcase_add_test(tc, the_line_is_heard_while_flash_is_erased);
    tcase_add_test(tc, an_erase_that_fails_is_told_and_begins_anew);
    tcase_add_test(tc, what_is_no_flash_is_not_erased);
    tcase_add_test(tc, a_fault_of_the_stubs_own_begins_a_new_session);
    tcase_add_test(tc, a_start_that_cannot_work_is_refused);
    suite_add_tcase(s, tc);
    return s;
}
