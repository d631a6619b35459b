import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCpuShortage, parseWaiting } from './cpu-shortage.ts';

test('the kernel’s share of waiting is read', () => {
  const text =
    'some avg10=1.50 avg60=2.00 avg300=0.10 total=1\nfull avg10=9.00 avg60=0.00 avg300=0.00 total=0\n';
  assert.equal(parseWaiting(text), 0.015);
  assert.equal(parseWaiting('full avg10=9.00 avg60=0 avg300=0 total=0\n'), null);
  assert.equal(parseWaiting(''), null);
});

test('half of the time waiting is short, a fifth is not calm yet', (t) => {
  const proc = mkdtempSync(join(tmpdir(), 'proc-'));
  t.after(() => rmSync(proc, { recursive: true }));
  mkdirSync(join(proc, 'pressure'));
  const shortage = createCpuShortage(proc);
  const states = [0, 19.9, 20, 49.99, 50, 100].map((percent) => {
    writeFileSync(
      join(proc, 'pressure/cpu'),
      `some avg10=${percent.toFixed(2)} avg60=0.00 avg300=0.00 total=1\n`,
    );
    return shortage();
  });
  assert.deepEqual(states, ['calm', 'calm', 'between', 'between', 'short', 'short']);
});

test('without the file, the load average answers', () => {
  assert.ok(['short', 'between', 'calm'].includes(createCpuShortage('/nowhere')()));
});
