/**
 * node_mountstats_nfs_* from `/proc/self/mountstats`: what each NFS mount asked of its server. Off by default, as in
 * node_exporter, for it is several hundred series a mount. Reading the file asks no server anything.
 */
import { join } from 'node:path';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { BYTES, EVENTS, type MountStatsFamily, OPERATIONS, TRANSPORT } from './mountstats-families.ts';
import { badLine, eachLine, numberIn, parseFile, words } from './source.ts';

export interface Transport {
  /** `tcp`, `udp` or `rdma`. */
  readonly protocol: string;
  /** In the order of a `tcp` line; 0 for what this protocol does not count. */
  readonly numbers: readonly number[];
}

export interface NfsMount {
  readonly device: string;
  /** The how-manieth mount of the file it is, of any type. */
  readonly index: number;
  readonly ageSeconds: number;
  readonly bytes: readonly number[];
  readonly events: readonly number[];
  readonly transports: readonly Transport[];
  /** `READ` → numbers. */
  readonly operations: ReadonlyMap<string, readonly number[]>;
}

interface MutableMount extends NfsMount {
  ageSeconds: number;
  bytes: number[];
  events: number[];
  readonly transports: Transport[];
  readonly operations: Map<string, number[]>;
}

export function parseMountStats(text: string): NfsMount[] {
  const mounts: MutableMount[] = [];
  let index = -1;
  let present: MutableMount | null = null;
  eachLine(text, (line) => {
    const row = words(line);
    if (row[0] === 'device') {
      index++;
      present = startMount(row, index, line);
      if (present !== null) mounts.push(present);
    } else if (present !== null) {
      takeLine(present, row, line);
    }
  });
  return mounts;
}

/** `device SOURCE mounted on POINT with fstype TYPE statvers=1.1`; null for what is no NFS. */
function startMount(row: readonly string[], index: number, line: string): MutableMount | null {
  const [, device, mounted, , , , fstype, type] = row;
  if (device === undefined || mounted !== 'mounted' || fstype !== 'fstype') {
    throw badLine('expected "device … mounted on … with fstype …"', line);
  }
  if ((type !== 'nfs' && type !== 'nfs4') || row.length < 9) return null;
  const operations = new Map<string, number[]>();
  return { device, index, ageSeconds: 0, bytes: [], events: [], transports: [], operations };
}

function takeLine(mount: MutableMount, row: readonly string[], line: string): void {
  const [key = '', ...fields] = row;
  const numbers = (from: number) => fields.slice(from).map((field) => numberIn(field, line));
  if (key === 'age:') mount.ageSeconds = numberIn(fields[0], line);
  else if (key === 'bytes:') mount.bytes = numbers(0);
  else if (key === 'events:') mount.events = numbers(0);
  else if (key === 'xprt:') mount.transports.push(toTransport(fields[0] ?? '', numbers(1)));
  // Operations are in capitals; the other lines, such as `opts:`, are not.
  else if (/^[A-Z\d_]+:$/.test(key)) mount.operations.set(key.slice(0, -1), numbers(0));
}

/** How many numbers of a `tcp` line precede those that only it and `udp` have (see net/sunrpc/xprtsock.c). */
const COMMON_NUMBERS = 10;

function toTransport(protocol: string, numbers: readonly number[]): Transport {
  // Without connections there is nothing between the bind count and the sends.
  if (protocol === 'udp')
    return { protocol, numbers: [...numbers.slice(0, 2), 0, 0, 0, ...numbers.slice(2)] };
  // What follows here are counts of RDMA's own.
  if (protocol === 'rdma') return { protocol, numbers: numbers.slice(0, COMMON_NUMBERS) };
  return { protocol, numbers };
}

/** The `addr` of each mount's options, '' for those without; the order of mounts is that of mountstats. */
export function parseMountAddresses(text: string): string[] {
  const addresses: string[] = [];
  eachLine(text, (line) => {
    const options = line.slice(line.lastIndexOf(' ') + 1).split(',');
    addresses.push(options.find((option) => option.startsWith('addr='))?.slice('addr='.length) ?? '');
  });
  return addresses;
}

const LABELS = ['export', 'protocol', 'mountaddr'] as const;

/** One server's export as one protocol reaches it, whatever number of mount points it has. */
interface Export {
  readonly labels: readonly [string, string, string];
  readonly mount: NfsMount;
}

/** Several mounts of one export share its counters, so the first tells them. */
function exportsOf(mounts: readonly NfsMount[], addresses: readonly string[]): Export[] {
  const found = new Map<string, Export>();
  for (const mount of mounts) {
    for (const { protocol } of mount.transports) {
      const labels = [mount.device, protocol, addresses[mount.index] ?? ''] as const;
      const key = labels.join('\0');
      // The transports of one mount are told together, below.
      if (found.has(key)) break;
      found.set(key, { labels: [...labels], mount });
    }
  }
  return [...found.values()];
}

function startFamily(out: ColumnWriter, family: MountStatsFamily, label?: 'operation' | 'transport'): void {
  const labels = label === undefined ? LABELS : ([...LABELS, label] as const);
  out.family(`node_mountstats_nfs_${family.name}`, family.type ?? 'counter', family.help, labels);
}

function numberFor({ at, unit }: MountStatsFamily, numbers: readonly number[]): number {
  const number = numbers[at] ?? 0;
  return unit === 'ms' ? number / 1000 : number;
}

function writeExports(out: ColumnWriter, exports: readonly Export[]): void {
  const age = 'The age of the NFS mount in seconds.';
  out.family('node_mountstats_nfs_age_seconds_total', 'counter', age, LABELS);
  for (const { labels, mount } of exports) out.add(mount.ageSeconds, ...labels);
  for (const family of BYTES) {
    startFamily(out, family);
    for (const { labels, mount } of exports) out.add(numberFor(family, mount.bytes), ...labels);
  }
  for (const family of EVENTS) {
    startFamily(out, family);
    for (const { labels, mount } of exports) out.add(numberFor(family, mount.events), ...labels);
  }
  for (const family of TRANSPORT) {
    startFamily(out, family, 'transport');
    for (const { labels, mount } of exports) {
      for (const [i, { numbers }] of mount.transports.entries()) {
        out.add(numberFor(family, numbers), ...labels, `${i}`);
      }
    }
  }
  for (const family of OPERATIONS) {
    startFamily(out, family, 'operation');
    for (const { labels, mount } of exports) {
      for (const [operation, numbers] of mount.operations) {
        out.add(numberFor(family, numbers), ...labels, operation);
      }
    }
  }
}

export function createMountStatsCollector(roots: Roots): Collector {
  const statsPath = join(roots.proc, 'self/mountstats');
  const infoPath = join(roots.proc, 'self/mountinfo');
  return {
    name: 'mountstats',
    collect(out) {
      const mounts = parseFile(statsPath, parseMountStats);
      if (mounts.length === 0) return;
      const addresses = parseFile(infoPath, parseMountAddresses);
      writeExports(out, exportsOf(mounts, addresses));
    },
  };
}
