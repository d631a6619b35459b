/** The ledger's SQL. */
import type { Database, Statement } from 'better-sqlite3';

const SQL = {
  meta: 'SELECT value FROM meta WHERE name = ?',
  setMeta: 'INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)',
  oldest: `SELECT min(at) AS at FROM
       (SELECT min(at) AS at FROM entries UNION ALL SELECT min(min_at) FROM blocks)`,

  host: 'SELECT id, next_offset AS nextOffset, last_at AS lastAt, samples FROM hosts WHERE name = ?',
  hosts: `SELECT h.name AS host, h.next_offset AS nextOffset, h.last_at AS lastAt, h.epoch, h.samples,
       coalesce(s.next_seq - 1, 0) AS seq
       FROM hosts h LEFT JOIN streams s ON s.host_id = h.id AND s.epoch = h.epoch ORDER BY h.name`,
  addHost: 'INSERT INTO hosts (name) VALUES (?)',
  setHost: 'UPDATE hosts SET next_offset = ?, last_at = ?, epoch = ?, samples = ? WHERE id = ?',
  newestOffset: 'SELECT next_offset - 1 AS offset FROM hosts WHERE id = ?',
  stream: 'SELECT id, next_seq AS next, last_hash AS lastHash FROM streams WHERE host_id = ? AND epoch = ?',
  addStream: 'INSERT INTO streams (host_id, epoch, next_seq, last_hash) VALUES (?, ?, ?, 0)',
  setStream: 'UPDATE streams SET next_seq = ?, last_hash = ? WHERE id = ?',
  epochOf: 'SELECT epoch FROM streams WHERE id = ?',
  shape: 'SELECT hash, body FROM shapes WHERE id = ?',
  shapeOf: 'SELECT id, last_at AS lastAt FROM shapes WHERE hash = ?',
  addShape: 'INSERT OR IGNORE INTO shapes (hash, body) VALUES (?, ?)',
  setShape: 'UPDATE shapes SET last_at = ? WHERE id = ?',
  removeShapes: `DELETE FROM shapes WHERE id IN (SELECT id FROM shapes WHERE last_at <= ? ORDER BY last_at LIMIT ?)
         RETURNING hash`,

  insert: `INSERT INTO entries (key, stream_id, seq, last_seq, from_at, at, content_hash, samples, samples_through,
       reason, shapes, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  insertBlock: `INSERT INTO blocks (key, first_offset, min_at, max_at, samples, samples_through, stream_id, last_seq,
       head, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  entries: 'SELECT * FROM entries WHERE key > ? AND key <= ? ORDER BY key LIMIT ?',
  block: `SELECT key, first_offset, samples, samples_through, head, body FROM blocks
       WHERE key > ? AND key < ? ORDER BY key LIMIT 1`,

  seekBlock: `SELECT key FROM blocks INDEXED BY blocks_by_place WHERE key > ? AND key < ? AND max_at >= ?
       ORDER BY key LIMIT 1`,
  shapesAfter: 'SELECT key, shapes FROM entries WHERE key > ? AND key < ? ORDER BY key DESC',
  headsAfter: `SELECT key, first_offset, samples, samples_through, head FROM blocks
       WHERE key > ? AND key < ? ORDER BY key DESC`,
  blockHead: 'SELECT key, first_offset, samples, samples_through, head FROM blocks WHERE key = ?',
  seekEntry: `SELECT key, samples, samples_through FROM entries WHERE key > ? AND key < ? AND at >= ?
       ORDER BY key LIMIT 1`,
  entryBefore: `SELECT stream_id, last_seq FROM entries WHERE key > ? AND key <= ? ORDER BY key DESC LIMIT 1`,
  blockBefore: `SELECT stream_id, last_seq FROM blocks WHERE key > ? AND key <= ? ORDER BY key DESC LIMIT 1`,

  entryAfter: 'SELECT key FROM entries WHERE key > ? ORDER BY key LIMIT 1',
  weights:
    'SELECT key, at, length(payload) AS bytes FROM entries WHERE key > ? AND key < ? ORDER BY key LIMIT ?',
  weight: 'SELECT key, at, length(payload) AS bytes FROM entries WHERE key = ?',
  joined: 'SELECT key, first_offset AS firstOffset, min_at AS minAt, samples FROM blocks WHERE key = ?',
  removeEntries: 'DELETE FROM entries WHERE key > ? AND key <= ?',

  entriesOlder: 'SELECT key FROM entries WHERE at < ? ORDER BY at LIMIT ?',
  blocksOlder: 'SELECT key, first_offset AS firstOffset FROM blocks WHERE max_at < ? ORDER BY max_at LIMIT ?',
  removeEntry: 'DELETE FROM entries WHERE key = ?',
  removeBlock: 'DELETE FROM blocks WHERE key = ?',
  unprotectAll: 'DELETE FROM temp.undelivered',
  protect: 'INSERT INTO temp.undelivered (host_id, key) VALUES (?, ?)',
  // 2^32 offsets a host. Both sides come by their index of time and are merged.
  delivered: `SELECT e.key, null AS firstOffset, e.at AS at FROM entries e
         LEFT JOIN temp.undelivered u ON u.host_id = e.key >> 32
         WHERE u.key IS NULL OR e.key <= u.key OR e.at < @keepSince
       UNION ALL SELECT b.key, b.first_offset, b.max_at FROM blocks b
         LEFT JOIN temp.undelivered u ON u.host_id = b.key >> 32
         WHERE u.key IS NULL OR b.key <= u.key OR b.max_at < @keepSince
       ORDER BY at LIMIT @limit`,

  // The lower half of a key is an offset.
  countPacked: `SELECT coalesce(sum((key & 0xffffffff) - first_offset + 1), 0) AS entries FROM blocks
       WHERE key > ? AND key < ?`,
  removeHostBlocks: 'DELETE FROM blocks WHERE key > ? AND key < ?',
  removeHostEntries: 'DELETE FROM entries WHERE key > ? AND key < ?',
  removeHostStreams: 'DELETE FROM streams WHERE host_id = ?',
  removeHostPlaces: 'DELETE FROM places WHERE host_id = ?',
  removeHost: 'DELETE FROM hosts WHERE id = ?',

  cursors: 'SELECT id, name, selection, created_at AS createdAt, seen_at AS seenAt FROM cursors ORDER BY id',
  places: `SELECT h.name AS host, p.taken, p.open FROM places p JOIN hosts h ON h.id = p.host_id
       WHERE p.cursor_id = ?`,
  setCursor: `INSERT INTO cursors (name, selection, created_at, seen_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (name, selection) DO UPDATE SET created_at = excluded.created_at, seen_at = excluded.seen_at
       RETURNING id`,
  // A place that has not changed costs no write.
  setPlace: `INSERT INTO places (cursor_id, host_id, taken, open) VALUES (?, ?, ?, ?)
       ON CONFLICT (cursor_id, host_id) DO UPDATE SET taken = excluded.taken, open = excluded.open
       WHERE taken <> excluded.taken OR open <> excluded.open`,
  removePlaces:
    'DELETE FROM places WHERE cursor_id IN (SELECT id FROM cursors WHERE name = ? AND selection = ?)',
  removeCursor: 'DELETE FROM cursors WHERE name = ? AND selection = ?',
} as const;

export type Statements = Readonly<Record<keyof typeof SQL, Statement>>;

export function prepare(db: Database): Statements {
  // By host, the key behind which entries are undelivered. Of this process only.
  db.exec('CREATE TEMP TABLE undelivered (host_id INTEGER PRIMARY KEY, key INTEGER NOT NULL)');
  const names = Object.keys(SQL) as (keyof typeof SQL)[];
  return Object.fromEntries(names.map((name) => [name, db.prepare(SQL[name])])) as Statements;
}
