/** The cursors' tables: one row a cursor, and one a host that it has a place in. */
import type { CursorKey, LogRange, Place, Position, StoredCursor } from '../ledger.ts';
import { DamageError } from './damage.ts';
import type { Statements } from './statements.ts';

type PositionRow = [offset: number, samples: number, epoch: string, seq: number];

interface CursorRow extends CursorKey {
  readonly id: number;
  readonly createdAt: number;
  readonly seenAt: number;
}

interface PlaceRow {
  readonly host: string;
  readonly taken: string;
  readonly open: string;
}

export function loadCursors(sql: Statements): StoredCursor[] {
  return (sql.cursors.all() as CursorRow[]).map(({ id, ...cursor }) => {
    const rows = sql.places.all(id) as PlaceRow[];
    return { ...cursor, places: new Map(rows.map((row) => [row.host, toPlace(row)])) };
  });
}

/** @param idOf the id of a host that has a log; undefined for others, whose places are passed over. */
export function saveCursor(
  sql: Statements,
  { name, selection, createdAt, seenAt, places }: StoredCursor,
  idOf: (host: string) => number | undefined,
): void {
  const { id } = sql.setCursor.get(name, selection, createdAt, seenAt) as { id: number };
  for (const [host, { taken, open }] of places) {
    const hostId = idOf(host);
    if (hostId === undefined) continue;
    const ranges = open.map(({ after, through }) => [toRow(after), toRow(through)]);
    sql.setPlace.run(id, hostId, JSON.stringify(toRow(taken)), JSON.stringify(ranges));
  }
}

export function removeCursor(sql: Statements, { name, selection }: CursorKey): void {
  sql.removePlaces.run(name, selection);
  sql.removeCursor.run(name, selection);
}

function toRow({ offset, samples, epoch, seq }: Position): PositionRow {
  return [offset, samples, epoch, seq];
}

function toPosition([offset, samples, epoch, seq]: PositionRow): Position {
  return { offset, samples, epoch, seq };
}

function toPlace({ host, taken, open }: PlaceRow): Place {
  try {
    const ranges = JSON.parse(open) as [PositionRow, PositionRow][];
    return {
      taken: toPosition(JSON.parse(taken) as PositionRow),
      open: ranges.map(
        ([after, through]): LogRange => ({ after: toPosition(after), through: toPosition(through) }),
      ),
    };
  } catch (error) {
    throw new DamageError(`a place in the log of ${host} cannot be read`, { cause: error });
  }
}
