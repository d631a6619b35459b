import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import Database from 'better-sqlite3';
import { LedgerOpenError } from '../ledger.ts';
import { migrate } from './schema.ts';

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
