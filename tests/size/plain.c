/* plain.c - the firmware of `make size` with the packets for gdb alone, on the plain library. */
#include "tests/size/firmware.h"

void
_start(void)
{
    firmware_run(stub_gdb_packets);
}
