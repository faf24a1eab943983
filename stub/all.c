/* all.c - every family of packets, for who does not choose. */
#include "stub/engine.h"

const struct stub_family *const stub_all_packets[] = {
    &stub_start_packets,     &stub_memory_packets,        &stub_register_packets,
    &stub_run_packets,       &stub_break_packets,         &stub_thread_packets,
    &stub_xfer_packets,      &stub_monitor_packets,       &stub_launch_packets,
    &stub_lldb_packets,      &stub_lldb_thread_packets,   &stub_lldb_memory_packets,
    &stub_file_packets,      &stub_leave_packets,         &stub_event_packets,
    &stub_lldb_host_packets, &stub_lldb_platform_packets, NULL,
};
