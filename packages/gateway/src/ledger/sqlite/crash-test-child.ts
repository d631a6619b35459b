/**
 * Appends in a loop until it is killed, for crash.test.ts: two hosts, several appends in flight. Prints one line for
 * each append that resolved, in the order that it learned of it: `HOST LASTSEQ`. With a second argument it makes room all
 * the while: packs whatever there is, and removes all but so many of each host's entries.
 */
import { writeSync } from 'node:fs';
import { batch, NO_BOUNDS } from '../ledger-test-support.ts';
import { PACK_ALL, PACK_POLICY } from './pack-policy.ts';
import { SqliteLedger } from './sqlite-ledger.ts';

const STDOUT = 1;
const IN_FLIGHT = 8;
const BATCHES_PER_APPEND = 3;
const BLOCK_ENTRIES = 16;

const [, , folder = '', kept] = process.argv;
const ledger = await SqliteLedger.open({
  folder,
  packing: { ...PACK_ALL, joinedMs: PACK_POLICY.joinedMs, blockEntries: BLOCK_ENTRIES, arrivingEntries: 4 },
});
const HOSTS = ['web-1', 'web-2'];
/** The last seq of each host that resolved in this life. */
const resolved = new Map(HOSTS.map((host) => [host, 0]));

async function run(host: string): Promise<void> {
  let next = (await ledger.stream(host, 'e1')).next ?? 1;
  const waiting: Promise<void>[] = [];
  for (;;) {
    const entries = Array.from({ length: BATCHES_PER_APPEND }, (_, i) => batch(next + i));
    next += entries.length;
    const last = next - 1;
    const told = ledger.append(host, 'e1', entries).then(() => {
      resolved.set(host, last);
      writeSync(STDOUT, `${host} ${last}\n`);
    });
    waiting.push(told);
    if (waiting.length >= IN_FLIGHT) await waiting.shift();
  }
}

async function makeRoom(entries: number): Promise<void> {
  for (;;) {
    const slowest = Math.min(...resolved.values());
    // The time of a batch is its seq in seconds.
    await ledger.trim({ ...NO_BOUNDS, olderThan: Math.max(0, slowest - entries) * 1000 });
  }
}

await Promise.all([...HOSTS.map(run), ...(kept === undefined ? [] : [makeRoom(Number(kept))])]);
