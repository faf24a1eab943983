/* kernel.h - the demo firmware: a few tasks that take turns, and what each machine brings. */
#ifndef BOARDS_KERNEL_H
#define BOARDS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stub/board/board.h"

enum { TASK_STACK = 8192 };

struct task {
    uint64_t sp; /* while it does not run: its registers lie there */
    const char *name;
    void (*body)(void);
    uint64_t wake; /* tick at which it wants to run again */
    bool running;
    _Alignas(16) uint8_t stack[TASK_STACK];
};

extern struct task tasks[];
extern const unsigned task_count;

/* Permissions of a region. */
enum {
    RX = STUB_READ | STUB_EXECUTE,
    RW = STUB_READ | STUB_WRITE,
    RWX = STUB_READ | STUB_WRITE | STUB_EXECUTE
};

/* ---- kernel.c ---- */

extern volatile uint64_t ticks;
void kernel_run(void);
void kernel_tick(void); /* from the timer's interrupt */
void sleep_for(uint64_t wanted);
const struct stub_board_tasks *kernel_tasks(void);

/* ---- demo.c ---- */

void demo_start(void);

/* ---- config.c ---- */

/* The stub at the UART, waiting at the start; no tasks and nothing else of the demo's. */
struct stub_board_config plain_config(void);

/* ---- roomy.c, or tight.c: the stub's stack and its two buffers ---- */

enum { DEMO_STACK = STUB_BOARD_STACK_FOR_WALKS };
extern uint8_t demo_room[];
extern const size_t demo_room_size;
extern const struct stub_family *const *const demo_packets;

/* ---- the machine: start.S, machine.c ---- */

/* Puts the callee-saved registers on the stack and the stack pointer in *from, and goes on with
 * those found at `to`. */
void switch_stacks(uint64_t *from, uint64_t to);
/* A stack from which switch_stacks goes to body. */
uint64_t first_stack(uint8_t *end, void (*body)(void));
/* The registers that switch_stacks left at sp. */
void saved_registers(uint64_t sp, struct stub_board_task *task);
void wait_for_interrupt(void);
void machine_start(void);
void machine_interrupts_on(void);
int uart_get(void *context);
void uart_put(void *context, uint8_t byte);
uint64_t machine_ms(void *context);
void machine_reset(void *context);
extern const struct stub_region machine_regions[];
extern const unsigned machine_region_count;
extern const unsigned machine_uart_interrupt;
extern const struct stub_board_flash machine_flash;
/* Where the handlers of interrupts lay down the registers. */
enum { MACHINE_EXCEPTIONS = 2 };
const struct unwind_exception *machine_exceptions(void);
extern const uint64_t machine_flash_start;
/* A second core, where the machine has one: it runs body again and again until machine_park, which
 * returns when it stands, and goes on at machine_release. */
void machine_start_second(void (*body)(void));
bool machine_has_second(void);
const uint64_t *machine_second_registers(void); /* in board.h's order; NULL: it does not stand */
void machine_park(void *context);
void machine_release(void *context);
/* What goes wrong on demand. */
void undefined_instruction(void);
void wild_stack(void);
void own_breakpoint(void);
void call_supervisor(void);
extern volatile uint64_t supervisor_calls;
uint64_t waits(void); /* an instruction that waits for an interrupt, then 42 */

#endif
