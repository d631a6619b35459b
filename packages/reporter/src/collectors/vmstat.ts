/** node_vmstat_* from `/proc/vmstat`: of its hundred and more fields those that match the option. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { patternOption } from './collector-options.ts';
import { badLine, eachLine, numberIn, parseFile } from './source.ts';

export const VMSTAT_OPTIONS = {
  fields: patternOption({
    help: 'Which fields of /proc/vmstat to tell.',
    default: '^(oom_kill|pgpg|pswp|pg.*fault).*',
  }),
};

export interface VmstatField {
  readonly name: string;
  readonly value: number;
}

/** @param pattern null for every field. */
export function parseVmstat(text: string, pattern: RegExp | null): VmstatField[] {
  const fields: VmstatField[] = [];
  eachLine(text, (line) => {
    const space = line.indexOf(' ');
    if (space <= 0) throw badLine('expected "field number"', line);
    const name = line.slice(0, space);
    if (pattern?.test(name) === false) return;
    fields.push({ name, value: numberIn(line.slice(space + 1), line) });
  });
  return fields;
}

export function createVmstatCollector(
  roots: Roots,
  pattern: RegExp | null = VMSTAT_OPTIONS.fields.defaultValue,
): Collector {
  const path = join(roots.proc, 'vmstat');
  return {
    name: 'vmstat',
    collect(out) {
      for (const { name, value } of parseFile(path, (text) => parseVmstat(text, pattern))) {
        out.family(`node_vmstat_${name}`, 'untyped', `/proc/vmstat information field ${name}.`);
        out.add(value);
      }
    },
  };
}
