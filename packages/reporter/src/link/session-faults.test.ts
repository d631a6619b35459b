import assert from 'node:assert/strict';
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CLOSE_CODES } from '@tributary/shared/close-codes';
import { SpoolError } from '../spool/spool-error.ts';
import {
  appendTick,
  appendTicks,
  largeGroups,
  openSpool,
  temporaryFolder,
  timesOf,
} from '../spool/test-support.ts';
import { CredentialError } from './host-credentials.ts';
import { BACKOFF_MS, Harness } from './test-support.ts';

/** Seconds until the session connects again; null when it does not within an hour. */
function secondsToConnect(link: Harness): number | null {
  link.did();
  for (let ms = 0; ms <= 3_600_000; ms += 500) {
    if (ms > 0) link.pass(500);
    else link.session.tick();
    if (link.did().includes('connect')) return ms / 1000;
  }
  return null;
}

describe('backoff', () => {
  test('doubles up to its bound, and begins anew only after an ack', (t) => {
    const link = new Harness(t);
    appendTick(link.spool);
    const pauses: (number | null)[] = [secondsToConnect(link)];
    for (let i = 0; i < 6; i++) {
      link.session.closed(1006, '');
      pauses.push(secondsToConnect(link));
    }
    assert.deepEqual(pauses, [0, 1, 2, 4, 8, 16, 16]);
    link.session.opened();
    link.welcome(1);
    link.session.closed(1006, '');
    assert.equal(secondsToConnect(link), 16, 'a welcome proves nothing yet');
    link.session.opened();
    link.welcome(1);
    link.ack(1);
    link.session.closed(1006, '');
    assert.equal(secondsToConnect(link), BACKOFF_MS / 1000);
  });
});

describe('refusals', () => {
  test('later: after the backoff, or what the gateway asks for', (t) => {
    const link = new Harness(t);
    link.open();
    link.refuse('DUPLICATE_HOST', CLOSE_CODES.DUPLICATE_HOST, 30_000);
    assert.equal(secondsToConnect(link), 30);
    link.session.opened();
    link.refuse('DRAINING', CLOSE_CODES.DRAINING);
    assert.equal(secondsToConnect(link), 2);
    link.session.opened();
    link.refuse('SOMETHING_NEW', 4099);
    assert.equal(secondsToConnect(link), 4);
    assert.equal(link.session.isParked, false);
  });

  for (const code of ['UNAUTHORIZED', 'REVOKED', 'NAME_TAKEN', 'VERSION'] as const) {
    test(`never: ${code} parks it for some minutes`, (t) => {
      const link = new Harness(t);
      link.open();
      link.refuse(code, CLOSE_CODES[code], 1000);
      assert.equal(link.session.isParked, true);
      assert.match(link.told.at(-1) ?? '', /"parked":true/);
      appendTick(link.spool);
      link.session.appended();
      assert.equal(link.rounds, 1, 'a stray 401 before it does not hide a good token for good');
      assert.equal(secondsToConnect(link), 450);
    });
  }

  test('a parked session looks for another credential every 2 s, and goes on at once', (t) => {
    const link = new Harness(t);
    link.open();
    link.refuse('REVOKED', CLOSE_CODES.REVOKED);
    link.did();
    link.pass(10_000);
    assert.equal(link.looks, 5);
    link.isTokenChanged = true;
    link.pass(2_000);
    assert.deepEqual(link.did(), ['connect']);
    assert.equal(link.session.isParked, false);
  });

  for (const status of [401, 403, 429]) {
    test(`HTTP ${status} parks it, and it is tried again every few minutes`, (t) => {
      const link = new Harness(t);
      link.session.tick();
      link.session.closed(1006, `HTTP ${status}`, status);
      assert.equal(link.session.isParked, true);
      assert.match(link.told.at(-1) ?? '', new RegExp(`"parked":true.+"refusal":"HTTP_${status}"`));
      // 5 minutes and the highest that the dice can give.
      assert.equal(secondsToConnect(link), 450);
      link.session.closed(1006, `HTTP ${status}`, status);
      link.isTokenChanged = true;
      assert.equal(secondsToConnect(link), 2);
    });
  }

  test('HTTP 401 while there is another token to show is tried with that', (t) => {
    const link = new Harness(t);
    link.session.tick();
    link.hasOtherToken = true;
    link.session.closed(1006, 'HTTP 401', 401);
    assert.equal(link.session.isParked, false);
    assert.equal(secondsToConnect(link), 1);
  });

  test('HTTP 503 is no refusal', (t) => {
    const link = new Harness(t);
    link.session.tick();
    link.session.closed(1006, 'HTTP 503', 503);
    assert.equal(secondsToConnect(link), 1);
  });

  test('what an answer of HTTP asks for is waited for, within reason, and not by all at once', (t) => {
    for (const [status, askedS, expectedS] of [
      [503, 20, 40],
      [503, 0, 1],
      [503, 86_400, 600],
      // As long as it is parked.
      [429, 1, 450],
      [429, 300, 600],
    ] as const) {
      const link = new Harness(t);
      link.session.tick();
      link.session.closed(1006, `HTTP ${status}`, status, askedS * 1000);
      assert.equal(secondsToConnect(link), expectedS, `${status} ${askedS}`);
    }
  });

  test('frame, with nothing in flight: it is hello that is not understood', (t) => {
    const link = new Harness(t);
    link.open();
    link.refuse('BAD_FRAME', CLOSE_CODES.BAD_FRAME);
    assert.equal(link.session.isParked, true);
    assert.equal(secondsToConnect(link), 450);
  });

  for (const closeCode of [CLOSE_CODES.BAD_FRAME, 1006]) {
    test(`frame, with something in flight: tried again, then passed (close ${closeCode})`, (t) => {
      const link = new Harness(t);
      appendTicks(link.spool, 3, { willSend: true });
      for (let i = 0; i < 3; i++) {
        link.stream(2);
        assert.deepEqual(link.sent(), ['shape 1', 'batch 2', 'batch 3']);
        link.refuse('BAD_FRAME', closeCode);
        assert.equal(link.session.isParked, false);
      }
      link.stream(2);
      assert.deepEqual(link.sent(), ['skip 2-2 refused', 'shape 1', 'batch 3']);
      link.ack(3);
      link.session.closed(1006, '');
      link.stream(2);
      assert.deepEqual(link.sent(), ['shape 1', 'batch 2', 'batch 3'], 'what was settled is forgotten');
    });
  }
});

describe('a token that comes with the welcome', () => {
  test('is kept before anything is sent, or heeded', (t) => {
    const link = new Harness(t);
    appendTick(link.spool);
    link.open();
    link.did();
    link.welcome(1, { token: 'abc' });
    assert.deepEqual(
      link.did().map((entry) => entry.slice(0, 16)),
      ['welcomed abc', '{"kind":"shape",', '{"kind":"batch",'],
    );
  });

  test('is kept even where the epoch turns out to be another', (t) => {
    const link = new Harness(t);
    link.open();
    link.did();
    link.welcome(99, { token: 'abc' });
    assert.deepEqual(link.did(), ['welcomed abc', 'close 1000 new epoch']);
  });

  test('that cannot be kept ends the connection: no batch goes before it', (t) => {
    const link = new Harness(t);
    appendTick(link.spool);
    link.onToken = () => {
      throw new CredentialError('the disk is full');
    };
    link.open();
    link.did();
    link.welcome(1, { token: 'abc' });
    assert.deepEqual(link.did(), ['welcomed abc', 'close 1000 token not kept']);
    assert.equal(link.told.at(-1), 'failed("the disk is full")');
    assert.equal(link.spool.sent, 0);
    link.session.closed(1000, '');
    link.onToken = () => {};
    assert.equal(secondsToConnect(link), 1);
    link.session.opened();
    link.welcome(1, { token: 'abc' });
    assert.deepEqual(link.sent(), ['hello', 'shape 1', 'batch 1']);
  });
});

describe('the rule of three closes', () => {
  const closes = (link: Harness, code: number, count: number, next = 1) => {
    for (let i = 0; i < count; i++) {
      link.stream(next);
      link.did();
      link.session.closed(code, '');
    }
  };

  for (const code of [1002, 1007, 1009, 1011, CLOSE_CODES.FRAME_TOO_LARGE, CLOSE_CODES.SHAPE_CONFLICT]) {
    test(`counts ${code}`, (t) => {
      const link = new Harness(t);
      appendTicks(link.spool, 2);
      closes(link, code, 3);
      link.stream(1);
      assert.deepEqual(link.sent(), ['skip 1-1 refused', 'shape 1', 'batch 2']);
    });
  }

  for (const code of [1000, 1001, 1006, 1012, CLOSE_CODES.REPLACED, CLOSE_CODES.SILENT]) {
    test(`does not count ${code}, which says nothing of the batch`, (t) => {
      const link = new Harness(t);
      appendTicks(link.spool, 2);
      closes(link, code, 5);
      link.stream(1);
      assert.deepEqual(link.sent(), ['shape 1', 'batch 1', 'batch 2']);
    });
  }

  test('does not count closes at different seqs, nor those before an ack', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 3, { willSend: true });
    closes(link, 1011, 2, 1);
    closes(link, 1011, 2, 2);
    link.stream(2);
    assert.deepEqual(link.sent(), ['shape 1', 'batch 2', 'batch 3']);
    link.ack(2);
    link.session.closed(1011, '');
    closes(link, 1011, 1, 3);
    link.stream(3);
    assert.deepEqual(link.sent(), ['shape 1', 'batch 3']);
  });

  test('does not count a close of our own, whatever code comes back', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 2);
    for (let i = 0; i < 4; i++) {
      link.stream(1);
      link.session.receive('not JSON');
      assert.equal(link.did().at(-1), 'close 1002 not understood');
      link.session.closed(1002, 'not understood');
    }
    link.stream(1);
    assert.deepEqual(link.sent(), ['shape 1', 'batch 1', 'batch 2']);
  });
});

describe('a new epoch', () => {
  test('begins when the gateway has settled what was never sent', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 5, { willSend: true });
    appendTicks(link.spool, 2);
    const { epoch } = link.spool;
    link.spool.ack(4, 0);
    const unacked = timesOf(link.spool).slice(4);
    link.stream(9);
    assert.deepEqual(link.did(), ['close 1000 new epoch']);
    assert.equal(link.told.at(-1), 'newEpoch("the gateway has settled 8, but only 5 was sent")');
    assert.notEqual(link.spool.epoch, epoch);
    assert.deepEqual([link.spool.next, link.spool.sent, timesOf(link.spool)], [4, 1, unacked]);
    link.session.closed(1000, '');
    link.open();
    const [hello] = link.frames();
    assert.deepEqual([hello?.['epoch'], hello?.['next'], hello?.['acked']], [link.spool.epoch, 4, 0]);
    link.welcome(1);
    assert.deepEqual(link.sent(), ['shape 1', 'batch 1', 'batch 2', 'batch 3']);
  });

  test('begins after SEQ_CONFLICT, with everything that was not acked', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 5, { willSend: true });
    const { epoch } = link.spool;
    link.stream(3);
    link.did();
    link.refuse('SEQ_CONFLICT', CLOSE_CODES.SEQ_CONFLICT);
    assert.notEqual(link.spool.epoch, epoch);
    assert.equal(link.told.at(-2), 'newEpoch("because of SEQ_CONFLICT")');
    link.stream(1);
    assert.deepEqual(link.sent(), ['shape 1', 'batch 1', 'batch 2', 'batch 3']);
  });

  test('forgets what was passed in the old one', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 3);
    for (let i = 0; i < 3; i++) {
      link.stream(1);
      link.session.closed(1011, '');
    }
    link.open();
    link.refuse('SEQ_CONFLICT', CLOSE_CODES.SEQ_CONFLICT);
    link.stream(1);
    assert.deepEqual(link.sent(), ['shape 1', 'batch 1', 'batch 2', 'batch 3']);
  });
});

test('a time too far ahead asks for a new welcome, at most once a minute; a group at fault does not', (t) => {
  const link = new Harness(t);
  appendTicks(link.spool, 3);
  const future = { kind: 'reject', seq: 1, code: 'FUTURE', message: 'ahead' };
  link.stream(1);
  link.did();
  link.say({ ...future, group: 0 });
  assert.deepEqual(link.did(), []);
  link.say(future);
  link.say({ ...future, seq: 2 });
  assert.deepEqual(link.did(), ['close 1000 the clock is to be set']);
  assert.equal(link.futures, 1);
  link.session.closed(1000, '');
  link.stream(3);
  link.did();
  link.say({ ...future, seq: 3 });
  assert.deepEqual(link.did(), []);
  link.pass(20_000);
  link.session.heard();
  link.pass(20_000);
  link.say({ ...future, seq: 3 });
  assert.deepEqual(link.did(), ['close 1000 the clock is to be set']);
});

describe('a spool that fails', () => {
  test('closes the connection, which is tried again; nothing unmarked goes out', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 2);
    link.onWelcome = () => {
      throw new SpoolError('disk full');
    };
    link.stream(1);
    assert.deepEqual(link.did(), ['close 1000 spool failed']);
    assert.equal(link.told.at(-1), 'failed("disk full")');
    assert.deepEqual([link.spool.sent, link.session.isStreaming], [0, false]);
    link.session.closed(1000, '');
    link.onWelcome = () => {};
    link.stream(1);
    assert.deepEqual(link.sent(), ['shape 1', 'batch 1', 'batch 2']);
  });

  test('that had to begin anew is another epoch, which this connection cannot speak for', (t) => {
    const folder = temporaryFolder(t);
    const first = openSpool(t, { folder });
    appendTicks(first, 100, { groups: largeGroups(4000) });
    first.close();
    const path = join(folder, 'spool.sqlite');
    const size = statSync(path).size;
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(100_000, 0xa5), 0, 100_000, Math.floor(size / 3 / 4096) * 4096);
    closeSync(file);
    const spool = openSpool(t, { folder });
    const link = new Harness(t, {}, spool);
    const { epoch } = spool;
    link.stream(1);
    assert.equal(link.did().at(-1), 'close 1000 spool failed');
    assert.match(link.told.at(-1) ?? '', /^failed\("the spool was damaged .+ a new one begun"\)$/);
    assert.notEqual(spool.epoch, epoch);
    link.ack(50);
    assert.equal(spool.acked, 0);
    link.session.closed(1000, '');
    appendTick(spool);
    link.stream(1);
    const sent = link.sent();
    const skips = sent.filter((frame) => frame.startsWith('skip'));
    assert.match(skips.join(), /^skip \d+-\d+ spool_damaged$/);
    assert.deepEqual(
      [sent[0], sent[1], sent.at(-1)],
      ['shape 1', 'batch 1', 'batch 101'],
      'what is left goes on',
    );
  });

  test('an epoch that ends under a streaming connection ends it', (t) => {
    const link = new Harness(t);
    appendTicks(link.spool, 3);
    link.stream(1);
    link.did();
    link.spool.beginEpoch(3);
    appendTick(link.spool);
    link.session.appended();
    assert.deepEqual(link.did(), ['close 1000 new epoch']);
    link.ack(3);
    assert.equal(link.spool.acked, 0);
  });
});
