import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIoreg } from './ioreg-text.ts';
import { fixture } from './sources-test-support.ts';

test('each disk has the counters of its own driver, and an empty drive is none', () => {
  const disks = parseIoreg(fixture('ioreg-macos.txt'));
  assert.deepEqual([...disks.keys()], ['disk0', 'disk4']);
  assert.equal(disks.get('disk0')?.get('Bytes (Read)'), 31897657344);
  assert.equal(disks.get('disk0')?.get('Total Time (Write)'), 67313671632);
  assert.equal(disks.get('disk4')?.get('Operations (Write)'), 909);
});

test('a host without disks has none', () => {
  assert.equal(parseIoreg('').size, 0);
  assert.equal(parseIoreg('"BSD Name" = "disk0"\n').size, 0);
});
