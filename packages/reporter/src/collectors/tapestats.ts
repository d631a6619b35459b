/** Input and output of tape drives, from `/sys/class/scsi_tape`. */
import { join } from 'node:path';
import type { OptionValues } from '@tributary/shared/options';
import type { MetricType } from '@tributary/shared/shape';
import type { Collector, Roots } from './collector.ts';
import { patternOption, settingsOf } from './collector-options.ts';
import { type Attribute, devicesByName, writeAttributes } from './sysfs.ts';

export const TAPESTATS_OPTIONS = {
  'ignored-devices': patternOption({ help: 'Which tape drives not to tell.', default: '^$' }),
};

/** A drive has further names (st0l, nst0a, …), one for each way to open it. */
const DRIVE = /^st\d+$/;

const nanoseconds = (raw: number) => raw / 1e9;

function attribute(file: string, name: string, help: string, convert?: (raw: number) => number): Attribute {
  const type: MetricType = name.endsWith('_total') ? 'counter' : 'gauge';
  const base = { file: `stats/${file}`, name: `node_tape_${name}`, type, help };
  return convert === undefined ? base : { ...base, convert };
}

const ATTRIBUTES: readonly Attribute[] = [
  attribute('in_flight', 'io_now', 'The number of I/Os currently outstanding to this device.'),
  attribute(
    'io_ns',
    'io_time_seconds_total',
    'The amount of time spent waiting for all I/O to complete (including read and write). This includes tape movement commands such as seeking between file or set marks and implicit tape movement such as when rewind on close tape devices are used.',
    nanoseconds,
  ),
  attribute(
    'other_cnt',
    'io_others_total',
    'The number of I/Os issued to the tape drive other than read or write commands. The time taken to complete these commands uses the following calculation io_time_seconds_total-read_time_seconds_total-write_time_seconds_total',
  ),
  attribute('read_byte_cnt', 'read_bytes_total', 'The number of bytes read from the tape drive.'),
  attribute('read_cnt', 'reads_completed_total', 'The number of read requests issued to the tape drive.'),
  attribute(
    'read_ns',
    'read_time_seconds_total',
    'The amount of time spent waiting for read requests to complete.',
    nanoseconds,
  ),
  attribute(
    'resid_cnt',
    'residual_total',
    'The number of times during a read or write we found the residual amount to be non-zero. This should mean that a program is issuing a read larger thean the block size on tape. For write not all data made it to tape.',
  ),
  attribute('write_byte_cnt', 'written_bytes_total', 'The number of bytes written to the tape drive.'),
  attribute('write_cnt', 'writes_completed_total', 'The number of write requests issued to the tape drive.'),
  attribute(
    'write_ns',
    'write_time_seconds_total',
    'The amount of time spent waiting for write requests to complete.',
    nanoseconds,
  ),
];

export function createTapestatsCollector(
  roots: Roots,
  options: OptionValues<typeof TAPESTATS_OPTIONS> = settingsOf('tapestats', TAPESTATS_OPTIONS, {}),
): Collector {
  const base = join(roots.sys, 'class/scsi_tape');
  return {
    name: 'tapestats',
    collect(out) {
      const drives = devicesByName(base, options['ignored-devices']);
      writeAttributes(
        out,
        ['device'],
        ATTRIBUTES,
        drives.filter(({ labels: [name = ''] }) => DRIVE.test(name)),
      );
    },
  };
}
