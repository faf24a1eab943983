/* pkt_serial.c - no packets: replies made shorter by run lengths where the line is marked
 * STUB_SERIAL. */
#include "stub/engine.h"

static const struct stub_hooks hooks = { .shorten = rsp_compress };
const struct stub_family stub_serial_packets = { .hooks = &hooks };
