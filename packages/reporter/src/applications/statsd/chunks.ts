/**
 * Divides the series among shapes of a few hundred each, so that a new one restates its own shape and not all that
 * there is: a shape is announced whole whenever it changes.
 */
import type { Labels } from '@tributary/shared/shape';
import { type Column, ColumnRecorder } from '../../collectors/columns.ts';
import { type TableSeries, WIRE_TYPES } from './metric.ts';

const CHUNK_SERIES_MAX = 500;
const HELP = 'Received over StatsD.';

interface Chunk {
  /** By name. */
  readonly families: Map<string, Set<TableSeries>>;
  recorder: ColumnRecorder | null;
  series: number;
}

export class Chunks {
  readonly #chunks: Chunk[] = [];
  readonly #homes = new Map<TableSeries, Chunk>();

  add(series: TableSeries): void {
    const { metric, name } = series;
    let chunk = this.#chunks.find((known) => known.series + metric.series <= CHUNK_SERIES_MAX);
    if (chunk === undefined) {
      chunk = { families: new Map(), recorder: null, series: 0 };
      this.#chunks.push(chunk);
    }
    const family = chunk.families.get(name) ?? new Set();
    family.add(series);
    chunk.families.set(name, family);
    chunk.series += metric.series;
    this.#homes.set(series, chunk);
  }

  remove(series: TableSeries): void {
    const chunk = this.#homes.get(series);
    const family = chunk?.families.get(series.name);
    if (chunk === undefined || family === undefined) return;
    this.#homes.delete(series);
    family.delete(series);
    if (family.size === 0) chunk.families.delete(series.name);
    chunk.series -= series.metric.series;
    if (chunk.series === 0) this.#chunks.splice(this.#chunks.indexOf(chunk), 1);
  }

  /** @param target the shapes' labels. */
  columns(target: Labels): Column[] {
    return this.#chunks.flatMap((chunk) => {
      chunk.recorder ??= new ColumnRecorder(target);
      return write(chunk, chunk.recorder) ?? [];
    });
  }
}

function write({ families }: Chunk, recorder: ColumnRecorder): Column | null {
  for (const [name, family] of families) {
    let isStarted = false;
    for (const { type, metric, labels } of family) {
      if (!isStarted) recorder.foreignFamily(name, WIRE_TYPES[type], HELP);
      isStarted = true;
      metric.write((suffix, bound, value) => {
        recorder.addForeign(value, suffix, bound === '' ? labels : [...labels, 'le', bound]);
      });
    }
  }
  return recorder.take();
}
