/** Where a stream goes on: after a gateway that lost its disk, and after a copy of the spool has spoken. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  appendTick,
  appendTicks,
  INTERVAL_MS,
  largeGroups,
  openSpool,
  START_AT,
  temporaryFolder,
  timesOf,
} from '../spool/test-support.ts';
import { Harness } from './test-support.ts';

const atOf = (seq: number) => START_AT + (seq - 1) * INTERVAL_MS;

describe('a gateway that lost its disk', () => {
  test('gets everything that was kept, from whatever seq it asks for', (t) => {
    const folder = temporaryFolder(t);
    const spool = openSpool(t, { folder });
    appendTicks(spool, 20);
    const link = new Harness(t, {}, spool);
    link.stream(1);
    link.ack(20, 5);
    link.session.closed(1006, '');
    link.did();
    link.open();
    const [hello] = link.frames();
    assert.deepEqual([hello?.['oldest'], hello?.['acked'], hello?.['delivered']], [1, 20, 5]);
    link.welcome(6);
    assert.deepEqual(link.sent(), ['shape 1', ...Array.from({ length: 15 }, (_, i) => `batch ${i + 6}`)]);
    assert.equal(spool.acked, 5, 'what it has lost is not acked any more');
    link.ack(20, 5);
    appendTick(spool);
    link.session.appended();
    assert.deepEqual(link.sent(), ['batch 21']);
  });
});

describe('a gateway that lost its disk, when the limits press before it is refilled', () => {
  test('what goes is told as a loss, for it had it no more', (t) => {
    const link = new Harness(t, { retentionMs: 20 * INTERVAL_MS });
    appendTicks(link.spool, 20, { willSend: true, groups: largeGroups(4000) });
    link.spool.ack(20, 5);
    link.stream(6, { limits: { windowBytesMax: 1024 } });
    assert.deepEqual(link.sent(), ['shape 1', 'batch 6']);
    appendTicks(link.spool, 10, { willSend: true });
    assert.deepEqual(link.spool.gaps(), [
      { from: 6, to: 9, fromAt: atOf(6), toAt: atOf(9), reason: 'spool_age' },
    ]);
    assert.deepEqual([...link.spool.dropped], [['spool_age', 4]]);
  });

  test('what went before it was lost is no loss of the spool', (t) => {
    const link = new Harness(t, { retentionMs: 20 * INTERVAL_MS });
    appendTicks(link.spool, 20, { willSend: true });
    link.spool.ack(20, 5);
    appendTicks(link.spool, 10, { willSend: true });
    assert.deepEqual([link.spool.oldest, link.spool.gaps(), link.spool.dropped.size], [10, [], 0]);
    link.open();
    const [hello] = link.frames();
    assert.deepEqual([hello?.['oldest'], hello?.['acked'], hello?.['delivered']], [10, 20, 5]);
  });
});

describe('a copy of the spool that may have spoken under the same seqs', () => {
  test('the last settled batch is sent again where its ack is not known', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 6, { willSend: true });
    link.spool.ack(2, 0);
    link.open();
    link.did();
    link.welcome(5);
    assert.deepEqual(link.sent(), ['shape 1', 'batch 4', 'batch 5', 'batch 6']);
    assert.equal(link.spool.acked, 2, 'the welcome alone proves nothing');
    link.ack(4);
    assert.equal(link.spool.acked, 4);
  });

  test('and where that is another, everything that was not acked here gets an epoch of its own', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 6, { willSend: true });
    const times = timesOf(link.spool).slice(2);
    link.spool.ack(2, 0);
    link.open();
    link.welcome(5);
    link.refuse('SEQ_CONFLICT', 4003);
    assert.deepEqual([link.spool.next, link.spool.sent, timesOf(link.spool)], [5, 4, times]);
    link.spool.restate('boot-1', START_AT + 5_000);
    assert.deepEqual(timesOf(link.spool), times, 'what was sent keeps its time in the new epoch too');
  });

  test('what the spool no longer has cannot be sent again', (t) => {
    const link = new Harness(t, { retentionMs: 3 * INTERVAL_MS });
    appendTicks(link.spool, 6, { willSend: true });
    assert.equal(link.spool.oldest, 3);
    link.open();
    link.did();
    link.welcome(3);
    assert.deepEqual([link.spool.acked, link.sent()[1]], [2, 'batch 3']);
  });
});
