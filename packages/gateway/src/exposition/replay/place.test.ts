import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '@tributary/shared/random';
import { LOG_START, type LogRange, type Place, type Position } from '../../ledger/ledger.ts';
import {
  lower,
  lowestUntaken,
  NOTHING_TAKEN,
  pendingSamples,
  placeAt,
  take,
  untaken,
  untakenWithin,
} from './place.ts';

const END = 40;
/** Entries have 1, 2 and 3 samples in turn; every seventh is a tombstone. */
const samplesAt = [0];
for (let i = 1; i <= END; i++) samplesAt.push((samplesAt[i - 1] ?? 0) + (i % 7 === 0 ? 0 : (i % 3) + 1));

function at(offset: number): Position {
  if (offset === 0) return LOG_START;
  return { offset, samples: samplesAt[offset] ?? 0, epoch: 'e', seq: offset };
}

function range(after: number, through: number): LogRange {
  return { after: at(after), through: at(through) };
}

/** The offsets that a place has not taken, one by one. */
function offsetsOf(place: Place): number[] {
  return untaken(place, at(END)).flatMap(({ after, through }) =>
    Array.from({ length: through.offset - after.offset }, (_, i) => after.offset + 1 + i),
  );
}

test('taking ranges, against a set of offsets (200 seeds)', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = randomOf(seed);
    const left = new Set(Array.from({ length: END }, (_, i) => i + 1));
    let place = NOTHING_TAKEN;
    for (let step = 0; step < 12; step++) {
      const after = Math.floor(random() * END);
      const through = after + 1 + Math.floor(random() * (END - after));
      place = take(place, [range(after, through)]);
      for (let offset = after + 1; offset <= through; offset++) left.delete(offset);
      const expected = [...left];
      assert.deepEqual(offsetsOf(place), expected, `seed ${seed}, step ${step}`);
      const samples = expected.reduce((sum, o) => sum + (samplesAt[o] ?? 0) - (samplesAt[o - 1] ?? 0), 0);
      assert.equal(pendingSamples(place, at(END)), samples);
      assert.equal(untakenWithin(place, 0, samplesAt[END] ?? 0), samples);
    }
  }
});

test('the lower of two places has taken only what both have (200 seeds)', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = randomOf(seed);
    const some = () => {
      let place = placeAt(at(Math.floor(random() * END)));
      for (let i = 0; i < 3; i++) {
        const after = Math.floor(random() * END);
        place = take(place, [range(after, after + 1 + Math.floor(random() * (END - after)))]);
      }
      return place;
    };
    const [a, b] = [some(), some()];
    const expected = [...new Set([...offsetsOf(a), ...offsetsOf(b)])].sort((x, y) => x - y);
    assert.deepEqual(offsetsOf(lower(a, b)), expected, `seed ${seed}`);
    assert.deepEqual(offsetsOf(lower(b, a)), expected, `seed ${seed}`);
    assert.equal(lowestUntaken(lower(a, b)), Math.min(lowestUntaken(a), lowestUntaken(b)));
  }
});

test('a range that is taken already leaves the very same place, so that it need not be saved again', () => {
  const place = take(placeAt(at(10)), [range(12, 20)]);
  assert.equal(take(place, [range(3, 9)]), place);
  assert.equal(take(place, [range(13, 20)]), place);
});

test('an interval counts as far as it is not taken', () => {
  const place = take(placeAt(at(10)), [range(15, 20)]);
  const from = samplesAt[8] ?? 0;
  const to = samplesAt[17] ?? 0;
  assert.equal(untakenWithin(place, from, to), (samplesAt[15] ?? 0) - (samplesAt[10] ?? 0));
});
