import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANN, gatekeeperOfAnn, startHttp } from './http-test-support.ts';

test('an administrator has the configuration read anew, by POST and by PUT', async (t) => {
  const bench = await startHttp(t, { gatekeeper: gatekeeperOfAnn() });
  for (const method of ['POST', 'PUT']) {
    // What `curl -d` says of a body is no matter.
    const headers = { ...ANN, 'content-type': 'application/json' };
    const { status, text } = await bench.ask('/-/reload', { method, headers });
    assert.deepEqual({ status, text }, { status: 200, text: '' });
  }
  assert.deepEqual(bench.told, [
    'reload POST /-/reload by ann (127.0.0.1)',
    'reload PUT /-/reload by ann (127.0.0.1)',
  ]);
});

test('nobody else has, and not by GET', async (t) => {
  const bench = await startHttp(t, { gatekeeper: gatekeeperOfAnn() });
  assert.equal((await bench.ask('/-/reload', { method: 'POST' })).status, 401);
  assert.equal((await bench.ask('/-/reload', { headers: ANN })).status, 405);
  assert.deepEqual(
    bench.told.filter((line) => line.startsWith('reload')),
    [],
  );
});

test('what is wrong with the configuration is the answer', async (t) => {
  const bench = await startHttp(t);
  bench.badConfig = 'gateway.yml:3: unknown key sotrage; did you mean storage?';
  const { status, text } = await bench.ask('/-/reload', { method: 'POST' });
  assert.deepEqual({ status, text }, { status: 500, text: `failed to reload config: ${bench.badConfig}\n` });
});
