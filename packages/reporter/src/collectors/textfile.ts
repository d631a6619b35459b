/**
 * Metrics that other programs leave in files: every `*.prom` of the folders given, in Prometheus's text format.
 *
 * A file with a mistake in it is left out whole and told by node_textfile_scrape_error, the others are served. That goes for
 * timestamps as well, which the format has and node_exporter refuses here, since a file outlives its time. Where two files
 * contradict each other the first by name is right: series that it has too, or a family of another type, cost the later
 * file. A family that a collector of this host tells is left out of every file. Why a file is not served is logged once. Files may lie on a network mount, so they are read without blocking, and never a second time while the first
 * reading has not come back. A file is parsed again only when it was written.
 */
import { isUtf8 } from 'node:buffer';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import { isReservedMetricName } from '@tributary/shared/names';
import { type OptionValues, textsOption } from '@tributary/shared/options';
import type { Shape } from '@tributary/shared/shape';
import type { Collector, ColumnWriter, Settled } from './collector.ts';
import { settingsOf } from './collector-options.ts';
import type { Column } from './columns.ts';
import type { TextFamily, TextSample } from './exposition-text/families.ts';
import { parseText } from './exposition-text/parse-text.ts';
import { expandGlob } from './glob.ts';

export const TEXTFILE_OPTIONS = {
  directory: {
    ...textsOption({
      help: 'A folder with *.prom files to read, or a pattern of folders; may be repeated.',
      placeholder: 'DIRECTORY',
    }),
    isPath: true,
  },
};

/** A file that is larger costs itself only. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Files beyond these are left out, and told as an error. */
const FILES_MAX = 1000;
/** Of all files, half of what a gateway takes of a host: beyond that it would refuse what other collectors tell. */
const SERIES_MAX = DEFAULT_LIMITS.seriesMax / 2;

interface TextFile {
  readonly path: string;
  readonly stamp: string;
  readonly mtimeSeconds: number;
  /** Null when the file is refused. */
  readonly families: readonly TextFamily[] | null;
  /** Why it is refused; '' when it is not. */
  readonly refusal: string;
}

/** By path, of a file or a folder. */
type Reasons = Map<string, string>;

interface Reading {
  readonly files: readonly TextFile[];
  /** What could not be read at all. */
  readonly unread: Reasons;
}

const MTIME = 'node_textfile_mtime_seconds';
const ERROR = 'node_textfile_scrape_error';

/** @throws Error when the file may not be served. */
export function parseTextFile(bytes: Uint8Array): readonly TextFamily[] {
  if (!isUtf8(bytes)) throw new Error('the file is no UTF-8');
  const families = parseText(Buffer.from(bytes).toString('utf8'));
  if (families.some(({ samples }) => samples.some(({ timestampMs }) => timestampMs !== null)))
    throw new Error('timestamps are not supported in files');
  for (const { name } of families) {
    if (isReservedMetricName(name)) throw new Error(`${name}: names that begin with tributary_ are taken`);
    if (name === MTIME || name === ERROR) throw new Error(`${name} is told of the files themselves`);
  }
  return families;
}

async function readTextFile(path: string, known: TextFile | undefined): Promise<TextFile> {
  const file = await open(path);
  try {
    const { ino, size, mtimeMs, ctimeMs } = await file.stat();
    const stamp = `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
    if (known?.stamp === stamp) return known;
    const bare = { path, stamp, mtimeSeconds: mtimeMs / 1000 };
    // Until it is written again a refused file stays refused.
    const refused = (refusal: string) => ({ ...bare, families: null, refusal });
    if (size > FILE_BYTES_MAX) return refused(`larger than ${FILE_BYTES_MAX} bytes`);
    const bytes = await file.readFile();
    try {
      return { ...bare, families: parseTextFile(bytes), refusal: '' };
    } catch (error) {
      return refused(messageOf(error));
    }
  } finally {
    await file.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A file, or why there is no reading it. A pipe would never end, and a folder is nothing to read. */
async function tryRead(path: string, known: TextFile | undefined): Promise<TextFile | string> {
  try {
    return (await stat(path)).isFile() ? await readTextFile(path, known) : 'not a regular file';
  } catch (error) {
    return messageOf(error);
  }
}

/** Paths of the files in a folder, or why it cannot be read. */
async function pathsIn(directory: string): Promise<string[] | string> {
  try {
    const names = (await readdir(directory)).filter((name) => name.endsWith('.prom'));
    return names.sort().map((name) => join(directory, name));
  } catch (error) {
    return messageOf(error);
  }
}

/** One after the other: a dead mount must not hold more than one of the threads that all of Node's file access shares. */
async function readAll(patterns: readonly string[], known: ReadonlyMap<string, TextFile>): Promise<Reading> {
  const unread: Reasons = new Map();
  const files: TextFile[] = [];
  const directories = new Set<string>();
  for (const pattern of patterns) for (const path of await expandGlob(pattern)) directories.add(path);
  for (const directory of directories) {
    const paths = await pathsIn(directory);
    if (typeof paths === 'string') {
      unread.set(directory, paths);
      continue;
    }
    for (const path of paths) {
      if (files.length >= FILES_MAX) {
        unread.set(directory, `more than ${FILES_MAX} files: the rest is left out`);
        break;
      }
      const file = await tryRead(path, known.get(path));
      if (typeof file === 'string') unread.set(path, file);
      else files.push(file);
    }
  }
  return { files, unread };
}

interface MergedFamily extends Omit<TextFamily, 'help' | 'samples'> {
  help: string | null;
  readonly samples: TextSample[];
  readonly paths: string[];
  readonly keys: Set<string>;
}

/** Adds a file's families to the others', or nothing when it contradicts them. @returns why not, or ''. */
function mergeFile(merged: Map<string, MergedFamily>, path: string, families: readonly TextFamily[]): string {
  const keyOf = ({ suffix, labels }: TextSample) => `${suffix}\0${labels.join('\0')}`;
  for (const { name, type, samples } of families) {
    const other = merged.get(name);
    if (other === undefined) continue;
    if (other.type !== type) return `${name} is a ${type} here and a ${other.type} in ${other.paths[0]}`;
    if (samples.some((sample) => other.keys.has(keyOf(sample))))
      return `a series of ${name} is in ${other.paths.join(' or ')} too`;
  }
  for (const { name, type, help, samples } of families) {
    let family = merged.get(name);
    if (family === undefined) {
      family = { name, type, help: null, samples: [], paths: [], keys: new Set() };
      merged.set(name, family);
    }
    // Added to what is there: a family may be in a thousand files, and this is done in each tick.
    family.help ||= help;
    family.paths.push(path);
    for (const sample of samples) {
      family.samples.push(sample);
      family.keys.add(keyOf(sample));
    }
  }
  return '';
}

/** @returns why what was not served was not. */
function write(out: ColumnWriter, { files, unread }: Reading): Reasons {
  const reasons: Reasons = new Map(unread);
  const merged = new Map<string, MergedFamily>();
  const served: TextFile[] = [];
  let left = SERIES_MAX;
  for (const file of files) {
    const series = (file.families ?? []).reduce((sum, { samples }) => sum + samples.length, 0);
    const reason =
      file.families === null
        ? file.refusal
        : series > left
          ? `${series} series: with them there would be more than ${SERIES_MAX} in files`
          : mergeFile(merged, file.path, file.families);
    if (reason === '') {
      served.push(file);
      left -= series;
    } else reasons.set(file.path, reason);
  }
  for (const { name, type, help, paths, samples } of merged.values()) {
    out.foreignFamily(name, type, help || `Metric read from ${paths.join(', ')}`);
    for (const { suffix, labels, value } of samples) out.addForeign(value, suffix, labels);
  }
  out.family(MTIME, 'gauge', 'Unixtime mtime of textfiles successfully read.', ['file']);
  for (const { path, mtimeSeconds } of served) out.add(mtimeSeconds, path);
  out.family(ERROR, 'gauge', '1 if there was an error opening or reading a file, 0 otherwise');
  out.add(reasons.size > 0 ? 1 : 0);
  return reasons;
}

interface SettledShape {
  readonly of: Shape;
  readonly names: string;
  readonly shape: Shape;
  readonly keep: readonly boolean[];
}

/** Takes families out of columns; the same shape comes back while nothing changes. */
function createSettler(): (column: Column, isTold: (family: string) => boolean) => Settled {
  let last: SettledShape | null = null;
  return (column, isTold) => {
    const told = column.shape.families.filter(({ name }) => isTold(name)).map(({ name }) => name);
    if (told.length === 0) return { column, leftOut: null };
    const names = told.join(', ');
    if (last === null || last.of !== column.shape || last.names !== names) {
      const families = column.shape.families.filter(({ name }) => !told.includes(name));
      const keep = column.shape.families.flatMap(({ name, series }) =>
        series.map(() => !told.includes(name)),
      );
      last = { of: column.shape, names, shape: { ...column.shape, families }, keep };
    }
    const { keep, shape } = last;
    const values = column.values.filter((_, i) => keep[i]);
    // The last series is the error, which is an error now.
    values[values.length - 1] = 1;
    const reason = `told by this host's collectors already: ${names}`;
    return { column: { ...column, shape, values }, leftOut: { series: keep.length - values.length, reason } };
  };
}

/** Logs what is new in `reasons`. */
function createTeller(warn: WarnOfFile): (reasons: Reasons) => void {
  let told: Reasons = new Map();
  return (reasons) => {
    for (const [path, reason] of reasons) if (told.get(path) !== reason) warn(path, reason);
    told = reasons;
  };
}

/** Told once of each file or folder that is not served, and again when it is for another reason. */
export type WarnOfFile = (path: string, reason: string) => void;

export function createTextfileCollector(
  options: OptionValues<typeof TEXTFILE_OPTIONS> = settingsOf('textfile', TEXTFILE_OPTIONS, {}),
  warn: WarnOfFile = () => {},
): Collector {
  const tell = createTeller(warn);
  let known: ReadonlyMap<string, TextFile> = new Map();
  let reading = false;
  return {
    name: 'textfile',
    isStuck: () => reading,
    settle: createSettler(),
    async collect(out) {
      if (reading) throw new Error('a folder has not answered since an earlier tick');
      reading = true;
      let result: Reading;
      try {
        result = await readAll(options.directory, known);
      } finally {
        reading = false;
      }
      known = new Map(result.files.map((file) => [file.path, file]));
      tell(write(out, result));
    },
  };
}
