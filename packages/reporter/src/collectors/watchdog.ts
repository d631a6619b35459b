/** Watchdogs, from `/sys/class/watchdog`. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { type Attribute, devicesByName, readAttribute, writeAttributes } from './sysfs.ts';

function attribute(file: string, name: string): Attribute {
  const help = `Value of /sys/class/watchdog/<watchdog>/${file}`;
  return { file, name: `node_watchdog_${name}`, type: 'gauge', help };
}

const ATTRIBUTES: readonly Attribute[] = [
  attribute('bootstatus', 'bootstatus'),
  attribute('fw_version', 'fw_version'),
  attribute('nowayout', 'nowayout'),
  attribute('timeleft', 'timeleft_seconds'),
  attribute('timeout', 'timeout_seconds'),
  attribute('pretimeout', 'pretimeout_seconds'),
  attribute('access_cs0', 'access_cs0'),
];

const INFO_FILES = ['options', 'identity', 'state', 'status', 'pretimeout_governor'] as const;

export function createWatchdogCollector(roots: Roots): Collector {
  const base = join(roots.sys, 'class/watchdog');
  return {
    name: 'watchdog',
    collect(out) {
      const watchdogs = devicesByName(base);
      writeAttributes(out, ['name'], ATTRIBUTES, watchdogs);
      const help = 'Info of /sys/class/watchdog/<watchdog>';
      out.family('node_watchdog_info', 'gauge', help, ['name', ...INFO_FILES]);
      for (const { path, labels } of watchdogs) {
        out.add(1, ...labels, ...INFO_FILES.map((file) => readAttribute(`${path}/${file}`) ?? ''));
      }
    },
  };
}
