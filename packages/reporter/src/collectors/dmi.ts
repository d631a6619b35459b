/**
 * What the firmware says of the machine, from `/sys/class/dmi/id`. It is fixed until the next boot, so it is read once.
 */
import { join } from 'node:path';
import { type Collector, NoDataError, type Roots } from './collector.ts';
import { directoryNames, readAttribute } from './sysfs.ts';

/** Label and file, in the order of the help text. Serial numbers are for root only, and left out for others. */
const FIELDS = [
  ['bios_date', 'bios_date'],
  ['bios_release', 'bios_release'],
  ['bios_vendor', 'bios_vendor'],
  ['bios_version', 'bios_version'],
  ['board_asset_tag', 'board_asset_tag'],
  ['board_name', 'board_name'],
  ['board_serial', 'board_serial'],
  ['board_vendor', 'board_vendor'],
  ['board_version', 'board_version'],
  ['chassis_asset_tag', 'chassis_asset_tag'],
  ['chassis_serial', 'chassis_serial'],
  ['chassis_vendor', 'chassis_vendor'],
  ['chassis_version', 'chassis_version'],
  ['product_family', 'product_family'],
  ['product_name', 'product_name'],
  ['product_serial', 'product_serial'],
  ['product_sku', 'product_sku'],
  ['product_uuid', 'product_uuid'],
  ['product_version', 'product_version'],
  ['system_vendor', 'sys_vendor'],
] as const;

interface Dmi {
  readonly labels: readonly string[];
  readonly values: readonly string[];
}

function readDmi(directory: string): Dmi {
  if (directoryNames(directory).length === 0) throw new NoDataError('the firmware has no DMI tables');
  const labels: string[] = [];
  const values: string[] = [];
  for (const [label, file] of FIELDS) {
    const value = readAttribute(join(directory, file));
    if (value === null) continue;
    labels.push(label);
    values.push(value);
  }
  return { labels, values };
}

export function createDmiCollector(roots: Roots): Collector {
  let dmi: Dmi | null = null;
  return {
    name: 'dmi',
    collect(out) {
      dmi ??= readDmi(join(roots.sys, 'class/dmi/id'));
      const help = `A metric with a constant '1' value labeled by ${dmi.labels.join(', ')} if provided by DMI.`;
      out.family('node_dmi_info', 'gauge', help, dmi.labels);
      out.add(1, ...dmi.values);
    },
  };
}
