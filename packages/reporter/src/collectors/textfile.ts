/**
 * Metrics that other programs leave in files: every `*.prom` of the folders given, in Prometheus's text format.
 *
 * A file with a mistake in it is left out whole and told by node_textfile_scrape_error, the others are served. That goes for
 * timestamps as well, which the format has and node_exporter refuses here, since a file outlives its time. Where two files
 * contradict each other the first by name is right: series that it has too, or a family of another type, cost the later
 * file. Files may lie on a network mount, so they are read without blocking, and never a second time while the first
 * reading has not come back. A file is parsed again only when it was written.
 */
import { isUtf8 } from 'node:buffer';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type OptionValues, textsOption } from '@tributary/shared/options';
import type { Collector, ColumnWriter } from './collector.ts';
import { settingsOf } from './collector-options.ts';
import type { TextFamily } from './exposition-text/families.ts';
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

interface TextFile {
  readonly path: string;
  readonly stamp: string;
  readonly mtimeSeconds: number;
  /** Null when the file is refused. */
  readonly families: readonly TextFamily[] | null;
}

interface Reading {
  readonly files: readonly TextFile[];
  readonly failed: boolean;
}

/** @throws Error when the file may not be served. */
export function parseTextFile(bytes: Uint8Array): readonly TextFamily[] {
  if (!isUtf8(bytes)) throw new Error('the file is no UTF-8');
  const families = parseText(Buffer.from(bytes).toString('utf8'));
  if (families.some(({ samples }) => samples.some(({ timestampMs }) => timestampMs !== null)))
    throw new Error('timestamps are not supported in files');
  return families;
}

async function readTextFile(path: string, known: TextFile | undefined): Promise<TextFile> {
  const file = await open(path);
  try {
    const { ino, size, mtimeMs, ctimeMs } = await file.stat();
    const stamp = `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
    if (known?.stamp === stamp) return known;
    const bare = { path, stamp, mtimeSeconds: mtimeMs / 1000 };
    if (size > FILE_BYTES_MAX) return { ...bare, families: null };
    const bytes = await file.readFile();
    try {
      return { ...bare, families: parseTextFile(bytes) };
    } catch {
      // Told by the error metric, as in node_exporter; until the file is written again it stays refused.
      return { ...bare, families: null };
    }
  } finally {
    await file.close();
  }
}

/** Null when there is no reading the file. A pipe would never end, and a folder is nothing to read. */
async function tryRead(path: string, known: TextFile | undefined): Promise<TextFile | null> {
  try {
    return (await stat(path)).isFile() ? await readTextFile(path, known) : null;
  } catch {
    return null;
  }
}

/** A null stands for a folder that cannot be read. */
async function pathsIn(directory: string): Promise<(string | null)[]> {
  try {
    const names = (await readdir(directory)).filter((name) => name.endsWith('.prom'));
    return names.sort().map((name) => join(directory, name));
  } catch {
    return [null];
  }
}

async function readAll(patterns: readonly string[], known: ReadonlyMap<string, TextFile>): Promise<Reading> {
  let failed = false;
  const files: TextFile[] = [];
  const directories = (await Promise.all(patterns.map(expandGlob))).flat();
  for (const directory of new Set(directories)) {
    for (const path of await pathsIn(directory)) {
      const file = files.length < FILES_MAX && path !== null ? await tryRead(path, known.get(path)) : null;
      if (file === null) failed = true;
      else files.push(file);
    }
  }
  return { files, failed };
}

interface MergedFamily extends TextFamily {
  readonly paths: string[];
  readonly keys: Set<string>;
}

/** Adds a file's families to the others', or nothing when it contradicts them. */
function mergeFile(
  merged: Map<string, MergedFamily>,
  path: string,
  families: readonly TextFamily[],
): boolean {
  const keyOf = (suffix: string, labels: readonly string[]) => `${suffix}\0${labels.join('\0')}`;
  for (const { name, type, samples } of families) {
    const other = merged.get(name);
    if (other === undefined) continue;
    if (other.type !== type) return false;
    if (samples.some(({ suffix, labels }) => other.keys.has(keyOf(suffix, labels)))) return false;
  }
  for (const family of families) {
    const { name, samples } = family;
    const other = merged.get(name);
    const keys = samples.map(({ suffix, labels }) => keyOf(suffix, labels));
    merged.set(name, {
      ...family,
      help: other?.help || family.help,
      samples: [...(other?.samples ?? []), ...samples],
      paths: [...(other?.paths ?? []), path],
      keys: new Set([...(other?.keys ?? []), ...keys]),
    });
  }
  return true;
}

function write(out: ColumnWriter, { files, failed }: Reading): void {
  const merged = new Map<string, MergedFamily>();
  const served = files.filter(({ path, families }) => families !== null && mergeFile(merged, path, families));
  for (const { name, type, help, paths, samples } of merged.values()) {
    out.foreignFamily(name, type, help || `Metric read from ${paths.join(', ')}`);
    for (const { suffix, labels, value } of samples) out.addForeign(value, suffix, labels);
  }
  const mtimeHelp = 'Unixtime mtime of textfiles successfully read.';
  out.family('node_textfile_mtime_seconds', 'gauge', mtimeHelp, ['file']);
  for (const { path, mtimeSeconds } of served) out.add(mtimeSeconds, path);
  const errorHelp = '1 if there was an error opening or reading a file, 0 otherwise';
  out.family('node_textfile_scrape_error', 'gauge', errorHelp);
  out.add(failed || served.length < files.length ? 1 : 0);
}

export function createTextfileCollector(
  options: OptionValues<typeof TEXTFILE_OPTIONS> = settingsOf('textfile', TEXTFILE_OPTIONS, {}),
): Collector {
  let known: ReadonlyMap<string, TextFile> = new Map();
  let reading = false;
  return {
    name: 'textfile',
    isStuck: () => reading,
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
      write(out, result);
    },
  };
}
