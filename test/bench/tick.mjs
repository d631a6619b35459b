/**
 * What one tick of every default collector costs, and that it starts no process; beside it, what a scrape costs a node_exporter on
 * the same host in the same run. On this machine, and on the folders of a large server (test/support/server-tree.ts).
 *
 *   npm run bench -- tick [ROUNDS]
 *
 * Prints one JSON line a host. Needs Linux; root, for a pid namespace (without it `processes` counts everybody's); and
 * test/tools/fetch-peers NODE_EXPORTER.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodeArguments } from '../../scripts/program.mjs';
import { NodeExporter } from '../support/node-exporter.ts';
import { serverTree } from '../support/server-tree.ts';

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const rounds = Number(process.argv[2] ?? 5);
const TICKS = 20;
const PAUSE_MS = 100;
const SCRAPES = 100;
const TICKS_PER_SECOND = 100;

const v8Flags = nodeArguments('reporter', []).slice(0, -1);

async function ours(flags) {
  const work = JSON.stringify({ flags, rounds, ticks: TICKS, pauseMs: PAUSE_MS });
  const command = [process.execPath, ...v8Flags, join(here, 'support/ticks.mjs'), work];
  const unshared = ['unshare', '--pid', '--fork', '--kill-child', ...command];
  const [file, ...args] = process.getuid?.() === 0 ? unshared : command;
  const { stdout, stderr } = await run(file, args, { maxBuffer: 1e8 });
  if (stderr !== '') process.stderr.write(stderr);
  return JSON.parse(stdout);
}

/** CPU time of all its threads, in ms. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

async function theirs(flags) {
  await using exporter = await NodeExporter.start(flags);
  for (let i = 0; i < 10; i++) await exporter.scrape();
  const before = cpuOf(exporter.pid);
  let text = '';
  for (let i = 0; i < SCRAPES; i++) {
    text = await exporter.scrape();
    await delay(PAUSE_MS / 5);
  }
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  return { cpuMs: (cpuOf(exporter.pid) - before) / SCRAPES, series };
}

async function report(host, flags, referenceFlags) {
  const { collectors, ...tick } = await ours(flags);
  const scrape = await theirs([...flags, ...referenceFlags]);
  const ratio = Number((tick.cpuMs / scrape.cpuMs).toFixed(2));
  process.stdout.write(`${JSON.stringify({ host, tick, nodeExporterScrape: scrape, ratio, collectors })}\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'tick-'));
try {
  await report('this machine', ['--collector.textfile.directory='], []);
  const tree = serverTree(folder);
  await report('server tree', tree.flags, tree.referenceFlags);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
