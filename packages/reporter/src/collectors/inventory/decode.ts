/**
 * What a child answered about the hardware, checked and cut to what is told. The package's own words for "unknown" vary, and
 * empty texts are no labels; numbers that it does not know are null, or zero where nothing has a size of zero.
 */
import { countOf, fieldOf, listOf, textOf } from '../unknown-values.ts';

export interface SystemPart {
  readonly manufacturer: string;
  readonly model: string;
  readonly version: string;
  readonly virtualization: string;
  readonly serial: string;
  readonly uuid: string;
}

export interface BoardPart {
  readonly manufacturer: string;
  readonly model: string;
  readonly version: string;
  readonly serial: string;
}

export interface BiosPart {
  readonly vendor: string;
  readonly version: string;
  readonly revision: string;
  readonly date: string;
}

export interface CpuPart {
  readonly manufacturer: string;
  readonly name: string;
  readonly family: string;
  readonly model: string;
  readonly stepping: string;
  readonly sockets: number | null;
  readonly cores: number | null;
  readonly threads: number | null;
  readonly hertzMax: number | null;
}

export interface MemoryModule {
  readonly slot: string;
  readonly type: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  readonly bytes: number;
}

export interface DiskPart {
  readonly device: string;
  readonly type: string;
  readonly vendor: string;
  readonly model: string;
  readonly transport: string;
  readonly firmware: string;
  readonly serial: string;
  readonly bytes: number | null;
}

export interface OsPart {
  readonly name: string;
  readonly version: string;
  readonly codename: string;
  readonly build: string;
  readonly kernel: string;
  readonly machine: string;
}

export interface GpuPart {
  readonly vendor: string;
  readonly model: string;
  readonly address: string;
  readonly driver: string;
  readonly memoryBytes: number | null;
  /** Of nvidia-smi, at the moment of the inventory; null of other GPUs. */
  readonly load: GpuLoad | null;
}

export interface GpuLoad {
  readonly utilization: number;
  readonly memoryUsedBytes: number;
  readonly celsius: number | null;
  readonly watts: number | null;
}

/** The largest hosts have 48 modules; of disks some have more than a shelf. What is beyond is left out, and counted. */
const MODULES_MAX = 128;
const DISKS_MAX = 512;
const GPUS_MAX = 64;

const MEBIBYTE = 1024 * 1024;
const GIGAHERTZ = 1e9;

/** A list cut to what is told, and how many were cut. */
export interface Cut<T> {
  readonly items: readonly T[];
  readonly leftOut: number;
}

function cut<T>(value: unknown, max: number, decode: (item: unknown) => T): Cut<T> {
  const length = Array.isArray(value) ? value.length : 0;
  return { items: listOf(value, max).map(decode), leftOut: Math.max(0, length - max) };
}

/** A number of which the package says 0 when it does not know it. */
function sizeOf(value: unknown): number | null {
  return countOf(value) || null;
}

export function decodeSystem(value: unknown): SystemPart {
  const text = (name: string) => textOf(fieldOf(value, name));
  const isVirtual = fieldOf(value, 'virtual') === true;
  return {
    manufacturer: text('manufacturer'),
    model: text('model'),
    version: text('version'),
    virtualization: isVirtual ? text('virtualHost') || 'unknown' : '',
    serial: text('serial'),
    uuid: text('uuid'),
  };
}

export function decodeBoard(value: unknown): BoardPart {
  const text = (name: string) => textOf(fieldOf(value, name));
  return {
    manufacturer: text('manufacturer'),
    model: text('model'),
    version: text('version'),
    serial: text('serial'),
  };
}

export function decodeBios(value: unknown): BiosPart {
  const text = (name: string) => textOf(fieldOf(value, name));
  return {
    vendor: text('vendor'),
    version: text('version'),
    revision: text('revision'),
    date: text('releaseDate'),
  };
}

export function decodeCpu(value: unknown): CpuPart {
  const text = (name: string) => textOf(fieldOf(value, name));
  const size = (name: string) => sizeOf(fieldOf(value, name));
  const gigahertz = size('speedMax');
  return {
    manufacturer: text('manufacturer'),
    name: text('brand'),
    family: text('family'),
    model: text('model'),
    stepping: text('stepping'),
    sockets: size('processors'),
    cores: size('physicalCores'),
    threads: size('cores'),
    // Told in GHz with at most two decimals: the rest is the multiplication's.
    hertzMax: gigahertz === null ? null : Math.round(gigahertz * GIGAHERTZ),
  };
}

/** Empty slots are left out, and so is the one module of all memory that the package makes up where it is told of none. */
export function decodeModules(value: unknown): Cut<MemoryModule> {
  const { items, leftOut } = cut(value, MODULES_MAX, (item): MemoryModule => {
    const text = (name: string) => textOf(fieldOf(item, name));
    return {
      slot: text('bank'),
      type: text('type'),
      manufacturer: text('manufacturer'),
      model: text('partNum'),
      serial: text('serialNum'),
      bytes: countOf(fieldOf(item, 'size')) ?? 0,
    };
  });
  const isReal = ({ bytes, slot, type, manufacturer, model }: MemoryModule) =>
    bytes > 0 && `${slot}${type}${manufacturer}${model}` !== '';
  return { items: items.filter(isReal), leftOut };
}

/** Each device once. Names are those of diskstats: without `/dev/`. */
export function decodeDisks(value: unknown): Cut<DiskPart> {
  const { items, leftOut } = cut(value, DISKS_MAX, (item): DiskPart => {
    const text = (name: string) => textOf(fieldOf(item, name));
    return {
      device: text('device').replace(/^\/dev\//, ''),
      type: text('type'),
      vendor: text('vendor'),
      // The package's `name` is the model.
      model: text('name'),
      transport: text('interfaceType'),
      firmware: text('firmwareRevision'),
      serial: text('serialNum'),
      bytes: sizeOf(fieldOf(item, 'size')),
    };
  });
  const byDevice = new Map<string, DiskPart>();
  for (const disk of items)
    if (disk.device !== '' && !byDevice.has(disk.device)) byDevice.set(disk.device, disk);
  return { items: [...byDevice.values()], leftOut };
}

export function decodeOs(value: unknown): OsPart {
  const text = (name: string) => textOf(fieldOf(value, name));
  return {
    name: text('distro'),
    version: text('release'),
    codename: text('codename'),
    build: text('build'),
    kernel: text('kernel'),
    machine: text('arch'),
  };
}

export function decodeGpus(value: unknown): Cut<GpuPart> {
  return cut(fieldOf(value, 'controllers'), GPUS_MAX, (item): GpuPart => {
    const text = (name: string) => textOf(fieldOf(item, name));
    const mebibytes = sizeOf(fieldOf(item, 'vram'));
    return {
      vendor: text('vendor'),
      model: text('name') || text('model'),
      address: text('pciBus') || text('busAddress'),
      driver: text('driverVersion'),
      memoryBytes: mebibytes === null ? null : mebibytes * MEBIBYTE,
      load: decodeLoad(item),
    };
  });
}

/** The package leaves out what nvidia-smi says is zero, as of an idle GPU; that it asked shows by the total of memory. */
function decodeLoad(item: unknown): GpuLoad | null {
  if (countOf(fieldOf(item, 'memoryTotal')) === null) return null;
  return {
    utilization: (countOf(fieldOf(item, 'utilizationGpu')) ?? 0) / 100,
    memoryUsedBytes: (countOf(fieldOf(item, 'memoryUsed')) ?? 0) * MEBIBYTE,
    celsius: countOf(fieldOf(item, 'temperatureGpu')),
    watts: countOf(fieldOf(item, 'powerDraw')),
  };
}
