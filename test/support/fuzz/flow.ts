/**
 * What a well-behaved reporter says from hello to bye, as texts of frames: the stuff that the fuzzer breaks. Families are
 * called as those of the honest hosts (simulator/series.ts), with their types and helps, so that what is changed in them
 * could be seen there.
 */

import type { Random } from '@tributary/shared/random';
import type { Family, MetricType, Series } from '@tributary/shared/shape';

export interface Flow {
  readonly host: string;
  /** hello first; then shapes and batches, maybe a skip, maybe a bye. */
  readonly frames: readonly string[];
  /** The seq that is settled when everything was taken. */
  readonly lastSeq: number;
}

function family(name: string, type: MetricType, series: readonly Series[]): Family {
  return { name, type, help: `Help of ${name}.`, series };
}

const GAUGE = family('node_load1', 'gauge', [['', {}]]);
const FAMILIES: readonly Family[] = [
  GAUGE,
  family('node_load5', 'gauge', [['', {}]]),
  family('node_forks_total', 'counter', [['', {}]]),
  family('node_context_switches', 'counter', [['', {}]]),
  family('node_vmstat_pgfault', 'untyped', [['', {}]]),
  family('node_uname_info', 'gauge', [['', { nodename: 'a "b" \\ c\nd é', instance: 'mine', host: 'x' }]]),
  family('node_probe_duration_seconds', 'histogram', [
    ['_bucket', { path: '/', le: '0.5' }],
    ['_bucket', { path: '/', le: '2.5' }],
    ['_bucket', { path: '/', le: '+Inf' }],
    ['_sum', { path: '/' }],
    ['_count', { path: '/' }],
  ]),
  family('node_usb_bytes_total', 'counter', [
    ['', { device: 'usb0' }],
    ['', { device: 'usb1' }],
  ]),
  family('rpc_seconds', 'summary', [
    ['', { quantile: '0.5' }],
    ['', { quantile: '0.99' }],
    ['_sum', {}],
    ['_count', {}],
  ]),
  family('build', 'info', [['', { version: '1.0' }]]),
  family('mode', 'stateset', [
    ['', { mode: 'on' }],
    ['', { mode: 'off' }],
  ]),
];

/** Mostly numbers as they are measured, and now and then what travels as text. */
function value(random: Random): number | string | null {
  const choice = random.below(40);
  if (choice === 0) return null;
  if (choice === 1) return random.pick(['NaN', '+Inf', '-Inf']);
  return choice < 20 ? random.below(1000) : random() * 1e6;
}

function id(random: Random): string {
  return Array.from({ length: 4 }, () => random.below(2 ** 32).toString(16)).join('-');
}

function hello(host: string, oldest: number, random: Random, now: number): object {
  const next = oldest + random.below(50);
  const span = { fromAt: now - 60_000, toAt: now - 30_000 };
  const gaps =
    oldest > 3 ? [{ from: 1, to: oldest - 2, ...span, reason: random.pick(['spool_full', 'x']) }] : [];
  return {
    kind: 'hello',
    ...{ host, epoch: id(random), run: id(random) },
    ...{ oldest, acked: random.below(oldest), delivered: 0, next, clock: now, gaps },
    ...{ agent: 'tributary-fuzz/1.0', os: 'fuzzed' },
  };
}

interface Shape {
  readonly id: number;
  readonly length: number;
  readonly text: string;
}

function shape(shapeId: number, families: readonly Family[], random: Random): Shape {
  const extra: object[] = [{}, {}, { env: 'prod' }, { job: 'app', instance: `10.0.0.${random.below(3)}:80` }];
  const labels = { job: 'node', ...random.pick(extra) };
  const length = families.reduce((sum, { series }) => sum + series.length, 0);
  return { id: shapeId, length, text: JSON.stringify({ kind: 'shape', id: shapeId, labels, families }) };
}

/** @param now in ms; the batches are of this moment and the few milliseconds after it. */
export function soundFlow(host: string, random: Random, now: number): Flow {
  const oldest = random() < 0.7 ? 1 : 1 + random.below(20);
  const frames = [JSON.stringify(hello(host, oldest, random, now))];
  const shapes: Shape[] = [];
  const start = random.below(FAMILIES.length);
  // Each family in one shape only, since two shapes of a batch must not share a series.
  for (let i = 0, at = start; i < 1 + random.below(3); i++) {
    const chosen = Array.from(
      { length: 1 + random.below(3) },
      () => FAMILIES[at++ % FAMILIES.length] ?? GAUGE,
    );
    shapes.push(shape(i + 1, chosen, random));
  }
  for (const { text } of shapes) frames.push(text);
  let seq = oldest;
  for (let i = 2 + random.below(24); i > 0; i--, seq++) {
    const at = now + seq - oldest;
    const groups = shapes.map(({ id: shapeId, length }) => ({
      shape: shapeId,
      ...(random() < 0.1 ? { at: at - random.below(3) } : {}),
      values: Array.from({ length }, () => value(random)),
    }));
    frames.push(JSON.stringify({ kind: 'batch', seq, at, groups }));
  }
  if (random() < 0.2) {
    const to = seq + random.below(3);
    frames.push(
      JSON.stringify({ kind: 'skip', from: seq, to, reason: 'too_large', fromAt: now, toAt: now + 1 }),
    );
    seq = to + 1;
  }
  return { host, frames, lastSeq: seq - 1 };
}
