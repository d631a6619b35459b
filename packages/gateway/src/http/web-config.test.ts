import assert from 'node:assert/strict';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { type TestContext, test } from 'node:test';
import { helloOf } from '../link/test-support.ts';
import {
  type CertificateFiles,
  folderOf,
  makeAuthority,
  makeCertificate,
  skip,
} from '../trust/web-config/certificates-test-support.ts';
import { TlsServing } from '../trust/web-config/tls-serving.ts';
import { NO_WEB_CONFIG, type WebConfig } from '../trust/web-config/web-config.ts';
import { startHttp } from './http-test-support.ts';
import type { WebSource } from './web-config.ts';

test('headers of the web configuration are those of every answer, as they are at the moment', async (t) => {
  let config: WebConfig = { ...NO_WEB_CONFIG, headers: new Map([['X-Frame-Options', 'deny']]) };
  const bench = await startHttp(t, { web: { config: () => config, tls: null } });
  for (const [path, headers] of [
    ['/', {}],
    ['/metrics', {}],
    ['/nothing', {}],
    ['/%zz', {}],
    ['/', { host: 'evil.example' }],
    ['/v1/stream', {}],
  ] as const) {
    const answer = await bench.ask(path, { headers });
    assert.equal(answer.headers['x-frame-options'], 'deny', path);
  }
  config = { ...NO_WEB_CONFIG, headers: new Map([['Strict-Transport-Security', 'max-age=1']]) };
  const { headers } = await bench.ask('/');
  assert.deepEqual(
    [headers['x-frame-options'], headers['strict-transport-security']],
    [undefined, 'max-age=1'],
  );
});

test('requests beyond rate_limit are turned away and counted', async (t) => {
  const config = { ...NO_WEB_CONFIG, rateLimit: { intervalMs: 3_600_000, burst: 2 } };
  const bench = await startHttp(t, { web: { config: () => config, tls: null } });
  assert.deepEqual([(await bench.ask('/metrics')).status, (await bench.ask('/nothing')).status], [200, 404]);
  const { status, headers, text } = await bench.ask('/-/healthy');
  assert.deepEqual(
    [status, headers['retry-after'], JSON.parse(text).errorType],
    [429, '3600', 'too_many_requests'],
  );
  assert.ok(bench.told.includes('refused rate_limit'));
});

interface Secured {
  readonly web: WebSource;
  readonly agent: Agent;
}

function secured(t: TestContext): Secured {
  const folder = folderOf(t);
  const authority = makeAuthority(folder, 'authority');
  const { certFile, keyFile }: CertificateFiles = makeCertificate(folder, 'server', authority);
  const context = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  const settings = { clientAuth: 'NoClientCert', clientAllowedSans: null, context, notAfter: 0 } as const;
  const tls = new TlsServing(settings, { failed() {} });
  const agent = new Agent({ ca: readFileSync(authority.certFile), keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  return { web: { config: () => NO_WEB_CONFIG, tls }, agent };
}

test('by TLS the server answers with the limits that it has without', { skip }, async (t) => {
  const { web, agent } = secured(t);
  const bench = await startHttp(t, { stallMs: 300, web });
  assert.equal(bench.url.protocol, 'https:');
  const { status, headers } = await bench.ask('/-/healthy', { agent });
  assert.deepEqual([status, headers['keep-alive']], [200, 'timeout=310']);
  const { keepAliveTimeout, requestTimeout, timeout } = bench.app.server;
  assert.deepEqual([keepAliveTimeout, requestTimeout, timeout], [310_000, 15_000, 300]);
  const ports = new Set<number | undefined>();
  bench.app.server.on('request', ({ socket }) => ports.add(socket.remotePort));
  await bench.ask('/metrics', { agent });
  // Longer than a connection may stand still in the middle of an answer.
  await new Promise((resolve) => setTimeout(resolve, 700));
  await bench.ask('/metrics', { agent });
  assert.equal(ports.size, 1);
});

test('targets of /sd that were asked for by TLS are scraped by TLS', { skip }, async (t) => {
  const { web, agent } = secured(t);
  const bench = await startHttp(t, { web: web });
  bench.fleet.opened(helloOf(), '', 0);
  const [group] = JSON.parse((await bench.ask('/sd', { agent })).text);
  assert.deepEqual([group.targets, group.labels.__scheme__], [[bench.url.host], 'https']);
  const plain = await startHttp(t);
  plain.fleet.opened(helloOf(), '', 0);
  assert.equal(JSON.parse((await plain.ask('/sd')).text)[0].labels.__scheme__, undefined);
});

test('a body that breaks in the middle is cut, by TLS too', { skip }, async (t) => {
  const { web, agent } = secured(t);
  const bench = await startHttp(t, { web: web });
  bench.chunks = function* () {
    yield `${'# a comment that goes on and on\n'.repeat(10_000)}`;
    throw new Error('broken');
  };
  await assert.rejects(bench.ask('/metrics', { agent }), /aborted|ECONNRESET|socket hang up/);
  assert.ok(bench.told.includes('fault broken'));
  bench.chunks = () => ['up 1\n'];
  assert.equal((await bench.ask('/metrics', { agent })).status, 200);
});

test('localhost is all of its addresses, by TLS too', { skip }, async (t) => {
  const { web, agent } = secured(t);
  const bench = await startHttp(t, { web: web, host: 'localhost' });
  for (const { address, family } of await lookup('localhost', { all: true })) {
    const url = `https://${family === 6 ? `[${address}]` : address}:${bench.url.port}/-/healthy`;
    // The certificate names no address of IPv6.
    assert.equal(
      (await bench.ask(url, { agent: new Agent({ ...agent.options, checkServerIdentity() {} }) })).status,
      200,
      url,
    );
  }
  await bench.app.close();
  await assert.rejects(bench.ask('/-/healthy', { agent }));
});
