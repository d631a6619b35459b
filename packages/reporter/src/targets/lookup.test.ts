import assert from 'node:assert/strict';
import { lookup as lookupOfNode } from 'node:dns';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createLookup, type LookupAll } from './lookup.ts';

/** A resolver that answers when it is told to: a real one that hangs cannot be had on every machine. */
function slowResolver() {
  const asked: { readonly name: string; answer(error: Error | null): void }[] = [];
  const lookup: LookupAll = (name, _, callback) => {
    const answer = (error: Error | null) =>
      callback(error, error === null ? [{ address: '192.0.2.1', family: 4 }] : []);
    asked.push({ name, answer });
  };
  return { asked, lookup, names: () => asked.map(({ name }) => name) };
}

test('localhost needs no resolver', async () => {
  const { lookup, names } = slowResolver();
  const resolve = promisify(createLookup(lookup));
  assert.deepEqual(await resolve('localhost', { all: true }), [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ]);
  assert.equal(await resolve('localhost', {}), '127.0.0.1');
  assert.deepEqual(names(), []);
});

test('a name is asked for once at a time, and two names at most', async () => {
  const { asked, lookup, names } = slowResolver();
  const resolve = promisify(createLookup(lookup));
  const first = [resolve('a', { all: true }), resolve('a', {})];
  const second = resolve('b', {});
  const third = resolve('c', {});
  await new Promise(setImmediate);
  assert.deepEqual(names(), ['a', 'b']);
  asked[0]?.answer(null);
  assert.deepEqual(await Promise.all(first), [[{ address: '192.0.2.1', family: 4 }], '192.0.2.1']);
  await new Promise(setImmediate);
  assert.deepEqual(names(), ['a', 'b', 'c']);
  asked[1]?.answer(new Error('there is no b'));
  await assert.rejects(second, /there is no b/);
  asked[2]?.answer(null);
  assert.equal(await third, '192.0.2.1');
  const again = resolve('a', {});
  await new Promise(setImmediate);
  assert.deepEqual(names(), ['a', 'b', 'c', 'a']);
  asked[3]?.answer(null);
  await again;
});

test('names that never get an answer are a bounded number', async () => {
  const { lookup, names } = slowResolver();
  const resolve = promisify(createLookup(lookup, 1));
  const waiting = Array.from({ length: 512 }, (_, i) => resolve(`n${i}`, {}));
  await assert.rejects(resolve('another', {}), { code: 'EAGAIN', message: /too many other names/ });
  void resolve('n0', {});
  await new Promise(setImmediate);
  assert.deepEqual([names(), waiting.length], [['n0'], 512]);
});

test('with the resolver of the system', async () => {
  const resolve = promisify(createLookup(lookupOfNode));
  assert.equal(await resolve('127.0.0.1', {}), '127.0.0.1');
});
