import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench, MINUTE_MS, takenBy } from './scrapers-test-support.ts';
import { CONNECTIONS_MAX } from './unnamed.ts';

test('without a name each connection has its own places, from the lowest of its address on', async () => {
  const bench = new Bench();
  bench.append(4, 3);
  const first = bench.connect('10.0.0.1');
  const second = bench.connect('10.0.0.1');
  const third = bench.connect('10.0.0.2');
  const one = await bench.open(null, '', first);
  assert.ok(one);
  assert.equal(await bench.open(null, '', first), one);
  bench.takeAll(one, first);
  bench.clock.pass(2 * MINUTE_MS);
  bench.takeAll(one, first);
  const two = await bench.open(null, '', second);
  assert.notEqual(two, one);
  assert.equal(takenBy(two), 2);
  assert.equal(takenBy(await bench.open(null, '', third)), 1, 'another address is new: five minutes back');
});

test('without a name, a closed connection gives way to another; where all are open, the next gets no cursor', async () => {
  const bench = new Bench();
  const connections = Array.from({ length: CONNECTIONS_MAX }, () => bench.connect());
  for (const connection of connections) assert.ok(await bench.open(null, '', connection));
  assert.equal(await bench.open(null), null);
  assert.deepEqual(bench.tooManyConnections, ['10.0.0.1']);
  connections[7]?.closed();
  assert.ok(await bench.open(null));
  assert.equal(await bench.open(null), null);
});

test('a connection without a name has no cursor that nobody else knows', async () => {
  const bench = new Bench();
  bench.append(4, 3);
  const [idle, busy] = [bench.connect(), bench.connect()];
  const before = await bench.open(null, 'up', idle);
  await bench.open(null, 'up', busy);
  bench.clock.pass(9 * MINUTE_MS);
  const used = await bench.open(null, 'up', busy);
  assert.ok(used);
  bench.takeAll(used, busy);
  bench.clock.pass(2 * MINUTE_MS);
  await bench.scrapers.save();
  const after = await bench.open(null, 'up', idle);
  assert.notEqual(after, before, 'it was not used for long');
  assert.ok(after);
  assert.ok([...bench.scrapers.all()].includes(after));
});
