/** node_cgroups_* from `/proc/cgroups`: how many groups each controller has. Off by default, as in node_exporter. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { eachLine, numberIn, parseFile, words } from './source.ts';

export interface Controller {
  readonly name: string;
  readonly groups: number;
  /** 1 or 0. */
  readonly enabled: number;
}

export function parseCgroups(text: string): Controller[] {
  const controllers: Controller[] = [];
  eachLine(text, (line) => {
    if (line.startsWith('#')) return;
    const [name = '', , groups, enabled] = words(line);
    controllers.push({ name, groups: numberIn(groups, line), enabled: numberIn(enabled, line) });
  });
  return controllers;
}

export function createCgroupsCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'cgroups');
  // node_exporter's help is the same for both.
  const help = 'Current cgroup number of the subsystem.';
  return {
    name: 'cgroups',
    collect(out) {
      const controllers = parseFile(path, parseCgroups);
      out.family('node_cgroups_cgroups', 'gauge', help, ['subsys_name']);
      for (const { name, groups } of controllers) out.add(groups, name);
      out.family('node_cgroups_enabled', 'gauge', help, ['subsys_name']);
      for (const { name, enabled } of controllers) out.add(enabled, name);
    },
  };
}
