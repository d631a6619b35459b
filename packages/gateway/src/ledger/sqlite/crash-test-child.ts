/**
 * Appends in a loop until it is killed, for crash.test.ts: two hosts, several appends in flight. Prints one line for
 * each append that resolved, in the order that it learned of it: `HOST LASTSEQ`.
 */
import { writeSync } from 'node:fs';
import { batch } from '../ledger-contract.ts';
import { SqliteLedger } from './sqlite-ledger.ts';

const STDOUT = 1;
const IN_FLIGHT = 8;
const BATCHES_PER_APPEND = 3;

const ledger = await SqliteLedger.open({ folder: process.argv[2] ?? '' });

async function run(host: string): Promise<void> {
  let next = (await ledger.stream(host, 'e1')).next ?? 1;
  const waiting: Promise<void>[] = [];
  for (;;) {
    const entries = Array.from({ length: BATCHES_PER_APPEND }, (_, i) => batch(next + i));
    next += entries.length;
    const last = next - 1;
    waiting.push(ledger.append(host, 'e1', entries).then(() => void writeSync(STDOUT, `${host} ${last}\n`)));
    if (waiting.length >= IN_FLIGHT) await waiting.shift();
  }
}

await Promise.all([run('web-1'), run('web-2')]);
