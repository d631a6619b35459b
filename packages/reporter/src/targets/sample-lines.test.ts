import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SampleLines } from './sample-lines.ts';

const TEXT = '# HELP a b\na 1\n\nB{x="1"} 2\n  # x\n_c 3\n:d 4\n#\nlast 5';

test('lines are counted, and those that begin with a name as samples, however they are cut', () => {
  const bytes = Buffer.from(TEXT);
  for (let size = 1; size <= bytes.length; size++) {
    const lines = new SampleLines();
    for (let at = 0; at < bytes.length; at += size) lines.add(bytes.subarray(at, at + size));
    lines.add(Buffer.alloc(0));
    assert.deepEqual([lines.samples, lines.lines], [5, 9], `pieces of ${size}`);
  }
});
