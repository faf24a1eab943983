/* embedded.c - the firmware of `make size` with every packet that a board can use. */
#include "tests/size/firmware.h"

void
_start(void)
{
    firmware_run(stub_embedded_packets);
}
