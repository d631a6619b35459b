/** The ledger's SQL. */
import type { Database, Statement } from 'better-sqlite3';

const SQL = {
  meta: 'SELECT value FROM meta WHERE name = ?',
  setMeta: 'INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)',
  oldest: 'SELECT min(at) AS at FROM entries',
  host: 'SELECT id, next_offset AS nextOffset, last_at AS lastAt FROM hosts WHERE name = ?',
  hosts: 'SELECT name AS host, next_offset AS nextOffset, last_at AS lastAt, epoch FROM hosts ORDER BY name',
  addHost: 'INSERT INTO hosts (name) VALUES (?)',
  setHost: 'UPDATE hosts SET next_offset = ?, last_at = ?, epoch = ? WHERE id = ?',
  stream: 'SELECT id, next_seq AS next, last_hash AS lastHash FROM streams WHERE host_id = ? AND epoch = ?',
  addStream: 'INSERT INTO streams (host_id, epoch, next_seq, last_hash) VALUES (?, ?, ?, 0)',
  setStream: 'UPDATE streams SET next_seq = ?, last_hash = ? WHERE id = ?',
  shape: 'SELECT hash, body FROM shapes WHERE id = ?',
  shapeOf: 'SELECT id, last_at AS lastAt FROM shapes WHERE hash = ?',
  addShape: 'INSERT OR IGNORE INTO shapes (hash, body) VALUES (?, ?)',
  setShape: 'UPDATE shapes SET last_at = ? WHERE id = ?',
  removeShapes: `DELETE FROM shapes WHERE id IN (SELECT id FROM shapes WHERE last_at <= ? ORDER BY last_at LIMIT ?)
         RETURNING hash`,
  insert: 'INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  read: `SELECT e.*, s.epoch FROM entries e JOIN streams s ON s.id = e.stream_id
       WHERE e.key > ? AND e.key < ? ORDER BY e.key LIMIT ?`,
  remove: 'DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE at < ? ORDER BY at LIMIT ?)',
  removeHostEntries: 'DELETE FROM entries WHERE key >= ? AND key < ?',
  removeHostStreams: 'DELETE FROM streams WHERE host_id = ?',
  removeHost: 'DELETE FROM hosts WHERE id = ?',
} as const;

export type Statements = Readonly<Record<keyof typeof SQL, Statement>>;

export function prepare(db: Database): Statements {
  const names = Object.keys(SQL) as (keyof typeof SQL)[];
  return Object.fromEntries(names.map((name) => [name, db.prepare(SQL[name])])) as Statements;
}
