import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRoom } from './make-room.ts';
import type { PackPortion } from './messages.ts';

/** Answers one after the other. */
function portions<T>(...answers: T[]): () => Promise<T> {
  return async () => {
    const answer = answers.shift();
    assert.ok(answer !== undefined, 'asked for one portion too many');
    return answer;
  };
}

test('goes on by portions, and adds up', async () => {
  const places: unknown[] = [];
  const packs = portions<PackPortion>({ packed: 1, next: 7 }, { packed: 0, next: null });
  const counts = await makeRoom({
    trimAge: portions(
      { removed: 2, more: true, full: false, shapes: [] },
      { removed: 1, more: false, full: false, shapes: [] },
    ),
    pack: async (from) => {
      places.push(from);
      return await packs();
    },
    trimSize: portions({ removed: 4, more: false, full: true, shapes: [] }),
  });
  assert.deepEqual(counts, { age: 3, size: 4, full: true, failure: null });
  assert.deepEqual(places, [0, 7]);
});

test('where nothing can be packed, what is too much goes nevertheless, and is counted', async () => {
  const { failure, ...counts } = await makeRoom({
    trimAge: portions({ removed: 1, more: false, full: false, shapes: [] }),
    pack: () => Promise.reject(new Error('no room for a block')),
    trimSize: portions({ removed: 5, more: false, full: false, shapes: [] }),
  });
  assert.deepEqual(counts, { age: 1, size: 5, full: false });
  assert.equal(failure?.message, 'no room for a block');
});

test('what was removed before something failed is counted', async () => {
  let portion = 0;
  const counts = await makeRoom({
    trimAge: portions({ removed: 5, more: false, full: false, shapes: [] }),
    pack: portions<PackPortion>({ packed: 0, next: null }),
    trimSize: async () => {
      if (portion++ > 0) throw new Error('disk full');
      return { removed: 100, more: true, full: false, shapes: [] };
    },
  });
  assert.deepEqual(
    { ...counts, failure: counts.failure?.message },
    { age: 5, size: 100, full: null, failure: 'disk full' },
  );
});
