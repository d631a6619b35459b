import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GAPS_PER_HELLO_MAX } from '@tributary/shared/limits';
import {
  appendTick,
  appendTicks,
  INTERVAL_MS,
  largeGroups,
  openSpool,
  START_AT,
  seqsOf,
  temporaryFolder,
} from './test-support.ts';

const atOf = (seq: number) => START_AT + (seq - 1) * INTERVAL_MS;

describe('delivered batches', () => {
  test('go when they are older than keepAcked', (t) => {
    const spool = openSpool(t, { keepAckedMs: 2 * INTERVAL_MS });
    appendTicks(spool, 5);
    spool.ack(5, 5);
    appendTick(spool);
    assert.deepEqual(seqsOf(spool), [4, 5, 6]);
    assert.equal(spool.oldest, 4);
    assert.deepEqual([spool.gaps(), spool.dropped.size], [[], 0], 'that is no loss');
  });

  test('stay while no scraper has taken them, or no gateway', (t) => {
    const spool = openSpool(t, { keepAckedMs: 0 });
    appendTicks(spool, 5);
    spool.ack(5, 2);
    appendTick(spool);
    assert.deepEqual(seqsOf(spool), [3, 4, 5, 6]);
    spool.ack(4, 4);
    appendTick(spool);
    assert.deepEqual(seqsOf(spool), [5, 6, 7]);
  });

  test('the newest batch stays whatever the limits are', (t) => {
    const spool = openSpool(t, { keepAckedMs: 0, retentionMs: 0, bytesMax: 1 });
    appendTicks(spool, 3);
    assert.deepEqual(seqsOf(spool), [3]);
  });
});

describe('the limit of age', () => {
  test('drops the oldest, and tells what was not acked as one gap with its times', (t) => {
    const spool = openSpool(t, { retentionMs: 3 * INTERVAL_MS });
    appendTicks(spool, 2, { willSend: true });
    spool.ack(2, 0);
    appendTicks(spool, 8);
    assert.deepEqual(seqsOf(spool), [7, 8, 9, 10]);
    assert.deepEqual(spool.gaps(), [{ from: 3, to: 6, fromAt: atOf(3), toAt: atOf(6), reason: 'spool_age' }]);
    assert.deepEqual([...spool.dropped], [['spool_age', 4]]);
  });

  test('what the gateway has is no gap when it goes', (t) => {
    const spool = openSpool(t, { retentionMs: 3 * INTERVAL_MS });
    appendTicks(spool, 4);
    spool.ack(4, 0);
    appendTicks(spool, 4);
    assert.deepEqual([spool.oldest, spool.gaps(), spool.dropped.size], [5, [], 0]);
  });

  test('a told gap is forgotten once it is acked, not before', (t) => {
    const folder = temporaryFolder(t);
    const spool = openSpool(t, { folder, retentionMs: 3 * INTERVAL_MS });
    appendTicks(spool, 10);
    spool.close();
    const again = openSpool(t, { folder, retentionMs: 100 * INTERVAL_MS });
    assert.equal(again.gaps().length, 1);
    again.ack(5, 0);
    appendTick(again);
    assert.equal(again.gaps().length, 1);
    again.ack(6, 0);
    appendTick(again);
    assert.deepEqual(again.gaps(), []);
  });

  test('goes by the clock of the boot, not by a wall clock that was set', (t) => {
    const spool = openSpool(t, { retentionMs: 5 * INTERVAL_MS, keepAckedMs: 5 * INTERVAL_MS });
    appendTicks(spool, 4, { willSend: true });
    spool.ack(2, 2);
    const dayAhead = START_AT + 86_400_000;
    appendTick(spool, { at: dayAhead, mono: 4 * INTERVAL_MS });
    assert.deepEqual(seqsOf(spool), [1, 2, 3, 4, 5]);
    for (const k of [5, 6, 7, 8]) appendTick(spool, { at: dayAhead + k, mono: k * INTERVAL_MS, stepMs: 1 });
    assert.deepEqual(seqsOf(spool), [4, 5, 6, 7, 8, 9]);
  });

  test('does not age what an earlier boot took while nobody has confirmed the clock', (t) => {
    const spool = openSpool(t, { retentionMs: 3 * INTERVAL_MS });
    appendTicks(spool, 3);
    const later = START_AT + 1000 * INTERVAL_MS;
    appendTick(spool, { at: later, boot: 'boot-2', timeIsSure: false });
    assert.deepEqual(seqsOf(spool), [1, 2, 3, 4]);
    appendTick(spool, { boot: 'boot-2', timeIsSure: true });
    assert.deepEqual(seqsOf(spool), [4, 5]);
  });
});

describe('the limit of size', () => {
  const bytesMax = 512 * 1024;

  test('holds, frees some room ahead, and tells the gaps as one', (t) => {
    const spool = openSpool(t, { bytesMax });
    const groups = largeGroups(8000);
    let drops = 0;
    for (let i = 0; i < 300; i++) {
      const { oldest } = spool;
      appendTick(spool, { groups });
      if (spool.oldest !== oldest) drops++;
      assert.ok(spool.bytes <= bytesMax, `${spool.bytes} bytes`);
    }
    assert.ok(drops < 150, `the disk was trimmed ${drops} times in 300 ticks`);
    assert.ok(spool.next - spool.oldest > 40);
    const to = spool.oldest - 1;
    assert.deepEqual(spool.gaps(), [{ from: 1, to, fromAt: atOf(1), toAt: atOf(to), reason: 'spool_full' }]);
    assert.deepEqual([...spool.dropped], [['spool_full', to]]);
  });

  test('another reason makes another gap, until hello has no room for more', (t) => {
    const spool = openSpool(t, { bytesMax, retentionMs: 30 * INTERVAL_MS });
    appendTicks(spool, 40);
    appendTicks(spool, 80, { groups: largeGroups(20_000) });
    const gaps = spool.gaps();
    assert.deepEqual(
      gaps.map(({ reason }) => reason),
      ['spool_age', 'spool_full'],
    );
    assert.equal(gaps[0]?.to, (gaps[1]?.from ?? 0) - 1);
    assert.equal(gaps[1]?.to, spool.oldest - 1);
    assert.ok(gaps.length <= GAPS_PER_HELLO_MAX);
  });

  test('a gap over boots whose clocks disagree has its times in order', (t) => {
    const spool = openSpool(t, { bytesMax });
    const groups = largeGroups(8000);
    appendTicks(spool, 60, { groups });
    appendTick(spool, { groups, boot: 'boot-2', at: START_AT - 3_600_000 });
    appendTicks(spool, 200, { groups, boot: 'boot-2' });
    const [gap, ...others] = spool.gaps();
    assert.deepEqual(others, []);
    assert.ok(gap !== undefined && gap.to > 61);
    assert.ok(gap.fromAt < gap.toAt);
    assert.equal(gap.fromAt, START_AT - 3_600_000);
    assert.ok(gap.toAt >= atOf(60));
  });
});
