import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Budget, shareOut } from './budget.ts';

const MAX = 1_000_000;

/** A scraper that asks after each of the given gaps. */
function asker(budget: Budget): (gapMs: number, times?: number) => void {
  let now = 0;
  return (gapMs, times = 1) => {
    for (let i = 0; i < times; i++) {
      now += gapMs;
      budget.asked(now, MAX);
    }
  };
}

/** One that has grown as far as it may. */
function grown(timeoutMs = 20_000): Budget {
  const budget = new Budget(timeoutMs);
  for (let i = 0; i < 20; i++) budget.taken(MAX, true);
  return budget;
}

test('begins with an eighth, and is full after a dozen bodies that were taken', () => {
  const budget = new Budget(10_000);
  assert.equal(budget.points(MAX), MAX / 8);
  for (let i = 0; i < 10; i++) budget.taken(MAX, true);
  assert.ok(budget.isFull(MAX));
});

test('begins with less where the timeout is short', () => {
  assert.equal(new Budget(1000).points(MAX), 50_000);
  assert.equal(new Budget(2000).points(MAX), 100_000);
  assert.equal(new Budget(10).points(MAX), 10_000, 'and still moves');
});

test('grows to what a Prometheus takes within its timeout, and not beyond', () => {
  const budget = grown(1000);
  assert.equal(budget.points(MAX), 75_000);
  assert.ok(budget.isFull(MAX));
  const wide = new Budget(10_000);
  for (let i = 0; i < 20; i++) wide.taken(10 * MAX, true);
  assert.equal(wide.points(10 * MAX), 750_000);
});

test('bodies that make no use of the budget raise it to that eighth and not beyond', () => {
  const budget = new Budget(10_000);
  for (let i = 0; i < 20; i++) budget.taken(MAX, false);
  assert.equal(budget.points(MAX), MAX / 8);
  budget.lost(MAX);
  budget.lost(MAX);
  for (let i = 0; i < 20; i++) budget.taken(MAX, false);
  assert.ok(budget.points(MAX) >= MAX / 8 && budget.points(MAX) < MAX / 6, `${budget.points(MAX)}`);
});

test('a body that takes a fifth of the timeout lets it be, one that takes two makes the next one smaller', () => {
  const budget = grown();
  budget.completed(3900);
  budget.taken(MAX, true);
  assert.equal(budget.points(MAX), MAX);
  budget.completed(8100);
  budget.taken(MAX, true);
  assert.equal(budget.points(MAX), 0.75 * MAX);
  budget.completed(4100);
  budget.completed(100);
  budget.taken(MAX, true);
  assert.equal(budget.points(MAX), 0.75 * MAX);
  budget.taken(MAX, true);
  assert.equal(budget.points(MAX), 0.9375 * MAX);
});

test('where bodies take as long as they may, it is full, until one of twice the size has not', () => {
  const budget = new Budget(1000);
  budget.lost(MAX);
  budget.lost(MAX);
  assert.ok(!budget.isFull(MAX));
  budget.completed(250);
  budget.taken(MAX, true);
  assert.ok(budget.isFull(MAX));
  assert.equal(budget.points(MAX), 12_500);
  budget.lost(MAX);
  assert.ok(!budget.isFull(MAX), 'it will grow again');
  for (let i = 0; i < 3; i++) budget.taken(MAX, true);
  assert.ok(budget.isFull(MAX));
  for (let i = 0; i < 3; i++) budget.taken(MAX, true);
  assert.ok(!budget.isFull(MAX));
});

test('halves for what was lost, rises by a quarter for what was taken', () => {
  const budget = grown();
  assert.ok(budget.isFull(MAX));
  budget.lost(MAX);
  budget.lost(MAX);
  assert.equal(budget.points(MAX), MAX / 4);
  assert.ok(!budget.isFull(MAX));
  budget.taken(MAX, true);
  assert.equal(budget.points(MAX), 312_500);
  for (let i = 0; i < 10; i++) budget.taken(MAX, true);
  assert.equal(budget.points(MAX), MAX);
});

test('never falls below what still moves, nor rises above what this scrape asks for', () => {
  const budget = grown();
  for (let i = 0; i < 40; i++) budget.lost(MAX);
  assert.equal(budget.points(MAX), 10_000);
  assert.equal(budget.points(500), 500);
});

test('learns the interval, and takes a late scrape for a busy scraper, a long gap for one that was away', () => {
  const budget = grown();
  const ask = asker(budget);
  ask(15_000, 20);
  assert.ok(Math.abs(budget.intervalMs - 15_000) < 200, `${budget.intervalMs}`);
  ask(30_000);
  assert.equal(budget.points(MAX), 0.75 * MAX);
  ask(180_000);
  assert.equal(budget.points(MAX), 0.75 * MAX);
  ask(15_000, 10);
  assert.ok(Math.abs(budget.intervalMs - 15_000) < 500, `${budget.intervalMs}`);
});

test('follows an interval that became four times as long, or a tenth', () => {
  const budget = new Budget(10_000);
  const ask = asker(budget);
  ask(60_000, 30);
  assert.ok(Math.abs(budget.intervalMs - 60_000) < 1000, `${budget.intervalMs}`);
  ask(1000, 10);
  assert.ok(budget.intervalMs < 1200, `${budget.intervalMs}`);
});

test('shares out: nobody gets more than it needs, the rest goes to the others', () => {
  assert.deepEqual(shareOut(100, [10, 200, 30]), [10, 60, 30]);
  assert.deepEqual(shareOut(100, [200, 200, 200, 200]), [25, 25, 25, 25]);
  assert.deepEqual(shareOut(100, [10, 20]), [10, 20]);
  assert.deepEqual(shareOut(0, [10, 20]), [0, 0]);
  assert.deepEqual(shareOut(5, []), []);
});
