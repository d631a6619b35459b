/**
 * Takes ticks of every default collector, and prints how many processes and threads were started meanwhile. To be run in a pid
 * namespace of its own (`unshare --pid --fork`): the last id that was given out there, which /proc/loadavg ends with, is then this
 * process's and its children's alone.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { readOptions } from '../../packages/reporter/src/config.ts';
import type { Log } from '../../packages/reporter/src/log.ts';
import { createPlainSampler } from '../../packages/reporter/src/sampler-setup.ts';

const TICKS = 20;
const nothing = () => {};
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const lastPid = () => Number(readFileSync('/proc/loadavg', 'utf8').trim().split(' ').at(-1));

const sampler = createPlainSampler({ options: readOptions(process.argv.slice(2), {}), log });
// The first tick starts the threads that files are read in, and asks for the clock's state.
for (let i = 0; i < 5; i++) await sampler.sample(5000);
const before = lastPid();
for (let i = 0; i < TICKS; i++) {
  await sampler.sample(5000);
  await delay(5);
}
process.stdout.write(`${process.pid} ${lastPid() - before}\n`);
process.exit();
