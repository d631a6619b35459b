/**
 * What can still be read of a damaged file goes into the new one. SQLite finds damage page by page, and one bad page of
 * a long backlog must not cost all of it. Every batch is looked up by itself, so that each costs only itself; what is
 * missing becomes gaps.
 */
import type { Gap } from '@tributary/shared/frames';
import { GAPS_PER_HELLO_MAX } from '@tributary/shared/limits';
import type Database from 'better-sqlite3';
import type { Marks } from './marks.ts';
import { openSqlite } from './open-sqlite.ts';
import type { Statements } from './statements.ts';

/** How the damaged file stood, as far as that is known. */
export type Standing = Pick<Marks, 'next' | 'sent' | 'acked' | 'lastAt'>;

interface Row {
  readonly at: number;
  readonly boot: string;
  readonly mono: number;
  readonly groups: string;
}

/** Looks something up in the damaged file; undefined where that cannot be read. */
type Look = (sql: string, ...args: number[]) => unknown;

export const DAMAGED = 'spool_damaged';

/**
 * To be called in a transaction of the new file, whose epoch has no batch yet.
 * @param path the damaged file, set aside; null when nobody knows where it is.
 * @param known how it stood; null when that was never read, and is in the file if anywhere.
 * @returns how many batches that nobody had confirmed are lost.
 */
export function salvage(path: string | null, known: Standing | null, sql: Statements, marks: Marks): number {
  let old: Database.Database;
  try {
    if (path === null) return loseAll(known, sql, marks);
    old = openSqlite(path, { fileMustExist: true });
  } catch {
    return loseAll(known, sql, marks);
  }
  try {
    const prepared = new Map<string, Database.Statement<number[]>>();
    const look: Look = (text, ...args) => {
      try {
        const statement = prepared.get(text) ?? old.prepare<number[]>(text);
        prepared.set(text, statement);
        return statement.get(...args);
      } catch {
        return undefined;
      }
    };
    const standing = known ?? standingOf(look);
    return standing === null ? 0 : copy(look, standing, sql, marks);
  } finally {
    old.close();
  }
}

/** As the damaged file has it; null when nothing of that can be read. What is not known to be unsent keeps its time. */
function standingOf(look: Look): Standing | null {
  const mark = (name: string) => {
    const row = look(`SELECT value FROM meta WHERE name = '${name}'`) as { value: unknown } | undefined;
    return row === undefined ? null : Number(row.value);
  };
  const newest =
    (look('SELECT max(seq) AS seq FROM batches') as { seq: number | null } | undefined)?.seq ?? 0;
  const next = Math.max(mark('next') ?? 1, newest + 1);
  if (next <= 1) return null;
  return { next, sent: mark('sent') ?? next - 1, acked: mark('acked') ?? 0, lastAt: mark('last_at') ?? 0 };
}

function copy(look: Look, { next, sent, acked, lastAt }: Standing, sql: Statements, marks: Marks): number {
  const missing = new Missing(sql, timeOf(look, acked));
  let oldest: number | null = null;
  for (let seq = acked + 1; seq < next; seq++) {
    const row = look('SELECT at, boot, mono, groups FROM batches WHERE seq = ?', seq);
    if (!isRow(row) || !copyShapes(look, row.groups, seq - acked, sql)) {
      missing.add(seq - acked);
      continue;
    }
    missing.end(row.at);
    sql.insert.run(seq - acked, row.at, row.boot, row.mono, row.groups);
    oldest ??= seq - acked;
    if (seq <= sent) marks.sentAt = Math.max(marks.sentAt, row.at);
    Object.assign(marks, { lastAt: row.at, lastBoot: row.boot, lastMono: row.mono });
  }
  missing.end(Math.max(lastAt, marks.lastAt));
  // Where everything had left, time goes on behind it.
  if (oldest === null && marks.lastAt === 0) Object.assign(marks, { lastAt, sentAt: lastAt });
  marks.next = Math.max(1, next - acked);
  marks.oldest = oldest ?? marks.next;
  marks.sent = Math.min(marks.next - 1, Math.max(0, sent - acked));
  return missing.count;
}

function loseAll(known: Standing | null, sql: Statements, marks: Marks): number {
  return known === null ? 0 : copy(() => undefined, known, sql, marks);
}

function timeOf(look: Look, seq: number): number | null {
  const row = look('SELECT at FROM batches WHERE seq = ?', seq) as { at: unknown } | undefined;
  return typeof row?.at === 'number' ? row.at : null;
}

function isRow(row: unknown): row is Row {
  if (typeof row !== 'object' || row === null) return false;
  const { at, boot, mono, groups } = row as Partial<Record<keyof Row, unknown>>;
  return (
    Number.isSafeInteger(at) &&
    Number.isSafeInteger(mono) &&
    typeof boot === 'string' &&
    typeof groups === 'string'
  );
}

/** Copies the shapes that a batch names, under their ids. @returns false when the batch is of no use. */
function copyShapes(look: Look, groups: string, seq: number, sql: Statements): boolean {
  const ids = shapeIds(groups);
  if (ids === null) return false;
  for (const id of ids) {
    if (sql.keepShape.run({ id, seq }).changes > 0) continue;
    const row = look('SELECT body FROM shapes WHERE id = ?', id) as { body: unknown } | undefined;
    if (typeof row?.body !== 'string' || parse(row.body) === undefined) return false;
    sql.copyShape.run({ id, seq, body: row.body });
  }
  return true;
}

function shapeIds(groups: string): number[] | null {
  const parsed = parse(groups);
  if (!Array.isArray(parsed)) return null;
  const ids = parsed.map((group) => (group as { shape?: unknown } | null)?.shape);
  return ids.every((id) => Number.isSafeInteger(id)) ? (ids as number[]) : null;
}

/** Pages that were overwritten may still look like text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Runs of seqs that could not be read, written down as gaps with the times around them. */
class Missing {
  readonly #sql: Statements;
  #before: number | null;
  #run: { from: number; to: number } | null = null;
  #last: Gap | null = null;
  #gaps = 0;
  count = 0;

  /** @param before the time of what comes before the first seq; null when nobody knows. */
  constructor(sql: Statements, before: number | null) {
    this.#sql = sql;
    this.#before = before;
  }

  add(seq: number): void {
    this.count++;
    this.#run = { from: this.#run?.from ?? seq, to: seq };
  }

  /** Something from `at` was read, or there is no more. */
  end(at: number): void {
    if (this.#run !== null) this.#note({ ...this.#run, ...inOrder(this.#before ?? at, at), reason: DAMAGED });
    this.#run = null;
    this.#before = at;
  }

  #note(gap: Gap): void {
    // A list that is full grows at its end, over batches that are there: only what is missing is ever passed.
    const isFull = this.#last !== null && this.#gaps >= GAPS_PER_HELLO_MAX;
    this.#last =
      isFull && this.#last !== null
        ? { ...this.#last, to: gap.to, ...inOrder(this.#last.fromAt, gap.toAt) }
        : gap;
    if (!isFull) this.#gaps++;
    this.#sql.setGap.run(this.#last);
  }
}

function inOrder(a: number, b: number): { fromAt: number; toAt: number } {
  return { fromAt: Math.min(a, b), toAt: Math.max(a, b) };
}
