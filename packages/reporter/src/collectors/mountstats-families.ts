/**
 * The families of mountstats.ts, by where their numbers stand in `/proc/self/mountstats`. Some helps say another thing
 * than their names; they are node_exporter's.
 */
import type { MetricType } from '@tributary/shared/shape';

export interface MountStatsFamily {
  /** Which number of its line. */
  readonly at: number;
  /** Behind `node_mountstats_nfs_`. */
  readonly name: string;
  /** A counter unless it says otherwise. */
  readonly type?: MetricType;
  /** What the file counts in, where the metric is in seconds. */
  readonly unit?: 'ms';
  readonly help: string;
}

/** Of the line `bytes:`. */
export const BYTES: readonly MountStatsFamily[] = [
  { at: 0, name: 'read_bytes_total', help: 'Number of bytes read using the read() syscall.' },
  { at: 1, name: 'write_bytes_total', help: 'Number of bytes written using the write() syscall.' },
  {
    at: 2,
    name: 'direct_read_bytes_total',
    help: 'Number of bytes read using the read() syscall in O_DIRECT mode.',
  },
  {
    at: 3,
    name: 'direct_write_bytes_total',
    help: 'Number of bytes written using the write() syscall in O_DIRECT mode.',
  },
  { at: 4, name: 'total_read_bytes_total', help: 'Number of bytes read from the NFS server, in total.' },
  { at: 5, name: 'total_write_bytes_total', help: 'Number of bytes written to the NFS server, in total.' },
  { at: 6, name: 'read_pages_total', help: "Number of pages read directly via mmap()'d files." },
  { at: 7, name: 'write_pages_total', help: "Number of pages written directly via mmap()'d files." },
];

/** Of the line `events:`. */
export const EVENTS: readonly MountStatsFamily[] = [
  {
    at: 0,
    name: 'event_inode_revalidate_total',
    help: 'Number of times cached inode attributes are re-validated from the server.',
  },
  {
    at: 1,
    name: 'event_dnode_revalidate_total',
    help: 'Number of times cached dentry nodes are re-validated from the server.',
  },
  { at: 2, name: 'event_data_invalidate_total', help: 'Number of times an inode cache is cleared.' },
  {
    at: 3,
    name: 'event_attribute_invalidate_total',
    help: 'Number of times cached inode attributes are invalidated.',
  },
  { at: 4, name: 'event_vfs_open_total', help: 'Number of times cached inode attributes are invalidated.' },
  { at: 5, name: 'event_vfs_lookup_total', help: 'Number of times a directory lookup has occurred.' },
  { at: 6, name: 'event_vfs_access_total', help: 'Number of times permissions have been checked.' },
  { at: 7, name: 'event_vfs_update_page_total', help: 'Number of updates (and potential writes) to pages.' },
  { at: 8, name: 'event_vfs_read_page_total', help: "Number of pages read directly via mmap()'d files." },
  { at: 9, name: 'event_vfs_read_pages_total', help: 'Number of times a group of pages have been read.' },
  {
    at: 10,
    name: 'event_vfs_write_page_total',
    help: "Number of pages written directly via mmap()'d files.",
  },
  {
    at: 11,
    name: 'event_vfs_write_pages_total',
    help: 'Number of times a group of pages have been written.',
  },
  {
    at: 12,
    name: 'event_vfs_getdents_total',
    help: 'Number of times directory entries have been read with getdents().',
  },
  {
    at: 13,
    name: 'event_vfs_setattr_total',
    help: 'Number of times directory entries have been read with getdents().',
  },
  {
    at: 14,
    name: 'event_vfs_flush_total',
    help: 'Number of pending writes that have been forcefully flushed to the server.',
  },
  {
    at: 15,
    name: 'event_vfs_fsync_total',
    help: 'Number of times fsync() has been called on directories and files.',
  },
  { at: 16, name: 'event_vfs_lock_total', help: 'Number of times locking has been attempted on a file.' },
  {
    at: 17,
    name: 'event_vfs_file_release_total',
    help: 'Number of times files have been closed and released.',
  },
  { at: 19, name: 'event_truncation_total', help: 'Number of times files have been truncated.' },
  {
    at: 20,
    name: 'event_write_extension_total',
    help: 'Number of times a file has been grown due to writes beyond its existing end.',
  },
  {
    at: 21,
    name: 'event_silly_rename_total',
    help: 'Number of times a file was removed while still open by another process.',
  },
  {
    at: 22,
    name: 'event_short_read_total',
    help: 'Number of times the NFS server gave less data than expected while reading.',
  },
  {
    at: 23,
    name: 'event_short_write_total',
    help: 'Number of times the NFS server wrote less data than expected while writing.',
  },
  {
    at: 24,
    name: 'event_jukebox_delay_total',
    help: 'Number of times the NFS server indicated EJUKEBOX; retrieving data from offline storage.',
  },
  { at: 25, name: 'event_pnfs_read_total', help: 'Number of NFS v4.1+ pNFS reads.' },
  { at: 26, name: 'event_pnfs_write_total', help: 'Number of NFS v4.1+ pNFS writes.' },
];

/** Of a line `xprt: tcp`, whose first number is the port. */
export const TRANSPORT: readonly MountStatsFamily[] = [
  {
    at: 1,
    name: 'transport_bind_total',
    help: 'Number of times the client has had to establish a connection from scratch to the NFS server.',
  },
  {
    at: 2,
    name: 'transport_connect_total',
    help: 'Number of times the client has made a TCP connection to the NFS server.',
  },
  {
    at: 4,
    name: 'transport_idle_time_seconds',
    type: 'gauge',
    help: 'Duration since the NFS mount last saw any RPC traffic, in seconds.',
  },
  {
    at: 5,
    name: 'transport_sends_total',
    help: 'Number of RPC requests for this mount sent to the NFS server.',
  },
  {
    at: 6,
    name: 'transport_receives_total',
    help: 'Number of RPC responses for this mount received from the NFS server.',
  },
  {
    at: 7,
    name: 'transport_bad_transaction_ids_total',
    help: 'Number of times the NFS server sent a response with a transaction ID unknown to this client.',
  },
  {
    at: 9,
    name: 'transport_backlog_queue_total',
    help: 'Total number of items added to the RPC backlog queue.',
  },
  {
    at: 10,
    name: 'transport_maximum_rpc_slots',
    type: 'gauge',
    help: 'Maximum number of simultaneously active RPC requests ever used.',
  },
  {
    at: 11,
    name: 'transport_sending_queue_total',
    help: 'Total number of items added to the RPC transmission sending queue.',
  },
  {
    at: 12,
    name: 'transport_pending_queue_total',
    help: 'Total number of items added to the RPC transmission pending queue.',
  },
];

/** Of a line below `per-op statistics`. */
export const OPERATIONS: readonly MountStatsFamily[] = [
  { at: 0, name: 'operations_requests_total', help: 'Number of requests performed for a given operation.' },
  {
    at: 1,
    name: 'operations_transmissions_total',
    help: 'Number of times an actual RPC request has been transmitted for a given operation.',
  },
  {
    at: 2,
    name: 'operations_major_timeouts_total',
    help: 'Number of times a request has had a major timeout for a given operation.',
  },
  {
    at: 3,
    name: 'operations_sent_bytes_total',
    help: 'Number of bytes sent for a given operation, including RPC headers and payload.',
  },
  {
    at: 4,
    name: 'operations_received_bytes_total',
    help: 'Number of bytes received for a given operation, including RPC headers and payload.',
  },
  {
    at: 5,
    name: 'operations_queue_time_seconds_total',
    unit: 'ms',
    help: 'Duration all requests spent queued for transmission for a given operation before they were sent, in seconds.',
  },
  {
    at: 6,
    name: 'operations_response_time_seconds_total',
    unit: 'ms',
    help: 'Duration all requests took to get a reply back after a request for a given operation was transmitted, in seconds.',
  },
  {
    at: 7,
    name: 'operations_request_time_seconds_total',
    unit: 'ms',
    help: 'Duration all requests took from when a request was enqueued to when it was completely handled for a given operation, in seconds.',
  },
];
