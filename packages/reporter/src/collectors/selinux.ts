/** Whether SELinux is on and enforces its policy, from `/sys/fs/selinux` and `/etc/selinux/config`. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { readAttribute, readNumber } from './sysfs.ts';

/** As libselinux counts them. */
const MODES: ReadonlyMap<string, number> = new Map([
  ['enforcing', 1],
  ['permissive', 0],
  ['disabled', -1],
]);
const DISABLED = -1;

/** The mode that the next boot will have. */
export function parseConfiguredMode(text: string): number {
  let mode = DISABLED;
  for (const match of text.matchAll(/^\s*SELINUX\s*=\s*(\S+)\s*$/gm)) {
    mode = MODES.get((match[1] ?? '').toLowerCase()) ?? DISABLED;
  }
  return mode;
}

export function createSelinuxCollector(roots: Roots): Collector {
  return {
    name: 'selinux',
    collect(out) {
      const current = readNumber(join(roots.sys, 'fs/selinux/enforce'));
      const enabledHelp = 'SELinux is enabled, 1 is true, 0 is false';
      out.family('node_selinux_enabled', 'gauge', enabledHelp);
      out.add(current === null ? 0 : 1);
      if (current === null) return;
      const configured = parseConfiguredMode(readAttribute(join(roots.root, 'etc/selinux/config')) ?? '');
      out.family('node_selinux_config_mode', 'gauge', 'Configured SELinux enforcement mode');
      out.add(configured);
      out.family('node_selinux_current_mode', 'gauge', 'Current SELinux enforcement mode');
      out.add(current);
    },
  };
}
