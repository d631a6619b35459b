/**
 * Names of the metrics that the dashboard "Node Exporter Full" (Grafana 1860) and the alerts and rules of node-mixin ask for.
 * Names only, put down by panel and by alert; some are of other systems than Linux or of collectors that are off by default.
 */
const list = (text: string): readonly string[] => text.trim().split(/\s+/);

const prefixed = (prefix: string, text: string, suffix = ''): string[] =>
  list(text).map((name) => `${prefix}${name}${suffix}`);

export const NODE_EXPORTER_FULL: readonly string[] = [
  ...list(`
    node_cpu_seconds_total node_cpu_guest_seconds_total node_load1 node_load5 node_load15 node_time_seconds node_boot_time_seconds
    node_uname_info node_os_info node_exporter_build_info
    node_context_switches_total node_intr_total node_forks_total node_procs_running node_procs_blocked
    node_schedstat_running_seconds_total node_schedstat_waiting_seconds_total node_schedstat_timeslices_total
    node_entropy_available_bits node_interrupts_total node_softirqs_total
    node_filefd_allocated node_filefd_maximum node_arp_entries
    node_nf_conntrack_entries node_nf_conntrack_entries_limit
    node_cpu_scaling_frequency_hertz node_cpu_scaling_frequency_min_hertz node_cpu_scaling_frequency_max_hertz
    node_cpu_core_throttles_total node_cpu_package_throttles_total
    node_cooling_device_cur_state node_cooling_device_max_state node_power_supply_online
    node_processes_state node_processes_pids node_processes_max_processes node_processes_threads node_processes_max_threads
    node_systemd_units node_systemd_socket_accepted_connections_total node_systemd_socket_current_connections
    node_systemd_socket_refused_connections_total node_systemd_unit_state
    node_scrape_collector_duration_seconds node_scrape_collector_success node_textfile_scrape_error
    node_tcp_connection_states
    process_cpu_seconds_total process_max_fds process_open_fds process_resident_memory_bytes
    process_virtual_memory_bytes process_virtual_memory_max_bytes`),
  ...prefixed(
    'node_pressure_',
    'cpu_waiting memory_waiting memory_stalled io_waiting io_stalled irq_stalled',
    '_seconds_total',
  ),
  ...prefixed(
    'node_memory_',
    `MemTotal MemFree MemAvailable Cached Buffers SReclaimable SwapTotal SwapFree SwapCached Slab PageTables Inactive Active
     Inactive_file Inactive_anon Active_file Active_anon Mapped Shmem ShmemHugePages ShmemPmdMapped SUnreclaim
     VmallocChunk VmallocTotal VmallocUsed Bounce AnonHugePages AnonPages KernelStack Percpu Hugepagesize
     DirectMap1G DirectMap2M DirectMap4k Unevictable Mlocked NFS_Unstable HardwareCorrupted Committed_AS CommitLimit
     Writeback WritebackTmp Dirty`,
    '_bytes',
  ),
  ...prefixed('node_memory_HugePages_', 'Free Rsvd Surp Total'),
  ...prefixed('node_vmstat_', 'pgpgin pgpgout pswpin pswpout pgfault pgmajfault oom_kill'),
  ...prefixed(
    'node_timex_',
    `estimated_error_seconds offset_seconds maxerror_seconds sync_status frequency_adjustment_ratio loop_time_constant
     tick_seconds tai_offset_seconds`,
  ),
  ...prefixed(
    'node_hwmon_',
    `temp_celsius temp_crit_celsius temp_crit_alarm_celsius temp_crit_hyst_celsius temp_max_celsius chip_names fan_rpm
     fan_min_rpm sensor_label`,
  ),
  ...prefixed(
    'node_disk_',
    `reads_completed_total writes_completed_total read_bytes_total written_bytes_total read_time_seconds_total
     write_time_seconds_total io_time_seconds_total io_time_weighted_seconds_total reads_merged_total writes_merged_total io_now
     discards_completed_total discards_merged_total discard_time_seconds_total discarded_sectors_total
     flush_requests_total flush_requests_time_seconds_total info`,
  ),
  ...prefixed('node_filesystem_', 'avail_bytes size_bytes free_bytes files files_free device_error readonly'),
  ...prefixed(
    'node_network_',
    `receive_bytes_total transmit_bytes_total receive_packets_total transmit_packets_total receive_errs_total
     transmit_errs_total receive_drop_total transmit_drop_total receive_compressed_total transmit_compressed_total
     receive_multicast_total receive_fifo_total transmit_fifo_total receive_frame_total transmit_carrier_total
     transmit_colls_total receive_nohandler_total mtu_bytes speed_bytes transmit_queue_length up carrier info
     carrier_changes_total`,
  ),
  ...prefixed(
    'node_softnet_',
    'processed_total dropped_total times_squeezed_total flow_limit_count_total received_rps_total cpu_collision_total backlog_len',
  ),
  ...prefixed(
    'node_sockstat_',
    `TCP_alloc TCP_inuse TCP_mem TCP_mem_bytes TCP_orphan TCP_tw UDPLITE_inuse UDP_inuse UDP_mem UDP_mem_bytes RAW_inuse
     FRAG_inuse FRAG_memory sockets_used`,
  ),
  ...prefixed(
    'node_netstat_',
    `IpExt_InOctets IpExt_OutOctets Ip_Forwarding Icmp_InMsgs Icmp_OutMsgs Icmp_InErrors Udp_InDatagrams Udp_OutDatagrams
     Udp_InErrors Udp_NoPorts UdpLite_InErrors Udp_RcvbufErrors Udp_SndbufErrors Tcp_InSegs Tcp_OutSegs
     TcpExt_ListenOverflows TcpExt_ListenDrops TcpExt_TCPSynRetrans Tcp_RetransSegs Tcp_InErrs Tcp_OutRsts
     TcpExt_TCPRcvQDrop TcpExt_TCPOFOQueue Tcp_CurrEstab TcpExt_SyncookiesFailed TcpExt_SyncookiesRecv
     TcpExt_SyncookiesSent Tcp_ActiveOpens Tcp_PassiveOpens TcpExt_TCPTimeouts`,
  ),
  // Off unless `--collector.netstat.fields` says more than node_exporter's default.
  ...list('node_netstat_Tcp_MaxConn'),
];

export const NODE_MIXIN: readonly string[] = list(`
  node_filesystem_avail_bytes node_filesystem_size_bytes node_filesystem_readonly node_filesystem_files_free node_filesystem_files
  node_network_receive_errs_total node_network_receive_packets_total node_network_transmit_errs_total
  node_network_transmit_packets_total node_nf_conntrack_entries node_nf_conntrack_entries_limit
  node_textfile_scrape_error node_timex_offset_seconds node_timex_sync_status node_timex_maxerror_seconds
  node_md_disks_required node_md_disks node_md_state node_filefd_allocated node_filefd_maximum
  node_cpu_seconds_total node_load1 node_vmstat_pgmajfault node_disk_io_time_weighted_seconds_total node_disk_io_time_seconds_total
  node_memory_MemTotal_bytes node_memory_MemAvailable_bytes node_memory_Buffers_bytes node_memory_Cached_bytes
  node_memory_MemFree_bytes node_memory_Slab_bytes
  node_systemd_unit_state node_systemd_service_restart_total node_bonding_slaves node_bonding_active
  node_network_receive_bytes_total node_network_transmit_bytes_total node_network_receive_drop_total
  node_network_transmit_drop_total node_disk_read_bytes_total node_disk_written_bytes_total node_uname_info`);
