/* roomy.c - buffers that serve a debugger well. */
#include "tests/boards/kernel.h"

_Alignas(16) uint8_t demo_room[DEMO_STACK + STUB_BOARD_ROOM - STUB_BOARD_STACK];
const size_t demo_room_size = sizeof(demo_room);
const struct stub_family *const *const demo_packets = stub_embedded_packets;
