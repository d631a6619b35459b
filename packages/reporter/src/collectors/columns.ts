/**
 * Turns a collector's writes into a shape and a column of values.
 *
 * A host's series hardly ever change, so the recorder does not build anything per sample: it compares each write with
 * what stood at the same position last time. While all are equal, the same shape object comes back, and the caller can
 * tell by identity alone that nothing needs to be announced. At the first difference it starts a new plan, keeping
 * what was equal before it.
 */
import type { Family, Labels, MetricType, Series, Shape } from '@tributary/shared/shape';
import type { ColumnWriter, LeftOut } from './collector.ts';
import { type SoundShape, soundShape } from './sound-shape.ts';

/** A value of a column: `null` is absent now. NaN and the infinities are themselves here, strings only on the wire. */
export type Value = number | null;

/** One collector's result of one tick: `values[i]` belongs to the shape's i-th series. */
export interface Column {
  readonly shape: Shape;
  readonly values: readonly Value[];
  /** How long before its tick it was taken, in ms; 0 unless given. */
  readonly ageMs?: number;
}

interface PlannedFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Null for a foreign family: each of its series is the suffix, then names and values of its labels in turn. */
  readonly labelNames: readonly string[] | null;
  readonly series: (readonly string[])[];
}

const NO_LABELS: readonly string[] = [];

/** Records one collector's writes. Reused for every tick of that collector. */
export class ColumnRecorder implements ColumnWriter {
  readonly #labels: Labels;
  #plan: PlannedFamily[] = [];
  #sound: SoundShape | null = null;
  #leftOut: LeftOut | null = null;
  #values: Value[] = [];
  #familyIndex = -1;
  #seriesIndex = 0;
  #changed = false;
  #ageMs = 0;

  /** @param labels the target's labels, which become the shape's. */
  constructor(labels: Labels) {
    this.#labels = labels;
  }

  family(name: string, type: MetricType, help: string, labelNames: readonly string[] = NO_LABELS): void {
    this.#startFamily(name, type, help, labelNames);
  }

  foreignFamily(name: string, type: MetricType, help: string): void {
    this.#startFamily(name, type, help, null);
  }

  #startFamily(name: string, type: MetricType, help: string, labelNames: readonly string[] | null): void {
    this.#endFamily();
    this.#familyIndex++;
    this.#seriesIndex = 0;
    const planned = this.#plan[this.#familyIndex];
    // In the plan no family stands twice: that was looked at when it was made.
    if (planned !== undefined && sameFamily(planned, name, type, help, labelNames)) return;
    this.#changed = true;
    this.#plan.length = this.#familyIndex;
    if (this.#plan.some((other) => other.name === name))
      throw new Error(`family ${name} was started twice in one tick`);
    this.#plan.push({ name, type, help, labelNames: labelNames && [...labelNames], series: [] });
  }

  add(value: Value, ...labelValues: string[]): void {
    const family = this.#plan[this.#familyIndex];
    if (family === undefined) throw new Error('a series was added before any family');
    const { labelNames } = family;
    if (labelValues.length !== labelNames?.length) {
      const count = labelNames?.length ?? 'foreign';
      throw new Error(`${family.name} has ${count} labels, but ${labelValues.length} values were given`);
    }
    // No kernel counts so far: it comes of a text that only looks like a number.
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
      throw new Error(`${family.name}: a number beyond all bounds was read`);
    this.#addSeries(family, value, labelValues);
  }

  addForeign(value: number, suffix: string, labels: readonly string[]): void {
    const family = this.#plan[this.#familyIndex];
    if (family === undefined || family.labelNames !== null)
      throw new Error('a foreign series was added outside of a foreign family');
    this.#addSeries(family, value, [suffix, ...labels]);
  }

  takenBefore(ageMs: number): void {
    this.#ageMs = Math.max(0, ageMs);
  }

  #addSeries(family: PlannedFamily, value: Value, series: readonly string[]): void {
    const planned = family.series[this.#seriesIndex];
    if (planned === undefined || !sameStrings(planned, series)) {
      this.#changed = true;
      // What stood behind this position is no longer known to hold.
      family.series.length = this.#seriesIndex;
      family.series.push(series);
    }
    this.#seriesIndex++;
    this.#values.push(value);
  }

  /** Forgets what was written since the last `take`, and starts over. */
  reset(): void {
    this.#values = [];
    this.#ageMs = 0;
    this.#familyIndex = -1;
    this.#seriesIndex = 0;
  }

  /** Ends the tick. Returns null when nothing was written. */
  take(): Column | null {
    // Nothing new to tell is no change: the plan stays for the next tick that has something.
    if (this.#familyIndex < 0) {
      this.reset();
      return null;
    }
    this.#endFamily();
    if (this.#plan.length !== this.#familyIndex + 1) {
      this.#plan.length = this.#familyIndex + 1;
      this.#changed = true;
    }
    const values = this.#values;
    const ageMs = this.#ageMs;
    this.reset();
    this.#leftOut = null;
    if (values.length === 0) return null;
    if (this.#sound === null || this.#changed) {
      this.#sound = soundShape({
        labels: this.#labels,
        families: this.#plan.filter(hasSeries).map(toFamily),
      });
      this.#changed = false;
    }
    const { shape, leftOut, reason } = this.#sound;
    const age = ageMs === 0 ? {} : { ageMs };
    if (reason === null) return { shape, values, ...age };
    this.#leftOut = { series: leftOut.length, reason };
    const left = new Set(leftOut);
    const kept = values.filter((_, i) => !left.has(i));
    return kept.length === 0 ? null : { shape, values: kept, ...age };
  }

  /** What the last tick's column is without, because no gateway would take it. */
  get leftOut(): LeftOut | null {
    return this.#leftOut;
  }

  #endFamily(): void {
    const family = this.#plan[this.#familyIndex];
    if (family === undefined || family.series.length === this.#seriesIndex) return;
    family.series.length = this.#seriesIndex;
    this.#changed = true;
  }
}

function hasSeries(family: PlannedFamily): boolean {
  return family.series.length > 0;
}

function toFamily({ name, type, help, labelNames, series }: PlannedFamily): Family {
  const toSeries =
    labelNames === null ? foreignSeries : (values: readonly string[]) => ownSeries(labelNames, values);
  return { name, type, help, series: series.map(toSeries) };
}

function ownSeries(labelNames: readonly string[], values: readonly string[]): Series {
  const labels: Record<string, string> = {};
  for (const [i, name] of labelNames.entries()) {
    const value = values[i];
    // An empty label value is the same as no label in Prometheus's data model.
    if (value !== undefined && value !== '') labels[name] = value;
  }
  return ['', labels];
}

function foreignSeries([suffix = '', ...pairs]: readonly string[]): Series {
  const labels: Record<string, string> = {};
  for (let i = 0; i + 1 < pairs.length; i += 2) labels[pairs[i] ?? ''] = pairs[i + 1] ?? '';
  return [suffix, labels];
}

function sameFamily(
  planned: PlannedFamily,
  name: string,
  type: MetricType,
  help: string,
  labelNames: readonly string[] | null,
): boolean {
  return (
    planned.name === name &&
    planned.type === type &&
    planned.help === help &&
    sameStringsOrNone(planned.labelNames, labelNames)
  );
}

function sameStringsOrNone(a: readonly string[] | null, b: readonly string[] | null): boolean {
  return a === null || b === null ? a === b : sameStrings(a, b);
}

function sameStrings(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
