/**
 * Every file that any collector reads, garbled in turn: whatever a kernel, a driver or a broken disk may put there, no collector
 * takes the process down, makes numbers up or keeps the others from being told. It tells what it still has, or fails.
 *
 * Which files there are is not listed here: it is found out by having each collector read a host that has everything.
 */
import assert from 'node:assert/strict';
import fs, { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Sampler } from '../sampler/sampler.ts';
import type { Collector, Roots } from './collector.ts';
import type { Column } from './columns.ts';
import { COLLECTORS, createCollectors } from './list.ts';
import { FIXTURE_ROOTS, FIXTURE_SYSTEMCTL, FIXTURE_TIMEX, unpackInto } from './test-support.ts';

const DEADLINE_MS = 20_000;

const witness: Collector = {
  name: 'witness',
  collect(out) {
    out.family('node_witness', 'gauge', 'Tells that the others are told.');
    out.add(1);
  },
};

function wholeHost(t: TestContext): Roots {
  const base = mkdtempSync(join(tmpdir(), 'collectors-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  for (const [name, from] of Object.entries(FIXTURE_ROOTS))
    cpSync(from, join(base, name), { recursive: true });
  unpackInto(base, 'devices.txt');
  return { proc: join(base, 'proc'), sys: join(base, 'sys'), root: join(base, 'root') };
}

const NAMES = COLLECTORS.map(({ name }) => name);

function collectorCalled(name: string, roots: Roots): Collector[] {
  return createCollectors({
    roots,
    platform: 'linux',
    enabled: new Map(NAMES.map((known) => [known, known === name])),
    settings: {
      'collector.cpu.info': true,
      'collector.cpu.info.flags-include': /./,
      'collector.cpu.info.bugs-include': /./,
      'collector.stat.softirq': true,
      'collector.bcache.priorityStats': true,
    },
    now: () => 1_772_000_000_125,
    // A loaded machine must not make files slow, which are then read at another moment.
    monotonic: () => 0,
    statfs: () => Promise.resolve({ bsize: 1, blocks: 9, bfree: 5, bavail: 4, files: 3, ffree: 2 }),
    udevData: join(roots.root, 'run/udev/data'),
    systemctl: FIXTURE_SYSTEMCTL,
    timex: FIXTURE_TIMEX,
  });
}

interface Outcome {
  readonly success: boolean;
  readonly told: boolean;
  readonly values: ReadonlyMap<string, number | null>;
}

async function run(name: string, roots: Roots): Promise<Outcome> {
  let told = false;
  const sampler = new Sampler({
    collectors: [...collectorCalled(name, roots), witness],
    labels: {},
    monotonic: () => 0,
    onOutcome: () => {
      told = true;
    },
  });
  const values = valuesOf(await sampler.sample(DEADLINE_MS));
  assert.equal(values.get('node_witness {}'), 1);
  return { success: values.get(`node_scrape_collector_success {"collector":"${name}"}`) === 1, told, values };
}

function valuesOf(columns: readonly Column[]): Map<string, number | null> {
  const values = new Map<string, number | null>();
  for (const column of columns) {
    let i = 0;
    for (const { name, series } of column.shape.families) {
      for (const [, labels] of series) {
        const key = `${name} ${JSON.stringify(labels)}`;
        assert.ok(!values.has(key), `${key} stands there twice`);
        values.set(key, column.values[i++] ?? null);
      }
    }
  }
  return values;
}

/** Collector and file, for every file that some collector reads; of files of one kind, such as those of each CPU, the first. */
async function filesRead(t: TestContext, roots: Roots): Promise<Map<string, string[]>> {
  const reading = t.mock.method(fs, 'readFileSync');
  syncBuiltinESMExports();
  const files = new Map<string, string[]>();
  try {
    for (const name of NAMES) {
      reading.mock.resetCalls();
      await run(name, roots);
      const paths = reading.mock.calls.map(({ arguments: [path] }) => String(path));
      const own = paths.filter((path) => path.startsWith(join(roots.proc, '..')) && existsSync(path));
      const byKind = new Map(own.map((path) => [path.replace(/\d+/g, '0'), path]));
      if (byKind.size > 0) files.set(name, [...byKind.values()].slice(0, FILES_MAX));
    }
  } finally {
    reading.mock.restore();
    syncBuiltinESMExports();
  }
  return files;
}

/** Of one collector: beyond them, files of devices are read by the same few lines. */
const FILES_MAX = 15;

const GARBLED: readonly [what: string, garble: (bytes: Buffer) => string | Buffer][] = [
  ['empty', () => ''],
  ['cut in the middle', (bytes) => bytes.subarray(0, Math.ceil(bytes.length / 2))],
  ['binary', () => Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7) % 256))],
  ['without numbers', (bytes) => bytes.toString().replace(/\d/g, 'x')],
  ['with numbers beyond all bounds', (bytes) => bytes.toString().replace(/\d+/g, '9'.repeat(400))],
];

/** No number comes out of a file in which there is none, but a count of its lines or a yes or no for its words. */
function isCountOrFlag(value: number): boolean {
  return Number.isInteger(value) && value >= -1 && value <= 64;
}

function faultOf(what: string, outcome: Outcome, before: Outcome): string | null {
  // Other files are as they were, and what they say may stand under another label now.
  const usual = new Set(before.values.values());
  for (const [series, value] of outcome.values) {
    if (value === null || usual.has(value) || series.startsWith('node_scrape_collector')) continue;
    if (!Number.isFinite(value)) return `${series} is ${value}`;
    if (what === 'without numbers' && !isCountOrFlag(value)) return `${series} is ${value}`;
  }
  return null;
}

test('no garbled file brings more down than its own collector, nor is a number made of it', async (t) => {
  const roots = wholeHost(t);
  const files = await filesRead(t, roots);
  // As many as there are collectors of Linux that read files through the file system's synchronous calls.
  assert.ok(files.size > 55, `${files.size} collectors read files`);
  const faults: string[] = [];
  let failed = 0;
  let runs = 0;
  for (const [name, paths] of files) {
    const before = await run(name, roots);
    for (const path of paths) {
      const bytes = readFileSync(path);
      for (const [what, garble] of GARBLED) {
        writeFileSync(path, garble(bytes));
        const outcome = await run(name, roots);
        runs++;
        if (!outcome.success) failed++;
        const fault = faultOf(what, outcome, before);
        if (fault !== null) faults.push(`${name}: ${path.slice(roots.proc.length - 4)} ${what}: ${fault}`);
      }
      writeFileSync(path, bytes);
    }
    assert.deepEqual(await run(name, roots), before, `${name} is as before`);
  }
  t.diagnostic(`${runs} runs`);
  assert.deepEqual(faults, []);
  assert.ok(failed > 100, `${failed} of the garbled files were refused`);
});
