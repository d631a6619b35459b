/**
 * What a fault is shown on: a simulated fleet, a relay, a gateway, and whoever scrapes it; and in the end the verdict,
 * which holds every point that is stored against what the spools recorded.
 */
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { PointStore } from './agreement.ts';
import { either } from './durations.ts';
import { eventually, PATIENCE_MS } from './eventually.ts';
import { Nat } from './nat.ts';
import { Gateway, type GatewayOptions } from './programs.ts';
import { Prometheus, type PrometheusOptions, type ScrapeJob } from './prometheus.ts';
import { Relay } from './relay.ts';
import { type FleetOptions, Simulator } from './simulator.ts';
import { type TruthSource, truthSource } from './truth-source.ts';

export const JOB = 'tributary';
/** Of the jobs that scrape the gateway. */
export const JOBS = `${JOB}.*`;

const SETTLE_EVERY_MS = 500;
/** What is stored a little before the first true point should be seen, too. */
const MARGIN_MS = 60_000;

/** What a scrape may take; Prometheus gives up on it then. Where several tests share a machine a second is not enough. */
const INTERVAL = either('2s', '1s');
/** The longest interval that a scenario has. */
const SCRAPE_MS_MAX = 10_000;

export interface StageOptions {
  readonly gateway?: GatewayOptions;
  /** The fleet that is there from the beginning; none unless given. */
  readonly fleet?: Omit<FleetOptions, 'gatewayUrl'>;
  /** For the simulator's spools. */
  readonly spools?: string;
  /** The fleet is at a site of its own. */
  readonly behindNat?: boolean;
}

export interface ScraperOptions extends Omit<PrometheusOptions, 'jobs' | 'version'> {
  readonly version?: PrometheusOptions['version'];
  readonly job?: Partial<ScrapeJob>;
}

export interface SettleOptions {
  /** For how long a store may stand still before its state counts as the last. */
  readonly quietMs?: number;
  readonly timeoutMs?: number;
}

export class Stage {
  readonly gateway: Gateway;
  /** Between the fleet and the gateway. */
  readonly relay: Relay;
  readonly simulator: Simulator;
  /** Between the fleet and the relay, if it was asked for. */
  readonly nat: Nat | null;
  readonly startedAt = Date.now();
  readonly #others: Simulator[] = [];
  readonly #test: TestContext;

  private constructor(t: TestContext, parts: Pick<Stage, 'gateway' | 'relay' | 'simulator' | 'nat'>) {
    this.#test = t;
    this.gateway = parts.gateway;
    this.relay = parts.relay;
    this.simulator = parts.simulator;
    this.nat = parts.nat;
  }

  static async start(t: TestContext, options: StageOptions = {}): Promise<Stage> {
    const gateway = await Gateway.start(t, options.gateway);
    const relay = await Relay.start(t, gateway.address);
    const nat = options.behindNat === true ? await Nat.start(t, relay.address) : null;
    const simulator = await Simulator.start(t, options.spools, nat?.inside);
    const stage = new Stage(t, { gateway, relay, simulator, nat });
    if (options.fleet !== undefined) await stage.addFleet(options.fleet);
    return stage;
  }

  /** Where hosts connect: the relay, or what brings them there. */
  get streamUrl(): string {
    return `ws://${(this.nat ?? this.relay).address}/v1/stream`;
  }

  /** @param apart in a process of its own, whose work holds up no other host */
  async addFleet(fleet: Omit<FleetOptions, 'gatewayUrl'>, apart = false): Promise<void> {
    const simulator = apart ? await Simulator.start(this.#test) : this.simulator;
    if (apart) this.#others.push(simulator);
    const history = await simulator.addFleet({ ...fleet, gatewayUrl: this.streamUrl });
    if (history.batches > 0) this.#test.diagnostic(`history: ${JSON.stringify(history)}`);
  }

  /** A Prometheus that scrapes the gateway under a name of its own. */
  async scraper(
    name: string,
    { version = 'PROMETHEUS_3', job = {}, ...rest }: ScraperOptions = {},
  ): Promise<Prometheus> {
    return await Prometheus.start(this.#test, { ...rest, version, jobs: [this.job(name, job)] });
  }

  job(name: string, change: Partial<ScrapeJob> = {}): ScrapeJob {
    return {
      job: JOB,
      targets: [this.gateway.address],
      params: { scraper: [name] },
      honorLabels: true,
      interval: INTERVAL,
      ...change,
    };
  }

  /** Waits until it has scraped so often from now on, well or not. */
  async scraped(prometheus: Prometheus, times = 2): Promise<void> {
    const since = Date.now();
    await eventually(
      `${prometheus.name} has scraped ${times} times`,
      async () => {
        const scrapes = [...(await prometheus.scrapes(JOBS, since)).values()];
        return scrapes.length > 0 && scrapes.every((points) => points.length >= times);
      },
      { timeoutMs: PATIENCE_MS + times * SCRAPE_MS_MAX },
    );
  }

  /** Waits until every host streams, and next to all that it has is acked. */
  async streaming(timeoutMs?: number): Promise<void> {
    await eventually(
      'the fleet streams and has caught up',
      async () => {
        const behind = (await this.#stats()).filter(
          ({ isStreaming, acked, next }) => !isStreaming || acked < next - 3,
        );
        if (behind.length === 0) return true;
        throw new Error(behind.map(({ id, acked, next }) => `${id} ${acked}/${next - 1}`).join(', '));
      },
      timeoutMs === undefined ? {} : { timeoutMs },
    );
  }

  /** No more ticks; what was taken is on the gateway's disk. */
  async rest({ timeoutMs }: SettleOptions = {}): Promise<void> {
    await Promise.all(this.#simulators.map((simulator) => simulator.rest()));
    await eventually(
      'everything is acked',
      async () => {
        const waiting = (await this.#stats()).filter(({ acked, next }) => acked < next - 1);
        if (waiting.length === 0) return true;
        throw new Error(waiting.map(({ id, acked, next }) => `${id} ${acked}/${next - 1}`).join(', '));
      },
      { everyMs: 250, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    );
  }

  /** What the fleet's spools hold. */
  truths(): readonly TruthSource[] {
    const hosts = this.#simulators.flatMap((simulator) => simulator.hosts);
    return hosts.map(({ name, spool }) => truthSource(name, [spool]));
  }

  get #simulators(): readonly Simulator[] {
    return [this.simulator, ...this.#others];
  }

  async #stats() {
    return (await Promise.all(this.#simulators.map((simulator) => simulator.stats()))).flat();
  }

  /** Waits until the store has every moment that it should have, or stands still. */
  async settled(
    store: PointStore,
    truths: readonly TruthSource[],
    options: SettleOptions = {},
  ): Promise<void> {
    const { quietMs = 8_000, timeoutMs = 120_000 } = options;
    const deadline = performance.now() + timeoutMs;
    const since = beginningOf(truths) - MARGIN_MS;
    let last = -1;
    let movedAt = performance.now();
    for (;;) {
      const have = await store.moments(since);
      const count = truths.reduce((sum, { host }) => sum + (have.get(host) ?? 0), 0);
      const now = performance.now();
      if (count !== last) movedAt = now;
      last = count;
      const isWhole = truths.every(({ host, moments }) => (have.get(host) ?? 0) >= moments);
      if (isWhole || now - movedAt > quietMs || now > deadline) return;
      await delay(SETTLE_EVERY_MS);
    }
  }
}

/** The first moment of any of them; hosts that have none are no matter. */
export function beginningOf(truths: readonly TruthSource[]): number {
  return Math.min(...truths.filter(({ moments }) => moments > 0).map(({ firstAt }) => firstAt), Date.now());
}
