import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { systemClock } from '@tributary/shared/clock';
import { encodeFrame } from '@tributary/shared/encode';
import { STREAM_PATH, SUBPROTOCOL } from '@tributary/shared/frames';
import { OptionError } from '@tributary/shared/options';
import { WebSocket } from 'ws';
import { startGateway } from './gateway.ts';
import { helloOf } from './link/test-support.ts';
import {
  folderOf,
  makeAuthority,
  makeCertificate,
  skip,
} from './trust/web-config/certificates-test-support.ts';
import { keepLog, makeOptions } from './wiring-test-support.ts';

function failOnDeath(error: Error): void {
  assert.fail(`the ledger died: ${error.message}`);
}

function put(t: TestContext) {
  const folder = folderOf(t);
  const authority = makeAuthority(folder, 'authority');
  const first = makeCertificate(folder, 'first', authority);
  const second = makeCertificate(folder, 'second', authority);
  const [file, cert, key] = [join(folder, 'web.yml'), join(folder, 'tls.pem'), join(folder, 'tls.key')];
  copyFileSync(first.certFile, cert);
  copyFileSync(first.keyFile, key);
  writeFileSync(
    file,
    'tls_server_config: {cert_file: tls.pem, key_file: tls.key}\nhttp_server_config: {headers: {X-Frame-Options: deny}}\n',
  );
  const ca = readFileSync(authority.certFile);
  const agent = new Agent({ ca, keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const get = async (url: string) => {
    const [response] = await once(request(url, { agent }).end(), 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode, headers: response.headers, text };
  };
  return { file, cert, key, ca, second, get };
}

async function subjectAt(url: string, ca: Buffer): Promise<string> {
  const socket = connectTls({ host: '127.0.0.1', port: Number(new URL(url).port), ca });
  await once(socket, 'secureConnect');
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

test('everything is served by TLS, and a new certificate drops nobody', { skip }, async (t) => {
  const { file, cert, key, ca, second, get } = put(t);
  const log = keepLog();
  const options = await makeOptions(t, `--web.config.file=${file}`);
  const gateway = await startGateway(options, log, failOnDeath);
  // Also where an assertion fails, or the process would not end.
  let isStopped = false;
  t.after(() => (isStopped ? undefined : gateway.stop()));
  const { url } = gateway;
  assert.match(url, /^https:\/\/127\.0\.0\.1:\d+$/);
  const ready = await get(`${url}/-/ready`);
  assert.deepEqual([ready.status, ready.headers['x-frame-options']], [200, 'deny']);
  const reporter = new WebSocket(url.replace('https', 'wss') + STREAM_PATH, SUBPROTOCOL, { ca });
  await once(reporter, 'open');
  reporter.send(encodeFrame(helloOf({ clock: systemClock.now() })));
  assert.equal(JSON.parse(String((await once(reporter, 'message'))[0])).kind, 'welcome');

  assert.equal(await subjectAt(url, ca), 'first');
  copyFileSync(second.certFile, cert);
  copyFileSync(second.keyFile, key);
  const taken = () => log.lines.find((line) => line.startsWith('info the web configuration was read anew'));
  while (taken() === undefined) await setTimeout(20);
  assert.equal(await subjectAt(url, ca), 'second');
  assert.equal(reporter.readyState, WebSocket.OPEN);

  // Whoever speaks plain HTTP.
  const plain = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  plain.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(plain.resume(), 'close');
  const { text } = await get(`${url}/metrics`);
  assert.match(text, /^tributary_gateway_web_config_last_reload_successful 1$/m);
  assert.match(text, /^tributary_gateway_web_config_last_reload_success_timestamp_seconds 1[\d.]+(e\+9)?$/m);
  assert.match(text, /^tributary_gateway_tls_certificate_not_after_timestamp_seconds 1[\d.]+(e\+9)?$/m);
  assert.match(text, /^tributary_gateway_tls_handshake_failures_total\{reason="plain_http"\} 1$/m);
  assert.equal(
    log.lines.filter((line) => /^warn a connection by TLS did not come about.*plain_http/.test(line)).length,
    1,
  );

  // One that never shakes hands does not hold up the end.
  const mute = connect(Number(new URL(url).port), '127.0.0.1');
  await once(mute, 'connect');
  const left = once(reporter, 'close');
  const startedMs = performance.now();
  isStopped = true;
  await gateway.stop();
  assert.equal((await left)[0], 4005);
  assert.ok(performance.now() - startedMs < 4000);
  mute.destroy();
});

test('a web configuration that is not valid is told before anything is opened', async (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'web.yml');
  writeFileSync(file, 'basic_auth_users: {a: secret}\nhttp: 1\n');
  const options = await makeOptions(t, `--web.config.file=${file}`);
  await assert.rejects(startGateway(options, keepLog(), failOnDeath), (error) => {
    assert.ok(error instanceof OptionError);
    assert.match(error.message, /web\.yml:1: .*no bcrypt hash.*\n.*web\.yml:2: unknown key http;/);
    return true;
  });
});
