/* minimal.c - the firmware of `make size` with the packets that gdb cannot do without. */
#include "tests/size/firmware.h"

void
_start(void)
{
    firmware_run(stub_minimal_packets);
}
