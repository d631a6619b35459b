/**
 * Every endpoint with every credential: the tables of docs/SECURITY.md are read, and each cell is asked for, over TLS with
 * client certificates, at a gateway that has credentials for all roles.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@tributary/shared/clock';
import { encodeFrame } from '@tributary/shared/encode';
import { STREAM_PATH, SUBPROTOCOL } from '@tributary/shared/frames';
import bcrypt from 'bcrypt';
import { WebSocket } from 'ws';
import { startGateway } from './gateway.ts';
import { startHttp } from './http/http-test-support.ts';
import { helloOf } from './link/test-support.ts';
import { runTokenCommand } from './token-command.ts';
import {
  type CertificateFiles,
  folderOf,
  makeAuthority,
  makeCertificate,
  skip,
} from './trust/web-config/certificates-test-support.ts';
import { keepLog, makeOptions } from './wiring-test-support.ts';

const DOC = readFileSync(new URL('../../../docs/SECURITY.md', import.meta.url), 'utf8');

/** What `✓` is, for what is asked for here: nobody has these names, and the stream wants an upgrade. */
const LET_IN: Readonly<Record<string, number>> = {
  'GET /api/v1/hosts/NAME': 404,
  'DELETE /api/v1/hosts/NAME': 404,
  'DELETE /api/v1/scrapers/NAME': 404,
  'POST /api/v1/scrapers/NAME/rewind': 404,
  'GET /v1/stream': 426,
  'upgrade /v1/stream': 101,
  'GET /nowhere': 404,
  'PUT /metrics': 405,
  // With a query that is wrong, since only one may take a profile at a time.
  'GET /debug/pprof/profile': 400,
  'GET /debug/pprof/heap': 400,
};

const asAsked = (row: string) =>
  row
    .replace('NAME', 'nobody')
    .replace('rewind', 'rewind?to=1m')
    .replace(/pprof.*$/, '$&?wrong=1');

const SHUT_OUT = 'a certificate for web-1, when token revoke has shut that name out';

/** By the rows of the third table: what a request is like. */
const FROM_HERE: Readonly<
  Record<string, { readonly version?: string; readonly headers?: readonly string[] }>
> = {
  'to a loopback name': {},
  'with another Host': { headers: ['Host: evil.example'] },
  'with X-Forwarded-For': { headers: ['X-Forwarded-For: 127.0.0.1'] },
  'with X-Real-IP': { headers: ['X-Real-IP: 127.0.0.1'] },
  'with Via': { headers: ['Via: 1.1 proxy'] },
  'by HTTP/1.0': { version: '1.0' },
  'by a script of another page (Origin)': { headers: ['Origin: http://evil.example'] },
  'for an image of another page (Sec-Fetch-Site)': { headers: ['Sec-Fetch-Site: cross-site'] },
  'with a token, which nobody made': { headers: ['Authorization: Bearer tributary_admin_wrong'] },
};

interface Shown {
  readonly headers?: OutgoingHttpHeaders;
  readonly certificate?: CertificateFiles;
}

interface Bench {
  readonly url: URL;
  readonly authority: CertificateFiles;
  /** By the heads of the columns. */
  readonly credentials: ReadonlyMap<string, Shown>;
  /** By the rows of the second table. */
  readonly speakers: ReadonlyMap<string, Shown>;
  /** Shuts out who comes with a certificate for this name; resolves when the gateway knows. */
  shutOut(name: string): Promise<void>;
}

/** The cells of the table whose first head is this, by row. */
function tableOf(head: string): { heads: string[]; rows: Map<string, string[]> } {
  const lines = DOC.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  assert.ok(start >= 0, head);
  const cellsOf = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', ''));
  const rows = new Map<string, string[]>();
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break;
    const [name = '', ...cells] = cellsOf(line);
    rows.set(name, cells);
  }
  return { heads: cellsOf(lines[start] ?? '').slice(1), rows };
}

const bearer = (token: string): Shown => ({ headers: { authorization: `Bearer ${token}` } });

const basic = (pair: string): Shown => ({
  headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
});

function writeWebConfig(folder: string, authority: CertificateFiles): string {
  const server = makeCertificate(folder, 'gateway', authority);
  const hash = bcrypt.hashSync('secret', 4);
  const file = join(folder, 'web.json');
  writeFileSync(
    file,
    JSON.stringify({
      tls_server_config: {
        cert_file: server.certFile,
        key_file: server.keyFile,
        client_auth_type: 'VerifyClientCertIfGiven',
        client_ca_file: authority.certFile,
      },
      basic_auth_users: { ann: hash, bob: hash },
    }),
  );
  return file;
}

async function startBench(t: TestContext): Promise<Bench> {
  const folder = folderOf(t);
  const authority = makeAuthority(folder, 'authority');
  const webConfig = writeWebConfig(folder, authority);
  const options = await makeOptions(t, `--web.config.file=${webConfig}`, '--web.admin-users=bob');
  const token = (...argv: readonly string[]): string => {
    const printed: string[] = [];
    const output = { out: (text: string) => void printed.push(text), note: () => {} };
    runTokenCommand([...argv, `--storage.path=${options['storage.path']}`], {}, output);
    return printed.join('').trim();
  };
  const create = (...argv: readonly string[]) => bearer(token('create', ...argv));
  const revoked = create('--admin', 'gone');
  const revokedHost = create('--host', 'web-8');
  for (const { id } of JSON.parse(token('list', '--json')) as { id: string }[]) token('revoke', id);
  const expired = create('--admin', 'late', '--expires=1ms');
  const expiredScrape = create('--scrape', 'late', '--expires=1ms');
  const web1 = create('--host', 'web-1');
  const joins = create('--join', '--pattern=web-*');
  const log = keepLog();
  const gateway = await startGateway(options, log, (error) => assert.fail(error));
  t.after(() => gateway.stop());
  const certificate = (name: string) => ({ certificate: makeCertificate(folder, name, authority) });
  return {
    url: new URL(gateway.url),
    authority,
    credentials: new Map<string, Shown>([
      ['none', {}],
      ['wrong', bearer('tributary_admin_wrong')],
      ['revoked', revoked],
      ['expired', expired],
      ['revoked host', revokedHost],
      ['expired scrape', expiredScrape],
      ['wrong password', basic('ann:wrong')],
      ['host', web1],
      ['join', joins],
      ['scrape', create('--scrape', 'prometheus')],
      ['admin', create('--admin', 'ann')],
      ['user', basic('ann:secret')],
      ['admin user', basic('bob:secret')],
      ['certificate', certificate('web-9')],
    ]),
    speakers: new Map<string, Shown>([
      ['the host token of web-1', web1],
      ['the host token of web-2', create('--host', 'web-2')],
      ['a certificate for web-1', certificate('web-1')],
      ['a certificate for web-2', certificate('web-2')],
      ['a join token for web-*', joins],
      ['a join token for db-*', create('--join', '--pattern=db-*')],
      [SHUT_OUT, certificate('web-1')],
    ]),
    async shutOut(name) {
      const all = JSON.parse(token('list', '--json')) as { id: string; kind: string; name: string }[];
      const found = all.find((credential) => credential.kind === 'certificate' && credential.name === name);
      assert.ok(found !== undefined);
      token('revoke', found.id);
      while (!log.lines.some((line) => line.startsWith('info a credential was revoked'))) await sleep(10);
    },
  };
}

function connection({ authority }: Bench, { certificate, headers = {} }: Shown) {
  return {
    ca: readFileSync(authority.certFile),
    headers,
    ...(certificate === undefined
      ? {}
      : { cert: readFileSync(certificate.certFile), key: readFileSync(certificate.keyFile) }),
  };
}

async function statusOf(bench: Bench, row: string, shown: Shown): Promise<number> {
  const [method = '', path = ''] = asAsked(row).split(' ');
  if (method === 'upgrade') return await upgradeStatus(bench, shown);
  const url = new URL(path, bench.url);
  const asked = request(url, { method, agent: false, ...connection(bench, shown) }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  if (response.statusCode === 401) {
    const challenges = response.headers['www-authenticate'] ?? '';
    assert.match(challenges, /^Bearer, Basic realm="tributary"$/, row);
  }
  return response.statusCode ?? 0;
}

function openStream(bench: Bench, shown: Shown): WebSocket {
  const url = new URL(STREAM_PATH, bench.url);
  url.protocol = 'wss:';
  return new WebSocket(url, SUBPROTOCOL, connection(bench, shown));
}

async function upgradeStatus(bench: Bench, shown: Shown): Promise<number> {
  const socket = openStream(bench, shown);
  const refused = new Promise<number>((resolve) => {
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
  });
  const opened = once(socket, 'open').then(
    () => 101,
    () => 0,
  );
  const status = await Promise.race([refused, opened]);
  socket.on('error', () => {});
  socket.terminate();
  return status;
}

/** What a hello for `web-1` is answered with. */
async function answerTo(bench: Bench, shown: Shown, epoch: string): Promise<string> {
  const socket = openStream(bench, shown);
  await once(socket, 'open');
  socket.send(encodeFrame(helloOf({ host: 'web-1', epoch, run: epoch, clock: systemClock.now() })));
  const [data] = await once(socket, 'message');
  const frame = JSON.parse(String(data)) as { kind: string; code?: string };
  const closed = once(socket, 'close');
  socket.close();
  await closed;
  return frame.code ?? frame.kind;
}

test('every request with every credential gets the documented answer', { skip }, async (t) => {
  // Three, since one would be shown more bad tokens than it listens to.
  const benches = await Promise.all([startBench(t), startBench(t), startBench(t)]);
  const { heads, rows } = tableOf('request');
  assert.deepEqual(heads, [...benches[0].credentials.keys()]);
  const wrong: string[] = [];
  for (const [row, cells] of rows) {
    const ask = async (head: string, i: number): Promise<void> => {
      const expected = cells[i] === '✓' ? (LET_IN[row] ?? 200) : Number(cells[i]);
      const bench = benches[i % benches.length] ?? benches[0];
      const found = await statusOf(bench, row, bench.credentials.get(head) ?? {});
      if (found !== expected) wrong.push(`${row} with ${head}: ${found}, documented ${expected}`);
    };
    await Promise.all(heads.map(ask));
  }
  assert.deepEqual(wrong, []);
});

test('the table has every route', async (t) => {
  const { app } = await startHttp(t);
  const routes: string[] = [];
  const parents: string[] = [];
  // A tree: what is further in goes on where the line above it ended.
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', part = '', methods] = /^([│├└─ ]*)(\S+)(?: \((.*)\))?$/.exec(line) ?? [];
    const depth = Math.floor(indent.length / 4);
    const path = (parents[depth - 1] ?? '') + part;
    parents[depth] = path;
    for (const method of methods?.split(', ') ?? []) {
      if (method !== 'HEAD') routes.push(`${method} ${path.replace(':name', 'NAME')}`);
    }
  }
  assert.ok(routes.length > 10, routes.join('\n'));
  const { rows } = tableOf('request');
  assert.deepEqual(
    routes.filter((route) => !rows.has(route)),
    [],
  );
});

test('a hello is answered by what the credential is for', { skip }, async (t) => {
  const bench = await startBench(t);
  const { rows } = tableOf('credential');
  assert.deepEqual([...rows.keys()], [...bench.speakers.keys()]);
  for (const [row, [expected]] of rows) {
    if (row === SHUT_OUT) await bench.shutOut('web-1');
    const answer = await answerTo(bench, bench.speakers.get(row) ?? {}, 'epoch-1');
    assert.equal(answer, expected, row);
  }
});

/** The status of a request over a connection of its own, as raw as it comes. */
async function rawStatus(port: number, row: string, like: string): Promise<number> {
  const { version = '1.1', headers = [] } = FROM_HERE[like] ?? {};
  const [method = '', path = ''] = asAsked(row).split(' ');
  const upgrade = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`,
  ];
  const lines = [
    `${method === 'upgrade' ? 'GET' : method} ${path} HTTP/${version}`,
    ...(headers.some((line) => line.startsWith('Host:')) ? [] : [`Host: localhost:${port}`]),
    ...headers,
    ...(method === 'upgrade' ? upgrade : []),
  ];
  const socket = connect(port, '127.0.0.1');
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const [data] = await once(socket, 'data');
  socket.on('error', () => {}).destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(String(data))?.[1]);
}

test('without credentials a request is answered by where it comes from', async (t) => {
  const gateway = await startGateway(await makeOptions(t), keepLog(), (error) => assert.fail(error));
  t.after(() => gateway.stop());
  const port = Number(new URL(gateway.url).port);
  const { rows: requests } = tableOf('request');
  const { rows } = tableOf('from this machine');
  assert.deepEqual([...rows.keys()], Object.keys(FROM_HERE));
  const wrong: string[] = [];
  for (const [like, [cell]] of rows) {
    for (const request of requests.keys()) {
      const expected = cell === '✓' ? (LET_IN[request] ?? 200) : Number(cell);
      const found = await rawStatus(port, request, like);
      if (found !== expected) wrong.push(`${request} ${like}: ${found}, documented ${expected}`);
    }
  }
  assert.deepEqual(wrong, []);
});
