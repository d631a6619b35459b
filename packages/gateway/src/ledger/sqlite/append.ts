/** Writes one append into its host's log. */
import { LOG_START } from '../ledger.ts';
import { OFFSETS_PER_HOST, type Stream } from './catalog.ts';
import type { Core } from './core.ts';
import type { LogWriter } from './log-writer.ts';
import type { Placed, WireAppend, WireEntry } from './messages.ts';

/** Nothing of an append was new. */
export const NOT_PLACED: Placed = { count: 0, end: LOG_START };

/**
 * Within a transaction. Checks everything before it writes anything.
 * @param log gets the new entries' rows.
 * @returns why the append was refused, or what became of it.
 */
export function appendTo(core: Core, log: LogWriter, { host, epoch, entries }: WireAppend): string | Placed {
  const { catalog, sql } = core;
  const found = catalog.findStream(host, epoch);
  const first = entries[0];
  if (first === undefined) return NOT_PLACED;
  // The first entry of a new epoch says where the epoch begins: an earlier life of the ledger may have had the rest.
  let next = found?.next ?? first.seq;
  const fresh = entries.filter((entry) => entry.lastSeq >= next);
  for (const { seq, lastSeq } of fresh) {
    if (seq !== next) return `host ${host}, epoch ${epoch}: seq ${seq} came where ${next} is next`;
    next = lastSeq + 1;
  }
  if (fresh.length === 0) return NOT_PLACED;
  const stream = found ?? catalog.addStream(host, epoch, first.seq);
  for (const entry of fresh) insert(core, log, stream, entry);
  sql.setStream.run(stream.next, stream.lastHash, stream.id);
  const { nextOffset, lastAt, samples, id } = stream.host;
  sql.setHost.run(nextOffset, lastAt, epoch, samples, id);
  return { count: fresh.length, end: { offset: nextOffset - 1, samples, epoch, seq: stream.next - 1 } };
}

function insert(core: Core, log: LogWriter, stream: Stream, entry: WireEntry): void {
  const { catalog } = core;
  const { host } = stream;
  if (host.nextOffset >= OFFSETS_PER_HOST) throw new Error(`host ${host.name} has used up its offsets`);
  host.samples += entry.samples;
  log.add(host.id, {
    key: host.id * OFFSETS_PER_HOST + host.nextOffset,
    stream_id: stream.id,
    seq: entry.seq,
    last_seq: entry.lastSeq,
    from_at: entry.fromAt,
    at: entry.at,
    content_hash: entry.contentHash,
    samples: entry.samples,
    samples_through: host.samples,
    reason: entry.reason,
    shapes: entry.payload === null ? null : catalog.nameShapes(entry),
    payload: entry.payload,
  });
  host.nextOffset++;
  if (entry.payload !== null && entry.at > host.lastAt) host.lastAt = entry.at;
  stream.next = entry.lastSeq + 1;
  stream.lastHash = entry.contentHash;
  core.count(1);
}
