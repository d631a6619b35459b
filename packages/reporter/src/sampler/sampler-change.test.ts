import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Collector, ColumnWriter } from '../collectors/collector.ts';
import type { Column } from '../collectors/columns.ts';
import { Sampler, type SamplerSetup } from './sampler.ts';

const DEADLINE_MS = 30;

const write = (out: ColumnWriter, name: string) => {
  out.family(name, 'gauge', 'Help.');
  out.add(1);
};
const fine = (name: string): Collector => ({ name, collect: (out) => write(out, `node_${name}`) });

function begin(setup: SamplerSetup) {
  const told: string[] = [];
  const sampler = new Sampler({
    ...setup,
    monotonic: () => performance.now(),
    onOutcome: (collector, error) => told.push(`${collector}: ${error?.message ?? 'recovered'}`),
  });
  return { sampler, told };
}

const labels = { job: 'node' };
const names = (columns: readonly Column[]) =>
  columns.map(({ shape }) => shape.families[0]?.name).filter((name) => !name?.startsWith('node_scrape'));

test('other collectors tell from the next sample on, and what stays keeps its shape', async () => {
  const [a, b, c] = [fine('a'), fine('b'), fine('c')];
  const { sampler } = begin({ collectors: [a, b], labels });
  const before = await sampler.sample(DEADLINE_MS);
  sampler.change({ collectors: [b, c], labels });
  const after = await sampler.sample(DEADLINE_MS);
  assert.deepEqual(
    [names(before), names(after)],
    [
      ['node_a', 'node_b'],
      ['node_b', 'node_c'],
    ],
  );
  assert.equal(after[0]?.shape, before[1]?.shape);
});

test('other labels are those of every series, those about the collectors included', async () => {
  const a = fine('a');
  const { sampler } = begin({ collectors: [a], labels });
  await sampler.sample(DEADLINE_MS);
  const others = { job: 'node', env: 'prod' };
  sampler.change({ collectors: [a], labels: others });
  const columns = await sampler.sample(DEADLINE_MS);
  assert.deepEqual(
    columns.map(({ shape }) => shape.labels),
    [others, others],
  );
});

test('another interval holds for a collector that goes on', async () => {
  const a = fine('a');
  const { sampler } = begin({ collectors: [a], labels });
  await sampler.sample(DEADLINE_MS);
  sampler.change({ collectors: [a], labels, intervalOf: () => 100_000 });
  assert.deepEqual(names(await sampler.sample(DEADLINE_MS)), []);
});

test('what hangs is not started again in the shape of another, and the end waits for it', async () => {
  const gate = Promise.withResolvers<void>();
  let runs = 0;
  const hanging = (): Collector => ({
    name: 'a',
    collect: () => {
      runs++;
      return gate.promise;
    },
  });
  const { sampler, told } = begin({ collectors: [hanging()], labels });
  await sampler.sample(DEADLINE_MS);
  sampler.change({ collectors: [], labels });
  assert.deepEqual(names(await sampler.sample(DEADLINE_MS)), []);
  assert.equal(sampler.isStuck, true);
  sampler.change({ collectors: [hanging()], labels });
  await sampler.sample(DEADLINE_MS);
  sampler.change({ collectors: [hanging()], labels: { job: 'node', env: 'prod' } });
  await sampler.sample(DEADLINE_MS);
  assert.equal(runs, 1);
  gate.resolve();
  await gate.promise;
  assert.equal(sampler.isStuck, false);
  await sampler.sample(DEADLINE_MS);
  assert.equal(runs, 2);
  assert.deepEqual(told, [
    `a: no answer within ${DEADLINE_MS} ms`,
    'a: an earlier run has not come back yet',
    'a: recovered',
  ]);
});
