import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onlyValue, readSamples, sumsBy } from './samples.ts';

test('reads what the gateway writes', () => {
  const samples = readSamples(`# HELP a b
# TYPE a gauge
a 1
b{x="1",y="a\\"b\\\\c\\nd}, "} 2.5
b{x="2"} +Inf 1795000000000
b{x="1"} 4
<html>
c NaN
`);
  assert.equal(onlyValue(samples, 'a'), 1);
  assert.equal(onlyValue(samples, 'nothing'), null);
  assert.deepEqual(samples.get('b')?.[0], { labels: { x: '1', y: 'a"b\\c\nd}, ' }, value: 2.5 });
  assert.deepEqual(
    sumsBy(samples.get('b') ?? [], 'x'),
    new Map([
      ['1', 6.5],
      ['2', Infinity],
    ]),
  );
  assert.equal(onlyValue(samples, 'c'), Number.NaN);
});
