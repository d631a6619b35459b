import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdmittedShape } from '../link/admission.ts';
import type { Format } from './format.ts';
import type { OwnFamily } from './input.ts';
import { createLayout, layoutFits } from './layout.ts';
import { bodyOf, family, fleetOf, shapeOf, typesIn } from './test-support.ts';

/** The families of a fleet in which each shape has one host. */
function families(format: Format, ...shapes: readonly AdmittedShape[]): string[] {
  return typesIn(bodyOf(format, fleetOf(...shapes)));
}

const own = (name: string, type: OwnFamily['type'], help = ''): OwnFamily => ({
  name,
  type,
  help,
  series: () => [{ suffix: '', labels: {}, value: 1 }],
});

const one = shapeOf([family('x', 'gauge', 'one')]);
const two = shapeOf([family('x', 'untyped', 'two')]);

test('type and help are those of most hosts, not of most shapes', () => {
  const third = shapeOf([family('x', 'gauge', 'three')]);
  const layout = createLayout(
    'text',
    new Map([
      [one, 1],
      [third, 1],
      [two, 3],
    ]),
    [],
  );
  assert.deepEqual(
    layout.families.map(({ header }) => header),
    ['# HELP x two\n# TYPE x untyped\n'],
  );
  assert.deepEqual(layout.demoted, { families: 0, series: 0 });
});

test('type and help are counted each for itself', () => {
  const third = shapeOf([family('x', 'gauge', 'two')]);
  const layout = createLayout(
    'text',
    new Map([
      [one, 2],
      [two, 1],
      [third, 2],
    ]),
    [],
  );
  assert.equal(layout.families[0]?.header, '# HELP x two\n# TYPE x gauge\n');
});

test('ties go to the smallest text, and an empty help has no vote', () => {
  const silent = shapeOf([family('x', 'gauge')]);
  assert.equal(
    createLayout(
      'text',
      new Map([
        [two, 1],
        [one, 1],
      ]),
      [],
    ).families[0]?.header,
    '# HELP x one\n# TYPE x gauge\n',
  );
  assert.equal(
    createLayout(
      'text',
      new Map([
        [two, 1],
        [silent, 5],
      ]),
      [],
    ).families[0]?.header,
    '# HELP x two\n# TYPE x gauge\n',
  );
});

test("the gateway's own family decides type and help against any majority", () => {
  const layout = createLayout('text', new Map([[one, 100]]), [own('x', 'counter', 'mine')]);
  assert.equal(layout.families[0]?.header, '# HELP x mine\n# TYPE x counter\n');
});

test("a family of which nothing is left under the gateway's own goes out unknown", () => {
  const shape = shapeOf([family('x', 'histogram')]);
  const layout = createLayout('text', new Map([[shape, 10]]), [own('x', 'gauge')]);
  assert.deepEqual(
    layout.families.map(({ name, type }) => [name, type]),
    [
      ['x', 'gauge'],
      ['x_bucket', 'untyped'],
      ['x_count', 'untyped'],
      ['x_sum', 'untyped'],
    ],
  );
  assert.deepEqual(layout.demoted, { families: 1, series: 40 });
});

test('types by format', () => {
  const shape = shapeOf([
    family('a_total', 'counter'),
    family('b', 'gauge'),
    family('c', 'histogram'),
    family('d', 'summary'),
    family('e', 'untyped'),
    family('f_info', 'info'),
    family('g', 'stateset'),
  ]);
  assert.deepEqual(families('openmetrics', shape), [
    'a counter',
    'b gauge',
    'c histogram',
    'd summary',
    'e unknown',
    'f info',
    'g stateset',
  ]);
  assert.deepEqual(families('text', shape), [
    'a_total counter',
    'b gauge',
    'c histogram',
    'd summary',
    'e untyped',
    'f_info gauge',
    'g gauge',
  ]);
});

test("the gateway's own counter keeps its name against a host's, but not against a host's line of that name", () => {
  const typesOf = (shape: AdmittedShape, name = 'foo_total'): string[][] =>
    createLayout('openmetrics', new Map([[shape, 9]]), [own(name, 'counter')]).families.map(
      ({ name, type }) => [name, type],
    );
  assert.deepEqual(typesOf(shapeOf([family('foo_total_total', 'counter')])), [
    ['foo', 'counter'],
    ['foo_total_total', 'unknown'],
  ]);
  assert.deepEqual(typesOf(shapeOf([family('foo_total', 'counter')]), 'foo_total_total'), [
    ['foo_total', 'unknown'],
    ['foo_total_total', 'unknown'],
  ]);
  assert.deepEqual(typesOf(shapeOf([family('foo', 'gauge')])), [
    ['foo', 'gauge'],
    ['foo_total', 'unknown'],
  ]);
});

test('the layout does not depend on which shape or family came first', () => {
  const counts = new Map([
    [shapeOf([family('foo', 'summary'), family('bar', 'gauge')]), 1],
    [shapeOf([family('bar', 'counter'), family('foo_sum', 'summary')]), 2],
    [shapeOf([family('foo_total', 'counter'), family('foo', 'histogram')]), 2],
    [shapeOf([family('foo', 'histogram', '', { a: 'b' })]), 3],
  ]);
  const forth = createLayout('openmetrics', counts, []);
  const back = createLayout('openmetrics', new Map([...counts].reverse()), []);
  assert.deepEqual(back.families, forth.families);
  assert.deepEqual(back.shapes, forth.shapes);
  assert.deepEqual(back.demoted, forth.demoted);
});

test('shapes that differ in their series only are one class, and all count', () => {
  const disk = (device: string): AdmittedShape =>
    shapeOf([family('disk_bytes', 'counter', '', { device }), family('disk', 'summary', '', { device })]);
  const layout = createLayout(
    'openmetrics',
    new Map([
      [disk('a'), 2],
      [disk('b'), 3],
      [disk('c'), 4],
    ]),
    [],
  );
  assert.deepEqual(
    layout.families.map(({ members }) => members.map(({ shapes }) => shapes.length)),
    [[3], [3]],
  );
  assert.deepEqual(layout.demoted, { families: 1, series: 9 });
});

test('a family without series has no say', () => {
  const empty = shapeOf([{ name: 'x', type: 'histogram', help: 'empty', series: [] }]);
  assert.deepEqual(
    createLayout(
      'text',
      new Map([
        [empty, 5],
        [one, 1],
      ]),
      [],
    ).families.map(({ header }) => header),
    ['# HELP x one\n# TYPE x gauge\n'],
  );
});

test('a layout fits as long as shapes, counts and own families are the same', () => {
  const families = [own('up', 'gauge')];
  const layout = createLayout(
    'text',
    new Map([
      [one, 1],
      [two, 2],
    ]),
    families,
  );
  assert.equal(
    layoutFits(
      layout,
      new Map([
        [two, 2],
        [one, 1],
      ]),
      [own('up', 'gauge')],
    ),
    true,
  );
  assert.equal(
    layoutFits(
      layout,
      new Map([
        [two, 2],
        [one, 2],
      ]),
      families,
    ),
    false,
  );
  assert.equal(layoutFits(layout, new Map([[two, 2]]), families), false);
  assert.equal(
    layoutFits(
      layout,
      new Map([
        [one, 1],
        [two, 2],
      ]),
      [],
    ),
    false,
  );
  assert.equal(
    layoutFits(
      layout,
      new Map([
        [one, 1],
        [two, 2],
      ]),
      [own('down', 'gauge')],
    ),
    false,
  );
});
