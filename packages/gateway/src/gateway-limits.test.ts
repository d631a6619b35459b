import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from './config.ts';
import { createLimits } from './gateway-limits.ts';
import { FakeClock } from './link/test-support.ts';
import { keepLog } from './wiring-test-support.ts';

test('connections that were closed are counted each, and told once a minute for each reason', () => {
  const clock = new FakeClock();
  const log = keepLog();
  const counted: string[] = [];
  const metrics = { connectionRefused: (reason: string) => void counted.push(reason) };
  const { connections, handshakes } = createLimits(readOptions([], {}), log, metrics, clock.uptimeMs);
  for (let i = 0; i < 100; i++) connections.connectionRefused('total', '192.0.2.7');
  for (let i = 0; i < 60; i++) handshakes.badToken('192.0.2.8');
  assert.equal(handshakes.badToken('192.0.2.8'), false);
  assert.deepEqual([counted.length, log.lines.length], [101, 2]);
  clock.pass(60_000);
  connections.connectionRefused('total', '192.0.2.9');
  assert.match(log.lines[2] ?? '', /^warn as many connections are open .*"untold":99/);
  connections.connectionRefused('handshake_time', '192.0.2.9');
  assert.match(log.lines[3] ?? '', /^debug /);
});

test('the flags set the rates', () => {
  const clock = new FakeClock();
  const options = readOptions(
    ['--limits.samples-per-second=100', '--limits.new-series-per-minute', '60', '--web.max-connections=64'],
    {},
  );
  const { rates, connections } = createLimits(
    options,
    keepLog(),
    { connectionRefused: () => {} },
    clock.uptimeMs,
  );
  rates.takeSamples('a', 5100);
  rates.takeNewSeries('b', 122);
  assert.deepEqual(rates.wait('a'), { limit: 'samples', ms: 1000 });
  assert.deepEqual(rates.wait('b'), { limit: 'new_series', ms: 2000 });
  assert.equal(connections.connectionsMax, 64);
});
