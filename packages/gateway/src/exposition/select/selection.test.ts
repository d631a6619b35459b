import assert from 'node:assert/strict';
import { test } from 'node:test';
import { family, shapeOf } from '../test-support.ts';
import { prepareSelection } from './prepare.ts';
import { EVERYTHING, HOSTS_MAX, MATCHES_MAX, parseSelection, type SelectionQuery } from './selection.ts';
import { SelectionError } from './selection-error.ts';
import { REGEX_SIZE_MAX } from './selector.ts';

const select = (query: Partial<SelectionQuery>) =>
  parseSelection({ match: [], host: [], shard: undefined, ...query });

test('canonical texts', () => {
  const cases: readonly [query: Partial<SelectionQuery>, matches: string, scope: string][] = [
    [{ match: ['up'] }, 'up', ''],
    [{ match: ['{job="node",__name__="up"}', " up { job = 'node' } "] }, 'up{job="node"}', ''],
    [{ match: ['b', 'a', 'b'] }, 'a or b', ''],
    [{ host: ['web-2', 'web-1', 'web-2'] }, '', 'host=web-1&host=web-2'],
    [{ shard: '0/4' }, '', 'shard=0/4'],
    [{ shard: '03/004' }, '', 'shard=3/4'],
    [{ match: ['up'], host: ['a'], shard: '1/2' }, 'up', 'host=a&shard=1/2'],
    [{ match: ['up'], shard: '0/1' }, 'up', ''],
  ];
  for (const [query, matches, scope] of cases) {
    const selection = select(query);
    assert.deepEqual([selection.matches, selection.scope], [matches, scope], JSON.stringify(query));
  }
});

test('nothing chosen is everything, and so is the one shard of one', () => {
  assert.equal(select({}), EVERYTHING);
  assert.equal(select({ shard: '0/1' }), EVERYTHING);
});

test('every host is in exactly one shard, by FNV-1a of its name', () => {
  const shards = [0, 1, 2, 3].map((i) => select({ shard: `${i}/4` }));
  for (let i = 0; i < 1000; i++) {
    assert.equal(shards.filter((shard) => shard.includesHost(`web-${i}`)).length, 1);
  }
  // The published vectors: FNV-1a of "a" is 0xe40c292c, of "foobar" 0xbf9cf968.
  assert.equal(select({ shard: `${0xe40c292c % 1024}/1024` }).includesHost('a'), true);
  assert.equal(select({ shard: `${0xbf9cf968 % 7}/7` }).includesHost('foobar'), true);
  assert.equal(select({ shard: `${(0xbf9cf968 + 1) % 7}/7` }).includesHost('foobar'), false);
});

test('hosts and a shard together choose what is in both', () => {
  const names = Array.from({ length: 20 }, (_, i) => `web-${i}`);
  const chosen = names.slice(0, 10);
  const halves = ['0/2', '1/2'].map((shard) => select({ host: chosen, shard }));
  const found = halves.map((half) => names.filter((name) => half.includesHost(name)));
  assert.deepEqual(found.flat().sort(), chosen.toSorted());
  assert.ok(found.every((half) => half.length > 0));
});

test('own series: per host those of its hosts, the others unless hosts are chosen and in shard 0 only', () => {
  const up = (selection: typeof EVERYTHING, host: string) => selection.includesOwn('up', { host }, true);
  const process = (selection: typeof EVERYTHING) =>
    selection.includesOwn('process_start_time_seconds', {}, false);
  assert.deepEqual([up(EVERYTHING, 'a'), process(EVERYTHING)], [true, true]);
  const one = select({ host: ['a'] });
  assert.deepEqual([up(one, 'a'), up(one, 'b'), process(one)], [true, false, false]);
  const shards = [select({ shard: '0/2' }), select({ shard: '1/2' })];
  assert.deepEqual(shards.map(process), [true, false]);
  assert.deepEqual(shards.map((shard) => up(shard, 'a')).sort(), [false, true]);
  assert.equal(process(select({ host: ['a'], shard: '0/2' })), false);
  const matching = select({ match: ['up{host=~"a|b"}', 'process_start_time_seconds'], shard: '0/2' });
  assert.equal(process(matching), true);
  assert.equal(matching.includesOwn('process_cpu_seconds_total', {}, false), false);
  // In shard 0 of 2 is a, not b: its hash is even.
  assert.deepEqual([up(matching, 'a'), up(matching, 'b'), up(matching, 'd')], [true, false, false]);
  assert.equal(process(select({ match: ['up'] })), false);
});

test('masks are kept from one request to the next', () => {
  const shape = shapeOf([family('a', 'gauge'), family('b', 'gauge')]);
  const mask = select({ match: ['a'] }).hiddenOf(shape, 'h');
  assert.deepEqual(mask, Uint8Array.of(0, 1));
  assert.equal(select({ match: ['a'], shard: '1/4' }).hiddenOf(shape, 'h'), mask);
  assert.equal(EVERYTHING.hiddenOf(shape, 'h'), null);
  assert.equal(select({ host: ['h'] }).hiddenOf(shape, 'h'), null);
  for (let i = 0; i < 20; i++) select({ match: [`other_${i}`] });
  const again = select({ match: ['a'] }).hiddenOf(shape, 'h');
  assert.notEqual(again, mask);
  assert.deepEqual(again, mask);
});

test('a large fleet is evaluated in portions', async () => {
  const shape = shapeOf([family('a', 'gauge'), family('b', 'gauge')]);
  const groups = Array.from({ length: 200 }, (_, i) => ({ shape, host: `web-${i % 50}` }));
  const asked: string[] = [];
  let released = 0;
  const slow: typeof EVERYTHING = {
    ...select({ match: ['a'], host: groups.slice(10, 40).map(({ host }) => host) }),
    hiddenOf: (_shape, host) => {
      asked.push(host);
      for (const startedMs = performance.now(); performance.now() - startedMs < 1; );
      return null;
    },
    release: () => released++,
  };
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await prepareSelection(slow, groups);
  clearInterval(timer);
  // 120 of the 200 are included: 120 ms in portions of 10, of which the time is looked at every 16 groups.
  assert.ok(turns >= 4, `the event loop had ${turns} turns`);
  assert.equal(asked.length, 120);
  assert.equal(released, 1);
  await prepareSelection({ ...slow, matches: '' }, groups);
  assert.equal(asked.length, 120, 'where every series is selected there is nothing to find out');
});

const messageOf = (query: Partial<SelectionQuery>): string => {
  try {
    select(query);
  } catch (error) {
    assert.ok(error instanceof SelectionError, `${error}`);
    return error.message;
  }
  return assert.fail(`${JSON.stringify(query)} was taken`);
};

test('bad hosts and shards are refused', () => {
  const names =
    'no name of a host; names are 1 to 253 letters, digits, ".", "-" and "_"; match[] takes patterns';
  assert.equal(messageOf({ host: ['web-1', ''] }), `host "": ${names}`);
  assert.equal(messageOf({ host: ['web-*'] }), `host "web-*": ${names}`);
  assert.equal(messageOf({ host: ['a'.repeat(254)] }), `host "${'a'.repeat(80)}…": ${names}`);
  for (const shard of [
    '',
    '1',
    '4/4',
    '0/0',
    '-1/4',
    '0/1025',
    '1/4/8',
    '0,4',
    '0 / 4',
    '1.5/4',
    'a/4',
    '0/4 ',
  ]) {
    assert.equal(
      messageOf({ shard }),
      `shard ${JSON.stringify(shard)}: no shard; write I/N with N from 1 to 1024 and I from 0 to N-1, such as 0/4`,
    );
  }
  select({ shard: '1023/1024' });
});

test('limits', () => {
  const selectors = Array.from({ length: MATCHES_MAX }, (_, i) => `m${i}`);
  select({ match: selectors });
  assert.equal(
    messageOf({ match: [...selectors, 'one_more'] }),
    'match[] "one_more": more than 64 selectors in one request; join them by =~"a|b", or scrape in several jobs',
  );
  const hosts = Array.from({ length: HOSTS_MAX }, (_, i) => `web-${i}`);
  select({ host: hosts });
  assert.match(messageOf({ host: [...hosts, 'db'] }), /^host "db": more than 1024 hosts in one request; /);
  const expensive = '{a=~"(b|c){1000}d"}';
  select({ match: [expensive] });
  const four = Array.from({ length: 4 }, () => expensive);
  assert.match(messageOf({ match: four }), new RegExp(`more than ${REGEX_SIZE_MAX} instructions`));
});
