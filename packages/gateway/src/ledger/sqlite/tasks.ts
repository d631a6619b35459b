/** What waits in the ledger's queue for its turn with the worker. */
import type { Entry } from '../ledger.ts';
import { type PackedEntry, packed } from '../packed-batch.ts';
import type { ShapeList } from '../shape-list.ts';
import type { Request, Results, WireAppend, WireEntryHead } from './messages.ts';
import { toWire } from './wire-entry.ts';

/** A group is closed at this size: more would only lengthen the wait of its first append. */
const GROUP_BYTES_MAX = 8 * 1024 * 1024;

/** What an append and each of its entries weigh beside their values; tiny entries must not slip below every bound. */
const OVERHEAD_BYTES = 512;

export interface AppendTask {
  readonly kind: 'append';
  readonly append: WireAppend<WireEntryHead>;
  /** Of its batches; the same one may stand here again and again. */
  readonly lists: readonly ShapeList[];
  /** As they were handed in. */
  readonly entries: readonly PackedEntry[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export interface RequestTask {
  readonly kind: 'request';
  readonly request: Request;
  readonly resolve: (result: Results[keyof Results]) => void;
  readonly reject: (error: Error) => void;
}

export type Task = AppendTask | RequestTask;

/** Requests that promise nothing about appends that are not durable yet. */
export const INDEPENDENT: ReadonlySet<Request['kind']> = new Set([
  'read',
  'newest',
  'seek',
  'hosts',
  'cursors',
  'trimAge',
  'pack',
  'trimSize',
]);

/** Of these, those that somebody waits for who has little time. */
const URGENT: ReadonlySet<Request['kind']> = new Set(['read', 'seek']);

/** What is handed to `append`, as it goes to the worker. */
export function toAppend(
  host: string,
  epoch: string,
  entries: readonly Entry[],
): Pick<AppendTask, 'append' | 'lists' | 'entries' | 'bytes'> {
  const lists: ShapeList[] = [];
  let bytes = OVERHEAD_BYTES;
  const all = entries.map((entry) => packed(entry));
  for (const entry of all) {
    bytes += OVERHEAD_BYTES;
    if (entry.kind === 'tombstone') continue;
    bytes += entry.payload.length;
    lists.push(entry.list);
  }
  return { append: { host, epoch, entries: all.map(toWire) }, lists, entries: all, bytes };
}

/** Takes what is urgent, wherever it stands. */
export function takeUrgent(queue: Task[]): RequestTask[] {
  const urgent: RequestTask[] = [];
  let kept = 0;
  for (const task of queue) {
    if (task.kind === 'request' && URGENT.has(task.request.kind)) urgent.push(task);
    else queue[kept++] = task;
  }
  queue.length = kept;
  return urgent;
}

/** Takes the appends that stand in a row at the queue's head, as many as are to be one transaction. */
export function takeGroup(queue: Task[]): AppendTask[] {
  const group: AppendTask[] = [];
  let bytes = 0;
  for (const task of queue) {
    if (task.kind !== 'append' || (bytes > 0 && bytes + task.bytes > GROUP_BYTES_MAX)) break;
    group.push(task);
    bytes += task.bytes;
  }
  queue.splice(0, group.length);
  return group;
}
