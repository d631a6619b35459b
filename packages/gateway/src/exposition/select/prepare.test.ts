import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '@tributary/shared/random';
import type { Series } from '@tributary/shared/shape';
import { shapeOf } from '../test-support.ts';
import { prepareSelection, SelectionCostError } from './prepare.ts';
import { parseSelection } from './selection.ts';

const SERIES = 20_000;
const path = (k: number) => `/var/lib/${k}/${'x'.repeat(40)}`;
const large = shapeOf([
  {
    name: 'm',
    type: 'gauge',
    help: '',
    series: Array.from({ length: SERIES }, (_, k): Series => ['', { path: path(k) }]),
  },
]);
const select = (...match: string[]) => parseSelection({ match, host: [], shard: undefined });

test('the largest shape is looked through in portions, of all requests together one a round', async (t) => {
  let most = 0;
  let rounds = 0;
  let isDone = false;
  let before = process.threadCpuUsage();
  const watch = () => {
    const { user, system } = process.threadCpuUsage(before);
    // The CPU's time, since the machine may do other things.
    most = Math.max(most, (user + system) / 1000);
    before = process.threadCpuUsage();
    rounds++;
    if (!isDone) setImmediate(watch);
  };
  const selections = Array.from({ length: 8 }, (_, i) => select(`{path=~".*/${i}[0-9]*/x.*y?x"}`));
  setImmediate(watch);
  await Promise.all(selections.map((each) => prepareSelection(each, [{ shape: large, host: 'h' }])));
  isDone = true;
  t.diagnostic(`${Math.round(most)} ms of CPU at most, in ${rounds} rounds`);
  assert.ok(rounds > 8, `${rounds}`);
  for (const [i, selection] of selections.entries()) {
    const hidden = selection.hiddenOf(large, 'h');
    assert.ok(hidden instanceof Uint8Array);
    const shown = Array.from({ length: SERIES }, (_, k) => k).filter((k) => hidden[k] === 0);
    assert.ok(shown.length > 0 && shown.every((k) => `${k}`.startsWith(`${i}`)));
  }
});

test('what takes too long is given up, and the next request goes on from there', async () => {
  const selection = select('{path=~".*z{0,3}/x.*x"}');
  const shapes = Array.from({ length: 30 }, (_, i) =>
    shapeOf([
      {
        name: `m${i}`,
        type: 'gauge',
        help: '',
        series: Array.from({ length: 3000 }, (_, k): Series => ['', { path: path(k) }]),
      },
    ]),
  );
  const groups = shapes.map((shape) => ({ shape, host: 'h' }));
  let given = 0;
  for (;;) {
    try {
      await prepareSelection(selection, groups, 5);
      break;
    } catch (error) {
      assert.ok(error instanceof SelectionCostError);
      assert.equal(error.statusCode, 503);
      given++;
    }
  }
  assert.ok(given > 0);
  for (const { shape } of groups) assert.equal(selection.hiddenOf(shape, 'h'), null);
});

test('with the longest values and the dearest expression that is taken, too, a turn is short', async (t) => {
  const refused = () => select('{path=~".*a.{1000}.*"}');
  assert.throws(
    refused,
    /a regular expression that can take too long for one value at character 8; repeat less/,
  );
  const random = randomOf(3);
  const text = () => Array.from({ length: 2040 }, () => random.pick(['a', 'b'])).join('');
  const series = Array.from({ length: 40 }, (): Series => ['', { path: text() }]);
  const shape = shapeOf([{ name: 'm', type: 'gauge', help: '', series }]);
  const selection = select('{path=~".*a.{100}b.*c"}');
  let most = 0;
  let isDone = false;
  let before = process.threadCpuUsage();
  const watch = () => {
    const { user, system } = process.threadCpuUsage(before);
    most = Math.max(most, (user + system) / 1000);
    before = process.threadCpuUsage();
    if (!isDone) setImmediate(watch);
  };
  setImmediate(watch);
  await prepareSelection(selection, [{ shape, host: 'h' }]);
  isDone = true;
  t.diagnostic(`${Math.round(most)} ms of CPU at most in a turn`);
  // Sixteen values in one go would take several hundred; the first of them are the dearest.
  assert.ok(most < 200, `${most} ms`);
});
