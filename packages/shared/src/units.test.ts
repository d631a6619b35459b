import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, formatSize, parseDuration, parseSize } from './units.ts';

/** As in Prometheus's own test of `model.ParseDuration`, and a few. */
const DURATIONS: [text: string, ms: number][] = [
  ['0', 0],
  ['0s', 0],
  ['0w', 0],
  ['324ms', 324],
  ['3s', 3_000],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['4d', 345_600_000],
  ['4d1h', 349_200_000],
  ['14d', 1_209_600_000],
  ['3w', 1_814_400_000],
  ['3w2d1h', 1_990_800_000],
  ['8y', 252_288_000_000],
  ['1h30m', 5_400_000],
  ['90m', 5_400_000],
  ['007s', 7_000],
];

test('durations are read as Prometheus reads them', () => {
  for (const [text, ms] of DURATIONS) assert.equal(parseDuration(text), ms, text);
});

test('what is no duration for Prometheus is none here', () => {
  const texts = [
    '',
    '1',
    '1y1m1d',
    '-1w',
    '1.5d',
    'd',
    '1m1h',
    '1s1s',
    '1H',
    ' 1s',
    '1s ',
    '1s\n',
    '1h 30m',
    '+1s',
    '١s',
  ];
  for (const text of texts) assert.equal(parseDuration(text), undefined, JSON.stringify(text));
});

test('a duration that is not exact in ms is none', () => {
  assert.equal(parseDuration('9007199254740991ms'), Number.MAX_SAFE_INTEGER);
  assert.equal(parseDuration('9007199254740992ms'), undefined);
  assert.equal(parseDuration(`${'9'.repeat(400)}y`), undefined);
});

test('a duration is written with each unit once, the largest first', () => {
  const written = [0, 1, 999, 1000, 90_000, 5_400_000, 86_400_000, 694_861_001].map(formatDuration);
  assert.deepEqual(written, ['0s', '1ms', '999ms', '1s', '1m30s', '1h30m', '1d', '8d1h1m1s1ms']);
});

test('what is written is read as the same', () => {
  for (const [, ms] of DURATIONS) assert.equal(parseDuration(formatDuration(ms)), ms);
  for (const bytes of [0, 1, 1023, 1024, 1025, 3 * 2 ** 30, 2 ** 50, 2 ** 53 - 1]) {
    assert.equal(parseSize(formatSize(bytes)), bytes);
  }
});

test('sizes are powers of two', () => {
  const sizes = ['0', '0B', '5B', '1KB', '512MB', '2GB', '1TB', '7PB'].map(parseSize);
  assert.deepEqual(sizes, [0, 0, 5, 1024, 2 ** 29, 2 ** 31, 2 ** 40, 7 * 2 ** 50]);
});

test('what is no size is none', () => {
  const texts = [
    '',
    '1',
    'MB',
    '1.5GB',
    '-1B',
    '1mb',
    '1 MB',
    '1MB ',
    '1MB\n',
    '1EB',
    '1MiB',
    '8PB',
    `${'9'.repeat(400)}B`,
  ];
  for (const text of texts) assert.equal(parseSize(text), undefined, JSON.stringify(text));
});

test('a size is written in the largest unit that is exact', () => {
  const written = [0, 1, 1023, 1024, 1536, 2 ** 29, 2 ** 31, 2 ** 31 + 1024, 2 ** 60].map(formatSize);
  assert.deepEqual(written, ['0B', '1B', '1023B', '1KB', '1536B', '512MB', '2GB', '2097153KB', '1024PB']);
});
