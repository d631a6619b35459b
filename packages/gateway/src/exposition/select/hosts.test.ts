import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fleet } from '../../fleet/fleet.ts';
import { FakeClock } from '../../link/test-support.ts';
import { selectedHosts } from './hosts.ts';
import { parseSelection, type SelectionQuery } from './selection.ts';

function fleetOf(...names: readonly string[]): Fleet {
  const clock = new FakeClock();
  const fleet = new Fleet({ clock, uptimeMs: clock.uptimeMs, staleAfterMs: () => 1, forgetAfterMs: () => 1 });
  for (const name of names) fleet.settled(name, []);
  return fleet;
}

const select = (query: Partial<SelectionQuery>) =>
  parseSelection({ match: [], host: [], shard: undefined, ...query });

test('hosts that are named, in a shard, in both, or all, by name', () => {
  const fleet = fleetOf('b', 'a', 'd', 'c');
  const names = (query: Partial<SelectionQuery>) =>
    selectedHosts(fleet, select(query)).map(({ name }) => name);
  assert.deepEqual(names({}), ['a', 'b', 'c', 'd']);
  assert.deepEqual(names({ match: ['up'] }), ['a', 'b', 'c', 'd']);
  assert.deepEqual(names({ host: ['c', 'nobody', 'a'] }), ['a', 'c']);
  assert.deepEqual(names({ host: ['nobody'] }), []);
  const halves = ['0/2', '1/2'].map((shard) => names({ shard }));
  assert.deepEqual(halves.flat().sort(), ['a', 'b', 'c', 'd']);
  assert.deepEqual(['0/2', '1/2'].flatMap((shard) => names({ shard, host: ['a', 'b'] })).sort(), ['a', 'b']);
});

test('a host that is named is not looked for among all', () => {
  const fleet = fleetOf('a', 'b');
  const found = selectedHosts(
    { host: (name) => fleet.host(name), hosts: () => assert.fail() },
    select({ host: ['b'] }),
  );
  assert.deepEqual(found, [fleet.host('b')]);
});
