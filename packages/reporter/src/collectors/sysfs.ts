/**
 * Reading attributes of devices in `/sys`: one short value a file, many of which a device may lack or refuse to tell.
 *
 * A refusal is the normal case (a link that is down has no speed, a battery that is missing no voltage, a serial number
 * is for root only) and costs that value alone. Whatever else goes wrong is the collector's failure.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { MetricType } from '@tributary/shared/shape';
import { unlessAbsent } from './absent.ts';
import { type ColumnWriter, NoDataError } from './collector.ts';
import { errorCode, FormatError } from './source.ts';

/** What drivers answer for "not now", "not for you" and "I have no such thing". */
const REFUSALS = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'EACCES',
  'EPERM',
  'EINVAL',
  'EOPNOTSUPP',
  'ENOTSUP',
  'ENODEV',
  'ENXIO',
  'ENODATA',
  'EAGAIN',
  'EBUSY',
  'EIO',
  'ETIMEDOUT',
]);

export function isRefusal(error: unknown): boolean {
  const code = errorCode(error);
  return typeof code === 'string' && REFUSALS.has(code);
}

type Read = (path: string) => string;

let read: Read = (path) => readFileSync(path, 'utf8');

/**
 * Has `work` read its attributes by `reader`: see slow-reads.ts. Handed over this way, and not from function to function,
 * because every collector of devices reads through this file, in one go.
 */
export function readingWith<T>(reader: Read, work: () => T): T {
  const before = read;
  read = reader;
  try {
    return work();
  } finally {
    read = before;
  }
}

/** The text of a file without the space around it, or null when the device does not tell it. */
export function readAttribute(path: string): string | null {
  return readText(path)?.trim() ?? null;
}

/** The text of a file as it is, or null when the device does not tell it. */
export function readText(path: string): string | null {
  try {
    return unlessAbsent(path, read) ?? null;
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

/**
 * The number in a file, decimal or `0x…`; null when the device does not tell it, or tells nothing.
 * @throws FormatError with the path, for any other text.
 */
export function readNumber(path: string): number | null {
  return parseAttribute(path, readAttribute(path));
}

/** The number in `text`, which was read from `path`: see readNumber. */
export function parseAttribute(path: string, text: string | null): number | null {
  if (text === null || text === '') return null;
  const value = Number(text);
  if (Number.isNaN(value))
    throw new FormatError(`${path}: ${JSON.stringify(text.slice(0, 120))} is no number`);
  return value;
}

/** What a link points to, as it is written; '' when it is no link, null when it is not there. */
export function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (errorCode(error) === 'EINVAL') return '';
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** Names in a folder, sorted; none when there is no such folder or it may not be read. */
export function directoryNames(path: string): string[] {
  try {
    return unlessAbsent(path, (folder) => readdirSync(folder).sort()) ?? [];
  } catch (error) {
    if (isRefusal(error)) return [];
    throw error;
  }
}

/**
 * Names of a class's devices, sorted: plain files among them, such as `bonding_masters`, are none.
 * @throws NoDataError when the kernel has no such class, which node_exporter tells from a class without devices.
 */
export function deviceNames(path: string): string[] {
  let names: string[] | undefined;
  try {
    names = unlessAbsent(path, foldersIn);
  } catch (error) {
    if (isRefusal(error)) throw new NoDataError(`there is no ${path}`, { cause: error });
    throw error;
  }
  if (names === undefined) throw new NoDataError(`there is no ${path}`);
  return names;
}

function foldersIn(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.isFile())
    .map(({ name }) => name)
    .sort();
}

/** The devices of a class, each with its name as its only label, but for those that `leaveOut` matches. */
export function devicesByName(path: string, leaveOut: RegExp | null = null): Device[] {
  return deviceNames(path)
    .filter((name) => leaveOut?.test(name) !== true)
    .map((name) => ({ path: `${path}/${name}`, labels: [name] }));
}

/** A family that has the number in `file` of every device that tells it. */
export interface Attribute {
  readonly file: string;
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** In place of the number as it is. */
  readonly convert?: (raw: number) => number;
}

/** A folder with attributes, and the values of the labels of its series. */
export interface Device {
  readonly path: string;
  readonly labels: readonly string[];
}

/** With so many attributes, of which a device lacks most, it is cheaper to look at what there is than to try each. */
const LISTED_MIN = 8;

/** Tells whether a file is there, by its folder's names, which are read once. */
function createListing(): (path: string) => boolean {
  const folders = new Map<string, ReadonlySet<string>>();
  return (path) => {
    const slash = path.lastIndexOf('/');
    const folder = path.slice(0, slash);
    let names = folders.get(folder);
    if (names === undefined) {
      names = new Set(directoryNames(folder));
      folders.set(folder, names);
    }
    return names.has(path.slice(slash + 1));
  };
}

/** Writes a family for each of `attributes`, with a series for each device. */
export function writeAttributes(
  out: ColumnWriter,
  labelNames: readonly string[],
  attributes: readonly Attribute[],
  devices: readonly Device[],
): void {
  if (devices.length === 0) return;
  const isThere = attributes.length < LISTED_MIN ? () => true : createListing();
  for (const { file, name, type, help, convert } of attributes) {
    out.family(name, type, help, labelNames);
    for (const { path, labels } of devices) {
      const raw = isThere(`${path}/${file}`) ? readNumber(`${path}/${file}`) : null;
      if (raw !== null) out.add(convert === undefined ? raw : convert(raw), ...labels);
    }
  }
}
