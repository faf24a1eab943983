/* machine.h - a machine made of arrays, a board on it, and a line that plays a script: what the
 * tests of the board's target share. */
#ifndef TESTS_BOARD_MACHINE_H
#define TESTS_BOARD_MACHINE_H

#include <check.h>

#include "stub/board/internal.h"

/* RAM, a page that faults, ROM, a device; every access is noted. */
enum { RAM = 0x1000, RAM_SIZE = 0x2000, ROM = 0x8000, ROM_SIZE = 0x100, DEVICE = 0x9000 };
enum { FLASH = 0xa000, FLASH_SIZE = 0x400, FLASH_BLOCK = 0x100 };
enum { TOUCHES = 64 };

struct touch {
    uint64_t address;
    unsigned width;
    bool store;
};

extern struct machine {
    uint8_t ram[RAM_SIZE], rom[ROM_SIZE], device[64], flash[FLASH_SIZE];
    struct touch touches[TOUCHES];
    unsigned touch_count;
    enum trap_kind kind; /* what the next exception is */
    bool stepping, breaks_armed, watches_armed;
    bool floating; /* enabled by the firmware */
} machine;

/* Its flash: how often which callback was called. An erase says FLASH_PATIENCE - 1 times that it
 * is not done. */
enum { FLASH_PATIENCE = 5 };
extern struct flash_calls {
    unsigned erase_calls, erases, writes, ends;
    int fails;           /* what an erase is to return, if not 0 */
    char said_early[16]; /* what was out when the second call came */
} flash_calls;

extern struct stub_board board_storage;
extern struct board *board;
extern _Alignas(16) uint8_t board_room[STUB_BOARD_ROOM];
extern const char *script; /* bytes to come */
extern char said[8192];    /* bytes that went out */
extern size_t said_size;
extern char answers[256]; /* what a client says while a wish of the firmware's is asked */
extern unsigned asked;

/* What the board is configured with. */
struct stub_board_config board_config(void);
/* A board that was started so, nothing said. */
void start_board(struct stub_board_config wanted);
/* The same as configured above: before each test. */
void set_up_board(void);
/* An exception, during which the client says that; it must let the firmware go on. */
void trap(enum trap_kind kind, const char *client);
/* A frame around body, behind what is in `to` already. */
void add_frame(char *to, const char *body);
void ck_said(const char *text);
/* The callbacks of its line. */
int board_get(void *context);
void board_put(void *context, uint8_t byte);

#endif
