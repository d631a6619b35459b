/** What happened on a virtual host's link: counted, and said on stderr where a person may want to know. */
import type { WarningLog } from '../../../packages/reporter/src/clock-steps.ts';
import type { LinkObserver } from '../../../packages/reporter/src/link/observer.ts';
import type { HostStats } from './messages.ts';

export interface Tally extends LinkObserver, WarningLog {
  connectFailed(message: string): void;
  missed(): void;
  /** How long each ack has taken since this was asked last, in ms. */
  takeLatencies(): readonly number[];
  counts(): Pick<HostStats, 'connects' | 'missedTicks' | 'epochsBegun' | 'rejects' | 'skips' | 'refusals'>;
}

/** Of each host. */
const LATENCIES_MAX = 2_000;

export function createTally(id: string): Tally {
  const rejects = new Map<string, number>();
  const skips = new Map<string, number>();
  const refusals = new Map<string, number>();
  /** When each batch was sent that is not acked; the oldest first. */
  const sentAt = new Map<number, number>();
  let latencies: number[] = [];
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
    sent(seq) {
      // One that is sent again after a broken connection has waited since it was sent first.
      if (!sentAt.has(seq)) sentAt.set(seq, performance.now());
    },
    acked(seq) {
      const now = performance.now();
      for (const [sent, at] of sentAt) {
        if (sent > seq) break;
        sentAt.delete(sent);
        latencies.push(now - at);
      }
      // Nobody asks in most tests.
      if (latencies.length > LATENCIES_MAX) latencies = latencies.slice(-LATENCIES_MAX / 2);
    },
    takeLatencies() {
      const taken = latencies;
      latencies = [];
      return taken;
    },
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
      sentAt.clear();
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
