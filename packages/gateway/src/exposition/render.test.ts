/** `TRIBUTARY_UPDATE_GOLDEN=1` rewrites the golden files; read the difference before you believe it. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { BodyBuffers } from './body-buffers.ts';
import { mixedFleet, ownFamilies } from './fixtures/mixed-fleet.ts';
import type { Format } from './format.ts';
import type { HostInput, OwnFamily } from './input.ts';
import { createLayout } from './layout.ts';
import { render } from './render.ts';
import { RowPages } from './rows.ts';
import {
  bodyOf,
  family,
  hostCounts,
  hostPoints,
  parseStrictly,
  point,
  shapeOf,
  typesIn,
  withoutStrictParser,
} from './test-support.ts';

/** The newest point of everything, as one without a cursor gets it. */
function newestOf(input: HostInput): HostInput {
  return new Map(
    [...input].map(([shape, hosts]) => [
      shape,
      hosts.map((host) => ({ ...host, points: host.points.slice(-1) })),
    ]),
  );
}

function linesOf(body: string): string[] {
  return body.match(/^[^#].*$/gm) ?? [];
}

const FORMATS: readonly Format[] = ['openmetrics', 'text'];

for (const format of FORMATS) {
  test(`a mixed fleet in ${format}, several points of a series`, () => {
    const body = bodyOf(format, mixedFleet(), ownFamilies());
    const golden = new URL(`fixtures/mixed-fleet.${format}.txt`, import.meta.url);
    if (process.env['TRIBUTARY_UPDATE_GOLDEN'] === '1') writeFileSync(golden, body);
    assert.equal(body, readFileSync(golden, 'utf8'));
  });
}

test('the strict parser takes one point of every series', { skip: withoutStrictParser() }, () => {
  const body = bodyOf('openmetrics', newestOf(mixedFleet()), ownFamilies());
  assert.deepEqual(parseStrictly([body]), [linesOf(body).length]);
});

test('an empty exposition is nothing in text and an end in OpenMetrics', () => {
  assert.equal(bodyOf('text', new Map()), '');
  assert.equal(bodyOf('openmetrics', new Map()), '# EOF\n');
});

test('a family of which nothing is shown has no HELP and TYPE', () => {
  const shape = shapeOf([
    family('absent', 'gauge', 'a'),
    family('hidden', 'gauge', 'b'),
    family('shown', 'gauge', 'c'),
  ]);
  const input = new Map([[shape, [hostPoints('a', shape, [point(1, [null, 2, 3], [1])])]]]);
  const none: OwnFamily = { name: 'none', type: 'gauge', help: 'd', series: () => [] };
  assert.equal(
    bodyOf('text', input, [none]),
    '# HELP shown c\n# TYPE shown gauge\nshown{instance="a",job="node",host="a"} 3 1\n',
  );
});

test('a shape that the layout does not know is an error, not a silence', () => {
  const known = shapeOf([family('x', 'gauge')]);
  const unknown = shapeOf([family('y', 'gauge')]);
  const layout = createLayout('text', new Map([[known, 1]]), []);
  const input = new Map([[unknown, [hostPoints('a', unknown, [point(1, [1])])]]]);
  assert.throws(() => [...render(layout, input, [])], /does not know the shape/);
});

test('a layout of the whole fleet renders any part of it', () => {
  const [first, second] = [shapeOf([family('x', 'gauge', 'one')]), shapeOf([family('x', 'untyped', 'two')])];
  const layout = createLayout(
    'text',
    new Map([
      [first, 1],
      [second, 2],
    ]),
    [],
  );
  const part = new Map([[first, [hostPoints('a', first, [point(1, [1])])]]]);
  assert.equal(
    [...render(layout, part, [])].join(''),
    '# HELP x two\n# TYPE x untyped\nx{instance="a",job="node",host="a"} 1 1\n',
  );
});

test('own families are read when the body gets there, once', () => {
  let reads = 0;
  const summary: OwnFamily = {
    name: 'own_seconds',
    type: 'summary',
    help: '',
    *series() {
      reads++;
      yield { suffix: '', labels: { quantile: '0.5' }, value: 0.1 };
      yield { suffix: '_sum', labels: {}, value: 3 };
      yield { suffix: '_count', labels: {}, value: 2 };
    },
  };
  const gauge = shapeOf([family('own_seconds_sum', 'gauge')]);
  const input = new Map([[gauge, [hostPoints('a', gauge, [point(1, [7])])]]]);
  const layout = createLayout('text', hostCounts(input), [summary]);
  assert.equal(reads, 0);
  assert.deepEqual(linesOf([...render(layout, input, [summary])].join('')), [
    'own_seconds{quantile="0.5"} 0.1',
    'own_seconds_count 2',
    'own_seconds_sum 3',
    'own_seconds_sum{instance="a",job="node",host="a"} 7 1',
  ]);
  assert.equal(reads, 1);
});

test('chunks are about 896 KiB, also where one host has very many points or lines', () => {
  const buckets = Array.from({ length: 700 }, (_, i) => ['_bucket', { le: `${i}.5` }] as const);
  const large = shapeOf([
    { name: 'large', type: 'histogram', help: '', series: [...buckets, ['_bucket', { le: '+Inf' }]] },
    family('small', 'gauge'),
  ]);
  const values = Array.from({ length: large.length }, (_, i) => i);
  const points = Array.from({ length: 300 }, (_, i) => point(i, values));
  const input = new Map([[large, ['a', 'b', 'c'].map((host) => hostPoints(host, large, points))]]);
  const chunks = [...render(createLayout('openmetrics', hostCounts(input), []), input, [])];
  assert.ok(chunks.length > 20);
  for (const chunk of chunks.slice(0, -1))
    assert.ok(chunk.length >= 896 * 1024 && chunk.length < 1024 * 1024);
  const lines = linesOf(chunks.join(''));
  assert.equal(lines.length, 3 * 300 * large.length);
  assert.equal(new Set(lines).size, lines.length);
});

test('a point never changes with the data that replaces it between chunks', () => {
  const shape = shapeOf([family('x', 'gauge')]);
  const hosts = Array.from({ length: 50_000 }, (_, i) => hostPoints(`h${i}`, shape, [point(1, [1])]));
  const chunks = render(
    createLayout('text', new Map([[shape, hosts.length]]), []),
    new Map([[shape, hosts]]),
    [],
  );
  const first = chunks.next();
  assert.equal(first.done, false);
  for (const [i, host] of hosts.entries()) hosts[i] = { ...host, points: [point(2, [2])] };
  const lines = linesOf([first.value, ...chunks].join(''));
  assert.ok(first.value.length < 1024 * 1024, 'more than one chunk');
  assert.equal(lines.length, hosts.length);
  for (const line of lines) assert.match(line, / 1 1$| 2 2$/);
});

test('the pages of a body are given back with its last chunk, and when it is given up', () => {
  const shape = shapeOf([family('x', 'gauge')]);
  const hosts = Array.from({ length: 50_000 }, (_, i) => hostPoints(`h${i}`, shape, [point(1, [1])]));
  const input = new Map([[shape, hosts]]);
  const layout = createLayout('text', hostCounts(input), []);
  const pages = new RowPages();
  const known = new Set<Float64Array>();
  const take = pages.take.bind(pages);
  pages.take = (length) => {
    const page = take(length);
    known.add(page);
    return page;
  };
  const body = () => render(layout, input, [], undefined, { buffers: new BodyBuffers(), pages });
  const whole = [...body()].join('');
  const { size } = known;
  const given = body();
  assert.equal(given.next().done, false);
  given.return();
  assert.equal([...body()].join(''), whole);
  assert.equal(known.size, size);
});

test('a series that a host states in two shapes comes oldest first whichever shape is first', () => {
  const shapes = ['a', 'b', 'c', 'd'].map((help) =>
    shapeOf([family('x', 'gauge', help), family('y', 'histogram', help, { path: ',le="\n' })]),
  );
  const values = [1, 2, 3, 4, 5];
  const input = new Map(
    shapes.map((shape, i) => [
      shape,
      // In every order of the shapes one host has its older points in the later shape.
      [0, 1, 2, 3].map((turn) => {
        const at = 10 + ((i + turn) % 4) * 2;
        return hostPoints(`host-${turn}`, shape, [point(at, values), point(at + 1, values)]);
      }),
    ]),
  );
  for (const format of FORMATS) {
    const body = bodyOf(format, input);
    assert.deepEqual(typesIn(body), ['x gauge', 'y histogram']);
    const lines = linesOf(body);
    assert.equal(lines.length, 4 * 4 * 2 * 5);
    const last = new Map<string, number>();
    const groups: string[] = [];
    for (const line of lines) {
      const [, series = '', at = ''] = /^(.*\} )\S+ (\S+)$/.exec(line) ?? [];
      assert.ok(Number(at) > (last.get(series) ?? 0), `${line} comes late`);
      last.set(series, Number(at));
      const group = `${series.slice(0, 1)} ${/host="[^"]*"/.exec(series)}`;
      if (groups.at(-1) !== group) groups.push(group);
    }
    // Neither family nor metric is torn apart.
    assert.equal(groups.length, 8);
    assert.equal(new Set(groups).size, 8);
  }
});

test('shapes of two jobs of a host are different series, and stay apart', () => {
  const shapes = ['one', 'two'].map((job) => shapeOf([family('x', 'gauge')], { job, instance: 'db' }));
  const input = new Map(
    shapes.map((shape) => [shape, [hostPoints('a', shape, [point(1, [1]), point(2, [2])])]]),
  );
  assert.deepEqual(
    linesOf(bodyOf('text', input)).toSorted(),
    ['one', 'two'].flatMap((job) => [1, 2].map((n) => `x{instance="db",job="${job}",host="a"} ${n} ${n}`)),
  );
});

test('looking at much that is not shown ends a chunk as well', () => {
  const shape = shapeOf([
    {
      name: 'a',
      type: 'gauge',
      help: '',
      series: Array.from({ length: 500 }, (_, i) => ['', { i: `${i}` }]),
    },
  ]);
  const values = Array.from({ length: 500 }, () => 1);
  const hidden = [...values.keys()].slice(1);
  const hosts = Array.from({ length: 200 }, (_, i) => {
    const host = `h${String(i).padStart(3, '0')}`;
    return hostPoints(host, shape, [point(1, values, i === 199 ? hidden : [0, ...hidden])]);
  });
  const input = new Map([[shape, hosts]]);
  const chunks = [...render(createLayout('text', hostCounts(input), []), input, [])];
  assert.ok(chunks.length >= 6, `${chunks.length} chunks for 100,000 lines`);
  assert.equal(chunks.filter((chunk) => chunk.length > 0).length, 1);
  assert.equal(chunks.join(''), '# TYPE a gauge\na{i="0",instance="h199",job="node",host="h199"} 1 1\n');
});
