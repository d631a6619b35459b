/** Reads from the ledger what a host's times have to know of an earlier process. */
import { type Ledger, LOG_START } from '../ledger/ledger.ts';
import type { HostTimes, RecallSpan } from './host-times.ts';
import type { ShapeRegistry } from './shape-registry.ts';

/** What is read at a time (`weightOf`): so much is in memory. */
const READ_WEIGHT_MAX = 64 * 1024;
/** Ten minutes of a batch a second have 600; a host that has more than this gets by with its newest. */
const RECALLED_ENTRIES_MAX = 8192;

/** Notes all entries of the span. @throws whatever the ledger does; what was noted by then does no harm. */
export async function recall(
  ledger: Pick<Ledger, 'seek' | 'readMany'>,
  host: string,
  times: HostTimes,
  span: RecallSpan,
  shapes: ShapeRegistry,
): Promise<void> {
  const [start = LOG_START] = await ledger.seek([{ host, after: 0 }], span.since);
  // What stands before is older, whatever epoch it is of. The last of that is read too, to see that it is still there.
  let before = start.offset === 0 ? 0 : span.since - 1;
  let after = Math.max(0, start.offset - 1);
  if (span.through - after > RECALLED_ENTRIES_MAX) {
    after = span.through - RECALLED_ENTRIES_MAX;
    before = Number.POSITIVE_INFINITY;
  }
  for (let isFirst = true; after < span.through; isFirst = false) {
    const [entries = []] = await ledger.readMany([{ host, after, weightMax: READ_WEIGHT_MAX }]);
    const [first] = entries;
    const last = entries.at(-1);
    // The oldest were removed first.
    if (isFirst && start.offset > 0 && first?.offset !== after + 1)
      before = Math.max(before, first?.at ?? Number.POSITIVE_INFINITY);
    if (last === undefined) break;
    times.note(entries, shapes);
    after = last.offset;
  }
  times.recalled(span, before);
}
