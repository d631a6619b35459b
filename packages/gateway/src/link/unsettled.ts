/** What a hello says of seqs that will never come. */
import { RefuseError } from '@tributary/shared/errors';
import type { Hello } from '@tributary/shared/frames';
import type { TombstoneEntry } from '../ledger/ledger.ts';
import { type HostRates, lossesCost } from '../limits/host-rates.ts';
import type { LinkObserver } from './observer.ts';

/** Losses that a hello may tell while its host is over its rate; more are written once it has paid for what it sent. */
const UNPAID_MAX = 16;

export interface LossesParts {
  readonly rates: Pick<HostRates, 'takeSamples' | 'wait'>;
  readonly observer: Pick<LinkObserver, 'limited'>;
}

/** Charges the host for the losses that its hello tells. @returns why it has to come again instead */
export function payForLosses(
  host: string,
  losses: number,
  { rates, observer }: LossesParts,
): RefuseError | null {
  const wait = rates.wait(host);
  if (wait !== null && losses > UNPAID_MAX) {
    observer.limited(host, wait.limit);
    const message = `the hello tells ${losses} losses, and the host is over its rate`;
    return new RefuseError('RATE', message, Math.ceil(wait.ms));
  }
  rates.takeSamples(host, lossesCost(losses));
  return null;
}

/**
 * The tombstones for every seq from `next` up to what the reporter still has (`hello.oldest`).
 * - Seqs within a told gap are lost, with the gap's times and reason.
 * - Seqs up to `hello.delivered` were taken by every scraper, and kept long enough: no loss.
 * - Seqs up to `hello.acked` were acked by an earlier life of this gateway, lost with its disk, and dropped by the limits of the
 *   spool before they could be sent again.
 * - Anything else is a loss that nobody explained.
 * @param now stands for times that are not known, and bounds those that are told: nothing was lost in the future.
 */
export function unsettledBefore(hello: Hello, next: number, now: number): TombstoneEntry[] {
  const entries: TombstoneEntry[] = [];
  let seq = next;
  const settle = (lastSeq: number, reason: string, fromAt: number, at: number) => {
    if (lastSeq < seq) return;
    entries.push({ kind: 'tombstone', seq, lastSeq, fromAt, at, reason, contentHash: 0 });
    seq = lastSeq + 1;
  };
  const settleUntold = (lastSeq: number) => {
    settle(Math.min(lastSeq, hello.acked, hello.delivered), 'expired:acked', now, now);
    settle(Math.min(lastSeq, hello.acked), 'gap:gateway_lost', now, now);
    settle(lastSeq, 'gap:unexplained', now, now);
  };
  for (const gap of hello.gaps) {
    if (gap.from >= hello.oldest) break;
    settleUntold(gap.from - 1);
    settle(
      Math.min(gap.to, hello.oldest - 1),
      `gap:${gap.reason}`,
      Math.min(gap.fromAt, now),
      Math.min(gap.toAt, now),
    );
  }
  settleUntold(hello.oldest - 1);
  return entries;
}
