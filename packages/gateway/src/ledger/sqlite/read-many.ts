/** Questions about several hosts, a portion at a time, so that commits get their turn in between. */
import type { ReadRequest, StoredEntry } from '../ledger.ts';

export interface Portion {
  readonly requests: readonly ReadRequest[];
  /** For all of them together. */
  readonly samplesMax: number;
}

export interface PortionAnswer {
  /** Of the first requests, at least one. */
  readonly lists: readonly (readonly StoredEntry[])[];
  /** True when the last list ends before its request does. */
  readonly isPartial: boolean;
}

/** About what one turn of the worker may take: some milliseconds. */
const SAMPLES_MAX = 200_000;
const REQUESTS_MAX = 1000;

export async function readMany(
  requests: readonly ReadRequest[],
  ask: (portion: Portion) => Promise<PortionAnswer>,
): Promise<StoredEntry[][]> {
  const lists: StoredEntry[][] = requests.map(() => []);
  let next = 0;
  /** What is left of the request that was answered in part. */
  let rest: ReadRequest | null = null;
  while (next < requests.length) {
    const asked: ReadRequest[] = requests.slice(next, next + REQUESTS_MAX);
    if (rest !== null) asked[0] = rest;
    const { lists: answered, isPartial } = await ask({ requests: asked, samplesMax: SAMPLES_MAX });
    for (const [i, list] of answered.entries()) lists[next + i]?.push(...list);
    next += answered.length;
    rest = null;
    const request = asked[answered.length - 1];
    const part = answered.at(-1);
    const last = part?.at(-1);
    if (!isPartial || request === undefined || part === undefined || last === undefined) continue;
    next--;
    const samples = part.reduce((sum, entry) => sum + entry.samples, 0);
    rest = { ...request, after: last.offset, samplesMax: request.samplesMax - samples };
  }
  return lists;
}

/** Hosts of one question about a moment: each may have a day of entries to be looked through. */
const SEEKS_MAX = 64;

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
