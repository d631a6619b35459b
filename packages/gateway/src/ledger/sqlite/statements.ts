/** The ledger's SQL. */
import type { Database, Statement } from 'better-sqlite3';

const SQL = {
  meta: 'SELECT value FROM meta WHERE name = ?',
  setMeta: 'INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)',
  oldest: 'SELECT min(at) AS at FROM entries',
  host: 'SELECT id, next_offset AS nextOffset, last_at AS lastAt, samples FROM hosts WHERE name = ?',
  hosts: `SELECT h.name AS host, h.next_offset AS nextOffset, h.last_at AS lastAt, h.epoch, h.samples,
       coalesce(s.next_seq - 1, 0) AS seq
       FROM hosts h LEFT JOIN streams s ON s.host_id = h.id AND s.epoch = h.epoch ORDER BY h.name`,
  addHost: 'INSERT INTO hosts (name) VALUES (?)',
  setHost: 'UPDATE hosts SET next_offset = ?, last_at = ?, epoch = ?, samples = ? WHERE id = ?',
  stream: 'SELECT id, next_seq AS next, last_hash AS lastHash FROM streams WHERE host_id = ? AND epoch = ?',
  addStream: 'INSERT INTO streams (host_id, epoch, next_seq, last_hash) VALUES (?, ?, ?, 0)',
  setStream: 'UPDATE streams SET next_seq = ?, last_hash = ? WHERE id = ?',
  shape: 'SELECT hash, body FROM shapes WHERE id = ?',
  shapeOf: 'SELECT id, last_at AS lastAt FROM shapes WHERE hash = ?',
  addShape: 'INSERT OR IGNORE INTO shapes (hash, body) VALUES (?, ?)',
  setShape: 'UPDATE shapes SET last_at = ? WHERE id = ?',
  removeShapes: `DELETE FROM shapes WHERE id IN (SELECT id FROM shapes WHERE last_at <= ? ORDER BY last_at LIMIT ?)
         RETURNING hash`,
  insert: 'INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  read: `SELECT e.*, s.epoch FROM entries e JOIN streams s ON s.id = e.stream_id
       WHERE e.key > ? AND e.key < ? ORDER BY e.key LIMIT ?`,
  // Walks a host's log from its beginning; what retention leaves of that is what has to be looked through.
  seek: `SELECT e.key, e.samples, e.samples_through AS samplesThrough, s.epoch, e.seq FROM entries e
       JOIN streams s ON s.id = e.stream_id WHERE e.key > ? AND e.key < ? AND e.at >= ? ORDER BY e.key LIMIT 1`,
  before: `SELECT s.epoch, e.last_seq AS seq FROM entries e JOIN streams s ON s.id = e.stream_id
       WHERE e.key > ? AND e.key < ? ORDER BY e.key DESC LIMIT 1`,
  cursors: 'SELECT id, name, selection, created_at AS createdAt, seen_at AS seenAt FROM cursors ORDER BY id',
  places: `SELECT h.name AS host, p.taken, p.open FROM places p JOIN hosts h ON h.id = p.host_id
       WHERE p.cursor_id = ?`,
  setCursor: `INSERT INTO cursors (name, selection, created_at, seen_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (name, selection) DO UPDATE SET created_at = excluded.created_at, seen_at = excluded.seen_at
       RETURNING id`,
  setPlace: 'INSERT OR REPLACE INTO places (cursor_id, host_id, taken, open) VALUES (?, ?, ?, ?)',
  removePlaces:
    'DELETE FROM places WHERE cursor_id IN (SELECT id FROM cursors WHERE name = ? AND selection = ?)',
  removeCursor: 'DELETE FROM cursors WHERE name = ? AND selection = ?',
  removeHostPlaces: 'DELETE FROM places WHERE host_id = ?',
  remove: 'DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE at < ? ORDER BY at LIMIT ?)',
  unprotectAll: 'DELETE FROM temp.undelivered',
  protect: 'INSERT INTO temp.undelivered (host_id, key) VALUES (?, ?)',
  // 2^32 offsets a host.
  removeDelivered: `DELETE FROM entries WHERE key IN (
         SELECT e.key FROM entries e LEFT JOIN temp.undelivered u ON u.host_id = e.key >> 32
         WHERE u.key IS NULL OR e.key <= u.key OR e.at < ? ORDER BY e.at LIMIT ?)`,
  removeHostEntries: 'DELETE FROM entries WHERE key >= ? AND key < ?',
  removeHostStreams: 'DELETE FROM streams WHERE host_id = ?',
  removeHost: 'DELETE FROM hosts WHERE id = ?',
} as const;

export type Statements = Readonly<Record<keyof typeof SQL, Statement>>;

export function prepare(db: Database): Statements {
  // By host, the key behind which entries are undelivered. Of this process only.
  db.exec('CREATE TEMP TABLE undelivered (host_id INTEGER PRIMARY KEY, key INTEGER NOT NULL)');
  const names = Object.keys(SQL) as (keyof typeof SQL)[];
  return Object.fromEntries(names.map((name) => [name, db.prepare(SQL[name])])) as Statements;
}
