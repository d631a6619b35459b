/** Reads a ledger's logs: entries behind a place, several hosts at a time, and the place of a moment. */
import { type HostState, LOG_START, type Position, type ReadRequest, type SeekRequest } from '../ledger.ts';
import { DamageError } from './files.ts';
import type { ReadManyResult, ReadResult, WireShape, WireStored } from './messages.ts';
import type { Statements } from './statements.ts';

/** Room for 2^32 entries of each of 2^21 hosts, within the integers that a double holds exactly. */
export const OFFSETS_PER_HOST = 2 ** 32;

/** What is asked of a host before its log can be. */
export interface LogHead {
  readonly id: number;
  readonly nextOffset: number;
  readonly samples: number;
}

interface HostRow {
  readonly host: string;
  readonly nextOffset: number;
  readonly samples: number;
  readonly lastAt: number;
  readonly epoch: string;
  readonly seq: number;
}

interface SeekRow {
  readonly key: number;
  readonly samples: number;
  readonly samplesThrough: number;
}

interface EntryRow {
  readonly key: number;
  readonly epoch: string;
  readonly seq: number;
  readonly last_seq: number;
  readonly from_at: number;
  readonly at: number;
  readonly content_hash: number;
  readonly samples: number;
  readonly samples_through: number;
  readonly reason: string | null;
  readonly shapes: string | null;
  readonly payload: Uint8Array | null;
}

export class LogReader {
  readonly #sql: Statements;
  readonly #findHost: (name: string) => LogHead | undefined;

  constructor(sql: Statements, findHost: (name: string) => LogHead | undefined) {
    this.#sql = sql;
    this.#findHost = findHost;
  }

  hosts(): HostState[] {
    const rows = this.#sql.hosts.all() as HostRow[];
    return rows.map(({ host, nextOffset, samples, lastAt, epoch, seq }) => {
      return { host, end: { offset: nextOffset - 1, samples, epoch, seq }, lastAt, epoch };
    });
  }

  read(host: string, after: number, limit: number): ReadResult {
    const found = this.#findHost(host);
    if (found === undefined) return { entries: [], shapes: [] };
    const base = found.id * OFFSETS_PER_HOST;
    const rows = this.#sql.read.all(base + after, base + OFFSETS_PER_HOST, limit) as EntryRow[];
    const shapes = new Map<number, WireShape>();
    const entries = rows.map((row) => this.#toStored(row, base, shapes));
    return { entries, shapes: [...shapes.values()] };
  }

  /**
   * Answers as many requests, from the first one on, as fit `samplesMax` samples together, but at least a part of one; so
   * that no commit waits long behind it.
   */
  readMany(requests: readonly ReadRequest[], samplesMax: number): ReadManyResult {
    const shapes = new Map<number, WireShape>();
    const lists: WireStored[][] = [];
    let left = samplesMax;
    let isPartial = false;
    for (const { host, after, samplesMax: wanted } of requests) {
      if (lists.length > 0 && left <= 0) break;
      const found = this.#findHost(host);
      const rows = found === undefined ? [] : this.#rowsWithin(found, after, Math.min(wanted, left));
      for (const { samples } of rows) left -= samples;
      const base = (found?.id ?? 0) * OFFSETS_PER_HOST;
      lists.push(rows.map((row) => this.#toStored(row, base, shapes)));
      isPartial = left <= 0 && rows.reduce((sum, { samples }) => sum + samples, 0) < wanted;
      if (isPartial) break;
    }
    return { lists, isPartial, shapes: [...shapes.values()] };
  }

  seek(requests: readonly SeekRequest[], at: number): Position[] {
    return requests.map(({ host: name, after }) => {
      const host = this.#findHost(name);
      if (host === undefined) return LOG_START;
      const base = host.id * OFFSETS_PER_HOST;
      const first = this.#sql.seek.get(base + after, base + OFFSETS_PER_HOST, at) as SeekRow | undefined;
      const offset = first === undefined ? host.nextOffset - 1 : first.key - base - 1;
      const samples = first === undefined ? host.samples : first.samplesThrough - first.samples;
      const before = this.#sql.before.get(base, base + offset + 1) as
        | { epoch: string; seq: number }
        | undefined;
      return { offset, samples, epoch: before?.epoch ?? '', seq: before?.seq ?? 0 };
    });
  }

  /** Rows behind an offset, as many as have no more samples together but at least one. */
  #rowsWithin(host: LogHead, after: number, samplesMax: number): EntryRow[] {
    const base = host.id * OFFSETS_PER_HOST;
    const rows: EntryRow[] = [];
    let samples = 0;
    for (const row of this.#sql.read.iterate(
      base + after,
      base + OFFSETS_PER_HOST,
      -1,
    ) as Iterable<EntryRow>) {
      samples += row.samples;
      if (rows.length > 0 && samples > samplesMax) break;
      rows.push(row);
    }
    return rows;
  }

  #toStored(row: EntryRow, base: number, shapes: Map<number, WireShape>): WireStored {
    const hashes = shapeIds(row).map((id) => {
      let shape = shapes.get(id);
      if (shape === undefined) {
        shape = this.#sql.shape.get(id) as WireShape | undefined;
        if (shape === undefined)
          throw new DamageError(`entry ${row.key} names shape ${id}, which is not there`);
        shapes.set(id, shape);
      }
      return shape.hash;
    });
    return {
      offset: row.key - base,
      epoch: row.epoch,
      seq: row.seq,
      lastSeq: row.last_seq,
      fromAt: row.from_at,
      at: row.at,
      contentHash: row.content_hash,
      samples: row.samples,
      samplesThrough: row.samples_through,
      reason: row.reason,
      shapes: hashes,
      payload: row.payload === null ? null : new Uint8Array(row.payload),
    };
  }
}

function shapeIds({ key, shapes }: EntryRow): number[] {
  if (shapes === null) return [];
  try {
    return JSON.parse(shapes) as number[];
  } catch (error) {
    throw new DamageError(`entry ${key} does not tell its shapes`, { cause: error });
  }
}
