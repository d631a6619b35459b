/** The spool's SQL. */
import type { Database, Statement } from 'better-sqlite3';

const SQL = {
  allMeta: 'SELECT name, value FROM meta',
  setMarks: `INSERT OR REPLACE INTO meta (name, value) VALUES
         ('epoch', @epoch), ('host', @host), ('next', @next), ('sent', @sent), ('sent_at', @sentAt), ('acked', @acked),
         ('delivered', @delivered), ('last_at', @lastAt), ('clock_boot', @clockBoot), ('clock_offset', @clockOffset)`,
  bounds: 'SELECT min(seq) AS oldest, (SELECT max(seq) FROM batches) AS newest FROM batches',
  insert: 'INSERT INTO batches (seq, at, boot, mono, groups) VALUES (?, ?, ?, ?, ?)',
  read: 'SELECT seq, at, groups FROM batches WHERE seq >= ? ORDER BY seq',
  momentOf: 'SELECT at, boot, mono FROM batches WHERE seq = ?',
  momentsBack: 'SELECT at, boot, mono FROM batches WHERE seq < ? ORDER BY seq DESC LIMIT ?',
  firstSince: 'SELECT seq, at FROM batches WHERE seq >= ? AND at >= ? ORDER BY seq LIMIT 1',
  nthSeq: 'SELECT seq FROM batches ORDER BY seq LIMIT 1 OFFSET ?',
  // By the clock of the boot where that is known, since the wall clock may have been set meanwhile. Ages hardly ever rise
  // with seq, so the aged ones are a prefix: the search ends at the first that is young enough.
  agedThrough: `SELECT coalesce((SELECT seq - 1 FROM batches
       WHERE seq <= @upTo AND CASE WHEN boot = @boot THEN mono >= @mono ELSE @timeIsSure = 0 OR at >= @at END
       ORDER BY seq LIMIT 1), @upTo) AS seq`,
  lostTimes:
    'SELECT count(*) AS count, min(seq) AS "from", min(at) AS fromAt, max(at) AS toAt FROM batches WHERE seq > ? AND seq <= ?',
  removeThrough: 'DELETE FROM batches WHERE seq <= ?',
  restate: `UPDATE batches SET at = max(mono + @offset, @floor + seq - @sent)
       WHERE boot = @boot AND seq > @sent AND at <> max(mono + @offset, @floor + seq - @sent)`,
  unsentBoots:
    'SELECT boot, min(seq) AS first, max(seq) AS last FROM batches WHERE seq > ? GROUP BY boot ORDER BY last DESC',
  negate: 'UPDATE batches SET seq = -seq',
  renumber: 'UPDATE batches SET seq = -seq - ?',
  shapeId: 'SELECT id FROM shapes WHERE body = ?',
  addShape: 'INSERT INTO shapes (body) VALUES (?) RETURNING id',
  shapeBody: 'SELECT body FROM shapes WHERE id = ?',
  shapesInUse: 'SELECT id FROM shapes WHERE last_seq IS NULL',
  useShape: 'UPDATE shapes SET last_seq = NULL WHERE id = ? AND last_seq IS NOT NULL',
  retireShape: 'UPDATE shapes SET last_seq = @seq WHERE id = @id',
  renumberShapes: 'UPDATE shapes SET last_seq = last_seq - ? WHERE last_seq IS NOT NULL',
  pruneShapes: 'DELETE FROM shapes WHERE last_seq < ?',
  keepShape: 'UPDATE shapes SET last_seq = max(last_seq, @seq) WHERE id = @id',
  copyShape: 'INSERT INTO shapes (id, last_seq, body) VALUES (@id, @seq, @body)',
  gaps: 'SELECT from_seq AS "from", to_seq AS "to", from_at AS fromAt, to_at AS toAt, reason FROM gaps ORDER BY from_seq',
  setGap: `INSERT OR REPLACE INTO gaps (from_seq, to_seq, from_at, to_at, reason)
       VALUES (@from, @to, @fromAt, @toAt, @reason)`,
  removeGaps: 'DELETE FROM gaps WHERE to_seq <= ?',
} as const;

export type Statements = { readonly [K in keyof typeof SQL]: Statement };

export function prepare(db: Database): Statements {
  const entries = Object.entries(SQL).map(([name, sql]) => [name, db.prepare(sql)]);
  return Object.fromEntries(entries) as Statements;
}
