/** Spools that are not what they seem: an older copy, an empty disk under the same name, a clone of a running host. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { either, LONG } from '../support/durations.ts';
import { eventually } from '../support/eventually.ts';
import { without } from '../support/peers.ts';
import type { Prometheus } from '../support/prometheus.ts';
import { Stage } from '../support/stage.ts';
import { truthSource } from '../support/truth-source.ts';
import { assertAllWhole } from '../support/verdict.ts';

const FLEET = { hosts: 3, intervalMs: 500, series: 60 };
const PHASE_MS = either(4_000, 60_000);
const ID = 'web-1';

async function begin(stage: Stage): Promise<Prometheus> {
  const prometheus = await stage.scraper('a');
  await stage.scraped(prometheus, 3);
  return prometheus;
}

/** Everything that it took is on the gateway's disk. */
async function acked({ simulator }: Stage, id: string): Promise<void> {
  await simulator.rest([id]);
  await eventually(`${id} is acked`, async () => {
    const { acked, next } = await simulator.statsOf(id);
    return acked === next - 1;
  });
}

describe('identity', { concurrency: !LONG, skip: without('PROMETHEUS_3') }, () => {
  test('the spool is restored from an older copy', async (t) => {
    const stage = await Stage.start(t, { fleet: FLEET });
    const { simulator } = stage;
    const prometheus = await begin(stage);
    const copy = await simulator.copySpool(ID, 'copy');
    await delay(PHASE_MS);
    await acked(stage, ID);
    const lost = await simulator.replaceSpool(ID, copy);
    await simulator.tick([ID]);
    await delay(PHASE_MS);
    await stage.rest();
    const { spool } = simulator.spec(ID);
    const others = stage.truths().filter(({ host }) => host !== ID);
    const truth = truthSource(ID, [lost, spool], { mayBeginLate: true });
    assert.ok(truth.moments > truthSource(ID, [lost]).moments, 'it went on after the restore');
    await assertAllWhole(t, stage, [prometheus], {
      scenario: 'spool restored from an older copy',
      truths: [truth, ...others],
    });
  });

  test('the host is re-imaged under the same name', async (t) => {
    const stage = await Stage.start(t, { fleet: FLEET });
    const { simulator } = stage;
    const prometheus = await begin(stage);
    await acked(stage, ID);
    const lost = await simulator.replaceSpool(ID, null);
    await simulator.tick([ID]);
    await delay(PHASE_MS);
    await stage.rest();
    const others = stage.truths().filter(({ host }) => host !== ID);
    const truth = truthSource(ID, [lost, simulator.spec(ID).spool]);
    await assertAllWhole(t, stage, [prometheus], {
      scenario: 'host re-imaged under the same name',
      truths: [truth, ...others],
    });
  });

  test('a clone of a running host waits, and takes over when the original goes', async (t) => {
    const stage = await Stage.start(t, { fleet: FLEET });
    const { simulator } = stage;
    const prometheus = await begin(stage);
    const copy = await simulator.copySpool(ID, 'clone');
    const original = simulator.spec(ID);
    await simulator.add([{ ...original, id: 'clone', spool: copy, seed: 99 }]);
    await delay(PHASE_MS);
    const waiting = await simulator.statsOf('clone');
    assert.equal(waiting.isStreaming, false, 'two voices of one host at a time');
    assert.ok((waiting.refusals['DUPLICATE_HOST'] ?? 0) > 0);
    await acked(stage, ID);
    const { lastAt } = await simulator.statsOf(ID);
    await simulator.stop([ID]);
    await eventually('the clone streams', async () => (await simulator.statsOf('clone')).isStreaming);
    await delay(PHASE_MS);
    await stage.rest();
    const others = stage.truths().filter(({ host }) => host !== ID);
    // What the clone took while the original was heard is older than what is known of the host, and goes nowhere.
    const truth = truthSource(ID, [original.spool, copy], {
      keep: ({ at }, folder) => folder === original.spool || at > lastAt,
      mayBeginLate: true,
    });
    assert.ok(truth.lastAt > lastAt, 'the clone has added something');
    await assertAllWhole(t, stage, [prometheus], {
      scenario: 'clone of a running host',
      truths: [truth, ...others],
    });
  });
});
