import assert from 'node:assert/strict';
import { lookup } from 'node:dns';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type LookupFunction, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { LARGE_BYTES } from './body.ts';
import { TargetClient } from './client.ts';
import { Gate } from './gate.ts';
import { type FailureReason, toScrapeError } from './scrape-error.ts';
import { folderOf, serve } from './servers-test-support.ts';
import type { Target } from './target-options.ts';
import { targetOf } from './targets-test-support.ts';

const KIB = 1024;

function clientOf(
  t: TestContext,
  url: string,
  change: Partial<Target> = {},
  largeBodies = new Gate(1),
): TargetClient {
  const target = targetOf({ url: new URL(url), bodyBytesMax: 100 * KIB, ...change });
  const parts = { userAgent: 'tributary-reporter/1.2.3', largeBodies, lookup, lookupElsewhere: lookup };
  const client = new TargetClient(target, parts);
  t.after(() => client.close());
  return client;
}

async function textOf(client: TargetClient, signal = new AbortController().signal): Promise<string> {
  const { body, leave } = await client.get(signal);
  leave();
  return Buffer.from(body).toString();
}

async function failing(client: TargetClient, reason: FailureReason, message: RegExp): Promise<void> {
  await assert.rejects(client.get(new AbortController().signal), (error) => {
    const failure = toScrapeError(error);
    assert.equal(failure.reason, reason, failure.message);
    assert.match(failure.message, message);
    return true;
  });
}

test('it asks as Prometheus does, and keeps the connection', async (t) => {
  const seen: IncomingHttpHeaders[] = [];
  const sockets = new Set<Socket>();
  const url = await serve(t, (request, response) => {
    seen.push(request.headers);
    sockets.add(request.socket);
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(`${request.url} 1\n`);
  });
  const client = clientOf(t, `${url}/m?x=y`, { timeoutMs: 2500, headers: { 'X-Scope': 'a' } });
  assert.equal(await textOf(client), '/m?x=y 1\n');
  assert.equal((await client.get(new AbortController().signal)).contentType, 'text/plain; version=0.0.4');
  assert.equal(sockets.size, 1);
  const [headers = {}] = seen;
  assert.match(
    headers.accept ?? '',
    /^application\/openmetrics-text;version=1\.0\.0;.*text\/plain;version=0\.0\.4/,
  );
  assert.equal(headers['accept-encoding'], 'gzip');
  assert.equal(headers['user-agent'], 'tributary-reporter/1.2.3');
  assert.equal(headers['x-prometheus-scrape-timeout-seconds'], '2.5');
  assert.equal(headers['x-scope'], 'a');
  assert.equal(headers.authorization, undefined);
});

test('a server that closed the connection meanwhile is asked once more', async (t) => {
  let requests = 0;
  const port = await new Promise<number>((resolve) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        requests++;
        // The second one on a connection gets no answer.
        if (requests === 2) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
      t.after(() => socket.destroy());
    });
    t.after(() => server.close());
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  const client = clientOf(t, `http://127.0.0.1:${port}/`);
  assert.equal(await textOf(client), 'ok');
  assert.equal(await textOf(client), 'ok');
  assert.equal(requests, 3);
});

test('credentials are read from their files at each scrape', async (t) => {
  const seen: (string | undefined)[] = [];
  const url = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.end();
  });
  const file = join(folderOf(t), 'secret');
  writeFileSync(file, 'one\n');
  const basic = clientOf(t, url, { credentials: { kind: 'basic', username: 'u', secret: { file } } });
  const bearer = clientOf(t, url, {
    credentials: { kind: 'authorization', type: 'Bearer', secret: { file } },
  });
  await textOf(basic);
  await textOf(bearer);
  writeFileSync(file, 'two\n');
  await textOf(bearer);
  assert.deepEqual(seen, [`Basic ${Buffer.from('u:one').toString('base64')}`, 'Bearer one', 'Bearer two']);
});

test('a secret that cannot be read or sent fails the scrape and is not told', async (t) => {
  const url = await serve(t, (_, response) => response.end());
  const folder = folderOf(t);
  const clientWith = (file: string) =>
    clientOf(t, url, { credentials: { kind: 'authorization', type: 'Bearer', secret: { file } } });
  await failing(clientWith(join(folder, 'none')), 'secret', /ENOENT/);
  await failing(clientWith(folder), 'secret', /is no file/);
  const file = join(folder, 'broken');
  writeFileSync(file, 's3cret\nmore');
  await failing(clientWith(file), 'secret', /^the credentials are empty or hold what no header may$/);
});

test('another status than 200 fails, whatever it says', async (t) => {
  const url = await serve(t, (request, response) => {
    response.statusCode = Number(request.url?.slice(1));
    response.flushHeaders();
    if (response.statusCode >= 400) response.write('x'.repeat(100));
    // It never ends.
  });
  for (const status of [500, 404, 204, 206, 304, 401]) {
    await failing(clientOf(t, `${url}/${status}`), 'status', new RegExp(`HTTP status ${status}$`));
  }
});

test('gzip is inflated, and not asked for where that is wished', async (t) => {
  const text = 'metric 1\n'.repeat(5000);
  const url = await serve(t, (request, response) => {
    if (request.headers['accept-encoding'] !== 'gzip') return void response.end('plain');
    response.setHeader('content-encoding', 'gzip');
    response.end(gzipSync(text));
  });
  const client = clientOf(t, url);
  assert.equal(await textOf(client), text);
  assert.equal(await textOf(client), text);
  assert.equal(await textOf(clientOf(t, url, { enableCompression: false })), 'plain');
});

test('a body beyond the limit fails at the limit: declared, endless or inflated', async (t) => {
  let written = 0;
  const bomb = gzipSync(Buffer.alloc(50 * KIB * KIB));
  const url = await serve(t, (request, response) => {
    if (request.url === '/declared') {
      response.setHeader('content-length', 101 * KIB);
      return void response.flushHeaders();
    }
    if (request.url === '/bomb') {
      response.setHeader('content-encoding', 'gzip');
      return void response.end(bomb);
    }
    const piece = Buffer.alloc(64 * KIB, 'x');
    const more = () => {
      while (!response.destroyed) {
        written += piece.length;
        if (!response.write(piece)) return void response.once('drain', more);
      }
    };
    more();
  });
  for (const path of ['declared', 'bomb', 'endless'])
    await failing(clientOf(t, `${url}/${path}`), 'body_size', /larger than body_size_limit, 100KB/);
  assert.ok(written < 20 * KIB * KIB, `${written} bytes were written`);
});

test('large bodies wait for one another, small ones for nobody', async (t) => {
  const url = await serve(t, (request, response) => {
    const bytes = request.url === '/large' ? LARGE_BYTES + 1 : LARGE_BYTES - 1;
    response.end(Buffer.alloc(bytes, 'x'));
  });
  const gate = new Gate(1);
  const leave = await gate.enter(new AbortController().signal);
  const options = { bodyBytesMax: 2 * LARGE_BYTES };
  const large = clientOf(t, `${url}/large`, options, gate);
  let isThere = false;
  const waiting = textOf(large).then(({ length }) => {
    isThere = true;
    return length;
  });
  assert.equal((await textOf(clientOf(t, `${url}/small`, options, gate))).length, LARGE_BYTES - 1);
  assert.equal(isThere, false);
  const abort = new AbortController();
  const impatient = textOf(clientOf(t, `${url}/large`, options, gate), abort.signal);
  abort.abort(new Error('enough'));
  await assert.rejects(impatient);
  leave();
  assert.equal(await waiting, LARGE_BYTES + 1);
  // Its place is given back when the body was made use of, and not before.
  const held = await large.get(new AbortController().signal);
  const free = gate.enter(new AbortController().signal);
  assert.equal(await Promise.race([free, nextTurn('waiting')]), 'waiting');
  held.leave();
  (await free)();
});

test('what is no HTTP, no gzip or cut off fails', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end('220 mail.example ESMTP\r\n');
  });
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await failing(clientOf(t, `http://127.0.0.1:${port}/`), 'http', /no HTTP/);
  const url = await serve(t, (request, response) => {
    if (request.url === '/encoding') response.setHeader('content-encoding', 'br');
    if (request.url === '/garbage' || request.url === '/half') response.setHeader('content-encoding', 'gzip');
    if (request.url === '/garbage') return void response.end('this is no gzip at all');
    if (request.url === '/half') return void response.end(gzipSync('a'.repeat(10_000)).subarray(0, 20));
    response.setHeader('content-length', 100);
    response.write('short', () => response.destroy());
  });
  await failing(clientOf(t, `${url}/encoding`), 'http', /encoded as "br"/);
  await failing(clientOf(t, `${url}/garbage`), 'http', /no gzip/);
  await failing(clientOf(t, `${url}/half`), 'http', /no gzip/);
  await failing(clientOf(t, `${url}/cut`), 'connect', /aborted/);
});

test('nobody listens', async (t) => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  await failing(clientOf(t, `http://127.0.0.1:${port}/`), 'connect', /ECONNREFUSED/);
});

test('the signal ends it at any moment: before the head, within the head, within the body', async (t) => {
  const reason = new Error('enough');
  let onRequest = () => {};
  const server = createServer((socket) => {
    socket.on('error', () => {});
    t.after(() => socket.destroy());
    socket.once('data', (data) => {
      const [, path] = data.toString().split(' ');
      if (path === '/head') socket.write('HTTP/1.1 200 OK\r\nX-Slow: ');
      if (path === '/body') socket.write('HTTP/1.1 200 OK\r\n\r\nsome');
      setImmediate(onRequest);
    });
  });
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  for (const path of ['nothing', 'head', 'body']) {
    const abort = new AbortController();
    const reached = new Promise<void>((resolve) => {
      onRequest = resolve;
    });
    const asking = clientOf(t, `http://127.0.0.1:${port}/${path}`).get(abort.signal);
    await reached;
    abort.abort(reason);
    await assert.rejects(asking);
  }
});

test('more lines than any body of that size has fail at the limit, whatever is wanted of them', async (t) => {
  const url = await serve(t, (request, response) =>
    response.end('#\n'.repeat(Number(request.url?.slice(1)))),
  );
  for (const keeps of [null, () => false]) {
    const change = { bodyBytesMax: 200 * KIB, keeps };
    assert.equal((await textOf(clientOf(t, `${url}/50000`, change))).length, 100_000);
    await failing(clientOf(t, `${url}/50001`, change), 'body_size', /more than the 50000 lines/);
  }
});

test('redirects are followed, but a circle has an end', async (t) => {
  let requests = 0;
  const url = await serve(t, (request, response) => {
    requests++;
    const left = Number(request.url?.slice(1));
    if (left === 0) return void response.end('there');
    response.writeHead(302, { location: left > 100 ? '/101' : `/${left - 1}` }).end();
  });
  assert.equal(await textOf(clientOf(t, `${url}/10`)), 'there');
  requests = 0;
  await failing(clientOf(t, `${url}/11`), 'redirect', /more than 10 redirects/);
  await failing(clientOf(t, `${url}/101`), 'redirect', /more than 10 redirects/);
  assert.equal(requests, 22);
  await failing(clientOf(t, `${url}/1`, { followRedirects: false }), 'status', /HTTP status 302/);
});

test('a redirect leads nowhere else than to http and https', async (t) => {
  const url = await serve(t, (request, response) => {
    const location = request.url === '/file' ? 'file:///etc/passwd' : 'http://[';
    response.writeHead(301, { location }).end();
  });
  for (const path of ['file', 'broken'])
    await failing(clientOf(t, `${url}/${path}`), 'redirect', /leads to no http/);
});

test('another host is told neither who asks nor more', async (t) => {
  const seen: IncomingHttpHeaders[] = [];
  const elsewhere = await serve(t, (request, response) => {
    seen.push(request.headers);
    response.end('elsewhere');
  });
  const url = await serve(t, (request, response) => {
    seen.push(request.headers);
    if (request.url === '/') return void response.writeHead(307, { location: '/here' }).end();
    response.writeHead(308, { location: elsewhere.replace('http://', 'http://user:password@') }).end();
  });
  const client = clientOf(t, url, {
    credentials: { kind: 'authorization', type: 'Bearer', secret: { text: 's3cret' } },
    headers: { 'X-Key': 's3cret' },
  });
  assert.equal(await textOf(client), 'elsewhere');
  const told = seen.map((headers) => [headers.authorization, headers['x-key']]);
  assert.deepEqual(told, [
    ['Bearer s3cret', 's3cret'],
    ['Bearer s3cret', 's3cret'],
    [undefined, undefined],
  ]);
  assert.match(seen[2]?.accept ?? '', /openmetrics/);
});

test('a name that a redirect tells is looked up apart from those of the file', async (t) => {
  const url = await serve(t, (request, response) => {
    if (request.headers.host?.startsWith('elsewhere.test') === true) return void response.end('elsewhere');
    response.writeHead(302, { location: `http://elsewhere.test:${request.socket.localPort}/` }).end();
  });
  const asked: string[] = [];
  const parts = {
    userAgent: 'test',
    largeBodies: new Gate(1),
    lookup: () => assert.fail('no name of the file'),
    lookupElsewhere: ((name, options, callback) => {
      asked.push(name);
      lookup('127.0.0.1', options, callback);
    }) satisfies LookupFunction,
  };
  const client = new TargetClient(targetOf({ url: new URL(url) }), parts);
  t.after(() => client.close());
  assert.equal(await textOf(client), 'elsewhere');
  assert.deepEqual(asked, ['elsewhere.test']);
});
