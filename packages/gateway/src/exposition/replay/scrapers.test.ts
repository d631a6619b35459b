import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACTIVE_MS, NAMES_MAX, SELECTIONS_MAX } from './scrapers.ts';
import { Bench, MINUTE_MS, takenBy } from './scrapers-test-support.ts';

test('a new scraper begins five minutes back, or with its window when it says so', async () => {
  const bench = new Bench();
  bench.append(40, 30, 4, 1);
  assert.equal(takenBy(await bench.open('a')), 2);
  assert.equal(takenBy(await bench.open('b', '', undefined, 35 * MINUTE_MS)), 1);
});

test('a new scraper is told of, and one that gives way to it', async () => {
  const bench = new Bench();
  await bench.open('a');
  await bench.open('a');
  await bench.open('a', 'up', bench.connect('10.0.0.2'), 35 * MINUTE_MS);
  for (const i of [1, 2]) await bench.open(null, '', bench.connect(`10.0.0.${i}`));
  await bench.open(null, '', bench.connect('10.0.0.1'));
  assert.deepEqual(bench.told.splice(0), [
    'a  of 10.0.0.1 5 min back',
    'a up of 10.0.0.2 35 min back',
    '@10.0.0.1  of 10.0.0.1 5 min back',
    '@10.0.0.2  of 10.0.0.2 5 min back',
  ]);
  bench.clock.pass(ACTIVE_MS + 1);
  for (let i = 3; i < NAMES_MAX; i++) await bench.open(`s${i}`);
  bench.told.length = 0;
  await bench.open('late');
  assert.deepEqual(bench.told, ['a  gave way', 'a up gave way', 'late  of 10.0.0.1 5 min back']);
  await bench.scrapers.save();
  await bench.start().load();
  await bench.open('late');
  assert.equal(bench.told.length, 3, 'one that was saved is not new');
});

test('it gets everything that arrives after it came, however old', async () => {
  const bench = new Bench();
  const cursor = await bench.open('a');
  bench.append(45, 44);
  assert.equal(takenBy(cursor), 0);
});

test('in a young ledger it begins with the window: all that is there was sent because somebody had not taken it', async () => {
  const bench = new Bench(10 * MINUTE_MS);
  bench.append(55, 40, 30, 4);
  assert.equal(takenBy(await bench.open('a')), 1);
});

test('a name has a cursor for each selection, the same one each time', async () => {
  const bench = new Bench();
  const all = await bench.open('a');
  assert.equal(await bench.open('a'), all);
  assert.notEqual(await bench.open('a', 'up'), all);
  const [one, two] = await Promise.all([bench.open('b'), bench.open('b')]);
  assert.equal(one, two, 'also when both come at once');
});

test('sixty-four names; then whoever was not seen for an hour gives way, and nobody else', async () => {
  const bench = new Bench();
  for (let i = 0; i < NAMES_MAX; i++) assert.ok(await bench.open(`s${i}`));
  assert.equal(await bench.open('late'), null);
  assert.deepEqual(bench.tooMany, ['late']);
  bench.clock.pass(ACTIVE_MS + 1);
  for (let i = 1; i < NAMES_MAX; i++) await bench.open(`s${i}`);
  assert.ok(await bench.open('late'));
  assert.equal(await bench.open('s0'), null, 'it gave its place');
});

test('so many selections of one name', async () => {
  const bench = new Bench();
  for (let i = 0; i < SELECTIONS_MAX; i++) assert.ok(await bench.open('a', `m${i}`));
  assert.equal(await bench.open('a', 'one more'), null);
});

test('however many come at once, there are no more names than may be', async () => {
  const bench = new Bench();
  const cursors = await Promise.all(Array.from({ length: NAMES_MAX + 6 }, (_, i) => bench.open(`s${i}`)));
  assert.equal(cursors.filter((cursor) => cursor !== null).length, NAMES_MAX);
  assert.equal(bench.tooMany.length, 6);
});

test('a selection gives way to another of its name, and to no other name', async () => {
  const bench = new Bench();
  await bench.open('b');
  for (let i = 0; i < SELECTIONS_MAX; i++) await bench.open('a', `m${i}`);
  bench.clock.pass(ACTIVE_MS + 1);
  for (let i = 1; i < SELECTIONS_MAX; i++) await bench.open('a', `m${i}`);
  assert.ok(await bench.open('a', 'one more'));
  const keys = [...bench.scrapers.all()].map(({ key }) => `${key.name} ${key.selection}`);
  assert.ok(keys.includes('b '));
  assert.ok(!keys.includes('a m0'), 'it was seen longest ago');
});

test('a cursor that cannot be removed from the disk makes room all the same', async () => {
  const bench = new Bench();
  for (let i = 0; i < NAMES_MAX; i++) await bench.open(`s${i}`);
  bench.clock.pass(ACTIVE_MS + 1);
  bench.log.removeCursor = () => Promise.reject(new Error('the disk is full'));
  assert.ok(await bench.open('late'));
  await new Promise(setImmediate);
  assert.equal(bench.faults.length, 1);
});

test('what is saved is there after a restart, as old as the overlap', async () => {
  const bench = new Bench();
  bench.append(4, 3, 2);
  const cursor = await bench.open('a');
  assert.ok(cursor);
  bench.takeAll(cursor);
  await bench.scrapers.save();
  await bench.start().load();
  assert.equal(takenBy(await bench.open('a')), 0, 'taken a moment ago');
  bench.clock.pass(2 * MINUTE_MS);
  const again = await bench.open('a');
  assert.ok(again);
  bench.takeAll(again);
  bench.clock.pass(2 * MINUTE_MS);
  bench.takeAll(again);
  await bench.scrapers.save();
  await bench.start().load();
  assert.equal(takenBy(await bench.open('a')), 3);
});

test('what all active scrapers have taken is delivered, once the overlap has passed', async () => {
  const bench = new Bench();
  bench.append(4, 3);
  assert.equal(bench.scrapers.deliveredSeq('web-1', 'e1'), 0, 'nobody scrapes');
  assert.equal((await bench.scrapers.undelivered()).size, 0);
  const [a, b] = [await bench.open('a'), await bench.open('b')];
  assert.ok(a && b);
  bench.takeAll(a);
  bench.clock.pass(2 * MINUTE_MS);
  bench.takeAll(a);
  assert.equal(bench.scrapers.deliveredSeq('web-1', 'e1'), 0, 'b has nothing yet');
  assert.deepEqual([...(await bench.scrapers.undelivered())], [['web-1', 0]]);
  bench.takeAll(b);
  bench.clock.pass(2 * MINUTE_MS);
  for (const cursor of [a, b]) bench.takeAll(cursor);
  assert.equal(bench.scrapers.deliveredSeq('web-1', 'e1'), 2);
  assert.equal(bench.scrapers.deliveredSeq('web-1', 'e2'), 0, 'of another epoch nothing');
});

test('who was not seen for an hour holds nothing back', async () => {
  const bench = new Bench();
  bench.append(4);
  await bench.open('a');
  assert.equal((await bench.scrapers.undelivered()).size, 1);
  bench.clock.pass(ACTIVE_MS + 1);
  assert.equal((await bench.scrapers.undelivered()).size, 0);
});

test('behind a proxy an address has one place for all of its connections', async () => {
  const bench = new Bench();
  const open = (address: string, isProxied: boolean) =>
    bench.scrapers.open({
      name: null,
      selection: '',
      connection: bench.connect(address),
      beginMs: null,
      isProxied,
    });
  const one = await open('10.0.0.1', true);
  assert.equal(await open('10.0.0.1', true), one);
  assert.notEqual(await open('10.0.0.2', true), one);
  assert.notEqual(await open('10.0.0.1', false), one, 'who comes without it is somebody else');
  for (let i = 0; i < 300; i++) await open('10.0.0.1', true);
  assert.equal([...bench.scrapers.all()].length, 3);
});

test('addresses beyond what may be are told of, and those seen lately keep their places', async () => {
  const bench = new Bench();
  const open = (i: number) => bench.open(null, '', bench.connect(`10.0.0.${i}`));
  for (let i = 0; i < NAMES_MAX; i++) await open(i);
  bench.clock.pass(ACTIVE_MS + 1);
  for (let i = 1; i < NAMES_MAX; i++) assert.ok(await open(i));
  assert.ok(await open(200), 'the one that was not seen for an hour goes');
  assert.equal(await open(0), null);
  assert.equal(bench.tooMany.length, 1);
});

test('the places of an address outlive the gateway', async () => {
  const bench = new Bench();
  bench.append(4, 3);
  const one = await bench.open(null);
  assert.ok(one);
  bench.takeAll(one);
  bench.clock.pass(2 * MINUTE_MS);
  bench.takeAll(one);
  await bench.scrapers.save();
  await bench.start().load();
  assert.equal(takenBy(await bench.open(null)), 2);
});

test('a rewind sets all cursors of a name to a moment', async () => {
  const bench = new Bench();
  bench.append(40, 30, 4);
  const cursor = await bench.open('a');
  assert.ok(cursor);
  bench.takeAll(cursor);
  assert.equal(takenBy(cursor), 3);
  assert.equal(await bench.scrapers.rewind('a', bench.clock.now() - 35 * MINUTE_MS), true);
  assert.equal(takenBy(cursor), 1);
  assert.equal(await bench.scrapers.rewind('nobody', 0), false);
});

test('a rewind to a later moment counts what it passes over', async () => {
  const bench = new Bench();
  bench.append(40, 30, 4);
  const cursor = await bench.open('a', '', undefined, 50 * MINUTE_MS);
  assert.ok(cursor);
  await bench.scrapers.rewind('a', bench.clock.now() - 35 * MINUTE_MS);
  assert.equal(cursor.expired.get('rewind'), 1);
});

test('a scraper that is removed begins anew', async () => {
  const bench = new Bench();
  bench.append(4);
  const cursor = await bench.open('a');
  assert.ok(cursor);
  bench.takeAll(cursor);
  await bench.scrapers.save();
  assert.equal(await bench.scrapers.remove('a'), true);
  assert.equal(await bench.scrapers.remove('a'), false);
  assert.deepEqual(await bench.log.cursors(), []);
  assert.equal(takenBy(await bench.open('a')), 0);
});

test('a step of the clock makes nobody inactive, nor active', async () => {
  const bench = new Bench();
  bench.append(4, 3);
  const cursor = await bench.open('a', '', undefined, 10 * MINUTE_MS);
  assert.ok(cursor);
  bench.takeAll(cursor);
  bench.append(2);
  bench.clock.step(5 * ACTIVE_MS);
  assert.deepEqual([...(await bench.scrapers.undelivered())], [['web-1', 0]], 'places trail by the overlap');
  bench.clock.step(-5 * ACTIVE_MS);
  bench.clock.pass(ACTIVE_MS + 1);
  assert.equal((await bench.scrapers.undelivered()).size, 0);
});

test('the log of a host that goes is counted as lost to those who ask for it, once', async () => {
  const bench = new Bench();
  bench.append(4, 3, 2);
  const [a, other] = [await bench.open('a'), await bench.open('b')];
  assert.ok(a && other);
  bench.takeAll(a);
  bench.clock.pass(ACTIVE_MS + MINUTE_MS);
  bench.takeAll(a);
  other.ask({ name: 'host=web-2', includesHost: (host) => host === 'web-2' }, bench.clock.uptimeMs(), {
    timeoutMs: 10_000,
    proxied: false,
    connectedAt: 0,
    pointsMax: 1_000_000,
  });
  bench.append(1, 0);
  bench.scrapers.leaving('web-1')(false);
  assert.equal(a.expired.get('forgotten'), 0, 'it stays');
  const left = bench.scrapers.leaving('web-1');
  bench.log.drop('web-1');
  left(true);
  assert.equal(a.expired.get('forgotten'), 2);
  assert.equal(other.expired.get('forgotten'), 0);
});

test('a host that is about to go is nothing that is saved or sent', async () => {
  const bench = new Bench();
  bench.append(4, 3, 2);
  const cursor = await bench.open('a', '', undefined, 10 * MINUTE_MS);
  assert.ok(cursor);
  bench.takeAll(cursor);
  bench.scrapers.leaving('web-1');
  assert.ok(bench.scrapers.isLeaving('web-1'));
  await bench.scrapers.save();
  assert.deepEqual([...(await bench.log.cursors()).flatMap(({ places }) => [...places.keys()])], []);
});
