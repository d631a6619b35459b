/**
 * node_os_info, node_os_version and node_os_support_end_timestamp_seconds from the os-release file, or from what macOS has in
 * its place.
 *
 * The file changes when the system is upgraded: it is read again when its time or size differs.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Collector, type ColumnWriter, NoDataError, type Roots } from './collector.ts';
import { badLine, eachLine, FormatError, parseFile } from './source.ts';

const MACOS_FILE = 'System/Library/CoreServices/SystemVersion.plist';
/** The first that exists counts (os-release(5)). */
const FILES = ['etc/os-release', 'usr/lib/os-release', MACOS_FILE] as const;

const INFO_LABELS = [
  'build_id',
  'id',
  'id_like',
  'image_id',
  'image_version',
  'name',
  'pretty_name',
  'variant',
  'variant_id',
  'version',
  'version_codename',
  'version_id',
] as const;

/** Keys as they are in the file, `VERSION_ID`. */
export type OsRelease = ReadonlyMap<string, string>;

export function parseOsRelease(text: string): OsRelease {
  const release = new Map<string, string>();
  eachLine(text, (raw) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const equals = line.indexOf('=');
    if (equals <= 0) throw badLine('expected KEY=value', line);
    release.set(line.slice(0, equals), unquote(line.slice(equals + 1), line));
  });
  return release;
}

const MACOS_KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['ProductName', ['NAME']],
  ['ProductVersion', ['VERSION', 'VERSION_ID']],
  ['ProductBuildVersion', ['BUILD_ID']],
]);

/** The property list that macOS describes itself by, as node_exporter reads it. */
export function parseSystemVersion(text: string): OsRelease {
  const release = new Map<string, string>();
  for (const [, key = '', value = ''] of text.matchAll(/<key>([^<]*)<\/key>\s*<string>([^<]*)<\/string>/g)) {
    for (const name of MACOS_KEYS.get(key) ?? []) release.set(name, value);
  }
  if (release.size === 0) throw new FormatError('neither name nor version was found');
  return release;
}

/** The shell's quotes: nothing is special between single ones, a backslash escapes between double ones. */
function unquote(value: string, line: string): string {
  const quote = value[0];
  if (quote !== '"' && quote !== "'") return value;
  if (value.length < 2 || !value.endsWith(quote)) throw badLine('the closing quote is missing', line);
  const inner = value.slice(1, -1);
  return quote === '"' ? inner.replace(/\\(["\\$`])/g, '$1') : inner;
}

/** The leading `major.minor` of VERSION_ID; null for a rolling release. */
function majorMinor(release: OsRelease): number | null {
  const match = /^\d+\.?\d*/.exec(release.get('VERSION_ID') ?? '');
  const version = match === null ? 0 : Number(match[0]);
  return version > 0 ? version : null;
}

interface Parsed {
  readonly release: OsRelease;
  readonly supportEnd: number | null;
}

function parseAs(path: string): (text: string) => Parsed {
  return (text) => withSupportEnd(path.endsWith('.plist') ? parseSystemVersion(text) : parseOsRelease(text));
}

function withSupportEnd(release: OsRelease): Parsed {
  return { release, supportEnd: supportEndOf(release) };
}

/** Of a system that has no such file: see other-systems. */
export function writeOs(out: ColumnWriter, release: OsRelease): void {
  write(out, withSupportEnd(release));
}

/** Midnight UTC of SUPPORT_END, in seconds since the epoch. */
function supportEndOf(release: OsRelease): number | null {
  const text = release.get('SUPPORT_END') ?? '';
  if (text === '') return null;
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms)) throw new FormatError(`SUPPORT_END is no date: ${JSON.stringify(text)}`);
  return ms / 1000;
}

function write(out: ColumnWriter, { release, supportEnd }: Parsed): void {
  const values = INFO_LABELS.map((label) => release.get(label.toUpperCase()) ?? '');
  const help = `A metric with a constant '1' value labeled by ${INFO_LABELS.join(', ')}.`;
  out.family('node_os_info', 'gauge', help, INFO_LABELS);
  out.add(1, ...values);

  const version = majorMinor(release);
  if (version !== null) {
    const versionHelp = 'Metric containing the major.minor part of the OS version.';
    out.family('node_os_version', 'gauge', versionHelp, ['id', 'id_like', 'name']);
    out.add(version, release.get('ID') ?? '', release.get('ID_LIKE') ?? '', release.get('NAME') ?? '');
  }

  if (supportEnd !== null) {
    const endHelp = 'Metric containing the end-of-life date timestamp of the OS.';
    out.family('node_os_support_end_timestamp_seconds', 'gauge', endHelp);
    out.add(supportEnd);
  }
}

export function createOsCollector(roots: Roots): Collector {
  const paths = FILES.map((file) => join(roots.root, file));
  let cached: { readonly path: string; readonly stamp: string; readonly parsed: Parsed } | null = null;
  return {
    name: 'os',
    collect(out) {
      for (const path of paths) {
        const stats = statSync(path, { throwIfNoEntry: false });
        if (stats === undefined) continue;
        const stamp = `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
        if (cached?.path !== path || cached.stamp !== stamp) {
          cached = { path, stamp, parsed: parseFile(path, parseAs(path)) };
        }
        write(out, cached.parsed);
        return;
      }
      throw new NoDataError(`no os-release file: ${paths.join(', ')}`);
    },
  };
}
