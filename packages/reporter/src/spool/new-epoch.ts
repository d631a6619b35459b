/** A new epoch for what only this spool has. */
import { randomUUID } from 'node:crypto';
import type { Gap } from '@tributary/shared/frames';
import type { Marks } from './marks.ts';
import type { ShapeStore } from './shape-store.ts';
import type { Statements } from './statements.ts';

/**
 * Numbers the batches and gaps above `after` from 1; all others are left behind. What may have left the machine under
 * the old epoch keeps its time: should the gateway have it, it is a repeat there and not a second sample.
 * To be called in a transaction.
 */
export function beginEpoch(sql: Statements, marks: Marks, shapes: ShapeStore, after: number): void {
  const first = sql.firstSince.get(after + 1, 0) as { seq: number } | undefined;
  const gaps = (sql.gaps.all() as Gap[]).filter(({ to }) => to > after);
  sql.removeThrough.run(after);
  // In two steps, since a seq must not meet one that has not moved yet.
  sql.negate.run();
  sql.renumber.run(after);
  sql.removeGaps.run(marks.next);
  for (const gap of gaps) {
    sql.setGap.run({ ...gap, from: Math.max(gap.from - after, 1), to: gap.to - after });
  }
  sql.renumberShapes.run(after);
  marks.epoch = randomUUID();
  marks.next = Math.max(1, marks.next - after);
  marks.oldest = first === undefined ? marks.next : first.seq - after;
  marks.sent = Math.max(0, marks.sent - after);
  marks.acked = 0;
  marks.delivered = 0;
  shapes.prune(marks.oldest);
}
