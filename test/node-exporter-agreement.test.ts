/**
 * Side by side with a real node_exporter: on this machine, and both on folders that hold other machines' /proc and /sys. What
 * differs must be in docs/COLLECTORS.md, with its reason, and what is listed there must be found. `npm run compare` prints it all.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GOLDEN_FILE } from '../packages/reporter/src/collectors/test-support.ts';
import {
  ASIDE,
  type Comparison,
  compareAll,
  ourProgram,
  REFERENCE_PEER,
  SHARE_MIN,
} from './support/comparison.ts';
import { NODE_EXPORTER_FULL, NODE_MIXIN } from './support/dashboard-metrics.ts';
import { readTelling, type Telling } from './support/differences.ts';
import { explain, readKnownDifferences } from './support/known-differences.ts';
import { without } from './support/peers.ts';
import { runToEnd } from './support/programs.ts';
import { tempDir } from './support/temp-dir.ts';

test('what node_exporter tells is told, with the same name, labels, type, help and value', {
  skip: without(REFERENCE_PEER),
}, async (t) => {
  const known = readKnownDifferences();
  const comparisons = await compareAll(await tempDir(t), known);
  const used = new Set<unknown>();
  for (const comparison of comparisons) {
    const { unknown, used: explained } = explain(comparison.differences, known);
    for (const row of explained) used.add(row);
    const text = unknown.map(({ kind, series, detail }) => `${kind} ${series}: ${detail}`);
    assert.deepEqual(text, [], `${comparison.name}: differences that docs/COLLECTORS.md does not explain`);
    assert.ok(
      share(comparison) >= SHARE_MIN,
      `${comparison.name}: ${share(comparison)} of the series are there`,
    );
    assert.ok(
      comparison.compared >= comparison.comparable * 0.99,
      `${comparison.name}: ${comparison.compared} values`,
    );
    assert.ok(comparison.agreement > 0.9, `${comparison.name}: ${comparison.agreement} of the values agree`);
  }
  const stale = known
    .filter((row) => !used.has(row) && row.where !== 'some hosts')
    .map(({ series }) => series);
  assert.deepEqual(stale, [], 'differences that docs/COLLECTORS.md lists and that are none');
});

const share = ({ present, series }: Comparison) => present / series;

test('`tributary-reporter once` tells what the sampler tells that is compared', async (t) => {
  const { code, stdout } = await runToEnd(t, 'reporter', ['once']);
  assert.equal(code, 0);
  const families = ({ types }: Telling) => [...types.keys()].filter((name) => !ASIDE.test(name)).sort();
  assert.deepEqual(families(readTelling(stdout.join('\n'))), families(await ourProgram([]).tell()));
});

test('what the dashboard and the alerts ask for is told by a host that has it', () => {
  const goldens = ['golden.txt', 'devices-golden.txt'].map((name) =>
    readFileSync(join(GOLDEN_FILE, '..', name), 'utf8'),
  );
  const told = new Set([...readTelling(goldens.join('\n')).types.keys(), ...OF_THE_SAMPLER]);
  const docs = readFileSync(new URL('../docs/COLLECTORS.md', import.meta.url), 'utf8');
  const untold = [...new Set([...NODE_EXPORTER_FULL, ...NODE_MIXIN])].filter((name) => !told.has(name));
  const section = docs.split('## What dashboards and alerts ask for')[1]?.split('\n## ')[0] ?? '';
  const listed = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(untold.sort(), listed.sort());
});

/** Told of the collectors, not by them. */
const OF_THE_SAMPLER = [
  'node_scrape_collector_duration_seconds',
  'node_scrape_collector_success',
  'node_exporter_build_info',
];
