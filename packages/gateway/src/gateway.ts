/**
 * The gateway's composition root: builds every part in the order of the data and joins them.
 *
 *     reporters ══► link ─► ledger ─► fleet ─► exposition ─► http ◄── Prometheus
 */

import { Reloading } from '@tributary/program/reloading';
import { Settings } from '@tributary/program/settings';
import { systemClock } from '@tributary/shared/clock';
import type { FastifyInstance } from 'fastify';
import { type GatewayOptions, isLive, textsOf } from './config.ts';
import { Exposition } from './exposition/exposition.ts';
import type { Scrapers } from './exposition/replay/scrapers.ts';
import { prepareShape } from './exposition/shape-class.ts';
import { Fleet } from './fleet/fleet.ts';
import { createForget } from './forgetting.ts';
import { FreeSpace } from './free-space.ts';
import { createLimits } from './gateway-limits.ts';
import { isLoopback, parseListenAddress } from './http/listen-address.ts';
import { createHttp, listen } from './http/server.ts';
import { type Ledger, LedgerDamagedError } from './ledger/ledger.ts';
import { SqliteLedger } from './ledger/sqlite/sqlite-ledger.ts';
import { comeAgainMs } from './link/come-again.ts';
import type { HostTimes } from './link/host-times.ts';
import type { LinkServer } from './link/server.ts';
import { ShapeRegistry } from './link/shape-registry.ts';
import { Voices } from './link/voices.ts';
import { createLink } from './linking.ts';
import { createReplaying, tellShortRetention } from './replaying.ts';
import { stopAll } from './stopping.ts';
import { createStraining, type Straining } from './straining.ts';
import type { Log } from './telemetry/log.ts';
import { createMetrics, type GatewayMetrics } from './telemetry/metrics.ts';
import { CredentialStore } from './trust/credentials/credential-store.ts';
import type { Gatekeeper } from './trust/gatekeeper.ts';
import { tellTrust } from './trust-events.ts';
import { certificateOf, createTrust, type TrustParts } from './trusting.ts';
import { startUpkeep, type Upkeep } from './upkeep.ts';
import { VERSION } from './version.ts';
import { openWeb, type Web } from './web.ts';

export interface Gateway {
  readonly url: string;
  /**
   * Reads the configuration anew. @param cause for the log
   * @throws OptionError when it is not valid; what was in effect goes on
   */
  reload(cause: string): Promise<readonly string[]>;
  /** True while a call of the system that nothing can cancel has not come back; `process.exit` would wait for it. */
  isStuck(): boolean;
  /** Acks what is on disk, sends everyone away, and closes the ledger. */
  stop(): Promise<void>;
}

/** The address could not be listened on. `message` says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Reporters correct themselves by the gateway's clock when it changes by more than this (docs/PROTOCOL.md, "Time"). */
const CLOCK_STEP_MS = 2_000;
/** While a `token` command commits, nothing else is done here; what takes longer is tried again later. */
const CREDENTIALS_BUSY_MS = 25;
const DAMAGED =
  'the ledger was damaged: its file is set aside and a new one begins, which the reporters refill with what they have kept';

const WINDOW_AND_RETENTION: ReadonlySet<string> = new Set(['replay.window', 'storage.retention.time']);

type Phase = 'starting' | 'running' | 'stopping';

interface Parts {
  phase: Phase;
  metrics: GatewayMetrics | null;
}

/** Where the configuration is read anew from. */
export interface ConfigSource {
  /** @throws OptionError */
  readonly load: () => Promise<GatewayOptions>;
  /** Told of the options once some of them have changed. */
  readonly onChange: (options: GatewayOptions) => void;
}

/**
 * @param onDeath told when the ledger has died for good; all that is left to do is to start afresh.
 * @throws LedgerOpenError, ListenError, CredentialsError; OptionError when the web configuration is not valid
 */
export async function startGateway(
  options: GatewayOptions,
  log: Log,
  onDeath: (error: Error) => void,
  source: ConfigSource = { load: () => Promise.resolve(options), onChange() {} },
): Promise<Gateway> {
  const now = () => systemClock.now();
  const store = CredentialStore.open({ folder: options['storage.path'], now, busyMs: CREDENTIALS_BUSY_MS });
  try {
    return await startOnce(options, log, store, onDeath, source).catch(async (error: unknown) => {
      if (!(error instanceof LedgerDamagedError)) throw error;
      // It showed only when the hosts were restored. The file is out of the way now, and the next one is new.
      log.error({ err: error }, DAMAGED);
      return await startOnce(options, log, store, onDeath, source);
    });
  } catch (error) {
    store.close();
    throw error;
  }
}

async function startOnce(
  given: GatewayOptions,
  log: Log,
  store: CredentialStore,
  onDeath: (error: Error) => void,
  source: ConfigSource,
): Promise<Gateway> {
  const settings = new Settings(given, isLive);
  const { options } = settings;
  const parts: Parts = { phase: 'starting', metrics: null };
  let upkeep: Upkeep | null = null;
  const onFault = (error: unknown, host?: string) => log.error({ err: error, host }, 'internal error');
  const web = await openWebFor(options, log, parts, onFault);
  const ledger = await openLedger(options, log, parts, onDeath);
  const voices = new Voices();
  const later = { guard: () => limits.handshakes, events: () => events, onChange: () => link.reexamine() };
  const trust = createTrust({ settings, log, store, web, ...later, ...presenceOf(voices, () => fleet) });
  const shapes = new ShapeRegistry(prepareShape);
  const fleet = createFleet(options, log, (reason) => link.recycle(reason));
  const straining = createStraining(options, log, uptimeMs);
  const core = { options, log, ledger, fleet, shapes, straining, uptimeMs };
  const replaying = createReplaying(core);
  const { scrapers, reports } = replaying;
  const exposition: Exposition = new Exposition({ fleet, reports, own: () => metrics.families(), uptimeMs });
  const reloading = createReloading(settings, source, { log, web, onFault });
  const reload = (cause: string) => reloading.reload(cause);
  const probed = { ...core, reloading, exposition, web, store, link: () => link };
  const metrics = createOwn(parts, probed);
  const events = tellTrust(metrics, log, uptimeMs);
  const serving = () => (parts.phase === 'running' ? null : parts.phase);
  const times = new Map<string, HostTimes>();
  const limits = createLimits(options, log, metrics, uptimeMs);
  settings.onChange((changed) => {
    limits.rates.update();
    if (changed.some((name) => WINDOW_AND_RETENTION.has(name))) tellShortRetention(options, log);
  });
  const isConnected = (host: string) => voices.of(host) !== undefined;
  const forget = createForget({ ledger, fleet, scrapers, times, log });
  const link = createLink({
    ...{ ...core, metrics, scrapers, voices, times, limits, trust, forget, onFault },
    ...{ phase: () => parts.phase, isFull: () => upkeep?.isFull ?? false },
  });
  const app = createHttp({
    fleet,
    readiness: () => serving() ?? whyNotReady(ledger, fleet, store),
    serving,
    ...aboutOf(options, ledger, reloading),
    isConnected,
    forget,
    exposition,
    ...replaying,
    reload,
    gatekeeper: trust.gatekeeper,
    certificateOf,
    onRefused: events.refused,
    web,
    ...limits.connections,
    metrics,
    onFault,
    upgrade: (request, socket, head) => link.upgrade(request, socket, head),
  });
  app.addHook('onClose', async () => trust.stop());
  const url = await listenOrClose(app, options, ledger, { gatekeeper: trust.gatekeeper, tls: web.tls });
  await restore(fleet, scrapers, ledger, shapes).catch((error: unknown) => closeAndThrow(app, ledger, error));
  upkeep = startUpkeep({ ...core, ...replaying, forget, isConnected, metrics });
  web.start();
  reloading.start();
  parts.phase = 'running';
  const { pid } = process;
  log.info(
    { url, storage: options['storage.path'], hosts: fleet.size, version: VERSION, pid },
    'gateway started',
  );
  const running = { reloading, straining, web, link, app, scrapers, ledger, store, upkeep, onFault };
  return { url, reload, isStuck: () => reloading.isStuck, stop: () => stopAll(parts, running) };
}

/** What the API tells of the gateway itself. */
function aboutOf(options: GatewayOptions, ledger: Ledger, reloading: Reloading<GatewayOptions>) {
  const space = new FreeSpace(options['storage.path'], uptimeMs);
  return {
    version: VERSION,
    startedAt: systemClock.now(),
    ledger: () => ({ ...ledgerFacts(ledger), limitBytes: options['storage.retention.size'] }),
    space: () => space.read(),
    restartPending: () => reloading.waiting,
    externalUrl: () => options['web.external-url'],
    flags: () => textsOf(options),
  };
}

async function openWebFor(
  options: GatewayOptions,
  log: Log,
  parts: Parts,
  onFault: (error: unknown) => void,
): Promise<Web> {
  const handshakeFailed = (reason: string) => parts.metrics?.handshakeFailed(reason);
  return await openWeb(options['web.config.file'], { log, onFault, handshakeFailed });
}

/** What trust has to know of hosts. @param fleet which is made later */
function presenceOf(
  voices: Voices,
  fleet: () => Fleet,
): Pick<TrustParts, 'knownEpoch' | 'holderOf' | 'againMs'> {
  return {
    knownEpoch: (host) => fleet().host(host)?.epoch || null,
    holderOf: (host) => voices.of(host)?.identity,
    againMs: () => comeAgainMs(voices.size, Math.random),
  };
}

/** @param recycle asks all hosts to connect again */
function createFleet(options: GatewayOptions, log: Log, recycle: (reason: string) => void): Fleet {
  return new Fleet({
    clock: systemClock,
    uptimeMs,
    staleAfterMs: () => options['fleet.stale-after'],
    forgetAfterMs: () => options['fleet.forget-after'],
    onClockStep: (stepMs) => {
      if (Math.abs(stepMs) < CLOCK_STEP_MS) return;
      log.warn({ stepMs }, "this machine's clock was set; hosts are told the time anew");
      // Not at once: it is noticed while hosts come and go.
      setImmediate(() => recycle("the gateway's clock was set"));
    },
  });
}

async function restore(
  fleet: Fleet,
  scrapers: Scrapers,
  ledger: Ledger,
  shapes: ShapeRegistry,
): Promise<void> {
  await fleet.restore(ledger, shapes);
  await scrapers.load();
}

function createReloading(
  settings: Settings<GatewayOptions>,
  { load, onChange }: ConfigSource,
  { log, web, onFault }: { log: Log; web: Web; onFault: (error: unknown) => void },
): Reloading<GatewayOptions> {
  settings.onChange(() => onChange(settings.options));
  const now = () => systemClock.now();
  const everyMs = settings.options['config.auto-reload-interval'];
  const lookAround = () => web.look();
  return new Reloading({ program: 'gateway', settings, load, everyMs, lookAround, log, now, onFault });
}

interface Measured {
  readonly options: GatewayOptions;
  readonly reloading: Reloading<GatewayOptions>;
  readonly straining: Straining;
  readonly ledger: Ledger;
  readonly fleet: Fleet;
  readonly shapes: ShapeRegistry;
  readonly web: Web;
  readonly exposition: Exposition;
  readonly store: CredentialStore;
  readonly link: () => LinkServer;
}

/** The own metrics, also for those parts that were there before them. */
function createOwn(parts: Parts, about: Measured): GatewayMetrics {
  const { options, reloading, straining, ledger, fleet, shapes, web, exposition, store, link } = about;
  const metrics = createMetrics(VERSION, {
    connections: () => link().connections,
    shapes: () => shapes.size,
    hosts: () => fleet.size,
    medianSkewSeconds: () => medianSkewSeconds(fleet),
    demotedFamilies: () => exposition.demotedFamilies,
    ledger: () => ledgerFacts(ledger),
    ledgerLimitBytes: () => options['storage.retention.size'],
    credentialsReadable: () => store.fault === null,
    reload: () => reloading.facts,
    strain: () => straining,
    web: web.probe,
  });
  parts.metrics = metrics;
  return metrics;
}

function medianSkewSeconds(fleet: Fleet): number | null {
  const skewMs = fleet.medianSkewMs();
  return skewMs === null ? null : skewMs / 1000;
}

async function openLedger(
  options: GatewayOptions,
  log: Log,
  parts: Parts,
  onDeath: (error: Error) => void,
): Promise<SqliteLedger> {
  const folder = options['storage.path'];
  const ledger = await SqliteLedger.open({
    folder,
    onCommit: (seconds) => parts.metrics?.commit(seconds),
    onCommitFailed: () => parts.metrics?.commitFailed(),
    onFailure: (message) =>
      log.error(
        { folder, error: message },
        'the ledger cannot commit, so nothing is acked and the reporters keep their samples; check the room, the rights and the disk of --storage.path',
      ),
    onRecovered: () => log.info({ folder }, 'the ledger commits again'),
    onDeath: (error) => {
      // While the hosts are restored, damage makes that fail, and `startGateway` starts over.
      if (parts.phase === 'starting' && error instanceof LedgerDamagedError) return;
      onDeath(error);
    },
  });
  if (ledger.setAside !== null) log.error({ setAside: ledger.setAside }, DAMAGED);
  return ledger;
}

async function listenOrClose(
  app: FastifyInstance,
  options: GatewayOptions,
  ledger: Ledger,
  { gatekeeper, tls }: { readonly gatekeeper: Gatekeeper; readonly tls: Web['tls'] },
): Promise<string> {
  const given = options['web.listen-address'];
  const address = parseListenAddress(given);
  if (gatekeeper.isOpen && !isLoopback(address)) {
    const text = `there are no credentials, so nothing is listened on but loopback: make some with "tributary-gateway token create --host NAME" (or --join) and "… --scrape NAME", or use 127.0.0.1:${address.port} and a tunnel for other machines (--web.listen-address is ${given})`;
    return await closeAndThrow(app, ledger, new ListenError(text));
  }
  try {
    return await listen(app, address, tls);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'in use by another program; stop it, or give another port' : message;
    const text = `cannot listen on ${given}: ${why} (--web.listen-address)`;
    return await closeAndThrow(app, ledger, new ListenError(text, { cause: error }));
  }
}

async function closeAndThrow(app: FastifyInstance, ledger: Ledger, error: unknown): Promise<never> {
  await app.close();
  await ledger.close();
  throw error;
}

function ledgerFacts({ generation, stats, health }: Ledger) {
  const { pendingBytes, failure } = health;
  return { generation, ...stats, pendingBytes, healthy: failure === null };
}

function uptimeMs(): number {
  return performance.now();
}

function whyNotReady(ledger: Ledger, fleet: Fleet, store: CredentialStore): string | null {
  const { failure } = ledger.health;
  if (failure !== null) return `the ledger cannot commit: ${failure}`;
  if (store.fault !== null) return store.fault;
  if (fleet.clockIsWrong()) {
    const skewMs = fleet.medianSkewMs();
    const why =
      skewMs === null
        ? 'it is behind the newest sample of the ledger'
        : `most hosts' clocks differ from it by ${Math.round(skewMs / 1000)} s`;
    return `this machine's clock is wrong: ${why}; set it right`;
  }
  return null;
}
