import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fleet } from '../fleet/fleet.ts';
import { columnOf, FakeClock, gauges, helloOf, NOW, shapeOf } from '../link/test-support.ts';
import { fleetSeries } from './fleet-series.ts';
import { parseSelection } from './select/selection.ts';
import { emptyFleet } from './test-support.ts';

function fleetOf(): Fleet {
  const fleet = emptyFleet(new FakeClock());
  fleet.opened(helloOf({ host: 'web-2', agent: 'tributary-reporter/1.2.3' }), '10.0.0.1:5', 1500);
  fleet.settled('web-1', []);
  return fleet;
}

/** The series of one family as `labels value`, and nothing of the others. */
function linesOf(fleet: Fleet, name: string): string[] {
  const family = fleetSeries(fleet).find((candidate) => candidate.name === name);
  assert.ok(family, name);
  return [...family.series()].map(
    ({ suffix, labels, value }) => `${suffix}${JSON.stringify(labels)} ${value}`,
  );
}

function samplesOf(name: string) {
  const groups = [{ shape: shapeOf(gauges(name)), at: NOW, column: columnOf(1) }];
  return { kind: 'batch', seq: 1, at: NOW, contentHash: 1, groups } as const;
}

test('both up series tell of every host, by name', () => {
  const fleet = fleetOf();
  assert.deepEqual(linesOf(fleet, 'up'), [
    '{"instance":"web-1","job":"node","host":"web-1"} 0',
    '{"instance":"web-2","job":"node","host":"web-2"} 0',
  ]);
  fleet.settled('web-2', [samplesOf('a')]);
  assert.equal(linesOf(fleet, 'up')[1], '{"instance":"web-2","job":"node","host":"web-2"} 1');
  assert.deepEqual(linesOf(fleet, 'tributary_host_up'), ['{"host":"web-1"} 0', '{"host":"web-2"} 1']);
});

test('a host that reports its own up has no other, also when it goes silent', () => {
  const fleet = fleetOf();
  fleet.settled('web-2', [samplesOf('up')]);
  const onlyFirst = ['{"instance":"web-1","job":"node","host":"web-1"} 0'];
  assert.deepEqual(linesOf(fleet, 'up'), onlyFirst);
  fleet.host('web-2')?.expire(NOW + 1);
  assert.deepEqual(linesOf(fleet, 'up'), onlyFirst);
  assert.equal(linesOf(fleet, 'tributary_host_up').length, 2);
});

test('who a host is, and how it stands', () => {
  const fleet = fleetOf();
  fleet.settled('web-2', [
    samplesOf('a'),
    {
      kind: 'tombstone',
      seq: 2,
      lastSeq: 3,
      fromAt: NOW - 2500,
      at: NOW,
      reason: 'gap:spool_full',
      contentHash: 0,
    },
  ]);
  fleet.dropped('web-2', 'repeat', 4);
  fleet.rejected('web-2', 'FUTURE');
  const second = (name: string) => linesOf(fleet, name).filter((line) => line.includes('web-2'));
  assert.deepEqual(second('tributary_host_info'), [
    '{"host":"web-2","epoch":"epoch-1","agent":"tributary-reporter/1.2.3","version":"1.2.3","os":"linux"} 1',
  ]);
  assert.deepEqual(second('tributary_host_last_sample_timestamp_seconds'), [
    `{"host":"web-2"} ${NOW / 1000}`,
  ]);
  assert.deepEqual(second('tributary_host_series'), ['{"host":"web-2"} 1']);
  assert.deepEqual(second('tributary_host_samples_total'), ['{"host":"web-2"} 1']);
  assert.deepEqual(second('tributary_host_clock_skew_seconds'), ['{"host":"web-2"} 1.5']);
  const counted = (name: string) => second(name).filter((line) => !line.endsWith(' 0'));
  assert.deepEqual(counted('tributary_host_dropped_samples_total'), ['{"host":"web-2","reason":"repeat"} 4']);
  assert.deepEqual(linesOf(fleet, 'tributary_host_rejects_total'), ['{"host":"web-2","code":"FUTURE"} 1']);
  assert.deepEqual(counted('tributary_host_lost_seconds_total'), [
    '{"host":"web-2","reason":"spool_full"} 2.5',
  ]);
  assert.deepEqual(counted('tributary_host_lost_batches_total'), [
    '{"host":"web-2","reason":"spool_full"} 2',
  ]);
});

test('what alerts watch stands at zero from the moment a host is known', () => {
  const fleet = fleetOf();
  const zeros = (reasons: readonly string[]) =>
    ['web-1', 'web-2'].flatMap((host) => reasons.map((reason) => `${JSON.stringify({ host, reason })} 0`));
  const losses = zeros(['spool_age', 'spool_full', 'unexplained', 'too_old']);
  assert.deepEqual(
    linesOf(fleet, 'tributary_host_dropped_samples_total'),
    zeros(['backwards', 'repeat', 'rejected']),
  );
  assert.deepEqual(linesOf(fleet, 'tributary_host_lost_seconds_total'), losses);
  assert.deepEqual(linesOf(fleet, 'tributary_host_lost_batches_total'), losses);
});

test('families stand once each, and counters end in _total', () => {
  const families = fleetSeries(fleetOf());
  assert.equal(new Set(families.map(({ name }) => name)).size, families.length);
  for (const { name, type } of families) assert.equal(name.endsWith('_total'), type === 'counter', name);
});

test('a selection leaves out series, never families', () => {
  const fleet = fleetOf();
  const namesOf = (match: string[], host: string[] = []) => {
    const families = fleetSeries(fleet, parseSelection({ match, host, shard: undefined }));
    assert.deepEqual(
      families.map(({ name, type, help }) => [name, type, help]),
      fleetSeries(fleet).map(({ name, type, help }) => [name, type, help]),
    );
    return families.flatMap(({ name, series }) =>
      [...series()].map(({ labels }) => `${name} ${labels['host']} ${labels['reason'] ?? ''}`.trim()),
    );
  };
  assert.deepEqual(namesOf(['up']), ['up web-1', 'up web-2']);
  assert.deepEqual(namesOf(['up', 'tributary_host_info'], ['web-2']), [
    'up web-2',
    'tributary_host_info web-2',
  ]);
  assert.deepEqual(namesOf(['{host="web-1",reason=~"repeat|too_old",__name__!~".*seconds.*"}']), [
    'tributary_host_dropped_samples_total web-1 repeat',
    'tributary_host_lost_batches_total web-1 too_old',
  ]);
  assert.deepEqual(namesOf(['node_load1']), []);
});
