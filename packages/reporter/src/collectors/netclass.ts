/**
 * Properties of network devices, from `/sys/class/net`.
 *
 * There is a file for each, some twenty a device, and hosts with containers have many devices: so what the kernel fixes when
 * it makes a device is kept while the device has the same number, and a device that is switched off is not asked what
 * the kernel then refuses to tell.
 */
import { join } from 'node:path';
import { type OptionValues, switchOption } from '@tributary/shared/options';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { patternOption, settingsOf } from './collector-options.ts';
import { type Attribute, devicesByName, parseAttribute, readAttribute, readNumber } from './sysfs.ts';

export const NETCLASS_OPTIONS = {
  'ignored-devices': patternOption({ help: 'Which network devices not to tell.', default: '^$' }),
  'ignore-invalid-speed': switchOption({
    help: 'Leave the speed out where the driver says -1, for unknown.',
    default: false,
  }),
};

function property(name: string, file: string): Attribute {
  const type = name.endsWith('_total') ? 'counter' : 'gauge';
  return { file, name: `node_network_${name}`, type, help: `Network device property: ${name}` };
}

const ATTRIBUTES: readonly Attribute[] = [
  property('address_assign_type', 'addr_assign_type'),
  property('carrier', 'carrier'),
  property('carrier_changes_total', 'carrier_changes'),
  property('carrier_up_changes_total', 'carrier_up_count'),
  property('carrier_down_changes_total', 'carrier_down_count'),
  property('device_id', 'dev_id'),
  property('dormant', 'dormant'),
  property('iface_id', 'ifindex'),
  property('iface_link', 'iflink'),
  property('iface_link_mode', 'link_mode'),
  property('mtu_bytes', 'mtu'),
  property('name_assign_type', 'name_assign_type'),
  property('net_dev_group', 'netdev_group'),
  property('transmit_queue_length', 'tx_queue_len'),
  property('protocol_type', 'type'),
];

const MEGABITS_TO_BYTES = 1_000_000 / 8;
/** IFF_UP of netdevice(7): switched on by the administrator, whether or not a cable is in it. */
const FLAG_UP = 1;

const INFO_LABELS = [
  'device',
  'address',
  'broadcast',
  'duplex',
  'operstate',
  'adminstate',
  'ifalias',
] as const;

/** `up` or `down` by a device's flags. */
export function adminState(flags: number | null): string {
  if (flags === null) return 'unknown';
  return (flags & FLAG_UP) === FLAG_UP ? 'up' : 'down';
}

/** Set when the device is made. */
const FIXED = new Set(['addr_assign_type', 'broadcast', 'dev_id', 'link_mode', 'name_assign_type', 'type']);
/** Refused while the device is switched off. */
const OF_RUNNING = new Set(['carrier', 'dormant', 'duplex', 'speed']);

/** One device, whose files are read once a tick at most. */
interface NetDevice {
  readonly name: string;
  readonly index: string;
  readonly flags: number | null;
  text(file: string): string | null;
  number(file: string): number | null;
}

function createDevice(name: string, path: string, before: KeptTexts | undefined): [NetDevice, KeptTexts] {
  const index = readAttribute(`${path}/ifindex`) ?? '';
  const flags = readNumber(`${path}/flags`);
  const kept = before?.index === index ? before : { index, texts: new Map<string, string | null>() };
  const isOff = adminState(flags) === 'down';
  const text = (file: string): string | null => {
    if (file === 'ifindex') return index;
    if (isOff && OF_RUNNING.has(file)) return null;
    if (!FIXED.has(file)) return readAttribute(`${path}/${file}`);
    const known = kept.texts.get(file);
    if (known !== undefined) return known;
    const read = readAttribute(`${path}/${file}`);
    kept.texts.set(file, read);
    return read;
  };
  const number = (file: string) => parseAttribute(`${path}/${file}`, text(file));
  return [{ name, index, flags, text, number }, kept];
}

interface KeptTexts {
  readonly index: string;
  readonly texts: Map<string, string | null>;
}

function write(out: ColumnWriter, devices: readonly NetDevice[], ignoreInvalidSpeed: boolean): void {
  const states = devices.map((device) => device.text('operstate') ?? '');
  out.family('node_network_up', 'gauge', "Value is 1 if operstate is 'up', 0 otherwise.", ['device']);
  for (const [i, { name }] of devices.entries()) out.add(states[i] === 'up' ? 1 : 0, name);
  const infoHelp = 'Non-numeric data from /sys/class/net/<iface>, value is always 1.';
  out.family('node_network_info', 'gauge', infoHelp, INFO_LABELS);
  for (const [i, device] of devices.entries()) {
    const text = (file: string) => device.text(file) ?? '';
    const [address, broadcast, duplex] = [text('address'), text('broadcast'), text('duplex')];
    const admin = adminState(device.flags);
    out.add(1, device.name, address, broadcast, duplex, states[i] ?? '', admin, text('ifalias'));
  }
  out.family('node_network_flags', 'gauge', 'Network device property: flags', ['device']);
  for (const { name, flags } of devices) if (flags !== null) out.add(flags, name);
  for (const { file, name: family, type, help } of ATTRIBUTES) {
    out.family(family, type, help, ['device']);
    for (const device of devices) {
      const value = device.number(file);
      if (value !== null) out.add(value, device.name);
    }
  }
  out.family('node_network_speed_bytes', 'gauge', 'Network device property: speed_bytes', ['device']);
  for (const device of devices) {
    const speed = device.number('speed');
    if (speed !== null && !(ignoreInvalidSpeed && speed < 0)) out.add(speed * MEGABITS_TO_BYTES, device.name);
  }
}

export function createNetclassCollector(
  roots: Roots,
  options: OptionValues<typeof NETCLASS_OPTIONS> = settingsOf('netclass', NETCLASS_OPTIONS, {}),
): Collector {
  const base = join(roots.sys, 'class/net');
  let kept: ReadonlyMap<string, KeptTexts> = new Map();
  return {
    name: 'netclass',
    collect(out) {
      const next = new Map<string, KeptTexts>();
      const devices = devicesByName(base, options['ignored-devices']).map(({ path, labels: [name = ''] }) => {
        const [device, texts] = createDevice(name, path, kept.get(name));
        next.set(name, texts);
        return device;
      });
      kept = next;
      write(out, devices, options['ignore-invalid-speed']);
    },
  };
}
