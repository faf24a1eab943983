/* all.c - every family of packets, for who does not choose. Those whose hooks every request asks
 * for come first; lldb's target.xml comes before the short one. */
#include "stub/engine.h"

const struct stub_family *const stub_all_packets[] = {
    &stub_line_packets,          &stub_process_packets,
    &stub_lldb_register_packets, &stub_quick_packets,
    &stub_serial_packets,        &stub_start_packets,
    &stub_dialect_packets,       &stub_linux_packets,
    &stub_memory_packets,        &stub_binary_packets,
    &stub_register_packets,      &stub_register_set_packets,
    &stub_run_packets,           &stub_vcont_packets,
    &stub_nonstop_packets,       &stub_break_packets,
    &stub_condition_packets,     &stub_thread_packets,
    &stub_features_packets,      &stub_thread_name_packets,
    &stub_xfer_packets,          &stub_flash_packets,
    &stub_fileio_packets,        &stub_monitor_packets,
    &stub_launch_packets,        &stub_lldb_packets,
    &stub_lldb_stop_packets,     &stub_lldb_region_packets,
    &stub_lldb_thread_packets,   &stub_lldb_memory_packets,
    &stub_file_packets,          &stub_leave_packets,
    &stub_event_packets,         &stub_lldb_host_packets,
    &stub_lldb_file_packets,     &stub_lldb_platform_packets,
    &stub_scan_packets,          NULL,
};
