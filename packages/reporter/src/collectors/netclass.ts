/**
 * Properties of network devices, from `/sys/class/net`.
 *
 * There is a file for each, some twenty a device, and hosts with containers have many devices. So what the kernel fixes when
 * it makes a device is kept while the device has the same number; a device that is switched off is not asked what the
 * kernel then refuses to tell; and devices that nothing has happened to take turns (turns.ts).
 */
import { join } from 'node:path';
import { type OptionValues, switchOption } from '@tributary/shared/options';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { patternOption, settingsOf } from './collector-options.ts';
import { type Attribute, devicesByName, parseAttribute, readAttribute } from './sysfs.ts';
import { createTurns } from './turns.ts';

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

/** Set when the device is made; nobody changes it while the device has its number. */
const FIXED = new Set(['dev_id']);
/** Refused while the device is switched off. */
const OF_RUNNING = new Set(['carrier', 'dormant', 'duplex', 'speed']);
/** What cannot change while the count of carrier changes stands still. */
const OF_CARRIER = new Set(['carrier', 'carrier_up_count', 'carrier_down_count']);

/** What was read of a device before. */
interface Kept {
  readonly index: string;
  /** By which it is told whether anything has happened to the device. */
  state: string;
  readonly texts: Map<string, string | null>;
}

/** One device, whose files are read once a tick at most. */
interface NetDevice {
  readonly name: string;
  readonly flags: number | null;
  text(file: string): string | null;
  number(file: string): number | null;
}

function openDevice(
  name: string,
  path: string,
  before: Kept | undefined,
  isItsTurn: boolean,
): [NetDevice, Kept] {
  const index = readAttribute(`${path}/ifindex`) ?? '';
  const flags = readAttribute(`${path}/flags`);
  const carrierChanges = readAttribute(`${path}/carrier_changes`);
  const fresh = new Map([
    ['ifindex', index],
    ['flags', flags],
    ['operstate', readAttribute(`${path}/operstate`)],
    ['carrier_changes', carrierChanges],
  ]);
  const state = [...fresh.values()].join('\0');
  const kept = before?.index === index ? before : { index, state, texts: new Map<string, string | null>() };
  const hasChanged = kept.state !== state;
  if (isItsTurn || hasChanged) {
    const stays = (file: string) =>
      FIXED.has(file) || (!hasChanged && carrierChanges !== null && OF_CARRIER.has(file));
    for (const file of kept.texts.keys()) if (!stays(file)) kept.texts.delete(file);
    kept.state = state;
  }
  const isOff = adminState(parseAttribute(`${path}/flags`, flags)) === 'down';
  const text = (file: string): string | null => {
    if (isOff && OF_RUNNING.has(file)) return null;
    const known = fresh.has(file) ? fresh.get(file) : kept.texts.get(file);
    if (known !== undefined) return known;
    const read = readAttribute(`${path}/${file}`);
    kept.texts.set(file, read);
    return read;
  };
  const number = (file: string) => parseAttribute(`${path}/${file}`, text(file));
  return [{ name, flags: number('flags'), text, number }, kept];
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
  monotonic: () => number = () => performance.now(),
): Collector {
  const base = join(roots.sys, 'class/net');
  let kept: ReadonlyMap<string, Kept> = new Map();
  const turns = createTurns();
  return {
    name: 'netclass',
    collect(out) {
      const next = new Map<string, Kept>();
      const found = devicesByName(base, options['ignored-devices']);
      const isTurn = turns.next(found.length, monotonic());
      const devices = found.map(({ path, labels: [name = ''] }, i) => {
        const [device, texts] = openDevice(name, path, kept.get(name), isTurn(i));
        next.set(name, texts);
        return device;
      });
      kept = next;
      write(out, devices, options['ignore-invalid-speed']);
    },
  };
}
