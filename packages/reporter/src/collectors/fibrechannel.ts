/** Fibre Channel adapters, from `/sys/class/fc_host`. */
import { join } from 'node:path';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { type Device, devicesByName, readAttribute, readNumber } from './sysfs.ts';

/** Labels that are files of the same name. */
const INFO_FILES = [
  'speed',
  'port_state',
  'port_type',
  'port_id',
  'port_name',
  'fabric_name',
  'symbolic_name',
  'supported_classes',
  'supported_speeds',
  'dev_loss_tmo',
] as const;
/** Those that are a number, which is told without its `0x`. */
const HEXADECIMAL: readonly string[] = ['port_id', 'port_name', 'fabric_name'];

const COUNTERS = [
  ['dumped_frames', 'dumped_frames', 'Number of dumped frames'],
  ['error_frames', 'error_frames', 'Number of errors in frames'],
  ['invalid_crc_count', 'invalid_crc', 'Invalid Cyclic Redundancy Check count'],
  ['rx_frames', 'rx_frames', 'Number of frames received'],
  ['rx_words', 'rx_words', 'Number of words received by host port'],
  ['tx_frames', 'tx_frames', 'Number of frames transmitted by host port'],
  ['tx_words', 'tx_words', 'Number of words transmitted by host port'],
  ['seconds_since_last_reset', 'seconds_since_last_reset', 'Number of seconds since last host port reset'],
  ['invalid_tx_word_count', 'invalid_tx_words', 'Number of invalid words transmitted by host port'],
  ['link_failure_count', 'link_failure', 'Number of times the host port link has failed'],
  ['loss_of_sync_count', 'loss_of_sync', 'Number of failures on either bit or transmission word boundaries'],
  ['loss_of_signal_count', 'loss_of_signal', 'Number of times signal has been lost'],
  ['nos_count', 'nos', 'Number Not_Operational Primitive Sequence received by host port'],
  ['fcp_packet_aborts', 'fcp_packet_aborts', 'Number of aborted packets'],
] as const;

/** What a driver answers when it does not count: 0xffffffffffffffff. */
const NOT_COUNTED = 2 ** 64;

function write(out: ColumnWriter, hosts: readonly Device[]): void {
  const infoHelp = 'Non-numeric data from /sys/class/fc_host/<host>, value is always 1.';
  out.family('node_fibrechannel_info', 'gauge', infoHelp, ['fc_host', ...INFO_FILES]);
  for (const { path, labels } of hosts) {
    const values = INFO_FILES.map((file) => {
      const text = readAttribute(`${path}/${file}`) ?? '';
      return HEXADECIMAL.includes(file) ? text.replace(/^0x/, '') : text;
    });
    out.add(1, ...labels, ...values);
  }
  for (const [file, name, help] of COUNTERS) {
    out.family(`node_fibrechannel_${name}_total`, 'counter', help, ['fc_host']);
    for (const { path, labels } of hosts) {
      const value = readNumber(`${path}/statistics/${file}`);
      if (value !== null && value < NOT_COUNTED) out.add(value, ...labels);
    }
  }
}

export function createFibrechannelCollector(roots: Roots): Collector {
  const base = join(roots.sys, 'class/fc_host');
  return {
    name: 'fibrechannel',
    collect(out) {
      write(out, devicesByName(base));
    },
  };
}
