import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

test('one turn for each round of the event loop, in the order of asking', async () => {
  const turns = new Turns();
  const took: string[] = [];
  let rounds = 0;
  const count = setInterval(() => {}, 1);
  const tick = () => {
    rounds++;
    took.push('-');
    if (rounds < 20) setImmediate(tick);
  };
  setImmediate(tick);
  const work = async (name: string) => {
    for (let i = 0; i < 3; i++) {
      await turns.next();
      took.push(name);
    }
  };
  await Promise.all(['a', 'b', 'c'].map(work));
  clearInterval(count);
  assert.equal(took.filter((name) => name !== '-').join(''), 'abcabcabc');
  // Never two without a round between them.
  assert.doesNotMatch(took.join(''), /[abc]{2}/);
});

test('it can be asked again when nobody waits', async () => {
  const turns = new Turns();
  for (let i = 0; i < 3; i++) await turns.next();
});
