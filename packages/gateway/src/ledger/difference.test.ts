import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '@tributary/shared/random';
import { differenceOf, patch } from './difference.ts';

const ANY = Number.POSITIVE_INFINITY;

function bytesOf(words: readonly number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

test('a copy of the one becomes the other, bit for bit, whatever their size and however much differs', () => {
  const random = randomOf(9);
  for (let round = 0; round < 500; round++) {
    const share = random();
    const wanted = Array.from({ length: random.below(200) }, () => random.below(2 ** 32));
    const base = wanted.map((word) => (random() < share ? random.below(2 ** 32) : word));
    const difference = differenceOf(bytesOf(wanted), bytesOf(base), ANY);
    assert.ok(difference);
    const made = bytesOf(base);
    patch(made, difference);
    assert.deepEqual(made, bytesOf(wanted));
  }
});

test('it has the words that differ, and a bit of each', () => {
  const wanted = Array.from({ length: 64 }, (_, i) => i);
  const base = wanted.map((word, i) => (i === 31 || i === 40 ? 99 : word));
  assert.deepEqual(
    differenceOf(bytesOf(wanted), bytesOf(base), ANY),
    Uint32Array.of(2 ** 31, 2 ** 8, 31, 40),
  );
});

test('there is none of different sizes, of odd places, and of more than is allowed', () => {
  const [a, b] = [bytesOf([1, 2, 3]), bytesOf([1, 2, 4])];
  assert.equal(differenceOf(a, bytesOf([1, 2]), ANY), null);
  assert.equal(differenceOf(new Uint8Array(13).subarray(1), b, ANY), null);
  assert.equal(differenceOf(a, b, 7), null);
  assert.equal(differenceOf(a, b, 8)?.byteLength, 8);
});
