import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW } from '../link/test-support.ts';
import { parseMoment } from './moment.ts';

test('the three forms of a moment', () => {
  const cases: readonly [text: string, at: number][] = [
    ['1795330000', NOW],
    ['1795330000.25', NOW + 250],
    ['0', 0],
    [new Date(NOW).toISOString(), NOW],
    ['2026-11-22T05:26:40z', Date.UTC(2026, 10, 22, 5, 26, 40)],
    ['2026-11-22T06:26:40+01:00', Date.UTC(2026, 10, 22, 5, 26, 40)],
    ['2026-11-22T06:26:40 01:00', Date.UTC(2026, 10, 22, 5, 26, 40)],
    ['2026-11-22T03:26:40-02:00', Date.UTC(2026, 10, 22, 5, 26, 40)],
    ['1960-01-01T00:00:00Z', 0],
    ['30m', NOW - 1_800_000],
    ['1h30m', NOW - 5_400_000],
    ['100y', 0],
  ];
  for (const [text, at] of cases) assert.equal(parseMoment(text, NOW), at, text);
});

test('what is no moment', () => {
  // A time without its zone would be read in the gateway's.
  for (const text of [
    '',
    'soon',
    '-5',
    '1e9',
    '2026-11-22',
    '2026-11-22T05:26:40',
    '2026-13-22T05:26:40Z',
    '30 m',
  ])
    assert.equal(parseMoment(text, NOW), undefined, text);
});
