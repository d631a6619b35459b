/**
 * `npm run compare`: runs a real node_exporter and the reporter's collectors side by side, and prints what is missing and what
 * differs, with the reason that docs/COLLECTORS.md has for it. Exit code 1 when something has none.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Comparison, compareAll, REFERENCE_PEER } from '../support/comparison.ts';
import {
  explain,
  type KnownDifference,
  matches,
  readKnownDifferences,
} from '../support/known-differences.ts';
import { pathOf } from '../support/peers.ts';

const print = (line: string) => process.stdout.write(`${line}\n`);
const percent = (part: number) => `${(100 * part).toFixed(2)} %`;
/** Of differences with the same reason so many are shown. */
const SHOWN_MAX = 5;

function report(comparison: Comparison, known: readonly KnownDifference[]): number {
  const { name, series, aside, present, compared, agreement, rounds, differences, failures } = comparison;
  print(`\n== ${name}`);
  print(
    `${present} of ${series} series of node_exporter are there (${percent(present / series)}); ${aside} of its own aside`,
  );
  print(
    `${compared} values held against each other in ${rounds} rounds, of which ${percent(agreement)} agreed`,
  );
  for (const line of failures) print(`log: ${line.slice(0, 200)}`);
  const { unknown, used } = explain(differences, known);
  for (const row of used) {
    const found = differences.filter((difference) => matches(row, difference));
    print(`${row.kind} ${row.series} (${found.length}): ${row.why}`);
    for (const { series: what, detail } of found.slice(0, SHOWN_MAX))
      print(`    ${what}: ${detail.slice(0, 120)}`);
  }
  for (const { kind, series: what, detail } of unknown)
    print(`NOT EXPLAINED: ${kind} ${what}: ${detail.slice(0, 200)}`);
  return unknown.length;
}

const folder = await mkdtemp(join(tmpdir(), 'tributary-compare-'));
try {
  pathOf(REFERENCE_PEER);
  const known = readKnownDifferences();
  const unknown = (await compareAll(folder, known)).map((comparison) => report(comparison, known));
  process.exitCode = unknown.some((count) => count > 0) ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit();
