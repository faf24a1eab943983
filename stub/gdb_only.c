/* gdb_only.c - the packets of a stub that is for gdb alone: the machine goes by its name. */
#include "stub/engine.h"

const struct stub_family *const stub_gdb_packets[] = {
    &stub_plain_packets, &stub_memory_packets,  &stub_register_packets,
    &stub_break_packets, &stub_machine_packets, NULL,
};
