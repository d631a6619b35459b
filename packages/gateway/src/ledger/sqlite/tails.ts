/**
 * The newest entries of every host, in memory: what scrapers and acks look at all the time. Entries stay for `KEEP_MS`
 * after they came, which covers a few scrapes and their repeats, as long as all of them together have no more than
 * `bytesMax`; beyond, those that came first go first, whoever's they are. What is kept of a batch is the payload that was
 * written, or its difference from the next one's (`kept-batch.ts`): its groups are made of it whenever somebody looks, since most are
 * never looked at, and all of them as objects are more than the garbage collector should have to carry about.
 */
import { type EntryPlace, KeptBatch } from '../kept-batch.ts';
import type { HostState, Position, Tail, TombstoneEntry } from '../ledger.ts';
import type { PackedEntry } from '../packed-batch.ts';
import type { WireAppend } from './messages.ts';

export const KEEP_MS = 120_000;
export const TAIL_BYTES_MAX = 256 * 1024 * 1024;
/** Of an entry beside its payload: objects, boxed numbers and the queue's share. */
const ENTRY_BYTES = 800;

type KeptEntry = KeptBatch | (TombstoneEntry & EntryPlace);

/** Where an entry stood that is dropped: what it had is free at once. */
const GONE: KeptEntry = {
  kind: 'tombstone',
  seq: 0,
  lastSeq: 0,
  fromAt: 0,
  at: 0,
  reason: '',
  contentHash: 0,
  epoch: '',
  offset: 0,
  samples: 0,
  samplesThrough: 0,
};

interface HostTail {
  end: Position;
  entries: KeptEntry[];
  /** Of the last entry, while it is kept. */
  newest: Arrival | null;
  /** What `tail` handed out last; null once it is no longer true. */
  shown: Tail | null;
  /** Entries at the front that are dropped and not yet cut off. */
  dropped: number;
}

/** What was handed to the ledger, and what became of it on the way to the disk. */
export interface Appended {
  readonly append: Pick<WireAppend, 'host' | 'epoch'>;
  readonly entries: readonly PackedEntry[];
}

interface Arrival {
  readonly tail: HostTail;
  readonly at: number;
  bytes: number;
}

export class Tails {
  readonly #bytesMax: number;
  readonly #uptimeMs: () => number;
  readonly #hosts = new Map<string, HostTail>();
  /** In the order in which they came; those before `#first` are gone. */
  #arrivals: Arrival[] = [];
  #first = 0;
  #bytes = 0;

  constructor(hosts: readonly HostState[], uptimeMs: () => number, bytesMax = TAIL_BYTES_MAX) {
    this.#uptimeMs = uptimeMs;
    this.#bytesMax = bytesMax;
    for (const { host, end } of hosts) this.#hosts.set(host, tailAt(end));
  }

  /** What it takes up, about. */
  get bytes(): number {
    return this.#bytes;
  }

  of(host: string): Tail | null {
    const tail = this.#hosts.get(host);
    if (tail === undefined) return null;
    tail.shown ??= { end: tail.end, entries: tail.entries.slice(tail.dropped) };
    return tail.shown;
  }

  /**
   * Entries are durable.
   * @param count how many of them, from the end, were new
   * @param end behind the last of them
   */
  add({ append, entries }: Appended, count: number, end: Position): void {
    const { host, epoch } = append;
    const first = entries.length - count;
    let tail = this.#hosts.get(host);
    if (tail === undefined) {
      tail = tailAt(end);
      this.#hosts.set(host, tail);
    }
    const now = this.#uptimeMs();
    let offset = end.offset - count;
    const added = entries.slice(first);
    let samplesThrough = end.samples - added.reduce((sum, entry) => sum + samplesOf(entry), 0);
    for (const entry of added) {
      const samples = samplesOf(entry);
      offset++;
      samplesThrough += samples;
      this.#keep(tail, now, toKept(entry, { epoch, offset, samples, samplesThrough }));
    }
    tail.end = end;
    tail.shown = null;
    this.#expire(now);
  }

  forget(host: string): void {
    this.#hosts.delete(host);
  }

  #keep(tail: HostTail, at: number, entry: KeptEntry): void {
    const { newest } = tail;
    const last = newest === null ? undefined : tail.entries.at(-1);
    const arrival = { tail, at, bytes: bytesOf(entry) };
    tail.entries.push(entry);
    tail.newest = arrival;
    this.#arrivals.push(arrival);
    this.#bytes += arrival.bytes;
    if (newest === null || last?.kind !== 'batch' || entry.kind !== 'batch') return;
    last.leanOn(entry);
    this.#bytes -= newest.bytes;
    newest.bytes = bytesOf(last);
    this.#bytes += newest.bytes;
  }

  #expire(now: number): void {
    for (
      let arrival = this.#arrivals[this.#first];
      arrival !== undefined;
      arrival = this.#arrivals[this.#first]
    ) {
      if (this.#bytes <= this.#bytesMax && arrival.at >= now - KEEP_MS) break;
      this.#first++;
      this.#bytes -= arrival.bytes;
      const { tail } = arrival;
      if (tail.newest === arrival) tail.newest = null;
      tail.entries[tail.dropped++] = GONE;
      tail.shown = null;
      // Cut off by halves, so that dropping one costs the same however many there are.
      if (tail.dropped * 2 <= tail.entries.length) continue;
      tail.entries = tail.entries.slice(tail.dropped);
      tail.dropped = 0;
    }
    if (this.#first * 2 <= this.#arrivals.length) return;
    this.#arrivals = this.#arrivals.slice(this.#first);
    this.#first = 0;
  }
}

function samplesOf(entry: PackedEntry): number {
  return entry.kind === 'batch' ? entry.samples : 0;
}

function bytesOf(entry: KeptEntry): number {
  return ENTRY_BYTES + (entry.kind === 'batch' ? entry.bytes : 0);
}

function tailAt(end: Position): HostTail {
  return { end, entries: [], newest: null, shown: null, dropped: 0 };
}

function toKept(entry: PackedEntry, place: EntryPlace): KeptEntry {
  return entry.kind === 'tombstone' ? { ...entry, ...place } : new KeptBatch(entry, place);
}
