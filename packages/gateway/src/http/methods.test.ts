import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHttp } from './http-test-support.ts';

test('a wrong method on a known path is told which there are', async (t) => {
  const bench = await startHttp(t);
  const cases: readonly [path: string, allow: string, ...wrong: string[]][] = [
    ['/', 'GET, HEAD', 'POST'],
    ['/metrics', 'GET, HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'],
    ['/metrics?scraper=p', 'GET, HEAD', 'POST'],
    ['/sd', 'GET, HEAD', 'POST'],
    ['/-/healthy', 'GET, HEAD', 'POST'],
    ['/-/ready', 'GET, HEAD', 'POST'],
    ['/v1/stream', 'GET, HEAD', 'POST'],
    ['/api/v1/hosts', 'GET, HEAD', 'POST'],
    ['/api/v1/hosts/web-1', 'DELETE, GET, HEAD', 'POST'],
    ['/api/v1/status', 'GET, HEAD', 'DELETE'],
    ['/api/v1/scrapers', 'GET, HEAD', 'DELETE'],
    ['/api/v1/scrapers/p', 'DELETE', 'GET', 'POST'],
    ['/api/v1/scrapers/p/rewind?to=1h', 'POST', 'GET', 'PUT'],
  ];
  for (const [path, allow, ...methods] of cases) {
    for (const method of methods) {
      // A body that could not be read is none of its business.
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const { status, headers: answered, text } = await bench.ask(path, { method, headers });
      assert.deepEqual([status, answered.allow], [405, allow], `${method} ${path}`);
      assert.deepEqual(JSON.parse(text), {
        status: 'error',
        errorType: 'bad_data',
        error: `${method} is not for this page; there is ${allow}`,
      });
    }
  }
});

test('what is not known is missing by any method, and strangers are told nothing', async (t) => {
  const bench = await startHttp(t);
  for (const path of ['/nothing', '/metrics/', '/api/v1/scrapers/a/b', '/api/v1']) {
    for (const method of ['GET', 'POST']) assert.equal((await bench.ask(path, { method })).status, 404, path);
  }
  const stranger = await bench.ask('/metrics', { method: 'POST', headers: { host: 'evil.example' } });
  assert.deepEqual([stranger.status, stranger.headers.allow], [403, undefined]);
});
