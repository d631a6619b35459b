import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import Database from 'better-sqlite3';
import { LedgerOpenError } from '../ledger.ts';
import { MIGRATIONS, migrate } from './schema.ts';

const root = await mkdtemp(join(tmpdir(), 'tributary-schema-'));
after(() => rm(root, { recursive: true }));

function tables(db: Database.Database): unknown[] {
  return db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all();
}

test('an empty file gets the whole schema, and a second time nothing', () => {
  const db = new Database(join(root, 'empty.sqlite'));
  migrate(db, 'empty.sqlite');
  const made = tables(db);
  assert.deepEqual(made, ['blocks', 'cursors', 'entries', 'hosts', 'meta', 'places', 'shapes', 'streams']);
  const version = db.pragma('user_version', { simple: true });
  db.exec("INSERT INTO hosts (name) VALUES ('web-1')");
  migrate(db, 'empty.sqlite');
  assert.deepEqual(tables(db), made);
  assert.equal(db.pragma('user_version', { simple: true }), version);
  assert.equal(db.prepare('SELECT count(*) FROM hosts').pluck().get(), 1);
  db.close();
});

test('a file of a newer version is left alone, and named', () => {
  const db = new Database(join(root, 'newer.sqlite'));
  db.pragma('user_version = 99');
  assert.throws(
    () => migrate(db, '/data/ledger.sqlite'),
    (error: Error) =>
      error instanceof LedgerOpenError &&
      /^\/data\/ledger\.sqlite: written by a newer version \(schema 99, this one knows 3\)/.test(
        error.message,
      ),
  );
  assert.deepEqual(tables(db), []);
  assert.equal(db.pragma('user_version', { simple: true }), 99);
  db.close();
});

test('a migration that fails leaves nothing behind', () => {
  const db = new Database(join(root, 'foreign.sqlite'));
  db.exec('CREATE TABLE shapes (something TEXT)');
  assert.throws(() => migrate(db, 'foreign.sqlite'), /already exists/);
  assert.deepEqual(tables(db), ['shapes']);
  assert.equal(db.pragma('user_version', { simple: true }), 0);
  db.close();
});

test('entries of the schema before blocks stay as they were', () => {
  const db = new Database(join(root, 'second.sqlite'));
  for (const sql of MIGRATIONS.slice(0, 2)) db.exec(sql);
  db.pragma('user_version = 2');
  db.exec(`INSERT INTO hosts (id, name, next_offset, samples) VALUES (7, 'web-1', 3, 5);
    INSERT INTO streams VALUES (4, 7, 'e1', 3, 0);
    INSERT INTO entries VALUES (7 << 32 | 1, 4, 1, 1, 10, 20, 99, NULL, '[3]', x'0102', 5, 5);
    INSERT INTO entries VALUES (7 << 32 | 2, 4, 2, 2, 30, 40, 0, 'gap:x', NULL, NULL, 0, 5)`);
  migrate(db, 'second.sqlite');
  const row = { stream_id: 4, samples_through: 5 };
  assert.deepEqual(db.prepare('SELECT * FROM entries').all(), [
    {
      ...{ ...row, key: 7 * 2 ** 32 + 1, seq: 1, last_seq: 1, from_at: 10, at: 20, content_hash: 99 },
      ...{ samples: 5, reason: null, shapes: '[3]', payload: Buffer.of(1, 2) },
    },
    {
      ...{ ...row, key: 7 * 2 ** 32 + 2, seq: 2, last_seq: 2, from_at: 30, at: 40, content_hash: 0 },
      ...{ samples: 0, reason: 'gap:x', shapes: null, payload: null },
    },
  ]);
  db.exec('DELETE FROM streams');
  db.close();
});
