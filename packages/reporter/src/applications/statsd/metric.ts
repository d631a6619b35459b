/** The values that StatsD's samples add up to. */
import type { MetricType } from '@tributary/shared/shape';
import type { StatsdSample, StatsdType } from './parse-line.ts';

/** Takes one line of the wire: what its name adds to the family's, the bound of a bucket, its value. */
export type LineWriter = (suffix: string, bound: string, value: number) => void;

export interface Metric {
  /** How many series it is on the wire. */
  readonly series: number;
  add(sample: StatsdSample): void;
  write(line: LineWriter): void;
  /** A tick was taken. */
  tick(): void;
}

/** One name with one set of tags. */
export interface TableSeries {
  readonly name: string;
  readonly type: StatsdType;
  /** Names and values in turn, sorted by name. */
  readonly labels: readonly string[];
  readonly metric: Metric;
  /** Of its name and tags, as often as the wire has them. */
  readonly chars: number;
  /** Of its last sample, in ms. */
  touched: number;
  /** Whether a tick has told it. */
  isTold: boolean;
}

export const WIRE_TYPES: Readonly<Record<StatsdType, MetricType>> = {
  counter: 'counter',
  gauge: 'gauge',
  observer: 'histogram',
  set: 'gauge',
};

export function createNumber(type: 'counter' | 'gauge'): Metric {
  let total = 0;
  return {
    series: 1,
    add({ value, isRelative }) {
      total = type === 'counter' || isRelative ? total + value : value;
    },
    write: (line) => line('', '', total),
    tick: () => {},
  };
}

/** @param bounds upper ones, ascending, without +Inf. */
export function createHistogram(bounds: readonly number[]): Metric {
  const texts = bounds.map(String);
  const counts = new Float64Array(bounds.length + 1);
  let sum = 0;
  return {
    series: bounds.length + 3,
    add({ value, times }) {
      const found = bounds.findIndex((bound) => value <= bound);
      const i = found < 0 ? bounds.length : found;
      counts[i] = (counts[i] ?? 0) + times;
      sum += value * times;
    },
    write(line) {
      let count = 0;
      for (const [i, text] of texts.entries()) {
        count += counts[i] ?? 0;
        line('_bucket', text, count);
      }
      count += counts[bounds.length] ?? 0;
      line('_bucket', '+Inf', count);
      line('_sum', '', sum);
      line('_count', '', count);
    },
    tick: () => {},
  };
}

/** Members of all sets together, whose number and length are bounded. */
export class MemberRoom {
  readonly #max: number;
  #used = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** @returns false when there is no room. */
  take(): boolean {
    if (this.#used >= this.#max) return false;
    this.#used++;
    return true;
  }

  free(count: number): void {
    this.#used -= count;
  }
}

/** How many different members came since the last tick, as StatsD tells of an interval. */
export function createSet(room: MemberRoom, onFull: () => void): Metric {
  const members = new Set<string>();
  return {
    series: 1,
    add({ member }) {
      if (members.has(member)) return;
      if (room.take()) members.add(member);
      else onFull();
    },
    write: (line) => line('', '', members.size),
    tick() {
      room.free(members.size);
      members.clear();
    },
  };
}
