import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newestInput } from './newest.ts';
import { parseSelection } from './select/selection.ts';
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

const pair = shapeOf([family('a', 'gauge'), family('b', 'gauge'), family('c', 'gauge')]);
const select = (match: string[], host: string[] = []) => parseSelection({ match, host, shard: undefined });
const trio = (host: string, ...hidden: number[]) => ({
  ...group(host, pair, 10),
  newest: point(10, [1, 2, 3], hidden),
});

test('what is not selected is hidden beside what is hidden anyway, or left out', () => {
  const groups = [trio('x'), trio('y', 0), trio('z'), group('x', load, 10)];
  const selection = select(['a', 'b', 'c{host="y"}']);
  const input = newestInput(groups, 0, selection);
  const hidden = input.get(pair)?.map(({ host, points: [first] }) => [host, first?.hidden]);
  assert.deepEqual(hidden, [
    ['x', Uint8Array.of(0, 0, 1)],
    ['y', Uint8Array.of(1, 0, 0)],
    ['z', Uint8Array.of(0, 0, 1)],
  ]);
  assert.equal(input.has(load), false);
  const [x, , z] = input.get(pair) ?? [];
  assert.equal(x?.points[0]?.hidden, z?.points[0]?.hidden, 'the mask is shared');
  assert.deepEqual(groups[1]?.newest.hidden, Uint8Array.of(1, 0, 0), "the group's own flags stay");
});

test('hosts that are not chosen are left out', () => {
  const groups = [trio('x'), trio('y'), group('x', load, 10), group('y', cpu, 9)];
  const input = newestInput(groups, 10, select([], ['y']));
  assert.deepEqual(
    [...input].map(([shape, hosts]) => [shape, hosts.map(({ host }) => host)]),
    [[pair, ['y']]],
  );
  assert.equal(input.get(pair)?.[0]?.points[0], groups[1]?.newest);
});
