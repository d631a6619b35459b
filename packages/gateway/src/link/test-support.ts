/** What the tests of the link share: shapes, batches and a clock that stands until it is moved. */
import type { Column } from '@tributary/shared/column';
import type { Batch, Group, Hello } from '@tributary/shared/frames';
import type { Family, Labels, MetricType, Series } from '@tributary/shared/shape';
import type { RateLimits } from '../limits/host-rates.ts';
import type { AdmittedShape } from './admission.ts';
import { ShapeRegistry } from './shape-registry.ts';

/** What no test of anything else comes near. */
export const AMPLE_RATES: RateLimits = { samplesPerSecond: 1e6, newSeriesPerMinute: 1e6 };

/** A moment in 2026, in ms. */
export const NOW = 1_795_330_000_000;

/** Wall clock and uptime; `pass` moves both, `step` sets the wall clock alone. */
export class FakeClock {
  #now: number;
  /** With a fraction, as a real one has. */
  #uptimeMs = 1000.464522999999;

  constructor(now = NOW) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  readonly uptimeMs = (): number => this.#uptimeMs;

  pass(ms: number): void {
    this.#now += ms;
    this.#uptimeMs += ms;
  }

  step(ms: number): void {
    this.#now += ms;
  }
}

export function familyOf(name: string, type: MetricType, ...series: readonly Series[]): Family {
  return { name, type, help: `Help of ${name}.`, series: series.length === 0 ? [['', {}]] : series };
}

/** Gauges `NAME` with one series each. */
export function gauges(...names: readonly string[]): Family[] {
  return names.map((name) => familyOf(name, 'gauge'));
}

export function shapeOf(
  families: readonly Family[],
  labels: Labels = {},
  registry = new ShapeRegistry(),
): AdmittedShape {
  const { shape, fault } = registry.intern({ labels, families });
  if (shape === null) throw new Error(`${fault.code}: ${fault.message}`);
  return shape;
}

/** `null` is an absent value. */
export function columnOf(...values: readonly (number | null)[]): Column {
  return {
    values: Float64Array.from(values, (value) => value ?? 0),
    absent: values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 1 : 0)) : null,
  };
}

export function groupOf(shape: number, at: number, ...values: readonly (number | null)[]): Group {
  return { shape, at, column: columnOf(...values), fault: null };
}

export function batchOf(seq: number, at: number, ...groups: readonly Group[]): Batch {
  return { kind: 'batch', seq, at, groups };
}

export function helloOf(over: Partial<Hello> = {}): Hello {
  return {
    kind: 'hello',
    host: 'web-1',
    epoch: 'epoch-1',
    run: 'run-1',
    oldest: 1,
    acked: 0,
    delivered: 0,
    next: 1,
    clock: NOW,
    gaps: [],
    agent: 'tributary-reporter/1.0.0',
    os: 'linux',
    ...over,
  };
}
