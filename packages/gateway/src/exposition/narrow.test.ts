import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mixedFleet, ownFamilies } from './fixtures/mixed-fleet.ts';
import type { HostInput } from './input.ts';
import { createLayout } from './layout.ts';
import { narrow } from './narrow.ts';
import { render } from './render.ts';
import { family, hostCounts, shapeOf } from './test-support.ts';

/** Of many other hosts, some with families of the same names and other types. */
const OTHERS = Array.from({ length: 40 }, (_, i) =>
  shapeOf([
    family(`other_${i}`, 'gauge'),
    family('node_load1', i < 3 ? 'counter' : 'gauge', '', { cpu: `${i}` }),
    family(i % 2 === 0 ? 'rpc_seconds' : 'node_load1_total', 'summary', '', { cpu: `${i}` }),
  ]),
);

for (const format of ['openmetrics', 'text'] as const) {
  test(`a narrow layout makes the same body of what it is for (${format})`, () => {
    const input = mixedFleet();
    const own = ownFamilies();
    const counts = new Map([...hostCounts(input), ...OTHERS.map((shape) => [shape, 1] as const)]);
    const layout = createLayout(format, counts, own);
    const parts: HostInput[] = [new Map(), input, ...[...input].map((entry) => new Map([entry]))];
    for (const part of parts) {
      const narrowed = narrow(layout, part);
      assert.deepEqual(new Set(narrowed.shapes), new Set(part.keys()));
      assert.ok(narrowed.families.length < layout.families.length - 20);
      assert.equal([...render(narrowed, part, own)].join(''), [...render(layout, part, own)].join(''));
    }
  });
}

test('for a good part of the fleet a layout stays as it is', () => {
  const counts = new Map(OTHERS.map((shape) => [shape, 1]));
  const layout = createLayout('text', counts, []);
  assert.equal(narrow(layout, new Map([...counts].slice(0, 11))), layout);
});

test('a shape that the layout does not know is not passed over in silence', () => {
  const layout = createLayout('text', new Map(OTHERS.map((shape) => [shape, 1])), []);
  const input = new Map([...mixedFleet()].slice(0, 1));
  assert.throws(() => [...render(narrow(layout, input), input, [])], /does not know the shape/);
});
