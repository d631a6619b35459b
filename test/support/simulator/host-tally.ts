/** What happened on a virtual host's link: counted, and said on stderr where a person may want to know. */
import type { WarningLog } from '../../../packages/reporter/src/clock-steps.ts';
import type { LinkObserver } from '../../../packages/reporter/src/link/observer.ts';
import type { HostStats } from './messages.ts';

export interface Tally extends LinkObserver, WarningLog {
  connectFailed(message: string): void;
  missed(): void;
  counts(): Pick<HostStats, 'connects' | 'missedTicks' | 'epochsBegun' | 'rejects' | 'skips' | 'refusals'>;
}

export function createTally(id: string): Tally {
  const rejects = new Map<string, number>();
  const skips = new Map<string, number>();
  const refusals = new Map<string, number>();
  let connects = 0;
  let missedTicks = 0;
  let epochsBegun = 0;
  let lastFailure = '';
  const tell = (what: string, fields: object) =>
    process.stderr.write(`${JSON.stringify({ host: id, what, ...fields })}\n`);
  return {
    connected() {
      connects++;
      lastFailure = '';
    },
    disconnected({ code, reason, wasStreaming, parked }) {
      if (wasStreaming || parked) tell('disconnected', { code, reason, parked });
    },
    sent() {},
    acked() {},
    rejected({ code, seq, message }) {
      if (!rejects.has(code)) tell('rejected', { code, seq, message });
      add(rejects, code, 1);
    },
    refused({ code, message }) {
      if (!refusals.has(code)) tell('refused', { code, message });
      add(refusals, code, 1);
    },
    skipped(from, to, reason) {
      tell('skipped', { from, to, reason });
      add(skips, reason, to - from + 1);
    },
    newEpoch(why) {
      epochsBegun++;
      tell('new epoch', { why });
    },
    confused: (message) => tell('confused', { message }),
    failed: (message) => tell('failed', { message }),
    warn: (fields, message) => tell(message, fields),
    connectFailed(message) {
      if (message !== lastFailure) tell('cannot connect', { message });
      lastFailure = message;
    },
    missed() {
      missedTicks++;
    },
    counts: () => ({
      connects,
      missedTicks,
      epochsBegun,
      rejects: Object.fromEntries(rejects),
      skips: Object.fromEntries(skips),
      refusals: Object.fromEntries(refusals),
    }),
  };
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
