/* firmware.h - the firmware that `make size` measures, with the packets of one list. */
#ifndef TESTS_SIZE_FIRMWARE_H
#define TESTS_SIZE_FIRMWARE_H

#include "stub/stub.h"

void firmware_run(const struct stub_family *const *packets);
void _start(void);

#endif
