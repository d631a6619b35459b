/** What the spool knows of itself. Kept in memory, and on disk with every change that a restart must not forget. */
import { randomUUID } from 'node:crypto';
import type { Statements } from './statements.ts';

export interface Marks {
  epoch: string;
  /** Whose batches these are; '' when nobody has said so yet. */
  host: string;
  /** The seq that the next batch will get. */
  next: number;
  /** The lowest seq that is still here; `next` when there is none. */
  oldest: number;
  /** The highest seq that may have left this machine. */
  sent: number;
  /** The newest time that may have left it. Unlike `sent` it outlives the batch, and the epoch. */
  sentAt: number;
  acked: number;
  delivered: number;
  /** The time of the newest batch; 0 for none. */
  lastAt: number;
  /** The boot that the newest batch was taken in; '' for none. */
  lastBoot: string;
  /** The monotonic clock of that boot when it was taken. */
  lastMono: number;
  /** The boot in which a gateway last said what time it is; '' for none. */
  clockBoot: string;
  /** What is to be added to that boot's clock for the gateway's time. */
  clockOffset: number;
}

export function loadMarks(sql: Statements): Marks {
  const meta = new Map(
    (sql.allMeta.all() as { name: string; value: string }[]).map((m) => [m.name, m.value]),
  );
  const { oldest, newest } = sql.bounds.get() as { oldest: number | null; newest: number | null };
  const next = Math.max(Number(meta.get('next') ?? 1), (newest ?? 0) + 1);
  const newestMoment = sql.momentOf.get(next - 1) as { boot: string; mono: number } | undefined;
  return {
    epoch: meta.get('epoch') ?? randomUUID(),
    host: meta.get('host') ?? '',
    next,
    oldest: oldest ?? next,
    sent: Number(meta.get('sent') ?? 0),
    sentAt: Number(meta.get('sent_at') ?? 0),
    acked: Number(meta.get('acked') ?? 0),
    delivered: Number(meta.get('delivered') ?? 0),
    lastAt: Number(meta.get('last_at') ?? 0),
    lastBoot: newestMoment?.boot ?? '',
    lastMono: newestMoment?.mono ?? 0,
    clockBoot: meta.get('clock_boot') ?? '',
    clockOffset: Number(meta.get('clock_offset') ?? 0),
  };
}

/** `oldest`, `lastBoot` and `lastMono` are the batches' own. */
export function saveMarks(sql: Statements, marks: Marks): void {
  sql.setMarks.run({
    epoch: marks.epoch,
    host: marks.host,
    next: String(marks.next),
    sent: String(marks.sent),
    sentAt: String(marks.sentAt),
    acked: String(marks.acked),
    delivered: String(marks.delivered),
    lastAt: String(marks.lastAt),
    clockBoot: marks.clockBoot,
    clockOffset: String(marks.clockOffset),
  });
}

/** Everything up to the newest batch may leave this machine from now on. */
export function noteSent(marks: Marks): void {
  marks.sent = marks.next - 1;
  marks.sentAt = marks.lastAt;
}

/** What of the marks holds for the file that takes the place of a damaged one. */
export function lastingOf(marks: Marks): Partial<Marks> {
  const { host, lastAt, sentAt, lastBoot, lastMono, clockBoot, clockOffset } = marks;
  return { host, lastAt, sentAt, lastBoot, lastMono, clockBoot, clockOffset };
}
