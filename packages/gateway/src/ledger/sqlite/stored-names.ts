/** Entries as they go to whoever asked: what their rows name by numbers is told in words, each once for a portion. */
import type { Core } from './core.ts';
import { DamageError } from './damage.ts';
import type { LogEntry } from './log-rows.ts';
import type { WireShape, WireStored } from './messages.ts';

/** A portion is closed when it holds so much weight (`weightOf`): about what takes some milliseconds. */
export const PORTION_WEIGHT_MAX = 128 * 1024;

/** The epochs and shapes that a portion names, each looked up once. */
export class Names {
  readonly shapes: WireShape[] = [];
  readonly #core: Core;
  readonly #indexes = new Map<number, number>();
  readonly #epochs = new Map<number, string>();

  constructor(core: Core) {
    this.#core = core;
  }

  shape(id: number): number {
    const known = this.#indexes.get(id);
    if (known !== undefined) return known;
    const shape = this.#core.sql.shape.get(id) as WireShape | undefined;
    if (shape === undefined) throw new DamageError(`an entry names shape ${id}, which is not there`);
    this.#indexes.set(id, this.shapes.length);
    return this.shapes.push(shape) - 1;
  }

  epoch(stream: number): string {
    const known = this.#epochs.get(stream);
    if (known !== undefined) return known;
    const epoch = epochOf(this.#core, stream);
    this.#epochs.set(stream, epoch);
    return epoch;
  }
}

export function toStored({ stream, groups, ...entry }: LogEntry, names: Names): WireStored {
  return {
    ...entry,
    epoch: names.epoch(stream),
    groups: groups.map(({ shape, at, column }) => ({ shape: names.shape(shape), at, ...column })),
  };
}

export function epochOf({ sql }: Core, stream: number): string {
  const row = sql.epochOf.get(stream) as { epoch: string } | undefined;
  if (row === undefined) throw new DamageError(`an entry names stream ${stream}, which is not there`);
  return row.epoch;
}
