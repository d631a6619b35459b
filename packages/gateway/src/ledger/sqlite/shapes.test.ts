import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { randomOf } from '@tributary/shared/random';
import Database from 'better-sqlite3';
import { encodeGroups } from '../codec.ts';
import type { WireEntry } from './messages.ts';
import { PACK_ALL, PACK_POLICY } from './pack-policy.ts';
import { Store } from './store.ts';

const MINUTE_MS = 60_000;

function bench(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-shapes-'));
  const store = new Store(folder, 0);
  const reader = new Database(join(folder, 'ledger.sqlite'), { readonly: true });
  t.after(() => {
    reader.close();
    store.close();
    rmSync(folder, { recursive: true });
  });
  let seq = 0;
  const append = (at: number, ...shapes: string[]) => {
    seq++;
    const column = { values: Float64Array.of(seq), absent: null };
    const payload = encodeGroups(shapes.map(() => ({ at, column })));
    const entry: WireEntry = {
      seq,
      lastSeq: seq,
      fromAt: at,
      at,
      contentHash: 1,
      reason: null,
      samples: shapes.length,
      shapes,
      payload,
    };
    const bodies = shapes.map((hash) => ({ hash, body: `body of ${hash}` }));
    store.commit([{ host: 'web-1', epoch: 'e1', entries: [entry] }], bodies, PACK_POLICY, 0);
  };
  const trim = (olderThan: number) =>
    store.trimAge({ olderThan, bytesMax: Number.MAX_SAFE_INTEGER, undelivered: new Map(), keepSince: 0 })
      .shapes;
  const pack = () => store.pack(0, PACK_ALL, 0);
  const read = () =>
    store.read([{ host: 'web-1', after: 0, entriesMax: 1000, weightMax: 100_000, atLeastOne: true }]);
  const lastAt = (hash: string) =>
    reader.prepare('SELECT last_at FROM shapes WHERE hash = ?').pluck().get(hash) as number | undefined;
  return { append, trim, pack, read, lastAt };
}

test('the time of a shape follows its entries in steps of a minute, and never back', (t) => {
  const { append, lastAt } = bench(t);
  const times = [10, 10.5, 11, 11.9, 3, 12].map((minutes) => {
    append(minutes * MINUTE_MS, 'a');
    return (lastAt('a') ?? 0) / MINUTE_MS;
  });
  assert.deepEqual(times, [10, 10, 11, 11, 11, 12]);
});

test('a shape stays while an entry may name it, and goes when none can', (t) => {
  const { append, trim, read, lastAt } = bench(t);
  append(10 * MINUTE_MS, 'old');
  // Within the step, so that only the entry knows that the shape was in use by then.
  append(10.9 * MINUTE_MS, 'old');
  append(30 * MINUTE_MS, 'new');
  assert.deepEqual(trim(10.5 * MINUTE_MS), []);
  assert.equal(read().lists[0]?.length, 2);
  assert.deepEqual(trim(20 * MINUTE_MS), ['old']);
  assert.equal(lastAt('old'), undefined);
  append(31 * MINUTE_MS, 'old');
  const { lists, shapes } = read();
  assert.equal(lists[0]?.length, 2);
  assert.deepEqual(
    shapes.map(({ hash }) => hash),
    ['new', 'old'],
  );
});

test('without entries no shape stays', (t) => {
  const { append, trim } = bench(t);
  append(10 * MINUTE_MS, 'a', 'b');
  assert.deepEqual(trim(11 * MINUTE_MS).toSorted(), ['a', 'b']);
});

for (const isPacked of [false, true]) {
  const how = isPacked ? 'trims and packing' : 'trims';
  test(`random appends and ${how}: no entry ever names a shape that is gone`, (t) => {
    const { append, trim, pack, read } = bench(t);
    const random = randomOf(5);
    let at = 1_000 * MINUTE_MS;
    let gone = 0;
    for (let i = 0; i < 400; i++) {
      at += random.below(MINUTE_MS);
      // Hosts' clocks differ: times do not only rise.
      append(at - random.below(5 * MINUTE_MS), `${Math.floor(i / 7)}`, `${i % 11}`);
      if (isPacked && i % 5 === 0) pack();
      if (i % 13 === 0) gone += trim(at - 20 * MINUTE_MS).length;
      read();
    }
    assert.ok(gone > 10, `${gone} gone`);
  });
}
