/**
 * Trust as a whole: real reporters that join by a token over TLS, a real Prometheus that shows who it is, certificates and
 * tokens that are renewed while samples flow, and reporters that are killed while they join.
 */
import assert from 'node:assert/strict';
import { copyFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import { runTokenCommand } from '../packages/gateway/src/token-command.ts';
import {
  type CertificateFiles,
  makeAuthority,
  makeCertificate,
} from '../packages/gateway/src/trust/web-config/certificates-test-support.ts';
import { compareHost } from './support/agreement.ts';
import { either } from './support/durations.ts';
import { eventually } from './support/eventually.ts';
import { without } from './support/peers.ts';
import { Gateway, Reporter, runToEnd } from './support/programs.ts';
import { Prometheus } from './support/prometheus.ts';
import { tempDir } from './support/temp-dir.ts';
import { truthSource } from './support/truth-source.ts';

const HOSTS = ['web-1', 'web-2', 'web-3'] as const;
/** Enough series to be a load, and few enough to be compared in no time. */
const REPORTER_ARGS = ['--no-collector.textfile', '--no-collector.timex', '--no-collector.hwmon'];
/** How often the certificate and every token are renewed. */
const RENEWALS = either(1, 10);
/** Moments between the start of a process and its first batch, on a machine that is idle or not. */
const KILLED_AFTER_MS = [300, 600, 1200];

interface Bench {
  readonly folder: string;
  readonly authority: CertificateFiles;
  readonly gateway: Gateway;
  /** Runs a `token` command beside the gateway. @returns its output */
  token(...argv: readonly string[]): string;
  /** The credentials that stand for hosts. */
  hostTokens(): readonly Listed[];
}

interface Listed {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly state: string;
  readonly renewing?: boolean;
}

const FILES = { certFile: 'served.pem', keyFile: 'served.key' };

async function start(t: TestContext): Promise<Bench> {
  const folder = await tempDir(t);
  const authority = makeAuthority(folder, 'authority');
  await serve(folder, makeCertificate(folder, 'gateway', authority));
  const webConfig = join(folder, 'web.json');
  const users = { prometheus: await bcrypt.hash('secret', 4) };
  const tls = { cert_file: FILES.certFile, key_file: FILES.keyFile };
  await writeFile(webConfig, JSON.stringify({ tls_server_config: tls, basic_auth_users: users }));
  const storagePath = join(folder, 'gateway');
  // In this process: a process for each would take longer than all the rest.
  const token = (...argv: readonly string[]): string => {
    const printed: string[] = [];
    const output = { out: (text: string) => void printed.push(text), note: () => {} };
    runTokenCommand([...argv, '--storage.path', storagePath], {}, output);
    return printed.join('');
  };
  const gateway = await Gateway.start(t, { storagePath, args: ['--web.config.file', webConfig] });
  const hostTokens = (): readonly Listed[] => {
    const listed = JSON.parse(token('list', '--json')) as readonly Listed[];
    return listed.filter(({ kind }) => kind === 'host');
  };
  return { folder, authority, gateway, token, hostTokens };
}

/** What is served from now on: first the one file, then the other, as a program that renews them does. */
async function serve(folder: string, { certFile, keyFile }: CertificateFiles): Promise<void> {
  await copyFile(certFile, join(folder, FILES.certFile));
  await copyFile(keyFile, join(folder, FILES.keyFile));
}

async function startReporter(
  t: TestContext,
  { folder, authority, gateway }: Bench,
  host: string,
): Promise<Reporter> {
  const args = [
    ...REPORTER_ARGS,
    ...['--gateway.token-file', join(folder, 'join.token')],
    ...['--gateway.tls.ca-file', authority.certFile],
  ];
  return await Reporter.start(t, { gatewayUrl: gateway.streamUrl, host, args });
}

/** By the command itself, as a person does it. */
async function writeJoinToken(t: TestContext, { folder, gateway }: Bench): Promise<void> {
  const args = ['token', 'create', '--join', '--pattern=web-*', '--storage.path', gateway.storagePath];
  const { code, stdout, stderr } = await runToEnd(t, 'gateway', args);
  assert.equal(code, 0, stderr.join('\n'));
  assert.equal(stdout.length, 1);
  await writeFile(join(folder, 'join.token'), `${stdout[0]}\n`, { mode: 0o600 });
}

test('TLS and tokens are renewed under load, and no sample is lost', {
  skip: without('PROMETHEUS_3'),
}, async (t) => {
  const bench = await start(t);
  await using gateway = bench.gateway;
  await writeJoinToken(t, bench);
  const reporters = await Promise.all(HOSTS.map((host) => startReporter(t, bench, host)));
  await using prometheus = await Prometheus.start(t, {
    version: 'PROMETHEUS_3',
    jobs: [
      {
        job: 'tributary',
        targets: [gateway.address],
        honorLabels: true,
        interval: '3s',
        scheme: 'https',
        tlsConfig: { ca_file: bench.authority.certFile },
        basicAuth: { username: 'prometheus', password: 'secret' },
      },
    ],
  });
  const load = async () => await prometheus.stored('node_load1', '5m');
  await eventually('every host is scraped', async () => (await load()).length === HOSTS.length);
  assert.deepEqual(
    bench
      .hostTokens()
      .map(({ name, state }) => `${name} ${state}`)
      .sort(),
    HOSTS.map((host) => `${host} valid`),
  );
  const seen = new Set(await Promise.all(reporters.map(ownToken)));
  assert.equal(seen.size, HOSTS.length);
  assert.equal(seen.has(''), false);
  for (let round = 1; round <= RENEWALS; round++) {
    const renewed = makeCertificate(bench.folder, `renewed-${round}`, bench.authority);
    await serve(bench.folder, renewed);
    for (const { id } of bench.hostTokens()) bench.token('rotate', id);
    // A host is given its token on a connection, and uses it on the next, for which it is asked some seconds later.
    await eventually('every host has been given a token', async () =>
      (await Promise.all(reporters.map(ownToken))).every((token) => !seen.has(token)),
    );
    for (const reporter of reporters) seen.add(await ownToken(reporter));
    await eventually('every token is rotated', async () =>
      bench.hostTokens().every(({ renewing }) => renewing === false),
    );
  }
  // Who is stopped while it connects still has samples that nobody has.
  const rotatedAt = Date.now();
  await eventually('every host has gone on', async () =>
    (await load()).every(({ points }) => (points.at(-1)?.at ?? 0) > rotatedAt),
  );
  await Promise.all(reporters.map((reporter) => reporter.kill('SIGTERM')));
  for (const { host, spoolPath } of reporters) {
    const truth = truthSource(host, [spoolPath]);
    await eventually(`all of ${host} is stored`, async () => {
      const points = (await load()).find(({ labels }) => labels['host'] === host)?.points.length ?? 0;
      return points >= truth.moments;
    });
    const { missing, wrong, extra, duplicated, expected, examples } = await compareHost(
      truth.read(),
      prometheus,
    );
    assert.deepEqual(
      { missing, wrong, extra, duplicated },
      { missing: 0, wrong: 0, extra: 0, duplicated: 0 },
      examples.join('\n'),
    );
    assert.ok(expected > 1000, `${expected} points`);
  }
  const ups = await prometheus.stored('up{job="tributary"}', '5m');
  assert.ok(ups.flatMap(({ points }) => points).every(({ value }) => value === 1));
  assert.match(gateway.log.join('\n'), /web configuration/i);
});

/** The token that a reporter got with its welcome; '' as long as there is none. */
async function ownToken({ spoolPath }: Reporter): Promise<string> {
  const text = await readFile(join(spoolPath, 'host-token.json'), 'utf8').catch(() => '{}');
  const { tokens = [] } = JSON.parse(text) as { tokens?: readonly string[] };
  return tokens[0] ?? '';
}

test('a reporter that is killed while it joins joins in the end, as one host', async (t) => {
  const bench = await start(t);
  await using gateway = bench.gateway;
  await writeJoinToken(t, bench);
  const reporter = await startReporter(t, bench, 'web-1');
  for (const afterMs of KILLED_AFTER_MS) {
    await delay(afterMs);
    await reporter.kill('SIGKILL');
    await reporter.restart();
  }
  const file = join(reporter.spoolPath, 'host-token.json');
  const hasToken = async () => (await ownToken(reporter)) !== '';
  await eventually('it has a token of its own', hasToken);
  assert.equal((await stat(file)).mode & 0o077, 0);
  // As if it had died before that was written down: it gets another, and is the same host still.
  const lost = await ownToken(reporter);
  await reporter.kill('SIGKILL');
  await rm(file);
  await reporter.restart();
  await eventually('it has another token', hasToken);
  assert.notEqual(await ownToken(reporter), lost);
  await eventually('its samples are on disk at the gateway', () =>
    gateway.log.some((line) => line.includes('host connected')),
  );
  assert.deepEqual(
    bench.hostTokens().map(({ name, state }) => `${name} ${state}`),
    ['web-1 valid'],
  );
  const secret = await ownToken(reporter);
  const all = [...gateway.log, ...reporter.log].join('\n');
  assert.equal(all.includes(secret.slice(-20)), false);
  // A thief of the join token does not get the name.
  await using thief = await startReporter(t, bench, 'web-1');
  await eventually('the thief is told so', () => thief.log.some((line) => /NAME_TAKEN/.test(line)));
  await reporter.kill('SIGTERM');
});
