import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import Database from 'better-sqlite3';
import { LedgerOpenError } from '../ledger.ts';
import { batch, ledgerContract } from '../ledger-contract.ts';
import { SqliteLedger } from './sqlite-ledger.ts';

ledgerContract('sqlite', (folder) => SqliteLedger.open({ folder }));

const root = await mkdtemp(join(tmpdir(), 'tributary-sqlite-ledger-'));
after(() => rm(root, { recursive: true }));

test('a file that is no ledger is named, with what to do', async () => {
  const folder = await mkdtemp(join(root, 'x'));
  await writeFile(
    join(folder, 'ledger.sqlite'),
    'this is not a database, but long enough to be looked at'.repeat(20),
  );
  await assert.rejects(SqliteLedger.open({ folder }), (error: Error) => {
    assert.ok(error instanceof LedgerOpenError);
    assert.match(error.message, /ledger\.sqlite: not a ledger, or damaged.*move it away/);
    return true;
  });
});

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
  await using ledger = await SqliteLedger.open({ folder });
  await ledger.append('web-1', 'e1', [batch(1)]);
  // Another connection holds the write lock longer than the busy timeout: the medium refuses.
  const other = new Database(join(folder, 'ledger.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  const waiting = ledger.append('web-1', 'e1', [batch(2)]);
  while (ledger.health.failure === null) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.match(ledger.health.failure, /SQLITE_BUSY/);
  assert.ok(ledger.health.pendingBytes > 0);
  other.exec('ROLLBACK');
  other.close();
  await waiting;
  assert.deepEqual(ledger.health, { failure: null, pendingBytes: 0 });
});
