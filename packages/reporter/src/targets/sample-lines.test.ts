import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SampleLines } from './sample-lines.ts';

const TEXT = '# HELP a b\na 1\n\nB{x="1"} 2\n  # x\n_c 3\n:d 4\n#\nlast 5';

test('lines that begin with a name are samples, however they are cut', () => {
  const bytes = Buffer.from(TEXT);
  for (let size = 1; size <= bytes.length; size++) {
    const lines = new SampleLines();
    let count = 0;
    for (let at = 0; at < bytes.length; at += size) count = lines.add(bytes.subarray(at, at + size));
    assert.equal(count, 5, `pieces of ${size}`);
    assert.equal(lines.add(Buffer.alloc(0)), 5);
  }
});
