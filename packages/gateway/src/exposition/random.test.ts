/**
 * Random fleets whose shapes want one another's names, held against what must always be true of an exposition and, for
 * OpenMetrics, against the strict parser. `TRIBUTARY_SEED` repeats a run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Random, randomOf } from '@tributary/shared/random';
import { METRIC_TYPES, type MetricType } from '@tributary/shared/shape';
import type { AdmittedShape } from '../link/admission.ts';
import { type Format, stampText, valueText } from './format.ts';
import type { HostInput, HostPoints, OwnFamily } from './input.ts';
import { labelPattern, metricLabels } from './lines.ts';
import { newestInput } from './newest.ts';
import {
  bodyOf,
  family,
  hostPoints,
  parseStrictly,
  point,
  shapeOf,
  withoutStrictParser,
} from './test-support.ts';

const SEED = Number(process.env['TRIBUTARY_SEED'] ?? 20_260_101);
const ROUNDS = 300;

const STEMS = ['foo', 'bar', 'env'];
const ENDINGS = [
  '',
  '',
  '',
  '_total',
  '_total',
  '_created',
  '_sum',
  '_count',
  '_bucket',
  '_info',
  '_total_total',
  '_sum_sum',
];

/** What OpenMetrics allows as endings of a sample's name. */
const OPENMETRICS_ENDINGS: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total', '_created'],
  info: ['_info'],
  histogram: ['_bucket', '_sum', '_count', '_created'],
  summary: ['', '_sum', '_count', '_created'],
};
const TEXT_ENDINGS: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

function randomShape(random: Random): AdmittedShape {
  const names = new Set(
    Array.from({ length: 1 + random.below(5) }, () => random.pick(STEMS) + random.pick(ENDINGS)),
  );
  const families = [...names].flatMap((name) => {
    const type = random.pick<MetricType>(METRIC_TYPES);
    const labels = random() < 0.3 ? { path: random.pick(['/', 'a "b"\\\n', ',le="']) } : {};
    const made = family(name, type, random.pick(['', 'one', 'two "quoted" \\ \n lines']), labels);
    // Now and then a histogram that lacks its +Inf, its sum or its count, and a family without series.
    const series = made.series.filter(() => type !== 'histogram' || random() < 0.93);
    const all = [{ ...made, series: random() < 0.03 ? [] : series }];
    const created = `${name.replace(/_total$/, '')}_created`;
    if (names.has(created) || random() < 0.5) return all;
    // As client libraries tell when a metric began, but now and then of another metric.
    names.add(created);
    const itsLabels = random() < 0.9 ? labels : { path: '/other' };
    return [...all, family(created, random.pick(['gauge', 'gauge', 'untyped', 'counter']), '', itsLabels)];
  });
  const job = random.pick(['node', 'node', 'db']);
  try {
    return shapeOf(families, random() < 0.2 ? { job, env: 'prod' } : { job });
  } catch {
    // The same series twice: `foo_sum` of a summary, and of a gauge.
    return randomShape(random);
  }
}

/** Where the times are, when metrics of a histogram began: alone they make no histogram for the strict parser. */
function beginningsOf({ families }: AdmittedShape, histogram: string): readonly number[] {
  return families.flatMap(({ name, indexes }) => (name === `${histogram}_created` ? [...indexes] : []));
}

/** Values that are right for their types: the formats' rules on values are not what is tested. */
function randomValues(random: Random, shape: AdmittedShape): (number | null)[] {
  const values: (number | null)[] = new Array(shape.length).fill(null);
  for (const { type, indexes, starts, suffixes } of shape.families) {
    for (let m = 0; m + 1 < starts.length; m++) {
      if (random() < 0.1) continue;
      const size = random.below(1_000);
      for (let k = starts[m] ?? 0; k < (starts[m + 1] ?? 0); k++) {
        const first = k === starts[m];
        const inStates = Number(first);
        values[indexes[k] ?? 0] =
          type === 'info' ? 1 : type === 'stateset' ? inStates : suffixes[k] === '_sum' ? size / 8 : size;
      }
    }
  }
  for (const { name, type, indexes } of shape.families) {
    if (type !== 'histogram' || values[indexes[0] ?? 0] !== null) continue;
    for (const index of beginningsOf(shape, name)) values[index] = null;
  }
  return values;
}

interface Fleet {
  readonly input: HostInput;
  /** Every line that must be there, without its timestamp, and its time. */
  readonly expected: readonly { readonly text: string; readonly at: number }[];
}

/** @param points of each series; a series that a host has twice is hidden in the second shape. */
function randomFleet(random: Random, points: number): Fleet {
  const shapes = Array.from({ length: 1 + random.below(5) }, () => randomShape(random));
  const input = new Map<AdmittedShape, HostPoints[]>();
  const expected: { text: string; at: number }[] = [];
  const taken = new Set<string>();
  for (const shape of new Set(shapes)) {
    const hosts = ['a', 'b', 'c', 'd'].filter(() => random() < 0.5);
    if (hosts.length === 0) continue;
    input.set(
      shape,
      hosts.map((host, i) => {
        const { target } = hostPoints(host, shape, []);
        const hidden = shape.families.flatMap(({ name, type, prefixes, indexes }) => {
          if (!prefixes.some((prefix) => taken.has(prefix + target))) return [];
          return [...indexes, ...(type === 'histogram' ? beginningsOf(shape, name) : [])];
        });
        const made = Array.from({ length: points }, (_, p) =>
          point(1_000 + p * 10 + i, randomValues(random, shape), hidden),
        );
        for (const { prefixes, indexes } of shape.families) {
          for (const [k, prefix] of prefixes.entries()) {
            const index = indexes[k] ?? 0;
            taken.add(prefix + target);
            for (const { at, column } of made) {
              if (column.absent?.[index] === 1 || hidden.includes(index)) continue;
              expected.push({ text: prefix + target + valueText(column.values[index] ?? 0), at });
            }
          }
        }
        return hostPoints(host, shape, made);
      }),
    );
  }
  return { input, expected };
}

function randomOwn(random: Random): OwnFamily[] {
  if (random() < 0.5) return [];
  const type = random.pick(['counter', 'gauge'] as const);
  const name = random.pick(STEMS) + random.pick(ENDINGS);
  return [{ name, type, help: 'own', series: () => [{ suffix: '', labels: { own: 'yes' }, value: 1 }] }];
}

/** A metric's lines stand together, and its points oldest first, whatever shapes they are of. */
function checkMetrics(body: string): void {
  for (const block of body.split(/^# TYPE /m).slice(1)) {
    const [, name = '', type = ''] = /^(\S+) (\S+)\n/.exec(block) ?? [];
    const label =
      type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : type === 'stateset' ? name : null;
    const dropped = label === null ? null : labelPattern(label);
    const newest = new Map<string, number>();
    let last = '';
    for (const [, sample = '', time = '0'] of block.matchAll(/^([^#\n]*\}) \S+(?: (\S+))?$/gm)) {
      const metric = metricLabels(sample.replace(/\}$/, ','), dropped);
      assert.ok(metric === last || !newest.has(metric), `${sample} is apart from its metric:\n${block}`);
      assert.ok((newest.get(metric) ?? 0) <= Number(time), `${sample} is late:\n${block}`);
      newest.set(metric, Number(time));
      last = metric;
    }
  }
}

/** @returns how many lines tell when a metric began that is in their own family. */
function check(body: string, format: Format, { expected }: Fleet, own: readonly OwnFamily[]): number {
  const lines = body.match(/^[^#].*$/gm) ?? [];
  const wanted = expected.map(({ text, at }) => (text + stampText(at, format)).trimEnd());
  wanted.push(...own.map(({ name }) => `${name}{own="yes"} 1`));
  assert.deepEqual(lines.toSorted(), wanted.toSorted(), 'every value once');
  const declared: string[] = [];
  let helps = new Set<string>();
  let endings: readonly string[] = [];
  let beginnings = 0;
  for (const line of body.split('\n')) {
    const [, word, name = '', rest = ''] = /^# (TYPE|HELP) (\S+) (.*)$/.exec(line) ?? [];
    if (word === 'HELP') {
      assert.ok(!helps.has(name), `${name} has a second HELP`);
      helps = helps.add(name);
    } else if (word === 'TYPE') {
      assert.ok(declared.length === 0 || (declared.at(-1) ?? '') < name, `${name} is not in order`);
      declared.push(name);
      endings = (format === 'text' ? TEXT_ENDINGS : OPENMETRICS_ENDINGS)[rest] ?? [''];
    } else if (line !== '' && !line.startsWith('#')) {
      const sample = line.slice(0, line.indexOf('{'));
      assert.ok(
        endings.some((ending) => (declared.at(-1) ?? '') + ending === sample),
        `${line} is in a wrong family`,
      );
      if (sample === `${declared.at(-1)}_created`) beginnings++;
    }
  }
  for (const name of helps) assert.ok(declared.includes(name));
  if (format === 'openmetrics') checkMetrics(body);
  return beginnings;
}

test(`one point a series: invariants of both formats, and the strict parser (seed ${SEED})`, (t) => {
  const random = randomOf(SEED);
  const bodies: string[] = [];
  const counts: number[] = [];
  let beginnings = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const fleet = randomFleet(random, 1);
    const own = randomOwn(random);
    const body = bodyOf('openmetrics', fleet.input, own);
    beginnings += check(body, 'openmetrics', fleet, own);
    check(bodyOf('text', fleet.input, own), 'text', fleet, own);
    bodies.push(body);
    counts.push(fleet.expected.length + own.length);
  }
  assert.ok(beginnings > 100, `${beginnings} lines tell when a metric began`);
  const missing = withoutStrictParser();
  if (missing !== false) return t.diagnostic(missing);
  for (const [round, verdict] of parseStrictly(bodies).entries()) {
    assert.equal(verdict, counts[round], `round ${round}:\n${bodies[round]}`);
  }
});

test(`several points a series: invariants of both formats (seed ${SEED})`, () => {
  const random = randomOf(SEED);
  for (let round = 0; round < ROUNDS; round++) {
    const fleet = randomFleet(random, 1 + random.below(4));
    const own = randomOwn(random);
    for (const format of ['openmetrics', 'text'] as const)
      check(bodyOf(format, fleet.input, own), format, fleet, own);
  }
});

test('the newest points of a random fleet render as the fleet itself', () => {
  const { input } = randomFleet(randomOf(SEED), 1);
  const groups = [...input].flatMap(([shape, hosts]) =>
    hosts.flatMap(({ host, target, points }) => points.map((newest) => ({ host, shape, target, newest }))),
  );
  assert.equal(bodyOf('openmetrics', newestInput(groups, 0)), bodyOf('openmetrics', input));
});
