/**
 * A fleet to which happens what dashboards and alerts are for: a gateway that was away, a reporter whose spool was too small, hosts
 * that are rejected, refused, slowed, that lose batches or are gone, configurations that cannot be taken; and beside it a
 * gateway with TLS that nobody trusts.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  makeAuthority,
  makeCertificate,
} from '../../packages/gateway/src/trust/web-config/certificates-test-support.ts';
import { eventually } from './eventually.ts';
import { batch, hello, type Identity, identity, shape } from './frames.ts';
import { Gateway, Reporter } from './programs.ts';
import { tempDir } from './temp-dir.ts';
import { WireClient } from './wire-client.ts';

/** So few samples a second that a host that is driven by hand is soon over it, and one reporter is not. */
const SAMPLES_PER_SECOND = 2000;
const SAVED_UP_SECONDS = 50;
const WIDE_SERIES = 5000;
/** Longer than the reporter's spool keeps what is not acked. */
const OUTAGE_MS = 3000;
const LONGEST_VALUE = 2048;

export interface TroubledFleet {
  readonly gateway: Gateway;
  readonly secured: Gateway;
  /** Whose certificate the secured gateway has. */
  readonly caFile: string;
  readonly reporter: Reporter;
  /** The gateway goes away for longer than the reporter's spool is made for, and comes back. */
  outage(): Promise<void>;
  /** Hosts by hand: all is well with them. */
  connectHosts(): Promise<void>;
  /** Everything else, once. */
  trouble(): Promise<void>;
}

/** A host that is driven by hand. */
interface Hand {
  readonly who: Identity;
  readonly client: WireClient;
  /** The last that was sent. */
  seq: number;
}

export const REPORTER = 'web-1.example.org';
export const HANDS = ['hand-1', 'hand-2', 'hand-3', 'hand-4'] as const;

export async function startTroubledFleet(t: TestContext): Promise<TroubledFleet> {
  const folder = await tempDir(t);
  const gatewayFile = join(folder, 'gateway.yml');
  await writeFile(gatewayFile, `limits: {samples_per_second: ${SAMPLES_PER_SECOND}}\n`);
  const [gateway, secured] = await Promise.all([
    Gateway.start(t, { args: ['--config.file', gatewayFile] }),
    startSecured(t, folder),
  ]);
  const reporterFile = join(folder, 'reporter.yml');
  const reporter = await startReporter(t, gateway, folder, reporterFile);
  const hands = new Map<string, Hand>();
  const hand = (host: (typeof HANDS)[number]): Hand => {
    const found = hands.get(host);
    if (found === undefined) throw new Error(`${host} is not connected`);
    return found;
  };
  return {
    gateway,
    secured,
    caFile: join(folder, 'authority.pem'),
    reporter,
    outage: async () => {
      await gateway.kill('SIGTERM');
      await delay(OUTAGE_MS);
      await gateway.restart();
    },
    connectHosts: async () => {
      for (const host of HANDS) hands.set(host, await connect(t, gateway, identity(host)));
    },
    trouble: async () => {
      sendRejected(hand('hand-1'));
      hands.set('hand-2', await reconnectWithGap(t, gateway, hand('hand-2')));
      sendTooMuch(hand('hand-3'));
      await hand('hand-4').client.close();
      await refused(t, gateway, hand('hand-1').who);
      await askBadly(gateway, secured);
      await writeFile(gatewayFile, 'limits: {samples_per_second: many}\n');
      await fetch(`${gateway.url}/-/reload`, { method: 'POST' });
      await writeFile(reporterFile, 'labels: {job: x}\n');
      process.kill(reporter.pid, 'SIGHUP');
    },
  };
}

async function startSecured(t: TestContext, folder: string): Promise<Gateway> {
  const authority = makeAuthority(folder, 'authority');
  const { certFile, keyFile } = makeCertificate(folder, 'gateway', authority);
  const webConfig = join(folder, 'web.yml');
  await writeFile(
    webConfig,
    JSON.stringify({ tls_server_config: { cert_file: certFile, key_file: keyFile } }),
  );
  return await Gateway.start(t, { args: ['--web.config.file', webConfig] });
}

/** One whose spool is too small, with a textfile that says what a collector says, and a target that is not there. */
async function startReporter(
  t: TestContext,
  gateway: Gateway,
  folder: string,
  file: string,
): Promise<Reporter> {
  const textfiles = join(folder, 'textfiles');
  await mkdir(textfiles);
  await writeFile(join(textfiles, 'twice.prom'), '# TYPE node_load1 gauge\nnode_load1 1\n');
  await writeFile(
    file,
    `spool: {retention: {time: 1s}}\ntargets: [{job: gone, urls: ["http://127.0.0.1:1/metrics"]}]\n`,
  );
  const args = ['--config.file', file, '--collector.textfile.directory', textfiles];
  return await Reporter.start(t, { gatewayUrl: gateway.streamUrl, host: REPORTER, args });
}

/** Connects and sends one batch. @param told what its hello tells besides. */
async function connect(
  t: TestContext,
  gateway: Gateway,
  who: Identity,
  seq = 1,
  told: object = {},
): Promise<Hand> {
  const client = await WireClient.connect(t, gateway.streamUrl);
  client.send({ ...hello(who, seq), ...told });
  await client.next('welcome');
  client.send(shape(1));
  client.send(batch(seq, { 1: [1] }));
  await client.acked(seq);
  return { who, client, seq };
}

/** A shape with a value that is too long, and a group of it. */
function sendRejected(hand: Hand): void {
  const id = hand.seq + 1;
  hand.client.send(shape(id, { name: 'too_long', seriesLabels: { a: 'x'.repeat(LONGEST_VALUE + 1) } }));
  hand.client.send(batch(++hand.seq, { 1: [1], [id]: [1] }));
}

async function reconnectWithGap(t: TestContext, gateway: Gateway, { who, client, seq }: Hand): Promise<Hand> {
  await client.close();
  const now = Date.now();
  const gap = { from: seq + 1, to: seq + 5, fromAt: now - 5000, toAt: now, reason: 'spool_full' };
  return await connect(t, gateway, who, gap.to + 1, { acked: seq, gaps: [gap] });
}

/** More than may be saved up; acks are held back for some seconds. */
function sendTooMuch(hand: Hand): void {
  const id = hand.seq + 1;
  const series = Array.from({ length: WIDE_SERIES }, (_, i) => ['', { i: `${i}` }]);
  const family = { name: 'wide', type: 'gauge', help: 'Wide.', series };
  hand.client.send({ kind: 'shape', id, labels: { job: 'node' }, families: [family] });
  const batches = (SAMPLES_PER_SECOND * (SAVED_UP_SECONDS + 5)) / WIDE_SERIES;
  const values = Array.from({ length: WIDE_SERIES }, (_, i) => i);
  const at = Date.now() - batches;
  for (let i = 0; i < batches; i++) hand.client.send(batch(++hand.seq, { [id]: values }, at + i));
}

/** Another spool by the name of a host that is connected. */
async function refused(t: TestContext, gateway: Gateway, { host }: Identity): Promise<void> {
  const client = await WireClient.connect(t, gateway.streamUrl);
  client.send(hello(identity(host)));
  await client.next('refuse');
}

/** What cannot be read, what takes another scraper's samples, and HTTP where TLS is spoken. */
async function askBadly(gateway: Gateway, secured: Gateway): Promise<void> {
  await gateway.metrics(undefined, '?match[]=%7B');
  const headers = { 'x-prometheus-scrape-timeout-seconds': '5' };
  for (let i = 0; i < 2; i++) {
    const response = await fetch(`${gateway.url}/metrics?scraper=second`, { headers });
    await response.text();
  }
  await eventually('TLS is not spoken with everybody', async () => {
    return await fetch(secured.url.replace('https', 'http')).then(
      () => false,
      () => true,
    );
  });
}
