/**
 * Runs a real node_exporter and the reporter's collectors side by side: on this machine, or both on one folder that holds
 * another machine's /proc and /sys.
 */
import { join } from 'node:path';
import { COLLECTORS } from '../../packages/reporter/src/collectors/list.ts';
import { readOptions } from '../../packages/reporter/src/config.ts';
import type { Log } from '../../packages/reporter/src/log.ts';
import { createPlainSampler } from '../../packages/reporter/src/sampler-setup.ts';
import { renderText } from '../../packages/reporter/src/text-format.ts';
import {
  type Difference,
  differencesOfShape,
  isComparable,
  readTelling,
  type Telling,
  ValueRounds,
} from './differences.ts';
import { type KnownDifference, matches } from './known-differences.ts';
import { NodeExporter } from './node-exporter.ts';
import { serverTree, smallTree } from './server-tree.ts';

/** What is node_exporter's own: its Go runtime, its process and its HTTP server. */
export const ASIDE = /^(go|process|promhttp)_/;
const DEADLINE_MS = 5000;

export const REFERENCE_PEER = 'NODE_EXPORTER';
/** Of node_exporter's series, so many have to be there. */
export const SHARE_MIN = 0.98;
const ROUNDS_MAX = 20;

/** Debian's build has other defaults than node_exporter's own, in these. */
const UPSTREAM_DEFAULTS = [
  '--no-collector.systemd',
  '--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)',
];
const NO_TEXTFILES = '--collector.textfile.directory=';

/** Those that node_exporter does not have, and systemd, which answers where D-Bus does, and so in no container. */
const NOT_COMPARED = new Set(['inventory', 'systemd']);

/** Collectors that are off by default in both. */
const OPTIONAL = [
  ...COLLECTORS.filter(({ name, enabledByDefault }) => !enabledByDefault && !NOT_COMPARED.has(name)).map(
    ({ name }) => `--collector.${name}`,
  ),
  '--collector.cpu.info',
  '--collector.stat.softirq',
];
/** It asks by netlink, and so this machine, for a folder too. */
const NOT_OF_FOLDERS = '--no-collector.tcpstat';

export interface Comparison {
  readonly name: string;
  /** Series of node_exporter, its own aside. */
  readonly series: number;
  /** Its own. */
  readonly aside: number;
  /** Of `series`, how many the reporter tells too. */
  readonly present: number;
  /** Of those, how many have values that are to agree. */
  readonly comparable: number;
  /** How many were held against each other at least once, and the share of all rounds that agreed. */
  readonly compared: number;
  readonly agreement: number;
  readonly rounds: number;
  readonly differences: readonly Difference[];
  /** Collectors that fail here, by what they log. */
  readonly failures: readonly string[];
}

export interface ComparisonOptions {
  readonly name: string;
  /** Flags that both know. */
  readonly flags: readonly string[];
  /** node_exporter's alone. */
  readonly referenceFlags?: readonly string[];
  /** At most; no more are made once every value was compared, and has agreed unless it is expected to differ. */
  readonly rounds: number;
  readonly isExpected: (difference: Difference) => boolean;
}

/** The sampler as `tributary-reporter once` makes it, kept alive: a start of Node changes the memory that is told. */
export function ourProgram(flags: readonly string[]): { tell(): Promise<Telling>; failures: string[] } {
  const failures: string[] = [];
  const nothing = () => {};
  const note = (...said: unknown[]) => {
    failures.push(said.map((part) => JSON.stringify(part)).join(' '));
  };
  const log: Log = { debug: nothing, info: nothing, warn: note, error: note };
  const sampler = createPlainSampler({ options: readOptions(flags, {}), log });
  return {
    failures,
    tell: async () => readTelling(renderText(await sampler.sample(DEADLINE_MS)), (name) => ASIDE.test(name)),
  };
}

function isSame(a: Difference, b: Difference): boolean {
  return a.kind === b.kind && a.series === b.series;
}

export async function compare(options: ComparisonOptions): Promise<Comparison> {
  await using reference = await NodeExporter.start([...options.flags, ...(options.referenceFlags ?? [])]);
  const ours = ourProgram(options.flags);
  // What happens only once, such as opening files that are kept, is over then.
  await ours.tell();
  let aside = 0;
  const read = async (): Promise<Telling> => {
    const text = await reference.scrape();
    aside = readTelling(text, (name) => !ASIDE.test(name)).values.size;
    return readTelling(text, (name) => ASIDE.test(name));
  };
  const values = new ValueRounds();
  let shape: Difference[] | null = null;
  let before = await read();
  let told = await ours.tell();
  let present: string[] = [];
  let rounds = 0;
  for (;;) {
    const after = await read();
    values.add(before, told, after);
    const found = differencesOfShape(after, told);
    // A device that comes or goes meanwhile is a difference in one round, and none in the next.
    shape = shape === null ? found : shape.filter((one) => found.some((other) => isSame(one, other)));
    before = after;
    const left = [...shape, ...values.differences()].filter((one) => !options.isExpected(one));
    present = [...before.values.keys()].filter((series) => told.values.has(series));
    // What came meanwhile, such as a device, has not been held against anything yet.
    const isNew = present.some((series) => isComparable(series) && !values.has(series));
    if (++rounds >= options.rounds || (rounds > 1 && left.length === 0 && !isNew)) break;
    told = await ours.tell();
  }
  return {
    name: options.name,
    series: before.values.size,
    aside,
    present: present.length,
    comparable: present.filter(isComparable).length,
    compared: values.compared,
    agreement: values.agreement,
    rounds,
    differences: [...shape, ...values.differences()],
    failures: ours.failures,
  };
}

/**
 * Every comparison there is, one after the other.
 * @param folder for trees; empty.
 * @param known what is expected to differ.
 */
export async function compareAll(folder: string, known: readonly KnownDifference[]): Promise<Comparison[]> {
  const referenceFlags = UPSTREAM_DEFAULTS;
  const isExpected = (difference: Difference) => known.some((row) => matches(row, difference));
  const common = { rounds: ROUNDS_MAX, isExpected };
  const comparisons = [
    await compare({ name: 'this machine, defaults', flags: [NO_TEXTFILES], referenceFlags, ...common }),
    await compare({
      name: 'this machine, with the optional collectors',
      flags: [NO_TEXTFILES, ...OPTIONAL],
      referenceFlags,
      ...common,
    }),
  ];
  for (const [name, make] of Object.entries({ smallTree, serverTree })) {
    const tree = make(join(folder, name));
    comparisons.push(
      await compare({
        name: `tree ${name}`,
        flags: [...tree.flags, ...OPTIONAL.filter((flag) => !flag.endsWith('.tcpstat')), NOT_OF_FOLDERS],
        referenceFlags: [...referenceFlags, ...tree.referenceFlags],
        ...common,
      }),
    );
  }
  return comparisons;
}
