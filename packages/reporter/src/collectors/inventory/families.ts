/**
 * The series of an inventory: what things are as labels of gauges that are 1, and sizes as gauges in base units. Only names of
 * labels that other collectors have as well, so that `--label` keeps its freedom.
 */
import type { ColumnWriter } from '../collector.ts';
import type {
  BiosPart,
  BoardPart,
  CpuPart,
  Cut,
  DiskPart,
  GpuPart,
  MemoryModule,
  OsPart,
  SystemPart,
} from './decode.ts';

/** Labels and values in turn. */
type Labels = readonly (readonly [string, string])[];

export interface WriteOptions {
  /** Serial numbers and the machine's UUID as labels too. */
  readonly serials: boolean;
}

function info(out: ColumnWriter, name: string, help: string, all: readonly Labels[]): void {
  const [first] = all;
  if (first === undefined) return;
  out.family(
    name,
    'gauge',
    help,
    first.map(([label]) => label),
  );
  for (const labels of all) out.add(1, ...labels.map(([, value]) => value));
}

function one(out: ColumnWriter, name: string, help: string, value: number | null): void {
  if (value === null) return;
  out.family(name, 'gauge', help);
  out.add(value);
}

function serialLabel({ serials }: WriteOptions, serial: string): Labels {
  return serials ? [['serial', serial]] : [];
}

export function writeSystem(out: ColumnWriter, system: SystemPart, options: WriteOptions): void {
  const { manufacturer, model, version, virtualization, serial, uuid } = system;
  info(out, 'node_inventory_system_info', 'The machine, as its firmware or hypervisor names it.', [
    [
      ['manufacturer', manufacturer],
      ['model', model],
      ['version', version],
      ['virtualization_type', virtualization],
      ...serialLabel(options, serial),
      ...(options.serials ? ([['uuid', uuid]] as const) : []),
    ],
  ]);
}

/** Firmware that names nothing of a board or of itself (containers, some clouds) has no such series. */
export function writeBoard(out: ColumnWriter, board: BoardPart, options: WriteOptions): void {
  const { manufacturer, model, version, serial } = board;
  if (`${manufacturer}${model}${version}` === '') return;
  info(out, 'node_inventory_baseboard_info', 'The main board.', [
    [['manufacturer', manufacturer], ['model', model], ['version', version], ...serialLabel(options, serial)],
  ]);
}

export function writeBios(out: ColumnWriter, { vendor, version, revision, date }: BiosPart): void {
  if (`${vendor}${version}${revision}${date}` === '') return;
  info(out, 'node_inventory_bios_info', 'The firmware.', [
    [
      ['vendor', vendor],
      ['version', version],
      ['revision', revision],
      ['bios_date', date],
    ],
  ]);
}

export function writeCpu(out: ColumnWriter, cpu: CpuPart): void {
  info(out, 'node_inventory_cpu_info', 'The kind of the processors.', [
    [
      ['manufacturer', cpu.manufacturer],
      ['model_name', cpu.name],
      ['family', cpu.family],
      ['model', cpu.model],
      ['stepping', cpu.stepping],
    ],
  ]);
  one(out, 'node_inventory_cpu_sockets', 'Processors in sockets of their own.', cpu.sockets);
  one(out, 'node_inventory_cpu_cores', 'Cores of all processors.', cpu.cores);
  one(out, 'node_inventory_cpu_threads', 'Threads that all cores can run at once.', cpu.threads);
  const hertzHelp = 'Highest frequency that the processors are made for, in hertz.';
  one(out, 'node_inventory_cpu_frequency_max_hertz', hertzHelp, cpu.hertzMax);
}

export function writeModules(out: ColumnWriter, { items }: Cut<MemoryModule>, options: WriteOptions): void {
  const all = items.map((module, i): Labels => {
    return [
      ['index', `${i}`],
      ['name', module.slot],
      ['type', module.type],
      ['manufacturer', module.manufacturer],
      ['model', module.model],
      ...serialLabel(options, module.serial),
    ];
  });
  info(out, 'node_inventory_memory_module_info', 'Modules of memory; name is the slot.', all);
  out.family('node_inventory_memory_module_bytes', 'gauge', 'Size of a module of memory in bytes.', [
    'index',
  ]);
  for (const [i, { bytes }] of items.entries()) out.add(bytes, `${i}`);
}

export function writeDisks(out: ColumnWriter, { items }: Cut<DiskPart>, options: WriteOptions): void {
  const all = items.map((disk): Labels => {
    return [
      ['device', disk.device],
      ['type', disk.type],
      ['vendor', disk.vendor],
      ['model', disk.model],
      ['transport', disk.transport],
      ['firmware_revision', disk.firmware],
      ...serialLabel(options, disk.serial),
    ];
  });
  info(out, 'node_inventory_disk_info', 'Disks.', all);
  out.family('node_inventory_disk_bytes', 'gauge', 'Size of a disk in bytes.', ['device']);
  for (const { device, bytes } of items) if (bytes !== null) out.add(bytes, device);
}

export function writeOs(out: ColumnWriter, os: OsPart): void {
  info(out, 'node_inventory_os_info', 'The operating system; release is that of its kernel.', [
    [
      ['name', os.name],
      ['version', os.version],
      ['codename', os.codename],
      ['build_id', os.build],
      ['release', os.kernel],
      ['machine', os.machine],
    ],
  ]);
}

const LOADS = [
  {
    name: 'node_gpu_utilization_ratio',
    help: 'Part of the time in which the GPU was busy, at the moment of the inventory.',
    value: ({ load }: GpuPart) => load?.utilization,
  },
  {
    name: 'node_gpu_memory_used_bytes',
    help: 'Memory of the GPU that was in use, at the moment of the inventory.',
    value: ({ load }: GpuPart) => load?.memoryUsedBytes,
  },
  {
    name: 'node_gpu_temperature_celsius',
    help: 'Temperature of the GPU, at the moment of the inventory.',
    value: ({ load }: GpuPart) => load?.celsius ?? undefined,
  },
  {
    name: 'node_gpu_power_watts',
    help: 'Power that the GPU drew, at the moment of the inventory.',
    value: ({ load }: GpuPart) => load?.watts ?? undefined,
  },
] as const;

/** @param isNew whether this is the first tick that tells of this answer: a load of an hour ago is no load of now. */
export function writeGpus(out: ColumnWriter, { items }: Cut<GpuPart>, isNew: boolean): void {
  const all = items.map((gpu, i): Labels => {
    return [
      ['index', `${i}`],
      ['vendor', gpu.vendor],
      ['model', gpu.model],
      ['address', gpu.address],
      ['version', gpu.driver],
    ];
  });
  info(out, 'node_gpu_info', 'Graphics processors; version is that of the driver.', all);
  out.family('node_gpu_memory_bytes', 'gauge', 'Memory of the GPU in bytes.', ['index']);
  for (const [i, { memoryBytes }] of items.entries()) if (memoryBytes !== null) out.add(memoryBytes, `${i}`);
  for (const { name, help, value } of LOADS) {
    out.family(name, 'gauge', help, ['index']);
    for (const [i, gpu] of items.entries()) {
      const number = value(gpu);
      if (number !== undefined) out.add(isNew ? number : null, `${i}`);
    }
  }
}
