/* config.c - what every firmware here tells the stub of its machine. */
#include "tests/boards/kernel.h"

struct stub_board_config
plain_config(void)
{
    return (struct stub_board_config){
        .size = sizeof(struct stub_board_config),
        .packets = demo_packets,
        .get = uart_get,
        .put = uart_put,
        .room = demo_room,
        .room_size = demo_room_size,
        .stack_size = DEMO_STACK,
        .flags = STUB_BOARD_WAIT,
        .interrupt = machine_uart_interrupt,
        .regions = machine_regions,
        .region_count = machine_region_count,
        .now_ms = machine_ms,
    };
}
