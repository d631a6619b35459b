import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStatCollector, parseStat } from './stat.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('takes the first number of each line it knows', () => {
  const stat = parseStat('cpu  1 2 3 4\nintr 98231177 9 0 0\nctxt 77\nbtime 1771920000\nsoftirq 1 2 3\n');
  assert.deepEqual(
    [...stat],
    [
      ['intr', 98231177],
      ['ctxt', 77],
      ['btime', 1771920000],
    ],
  );
});

test('a line that this kernel does not have is left out', async (t) => {
  const text = await renderOnce(createStatCollector(temporaryRoots(t, { 'proc/stat': 'ctxt 77\n' })));
  assert.deepEqual(samplesOf(text, 'node_context_switches_total'), ['77']);
  assert.doesNotMatch(text, /node_intr_total/);
});

test('garbage, a cut line and an empty file are errors', () => {
  assert.throws(() => parseStat('ctxt many\n'), /many is no number: "ctxt many"/);
  assert.throws(() => parseStat('intr 4\nctxt'), /too few fields: "ctxt"/);
  assert.throws(() => parseStat(''), /none of the expected lines/);
});

test('the endless line of interrupts is shown cut', () => {
  assert.throws(
    () => parseStat(`intr x${' 0'.repeat(5000)}\n`),
    (error: Error) => error.message.length < 200 && error.message.includes('…'),
  );
});
