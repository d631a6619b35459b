/**
 * Every whole-program test, the longest files first, so that none of them is left to run alone at the end. `node --test` sorts
 * by name. Run by test.mjs: `node --conditions=tributary-source program-tests.mjs CONCURRENCY TEST_MS_MAX`.
 */
import { globSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { repository } from './ensure-installed.mjs';

/**
 * Those that took more than 25 s, as seen in November 2026; `start` and `reporter-faults`, which keep a processor busy, not next
 * to each other. That a file is missing here, or there, is no matter.
 */
const LONGEST_FIRST = [
  'reliability/nat',
  'reliability/link-cut',
  'start',
  'one-file',
  'identity',
  'outage',
  'pack',
  'support/simulator',
  'reliability/prometheus-kills',
  'reliability/full-disk',
  'reliability/packed',
  'reporter-faults',
  'doctor',
  'strain',
  'grafana',
  'reporter-reloads',
  'reliability/identity',
  'reliability/versions',
  'reliability/gateway-disk',
  'reliability/nginx',
  'reliability/gateway-kills',
  'reliability/two-scrapers',
  'reliability/many-targets',
  'reliability/sample-limit',
  'reliability/clocks',
].map((name) => `test/${name}.test.ts`);

/**
 * Those that keep all processors busy and look at how long others wait meanwhile. They come when the rest is done, two at a time, so
 * that what they measure is their own doing.
 */
const LAST = ['flood', 'fuzz'].map((name) => `test/${name}.test.ts`);
const LAST_CONCURRENCY = 2;

const [, , concurrency, timeout] = process.argv;

/** Lower is earlier; what is not in the list is last. */
function rank(file) {
  const place = LONGEST_FIRST.indexOf(file);
  return place === -1 ? LONGEST_FIRST.length : place;
}

const files = globSync('test/**/*.test.ts', { cwd: repository }).sort(
  (a, b) => rank(a) - rank(b) || (a < b ? -1 : 1),
);
if (files.length === 0) throw new Error('there are no files test/**/*.test.ts');

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    process.exitCode = 1;
    stop.abort();
  });
}
/** Resolves when all of these files have ended. */
async function runAll(files, concurrency) {
  const results = run({ files, cwd: repository, concurrency, timeout: Number(timeout), signal: stop.signal });
  results.on('test:summary', ({ file, success }) => {
    // The last one is of them all.
    if (file === undefined && !success) process.exitCode = 1;
  });
  results.on('test:fail', ({ todo }) => {
    if (todo === undefined || todo === false) process.exitCode = 1;
  });
  const told = results.compose(new spec());
  told.pipe(process.stdout, { end: false });
  await finished(told);
}

await runAll(
  files.filter((file) => !LAST.includes(file)),
  Number(concurrency),
);
if (!stop.signal.aborted)
  await runAll(
    files.filter((file) => LAST.includes(file)),
    LAST_CONCURRENCY,
  );
