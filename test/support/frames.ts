/** Frames of a small host, for tests that drive the wire by hand. */
import { randomUUID } from 'node:crypto';

export interface Identity {
  readonly host: string;
  readonly epoch: string;
  readonly run: string;
}

export function identity(host: string): Identity {
  return { host, epoch: randomUUID(), run: randomUUID() };
}

/** The hello of a spool that holds nothing and will send `next` first. */
export function hello(who: Identity, next = 1): object {
  const log = { oldest: next, acked: next - 1, delivered: 0, next, gaps: [] };
  return { kind: 'hello', ...who, ...log, clock: Date.now(), agent: 'tributary-test/1', os: 'linux' };
}

export interface ShapeOptions {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly seriesLabels?: Readonly<Record<string, string>>;
}

/** A shape of one gauge with one series. */
export function shape(
  id: number,
  { name = 'node_load1', labels = {}, seriesLabels = {} }: ShapeOptions = {},
): object {
  const family = { name, type: 'gauge', help: '1m load average.', series: [['', seriesLabels]] };
  return { kind: 'shape', id, labels: { job: 'node', ...labels }, families: [family] };
}

/** A batch whose groups are given as shape id → values. */
export function batch(
  seq: number,
  groups: Readonly<Record<number, readonly unknown[]>>,
  at = Date.now(),
): object {
  return {
    kind: 'batch',
    seq,
    at,
    groups: Object.entries(groups).map(([id, values]) => ({ shape: Number(id), values })),
  };
}
