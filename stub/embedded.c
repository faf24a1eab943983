/* embedded.c - the packets that a board can use, for either debugger. */
#include "stub/engine.h"

#define EMBEDDED                                                                                  \
    &stub_start_packets, &stub_dialect_packets, &stub_memory_packets, &stub_binary_packets,       \
        &stub_register_packets, &stub_run_packets, &stub_vcont_packets, &stub_break_packets,      \
        &stub_thread_packets, &stub_features_packets, &stub_thread_name_packets,                  \
        &stub_flash_packets, &stub_fileio_packets, &stub_monitor_packets,                         \
        &stub_plain_leave_packets, &stub_serial_packets, &stub_lldb_machine_packets,              \
        &stub_lldb_stop_packets, &stub_lldb_region_packets, &stub_lldb_brief_packets,             \
        &stub_line_packets

const struct stub_family *const stub_embedded_packets[] = { EMBEDDED, NULL };
const struct stub_family *const stub_lending_packets[] = { &stub_lldb_lending_packets, EMBEDDED,
                                                           NULL };
