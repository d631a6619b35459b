import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helloOf } from '../link/test-support.ts';
import { BasicAuthBusyError } from '../trust/web-config/basic-auth.ts';
import { ANN, gatekeeperOfAnn, type HttpBenchOptions, startHttp } from './http-test-support.ts';

test('what an administrator changes is told with her name', async (t) => {
  const bench = await startHttp(t, { gatekeeper: gatekeeperOfAnn() });
  bench.fleet.opened(helloOf({ host: 'web-1' }), '10.0.0.1:5', 0);
  bench.fleet.closed('web-1');
  for (const [method, path] of [
    ['DELETE', '/api/v1/scrapers/p'],
    ['POST', '/api/v1/scrapers/p/rewind?to=1m'],
    ['DELETE', '/api/v1/hosts/web-1'],
  ] as const) {
    assert.equal((await bench.ask(path, { method, headers: ANN })).status, 200, path);
  }
  const by = bench.told.map((line) => line.replace(/^(\w+) .* by /, '$1 by '));
  const ann = 'by ann (127.0.0.1)';
  assert.deepEqual(by, [`removed ${ann}`, `rewound ${ann}`, `forget ${ann}`]);
});

test('a refusal says of which kind it is, and when to come again', async (t) => {
  const answer = async (gatekeeper: HttpBenchOptions['gatekeeper'], headers = {}) => {
    const bench = await startHttp(t, gatekeeper === undefined ? {} : { gatekeeper });
    const { status, headers: told, text } = await bench.ask('/metrics', { headers });
    return [status, JSON.parse(text).errorType, told['retry-after']];
  };
  const tired = { badToken: () => false, mayTryPassword: () => false, badPassword: () => {} };
  const busy = { remembers: () => false, verify: () => Promise.reject(new BasicAuthBusyError()) };
  assert.deepEqual(await answer(gatekeeperOfAnn()), [401, 'unauthorized', undefined]);
  assert.deepEqual(await answer(undefined, { via: '1.1 x' }), [403, 'forbidden', undefined]);
  assert.deepEqual(await answer(gatekeeperOfAnn({ guard: tired }), ANN), [429, 'too_many_requests', '1']);
  assert.deepEqual(await answer(gatekeeperOfAnn({ passwords: busy }), ANN), [503, 'unavailable', '1']);
});
