/**
 * Ten thousand hosts on one gateway: what they cost when all is well, how long acks take, what a sample costs beside one of few
 * hosts that send as much together, and how soon all are back, with what the gateway
 * has missed, after it was away.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Load } from '../load/load.ts';
import type { Bench, Part, Round } from '../part.ts';
import { newPlace, startGateway } from '../support/program.ts';
import { percentileOf } from '../support/statistics.ts';

const MANY = 10_000;
const FEW = 100;
const SERIES = 500;
const INTERVAL_MS = 10_000;
const SETTLE_MS = 30_000;
const MEASURE_MS = 40_000;
const AWAY_MS = 10_000;
const BACK_MS_MAX = 120_000;
const TICKS = 1_000_000;
const LOOK_MS = 100;
/** Whoever has no more than a second of all hosts' samples open has what is new only. */
const OPEN_MAX = (MANY * SERIES * 1000) / INTERVAL_MS;

interface Steady {
  readonly cores: number;
  readonly rssMiB: number;
  readonly microsecondsPerSample: number;
  readonly ackMs: number;
}

async function steady(
  bench: Bench,
  hosts: number,
  then?: (load: Load, restart: () => Promise<void>) => Promise<void>,
): Promise<Steady> {
  const place = await newPlace(bench);
  const gateway = await startGateway(bench, place);
  const intervalMs = (INTERVAL_MS * hosts) / MANY;
  const load = Load.start(bench, {
    url: gateway.url,
    hosts,
    series: SERIES,
    // Ten thousand compressors would be more work for this machine than the gateway is.
    deflate: false,
    pace: { kind: 'steady', intervalMs, ticks: TICKS },
  });
  await load.until(({ connected }) => connected === hosts);
  await delay(SETTLE_MS);
  load.latencies();
  const before = { ...gateway.program.usage(), acked: load.told.acked };
  const startedMs = performance.now();
  await delay(MEASURE_MS);
  const after = { ...gateway.program.usage(), acked: load.told.acked };
  const seconds = (performance.now() - startedMs) / 1000;
  const latencies = load.latencies();
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
  bench.say(`${hosts} hosts: ${(cpuSeconds / seconds).toFixed(2)} cores, ${after.rssMiB.toFixed(0)} MiB`);
  await then?.(load, async () => {
    await gateway.program.stop('SIGKILL');
    await delay(AWAY_MS);
    await startGateway(bench, place);
  });
  process.kill(load.pid, 'SIGKILL');
  if (!gateway.program.isGone) await gateway.program.stop();
  return {
    cores: cpuSeconds / seconds,
    rssMiB: after.rssMiB,
    microsecondsPerSample: (cpuSeconds * 1e6) / (after.acked - before.acked),
    ackMs: percentileOf(latencies, 0.99),
  };
}

export const hosts: Part = {
  about: `${MANY} hosts of ${SERIES} series each ${INTERVAL_MS / 1000} s`,
  rounds: 1,
  figures: [
    { name: 'CPU', unit: 'cores', reach: ['<=', 1] },
    { name: 'RSS', unit: 'MiB', reach: ['<=', 2048] },
    { name: 'acks, 99th percentile', unit: 'ms', reach: ['<=', 500] },
    { name: 'CPU per sample', unit: 'µs' },
    { name: `of the cost at ${FEW} hosts`, unit: '×', reach: ['<=', 1.3] },
    { name: 'all are back after a restart', unit: 's', reach: ['<=', 60] },
    { name: 'and have sent what is missing', unit: 's', reach: ['<=', 60] },
  ],
  async round(bench): Promise<Round> {
    const few = await steady(bench, FEW);
    let [backS, currentS] = [Number.NaN, Number.NaN];
    const many = await steady(bench, MANY, async (load, restart) => {
      await restart();
      const startedMs = performance.now();
      const after = async (holds: () => boolean) => {
        while (!holds() && performance.now() - startedMs < BACK_MS_MAX) await delay(LOOK_MS);
        return (performance.now() - startedMs) / 1000;
      };
      backS = await after(() => load.told.connected === MANY);
      currentS = await after(() => load.told.sampled - load.told.acked <= OPEN_MAX);
    });
    return {
      CPU: many.cores,
      RSS: many.rssMiB,
      'acks, 99th percentile': many.ackMs,
      'CPU per sample': many.microsecondsPerSample,
      [`of the cost at ${FEW} hosts`]: many.microsecondsPerSample / few.microsecondsPerSample,
      'all are back after a restart': backS,
      'and have sent what is missing': currentS,
    };
  },
};
