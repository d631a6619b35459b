import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type Access, AskError, ask, clockOffset, dataOf, proxySigns } from './client.ts';

async function listen(t: TestContext, server: Server): Promise<Access> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/base/`), authorization: 'Bearer t', ca: null };
}

const serve = (t: TestContext, listener: RequestListener) => {
  const server = createServer(listener);
  t.after(() => server.closeAllConnections());
  return listen(t, server);
};

const troubleOf = async (asked: Promise<unknown>): Promise<string> => {
  try {
    await asked;
    return 'none';
  } catch (error) {
    assert.ok(error instanceof AskError, String(error));
    return `${error.trouble}: ${error.message}`;
  }
};

test('asks below the path of the URL, with the credential, and reads the clock', async (t) => {
  const access = await serve(t, ({ url, headers }, response) => {
    response.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString());
    response.end(JSON.stringify({ status: 'success', data: [url, headers.authorization] }));
  });
  const answer = await ask(access, '/api?x=1');
  assert.deepEqual(dataOf(answer, '/api'), ['/base/api?x=1', 'Bearer t']);
  assert.ok(Math.abs((clockOffset(answer) ?? 0) - 3_600_000) < 2000);
  assert.equal(proxySigns(answer.headers), null);
});

test('what is not the program that was meant is told apart', async (t) => {
  const answers: readonly [status: number, headers: Record<string, string>, body: string, trouble: RegExp][] =
    [
      [
        200,
        { 'content-type': 'text/html' },
        '<!DOCTYPE html><p>',
        /^strange: \/p is answered with HTTP 200 and a page of HTML/,
      ],
      [200, {}, '{"a":1}', /^strange: .* other JSON$/],
      [200, { 'content-type': 'text/plain' }, 'hello', /^strange: .* a text \(text\/plain\)$/],
      [
        302,
        { location: 'https://login.example.org/?token=secret' },
        '',
        /^strange: .* the way to https:\/\/login\.example\.org\/$/,
      ],
      [401, {}, '{"status":"error","error":"no \\u001b[31m"}', /^refused: no \\u001b\[31m$/],
      [403, {}, '<html>', /^refused: $/],
      [
        503,
        {},
        '{"status":"error","errorType":"unavailable","error":"starting"}',
        /^failed: HTTP 503: starting$/,
      ],
      [502, {}, 'Bad Gateway', /^strange: .*HTTP 502/],
    ];
  for (const [status, headers, body, trouble] of answers) {
    const access = await serve(t, (_request, response) => void response.writeHead(status, headers).end(body));
    assert.match(await troubleOf(ask(access, '/p').then((answer) => dataOf(answer, '/p'))), trouble);
  }
});

test('is bounded in time and in bytes', async (t) => {
  const silent = await serve(t, () => {});
  assert.match(
    await troubleOf(ask(silent, '/', { timeoutMs: 50, bytesMax: 9 })),
    /^unreachable: http:\/\/127\.0\.0\.1:\d+ did not answer within 0\.05 s$/,
  );
  const endless = await serve(t, (_request, response) => {
    const more = () => {
      while (response.write('x'.repeat(65_536)));
    };
    response.on('drain', more);
    more();
  });
  assert.match(
    await troubleOf(ask(endless, '/', { timeoutMs: 9000, bytesMax: 1_048_576 })),
    /^strange: the answer is larger than 1 MiB$/,
  );
  const slow = await serve(t, (_request, response) => void response.write('{'));
  assert.match(await troubleOf(ask(slow, '/', { timeoutMs: 100, bytesMax: 9 })), /did not answer within/);
});

test('nobody is there, or somebody who speaks something else', async (t) => {
  const closed = { url: new URL('http://127.0.0.1:9'), authorization: null, ca: null };
  assert.match(await troubleOf(ask(closed, '/')), /nothing listens there/);
  const garbled = await listen(
    t,
    createTcp((socket) => void socket.on('error', () => {}).end('\x15\x03\x03\x00\x02')),
  );
  assert.match(await troubleOf(ask(garbled, '/')), /^unreachable: .* https:\/\/ instead of http:\/\//);
  const plain = await serve(t, (_request, response) => void response.end());
  const overTls = { ...plain, url: new URL(plain.url.href.replace('http:', 'https:')) };
  assert.match(await troubleOf(ask(overTls, '/')), /^unreachable: .* http:\/\/ instead of https:\/\//);
});

test('a proxy shows by its headers', () => {
  assert.equal(proxySigns({ server: 'nginx/1.22' }), 'server: nginx/1.22');
  assert.equal(proxySigns({ via: '1.1 varnish', server: 'x' }), 'via: 1.1 varnish');
});
