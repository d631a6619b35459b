import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdmittedShape } from '../link/admission.ts';
import { columnOf, FakeClock, familyOf, gauges, NOW, shapeOf } from '../link/test-support.ts';
import type { OwnFamily } from '../telemetry/own-family.ts';
import { Exposition } from './exposition.ts';
import { newestInput } from './newest.ts';
import { parseSelection } from './select/selection.ts';
import { emptyFleet, idleReports } from './test-support.ts';

const A = shapeOf(gauges('a'));

function bench() {
  const clock = new FakeClock();
  const fleet = emptyFleet(clock);
  const own: OwnFamily[] = [
    { name: 'own', type: 'gauge', help: 'Ours.', series: () => [{ suffix: '', labels: {}, value: 7 }] },
  ];
  const reports = idleReports(clock);
  const exposition = new Exposition({ fleet, reports, own: async () => own, uptimeMs: clock.uptimeMs });
  let seq = 0;
  const sample = (host: string, shape: AdmittedShape, value: number, at = clock.now()) => {
    const groups = [{ shape, at, column: columnOf(value) }];
    fleet.settled(host, [{ kind: 'batch', seq: ++seq, at, contentHash: 1, groups }]);
  };
  const bodyOf = async (format: 'text' | 'openmetrics') => [...(await exposition.newest(format))].join('');
  return { clock, fleet, exposition, own, sample, bodyOf };
}

test('the newest point of every fresh series with its time, and the own series without', async () => {
  const { clock, sample, bodyOf } = bench();
  sample('web-2', A, 1);
  sample('web-1', A, 2);
  sample('web-1', A, 3, NOW + 5);
  const text = await bodyOf('text');
  assert.match(text, /^# HELP a Help of a\.\n# TYPE a gauge\n/);
  assert.deepEqual(text.match(/^a\{.*$/gm), [
    `a{instance="web-1",job="node",host="web-1"} 3 ${NOW + 5}`,
    `a{instance="web-2",job="node",host="web-2"} 1 ${NOW}`,
  ]);
  assert.match(text, /^own 7$/m);
  assert.match(text, /^tributary_host_up\{host="web-1"\} 0$/m);
  const open = await bodyOf('openmetrics');
  assert.match(open, /^a\{instance="web-1",job="node",host="web-1"\} 3 \d+\.005$/m);
  assert.match(open, /\n# EOF\n$/);
  clock.pass(300_006);
  assert.doesNotMatch(await bodyOf('text'), /^a\{/m);
});

test('the layout serves again while shapes and families stay, and is made anew when they change', async () => {
  const { exposition, own, sample, bodyOf } = bench();
  const clash = shapeOf([familyOf('a', 'histogram', ['_sum', {}])]);
  sample('web-1', A, 1);
  await bodyOf('openmetrics');
  assert.equal(exposition.demotedFamilies, 0);
  // New values, same layout: the body follows the values.
  sample('web-1', A, 2, NOW + 1);
  assert.match(await bodyOf('openmetrics'), /^a\{.*\} 2 /m);
  sample('web-2', clash, 1);
  assert.match(await bodyOf('openmetrics'), /^a_sum\{.*host="web-2"\} 1 /m);
  assert.equal(exposition.demotedFamilies, 1);
  own.push({ name: 'later', type: 'gauge', help: '', series: () => [{ suffix: '', labels: {}, value: 1 }] });
  assert.match(await bodyOf('openmetrics'), /^later 1$/m);
});

test('bodies that are made at the same time do not disturb each other', async () => {
  const { exposition, sample } = bench();
  sample('web-1', A, 1);
  const first = await exposition.newest('text');
  sample('web-1', A, 2, NOW + 1);
  sample('web-2', shapeOf(gauges('b')), 3);
  const second = await exposition.newest('text');
  assert.match([...second].join(''), /^b\{.*\} 3 /m);
  assert.match([...first].join(''), /^a\{.*host="web-1"\} 1 /m);
});

const linesOf = (body: string) => body.match(/^[^#].*$/gm) ?? [];

test('a selection shows what it selects, typed as ever, and of its own what goes with it', async () => {
  const { exposition, sample, bodyOf } = bench();
  for (const host of ['web-1', 'web-2', 'web-3']) sample(host, A, 1);
  const select = async (match: string[], host: string[] = [], shard?: string) => {
    const selection = parseSelection({ match, host, shard });
    return [...(await exposition.newest('text', selection))].join('');
  };
  assert.deepEqual(linesOf(await select(['a', 'own'])), [
    ...['web-1', 'web-2', 'web-3'].map((host) => `a{instance="${host}",job="node",host="${host}"} 1 ${NOW}`),
    'own 7',
  ]);
  const one = await select([], ['web-2']);
  assert.ok(linesOf(one).length > 10 && linesOf(one).every((line) => line.includes('host="web-2"')), one);
  assert.deepEqual(linesOf(await select(['nothing'])), []);
  const shards = await Promise.all(['0/3', '1/3', '2/3'].map((shard) => select([], [], shard)));
  assert.deepEqual(shards.flatMap(linesOf).sort(), linesOf(await bodyOf('text')).sort());
  assert.deepEqual(
    shards.map((body) => /^own 7$/m.test(body)),
    [true, false, false],
  );
});

test('a scrape of one host looks at no other, nor at what the gateway tells of itself', async () => {
  const { clock, exposition, fleet, own, sample } = bench();
  for (let i = 0; i < 50; i++) sample(`web-${i}`, shapeOf(gauges(`only_${i}`)), i);
  const scrape = async (host: string) => {
    const selection = parseSelection({ match: ['{host!=""}'], host: [host], shard: undefined });
    await exposition.prepare(selection);
    const newest = [...(await exposition.newest('text', selection))].join('');
    const groups = fleet.host(host)?.groups.values() ?? [];
    const input = newestInput(groups, 0, selection);
    const replay = [...(await exposition.replay('text', input, selection, { own: 0, bytes: 0 }))].join('');
    assert.equal(replay, newest);
    return replay;
  };
  await scrape('web-0');
  const { hosts, groups } = fleet;
  Object.assign(fleet, { hosts: () => assert.fail('all hosts'), groups: () => assert.fail('all groups') });
  own.splice(0, own.length, {
    name: 'own',
    type: 'gauge',
    help: 'Ours.',
    series: () => assert.fail('its own'),
  });
  for (const i of [1, 2, 49]) {
    const body = await scrape(`web-${i}`);
    assert.match(body, new RegExp(`^only_${i}\\{.*\\} ${i} ${NOW}$`, 'm'));
    assert.ok(linesOf(body).every((line) => line.includes(`host="web-${i}"`)));
  }
  Object.assign(fleet, { hosts, groups });
  clock.pass(5_000);
  sample('web-1', shapeOf(gauges('b')), 7);
  assert.match(await scrape('web-1'), /^b\{.*\} 7 /m);
});

test('a host that nobody knows has nothing, and that is no error', async () => {
  const { exposition, sample } = bench();
  sample('web-1', A, 1);
  const selection = parseSelection({ match: [], host: ['nobody'], shard: undefined });
  await exposition.prepare(selection);
  assert.equal([...(await exposition.newest('openmetrics', selection))].join(''), '# EOF\n');
  const body = [...(await exposition.replay('openmetrics', new Map(), selection, { own: 0, bytes: 0 }))];
  assert.equal(body.join(''), '# EOF\n');
});

test('types and help are decided over the whole fleet, whatever is selected', async () => {
  const { exposition, fleet, sample, bodyOf } = bench();
  const counter = shapeOf([{ ...familyOf('a', 'counter'), help: 'Other.' }]);
  sample('web-1', A, 1);
  sample('web-2', A, 1);
  const groups = [{ shape: counter, at: NOW, column: columnOf(5) }];
  fleet.settled('db-1', [{ kind: 'batch', seq: 1, at: NOW, contentHash: 1, groups }]);
  const selection = parseSelection({ match: ['a'], host: ['db-1'], shard: undefined });
  const body = [...(await exposition.newest('text', selection))].join('');
  assert.equal(
    body,
    `# HELP a Help of a.\n# TYPE a gauge\na{instance="db-1",job="node",host="db-1"} 5 ${NOW}\n`,
  );
  assert.match(await bodyOf('text'), /^# HELP a Help of a\.\n# TYPE a gauge\n/);
});
