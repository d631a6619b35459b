import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Gap } from '@tributary/shared/frames';
import { helloOf, NOW } from './test-support.ts';
import { unsettledBefore } from './unsettled.ts';

function gap(from: number, to: number, reason = 'spool_full'): Gap {
  return { from, to, fromAt: NOW - 2000, toAt: NOW - 1000, reason };
}

function settled(hello: Parameters<typeof helloOf>[0], next: number): string[] {
  return unsettledBefore(helloOf({ next: 100, ...hello }), next, NOW).map(
    ({ seq, lastSeq, reason }) => `${seq}-${lastSeq} ${reason}`,
  );
}

test('nothing is missing when the reporter has what comes next', () => {
  assert.deepEqual(settled({ oldest: 1 }, 1), []);
  assert.deepEqual(settled({ oldest: 5, acked: 9 }, 10), []);
  assert.deepEqual(settled({ oldest: 10 }, 10), []);
});

test('what was delivered and kept long enough is no loss', () => {
  assert.deepEqual(settled({ oldest: 10, acked: 9, delivered: 9 }, 1), ['1-9 expired:acked']);
  assert.deepEqual(settled({ oldest: 10, acked: 20, delivered: 20 }, 5), ['5-9 expired:acked']);
});

test('what an earlier life of the gateway had acked, no scraper had taken, and the spool had to drop is a loss', () => {
  assert.deepEqual(settled({ oldest: 10, acked: 20, delivered: 4 }, 5), ['5-9 gap:gateway_lost']);
  assert.deepEqual(settled({ oldest: 10, acked: 7, delivered: 4 }, 1), [
    '1-4 expired:acked',
    '5-7 gap:gateway_lost',
    '8-9 gap:unexplained',
  ]);
});

test('what nobody explains is a loss', () => {
  assert.deepEqual(settled({ oldest: 10, acked: 0 }, 1), ['1-9 gap:unexplained']);
  assert.deepEqual(settled({ oldest: 10, acked: 4, delivered: 4 }, 1), [
    '1-4 expired:acked',
    '5-9 gap:unexplained',
  ]);
  assert.deepEqual(settled({ oldest: 10, acked: 4 }, 7), ['7-9 gap:unexplained']);
});

test('told gaps, with what stands between and behind them', () => {
  assert.deepEqual(settled({ oldest: 10, gaps: [gap(1, 9)] }, 1), ['1-9 gap:spool_full']);
  assert.deepEqual(
    settled({ oldest: 20, acked: 4, delivered: 4, gaps: [gap(6, 9), gap(12, 15, 'corrupt')] }, 1),
    [
      '1-4 expired:acked',
      '5-5 gap:unexplained',
      '6-9 gap:spool_full',
      '10-11 gap:unexplained',
      '12-15 gap:corrupt',
      '16-19 gap:unexplained',
    ],
  );
});

test('gaps that are settled already, in part or in whole, are not told again', () => {
  assert.deepEqual(settled({ oldest: 20, gaps: [gap(1, 5), gap(6, 19)] }, 10), ['10-19 gap:spool_full']);
  assert.deepEqual(settled({ oldest: 20, gaps: [gap(1, 19)] }, 20), []);
});

test('a gap within what the reporter has is passed by skip, not here', () => {
  assert.deepEqual(settled({ oldest: 5, acked: 4, gaps: [gap(7, 8)] }, 5), []);
  assert.deepEqual(settled({ oldest: 5, gaps: [gap(3, 8)] }, 3), ['3-4 gap:spool_full']);
});

test('the gap’s times, never in the future', () => {
  const told = (fromAt: number, toAt: number) => {
    const hello = helloOf({ next: 9, oldest: 3, gaps: [{ from: 1, to: 2, fromAt, toAt, reason: 'x' }] });
    return unsettledBefore(hello, 1, NOW).map((entry) => [entry.fromAt, entry.at]);
  };
  assert.deepEqual(told(NOW - 5000, NOW - 10), [[NOW - 5000, NOW - 10]]);
  assert.deepEqual(told(NOW - 5000, Number.MAX_SAFE_INTEGER), [[NOW - 5000, NOW]]);
  assert.deepEqual(told(NOW + 1, NOW + 2), [[NOW, NOW]]);
});
