import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeGroups, type EncodableGroup, encodeGroups } from './codec.ts';

const { NaN: NAN, POSITIVE_INFINITY: INF, NEGATIVE_INFINITY: MINUS_INF } = Number;

function group(
  at: number,
  values: readonly number[],
  absent: readonly number[] | null = null,
): EncodableGroup {
  return {
    at,
    column: { values: Float64Array.from(values), absent: absent === null ? null : Uint8Array.from(absent) },
  };
}

function roundTrip(groups: readonly EncodableGroup[]): EncodableGroup[] {
  return decodeGroups(encodeGroups(groups));
}

test('gives back every kind of value, bit by bit', () => {
  const values = [NAN, INF, MINUS_INF, -0, 0, 5e-324, Number.MAX_VALUE, -1.5, Number.MAX_SAFE_INTEGER];
  const [back] = roundTrip([group(1_795_330_306_556, values)]);
  assert.equal(back?.at, 1_795_330_306_556);
  assert.equal(back.column.absent, null);
  // deepEqual of node:assert/strict tells -0 from 0 and takes NaN for itself.
  assert.deepEqual([...back.column.values], values);
});

test('keeps which values are absent, at every length of the bitmap', () => {
  for (const length of [1, 7, 8, 9, 63, 64, 65, 200]) {
    const values = Array.from({ length }, (_, i) => i);
    const absent = values.map((i) => (i % 3 === 0 || i === length - 1 ? 1 : 0));
    const groups = [group(1, values, absent), group(2, values), group(3, values, absent)];
    assert.deepEqual(roundTrip(groups), groups, `length ${length}`);
  }
});

test('takes no groups at all, and groups without series', () => {
  assert.deepEqual(roundTrip([]), []);
  assert.deepEqual(roundTrip([group(7, []), group(8, [], [])]), [group(7, []), group(8, [], [])]);
});

test('copies: neither the columns that went in nor the bytes that came are held on to', () => {
  const given = group(1, [1, 2]);
  const bytes = encodeGroups([given]);
  given.column.values.fill(9);
  const [back] = decodeGroups(bytes);
  bytes.fill(0);
  assert.deepEqual([...(back?.column.values ?? [])], [1, 2]);
});

test('reads bytes at any alignment, as a driver may give them', () => {
  const bytes = encodeGroups([group(1, [1.5, 2.5], [0, 1])]);
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  assert.deepEqual(decodeGroups(shifted), [group(1, [1.5, 2.5], [0, 1])]);
});

test('a payload that ends anywhere but at its end is refused', () => {
  const bytes = encodeGroups([group(1, [1, 2, 3], [0, 1, 0]), group(2, [4])]);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeGroups(bytes.subarray(0, length)), /payload/, `cut at ${length}`);
  }
  assert.throws(() => decodeGroups(Uint8Array.of(...bytes, 0)), /goes on behind/);
});

test('foreign bytes are refused, whatever lengths they claim', () => {
  assert.throws(() => decodeGroups(new TextEncoder().encode('this is no payload at all')), /not a payload/);
  const claims = encodeGroups([group(1, [1])]);
  new DataView(claims.buffer).setUint32(16, 0xffff_ffff, true);
  assert.throws(() => decodeGroups(claims), /ends within a column/);
  const manyGroups = encodeGroups([]);
  new DataView(manyGroups.buffer).setUint32(4, 0xffff_ffff, true);
  assert.throws(() => decodeGroups(manyGroups), /ends within a group/);
});
