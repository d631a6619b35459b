import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader, ByteWriter } from './bytes.ts';

const WHOLES = [
  0,
  1,
  127,
  128,
  300,
  2 ** 32 - 1,
  2 ** 32,
  1_795_330_306_556,
  2 ** 52,
  Number.MAX_SAFE_INTEGER,
];

test('gives back whole numbers and texts in their order', () => {
  const out = new ByteWriter();
  for (const whole of WHOLES) out.uint(whole);
  for (const whole of WHOLES.slice(0, -1)) out.int(-whole);
  out.text('gap:spool_full');
  out.text('');
  out.text('ü'.repeat(5000));
  const source = new ByteReader(out.done());
  assert.deepEqual(
    WHOLES.map(() => source.uint()),
    WHOLES,
  );
  assert.deepEqual(
    WHOLES.slice(0, -1).map(() => source.int()),
    WHOLES.slice(0, -1).map((whole) => 0 - whole),
  );
  assert.deepEqual([source.text(), source.text(), source.text()], ['gap:spool_full', '', 'ü'.repeat(5000)]);
  assert.equal(source.left, 0);
});

test('refuses what is no whole number', () => {
  for (const value of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => new ByteWriter().uint(value), /is no whole number/);
  assert.throws(() => new ByteWriter().int(0.5), /is no whole number/);
});

test('never reads beyond the end, nor a number that is too long', () => {
  assert.throws(() => new ByteReader(Uint8Array.of()).uint(), /ends within a number/);
  assert.throws(() => new ByteReader(Uint8Array.of(0x80, 0x80)).uint(), /ends within a number/);
  assert.throws(() => new ByteReader(new Uint8Array(20).fill(0xff)).uint(), /too long/);
  assert.throws(() => new ByteReader(Uint8Array.of(3, 65, 66)).text(), /counts 3 things in 2 bytes/);
  assert.throws(() => new ByteReader(Uint8Array.of(1, 0xff)).text());
});
