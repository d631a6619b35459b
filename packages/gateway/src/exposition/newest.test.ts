import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newestInput } from './newest.ts';
import { family, point, shapeOf } from './test-support.ts';

const cpu = shapeOf([family('cpu_seconds_total', 'counter')]);
const load = shapeOf([family('load1', 'gauge')]);
const group = (host: string, shape: typeof cpu, at: number) => ({
  host,
  shape,
  target: `host="${host}"} `,
  newest: point(at, [1]),
});

test('fresh points come by shape, hosts in order of their names', () => {
  const input = newestInput(
    [
      group('b', cpu, 10),
      group('b', load, 10),
      group('a', cpu, 11),
      group('c', cpu, 12),
      group('a', load, 9),
    ],
    10,
  );
  assert.deepEqual(
    [...input].map(([shape, hosts]) => [shape, hosts.map(({ host }) => host)]),
    [
      [cpu, ['a', 'b', 'c']],
      [load, ['b']],
    ],
  );
  assert.deepEqual(
    input.get(cpu)?.map(({ target, points }) => [target, points.map(({ at }) => at)]),
    [
      ['host="a"} ', [11]],
      ['host="b"} ', [10]],
      ['host="c"} ', [12]],
    ],
  );
});

test('a shape of which nothing is fresh is not there', () => {
  assert.equal(newestInput([group('a', cpu, 9)], 10).size, 0);
});
