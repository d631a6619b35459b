/**
 * What systems other than Linux can tell, through the systeminformation package: those of node_exporter's series whose
 * meaning is the same there, by the names that it gives them on macOS and the BSDs.
 *
 * The package starts programs and is large: it is loaded in the first tick, so that Linux never loads it.
 */
import os from 'node:os';
import type { Systeminformation } from 'systeminformation';
import type { Collector, ColumnWriter } from './collector.ts';
import { writeLoad } from './loadavg.ts';
import { type MemoryField, writeMemory } from './meminfo.ts';
import { networkFamily } from './netdev.ts';
import { writeTime } from './time.ts';
import { writeUname } from './uname.ts';

/**
 * Total, free and swap mean the same everywhere. What the package calls active, used and available are sums of its own,
 * which differ from the kernel's page queues of the same names, and are left out.
 */
export function memoryFields(memory: Systeminformation.MemData): MemoryField[] {
  return [
    { key: 'total_bytes', value: memory.total },
    { key: 'free_bytes', value: memory.free },
    { key: 'swap_total_bytes', value: memory.swaptotal },
    { key: 'swap_used_bytes', value: memory.swapused },
  ];
}

/** The package knows no free space apart from what is available to all, so that stands for both. */
export function writeFilesystems(out: ColumnWriter, sizes: readonly Systeminformation.FsSizeData[]): void {
  const labels = ['device', 'mountpoint', 'fstype', 'device_error'] as const;
  const seen = new Set<string>();
  const mounts = sizes.filter(({ fs, mount, type }) => {
    const key = `${fs}\0${mount}\0${type}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  const write = (name: string, help: string, value: (size: Systeminformation.FsSizeData) => number) => {
    out.family(name, 'gauge', help, labels);
    for (const size of mounts) out.add(value(size), size.fs, size.mount, size.type, '');
  };
  write('node_filesystem_size_bytes', 'Filesystem size in bytes.', (size) => size.size);
  write('node_filesystem_free_bytes', 'Filesystem free space in bytes.', (size) => size.size - size.used);
  const availHelp = 'Filesystem space available to non-root users in bytes.';
  write('node_filesystem_avail_bytes', availHelp, (size) => size.available);
}

export function writeNetwork(
  out: ColumnWriter,
  interfaces: readonly Systeminformation.NetworkStatsData[],
): void {
  networkFamily(out, 'receive_bytes');
  for (const { iface, rx_bytes: bytes } of interfaces) out.add(bytes, iface);
  networkFamily(out, 'transmit_bytes');
  for (const { iface, tx_bytes: bytes } of interfaces) out.add(bytes, iface);
}

/** @param now milliseconds since the epoch. */
export function createPortableCollector(now: () => number): Collector {
  let bootSeconds: number | null = null;
  return {
    name: 'portable',
    async collect(out) {
      const { default: systeminformation } = await import('systeminformation');
      const [memory, sizes, interfaces] = await Promise.all([
        systeminformation.mem(),
        systeminformation.fsSize(),
        systeminformation.networkStats('*'),
      ]);
      const [one = 0, five = 0, fifteen = 0] = os.loadavg();
      const nowMs = now();
      // Computed once: from the clock and the uptime it would differ by a little in every tick.
      bootSeconds ??= Math.round(nowMs / 1000 - os.uptime());

      // Windows has no load average: Node says zero there, which would be a lie.
      if (os.platform() !== 'win32') writeLoad(out, [one, five, fifteen]);
      writeMemory(out, memoryFields(memory));
      writeFilesystems(out, sizes);
      writeNetwork(out, interfaces);
      out.family('node_boot_time_seconds', 'gauge', 'Unix time of last boot, including microseconds.');
      out.add(bootSeconds);
      writeTime(out, nowMs);
      writeUname(out, {
        sysname: os.type(),
        release: os.release(),
        version: os.version(),
        machine: os.machine(),
        nodename: os.hostname(),
        domainname: '(none)',
      });
    },
  };
}
