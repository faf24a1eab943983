/* minimal.c - the packets of the smallest stub with which a gdb can work. */
#include "stub/engine.h"

const struct stub_family *const stub_minimal_packets[] = {
    &stub_plain_packets, &stub_memory_packets,   &stub_register_packets,
    &stub_break_packets, &stub_features_packets, NULL,
};
