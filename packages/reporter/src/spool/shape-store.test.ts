import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appendTick, appendTicks, INTERVAL_MS, openSpool, shapeOf, temporaryFolder } from './test-support.ts';

const group = (shape: ReturnType<typeof shapeOf>) => [{ shape, values: [1] }];

test('equal shapes have one id, over reopenings too', (t) => {
  const folder = temporaryFolder(t);
  const spool = openSpool(t, { folder });
  appendTick(spool, { groups: group(shapeOf('a')) });
  appendTick(spool, { groups: group(shapeOf('a')) });
  appendTick(spool, { groups: group(shapeOf('b')) });
  spool.close();
  const again = openSpool(t, { folder });
  appendTick(again, { groups: group(shapeOf('a')) });
  assert.deepEqual(
    again.read(1, 1_000_000).map(({ groups }) => JSON.parse(groups)[0].shape),
    [1, 1, 2, 1],
  );
  assert.equal(
    again.shapeBody(2),
    '{"labels":{"job":"node"},"families":[{"name":"b","type":"gauge","help":"Help.","series":[["",{}]]}]}',
  );
  assert.equal(again.shapeBody(3), undefined);
});

test('a shape goes with the last batch that names it, and its id is never given out again', (t) => {
  const spool = openSpool(t, { retentionMs: 3 * INTERVAL_MS });
  const shape = shapeOf('a');
  appendTick(spool, { groups: group(shape) });
  appendTicks(spool, 3, { groups: group(shapeOf('b')) });
  assert.notEqual(spool.shapeBody(1), undefined);
  appendTick(spool, { groups: group(shapeOf('b')) });
  assert.equal(spool.oldest, 2);
  assert.equal(spool.shapeBody(1), undefined);
  // The very object that had the id, as a collector that was silent for long hands it in.
  appendTick(spool, { groups: group(shape) });
  assert.equal(spool.shapeBody(3)?.includes('"a"'), true);
  assert.equal(spool.read(6, 1)[0]?.groups, '[{"shape":3,"values":[1]}]');
});

test('a shape that comes back in time is kept', (t) => {
  const folder = temporaryFolder(t);
  const spool = openSpool(t, { folder, retentionMs: 3 * INTERVAL_MS });
  for (const name of ['a', 'b', 'a']) appendTick(spool, { groups: group(shapeOf(name)) });
  spool.close();
  const again = openSpool(t, { folder, retentionMs: 3 * INTERVAL_MS });
  for (let i = 0; i < 5; i++) appendTick(again, { groups: group(shapeOf('a')) });
  assert.notEqual(again.shapeBody(1), undefined);
  assert.equal(again.shapeBody(2), undefined);
});

test('a host whose devices come and go does not fill its disk with shapes', (t) => {
  const spool = openSpool(t, { retentionMs: 10 * INTERVAL_MS });
  const names = Array.from({ length: 200 }, (_, i) => `node_metric_${i}`);
  for (let i = 0; i < 150; i++) {
    appendTick(spool, { groups: [{ shape: shapeOf(`d${i}`, ...names), values: names.map(() => 1) }] });
  }
  assert.ok(spool.bytes < 1024 * 1024, `${spool.bytes} bytes`);
  assert.equal(spool.shapeBody(100), undefined);
});

test('a new epoch keeps the shapes of what it takes along', (t) => {
  const spool = openSpool(t, { retentionMs: 3 * INTERVAL_MS });
  for (const name of ['a', 'b', 'b', 'c']) appendTick(spool, { groups: group(shapeOf(name)) });
  spool.beginEpoch(1);
  assert.equal(spool.shapeBody(1), undefined);
  assert.notEqual(spool.shapeBody(2), undefined);
  appendTicks(spool, 3, { groups: group(shapeOf('c')) });
  assert.equal(spool.oldest, 3);
  assert.equal(spool.shapeBody(2), undefined);
  assert.notEqual(spool.shapeBody(3), undefined);
});
