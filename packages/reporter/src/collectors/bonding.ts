/** Network devices that are bonded to one, from `/sys/class/net/MASTER/bonding`. */
import { join } from 'node:path';
import { type Collector, NoDataError, type Roots } from './collector.ts';
import { words } from './source.ts';
import { readAttribute } from './sysfs.ts';

interface Bond {
  readonly master: string;
  readonly slaves: number;
  readonly active: number;
}

function isActive(master: string, slave: string): boolean {
  // Kernels since 3.18 call the folder lower_DEVICE, earlier ones slave_DEVICE.
  for (const prefix of ['lower', 'slave']) {
    const status = readAttribute(`${master}/${prefix}_${slave}/bonding_slave/mii_status`);
    if (status !== null) return status === 'up';
  }
  return false;
}

function readBond(base: string, name: string): Bond {
  const path = join(base, name);
  const slaves = words(readAttribute(join(path, 'bonding/slaves')) ?? '');
  return {
    master: name,
    slaves: slaves.length,
    active: slaves.filter((slave) => isActive(path, slave)).length,
  };
}

export function createBondingCollector(roots: Roots): Collector {
  const base = join(roots.sys, 'class/net');
  return {
    name: 'bonding',
    collect(out) {
      const masters = readAttribute(join(base, 'bonding_masters'));
      if (masters === null) throw new NoDataError('the kernel has no bonding');
      const bonds = words(masters).map((name) => readBond(base, name));
      const slavesHelp = 'Number of configured slaves per bonding interface.';
      out.family('node_bonding_slaves', 'gauge', slavesHelp, ['master']);
      for (const { master, slaves } of bonds) out.add(slaves, master);
      const activeHelp = 'Number of active slaves per bonding interface.';
      out.family('node_bonding_active', 'gauge', activeHelp, ['master']);
      for (const { master, active } of bonds) out.add(active, master);
    },
  };
}
