/** Batches that cannot be judged before the ledger was looked through. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StreamState } from '../ledger/ledger.ts';
import { Bench } from './session-test-support.ts';
import { gauges, NOW } from './test-support.ts';

const STREAM: StreamState = { next: 5, lastHash: 0, lastAt: NOW, nextOffset: 5 };

function waiting(): Bench {
  const bench = new Bench().open({}, STREAM);
  bench.shape(1, gauges('a'));
  bench.batch(5, 1, NOW - 10);
  return bench;
}

test('a batch waits for them, and all that comes after it, in order', () => {
  const bench = waiting();
  bench.shape(2, gauges('b'));
  bench.batch(6, 2, NOW + 10, 2);
  assert.equal(bench.session.isRecalling, true);
  assert.deepEqual(bench.appends, []);
  const [asked] = bench.recalls;
  assert.ok(asked !== undefined);
  asked.times.recalled(asked.span, NOW - 60_000);
  bench.session.recalled();
  assert.equal(bench.session.isRecalling, false);
  assert.equal(bench.recalls.length, 1);
  assert.deepEqual(
    bench.appends.flat().map(({ kind, seq }) => `${kind} ${seq}`),
    ['batch 5', 'batch 6'],
  );
  bench.settleAll();
  bench.session.ack();
  assert.deepEqual(bench.kinds(), ['welcome', 'ack 6']);
});

test('what waits is held on when more has to be recalled', () => {
  const bench = waiting();
  bench.batch(6, 2, NOW + 10);
  const [near] = bench.recalls;
  assert.ok(near !== undefined);
  near.times.recalled(near.span, NOW - 5);
  bench.session.recalled();
  assert.deepEqual(bench.appends, []);
  const far = bench.recalls[1];
  assert.ok(far !== undefined);
  far.times.recalled(far.span, NOW - 5);
  bench.session.recalled();
  assert.deepEqual(
    bench.appends.flat().map(({ kind, seq }) => `${kind} ${seq}`),
    ['tombstone 5', 'batch 6'],
  );
  assert.deepEqual(bench.events.slice(1), ['dropped web-1 backwards 1']);
});

test('who is replaced or goes meanwhile leaves nothing behind; a fault in what waits is refused', () => {
  const gone = waiting();
  gone.session.gone();
  gone.session.recalled();
  assert.deepEqual(gone.appends, []);
  const faulty = waiting();
  faulty.batch(9, 1);
  faulty.batch(6, 1);
  const [asked] = faulty.recalls;
  assert.ok(asked !== undefined);
  asked.times.recalled(asked.span, 0);
  faulty.session.recalled();
  assert.equal(faulty.refusal(), 'SEQ_GAP');
  assert.equal(faulty.appends.flat().length, 1);
});
