/**
 * What one tick of every default collector costs, and that it starts no process; beside it, what a scrape costs a node_exporter on
 * the same host in the same run, with the same pause between two. Ours is the sampler's work: reading, parsing, columns; not the spool, nor
 * the wire. A scrape of node_exporter is its reading and parsing too, and its answer by HTTP, as text and compressed. On this machine, and on the folders of a large server (test/support/server-tree.ts). As root it
 * has a pid namespace of its own; without one `processes` counts everybody's.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { nodeArguments } from '../../../scripts/program.mjs';
import { NodeExporter } from '../../support/node-exporter.ts';
import { without } from '../../support/peers.ts';
import { serverTree } from '../../support/server-tree.ts';
import type { Bench, Part, Round } from '../part.ts';
import { usageOf } from '../support/usage.ts';

const run = promisify(execFile);
const ROUNDS = 5;
const TICKS = 20;
const PAUSE_MS = 100;
const SCRAPES = 100;
const WARM_SCRAPES = 10;
const OUTPUT_BYTES_MAX = 1e8;

/** As support/ticks.mjs says it. */
interface Ticks {
  readonly cpuMs: number;
  readonly processes: number;
  readonly series: number;
  /** Milliseconds of each. */
  readonly collectors: Readonly<Record<string, number>>;
}

async function ours(bench: Bench, flags: readonly string[]): Promise<Ticks> {
  const v8Flags = nodeArguments('reporter', []).slice(0, -1);
  const work = JSON.stringify({ flags, rounds: ROUNDS, ticks: TICKS, pauseMs: PAUSE_MS });
  const command = [...v8Flags, join(import.meta.dirname, '../support/ticks.mjs'), work];
  const isRoot = process.getuid?.() === 0;
  const [file, args] = isRoot
    ? ['unshare', ['--pid', '--fork', '--kill-child', process.execPath, ...command]]
    : [process.execPath, command];
  const { stdout, stderr } = await run(file, args, { maxBuffer: OUTPUT_BYTES_MAX });
  if (stderr !== '') bench.say(stderr);
  bench.say(stdout.trim());
  return JSON.parse(stdout) as Ticks;
}

/** Of a scrape, in ms. */
async function theirs(flags: readonly string[]): Promise<number> {
  await using exporter = await NodeExporter.start(flags);
  for (let i = 0; i < WARM_SCRAPES; i++) await exporter.scrape();
  const before = usageOf(exporter.pid);
  for (let i = 0; i < SCRAPES; i++) {
    await exporter.scrape();
    await delay(PAUSE_MS);
  }
  return ((usageOf(exporter.pid).cpuSeconds - before.cpuSeconds) * 1000) / SCRAPES;
}

async function onHost(
  bench: Bench,
  host: string,
  flags: readonly string[],
  referenceFlags: readonly string[],
): Promise<Round> {
  const { cpuMs, processes, series } = await ours(bench, flags);
  const own = { [`${host}: CPU`]: cpuMs, [`${host}: series`]: series, [`${host}: processes`]: processes };
  const missing = without('NODE_EXPORTER');
  if (missing !== false) {
    bench.say(missing);
    return own;
  }
  const scrapeMs = await theirs([...flags, ...referenceFlags]);
  return { ...own, [`${host}: node_exporter's scrape`]: scrapeMs, [`${host}: ratio`]: cpuMs / scrapeMs };
}

const HOSTS = ['this machine', 'server tree'];

export const tick: Part = {
  about: 'one tick of every default collector',
  rounds: 1,
  figures: HOSTS.flatMap((host) => [
    { name: `${host}: CPU`, unit: 'ms' },
    { name: `${host}: series`, unit: '' },
    { name: `${host}: processes`, unit: '', reach: ['<=', 0] as const },
    { name: `${host}: node_exporter's scrape`, unit: 'ms' },
    { name: `${host}: ratio`, unit: '×', reach: ['<=', 1] as const },
  ]),
  async round(bench) {
    const machine = await onHost(bench, 'this machine', ['--collector.textfile.directory='], []);
    const tree = serverTree(bench.folder());
    return { ...machine, ...(await onHost(bench, 'server tree', tree.flags, tree.referenceFlags)) };
  },
};
