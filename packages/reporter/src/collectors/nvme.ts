/** NVMe controllers and their namespaces, from `/sys/class/nvme`. */
import { join } from 'node:path';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { type Device, devicesByName, directoryNames, readAttribute, readNumber } from './sysfs.ts';

const INFO_LABELS = ['device', 'firmware_revision', 'model', 'serial', 'state', 'cntlid'] as const;

/** `size` is in these, whatever the size of a block. */
const SECTOR_BYTES = 512;
/** Names such as nvme0n1. nvme0c1n1 is one of several paths to a namespace, which has a device of its own. */
const NAMESPACE = /^nvme\d+n(\d+)$/;

interface Namespace {
  readonly labels: readonly [device: string, nsid: string];
  readonly anaState: string;
  readonly sizeBytes: number | null;
  readonly usedBytes: number | null;
  readonly blockBytes: number | null;
}

function readNamespaces({ path, labels: [device = ''] }: Device): Namespace[] {
  const namespaces: Namespace[] = [];
  for (const name of directoryNames(path)) {
    const nsid = NAMESPACE.exec(name)?.[1];
    if (nsid === undefined) continue;
    const folder = `${path}/${name}`;
    const sectors = readNumber(`${folder}/size`);
    const used = readNumber(`${folder}/nuse`);
    const blockBytes = readNumber(`${folder}/queue/logical_block_size`);
    namespaces.push({
      labels: [device, nsid],
      anaState: readAttribute(`${folder}/ana_state`) ?? 'unknown',
      sizeBytes: sectors === null ? null : sectors * SECTOR_BYTES,
      usedBytes: used === null || blockBytes === null ? null : used * blockBytes,
      blockBytes,
    });
  }
  return namespaces;
}

const NAMESPACE_FAMILIES = [
  {
    name: 'node_nvme_namespace_capacity_bytes',
    help: 'Capacity of the NVMe namespace in bytes. Computed as namespace_size * namespace_logical_block_size',
    value: ({ sizeBytes }: Namespace) => sizeBytes,
  },
  {
    name: 'node_nvme_namespace_size_bytes',
    help: 'Size of the NVMe namespace in bytes. Available in /sys/class/nvme/<device>/<namespace>/size',
    value: ({ sizeBytes }: Namespace) => sizeBytes,
  },
  {
    name: 'node_nvme_namespace_used_bytes',
    help: 'Used space of the NVMe namespace in bytes. Available in /sys/class/nvme/<device>/<namespace>/nuse',
    value: ({ usedBytes }: Namespace) => usedBytes,
  },
  {
    name: 'node_nvme_namespace_logical_block_size_bytes',
    help: 'Logical block size of the NVMe namespace in bytes. Usually 4Kb. Available in /sys/class/nvme/<device>/<namespace>/queue/logical_block_size',
    value: ({ blockBytes }: Namespace) => blockBytes,
  },
] as const;

function write(out: ColumnWriter, controllers: readonly Device[]): void {
  const infoHelp = 'Non-numeric data from /sys/class/nvme/<device>, value is always 1.';
  out.family('node_nvme_info', 'gauge', infoHelp, INFO_LABELS);
  for (const { path, labels } of controllers) {
    const text = (file: string) => readAttribute(`${path}/${file}`) ?? '';
    out.add(1, ...labels, text('firmware_rev'), text('model'), text('serial'), text('state'), text('cntlid'));
  }
  const namespaces = controllers.flatMap(readNamespaces);
  const namespaceHelp = 'Information about NVMe namespaces. Value is always 1';
  out.family('node_nvme_namespace_info', 'gauge', namespaceHelp, ['device', 'nsid', 'ana_state']);
  for (const { labels, anaState } of namespaces) out.add(1, ...labels, anaState);
  for (const { name, help, value } of NAMESPACE_FAMILIES) {
    out.family(name, 'gauge', help, ['device', 'nsid']);
    for (const namespace of namespaces) {
      const bytes = value(namespace);
      if (bytes !== null) out.add(bytes, ...namespace.labels);
    }
  }
}

export function createNvmeCollector(roots: Roots): Collector {
  const base = join(roots.sys, 'class/nvme');
  return {
    name: 'nvme',
    collect(out) {
      write(out, devicesByName(base));
    },
  };
}
