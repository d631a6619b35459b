/** The collectors of devices, most of which are in `/sys`: see list.ts. */
import { BCACHE_OPTIONS, createBcacheCollector } from './bcache.ts';
import { createBcachefsCollector } from './bcachefs.ts';
import { createBondingCollector } from './bonding.ts';
import { createBtrfsCollector } from './btrfs.ts';
import { createCpufreqCollector } from './cpufreq.ts';
import { createDmiCollector } from './dmi.ts';
import { createEdacCollector } from './edac.ts';
import { ATTRIBUTES, type CollectorEntry, entry } from './entry.ts';
import { createFibrechannelCollector } from './fibrechannel.ts';
import { createHwmonCollector, HWMON_OPTIONS } from './hwmon.ts';
import { createInfinibandCollector } from './infiniband.ts';
import { createMdadmCollector } from './mdadm.ts';
import { createNetclassCollector, NETCLASS_OPTIONS } from './netclass.ts';
import { createNvmeCollector } from './nvme.ts';
import { isAny } from './other-systems/platforms.ts';
import { createPowerSupplyCollector, POWER_SUPPLY_OPTIONS } from './power-supply.ts';
import { createRaplCollector, RAPL_OPTIONS } from './rapl.ts';
import { createSelinuxCollector } from './selinux.ts';
import { createSystemdCollector, SYSTEMD_OPTIONS } from './systemd.ts';
import { createTapestatsCollector, TAPESTATS_OPTIONS } from './tapestats.ts';
import { createTextfileCollector, TEXTFILE_OPTIONS } from './textfile.ts';
import { createThermalZoneCollector } from './thermal-zone.ts';
import { createWatchdogCollector } from './watchdog.ts';

export const DEVICE_ENTRIES: readonly CollectorEntry[] = [
  entry(
    'cpufreq',
    'Frequencies of CPUs, and what governs them.',
    ({ roots }) => createCpufreqCollector(roots),
    ATTRIBUTES,
  ),
  entry(
    'netclass',
    'Properties of network devices.',
    ({ roots }, options) => createNetclassCollector(roots, options),
    { options: NETCLASS_OPTIONS, ...ATTRIBUTES },
  ),
  entry(
    'hwmon',
    'Temperatures, fans, voltages and power of hardware monitors.',
    ({ roots }, options) => createHwmonCollector(roots, options),
    { options: HWMON_OPTIONS, ...ATTRIBUTES },
  ),
  entry(
    'thermal_zone',
    'Thermal zones and cooling devices.',
    ({ roots }) => createThermalZoneCollector(roots),
    ATTRIBUTES,
  ),
  entry(
    'powersupplyclass',
    'Batteries and mains adapters.',
    ({ roots }, options) => createPowerSupplyCollector(roots, options),
    { options: POWER_SUPPLY_OPTIONS, ...ATTRIBUTES },
  ),
  entry('mdadm', 'Software RAID.', ({ roots }) => createMdadmCollector(roots)),
  entry('bonding', 'Bonded network devices.', ({ roots }) => createBondingCollector(roots), ATTRIBUTES),
  entry(
    'dmi',
    'Makers, models and serial numbers of the machine.',
    ({ roots }) => createDmiCollector(roots),
    ATTRIBUTES,
  ),
  entry('nvme', 'NVMe controllers and namespaces.', ({ roots }) => createNvmeCollector(roots), ATTRIBUTES),
  entry('edac', 'Memory errors.', ({ roots }) => createEdacCollector(roots), ATTRIBUTES),
  entry('bcache', 'Caches of block devices.', ({ roots }, options) => createBcacheCollector(roots, options), {
    options: BCACHE_OPTIONS,
    ...ATTRIBUTES,
  }),
  entry('bcachefs', 'Filesystems of bcachefs.', ({ roots }) => createBcachefsCollector(roots), ATTRIBUTES),
  entry('btrfs', 'Space of btrfs filesystems.', ({ roots }) => createBtrfsCollector(roots), ATTRIBUTES),
  entry(
    'fibrechannel',
    'Fibre Channel adapters.',
    ({ roots }) => createFibrechannelCollector(roots),
    ATTRIBUTES,
  ),
  entry(
    'infiniband',
    'InfiniBand adapters and ports.',
    ({ roots }) => createInfinibandCollector(roots),
    ATTRIBUTES,
  ),
  entry(
    'rapl',
    'Energy that processors have used.',
    ({ roots }, options) => createRaplCollector(roots, options),
    { options: RAPL_OPTIONS, ...ATTRIBUTES },
  ),
  entry('selinux', 'Whether SELinux is on.', ({ roots }) => createSelinuxCollector(roots), ATTRIBUTES),
  entry(
    'tapestats',
    'Input and output of tape drives.',
    ({ roots }, options) => createTapestatsCollector(roots, options),
    { options: TAPESTATS_OPTIONS, ...ATTRIBUTES },
  ),
  entry('watchdog', 'Watchdogs.', ({ roots }) => createWatchdogCollector(roots), ATTRIBUTES),
  entry(
    'textfile',
    'Metrics that other programs leave in files.',
    ({ warnOfFile }, options) => createTextfileCollector(options, warnOfFile),
    { options: TEXTFILE_OPTIONS, runsOn: isAny },
  ),
  entry(
    'systemd',
    'States of systemd units.',
    ({ systemctl }, options) => createSystemdCollector(options, systemctl),
    { options: SYSTEMD_OPTIONS, enabledByDefault: false },
  ),
];
