import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { type Ledger, LedgerClosedError } from '../ledger.ts';
import { ledgerContract } from '../ledger-contract.ts';
import { batch, NO_BOUNDS } from '../ledger-test-support.ts';
import { PACK_ALL } from './pack-policy.ts';
import { SqliteLedger } from './sqlite-ledger.ts';

ledgerContract('sqlite', (folder) => SqliteLedger.open({ folder }));

/** Whatever was appended is in a block when `append` resolves. */
ledgerContract('sqlite, packed', async (folder) => {
  const ledger = await SqliteLedger.open({ folder, packing: PACK_ALL });
  const append = async (...args: Parameters<Ledger['append']>) => {
    await ledger.append(...args);
    // A ledger that is closing packs nothing any more.
    await ledger.trim(NO_BOUNDS).catch(() => {});
  };
  return new Proxy<Ledger>(ledger, {
    get(target, name) {
      if (name === 'append') return append;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
});

const root = await mkdtemp(join(tmpdir(), 'tributary-sqlite-ledger-'));
after(() => rm(root, { recursive: true }));

test('a folder that cannot be made is named', async () => {
  const file = join(root, 'file');
  await writeFile(file, '');
  await assert.rejects(
    SqliteLedger.open({ folder: join(file, 'sub') }),
    /cannot be opened for writing.*--storage\.path/,
  );
});

test('a ledger has one gateway, and readers', async () => {
  const folder = await mkdtemp(join(root, 'x'));
  await using ledger = await SqliteLedger.open({ folder });
  await ledger.append('web-1', 'e1', [batch(1)]);
  await assert.rejects(SqliteLedger.open({ folder }), /in use by another gateway/);
  const reader = new Database(join(folder, 'ledger.sqlite'), { readonly: true });
  assert.deepEqual(reader.prepare('SELECT seq FROM entries').pluck().all(), [1]);
  reader.close();
});

test('whoever reads waits for one commit, not for all that is to be stored', async () => {
  const folder = await mkdtemp(join(root, 'x'));
  await using ledger = await SqliteLedger.open({ folder });
  await ledger.append('web-1', 'e1', [batch(1)]);
  const column = { values: new Float64Array(200_000).map((_, i) => i), absent: null };
  const large = (seq: number) => {
    const one = batch(seq);
    return { ...one, groups: one.groups.map((group) => ({ ...group, column })) };
  };
  const done: string[] = [];
  const appends = Array.from({ length: 30 }, (_, i) =>
    ledger.append('big', 'e1', [large(i + 1)]).then(() => done.push('append')),
  );
  const reads = [ledger.read('web-1', 0, 10), ledger.seek([{ host: 'web-1', after: 0 }], 0)];
  await Promise.all([...reads.map((read) => read.then(() => done.push('read'))), ...appends]);
  assert.equal(done.length, 32);
  assert.ok(done.lastIndexOf('read') < 16, done.join(' '));
});

test('appends that wait while one commits share the next commit', async () => {
  const folder = await mkdtemp(join(root, 'x'));
  let commits = 0;
  await using ledger = await SqliteLedger.open({ folder, onCommit: () => commits++ });
  await Promise.all(Array.from({ length: 100 }, (_, i) => ledger.append(`host-${i}`, 'e1', [batch(1)])));
  assert.equal(ledger.stats.entries, 100);
  assert.ok(commits <= 3, `${commits} commits`);
});

test('a full disk makes appends wait, not fail, and they go through when there is room again', async () => {
  const folder = await mkdtemp(join(root, 'x'));
  const told: string[] = [];
  let failures = 0;
  await using ledger = await SqliteLedger.open({
    folder,
    onCommitFailed: () => failures++,
    onFailure: (message) => told.push(message),
    onRecovered: () => told.push('recovered'),
  });
  await ledger.append('web-1', 'e1', [batch(1)]);
  assert.deepEqual(told, []);
  // Another connection holds the write lock longer than the busy timeout: the medium refuses.
  const other = new Database(join(folder, 'ledger.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  const waiting = ledger.append('web-1', 'e1', [batch(2)]);
  while (ledger.health.failure === null) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.match(ledger.health.failure, /SQLITE_BUSY/);
  assert.ok(ledger.health.pendingBytes > 0);
  // Serving goes on meanwhile.
  assert.deepEqual(
    (await ledger.read('web-1', 0, 10)).map(({ seq }) => seq),
    [1],
  );
  assert.equal((await ledger.hosts()).length, 1);
  assert.ok(ledger.health.failure);
  while (failures < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  other.exec('ROLLBACK');
  other.close();
  await waiting;
  assert.deepEqual(told, ['database is locked (SQLITE_BUSY)', 'recovered'], 'told once each');
  assert.deepEqual(ledger.health, { failure: null, pendingBytes: 0 });
});

/** The worker of the ledger that asks next: there is no other way to reach it, on purpose. */
function captureWorker(t: TestContext): () => Worker {
  let captured: Worker | undefined;
  const post = Worker.prototype.postMessage;
  t.mock.method(Worker.prototype, 'postMessage', function (this: Worker, message: unknown) {
    captured = this;
    post.call(this, message);
  });
  return () => {
    assert.ok(captured);
    return captured;
  };
}

test('an append that cannot be written fails alone, and the others go on', async () => {
  const folder = await mkdtemp(join(root, 'x'));
  await using ledger = await SqliteLedger.open({ folder });
  await ledger.append('web-1', 'e1', [batch(1)]);
  const other = new Database(join(folder, 'ledger.sqlite'));
  other.exec(`CREATE TRIGGER poison BEFORE INSERT ON entries WHEN NEW.seq = 666
              BEGIN SELECT RAISE(ABORT, 'bad luck'); END`);
  other.close();
  // The first of them is with the worker before the others come, which so make one group.
  const results = await Promise.allSettled([
    ledger.append('web-1', 'e1', [batch(2)]),
    ledger.append('web-2', 'e1', [batch(1)]),
    ledger.append('web-3', 'e1', [batch(666)]),
    ledger.append('web-2', 'e1', [batch(2)]),
    ledger.append('web-4', 'e1', [batch(1)]),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  assert.match(String((results[2] as PromiseRejectedResult).reason), /cannot be stored: bad luck/);
  assert.equal((await ledger.read('web-2', 0, 10)).length, 2);
  assert.deepEqual(ledger.health, { failure: null, pendingBytes: 0 });
});

test('when the worker dies, appends and questions reject, and health says so', async (t) => {
  const worker = captureWorker(t);
  const folder = await mkdtemp(join(root, 'x'));
  const deaths: string[] = [];
  const ledger = await SqliteLedger.open({ folder, onDeath: (error) => deaths.push(error.message) });
  await ledger.append('web-1', 'e1', [batch(1)]);
  // One is with the worker when it dies, the others wait for it.
  const waiting = [2, 3, 4].map((seq) => ledger.append('web-1', 'e1', [batch(seq)]));
  const asked = ledger.stream('web-1', 'e1');
  const settled = Promise.allSettled([...waiting.slice(1), asked]);
  worker().emit('error', new Error('out of memory'));
  for (const { status } of await settled) assert.equal(status, 'rejected');
  await assert.rejects(waiting[0] ?? Promise.resolve(), /out of memory/);
  await assert.rejects(ledger.append('web-1', 'e1', [batch(5)]), /out of memory/);
  assert.deepEqual(ledger.health, { failure: 'out of memory', pendingBytes: 0 });
  await worker().terminate();
  await ledger.close();
  assert.deepEqual(deaths, ['out of memory'], 'told once');
});

test('a worker that ends by itself is noticed, and closing afterwards is fine', async (t) => {
  const worker = captureWorker(t);
  const ledger = await SqliteLedger.open({ folder: await mkdtemp(join(root, 'x')) });
  await ledger.hosts();
  const closing = [worker().terminate(), ledger.append('web-1', 'e1', [batch(1)]).catch(() => 'rejected')];
  assert.equal((await Promise.all(closing))[1], 'rejected');
  assert.notEqual(ledger.health.failure, null);
  await ledger.close();
  await ledger.close();
});

test('a closing ledger does not wait for a medium that refuses', async () => {
  const folder = await mkdtemp(join(root, 'x'));
  const ledger = await SqliteLedger.open({ folder });
  const other = new Database(join(folder, 'ledger.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  const waiting = ledger.append('web-1', 'e1', [batch(1)]);
  const refused = assert.rejects(waiting, LedgerClosedError);
  await ledger.close();
  await refused;
  assert.equal(ledger.health.pendingBytes, 0);
  other.close();
});

test('tiny entries weigh something too', async () => {
  await using ledger = await SqliteLedger.open({ folder: await mkdtemp(join(root, 'x')) });
  const empty = (seq: number) => ({ kind: 'batch' as const, seq, at: seq, groups: [], contentHash: 1 });
  const appends = Array.from({ length: 1000 }, (_, i) => ledger.append('web-1', 'e1', [empty(i + 1)]));
  assert.ok(ledger.health.pendingBytes > 500_000);
  await Promise.all(appends);
  assert.equal(ledger.health.pendingBytes, 0);
});
