/* line.c - firmware for `make bench-line`: tests/bench/line_prog.c on a board, with the stub at
 * its UART and no tasks, so that every session is like the one before. */
#include "tests/boards/kernel.h"

#define main line_main
#include "tests/bench/line_prog.c"

void
kernel_tick(void)
{
}

void
demo_start(void)
{
    static struct stub_board board;
    static struct stub_board_config config;

    config = plain_config();
    machine_start();
    stub_board_start(&board, &config);
    for (;;)
        line_main();
}
