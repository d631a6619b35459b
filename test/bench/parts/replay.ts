/**
 * What a sample costs that a scraper gets late: ten points of every series of a fleet arrive after an outage, and one scraper takes
 * them. Once what the gateway still has in memory, once what it has to read from its ledger. Beside it what a sample costs that the
 * same scraper gets when it is current: each host has sent one batch since it was here last.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Load } from '../load/load.ts';
import type { Bench, Part } from '../part.ts';
import { Scraper } from '../support/fetch.ts';
import { type Served, startGateway } from '../support/program.ts';
import { medianOf } from '../support/statistics.ts';

const HOSTS = 1000;
const SERIES = 500;
const TICKS = 10;
const SAMPLES = HOSTS * SERIES;
const NAME = 'bench';
const TIMEOUT_S = 60;
/** Not everyone takes several points of a series. */
const AGENT = 'Prometheus/3.5.0';
const OPENMETRICS = 'application/openmetrics-text;version=1.0.0';
const LIVE_SCRAPES = 9;
/** Of the first ones, for the code to be compiled. */
const WARM_SCRAPES = 3;
/** As a batch each 10 s is taken back from now, the only one of a load is of this very moment. */
const LIVE_AGO_MS = 10_000;
const WARM_AGO_MS = 48 * 60_000;
const MEMORY_AGO_MS = 44 * 60_000;
const LEDGER_AGO_MS = 40 * 60_000;
/** What came so long ago is not in memory any more. */
const FORGOTTEN_MS = 130_000;
const SCRAPES_MAX = 200;

async function send(bench: Bench, url: string, agoMs: number, ticks: number): Promise<void> {
  const pace = { kind: 'flood', agoMs, window: 8, ticks } as const;
  const load = Load.start(bench, { url, hosts: HOSTS, series: SERIES, deflate: 'no', pace });
  await load.done(SAMPLES * ticks);
  await load.stop();
  await delay(1000);
}

interface Cursor {
  readonly pending: number;
  /** Of which it is known that the scraper has them. */
  readonly taken: number;
}

async function cursorOf(url: string): Promise<Cursor> {
  const response = await fetch(`${url}/api/v1/scrapers`);
  const { data } = (await response.json()) as {
    data: { scraper: string; pendingSamples: number; takenSamples: number }[];
  };
  const own = data.find(({ scraper }) => scraper === NAME);
  return { pending: own?.pendingSamples ?? 0, taken: own?.takenSamples ?? 0 };
}

/** One that is asked as Prometheus asks, on a connection of its own that is kept. */
class Replayer {
  readonly #gateway: Served;
  readonly #scraper = new Scraper();

  constructor(bench: Bench, gateway: Served) {
    this.#gateway = gateway;
    bench.atEnd(() => this.#scraper.close());
  }

  /** @returns how many of the fleet's samples came. */
  async scrape(): Promise<number> {
    const url = `${this.#gateway.url}/metrics?scraper=${NAME}`;
    return await this.#scraper.series(url, OPENMETRICS, {
      'x-prometheus-scrape-timeout-seconds': String(TIMEOUT_S),
      'user-agent': AGENT,
    });
  }

  /** All that came since it was here last: one point of each series. @returns as `drain` does */
  async live(): Promise<number> {
    const { program } = this.#gateway;
    const before = program.usage().cpuSeconds;
    const samples = await this.scrape();
    if (samples !== SAMPLES) throw new Error(`${samples} of ${SAMPLES} samples came in a scrape`);
    return ((program.usage().cpuSeconds - before) * 1e6) / SAMPLES;
  }

  /** Everything that is there. @returns µs of the gateway's CPU for each sample that was served. */
  async drain(): Promise<number> {
    const { program, url } = this.#gateway;
    const before = { ...program.usage(), ...(await cursorOf(url)) };
    for (let scrapes = 0; (await cursorOf(url)).pending > 0; scrapes++) {
      if (scrapes === SCRAPES_MAX) throw new Error(`it is not all served after ${SCRAPES_MAX} scrapes`);
      await this.scrape();
    }
    const after = { ...program.usage(), ...(await cursorOf(url)) };
    if (after.taken - before.taken < SAMPLES * TICKS)
      throw new Error(`only ${after.taken - before.taken} of ${SAMPLES * TICKS} samples were served`);
    return ((after.cpuSeconds - before.cpuSeconds) * 1e6) / (after.taken - before.taken);
  }
}

/** µs of CPU for each sample of a scraper that is current. */
async function live(bench: Bench, { url }: Served, replayer: Replayer): Promise<number> {
  const costs: number[] = [];
  for (let i = 0; i < LIVE_SCRAPES; i++) {
    await send(bench, url, LIVE_AGO_MS, 1);
    costs.push(await replayer.live());
  }
  return medianOf(costs.slice(WARM_SCRAPES));
}

export const replay: Part = {
  about: `${TICKS} points of each of ${SAMPLES} series arrive late, and are scraped`,
  rounds: 3,
  figures: [
    { name: 'live: CPU per sample', unit: 'µs' },
    { name: 'from memory: CPU per sample', unit: 'µs' },
    { name: 'from memory, of live', unit: '×', reach: ['<=', 1.5] },
    { name: 'from the ledger: CPU per sample', unit: 'µs' },
    { name: 'from the ledger, of live', unit: '×', reach: ['<=', 1.5] },
  ],
  async round(bench) {
    const gateway = await startGateway(bench);
    const replayer = new Replayer(bench, gateway);
    await replayer.scrape();
    // For the code to be compiled, and the scraper's budget to have grown.
    await send(bench, gateway.url, WARM_AGO_MS, TICKS);
    await replayer.drain();
    await send(bench, gateway.url, MEMORY_AGO_MS, TICKS);
    const fromMemory = await replayer.drain();
    await send(bench, gateway.url, LEDGER_AGO_MS, TICKS);
    await delay(FORGOTTEN_MS);
    const fromLedger = await replayer.drain();
    const ofLive = await live(bench, gateway, replayer);
    return {
      'live: CPU per sample': ofLive,
      'from memory: CPU per sample': fromMemory,
      'from memory, of live': fromMemory / ofLive,
      'from the ledger: CPU per sample': fromLedger,
      'from the ledger, of live': fromLedger / ofLive,
    };
  },
};
