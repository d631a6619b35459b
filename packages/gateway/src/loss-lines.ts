/**
 * What the log says of lost samples. Each loss is counted and shown with its host; the log has a line for what a hello tells, however
 * many gaps that are, and one a minute for what a host passes.
 */
import type { SettledEntry } from './link/observer.ts';
import type { Log } from './telemetry/log.ts';

/** For a host that passes one batch after another. */
const SKIPS_AGAIN_MS = 60_000;
/** Hosts of which it is remembered when that was told. */
const HOSTS_TOLD_MAX = 10_000;
/** Different reasons in one line: a host may have as many as it has gaps. */
const REASONS_MAX = 8;

type Tombstone = Extract<SettledEntry, { kind: 'tombstone' }>;

interface Sum {
  gaps: number;
  batches: number;
  seconds: number;
}

interface Told {
  /** In ms of uptime. */
  readonly at: number;
  readonly untold: Sum;
}

/** @returns what tells of the losses among entries that were settled together. */
export function lossTeller(
  log: Pick<Log, 'warn'>,
  uptimeMs: () => number,
): (host: string, entries: readonly SettledEntry[]) => void {
  /** The longest told first. */
  const told = new Map<string, Told>();
  const tell = (host: string, losses: readonly Tombstone[], untold: Sum) => {
    const [first] = losses;
    if (first === undefined) return;
    const { seq, lastSeq, reason } = first;
    const what = losses.length === 1 ? { seq, lastSeq, reason } : summed(losses);
    log.warn({ host, ...what, ...(untold.gaps === 0 ? {} : { untold }) }, 'samples are lost');
  };
  return (host, entries) => {
    tell(host, ofKind(entries, 'gap:'), empty());
    const skips = ofKind(entries, 'skipped:');
    if (skips.length === 0) return;
    const last = told.get(host);
    const now = uptimeMs();
    if (last !== undefined && now - last.at < SKIPS_AGAIN_MS) {
      for (const skip of skips) add(last.untold, skip);
      return;
    }
    told.delete(host);
    const [longest] = told.keys();
    if (told.size >= HOSTS_TOLD_MAX && longest !== undefined) told.delete(longest);
    told.set(host, { at: now, untold: empty() });
    tell(host, skips, last?.untold ?? empty());
  };
}

/** Rejects have been told of, drops are counted, and what expired was no loss. */
function ofKind(entries: readonly SettledEntry[], kind: 'gap:' | 'skipped:'): Tombstone[] {
  return entries.filter(
    (entry) => entry.kind === 'tombstone' && entry.reason.startsWith(kind),
  ) as Tombstone[];
}

function empty(): Sum {
  return { gaps: 0, batches: 0, seconds: 0 };
}

function add(sum: Sum, { seq, lastSeq, fromAt, at }: Tombstone): void {
  sum.gaps++;
  sum.batches += lastSeq - seq + 1;
  // Whole milliseconds, however many are added.
  sum.seconds = Math.round(sum.seconds * 1000 + Math.max(0, at - fromAt)) / 1000;
}

/** @returns the sums, and the same by reason; what has no room among the reasons is `other`. */
function summed(losses: readonly Tombstone[]): Sum & { readonly reasons: Readonly<Record<string, Sum>> } {
  const all = empty();
  const reasons = new Map<string, Sum>();
  for (const loss of losses) {
    add(all, loss);
    const reason = reasons.has(loss.reason) || reasons.size < REASONS_MAX ? loss.reason : 'other';
    const sum = reasons.get(reason) ?? empty();
    reasons.set(reason, sum);
    add(sum, loss);
  }
  return { ...all, reasons: Object.fromEntries(reasons) };
}
