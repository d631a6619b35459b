/**
 * Ten thousand hosts on one gateway: what they cost when all is well, how long acks take, what a sample costs beside one of few
 * hosts that send as much together, and how soon all are back, with what the gateway has missed, after it was away. Once by the plain
 * wire, as ten thousand compressors would take more of this machine than the gateway does, and once with frames that are
 * compressed as reporters' are, but were made before (`load/ready-frames.ts`).
 *
 * It is measured when as much goes as comes: out of what is kept in memory, from which a batch goes after two minutes; from
 * entries into blocks; and out of the ledger. For the latter two within minutes the ledger has to be small: with the default of
 * 2 GB and a day, ten thousand hosts would first fill it for many. Few hosts are measured earlier, as theirs are packed after
 * seconds already; of them nothing leaves the memory for its age yet, which makes them the cheaper ones.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Load } from '../load/load.ts';
import type { LoadPlan } from '../load/plan.ts';
import type { Bench, Figure, Part, Round } from '../part.ts';
import { type GatewayPlace, newPlace, type Served, spawnGateway, startGateway } from '../support/program.ts';
import { percentileOf } from '../support/statistics.ts';
import type { Usage } from '../support/usage.ts';

const MANY = 10_000;
const FEW = 100;
const SERIES = 500;
const INTERVAL_MS = 10_000;
/** A minute of the fleet is 260 MB of entries that are not packed. */
const LEDGER = ['--storage.retention.time', '1m', '--storage.retention.size', '192MB'];
const FEW_SETTLE_MS = 70_000;
const MANY_SETTLE_MS = 130_000;
/** The gateway packs and trims once in this time. */
const MEASURE_MS = 30_000;
const AWAY_MS = 10_000;
const BACK_MS_MAX = 120_000;
const TICKS = 1_000_000;
const LOOK_MS = 100;
/** Whoever has no more than a second of all hosts' samples open has what is new only. */
const OPEN_MAX = (MANY * SERIES * 1000) / INTERVAL_MS;

type Deflate = LoadPlan['deflate'];

interface Fleet {
  readonly hosts: number;
  readonly place: GatewayPlace;
  readonly gateway: Served;
  readonly load: Load;
}

async function startFleet(bench: Bench, hosts: number, deflate: Deflate): Promise<Fleet> {
  const place = await newPlace(bench);
  const gateway = await startGateway(bench, { place, flags: LEDGER });
  const intervalMs = (INTERVAL_MS * hosts) / MANY;
  const pace = { kind: 'steady', intervalMs, ticks: TICKS } as const;
  const load = Load.start(bench, { url: gateway.url, hosts, series: SERIES, deflate, pace });
  await load.until(({ connected }) => connected === hosts);
  return { hosts, place, gateway, load };
}

async function ledgerOf({ url }: Served): Promise<string> {
  const response = await fetch(`${url}/api/v1/status`);
  const { data } = (await response.json()) as { data: { ledger: { bytes: number; batches: number } } };
  return `${data.ledger.batches} batches in ${(data.ledger.bytes / 1e6).toFixed(0)} MB`;
}

interface Steady {
  readonly cores: number;
  readonly usage: Usage;
  readonly microsecondsPerSample: number;
  readonly ackMs: number;
}

async function steady(bench: Bench, { hosts, gateway, load }: Fleet, settleMs: number): Promise<Steady> {
  await delay(settleMs);
  const ledger = await ledgerOf(gateway);
  load.acks();
  const before = { ...gateway.program.usage(), ...load.told };
  const startedMs = performance.now();
  await delay(MEASURE_MS);
  const usage = gateway.program.usage();
  const samples = load.told.acked - before.acked;
  const sampled = load.told.sampled - before.sampled;
  const seconds = (performance.now() - startedMs) / 1000;
  const waits = load.acks().map(({ fromMs, toMs }) => toMs - fromMs);
  const cpuSeconds = usage.cpuSeconds - before.cpuSeconds;
  const cores = cpuSeconds / seconds;
  const thousands = (count: number) => (count / seconds / 1000).toFixed(0);
  const told = `${thousands(sampled)} thousand samples a second, ${thousands(samples)} acked`;
  bench.say(`${hosts} hosts: ${cores.toFixed(2)} cores; ${told}`);
  bench.say(`in the ledger ${ledger}, then ${await ledgerOf(gateway)}`);
  return {
    cores,
    usage,
    microsecondsPerSample: (cpuSeconds * 1e6) / samples,
    ackMs: percentileOf(waits, 0.99),
  };
}

interface Return {
  /** From the moment at which the new gateway was started; infinite where it was not within the time. */
  readonly backS: number;
  readonly currentS: number;
  /** Of the new gateway. */
  readonly rssMaxMB: number;
}

async function comeBack(bench: Bench, { hosts, place, gateway, load }: Fleet): Promise<Return> {
  await gateway.program.stop('SIGKILL');
  await delay(AWAY_MS);
  const startedMs = performance.now();
  // Nobody asks whether it is ready: a stranger among ten thousand at the door of one address may not be let in.
  const again = await spawnGateway(bench, { place, flags: LEDGER });
  const after = async (what: string, holds: () => boolean) => {
    while (performance.now() - startedMs < BACK_MS_MAX && !again.program.isGone) {
      if (holds()) return (performance.now() - startedMs) / 1000;
      await delay(LOOK_MS);
    }
    bench.say(`${what}: not within ${BACK_MS_MAX / 1000} s`);
    return Number.POSITIVE_INFINITY;
  };
  const backS = await after('all are back', () => load.told.connected === hosts);
  const currentS = await after('what was missing', () => load.told.sampled - load.told.acked <= OPEN_MAX);
  const { rssMaxMB } = again.program.usage();
  await load.stop();
  await again.program.stop();
  return { backS, currentS, rssMaxMB };
}

const FIGURES: readonly Figure[] = [
  { name: 'CPU', unit: 'cores', reach: ['<=', 1] },
  { name: 'RSS', unit: 'MB', reach: ['<=', 2000] },
  { name: 'RSS, at most', unit: 'MB', reach: ['<=', 2000] },
  { name: 'acks, 99th percentile', unit: 'ms', reach: ['<=', 500] },
  { name: 'CPU per sample', unit: 'µs' },
  { name: `of the cost at ${FEW} hosts`, unit: '×', reach: ['<=', 1.3] },
  { name: 'all are back after a restart', unit: 's', reach: ['<=', 60] },
  { name: 'and have sent what is missing', unit: 's', reach: ['<=', 60] },
  { name: 'RSS meanwhile, at most', unit: 'MB', reach: ['<=', 2000] },
];

async function round(bench: Bench, deflate: Deflate): Promise<Round> {
  const fewHosts = await startFleet(bench, FEW, deflate);
  const few = await steady(bench, fewHosts, FEW_SETTLE_MS);
  await fewHosts.load.stop();
  await fewHosts.gateway.program.stop();
  const manyHosts = await startFleet(bench, MANY, deflate);
  const many = await steady(bench, manyHosts, MANY_SETTLE_MS);
  const { backS, currentS, rssMaxMB } = await comeBack(bench, manyHosts);
  return {
    CPU: many.cores,
    RSS: many.usage.rssMB,
    'RSS, at most': many.usage.rssMaxMB,
    'acks, 99th percentile': many.ackMs,
    'CPU per sample': many.microsecondsPerSample,
    [`of the cost at ${FEW} hosts`]: many.microsecondsPerSample / few.microsecondsPerSample,
    'all are back after a restart': backS,
    'and have sent what is missing': currentS,
    'RSS meanwhile, at most': rssMaxMB,
  };
}

export const hosts: Part = {
  about: `${MANY} hosts of ${SERIES} series each ${INTERVAL_MS / 1000} s`,
  rounds: 1,
  figures: FIGURES,
  round: (bench) => round(bench, 'no'),
};

export const hostsDeflated: Part = {
  about: 'the same by permessage-deflate',
  rounds: 1,
  figures: FIGURES,
  round: (bench) => round(bench, 'ready'),
};
