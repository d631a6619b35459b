/** Reads the figures of one container. */
import { parseNetDev } from '../netdev.ts';
import type { ContainerCgroup } from './cgroup-paths.ts';
import type { ContainerDetails } from './engine-api.ts';
import type { CgroupReader, DeviceIo, Limits } from './figures.ts';
import { parseIfThere } from './files.ts';
import type { ContainerRow, Interface, NamedDeviceIo } from './write.ts';

/** What cAdvisor leaves out of a container's interfaces. */
const IGNORED_INTERFACES = /^(?:lo|veth|docker|nerdctl)/i;

/** Of one container: each comes to some eight series. So one with a thousand does not take the room of all others. */
const INTERFACES_MAX = 32;
const DEVICES_MAX = 32;

export interface RowSources {
  /** `/proc` */
  readonly proc: string;
  readonly reader: CgroupReader;
  /** By number: `8:0`. */
  readonly deviceName: (number: string) => string;
  readonly details: ContainerDetails;
  readonly cgroup: ContainerCgroup;
  readonly limits: Limits;
  /** Names and values in turn. */
  readonly labels: readonly string[];
  /** Seconds since 1970. */
  readonly seenSeconds: number;
}

/**
 * Null when its control group tells neither CPU nor memory: it has just ended, or has no controllers.
 * @throws FormatError when a file is not what it should be.
 */
export function readRow(sources: RowSources): ContainerRow | null {
  const { reader, deviceName, details, cgroup, limits, labels, seenSeconds } = sources;
  const usage = reader.usage(cgroup.folderOf, cgroup.processFolder);
  if (usage.cpuSeconds === null && usage.memoryUsage === null) return null;
  const { createdSeconds, startedSeconds } = details;
  const interfaces = details.hasOwnNetwork ? readInterfaces(sources.proc, details.pid) : [];
  const devices = reader.io(cgroup.folderOf);
  return {
    labels,
    figures: {
      ...usage,
      ...limits,
      createdSeconds,
      startedSeconds: startedSeconds ?? createdSeconds,
      lastSeenSeconds: seenSeconds,
    },
    interfaces: interfaces.slice(0, INTERFACES_MAX),
    devices: named(devices.slice(0, DEVICES_MAX), deviceName),
    leftOut: {
      interfaces: Math.max(0, interfaces.length - INTERFACES_MAX),
      devices: Math.max(0, devices.length - DEVICES_MAX),
    },
  };
}

/** Names are looked up now and then only: where a device has taken over another's name meanwhile, it keeps its number. */
function named(
  devices: readonly DeviceIo[],
  deviceName: (number: string) => string,
): readonly NamedDeviceIo[] {
  const names = new Set<string>();
  return devices.map((device) => {
    const name = deviceName(device.number);
    const isFree = !names.has(name);
    names.add(name);
    return { ...device, name: isFree ? name : device.number };
  });
}

/** Of the network that the first process is in. */
function readInterfaces(proc: string, pid: number): readonly Interface[] {
  const interfaces = parseIfThere(`${proc}/${pid}/net/dev`, parseNetDev) ?? new Map<string, number[]>();
  return [...interfaces].filter(([name]) => !IGNORED_INTERFACES.test(name));
}
