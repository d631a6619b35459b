import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStatCollector, parseSoftirqLine, parseStat } from './stat.ts';
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

test('softirqs of each vector are told when asked for', async (t) => {
  const line = 'softirq 66 1 2 3 4 5 6 7 8 9 10\n';
  const roots = temporaryRoots(t, { 'proc/stat': `ctxt 17\n${line}` });
  const text = await renderOnce(createStatCollector(roots, true));
  const samples = samplesOf(text, 'node_softirqs_total');
  assert.equal(samples[0], '{vector="hi"} 1');
  assert.equal(samples.at(-1), '{vector="rcu"} 10');
  assert.ok(!(await renderOnce(createStatCollector(roots))).includes('softirq'));
  assert.throws(() => parseSoftirqLine('ctxt 17\n'), /the line of softirqs is missing/);
  assert.throws(() => parseSoftirqLine('softirq 66 1\n'), /too few fields/);
});
