/**
 * What is known about a block device besides its counters: udev's properties and `/sys/block`.
 *
 * It hardly ever changes, so it is kept, and read again when udev rewrote its file about the device or when another
 * device took the name.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ColumnWriter, Roots } from './collector.ts';
import type { Disk } from './diskstats.ts';
import { eachLine, parseFile, readOptional } from './source.ts';

/** Names and values of the lines `E:NAME=value` of udev's file about a device. */
export type UdevProperties = ReadonlyMap<string, string>;

const NO_PROPERTIES: UdevProperties = new Map();

export function parseUdevProperties(text: string): UdevProperties {
  const properties = new Map<string, string>();
  eachLine(text, (line) => {
    // Other lines (S: links, W: watches, I: time) are about udev itself.
    if (!line.startsWith('E:')) return;
    const equals = line.indexOf('=');
    if (equals > 0) properties.set(line.slice(2, equals), line.slice(equals + 1));
  });
  return properties;
}

export interface DiskInfo {
  readonly device: string;
  readonly major: string;
  readonly minor: string;
  readonly rotational: string;
  readonly udev: UdevProperties;
}

export interface DiskInfoReader {
  read(disks: readonly Disk[]): readonly DiskInfo[];
}

interface Kept {
  readonly stamp: string;
  readonly info: DiskInfo;
}

export function createDiskInfoReader(roots: Roots, udevData: string): DiskInfoReader {
  let kept: ReadonlyMap<string, Kept> = new Map();
  return {
    read(disks) {
      const next = new Map<string, Kept>();
      for (const disk of disks) {
        const path = join(udevData, `b${disk.major}:${disk.minor}`);
        const stats = statSync(path, { throwIfNoEntry: false });
        const stamp = `${disk.major}:${disk.minor} ${stats?.ino} ${stats?.mtimeMs}`;
        const before = kept.get(disk.device);
        const udevPath = stats === undefined ? null : path;
        next.set(
          disk.device,
          before?.stamp === stamp ? before : { stamp, info: readInfo(roots, disk, udevPath) },
        );
      }
      kept = next;
      return [...next.values()].map(({ info }) => info);
    },
  };
}

function readInfo(roots: Roots, { device, major, minor }: Disk, udevPath: string | null): DiskInfo {
  // In /sys a slash in a device's name (cciss/c0d0) is an exclamation mark.
  const block = join(roots.sys, 'block', device.replaceAll('/', '!'));
  const udev = udevPath === null ? NO_PROPERTIES : parseFile(udevPath, parseUdevProperties);
  return {
    device,
    major,
    minor,
    rotational: readOptional(join(block, 'queue/rotational')) ?? '0',
    udev,
  };
}

function has(udev: UdevProperties, property: string): boolean {
  return (udev.get(property) ?? '') !== '';
}

/** The serial number on the disk's label if udev knows it, then the shorter of its own (virtio has the longer only). */
function serialOf(udev: UdevProperties): string {
  for (const property of ['SCSI_IDENT_SERIAL', 'ID_SERIAL_SHORT', 'ID_SERIAL']) {
    if (has(udev, property)) return udev.get(property) ?? '';
  }
  return '';
}

const INFO_LABELS = [
  'device',
  'major',
  'minor',
  'path',
  'wwn',
  'model',
  'serial',
  'revision',
  'rotational',
] as const;

/** Families of udev properties, one series a device that has the first property. */
const PROPERTY_FAMILIES = [
  {
    name: 'node_disk_filesystem_info',
    help: 'Info about disk filesystem.',
    labels: ['device', 'type', 'usage', 'uuid', 'version'],
    properties: ['ID_FS_TYPE', 'ID_FS_USAGE', 'ID_FS_UUID', 'ID_FS_VERSION'],
  },
  {
    name: 'node_disk_device_mapper_info',
    help: 'Info about disk device mapper.',
    labels: ['device', 'name', 'uuid', 'vg_name', 'lv_name', 'lv_layer'],
    properties: ['DM_NAME', 'DM_UUID', 'DM_VG_NAME', 'DM_LV_NAME', 'DM_LV_LAYER'],
  },
] as const;

/** Numbers that udev has of ATA disks. */
const ATA_FAMILIES = [
  { name: 'write_cache', property: 'ID_ATA_WRITE_CACHE', help: 'ATA disk has a write cache.' },
  {
    name: 'write_cache_enabled',
    property: 'ID_ATA_WRITE_CACHE_ENABLED',
    help: 'ATA disk has its write cache enabled.',
  },
  {
    name: 'rotation_rate_rpm',
    property: 'ID_ATA_ROTATION_RATE_RPM',
    help: 'ATA disk rotation rate in RPMs (0 for SSDs).',
  },
] as const;

export function writeDiskInfos(out: ColumnWriter, infos: readonly DiskInfo[]): void {
  out.family('node_disk_info', 'gauge', 'Info of /sys/block/<block_device>.', INFO_LABELS);
  for (const { device, major, minor, rotational, udev } of infos) {
    const property = (name: string) => udev.get(name) ?? '';
    out.add(
      1,
      device,
      major,
      minor,
      property('ID_PATH'),
      property('ID_WWN'),
      property('ID_MODEL'),
      serialOf(udev),
      property('ID_REVISION'),
      rotational,
    );
  }
  for (const { name, help, labels, properties } of PROPERTY_FAMILIES) {
    out.family(name, 'gauge', help, labels);
    for (const { device, udev } of infos) {
      if (!has(udev, properties[0])) continue;
      out.add(1, device, ...properties.map((property) => udev.get(property) ?? ''));
    }
  }
  writeAta(out, infos);
}

function writeAta(out: ColumnWriter, infos: readonly DiskInfo[]): void {
  for (const { name, property, help } of ATA_FAMILIES) {
    out.family(`node_disk_ata_${name}`, 'gauge', help, ['device']);
    for (const { device, udev } of infos) {
      if (!has(udev, 'ID_ATA') || !has(udev, property)) continue;
      const value = Number(udev.get(property));
      // What udev's helpers found is no number on some disks: such a value is left out, as node_exporter does.
      if (!Number.isNaN(value)) out.add(value, device);
    }
  }
}
