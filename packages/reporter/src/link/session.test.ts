import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  appendTick,
  appendTicks,
  INTERVAL_MS,
  largeGroups,
  START_AT,
  shapeOf,
} from '../spool/test-support.ts';
import { BACKOFF_MS, Harness, WALL } from './test-support.ts';

const atOf = (seq: number) => START_AT + (seq - 1) * INTERVAL_MS;

describe('hello', () => {
  test('says who speaks and what the spool has', (t) => {
    const link = new Harness(t, { retentionMs: 3 * INTERVAL_MS });
    appendTicks(link.spool, 6);
    link.spool.ack(1, 1);
    link.session.tick();
    assert.deepEqual(link.did(), ['connect']);
    link.session.opened();
    const frames = link.frames();
    assert.deepEqual(frames, [
      {
        kind: 'hello',
        host: 'web-1',
        epoch: link.spool.epoch,
        run: 'run-1',
        oldest: 3,
        acked: 1,
        delivered: 1,
        next: 7,
        clock: WALL,
        gaps: [{ from: 1, to: 2, fromAt: atOf(1), toAt: atOf(2), reason: 'spool_age' }],
        agent: 'tributary-reporter/1.0.0',
        os: 'linux 6.1',
      },
    ]);
    assert.equal(link.session.isStreaming, false);
    appendTick(link.spool);
    link.session.appended();
    assert.deepEqual(link.did(), [], 'nothing goes out before the welcome');
  });
});

describe('welcome', () => {
  test('resumes at its next, each shape told once before its first use', (t) => {
    const link = new Harness(t);
    const [a, b] = [shapeOf('a'), shapeOf('b')];
    const groups = [{ shape: a, values: [1] }];
    appendTicks(link.spool, 3, { groups, willSend: true });
    appendTick(link.spool, { groups: [...groups, { shape: b, values: [2] }] });
    link.stream(2);
    assert.equal(link.session.isStreaming, true);
    assert.deepEqual(link.sent(), ['shape 1', 'batch 2', 'batch 3', 'shape 2', 'batch 4']);
    assert.equal(link.spool.acked, 1);
    appendTick(link.spool, { groups });
    link.session.appended();
    assert.deepEqual(link.frames(), [
      { kind: 'batch', seq: 5, at: atOf(5), groups: [{ shape: 1, values: [1] }] },
    ]);
    link.session.closed(1006, '');
    link.stream(5);
    assert.deepEqual(link.sent(), ['shape 1', 'batch 5'], 'another connection has heard of no shape');
  });

  test('a shape frame carries the shape', (t) => {
    const link = new Harness(t);
    appendTick(link.spool, { groups: [{ shape: shapeOf('a'), values: [1] }] });
    link.stream(1);
    assert.deepEqual(link.frames()[0], { kind: 'shape', id: 1, ...shapeOf('a') });
  });

  test('what is sent is marked so, before it goes, and the clock is put right before that', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 3);
    const seen: number[] = [];
    link.onWelcome = () => {
      seen.push(link.spool.sent);
      link.spool.restate('boot-1', START_AT + 5_000);
    };
    link.open();
    link.did();
    link.nowMs += 80;
    link.welcome(1, { clock: WALL + 7, limits: { seriesMax: 500 } });
    assert.deepEqual(link.welcomes, [[WALL + 7, 80]]);
    assert.deepEqual(link.seriesMax, [500]);
    assert.deepEqual(seen, [0]);
    assert.equal(link.spool.sent, 3);
    const [, first] = link.frames();
    assert.equal(first?.['at'], START_AT + 5_000);
  });

  test('a second one is not heeded', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 2);
    link.stream(1);
    link.did();
    link.welcome(1);
    assert.deepEqual(link.did(), []);
  });
});

describe('the window', () => {
  const groups = largeGroups(1000);

  test('is never passed, and moves on with the acks', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 10, { groups });
    link.stream(1, { limits: { windowBytesMax: 3500 } });
    assert.deepEqual(link.sent(), ['shape 1', 'batch 1', 'batch 2', 'batch 3']);
    link.session.appended();
    assert.deepEqual(link.did(), []);
    link.ack(1);
    assert.deepEqual(link.sent(), ['batch 4']);
    link.ack(4);
    assert.deepEqual(link.sent(), ['batch 5', 'batch 6', 'batch 7']);
    link.ack(4);
    assert.deepEqual(link.did(), []);
    assert.equal(link.spool.acked, 4);
  });

  test('takes one batch whatever its size', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 2, { groups: largeGroups(4000) });
    link.stream(1, { limits: { windowBytesMax: 1024 } });
    assert.deepEqual(link.sent(), ['shape 1', 'batch 1']);
    link.ack(1);
    assert.deepEqual(link.sent(), ['batch 2']);
  });

  test('a long backlog streams through it in order', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 300, { groups });
    link.stream(1, { limits: { windowBytesMax: 50_000 } });
    const seqs: number[] = [];
    for (let sent = link.sent(); sent.length > 0; sent = link.sent()) {
      seqs.push(...sent.filter((entry) => entry.startsWith('batch')).map((entry) => Number(entry.slice(6))));
      link.ack(seqs.at(-1) ?? 0);
    }
    assert.deepEqual(
      seqs,
      Array.from({ length: 300 }, (_, i) => i + 1),
    );
  });
});

describe('a socket that is slower than the disk', () => {
  test('is given no more than a little at a time, and the rest as that leaves', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 400, { groups: largeGroups(4000) });
    link.isStuck = true;
    link.stream(1);
    const first = link.sent().length - 1;
    assert.ok(first > 1 && link.unsentBytes < 24 * 1024, `${first} batches, ${link.unsentBytes} bytes`);
    link.session.appended();
    link.session.drained();
    link.ack(2);
    assert.deepEqual(link.did(), [], 'neither a tick nor an ack gives it more');
    link.isStuck = false;
    link.unsentBytes = 0;
    link.session.drained();
    assert.equal(link.sent().length, 400 - first);
  });

  test('holds up no tick, and forgets with its connection', (t) => {
    const link = new Harness(t);
    link.stream(1);
    link.did();
    link.unsentBytes = 1e9;
    link.session.closed(1006, '');
    link.session.drained();
    assert.deepEqual(link.did(), []);
    appendTick(link.spool);
    link.unsentBytes = 0;
    link.stream(1);
    assert.deepEqual(link.sent(), ['shape 1', 'batch 1']);
  });
});

describe('skip', () => {
  test('passes what is too large, told in one run', (t) => {
    const link = new Harness(t);
    appendTick(link.spool);
    appendTicks(link.spool, 3, { groups: largeGroups(4000) });
    appendTick(link.spool);
    link.stream(1, { limits: { frameBytesMax: 2000 } });
    assert.deepEqual(link.sent(), ['shape 1', 'batch 1', 'skip 2-4 too_large', 'batch 5']);
    assert.deepEqual(link.told.slice(1), ['skipped(2, 4, "too_large")']);
    appendTick(link.spool, { groups: largeGroups(4000) });
    link.session.appended();
    assert.deepEqual(link.sent(), ['skip 6-6 too_large']);
  });

  test('passes a batch whose shape is too large', (t) => {
    const link = new Harness(t);
    const names = Array.from({ length: 100 }, (_, i) => `node_metric_${i}`);
    appendTick(link.spool, { groups: [{ shape: shapeOf(...names), values: names.map(() => 1) }] });
    link.stream(1, { limits: { frameBytesMax: 2000 } });
    assert.deepEqual(link.sent(), ['skip 1-1 too_large']);
  });

  test('passes what is older than the horizon in one frame, however much it is', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 500, { willSend: true });
    link.stream(3, { horizon: atOf(499) });
    const frames = link.frames();
    assert.deepEqual(frames[0], {
      kind: 'skip',
      from: 3,
      to: 498,
      reason: 'too_old',
      fromAt: atOf(3),
      toAt: atOf(499),
    });
    assert.deepEqual(
      frames.slice(1).map((frame) => frame['seq'] ?? frame.kind),
      ['shape', 499, 500],
    );
    link.ack(498);
    assert.equal(link.spool.acked, 498);
  });

  test('passes what the spool has dropped since hello, with its reason', (t) => {
    const link = new Harness(t, { retentionMs: 3 * INTERVAL_MS });
    appendTicks(link.spool, 3);
    link.open();
    appendTicks(link.spool, 4);
    assert.equal(link.spool.oldest, 4);
    link.did();
    link.welcome(1);
    assert.deepEqual(link.sent(), [
      'skip 1-3 spool_age',
      'shape 1',
      'batch 4',
      'batch 5',
      'batch 6',
      'batch 7',
    ]);
  });

  test('passes what was dropped while the window was full', (t) => {
    const link = new Harness(t, { retentionMs: 3 * INTERVAL_MS });
    appendTicks(link.spool, 3, { groups: largeGroups(1000) });
    link.stream(1, { limits: { windowBytesMax: 1500 } });
    assert.deepEqual(link.sent(), ['shape 1', 'batch 1']);
    appendTicks(link.spool, 4, { groups: largeGroups(1000) });
    link.ack(1);
    assert.deepEqual(link.frames()[0], {
      kind: 'skip',
      from: 2,
      to: 3,
      reason: 'spool_age',
      fromAt: atOf(2),
      toAt: atOf(3),
    });
  });
});

describe('gaps told in hello', () => {
  test('are settled by the gateway, and that alone is no new epoch', (t) => {
    const link = new Harness(t, { retentionMs: 3 * INTERVAL_MS });
    appendTicks(link.spool, 10);
    const { epoch } = link.spool;
    assert.deepEqual([link.spool.oldest, link.spool.sent], [7, 0]);
    link.stream(7);
    assert.deepEqual(link.sent(), ['shape 1', 'batch 7', 'batch 8', 'batch 9', 'batch 10']);
    assert.equal(link.spool.epoch, epoch);
    appendTick(link.spool);
    assert.deepEqual(
      link.spool.gaps().map(({ from, to }) => [from, to]),
      [[7, 7]],
      'only what was lost since',
    );
  });
});

describe('the rest of the wire', () => {
  test('pace and rejects are handed on; what a newer gateway says is let through', (t) => {
    const link = new Harness(t);
    appendTick(link.spool);
    link.stream(1);
    link.did();
    link.say({ kind: 'pace', intervalMs: 30_000 });
    link.say({ kind: 'reject', seq: 1, group: 0, code: 'INVALID_LABEL', message: 'no' });
    link.say({ kind: 'weather', sky: 'blue' });
    assert.deepEqual(link.paces, [30_000]);
    assert.equal(
      link.told.at(-1),
      'rejected({"kind":"reject","seq":1,"group":0,"code":"INVALID_LABEL","message":"no"})',
    );
    assert.deepEqual(link.did(), []);
  });

  test('silence closes the connection, once; anything heard puts that off', (t) => {
    const link = new Harness(t);
    link.stream(1);
    link.pass(24_000);
    link.session.heard();
    link.pass(25_000);
    assert.deepEqual(link.did(), []);
    link.pass(2_000);
    assert.deepEqual(link.did(), ['close 4031 silent']);
    assert.equal(link.session.isStreaming, false);
    link.session.closed(1006, 'silent');
    assert.match(link.told.at(-1) ?? '', /"wasStreaming":true/);
    link.pass(BACKOFF_MS);
    assert.deepEqual(link.did(), ['connect']);
  });

  test('silence before the welcome closes it too', (t) => {
    const link = new Harness(t);
    link.open();
    link.did();
    link.pass(26_000);
    assert.deepEqual(link.did(), ['close 4031 silent']);
  });

  test('bye ends it for good, and an ack on its way still counts', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 2);
    link.stream(1);
    link.did();
    link.session.stop('shutdown');
    assert.deepEqual(link.did(), ['{"kind":"bye","reason":"shutdown"}', 'close 1000 bye']);
    link.ack(2);
    assert.equal(link.spool.acked, 2);
    link.session.closed(1000, '');
    link.session.appended();
    link.pass(60_000);
    assert.deepEqual(link.did(), []);
  });

  test('stopping between connections says nothing', (t) => {
    const link = new Harness(t);
    link.session.stop('shutdown');
    link.pass(60_000);
    assert.deepEqual(link.did(), []);
  });
});
