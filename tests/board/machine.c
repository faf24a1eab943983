/* machine.c - a machine made of arrays, with the functions that a real one has in machine_NAME.c
 * and trap_NAME.S. */
#include "tests/board/machine.h"

#include <stdio.h>
#include <string.h>

#include "arch/unwind/unwind.h"

/* ---- the machine ---- */

struct machine machine;

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

const struct arch_layout stub_board_layout = { .arch = &arch_aarch64,
                                               .features = ARCH_AARCH64_FPU };
const struct arch_layout stub_board_bare_layout = { .arch = &arch_aarch64 };
const struct arch_places *const stub_board_places = &arch_aarch64_linux;
const size_t stub_board_entry_stack = 0;
const unsigned stub_board_argument = STUB_AARCH64_X0;
const struct unwind_machine *const stub_board_unwind = &unwind_aarch64;

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
    b->floating = machine.floating;
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

struct stub_board board_storage;
struct board *board;
_Alignas(16) uint8_t board_room[STUB_BOARD_ROOM];
const char *script;
char said[8192];
size_t said_size;
char answers[256];
unsigned asked;

enum { TOO_LONG = 3000000 }; /* turns: more than any patience */
static unsigned idle;

int
board_get(void *context)
{
    (void)context;
    ck_assert_msg(*script != '\0' || idle++ < TOO_LONG, "it waits for ever; said '%s'", said);
    return *script != '\0' ? (uint8_t)*script++ : -1;
}

void
board_put(void *context, uint8_t byte)
{
    (void)context;
    ck_assert_uint_lt(said_size, sizeof(said) - 1);
    said[said_size++] = (char)byte;
}

/* ---- its flash, which takes its time ---- */

struct flash_calls flash_calls;

static int
erase_block(void *context, uint64_t address, uint64_t size)
{
    (void)context;
    ck_assert_uint_eq(size, FLASH_BLOCK);
    ck_assert_uint_eq(address % FLASH_BLOCK, 0);
    if (flash_calls.erase_calls == 1)
        snprintf(flash_calls.said_early, sizeof(flash_calls.said_early), "%.15s", said);
    if (++flash_calls.erase_calls % FLASH_PATIENCE != 0)
        return STUB_LATER;
    if (flash_calls.fails != 0)
        return flash_calls.fails;
    flash_calls.erases++;
    memset(machine.flash + (address - FLASH), 0xff, size);
    return 0;
}

static int
write_flash(void *context, uint64_t address, const void *bytes, size_t size)
{
    (void)context;
    flash_calls.writes++;
    memcpy(machine.flash + (address - FLASH), bytes, size);
    return 0;
}

static int
end_flash(void *context)
{
    (void)context;
    flash_calls.ends++;
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

struct stub_board_config
board_config(void)
{
    return (struct stub_board_config){
        .size = sizeof(struct stub_board_config),
        .packets = stub_embedded_packets,
        .get = board_get,
        .put = board_put,
        .room = board_room,
        .room_size = sizeof(board_room),
        .regions = regions,
        .region_count = sizeof(regions) / sizeof(regions[0]),
        .flash = &flash,
    };
}

void
start_board(struct stub_board_config wanted)
{
    static struct stub_board_config config;

    config = wanted;
    memset(&flash_calls, 0, sizeof(flash_calls));
    memset(&machine, 0, sizeof(machine));
    memset(said, 0, sizeof(said));
    said_size = 0;
    script = "";
    idle = asked = 0;
    stub_board_here = NULL;
    ck_assert(stub_board_start(&board_storage, &config));
    board = stub_board_here;
    stub_board_set_pc(board, RAM + 0x100);
}

void
set_up_board(void)
{
    start_board(board_config());
}

void
trap(enum trap_kind kind, const char *client)
{
    machine.kind = kind;
    script = client;
    stub_board_trapped(board);
    ck_assert_str_eq(script, "");
}

void
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

void
ck_said(const char *text)
{
    ck_assert_msg(strstr(said, text) != NULL, "'%s' not in '%s'", text, said);
}
