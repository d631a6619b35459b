/** The ledger's contract as tests. Every implementation runs them; see the comment of `ledger.ts` for the words. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { randomOf } from '@tributary/shared/random';
import {
  type BatchEntry,
  type Ledger,
  LedgerClosedError,
  LedgerGapError,
  LOG_START,
  type Position,
  positionOf,
  type StoredEntry,
} from './ledger.ts';
import { batch, NO_BOUNDS, NOTHING_GONE, SHAPE, tombstone } from './ledger-test-support.ts';

function at(offset: number, samples: number, epoch: string, seq: number): Position {
  return { offset, samples, epoch, seq };
}

const from = (host: string, after = 0) => ({ host, after });

async function seqs(ledger: Ledger, host: string, after = 0, limit = 1000): Promise<number[]> {
  return (await ledger.read(host, after, limit)).map((entry) => entry.seq);
}

/** Of whatever class it is. */
function plain(entry: StoredEntry): unknown {
  const { kind, seq, at, contentHash, epoch, offset, samples, samplesThrough } = entry;
  const own = entry.kind === 'batch' ? entry.groups : [entry.lastSeq, entry.fromAt, entry.reason];
  return { kind, seq, at, contentHash, epoch, offset, samples, samplesThrough, own };
}

export function ledgerContract(name: string, open: (folder: string) => Promise<Ledger>): void {
  const check = (title: string, body: (ledger: Ledger, reopen: () => Promise<Ledger>) => Promise<void>) =>
    test(title, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tributary-ledger-'));
      let ledger = await open(folder);
      try {
        await body(ledger, async () => {
          await ledger.close();
          ledger = await open(folder);
          return ledger;
        });
      } finally {
        await ledger.close();
        await rm(folder, { recursive: true });
      }
    });

  describe(`ledger contract: ${name}`, () => {
    check('gives back what was appended, in order, with its values', async (ledger) => {
      await ledger.append('web-1', 'e1', [batch(1), batch(2)]);
      await ledger.append('web-1', 'e1', [tombstone(3, 5)]);
      const [first, second, third] = await ledger.read('web-1', 0, 10);
      assert.ok(first?.kind === 'batch' && second?.kind === 'batch' && third?.kind === 'tombstone');
      assert.deepEqual([first.offset, second.offset, third.offset], [1, 2, 3]);
      assert.deepEqual(first.groups, batch(1).groups);
      assert.equal(second.contentHash, 14);
      const { offset: _, epoch: __, samples: ___, samplesThrough: ____, ...stored } = third;
      assert.deepEqual(stored, tombstone(3, 5));
    });

    check('reads from a position, at most a limit', async (ledger) => {
      await ledger.append('web-1', 'e1', [batch(1), batch(2), batch(3), batch(4)]);
      assert.deepEqual(await seqs(ledger, 'web-1', 1, 2), [2, 3]);
      assert.deepEqual(await seqs(ledger, 'web-1', 4), []);
      assert.deepEqual(await seqs(ledger, 'nobody'), []);
    });

    check('is idempotent by host, epoch and seq', async (ledger) => {
      await ledger.append('web-1', 'e1', [batch(1), batch(2)]);
      await ledger.append('web-1', 'e1', [batch(1, 1000, 99), batch(2), batch(3)]);
      assert.deepEqual(await seqs(ledger, 'web-1'), [1, 2, 3]);
      await ledger.append('web-1', 'e2', [batch(1)]);
      await ledger.append('web-2', 'e1', [batch(1)]);
      assert.deepEqual(await seqs(ledger, 'web-1'), [1, 2, 3, 1]);
      assert.deepEqual(await seqs(ledger, 'web-2'), [1]);
    });

    check('refuses a hole, and keeps nothing of that append', async (ledger) => {
      await ledger.append('web-1', 'e1', [batch(1)]);
      const [hole, good] = await Promise.allSettled([
        ledger.append('web-1', 'e1', [batch(2), batch(4)]),
        ledger.append('web-2', 'e1', [batch(7)]),
      ]);
      assert.ok(hole.status === 'rejected' && hole.reason instanceof LedgerGapError);
      assert.match(hole.reason.message, /web-1.*seq 4 came where 3 is next/);
      assert.equal(good.status, 'fulfilled');
      assert.deepEqual(await seqs(ledger, 'web-1'), [1]);
      assert.deepEqual(await seqs(ledger, 'web-2'), [7]);
    });

    check('knows where a stream stands, after everything appended before', async (ledger) => {
      assert.deepEqual(await ledger.stream('web-1', 'e1'), {
        next: null,
        lastHash: 0,
        lastAt: 0,
        nextOffset: 1,
      });
      const appended = ledger.append('web-1', 'e1', [batch(5), tombstone(6, 9)]);
      assert.deepEqual(await ledger.stream('web-1', 'e1'), {
        next: 10,
        lastHash: 0,
        lastAt: 5000,
        nextOffset: 3,
      });
      await appended;
      await ledger.append('web-1', 'e1', [batch(10)]);
      assert.deepEqual(await ledger.stream('web-1', 'e1'), {
        next: 11,
        lastHash: 70,
        lastAt: 10_000,
        nextOffset: 4,
      });
    });

    check('tells its hosts', async (ledger) => {
      await ledger.append('web-2', 'e1', [batch(1)]);
      await ledger.append('web-1', 'e1', [batch(1), batch(2)]);
      await ledger.append('web-1', 'e9', [batch(1, 1500)]);
      assert.deepEqual(await ledger.hosts(), [
        { host: 'web-1', end: at(3, 6, 'e9', 1), lastAt: 2000, epoch: 'e9' },
        { host: 'web-2', end: at(1, 2, 'e1', 1), lastAt: 1000, epoch: 'e1' },
      ]);
    });

    check('holds all of it after reopening, in the same generation', async (ledger, reopen) => {
      await ledger.append('web-1', 'e1', [batch(1), batch(2)]);
      const { generation } = ledger;
      const again = await reopen();
      assert.equal(again.generation, generation);
      assert.deepEqual(await again.stream('web-1', 'e1'), {
        next: 3,
        lastHash: 14,
        lastAt: 2000,
        nextOffset: 3,
      });
      await again.append('web-1', 'e1', [batch(2), batch(3)]);
      assert.deepEqual(await seqs(again, 'web-1'), [1, 2, 3]);
      assert.deepEqual(
        (await again.read('web-1', 2, 1)).map(({ offset }) => offset),
        [3],
      );
    });

    check('trims by age, and keeps the streams', async (ledger) => {
      for (const seq of [1, 2, 3]) await ledger.append('web-1', 'e1', [batch(seq)]);
      assert.deepEqual(await ledger.trim({ ...NO_BOUNDS, olderThan: 2500 }), { ...NOTHING_GONE, age: 2 });
      assert.deepEqual(await seqs(ledger, 'web-1'), [3]);
      assert.deepEqual(await ledger.trim({ ...NO_BOUNDS, olderThan: 9000 }), { ...NOTHING_GONE, age: 1 });
      assert.equal(ledger.stats.entries, 0);
      assert.equal((await ledger.stream('web-1', 'e1')).next, 4);
    });

    check('trims by size, oldest first', async (ledger) => {
      // Nothing that can be packed.
      const random = randomOf(1);
      for (let seq = 1; seq <= 60; seq++) {
        const values = new Float64Array(2000).map(() => random() * 2 ** random.below(1000));
        const groups = [{ shape: SHAPE, at: seq * 1000, column: { values, absent: null } }];
        await ledger.append('web-1', 'e1', [{ ...batch(seq), groups }]);
      }
      const bytesMax = Math.floor(ledger.stats.bytes / 2);
      const { age, size } = await ledger.trim({ ...NO_BOUNDS, olderThan: 3500, bytesMax });
      assert.equal(age, 3);
      assert.ok(size > 0);
      assert.ok(ledger.stats.bytes <= bytesMax);
      const left = await seqs(ledger, 'web-1');
      assert.equal(left.at(-1) ?? 60, 60);
      assert.equal(ledger.stats.oldestAt, (left[0] ?? 0) * 1000);
    });

    check(
      'trims what no entry names any more, so that shapes alone never cost the entries',
      async (ledger) => {
        const body = 'x'.repeat(20_000);
        const shaped = (seq: number): BatchEntry => {
          const shape = { hash: `${seq}`.padStart(64, '0'), body: body + seq };
          const [group] = batch(seq).groups;
          assert.ok(group);
          return { ...batch(seq, seq * 100_000), groups: [{ ...group, shape }] };
        };
        for (let seq = 1; seq <= 600; seq++) await ledger.append('web-1', 'e1', [shaped(seq)]);
        const olderThan = 591 * 100_000;
        assert.deepEqual(await ledger.trim({ ...NO_BOUNDS, olderThan, bytesMax: 1_000_000 }), {
          ...NOTHING_GONE,
          age: 590,
        });
        assert.ok(ledger.stats.bytes < 1_000_000, `${ledger.stats.bytes} bytes`);
        assert.equal((await ledger.read('web-1', 0, 100)).length, 10);
        // A shape that comes back is as good as new.
        await ledger.append('web-1', 'e1', [{ ...shaped(1), seq: 601, at: 60_100_000 }]);
        const [back] = await ledger.read('web-1', 600, 1);
        assert.equal(back?.kind === 'batch' && back.groups[0]?.shape.body, `${body}1`);
      },
    );

    check('trims by size until nothing is left, and comes to an end', async (ledger) => {
      await ledger.append('web-1', 'e1', [batch(1), batch(2), batch(3)]);
      assert.deepEqual(await ledger.trim({ ...NO_BOUNDS, bytesMax: 1 }), { ...NOTHING_GONE, size: 3 });
      assert.deepEqual(await ledger.trim({ ...NO_BOUNDS, bytesMax: 1 }), NOTHING_GONE);
      await ledger.append('web-1', 'e1', [batch(4)]);
      assert.deepEqual(
        (await ledger.read('web-1', 0, 10)).map(({ seq }) => seq),
        [4],
      );
    });

    check('counts samples along a log, trimmed ones included', async (ledger, reopen) => {
      await ledger.append('web-1', 'e1', [batch(1)]);
      await ledger.append('web-1', 'e1', [batch(2), tombstone(3, 5)]);
      await ledger.append('web-1', 'e2', [batch(1, 9000)]);
      await ledger.trim({ ...NO_BOUNDS, olderThan: 1500 });
      const places = (await ledger.read('web-1', 0, 10)).map(positionOf);
      const expected = [at(2, 4, 'e1', 2), at(3, 4, 'e1', 5), at(4, 6, 'e2', 1)];
      assert.deepEqual(places, expected);
      assert.deepEqual((await reopen()).tail('web-1')?.end, expected.at(-1));
    });

    check('has the newest entries at hand as soon as they are durable', async (ledger) => {
      assert.equal(ledger.tail('web-1'), null);
      await ledger.append('web-1', 'e1', [batch(1), batch(2)]);
      await ledger.append('web-1', 'e1', [batch(2), batch(3)]);
      const tail = ledger.tail('web-1');
      assert.deepEqual(tail?.end, at(3, 6, 'e1', 3));
      assert.deepEqual(tail?.entries.map(plain), (await ledger.read('web-1', 0, 10)).map(plain));
      await ledger.append('web-1', 'e1', [batch(4)]);
      assert.equal(tail?.entries.length, 3, 'what was handed out does not change');
      await ledger.forget('web-1');
      assert.equal(ledger.tail('web-1'), null);
    });

    check('reads several hosts at once, as much of each as is asked for', async (ledger) => {
      for (const host of ['a', 'b'])
        await ledger.append(host, 'e1', [batch(1), batch(2), batch(3), batch(4)]);
      const lists = await ledger.readMany([
        { host: 'a', after: 1, weightMax: 6 },
        { host: 'nobody', after: 0, weightMax: 9 },
        { host: 'b', after: 0, weightMax: 1 },
        { host: 'b', after: 4, weightMax: 1 },
      ]);
      assert.deepEqual(
        lists.map((list) => list.map(({ seq }) => seq)),
        [[2, 3], [], [1], []],
      );
    });

    check('entries without samples weigh something, too', async (ledger) => {
      const empty = (seq: number): BatchEntry => ({ ...batch(seq), groups: [] });
      await ledger.append('a', 'e1', [empty(1), empty(2), empty(3), tombstone(4, 4), batch(5)]);
      const [list = []] = await ledger.readMany([{ host: 'a', after: 0, weightMax: 4 }]);
      assert.deepEqual(
        list.map(({ seq }) => seq),
        [1, 2, 3, 4],
      );
    });

    check('tells what several hosts said last', async (ledger) => {
      for (const host of ['a', 'b']) await ledger.append(host, 'e1', [batch(1), batch(2), batch(3)]);
      await ledger.append('b', 'e1', [tombstone(4, 4)]);
      const hosts = ['a', 'nobody', 'b', ...Array.from({ length: 600 }, (_, i) => `none-${i}`)];
      const lists = await ledger.newest(hosts, 16);
      assert.equal(lists.length, hosts.length);
      const [first, ...others] = lists;
      assert.deepEqual(first, await ledger.read('a', 2, 1));
      assert.deepEqual(
        others.slice(0, 2).map((list) => list.map(({ seq }) => seq)),
        [[], [3]],
      );
      assert.deepEqual(await ledger.newest(['b'], 1), [[]]);
      assert.deepEqual(await ledger.newest([], 16), []);
    });

    check('finds the place of a moment', async (ledger) => {
      for (const seq of [1, 2, 3]) await ledger.append('web-1', 'e1', [batch(seq)]);
      assert.deepEqual(await ledger.seek([from('web-1'), from('nobody')], 2000), [
        at(1, 2, 'e1', 1),
        LOG_START,
      ]);
      assert.deepEqual(await ledger.seek([from('web-1')], 0), [LOG_START]);
      assert.deepEqual(await ledger.seek([from('web-1', 2)], 3001), [at(3, 6, 'e1', 3)]);
      assert.deepEqual(
        await ledger.seek([from('web-1', 2)], 1000),
        [at(2, 4, 'e1', 2)],
        'not before `after`',
      );
      await ledger.trim({ ...NO_BOUNDS, olderThan: 2500 });
      const [place] = await ledger.seek([from('web-1')], 0);
      assert.deepEqual([place?.offset, place?.samples], [2, 4]);
    });

    check('keeps cursors, as far as they were saved', async (ledger, reopen) => {
      await ledger.append('a', 'e1', [batch(1)]);
      await ledger.append('b', 'e1', [batch(1)]);
      const cursor = { name: 'prometheus', selection: '', createdAt: 5, seenAt: 6 };
      const taken = at(1, 2, 'e1', 1);
      const open = [{ after: LOG_START, through: taken }];
      await ledger.saveCursor({ ...cursor, places: new Map([['a', { taken, open: [] }]]) });
      const second = new Map([
        ['b', { taken, open }],
        ['nobody', { taken, open }],
      ]);
      await ledger.saveCursor({ ...cursor, seenAt: 7, places: second });
      await ledger.saveCursor({ ...cursor, selection: 'up', places: new Map() });
      const places = new Map([
        ['a', { taken, open: [] }],
        ['b', { taken, open }],
      ]);
      const kept = await (await reopen()).cursors();
      assert.deepEqual(kept, [
        { ...cursor, seenAt: 7, places },
        { ...cursor, selection: 'up', places: new Map() },
      ]);
    });

    check('drops a cursor, and the places in a log that is dropped', async (ledger) => {
      await ledger.append('a', 'e1', [batch(1)]);
      const places = new Map([['a', { taken: at(1, 2, 'e1', 1), open: [] }]]);
      const cursor = { name: 'p', createdAt: 5, seenAt: 6, places };
      await ledger.saveCursor({ ...cursor, selection: '' });
      await ledger.saveCursor({ ...cursor, selection: 'up' });
      await ledger.removeCursor({ name: 'p', selection: 'up' });
      await ledger.forget('a');
      assert.deepEqual(await ledger.cursors(), [{ ...cursor, selection: '', places: new Map() }]);
    });

    check(
      'never removes for its size what is undelivered, and says when that is all there is',
      async (ledger) => {
        for (const host of ['a', 'b']) await ledger.append(host, 'e1', [batch(1), batch(2), batch(3)]);
        const undelivered = new Map([['a', 1]]);
        const bounds = { olderThan: 0, bytesMax: 1, undelivered, keepSince: 0 };
        const { size, full } = await ledger.trim(bounds);
        assert.equal(full, true);
        // What stands beside it may stay with it.
        assert.ok(size === 3 || size === 4, `${size} removed`);
        const left = size === 4 ? [2, 3] : [1, 2, 3];
        assert.deepEqual([await seqs(ledger, 'a'), await seqs(ledger, 'b')], [left, []]);
        const later = await ledger.trim({ ...bounds, keepSince: 2500 });
        assert.equal((await seqs(ledger, 'a')).at(-1), 3);
        assert.equal(later.full, true);
        const { age } = await ledger.trim({ ...bounds, olderThan: 9000 });
        assert.equal(size + later.size + age, 6);
        assert.deepEqual(ledger.stats.entries, 0);
      },
    );

    check(
      'keeps what is undelivered only in the hosts that are named, and only since the moment that is named',
      async (ledger) => {
        for (const host of ['a', 'b']) await ledger.append(host, 'e1', [batch(1), batch(2), batch(3)]);
        const bounds = { olderThan: 0, bytesMax: 1, undelivered: new Map([['a', 0]]), keepSince: 3001 };
        assert.deepEqual(await ledger.trim(bounds), { ...NOTHING_GONE, size: 6 });
        await ledger.append('a', 'e1', [batch(4)]);
        const delivered = { ...bounds, undelivered: new Map([['a', 4]]), keepSince: 0 };
        assert.deepEqual(await ledger.trim(delivered), { ...NOTHING_GONE, size: 1 });
      },
    );

    check('forgets a host, and takes it anew', async (ledger) => {
      await ledger.append('web-1', 'e1', [batch(1), batch(2)]);
      await ledger.append('web-2', 'e1', [batch(1)]);
      await ledger.forget('web-1');
      assert.deepEqual(
        (await ledger.hosts()).map(({ host }) => host),
        ['web-2'],
      );
      assert.equal((await ledger.stream('web-1', 'e1')).next, null);
      await ledger.append('web-1', 'e1', [batch(1)]);
      assert.deepEqual(await seqs(ledger, 'web-1'), [1]);
    });

    check(
      'finishes what was called before it closes, and refuses what comes after',
      async (ledger, reopen) => {
        const early = ledger.append('web-1', 'e1', [batch(1)]);
        const closed = ledger.close();
        await assert.rejects(ledger.append('web-1', 'e1', [batch(2)]), LedgerClosedError);
        await early;
        await closed;
        assert.equal(ledger.health.pendingBytes, 0);
        assert.deepEqual(await seqs(await reopen(), 'web-1'), [1]);
      },
    );
  });
}
