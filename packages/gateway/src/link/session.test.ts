import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLOSE_CODES, CLOSE_NORMAL } from '@tributary/shared/close-codes';
import { RefuseError } from '@tributary/shared/errors';
import { DEFAULT_LIMITS, SILENCE_MS_MAX } from '@tributary/shared/limits';
import { Bench, NEW_STREAM } from './session-test-support.ts';
import { FakeClock, gauges, NOW } from './test-support.ts';
import { Voices } from './voices.ts';

describe('the way to the welcome', () => {
  test('a new epoch: hello, load, welcome', () => {
    const bench = new Bench();
    bench.hello();
    assert.deepEqual([bench.loads, bench.sent], [1, []]);
    bench.clock.pass(50);
    bench.session.loaded(NEW_STREAM);
    assert.deepEqual(bench.sent, [
      { kind: 'welcome', next: 1, clock: NOW + 50, horizon: NOW + 50 - 60_000, limits: DEFAULT_LIMITS },
    ]);
    assert.deepEqual(bench.appends, []);
    assert.deepEqual(bench.events, ['opened 10.0.0.1:1 0']);
  });

  test('a known epoch goes on where it stands', () => {
    const bench = new Bench().open(
      { next: 50, oldest: 30 },
      { next: 42, lastHash: 5, lastAt: NOW - 1, nextOffset: 9 },
    );
    assert.deepEqual(
      bench.sent.map((frame) => frame.kind === 'welcome' && frame.next),
      [42],
    );
  });

  test('an epoch that this ledger does not know begins behind what was delivered', () => {
    const bench = new Bench().open({ next: 50, oldest: 3, acked: 49, delivered: 12 });
    assert.deepEqual(
      bench.sent.map((frame) => frame.kind === 'welcome' && frame.next),
      [13],
    );
  });

  test('what will never come is settled on disk before the welcome', () => {
    const bench = new Bench();
    bench.hello({ next: 20, oldest: 10, acked: 4, delivered: 0 });
    bench.session.loaded(NEW_STREAM);
    assert.deepEqual(bench.kinds(), []);
    const [lost] = bench.appends;
    assert.deepEqual(
      lost?.map((entry) => entry.kind === 'tombstone' && [entry.seq, entry.lastSeq, entry.reason]),
      [
        [1, 4, 'gap:gateway_lost'],
        [5, 9, 'gap:unexplained'],
      ],
    );
    bench.settleAll();
    assert.deepEqual(
      bench.sent.map((frame) => frame.kind === 'welcome' && frame.next),
      [10],
    );
    bench.session.ack();
    assert.deepEqual(bench.kinds(), ['welcome']);
  });

  test('the skew is that of the moment of the hello, however long the ledger takes', () => {
    const bench = new Bench();
    bench.hello({ clock: NOW + 700 });
    bench.clock.pass(120_000);
    bench.session.loaded(NEW_STREAM);
    assert.deepEqual(bench.events, ['opened 10.0.0.1:1 700']);
  });
});

describe('frames out of their order are BAD_FRAME', () => {
  const FRAMES = {
    batch: { kind: 'batch', seq: 1, at: NOW, groups: [] },
    shape: { kind: 'shape', id: 1, families: [] },
    skip: { kind: 'skip', from: 1, to: 1 },
  };
  for (const [kind, frame] of Object.entries(FRAMES)) {
    test(`${kind} before hello, before welcome, and while losses are settled`, () => {
      const before = new Bench();
      before.frame(frame);
      assert.equal(before.refusal(), 'BAD_FRAME');
      const loading = new Bench();
      loading.hello();
      loading.frame(frame);
      assert.equal(loading.refusal(), 'BAD_FRAME');
      const settling = new Bench();
      settling.hello({ next: 9, oldest: 5 });
      settling.session.loaded(NEW_STREAM);
      settling.frame(frame);
      assert.equal(settling.refusal(), 'BAD_FRAME');
      settling.settleAll();
      assert.deepEqual(settling.kinds(), ['refuse']);
    });
  }

  test('a second hello', () => {
    const bench = new Bench().open();
    bench.hello();
    assert.equal(bench.refusal(), 'BAD_FRAME');
    assert.deepEqual(bench.events.slice(-2), ['refused web-1 BAD_FRAME', 'closed web-1']);
  });

  test('what is no frame at all', () => {
    for (const text of ['', 'x', '[]', '{"kind":"what"}', '{"kind":"hello"}', '{"kind":"batch","seq":0}']) {
      const bench = new Bench();
      bench.frame(text);
      assert.equal(bench.refusal(), 'BAD_FRAME');
      assert.deepEqual(bench.events, ['refused  BAD_FRAME']);
    }
  });

  test('after the close nothing is taken and nothing said', () => {
    const bench = new Bench().open();
    bench.frame('x');
    const before = bench.sent.length;
    bench.shape(1, gauges('a'));
    bench.batch(1, 5);
    bench.frame('y');
    bench.session.ack();
    bench.session.tick();
    bench.session.replaced();
    assert.deepEqual([bench.sent.length, bench.closes.length, bench.appends.length], [before, 1, 0]);
  });
});

describe('batches', () => {
  test('are acked when they are settled and not before, one ack for many', () => {
    const bench = new Bench().open();
    bench.shape(1, gauges('a'));
    for (const seq of [1, 2, 3]) bench.batch(seq, seq);
    bench.session.ack();
    assert.deepEqual(bench.kinds(), ['welcome']);
    const [first, second] = bench.appends;
    bench.session.settled(first ?? []);
    bench.session.settled(second ?? []);
    bench.session.ack();
    bench.session.ack();
    assert.deepEqual(bench.kinds(), ['welcome', 'ack 2']);
  });

  test('that are settled already are acked again', () => {
    const bench = new Bench().open();
    bench.shape(1, gauges('a'));
    for (const seq of [1, 2, 3]) bench.batch(seq, seq);
    bench.settleAll();
    bench.session.ack();
    bench.batch(2, 2);
    bench.batch(3, 3);
    assert.deepEqual(bench.kinds(), ['welcome', 'ack 3', 'ack 3', 'ack 3']);
    assert.deepEqual(bench.appends, []);
    bench.frame({ kind: 'skip', from: 1, to: 2 });
    assert.equal(bench.kinds().length, 5);
  });

  test('that are repeated before they are settled are not acked early', () => {
    const bench = new Bench().open();
    bench.shape(1, gauges('a'));
    bench.batch(1, 1);
    bench.batch(1, 1);
    assert.deepEqual(bench.kinds(), ['welcome']);
    assert.equal(bench.appends.length, 1);
  });

  test('that leave a hole end the connection', () => {
    const bench = new Bench().open();
    bench.batch(2, 1);
    assert.equal(bench.refusal(), 'SEQ_GAP');
    const skipping = new Bench().open();
    skipping.frame({ kind: 'skip', from: 5, to: 9 });
    assert.equal(skipping.refusal(), 'SEQ_GAP');
  });

  test('with another content under the last seq are a conflict, also one of an earlier connection', () => {
    const bench = new Bench().open();
    bench.shape(1, gauges('a'));
    bench.batch(1, 1);
    bench.batch(1, 99);
    assert.equal(bench.refusal(), 'SEQ_CONFLICT');
    const later = new Bench().open({ next: 9 }, { next: 5, lastHash: 12345, lastAt: NOW, nextOffset: 9 });
    later.shape(1, gauges('a'));
    later.batch(4, 1);
    assert.equal(later.refusal(), 'SEQ_CONFLICT');
    // Older ones cannot be told apart any more, and are duplicates.
    const older = new Bench().open({ next: 9 }, { next: 5, lastHash: 12345, lastAt: NOW, nextOffset: 9 });
    older.shape(1, gauges('a'));
    older.batch(3, 1);
    assert.deepEqual(older.kinds(), ['welcome', 'ack 4']);
  });

  test('behind a skip there is no content to conflict with', () => {
    const bench = new Bench().open();
    bench.frame({ kind: 'skip', from: 1, to: 3, reason: 'corrupt' });
    bench.batch(3, 1);
    assert.equal(bench.session.closed, false);
  });

  test('that are bad in part are told of group by group, and the connection goes on', () => {
    const bench = new Bench().open();
    bench.shape(1, gauges('a'));
    bench.shape(2, gauges('1b'));
    bench.frame({
      kind: 'batch',
      seq: 1,
      at: NOW,
      groups: [
        { shape: 2, values: [1] },
        { shape: 1, values: [1] },
        { shape: 3, values: [1] },
      ],
    });
    const rejects = bench.sent.filter((frame) => frame.kind === 'reject');
    assert.deepEqual(
      rejects.map(({ seq, group, code }) => [seq, group, code]),
      [
        [1, 0, 'INVALID_NAME'],
        [1, 2, 'UNKNOWN_SHAPE'],
      ],
    );
    assert.deepEqual(bench.events.slice(1), [
      'rejected web-1 INVALID_NAME',
      'rejected web-1 UNKNOWN_SHAPE',
      'dropped web-1 rejected 2',
    ]);
    bench.settleAll();
    bench.session.ack();
    assert.equal(bench.kinds().at(-1), 'ack 1');
  });

  test('that are rejected as a whole are settled by a tombstone; the reject names no group', () => {
    const bench = new Bench().open();
    bench.frame({ kind: 'batch', seq: 1, at: NOW + 3_600_000, groups: [] });
    const [, reject] = bench.sent;
    assert.ok(reject?.kind === 'reject' && reject.code === 'FUTURE' && !('group' in reject));
    assert.equal(bench.appends[0]?.[0]?.kind, 'tombstone');
  });

  test('may not go back behind what any epoch of the host has', () => {
    const bench = new Bench().open({}, { next: null, lastHash: 0, lastAt: NOW, nextOffset: 9 });
    bench.shape(1, gauges('a'));
    bench.batch(1, 1, NOW - 5);
    bench.recallAll(NOW);
    assert.deepEqual(bench.events.slice(1), ['dropped web-1 backwards 1']);
  });
});

describe('skip', () => {
  test('passes seqs from wherever the gateway stands', () => {
    const bench = new Bench().open({ next: 9 }, { next: 3, lastHash: 0, lastAt: 0, nextOffset: 9 });
    bench.frame({ kind: 'skip', from: 1, to: 5, reason: 'too_large' });
    assert.deepEqual(
      bench.appends[0]?.map(
        (entry) => entry.kind === 'tombstone' && [entry.seq, entry.lastSeq, entry.reason],
      ),
      [[3, 5, 'skipped:too_large']],
    );
    bench.settleAll();
    bench.session.ack();
    assert.equal(bench.kinds().at(-1), 'ack 5');
    bench.shape(1, gauges('a'));
    bench.batch(6, 1);
    assert.equal(bench.session.closed, false);
  });
});

describe('a skip that tells its times', () => {
  test('covers them, though none in the future', () => {
    const bench = new Bench().open();
    const times = { fromAt: NOW - 60_000, toAt: NOW + 60_000 };
    bench.frame({ kind: 'skip', from: 1, to: 7, reason: 'spool_full', ...times });
    const [entry] = bench.appends[0] ?? [];
    assert.ok(entry?.kind === 'tombstone');
    assert.deepEqual([entry.fromAt, entry.at, entry.reason], [NOW - 60_000, NOW, 'skipped:spool_full']);
  });
});

describe('the end', () => {
  test('bye closes cleanly; only leave of an open host makes it forgotten', () => {
    const bench = new Bench().open();
    bench.frame({ kind: 'bye', reason: 'shutdown' });
    assert.deepEqual(bench.closes, [[CLOSE_NORMAL, 'bye']]);
    assert.deepEqual(bench.events.slice(1), ['closed web-1']);
    const leaving = new Bench().open();
    leaving.frame({ kind: 'bye', reason: 'leave' });
    assert.deepEqual(leaving.events.slice(1), ['closed web-1', 'left web-1']);
    const early = new Bench();
    early.hello();
    early.frame({ kind: 'bye', reason: 'leave' });
    assert.deepEqual(early.events, ['closed web-1']);
    const stranger = new Bench();
    stranger.frame({ kind: 'bye', reason: 'leave' });
    assert.deepEqual([stranger.events, stranger.closes.length], [[], 1]);
  });

  test('silence closes, whatever the wall clock does meanwhile', () => {
    const bench = new Bench().open();
    bench.clock.step(86_400_000);
    bench.session.tick();
    bench.clock.pass(SILENCE_MS_MAX);
    bench.session.tick();
    assert.deepEqual(bench.closes, []);
    bench.clock.step(-2 * 86_400_000);
    bench.session.heard();
    bench.clock.pass(SILENCE_MS_MAX + 1);
    bench.session.tick();
    assert.deepEqual(bench.closes, [[CLOSE_CODES.SILENT, 'silent']]);
  });

  test('who never says hello is sent away, pongs or not', () => {
    const bench = new Bench();
    for (let i = 0; i < 3; i++) {
      bench.clock.pass(SILENCE_MS_MAX / 3 + 1);
      bench.session.heard();
      bench.session.tick();
    }
    assert.equal(bench.refusal(), 'RATE');
  });

  test('who is replaced is told so, and does not report the host as gone', () => {
    const voices = new Voices();
    const clock = new FakeClock();
    const first = new Bench(clock, voices).open();
    const second = new Bench(clock, voices).open();
    assert.deepEqual(first.closes, [[CLOSE_CODES.REPLACED, 'another connection of this host took over']]);
    first.session.gone();
    assert.deepEqual(first.events, ['opened 10.0.0.1:1 0']);
    second.session.gone();
    assert.deepEqual(second.events.slice(1), ['closed web-1']);
    second.session.gone();
    assert.equal(second.events.length, 2);
  });

  test('an answer of the ledger to one who was replaced meanwhile changes nothing', () => {
    const voices = new Voices();
    const clock = new FakeClock();
    const first = new Bench(clock, voices);
    first.hello();
    const second = new Bench(clock, voices);
    second.hello();
    first.session.loaded(NEW_STREAM);
    assert.deepEqual(first.kinds(), []);
    second.session.loaded(NEW_STREAM);
    assert.deepEqual(second.kinds(), ['welcome']);
  });

  test('a second process of a host is sent away with the time to wait', () => {
    const voices = new Voices();
    const clock = new FakeClock();
    const first = new Bench(clock, voices).open();
    clock.pass(5000);
    const second = new Bench(clock, voices);
    second.hello({ run: 'run-2' });
    assert.equal(second.refusal(), 'DUPLICATE_HOST');
    const [refuse] = second.sent;
    assert.ok(refuse?.kind === 'refuse');
    assert.equal(refuse.retryAfterMs, 10_000);
    assert.deepEqual(second.events, ['refused web-1 DUPLICATE_HOST']);
    assert.equal(first.session.closed, false);
    // The clock of the wall has no say in it.
    clock.step(-3_600_000);
    clock.pass(10_000);
    new Bench(clock, voices).open({ run: 'run-3' });
    assert.equal(first.session.closed, true);
  });

  test('every refusal closes with its own code', () => {
    for (const code of ['DRAINING', 'RATE', 'FRAME_TOO_LARGE', 'REVOKED'] as const) {
      const bench = new Bench().open();
      bench.session.refuse(new RefuseError(code, 'why', 500));
      assert.equal(bench.refusal(), code);
      assert.deepEqual(bench.sent.at(-1), { kind: 'refuse', code, message: 'why', retryAfterMs: 500 });
    }
  });
});

test('what a host has taken outlives its connection, and what it left does not', () => {
  const first = new Bench().open();
  first.shape(1, gauges('a'));
  first.batch(1, 5, NOW + 1);
  first.settleAll();
  first.session.gone();
  const state = { next: 2, lastHash: 0, lastAt: NOW + 1, nextOffset: 9 };
  const second = new Bench(first.clock, new Voices(), first.times).open({ next: 4, acked: 1 }, state);
  second.shape(1, gauges('a'));
  second.shape(2, gauges('b'));
  second.batch(2, 5, NOW + 1, 1);
  second.batch(3, 6, NOW + 1, 2);
  assert.deepEqual(
    second.appends.flat().map((entry) => entry.kind),
    ['tombstone', 'batch'],
    'the repeat is dropped, the other series of that moment is kept',
  );
  second.settleAll();
  second.frame({ kind: 'bye', reason: 'leave' });
  assert.equal(second.times.size, 0);
});
