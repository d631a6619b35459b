import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANN, gatekeeperOfAnn, startHttp } from './http-test-support.ts';

test('an administrator takes a profile, one at a time', async (t) => {
  const bench = await startHttp(t, { gatekeeper: gatekeeperOfAnn() });
  const asked = bench.ask('/debug/pprof/profile?seconds=0.2', { headers: ANN });
  const second = await bench.ask('/debug/pprof/profile?seconds=0.1', { headers: ANN });
  const first = await asked;
  assert.deepEqual([first.status, second.status].sort(), [200, 503]);
  const taken = first.status === 200 ? first : second;
  const profile = JSON.parse(taken.text) as { nodes: unknown[]; samples: unknown[] };
  assert.ok(profile.nodes.length > 0 && profile.samples.length > 0);
  // It is not in use any more.
  assert.equal((await bench.ask('/debug/pprof/profile?seconds=0.01', { headers: ANN })).status, 200);
});

test('how long is checked, and nobody else may', async (t) => {
  const bench = await startHttp(t, { gatekeeper: gatekeeperOfAnn() });
  for (const seconds of ['0', '61', '-1', 'x', '1e9']) {
    const { status, text } = await bench.ask(`/debug/pprof/profile?seconds=${seconds}`, { headers: ANN });
    assert.equal(status, 400, seconds);
    assert.match(text, /seconds cannot be .* at most 60/);
  }
  assert.equal((await bench.ask('/debug/pprof/profile')).status, 401);
  assert.equal((await bench.ask('/debug/pprof/heap')).status, 401);
});
