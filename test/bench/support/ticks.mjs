/**
 * Takes ticks as the installed reporter does, and says what they cost; run by test/bench/tick.mjs with the reporter's V8 flags.
 *
 *   node FLAGS ticks.mjs '{"flags":[…],"rounds":5,"ticks":20,"pauseMs":100}'
 *
 * Between ticks there is a pause: one right after another would find everything in the processor's caches. Processes are counted by the
 * last process id that was given out, in a pid namespace of its own: nothing else can take one there.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { readOptions } from '../../../packages/reporter/dist/config.js';
import { createPlainSampler } from '../../../packages/reporter/dist/sampler-setup.js';

const { flags, rounds, ticks, pauseMs } = JSON.parse(process.argv[2]);
const WARM_UP_TICKS = 20;
const DURATION = 'node_scrape_collector_duration_seconds';

const quiet = () => {};
const log = {
  debug: quiet,
  info: quiet,
  warn: (...said) => console.error(JSON.stringify(said)),
  error: quiet,
};
const sampler = createPlainSampler({ options: readOptions(flags, {}), log });

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const lastPid = () => Number(readFileSync('/proc/loadavg', 'utf8').trim().split(' ').at(-1));

/** Milliseconds of every collector in this tick. */
function durations(columns) {
  const found = new Map();
  for (const { shape, values } of columns) {
    let i = 0;
    for (const { name, series } of shape.families) {
      for (const [, labels] of series) {
        if (name === DURATION) found.set(labels.collector, values[i] * 1000);
        i++;
      }
    }
  }
  return found;
}

let series = 0;
const byCollector = new Map();
async function tick() {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  const columns = await sampler.sample(2500);
  const wallMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(before);
  series = columns.reduce((sum, { values }) => sum + values.length, 0);
  for (const [name, ms] of durations(columns)) byCollector.set(name, [...(byCollector.get(name) ?? []), ms]);
  return { cpuMs: (user + system) / 1000, wallMs };
}

for (let i = 0; i < WARM_UP_TICKS; i++) {
  await tick();
  await delay(20);
}
byCollector.clear();
const pidBefore = lastPid();
const cpu = [];
const wall = [];
for (let round = 0; round < rounds; round++) {
  const taken = [];
  for (let i = 0; i < ticks; i++) {
    taken.push(await tick());
    await delay(pauseMs);
  }
  // The mean of a round, as a tick that collects garbage pays for the others; the median of rounds, as the machine has other work.
  cpu.push(taken.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / ticks);
  wall.push(median(taken.map(({ wallMs }) => wallMs)));
}
const processes = lastPid() - pidBefore;
const worst = [...byCollector]
  .map(([name, all]) => [name, Number(median(all).toFixed(3))])
  .sort(([, a], [, b]) => b - a);
process.stdout.write(
  `${JSON.stringify({ cpuMs: median(cpu), wallMs: median(wall), series, processes, collectors: Object.fromEntries(worst.slice(0, 12)) })}\n`,
);
process.exit(0);
