/**
 * Random selectors on random shapes, held against an evaluator that is slow and obviously right: it reads each line's
 * labels out of the finished text and asks JavaScript's own expressions. `TRIBUTARY_SEED` repeats a run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fnv1a32 } from '@tributary/shared/hash';
import { type Random, randomOf } from '@tributary/shared/random';
import type { Family, Labels } from '@tributary/shared/shape';
import type { AdmittedShape } from '../../link/admission.ts';
import { targetText } from '../../link/series-text.ts';
import type { OwnFamily } from '../input.ts';
import { createLayout, layoutFits } from '../layout.ts';
import { type NewestGroup, newestInput } from '../newest.ts';
import { render } from '../render.ts';
import { family, hostCounts, point, shapeOf } from '../test-support.ts';
import { selectOwn } from './apply.ts';
import { asText, type Condition, meets, randomConditions } from './random-test-support.ts';
import { parseSelection } from './selection.ts';
import { SelectionError } from './selection-error.ts';

const SEED = Number(process.env['TRIBUTARY_SEED'] ?? 20_260_101);
const ROUNDS = 400;
const HOSTS = ['a', 'b', 'web-1', 'db'];

test(`masks agree with reading the text (seed ${SEED})`, () => {
  const random = randomOf(SEED);
  let taken = 0;
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const shapes = Array.from({ length: 3 }, () => randomShape(random));
    const selectors = Array.from({ length: 1 + random.below(3) }, () => randomConditions(random));
    const match = selectors.map((conditions) => asText(conditions, random));
    const allowed = selectors.every((conditions) => conditions.some((condition) => !meets(condition, {})));
    if (!allowed) {
      assert.throws(
        () => parseSelection({ match, host: [], shard: undefined }),
        SelectionError,
        match.join('\n'),
      );
      refused++;
      continue;
    }
    const selection = parseSelection({ match, host: [], shard: undefined });
    for (const shape of shapes) {
      for (const host of HOSTS)
        taken += check(shape, host, selectors, selection.hiddenOf(shape, host), match);
    }
    const again = parseSelection({
      match: [selection.matches.split(' or ')[0] ?? ''],
      host: [],
      shard: undefined,
    });
    assert.equal(again.matches, selection.matches.split(' or ')[0]);
  }
  // Neither all nor nothing, or the test would be for nothing.
  assert.ok(taken > ROUNDS && refused > 10 && refused < 0.75 * ROUNDS, `${taken} taken, ${refused} refused`);
});

test(`expositions are the lines of the whole that are selected (seed ${SEED})`, () => {
  const random = randomOf(SEED);
  let partial = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const groups = randomGroups(random);
    const perHost: OwnFamily = {
      name: 'up',
      type: 'gauge',
      help: 'Ours.',
      series: () => HOSTS.map((host) => ({ suffix: '', labels: { host, job: 'node' }, value: 1 })),
    };
    const process: OwnFamily = {
      name: 'bar',
      type: 'summary',
      help: '',
      series: () => ['_sum', '_count'].map((suffix) => ({ suffix, labels: {}, value: 1 })),
    };
    const chosen = HOSTS.filter(() => random() < 0.3);
    const shard = random() < 0.5 ? { index: random.below(2), count: 2 } : undefined;
    const conditions = Array.from({ length: random.below(3) }, () => [
      ...randomConditions(random),
      { label: '__name__', operator: '=~', value: '.+' } as const,
    ]);
    const selection = parseSelection({
      match: conditions.map((all) => asText(all, random)),
      host: chosen,
      shard: shard && `${shard.index}/${shard.count}`,
    });
    const includes = (line: string): boolean => {
      const labels = labelsOf(line);
      const host = labels['host'];
      if (host === undefined && (chosen.length > 0 || shard?.index === 1)) return false;
      if (host !== undefined && chosen.length > 0 && !chosen.includes(host)) return false;
      if (host !== undefined && shard !== undefined && fnv1a32(host) % 2 !== shard.index) return false;
      return conditions.length === 0 || conditions.some((all) => all.every((one) => meets(one, labels)));
    };
    const counts = hostCounts(newestInput(groups, 0));
    for (const format of ['openmetrics', 'text'] as const) {
      const layout = createLayout(format, counts, [perHost, process]);
      const whole = [...render(layout, newestInput(groups, 0), [perHost, process])].join('');
      const own = [...selectOwn([perHost], selection, true), ...selectOwn([process], selection, false)];
      assert.ok(layoutFits(layout, counts, own));
      const body = [...render(layout, newestInput(groups, 0, selection), own)].join('');
      const expected = familiesOf(whole, includes);
      assert.deepEqual(
        familiesOf(body, () => true),
        expected,
        `${selection.matches} ${selection.scope}`,
      );
      if (body.length > 6 && body !== whole) partial++;
    }
  }
  assert.ok(partial > ROUNDS / 4, `${partial}`);
});

/**
 * The families of a body, each with these of its lines, sorted: a host that has a family in two shapes stands behind
 * the others, so where only one of the two is selected its place is another. None of which no line is left.
 */
function familiesOf(body: string, includes: (line: string) => boolean): string[][] {
  const families: string[][] = [];
  let head: string[] = [];
  for (const line of body.match(/^.*$/gm) ?? []) {
    if (line === '# EOF') families.push([line]);
    else if (line.startsWith('# ')) {
      const [, , name] = line.split(' ');
      if (head[0]?.split(' ')[2] !== name) head = [];
      head.push(line);
    } else if (line !== '' && includes(line)) {
      if (families.at(-1)?.[0] !== head[0]) families.push([...head]);
      families.at(-1)?.push(line);
    }
  }
  return families.map((lines) => [
    ...lines.filter((line) => line.startsWith('# ')),
    ...lines.filter((line) => !line.startsWith('# ')).sort(),
  ]);
}

/** Some hosts' newest points of some shapes, some of them hidden or absent. */
function randomGroups(random: Random): NewestGroup[] {
  return Array.from({ length: 3 }, () => randomShape(random)).flatMap((shape) =>
    HOSTS.filter(() => random() < 0.5).map((host) => {
      const values = Array.from({ length: shape.length }, () => (random() < 0.1 ? null : random.below(9)));
      const hidden = random() < 0.5 ? [] : [...values.keys()].filter(() => random() < 0.3);
      return { host, shape, target: targetText(shape.labels, host), newest: point(5, values, hidden) };
    }),
  );
}

function check(
  shape: AdmittedShape,
  host: string,
  selectors: readonly (readonly Condition[])[],
  hidden: Uint8Array | null | 'none',
  match: readonly string[],
): number {
  let taken = 0;
  let lines = 0;
  for (const { prefixes, indexes } of shape.families) {
    for (const [k, prefix] of prefixes.entries()) {
      const text = prefix + targetText(shape.labels, host);
      const labels = labelsOf(text);
      const expected = selectors.some((conditions) =>
        conditions.every((condition) => meets(condition, labels)),
      );
      const shown = hidden === null || (hidden !== 'none' && hidden[indexes[k] ?? 0] === 0);
      assert.equal(shown, expected, `${text}\n${match.join('\n')}`);
      lines++;
      if (expected) taken++;
    }
  }
  if (lines > 0) assert.equal(hidden === null, taken === lines, 'null when all are selected');
  assert.equal(hidden === 'none', taken === 0, "'none' when none is");
  return taken;
}

function randomShape(random: Random): AdmittedShape {
  const names = new Set(
    Array.from({ length: 1 + random.below(4) }, () => random.pick(['up', 'foo', 'bar', 'a:b'])),
  );
  const families: Family[] = [...names].map((name) => {
    const type = random.pick(['gauge', 'counter', 'histogram', 'summary'] as const);
    const series = Array.from({ length: 1 + random.below(3) }, (_, i) =>
      family(name, type, '', { ...randomLabels(random), serial: `${i}` }),
    ).flatMap((made) => made.series);
    return { name, type, help: '', series };
  });
  const labels: Record<string, string> = {};
  for (const label of ['job', 'instance', 'env', 'path', 'empty']) {
    if (random() < 0.3) labels[label] = label === 'empty' ? '' : random.pick(VALUES.slice(1));
  }
  return shapeOf(families, labels);
}

const VALUES = ['', 'a', 'b', 'web-1', 'a "b"\\\n', ',path="', '{env=', '\\', 'é😀'];

function randomLabels(random: Random): Labels {
  const labels: Record<string, string> = {};
  for (const label of ['path', 'env', 'host', 'job', 'exported_job', 'constructor']) {
    if (random() < 0.4) labels[label] = random.pick(VALUES);
  }
  return labels;
}

/** Reads `name{a="b",c="d"} `, or a name alone, character by character. */
function labelsOf(text: string): Record<string, string> {
  const open = text.search(/[{ ]/);
  const labels: Record<string, string> = Object.assign(Object.create(null), {
    __name__: text.slice(0, open),
  });
  if (text[open] === ' ') return labels;
  let at = open + 1;
  while (text[at] !== '}') {
    let name = '';
    while (text[at] !== '=') name += text[at++];
    at += 2;
    let value = '';
    while (text[at] !== '"') {
      if (text[at] === '\\') {
        at++;
        value += text[at] === 'n' ? '\n' : text[at];
      } else value += text[at];
      at++;
    }
    at++;
    if (text[at] === ',') at++;
    assert.ok(!(name in labels), `${name} stands twice in ${text}`);
    labels[name] = value;
  }
  return labels;
}
