/** What a process has used, from /proc: its own accounting, so that what else runs here matters little. Linux only. */
import { readFileSync } from 'node:fs';

/** USER_HZ, which Linux fixes for all that user space sees. */
const TICKS_PER_SECOND = 100;
/** Megabytes are 10^6 bytes in all of the bench: the stricter reading of a bound in MB. */
const KIB_PER_MB = 1e6 / 1024;

export interface Usage {
  /** Of all its threads, and of those of its children that have ended, in s. */
  readonly cpuSeconds: number;
  readonly rssMB: number;
  /** The most since it began. */
  readonly rssMaxMB: number;
  /** What is not shared with files. */
  readonly anonymousMB: number;
}

export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // From the third field on: the second is the program's name, which may have anything in it.
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  // utime, stime, cutime and cstime, the fields from the 14th on (proc_pid_stat(5)).
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    cpuSeconds: ticks / TICKS_PER_SECOND,
    rssMB: kib('VmRSS') / KIB_PER_MB,
    rssMaxMB: kib('VmHWM') / KIB_PER_MB,
    anonymousMB: kib('RssAnon') / KIB_PER_MB,
  };
}
