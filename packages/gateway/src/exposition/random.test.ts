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
  counter: ['_total'],
  info: ['_info'],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};
const TEXT_ENDINGS: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

function randomShape(random: Random): AdmittedShape {
  const names = new Set(
    Array.from({ length: 1 + random.below(5) }, () => random.pick(STEMS) + random.pick(ENDINGS)),
  );
  const families = [...names].map((name) => {
    const type = random.pick<MetricType>(METRIC_TYPES);
    const labels = random() < 0.3 ? { path: random.pick(['/', 'a "b"\\\n', ',le="']) } : {};
    const made = family(name, type, random.pick(['', 'one', 'two "quoted" \\ \n lines']), labels);
    // Now and then a histogram that lacks its +Inf, its sum or its count, and a family without series.
    const series = made.series.filter(() => type !== 'histogram' || random() < 0.93);
    return { ...made, series: random() < 0.03 ? [] : series };
  });
  const job = random.pick(['node', 'node', 'db']);
  try {
    return shapeOf(families, random() < 0.2 ? { job, env: 'prod' } : { job });
  } catch {
    // The same series twice: `foo_sum` of a summary, and of a gauge.
    return randomShape(random);
  }
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
        const hidden = shape.families.flatMap(({ prefixes, indexes }) =>
          prefixes.some((prefix) => taken.has(prefix + target)) ? [...indexes] : [],
        );
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

function check(body: string, format: Format, { expected }: Fleet, own: readonly OwnFamily[]): void {
  const lines = body.match(/^[^#].*$/gm) ?? [];
  const wanted = expected.map(({ text, at }) => (text + stampText(at, format)).trimEnd());
  wanted.push(...own.map(({ name }) => `${name}{own="yes"} 1`));
  assert.deepEqual(lines.toSorted(), wanted.toSorted(), 'every value once');
  const declared: string[] = [];
  let helps = new Set<string>();
  let endings: readonly string[] = [];
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
    }
  }
  for (const name of helps) assert.ok(declared.includes(name));
}

test(`one point a series: invariants of both formats, and the strict parser (seed ${SEED})`, (t) => {
  const random = randomOf(SEED);
  const bodies: string[] = [];
  const counts: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const fleet = randomFleet(random, 1);
    const own = randomOwn(random);
    for (const format of ['openmetrics', 'text'] as const)
      check(bodyOf(format, fleet.input, own), format, fleet, own);
    bodies.push(bodyOf('openmetrics', fleet.input, own));
    counts.push(fleet.expected.length + own.length);
  }
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
