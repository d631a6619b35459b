/** The HTTP server on a real port, with a fleet that tests fill and faults that they ask for. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { request as requestTls } from 'node:https';
import type { TestContext } from 'node:test';
import { OptionError } from '@tributary/shared/options';
import type { FastifyInstance } from 'fastify';
import type { Format } from '../exposition/format.ts';
import { ScraperClients } from '../exposition/replay/clients.ts';
import { ScrapeConnections } from '../exposition/replay/connection.ts';
import type { Scrape } from '../exposition/replay/observer.ts';
import { EVERYTHING, type Selection } from '../exposition/select/selection.ts';
import { emptyFleet, idleReports } from '../exposition/test-support.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { type ConnectionLimits, Connections, connectionLimits } from '../limits/connections.ts';
import { FakeClock } from '../link/test-support.ts';
import type { Gatekeeper, GatekeeperOptions } from '../trust/gatekeeper.ts';
import { gatekeeperOf } from '../trust/test-support.ts';
import { NO_WEB_CONFIG } from '../trust/web-config/web-config.ts';
import type { ConnectionSources } from './connection-limits.ts';
import { createHttp, type HttpSources, listen } from './server.ts';
import type { WebSource } from './web-config.ts';

const NO_WEB: WebSource = { config: () => NO_WEB_CONFIG, tls: null };

/** What she shows. */
export const ANN = { authorization: `Basic ${Buffer.from('ann:secret').toString('base64')}` };

/** There is a user ann, whose password is secret, and she is an administrator. */
export function gatekeeperOfAnn(over: Partial<GatekeeperOptions> = {}): Gatekeeper {
  return gatekeeperOf({
    users: () => new Map([['ann', 'hash']]),
    passwords: {
      remembers: () => false,
      verify: async (name, password) => name === 'ann' && password === 'secret',
    },
    adminUsers: () => new Set(['ann']),
    ...over,
  });
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly text: string;
}

export interface HttpBench {
  readonly app: FastifyInstance;
  readonly url: URL;
  readonly clock: FakeClock;
  readonly fleet: Fleet;
  /** What was told to the metrics and to `onFault`. */
  readonly told: string[];
  readonly scrapes: Scrape[];
  /** Why the gateway is not ready, and why it does not serve. */
  notReady: string | null;
  notServing: string | null;
  /** What is wrong with the configuration that is read anew; null for nothing. */
  badConfig: string | null;
  chunks: (format: Format, selection: Selection) => Iterable<string>;
  /** What an exposition waits for before it begins. */
  gate: Promise<void>;
  readonly sockets: Connections;
  upgrade: (request: IncomingMessage) => void;
  /** Told when one is asked for. */
  onNewest: () => void;
  ask(path: string, options?: AskOptions): Promise<Answer>;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly agent?: Agent;
}

export interface HttpBenchOptions {
  readonly stallMs?: number;
  readonly requestMs?: number;
  readonly limits?: Partial<ConnectionLimits>;
  readonly connectionsMax?: number;
  readonly web?: WebSource;
  readonly host?: string;
  /** One that lets this machine itself do all, unless given. */
  readonly gatekeeper?: Gatekeeper;
}

export async function startHttp(t: TestContext, options: HttpBenchOptions = {}): Promise<HttpBench> {
  const { stallMs, requestMs, web = NO_WEB, host = '127.0.0.1', gatekeeper = gatekeeperOf() } = options;
  const clock = new FakeClock();
  const fleet = emptyFleet(clock);
  const told: string[] = [];
  const connections = connectionsOf(clock, told, options);
  const sources: HttpSources = {
    fleet,
    readiness: () => bench.notReady,
    serving: () => bench.notServing,
    version: '1.2.3',
    ...{ startedAt: clock.now(), restartPending: () => ['log.format'], space: async () => null },
    ledger: () => ({ generation: 'g', bytes: 1, entries: 2, oldestAt: 0, pendingBytes: 3, limitBytes: 4 }),
    isConnected: (host) => fleet.host(host)?.connected ?? false,
    forget: async (host, why, by) => void told.push(`forget ${host}: ${why}, by ${by}`),
    exposition: {
      async newest(format, selection = EVERYTHING) {
        bench.onNewest();
        await bench.gate;
        return generatorOf(bench.chunks(format, selection));
      },
      async prepare() {},
      replay: async (format, _input, selection) => generatorOf(bench.chunks(format, selection)),
    },
    replays: replaysOf(told),
    connections: new ScrapeConnections(clock.uptimeMs),
    scrapers: {
      remove: async (name) => name === 'p',
      rewind: async (name) => name === 'p',
    },
    now: () => clock.now(),
    observer: {
      scraped: (scrape) => void bench.scrapes.push(scrape),
      capped: (name, { asked, given }) => void told.push(`capped ${name} ${asked} to ${given}`),
      removed: (name, by) => void told.push(`removed ${name} by ${by}`),
      rewound: (name, to, by) => void told.push(`rewound ${name} to ${to} by ${by}`),
    },
    bounds: { windowMs: () => 3_000_000, pointsMax: () => 1_000_000 },
    ...{ reports: idleReports(clock), clients: new ScraperClients() },
    externalUrl: () => '',
    flags: () => ({ 'replay.window': '50m' }),
    reload: reloadOf(told, () => bench.badConfig),
    gatekeeper,
    certificateOf: () => null,
    onRefused: ({ reason }) => void told.push(`refused ${reason}`),
    web,
    metrics: {
      scrape: (format) => void told.push(`scrape ${format}`),
      scrapeFailed: () => void told.push('scrapeFailed'),
      httpRefused: (reason) => void told.push(`refused ${reason}`),
    },
    onFault: (error) => void told.push(`fault ${error.message}`),
    upgrade: (request) => void bench.upgrade(request),
    ...connections,
  };
  const app = createHttp(sources, stallMs, requestMs);
  const url = new URL(await listen(app, { host, port: 0 }, web.tls));
  t.after(async () => {
    app.server.closeAllConnections();
    await app.close();
  });
  const bench: HttpBench = {
    app,
    url,
    clock,
    fleet,
    told,
    scrapes: [],
    notReady: null,
    notServing: null,
    badConfig: null,
    chunks: () => ['up 1\n'],
    gate: Promise.resolve(),
    onNewest: () => {},
    sockets: connections.sockets,
    upgrade: ({ socket }) => void socket.destroy(),
    ask: (path, options) => ask(new URL(path, url), options),
  };
  return bench;
}

function reloadOf(told: string[], mistake: () => string | null): HttpSources['reload'] {
  return async (cause) => {
    told.push(`reload ${cause}`);
    const text = mistake();
    if (text !== null) throw new OptionError(text);
    return [];
  };
}

function replaysOf(told: string[]): HttpSources['replays'] {
  const replay = {
    input: new Map(),
    samples: 0,
    completed: () => void told.push('replay completed'),
    failed: () => void told.push('replay failed'),
  };
  return { prepare: async () => replay };
}

function connectionsOf(
  clock: FakeClock,
  told: string[],
  { limits, connectionsMax = 1000 }: HttpBenchOptions,
): ConnectionSources {
  const connectionRefused = (reason: string) => void told.push(`connection refused ${reason}`);
  const all = { ...connectionLimits(connectionsMax), ...limits };
  return {
    sockets: new Connections(all, connectionRefused, clock.uptimeMs),
    connectionsMax,
    connectionRefused,
  };
}

function* generatorOf(chunks: Iterable<string>): Generator<Buffer, void, undefined> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

/** @throws what the socket says when the answer ends before its end. */
async function ask(url: URL, { method = 'GET', headers = {}, agent }: AskOptions = {}): Promise<Answer> {
  // By TLS the agent has to be given, since it knows whom to believe.
  const asked =
    url.protocol === 'https:'
      ? requestTls(url, { method, headers, agent }).end()
      : request(url, { method, headers, agent: agent ?? new Agent() }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  // A reset is told to both; the response's is the one that counts.
  asked.on('error', () => {});
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return { status: response.statusCode ?? 0, headers: response.headers, body, text: body.toString() };
}
