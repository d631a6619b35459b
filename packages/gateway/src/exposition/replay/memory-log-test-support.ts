/**
 * As much of a ledger as the replay needs, in memory: what is appended is durable at once, cursors are kept apart from
 * entries, and entries are trimmed by count. `forgetTail` makes reads go the way that the disk's go, and `onRead` is called
 * while one is under way.
 */
import { presentCount } from '@tributary/shared/column';
import {
  type CursorKey,
  type Entry,
  type Ledger,
  LOG_START,
  type Place,
  type Position,
  positionOf,
  type ReadRequest,
  type SeekRequest,
  type StoredCursor,
  type StoredEntry,
  type Tail,
  weightOf,
} from '../../ledger/ledger.ts';

interface Log {
  entries: StoredEntry[];
  end: Position;
  /** Entries of greater offsets are in the tail. */
  tailAfter: number;
}

type Used = Pick<Ledger, 'bornAt' | 'readMany' | 'tail' | 'seek' | 'cursors' | 'saveCursor' | 'removeCursor'>;

export class MemoryLog implements Used {
  readonly bornAt: number;
  /** Called once, when entries were read and before anyone has them. */
  onRead: (() => void) | null = null;
  readonly #logs = new Map<string, Log>();
  readonly #cursors = new Map<string, StoredCursor>();

  constructor(bornAt: number) {
    this.bornAt = bornAt;
  }

  append(host: string, epoch: string, entries: readonly Entry[]): void {
    const log = this.#logs.get(host) ?? { entries: [], end: LOG_START, tailAfter: 0 };
    this.#logs.set(host, log);
    for (const entry of entries) {
      const samples =
        entry.kind === 'batch' ? entry.groups.reduce((sum, { column }) => sum + presentCount(column), 0) : 0;
      const stored: StoredEntry = {
        ...entry,
        epoch,
        offset: log.end.offset + 1,
        samples,
        samplesThrough: log.end.samples + samples,
      };
      log.entries.push(stored);
      log.end = positionOf(stored);
    }
  }

  positionAt(host: string, offset: number): Position {
    const entry = this.#logs.get(host)?.entries.find((one) => one.offset === offset);
    return entry === undefined ? LOG_START : positionOf(entry);
  }

  /** From now on only the last `count` entries of a host are in memory. */
  forgetTail(host: string, count: number): void {
    const log = this.#logs.get(host);
    if (log !== undefined) log.tailAfter = Math.max(log.tailAfter, log.end.offset - count);
  }

  /** Removes entries up to an offset. */
  trimTo(host: string, offset: number): void {
    const log = this.#logs.get(host);
    if (log === undefined) return;
    log.entries = log.entries.filter((entry) => entry.offset > offset);
    log.tailAfter = Math.max(log.tailAfter, offset);
  }

  drop(host: string): void {
    this.#logs.delete(host);
    for (const [key, cursor] of this.#cursors) {
      const places = new Map(cursor.places);
      places.delete(host);
      this.#cursors.set(key, { ...cursor, places });
    }
  }

  tail(host: string): Tail | null {
    const log = this.#logs.get(host);
    if (log === undefined) return null;
    return { end: log.end, entries: log.entries.filter(({ offset }) => offset > log.tailAfter) };
  }

  async readMany(requests: readonly ReadRequest[]): Promise<readonly (readonly StoredEntry[])[]> {
    const answers = requests.map(({ host, after, weightMax }) => {
      const found: StoredEntry[] = [];
      let weight = 0;
      for (const entry of this.#logs.get(host)?.entries ?? []) {
        if (entry.offset <= after) continue;
        weight += weightOf(entry);
        if (found.length > 0 && weight > weightMax) break;
        found.push(entry);
      }
      return found;
    });
    const { onRead } = this;
    this.onRead = null;
    onRead?.();
    return answers;
  }

  async seek(requests: readonly SeekRequest[], at: number): Promise<readonly Position[]> {
    return requests.map(({ host, after }) => {
      const log = this.#logs.get(host);
      if (log === undefined) return LOG_START;
      const first = log.entries.find((entry) => entry.offset > after && entry.at >= at);
      if (first === undefined) return log.end;
      const { epoch, samplesThrough, samples } = first;
      const before = log.entries.find(({ offset }) => offset === first.offset - 1);
      if (before !== undefined) return positionOf(before);
      return { offset: first.offset - 1, samples: samplesThrough - samples, epoch, seq: 0 };
    });
  }

  async cursors(): Promise<readonly StoredCursor[]> {
    return [...this.#cursors.values()];
  }

  async saveCursor(cursor: StoredCursor): Promise<void> {
    const key = `${cursor.name}\n${cursor.selection}`;
    const places = new Map<string, Place>(this.#cursors.get(key)?.places);
    for (const [host, place] of cursor.places) if (this.#logs.has(host)) places.set(host, place);
    this.#cursors.set(key, { ...cursor, places });
  }

  async removeCursor({ name, selection }: CursorKey): Promise<void> {
    this.#cursors.delete(`${name}\n${selection}`);
  }
}
