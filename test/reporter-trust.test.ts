/** A reporter's credentials in a real process: a join token becomes the host's own, through a proxy and TLS, and no secret is logged. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import { type WebSocket, WebSocketServer } from 'ws';
import { pinOf } from '../packages/reporter/src/link/pins.ts';
import { startProxy } from '../packages/reporter/src/link/proxy-test-support.ts';
import {
  folderOf,
  hasOpenssl,
  makeAuthority,
  makeCertificate,
} from '../packages/reporter/src/targets/servers-test-support.ts';
import { eventually } from './support/eventually.ts';
import { Reporter, runToEnd } from './support/programs.ts';

const isCi = !['', '0', 'false', undefined].includes(process.env['CI']);
const skip = isCi || hasOpenssl() ? false : 'there is no openssl on this machine';

const PASSWORD = 's3cr3t-of-the-proxy';

/** A gateway that knows tokens, and what was said to it. */
class TokenGateway {
  /** What each known token is answered with: a new token, or null for none. */
  readonly tokens = new Map<string, string | null>();
  /** Of each try. */
  readonly shown: string[] = [];
  readonly frames: string[] = [];
  /** Called when a batch comes. */
  onBatch: () => void = () => {};
  socket: WebSocket | null = null;

  async listen(t: TestContext, folder: string, authority: ReturnType<typeof makeAuthority>) {
    const certificate = makeCertificate(folder, 'gateway.test', authority);
    const cert = readFileSync(certificate.certFile);
    const server = createServer({ key: readFileSync(certificate.keyFile), cert });
    const ws = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
      this.shown.push(token);
      if (!this.tokens.has(token)) {
        socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      ws.handleUpgrade(request, socket, head, (opened) =>
        this.#serve(opened, this.tokens.get(token) ?? null),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      for (const client of ws.clients) client.terminate();
      server.close();
      server.closeAllConnections();
    });
    // A server that listens on TCP has an address of this form.
    return { port: (server.address() as AddressInfo).port, pin: pinOf(new X509Certificate(cert)) };
  }

  #serve(socket: WebSocket, token: string | null): void {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('message', (data) => {
      // What comes is the reporter's own, and this is no test of its syntax.
      const frame = JSON.parse(String(data)) as { kind: string; acked?: number; seq?: number };
      const { kind, acked = 0, seq = 0 } = frame;
      this.frames.push(kind);
      if (kind === 'hello') {
        const welcome = {
          kind: 'welcome',
          next: acked + 1,
          clock: Date.now(),
          horizon: 0,
          limits: DEFAULT_LIMITS,
        };
        socket.send(JSON.stringify(token === null ? welcome : { ...welcome, token }));
      } else if (kind === 'batch') {
        this.onBatch();
        socket.send(JSON.stringify({ kind: 'ack', seq, delivered: 0 }));
      }
    });
  }
}

test('a join token becomes a token of the host', { skip }, async (t) => {
  const folder = folderOf(t);
  const authority = makeAuthority(folder, 'authority');
  const gateway = new TokenGateway();
  gateway.tokens.set('s3cr3t-join', 's3cr3t-own-1').set('s3cr3t-own-1', null);
  const { port, pin } = await gateway.listen(t, folder, authority);
  const proxy = await startProxy(t);
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 's3cr3t-join\n', { mode: 0o600 });
  const spoolPath = join(folder, 'spool');
  const kept = join(spoolPath, 'host-token.json');
  let keptAtFirstBatch: boolean | null = null;
  gateway.onBatch = () => {
    keptAtFirstBatch ??= existsSync(kept);
  };
  await using reporter = await Reporter.start(t, {
    gatewayUrl: `wss://gateway.test:${port}/v1/stream?key=s3cr3t-key`,
    host: 'web-1',
    spoolPath,
    args: [
      ...[
        '--gateway.token-file',
        tokenFile,
        '--gateway.tls.ca-file',
        authority.certFile,
        '--gateway.tls.pin',
        pin,
      ],
      ...['--log.level', 'debug'],
    ],
    env: { HTTPS_PROXY: `http://me:${PASSWORD}@127.0.0.1:${proxy.port}` },
  });
  await eventually('a batch', () => keptAtFirstBatch !== null);
  assert.equal(keptAtFirstBatch, true, 'the token was on disk before it');
  assert.equal(proxy.asked[0]?.authority, `gateway.test:${port}`);

  gateway.socket?.terminate();
  await eventually('a connection with its own token', () => gateway.shown.at(-1) === 's3cr3t-own-1');
  gateway.tokens.clear();
  gateway.socket?.terminate();
  const refused = () => reporter.log.filter((line) => line.includes('"refused; '));
  await eventually('that it is parked', () => refused().length === 1);
  assert.deepEqual(gateway.shown.slice(-2), ['s3cr3t-own-1', 's3cr3t-join'], 'each was tried once more');

  gateway.tokens.set('s3cr3t-new', null);
  writeFileSync(tokenFile, 's3cr3t-new');
  await eventually('a connection with the new token', () => gateway.shown.at(-1) === 's3cr3t-new');
  const batches = gateway.frames.length;
  await eventually('more batches', () => gateway.frames.slice(batches).includes('batch'));
  await reporter.kill('SIGTERM');
  assert.equal(refused().length, 1, 'told once');
  assert.match(
    refused()[0] ?? '',
    /"todo":"make a token for this host .+tributary-gateway token create --host web-1/,
  );
  const secret = reporter.log.find(
    (line) => /s3cr3t/.test(line) || line.includes(Buffer.from(PASSWORD).toString('base64').slice(4, -4)),
  );
  assert.equal(secret, undefined, 'no line has a secret in it');
});

test('help and mistakes show no secret of the environment', async (t) => {
  const env = {
    TRIBUTARY_REPORTER_GATEWAY_PROXY_URL: `http://me:${PASSWORD}@proxy/path`,
    HTTPS_PROXY: `socks5://me:${PASSWORD}@proxy`,
  };
  const { TRIBUTARY_REPORTER_GATEWAY_PROXY_URL: _, ...others } = env;
  const spool = ['--spool.path', join(folderOf(t), 'spool')];
  const [help, mistake, socks, stray] = await Promise.all([
    runToEnd(t, 'reporter', ['--help'], env),
    runToEnd(t, 'reporter', ['run'], env),
    runToEnd(t, 'reporter', ['run', '--gateway.url=wss://gw.test', ...spool], others),
    runToEnd(t, 'reporter', ['run', `http://me:${PASSWORD}@proxy`]),
  ]);
  assert.deepEqual(
    [help, mistake, socks, stray].map(({ code }) => code),
    [0, 1, 1, 1],
  );
  assert.match(
    mistake.stderr.join('\n'),
    /TRIBUTARY_REPORTER_GATEWAY_PROXY_URL: the URL of a proxy has neither/,
  );
  assert.match(
    socks.stderr.join('\n'),
    /^tributary-reporter: HTTPS_PROXY: a proxy of the kind socks5:\/\/ is not supported/,
  );
  assert.match(stray.stderr.join('\n'), /unexpected argument "http:\/\/…@proxy"/);
  for (const { stdout, stderr } of [help, mistake, socks, stray])
    assert.ok(![...stdout, ...stderr].some((line) => line.includes(PASSWORD)));
});
