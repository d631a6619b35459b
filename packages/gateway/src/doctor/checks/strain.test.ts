import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codesOf, factsOf, gatewayOf, prometheusOf, recentOf, saidBy } from '../test-support.ts';
import { checkStrain } from './strain.ts';

const lines = (level: number, pace: number, used: number) => `tributary_gateway_strain_level ${level}
tributary_gateway_pace_seconds ${pace}
tributary_gateway_memory_limit_bytes 1073741824
process_resident_memory_bytes ${used}
`;
const found = (own: string) => checkStrain(factsOf(gatewayOf({}, { 'limits.cpu-percent': '80' }, own)));

test('a gateway that slows its hosts, with the limit that it is over', () => {
  const memory = found(lines(2, 60, 2 ** 31));
  assert.deepEqual(codesOf(memory), ['GATEWAY_SLOWS_HOSTS (warning)']);
  assert.match(
    saidBy(memory, 'GATEWAY_SLOWS_HOSTS'),
    /takes 2 GB of memory, and --limits\.memory is 1 GB: .* no more often than every 1m\.(.|\n)*give it more memory/,
  );
  const busy = saidBy(found(lines(1, 30, 2 ** 20)), 'GATEWAY_SLOWS_HOSTS');
  assert.match(busy, /more than --limits\.cpu-percent \(80 %\)(.|\n)*a quicker processor/);
  // Hosts cannot be asked for much where --fleet.stale-after is short.
  assert.match(saidBy(found(lines(1, 0, 0)), 'GATEWAY_SLOWS_HOSTS'), /report less often\./);
});

test('one that does not, and one that has done so in the last hour', () => {
  assert.deepEqual(found(lines(0, 0, 2 ** 31)), []);
  assert.deepEqual(found(''), [], 'an older one says nothing of it');
  const strained = [{ labels: { instance: '127.0.0.1:9750' }, value: 2 }];
  const over = checkStrain(
    factsOf(gatewayOf({}, {}, lines(0, 0, 0)), prometheusOf({ recent: recentOf({ strained }) })),
  );
  assert.deepEqual(codesOf(over), ['GATEWAY_SLOWS_HOSTS (note)']);
});
