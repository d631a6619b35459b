/**
 * node_interrupts_total from `/proc/interrupts`: interrupts of each kind and CPU. Off by default, as in node_exporter,
 * for it is a series for each pair of them.
 */
import { join } from 'node:path';
import { switchOption } from '@tributary/shared/options';
import type { Collector, Roots } from './collector.ts';
import { filterOptions, type Keep } from './collector-options.ts';
import { eachLine, FormatError, numberIn, parseFile, words } from './source.ts';

export const INTERRUPTS_OPTIONS = {
  ...filterOptions('name', 'interrupts (number;info;devices)'),
  'include-zeros': switchOption({ help: 'Tell interrupts that never came.', default: true }),
};

export interface Interrupt {
  /** A number, or a name such as NMI. */
  readonly type: string;
  readonly info: string;
  readonly devices: string;
  /** One for each CPU of the first line. */
  readonly counts: readonly number[];
}

export interface InterruptTable {
  /** Numbers of the CPUs that are online. */
  readonly cpus: readonly string[];
  readonly interrupts: readonly Interrupt[];
}

export function parseInterrupts(text: string): InterruptTable {
  let cpus: string[] | null = null;
  const interrupts: Interrupt[] = [];
  eachLine(text, (line) => {
    if (cpus === null) {
      cpus = words(line);
      return;
    }
    const colon = line.indexOf(':');
    if (colon < 0) return;
    const fields = words(line.slice(colon + 1));
    // ERR and MIS are one number for all CPUs.
    if (fields.length <= cpus.length) return;
    const type = line.slice(0, colon).trim();
    const rest = fields.slice(cpus.length);
    const numbered = /^\d+$/.test(type);
    interrupts.push({
      type,
      info: numbered ? (rest[0] ?? '') : rest.join(' '),
      devices: numbered ? rest.slice(1).join(' ') : '',
      counts: cpus.map((_, i) => numberIn(fields[i], line)),
    });
  });
  if (cpus === null) throw new FormatError('the line of CPUs is missing');
  // node_exporter counts from 0 instead, which is another CPU's number when one is offline.
  return { cpus: (cpus as string[]).map((cpu) => cpu.replace(/^CPU/, '')), interrupts };
}

export function createInterruptsCollector(
  roots: Roots,
  keep: Keep = () => true,
  includeZeros = true,
): Collector {
  const path = join(roots.proc, 'interrupts');
  return {
    name: 'interrupts',
    collect(out) {
      const { cpus, interrupts } = parseFile(path, parseInterrupts);
      out.family('node_interrupts_total', 'counter', 'Interrupt details.', [
        'cpu',
        'type',
        'info',
        'devices',
      ]);
      for (const { type, info, devices, counts } of interrupts) {
        if (!keep(`${type};${info};${devices}`)) continue;
        for (const [i, count] of counts.entries()) {
          if (includeZeros || count !== 0) out.add(count, cpus[i] ?? '', type, info, devices);
        }
      }
    },
  };
}
