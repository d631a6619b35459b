/**
 * What it costs, beside what people would use instead. Linux; peers as far as test/tools/fetch-peers has brought them.
 *
 *   npm run bench                      all parts
 *   npm run bench -- ingest scrape     some
 *   npm run bench -- --rounds 1 --json FILE ingest
 *
 * Each figure is the median of the rounds. Absolute ones are of this machine, now; the ratios hold better.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench, Figure, Part, Round } from './part.ts';
import { drain } from './parts/drain.ts';
import { hosts, hostsDeflated } from './parts/hosts.ts';
import { ingest, ingestDeflated } from './parts/ingest.ts';
import { replay } from './parts/replay.ts';
import { reporter } from './parts/reporter.ts';
import { scrape } from './parts/scrape.ts';
import { stored } from './parts/stored.ts';
import { tick } from './parts/tick.ts';
import { medianOf } from './support/statistics.ts';
import { type Measured, tableOf } from './support/table.ts';

const PARTS = new Map<string, Part>(
  Object.entries({
    ingest,
    'ingest-deflated': ingestDeflated,
    scrape,
    replay,
    stored,
    hosts,
    'hosts-deflated': hostsDeflated,
    drain,
    reporter,
    tick,
  }),
);

/** One round, and everything gone behind it. */
async function roundOf(part: Part): Promise<Round> {
  const root = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  const ends: (() => Promise<unknown> | unknown)[] = [];
  const bench: Bench = {
    folder: () => mkdtempSync(join(root, 'x-')),
    atEnd: (act) => void ends.push(act),
    say: (text) => void process.stderr.write(`${text}\n`),
  };
  try {
    return await part.round(bench);
  } finally {
    for (const act of ends.reverse()) {
      // Whatever fails, the others are to be gone as well.
      await Promise.resolve(act()).catch((error: Error) => bench.say(`at the end: ${error.message}`));
    }
    rmSync(root, { recursive: true, force: true });
  }
}

async function measure(name: string, part: Part, rounds: number): Promise<readonly Measured[]> {
  const taken: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`${name}: round ${round} of ${rounds}\n`);
    taken.push(await roundOf(part));
  }
  return part.figures.flatMap((figure: Figure) => {
    const values = taken.flatMap((round) => round[figure.name] ?? []);
    return values.length === 0 ? [] : [{ part: name, figure, value: medianOf(values), rounds: values }];
  });
}

function chosen(names: readonly string[]): readonly (readonly [string, Part])[] {
  if (names.length === 0) return [...PARTS];
  return names.map((name) => {
    const part = PARTS.get(name);
    if (part === undefined) {
      process.stderr.write(`which part? npm run bench -- NAME, one of ${[...PARTS.keys()].join(', ')}\n`);
      process.exit(1);
    }
    return [name, part] as const;
  });
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, json: { type: 'string' } },
});
if (options.rounds !== undefined && !/^[1-9]\d?$/.test(options.rounds)) {
  process.stderr.write(`--rounds ${options.rounds}: a number from 1 to 99 is needed\n`);
  process.exit(1);
}
const measured: Measured[] = [];
for (const [name, part] of chosen(positionals)) {
  process.stderr.write(`${name}: ${part.about}\n`);
  const rounds = options.rounds === undefined ? part.rounds : Number(options.rounds);
  const figures = await measure(name, part, rounds);
  measured.push(...figures);
  process.stdout.write(`${tableOf(figures)}\n`);
}
if (options.json !== undefined) {
  const machine = {
    processors: availableParallelism(),
    model: cpus()[0]?.model ?? '',
    memoryMB: Math.round(totalmem() / 1e6),
    node: process.version,
  };
  writeFileSync(
    options.json,
    `${JSON.stringify({ at: new Date().toISOString(), machine, measured }, null, 2)}\n`,
  );
}
process.exit(0);
