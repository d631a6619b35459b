import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { Backoff } from '@tributary/shared/backoff';
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import { printable } from '@tributary/shared/names';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Spool } from '../spool/spool.ts';
import { appendTick, openSpool, temporaryFolder } from '../spool/test-support.ts';
import type { LinkObserver } from './observer.ts';
import { type LinkCredentials, LinkSession } from './session.ts';
import { Stream } from './stream.ts';

const PATIENCE_MS = 10_000;

/** A gateway that the test plays. Upgrades are refused with `status` where it is set. */
class Gateway {
  readonly requests: IncomingMessage[] = [];
  readonly sockets: WebSocket[] = [];
  readonly frames: Record<string, unknown>[] = [];
  status = 101;
  /** Lines of the answer's head, with that status. */
  headers = '';
  /** Of a refusal: headers and body. */
  denial = 'Content-Length: 0\r\n\r\n';
  readonly #http: Server = createServer();
  readonly #ws = new WebSocketServer({
    noServer: true,
    perMessageDeflate: { serverNoContextTakeover: true, threshold: Number.MAX_SAFE_INTEGER },
  });

  constructor() {
    this.#http.on('upgrade', (request, socket, head) => {
      this.requests.push(request);
      if (this.status !== 101) {
        socket.end(`HTTP/1.1 ${this.status} Refused\r\nConnection: close\r\n${this.headers}${this.denial}`);
        return;
      }
      this.#ws.handleUpgrade(request, socket, head, (opened) => {
        this.sockets.push(opened);
        opened.on('error', () => {});
        opened.on('message', (data) => this.frames.push(JSON.parse(data.toString())));
      });
    });
  }

  async listen(port = 0): Promise<number> {
    this.#http.listen(port, '127.0.0.1');
    await once(this.#http, 'listening');
    return (this.#http.address() as AddressInfo).port;
  }

  /** Ends without a word, as a killed process does. */
  async crash(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise((done) => this.#http.close(done));
  }

  say(frame: object): void {
    this.sockets.at(-1)?.send(JSON.stringify(frame));
  }

  welcome(next: number): void {
    this.say({ kind: 'welcome', next, clock: 1, horizon: 0, limits: DEFAULT_LIMITS });
  }

  count(kind: string): number {
    return this.frames.filter((frame) => frame['kind'] === kind).length;
  }
}

interface Link {
  readonly spool: Spool;
  readonly stream: Stream;
  readonly session: LinkSession;
  readonly failures: string[];
  readonly ends: { code: number; reason: string; pauseMs: number }[];
}

/** A host that has the token it is given, whatever comes. */
const NO_OTHER: LinkCredentials = {
  welcomed: () => {},
  refused: () => false,
  beginAgain: () => {},
  isChanged: () => false,
};

function connect(
  t: TestContext,
  port: number,
  token: () => string | null = () => null,
  credentials = NO_OTHER,
  dial: (() => Promise<Duplex>) | null = null,
): Link {
  const spool = openSpool(t);
  const failures: string[] = [];
  const ends: Link['ends'] = [];
  const nothing = () => {};
  const observer: LinkObserver = {
    connected: nothing,
    disconnected: (end) => ends.push(end),
    sent: nothing,
    acked: nothing,
    rejected: nothing,
    refused: nothing,
    skipped: nothing,
    newEpoch: nothing,
    confused: nothing,
    failed: nothing,
  };
  const stream = new Stream({
    url: `ws://127.0.0.1:${port}/v1/stream`,
    shownUrl: `ws://127.0.0.1:${port}/v1/stream`,
    dial,
    token,
    onConnectFailed: (message) => failures.push(message),
  });
  const session = stream.start(
    (effects) =>
      new LinkSession(
        {
          spool,
          host: 'web-1',
          run: 'run-1',
          agent: 'test',
          os: 'test',
          backoff: new Backoff({ initialMs: 20, maxMs: 50, random: () => 1 }),
          credentials,
          wall: () => 1,
          monotonic: () => performance.now(),
          onWelcome: nothing,
          onPace: nothing,
          observer,
        },
        effects,
      ),
  );
  t.after(() => stream.stop('end of the test'));
  return { spool, stream, session, failures, ends };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `not within ${PATIENCE_MS / 1000} s: ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

async function startGateway(t: TestContext): Promise<{ gateway: Gateway; port: number }> {
  const gateway = new Gateway();
  const port = await gateway.listen();
  t.after(() => gateway.crash());
  return { gateway, port };
}

test('offers the subprotocol and a compression that keeps its context, and streams', async (t) => {
  const { gateway, port } = await startGateway(t);
  const { spool, session } = connect(t, port);
  await until('hello', () => gateway.count('hello') === 1);
  const { headers, url } = gateway.requests[0] ?? { headers: {}, url: '' };
  assert.equal(url, '/v1/stream');
  assert.equal(headers['sec-websocket-protocol'], 'tributary.v1');
  assert.equal(headers.authorization, undefined);
  const offered = headers['sec-websocket-extensions'] ?? '';
  assert.match(offered, /^permessage-deflate/);
  assert.doesNotMatch(offered, /client_no_context_takeover/);
  assert.match(gateway.sockets[0]?.extensions ?? '', /permessage-deflate/);
  appendTick(spool);
  gateway.welcome(1);
  await until('the batch', () => gateway.count('batch') === 1);
  gateway.say({ kind: 'ack', seq: 1, delivered: 0 });
  await until('the ack', () => spool.acked === 1);
  assert.equal(session.isStreaming, true);
});

test('reads the token anew for each connection, and outlasts a file that is gone', async (t) => {
  const { gateway, port } = await startGateway(t);
  const file = join(temporaryFolder(t), 'token');
  writeFileSync(file, 'first\n');
  const { failures, ends } = connect(t, port, () => readFileSync(file, 'utf8').trim());
  await until('the first hello', () => gateway.count('hello') === 1);
  rmSync(file);
  gateway.sockets[0]?.close(1012, 'restart');
  await until('a failed try', () => failures.length > 0);
  assert.match(failures[0] ?? '', /ENOENT.+token/);
  writeFileSync(file, 'second');
  await until('the second hello', () => gateway.count('hello') === 2);
  assert.deepEqual(
    gateway.requests.map(({ headers }) => headers.authorization),
    ['Bearer first', 'Bearer second'],
  );
  assert.deepEqual([ends[0]?.code, ends[0]?.reason], [1012, 'restart']);
});

test('HTTP 401 parks it until there is another credential', async (t) => {
  const { gateway, port } = await startGateway(t);
  gateway.status = 401;
  let others = 1;
  let isChanged = false;
  const { failures, ends, session } = connect(t, port, () => null, {
    welcomed: () => {},
    refused: () => others-- > 0,
    beginAgain: () => {},
    isChanged: () => isChanged,
  });
  await until('two tries', () => gateway.requests.length === 2);
  await until('that it is parked', () => session.isParked);
  assert.deepEqual(failures, [], 'that is for the session to tell');
  assert.deepEqual(
    ends.map(({ code, reason }) => [code, reason]),
    [
      [1006, 'HTTP 401 Refused'],
      [1006, 'HTTP 401 Refused'],
    ],
  );
  gateway.status = 101;
  isChanged = true;
  await until('hello', () => gateway.count('hello') === 1);
});

test('what the gateway says of a credential is told, a line of plain text that is not too long', async (t) => {
  const { gateway, port } = await startGateway(t);
  gateway.status = 401;
  const text = 'Content-Type: text/plain; charset=utf-8\r\n';
  const denials: readonly (readonly [string, string])[] = [
    [`${text}Content-Length: 22\r\n\r\nthe token has expired\n`, 'HTTP 401 Refused: the token has expired'],
    // Without a length it ends with the connection.
    [`${text}\r\none\u0007\ntwo`, `HTTP 401 Refused: ${printable('one\u0007')}`],
    ['Content-Type: text/html\r\n\r\n<html>', 'HTTP 401 Refused'],
    [`${text}\r\n${'x'.repeat(5000)}`, 'HTTP 401 Refused'],
    [`${text}\r\n${'x'.repeat(500)}`, `HTTP 401 Refused: ${'x'.repeat(200)}`],
  ];
  gateway.denial = denials[0]?.[0] ?? '';
  const { ends } = connect(t, port, () => null, {
    welcomed: () => {},
    refused: () => true,
    beginAgain: () => {},
    isChanged: () => false,
  });
  for (const [i, [, expected]] of denials.entries()) {
    await until(`end ${i}`, () => ends.length === i + 1);
    gateway.denial = denials[i + 1]?.[0] ?? '';
    assert.equal(ends[i]?.reason, expected);
  }
});

test('what is under the WebSocket is opened for each connection, and may fail', async (t) => {
  const { gateway, port } = await startGateway(t);
  const answers: (() => Promise<Duplex>)[] = [
    () => Promise.reject(new Error('the proxy says no')),
    async () => connectTcp(port, '127.0.0.1'),
    async () => connectTcp(port, '127.0.0.1'),
  ];
  const dial = () => answers.shift()?.() ?? Promise.reject(new Error('once too often'));
  const { failures, ends } = connect(t, port, () => null, NO_OTHER, dial);
  await until('hello', () => gateway.count('hello') === 1);
  assert.deepEqual(failures, ['the proxy says no']);
  assert.deepEqual([ends[0]?.code, ends[0]?.reason], [1006, 'the proxy says no']);
  gateway.sockets[0]?.terminate();
  await until('the second hello', () => gateway.count('hello') === 2);
  assert.equal(answers.length, 0);
});

test('a connection that comes up after the end is closed', async (t) => {
  const { gateway, port } = await startGateway(t);
  const late = Promise.withResolvers<Duplex>();
  let isAsked = false;
  const dial = () => {
    isAsked = true;
    return late.promise;
  };
  const { stream, failures } = connect(t, port, () => null, NO_OTHER, dial);
  await until('that it connects', () => isAsked);
  await stream.stop('shutdown');
  const socket = connectTcp(port, '127.0.0.1');
  late.resolve(socket);
  await once(socket, 'close');
  assert.deepEqual([gateway.requests.length, failures], [0, []]);
});

test('tries again after HTTP 503, and says so for each try', async (t) => {
  const { gateway, port } = await startGateway(t);
  gateway.status = 503;
  const { failures, ends } = connect(t, port);
  await until('two tries', () => gateway.requests.length === 2);
  gateway.status = 101;
  await until('hello', () => gateway.count('hello') === 1);
  const refused = `ws://127.0.0.1:${port}/v1/stream answered 503 Refused`;
  assert.deepEqual(
    failures,
    ends.map(() => refused),
  );
  assert.deepEqual([ends[0]?.code, ends[0]?.reason], [1006, 'HTTP 503 Refused']);
});

test('waits for as long as Retry-After says', async (t) => {
  for (const [value, leastMs] of [
    ['7', 7000],
    ['Wed, 21 Oct 2099 07:28:00 GMT', 0],
  ] as const) {
    const { gateway, port } = await startGateway(t);
    gateway.status = 503;
    gateway.headers = `Retry-After: ${value}\r\n`;
    const { ends } = connect(t, port);
    await until('an end', () => ends.length > 0);
    const { pauseMs = 0 } = ends[0] ?? {};
    assert.ok(pauseMs >= leastMs && pauseMs <= 2 * leastMs + 50, `${pauseMs}`);
  }
});

test('a gateway that is killed and comes back is found again, and gets what it missed', async (t) => {
  const { gateway, port } = await startGateway(t);
  const { spool, session, failures } = connect(t, port);
  appendTick(spool);
  await until('hello', () => gateway.count('hello') === 1);
  gateway.welcome(1);
  await until('the batch', () => gateway.count('batch') === 1);
  await gateway.crash();
  await until('the end', () => !session.isStreaming);
  await until('a failed try', () => failures.some((message) => message.includes('ECONNREFUSED')));
  appendTick(spool);
  const second = new Gateway();
  await second.listen(port);
  t.after(() => second.crash());
  await until('hello', () => second.count('hello') === 1);
  second.welcome(1);
  await until('both batches', () => second.count('batch') === 2);
});

test('a ping is answered, and counts as something heard', async (t) => {
  const { gateway, port } = await startGateway(t);
  const { session } = connect(t, port);
  await until('hello', () => gateway.count('hello') === 1);
  let heard = 0;
  t.mock.method(session, 'heard', () => heard++);
  const pong = once(gateway.sockets[0] as WebSocket, 'pong');
  gateway.sockets[0]?.ping();
  await pong;
  await until('that it was heard', () => heard === 1);
});

test("frames that are none of the gateway's end the connection, not the program", async (t) => {
  const { gateway, port } = await startGateway(t);
  const { ends } = connect(t, port);
  await until('hello', () => gateway.count('hello') === 1);
  gateway.sockets[0]?.send(Buffer.from([1, 2, 3]));
  gateway.sockets[0]?.send('x'.repeat(1024 * 1024 + 1));
  await until('the second hello', () => gateway.count('hello') === 2);
  assert.equal(ends.length, 1);
  assert.match(ends[0]?.reason ?? '', /Max payload size exceeded/);
  gateway.say({ kind: 'ack' });
  await until('the third hello', () => gateway.count('hello') === 3);
  assert.equal(ends.length, 2);
});

test('stop says bye, and is over when the gateway has heard it', async (t) => {
  const { gateway, port } = await startGateway(t);
  const { stream, ends } = connect(t, port);
  await until('hello', () => gateway.count('hello') === 1);
  gateway.welcome(1);
  await stream.stop('shutdown');
  await until('bye', () => gateway.count('bye') === 1);
  assert.deepEqual(gateway.frames.at(-1), { kind: 'bye', reason: 'shutdown' });
  assert.deepEqual(ends, [], 'an end that was asked for is no news');
});

test('stop does not wait long for a gateway that no longer answers, nor for one that never did', async (t) => {
  const { gateway, port } = await startGateway(t);
  const answering = connect(t, port);
  await until('hello', () => gateway.count('hello') === 1);
  gateway.sockets[0]?.pause();
  let upgrades = 0;
  const silent = createServer().on('upgrade', () => upgrades++);
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.closeAllConnections());
  t.after(() => silent.close());
  const connecting = connect(t, (silent.address() as AddressInfo).port);
  await until('a try', () => upgrades === 1);
  const startedAt = performance.now();
  await Promise.all([answering.stream.stop('shutdown'), connecting.stream.stop('shutdown')]);
  assert.ok(performance.now() - startedAt < 4_000);
  assert.deepEqual(connecting.failures, []);
});
