import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rivals } from './rivals.ts';

test('a new spool is no rival, one that comes back is', () => {
  const rivals = new Rivals();
  for (const [i, epoch] of ['a', 'a', 'b', 'b', 'c'].entries()) rivals.welcome(epoch, '10.0.0.1:9', i);
  assert.equal(rivals.returned, null);
  rivals.welcome('b', '10.0.0.2:9', 7);
  rivals.welcome('c', '10.0.0.1:8', 8);
  assert.deepEqual(rivals.returned, { times: 2, last: 8, address: '10.0.0.1' });
  assert.equal(rivals.refused, null);
});

test('who is refused is counted, and follows the clock', () => {
  const rivals = new Rivals();
  rivals.refuse('[::1]:9', 5);
  rivals.refuse('10.0.0.1:9', 6);
  rivals.clockStepped(100);
  assert.deepEqual(rivals.refused, { times: 2, last: 106, address: '10.0.0.1' });
});
