import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Spool } from './spool.ts';
import {
  appendTick,
  appendTicks,
  INTERVAL_MS,
  largeGroups,
  openSpool,
  START_AT,
  seqsOf,
  shapeOf,
  temporaryFolder,
  timesOf,
} from './test-support.ts';

const STEP_MS = INTERVAL_MS / 2;

describe('append and read', () => {
  test('seqs start at 1 and have no holes over a reopening', (t) => {
    const folder = temporaryFolder(t);
    const first = openSpool(t, { folder });
    appendTicks(first, 3);
    const { epoch } = first;
    first.close();
    const second = openSpool(t, { folder });
    assert.equal(second.epoch, epoch);
    assert.equal(second.next, 4);
    assert.equal(second.lastAt, START_AT + 2 * INTERVAL_MS);
    assert.equal(appendTick(second), 4);
    assert.deepEqual(seqsOf(second), [1, 2, 3, 4]);
  });

  test('an empty spool has no oldest batch but the next', (t) => {
    const spool = openSpool(t);
    assert.deepEqual([spool.oldest, spool.next, spool.sent, spool.acked, spool.lastAt], [1, 1, 0, 0, 0]);
    assert.deepEqual(spool.read(1, 1000), []);
    assert.equal(spool.offsetOf('boot-1'), null);
  });

  test('a batch is kept as the JSON that will be sent, NaN and absent values as the wire has them', (t) => {
    const spool = openSpool(t);
    const groups = [
      { shape: shapeOf('a', 'b', 'c'), values: [0.5, null, Number.NaN] },
      { shape: shapeOf('d'), values: [Number.NEGATIVE_INFINITY] },
    ];
    appendTick(spool, { groups });
    assert.deepEqual(spool.read(1, 1), [
      {
        seq: 1,
        at: START_AT,
        groups: '[{"shape":1,"values":[0.5,null,"NaN"]},{"shape":2,"values":["-Inf"]}]',
      },
    ]);
  });

  test('reads at least one batch, and stops at about the given bytes', (t) => {
    const spool = openSpool(t);
    appendTicks(spool, 10, { groups: largeGroups(1000) });
    assert.equal(spool.read(3, 1).length, 1);
    assert.deepEqual(
      spool.read(3, 2500).map(({ seq }) => seq),
      [3, 4, 5],
    );
    assert.equal(spool.firstSince(3, START_AT + 5 * INTERVAL_MS), 6);
    assert.equal(spool.firstSince(3, 0), 3);
    assert.equal(spool.firstSince(3, START_AT + INTERVAL_MS * 100), 11);
  });
});

describe('marks', () => {
  test('sent is on disk before anything is sent, acks with the next batch', (t) => {
    const folder = temporaryFolder(t);
    const spool = openSpool(t, { folder });
    appendTick(spool);
    assert.equal(spool.sent, 0);
    appendTick(spool, { willSend: true });
    assert.equal(spool.sent, 2, 'what goes out at once takes everything before it along');
    appendTick(spool);
    spool.markAllSent();
    spool.ack(2, 1);
    const copy = openCopy(t, folder);
    assert.deepEqual([copy.sent, copy.acked, copy.delivered], [3, 0, 0]);
    appendTick(spool);
    const later = openCopy(t, folder);
    assert.deepEqual([later.sent, later.acked, later.delivered], [3, 2, 1]);
  });

  test('an ack never falls, never passes what there is, and delivered never passes it', (t) => {
    const spool = openSpool(t);
    appendTicks(spool, 5);
    spool.ack(3, 9);
    assert.deepEqual([spool.acked, spool.delivered], [3, 3]);
    spool.ack(2, 1);
    assert.deepEqual([spool.acked, spool.delivered], [3, 3]);
    spool.ack(99, 0);
    assert.equal(spool.acked, 5);
  });

  test('closing keeps the last acks', (t) => {
    const folder = temporaryFolder(t);
    const spool = openSpool(t, { folder });
    appendTicks(spool, 2);
    spool.ack(2, 0);
    spool.close();
    spool.close();
    assert.equal(openSpool(t, { folder }).acked, 2);
  });
});

describe('time', () => {
  test('never falls while the clock is behind, but goes on in steps', (t) => {
    const spool = openSpool(t);
    appendTick(spool, { at: START_AT });
    appendTick(spool, { at: START_AT - 60_000 });
    appendTick(spool, { at: START_AT + STEP_MS + 1 });
    appendTick(spool, { at: START_AT + INTERVAL_MS * 9 });
    assert.deepEqual(timesOf(spool), [
      START_AT,
      START_AT + STEP_MS,
      // The clock is ahead again, and what it says is the time.
      START_AT + STEP_MS + 1,
      START_AT + INTERVAL_MS * 9,
    ]);
  });

  test('is not bound by an unsent batch of another boot, but by what was sent before it', (t) => {
    const spool = openSpool(t);
    appendTick(spool, { at: START_AT, willSend: true });
    appendTick(spool, { at: START_AT + 1_000_000, boot: 'boot-2' });
    appendTick(spool, { at: START_AT - 5, boot: 'boot-3', timeIsSure: false });
    assert.deepEqual(timesOf(spool), [START_AT, START_AT + 1_000_000, START_AT + STEP_MS]);
  });

  test('is bound by a sent batch of another boot', (t) => {
    const spool = openSpool(t);
    appendTick(spool, { at: START_AT, willSend: true });
    appendTick(spool, { at: START_AT - 5, boot: 'boot-2' });
    assert.equal(spool.lastAt, START_AT + STEP_MS);
  });

  test('is not bound, once it is sure, by a time so far ahead that no gateway took it', (t) => {
    const spool = openSpool(t);
    appendTick(spool, { at: START_AT + 86_400_000, willSend: true });
    appendTick(spool, { at: START_AT, boot: 'boot-2', timeIsSure: false });
    assert.equal(spool.lastAt, START_AT + 86_400_000 + STEP_MS);
    appendTick(spool, { at: START_AT + 1, boot: 'boot-2', timeIsSure: true });
    assert.equal(spool.lastAt, START_AT + 1);
  });
});

describe('restate', () => {
  test('derives the unsent batches of this boot from the new offset, and no others', (t) => {
    const spool = openSpool(t);
    appendTick(spool, { at: START_AT, boot: 'boot-0', mono: 7 });
    for (const mono of [1000, 2000, 3000, 4000]) {
      appendTick(spool, { at: START_AT + 1_000_000 + mono, mono, stepMs: 1, willSend: mono === 2000 });
    }
    assert.equal(spool.offsetOf('boot-1'), START_AT + 1_000_000);
    assert.equal(spool.restate('boot-1', START_AT + 5_000_000), 2);
    assert.deepEqual(timesOf(spool), [
      START_AT,
      START_AT + 1_001_000,
      START_AT + 1_002_000,
      START_AT + 5_003_000,
      START_AT + 5_004_000,
    ]);
    assert.equal(spool.lastAt, START_AT + 5_004_000);
    assert.equal(spool.restate('boot-1', START_AT + 5_000_000), 0, 'nothing is left to change');
    assert.equal(spool.restate('boot-9', 0), 0);
    assert.equal(spool.offsetOf('boot-9'), null);
  });

  test('never comes to or below what was sent, and keeps the restated apart', (t) => {
    const spool = openSpool(t);
    appendTick(spool, { at: START_AT + 100_000, mono: 100_000, willSend: true });
    for (const mono of [110_000, 120_000, 130_000]) appendTick(spool, { at: START_AT + mono, mono });
    spool.restate('boot-1', START_AT - 25_000);
    const sentAt = START_AT + 100_000;
    assert.deepEqual(timesOf(spool), [sentAt, sentAt + 1, sentAt + 2, sentAt + 5000]);
  });

  test('heeds what was sent even when the batch itself is long gone', (t) => {
    const folder = temporaryFolder(t);
    const spool = openSpool(t, { folder, keepAckedMs: 0 });
    appendTick(spool, { at: START_AT + 100_000, mono: 100_000, willSend: true });
    spool.ack(1, 1);
    appendTick(spool, { at: START_AT + 110_000, mono: 110_000 });
    assert.equal(spool.oldest, 2);
    spool.close();
    const again = openSpool(t, { folder });
    again.restate('boot-1', START_AT - 25_000);
    assert.deepEqual(timesOf(again), [START_AT + 100_001]);
  });

  test('does not heed, once time is sure, a sent time that no gateway took', (t) => {
    const spool = openSpool(t);
    appendTick(spool, { at: START_AT + 86_400_000, boot: 'boot-0', willSend: true });
    appendTick(spool, { at: START_AT, mono: 50, timeIsSure: true });
    spool.restate('boot-1', START_AT, true);
    assert.equal(spool.lastAt, START_AT + 50);
    spool.restate('boot-1', START_AT, false);
    assert.equal(spool.lastAt, START_AT + 86_400_001);
  });
});

describe('a new epoch', () => {
  test('numbers what is above a seq from 1, and leaves the rest behind', (t) => {
    const folder = temporaryFolder(t);
    const spool = openSpool(t, { folder });
    appendTicks(spool, 6);
    spool.markAllSent();
    spool.ack(3, 2);
    const { epoch, lastAt } = spool;
    const before = spool.read(4, 1_000_000);
    spool.beginEpoch(4);
    assert.notEqual(spool.epoch, epoch);
    assert.deepEqual([spool.oldest, spool.next, spool.sent, spool.acked, spool.delivered], [1, 3, 2, 0, 0]);
    assert.deepEqual(
      spool.read(1, 1_000_000),
      before.slice(1).map((batch) => ({ ...batch, seq: batch.seq - 4 })),
    );
    const copy = openCopy(t, folder);
    assert.deepEqual([copy.epoch, copy.next, copy.sent], [spool.epoch, 3, 2]);
    assert.equal(appendTick(spool), 3);
    assert.equal(spool.lastAt, lastAt + INTERVAL_MS);
  });

  test('of nothing begins at 1, behind the times of the old one', (t) => {
    const spool = openSpool(t);
    appendTicks(spool, 3, { willSend: true });
    const { lastAt } = spool;
    spool.beginEpoch(3);
    assert.deepEqual([spool.oldest, spool.next, seqsOf(spool)], [1, 1, []]);
    appendTick(spool, { at: START_AT - 1 });
    assert.deepEqual([seqsOf(spool), spool.lastAt], [[1], lastAt + STEP_MS]);
  });

  test('takes along the gaps that nobody has confirmed', (t) => {
    const spool = openSpool(t, { retentionMs: 2 * INTERVAL_MS });
    appendTicks(spool, 10);
    assert.deepEqual([spool.oldest, spool.gaps().length], [8, 1]);
    spool.beginEpoch(3);
    assert.deepEqual([spool.oldest, spool.next], [5, 8]);
    const [gap] = spool.gaps();
    assert.deepEqual([gap?.from, gap?.to, spool.gaps().length], [1, 4, 1]);
    spool.beginEpoch(4);
    assert.deepEqual([spool.oldest, spool.gaps()], [1, []]);
  });

  test('what was sent keeps its time, the rest may be restated', (t) => {
    const spool = openSpool(t);
    for (const mono of [0, 10_000, 20_000]) {
      appendTick(spool, { at: START_AT + mono, mono, willSend: mono < 20_000 });
    }
    spool.ack(1, 0);
    spool.beginEpoch(1);
    spool.restate('boot-1', START_AT - 2_000);
    assert.deepEqual(timesOf(spool), [START_AT + 10_000, START_AT + 18_000]);
  });
});

test('under another host name only what was not acked goes on, in a new epoch', (t) => {
  const folder = temporaryFolder(t);
  const spool = openSpool(t, { folder });
  assert.equal(spool.nameHost('template'), null);
  appendTicks(spool, 5, { willSend: true });
  spool.ack(3, 0);
  const { epoch } = spool;
  const times = timesOf(spool).slice(3);
  spool.close();
  const same = openSpool(t, { folder });
  assert.deepEqual([same.nameHost('template'), same.epoch], [null, epoch]);
  same.close();
  const copy = openSpool(t, { folder });
  assert.equal(copy.nameHost('web-2'), 'template');
  assert.notEqual(copy.epoch, epoch);
  assert.deepEqual([seqsOf(copy), timesOf(copy), copy.nameHost('web-2')], [[1, 2], times, null]);
});

/** What a process would find that starts after a crash at this very moment. */
function openCopy(t: Parameters<typeof temporaryFolder>[0], folder: string): Spool {
  const copy = temporaryFolder(t);
  for (const suffix of ['', '-wal'])
    copyIfThere(`${folder}/spool.sqlite${suffix}`, `${copy}/spool.sqlite${suffix}`);
  return openSpool(t, { folder: copy });
}

function copyIfThere(from: string, to: string): void {
  if (existsSync(from)) copyFileSync(from, to);
}

test('a tick that comes sooner than usual has its own time, one behind the clock goes on in steps', (t) => {
  const spool = openSpool(t);
  appendTick(spool, { at: START_AT, stepMs: 5_000 });
  appendTick(spool, { at: START_AT + 2_000, mono: 2_000, stepMs: 10_000 });
  appendTick(spool, { at: START_AT + 1_000, mono: 3_000, stepMs: 5_000 });
  appendTick(spool, { at: START_AT + 7_500, mono: 4_000, stepMs: 5_000 });
  assert.deepEqual(
    timesOf(spool).map((at) => at - START_AT),
    [0, 2_000, 7_000, 7_500],
  );
});
