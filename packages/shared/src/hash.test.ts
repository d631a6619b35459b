import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fnv1a32, fnv1a32Bytes } from './hash.ts';

/** From draft-eastlake-fnv and Landon Curt Noll's test_fnv.c: FNV-1a, 32 bits. */
const VECTORS: [text: string, hash: number][] = [
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['b', 0xe70c2de5],
  ['c', 0xe60c2c52],
  ['d', 0xe10c2473],
  ['e', 0xe00c22e0],
  ['f', 0xe30c2799],
  ['fo', 0x6222e842],
  ['foo', 0xa9f37ed7],
  ['foob', 0x3f5076ef],
  ['fooba', 0x39aaa18a],
  ['foobar', 0xbf9cf968],
  ['\0', 0x050c5d1f],
];

test('the published vectors', () => {
  for (const [text, hash] of VECTORS) assert.equal(fnv1a32(text), hash, JSON.stringify(text));
});

test('text is hashed by its UTF-8 bytes', () => {
  assert.equal(fnv1a32('é'), fnv1a32Bytes(Uint8Array.of(0xc3, 0xa9)));
  assert.equal(fnv1a32('😀'), fnv1a32Bytes(Uint8Array.of(0xf0, 0x9f, 0x98, 0x80)));
});

test('a hash is an unsigned number of 32 bits', () => {
  for (let i = 0; i < 1000; i++) {
    const hash = fnv1a32(`web-${i}`);
    assert.ok(Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32);
  }
});

test('hosts named alike are spread over few shards and over a tick', () => {
  const counts = new Uint32Array(8);
  for (let i = 0; i < 8000; i++) {
    const shard = fnv1a32(`web-${i}.example.org`) % 8;
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  assert.ok(
    counts.every((count) => count > 800 && count < 1200),
    counts.join(' '),
  );
});
