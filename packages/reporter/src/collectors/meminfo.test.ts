import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMeminfo } from './meminfo.ts';

test('kilobytes become bytes, parentheses an underscore, and counts keep their name', () => {
  const text =
    'MemTotal:       16 kB\nActive(anon):    2 kB\nHugePages_Total:       4\nHugepagesize:    2048 kB\n';
  assert.deepEqual(parseMeminfo(text), [
    { key: 'MemTotal_bytes', value: 16384 },
    { key: 'Active_anon_bytes', value: 2048 },
    { key: 'HugePages_Total', value: 4 },
    { key: 'Hugepagesize_bytes', value: 2097152 },
  ]);
});

test('a line cut in the middle, garbage and an unknown unit are errors that show the line', () => {
  assert.throws(() => parseMeminfo('MemTotal:  16 kB\nMemFr'), /expected "key: number \[kB\]": "MemFr"/);
  assert.throws(() => parseMeminfo('MemTotal:\n'), /"MemTotal:"/);
  assert.throws(() => parseMeminfo('MemTotal: lots kB\n'), /lots is no number: "MemTotal: lots kB"/);
  assert.throws(() => parseMeminfo('MemTotal: 16 MB\n'), /unknown unit MB/);
});
