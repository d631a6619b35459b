import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Skews } from './skews.ts';

const all = { isConnected: () => true, isOld: () => false };
const gone = { isConnected: () => false, isOld: () => false };

/** So many hosts that differ by as much. */
function skewsOf(count: number, skewMs: number): Skews {
  const skews = new Skews();
  for (let i = 0; i < count; i++) skews.note(`h${i}`, skewMs, 0);
  return skews;
}

test('two hosts cannot tell, three can', () => {
  assert.equal(skewsOf(2, 5000).median(0, all), null);
  assert.equal(skewsOf(3, 5000).median(0, all), 5000);
});

test('the gateway is wrong when most hosts say so', () => {
  const skews = skewsOf(3, -90_000);
  assert.equal(skews.clockIsWrong(0, all, 0), true);
  for (const host of ['a', 'b', 'c', 'd']) skews.note(host, 0, 0);
  assert.equal(skews.clockIsWrong(0, all, 0), false);
});

test('who is gone speaks for ten minutes', () => {
  const skews = skewsOf(3, 90_000);
  assert.equal(skews.clockIsWrong(600_000, gone, 0), true);
  assert.equal(skews.clockIsWrong(600_001, gone, 0), false);
});

test('new names do not outvote old hosts', () => {
  const standing = { isConnected: () => true, isOld: (host: string) => host.startsWith('old') };
  const skews = new Skews();
  const note = (name: string, count: number, skewMs: number) => {
    for (let i = 0; i < count; i++) skews.note(`${name}-${i}`, skewMs, 0);
  };
  note('new', 20, 90_000);
  assert.equal(skews.clockIsWrong(0, standing, 0), true, 'of a new gateway nobody else can tell');
  note('old', 2, 5);
  assert.equal(skews.clockIsWrong(0, standing, 0), false, 'two cannot tell, and yet can deny');
  note('old', 2, 90_000);
  assert.equal(skews.clockIsWrong(0, standing, 0), true);
  note('old', 3, 5);
  assert.deepEqual([skews.median(0, standing), skews.clockIsWrong(0, standing, 0)], [5, false]);
  note('new', 20, 0);
  note('old', 3, -90_000);
  assert.equal(skews.clockIsWrong(0, standing, 0), true, 'three old ones decide alone');
});

test('of a large fleet the median stands for a second, unless many speak or the clock is set', () => {
  const skews = skewsOf(320, 0);
  assert.equal(skews.median(0, all), 0);
  for (let i = 0; i < 200; i++) skews.note(`h${i}`, 7000, 0);
  assert.equal(skews.median(10, all), 7000, 'more than one in sixteen have spoken');
  for (let i = 0; i < 19; i++) skews.note(`h${i}`, 9000, 0);
  for (let i = 200; i < 201; i++) skews.forget(`h${i}`);
  assert.equal(skews.median(20, all), 7000);
  skews.clockStepped(1000);
  assert.equal(skews.median(20, all), 6000);
  for (let i = 19; i < 36; i++) skews.note(`h${i}`, 90_000, 0);
  assert.equal(skews.median(1019, all), 6000);
  assert.equal(skews.median(1020, all), 6000, 'worked out anew, and still most say so');
});

test('names without end are not remembered without end', () => {
  const skews = new Skews();
  for (let i = 0; i < 120_000; i++) skews.note(`x${i}`, 90_000, 0);
  assert.ok(skews.size <= 100_000, `${skews.size}`);
  skews.note('x1', 0, 0);
  assert.ok(skews.size <= 100_000);
});
