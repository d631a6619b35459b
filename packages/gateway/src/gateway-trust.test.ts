/** Credentials in the whole gateway: over real sockets, with the file that the `token` commands write. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@tributary/shared/clock';
import { CLOSE_CODES } from '@tributary/shared/close-codes';
import { encodeFrame } from '@tributary/shared/encode';
import { STREAM_PATH, SUBPROTOCOL } from '@tributary/shared/frames';
import bcrypt from 'bcrypt';
import Database from 'better-sqlite3';
import { WebSocket } from 'ws';
import type { GatewayOptions } from './config.ts';
import { ListenError, startGateway } from './gateway.ts';
import { Client } from './link/link-test-support.ts';
import { runTokenCommand } from './token-command.ts';
import { folderOf } from './trust/web-config/certificates-test-support.ts';
import { keepLog, makeOptions } from './wiring-test-support.ts';

interface Bench {
  readonly options: GatewayOptions;
  readonly url: string;
  readonly log: { readonly lines: readonly string[] };
  /** Runs a `token` command beside the gateway. @returns what it printed */
  token(...argv: readonly string[]): string;
  client(token: string | null): Promise<Client>;
  /** The status of an upgrade that is refused. */
  refused(token: string | null): Promise<number>;
  status(path: string, token?: string, method?: string): Promise<number>;
}

function runToken(options: GatewayOptions, ...argv: readonly string[]): string {
  const printed: string[] = [];
  const output = { out: (text: string) => void printed.push(text), note: () => {} };
  runTokenCommand([...argv, `--storage.path=${options['storage.path']}`], {}, output);
  return printed.join('').trim();
}

/** @param make what is to be there before it starts. */
async function start(
  t: TestContext,
  make: (token: Bench['token']) => void = () => {},
  argv: readonly string[] = [],
): Promise<Bench> {
  const options = await makeOptions(t, ...argv);
  const log = keepLog();
  const token = (...argv: readonly string[]) => runToken(options, ...argv);
  make(token);
  const gateway = await startGateway(options, log, (error) => assert.fail(error));
  t.after(() => gateway.stop());
  const { port } = new URL(gateway.url);
  const headersOf = (secret: string | null): { authorization?: string } =>
    secret === null ? {} : { authorization: `Bearer ${secret}` };
  return {
    options,
    url: gateway.url,
    log,
    token,
    client: (secret) => Client.connect(Number(port), { headers: headersOf(secret) }),
    async refused(secret) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${STREAM_PATH}`, SUBPROTOCOL, {
        headers: headersOf(secret),
      });
      socket.on('error', () => {});
      const [, response] = await once(socket, 'unexpected-response');
      socket.terminate();
      return response.statusCode;
    },
    async status(path, secret, method = 'GET') {
      const response = await fetch(gateway.url + path, { method, headers: headersOf(secret ?? null) });
      await response.arrayBuffer();
      return response.status;
    },
  };
}

const hello = (host: string, epoch = `epoch-${host}`) => ({
  host,
  epoch,
  run: epoch,
  clock: systemClock.now(),
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(20);
}

test('a revoked token ends its connection within a second, and no other', async (t) => {
  const gateway = await start(t);
  const secret = gateway.token('create', '--host', 'web-1');
  const other = gateway.token('create', '--host', 'web-2');
  const stays = await gateway.client(other);
  await stays.greet(hello('web-2'));
  const client = await gateway.client(secret);
  await client.greet(hello('web-1'));
  const [credential] = JSON.parse(gateway.token('list', '--json')) as { id: string }[];
  const startedMs = performance.now();
  gateway.token('revoke', credential?.id ?? '');
  assert.equal((await client.closed).code, CLOSE_CODES.REVOKED);
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < 1000, `${tookMs} ms`);
  assert.equal(await gateway.refused(secret), 401);
  assert.equal(stays.socket.readyState, WebSocket.OPEN);
});

test('credentials that cannot be read stop nothing, are told once, and are seen when they can be read again', async (t) => {
  const gateway = await start(t);
  const secret = gateway.token('create', '--host', 'web-1');
  const scrape = gateway.token('create', '--scrape', 'p');
  const client = await gateway.client(secret);
  await client.greet(hello('web-1'));
  const path = join(gateway.options['storage.path'], 'credentials.sqlite');
  const good = await readFile(path);
  await writeFile(path, Buffer.alloc(good.length, 0xa5), { flag: 'r+' });
  await until(async () => (await gateway.status('/-/ready')) === 503);
  // Who is known stays in, and who is not known does not take the gateway down, nor is told that his token is bad.
  assert.equal(await gateway.refused('tributary_host_unknown'), 503);
  const ready = await fetch(`${gateway.url}/-/ready`, { headers: { authorization: `Bearer ${scrape}` } });
  assert.match(await ready.text(), /the credentials, .* is damaged; put a copy of it back/);
  const own = await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${scrape}` } });
  assert.match(await own.text(), /^tributary_gateway_credentials_readable 0$/m);
  assert.equal(client.socket.readyState, WebSocket.OPEN);
  await writeFile(path, good, { flag: 'r+' });
  await until(async () => (await gateway.status('/-/ready')) === 200);
  const [credential] = JSON.parse(gateway.token('list', '--json')) as { id: string }[];
  gateway.token('revoke', credential?.id ?? '');
  assert.equal((await client.closed).code, CLOSE_CODES.REVOKED);
  const lines = gateway.log.lines.filter((line) => /the credentials can/.test(line));
  assert.match(
    lines.join('\n'),
    /^error the credentials cannot be read.*\ninfo the credentials can be read again .*$/,
  );
  assert.equal(lines.length, 2);
});

test('a host that joins while another program holds the file is let in afterwards, and nothing waits for it', async (t) => {
  const gateway = await start(t);
  const secret = gateway.token('create', '--join');
  const client = await gateway.client(secret);
  const shell = new Database(join(gateway.options['storage.path'], 'credentials.sqlite'));
  t.after(() => shell.close());
  shell.exec('BEGIN IMMEDIATE');
  const greeted = client.greet(hello('web-1'));
  const lockedMs = performance.now();
  // Longer than the first tries take. A gateway that waited in SQLite would not answer meanwhile.
  while (performance.now() - lockedMs < 500) assert.equal(await gateway.status('/-/healthy'), 200);
  assert.match(gateway.token('list'), / 0 of any number of uses/);
  shell.exec('ROLLBACK');
  const welcome = await greeted;
  assert.ok(welcome.kind === 'welcome' && welcome.token !== undefined);
  client.socket.terminate();
});

test('a join token becomes a host token over the wire; another host, spool or name gets none', async (t) => {
  const gateway = await start(t);
  const join = gateway.token('create', '--join', '--uses=1', '--pattern=web-*');
  const first = await gateway.client(join);
  const welcome = await first.greet(hello('web-1'));
  const own = welcome.kind === 'welcome' ? welcome.token : undefined;
  assert.ok(own !== undefined);
  first.socket.terminate();
  const again = await gateway.client(own);
  const plain = await again.greet(hello('web-1'));
  assert.equal('token' in plain, false);
  again.socket.terminate();
  const refusalOf = async (secret: string, host: string, epoch?: string) => {
    const client = await gateway.client(secret);
    client.send(encodeFrame({ ...HELLO, ...hello(host, epoch) }));
    const { code } = await client.next('refuse');
    assert.equal((await client.closed).code, CLOSE_CODES[code as 'NAME_TAKEN']);
    return code;
  };
  assert.equal(await refusalOf(join, 'web-1', 'another'), 'NAME_TAKEN');
  assert.equal(await refusalOf(join, 'web-2'), 'UNAUTHORIZED');
  assert.equal(await refusalOf(join, 'db-1'), 'UNAUTHORIZED');
  assert.equal(await refusalOf(own, 'web-2'), 'UNAUTHORIZED');
  assert.match(gateway.token('list'), /join .* 1 of 1 uses/);
});

test('a name that a host had before there were credentials is not for the first that joins', async (t) => {
  const gateway = await start(t);
  const before = await gateway.client(null);
  await before.greet(hello('web-1'));
  const join = gateway.token('create', '--join');
  assert.equal((await before.closed).code, CLOSE_CODES.UNAUTHORIZED);
  const thief = await gateway.client(join);
  thief.send(encodeFrame({ ...HELLO, ...hello('web-1', 'epoch-thief') }));
  assert.equal((await thief.next('refuse')).code, 'NAME_TAKEN');
  const itself = await gateway.client(join);
  const welcome = await itself.greet(hello('web-1'));
  const own = welcome.kind === 'welcome' ? (welcome.token ?? '') : '';
  const withOwn = await gateway.client(own);
  await withOwn.greet(hello('web-1'));
  // The epoch and the run are in what every scraper may read.
  const thief2 = await gateway.client(join);
  thief2.send(encodeFrame({ ...HELLO, ...hello('web-1') }));
  assert.equal((await thief2.next('refuse')).code, 'DUPLICATE_HOST');
  assert.equal(withOwn.socket.readyState, WebSocket.OPEN);
});

test('a host that leaves gives back the name that it got by joining', async (t) => {
  const gateway = await start(t);
  const join = gateway.token('create', '--join');
  const client = await gateway.client(join);
  await client.greet(hello('web-1'));
  client.send(encodeFrame({ kind: 'bye', reason: 'leave' }));
  await client.closed;
  const next = await gateway.client(join);
  // The name is free once it is on the disk.
  await eventually(() => !gateway.token('list').includes('web-1'));
  const welcome = await next.greet(hello('web-1', 'reinstalled'));
  assert.ok(welcome.kind === 'welcome' && welcome.token !== undefined);
  next.socket.terminate();
});

test('the first token closes everything to those who show none, also to who is connected', async (t) => {
  const gateway = await start(t);
  const client = await gateway.client(null);
  await client.greet(hello('web-1'));
  assert.equal(await gateway.status('/metrics'), 200);
  gateway.token('create', '--host', 'web-2');
  assert.equal((await client.closed).code, CLOSE_CODES.UNAUTHORIZED);
  assert.equal(await gateway.refused(null), 401);
  assert.equal(await gateway.status('/metrics'), 401);
  assert.equal(await gateway.status('/api/v1/hosts/web-1', undefined, 'DELETE'), 401);
  const scraper = gateway.token('create', '--scrape', 'prometheus');
  await eventually(async () => (await gateway.status('/metrics', scraper)) === 200);
  assert.equal(await gateway.status('/api/v1/hosts/web-1', scraper, 'DELETE'), 403);
});

test('a scraper with a token of its own has a cursor of its name', async (t) => {
  const gateway = await start(t);
  const scraper = gateway.token('create', '--scrape', 'prometheus');
  const headers = { authorization: `Bearer ${scraper}`, 'x-prometheus-scrape-timeout-seconds': '10' };
  await (await fetch(`${gateway.url}/metrics`, { headers })).text();
  const listed = await fetch(`${gateway.url}/api/v1/scrapers`, { headers });
  const { data } = (await listed.json()) as { data: { scraper: string }[] };
  assert.deepEqual(
    data.map(({ scraper: name }) => name),
    ['prometheus'],
  );
});

test('beyond loopback nothing is listened on without credentials, and with them it is', async (t) => {
  const options = { ...(await makeOptions(t)), 'web.listen-address': '0.0.0.0:0' };
  const fail = (error: Error) => assert.fail(error);
  await assert.rejects(startGateway(options, keepLog(), fail), (error: Error) => {
    assert.ok(error instanceof ListenError);
    assert.match(error.message, /no credentials.*token create --host NAME.*use 127\.0\.0\.1:0/);
    return true;
  });
  runToken(options, 'create', '--host', 'web-1');
  const gateway = await startGateway(options, keepLog(), fail);
  await gateway.stop();
});

test('users who are taken out of the web configuration open nothing, and administrators whom it lacks are told', async (t) => {
  const file = join(folderOf(t), 'web.json');
  writeFileSync(file, JSON.stringify({ basic_auth_users: { ann: bcrypt.hashSync('secret', 4) } }));
  const argv = [`--web.config.file=${file}`, '--web.admin-users=ann,ghost'];
  const gateway = await start(t, () => {}, argv);
  const told = () =>
    gateway.log.lines.filter((line) => line.startsWith('warn --web.admin-users names users'));
  assert.deepEqual(
    told().map((line) => /\{.*/.exec(line)?.[0]),
    ['{"users":["ghost"]}'],
  );
  assert.equal(await gateway.status('/metrics'), 401);
  writeFileSync(file, '{}');
  await eventually(() => told().length === 2);
  assert.match(told()[1] ?? '', /\{"users":\["ann","ghost"\]\}/);
  assert.equal(await gateway.status('/metrics'), 401);
  assert.equal(await gateway.refused(null), 401);
});

test('no line of the log has a token in it', async (t) => {
  const gateway = await start(t);
  const secret = gateway.token('create', '--host', 'web-1');
  const join = gateway.token('create', '--join');
  const client = await gateway.client(secret);
  await client.greet(hello('web-1'));
  const joined = await gateway.client(join);
  const welcome = await joined.greet(hello('web-3'));
  await gateway.refused(`${secret}x`);
  const wrong = await gateway.client(secret);
  wrong.send(encodeFrame({ ...HELLO, ...hello('web-2') }));
  await wrong.closed;
  client.socket.terminate();
  joined.socket.terminate();
  const given = welcome.kind === 'welcome' ? (welcome.token ?? '?') : '?';
  const all = gateway.log.lines.join('\n');
  assert.match(all, /host connected/);
  assert.match(all, /info a credential was made .*"kind":"join"/);
  assert.match(all, /info a host has joined .*"host":"web-3"/);
  assert.match(
    all,
    /warn a request was turned away.*"reason":"bad_credential","why":"the token is not known"/,
  );
  for (const token of [secret, join, given]) assert.equal(all.includes(token.slice(-20)), false);
});

const HELLO = {
  kind: 'hello',
  oldest: 1,
  acked: 0,
  delivered: 0,
  next: 1,
  gaps: [],
  agent: 'a',
  os: 'linux',
} as const;

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const until = performance.now() + 5_000;
  while (!(await holds())) {
    if (performance.now() > until) assert.fail('it did not come');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
