import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '@tributary/shared/random';
import { BatchSeries, SeriesSet } from './series-set.ts';
import { gauges, shapeOf } from './test-support.ts';

test('batch after batch, it says what a set that is made anew for each would say', () => {
  const random = randomOf(3);
  const names = 'abcdefghijkl';
  const shapes = Array.from({ length: 14 }, (_, i) =>
    shapeOf(gauges(names[i % 12] ?? '', ...(i % 3 === 0 ? [names[(i + 5) % 12] ?? ''] : []))),
  );
  const series = new BatchSeries();
  let [common, apart] = [0, 0];
  for (let batch = 0; batch < 3000; batch++) {
    series.begin();
    const fresh = new SeriesSet();
    for (let i = 0; i < random.below(8); i++) {
      // Mostly as in the batch before, and now and then one that is turned away for another reason.
      const shape = (random() < 0.8 ? shapes[i] : random.pick(shapes)) ?? random.pick(shapes);
      const has = fresh.has(shape);
      assert.equal(series.has(shape), has);
      if (has) common++;
      else apart++;
      if (has || random() < 0.05) continue;
      series.add(shape);
      fresh.add(shape);
    }
  }
  assert.ok(common > 300 && apart > 3000, `${common} had something in common, ${apart} had not`);
});
