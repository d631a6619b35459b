/**
 * The file that pushed groups survive a restart in: lines of JSON, a head, a line a group with its series as text, and
 * a last line with their number. It is written beside the old one and renamed over it, so that it is always whole.
 *
 * What is read is held for untrue until it has passed the same checks as a push. A file that is damaged is set aside, what
 * is sound of it is kept.
 */
import { createReadStream } from 'node:fs';
import { open, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isLabelName } from '@tributary/shared/names';
import type { Labels } from '@tributary/shared/shape';
import { TextFormatError } from '../../collectors/exposition-text/families.ts';
import { parseText } from '../../collectors/exposition-text/parse-text.ts';
import { errorCode } from '../../collectors/source.ts';
import { familiesText } from './group-text.ts';
import type { Groups } from './groups.ts';
import { PushError } from './push-error.ts';

const NAME = 'pushed-groups.jsonl';
const HEAD = { format: 'tributary-pushed-groups', version: 1 } as const;
/** What the limits of pushes allow is less, even if JSON has to escape every character. A file that is larger is none of ours. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

export interface Loaded {
  readonly groups: number;
  /** What was wrong, each once; empty when all is well, or there is no file. */
  readonly faults: readonly string[];
  /** Where a damaged file went. */
  readonly setAside: string | null;
}

interface KeptGroup {
  readonly labels: Labels;
  readonly pushedAt: number;
  readonly failedAt: number;
  readonly text: string;
}

export function groupFilePath(folder: string): string {
  return join(folder, NAME);
}

/**
 * Writes all groups, and returns once they would outlive the machine.
 * @param sync makes the names of a folder's files durable.
 * @throws the system's error; there is a whole file then, the one before or the new one.
 */
export async function saveGroups(folder: string, groups: Groups, sync = syncFolder): Promise<void> {
  const path = groupFilePath(folder);
  const unfinished = `${path}.new`;
  const all = groups.all();
  const file = await open(unfinished, 'w', 0o600);
  try {
    await file.write(`${JSON.stringify(HEAD)}\n`);
    // One at a time: rendering all of them at once would hold up the sampler.
    for (const { labels, pushedAt, failedAt, families } of all) {
      const kept: KeptGroup = { labels, pushedAt, failedAt, text: familiesText(families.values()) };
      await file.write(`${JSON.stringify(kept)}\n`);
    }
    await file.write(`${JSON.stringify({ groups: all.length })}\n`);
    await file.sync();
  } catch (error) {
    await file.close();
    await unlink(unfinished).catch(() => {});
    throw error;
  }
  await file.close();
  await rename(unfinished, path);
  await sync(folder);
}

/** Without it a name may be that of the file before, once the machine has failed. */
async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders, and has no need of it.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Reads the groups back.
 * @param moment the present one: groups take their age with them, as far as the clock can be trusted.
 * @throws the system's error when there is a file that cannot be read.
 */
export async function loadGroups(
  folder: string,
  groups: Groups,
  moment: { readonly now: number; readonly mono: number },
): Promise<Loaded> {
  const path = groupFilePath(folder);
  const faults = new Set<string>();
  let damaged = false;
  let count = 0;
  try {
    const { size } = await stat(path);
    if (size > FILE_BYTES_MAX) throw new Error(`it has ${size} bytes`);
    for await (const kept of readLines(path)) {
      const fault = restore(groups, kept, moment);
      if (fault === null) count++;
      else faults.add(fault);
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { groups: 0, faults: [], setAside: null };
    if (typeof errorCode(error) === 'string') throw error;
    damaged = true;
    faults.add((error as Error).message);
  }
  if (!damaged && faults.size === 0) return { groups: count, faults: [], setAside: null };
  const setAside = `${path}.damaged-${new Date(moment.now).toISOString().replaceAll(/[:.]/g, '-')}`;
  await rename(path, setAside);
  return { groups: count, faults: [...faults], setAside };
}

/** @throws Error when the file is not what was written. */
async function* readLines(path: string): AsyncGenerator<KeptGroup> {
  let count = -1;
  let isWhole = false;
  for await (const line of linesOf(path)) {
    if (isWhole) throw new Error('there is more behind its last line');
    const value = parseLine(line);
    if (count < 0) {
      if (value['format'] !== HEAD.format || value['version'] !== HEAD.version)
        throw new Error('its first line is not that of pushed groups');
    } else if (typeof value['groups'] === 'number') {
      if (value['groups'] !== count) throw new Error(`it has ${count} of ${value['groups']} groups`);
      isWhole = true;
    } else yield keptGroup(value);
    if (!isWhole) count++;
  }
  if (!isWhole) throw new Error('it ends in the middle');
}

/** Line feeds end lines, and nothing else: readline breaks them at U+2028 and U+2029 too, which JSON leaves as they are. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let pieces: string[] = [];
  for await (const chunk of createReadStream(path, 'utf8')) {
    const [first = '', ...others] = String(chunk).split('\n');
    pieces.push(first);
    for (const other of others) {
      yield pieces.join('');
      pieces = [other];
    }
  }
  const last = pieces.join('');
  if (last !== '') yield last;
}

function parseLine(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Told below.
  }
  throw new Error('a line of it is no JSON object');
}

function keptGroup({ labels, pushedAt, failedAt, text }: Record<string, unknown>): KeptGroup {
  if (isLabels(labels) && isTime(pushedAt) && isTime(failedAt) && typeof text === 'string')
    return { labels, pushedAt, failedAt, text };
  throw new Error('a line of it is no group');
}

function isLabels(value: unknown): value is Labels {
  if (typeof value !== 'object' || value === null) return false;
  const entries = Object.entries(value);
  return (
    entries.every(([name, text]) => isLabelName(name) && typeof text === 'string') &&
    entries.some(([name, text]) => name === 'job' && text !== '')
  );
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** @returns what is wrong with a group, which is then left out. */
function restore(
  groups: Groups,
  { labels, pushedAt, failedAt, text }: KeptGroup,
  { now, mono }: { readonly now: number; readonly mono: number },
): string | null {
  const ageMs = Math.max(0, now - Math.max(pushedAt, failedAt));
  try {
    groups.restore(labels, parseText(text), { pushedAt, failedAt, touched: mono - ageMs });
    return null;
  } catch (error) {
    if (error instanceof PushError || error instanceof TextFormatError) return error.message;
    throw error;
  }
}
