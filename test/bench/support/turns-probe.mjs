/**
 * Loaded into a gateway before its own code, by `node --import 'turns-probe.mjs?file=FILE'`. It looks a thousand times a second
 * whether the event loop comes round, and on SIGUSR2 writes down when it did not, as JSON: `[fromMs, toMs]` of each such turn, on
 * the clock that all processes share. Nothing that the gateway does resets it, as each scrape resets the gateway's own histogram;
 * and nothing is written before it is asked for.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const LOOK_MS = 1;
/** Shorter ones are not worth the memory. */
const TURN_MS_MIN = 3;

const file = new URL(import.meta.url).searchParams.get('file');
// Worker threads load it as well; nobody waits for their event loops.
if (isMainThread && file !== null) {
  const now = () => Number(process.hrtime.bigint()) / 1e6;
  const turns = [];
  let last = now();
  setInterval(() => {
    const seen = now();
    if (seen - last >= TURN_MS_MIN) turns.push([last, seen]);
    last = seen;
  }, LOOK_MS).unref();
  process.on('SIGUSR2', () => {
    // Under another name first, so that whoever finds it finds all of it.
    writeFileSync(`${file}.part`, JSON.stringify(turns));
    renameSync(`${file}.part`, file);
  });
}
