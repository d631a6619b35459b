/** Questions about several hosts, a portion at a time, so that commits get their turn in between. */
import { type StoredEntry, weightOf } from '../ledger.ts';
import type { ReadPortion, WireRead } from './messages.ts';
import { fromWire } from './wire-entry.ts';

/** Reads that are handed over at a time; the worker answers as many of them as one portion may hold. */
const READS_MAX = 256;
/** Hosts of one question about a moment: each may have a day of entries to be looked through. */
const SEEKS_MAX = 64;

/** What is asked for, one list a read. */
export async function readAll(
  reads: readonly WireRead[],
  ask: (reads: readonly WireRead[]) => Promise<ReadPortion>,
): Promise<StoredEntry[][]> {
  const lists: StoredEntry[][] = reads.map(() => []);
  let next = 0;
  while (next < reads.length) {
    // Of the first of them, a part may have been given.
    const asked = reads
      .slice(next, next + READS_MAX)
      .map((read, i) => remaining(read, lists[next + i] ?? []));
    const { lists: given, isCut, shapes } = await ask(asked);
    for (const [i, list] of given.entries()) {
      for (const stored of list) lists[next + i]?.push(fromWire(stored, shapes));
    }
    next += given.length - (isCut ? 1 : 0);
  }
  return lists;
}

/** What each host said last, one list a host. */
export async function newestAll(
  hosts: readonly string[],
  ask: (hosts: readonly string[]) => Promise<ReadPortion>,
): Promise<StoredEntry[][]> {
  const all: StoredEntry[][] = [];
  while (all.length < hosts.length) {
    const { lists, shapes } = await ask(hosts.slice(all.length, all.length + READS_MAX));
    for (const list of lists) all.push(list.map((stored) => fromWire(stored, shapes)));
  }
  return all;
}

function remaining(read: WireRead, given: readonly StoredEntry[]): WireRead {
  const last = given.at(-1);
  if (last === undefined) return read;
  return {
    ...read,
    after: last.offset,
    entriesMax: read.entriesMax - given.length,
    weightMax: read.weightMax - given.reduce((sum, entry) => sum + weightOf(entry), 0),
    atLeastOne: false,
  };
}

/** The answers to all requests, asked for some at a time. */
export async function inPortions<T, R>(
  requests: readonly T[],
  ask: (portion: readonly T[]) => Promise<readonly R[]>,
): Promise<R[]> {
  const answers: R[] = [];
  while (answers.length < requests.length) {
    answers.push(...(await ask(requests.slice(answers.length, answers.length + SEEKS_MAX))));
  }
  return answers;
}
