/** What a process has used, from /proc: its own accounting, so that what else runs here matters little. Linux only. */
import { readFileSync } from 'node:fs';

/** USER_HZ, which Linux fixes for all that user space sees. */
const TICKS_PER_SECOND = 100;
const KIB_PER_MIB = 1024;

export interface Usage {
  /** Of all its threads, in s. */
  readonly cpuSeconds: number;
  readonly rssMiB: number;
  /** What is not shared with files. */
  readonly anonymousMiB: number;
}

export function usageOf(pid: number): Usage {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssMiB: kib('VmRSS') / KIB_PER_MIB,
    anonymousMiB: kib('RssAnon') / KIB_PER_MIB,
  };
}
