import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { openDatabase } from './open-database.ts';
import { SpoolDamagedError, SpoolError, SpoolOpenError } from './spool-error.ts';
import {
  appendTick,
  appendTicks,
  INTERVAL_MS,
  largeGroups,
  openSpool,
  seqsOf,
  temporaryFolder,
  timesOf,
} from './test-support.ts';

const CONDITIONS = '--conditions=tributary-source';
const TESTING = new URL('./test-support.ts', import.meta.url).href;
const SPOOL = new URL('./spool.ts', import.meta.url).href;
const LIMITS = 'retentionMs: 1e12, bytesMax: 1e9, keepAckedMs: 1e12, now: 0';

describe('the lock', () => {
  test('a second process is refused with a message that says what to do', (t) => {
    const folder = temporaryFolder(t);
    openSpool(t, { folder });
    const code = `const { Spool } = await import(${JSON.stringify(SPOOL)});
      try { new Spool({ folder: ${JSON.stringify(folder)}, ${LIMITS} }); }
      catch (error) { console.log(error.name + ': ' + error.message); }`;
    const said = execFileSync(process.execPath, [CONDITIONS, '--input-type=module', '-e', code], {
      encoding: 'utf8',
    });
    assert.equal(
      said,
      `SpoolOpenError: ${folder}/spool.sqlite: in use by another reporter; stop it or give --spool.path another folder\n`,
    );
  });

  test('is free again after a close, and after an opening that failed', (t) => {
    const folder = temporaryFolder(t);
    openSpool(t, { folder }).close();
    const db = new Database(join(folder, 'spool.sqlite'));
    db.pragma('user_version = 99');
    db.close();
    for (let i = 0; i < 2; i++) {
      assert.throws(() => openSpool(t, { folder }), {
        name: 'SpoolOpenError',
        message: /spool\.sqlite: written by a newer version \(schema 99, this one knows 1\)/,
      });
    }
  });

  test('a folder that cannot be made is one line', (t) => {
    const file = join(temporaryFolder(t), 'file');
    writeFileSync(file, '');
    assert.throws(
      () => openSpool(t, { folder: join(file, 'spool') }),
      (error: Error) => {
        assert.ok(error instanceof SpoolOpenError);
        assert.match(
          error.message,
          /^\S+spool\.sqlite: cannot be opened for writing \(.+\); check the folder's/,
        );
        assert.ok(!error.message.includes('\n'));
        return true;
      },
    );
  });
});

test('a folder that the system will not make is one line, at once', () => {
  // In a process of its own: what never returned would hang this one.
  const code = `const { Spool } = await import(${JSON.stringify(SPOOL)});
    try { new Spool({ folder: '/proc/x/y', ${LIMITS} }); }
    catch (error) { console.log(error.name + ': ' + error.message); }`;
  const argv = [CONDITIONS, '--input-type=module', '-e', code];
  const said = execFileSync(process.execPath, argv, { encoding: 'utf8', timeout: 10_000 });
  assert.match(
    said,
    /^SpoolOpenError: \/proc\/x\/y\/spool\.sqlite: cannot be opened for writing \(ENOENT.*--spool\.path\n$/,
  );
});

test('a folder is made with what is missing above it', (t) => {
  const folder = join(temporaryFolder(t), 'a', 'b', 'c');
  appendTick(openSpool(t, { folder }));
});

test('a transaction that has returned is fsynced: WAL and synchronous=FULL', (t) => {
  const { db } = openDatabase(temporaryFolder(t), 0, () => null);
  assert.equal(db.pragma('journal_mode', { simple: true }), 'wal');
  assert.equal(db.pragma('synchronous', { simple: true }), 2);
  db.close();
});

describe('a damaged file', () => {
  test('that is no database at all is set aside, never deleted', (t) => {
    const folder = temporaryFolder(t);
    const garbage = 'not a database, but long enough to look like one'.repeat(100);
    writeFileSync(join(folder, 'spool.sqlite'), garbage);
    const spool = openSpool(t, { folder });
    assert.equal(spool.setAside, join(folder, 'spool.sqlite.damaged-2026-09-21T14-13-20-000Z'));
    assert.equal(readFileSync(spool.setAside, 'utf8'), garbage);
    assert.equal(appendTick(spool), 1);
  });

  test('is found when its first pages are read', (t) => {
    const folder = temporaryFolder(t);
    const spool = openSpool(t, { folder });
    appendTicks(spool, 20, { groups: largeGroups(4000) });
    const { epoch } = spool;
    spool.close();
    overwrite(join(folder, 'spool.sqlite'), 4096);
    const again = openSpool(t, { folder });
    assert.notEqual(again.setAside, null);
    assert.notEqual(again.epoch, epoch);
    assert.equal(appendTick(again), 1);
    assert.equal(readdirSync(folder).filter((name) => name.includes('damaged')).length, 1);
  });

  test('found while it is used is set aside as well; what can be read goes on in a new epoch', (t) => {
    const folder = temporaryFolder(t);
    const before = openSpool(t, { folder });
    appendTicks(before, 150, { groups: largeGroups(4000), willSend: true });
    before.ack(20, 0);
    appendTicks(before, 50, { groups: largeGroups(4000) });
    const batches = before.read(21, Number.POSITIVE_INFINITY);
    before.close();
    overwriteMiddle(folder);
    const spool = openSpool(t, { folder });
    assert.equal(spool.setAside, null);
    const { epoch, lastAt } = spool;
    appendTick(spool);
    assert.throws(() => spool.read(1, Number.POSITIVE_INFINITY), SpoolDamagedError);
    assert.notEqual(spool.epoch, epoch);
    assert.equal(statSync(spool.setAside ?? '').isFile(), true);
    const left = spool.read(1, Number.POSITIVE_INFINITY);
    assert.deepEqual(
      left.slice(0, -1),
      batches.flatMap((batch) => {
        const seq = batch.seq - 20;
        return left.some((one) => one.seq === seq) ? [{ ...batch, seq }] : [];
      }),
      'the same content at the same times',
    );
    const lost = 181 - left.length;
    assert.ok(lost > 10 && lost < 60, `${lost} of 181 are lost`);
    assert.deepEqual([...spool.dropped], [['spool_damaged', lost]]);
    assert.deepEqual([spool.next, spool.sent, spool.acked], [182, 130, 0]);
    const gaps = spool.gaps();
    assert.equal(
      gaps.reduce((sum, { from, to }) => sum + (to - from + 1), 0),
      lost,
    );
    for (const { from, to, fromAt, toAt, reason } of gaps) {
      assert.equal(reason, 'spool_damaged');
      assert.equal(toAt - fromAt, (to - from + 2) * INTERVAL_MS, 'from the batch before to the one after');
    }
    assert.equal(appendTick(spool, { at: lastAt - 1000 }), 182);
    assert.ok(spool.lastAt > lastAt, 'time goes on from where it was');
  });

  test('found when it is opened, what can be read goes on likewise', (t) => {
    const folder = temporaryFolder(t);
    const before = openSpool(t, { folder });
    appendTicks(before, 30, { willSend: true });
    before.ack(10, 0);
    appendTicks(before, 10);
    const times = timesOf(before);
    before.close();
    const db = new Database(join(folder, 'spool.sqlite'));
    const { rootpage } = db
      .prepare<[], { rootpage: number }>("SELECT rootpage FROM sqlite_schema WHERE name = 'meta'")
      .get() ?? { rootpage: 0 };
    db.close();
    overwrite(join(folder, 'spool.sqlite'), (rootpage - 1) * 4096, 4096);
    const spool = openSpool(t, { folder });
    assert.notEqual(spool.setAside, null);
    // Nobody knows what of it was sent or acked: all of it keeps its time, and is sent again.
    assert.deepEqual(timesOf(spool), times);
    assert.deepEqual([spool.next, spool.sent, spool.acked, spool.lastAt], [41, 40, 0, times.at(-1)]);
    assert.deepEqual([spool.gaps(), spool.dropped.size], [[], 0]);
    assert.equal(appendTick(spool), 41);
  });

  test('a new file that cannot take what is left begins empty, and tells all of it as lost', (t) => {
    const folder = temporaryFolder(t);
    const before = openSpool(t, { folder });
    appendTicks(before, 200, { groups: largeGroups(4000) });
    before.close();
    overwriteMiddle(folder);
    const spool = openSpool(t, { folder });
    withFileSizeLimit(200_000, () => {
      assert.throws(() => spool.read(1, Number.POSITIVE_INFINITY), SpoolDamagedError);
    });
    assert.deepEqual([...spool.dropped], [['spool_damaged', 200]]);
    assert.deepEqual([appendTick(spool), seqsOf(spool)], [1, [1]]);
  });
});

const hasPrlimit = canSetLimits();

describe('a disk that refuses', { skip: hasPrlimit ? false : 'needs prlimit (util-linux)' }, () => {
  test('leaves everything as it was, and the spool goes on when there is room again', (t) => {
    const folder = temporaryFolder(t);
    const spool = openSpool(t, { folder, retentionMs: 20 * 10_000 });
    appendTicks(spool, 21, { groups: largeGroups(4000) });
    const read = () => spool.read(1, Number.POSITIVE_INFINITY);
    const state = () => {
      const { epoch, next, oldest, sent, acked, lastAt } = spool;
      return { epoch, next, oldest, sent, acked, lastAt, gaps: spool.gaps(), dropped: [...spool.dropped] };
    };
    const [batches, before] = [read(), state()];
    const refused = (act: () => unknown) => {
      assert.throws(act, SpoolError);
      assert.deepEqual([read(), state()], [batches, before]);
    };
    withFileSizeLimit(4096, () => {
      refused(() => appendTick(spool, { groups: largeGroups(4000), willSend: true }));
      refused(() => spool.markAllSent());
      refused(() => spool.beginEpoch(3));
      refused(() => spool.restate('boot-1', 0));
    });
    assert.equal(appendTick(spool), 22);
    assert.equal(spool.oldest, 2);
    spool.markAllSent();
    assert.equal(spool.sent, 22);
    const { epoch } = spool;
    spool.close();
    const again = openSpool(t, { folder });
    assert.deepEqual([again.epoch, again.next, again.sent, again.setAside], [epoch, 23, 22, null]);
  });

  test('does not keep a spool from being closed', (t) => {
    const folder = temporaryFolder(t);
    const spool = openSpool(t, { folder });
    appendTick(spool);
    spool.ack(1, 0);
    withFileSizeLimit(4096, () => assert.throws(() => spool.close(), SpoolError));
    assert.equal(appendTick(openSpool(t, { folder })), 2);
  });

  test('does not start a reporter', (t) => {
    const folder = temporaryFolder(t);
    withFileSizeLimit(4096, () => assert.throws(() => openSpool(t, { folder }), SpoolOpenError));
    openSpool(t, { folder });
  });
});

test('a process that is killed loses nothing that was returned, and leaves no hole', async (t) => {
  const folder = temporaryFolder(t);
  const code = `import { writeSync } from 'node:fs';
    const { Spool } = await import(${JSON.stringify(SPOOL)});
    const { appendTick } = await import(${JSON.stringify(TESTING)});
    const spool = new Spool({ folder: ${JSON.stringify(folder)}, ${LIMITS} });
    for (;;) writeSync(1, appendTick(spool, { willSend: true }) + '\\n');`;
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [CONDITIONS, '--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    let said = '';
    let isDead = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.split('\n').length > 60 && !isDead) isDead = child.kill('SIGKILL');
    });
    await once(child, 'close');
    const returned = said.split('\n').slice(0, -1).map(Number);
    const spool = openSpool(t, { folder });
    const last = returned.at(-1) ?? 0;
    assert.ok(returned.length >= 60, said);
    // One more may be on disk than was said: the one between its commit and its return.
    assert.ok(
      spool.next === last + 1 || spool.next === last + 2,
      `${last} was returned, ${spool.next} is next`,
    );
    assert.equal(spool.sent, spool.next - 1);
    assert.deepEqual(
      seqsOf(spool),
      Array.from({ length: spool.next - 1 }, (_, i) => i + 1),
    );
    spool.close();
  }
});

/** The pages in the middle hold old batches, which nobody looks at before they are sent. */
function overwriteMiddle(folder: string): void {
  const path = join(folder, 'spool.sqlite');
  overwrite(path, Math.floor(statSync(path).size / 3 / 4096) * 4096, 40 * 4096);
}

function overwrite(path: string, from: number, bytes = 1024 * 1024): void {
  const length = Math.min(bytes, statSync(path).size - from);
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(length, 0xa5), 0, length, from);
  closeSync(file);
}

/** This process may not write behind so many bytes of any file, while `act` runs. */
function withFileSizeLimit(bytes: number, act: () => void): void {
  setLimit(String(bytes));
  try {
    act();
  } finally {
    setLimit('unlimited');
  }
}

function setLimit(limit: string): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${limit}:`], { stdio: 'ignore' });
}

function canSetLimits(): boolean {
  try {
    setLimit('unlimited');
    return true;
  } catch {
    return false;
  }
}
