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

const NOTHING_GOES = { removed: 0, more: false, full: false, shapes: [] };
const BYTES_MAX = 1000;

/** A ledger of so many bytes that are not packed; by each policy, a portion packs so many, until it has done so many portions. */
function packing(unpacked: number, can: readonly [bytes: number, portions: number][]) {
  const asked: string[] = [];
  const pack = async (from: number, tightness: number): Promise<PackPortion> => {
    asked.push(`${tightness} from ${from}`);
    const [bytes = 0, count = 1] = can[tightness] ?? [];
    return { packed: 1, bytes, left: from === 0 ? unpacked : 0, next: from + 1 < count ? from + 1 : null };
  };
  return { asked, pack };
}

test('goes on by portions, and adds up', async () => {
  const { asked, pack } = packing(250, [[0, 2]]);
  const counts = await makeRoom({
    bytesMax: BYTES_MAX,
    trimAge: portions(
      { removed: 2, more: true, full: false, shapes: [] },
      { removed: 1, more: false, full: false, shapes: [] },
    ),
    pack,
    trimSize: portions(
      { removed: 4, more: true, full: false, shapes: [] },
      { removed: 3, more: false, full: false, shapes: [] },
    ),
  });
  assert.deepEqual(counts, { age: 3, size: 7, full: false, failure: null });
  assert.deepEqual(asked, ['0 from 0', '0 from 1'], 'a quarter of the room is little enough');
});

test('where much is not packed, packing is tightened until it is little enough, before anything goes', async () => {
  const { asked, pack } = packing(700, [
    [0, 1],
    [50, 3],
    [100, 5],
  ]);
  await makeRoom({
    bytesMax: BYTES_MAX,
    trimAge: portions(NOTHING_GOES),
    pack,
    trimSize: async () => {
      asked.push('size');
      return NOTHING_GOES;
    },
  });
  const gentle = ['1 from 0', '1 from 1', '1 from 2'];
  const harder = ['2 from 0', '2 from 1', '2 from 2'];
  assert.deepEqual(asked, ['0 from 0', ...gentle, ...harder, 'size'], '700 - 3 × 50 - 3 × 100 are 250');
});

test('what is fresh is packed only where it takes up half of the room', async () => {
  const { asked, pack } = packing(700, [
    [0, 1],
    [150, 1],
    [50, 1],
    [10, 3],
  ]);
  const room = { bytesMax: BYTES_MAX, trimAge: async () => NOTHING_GOES, trimSize: async () => NOTHING_GOES };
  await makeRoom({ ...room, pack });
  assert.deepEqual(asked, ['0 from 0', '1 from 0', '2 from 0']);
  const more = packing(715, [
    [0, 1],
    [150, 1],
    [50, 1],
    [10, 3],
  ]);
  await makeRoom({ ...room, pack: more.pack });
  assert.deepEqual(more.asked, ['0 from 0', '1 from 0', '2 from 0', '3 from 0', '3 from 1']);
});

test('before it is said that all is full, everything is packed', async () => {
  const { asked, pack } = packing(100, [
    [0, 1],
    [0, 1],
    [0, 1],
    [30, 2],
  ]);
  const full = { ...NOTHING_GOES, removed: 1, full: true };
  const room = { bytesMax: BYTES_MAX, trimAge: async () => NOTHING_GOES };
  const counts = await makeRoom({ ...room, pack, trimSize: portions(full, NOTHING_GOES) });
  assert.deepEqual(counts, { age: 0, size: 1, full: false, failure: null });
  assert.deepEqual(asked, ['0 from 0', '3 from 0', '3 from 1']);
  const still = await makeRoom({ ...room, pack, trimSize: portions(full, full) });
  assert.deepEqual(still, { age: 0, size: 2, full: true, failure: null });
  const none = packing(0, []);
  const all = await makeRoom({ ...room, pack: none.pack, trimSize: portions(full) });
  assert.deepEqual([all.full, none.asked], [true, ['0 from 0']], 'nothing is left to pack');
});

test('where nothing can be packed, what is too much goes nevertheless, and is counted', async () => {
  const { failure, ...counts } = await makeRoom({
    bytesMax: BYTES_MAX,
    trimAge: portions({ removed: 1, more: false, full: false, shapes: [] }),
    pack: () => Promise.reject(new Error('no room for a block')),
    trimSize: portions({ removed: 5, more: false, full: true, shapes: [] }),
  });
  assert.deepEqual(counts, { age: 1, size: 5, full: true });
  assert.equal(failure?.message, 'no room for a block');
});

test('what was removed before something failed is counted', async () => {
  let portion = 0;
  const counts = await makeRoom({
    bytesMax: BYTES_MAX,
    trimAge: portions({ removed: 5, more: false, full: false, shapes: [] }),
    pack: packing(0, []).pack,
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
