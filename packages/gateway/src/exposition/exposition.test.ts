import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fleet } from '../fleet/fleet.ts';
import type { AdmittedShape } from '../link/admission.ts';
import { columnOf, FakeClock, familyOf, gauges, NOW, shapeOf } from '../link/test-support.ts';
import type { OwnFamily } from '../telemetry/own-family.ts';
import { Exposition } from './exposition.ts';

const A = shapeOf(gauges('a'));

function bench() {
  const clock = new FakeClock();
  const fleet = new Fleet({
    clock,
    uptimeMs: clock.uptimeMs,
    staleAfterMs: 300_000,
    forgetAfterMs: 86_400_000,
  });
  const own: OwnFamily[] = [
    { name: 'own', type: 'gauge', help: 'Ours.', series: () => [{ suffix: '', labels: {}, value: 7 }] },
  ];
  const exposition = new Exposition({ fleet, own: async () => own });
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
