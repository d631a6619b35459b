import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { ANN, gatekeeperOfAnn, startHttp } from './http-test-support.ts';

const OPENMETRICS = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
const CHUNK = `${'x'.repeat(63)}\n`.repeat(1024);

/** A client that sends a request and reads nothing until it is told to. */
function askRaw(port: number, lines: readonly string[]) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.pause();
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return socket;
}

test('the format and the encoding are those that were asked for', async (t) => {
  const bench = await startHttp(t);
  bench.chunks = (format) => [`# ${format}\n`, 'a 1\n'];
  const text = await bench.ask('/metrics');
  assert.deepEqual([text.status, text.text], [200, '# text\na 1\n']);
  assert.equal(text.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(text.headers['content-encoding'], undefined);
  assert.equal(text.headers['x-accel-buffering'], 'no');
  assert.equal(text.headers.vary, 'accept, accept-encoding');
  const open = await bench.ask('/metrics', { headers: { accept: OPENMETRICS, 'accept-encoding': 'gzip' } });
  assert.equal(open.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  assert.equal(open.headers['content-encoding'], 'gzip');
  assert.equal(gunzipSync(open.body).toString(), '# openmetrics\na 1\n');
  assert.deepEqual(bench.told, ['scrape text', 'scrape openmetrics']);
});

test('HEAD describes the body without making one', async (t) => {
  const bench = await startHttp(t);
  bench.chunks = () => assert.fail('a body was made');
  const { status, headers, body } = await bench.ask('/metrics', {
    method: 'HEAD',
    headers: { accept: OPENMETRICS },
  });
  assert.deepEqual([status, body.length], [200, 0]);
  assert.equal(headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  bench.notServing = 'starting';
  assert.equal((await bench.ask('/metrics', { method: 'HEAD' })).status, 503);
});

test('nothing is served before the start is over, but all is while the ledger cannot commit', async (t) => {
  const bench = await startHttp(t);
  bench.notServing = 'starting';
  const refused = await bench.ask('/metrics');
  assert.deepEqual([refused.status, refused.text], [503, 'not served: starting\n']);
  bench.notServing = null;
  bench.notReady = 'the ledger cannot commit: disk full';
  assert.equal((await bench.ask('/metrics')).status, 200);
  assert.deepEqual(bench.told, ['refused not_ready', 'scrape text']);
});

test('an error in the middle of a body breaks the connection, in every form of body', async (t) => {
  const bench = await startHttp(t, { gatekeeper: gatekeeperOfAnn() });
  bench.chunks = function* broken() {
    for (let i = 0; i < 8; i++) yield CHUNK;
    throw new Error('lost the thread');
  };
  await assert.rejects(bench.ask('/metrics', { headers: ANN }), /aborted|ECONNRESET|hang up/);
  await assert.rejects(
    bench.ask('/metrics', { headers: { ...ANN, 'accept-encoding': 'gzip' } }),
    /aborted|ECONNRESET|hang up/,
  );
  // Over HTTP/1.0 the end of the connection is the end of the body, so only a reset tells.
  const socket = connect(Number(bench.url.port), '127.0.0.1');
  socket.write(`GET /metrics HTTP/1.0\r\nHost: localhost\r\nAuthorization: ${ANN.authorization}\r\n\r\n`);
  socket.resume();
  await assert.rejects(once(socket, 'end'), /ECONNRESET/);
  const failures = bench.told.filter((what) => what === 'scrapeFailed').length;
  assert.equal(failures, 3);
  assert.equal(bench.told.filter((what) => what === 'fault lost the thread').length, 3);
});

test('a body counts as complete when all of it was sent, and never when an error was', async (t) => {
  const bench = await startHttp(t);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const scrape = () =>
    bench.ask('/metrics', { agent, headers: { 'x-prometheus-scrape-timeout-seconds': '10' } });
  bench.chunks = () => ['a 1\n'];
  assert.equal((await scrape()).status, 200);
  assert.deepEqual(bench.told.splice(0), ['scrape text', 'replay completed']);
  bench.chunks = () => {
    throw new Error('no body');
  };
  assert.equal((await scrape()).status, 500);
  bench.chunks = function* broken() {
    yield '';
    throw new Error('no first line');
  };
  assert.equal((await scrape()).status, 500);
  const told = bench.told.filter((what) => what.startsWith('replay'));
  assert.deepEqual(told, ['replay failed', 'replay failed']);
});

test('a client that stops reading costs little and is let go; so is its place', async (t) => {
  const bench = await startHttp(t, { stallMs: 5000 });
  let made = 0;
  let ended = 0;
  bench.chunks = function* endless() {
    try {
      for (;;) {
        made++;
        yield CHUNK;
      }
    } finally {
      ended++;
    }
  };
  const clients = Array.from({ length: 32 }, () =>
    askRaw(Number(bench.url.port), ['GET /metrics HTTP/1.1', 'Host: localhost']),
  );
  while ((await bench.ask('/-/healthy')).status !== 200 || made < 32) await sleep(10);
  bench.chunks = () => ['a 1\n'];
  const waiting = bench.ask('/metrics').catch(() => null);
  await sleep(50);
  assert.equal(ended, 0, 'all places are held');
  while (ended < 32) await sleep(20);
  // What the kernel's buffers take, and no more.
  assert.ok(made < 32 * 200, `${made} chunks were made`);
  await waiting;
  while ((await bench.ask('/metrics')).status !== 200) await sleep(10);
  for (const client of clients) client.destroy();
});

test('a burst is answered some at a time, and nobody of it is turned away', async (t) => {
  const bench = await startHttp(t);
  let release = () => {};
  bench.gate = new Promise((resolve) => {
    release = resolve;
  });
  let begun = 0;
  bench.chunks = () => {
    begun++;
    return ['a 1\n'];
  };
  bench.onNewest = () => {
    running++;
    most = Math.max(most, running);
  };
  let running = 0;
  let most = 0;
  const asked = Array.from({ length: 100 }, () => bench.ask('/metrics').finally(() => running--));
  while (running < 32) await sleep(5);
  await sleep(50);
  assert.equal(most, 32);
  release();
  const statuses = new Set((await Promise.all(asked)).map(({ status }) => status));
  assert.deepEqual([...statuses], [200]);
  assert.equal(begun, 100);
});

test('a client that goes away in the middle frees its place', async (t) => {
  const bench = await startHttp(t);
  let ended = 0;
  bench.chunks = function* endless() {
    try {
      for (;;) yield CHUNK;
    } finally {
      ended++;
    }
  };
  for (let i = 1; i <= 40; i++) {
    const socket = askRaw(Number(bench.url.port), ['GET /metrics HTTP/1.1', 'Host: localhost']);
    socket.resume();
    await once(socket, 'data');
    socket.destroy();
    while (ended < i) await sleep(1);
  }
  assert.ok(!bench.told.includes('refused busy'));
});

test('the selection is passed on', async (t) => {
  const bench = await startHttp(t);
  bench.chunks = (_format, { matches, scope }) => [`# ${matches} of ${scope}\n`];
  const { status, text } = await bench.ask(
    '/metrics?match[]=up&match%5B%5D=%7Ba%3D%22b+%2B%22%7D&host=web-1&shard=1%2F4&scraper=a&window=1h&replay=1',
  );
  assert.deepEqual([status, text], [200, '# up or {a="b +"} of host=web-1&shard=1/4\n']);
  assert.equal((await bench.ask('/metrics?')).text, '#  of \n');
});

test('of a scraper it is told who asks for what, and where it asks for more than it gets', async (t) => {
  const bench = await startHttp(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const headers = { 'x-prometheus-scrape-timeout-seconds': '10' };
  const scrape = (query: string) => bench.ask(`/metrics?${query}`, { agent, headers });
  await scrape('scraper=p&match[]=up&shard=1/4&window=50m&max_points=1000000');
  assert.deepEqual(bench.told, ['scrape text', 'replay completed'], 'as much as there is');
  bench.told.length = 0;
  await scrape('window=2h&max_points=2000000&proxied=1');
  assert.deepEqual(bench.told.slice(0, 2), [
    'capped 127.0.0.1 window=2h to 50m',
    'capped 127.0.0.1 max_points=2000000 to 1000000',
  ]);
  const [one, two] = bench.scrapes;
  const { connection, address, ...facts } = one ?? assert.fail();
  assert.deepEqual(facts, {
    name: 'p',
    selection: 'up',
    scope: 'shard=1/4',
    timeoutMs: 10_000,
    ...{ agent: '', format: 'text', takesSeveral: false, proxied: false },
  });
  assert.match(address, /^127\.0\.0\.1:\d+$/);
  assert.deepEqual([two?.name, two?.proxied, two?.connection], [null, true, connection]);
  bench.told.length = 0;
  await bench.ask('/metrics?scraper=p&window=2h');
  assert.deepEqual(bench.told, ['scrape text'], 'it is no scraper');
  assert.equal(bench.scrapes.length, 2);
});

test("a query that cannot be read is a 400 in Prometheus's envelope, and no body is begun", async (t) => {
  const bench = await startHttp(t);
  bench.chunks = () => assert.fail('a body was begun');
  const cases: readonly [query: string, error: string][] = [
    [
      'match[]=up%7Ba%3D%22b%22',
      'match[] "up{a=\\"b\\"": unexpected end behind a condition at character 9; go on with "," or "}"',
    ],
    [
      'match[]=%7Ba%3D~%22(%22%7D',
      'match[] "{a=~\\"(\\"}": not a regular expression of RE2: missing closing ): `(` at character 5; see RE2 syntax',
    ],
    [
      'match[]=%7B%7D',
      'match[] "{}": every condition is met by a missing label; add one that is not, such as the name',
    ],
    [
      'host=a%2Fb',
      'host "a/b": no name of a host; names are 1 to 253 letters, digits, ".", "-" and "_"; match[] takes patterns',
    ],
    ['shard=4/4', 'shard "4/4": no shard; write I/N with N from 1 to 1024 and I from 0 to N-1, such as 0/4'],
    ['scraper=a+b', 'scraper cannot be "a b"; names are 1 to 64 letters, digits, ".", "-" and "_"'],
    ['window=soon', 'window cannot be "soon"; write a duration such as 50m or 23h'],
    ['max_bytes=1', 'max_bytes cannot be "1"; write a size such as 64MB'],
    ['matches[]=up', 'unknown parameter "matches[]"; did you mean match[]?'],
    [
      Array.from({ length: 65 }, () => 'match[]=up').join('&'),
      'match[] "up": more than 64 selectors in one request; join them by =~"a|b", or scrape in several jobs',
    ],
  ];
  for (const [query, error] of cases) {
    const answer = await bench.ask(`/metrics?${query}`);
    assert.equal(answer.status, 400, query);
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
    assert.deepEqual(JSON.parse(answer.text), { status: 'error', errorType: 'bad_data', error });
    assert.equal((await bench.ask(`/metrics?${query}`, { method: 'HEAD' })).status, 400, query);
  }
  assert.deepEqual(new Set(bench.told), new Set(['refused bad_query']));
  assert.equal(bench.told.length, 2 * cases.length);
});
