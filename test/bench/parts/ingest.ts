/**
 * How much a gateway takes in: durable and acked samples per second of CPU of its whole process, by the plain wire and by the
 * compressed one, packing into blocks included. Beside it VictoriaMetrics, which imports the same values as Prometheus text.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { TICKS } from '../load/bodies.ts';
import { Load } from '../load/load.ts';
import type { Bench, Part, Round } from '../part.ts';
import { post } from '../support/fetch.ts';
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
/** Ticks that VictoriaMetrics gets before it is measured, and those that it is measured with: 20 million samples. */
const WARM_TICKS = 40;
const IMPORT_TICKS = 400;
const TICK_MS = 10_000;
const VICTORIA_IDLE_MS = 5_000;
const VICTORIA_REST_MS = 10_000;

async function ours(bench: Bench, deflate: boolean): Promise<Round> {
  const { program, url } = await startGateway(bench);
  const load = Load.start(bench, {
    url,
    hosts: HOSTS,
    series: SERIES,
    deflate: deflate ? 'each' : 'no',
    pace: { kind: 'flood', agoMs: AGO_MS, window: WINDOW },
  });
  await load.until(({ connected }) => connected === HOSTS);
  await delay(WARM_MS);
  const before = { acked: load.told.acked, ...program.usage() };
  const startedMs = performance.now();
  await delay(MEASURE_MS);
  const during = { acked: load.told.acked, ...program.usage() };
  const seconds = (performance.now() - startedMs) / 1000;
  await load.stop();
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
    RSS: after.rssMB,
  };
}

/**
 * The same values, as it would be sent by whoever pushes text: the whole fleet's tick in a request, with its time and without
 * comments. What it uses when nothing is asked of it is subtracted, as it waits here while a text is made; from ours it is not.
 */
async function theirs(bench: Bench): Promise<Round> {
  const victoria = await startVictoria(bench);
  if (victoria === null) return {};
  const { program } = victoria;
  const beginAt = Date.now() - AGO_MS;
  const push = async (from: number, to: number) => {
    for (let tick = from; tick < to; tick++) {
      const at = beginAt + tick * TICK_MS;
      const texts = Array.from({ length: HOSTS }, (_, host) => {
        const labels = { instance: `bench-${host + 1}`, job: 'node' };
        return textOf({ series: SERIES, host: host + 1, tick: tick % TICKS, labels, at, comments: false });
      });
      await post(`${victoria.url}/api/v1/import/prometheus`, texts.join(''));
    }
  };
  const idleFrom = program.usage().cpuSeconds;
  await delay(VICTORIA_IDLE_MS);
  const idleCores = (program.usage().cpuSeconds - idleFrom) / (VICTORIA_IDLE_MS / 1000);
  await push(0, WARM_TICKS);
  const before = program.usage().cpuSeconds;
  const startedMs = performance.now();
  await push(WARM_TICKS, WARM_TICKS + IMPORT_TICKS);
  // It writes behind the answers.
  await delay(VICTORIA_REST_MS);
  const used = program.usage().cpuSeconds - before;
  const idle = (idleCores * (performance.now() - startedMs)) / 1000;
  bench.say(`VictoriaMetrics: ${used.toFixed(1)} s of CPU, of which idle ${idle.toFixed(1)} s`);
  const samples = IMPORT_TICKS * HOSTS * SERIES;
  return { 'VictoriaMetrics: samples per CPU-second': samples / (used - idle) / 1e6 };
}

export const ingest: Part = {
  about: `${HOSTS} hosts of ${SERIES} series send what they have as fast as it is acked`,
  rounds: 3,
  figures: [
    { name: 'samples per CPU-second', unit: 'M', reach: ['>=', 3] },
    { name: 'samples per second', unit: 'M' },
    { name: 'RSS', unit: 'MB' },
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
    { name: 'RSS', unit: 'MB' },
  ],
  round: (bench) => ours(bench, true),
};
