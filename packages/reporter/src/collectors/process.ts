/**
 * The reporter's own process, by the names of Prometheus's client libraries.
 *
 * Of `/proc/self` alone (other-systems/process.ts has what there is elsewhere), and nothing of the sent and received bytes that
 * newer libraries add, which are those of the whole network namespace and no property of the process.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricType } from '@tributary/shared/shape';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { TICKS_PER_SECOND } from './cpu.ts';
import { badLine, eachLine, FormatError, numberIn, parseFile, words } from './source.ts';
import { parseStat } from './stat.ts';

export interface ProcessStat {
  readonly cpuSeconds: number;
  readonly virtualBytes: number;
  /** After the boot of the host. */
  readonly startSeconds: number;
}

/** Parses `/proc/PID/stat`; proc_pid_stat(5) counts its fields from 1. */
export function parseProcessStat(text: string): ProcessStat {
  const line = text.trim();
  // The name of the program is in parentheses and may itself hold spaces and parentheses: count behind the last one.
  const fields = words(line.slice(line.lastIndexOf(')') + 1));
  const field = (number: number) => numberIn(fields[number - 3], line);
  return {
    cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND,
    startSeconds: field(22) / TICKS_PER_SECOND,
    virtualBytes: field(23),
  };
}

/**
 * Resident bytes, from `/proc/PID/status`: `/proc/PID/stat` counts pages, whose size Node does not tell. A kernel thread
 * or a process that is ending has none.
 */
export function parseResidentBytes(text: string): number {
  const start = text.indexOf('\nVmRSS:');
  if (start < 0) throw new FormatError('there is no line VmRSS');
  const end = text.indexOf('\n', start + 1);
  const line = text.slice(start + 1, end < 0 ? text.length : end);
  const [, kilobytes, unit] = words(line);
  if (unit !== 'kB') throw badLine('expected kB', line);
  return numberIn(kilobytes, line) * 1024;
}

export interface ProcessLimits {
  readonly openFiles: number;
  readonly addressSpaceBytes: number;
}

/** What "unlimited" is as a number: the kernel's own, 2^64 - 1. */
const UNLIMITED = 2 ** 64;

/** Parses the soft limits of `/proc/PID/limits`. */
export function parseLimits(text: string): ProcessLimits {
  const soft = new Map<string, number>();
  eachLine(text, (line) => {
    for (const name of ['Max open files', 'Max address space']) {
      if (!line.startsWith(name)) continue;
      const word = words(line.slice(name.length))[0];
      soft.set(name, word === 'unlimited' ? UNLIMITED : numberIn(word, line));
    }
  });
  const openFiles = soft.get('Max open files');
  const addressSpaceBytes = soft.get('Max address space');
  if (openFiles === undefined || addressSpaceBytes === undefined) {
    throw new FormatError('the limits of open files and of address space are not both there');
  }
  return { openFiles, addressSpaceBytes };
}

/** One less than the folder lists, for it lists the descriptor by which it is being read. */
function openFiles(directory: string): number {
  return readdirSync(directory).length - 1;
}

export const PROCESS_HELP = {
  cpu: 'Total user and system CPU time spent in seconds.',
  resident: 'Resident memory size in bytes.',
  start: 'Start time of the process since unix epoch in seconds.',
};

function write(out: ColumnWriter, name: string, type: MetricType, help: string, value: number): void {
  out.family(name, type, help);
  out.add(value);
}

export function createProcessCollector(roots: Roots): Collector {
  const self = join(roots.proc, 'self');
  /** Kept: the kernel moves its boot time when the clock is stepped, but a new start time means a restart. */
  let startTime: number | null = null;
  return {
    name: 'process',
    collect(out) {
      const stat = parseFile(join(self, 'stat'), parseProcessStat);
      const resident = parseFile(join(self, 'status'), parseResidentBytes);
      const limits = parseFile(join(self, 'limits'), parseLimits);
      startTime ??= stat.startSeconds + (parseFile(join(roots.proc, 'stat'), parseStat).get('btime') ?? 0);

      write(out, 'process_cpu_seconds_total', 'counter', PROCESS_HELP.cpu, stat.cpuSeconds);
      const fds = openFiles(join(self, 'fd'));
      write(out, 'process_open_fds', 'gauge', 'Number of open file descriptors.', fds);
      const fdsHelp = 'Maximum number of open file descriptors.';
      write(out, 'process_max_fds', 'gauge', fdsHelp, limits.openFiles);
      write(out, 'process_resident_memory_bytes', 'gauge', PROCESS_HELP.resident, resident);
      write(out, 'process_virtual_memory_bytes', 'gauge', 'Virtual memory size in bytes.', stat.virtualBytes);
      const virtualHelp = 'Maximum amount of virtual memory available in bytes.';
      write(out, 'process_virtual_memory_max_bytes', 'gauge', virtualHelp, limits.addressSpaceBytes);
      write(out, 'process_start_time_seconds', 'gauge', PROCESS_HELP.start, startTime);
    },
  };
}
