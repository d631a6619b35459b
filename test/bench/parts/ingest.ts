/**
 * How much a gateway takes in: durable and acked samples per second of CPU of its whole process, by the plain wire and by the
 * compressed one, packing into blocks included. Beside it VictoriaMetrics, which imports the same values as Prometheus text.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Load } from '../load/load.ts';
import type { Bench, Part, Round } from '../part.ts';
import { startVictoria } from '../support/peers.ts';
import { startGateway } from '../support/program.ts';
import { textOf } from '../support/text.ts';

const HOSTS = 100;
const SERIES = 500;
/** Nothing of it becomes too old to be kept meanwhile. */
const AGO_MS = 23 * 3_600_000;
/** Batches: a reporter's window is 4 MiB, which is some 800 of these. */
const WINDOW = 128;
/** For everything to be in place, and the code compiled. */
const WARM_MS = 6_000;
const MEASURE_MS = 20_000;
/** The gateway packs and trims so often; what was taken in is packed by then. */
const PACK_MS = 45_000;
const IMPORT_TICKS = 80;
const TICK_MS = 10_000;
const VICTORIA_REST_MS = 10_000;

async function ours(bench: Bench, deflate: boolean): Promise<Round> {
  const { program, url } = await startGateway(bench);
  const load = Load.start(bench, {
    url,
    hosts: HOSTS,
    series: SERIES,
    deflate,
    pace: { kind: 'flood', agoMs: AGO_MS, window: WINDOW },
  });
  await load.until(({ connected }) => connected === HOSTS);
  await delay(WARM_MS);
  const before = { acked: load.told.acked, ...program.usage() };
  const startedMs = performance.now();
  await delay(MEASURE_MS);
  const during = { acked: load.told.acked, ...program.usage() };
  const seconds = (performance.now() - startedMs) / 1000;
  process.kill(load.pid, 'SIGKILL');
  await delay(PACK_MS);
  const after = program.usage();
  const samples = during.acked - before.acked;
  // Of what was sent before, a part is packed later as well: it is left out on neither side.
  const share = samples / during.acked;
  const packing = (after.cpuSeconds - during.cpuSeconds) * share;
  await program.stop();
  const cpuSeconds = during.cpuSeconds - before.cpuSeconds + packing;
  bench.say(`${(cpuSeconds - packing).toFixed(1)} s of CPU and ${packing.toFixed(1)} s for packing`);
  return {
    'samples per CPU-second': samples / cpuSeconds / 1e6,
    'samples per second': samples / seconds / 1e6,
    RSS: after.rssMiB,
  };
}

/** The same values, as it would be sent by whoever pushes text: the whole fleet's tick in a request, with its time. */
async function theirs(bench: Bench): Promise<Round> {
  const victoria = await startVictoria(bench);
  if (victoria === null) return {};
  const at = Date.now() - AGO_MS;
  const ticks = Array.from({ length: IMPORT_TICKS }, (_, tick) =>
    Array.from({ length: HOSTS }, (_, host) =>
      textOf({
        series: SERIES,
        tick,
        labels: { instance: `bench-${host}`, job: 'node' },
        at: at + tick * TICK_MS,
      }),
    ).join(''),
  );
  const push = async (bodies: readonly string[]) => {
    for (const body of bodies) {
      const response = await fetch(`${victoria.url}/api/v1/import/prometheus`, { method: 'POST', body });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`VictoriaMetrics answered ${response.status}`);
    }
  };
  await push(ticks.slice(0, IMPORT_TICKS / 4));
  const before = victoria.program.usage();
  const rest = ticks.slice(IMPORT_TICKS / 4);
  await push(rest);
  // It writes behind the answers.
  await delay(VICTORIA_REST_MS);
  const { cpuSeconds } = victoria.program.usage();
  const samples = rest.length * HOSTS * SERIES;
  return { 'VictoriaMetrics: samples per CPU-second': samples / (cpuSeconds - before.cpuSeconds) / 1e6 };
}

export const ingest: Part = {
  about: `${HOSTS} hosts of ${SERIES} series send what they have as fast as it is acked`,
  rounds: 3,
  figures: [
    { name: 'samples per CPU-second', unit: 'M', reach: ['>=', 3] },
    { name: 'samples per second', unit: 'M' },
    { name: 'RSS', unit: 'MiB' },
    { name: 'VictoriaMetrics: samples per CPU-second', unit: 'M' },
    { name: 'of VictoriaMetrics', unit: '×', reach: ['>=', 2.5] },
  ],
  async round(bench) {
    const own = await ours(bench, false);
    const victoria = await theirs(bench);
    const theirRate = victoria['VictoriaMetrics: samples per CPU-second'];
    if (theirRate === undefined) return own;
    return { ...own, ...victoria, 'of VictoriaMetrics': (own['samples per CPU-second'] ?? 0) / theirRate };
  },
};

export const ingestDeflated: Part = {
  about: 'the same by permessage-deflate',
  rounds: 3,
  figures: [
    { name: 'samples per CPU-second', unit: 'M', reach: ['>=', 1.2] },
    { name: 'samples per second', unit: 'M' },
    { name: 'RSS', unit: 'MiB' },
  ],
  round: (bench) => ours(bench, true),
};
